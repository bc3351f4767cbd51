"""Trace drills: one step back and forward of a lot, with a clock, and all that is on record of a lot or of some days as files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import BoundedSemaphore

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Engine

from traceability.domain.dates import VIETNAM
from traceability.domain.errors import NotFound, Refused
from traceability.domain.spreadsheet import Cell, Table
from traceability.models.engine import reading
from traceability.operations.inspected import PLACES_DAYS, authority_batch, places_of_scans, search_batches, view_inspected
from traceability.operations.trace_export import Asked, check_asked, count_scans_asked, note_export, tables
from traceability.web.access import open_to, principal
from traceability.web.acts import doing
from traceability.web.batch_forms import day_in
from traceability.web.findings import result_words
from traceability.web.inspector_words import verdict_words
from traceability.web.languages import choose_language
from traceability.web.producer_words import STAGE_KINDS, stage_name, state_name
from traceability.web.services import services
from traceability.web.table_files import FILE_TYPES, pieces_of
from traceability.web.trace_words import trace_words
from traceability.web.wording import report_kinds
from traceability.wording import word_refusal

trace = Blueprint("trace", __name__)
# Tables hold one of the server's threads while they are made: the others are for stamps and pages.
_ROOM = BoundedSemaphore(1)
_LAST_SECOND = 4_102_444_800


@trace.get("/inspector/trace")
@open_to("inspector", "office")
def overview() -> ResponseReturnValue:
    """Finds a lot to trace, or asks for the tables of some days."""
    return _overview()


@trace.get("/inspector/batches/<code>/trace")
@open_to("inspector", "office")
def drill(code: str) -> ResponseReturnValue:
    """One step back and forward of a lot, with a clock that runs since the drill began."""
    began, around = _began(), services()
    with reading(around.engine) as session:
        batch = authority_batch(session, code, principal())
        if began is None:
            return redirect(url_for("trace.drill", code=batch.code, began=int(around.clock().timestamp()), lang=choose_language()), 303)
        view = view_inspected(session, batch)
        scans = count_scans_asked(session, Asked(principal(), batch_id=batch.id))
        places = [(around.places.name(number), times) for number, times in places_of_scans(session, batch.id, around.clock())]
        shown = {"scans": scans, "places": places, "places_known": bool(around.places), "days": PLACES_DAYS}
        return render_template("inspector/trace.html", view=view, began=began, results=result_words(), **shown)


@trace.get("/inspector/batches/<code>/trace.<ending>")
@open_to("inspector", "office")
def of_batch(code: str, ending: str) -> ResponseReturnValue:
    """All that is on record of a lot."""
    with reading(services().engine) as session:
        batch = authority_batch(session, code, principal())
        facts = [(gettext("Code"), batch.code), (gettext("Lot"), batch.lot or ""), (gettext("Product"), batch.product.name)]
        facts.append((gettext("Producer"), batch.producer.name))
        asked, name = Asked(principal(), batch_id=batch.id), batch.lot_folded or batch.code
    began = _began()
    if began is not None:
        lasted = int((services().clock() - began).total_seconds())
        facts += [(gettext("Drill began"), _moment(began)), (gettext("Seconds until these tables were asked for"), str(lasted))]
    return _file(asked, facts, name, ending)


@trace.get("/inspector/trace.<ending>")
@open_to("inspector", "office")
def of_days(ending: str) -> ResponseReturnValue:
    """All that happened within some days in one's area."""
    try:
        asked = check_asked(Asked(principal(), first=day_in(request.args, "first"), last=day_in(request.args, "last")))
    except Refused as refused:
        return _overview(word_refusal(refused)), 400
    facts = [(gettext("From"), f"{asked.first:%d/%m/%Y}"), (gettext("Until"), f"{asked.last:%d/%m/%Y}")]
    return _file(asked, facts, f"{asked.first}-{asked.last}", ending)


def _overview(problem: str | None = None) -> str:
    search = request.args.get("search", "").strip()[:100]
    with reading(services().engine) as session:
        rows, more = search_batches(session, principal(), search) if search else ([], False)
        return render_template("inspector/traces.html", rows=rows, more=more, search=search, fields=request.args, problem=problem)


def _file(asked: Asked, facts: list[tuple[str, str]], name: str, ending: str) -> ResponseReturnValue:
    if ending not in FILE_TYPES:
        raise NotFound("part_missing", kind="Table")
    around, who = services(), principal()
    facts = [(gettext("Made at"), f"{_moment(around.clock())} (UTC+7)"), (gettext("Made by"), who.name), *facts]
    if who.commune_code and "office" not in who.staff:
        facts.append((gettext("Area"), who.commune_code))
    answer = Response(mimetype=FILE_TYPES[ending])
    safe = "".join(character if character.isascii() and character.isalnum() else "-" for character in name)
    answer.headers.set("Content-Disposition", "attachment", filename=f"truy-vet-{safe}.{ending}")
    answer.headers["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        return answer
    if not _ROOM.acquire(blocking=False):
        told = gettext("Others are fetching files just now. Try again in a minute.")
        return Response(told, 503, {"Retry-After": "60"}, mimetype="text/plain")
    try:
        with doing("export_trace") as session:
            note_export(session, asked, ending)
    except BaseException:
        _ROOM.release()
        raise
    answer.response = _Sending(_pieces(around.engine, asked, facts, ending, Wording(trace_words(), _cell_words())))
    return answer


class _Sending:
    """Sends a file, and makes room for the next one when it has ended, however that was, and even where it never began."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._open = pieces, True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            # At its end as well.
            self.close()
            raise

    def close(self) -> None:
        """Called by the server when whoever asked has gone."""
        if self._open:
            self._open = False
            try:
                self._pieces.close()  # type: ignore[attr-defined]
            finally:
                _ROOM.release()

    def __del__(self) -> None:
        # An answer that nobody read or closed.
        self.close()


@dataclass(frozen=True)
class Wording:
    """What tables and columns are called, and words for what is stored, by table and column: in the language of who asked."""

    names: Callable[[str], str]
    cells: dict[tuple[str, str], dict[str, str]]


def _pieces(engine: Engine, asked: Asked, facts: list[tuple[str, str]], ending: str, words: Wording) -> Iterator[bytes]:
    with reading(engine) as session:
        yield from pieces_of(ending, _worded(tables(session, asked), words), facts, words.names)


def _cell_words() -> dict[tuple[str, str], dict[str, str]]:
    verdicts = verdict_words()
    return {
        ("batches", "state"): {state: state_name(state) for state in ("draft", "open", "closed")},
        ("stages", "kind"): {kind: stage_name(kind) for kind in STAGE_KINDS},
        ("findings", "verdict"): verdicts,
        ("findings", "result"): result_words(),
        ("reports", "kind"): dict(report_kinds()),
        ("scan_days", "verdict"): verdicts,
        ("scans", "verdict"): verdicts,
        ("scans", "place"): {str(number): name for number, name in services().places.names().items()},
    }


def _worded(found: Iterator[Table], words: Wording) -> Iterator[Table]:
    """The tables with words in place of what is stored for them."""
    for table in found:
        cells = {place: words.cells.get((table.key, column)) for place, column in enumerate(table.columns)}
        places = {place: known for place, known in cells.items() if known}
        yield replace(table, rows=_translated(table.rows, places)) if places else table


def _translated(rows: Iterator[tuple[Cell, ...]], places: dict[int, dict[str, str]]) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        cells = list(row)
        for place, words in places.items():
            cells[place] = words.get(str(cells[place]), cells[place])
        yield tuple(cells)


def _began() -> datetime | None:
    """When a drill began, as its address says; a time ahead or long ago is none."""
    seconds = request.args.get("began", 0, type=int)
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < min(_LAST_SECOND, services().clock().timestamp() + 1) else None


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}"
