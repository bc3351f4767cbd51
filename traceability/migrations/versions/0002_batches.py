"""Batches and their way from field to pack."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("master_key_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("producer_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=20), nullable=True),
        sa.Column("lot_folded", sa.String(length=20), nullable=True),
        sa.Column("harvested_on", sa.Date(), nullable=True),
        sa.Column("made_on", sa.Date(), nullable=True),
        sa.Column("packed_on", sa.Date(), nullable=True),
        sa.Column("best_before", sa.Date(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("package", sa.String(length=10), nullable=True),
        sa.Column("allowance_percent", sa.Integer(), nullable=False),
        sa.Column("unit_limit", sa.Integer(), nullable=False),
        sa.Column("quantity_is_public", sa.Boolean(), nullable=False),
        sa.Column("stamp_scope", sa.String(length=10), nullable=True),
        sa.Column("place", sa.String(length=300), nullable=True),
        sa.Column("standards", sa.JSON(), nullable=False),
        sa.Column("indication_id", sa.Integer(), nullable=True),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_role", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "(kind = 'goods' AND lot IS NOT NULL AND lot_folded IS NOT NULL AND quantity IS NOT NULL AND package IS NOT NULL) OR (kind = 'service' AND lot IS NULL AND lot_folded IS NULL AND quantity IS NULL AND package IS NULL AND (stamp_scope IS NULL OR stamp_scope = 'batch'))",
            name=op.f("ck_batch_kind_whole"),
        ),
        sa.CheckConstraint("created_role IN ('producer', 'office', 'inspector')", name=op.f("ck_batch_created_role")),
        sa.CheckConstraint("kind IN ('goods', 'service')", name=op.f("ck_batch_kind")),
        sa.CheckConstraint(
            "package IN ('bag', 'box', 'bottle', 'jar', 'bundle', 'piece', 'tray', 'carton')", name=op.f("ck_batch_package")
        ),
        sa.CheckConstraint("stamp_scope IN ('batch', 'unit')", name=op.f("ck_batch_stamp_scope")),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed')", name=op.f("ck_batch_state")),
        sa.CheckConstraint("allowance_percent BETWEEN 0 AND 20", name=op.f("ck_batch_allowance_percent")),
        sa.CheckConstraint("best_before >= packed_on AND best_before >= made_on", name=op.f("ck_batch_best_before")),
        sa.CheckConstraint("length(code) = 12", name=op.f("ck_batch_code")),
        sa.CheckConstraint("length(lot) BETWEEN 1 AND 20", name=op.f("ck_batch_lot_length")),
        sa.CheckConstraint("made_on >= harvested_on", name=op.f("ck_batch_made_after_harvest")),
        sa.CheckConstraint("packed_on >= harvested_on", name=op.f("ck_batch_packed_after_harvest")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 16777215", name=op.f("ck_batch_quantity")),
        sa.CheckConstraint(
            "unit_limit = CASE WHEN quantity IS NULL THEN 0 WHEN quantity + (quantity * allowance_percent + 99) / 100 > 16777215 THEN 16777215 ELSE quantity + (quantity * allowance_percent + 99) / 100 END",
            name=op.f("ck_batch_unit_limit"),
        ),
        sa.ForeignKeyConstraint(["indication_id"], ["geographical_indication.id"], name=op.f("fk_batch_indication_id")),
        sa.ForeignKeyConstraint(["producer_id"], ["producer.id"], name=op.f("fk_batch_producer_id")),
        sa.ForeignKeyConstraint(
            ["product_id", "producer_id"], ["product.id", "product.producer_id"], name=op.f("fk_batch_product_id_producer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("code", name=op.f("uq_batch_code")),
        sa.UniqueConstraint("id", "stamp_scope", "unit_limit", name=op.f("uq_batch_id_stamp_scope_unit_limit")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_batch_idempotency_key")),
        sa.UniqueConstraint("product_id", "lot_folded", name=op.f("uq_batch_product_id_lot_folded")),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index("ix_batch_producer_id", ["producer_id"], unique=False)

    op.create_table(
        "batch_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("old_value", sa.String(length=300), nullable=True),
        sa.Column("new_value", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("recorded_role", sa.String(length=10), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "field IN ('harvested_on', 'made_on', 'packed_on', 'best_before', 'place')", name=op.f("ck_batch_correction_field")
        ),
        sa.CheckConstraint("recorded_role IN ('producer', 'office', 'inspector')", name=op.f("ck_batch_correction_recorded_role")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_batch_correction_reason")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_correction_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_correction")),
    )
    with op.batch_alter_table("batch_correction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batch_correction_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "batch_input",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("supplier", sa.String(length=200), nullable=True),
        sa.Column("supplier_lot", sa.String(length=50), nullable=True),
        sa.Column("input_batch_id", sa.Integer(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("amount_unit", sa.String(length=10), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_batch_input_amount")),
        sa.CheckConstraint("input_batch_id <> batch_id", name=op.f("ck_batch_input_not_itself")),
        sa.CheckConstraint("input_batch_id IS NOT NULL OR length(supplier) > 0", name=op.f("ck_batch_input_from_whom")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_input_batch_id")),
        sa.ForeignKeyConstraint(["input_batch_id"], ["batch.id"], name=op.f("fk_batch_input_input_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_input")),
    )
    with op.batch_alter_table("batch_input", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batch_input_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_batch_input_input_batch_id"), ["input_batch_id"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("first_unit", sa.Integer(), nullable=True),
        sa.Column("last_unit", sa.Integer(), nullable=True),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(first_unit IS NULL) = (last_unit IS NULL) AND first_unit >= 1 AND last_unit >= first_unit", name=op.f("ck_delivery_units")
        ),
        sa.CheckConstraint("length(recipient) > 0", name=op.f("ck_delivery_recipient")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_delivery_quantity")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_delivery_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "growing_area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=True),
        sa.Column("area_m2", sa.Integer(), nullable=True),
        sa.CheckConstraint("area_m2 > 0", name=op.f("ck_growing_area_area")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_growing_area_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_growing_area")),
    )
    with op.batch_alter_table("growing_area", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_growing_area_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=True),
        sa.Column("laboratory", sa.String(length=200), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("result", sa.String(length=500), nullable=True),
        sa.Column("media_type", sa.String(length=30), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_role", sa.String(length=10), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_role", sa.String(length=10), nullable=True),
        sa.Column("confirmed_by", sa.String(length=100), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("confirmed_role IN ('office', 'inspector')", name=op.f("ck_report_confirmed_role")),
        sa.CheckConstraint("recorded_role IN ('producer', 'office', 'inspector')", name=op.f("ck_report_recorded_role")),
        sa.CheckConstraint(
            "(confirmed_role IS NULL AND confirmed_by IS NULL AND confirmed_at IS NULL) OR (confirmed_role IS NOT NULL AND confirmed_by IS NOT NULL AND confirmed_at IS NOT NULL)",
            name=op.f("ck_report_confirmation_whole"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_report_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("id", "batch_id", name=op.f("uq_report_id_batch_id")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index("ix_report_batch_id", ["batch_id"], unique=False)

    op.create_table(
        "stage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place", sa.String(length=300), nullable=True),
        sa.Column("place_code", sa.String(length=50), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("note_en", sa.String(length=500), nullable=True),
        sa.Column("note_zh", sa.String(length=500), nullable=True),
        sa.Column("report_id", sa.Integer(), nullable=True),
        sa.Column("recorded_role", sa.String(length=10), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_role", sa.String(length=10), nullable=True),
        sa.Column("confirmed_by", sa.String(length=100), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("confirmed_role IN ('office', 'inspector')", name=op.f("ck_stage_confirmed_role")),
        sa.CheckConstraint(
            "kind IN ('sowing', 'tending', 'harvest', 'making', 'drying', 'processing', 'testing', 'packing', 'storage', 'transport', 'opening', 'hosting')",
            name=op.f("ck_stage_kind"),
        ),
        sa.CheckConstraint("recorded_role IN ('producer', 'office', 'inspector')", name=op.f("ck_stage_recorded_role")),
        sa.CheckConstraint(
            "(confirmed_role IS NULL AND confirmed_by IS NULL AND confirmed_at IS NULL) OR (confirmed_role IS NOT NULL AND confirmed_by IS NOT NULL AND confirmed_at IS NOT NULL)",
            name=op.f("ck_stage_confirmation_whole"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_stage_batch_id")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_stage_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage")),
    )
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.create_index("ix_stage_batch_id", ["batch_id"], unique=False)


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), ("batch", "batch_correction", "batch_input", "delivery", "growing_area", "report", "stage"))
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.drop_index("ix_stage_batch_id")

    op.drop_table("stage")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index("ix_report_batch_id")

    op.drop_table("report")
    with op.batch_alter_table("growing_area", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_growing_area_batch_id"))

    op.drop_table("growing_area")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_batch_id"))

    op.drop_table("delivery")
    with op.batch_alter_table("batch_input", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batch_input_input_batch_id"))
        batch_op.drop_index(batch_op.f("ix_batch_input_batch_id"))

    op.drop_table("batch_input")
    with op.batch_alter_table("batch_correction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batch_correction_batch_id"))

    op.drop_table("batch_correction")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index("ix_batch_producer_id")

    op.drop_table("batch")
