"""What was published of one decision stands beside what was published of all: its products were counted, and not named."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import WouldLoseRows

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("published_count") as table:
        table.add_column(sa.Column("scope", sa.String(length=10), server_default="all", nullable=False))
        table.add_column(sa.Column("newly", sa.Integer(), nullable=True))
        table.add_column(sa.Column("re_evaluated", sa.Integer(), nullable=True))
        table.add_column(sa.Column("details", sa.String(length=500), nullable=True))
        table.drop_constraint(op.f("uq_published_count_as_of_province_source"), type_="unique")
        table.create_unique_constraint(op.f("uq_published_count_as_of_province_source_scope"), ["as_of", "province", "source", "scope"])
        table.create_check_constraint(op.f("ck_published_count_scope"), "scope IN ('all', 'decision')")
        table.create_check_constraint(op.f("ck_published_count_kinds_not_negative"), "newly >= 0 AND re_evaluated >= 0")


def downgrade() -> None:
    counts = sa.table("published_count", sa.column("scope"))
    if op.get_bind().execute(sa.select(sa.literal(1)).where(counts.c.scope != "all").limit(1)).first():
        raise WouldLoseRows("the table published_count holds counts of single decisions; make a backup and remove them before this step")
    with op.batch_alter_table("published_count") as table:
        table.drop_constraint(op.f("ck_published_count_kinds_not_negative"), type_="check")
        table.drop_constraint(op.f("ck_published_count_scope"), type_="check")
        table.drop_constraint(op.f("uq_published_count_as_of_province_source_scope"), type_="unique")
        table.create_unique_constraint(op.f("uq_published_count_as_of_province_source"), ["as_of", "province", "source"])
        for name in ("details", "re_evaluated", "newly", "scope"):
            table.drop_column(name)
