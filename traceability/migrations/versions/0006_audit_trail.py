"""The audit trail: rows that are only ever added."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_RULES = (("audit_frozen", "UPDATE"), ("audit_kept", "DELETE"))


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("session_ref", sa.String(length=64), nullable=True),
        sa.Column("act", sa.String(length=50), nullable=True),
        sa.Column("change", sa.String(length=10), nullable=False),
        sa.Column("object_kind", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("change IN ('insert', 'update', 'delete')", name=op.f("ck_audit_entry_change")),
        sa.CheckConstraint("length(previous_hash) = 32 AND length(hash) = 32", name=op.f("ck_audit_entry_hash_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_entry_hash")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_at", ["at"], unique=False)
        batch_op.create_index("ix_audit_entry_object_kind_object_id", ["object_kind", "object_id"], unique=False)
    for name, event in _RULES:
        if op.get_bind().dialect.name == "sqlite":
            # REPLACE deletes first: with recursive triggers, which every connection of ours turns on, it comes here too.
            op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON audit_entry BEGIN SELECT RAISE(ABORT, '{name}'); END")
        else:
            op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    # The triggers go with their table.
    refuse_to_lose(op.get_bind(), ("audit_entry",))
    op.drop_table("audit_entry")
