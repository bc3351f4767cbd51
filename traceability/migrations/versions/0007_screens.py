"""What the producer's screens keep: drafts, files, photographs, print runs, versions of batches, how lots are numbered.

A report's file lies outside the database; the columns that were meant for it were never filled and go.
"""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLES = ("print_run", "draft_file", "batch_draft", "photograph", "upload")


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=30), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("media_type IN ('application/pdf', 'image/webp')", name=op.f("ck_upload_media_type")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_upload_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_upload_report_id")),
        sa.UniqueConstraint("name", name=op.f("uq_upload_name")),
        sa.UniqueConstraint("report_id", name=op.f("uq_upload_report_id")),
    )
    op.create_table(
        "photograph",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.Integer(), nullable=False),
        sa.Column("recorded_role", sa.String(length=10), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("recorded_role IN ('producer', 'office', 'inspector')", name=op.f("ck_photograph_recorded_role")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_photograph_batch_id")),
        sa.ForeignKeyConstraint(["picture_id"], ["picture.id"], name=op.f("fk_photograph_picture_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photograph")),
        sa.UniqueConstraint("batch_id", "picture_id", name=op.f("uq_photograph_batch_id_picture_id")),
    )
    op.create_table(
        "batch_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_batch_draft_account_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_batch_draft_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_draft")),
        sa.UniqueConstraint("account_id", "product_id", name=op.f("uq_batch_draft_account_id_product_id")),
    )
    op.create_table(
        "draft_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("picture_id", sa.Integer(), nullable=True),
        sa.Column("upload_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('photograph', 'report')", name=op.f("ck_draft_file_kind")),
        sa.CheckConstraint("(picture_id IS NULL) <> (upload_id IS NULL)", name=op.f("ck_draft_file_one_content")),
        sa.CheckConstraint("(kind = 'photograph') = (picture_id IS NOT NULL)", name=op.f("ck_draft_file_picture_of_photograph")),
        sa.ForeignKeyConstraint(["draft_id"], ["batch_draft.id"], name=op.f("fk_draft_file_draft_id")),
        sa.ForeignKeyConstraint(["picture_id"], ["picture.id"], name=op.f("fk_draft_file_picture_id")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_draft_file_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_file")),
    )
    op.create_index("ix_draft_file_draft_id", "draft_file", ["draft_id"])
    op.create_table(
        "print_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("first_unit", sa.Integer(), nullable=True),
        sa.Column("last_unit", sa.Integer(), nullable=True),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("stock", sa.String(length=20), nullable=False),
        sa.Column("dpi", sa.Integer(), nullable=False),
        sa.Column("reprint", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("printed_by", sa.String(length=100), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("idempotency_key", sa.String(length=64), nullable=False),
        sa.CheckConstraint("form IN ('gs1', 'house', 'signed')", name=op.f("ck_print_run_form")),
        sa.CheckConstraint(
            "(first_unit IS NULL) = (last_unit IS NULL) AND first_unit >= 1 AND last_unit >= first_unit", name=op.f("ck_print_run_units")
        ),
        sa.CheckConstraint("copies >= 1 AND (copies = 1 OR first_unit IS NULL)", name=op.f("ck_print_run_copies")),
        sa.CheckConstraint("dpi >= 0", name=op.f("ck_print_run_dpi")),
        sa.CheckConstraint("downloads >= 0", name=op.f("ck_print_run_downloads")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_print_run_account_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_print_run_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_run")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_print_run_idempotency_key")),
    )
    op.create_index("ix_print_run_batch_id", "print_run", ["batch_id"])
    op.add_column("batch", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("product", sa.Column("lot_pattern", sa.String(length=60), nullable=True))
    op.add_column("product", sa.Column("keeps_days", sa.Integer(), nullable=True))
    for column in ("media_type", "sha256", "content"):
        op.execute(f"ALTER TABLE report DROP COLUMN {column}")


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), _TABLES)
    op.execute("ALTER TABLE report ADD COLUMN media_type VARCHAR(30)")
    op.execute("ALTER TABLE report ADD COLUMN sha256 VARCHAR(64)")
    op.execute("ALTER TABLE report ADD COLUMN content " + ("BLOB" if op.get_bind().dialect.name == "sqlite" else "BYTEA"))
    op.execute("ALTER TABLE product DROP COLUMN keeps_days")
    op.execute("ALTER TABLE product DROP COLUMN lot_pattern")
    op.execute("ALTER TABLE batch DROP COLUMN version")
    for table in _TABLES:
        op.drop_table(table)
