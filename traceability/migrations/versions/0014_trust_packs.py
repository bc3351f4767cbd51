"""Trust packs have numbers that no other one ever had, whichever process or host made them."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issued_pack",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area", sa.String(length=10), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("key_sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(state) = 64", name=op.f("ck_issued_pack_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_pack")),
    )
    op.create_index(op.f("ix_issued_pack_area"), "issued_pack", ["area"])


def downgrade() -> None:
    # Phones refuse a lower number than they have seen, and a table that is made anew begins at one.
    refuse_to_lose(op.get_bind(), ("issued_pack",))
    op.drop_table("issued_pack")
