"""The inspectors' and the office's other lists as files, filtered as on their pages and of the same area."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from flask import request
from flask_babel import gettext
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.operations.alerts import list_alerts
from traceability.operations.growing import list_capacities, list_holds
from traceability.operations.import_register import list_imports
from traceability.operations.inspect import list_findings
from traceability.operations.inspected import list_recalls
from traceability.operations.list_reports import list_reports
from traceability.web.access import principal
from traceability.web.alerts import alert_words
from traceability.web.asked import asked_of_list
from traceability.web.findings import result_words
from traceability.web.import_words import import_states
from traceability.web.services import services
from traceability.web.whole_lists import Rows, WholeList
from traceability.web.wording import report_kinds

_LAST_PAGE = 10_000


def further_lists() -> dict[str, WholeList]:
    """By name."""
    lot, product, place = ("lot", gettext("Lot")), ("product", gettext("Product")), ("place", gettext("Place"))
    day, words, by = ("day", gettext("Day")), ("words", gettext("Words")), ("by", gettext("By whom"))
    kind, state, code = ("kind", gettext("Kind")), ("state", gettext("State")), ("code", gettext("Code"))
    amount, area = ("amount", gettext("Amount")), ("area", gettext("Growing area"))
    season = (("first", gettext("First day")), ("last", gettext("Last day")))
    return {
        "findings": WholeList(gettext("Findings"), (day, ("result", gettext("Result")), code, lot, place, words, by), _findings()),
        "alerts": WholeList(gettext("Alerts"), (day, kind, code, lot, product, state, words, by), _alerts()),
        "reports": WholeList(gettext("Reports"), (day, kind, code, lot, place, words, state, by), _reports()),
        "recalls": WholeList(gettext("Recalls"), (day, code, lot, product, ("reason", gettext("Reason")), state, by), _recalls()),
        "areas": WholeList(
            gettext("Growing areas"),
            (area, code, amount, ("unit", gettext("Unit")), *season, ("source", gettext("Source"))),
            _areas(),
        ),
        "releases": WholeList(gettext("Releases"), (day, lot, product, ("packs", gettext("Packs")), state, words, by), _releases()),
        "imports": WholeList(
            gettext("Sheets for the register"),
            (
                day,
                ("name", gettext("Name")),
                state,
                ("new", gettext("new")),
                ("changed", gettext("changed")),
                ("same", gettext("the same")),
                ("left", gettext("left out")),
                by,
            ),
            _imports(),
        ),
    }


def _paged(fetch: Callable[[int], tuple[list[Any], bool]]) -> Iterator[Any]:
    """All rows of a list that is fetched in pages."""
    for page in range(_LAST_PAGE):
        rows, more = fetch(page)
        yield from rows
        if not more:
            return


def _day(moment: datetime) -> date:
    return day_in_vietnam(moment)


def _findings() -> Callable[[Session], Rows]:
    by, results = principal(), result_words()
    asked = {"search": request.args.get("search", "").strip()[:100], "result": request.args.get("state", "")}
    if asked["result"] not in results:
        asked["result"] = ""

    def rows(session: Session) -> Rows:
        for row in _paged(lambda page: list_findings(session, by, **asked, page=page)):
            held = row.finding
            yield (
                _day(held.found_at),
                results[held.result],
                row.batch_code,
                row.lot,
                held.place,
                held.words,
                f"{held.inspector}, {held.body}",
            )

    return rows


def _alerts() -> Callable[[Session], Rows]:
    by, words, (asked, _) = principal(), alert_words(), asked_of_list()
    opened = gettext("open")

    def rows(session: Session) -> Rows:
        for row in _paged(lambda page: list_alerts(session, by, **asked, page=page)):
            state = words["conclusions"].get(row.conclusion or "", opened)
            told = (row.batch.code, row.batch.lot, row.batch.product.name, state, row.words, row.closed_by)
            yield (_day(row.raised_at), words["kinds"][row.kind], *told)

    return rows


def _reports() -> Callable[[Session], Rows]:
    by, kinds, (asked, _) = principal(), dict(report_kinds()), asked_of_list()
    opened = gettext("open")

    def rows(session: Session) -> Rows:
        for row in _paged(lambda page: list_reports(session, by, **asked, page=page)):
            named = (row.batch.code, row.batch.lot) if row.batch else (None, None)
            told = (row.place, row.words, row.handled_words or opened, row.handled_by)
            yield (_day(row.reported_at), kinds.get(row.kind, row.kind), *named, *told)

    return rows


def _recalls() -> Callable[[Session], Rows]:
    search, only_open, now = request.args.get("search", "").strip()[:100], request.args.get("state", "") == "open", services().clock()
    in_force, lifted = gettext("in force"), gettext("lifted")

    def rows(session: Session) -> Rows:
        for row, batch in _paged(lambda page: list_recalls(session, search=search, only_open=only_open, page=page, now=now)):
            state = lifted if row.lifted_at else in_force
            yield (_day(row.starts_at), batch.code, batch.lot, batch.product.name, row.reason, state, row.recalled_by)

    return rows


def _areas() -> Callable[[Session], Rows]:
    asked, _ = asked_of_list()

    def rows(session: Session) -> Rows:
        for row in _paged(lambda page: list_capacities(session, search=asked["search"], state=asked["state"], page=page)):
            held = row.capacity
            yield (held.name, held.code, held.amount, held.unit, held.season_from, held.season_until, held.source)

    return rows


def _releases() -> Callable[[Session], Rows]:
    asked, _ = asked_of_list()
    given = {name: asked[name] for name in ("search", "state", "order")}
    states = {True: gettext("released"), False: gettext("not released"), None: gettext("open")}

    def rows(session: Session) -> Rows:
        for row in _paged(lambda page: list_holds(session, **given, page=page)):
            told = (row.packs, states[row.released], row.words, row.decided_by or row.asked_by)
            yield (_day(row.asked_at), row.batch.lot, row.batch.product.name, *told)

    return rows


def _imports() -> Callable[[Session], Rows]:
    now = services().clock()
    states = import_states()

    def rows(session: Session) -> Rows:
        for row in _paged(lambda page: list_imports(session, now, page=page)):
            counts = (row.count("new"), row.count("changed"), row.count("same"), row.count("wrong", "doubt"))
            yield (_day(row.uploaded_at), row.file_name, states[row.state], *counts, row.uploaded_by)

    return rows
