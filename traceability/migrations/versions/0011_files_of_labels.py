"""Files of labels as they were fetched, stocks of a producer's own, and how a run was put on paper."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('pdf', 'zpl', 'tspl', 'pdfs', 'png', 'svg', 'csv', 'xlsx')"
_ADDED = (
    f"kind VARCHAR(10) DEFAULT 'pdf' NOT NULL CONSTRAINT ck_print_run_kind CHECK ({_KINDS})",
    *(
        f"{name} INTEGER DEFAULT '1' NOT NULL CONSTRAINT ck_print_run_{name} CHECK ({name} >= 1)"
        for name in ("start", "each_times", "parts")
    ),
    "printer_id INTEGER",
    *(f"{name} BOOLEAN DEFAULT false NOT NULL" for name in ("compact", "by_columns", "frames", "crop_marks")),
)


def upgrade() -> None:
    op.create_table(
        "own_stock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("producer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        *(sa.Column(f"{name}_mm", sa.Double(), nullable=False) for name in ("label_width", "label_height", "page_width", "page_height")),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        *(sa.Column(f"{name}_mm", sa.Double(), nullable=False) for name in ("left", "top", "pitch_x", "pitch_y", "gap")),
        sa.Column("sensed", sa.String(length=10), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('sheet', 'roll')", name=op.f("ck_own_stock_kind")),
        sa.CheckConstraint("sensed IN ('gap', 'black_mark', 'none')", name=op.f("ck_own_stock_sensed")),
        sa.CheckConstraint(
            "label_width_mm > 0 AND label_height_mm > 0 AND page_width_mm > 0 AND page_height_mm > 0", name=op.f("ck_own_stock_lengths")
        ),
        sa.CheckConstraint('"columns" BETWEEN 1 AND 50 AND "rows" BETWEEN 1 AND 100', name=op.f("ck_own_stock_counts")),
        sa.CheckConstraint("left_mm >= 0 AND top_mm >= 0 AND gap_mm >= 0", name=op.f("ck_own_stock_margins")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_own_stock_name")),
        sa.ForeignKeyConstraint(["producer_id"], ["producer.id"], name=op.f("fk_own_stock_producer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_stock")),
        sa.UniqueConstraint("producer_id", "name", name=op.f("uq_own_stock_producer_id_name")),
    )
    op.create_index(op.f("ix_own_stock_producer_id"), "own_stock", ["producer_id"])
    for column in _ADDED:
        # A constraint in the same statement as its column goes with it again, on SQLite, too.
        op.execute(f"ALTER TABLE print_run ADD COLUMN {column}")
    op.create_table(
        "print_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("first_unit", sa.Integer(), nullable=True),
        sa.Column("last_unit", sa.Integer(), nullable=True),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("sent_labels", sa.Integer(), nullable=False),
        sa.Column("sent_unit", sa.Integer(), nullable=True),
        sa.Column("sent_bytes", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("fetched_by", sa.String(length=100), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_print_file_kind")),
        sa.CheckConstraint(
            "(first_unit IS NULL) = (last_unit IS NULL) AND first_unit >= 1 AND last_unit >= first_unit", name=op.f("ck_print_file_units")
        ),
        sa.CheckConstraint("labels >= 1 AND sent_labels BETWEEN 0 AND labels AND sent_bytes >= 0", name=op.f("ck_print_file_sent")),
        sa.CheckConstraint("ended_at IS NOT NULL OR sha256 IS NULL", name=op.f("ck_print_file_hash_at_end")),
        sa.CheckConstraint("sha256 IS NULL OR length(sha256) = 64", name=op.f("ck_print_file_hash_length")),
        sa.CheckConstraint("sha256 IS NULL OR sent_labels = labels", name=op.f("ck_print_file_hash_of_whole")),
        sa.ForeignKeyConstraint(["run_id"], ["print_run.id"], name=op.f("fk_print_file_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_file")),
    )
    op.create_index(op.f("ix_print_file_run_id"), "print_file", ["run_id"])


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), ("print_file", "own_stock"))
    op.drop_table("print_file")
    op.drop_table("own_stock")
    for column in _ADDED:
        op.execute(f"ALTER TABLE print_run DROP COLUMN {column.split()[0]}")
