"""Sheets that the office hands over, shops on line, and names as people type them; a rating that was wrong stays on record."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import WouldLoseRows, refuse_to_lose

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_PIECE = 10_000
_TABLES = (
    "visit_facts",
    "support",
    "evaluation",
    "shop_click",
    "listing",
    "import_effect",
    "import_row",
    "register_import",
    "historic_place",
)
# As names were folded when this step was written; what the rules change later, a later step folds anew.
_SHORT_FORMS = (
    ("cong ty trach nhiem huu han", "cty tnhh"),
    ("cong ty tnhh", "cty tnhh"),
    ("cong ty co phan", "ctcp"),
    ("cty cp", "ctcp"),
    ("cong ty", "cty"),
    ("san xuat nong nghiep", "sxnn"),
    ("hop tac xa", "htx"),
    ("to hop tac", "tht"),
    ("ho kinh doanh", "hkd"),
)


def upgrade() -> None:
    op.create_table(
        "historic_place",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_folded", sa.String(length=400), nullable=False),
        sa.Column("commune_code", sa.String(length=5), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_historic_place_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_historic_place")),
        sa.UniqueConstraint("name_folded", name=op.f("uq_historic_place_name_folded")),
    )
    op.create_table(
        "register_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("upload", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.String(length=100), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_by", sa.String(length=100), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=100), nullable=True),
        sa.CheckConstraint(
            "state IN ('reading', 'failed', 'previewed', 'applied', 'undone', 'discarded')", name=op.f("ck_register_import_state")
        ),
        sa.CheckConstraint("(applied_at IS NULL) = (applied_by IS NULL)", name=op.f("ck_register_import_applied_whole")),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name=op.f("ck_register_import_undone_whole")),
        sa.CheckConstraint("rows_done >= 0 AND rows_total >= 0", name=op.f("ck_register_import_rows")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_import")),
    )
    op.create_index("ix_register_import_uploaded_at", "register_import", ["uploaded_at"], unique=False)
    op.create_table(
        "shop_click",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=10), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.CheckConstraint("target IN ('listing', 'storefront')", name=op.f("ck_shop_click_target")),
        sa.CheckConstraint("clicks > 0", name=op.f("ck_shop_click_clicks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_click")),
        sa.UniqueConstraint("target", "target_id", "day", name=op.f("uq_shop_click_target_target_id_day")),
    )
    op.create_table(
        "import_effect",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("of_table", sa.String(length=40), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.CheckConstraint("act IN ('insert', 'update')", name=op.f("ck_import_effect_act")),
        sa.ForeignKeyConstraint(["import_id"], ["register_import.id"], name=op.f("fk_import_effect_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_effect")),
    )
    op.create_index("ix_import_effect_import_id", "import_effect", ["import_id"], unique=False)
    op.create_table(
        "import_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.String(length=100), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.CheckConstraint("outcome IN ('new', 'changed', 'same', 'doubt', 'wrong')", name=op.f("ck_import_row_outcome")),
        sa.ForeignKeyConstraint(["import_id"], ["register_import.id"], name=op.f("fk_import_row_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sa.UniqueConstraint("import_id", "place", name=op.f("uq_import_row_import_id_place")),
    )
    op.create_table(
        "listing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("floor", sa.String(length=100), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("alive", sa.Boolean(), nullable=True),
        sa.Column("source", sa.String(length=500), nullable=True),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("url LIKE 'http%'", name=op.f("ck_listing_url")),
        sa.CheckConstraint("(checked_on IS NULL) = (alive IS NULL)", name=op.f("ck_listing_checked_whole")),
        sa.CheckConstraint("length(floor) > 0", name=op.f("ck_listing_floor")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_listing_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
        sa.UniqueConstraint("product_id", "url", name=op.f("uq_listing_product_id_url")),
    )
    op.add_column("producer", sa.Column("name_folded", sa.String(length=400), server_default=sa.text("''"), nullable=False))
    op.create_index("ix_producer_name_folded", "producer", ["name_folded"], unique=False)
    op.add_column("product", sa.Column("name_folded", sa.String(length=400), server_default=sa.text("''"), nullable=False))
    op.create_index("ix_product_name_folded", "product", ["name_folded"], unique=False)
    op.add_column("recognition", sa.Column("decision_folded", sa.String(length=400), server_default=sa.text("''"), nullable=False))
    op.add_column("recognition", sa.Column("withdrawal_recorded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("recognition", sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True))
    _add_what_producers_have()
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for event, rows in (("insert", ("NEW",)), ("update", ("OLD", "NEW")), ("delete", ("OLD",))):
        if on_sqlite:
            notes = " ".join(
                f"INSERT INTO register_change (kind, subject_id, transaction_id) VALUES ('product', {row}.product_id, 0);"  # noqa: S608
                for row in rows
            )
            op.execute(f"CREATE TRIGGER listing_{event}_noted AFTER {event.upper()} ON listing BEGIN {notes} END")
    if not on_sqlite:
        op.execute(
            "CREATE TRIGGER listing_noted AFTER INSERT OR UPDATE OR DELETE ON listing "
            "FOR EACH ROW EXECUTE FUNCTION note_change('product', 'product_id')"
        )
    for table, column, short in (("producer", "name", True), ("product", "name", True), ("recognition", "decision", False)):
        _fold_all(table, column, is_name=short)


def _add_what_producers_have() -> None:
    op.create_table(
        "support",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("producer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("what", sa.String(length=300), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=True),
        sa.Column("idempotency_key", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.CheckConstraint("kind IN ('labels', 'testing', 'trade_promotion', 'booth', 'training', 'other')", name=op.f("ck_support_kind")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_support_amount")),
        sa.CheckConstraint("length(what) > 0", name=op.f("ck_support_what")),
        sa.ForeignKeyConstraint(["producer_id"], ["producer.id"], name=op.f("fk_support_producer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_support_idempotency_key")),
    )
    op.create_index("ix_support_given_on", "support", ["given_on"], unique=False)
    op.create_index("ix_support_producer_id", "support", ["producer_id"], unique=False)
    op.create_table(
        "visit_facts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("open_when", sa.String(length=300), nullable=True),
        sa.Column("open_when_en", sa.String(length=300), nullable=True),
        sa.Column("open_when_zh", sa.String(length=300), nullable=True),
        sa.Column("how_to_reach", sa.String(length=500), nullable=True),
        sa.Column("how_to_reach_en", sa.String(length=500), nullable=True),
        sa.Column("how_to_reach_zh", sa.String(length=500), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(place) > 0", name=op.f("ck_visit_facts_place")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_visit_facts_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_facts")),
        sa.UniqueConstraint("product_id", name=op.f("uq_visit_facts_product_id")),
    )
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("recognition_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("evaluated_on", sa.Date(), nullable=True),
        sa.Column("council", sa.String(length=200), nullable=True),
        sa.Column("points_product", sa.Integer(), nullable=True),
        sa.Column("points_marketing", sa.Integer(), nullable=True),
        sa.Column("points_quality", sa.Integer(), nullable=True),
        sa.Column("points_total", sa.Integer(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('new', 're_evaluation')", name=op.f("ck_evaluation_kind")),
        sa.CheckConstraint("points_marketing BETWEEN 0 AND 2500", name=op.f("ck_evaluation_points_marketing")),
        sa.CheckConstraint("points_product + points_marketing + points_quality = points_total", name=op.f("ck_evaluation_points_sum")),
        sa.CheckConstraint("points_product BETWEEN 0 AND 4000", name=op.f("ck_evaluation_points_product")),
        sa.CheckConstraint("points_quality BETWEEN 0 AND 3500", name=op.f("ck_evaluation_points_quality")),
        sa.CheckConstraint("points_total BETWEEN 0 AND 10000", name=op.f("ck_evaluation_points_total")),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_evaluation_stars")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_evaluation_product_id")),
        sa.ForeignKeyConstraint(["recognition_id"], ["recognition.id"], name=op.f("fk_evaluation_recognition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint("recognition_id", name=op.f("uq_evaluation_recognition_id")),
    )
    op.create_index("ix_evaluation_product_id", "evaluation", ["product_id"], unique=False)
    op.add_column("craft_village", sa.Column("craft", sa.String(length=200), nullable=True))
    op.add_column("craft_village", sa.Column("decision", sa.String(length=100), nullable=True))
    op.add_column("craft_village", sa.Column("recognised_on", sa.String(length=10), nullable=True))
    op.add_column("craft_village", sa.Column("source", sa.String(length=500), nullable=True))
    op.add_column("geographical_indication", sa.Column("manager_now", sa.String(length=200), nullable=True))
    op.add_column("geographical_indication", sa.Column("documents", sa.String(length=500), nullable=True))


def _fold_all(table: str, column: str, *, is_name: bool) -> None:
    connection, last = op.get_bind(), 0
    target = sa.table(table, *(sa.column(name) for name in ("id", column, f"{column}_folded")))
    while True:
        chosen = sa.select(target.c.id, target.c[column]).where(target.c.id > last, target.c[column].is_not(None))
        rows = connection.execute(chosen.order_by(target.c.id).limit(_PIECE)).all()
        if rows:
            held = sa.update(target).where(target.c.id == sa.bindparam("row_id")).values({f"{column}_folded": sa.bindparam("folded")})
            connection.execute(held, [{"row_id": row_id, "folded": _folded(text, is_name=is_name)} for row_id, text in rows])
        if len(rows) < _PIECE:
            return
        last = rows[-1][0]


def _folded(text: str, *, is_name: bool) -> str:
    plain = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "d")
    folded = " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).casefold().split())
    if not is_name:
        return folded
    folded = " " + re.sub(r"[\W_]+", " ", folded).strip() + " "
    for long, brief in _SHORT_FORMS:
        folded = folded.replace(f" {long} ", f" {brief} ")
    return folded.strip()


def downgrade() -> None:
    connection = op.get_bind()
    refuse_to_lose(connection, _TABLES)
    superseded = sa.table("recognition", sa.column("superseded_at"))
    if connection.execute(sa.select(sa.literal(1)).where(superseded.c.superseded_at.is_not(None)).limit(1)).first():
        raise WouldLoseRows("the table recognition holds superseded rows; make a backup and empty it before you go down this step")
    for name in ("superseded_at", "withdrawal_recorded_at", "decision_folded"):
        op.drop_column("recognition", name)
    for table in ("product", "producer"):
        op.drop_index(f"ix_{table}_name_folded", table)
        op.drop_column(table, "name_folded")
    for name in ("source", "recognised_on", "decision", "craft"):
        op.drop_column("craft_village", name)
    for name in ("documents", "manager_now"):
        op.drop_column("geographical_indication", name)
    for table in _TABLES:
        op.drop_table(table)
