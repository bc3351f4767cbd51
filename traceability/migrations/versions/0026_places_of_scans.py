"""Scans may have a rough place, where the operator has a table of networks."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scan", sa.Column("place", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("scan", "place")
