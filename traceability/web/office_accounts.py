"""Accounts as office and administrators keep them."""

import secrets
from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from traceability.domain.accounts import PRODUCER_ROLES, STAFF_ROLES
from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.models.engine import reading
from traceability.operations.accounts import Invitation, invite
from traceability.operations.places import communes_of
from traceability.operations.staff_accounts import (
    SORTS,
    list_producers,
    make_account_reset,
    search_accounts,
    set_disabled,
    show_account,
    take_staff_role,
    turn_off_second_factor,
)
from traceability.web.access import here, open_to, principal
from traceability.web.acts import doing
from traceability.web.handing_over import hand_over
from traceability.web.languages import choose_language
from traceability.web.services import services
from traceability.web.unsent import take_unsent
from traceability.web.whole_lists import Rows, WholeList, list_as_file
from traceability.web.wording import role_name, word_done
from traceability.wording import word_refusal

office_accounts = Blueprint("office_accounts", __name__)
KEEPERS = ("office", "administrator")
_AT_ONCE = 500


@office_accounts.get("/office/accounts")
@open_to(*KEEPERS)
def list_all() -> ResponseReturnValue:
    """All accounts, with search, and the form that invites."""
    return _list()


@office_accounts.get("/office/accounts.<ending>")
@open_to(*KEEPERS)
def as_file(ending: str) -> ResponseReturnValue:
    """The accounts that the list shows, as XLSX or as CSV in a ZIP."""
    search, sort = _asked()
    who, roles = principal(), {role: role_name(role) for role in (*PRODUCER_ROLES, *STAFF_ROLES)}

    def rows(session: Session) -> Rows:
        page, more = 0, True
        while more:
            found, more = search_accounts(session, search, sort=sort, page=page, by=who, size=_AT_ONCE)
            for row in found:
                staff = [f"{roles[role]}, {commune}" if commune else roles[role] for role, commune in row.staff]
                told = [*staff, *(f"{roles[role]}: {producer}" for _, producer, role in row.producers)]
                yield (row.name, row.login, "; ".join(told), row.made_on, day_in_vietnam(row.disabled_at) if row.disabled_at else None)
            page += 1

    named = (("name", gettext("Name")), ("login", gettext("Login")), ("roles", gettext("Roles")))
    days = (("made_on", gettext("Since")), ("disabled", gettext("Disabled since")))
    return list_as_file("accounts", WholeList(gettext("Accounts"), (*named, *days), rows), ending, {"search": search} if search else {})


@office_accounts.post("/office/accounts/invite")
@open_to(*KEEPERS)
def send_invitation() -> ResponseReturnValue:
    """Makes a link by which a person becomes an inspector, a producer's member, or another part of the staff."""
    token = secrets.token_urlsafe(32)
    try:
        with doing("invite") as session:
            login = invite(session, _invitation(), token=token, by=principal(), now=services().clock()).login
    except Refused as refused:
        return _list(problem=word_refusal(refused)), 400
    return hand_over(login, token, "invitation", back=url_for("office_accounts.list_all", lang=choose_language())), 201


@office_accounts.get("/office/accounts/<int:account_id>")
@open_to(*KEEPERS)
def show(account_id: int) -> ResponseReturnValue:
    """One account and what can be done with it."""
    return _account(account_id)


@office_accounts.post("/office/accounts/<int:account_id>/disable")
@open_to(*KEEPERS)
def disable(account_id: int) -> ResponseReturnValue:
    """Keeps the account out, from now on."""
    by, now = principal(), services().clock()
    return _do(account_id, "disable_account", lambda session: set_disabled(session, account_id, disabled=True, by=by, now=now))


@office_accounts.post("/office/accounts/<int:account_id>/enable")
@open_to(*KEEPERS)
def enable(account_id: int) -> ResponseReturnValue:
    """Lets it in again."""
    by, now = principal(), services().clock()
    return _do(account_id, "enable_account", lambda session: set_disabled(session, account_id, disabled=False, by=by, now=now))


@office_accounts.post("/office/accounts/<int:account_id>/roles/remove")
@open_to(*KEEPERS)
def remove_role(account_id: int) -> ResponseReturnValue:
    """Takes one staff role away."""
    role, by = request.form.get("role", ""), principal()
    return _do(account_id, "take_staff_role", lambda session: take_staff_role(session, account_id, role, by=by))


@office_accounts.post("/office/accounts/<int:account_id>/second-factor/off")
@open_to(*KEEPERS)
def remove_second_factor(account_id: int) -> ResponseReturnValue:
    """Turns a lost second factor off."""
    by, now = principal(), services().clock()
    return _do(account_id, "turn_off_second_factor", lambda session: turn_off_second_factor(session, account_id, by=by, now=now))


@office_accounts.post("/office/accounts/<int:account_id>/reset")
@open_to(*KEEPERS)
def reset(account_id: int) -> ResponseReturnValue:
    """Makes a link by which the person sets a new password."""
    token = secrets.token_urlsafe(32)
    try:
        with doing("make_reset_link") as session:
            login = make_account_reset(session, account_id, token=token, by=principal(), now=services().clock()).login
    except NotFound:
        raise
    except Refused as refused:
        return _account(account_id, problem=word_refusal(refused)), 400
    return hand_over(login, token, "reset", back=_address(account_id)), 201


def _do(account_id: int, act: str, operation: Callable[[Session], None]) -> ResponseReturnValue:
    """One act, then the account again, which says that it is done; or why not."""
    try:
        with doing(act) as session:
            operation(session)
    except NotFound:
        raise
    except Refused as refused:
        return _account(account_id, problem=word_refusal(refused)), 400
    here()["done"] = act
    return redirect(_address(account_id), 303)


def _address(account_id: int) -> str:
    return url_for("office_accounts.show", account_id=account_id, lang=choose_language())


def _invitation() -> Invitation:
    """What the form asks for: a role of the staff, or one of a producer's."""
    fields = request.form
    role, producer = fields.get("role", ""), fields.get("producer", "")
    login = fields.get("login", "")
    if role in PRODUCER_ROLES:
        # Longer numbers are no ids, and too long for a database.
        is_number = producer.isascii() and producer.isdigit() and len(producer) < 10
        return Invitation(login, producer_id=int(producer) if is_number else 0, member_role=role)
    return Invitation(login, staff_role=role, commune_code=fields.get("commune") or None if role == "inspector" else None)


def _asked() -> tuple[str, str]:
    sort = request.args.get("sort", "")
    return request.args.get("search", "").strip()[:100], sort if sort in SORTS else SORTS[0]


def _list(problem: str | None = None) -> str:
    search, sort = _asked()
    page = min(max(request.args.get("page", 0, type=int), 0), 10_000)
    who = principal()
    fields: Mapping[str, str] = request.form or take_unsent() or {}
    with reading(services().engine) as session:
        rows, more = search_accounts(session, search, sort=sort, page=page, by=who)
        producers = list_producers(session)
    return render_template(
        "staff/accounts.html",
        rows=rows,
        more=more,
        search=search,
        sort=sort,
        page=page,
        producers=producers,
        communes=communes_of("15"),
        roles=[*PRODUCER_ROLES[::-1], *(STAFF_ROLES if "administrator" in who.staff else STAFF_ROLES[:1])],
        problem=problem,
        opened=bool(fields),
        fields=fields,
    )


def _account(account_id: int, problem: str | None = None) -> str:
    with reading(services().engine) as session:
        row = show_account(session, account_id, by=principal())
    return render_template("staff/account.html", row=row, problem=problem, done=word_done(here().pop("done", None)))
