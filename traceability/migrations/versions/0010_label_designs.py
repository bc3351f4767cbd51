"""A producer's logo for its labels, and in which design and language labels were printed."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "producer_logo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("producer_id", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["picture_id"], ["picture.id"], name=op.f("fk_producer_logo_picture_id")),
        sa.ForeignKeyConstraint(["producer_id"], ["producer.id"], name=op.f("fk_producer_logo_producer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_producer_logo")),
        sa.UniqueConstraint("producer_id", name=op.f("uq_producer_logo_producer_id")),
    )
    # As words and not as operations: SQLite adds a column with its check only in one statement.
    op.execute(
        "ALTER TABLE print_run ADD COLUMN design VARCHAR(10) DEFAULT 'standard' NOT NULL"
        " CONSTRAINT ck_print_run_design CHECK (design IN ('standard', 'small', 'signed'))"
    )
    op.execute(
        "ALTER TABLE print_run ADD COLUMN language VARCHAR(4) DEFAULT 'vi' NOT NULL"
        " CONSTRAINT ck_print_run_language CHECK (language IN ('vi', 'both', 'en'))"
    )


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), ("producer_logo",))
    op.execute("ALTER TABLE print_run DROP COLUMN language")
    op.execute("ALTER TABLE print_run DROP COLUMN design")
    op.drop_table("producer_logo")
