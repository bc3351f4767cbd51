"""What the rules notice in scans is an alert, which a person closes; a suspicion names who raised and who cleared it."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_OPEN = sa.text("closed_at IS NULL")
_CLOSING = (
    "(closed_at IS NULL AND conclusion IS NULL AND words IS NULL AND closed_by IS NULL AND closed_role IS NULL)"
    " OR (closed_at IS NOT NULL AND conclusion IS NOT NULL AND length(words) > 0 AND closed_by IS NOT NULL"
    " AND closed_role IS NOT NULL)"
)


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suspicion_id", sa.Integer(), nullable=True),
        sa.Column("conclusion", sa.String(length=10), nullable=True),
        sa.Column("words", sa.String(length=1000), nullable=True),
        sa.Column("inspection_id", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=100), nullable=True),
        sa.Column("closed_role", sa.String(length=10), nullable=True),
        sa.CheckConstraint("kind IN ('copied', 'burst', 'invented', 'late', 'many')", name=op.f("ck_alert_kind")),
        sa.CheckConstraint("conclusion IN ('copied', 'genuine', 'unclear')", name=op.f("ck_alert_conclusion")),
        sa.CheckConstraint("closed_role IN ('office', 'inspector')", name=op.f("ck_alert_closed_role")),
        sa.CheckConstraint("unit >= 0", name=op.f("ck_alert_unit")),
        sa.CheckConstraint(_CLOSING, name=op.f("ck_alert_closing_whole")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_alert_batch_id")),
        sa.ForeignKeyConstraint(["suspicion_id"], ["suspicion.id"], name=op.f("fk_alert_suspicion_id")),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"], name=op.f("fk_alert_inspection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index("uq_alert_open", "alert", ["batch_id", "unit", "kind"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index(op.f("ix_alert_batch_id_unit"), "alert", ["batch_id", "unit"])
    op.create_index(op.f("ix_alert_raised_at"), "alert", ["raised_at"])
    op.create_table(
        "scan_watch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_scan_watch_one")),
        sa.CheckConstraint("scan_id >= 0", name=op.f("ck_scan_watch_scan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_watch")),
    )
    # A stamp's next scan has all of its earlier ones looked at, so nothing needs to be gone through now.
    op.execute("INSERT INTO scan_watch (id, scan_id) SELECT 1, id FROM scan ORDER BY id DESC LIMIT 1")
    op.add_column("suspicion", sa.Column("suspected_by", sa.String(length=100), nullable=True))
    op.add_column("suspicion", sa.Column("cleared_by", sa.String(length=100), nullable=True))


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), ("alert",))
    op.drop_column("suspicion", "cleared_by")
    op.drop_column("suspicion", "suspected_by")
    op.drop_table("scan_watch")
    op.drop_table("alert")
