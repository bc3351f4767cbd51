"""A batch for inspectors and the office: what is known of it, and what stops it (recall, revocation)."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from traceability.domain.errors import NotFound, Refused
from traceability.models.engine import reading
from traceability.operations.inspected import authority_batch, list_recalls, units_between, view_inspected
from traceability.operations.withdraw import lift_recall, recall_goods, recall_ids, revoke_stamps, same_recall
from traceability.web.access import open_to, principal
from traceability.web.acts import actor, doing
from traceability.web.batch_forms import notice_in, units_in
from traceability.web.findings import result_words
from traceability.web.languages import choose_language
from traceability.web.producer_words import new_key
from traceability.web.services import services
from traceability.wording import word_refusal

inspected = Blueprint("inspected", __name__)


@inspected.get("/inspector/batches/<code>")
@open_to("inspector", "office")
def show(code: str) -> ResponseReturnValue:
    """One batch: a step back, a step forward, findings, recalls, cancelled stamps."""
    return inspected_page(code)


@inspected.get("/inspector/batches/<code>/recall")
@open_to("inspector", "office")
def recall(code: str) -> ResponseReturnValue:
    """Asks once, and names what will happen."""
    return _ask(code, MultiDict())


@inspected.post("/inspector/batches/<code>/recall")
@open_to("inspector", "office")
def do_recall(code: str) -> ResponseReturnValue:
    """Recalls the batch, or units of it, from now on. Pressed twice it is one recall."""
    try:
        with doing("recall_goods") as session:
            row = authority_batch(session, code, principal(), lock=True)
            notice, units = notice_in(request.form), units_in(request.form)
            if not same_recall(session, row.id, notice, units):
                recall_goods(session, row.id, notice, units=units, actor=actor(acting_role()), now=services().clock())
    except NotFound:
        raise
    except Refused as refused:
        return _ask(code, request.form, word_refusal(refused)), 400
    return back_to(code)


@inspected.post("/inspector/batches/<code>/recalls/<int:recall_id>/lift")
@open_to("inspector", "office")
def lift(code: str, recall_id: int) -> ResponseReturnValue:
    """Lifts a recall; that it was there stays visible."""
    with doing("lift_recall") as session:
        row = authority_batch(session, code, principal(), lock=True)
        if recall_id not in recall_ids(session, row.id):
            raise NotFound("part_missing", kind="Recall")
        lift_recall(session, recall_id, actor=actor(acting_role()), now=services().clock())
    return back_to(code)


@inspected.post("/inspector/batches/<code>/revoke")
@open_to("inspector", "office")
def revoke(code: str) -> ResponseReturnValue:
    """Cancels stolen, lost or spoilt stamps, from the first scanned code to the last."""
    fields, around = request.form, services()
    try:
        with doing("revoke_stamps") as session:
            row = authority_batch(session, code, principal(), lock=True)
            units = units_between(
                session,
                row,
                fields.get("first_code", ""),
                fields.get("last_code", "") or fields.get("first_code", ""),
                keys=around.scan_keys,
                hosts=around.key_store.current().keyring.hosts,
                test_mode=around.settings.test_mode,
            )
            given = {"units": units, "reason": fields.get("reason", ""), "actor": actor(acting_role()), "now": around.clock()}
            revoke_stamps(session, row.id, **given)  # type: ignore[arg-type]
    except NotFound:
        raise
    except Refused as refused:
        return inspected_page(code, fields, word_refusal(refused)), 400
    return back_to(code)


@inspected.get("/inspector/recalls")
@open_to("inspector", "office")
def recalls() -> ResponseReturnValue:
    """All recalls, newest first."""
    search, state = request.args.get("search", "").strip()[:100], request.args.get("state", "")
    page = min(max(request.args.get("page", 0, type=int), 0), 10_000)
    with reading(services().engine) as session:
        rows, more = list_recalls(session, search=search, only_open=state == "open", page=page, now=services().clock())
        return render_template("inspector/recalls.html", rows=rows, more=more, search=search, state=state, page=page)


def acting_role() -> str:
    """In which role whoever is signed in acts on a batch."""
    return "office" if "office" in principal().staff else "inspector"


def back_to(code: str) -> ResponseReturnValue:
    """To the batch's page."""
    return redirect(url_for("inspected.show", code=code, lang=choose_language()), 303)


def inspected_page(code: str, fields: MultiDict[str, str] | None = None, problem: str | None = None) -> str:
    """The batch's page, with what was typed and what was wrong with it."""
    with reading(services().engine) as session:
        view = view_inspected(session, authority_batch(session, code, principal()))
        return render_template("inspector/batch.html", view=view, fields=fields or {}, problem=problem, results=result_words())


def _ask(code: str, fields: MultiDict[str, str], problem: str | None = None) -> str:
    with reading(services().engine) as session:
        row = authority_batch(session, code, principal())
        return render_template(
            "producer/recall.html",
            batch=row,
            issued=view_inspected(session, row).issued,
            phone=services().settings.operator_contact or row.producer.phone or "",
            fields=fields,
            problem=problem,
            key=new_key(),
            action=url_for("inspected.do_recall", code=row.code, lang=choose_language()),
            back=url_for("inspected.show", code=row.code, lang=choose_language()),
        )
