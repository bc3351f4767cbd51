"""A sheet of the office: read, previewed, applied as a whole and undone as a whole. Nothing is written before it is confirmed."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.domain.register_sheet import Sheet
from traceability.domain.roles import Actor, check_role
from traceability.models import ImportRow, RegisterImport
from traceability.models.register_import import ROW_OUTCOMES
from traceability.operations.import_effects import carry_out, take_back
from traceability.operations.import_kinds import plan_row
from traceability.operations.import_known import load_known
from traceability.operations.import_plan import PlannedRow, Planner, SheetRow, names_in, rows_of

ROWS_A_PAGE, IMPORTS_A_PAGE = 50, 20
_AT_ONCE = 1_000
# So that one import comes after another on PostgreSQL; SQLite has one writer anyway.
_IMPORT_LOCK = 0x1A9047
STALLED = timedelta(seconds=60)
"""After how long without a sign of whoever reads a file it can be read again."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ImportFacts:
    """An import as its page shows it; `counts` are rows by kind and outcome. `stalled` where nobody reads it any more."""

    id: int
    file_name: str
    state: str
    problem: dict[str, Any] | None
    counts: dict[str, dict[str, int]]
    ignored: list[str]
    rows_done: int
    rows_total: int
    uploaded_at: datetime
    uploaded_by: str
    applied_at: datetime | None
    applied_by: str | None
    undone_at: datetime | None
    undone_by: str | None
    is_stalled: bool

    def count(self, *outcomes: str) -> int:
        """Rows of these outcomes, of all kinds."""
        return sum(found.get(outcome, 0) for found in self.counts.values() for outcome in outcomes)


def begin_import(session: Session, *, file_name: str, content: bytes, upload: str, actor: Actor, now: datetime) -> int:
    """Puts a file on record, to be read. Refused: `role`."""
    check_role(actor, "office")
    told = "".join(letter for letter in file_name if letter.isprintable())[-200:]
    row = RegisterImport(file_name=told or "–", file_sha256=sha256(content).hexdigest(), upload=upload, state="reading")
    row.answers, row.counts, row.seen_at, row.uploaded_at, row.uploaded_by = {}, {}, now, now, actor.name
    session.add(row)
    session.flush()
    return row.id


def note_progress(connection: Connection, import_id: int, done: int, total: int, *, now: datetime) -> None:
    """How far reading has come. Not an act: the audit trail does not hold it."""
    held = update(RegisterImport).where(RegisterImport.id == import_id)
    connection.execute(held.values(rows_done=done, rows_total=total, seen_at=now))


def make_preview(
    session: Session, import_id: int, sheets: list[Sheet] | None, now: datetime, progress: Progress
) -> tuple[list[PlannedRow], list[str] | None]:
    """Plans the rows of a file, or the stored ones again where `sheets` is None; and the sheets that nothing was read of."""
    row = _import(session, import_id)
    rows, others = rows_of(sheets) if sheets is not None else (list(_stored_rows(session, import_id)), None)
    return plan_rows(session, rows, row.answers, day_in_vietnam(now), progress), others


def plan_rows(session: Session, rows: list[SheetRow], answers: dict[str, Any], today: date, progress: Progress) -> list[PlannedRow]:
    """What each row would do, in turn."""
    names: dict[str, set[str]] = {"producer": set(), "product": set(), "tax_code": set()}
    for column, name in names_in(rows):
        names[column].add(name)
    known = load_known(session, producers=names["producer"], products=names["product"], tax_codes=names["tax_code"])
    planner, planned = Planner(known, answers, today), list[PlannedRow]()
    for row in rows:
        planned.append(planner.begin(row))
        plan_row(planner)
        if len(planned) % _AT_ONCE == 0:
            progress(len(planned), len(rows))
    return planned


def keep_preview(session: Session, import_id: int, planned: list[PlannedRow], ignored: list[str] | None, *, now: datetime) -> None:
    """Stores what was planned, in place of what was before. Refused `import_state`."""
    row = _import(session, import_id, state="reading")
    session.execute(delete(ImportRow).where(ImportRow.import_id == import_id))
    for start in range(0, len(planned), _AT_ONCE):
        session.execute(insert(ImportRow), [_stored(import_id, each) for each in planned[start : start + _AT_ONCE]])
    counts: dict[str, Counter[str]] = {}
    for each in planned:
        counts.setdefault(each.row.kind, Counter())[each.outcome] += 1
    row.counts = {"rows": {kind: dict(found) for kind, found in counts.items()}, "ignored": _ignored(row) if ignored is None else ignored}
    row.state, row.problem, row.rows_done, row.rows_total, row.seen_at = "previewed", None, len(planned), len(planned), now
    session.flush()


def fail_import(session: Session, import_id: int, refused: Refused, *, now: datetime) -> None:
    """The file cannot be read; why is kept beside it."""
    row = _import(session, import_id)
    if row.state == "reading":
        facts = {name: value.isoformat() if isinstance(value, date) else value for name, value in refused.facts.items()}
        row.state, row.problem, row.seen_at = "failed", {"code": refused.code, "facts": facts}, now
        session.flush()


def read_again(session: Session, import_id: int, answers: dict[str, str] | None, *, actor: Actor, now: datetime) -> bool:
    """Sets an import back to being read: answered, overtaken or interrupted. Whether its rows are stored already.

    Refused `import_state`.
    """
    check_role(actor, "office")
    row = _import(session, import_id)
    stalled = row.state == "reading" and now - row.seen_at >= STALLED
    if row.state != "previewed" and not stalled:
        raise Refused("import_state")
    if answers:
        row.answers = row.answers | {key[:500]: value[:100] for key, value in answers.items()}
    row.state, row.rows_done, row.seen_at = "reading", 0, now
    session.flush()
    return session.scalar(select(ImportRow.id).where(ImportRow.import_id == import_id).limit(1)) is not None


def apply_import(session: Session, import_id: int, *, actor: Actor, now: datetime) -> int:
    """Does exactly what the stored preview says, in this transaction, and returns how many rows did something.

    Refused `import_stale` where the register has changed so that the preview would be another one, `import_state`, `role`.
    """
    check_role(actor, "office")
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _IMPORT_LOCK})
    row = _import(session, import_id, state="previewed")
    stored = {each.place: (each.outcome, each.told) for each in _rows(session, import_id)}
    planned = plan_rows(session, list(_stored_rows(session, import_id)), row.answers, day_in_vietnam(now), lambda _done, _total: None)
    if any(stored[each.row.place] != (each.outcome, each.told) for each in planned):
        raise Refused("import_stale")
    doing = [each for each in planned if each.steps]
    if not doing:
        raise Refused("import_nothing")
    carry_out(session, import_id, [step for each in doing for step in each.steps], now)
    row.state, row.applied_at, row.applied_by, row.upload = "applied", now, actor.name, None
    session.flush()
    return len(doing)


def undo_import(session: Session, import_id: int, *, actor: Actor, now: datetime) -> None:
    """Takes an import back as a whole. Refused `import_depended`, `import_overtaken` where something rests on it, `import_state`."""
    check_role(actor, "office")
    row = _import(session, import_id, state="applied")
    take_back(session, import_id)
    row.state, row.undone_at, row.undone_by = "undone", now, actor.name
    session.flush()


def discard_import(session: Session, import_id: int, *, actor: Actor) -> str | None:
    """Puts a file aside of which nothing was written; the name of its upload, to be removed. Refused `import_state`."""
    check_role(actor, "office")
    row = _import(session, import_id)
    if row.state not in ("reading", "previewed", "failed"):
        raise Refused("import_state")
    upload = row.upload
    session.execute(delete(ImportRow).where(ImportRow.import_id == import_id))
    row.state, row.upload = "discarded", None
    session.flush()
    return upload


def find_import(session: Session, import_id: int, now: datetime) -> ImportFacts:
    """An import. NotFound `import_missing`."""
    row = session.get(RegisterImport, import_id)
    if row is None:
        raise NotFound("import_missing", number=import_id)
    return _facts(row, now)


def upload_of(session: Session, import_id: int) -> str | None:
    """The name of the file that it is read from, where it is still kept."""
    return session.scalar(select(RegisterImport.upload).where(RegisterImport.id == import_id))


def list_imports(session: Session, now: datetime, *, page: int) -> tuple[list[ImportFacts], bool]:
    """Imports, the latest first, and whether there are more."""
    rows = session.scalars(
        select(RegisterImport).order_by(RegisterImport.id.desc()).offset(page * IMPORTS_A_PAGE).limit(IMPORTS_A_PAGE + 1)
    )
    found = [_facts(row, now) for row in rows]
    return found[:IMPORTS_A_PAGE], len(found) > IMPORTS_A_PAGE


def list_rows(session: Session, import_id: int, *, outcome: str, page: int) -> tuple[list[ImportRow], bool]:
    """A page of an import's rows of one outcome, or of all."""
    statement = select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.place)
    if outcome in ROW_OUTCOMES:
        statement = statement.where(ImportRow.outcome == outcome)
    rows = list(session.scalars(statement.offset(page * ROWS_A_PAGE).limit(ROWS_A_PAGE + 1)))
    return rows[:ROWS_A_PAGE], len(rows) > ROWS_A_PAGE


def left_out(session: Session, import_id: int) -> Iterator[ImportRow]:
    """The wrong and doubtful rows, in the file's order."""
    chosen = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.outcome.in_(("wrong", "doubt")))
    return iter(session.scalars(chosen.order_by(ImportRow.sheet, ImportRow.row_number)))


def open_doubts(session: Session, import_id: int) -> list[dict[str, Any]]:
    """Each doubt once, with how many rows wait for it."""
    chosen = select(ImportRow.told).where(ImportRow.import_id == import_id, ImportRow.outcome == "doubt").order_by(ImportRow.place)
    found: dict[str, dict[str, Any]] = {}
    for told in session.scalars(chosen):
        for doubt in told["doubts"]:
            held = found.setdefault(doubt["key"], doubt | {"rows": 0})
            held["rows"] += 1
    return list(found.values())


def count_open(session: Session) -> int:
    """How many previews wait for somebody."""
    return session.scalar(select(func.count()).where(RegisterImport.state == "previewed")) or 0


def _import(session: Session, import_id: int, state: str | None = None) -> RegisterImport:
    row = session.get(RegisterImport, import_id, with_for_update=True)
    if row is None:
        raise NotFound("import_missing", number=import_id)
    if state is not None and row.state != state:
        raise Refused("import_state")
    return row


def _rows(session: Session, import_id: int) -> list[ImportRow]:
    return list(session.scalars(select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.place)))


def _stored_rows(session: Session, import_id: int) -> Iterator[SheetRow]:
    for row in _rows(session, import_id):
        held = row.cells
        yield SheetRow(row.place, row.sheet, row.row_number, row.kind, held["cells"], tuple(held["formulas"]), held["hidden"])


def _stored(import_id: int, planned: PlannedRow) -> dict[str, Any]:
    row = planned.row
    cells = {"cells": row.cells, "formulas": list(row.formulas), "hidden": row.is_hidden}
    where = {"place": row.place, "sheet": row.sheet[:100], "row_number": row.row_number, "kind": row.kind}
    return {"import_id": import_id, **where, "cells": cells, "outcome": planned.outcome, "told": planned.told}


def _ignored(row: RegisterImport) -> list[str]:
    return list(row.counts.get("ignored", []))


def _facts(row: RegisterImport, now: datetime) -> ImportFacts:
    stalled = row.state == "reading" and now - row.seen_at >= STALLED
    told = {name: getattr(row, name) for name in ("id", "file_name", "state", "problem", "rows_done", "rows_total")}
    acts = {f"{act}_{part}": getattr(row, f"{act}_{part}") for act in ("uploaded", "applied", "undone") for part in ("at", "by")}
    return ImportFacts(**told, **acts, counts=row.counts.get("rows", {}), ignored=_ignored(row), is_stalled=stalled)
