"""Ways from our pages to shops: counted as a number of the day, and nothing of who went there."""

import logging
from threading import Lock
from time import monotonic

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from traceability.domain.roles import Doer
from traceability.models.engine import acting, reading
from traceability.operations.shop_clicks import address_of, count_click
from traceability.web.services import services
from traceability.web.visitors import PERSON, kind_of

shops = Blueprint("shops", __name__)
_log = logging.getLogger(__name__)
# More than people open is somebody's program: it gets its way, and is not counted.
MOST_A_MINUTE = 300
_counted: list[int] = [0, 0]
_lock = Lock()


@shops.get("/to/listing/<int:listing_id>")
def to_listing(listing_id: int) -> ResponseReturnValue:
    """To a product on an e-commerce floor."""
    return _go("listing", listing_id)


@shops.get("/to/shop/<int:producer_id>")
def to_shop(producer_id: int) -> ResponseReturnValue:
    """To a producer's own storefront."""
    return _go("storefront", producer_id)


def _go(target: str, target_id: int) -> ResponseReturnValue:
    around = services()
    with reading(around.engine) as session:
        address = address_of(session, target, target_id)
    purposes = " ".join(request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    if kind_of(request.method, request.headers.get("User-Agent", ""), purposes) == PERSON and _may_count():
        try:
            with acting(around.engine, patience_ms=200, by=Doer("visitor", "visitor"), act="open_shop") as session:
                count_click(session, target, target_id, now=around.clock())
        except SQLAlchemyError:
            # Nobody waits at a shop's door because we count.
            _log.info("an opening of a shop was not counted")
    answer = redirect(address, 303)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _may_count() -> bool:
    minute = int(monotonic()) // 60
    with _lock:
        if _counted[0] != minute:
            _counted[:] = [minute, 0]
        _counted[1] += 1
        return _counted[1] <= MOST_A_MINUTE
