"""A producer's batches: the list, one of them, and what is recorded, changed, closed and recalled there."""

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from traceability.domain.errors import NotFound, Refused
from traceability.models.engine import reading
from traceability.operations.batch_page import last_places, view_batch
from traceability.operations.kept_files import KeptContent, find_report, own_batch
from traceability.operations.open_batch import (
    EDITABLE,
    Conflict,
    close_batch,
    edit_batch,
    first_time,
    hang_on,
    last_unit,
    live_ranges,
    reopen_batch,
    text_of,
    undo_stage,
)
from traceability.operations.own_batches import PAGE, SORTS, STATES, Wanted, list_own_batches
from traceability.operations.register_batch import CORRECTABLE, PACKAGES, add_stage, correct_batch
from traceability.operations.trace import record_delivery, record_input
from traceability.operations.withdraw import lift_recall, recall_goods, recall_ids, same_recall
from traceability.web.access import PRODUCER, open_to, principal, takes_files
from traceability.web.acts import actor, doing
from traceability.web.batch_forms import day_in, notice_in, read_edit, read_stage, text_in, units_in, whole_number
from traceability.web.handed_over import KINDS, chosen_files, keep
from traceability.web.languages import choose_language
from traceability.web.producer_words import SERVICE_STAGES, STAGE_KINDS, new_key
from traceability.web.services import services
from traceability.web.unsent import take_unsent
from traceability.wording import word_refusal

batch = Blueprint("batch", __name__)


@batch.get("/producer/batches")
@open_to(PRODUCER)
def overview() -> ResponseReturnValue:
    """All batches, searched, sorted and by state."""
    wanted = wanted_batches()
    with reading(services().engine) as session:
        rows, total = list_own_batches(session, _own(), wanted, services().clock())
    pages = max(1, -(-total // PAGE))
    return render_template("producer/batches.html", rows=rows, total=total, wanted=wanted, pages=pages, sorts=SORTS, states=STATES)


@batch.get("/producer/batches/<code>")
@open_to(PRODUCER)
def show(code: str) -> ResponseReturnValue:
    """One batch."""
    fields, problem = _unsent()
    return _page(code, fields=fields, problem=problem)


@batch.post("/producer/batches/<code>/stages")
@open_to(PRODUCER)
def record_stage(code: str) -> ResponseReturnValue:
    """One tap records a stage: now, at the place of last time, unless more was written."""
    kind = request.form.get("kind", "")
    fields = MultiDict({f"stage_{name}_{kind}": request.form.get(name, "") for name in ("day", "time", "place", "note")})

    def act(session: Session, batch_id: int) -> None:
        batch_row = own_batch(session, code, _own())
        if "place" not in request.form:
            fields[f"stage_place_{kind}"] = last_places(session, batch_row).get(kind, "")
        add_stage(session, batch_id, read_stage(fields, kind, services().clock()), actor=actor("producer"), now=services().clock())

    return _act(code, "record_stage", act, anchor="way")


@batch.post("/producer/batches/<code>/stages/<int:stage_id>/undo")
@open_to(PRODUCER)
def take_back_stage(code: str, stage_id: int) -> ResponseReturnValue:
    """Takes back a stage that was tapped by mistake."""
    return _act(code, "undo_stage", lambda session, key: undo_stage(session, key, stage_id, services().clock()), anchor="way")


@batch.post("/producer/batches/<code>/files")
@open_to(PRODUCER)
@takes_files
def hand_over(code: str) -> ResponseReturnValue:
    """Photographs and reports that are put to a batch later."""
    now, who = services().clock(), actor("producer")
    _check_own(code)

    def put(session: Session, row: KeptContent, name: str) -> bool:
        return hang_on(session, own_batch(session, code, _own()), row, text_in(request.form, "title") or name, actor=who, now=now)

    try:
        for kind in KINDS:
            for file in chosen_files(kind):
                keep(file, kind, put, act="hand_over_file")
    except Refused as refused:
        return _page(code, fields=request.form, problem=word_refusal(refused)), 400
    return _back(code, "files")


@batch.get("/producer/batches/<code>/reports/<int:report_id>")
@open_to(PRODUCER)
def report_file(code: str, report_id: int) -> ResponseReturnValue:
    """A report's file: always to be saved, never opened within the page."""
    with reading(services().engine) as session:
        found = find_report(session, own_batch(session, code, _own()).id, report_id)
    content = services().uploads.get(found[1].name) if found else None
    if found is None or content is None:
        return render_template("public/error.html", title=gettext("Not found"), sentence=gettext("This report has no file.")), 404
    answer = make_response(content)
    answer.mimetype = found[1].media_type
    ending = "pdf" if found[1].media_type == "application/pdf" else "webp"
    answer.headers["Content-Disposition"] = f'attachment; filename="report-{code}-{report_id}.{ending}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    return answer


@batch.post("/producer/batches/<code>/deliveries")
@open_to(PRODUCER)
def deliver(code: str) -> ResponseReturnValue:
    """One line: to whom, when, how many or which units."""
    fields = request.form

    def act(session: Session, batch_id: int) -> None:
        day = day_in(fields, "delivered_on")
        if day is None:
            raise Refused("date_text", text="")
        record_delivery(
            session,
            batch_id,
            recipient=fields.get("recipient", ""),
            delivered_on=day,
            quantity=whole_number(fields.get("quantity", "")),
            units=units_in(fields),
            actor=actor("producer"),
            now=services().clock(),
        )

    return _act(code, "record_delivery", act, anchor="deliveries")


@batch.post("/producer/batches/<code>/inputs")
@open_to(PRODUCER)
def take_in(code: str) -> ResponseReturnValue:
    """One line: what went in, from whom or from which batch of one's own."""
    fields = request.form

    def act(session: Session, batch_id: int) -> None:
        supplier, own = text_in(fields, "supplier"), None
        if supplier:
            with suppress(NotFound):
                own = own_batch(session, supplier.replace(" ", "").replace("-", "").upper(), _own()).id
        record_input(
            session,
            batch_id,
            what=(fields.get("what") or "").strip(),
            supplier=None if own else supplier,
            supplier_lot=text_in(fields, "supplier_lot"),
            input_batch_id=own,
            amount=whole_number(fields.get("amount", "")),
            amount_unit=text_in(fields, "amount_unit") if text_in(fields, "amount") else None,
            received_on=day_in(fields, "received_on"),
            actor=actor("producer"),
            now=services().clock(),
        )

    return _act(code, "record_input", act, anchor="inputs")


@batch.get("/producer/batches/<code>/edit")
@open_to(PRODUCER)
def edit(code: str) -> ResponseReturnValue:
    """The form for what an unstamped batch says, or for a dated correction of a stamped one."""
    return _edit_form(code, *_unsent())


@batch.post("/producer/batches/<code>/edit")
@open_to(PRODUCER)
def save_edit(code: str) -> ResponseReturnValue:
    """Changes the batch; whoever comes second is shown what changed, with everything still in the form."""
    conflict: Conflict | None = None
    try:
        with doing("edit_batch") as session:
            row = own_batch(session, code, _own())
            wanted, read, version = read_edit(request.form, is_service=row.kind == "service")
            conflict = edit_batch(session, row.id, wanted, read, version, now=services().clock())
    except Refused as refused:
        return _edit_form(code, request.form, problem=word_refusal(refused)), 400
    return _back(code) if conflict is None else (_edit_form(code, request.form, conflict=conflict), 409)


@batch.post("/producer/batches/<code>/corrections")
@open_to(PRODUCER)
def correct(code: str) -> ResponseReturnValue:
    """A dated correction of what the stamps claim."""
    fields = request.form
    try:
        with doing("correct_batch") as session:
            row = own_batch(session, code, _own())
            value, reason = fields.get("value", "").strip(), fields.get("reason", "")
            if first_time(session, row.id, _form_key("correct_batch"), services().clock()):
                who, now = actor("producer"), services().clock()
                correct_batch(session, row.id, column=fields.get("field", ""), value=value, reason=reason, actor=who, now=now)
    except Refused as refused:
        return _edit_form(code, fields, problem=word_refusal(refused)), 400
    return _back(code)


@batch.get("/producer/batches/<code>/close")
@open_to(PRODUCER)
def close(code: str) -> ResponseReturnValue:
    """Asks how many labels were used, and says what happens to the rest."""
    return _confirm("producer/close.html", code, *_unsent())


@batch.post("/producer/batches/<code>/close")
@open_to(PRODUCER)
def do_close(code: str) -> ResponseReturnValue:
    """Closes the batch; the labels that were not used are cancelled."""
    try:
        with doing("close_batch") as session:
            row = own_batch(session, code, _own())
            used = whole_number(request.form.get("used", ""))
            if first_time(session, row.id, _form_key("close_batch"), services().clock()):
                close_batch(session, row.id, used, actor=actor("producer"), now=services().clock())
    except Refused as refused:
        return _confirm("producer/close.html", code, request.form, problem=word_refusal(refused)), 400
    return _back(code)


@batch.post("/producer/batches/<code>/reopen")
@open_to(PRODUCER)
def reopen(code: str) -> ResponseReturnValue:
    """Opens a closed batch again."""
    return _act(code, "reopen_batch", reopen_batch)


@batch.get("/producer/batches/<code>/recall")
@open_to(PRODUCER)
def recall(code: str) -> ResponseReturnValue:
    """Asks once, and names what will happen."""
    return _confirm("producer/recall.html", code, *_unsent())


@batch.post("/producer/batches/<code>/recall")
@open_to(PRODUCER)
def do_recall(code: str) -> ResponseReturnValue:
    """Recalls the batch, or units of it, from now on."""
    fields = request.form
    try:
        with doing("recall_goods") as session:
            row = own_batch(session, code, _own(), lock=True)
            units = units_in(fields)
            notice = notice_in(fields)
            # Pressed twice: one recall with these words for these units is enough.
            if not same_recall(session, row.id, notice, units):
                recall_goods(session, row.id, notice, units=units, actor=actor("producer"), now=services().clock())
    except Refused as refused:
        return _confirm("producer/recall.html", code, fields, problem=word_refusal(refused)), 400
    return _back(code)


@batch.post("/producer/batches/<code>/recalls/<int:recall_id>/lift")
@open_to(PRODUCER)
def lift(code: str, recall_id: int) -> ResponseReturnValue:
    """Lifts one's own recall; it stays visible as lifted."""

    def act(session: Session, batch_id: int) -> None:
        if recall_id not in recall_ids(session, batch_id):
            raise NotFound("part_missing", kind="Recall")
        lift_recall(session, recall_id, actor=actor("producer"), now=services().clock())

    return _act(code, "lift_recall", act)


def wanted_batches() -> Wanted:
    """What the list of batches is asked for."""
    asked = request.args
    product = asked.get("product", "")
    return Wanted(
        search=asked.get("search", "").strip()[:100],
        state=asked.get("state", "") if asked.get("state") in STATES else "",
        sort=asked.get("sort", "") if asked.get("sort") in SORTS else "newest",
        page=min(max(asked.get("page", 0, type=int), 0), 100_000),
        product_id=int(product) if product.isascii() and product.isdigit() and len(product) < 10 else None,
    )


def _own() -> frozenset[int]:
    return frozenset(principal().producers)


def _check_own(code: str) -> None:
    with reading(services().engine) as session:
        own_batch(session, code, _own())


def _back(code: str, anchor: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("batch.show", code=code, lang=choose_language(), _anchor=anchor), 303)


def _act(code: str, name: str, act: Callable[[Session, int], None], anchor: str | None = None) -> ResponseReturnValue:
    """One act on a batch of one's own: done, or the page again with what was written and what is wrong."""
    try:
        with doing(name) as session:
            batch_id = own_batch(session, code, _own()).id
            if first_time(session, batch_id, _form_key(name), services().clock()):
                act(session, batch_id)
    except NotFound:
        raise
    except Refused as refused:
        return _page(code, fields=request.form, problem=word_refusal(refused)), 400
    return _back(code, anchor)


def _form_key(name: str) -> str:
    """What a form that is sent again carries again: its page's key, and what was written. Empty without a key."""
    fields = [(field, text) for field in sorted(request.form) if field != "csrf_token" for text in request.form.getlist(field)]
    return sha256(repr((name, fields)).encode("utf-8")).hexdigest() if request.form.get("key") else ""


def _unsent() -> tuple[MultiDict[str, str] | None, str | None]:
    """What was kept of a form for this page while the person signed in again, and the words that say so."""
    fields = take_unsent()
    return fields, gettext("You were signed out meanwhile. Nothing was lost: look it over and send it again.") if fields else None


def _page(code: str, *, fields: MultiDict[str, str] | None = None, problem: str | None = None) -> str:
    now = services().clock()
    with reading(services().engine) as session:
        view = view_batch(session, own_batch(session, code, _own()), now)
        kinds = SERVICE_STAGES if view.batch.kind == "service" else STAGE_KINDS
        highest = max((bar.scans for bar in view.bars), default=0)
        return render_template(
            "producer/batch.html",
            view=view,
            batch=view.batch,
            kinds=kinds,
            highest=highest,
            fields=fields or {},
            problem=problem,
            key=new_key(),
        )


def _edit_form(code: str, fields: MultiDict[str, str] | None = None, problem: str | None = None, conflict: Conflict | None = None) -> str:
    with reading(services().engine) as session:
        row = own_batch(session, code, _own())
        held = {name: text_of(getattr(row, name)) for name in EDITABLE}
        read = {f"read_{name}": text for name, text in held.items()} | {"version": str(row.version)}
        # After a conflict the form is written over what there is now; else it keeps what it was read from.
        shown = {**held, **read, **(fields.to_dict() if fields else {})}
        if conflict:
            untouched = [name for name in EDITABLE if shown[name] == shown[f"read_{name}"]]
            shown |= {**read, **{name: held[name] for name in untouched}}
        return render_template(
            "producer/edit.html",
            batch=row,
            fields=shown,
            packages=PACKAGES,
            correctable=CORRECTABLE,
            problem=problem,
            conflict=conflict,
            key=new_key(),
        )


def _confirm(template: str, code: str, fields: MultiDict[str, str] | None, problem: str | None = None) -> str:
    with reading(services().engine) as session:
        row = own_batch(session, code, _own())
        issued, phone = last_unit(session, row.id), row.producer.phone or ""
        live = sum(last - first + 1 for first, last in live_ranges(session, row.id))
        return render_template(
            template, batch=row, issued=issued, live=live, phone=phone, fields=fields or {}, problem=problem, key=new_key()
        )
