"""The office's lists of producers and of support, and all its lists as files."""

from collections.abc import Callable
from datetime import date

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.models.engine import reading
from traceability.operations.activity_rows import KINDS, all_done, list_done
from traceability.operations.expiring import list_endings
from traceability.operations.figures import FIRST_DAY, LAST_DAY
from traceability.operations.office_producer import Gifts, Makers, all_producers, all_support, list_producers, list_support
from traceability.operations.office_product import list_villages
from traceability.operations.own_account import search_indications
from traceability.operations.places import place_names
from traceability.operations.rights_list import STATES as RIGHT_STATES
from traceability.operations.rights_list import AskedRights, all_rights, list_rights, state_on
from traceability.web.access import open_to, principal
from traceability.web.asked import asked_of_list
from traceability.web.batch_forms import day_in
from traceability.web.list_files import further_lists
from traceability.web.register_words import done_kinds, right_states, support_kinds
from traceability.web.services import services
from traceability.web.whole_lists import Rows, WholeList, list_as_file
from traceability.web.wording import indication_type, kind_of_producer
from traceability.wording import word_refusal

office_lists = Blueprint("office_lists", __name__)
OFFICE_ALONE = ("done", "imports")


@office_lists.get("/office/producers")
@open_to("office", "inspector")
def producers() -> ResponseReturnValue:
    """Producers, found by name and by what they have on line."""
    asked, page = _makers(), asked_of_list()[1]
    with reading(services().engine) as session:
        rows, more, total = list_producers(session, asked, page=page)
        shown = {"rows": rows, "more": more, "page": page, "total": total, "given": _given()}
        return render_template("staff/producers.html", asked=asked, place=place_names, **shown)


@office_lists.get("/office/support")
@open_to("office", "inspector")
def support() -> ResponseReturnValue:
    """Support that was given, by year, kind and producer."""
    asked, page = _gifts(), asked_of_list()[1]
    with reading(services().engine) as session:
        rows, more, times, amount = list_support(session, asked, page=page)
        shown = {"rows": rows, "more": more, "page": page, "times": times, "amount": amount, "given": _given()}
        return render_template("staff/support.html", asked=asked, kinds=support_kinds(), **shown)


@office_lists.get("/office/rights")
@open_to("office", "inspector")
def rights() -> ResponseReturnValue:
    """Rights to use an indication, by product and producer."""
    asked, page = _asked_rights(), asked_of_list()[1]
    today = day_in_vietnam(services().clock())
    with reading(services().engine) as session:
        rows, more = list_rights(session, asked, today, page=page)
        shown = {"rows": rows, "more": more, "page": page, "given": _given(), "states": right_states()}
        return render_template("staff/rights.html", asked=asked, state_of=lambda row: state_on(row, today), **shown)


@office_lists.get("/office/done")
@open_to("office")
def done() -> ResponseReturnValue:
    """The rows behind what was done in a year until a day, or behind a day's scans."""
    page = asked_of_list()[1]
    try:
        kind, day = _done()
    except Refused as refused:
        return Response(word_refusal(refused), 400, mimetype="text/plain")
    with reading(services().engine) as session:
        rows, more, total = list_done(session, kind, day, page=page)
        shown = {"rows": rows, "more": more, "page": page, "total": total, "kind": kind, "day_asked": day, "given": _given()}
        return render_template("staff/done.html", kinds=done_kinds(), **shown)


@office_lists.get("/office/lists/<name>.<ending>")
@open_to("office", "inspector")
def as_file(name: str, ending: str) -> ResponseReturnValue:
    """A list as its page shows it, filtered as there, as XLSX or as CSV in a ZIP."""
    lists = _lists(name)
    # What was done in the whole province is not for inspectors of a commune.
    if name not in lists or (name in OFFICE_ALONE and "office" not in principal().staff):
        raise NotFound("part_missing", kind="Table")
    return list_as_file(name, lists[name], ending, _given())


def _lists(name_asked: str) -> dict[str, WholeList]:
    product, producer, until = ("product", gettext("Product")), ("producer", gettext("Producer")), ("until", gettext("Until"))
    name, commune, source = ("name", gettext("Name")), ("commune", gettext("Commune or ward")), ("source", gettext("Source"))
    what, kind, day = ("what", gettext("What it is about")), ("kind", gettext("Kind")), ("day", gettext("Day"))
    online = (("storefront", gettext("Digital storefront")), ("url", gettext("Storefront address")), ("e_payment", gettext("E-payment")))
    number, manager = ("number", gettext("Number")), ("manager", gettext("Manager at registration"))
    return {
        "producers": WholeList(gettext("Producers"), (name, kind, commune, *online, ("products", gettext("Products"))), _producer_rows()),
        "support": WholeList(
            gettext("Support given"),
            (producer, kind, what, day, ("amount", gettext("Amount in đồng, where known")), source),
            _support_rows(),
        ),
        "expiring": WholeList(gettext("What ends soon"), (product, producer, what, until, ("left", gettext("Days left"))), _ending_rows()),
        "indications": WholeList(gettext("Indications"), (number, name, product, kind, manager), _indication_rows()),
        "rights": WholeList(
            gettext("Rights to use an indication"),
            (
                ("indication", gettext("Indication")),
                product,
                producer,
                ("from", gettext("From")),
                until,
                ("withdrawn", gettext("Withdrawn on")),
                ("state", gettext("State")),
                ("document", gettext("Document")),
            ),
            _right_rows(),
        ),
        "villages": WholeList(gettext("Craft villages"), (name, commune, what, ("decision", gettext("Decision")), source), _village_rows()),
        "done": WholeList(
            gettext("What was done"),
            (
                ("day", gettext("Day")),
                ("code", gettext("Code")),
                ("lot", gettext("Lot")),
                product,
                producer,
                ("count", gettext("Number")),
                what,
            ),
            _done_rows() if name_asked == "done" else (lambda _session: iter(())),
        ),
        **further_lists(),
    }


def _yes(value: bool | None) -> str | None:
    return {True: gettext("yes"), False: gettext("no")}.get(value) if value is not None else None


def _producer_rows() -> Callable[[Session], Rows]:
    asked, kinds, told = _makers(), {}, {value: _yes(value) for value in (True, False, None)}
    for kind in ("cooperative", "cooperative_group", "company", "household"):
        kinds[kind] = kind_of_producer(kind)

    def rows(session: Session) -> Rows:
        for row, products in all_producers(session, asked):
            commune = place_names(None, row.commune_code)[0] if row.commune_code else row.historic_place
            online = (told[row.has_digital_storefront], row.shop_url, told[row.has_e_payment])
            yield (row.name, kinds[row.kind], commune, *online, products)

    return rows


def _support_rows() -> Callable[[Session], Rows]:
    asked, kinds = _gifts(), support_kinds()
    return lambda session: (
        (row.producer.name, kinds[row.kind], row.what, row.given_on, row.amount, row.source) for row in all_support(session, asked)
    )


def _ending_rows() -> Callable[[Session], Rows]:
    now = services().clock()
    return lambda session: ((row.product, row.producer, row.what, row.ends_on, row.days_left) for row in list_endings(session, now))


def _indication_rows() -> Callable[[Session], Rows]:
    now, search = services().clock(), request.args.get("search", "").strip()[:100]
    types = {kind: indication_type(kind) for kind in ("geographical_indication", "certification_mark", "collective_mark")}
    return lambda session: (
        (row.number, row.name, row.product, types[row.type], row.manager) for row in search_indications(session, search, now)
    )


def _right_rows() -> Callable[[Session], Rows]:
    asked, states, today = _asked_rights(), right_states(), day_in_vietnam(services().clock())

    def rows(session: Session) -> Rows:
        for row in all_rights(session, asked, today):
            days = (row.from_day, row.until_day, row.revoked_on)
            yield (row.indication.name, row.product.name, row.producer.name, *days, states[state_on(row, today)], row.document)

    return rows


def _village_rows() -> Callable[[Session], Rows]:
    return lambda session: (
        (row.name, place_names(None, row.commune_code)[0] if row.commune_code else None, row.craft, row.decision, row.source)
        for row, _ in list_villages(session)
    )


def _done() -> tuple[str, date]:
    """What is asked for, and until when. Refused: `date_text`, `figures_day`."""
    kind = request.args.get("what", "")
    day = day_in(request.args, "as_of") or day_in_vietnam(services().clock())
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Refused("figures_day", first=FIRST_DAY, last=LAST_DAY)
    return kind if kind in KINDS else KINDS[0], day


def _done_rows() -> Callable[[Session], Rows]:
    kind, day = _done()
    return lambda session: (
        (row.day, row.code, row.lot, row.product, row.producer, row.count, row.told) for row in all_done(session, kind, day)
    )


def _makers() -> Makers:
    told = {"1": True, "0": False}
    given = request.args
    storefront, e_payment = (told.get(given.get(name, "")) for name in ("storefront", "e_payment"))
    return Makers(given.get("search", "").strip()[:100], storefront, e_payment, day_in(given, "recognised_on"))


def _gifts() -> Gifts:
    given = request.args
    kind = given.get("kind", "")
    return Gifts(_number("year"), kind if kind in support_kinds() else "", given.get("search", "").strip()[:100])


def _asked_rights() -> AskedRights:
    given = request.args
    state = given.get("state", "")
    known_state = state if state in RIGHT_STATES else ""
    return AskedRights(given.get("search", "").strip()[:100], known_state, _number("indication"), _number("producer"))


def _number(name: str) -> int | None:
    """What is no number is not asked for."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _given() -> dict[str, str]:
    return {
        name: request.args[name][:100]
        for name in (
            "search",
            "storefront",
            "e_payment",
            "recognised_on",
            "year",
            "kind",
            "state",
            "order",
            "what",
            "as_of",
            "indication",
            "producer",
        )
        if request.args.get(name)
    }
