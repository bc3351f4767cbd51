"""The register is listed by the day of decision, and a page of it is found without sorting all."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_recognition_decided_on_id"), "recognition", ["decided_on", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_recognition_decided_on_id"), "recognition")
