"""Scans from the journal into the database: each exactly once, and counted as it comes."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import CursorResult, delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from traceability.domain.dates import VIETNAM
from traceability.journal.reader import Slice
from traceability.journal.record import Record
from traceability.models import Batch, DayCount, JournalFile, Scan

_PERSON = "person"
_NO_STAMP = ("UNKNOWN", "MALFORMED")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Microseconds; later ones were written by no clock.
_LATEST = 4_102_444_800_000_000
_SCAN_COLUMNS = ("batch_id", "unit", "form", "verdict", "visitor", "minute", "scanned_at", "place")
_COUNT_STAMPS = text(
    "INSERT INTO stamp_count (batch_id, unit, times, first_at, last_at) VALUES (:batch_id, :unit, :times, :first_at, :last_at) "
    "ON CONFLICT (batch_id, unit) DO UPDATE SET times = stamp_count.times + excluded.times, "
    "first_at = CASE WHEN excluded.first_at < stamp_count.first_at THEN excluded.first_at ELSE stamp_count.first_at END, "
    "last_at = CASE WHEN excluded.last_at > stamp_count.last_at THEN excluded.last_at ELSE stamp_count.last_at END"
)
_COUNT_BATCHES = text(
    "INSERT INTO batch_count (batch_id, times) VALUES (:batch_id, :times) "
    "ON CONFLICT (batch_id) DO UPDATE SET times = batch_count.times + excluded.times"
)
_COUNT_DAYS = text(
    "INSERT INTO scan_day (batch_id, day, kind, verdict, times) VALUES (:batch_id, :day, :kind, :verdict, :times) "
    "ON CONFLICT (batch_id, day, kind, verdict) DO UPDATE SET times = scan_day.times + excluded.times"
)
_COUNT_ALL_OF_DAYS = text(
    "INSERT INTO day_count (day, times) VALUES (:day, :times) ON CONFLICT (day) DO UPDATE SET times = day_count.times + excluded.times"
)
_BEGIN_DAYS = text("INSERT INTO day_count (day, times) VALUES (:day, 0) ON CONFLICT (day) DO NOTHING")
_RECOUNT_DAY = text(
    "UPDATE day_count SET times = (SELECT coalesce(sum(scan_day.times), 0) FROM scan_day JOIN batch ON batch.id = scan_day.batch_id "
    "WHERE scan_day.day = day_count.day AND scan_day.kind = 'person' AND NOT batch.illustrative) WHERE day = :day"
)
_INSERT_MANY = text(
    f"INSERT INTO scan ({', '.join(_SCAN_COLUMNS)}) SELECT * FROM unnest("  # noqa: S608
    "CAST(:batch_id AS integer[]), CAST(:unit AS integer[]), CAST(:form AS text[]), CAST(:verdict AS text[]), "
    "CAST(:visitor AS bytea[]), CAST(:minute AS integer[]), CAST(:scanned_at AS timestamptz[]), CAST(:place AS integer[])) "
    "ON CONFLICT DO NOTHING RETURNING batch_id, unit, verdict, visitor, minute"
)
Row = tuple[int, int, str, str, bytes, int, object, int | None]


class AnotherLoader(Exception):
    """Another loader has loaded from the same place meanwhile: nothing of this was kept."""


@dataclass(frozen=True)
class Loaded:
    """What became of a slice: new scans of people, others that were counted, and records that name no batch of ours."""

    scans: int
    counted: int
    strange: int


def loaded_until(session: Session, name: str) -> tuple[int, bool]:
    """Up to which byte a file is loaded, and whether it is finished."""
    row = session.get(JournalFile, name)
    return (row.loaded_bytes, row.finished_at is not None) if row else (0, False)


def load_slice(session: Session, name: str, found: Slice, *, now: datetime) -> Loaded:
    """Keeps and counts the scans of a slice, and moves the file's place on. Raises AnotherLoader."""
    _move_on(session, name, found, now)
    sound = [record for record in found.records if _can_be_kept(record)]
    known = dict(session.execute(select(Batch.id, Batch.illustrative).where(Batch.id.in_({record.batch_id for record in sound}))).all())
    sound = [record for record in sound if record.batch_id in known]
    people = _keep(session, [record for record in sound if record.kind == _PERSON])
    others = [record for record in sound if record.kind != _PERSON]
    _count(session, people, others)
    # Last, since all loaders write these rows: whoever has them commits at once.
    days = Counter(_day(record) for record in people if not known[record.batch_id])
    _execute(session, _COUNT_ALL_OF_DAYS, [{"day": day, "times": times} for day, times in sorted(days.items())])
    return Loaded(len(people), len(others), len(found.records) - len(sound))


def _move_on(session: Session, name: str, found: Slice, now: datetime) -> None:
    table = JournalFile.__table__
    create = (sqlite if _is_on_sqlite(session) else postgresql).insert(table).values(name=name, loaded_bytes=0)
    session.execute(create.on_conflict_do_nothing())
    moved = (
        update(JournalFile)
        .where(JournalFile.name == name, JournalFile.loaded_bytes == found.start, JournalFile.finished_at.is_(None))
        .values(loaded_bytes=found.end, finished_at=now if found.is_last else None)
        .execution_options(synchronize_session=False)
    )
    result = session.execute(moved)
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise AnotherLoader(name)


def _can_be_kept(record: Record) -> bool:
    return max(record.batch_id, record.unit) < 2**31 and record.at_us < _LATEST


def _keep(session: Session, records: Iterable[Record]) -> list[Record]:
    """Keeps scans of people, of each visitor one a minute, and tells which were new."""
    first: dict[tuple[Any, ...], Record] = {}
    for record in records:
        first.setdefault(_key(record), record)
    # In one order everywhere, so that two loaders never wait for each other in a circle.
    stored = _as_stored if _is_on_sqlite(session) else _instant
    rows = [_row(first[key], stored) for key in sorted(first)]
    if not rows:
        return []
    if _is_on_sqlite(session):
        return [first[_key_of(row)] for row in _insert_one_by_one(session, rows)]
    arrays = {name: list(column) for name, column in zip(_SCAN_COLUMNS, zip(*rows, strict=True), strict=True)}
    return [first[row.minute, row.batch_id, row.unit, bytes(row.visitor), row.verdict] for row in session.execute(_INSERT_MANY, arrays)]


def _insert_one_by_one(session: Session, rows: Sequence[Row]) -> list[Row]:
    """SQLite tells for each row whether it was new; its driver is quick enough at that, where SQLAlchemy's layers are not."""
    cursor = _driver_cursor(session)
    statement = f"INSERT INTO scan ({', '.join(_SCAN_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608
    new = []
    try:
        for row in rows:
            cursor.execute(statement, row)
            if cursor.rowcount == 1:
                new.append(row)
    except sqlite3.Error as error:
        raise OperationalError(statement, None, error) from error
    finally:
        cursor.close()
    return new


def _driver_cursor(session: Session) -> Any:
    connection = session.connection().connection.driver_connection
    assert connection is not None
    return connection.cursor()


def _as_stored(at_us: int) -> str:
    """A time as SQLAlchemy stores it on SQLite."""
    return f"{_stored_minute(at_us // 60_000_000)}{at_us // 1_000_000 % 60:02d}.{at_us % 1_000_000:06d}"


@lru_cache(maxsize=4096)
def _stored_minute(minute: int) -> str:
    # Scans of a slice come within a few minutes, and formatting a date takes longer than keeping a scan.
    return (_EPOCH + timedelta(minutes=minute)).strftime("%Y-%m-%d %H:%M:")


def _count(session: Session, people: Sequence[Record], others: Sequence[Record]) -> None:
    stamps: dict[tuple[int, int], list[int]] = {}
    for record in people:
        if record.verdict not in _NO_STAMP:
            stamps.setdefault((record.batch_id, record.unit), []).append(record.at_us)
    batches = Counter(record.batch_id for record in people)
    days = Counter((record.batch_id, _day(record), record.kind, record.verdict) for record in (*people, *others))
    stored = _as_stored if _is_on_sqlite(session) else _instant
    _execute(
        session,
        _COUNT_STAMPS,
        [
            {"batch_id": batch, "unit": unit, "times": len(times), "first_at": stored(min(times)), "last_at": stored(max(times))}
            for (batch, unit), times in sorted(stamps.items())
        ],
    )
    _execute(session, _COUNT_BATCHES, [{"batch_id": batch, "times": times} for batch, times in sorted(batches.items())])
    keys = ("batch_id", "day", "kind", "verdict")
    _execute(session, _COUNT_DAYS, [{**dict(zip(keys, key, strict=True)), "times": times} for key, times in sorted(days.items())])


def _execute(session: Session, statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows and _is_on_sqlite(session):
        cursor = _driver_cursor(session)
        try:
            cursor.executemany(str(statement), rows)
        except sqlite3.Error as error:
            raise OperationalError(str(statement), None, error) from error
        finally:
            cursor.close()
    elif rows:
        session.execute(statement, rows)


def _is_on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _key(record: Record) -> tuple[int, int, int, bytes, str]:
    return record.at_us // 60_000_000, record.batch_id, record.unit, record.visitor, record.verdict


def _key_of(row: Row) -> tuple[int, int, int, bytes, str]:
    return row[5], row[0], row[1], row[4], row[3]


def _row(record: Record, stored: Callable[[int], object]) -> Row:
    minute = record.at_us // 60_000_000
    return record.batch_id, record.unit, record.form, record.verdict, record.visitor, minute, stored(record.at_us), record.place or None


def _instant(at_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at_us)


def _day(record: Record) -> str:
    return _day_of(record.at_us // 60_000_000)


@lru_cache(maxsize=4096)
def _day_of(minute: int) -> str:
    return (_EPOCH + timedelta(minutes=minute)).astimezone(VIETNAM).date().isoformat()


def recount_days(session: Session, days: Sequence[date]) -> None:
    """Counts all scans of some days anew: what an older version loads beside this one is not in their sums."""
    for day in days:
        told = {"day": day.isoformat()}
        session.execute(_BEGIN_DAYS, told)
        # A statement of its own after the lock is there, so that it sees what others loaded until then.
        session.execute(select(DayCount.day).where(DayCount.day == day).with_for_update())
        session.execute(_RECOUNT_DAY, told)


def forget_scans(session: Session, *, before_minute: int, most: int) -> int:
    """Deletes up to so many raw scans from before a minute, oldest first; how many there were. Their counts stay."""
    oldest = select(Scan.id).where(Scan.minute < before_minute).order_by(Scan.minute).limit(most)
    result = session.execute(delete(Scan).where(Scan.id.in_(oldest)).execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return result.rowcount


def forget_files(session: Session, *, before: datetime) -> None:
    """Deletes what is known of files that were finished long ago."""
    session.execute(delete(JournalFile).where(JournalFile.finished_at < before).execution_options(synchronize_session=False))
