"""A consumer's report may bring a photograph, and is put aside by a person who says what became of it."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_HANDLED = (
    "(handled_at IS NULL AND handled_by IS NULL AND handled_words IS NULL)"
    " OR (handled_at IS NOT NULL AND handled_by IS NOT NULL AND length(handled_words) > 0)"
)


def upgrade() -> None:
    with op.batch_alter_table("consumer_report") as batch_op:
        batch_op.add_column(sa.Column("photograph", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("handled_by", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("handled_words", sa.String(length=1000), nullable=True))
        batch_op.create_check_constraint(op.f("ck_consumer_report_handled_whole"), _HANDLED)
        batch_op.create_unique_constraint(op.f("uq_consumer_report_photograph"), ["photograph"])


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), ("consumer_report",))
    with op.batch_alter_table("consumer_report") as batch_op:
        batch_op.drop_constraint(op.f("uq_consumer_report_photograph"), type_="unique")
        batch_op.drop_constraint(op.f("ck_consumer_report_handled_whole"), type_="check")
        for name in ("handled_words", "handled_by", "handled_at", "photograph"):
            batch_op.drop_column(name)
