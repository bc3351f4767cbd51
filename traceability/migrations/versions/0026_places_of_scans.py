"""Scans may have a rough place, where the operator has a table of networks."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import WouldLoseRows

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scan", sa.Column("place", sa.Integer(), nullable=True))


def downgrade() -> None:
    scans = sa.table("scan", sa.column("place"))
    if op.get_bind().execute(sa.select(sa.literal(1)).where(scans.c.place.is_not(None)).limit(1)).first():
        raise WouldLoseRows("the table scan holds places; make a backup and set them to NULL before this step")
    op.drop_column("scan", "place")
