"""Rows as lines of JSON, the same from SQLite and PostgreSQL."""

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, BinaryIO

from sqlalchemy import JSON, Connection, DateTime, TableClause, column, func, insert, inspect, select, table, text

from traceability.models.base import Instant

# News for processes that keep pages, of no use to anybody later; and the schema's revision, which the manifest names.
_LEFT_OUT = {"register_change", "alembic_version"}
_PIECE = 1_000


def table_names(connection: Connection) -> list[str]:
    """The tables of this database whose rows are kept, those that others refer to first.

    Asked of the database, not of the models: its schema may be older than they are.
    """
    return [name for name, _ in inspect(connection).get_sorted_table_and_fkc_names() if name and name not in _LEFT_OUT]


def write_rows(connection: Connection, name: str, file: BinaryIO) -> int:
    """Writes the rows of a table in the order of their keys; how many."""
    found = _found(connection, name)
    keys = [found.c[one] for one in inspect(connection).get_pk_constraint(name)["constrained_columns"]]
    rows = connection.execute(select(found).order_by(*keys), execution_options={"stream_results": True, "yield_per": _PIECE})
    count = 0
    file.write(json.dumps([one.name for one in found.c]).encode() + b"\n")
    for row in rows:
        file.write(json.dumps([_plain(value) for value in row], ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        count += 1
    return count


def load_rows(connection: Connection, name: str, lines: Iterable[bytes]) -> int:
    """Loads the rows of a table; how many."""
    source = iter(lines)
    names = json.loads(next(source))
    found = _found(connection, name)
    target = table(name, *(column(one, found.c[one].type) for one in names))
    count = 0
    for rows in _pieces(source):
        connection.execute(insert(target), [dict(zip(names, row, strict=True)) for row in rows])
        count += len(rows)
    return count


def set_sequences(connection: Connection) -> None:
    """Lets PostgreSQL's numbers go on after the rows that were loaded; SQLite's do by themselves."""
    if connection.dialect.name != "postgresql":
        return
    for name in table_names(connection):
        if "id" in _found(connection, name).c:
            last = select(func.max(column("id"))).select_from(table(name, column("id"))).scalar_subquery()
            sequence = func.pg_get_serial_sequence(name, "id")
            connection.execute(select(func.setval(sequence, last)).where(sequence.is_not(None), last.is_not(None)))


def holds_rows(connection: Connection) -> str | None:
    """A table that holds a row."""
    for name in table_names(connection):
        if connection.execute(select(text("1")).select_from(table(name)).limit(1)).first():
            return name
    return None


def _found(connection: Connection, name: str) -> TableClause:
    return table(name, *(column(one["name"], _type(one)) for one in inspect(connection).get_columns(name)))


def _type(found: Any) -> Any:
    """A column's type, such that both databases give and take the same: times with their zone, and no JSON for NULL."""
    if isinstance(found["type"], DateTime):
        return Instant()
    return JSON(none_as_null=found["nullable"]) if isinstance(found["type"], JSON) else found["type"]


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
