"""Rows as lines of JSON, the same from SQLite and PostgreSQL."""

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, BinaryIO

from sqlalchemy import Connection, TableClause, column, func, insert, select, table, text

from traceability.models import Base

# News for processes that keep pages: of no use to anybody later.
_LEFT_OUT = {"register_change"}
_PIECE = 1_000


def table_names() -> list[str]:
    """All tables whose rows are kept, those that others refer to first."""
    return [found.name for found in Base.metadata.sorted_tables if found.name not in _LEFT_OUT]


def write_rows(connection: Connection, name: str, file: BinaryIO) -> int:
    """Writes the rows of a table in the order of their keys; how many."""
    found = Base.metadata.tables[name]
    rows = connection.execution_options(stream_results=True, yield_per=_PIECE).execute(select(found).order_by(*found.primary_key.columns))
    names, count = [one.name for one in found.columns], 0
    file.write(json.dumps(names).encode() + b"\n")
    for row in rows:
        file.write(json.dumps([_plain(value) for value in row], ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        count += 1
    return count


def load_rows(connection: Connection, name: str, lines: Iterable[bytes]) -> int:
    """Loads the rows of a table; how many. Columns that came later take their defaults."""
    source = iter(lines)
    names = json.loads(next(source))
    known = Base.metadata.tables[name].columns
    # Without the models' own defaults, which may name columns that this schema does not have yet.
    target = table(name, *(column(one, known[one].type) for one in names))
    count = 0
    for rows in _pieces(source):
        connection.execute(insert(target), [dict(zip(names, row, strict=True)) for row in rows])
        count += len(rows)
    return count


def set_sequences(connection: Connection) -> None:
    """Lets PostgreSQL's numbers go on after the rows that were loaded; SQLite's do by themselves."""
    if connection.dialect.name != "postgresql":
        return
    for name in table_names():
        if "id" in Base.metadata.tables[name].columns:
            last = select(func.max(column("id"))).select_from(_named(name)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(name, "id")
            connection.execute(select(func.setval(sequence, last)).where(sequence.is_not(None), last.is_not(None)))


def holds_rows(connection: Connection, there: Iterable[str]) -> str | None:
    """A table of these that holds a row."""
    for name in there:
        if name in Base.metadata.tables and connection.execute(select(text("1")).select_from(_named(name)).limit(1)).first():
            return name
    return None


def _named(name: str) -> TableClause:
    return table(name, column("id"))


def _pieces(lines: Iterator[bytes]) -> Iterator[list[list[Any]]]:
    piece: list[list[Any]] = []
    for line in lines:
        piece.append([_value(part) for part in json.loads(line)])
        if len(piece) == _PIECE:
            yield piece
            piece = []
    if piece:
        yield piece


def _plain(value: Any) -> Any:
    """What JSON has no word for is an object with one letter as its key."""
    if isinstance(value, bytes | memoryview):
        return {"b": base64.b64encode(bytes(value)).decode("ascii")}
    if isinstance(value, datetime):
        return {"t": value.astimezone(UTC).isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, list | dict):
        return {"j": value}
    return value


def _value(plain: Any) -> Any:
    if not isinstance(plain, dict):
        return plain
    ((kind, value),) = plain.items()
    if kind == "b":
        return base64.b64decode(value)
    if kind == "t":
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind == "d" else value
