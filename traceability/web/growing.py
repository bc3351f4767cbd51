"""Growing areas for the office: what each can yield in a season, and batches above it that wait for a release."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from traceability.domain.errors import NotFound, Refused
from traceability.domain.growing import CAPACITY_UNITS
from traceability.models.engine import reading
from traceability.operations.growing import (
    NewCapacity,
    count_holds,
    decide_hold,
    end_capacity,
    list_capacities,
    list_holds,
    register_capacity,
)
from traceability.web.access import open_to
from traceability.web.acts import actor, doing
from traceability.web.asked import asked_of_list
from traceability.web.batch_forms import day_in, whole_number
from traceability.web.languages import choose_language
from traceability.web.services import services
from traceability.wording import word_refusal

growing = Blueprint("growing", __name__)


@growing.get("/office/areas")
@open_to("office", "inspector")
def areas() -> ResponseReturnValue:
    """What is registered of growing areas, with what was stamped of it."""
    return _areas(MultiDict())


@growing.post("/office/areas")
@open_to("office")
def register() -> ResponseReturnValue:
    """Registers what an area can yield in a season. Sent twice it is one row."""
    fields = request.form
    try:
        entry = NewCapacity(
            code=fields.get("code", ""),
            name=fields.get("name", ""),
            amount=whole_number(fields.get("amount", "")) or 0,
            unit=fields.get("unit", ""),
            season_from=day_in(fields, "season_from"),
            season_until=day_in(fields, "season_until"),
            source=fields.get("source", ""),
        )
        with doing("register_capacity") as session:
            register_capacity(session, entry, actor=actor("office"), now=services().clock())
    except Refused as refused:
        return _areas(fields, word_refusal(refused)), 400
    return redirect(url_for("growing.areas", search=entry.code.strip(), lang=choose_language()), 303)


@growing.post("/office/areas/<int:capacity_id>/end")
@open_to("office")
def end(capacity_id: int) -> ResponseReturnValue:
    """Ends what was registered, so that something else can be."""
    with doing("end_capacity") as session:
        end_capacity(session, capacity_id, actor=actor("office"), now=services().clock())
    return redirect(url_for("growing.areas", lang=choose_language()), 303)


@growing.get("/office/releases")
@open_to("office", "inspector")
def releases() -> ResponseReturnValue:
    """Batches whose stamps wait, or waited, for the office."""
    return _releases()


@growing.post("/office/releases/<int:hold_id>")
@open_to("office")
def decide(hold_id: int) -> ResponseReturnValue:
    """Releases a batch's stamps, or does not."""
    fields = request.form
    try:
        with doing("decide_hold") as session:
            given = {"release": fields.get("decision") == "release", "words": fields.get("words", "")}
            decide_hold(session, hold_id, **given, actor=actor("office"), now=services().clock())  # type: ignore[arg-type]
    except NotFound:
        raise
    except Refused as refused:
        return _releases(hold_id, fields, word_refusal(refused)), 400
    return redirect(url_for("growing.releases", lang=choose_language()), 303)


def _areas(fields: MultiDict[str, str], problem: str | None = None) -> str:
    asked, page = asked_of_list()
    with reading(services().engine) as session:
        rows, more = list_capacities(session, search=asked["search"], state=asked["state"], page=page)
        shown = {"rows": rows, "more": more, "page": page, "asked": asked, "waiting": count_holds(session)}
        return render_template("staff/areas.html", fields=fields, problem=problem, units=_units(), **shown)


def _releases(hold_id: int = 0, fields: MultiDict[str, str] | None = None, problem: str | None = None) -> str:
    asked, page = asked_of_list()
    with reading(services().engine) as session:
        given = {name: asked[name] for name in ("search", "state", "order")}
        rows, more = list_holds(session, **given, page=page)
        shown = {"rows": rows, "more": more, "page": page, "asked": asked, "units": _units()}
        return render_template("staff/releases.html", hold_id=hold_id, fields=fields or {}, problem=problem, **shown)


def _units() -> dict[str, str]:
    """Units of amounts, and those that they are added up in."""
    names = (gettext("kg"), gettext("litres"), gettext("pieces"), gettext("metres"))
    return {**dict(zip(CAPACITY_UNITS, names, strict=True)), "g": "g", "ml": "ml"}
