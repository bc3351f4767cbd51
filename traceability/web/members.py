"""A producer's members: everybody of the producer sees them, its managers invite, change and remove them."""

import secrets
from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from traceability.domain.accounts import PRODUCER_ROLES
from traceability.domain.errors import NotFound, Refused
from traceability.models.engine import reading
from traceability.operations.accounts import Invitation, invite, remove_member
from traceability.operations.members import change_member_role, list_members, make_member_reset, withdraw_invitation
from traceability.web.access import PRODUCER, check_own_producer, here, open_to, principal
from traceability.web.acts import doing
from traceability.web.handing_over import hand_over
from traceability.web.languages import choose_language
from traceability.web.services import services
from traceability.web.unsent import take_unsent
from traceability.web.wording import word_done
from traceability.wording import word_refusal

members = Blueprint("members", __name__)


@members.get("/producer/<int:producer_id>/members")
@open_to(PRODUCER)
def list_all(producer_id: int) -> ResponseReturnValue:
    """Who acts for the producer; for managers also what can be done about it."""
    check_own_producer(producer_id)
    return _page(producer_id)


@members.post("/producer/<int:producer_id>/members/invite")
@open_to(PRODUCER)
def send_invitation(producer_id: int) -> ResponseReturnValue:
    """Makes a link by which a person becomes a member."""
    check_own_producer(producer_id)
    token, fields = secrets.token_urlsafe(32), request.form
    entry = Invitation(fields.get("login", ""), producer_id=producer_id, member_role=fields.get("role", ""))
    try:
        with doing("invite") as session:
            login = invite(session, entry, token=token, by=principal(), now=services().clock()).login
    except Refused as refused:
        return _refusal(producer_id, refused)
    return hand_over(login, token, "invitation", back=_address(producer_id)), 201


@members.post("/producer/<int:producer_id>/invitations/<int:link_id>/withdraw")
@open_to(PRODUCER)
def withdraw(producer_id: int, link_id: int) -> ResponseReturnValue:
    """Makes an invitation that was not used good for nothing."""
    check_own_producer(producer_id)
    by, now = principal(), services().clock()
    return _do(producer_id, "withdraw_invitation", lambda session: withdraw_invitation(session, link_id, producer_id, by=by, now=now))


@members.post("/producer/<int:producer_id>/members/<int:account_id>/role")
@open_to(PRODUCER)
def change_role(producer_id: int, account_id: int) -> ResponseReturnValue:
    """Makes a member a manager, or a manager a member."""
    check_own_producer(producer_id)
    role, by = request.form.get("role", ""), principal()
    return _do(producer_id, "change_member_role", lambda session: change_member_role(session, account_id, producer_id, role, by=by))


@members.post("/producer/<int:producer_id>/members/<int:account_id>/remove")
@open_to(PRODUCER)
def remove(producer_id: int, account_id: int) -> ResponseReturnValue:
    """Ends a membership at once."""
    check_own_producer(producer_id)
    by, now = principal(), services().clock()
    return _do(producer_id, "remove_member", lambda session: remove_member(session, account_id, producer_id, by=by, now=now))


@members.post("/producer/<int:producer_id>/members/<int:account_id>/reset")
@open_to(PRODUCER)
def reset(producer_id: int, account_id: int) -> ResponseReturnValue:
    """Makes a link by which a member sets a new password."""
    check_own_producer(producer_id)
    token = secrets.token_urlsafe(32)
    try:
        with doing("make_reset_link") as session:
            now = services().clock()
            login = make_member_reset(session, account_id, producer_id, token=token, by=principal(), now=now).login
    except Refused as refused:
        return _refusal(producer_id, refused)
    return hand_over(login, token, "reset", back=_address(producer_id)), 201


def _do(producer_id: int, act: str, operation: Callable[[Session], None]) -> ResponseReturnValue:
    """One act, then the list again, which says that it is done; or why not."""
    try:
        with doing(act) as session:
            operation(session)
    except Refused as refused:
        return _refusal(producer_id, refused)
    here()["done"] = act
    return redirect(_address(producer_id), 303)


def _refusal(producer_id: int, refused: Refused) -> ResponseReturnValue:
    return _page(producer_id, problem=word_refusal(refused)), 404 if isinstance(refused, NotFound) else 400


def _address(producer_id: int) -> str:
    return url_for("members.list_all", producer_id=producer_id, lang=choose_language())


def _page(producer_id: int, problem: str | None = None) -> str:
    around = services()
    fields: Mapping[str, str] = request.form or take_unsent() or {}
    with reading(around.engine) as session:
        shown = list_members(session, producer_id, by=principal(), now=around.clock())
    return render_template(
        "account/members.html",
        shown=shown,
        manages=principal().manages(producer_id),
        roles=PRODUCER_ROLES,
        problem=problem,
        done=word_done(here().pop("done", None)),
        login=fields.get("login", ""),
        role=fields.get("role", "member"),
    )
