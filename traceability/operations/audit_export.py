"""Rows of the audit trail as a table for spreadsheets, and one by one for people."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from traceability.domain.dates import VIETNAM
from traceability.domain.spreadsheet import harmless
from traceability.models import AuditEntry

COLUMNS = ("id", "at", "actor", "role", "session_ref", "act", "change", "object_kind", "object_id", "before", "after", "hash")


@dataclass(frozen=True)
class ChangedField:
    """One column of a changed object; None where there was or is nothing."""

    name: str
    before: str | None
    after: str | None


def cells_of(entry: AuditEntry) -> list[str]:
    """A row's columns as text, times in Viet Nam's."""
    values = {name: getattr(entry, name) for name in COLUMNS}
    values["at"] = entry.at.astimezone(VIETNAM).isoformat(timespec="seconds")
    values["hash"] = entry.hash.hex()
    return ["" if value is None else str(value) for value in values.values()]


def csv_lines(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """The lines of a CSV file, headed; no cell can act as a formula. The mark at the beginning tells spreadsheets that it is UTF-8."""
    yield "\ufeff" + _line(COLUMNS)
    for entry in entries:
        yield _line(harmless(cell) for cell in cells_of(entry))


def changed_fields(entry: AuditEntry) -> list[ChangedField]:
    """What stood there and what stands there now, column by column; what was and is empty is left out."""
    before, after = _columns(entry.before), _columns(entry.after)
    names = [*after, *(name for name in before if name not in after)]
    fields = [ChangedField(name, _text(before.get(name)), _text(after.get(name))) for name in names]
    return [field for field in fields if field.before is not None or field.after is not None]


def _columns(text: str | None) -> dict[str, object]:
    """A row that was edited past the service may hold anything: it is shown as it is."""
    if text is None:
        return {}
    try:
        read = json.loads(text)
    except ValueError:
        read = text
    return read if isinstance(read, dict) else {"?": read}


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(list(cells))
    return line.getvalue()
