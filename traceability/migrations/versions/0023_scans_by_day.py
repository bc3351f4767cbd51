"""Scans are summed by day without a look at those of all other days."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_scan_day_day", "scan_day", ["day"])


def downgrade() -> None:
    op.drop_index("ix_scan_day_day", "scan_day")
