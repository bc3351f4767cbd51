"""What the province set itself to reach is on record, so that figures stand beside it."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "goal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.CheckConstraint("kind IN ('new_in_year', 'total')", name=op.f("ck_goal_kind")),
        sa.CheckConstraint("year BETWEEN 2018 AND 2100", name=op.f("ck_goal_year")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_goal_amount")),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_goal_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal")),
        sa.UniqueConstraint("kind", "year", name=op.f("uq_goal_kind_year")),
    )


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), ("goal",))
    op.drop_table("goal")
