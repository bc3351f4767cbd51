"""Who may open what. Deny by default: a staff view without a mark answers 404, whoever asks."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from traceability.domain.accounts import Principal
from traceability.models.engine import reading
from traceability.operations.sign_in import was_ended
from traceability.web.languages import choose_language
from traceability.web.services import services
from traceability.web.sessions import cookie_name, here, is_staff_path
from traceability.web.unsent import keep_unsent

_log = logging.getLogger(__name__)
__all__ = ["ANYONE", "PRODUCER", "SIGNED_IN", "check_own_producer", "guard", "here", "open_to", "principal", "takes_files"]
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
_MARK, _FILES = "_open_to", "_takes_files"
# What the databases count up to.
_LARGEST_ID = 2**31 - 1
# Twelve photographs straight from a good camera, and every field of a batch's form.
LARGEST_FORM, MOST_PARTS = 96 * 1024 * 1024, 250
# Besides the roles of the register: anybody at all, and anybody who is signed in.
ANYONE, SIGNED_IN, PRODUCER = "anyone", "signed_in", "producer"


def open_to(*roles: str) -> Callable[[View], View]:
    """Marks a view with who may open it."""

    def mark(view: View) -> View:
        setattr(view, _MARK, frozenset(roles))
        return view

    return mark


def takes_files(view: View) -> View:
    """Marks a view whose form may bring photographs: too large ones are refused by the view, which keeps what was typed."""
    setattr(view, _FILES, True)
    return view


def guard(app: Flask) -> None:
    """Checks every request for a staff page before its view runs."""
    app.before_request(_check)


def principal() -> Principal:
    """Who asks; only in views that are not open to anyone."""
    found = _principal()
    assert found is not None
    return found


def check_own_producer(producer_id: int) -> None:
    """404 for a producer that is not the account's own: that it exists is not told either."""
    if not principal().acts_for(producer_id):
        abort(404)


def _check() -> ResponseReturnValue | None:
    if request.endpoint is None or not is_staff_path(request.path):
        return None
    view = current_app.view_functions[request.endpoint]
    roles: frozenset[str] = getattr(view, _MARK, frozenset())
    _check_readable((*request.args.values(), request.path))
    if any(isinstance(value, int) and value > _LARGEST_ID for value in (request.view_args or {}).values()):
        abort(404)
    if ANYONE in roles:
        _check_readable(request.form.values())
        return None
    if getattr(view, _FILES, False):
        request.max_form_parts = MOST_PARTS
    who = _principal()
    if who is None:
        return _send_to_sign_in() if roles else abort(404)
    held = {SIGNED_IN, *who.staff, *([PRODUCER] if who.producers else [])}
    if not roles & held:
        _log.warning("account %s asked for %s, which is not for its roles", who.account_id, request.endpoint)
        abort(404)
    if getattr(view, _FILES, False):
        request.max_content_length = LARGEST_FORM
    _check_readable(text for name in request.form for text in request.form.getlist(name))
    if who.needs_second_factor and not _has_second_factor() and request.endpoint not in _BEFORE_SECOND_FACTOR:
        return redirect(url_for("account.second_factor", lang=choose_language()), 303)
    return None


# What office, inspectors and administrators may open before they have set up the second factor that they need.
_BEFORE_SECOND_FACTOR = frozenset({"account.second_factor", "account.enrol", "account.sign_out"})


def _check_readable(texts: Iterable[str]) -> None:
    """400 for a text with a NUL, which no person types and PostgreSQL cannot hold."""
    if any("\0" in text for text in texts):
        abort(400)


def _principal() -> Principal | None:
    opened = here().open
    return opened.principal if opened else None


def _was_ended() -> bool:
    around = services()
    token = request.cookies.get(cookie_name(around.settings), "")
    with reading(around.engine) as session:
        return was_ended(session, token)


def _has_second_factor() -> bool:
    opened = here().open
    return opened is not None and opened.second_factor


def _send_to_sign_in() -> ResponseReturnValue:
    """To the sign-in page, and from there back; only a path of ours is ever remembered."""
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        # A page's script asks. It must not take the place of the form that the person sends next. A phone whose session somebody
        # has ended is told apart from one whose session has run out: it must forget what it knows.
        abort(410 if request.path.startswith("/inspector") and _was_ended() else 401)
    waits = here().open is not None and here().open.waits_for_code  # type: ignore[union-attr]
    if request.method == "GET":
        here()["after"] = request.full_path.rstrip("?")[:500]
    elif not waits:
        keep_unsent()
    return redirect(url_for("account.code" if waits else "account.sign_in", lang=choose_language()), 303)
