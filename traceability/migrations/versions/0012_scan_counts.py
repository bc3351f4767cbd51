"""Scans are loaded from a journal and counted as they are loaded. What was scanned so far is counted here.

The order of the scans' constraint changes: new rows then go to the end of its tree, however many there are.
"""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import WouldLoseRows

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OLD, _NEW = ("batch_id", "unit", "visitor", "minute", "verdict"), ("minute", "batch_id", "unit", "visitor", "verdict")
# Minutes since 1970, in UTC, as a day in Viet Nam.
_DAYS = {"sqlite": "date(minute * 60 + 25200, 'unixepoch')", "postgresql": "(to_timestamp(minute * 60.0 + 25200) AT TIME ZONE 'UTC')::date"}


def upgrade() -> None:
    _reorder(_OLD, _NEW)
    op.drop_index("ix_scan_batch_id_unit_scanned_at", "scan")
    op.create_index("ix_scan_batch_id_unit_minute", "scan", ["batch_id", "unit", "minute"])
    op.create_table(
        "stamp_count",
        _batch(),
        sa.Column("unit", sa.Integer(), autoincrement=False, nullable=False),
        _times(),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        *_constraints("stamp_count", "batch_id", "unit"),
        sqlite_with_rowid=False,
    )
    op.create_table("batch_count", _batch(), _times(), *_constraints("batch_count", "batch_id"))
    op.create_table(
        "scan_day",
        _batch(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("verdict", sa.String(length=15), nullable=False),
        _times(),
        *_constraints("scan_day", "batch_id", "day", "kind", "verdict"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journal_file",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("loaded_bytes", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("loaded_bytes >= 0", name=op.f("ck_journal_file_loaded_bytes")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_journal_file")),
    )
    _count()


def _reorder(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    with op.batch_alter_table("scan") as scan:
        scan.drop_constraint(f"uq_scan_{'_'.join(old)}", type_="unique")
        scan.create_unique_constraint(f"uq_scan_{'_'.join(new)}", list(new))


def _batch() -> sa.Column[int]:
    return sa.Column("batch_id", sa.Integer(), autoincrement=False, nullable=False)


def _times() -> sa.Column[int]:
    return sa.Column("times", sa.Integer(), nullable=False)


def _constraints(table: str, *key: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.CheckConstraint("times >= 1", name=op.f(f"ck_{table}_times")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f(f"fk_{table}_batch_id")),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
    )


def _count() -> None:
    day = _DAYS[op.get_bind().dialect.name]
    op.execute(
        "INSERT INTO stamp_count (batch_id, unit, times, first_at, last_at) "
        "SELECT batch_id, unit, count(*), min(scanned_at), max(scanned_at) FROM scan "
        "WHERE verdict NOT IN ('UNKNOWN', 'MALFORMED') GROUP BY batch_id, unit"
    )
    op.execute("INSERT INTO batch_count (batch_id, times) SELECT batch_id, count(*) FROM scan GROUP BY batch_id")
    op.execute(
        "INSERT INTO scan_day (batch_id, day, kind, verdict, times) "  # noqa: S608
        f"SELECT batch_id, {day}, 'person', verdict, count(*) FROM scan GROUP BY batch_id, {day}, verdict"
    )


def downgrade() -> None:
    # Counts of raw scans are made again on the way up; what else they hold, robots and scans that were pruned, would be lost.
    _refuse_to_lose_counts(op.get_bind())
    for table in ("journal_file", "scan_day", "batch_count", "stamp_count"):
        op.drop_table(table)
    op.drop_index("ix_scan_batch_id_unit_minute", "scan")
    op.create_index("ix_scan_batch_id_unit_scanned_at", "scan", ["batch_id", "unit", "scanned_at"])
    _reorder(_NEW, _OLD)


def _refuse_to_lose_counts(connection: sa.Connection) -> None:
    """Raises WouldLoseRows where the counts say more than the raw scans do."""
    counted = connection.scalar(sa.text("SELECT coalesce(sum(times), 0) FROM scan_day"))
    if counted != connection.scalar(sa.text("SELECT count(*) FROM scan")):
        raise WouldLoseRows(
            "the table scan_day counts scans that are kept nowhere else; make a backup and empty it before you go down this step"
        )
