"""What changed in the register since a process last looked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, literal_column, select
from sqlalchemy.orm import Session

from traceability.models import RegisterChange


@dataclass(frozen=True)
class Place:
    """Up to where a process has read. On SQLite `at` is the last row's number.

    On PostgreSQL rows can appear behind ones that were read, from transactions that took longer. There `at` is the oldest
    transaction that was still open when it looked, and `read` the rows from then on that it has read already.
    """

    at: int
    read: frozenset[int] = frozenset()


def present_place(session: Session) -> Place:
    """The place from which on everything is news."""
    if session.get_bind().dialect.name == "sqlite":
        return Place(session.scalar(select(func.max(RegisterChange.id))) or 0)
    oldest = _oldest_open(session)
    rows = session.scalars(select(RegisterChange.id).where(RegisterChange.transaction_id >= oldest))
    return Place(oldest, frozenset(rows))


def changes_since(session: Session, place: Place) -> tuple[set[tuple[str, int]], Place]:
    """Kind and id of what changed, and the place to go on from. The session reads one snapshot."""
    columns = select(RegisterChange.id, RegisterChange.kind, RegisterChange.subject_id, RegisterChange.transaction_id)
    if session.get_bind().dialect.name == "sqlite":
        rows = session.execute(columns.where(RegisterChange.id > place.at)).all()
        return {(row.kind, row.subject_id) for row in rows}, Place(max((row.id for row in rows), default=place.at))
    oldest = _oldest_open(session)
    rows = session.execute(columns.where(RegisterChange.transaction_id >= place.at)).all()
    fresh = {(row.kind, row.subject_id) for row in rows if row.id not in place.read}
    return fresh, Place(oldest, frozenset(row.id for row in rows if row.transaction_id >= oldest))


def forget_changes(session: Session, *, before: datetime) -> None:
    """Deletes rows that every process has read long ago, but not the last one: its number must not be used again."""
    last = select(func.max(RegisterChange.id)).scalar_subquery()
    gone = delete(RegisterChange).where(RegisterChange.changed_at < before, RegisterChange.id < last)
    session.execute(gone.execution_options(synchronize_session=False))


def _oldest_open(session: Session) -> int:
    return session.scalar(select(literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))) or 0
