"""Alerts for inspectors and the office: what the rules noticed in scans, closed by a person. And batches that a person suspects."""

from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from traceability.domain.errors import NotFound, Refused
from traceability.domain.suspects import ALERTS, CONCLUSIONS
from traceability.models.engine import reading
from traceability.operations.alerts import Closing, clear_suspicion, close_alert, fetch_alert, findings_of, list_alerts, suspect_batch
from traceability.operations.inspected import authority_batch
from traceability.web.access import open_to, principal
from traceability.web.acts import actor, doing
from traceability.web.asked import asked_of_list
from traceability.web.batch_forms import whole_number
from traceability.web.findings import result_words
from traceability.web.inspected import acting_role, back_to, inspected_page
from traceability.web.languages import choose_language
from traceability.web.services import services
from traceability.web.wording import format_number
from traceability.wording import word_refusal

alerts = Blueprint("alerts", __name__)


@alerts.get("/inspector/alerts")
@open_to("inspector", "office")
def list_all() -> ResponseReturnValue:
    """Alerts of one's area, open ones first asked for, with search and order."""
    asked, page = asked_of_list()
    with reading(services().engine) as session:
        rows, more = list_alerts(session, principal(), **asked, page=page)
        return render_template("inspector/alerts.html", rows=rows, more=more, page=page, asked=asked, **alert_words())


@alerts.get("/inspector/alerts/<int:alert_id>")
@open_to("inspector", "office")
def show(alert_id: int) -> ResponseReturnValue:
    """One alert with its evidence, and the form that closes it."""
    return _page(alert_id, MultiDict())


@alerts.post("/inspector/alerts/<int:alert_id>")
@open_to("inspector", "office")
def close(alert_id: int) -> ResponseReturnValue:
    """Closes an alert with what was found. Pressed twice it is closed once."""
    fields = request.form
    try:
        with doing("close_alert") as session:
            row = fetch_alert(session, principal(), alert_id, lock=True)
            closing = Closing(fields.get("conclusion", ""), fields.get("words", ""), whole_number(fields.get("finding", "")))
            close_alert(session, row, closing, actor=actor(acting_role()), now=services().clock())
    except NotFound:
        raise
    except Refused as refused:
        return _page(alert_id, fields, word_refusal(refused)), 400
    return redirect(url_for("alerts.show", alert_id=alert_id, lang=choose_language()), 303)


@alerts.post("/inspector/batches/<code>/suspect")
@open_to("inspector", "office")
def suspect(code: str) -> ResponseReturnValue:
    """A person suspects a whole batch: all its pages turn amber."""
    try:
        with doing("suspect_batch") as session:
            row = authority_batch(session, code, principal(), lock=True)
            suspect_batch(session, row, request.form.get("reason", ""), actor=actor(acting_role()), now=services().clock())
    except NotFound:
        raise
    except Refused as refused:
        return inspected_page(code, request.form, word_refusal(refused)), 400
    return back_to(code)


@alerts.post("/inspector/batches/<code>/suspicions/<int:suspicion_id>/clear")
@open_to("inspector", "office")
def clear(code: str, suspicion_id: int) -> ResponseReturnValue:
    """Ends what a person said of a whole batch; that it was said stays."""
    with doing("clear_suspicion") as session:
        row = authority_batch(session, code, principal(), lock=True)
        clear_suspicion(session, row, suspicion_id, actor=actor(acting_role()), now=services().clock())
    return back_to(code)


def _page(alert_id: int, fields: MultiDict[str, str], problem: str | None = None) -> str:
    with reading(services().engine) as session:
        row = fetch_alert(session, principal(), alert_id)
        return render_template(
            "inspector/alert.html",
            row=row,
            evidence=_evidence(row.kind, row.evidence),
            findings=findings_of(session, row.batch_id),
            results=result_words(),
            fields=fields,
            problem=problem,
            **alert_words(),
        )


def alert_words() -> dict[str, dict[str, str]]:
    """Kinds of alerts and the conclusions that close them."""
    kinds = (
        *(gettext("A pack's code may stand on many objects"), gettext("Many scanned one pack within hours")),
        *(gettext("Codes that were never issued"), gettext("Scanned long after the best-before date")),
        gettext("More scans than the packs give a reason for"),
    )
    conclusions = (gettext("Copies there are"), gettext("All is in order"), gettext("It could not be found out"))
    return {"kinds": dict(zip(ALERTS, kinds, strict=True)), "conclusions": dict(zip(CONCLUSIONS, conclusions, strict=True))}


def _evidence(kind: str, found: dict[str, Any]) -> list[tuple[str, str | int | datetime]]:
    """The figures that the rule went by, each with its name."""
    rules = found["rules"]
    if kind == "burst":
        return [(gettext("So many scanned it within %(hours)s h", hours=rules["burst_hours"]), rules["burst_visitors"])]
    if kind == "many":
        return [
            (gettext("Scans by people on %(days)s days", days=found["days"]), found["scans"]),
            (gettext("Packs"), found["packs"]),
            (gettext("Scans a pack that raise an alert"), str(rules["scans_a_pack"])),
        ]
    names = ("least_visitors", "least_hours") if kind == "copied" else ("odd_visitors", "odd_hours")
    placed: list[tuple[str, str | int | datetime]] = []
    if found.get("places"):
        told = ", ".join(f"{name} ({format_number(times)})" for name, times in found["places"])
        far = gettext("From one scan to the next over more than %(km)s km, so often", km=format_number(rules["far_km"]))
        placed = [(gettext("Where it was scanned, roughly"), told), (far, found["moves"])]
    return [
        (gettext("Different visitors"), found["visitors"]),
        (gettext("At so many different hours"), found["hours"]),
        (gettext("From"), datetime.fromisoformat(found["since"])),
        (gettext("Until"), datetime.fromisoformat(found["until"])),
        *placed,
        (
            gettext("The rule"),
            gettext(
                "%(visitors)s visitors at %(hours)s different hours within %(days)s days",
                visitors=rules[names[0]],
                hours=rules[names[1]],
                days=found["days"],
            ),
        ),
    ]
