"""What consumers reported, for inspectors and the office."""

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from traceability.domain.errors import NotFound, Refused
from traceability.models.engine import reading
from traceability.operations.list_reports import fetch_report, handle_report, list_reports
from traceability.web.access import open_to, principal
from traceability.web.acts import actor, doing
from traceability.web.asked import asked_of_list
from traceability.web.inspected import acting_role
from traceability.web.inspector_words import verdict_words
from traceability.web.languages import choose_language
from traceability.web.services import services
from traceability.web.wording import report_kinds
from traceability.wording import word_refusal

report_list = Blueprint("report_list", __name__)


@report_list.get("/inspector/reports")
@open_to("inspector", "office")
def list_all() -> ResponseReturnValue:
    """Reports of one's area, open ones unless others are asked for, with search."""
    asked, page = asked_of_list()
    with reading(services().engine) as session:
        rows, more = list_reports(session, principal(), **asked, page=page)
        return render_template("inspector/reports.html", rows=rows, more=more, page=page, asked=asked, kinds=dict(report_kinds()))


@report_list.get("/inspector/reports/<int:report_id>")
@open_to("inspector", "office")
def show(report_id: int) -> ResponseReturnValue:
    """One report beside the batch's own picture."""
    return _page(report_id, MultiDict())


@report_list.post("/inspector/reports/<int:report_id>")
@open_to("inspector", "office")
def handle(report_id: int) -> ResponseReturnValue:
    """Puts a report aside with what became of it. Pressed twice it is once."""
    try:
        with doing("handle_report") as session:
            row = fetch_report(session, principal(), report_id, lock=True)
            handle_report(session, row, request.form.get("words", ""), by=actor(acting_role()).name, now=services().clock())
    except NotFound:
        raise
    except Refused as refused:
        return _page(report_id, request.form, word_refusal(refused)), 400
    return redirect(url_for("report_list.show", report_id=report_id, lang=choose_language()), 303)


@report_list.get("/inspector/reports/<int:report_id>/photograph")
@open_to("inspector", "office")
def photograph(report_id: int) -> ResponseReturnValue:
    """The photograph that came with a report: for whoever may see the report, and nobody else."""
    with reading(services().engine) as session:
        name = fetch_report(session, principal(), report_id).photograph
    content = services().uploads.get(name) if name else None
    if content is None:
        abort(404)
    answer: Response = make_response(content)
    answer.mimetype = "image/webp"
    return answer


def _page(report_id: int, fields: MultiDict[str, str], problem: str | None = None) -> str:
    with reading(services().engine) as session:
        row = fetch_report(session, principal(), report_id)
        told = {"kinds": dict(report_kinds()), "verdict": verdict_words()[row.verdict], "fields": fields, "problem": problem}
        return render_template("inspector/report.html", row=row, **told)
