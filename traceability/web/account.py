"""Signing in and out, one's own sessions, password and second factor, and links that were handed over."""

import os
import secrets
from textwrap import wrap
from urllib.parse import urlsplit

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from traceability.domain.errors import Refused
from traceability.models.engine import reading
from traceability.operations.accounts import accept_invitation, change_password, find_link, make_recovery_codes, set_second_factor, use_link
from traceability.operations.own_account import own_account
from traceability.operations.secrets_kept import enrolment_address, matching_step, new_seed, seal
from traceability.operations.sign_in import end_session, give_code, list_sessions
from traceability.operations.sign_in import sign_in as begin_session
from traceability.qr.symbol import encode
from traceability.web.access import ANYONE, SIGNED_IN, here, open_to, principal
from traceability.web.acts import doing
from traceability.web.languages import choose_language
from traceability.web.limits import limited
from traceability.web.services import services
from traceability.wording import word_refusal

account = Blueprint("account", __name__)


@account.get("/account/sign-in")
@open_to(ANYONE)
def sign_in() -> ResponseReturnValue:
    """The form."""
    return render_template("account/sign_in.html")


@account.post("/account/sign-in")
@open_to(ANYONE)
@limited("account/sign_in.html")
def try_to_sign_in() -> ResponseReturnValue:
    """Begins a session for the right login and password; what is wrong is not told."""
    around, fields = services(), request.form
    token, after = secrets.token_urlsafe(32), here().get("after")
    try:
        with doing("sign_in") as session:
            before = here().open
            opened = begin_session(
                session,
                login=fields.get("login", ""),
                password=fields.get("password", ""),
                token=token,
                browser=request.headers.get("User-Agent", ""),
                failure_key=around.secret.key_for("sign-in failures"),
                allow_samples=around.settings.test_mode,
                now=around.clock(),
            )
            if opened is not None and before is not None and before.account_id is not None:
                end_session(session, before.id, account_id=before.account_id, now=around.clock())
    except Refused as refused:
        return render_template("account/sign_in.html", problem=word_refusal(refused), login=fields.get("login", "")), 429
    if opened is None:
        problem = gettext("Login and password do not fit. Check both; capitals and small letters count.")
        return render_template("account/sign_in.html", problem=problem, login=fields.get("login", "")), 400
    here().begin(opened, token)
    if after:
        here()["after"] = after
    return redirect(url_for("account.code", lang=choose_language()) if opened.waits_for_code else _after(), 303)


@account.get("/account/code")
@open_to(ANYONE)
def code() -> ResponseReturnValue:
    """Asks for the second factor."""
    opened = here().open
    if opened is None or not opened.waits_for_code:
        return redirect(url_for("account.sign_in", lang=choose_language()), 303)
    return render_template("account/code.html")


@account.post("/account/code")
@open_to(ANYONE)
@limited("account/code.html")
def try_code() -> ResponseReturnValue:
    """Takes a code of the app, or a recovery code."""
    around, opened = services(), here().open
    if opened is None or not opened.waits_for_code:
        return redirect(url_for("account.sign_in", lang=choose_language()), 303)
    token = secrets.token_urlsafe(32)
    keys = {"totp_key": around.secret.key_for("second factor"), "failure_key": around.secret.key_for("sign-in failures")}
    try:
        with doing("give_code") as session:
            passed = give_code(session, opened, request.form.get("code", ""), **keys, token=token, now=around.clock())
    except Refused as refused:
        return render_template("account/code.html", problem=word_refusal(refused)), 429
    if not passed:
        return render_template(
            "account/code.html", problem=gettext("This code does not fit. Wait for the next one, or use a recovery code.")
        ), 400
    here().renew(token)
    return redirect(_after(), 303)


@account.post("/account/sign-out")
@open_to(SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    """Ends this session."""
    around, opened = services(), here().open
    assert opened is not None and opened.account_id is not None
    with doing("sign_out") as session:
        end_session(session, opened.id, account_id=opened.account_id, now=around.clock())
    here().ended = True
    answer = make_response(redirect(url_for("account.sign_in", lang=choose_language()), 303))
    # What was typed without network may still lie in the browser, which others use too.
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


@account.get("/account")
@open_to(SIGNED_IN)
def overview() -> ResponseReturnValue:
    """One's own account: sessions, password, second factor."""
    return _overview()


@account.post("/account/sessions/<int:session_id>/end")
@open_to(SIGNED_IN)
def end_one_session(session_id: int) -> ResponseReturnValue:
    """Ends one of one's own sessions; somebody else's answers 404."""
    around = services()
    with doing("end_session") as session:
        ended = end_session(session, session_id, account_id=principal().account_id, now=around.clock())
    if not ended:
        return render_template("public/error.html", title=gettext("Not found"), sentence=gettext("There is no such session.")), 404
    return redirect(url_for("account.overview", lang=choose_language()), 303)


@account.post("/account/password")
@open_to(SIGNED_IN)
def set_new_password() -> ResponseReturnValue:
    """Sets a new password; all other sessions end."""
    around, opened = services(), here().open
    assert opened is not None
    try:
        with doing("change_password") as session:
            words = {"current": request.form.get("current", ""), "new": request.form.get("new", "")}
            change_password(session, principal().account_id, **words, keep_session=opened.id, now=around.clock())
    except Refused as refused:
        return _overview(problem=word_refusal(refused)), 400
    return _overview(done=gettext("The password is changed, and all other sessions are ended."))


@account.get("/account/second-factor")
@open_to(SIGNED_IN)
def second_factor() -> ResponseReturnValue:
    """Shows a seed for an authenticator app, which is kept in the session until a code proves that the app has it."""
    seed = here().setdefault("seed", new_seed())
    here().modified = True
    return _enrolment(str(seed))


@account.post("/account/second-factor")
@open_to(SIGNED_IN)
def enrol() -> ResponseReturnValue:
    """Turns the second factor on and shows the recovery codes once."""
    around, seed = services(), str(here().get("seed", ""))
    step = matching_step(seed, request.form.get("code", ""), around.clock()) if seed else None
    if step is None:
        return _enrolment(seed or new_seed(), problem=gettext("This code does not fit. Wait for the next one and type it here.")), 400
    codes, opened = make_recovery_codes(os.urandom), here().open
    assert opened is not None
    sealed, current = seal(around.secret.key_for("second factor"), os.urandom(12), seed), request.form.get("current", "")
    new = {"sealed": sealed, "codes": codes, "step": step, "keep_session": opened.id}
    try:
        with doing("set_second_factor") as session:
            set_second_factor(session, principal().account_id, current=current, **new, now=around.clock())  # type: ignore[arg-type]
    except Refused as refused:
        return _enrolment(seed, problem=word_refusal(refused)), 400
    here().pop("seed", None)
    return render_template("account/recovery_codes.html", codes=["-".join(wrap(text, 6)) for text in codes])


@account.get("/link/<token>")
@open_to(ANYONE)
def link(token: str) -> ResponseReturnValue:
    """What a link is for, and the form that uses it."""
    try:
        with reading(services().engine) as session:
            found = find_link(session, token, services().clock())
            purpose, login = found.purpose, found.login
    except Refused as refused:
        return render_template("public/error.html", title=gettext("This link is not good any more"), sentence=word_refusal(refused)), 404
    return render_template("account/link.html", purpose=purpose, login=login, token=token, signed_in=_is_signed_in())


@account.post("/link/<token>")
@open_to(ANYONE)
@limited("account/limit.html")
def follow_link(token: str) -> ResponseReturnValue:
    """Joins, or sets a new password. The link is used up by it."""
    around, fields = services(), request.form
    accepts = fields.get("act") == "accept" and _is_signed_in()
    try:
        with doing("accept_invitation" if accepts else "use_link") as session:
            if accepts:
                accept_invitation(session, token, by=principal(), now=around.clock())
            else:
                use_link(session, token, name=fields.get("name", "-"), password=fields.get("password", ""), now=around.clock())
    except Refused as refused:
        with reading(around.engine) as session:
            try:
                found = find_link(session, token, around.clock())
            except Refused as dead:
                return render_template(
                    "public/error.html", title=gettext("This link is not good any more"), sentence=word_refusal(dead)
                ), 404
        asked = {"purpose": found.purpose, "login": found.login, "token": token, "name": fields.get("name", "")}
        return render_template("account/link.html", problem=word_refusal(refused), signed_in=_is_signed_in(), **asked), 400
    return redirect(url_for("account.overview" if _is_signed_in() else "account.sign_in", lang=choose_language()), 303)


def _is_signed_in() -> bool:
    opened = here().open
    return opened is not None and opened.principal is not None


def _overview(problem: str | None = None, done: str | None = None) -> str:
    opened = here().open
    assert opened is not None
    with reading(services().engine) as session:
        facts = own_account(session, principal())
        rows = [(row.id, row.browser, row.last_seen_at, row.id == opened.id) for row in list_sessions(session, principal().account_id)]
    return render_template("account/overview.html", own=facts, rows=rows, problem=problem, done=done)


def _enrolment(seed: str, problem: str | None = None) -> str:
    with reading(services().engine) as session:
        login = own_account(session, principal()).login
    symbol = encode(enrolment_address(seed, login, services().settings.public_host.lower()), max_version=20)
    opened, needed = here().open, principal().needs_second_factor
    is_on = opened is not None and opened.second_factor
    return render_template("account/second_factor.html", seed=seed, symbol=symbol, problem=problem, needed=needed, is_on=is_on)


def _after() -> str:
    """Where the person wanted to go. Only a path of ours was ever remembered, and it is checked again."""
    wanted = str(here().pop("after", ""))
    parts = urlsplit(wanted)
    if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme:
        return wanted
    return url_for("staff.home", lang=choose_language())
