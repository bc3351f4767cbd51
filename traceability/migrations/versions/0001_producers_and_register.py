"""Producers, products, and the register that the office keeps."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "craft_village",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("commune_code", sa.String(length=5), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_craft_village")),
        sa.UniqueConstraint("name", "commune_code", name=op.f("uq_craft_village_name_commune_code")),
    )
    op.create_table(
        "geographical_indication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=30), nullable=False),
        sa.Column("register_number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("product_name", sa.String(length=200), nullable=False),
        sa.Column("product_name_en", sa.String(length=200), nullable=True),
        sa.Column("product_name_zh", sa.String(length=200), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("decision", sa.String(length=100), nullable=True),
        sa.Column("manager_at_registration", sa.String(length=200), nullable=True),
        sa.Column("area", sa.String(length=1000), nullable=True),
        sa.Column("confidence", sa.String(length=10), nullable=True),
        sa.Column("source", sa.String(length=500), nullable=True),
        sa.CheckConstraint("confidence IN ('high', 'medium')", name=op.f("ck_geographical_indication_confidence")),
        sa.CheckConstraint(
            "type IN ('geographical_indication', 'certification_mark', 'collective_mark')", name=op.f("ck_geographical_indication_type")
        ),
        sa.CheckConstraint("register_number BETWEEN 1 AND 65535", name=op.f("ck_geographical_indication_register_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_geographical_indication")),
        sa.UniqueConstraint("type", "register_number", name=op.f("uq_geographical_indication_type_register_number")),
    )
    op.create_table(
        "picture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=30), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("width_px > 0 AND height_px > 0", name=op.f("ck_picture_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture")),
        sa.UniqueConstraint("sha256", name=op.f("uq_picture_sha256")),
    )
    op.create_table(
        "producer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=True),
        sa.Column("name_zh", sa.String(length=200), nullable=True),
        sa.Column("tax_code", sa.String(length=14), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=True),
        sa.Column("commune_code", sa.String(length=5), nullable=True),
        sa.Column("historic_place", sa.String(length=200), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("shop_url", sa.String(length=500), nullable=True),
        sa.Column("marketplace", sa.String(length=100), nullable=True),
        sa.Column("has_digital_storefront", sa.Boolean(), nullable=True),
        sa.Column("has_e_payment", sa.Boolean(), nullable=True),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=500), nullable=True),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('cooperative', 'cooperative_group', 'company', 'household')", name=op.f("ck_producer_kind")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_producer_name_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_producer")),
        sa.UniqueConstraint("tax_code", name=op.f("uq_producer_tax_code")),
    )
    op.create_table(
        "published_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.String(length=10), nullable=False),
        sa.Column("province", sa.String(length=100), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("stars3", sa.Integer(), nullable=False),
        sa.Column("stars4", sa.Integer(), nullable=False),
        sa.Column("stars5", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.CheckConstraint("confidence IN ('high', 'medium')", name=op.f("ck_published_count_confidence")),
        sa.CheckConstraint("total >= 0 AND stars3 >= 0 AND stars4 >= 0 AND stars5 >= 0", name=op.f("ck_published_count_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_count")),
        sa.UniqueConstraint("as_of", "province", "source", name=op.f("uq_published_count_as_of_province_source")),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("producer_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=True),
        sa.Column("name_zh", sa.String(length=200), nullable=True),
        sa.Column("description", sa.String(length=2000), nullable=True),
        sa.Column("description_en", sa.String(length=2000), nullable=True),
        sa.Column("description_zh", sa.String(length=2000), nullable=True),
        sa.Column("ocop_group", sa.Integer(), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("gtin_statement", sa.String(length=500), nullable=True),
        sa.Column("picture_id", sa.Integer(), nullable=True),
        sa.Column("net_content", sa.Integer(), nullable=True),
        sa.Column("net_content_unit", sa.String(length=10), nullable=True),
        sa.Column("standards", sa.JSON(), nullable=False),
        sa.Column("craft_village_id", sa.Integer(), nullable=True),
        sa.Column("source_place", sa.String(length=200), nullable=True),
        sa.Column("source", sa.String(length=500), nullable=True),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("net_content_unit IN ('g', 'kg', 'ml', 'l', 'piece', 'm')", name=op.f("ck_product_net_content_unit")),
        sa.CheckConstraint("(net_content IS NULL) = (net_content_unit IS NULL)", name=op.f("ck_product_net_content_whole")),
        sa.CheckConstraint(
            "gtin IS NULL OR (length(gtin) = 14 AND gtin_statement IS NOT NULL AND producer_id IS NOT NULL)",
            name=op.f("ck_product_gtin_owned"),
        ),
        sa.CheckConstraint("net_content > 0", name=op.f("ck_product_net_content_positive")),
        sa.CheckConstraint("ocop_group BETWEEN 1 AND 6", name=op.f("ck_product_ocop_group")),
        sa.ForeignKeyConstraint(["craft_village_id"], ["craft_village.id"], name=op.f("fk_product_craft_village_id")),
        sa.ForeignKeyConstraint(["picture_id"], ["picture.id"], name=op.f("fk_product_picture_id")),
        sa.ForeignKeyConstraint(["producer_id"], ["producer.id"], name=op.f("fk_product_producer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("gtin", name=op.f("uq_product_gtin")),
        sa.UniqueConstraint("id", "producer_id", name=op.f("uq_product_id_producer_id")),
    )
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_producer_id"), ["producer_id"], unique=False)

    op.create_table(
        "recognition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("scheme", sa.String(length=10), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=100), nullable=True),
        sa.Column("evaluation_round", sa.String(length=100), nullable=True),
        sa.Column("issuer", sa.String(length=20), nullable=True),
        sa.Column("issuer_name", sa.String(length=200), nullable=True),
        sa.Column("decided_on", sa.String(length=10), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_because", sa.String(length=500), nullable=True),
        sa.Column("confidence", sa.String(length=10), nullable=True),
        sa.Column("source", sa.String(length=500), nullable=True),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("confidence IN ('high', 'medium')", name=op.f("ck_recognition_confidence")),
        sa.CheckConstraint("issuer IN ('district', 'province', 'centre')", name=op.f("ck_recognition_issuer")),
        sa.CheckConstraint("kind IN ('new', 're_evaluation')", name=op.f("ck_recognition_kind")),
        sa.CheckConstraint("scheme IN ('2018', '2022')", name=op.f("ck_recognition_scheme")),
        sa.CheckConstraint("(withdrawn_on IS NULL) = (withdrawn_because IS NULL)", name=op.f("ck_recognition_withdrawal_whole")),
        sa.CheckConstraint("length(decided_on) IN (4, 7, 10)", name=op.f("ck_recognition_decided_on")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_recognition_score")),
        sa.CheckConstraint("stars IN (3, 4, 5)", name=op.f("ck_recognition_stars")),
        sa.CheckConstraint("valid_until IS NULL OR length(decided_on) = 10", name=op.f("ck_recognition_valid_from_a_day")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_recognition_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recognition")),
    )
    with op.batch_alter_table("recognition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recognition_product_id"), ["product_id"], unique=False)

    op.create_table(
        "use_right",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("indication_id", sa.Integer(), nullable=False),
        sa.Column("producer_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.Column("document", sa.String(length=200), nullable=True),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("until_day IS NULL OR until_day >= from_day", name=op.f("ck_use_right_days_in_order")),
        sa.ForeignKeyConstraint(["indication_id"], ["geographical_indication.id"], name=op.f("fk_use_right_indication_id")),
        sa.ForeignKeyConstraint(["producer_id"], ["producer.id"], name=op.f("fk_use_right_producer_id")),
        sa.ForeignKeyConstraint(
            ["product_id", "producer_id"], ["product.id", "product.producer_id"], name=op.f("fk_use_right_product_id_producer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_right")),
        sa.UniqueConstraint("indication_id", "product_id", "from_day", name=op.f("uq_use_right_indication_id_product_id_from_day")),
    )
    with op.batch_alter_table("use_right", schema=None) as batch_op:
        batch_op.create_index("ix_use_right_product_id", ["product_id"], unique=False)


def downgrade() -> None:
    refuse_to_lose(
        op.get_bind(),
        ("craft_village", "geographical_indication", "picture", "producer", "published_count", "product", "recognition", "use_right"),
    )
    with op.batch_alter_table("use_right", schema=None) as batch_op:
        batch_op.drop_index("ix_use_right_product_id")

    op.drop_table("use_right")
    with op.batch_alter_table("recognition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recognition_product_id"))

    op.drop_table("recognition")
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_product_producer_id"))

    op.drop_table("product")
    op.drop_table("published_count")
    op.drop_table("producer")
    op.drop_table("picture")
    op.drop_table("geographical_indication")
    op.drop_table("craft_village")
