"""Stamps issued, cancelled and recalled, and what phones tell."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "key_alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kid", sa.Integer(), nullable=False),
        sa.Column("claims", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.CheckConstraint("times >= 1", name=op.f("ck_key_alarm_times")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_alarm")),
        sa.UniqueConstraint("claims", name=op.f("uq_key_alarm_claims")),
    )
    op.create_table(
        "consumer_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("unit", sa.Integer(), nullable=True),
        sa.Column("stamp_text", sa.String(length=300), nullable=False),
        sa.Column("verdict", sa.String(length=15), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("visitor", sa.LargeBinary(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "kind IN ('code_elsewhere', 'goods_differ', 'pack_opened', 'price_or_sale', 'other')", name=op.f("ck_consumer_report_kind")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_consumer_report_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consumer_report")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_consumer_report_idempotency_key")),
    )
    with op.batch_alter_table("consumer_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consumer_report_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_consumer_report_reported_at", ["reported_at"], unique=False)

    op.create_table(
        "issuance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("unit_limit", sa.Integer(), nullable=False),
        sa.Column("first_unit", sa.Integer(), nullable=True),
        sa.Column("last_unit", sa.Integer(), nullable=True),
        sa.Column("previous_last_unit", sa.Integer(), nullable=True),
        sa.Column("kid", sa.Integer(), nullable=True),
        sa.Column("host", sa.String(length=253), nullable=True),
        sa.Column("claims", sa.LargeBinary(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(length=100), nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(form = 'signed') = (claims IS NOT NULL) AND (claims IS NULL) = (kid IS NULL)", name=op.f("ck_issuance_claims_of_signed")
        ),
        sa.CheckConstraint("(scope = 'unit') = (first_unit IS NOT NULL)", name=op.f("ck_issuance_units_by_scope")),
        sa.CheckConstraint("form IN ('gs1', 'house', 'signed')", name=op.f("ck_issuance_form")),
        sa.CheckConstraint("scope IN ('batch', 'unit')", name=op.f("ck_issuance_scope")),
        sa.CheckConstraint("(claims IS NULL) = (host IS NULL)", name=op.f("ck_issuance_host_of_signed")),
        sa.CheckConstraint("(first_unit IS NULL) = (last_unit IS NULL)", name=op.f("ck_issuance_units_whole")),
        sa.CheckConstraint("first_unit = coalesce(previous_last_unit, 0) + 1", name=op.f("ck_issuance_no_gap")),
        sa.CheckConstraint("kid BETWEEN 1 AND 255", name=op.f("ck_issuance_kid")),
        sa.CheckConstraint("last_unit >= first_unit AND last_unit <= unit_limit", name=op.f("ck_issuance_within_limit")),
        sa.CheckConstraint("length(claims) = 23", name=op.f("ck_issuance_claims_size")),
        sa.ForeignKeyConstraint(
            ["batch_id", "previous_last_unit"], ["issuance.batch_id", "issuance.last_unit"], name="fk_issuance_previous"
        ),
        sa.ForeignKeyConstraint(
            ["batch_id", "scope", "unit_limit"], ["batch.id", "batch.stamp_scope", "batch.unit_limit"], name="fk_issuance_batch_scope"
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_issuance_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuance")),
        sa.UniqueConstraint("batch_id", "first_unit", name=op.f("uq_issuance_batch_id_first_unit")),
        sa.UniqueConstraint("batch_id", "last_unit", name=op.f("uq_issuance_batch_id_last_unit")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_issuance_idempotency_key")),
    )
    with op.batch_alter_table("issuance", schema=None) as batch_op:
        batch_op.create_index(
            "uq_issuance_batch_stamp",
            ["batch_id", "form"],
            unique=True,
            sqlite_where=sa.text("scope = 'batch' AND form <> 'signed'"),
            postgresql_where=sa.text("scope = 'batch' AND form <> 'signed'"),
        )
        batch_op.create_index(
            "uq_issuance_signed_batch_stamp",
            ["batch_id", "kid", "host"],
            unique=True,
            sqlite_where=sa.text("scope = 'batch' AND form = 'signed'"),
            postgresql_where=sa.text("scope = 'batch' AND form = 'signed'"),
        )

    op.create_table(
        "recall",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("first_unit", sa.Integer(), nullable=True),
        sa.Column("last_unit", sa.Integer(), nullable=True),
        sa.Column("advice", sa.String(length=500), nullable=False),
        sa.Column("advice_en", sa.String(length=500), nullable=True),
        sa.Column("advice_zh", sa.String(length=500), nullable=True),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("reason_en", sa.String(length=500), nullable=True),
        sa.Column("reason_zh", sa.String(length=500), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recalled_role", sa.String(length=10), nullable=False),
        sa.Column("recalled_by", sa.String(length=100), nullable=False),
        sa.Column("lifted_role", sa.String(length=10), nullable=True),
        sa.Column("lifted_by", sa.String(length=100), nullable=True),
        sa.CheckConstraint("lifted_role IN ('producer', 'office', 'inspector')", name=op.f("ck_recall_lifted_role")),
        sa.CheckConstraint("recalled_role IN ('producer', 'office', 'inspector')", name=op.f("ck_recall_recalled_role")),
        sa.CheckConstraint(
            "(first_unit IS NULL) = (last_unit IS NULL) AND first_unit >= 1 AND last_unit >= first_unit", name=op.f("ck_recall_units")
        ),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_by IS NULL) = (lifted_role IS NULL)",
            name=op.f("ck_recall_lifting_whole"),
        ),
        sa.CheckConstraint("length(advice) > 0 AND length(contact) > 0 AND length(reason) > 0", name=op.f("ck_recall_words")),
        sa.CheckConstraint("lifted_at IS NULL OR lifted_at >= starts_at", name=op.f("ck_recall_times_in_order")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_recall_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
    )
    with op.batch_alter_table("recall", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recall_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "revocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("first_unit", sa.Integer(), nullable=True),
        sa.Column("last_unit", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.String(length=100), nullable=False),
        sa.CheckConstraint(
            "(first_unit IS NULL) = (last_unit IS NULL) AND first_unit >= 1 AND last_unit >= first_unit", name=op.f("ck_revocation_units")
        ),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_revocation_reason")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_revocation_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation")),
    )
    with op.batch_alter_table("revocation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_revocation_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "scan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("verdict", sa.String(length=15), nullable=False),
        sa.Column("visitor", sa.LargeBinary(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('MALFORMED', 'UNKNOWN', 'REVOKED', 'RECALLED', 'UNDETERMINED', 'SUSPECT', 'EXPIRED', 'ISSUED')",
            name=op.f("ck_scan_verdict"),
        ),
        sa.CheckConstraint("unit >= 0", name=op.f("ck_scan_unit")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_scan_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
        sa.UniqueConstraint("batch_id", "unit", "visitor", "minute", "verdict", name=op.f("uq_scan_batch_id_unit_visitor_minute_verdict")),
    )
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.create_index("ix_scan_batch_id_unit_scanned_at", ["batch_id", "unit", "scanned_at"], unique=False)

    op.create_table(
        "suspicion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("unit >= 1", name=op.f("ck_suspicion_unit")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_suspicion_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspicion")),
    )
    with op.batch_alter_table("suspicion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suspicion_batch_id"), ["batch_id"], unique=False)


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), ("key_alarm", "consumer_report", "issuance", "recall", "revocation", "scan", "suspicion"))
    with op.batch_alter_table("suspicion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suspicion_batch_id"))

    op.drop_table("suspicion")
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.drop_index("ix_scan_batch_id_unit_scanned_at")

    op.drop_table("scan")
    with op.batch_alter_table("revocation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_revocation_batch_id"))

    op.drop_table("revocation")
    with op.batch_alter_table("recall", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recall_batch_id"))

    op.drop_table("recall")
    with op.batch_alter_table("issuance", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_issuance_signed_batch_stamp",
            sqlite_where=sa.text("scope = 'batch' AND form = 'signed'"),
            postgresql_where=sa.text("scope = 'batch' AND form = 'signed'"),
        )
        batch_op.drop_index(
            "uq_issuance_batch_stamp",
            sqlite_where=sa.text("scope = 'batch' AND form <> 'signed'"),
            postgresql_where=sa.text("scope = 'batch' AND form <> 'signed'"),
        )

    op.drop_table("issuance")
    with op.batch_alter_table("consumer_report", schema=None) as batch_op:
        batch_op.drop_index("ix_consumer_report_reported_at")
        batch_op.drop_index(batch_op.f("ix_consumer_report_batch_id"))

    op.drop_table("consumer_report")
    op.drop_table("key_alarm")
