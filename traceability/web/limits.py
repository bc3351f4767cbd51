"""How often one address may try: on the forms that anybody can send and that could be guessed at.

Each process counts for itself, in memory, under the address or, of IPv6, the network of 64 bits that one customer gets.
"""

import math
import time
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_limiter import Limiter, RequestLimit

from traceability.domain.accounts import LONGEST_LOGIN
from traceability.web.guesses import network_of

# Cooperatives share one address, so that this is far above what they need; a login has its own, narrower limit.
LIMITS = "30/minute;300/hour"
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def sender_address() -> str:
    """Whom a try is counted against: the address behind the proxies that are trusted, never what a client says of itself."""
    return network_of(request.remote_addr or "")


_limiter = Limiter(sender_address, storage_uri="memory://", strategy="sliding-window-counter", headers_enabled=False)


def start_limits(app: Flask) -> None:
    """Begins to count for an app. The views that are limited check by themselves: no other request, and no scan, pays for it."""
    # Registered already, as far as the limiter knows, so that it hooks itself into no request.
    app.extensions["limiter"] = {_limiter}
    _limiter.init_app(app)


def limited(form: str) -> Callable[[View], View]:
    """Limits a view that takes a form; above the limit the form comes again with what to do."""

    def too_many(limit: RequestLimit) -> Response:
        seconds = max(1, math.ceil(limit.reset_at - time.time()))
        minutes = math.ceil(seconds / 60)
        problem = gettext("Too many tries came from your address. Wait %(minutes)s min and try again.", minutes=minutes)
        login = request.form.get("login", "")[:LONGEST_LOGIN]
        answer = make_response(render_template(form, problem=problem, login=login), 429)
        answer.headers["Retry-After"] = str(seconds)
        return answer

    return _limiter.limit(LIMITS, on_breach=too_many)  # type: ignore[return-value]
