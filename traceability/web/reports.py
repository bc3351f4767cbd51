"""The form by which anybody reports something odd about a stamp."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from traceability.domain.address import LONGEST
from traceability.domain.errors import Refused
from traceability.models.engine import acting
from traceability.operations.report_odd import NewReport, report_odd
from traceability.operations.scan import look_up
from traceability.pictures import store_page
from traceability.web.languages import choose_language
from traceability.web.public import read_any, sender
from traceability.web.services import services
from traceability.web.wording import report_kinds
from traceability.wording import word_refusal

reports = Blueprint("reports", __name__)


@reports.get("/report")
def report_form() -> ResponseReturnValue:
    """The form, with the code of the page from which the person comes."""
    return _form(stamp=request.args.get("stamp", "")[:LONGEST])


@reports.post("/report")
def send_report() -> ResponseReturnValue:
    """Stores a report once, however often the button is pressed."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return _form(problem=gettext("The form was sent from another site. Send it from here.")), 403
    around, fields = services(), request.form
    text = fields.get("stamp", "")[:LONGEST]
    entry = NewReport(text, fields.get("kind", ""), fields.get("words", ""), fields.get("place"), fields.get("key", "")[:64])
    now = around.clock()
    try:
        if not entry.idempotency_key:
            raise Refused("idempotency_reused")
        with _kept_photograph() as name, acting(around.engine) as session:
            found = look_up(session, read_any(text), keys=around.scan_keys, language=choose_language(), now=now)
            report = report_odd(session, replace(entry, photograph=name), found, visitor=sender(), now=now)
            number, is_kept = report.id, report.photograph == name
        if name and not is_kept:
            # Sent before: the first one's photograph stays.
            around.uploads.remove(name)
    except Refused as refused:
        status = 429 if refused.code == "report_flood" else 400
        return _form(stamp=text, problem=word_refusal(refused)), status
    return render_template("public/report.html", done=number), 201


@contextmanager
def _kept_photograph() -> Iterator[str | None]:
    """The photograph, re-encoded and written; removed again where the report is not taken."""
    content = request.files["photograph"].read() if "photograph" in request.files else b""
    if not content:
        yield None
        return
    name = services().uploads.put(store_page(content).content)
    try:
        yield name
    except BaseException:
        services().uploads.remove(name)
        raise


def unsent(problem: str) -> str:
    """The form again with all that was written, for a failure that is ours."""
    return _form(stamp=request.form.get("stamp", "")[:LONGEST], problem=problem)


def _form(stamp: str = "", problem: str | None = None) -> str:
    fields = request.form
    return render_template(
        "public/report.html",
        stamp=stamp,
        problem=problem,
        key=fields.get("key") or secrets.token_urlsafe(16),
        kinds=report_kinds(),
        chosen=fields.get("kind", ""),
        words=fields.get("words", ""),
        place=fields.get("place", ""),
    )
