"""The audit trail, checked and read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from traceability.models import AuditEntry
from traceability.models.audit import FIRST_PREVIOUS, Mark, columns_of, hash_of

_AT_ONCE = 1000


@dataclass
class Walk:
    """A walk along the whole trail. `last` is the last row seen; `found` grows while the findings are yielded."""

    marks: Sequence[Mark]
    rows: int = 0
    found: int = 0
    last: Mark | None = None
    _expected: int = 1
    _previous: bytes | None = FIRST_PREVIOUS
    _furthest: int = 0
    _by_id: dict[int, set[bytes]] = field(default_factory=dict)

    def findings(self, session: Session) -> Iterator[str]:
        """One line for each row that was edited, removed, inserted or cut off. Whole where there is none."""
        for mark in self.marks:
            self._by_id.setdefault(mark.id, set()).add(mark.hash)
        self._furthest = max(self._by_id, default=0)
        for number, entry in _rows(session):
            self.rows += 1
            for line in self._step(number, entry):
                self.found += 1
                yield line
        if self._furthest >= self._expected:
            self.found += 1
            yield f"{_rows_named(self._expected, self._furthest)}: cut off; a checkpoint names row {self._furthest}"

    def _step(self, number: int, entry: AuditEntry | None) -> Iterator[str]:
        if number < self._expected:
            yield f"row {number}: inserted; rows count from 1"
            return
        if number > self._expected:
            # Where checkpoints end, nothing tells whether the rows between were ever there.
            doubt = f", or row {number} inserted" if self._expected > self._furthest else ""
            yield f"{_rows_named(self._expected, number - 1)}: removed{doubt}"
            self._previous = None
        self._expected = number + 1
        if entry is None:
            yield f"row {number}: edited; it cannot be read any more"
            self._previous = None
            return
        self.last = Mark(number, entry.hash, entry.at)
        witnessed = self._by_id.get(number)
        if hash_of(columns_of(entry), entry.previous_hash) != entry.hash:
            yield f"row {number}: {'edited' if number <= self._furthest else 'edited or inserted'}; its hash is not that of its content"
        elif self._previous is not None and entry.previous_hash != self._previous:
            yield f"row {number}: does not follow row {number - 1}; one of them was edited, exchanged or inserted"
        if witnessed and witnessed != {entry.hash}:
            yield f"row {number}: edited; its hash is not the one that a checkpoint names"
        self._previous = entry.hash


def unwitnessed(last: Mark | None, marks: Sequence[Mark]) -> str | None:
    """A line about the rows after the last checkpoint, None where there are none."""
    furthest = max((mark.id for mark in marks), default=0)
    if last is None or furthest >= last.id:
        return None
    return (
        f"{_rows_named(furthest + 1, last.id)}: no checkpoint; inserted by hand, or checkpoints were cut off or could not be written"
        " (`init` writes one for the last row)"
    )


@dataclass(frozen=True)
class Wanted:
    """Which rows: by words in who, what, on what, before or after; from and before a time; older than a row."""

    search: str = ""
    since: datetime | None = None
    until: datetime | None = None
    older_than: int | None = None


def list_entries(session: Session, wanted: Wanted, *, most: int | None = None, newest_first: bool = True) -> Iterator[AuditEntry]:
    """Rows, each as it is read."""
    statement = select(AuditEntry).order_by(AuditEntry.id.desc() if newest_first else AuditEntry.id)
    if wanted.search:
        columns = (AuditEntry.actor, AuditEntry.role, AuditEntry.act, AuditEntry.object_kind, AuditEntry.before, AuditEntry.after)
        statement = statement.where(or_(*(column.icontains(wanted.search, autoescape=True) for column in columns)))
    if wanted.since is not None:
        statement = statement.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditEntry.at < wanted.until)
    if wanted.older_than is not None:
        statement = statement.where(AuditEntry.id < wanted.older_than)
    yield from session.scalars(statement.limit(most).execution_options(yield_per=_AT_ONCE))


def _rows(session: Session) -> Iterator[tuple[int, AuditEntry | None]]:
    """All rows by id, a batch at a time; None for one whose columns cannot be read as what they must be."""
    after: int | None = None
    while True:
        numbers = select(AuditEntry.id).order_by(AuditEntry.id).limit(_AT_ONCE)
        ids = list(session.scalars(numbers if after is None else numbers.where(AuditEntry.id > after)))
        if not ids:
            return
        statement = select(AuditEntry).where(AuditEntry.id.between(ids[0], ids[-1])).order_by(AuditEntry.id)
        try:
            entries: list[AuditEntry | None] = list(session.scalars(statement))
        except (ValueError, TypeError, AttributeError):
            entries = [_alone(session, number) for number in ids]
        yield from zip(ids, entries, strict=True)
        session.expunge_all()
        after = ids[-1]


def _alone(session: Session, number: int) -> AuditEntry | None:
    try:
        return session.scalar(select(AuditEntry).where(AuditEntry.id == number))
    except (ValueError, TypeError, AttributeError, DBAPIError):
        return None


def _rows_named(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first} to {last}"
