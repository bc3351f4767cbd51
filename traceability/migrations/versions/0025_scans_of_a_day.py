"""The scans of a day are one row: figures of any day read fourteen of them, whatever the number of batches."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_count",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("times >= 0", name=op.f("ck_day_count_times")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_day_count")),
    )
    op.execute(
        "INSERT INTO day_count (day, times) SELECT scan_day.day, sum(scan_day.times) FROM scan_day "
        "JOIN batch ON batch.id = scan_day.batch_id WHERE scan_day.kind = 'person' AND NOT batch.illustrative GROUP BY scan_day.day"
    )


def downgrade() -> None:
    # What it holds is counted again on the way up.
    op.drop_table("day_count")
