"""What producers were told of ratings and rights that end is on record, so that each is told once."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_EVENTS = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}


def upgrade() -> None:
    op.create_table(
        "expiry_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("subject IN ('recognition', 'use_right')", name=op.f("ck_expiry_notice_subject")),
        sa.CheckConstraint("days IN (90, 30, 7)", name=op.f("ck_expiry_notice_days")),
        sa.CheckConstraint("mails >= 0", name=op.f("ck_expiry_notice_mails")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expiry_notice")),
        sa.UniqueConstraint("subject", "subject_id", "days", name=op.f("uq_expiry_notice_subject_subject_id_days")),
    )
    # How a service is visited stands on pages that processes keep.
    if op.get_bind().dialect.name == "sqlite":
        for event, rows in _EVENTS.items():
            notes = " ".join(
                f"INSERT INTO register_change (kind, subject_id, transaction_id) VALUES ('product', {row}.product_id, 0);"  # noqa: S608
                for row in rows
            )
            op.execute(f"CREATE TRIGGER visit_facts_{event}_noted AFTER {event.upper()} ON visit_facts BEGIN {notes} END")
        return
    op.execute(
        "CREATE TRIGGER visit_facts_noted AFTER INSERT OR UPDATE OR DELETE ON visit_facts "
        "FOR EACH ROW EXECUTE FUNCTION note_change('product', 'product_id')"
    )


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), ("expiry_notice",))
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for name in [f"visit_facts_{event}_noted" for event in _EVENTS] if on_sqlite else ["visit_facts_noted ON visit_facts"]:
        op.execute(f"DROP TRIGGER {name}")
    op.drop_table("expiry_notice")
