"""The province's figures, for the office and for everybody, and the rows of the register that they count."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Engine

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.domain.ocop import GROUPS
from traceability.domain.spreadsheet import Cell, Table
from traceability.models.engine import reading
from traceability.operations.figures import Figures, count_figures, list_goals, published_counts, scans_by_day, set_goal
from traceability.operations.places import HOME_PROVINCE, communes_of, place_names
from traceability.operations.register_rows import ORDERS, Chosen, RecognitionRow, all_recognitions, list_recognitions
from traceability.web.access import open_to
from traceability.web.acts import actor, doing
from traceability.web.batch_forms import day_in, text_in, whole_number
from traceability.web.languages import choose_language, format_day
from traceability.web.register_words import group_names, kind_names, support_kinds
from traceability.web.services import services
from traceability.web.table_files import FILE_TYPES, pieces_of
from traceability.web.wording import rating_state
from traceability.wording import word_refusal

figures = Blueprint("figures", __name__)
_ASKED = (
    "search",
    "as_of",
    "stars",
    "group",
    "kind",
    "commune",
    "ends_from",
    "ends_until",
    "decided_in",
    "undated",
    "known_on",
    "floor",
    "order",
)
_KINDS = ("new", "re_evaluation", "none")
# Figures by database and day, with the minute in which they were counted.
_KEPT: dict[tuple[str, date], tuple[int, Figures]] = {}
_MOST_KEPT = 64
MOST_DAYS_A_MINUTE = 20
_COLUMNS = (
    *("product", "producer", "commune", "group", "stars", "kind", "decision", "decided_on", "valid_until", "withdrawn_on"),
    *("state", "source", "sample"),
)


@figures.get("/figures")
def public() -> ResponseReturnValue:
    """The figures for everybody: counted anew once a minute, however many ask, and of so many days a minute."""
    try:
        return _figures("public/figures.html")
    except _TooManyDays:
        told = gettext("Figures of many days were asked for just now. Try again in a minute.")
        return Response(told, 503, {"Retry-After": "60"}, mimetype="text/plain")


@figures.get("/office/figures")
@open_to("office", "inspector")
def office() -> ResponseReturnValue:
    """The figures, each leading to the rows behind it, and the goals."""
    return _figures("staff/figures.html", goal={})


@figures.post("/office/figures/goals")
@open_to("office")
def goal() -> ResponseReturnValue:
    """Sets a goal, in place of that year's before."""
    fields = request.form
    try:
        year, amount = whole_number(fields.get("year", "")) or 0, whole_number(fields.get("amount", "")) or 0
        with doing("set_goal") as session:
            said = {"actor": actor("office"), "now": services().clock()}
            set_goal(session, fields.get("kind", ""), year, amount, fields.get("source", ""), **said)  # type: ignore[arg-type]
    except Refused as refused:
        return _figures("staff/figures.html", word_refusal(refused), goal=fields), 400
    return redirect(url_for("figures.office", lang=choose_language(), _anchor="goals"), 303)


@figures.get("/office/register")
@open_to("office", "inspector")
def register() -> ResponseReturnValue:
    """The register of recognitions: searched, filtered, and what a figure counts."""
    around, page = services(), min(max(request.args.get("page", 0, type=int), 0), 10_000)
    problem = None
    try:
        chosen = _chosen()
    except Refused as refused:
        chosen, problem = Chosen(), word_refusal(refused)
    with reading(around.engine) as session:
        rows, more, total = list_recognitions(session, chosen, around.clock(), page=page)
        shown = {"rows": rows, "more": more, "page": page, "total": total, "told": _told(chosen)}
    asked = {name: request.args[name] for name in _ASKED if request.args.get(name)}
    return render_template(
        "staff/register.html", asked=asked, groups=group_names(), communes=communes_of(HOME_PROVINCE), problem=problem, **shown
    ), 400 if problem else 200


@figures.get("/office/register.<ending>")
@open_to("office", "inspector")
def register_file(ending: str) -> ResponseReturnValue:
    """The same rows as a file."""
    if ending not in FILE_TYPES:
        raise NotFound("part_missing", kind="Table")
    chosen, around = _chosen(), services()
    day = chosen.as_of or day_in_vietnam(around.clock())
    facts = [(gettext("Made at"), f"{day_in_vietnam(around.clock()):%d/%m/%Y}"), (gettext("State on"), f"{day:%d/%m/%Y}")]
    facts += [(gettext("Chosen"), word) for word in _told(chosen)]
    answer = Response(_file(around.engine, chosen, around.clock(), facts, ending, _file_words()), mimetype=FILE_TYPES[ending])
    answer.headers.set("Content-Disposition", "attachment", filename=f"ocop-{day}.{ending}")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _figures(template: str, problem: str | None = None, **further: object) -> str:
    around, today, known_on = services(), day_in_vietnam(services().clock()), None
    is_fresh = template.startswith("staff")
    try:
        # What was known on a day is for those who keep the register.
        known_on = day_in(request.args, "known_on") if is_fresh else None
        found = _counted(day_in(request.args, "as_of") or today, known_on, is_fresh=is_fresh)
    except Refused as refused:
        problem = problem or word_refusal(refused)
        found = _counted(today, None, is_fresh=is_fresh)
    with reading(around.engine) as session:
        shown: dict[str, Any] = {"reported": published_counts(session), "goals": list_goals(session), "kinds": kind_names()}
        shown |= {"scans": scans_by_day(session, found.as_of), "support": support_kinds(), "known_on": known_on}
        return render_template(template, found=found, today=today, groups=group_names(), problem=problem, **shown, **further)


def _counted(as_of: date, known_on: date | None, *, is_fresh: bool) -> Figures:
    around = services()
    key, minute = (str(around.engine.url), as_of), int(around.clock().timestamp()) // 60
    kept = _KEPT.get(key)
    if kept is not None and kept[0] == minute and not is_fresh:
        return kept[1]
    if not is_fresh and sum(counted == minute for counted, _ in list(_KEPT.values())) >= MOST_DAYS_A_MINUTE:
        raise _TooManyDays
    with reading(around.engine) as session:
        found = count_figures(session, as_of, known_on)
    if known_on is None:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = (minute, found)
    return found


class _TooManyDays(Exception):
    """Anybody may ask, and each day costs a look at all rows."""


def _chosen() -> Chosen:
    """What the address asks for. Refused: `date_text`, `date_range`, `number_text`."""
    asked = request.args
    stars, group = (whole_number(asked.get(name, "")) for name in ("stars", "group"))
    return Chosen(
        search=asked.get("search", "").strip()[:100],
        as_of=day_in(asked, "as_of"),
        stars=stars,
        group=group if group in GROUPS else None,
        kind=asked["kind"] if asked.get("kind") in _KINDS else None,
        commune=text_in(asked, "commune"),
        ends_from=day_in(asked, "ends_from"),
        ends_until=day_in(asked, "ends_until"),
        decided_in=whole_number(asked.get("decided_in", "")),
        undated=asked.get("undated") == "1",
        known_on=day_in(asked, "known_on"),
        order=asked["order"] if asked.get("order") in ORDERS else ORDERS[0],
        floor={"yes": True, "no": False}.get(asked.get("floor", "")),
    )


def _told(chosen: Chosen) -> list[str]:
    """What a list is narrowed to, in words."""
    told = [kind_names()[chosen.kind]] if chosen.kind else []
    if chosen.commune:
        told.append(
            gettext("commune not on record") if chosen.commune == "none" else place_names(None, chosen.commune)[0] or chosen.commune
        )
    if chosen.ends_from and chosen.ends_until:
        told.append(gettext("ends from %(first)s to %(last)s", first=format_day(chosen.ends_from), last=format_day(chosen.ends_until)))
    if chosen.decided_in:
        told.append(gettext("decided in %(year)s", year=chosen.decided_in))
    if chosen.known_on:
        told.append(gettext("as it was known on %(day)s", day=format_day(chosen.known_on)))
    if chosen.floor is not None:
        told.append(gettext("on an e-commerce floor") if chosen.floor else gettext("on no e-commerce floor"))
    if chosen.undated:
        told.append(gettext("no source gives the day"))
    return told


def _file(
    engine: Engine, chosen: Chosen, now: datetime, facts: list[tuple[str, str]], ending: str, words: dict[str, str]
) -> Iterator[bytes]:
    """The rows as XLSX, or as CSV in a ZIP; nothing here asks who is signed in or in which language."""

    def name(key: str) -> str:
        return words.get(key, key)

    with reading(engine) as session:
        rows = (_cells(row, name) for row in all_recognitions(session, chosen, now))
        tables = [Table("register", _COLUMNS, rows)]
        yield from pieces_of(ending, tables, facts, name)


def _cells(row: RecognitionRow, name: Callable[[str], str]) -> tuple[Cell, ...]:
    commune = place_names(None, row.commune_code)[0] if row.commune_code else None
    said = (row.product, row.producer, commune, name(f"group_{row.group}"), row.stars, name(f"kind_{row.kind or 'none'}"))
    dated = (row.decision, row.decided_on, row.valid_until, row.withdrawn_on, name(f"state_{row.state}"))
    return (*said, *dated, row.source, name("illustrative") if row.illustrative else None)


def _file_words() -> dict[str, str]:
    return {
        "overview": gettext("Overview"),
        "register": gettext("Register"),
        "product": gettext("Product"),
        "producer": gettext("Producer"),
        "commune": gettext("Commune or ward"),
        "group": gettext("Group"),
        "stars": gettext("Stars"),
        "kind": gettext("Kind"),
        "decision": gettext("Decision"),
        "decided_on": gettext("Decided on"),
        "valid_until": gettext("Valid until"),
        "withdrawn_on": gettext("Withdrawn on"),
        "state": gettext("State"),
        "source": gettext("Source"),
        "illustrative": gettext("made up, for the sample"),
        "sample": gettext("Sample"),
        **{f"group_{number}": name for number, name in group_names().items()},
        **{f"kind_{kind}": name for kind, name in kind_names().items()},
        **{f"state_{state}": rating_state(state) for state in ("valid", "expired", "withdrawn", "undated", "ahead")},
    }
