"""The office's sheets: handed over, previewed, confirmed, undone; and the register as sheets."""

import logging
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Engine

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.domain.register_sheet import BY_KEY, KINDS
from traceability.domain.roles import Doer
from traceability.domain.spreadsheet import Table
from traceability.models.engine import acting, reading
from traceability.operations import import_register as imports_of
from traceability.operations.export_register import columns_of, register_tables
from traceability.web.access import open_to, takes_files
from traceability.web.acts import actor, doing
from traceability.web.asked import asked_of_list
from traceability.web.audit_wording import kind_name
from traceability.web.import_words import change_names, heading, note_words, outcome_words, reason_words, sheet_name
from traceability.web.languages import choose_language
from traceability.web.services import Services, services
from traceability.web.table_files import FILE_TYPES, pieces_of
from traceability.wording import word_refusal

imports = Blueprint("imports", __name__)
_log = logging.getLogger(__name__)
# Who reads a file at this moment, by import.
READERS: dict[int, Thread] = {}


@imports.get("/office/imports")
@open_to("office")
def overview() -> ResponseReturnValue:
    """What was handed over, and the form for the next sheet."""
    return _overview()


@imports.post("/office/imports")
@open_to("office")
@takes_files
def hand_over() -> ResponseReturnValue:
    """Takes a sheet over; it is read while its page shows how far."""
    file, around = request.files.get("sheet"), services()
    content = file.read() if file else b""
    if not content:
        return _overview(gettext("Choose a file first.")), 400
    upload = around.uploads.put(content)
    try:
        with doing("begin_import") as session:
            told = {"file_name": (file.filename if file else None) or "", "content": content, "upload": upload}
            number = imports_of.begin_import(session, **told, actor=actor("office"), now=around.clock())  # type: ignore[arg-type]
    except Exception:
        around.uploads.remove(upload)
        raise
    _read(number, is_stored=False)
    return redirect(url_for("imports.one", import_id=number, lang=choose_language()), 303)


@imports.get("/office/imports/<int:import_id>")
@open_to("office")
def one(import_id: int) -> ResponseReturnValue:
    """An import: how far it is read, what it would do, or what it did."""
    return _one(import_id)


@imports.get("/office/imports/<int:import_id>/progress")
@open_to("office")
def progress(import_id: int) -> ResponseReturnValue:
    """How far reading has come."""
    with reading(services().engine) as session:
        found = imports_of.find_import(session, import_id, services().clock())
    return jsonify(state=found.state, done=found.rows_done, total=found.rows_total, stalled=found.is_stalled)


@imports.post("/office/imports/<int:import_id>/again")
@open_to("office")
def again(import_id: int) -> ResponseReturnValue:
    """Reads it again: with answers to what was in doubt, or because the register has changed or the reading broke off."""
    answers = {key.removeprefix("answer:"): value for key, value in request.form.items() if key.startswith("answer:") and value}
    try:
        with doing("read_import_again") as session:
            is_stored = imports_of.read_again(session, import_id, answers, actor=actor("office"), now=services().clock())
    except NotFound:
        raise
    except Refused as refused:
        return _one(import_id, word_refusal(refused)), 409
    _read(import_id, is_stored=is_stored)
    return redirect(url_for("imports.one", import_id=import_id, lang=choose_language()), 303)


@imports.post("/office/imports/<int:import_id>/apply")
@open_to("office")
def apply(import_id: int) -> ResponseReturnValue:
    """Does what the preview says."""
    around = services()
    try:
        with reading(around.engine) as session:
            upload = imports_of.upload_of(session, import_id)
        with doing("apply_import") as session:
            imports_of.apply_import(session, import_id, actor=actor("office"), now=around.clock())
    except NotFound:
        raise
    except Refused as refused:
        return _one(import_id, word_refusal(refused)), 409
    if upload:
        around.uploads.remove(upload)
    return redirect(url_for("imports.one", import_id=import_id, lang=choose_language()), 303)


@imports.post("/office/imports/<int:import_id>/undo")
@open_to("office")
def undo(import_id: int) -> ResponseReturnValue:
    """Takes it back as a whole."""
    try:
        with doing("undo_import") as session:
            imports_of.undo_import(session, import_id, actor=actor("office"), now=services().clock())
    except NotFound:
        raise
    except Refused as refused:
        facts = refused.facts | ({"what": kind_name(str(refused.facts["table"]))} if "table" in refused.facts else {})
        return _one(import_id, word_refusal(Refused(refused.code, **facts))), 409
    return redirect(url_for("imports.one", import_id=import_id, lang=choose_language()), 303)


@imports.post("/office/imports/<int:import_id>/discard")
@open_to("office")
def discard(import_id: int) -> ResponseReturnValue:
    """Puts a file aside of which nothing was written."""
    try:
        with doing("discard_import") as session:
            upload = imports_of.discard_import(session, import_id, actor=actor("office"))
    except NotFound:
        raise
    except Refused as refused:
        return _one(import_id, word_refusal(refused)), 409
    if upload:
        services().uploads.remove(upload)
    return redirect(url_for("imports.overview", lang=choose_language()), 303)


@imports.get("/office/imports/<int:import_id>/left-out.<ending>")
@open_to("office")
def left_out(import_id: int, ending: str) -> ResponseReturnValue:
    """The rows that were left out as a sheet, each with its reasons: mended, it can be handed over again."""
    if ending not in FILE_TYPES:
        raise NotFound("part_missing", kind="Table")
    language, around = choose_language(), services()
    with reading(around.engine) as session:
        found = imports_of.find_import(session, import_id, around.clock())
        held: dict[str, list[tuple[Any, ...]]] = {}
        for row in imports_of.left_out(session, import_id):
            cells = tuple(row.cells["cells"].get(column.key) for column in BY_KEY[row.kind].columns)
            held.setdefault(row.kind, []).append((*cells, row.sheet, row.row_number, "; ".join(reason_words(row, language))))
    columns = {kind: (*columns_of(BY_KEY[kind]), "left.sheet", "left.row", "left.reason") for kind in held}
    tables = [Table(kind, columns[kind], iter(rows)) for kind, rows in held.items()]
    facts = [(gettext("File"), found.file_name), (gettext("Rows left out"), str(found.count("wrong", "doubt")))]
    return _file(ending, pieces_of(ending, tables, facts, _names(language)), f"left-out-{import_id}")


@imports.get("/office/imports/template.xlsx")
@open_to("office")
def template() -> ResponseReturnValue:
    """An empty sheet a kind, with its headings."""
    tables = [Table(kind.key, columns_of(kind), iter(())) for kind in KINDS]
    facts = [(gettext("How to fill it in"), word) for word in _advice()]
    return _file("xlsx", pieces_of("xlsx", tables, facts, _names(choose_language())), "register-template")


@imports.get("/office/imports/register.<ending>")
@open_to("office")
def whole(ending: str) -> ResponseReturnValue:
    """The whole register in the form of the sheets that it is fed from."""
    if ending not in FILE_TYPES:
        raise NotFound("part_missing", kind="Table")
    around = services()
    facts = [(gettext("Made at"), f"{day_in_vietnam(around.clock()):%d/%m/%Y}")]
    return _file(ending, _register(around.engine, ending, facts, _names(choose_language())), f"register-{day_in_vietnam(around.clock())}")


def _register(engine: Engine, ending: str, facts: list[tuple[str, str]], names: Callable[[str], str]) -> Iterator[bytes]:
    with reading(engine) as session:
        yield from pieces_of(ending, register_tables(session), facts, names)


def _file(ending: str, pieces: Iterator[bytes], name: str) -> Response:
    answer = Response(pieces, mimetype=FILE_TYPES[ending])
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.{ending}")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _names(language: str) -> Callable[[str], str]:
    """What sheets and columns are called; made now, since a file is written when nobody's language is known any more."""
    known = {"overview": gettext("Overview"), "left.sheet": gettext("Sheet"), "left.row": gettext("Row"), "left.reason": gettext("Reason")}
    for kind in KINDS:
        known[kind.key] = sheet_name(kind.key, language)
        known |= {f"{kind.key}.{column.key}": heading(kind.key, column.key, language) for column in kind.columns}
    return lambda key: known.get(key, key)


def _advice() -> tuple[str, ...]:
    return (
        gettext("One row a producer, product, rating, right or listing; sheets that you do not need stay empty."),
        gettext("Columns may stand in any order. An empty cell changes nothing that is on record."),
        gettext("Write days as 28/12/2026; a month (12/2026) or a year where no more is known."),
        gettext("A rating may name a product and producer that are not on record yet: both are added with it."),
    )


def _overview(problem: str | None = None) -> str:
    _, page = asked_of_list()
    with reading(services().engine) as session:
        rows, more = imports_of.list_imports(session, services().clock(), page=page)
    return render_template("staff/imports.html", rows=rows, more=more, page=page, problem=problem)


def _one(import_id: int, problem: str | None = None) -> str:
    _, page = asked_of_list()
    language, around = choose_language(), services()
    outcome = request.args.get("outcome", "")
    with reading(around.engine) as session:
        found = imports_of.find_import(session, import_id, around.clock())
        rows, more = imports_of.list_rows(session, import_id, outcome=outcome, page=page)
        doubts = imports_of.open_doubts(session, import_id) if found.state == "previewed" else []
    if found.problem and problem is None:
        problem = word_refusal(Refused(found.problem["code"], **found.problem["facts"]))
    words = {"outcomes": outcome_words(), "changes": change_names(), "sheet_name": sheet_name, "heading": heading}
    told = {"reasons": lambda row: reason_words(row, language), "notes": note_words}
    shown = {"found": found, "rows": rows, "more": more, "page": page, "outcome": outcome, "doubts": doubts, "columns": BY_KEY}
    return render_template("staff/import.html", problem=problem, **words, **told, **shown)


def _read(import_id: int, *, is_stored: bool) -> None:
    """Reads in a thread of its own, so that the page can tell how far it is. Whoever asks meanwhile is answered."""
    around = services()
    reader = Thread(target=_read_all, args=(around, import_id, is_stored), daemon=True, name=f"import-{import_id}")
    READERS[import_id] = reader
    reader.start()


def _read_all(around: Services, import_id: int, is_stored: bool) -> None:
    try:
        _preview(around, import_id, is_stored)
    except Refused as refused:
        _fail(around, import_id, refused)
    except Exception:
        _log.exception("import %s could not be read", import_id)
        _fail(around, import_id, Refused("import_broken"))
    finally:
        READERS.pop(import_id, None)


def _preview(around: Services, import_id: int, is_stored: bool) -> None:
    def note(done: int, total: int) -> None:
        with around.engine.execution_options(acting=True).begin() as connection:
            imports_of.note_progress(connection, import_id, done, total, now=around.clock())

    sheets = None
    if not is_stored:
        # Only whoever reads a sheet holds what reading it takes: some ten megabytes.
        from traceability.sheets import read_sheets

        with reading(around.engine) as session:
            upload = imports_of.upload_of(session, import_id)
        content = around.uploads.get(upload) if upload else None
        if content is None:
            raise Refused("import_gone")
        sheets = read_sheets(content)
        note(0, sum(len(sheet.rows) for sheet in sheets))
    with reading(around.engine) as session:
        planned, ignored = imports_of.make_preview(session, import_id, sheets, around.clock(), note)
    with acting(around.engine, by=Doer("system", "system"), act="preview_import") as session:
        imports_of.keep_preview(session, import_id, planned, ignored, now=around.clock())


def _fail(around: Services, import_id: int, refused: Refused) -> None:
    with acting(around.engine, by=Doer("system", "system"), act="preview_import") as session:
        imports_of.fail_import(session, import_id, refused, now=around.clock())
