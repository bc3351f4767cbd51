"""A producer's lists as files: batches filtered and sorted as on their page, and whatever else it keeps here."""

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound
from traceability.models.engine import reading
from traceability.operations.members import list_members
from traceability.operations.own_account import producers_of, products_of
from traceability.operations.own_batches import PAGE, STATES, list_own_batches
from traceability.operations.printers import list_printers
from traceability.operations.stocks import own_stocks, stock_of
from traceability.web.access import PRODUCER, open_to, principal
from traceability.web.batch import wanted_batches
from traceability.web.producer_words import state_name
from traceability.web.services import services
from traceability.web.stock_words import stock_name
from traceability.web.whole_lists import Rows, WholeList, list_as_file
from traceability.web.wording import role_name

producer_lists = Blueprint("producer_lists", __name__)


@producer_lists.get("/producer/lists/<name>.<ending>")
@open_to(PRODUCER)
def as_file(name: str, ending: str) -> ResponseReturnValue:
    """One's own rows as XLSX, or as CSV in a ZIP."""
    lists = _lists()
    if name not in lists:
        raise NotFound("part_missing", kind="Table")
    return list_as_file(name, lists[name], ending)


def _lists() -> dict[str, WholeList]:
    name, product, producer = ("name", gettext("Name")), ("product", gettext("Product")), ("producer", gettext("Producer"))
    indication, until = ("indication", gettext("Geographical indication")), gettext("Until")
    named = (("code", gettext("Code")), ("lot", gettext("Lot")), product, producer, ("state", gettext("State")))
    days = (("packed_on", gettext("Packed")), ("best_before", gettext("Best before")))
    counts = (("labels", gettext("Labels")), ("scans", gettext("Scans")))
    rated = (("stars", gettext("Stars")), ("stars_until", until), indication, ("indication_until", until))
    measured = (("measured", gettext("Measured")), ("by", gettext("By whom")))
    held = (("login", gettext("Login")), ("role", gettext("Role")), ("since", gettext("Since")))
    return {
        "batches": WholeList(gettext("My batches"), (*named, *days, *counts), _batches()),
        "products": WholeList(gettext("My products"), (product, producer, *rated), _products()),
        "printers": WholeList(gettext("Printers"), (name, producer, *measured), _printers()),
        "stocks": WholeList(gettext("Our own sheets and rolls"), (name, producer, ("what", gettext("What it is"))), _stocks()),
        "members": WholeList(gettext("Members"), (name, producer, *held), _members()),
    }


def _batches() -> Callable[[Session], Rows]:
    own, wanted, now = frozenset(principal().producers), wanted_batches(), services().clock()
    states = {state: state_name(state) for state in ("draft", *STATES)}

    def rows(session: Session) -> Rows:
        page, total = 0, 1
        while page * PAGE < total:
            found, total = list_own_batches(session, own, replace(wanted, page=page), now)
            for row in found:
                state = states["recalled" if row.recalled else row.state]
                yield (row.code, row.lot, row.product, row.producer, state, row.packed_on, row.best_before, row.labels, row.scans)
            page += 1

    return rows


def _products() -> Callable[[Session], Rows]:
    own, now = sorted(principal().producers), services().clock()
    return lambda session: (
        (row.name, row.producer_name, row.stars or None, row.stars_until, row.indication, row.indication_until)
        for row in products_of(session, own, now)
    )


def _printers() -> Callable[[Session], Rows]:
    own = frozenset(principal().producers)
    return lambda session: (
        (row.name, row.producer_name, day_in_vietnam(row.measured_at) if row.measured_at else None, row.measured_by)
        for row in list_printers(session, own)[0]
    )


def _stocks() -> Callable[[Session], Rows]:
    own = frozenset(principal().producers)
    # They are few, and their words need the request's language.
    with reading(services().engine) as session:
        producers = {row.id: row.name for row in producers_of(session, sorted(own))}
        told = [(row.name, producers[row.producer_id], stock_name(stock_of(row))) for row in own_stocks(session, own)]
    return lambda _session: iter(told)


def _members() -> Callable[[Session], Rows]:
    by, now = principal(), services().clock()
    roles = {role: role_name(role) for role in set(by.producers.values()) | {"manager", "member"}}

    def rows(session: Session) -> Rows:
        for producer in sorted(by.producers):
            found = list_members(session, producer, by=by, now=now)
            yield from ((row.name, found.producer_name, row.login, roles[row.role], row.since) for row in found.rows)

    return rows
