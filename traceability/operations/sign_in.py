"""Signing in, sessions on the server, and what ends them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from traceability.domain import accounts as rules
from traceability.domain.accounts import Principal
from traceability.domain.errors import Refused
from traceability.models import Account, RecoveryCode, SignInFailure, WebSession
from traceability.models.audit import note
from traceability.operations.accounts import principal_of
from traceability.operations.secrets_kept import keyed_hash, matching_step, password_fits, token_hash, unseal

_ANONYMOUS_LASTS = timedelta(hours=1)
# Failures older than this count for nothing any more and are thrown away.
_FAILURES_KEPT = timedelta(hours=1)
# Of more failures than this within that time the audit trail tells the locks alone, so that a flood cannot fill it.
MOST_FAILURES_TOLD = 1000


@dataclass(frozen=True)
class OpenSession:
    """A session as a request finds it. `principal` only where every factor that the account needs was given."""

    id: int
    account_id: int | None
    content: dict[str, object]
    principal: Principal | None
    waits_for_code: bool = False
    second_factor: bool = False


def open_session(session: Session, token: str, *, now: datetime) -> OpenSession | None:
    """The session of a cookie's token, or None where it is unknown, ended, idle for too long, or too old."""
    row = session.scalar(select(WebSession).where(WebSession.token_hash == token_hash(token), WebSession.ended_at.is_(None)))
    if row is None:
        return None
    if row.account_id is None:
        return OpenSession(row.id, None, dict(row.content), None) if now - row.created_at < _ANONYMOUS_LASTS else None
    principal = principal_of(session, row.account_id)
    if principal is None:
        return None
    idle, absolute = (rules.IDLE, rules.ABSOLUTE) if principal.staff else (rules.IDLE_PRODUCER, rules.ABSOLUTE_PRODUCER)
    if now - row.last_seen_at >= idle or now - row.created_at >= absolute:
        return None
    passed = row.passed_at is not None
    account = session.get(Account, row.account_id)
    second_factor = account is not None and account.totp_confirmed_at is not None
    return OpenSession(
        row.id, row.account_id, dict(row.content), principal if passed else None, waits_for_code=not passed, second_factor=second_factor
    )


def account_of_token(session: Session, token: str) -> int | None:
    """Whose session a cookie's token was, also where it has ended."""
    return session.scalar(select(WebSession.account_id).where(WebSession.token_hash == token_hash(token))) if token else None


def was_ended(session: Session, token: str) -> bool:
    """Whether somebody ended the session of a cookie's token, or disabled its account; not whether it has merely run out."""
    row = session.scalar(select(WebSession).where(WebSession.token_hash == token_hash(token))) if token else None
    account = session.get(Account, row.account_id) if row and row.account_id else None
    return row is not None and (row.ended_at is not None or (account is not None and account.disabled_at is not None))


def save_session(
    session: Session, *, known: OpenSession | None, token: str, content: dict[str, object], browser: str, now: datetime
) -> None:
    """Stores what a request left in its session; a new one gets a row under the token's hash."""
    if known is None:
        row = WebSession(token_hash=token_hash(token), content=content, browser=browser[:200], created_at=now, last_seen_at=now)
        session.add(row)
        # What nobody signed in to is thrown away, so that robots cannot fill the table.
        session.execute(delete(WebSession).where(WebSession.account_id.is_(None), WebSession.created_at < now - _ANONYMOUS_LASTS))
    else:
        found = session.get(WebSession, known.id)
        if found is not None and found.ended_at is None:
            found.content, found.last_seen_at = content, now
    session.flush()


def sign_in(
    session: Session, *, login: str, password: str, token: str, browser: str, failure_key: bytes, allow_samples: bool, now: datetime
) -> OpenSession | None:
    """A new session for who gives the right password, or None; a code may still be needed.

    Sample accounts sign in only where `allow_samples`. Failures are counted by login, whether an account has it or not.
    Refused `sign_in_locked` after too many.
    """
    try:
        folded = rules.fold_login(login)
    except Refused:
        folded = login.casefold()[:254]
    login_hash = keyed_hash(failure_key, folded)
    _check_not_locked(session, login_hash, now)
    account = session.scalar(select(Account).where(Account.login == folded, Account.disabled_at.is_(None)))
    if account is not None and account.sample and not allow_samples:
        account = None
    if not password_fits(account.password_hash if account else None, password) or account is None:
        _count_failure(session, login_hash, account.id if account else None, "password", now)
        return None
    needs_code = account.totp_confirmed_at is not None
    begun = _begin(session, account.id, token=token, browser=browser, passed=not needs_code, now=now)
    note(session, "web_session", begun.id, {"account_id": account.id, "waits_for_code": needs_code})
    return begun


def give_code(session: Session, open_: OpenSession, code: str, *, totp_key: bytes, failure_key: bytes, token: str, now: datetime) -> bool:
    """The second factor: a code of the app, or a recovery code; each is good once. The session goes on under the new token.

    Refused `sign_in_locked`.
    """
    account = session.get(Account, open_.account_id, with_for_update={"key_share": True})
    assert account is not None
    login_hash = keyed_hash(failure_key, f"code {account.id}")
    _check_not_locked(session, login_hash, now)
    row = session.get(WebSession, open_.id)
    assert row is not None
    if _take_code(session, account, code, totp_key, now):
        row.passed_at, row.token_hash = now, token_hash(token)
        session.flush()
        note(session, "web_session", row.id, {"account_id": account.id, "waits_for_code": False}, change="update")
        return True
    _count_failure(session, login_hash, account.id, "code", now)
    return False


def end_session(session: Session, session_id: int, *, account_id: int, now: datetime) -> bool:
    """Ends one of an account's own sessions."""
    row = session.get(WebSession, session_id)
    if row is None or row.account_id != account_id:
        return False
    if row.ended_at is None:
        row.ended_at = now
        session.flush()
        note(session, "web_session", row.id, {"account_id": account_id, "ended": True}, change="update")
    return True


def list_sessions(session: Session, account_id: int) -> list[WebSession]:
    """An account's open sessions, the latest first."""
    rows = select(WebSession).where(WebSession.account_id == account_id, WebSession.ended_at.is_(None))
    return list(session.scalars(rows.order_by(WebSession.last_seen_at.desc())))


def _begin(session: Session, account_id: int, *, token: str, browser: str, passed: bool, now: datetime) -> OpenSession:
    """Always a session of its own, with a new token: one that somebody planted before sign-in gains nothing."""
    row = WebSession(
        token_hash=token_hash(token),
        account_id=account_id,
        passed_at=now if passed else None,
        content={},
        browser=browser[:200],
        created_at=now,
        last_seen_at=now,
    )
    session.add(row)
    session.flush()
    principal = principal_of(session, account_id)
    return OpenSession(row.id, account_id, {}, principal if passed else None, waits_for_code=not passed)


def _count_failure(session: Session, login_hash: bytes, account_id: int | None, step: str, now: datetime) -> None:
    """Counts a failure and notes it, with the same work whether an account has the login or not."""
    row = SignInFailure(login_hash=login_hash, at=now)
    session.add(row)
    session.execute(delete(SignInFailure).where(SignInFailure.at < now - _FAILURES_KEPT))
    session.flush()
    facts = {"account_id": account_id, "step": step}
    if _failures_lately(session, login_hash, now) >= rules.MOST_FAILURES:
        note(session, "sign_in_lock", row.id, {**facts, "minutes": _window_minutes()})
    elif (session.scalar(select(func.count(SignInFailure.id))) or 0) <= MOST_FAILURES_TOLD:
        note(session, "sign_in_failure", row.id, facts)


def _failures_lately(session: Session, login_hash: bytes, now: datetime) -> int:
    lately = select(func.count(SignInFailure.id)).where(
        SignInFailure.login_hash == login_hash, SignInFailure.at > now - rules.FAILURE_WINDOW
    )
    return session.scalar(lately) or 0


def _window_minutes() -> int:
    return int(rules.FAILURE_WINDOW.total_seconds() // 60)


def _check_not_locked(session: Session, login_hash: bytes, now: datetime) -> None:
    if _failures_lately(session, login_hash, now) >= rules.MOST_FAILURES:
        raise Refused("sign_in_locked", minutes=_window_minutes())


def _take_code(session: Session, account: Account, code: str, totp_key: bytes, now: datetime) -> bool:
    seed = unseal(totp_key, account.totp_seed) if account.totp_seed else None
    step = matching_step(seed, code, now) if seed else None
    if step is not None and step > (account.totp_last_step or 0):
        account.totp_last_step = step
        return True
    hashed = token_hash(code.replace("-", "").replace(" ", "").upper())
    spare = session.scalar(
        select(RecoveryCode).where(RecoveryCode.account_id == account.id, RecoveryCode.code_hash == hashed, RecoveryCode.used_at.is_(None))
    )
    if spare is None:
        return False
    spare.used_at = now
    return True
