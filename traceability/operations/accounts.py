"""Accounts: made, invited, joined, removed; passwords set and reset."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from traceability.domain.accounts import LINK_LASTS, PRODUCER_ROLES, STAFF_ROLES, Principal, check_password, fold_login
from traceability.domain.errors import NotFound, Refused
from traceability.models import Account, Link, Membership, Producer, RecoveryCode, StaffRole, WebSession
from traceability.models.audit import note
from traceability.operations.places import check_place
from traceability.operations.secrets_kept import common_passwords, hash_password, password_fits, token_hash


@dataclass(frozen=True)
class Invitation:
    """What an invitation gives: membership of a producer, or a staff role (an inspector's may be bounded to a commune)."""

    login: str
    producer_id: int | None = None
    member_role: str | None = None
    staff_role: str | None = None
    commune_code: str | None = None


def principal_of(session: Session, account_id: int) -> Principal | None:
    """An account with its roles as they are now, or None where it is gone or disabled."""
    account = session.get(Account, account_id)
    if account is None or account.disabled_at is not None:
        return None
    commune = next((role.commune_code for role in account.staff_roles if role.role == "inspector"), None)
    return Principal(
        account_id=account.id,
        name=account.name,
        staff=frozenset(role.role for role in account.staff_roles),
        producers={row.producer_id: row.role for row in account.memberships if row.ended_at is None},
        commune_code=commune,
    )


def create_account(
    session: Session, *, login: str, name: str, password: str | None, staff_role: str | None = None, sample: bool = False, now: datetime
) -> Account:
    """An account. Refused: `login`, `login_taken`, `name_empty`, `staff_role`, those of passwords."""
    login = fold_login(login)
    if not name.strip():
        raise Refused("name_empty")
    if staff_role is not None and staff_role not in STAFF_ROLES:
        raise Refused("staff_role", role=staff_role)
    if session.scalar(select(Account.id).where(Account.login == login)):
        raise Refused("login_taken", login=login)
    checked = check_password(password, common_passwords(), own_words=(login, name)) if password is not None else None
    account = Account(
        login=login, name=name.strip(), password_hash=hash_password(checked) if checked else None, sample=sample, created_at=now
    )
    session.add(account)
    session.flush()
    if staff_role:
        add_staff_role(session, account.id, staff_role, None, now=now)
    return account


def add_staff_role(session: Session, account_id: int, role: str, commune_code: str | None, *, now: datetime) -> None:
    """Gives a role; one that is there already stays. Refused: `staff_role`, those of places."""
    if role not in STAFF_ROLES:
        raise Refused("staff_role", role=role)
    if session.scalar(select(StaffRole.id).where(StaffRole.account_id == account_id, StaffRole.role == role)) is None:
        session.add(StaffRole(account_id=account_id, role=role, commune_code=commune_code, since=now))
        session.flush()


def add_member(session: Session, account_id: int, producer_id: int, role: str, *, now: datetime) -> Membership:
    """Makes an account a member; one that is a member already takes the role. Refused `member_role`; NotFound `producer_missing`."""
    if role not in PRODUCER_ROLES:
        raise Refused("member_role", role=role)
    if session.get(Producer, producer_id) is None:
        raise NotFound("producer_missing", producer=producer_id)
    membership = current_membership(session, account_id, producer_id)
    if membership is None:
        membership = Membership(account_id=account_id, producer_id=producer_id, role=role, since=now)
        session.add(membership)
    membership.role = role
    session.flush()
    return membership


def remove_member(session: Session, account_id: int, producer_id: int, *, by: Principal, now: datetime) -> None:
    """Ends a membership from now on, also in sessions that are open. Refused: `not_manager`, `last_manager`; NotFound `not_member`."""
    if not by.manages(producer_id):
        raise Refused("not_manager")
    membership = current_membership(session, account_id, producer_id)
    if membership is None:
        raise NotFound("not_member")
    check_other_manager(session, membership)
    membership.ended_at = now
    session.flush()


def check_other_manager(session: Session, membership: Membership) -> None:
    """Refused `last_manager` where nobody else would be left to invite and remove members."""
    # Two managers who remove each other at once wait for one another here.
    session.get(Producer, membership.producer_id, with_for_update={"key_share": True})
    others = select(Membership.id).where(
        Membership.producer_id == membership.producer_id,
        Membership.role == "manager",
        Membership.ended_at.is_(None),
        Membership.id != membership.id,
    )
    if membership.role == "manager" and session.scalar(others.limit(1)) is None:
        raise Refused("last_manager")


def invite(session: Session, entry: Invitation, *, token: str, by: Principal, now: datetime) -> Link:
    """A link that makes its bearer a member or staff. Refused: `login`, `not_manager`, `not_office`, `invitation_empty`, …"""
    login = fold_login(entry.login)
    if (entry.producer_id is None) == (entry.staff_role is None):
        raise Refused("invitation_empty")
    if entry.staff_role is not None:
        if entry.staff_role not in STAFF_ROLES:
            raise Refused("staff_role", role=entry.staff_role)
        if entry.commune_code is not None:
            check_place("15", entry.commune_code)
    elif entry.member_role not in PRODUCER_ROLES:
        raise Refused("member_role", role=entry.member_role)
    elif session.get(Producer, entry.producer_id) is None:
        raise NotFound("producer_missing", producer=entry.producer_id)
    _check_may_invite(by, producer_id=entry.producer_id, staff_role=entry.staff_role)
    link = Link(
        token_hash=token_hash(token),
        purpose="invitation",
        login=login,
        producer_id=entry.producer_id,
        member_role=entry.member_role,
        staff_role=entry.staff_role,
        commune_code=entry.commune_code,
        made_by=by.account_id,
        made_at=now,
        expires_at=now + LINK_LASTS,
    )
    session.add(link)
    session.flush()
    return link


def make_reset(session: Session, login: str, *, token: str, by: Principal | None, now: datetime) -> Link | None:
    """A link that sets a new password; None where no account has the login, of which the one who asks is told nothing.

    `by` None is the command line, or the person itself by mail. Refused: those of `check_may_reset`.
    """
    account = session.scalar(select(Account).where(Account.login == fold_login(login), Account.disabled_at.is_(None)))
    if account is None:
        return None
    if by is not None:
        check_may_reset(account, by)
    link = Link(
        token_hash=token_hash(token),
        purpose="reset",
        account_id=account.id,
        login=account.login,
        made_by=by.account_id if by else None,
        made_at=now,
        expires_at=now + LINK_LASTS,
    )
    session.add(link)
    session.flush()
    return link


def check_may_reset(account: Account, by: Principal) -> None:
    """Who may set another's password holds no less than that account. Refused: `not_oneself`, `reset_by_office`, `not_administrator`.

    A manager may where the account belongs to the manager's producer alone and is no staff; the office for all but its own kind.
    """
    if account.id == by.account_id:
        raise Refused("not_oneself")
    staff = {row.role for row in account.staff_roles}
    if "administrator" in by.staff:
        return
    if "office" in by.staff:
        if staff - {"inspector"}:
            raise Refused("not_administrator")
        return
    producers = {row.producer_id for row in account.memberships if row.ended_at is None}
    if staff or len(producers) != 1 or not by.manages(*producers):
        raise Refused("reset_by_office")


def find_link(session: Session, token: str, now: datetime) -> Link:
    """A link that is still good. Refused `link_dead` for one that is unknown, used or too old, told apart for nobody.

    A link also dies with the right of whoever made it.
    """
    link = session.scalar(select(Link).where(Link.token_hash == token_hash(token)).with_for_update(key_share=True))
    if link is None or link.used_at is not None or now >= link.expires_at or not _maker_still_may(session, link):
        raise Refused("link_dead")
    return link


def use_link(session: Session, token: str, *, name: str, password: str, now: datetime) -> Account:
    """Joins by an invitation, or sets a new password by a reset; the link is used up, and all other sessions end.

    An invitation to a login that has an account is not a way to set its password: Refused `sign_in_first`.
    """
    link = find_link(session, token, now)
    if link.purpose == "reset":
        account = session.get_one(Account, link.account_id)
        set_password(session, account, password, now=now)
    else:
        if session.scalar(select(Account.id).where(Account.login == link.login)):
            raise Refused("sign_in_first")
        account = create_account(session, login=link.login, name=name, password=password, now=now)
        _grant(session, account.id, link, now)
    link.used_at = now
    session.flush()
    return account


def accept_invitation(session: Session, token: str, *, by: Principal, now: datetime) -> None:
    """Adds an invitation's role to the account that is signed in, if it was meant for it. Refused: `link_dead`, `link_of_another`."""
    link = find_link(session, token, now)
    account = session.get(Account, by.account_id)
    assert account is not None
    if link.purpose != "invitation" or account.login != link.login:
        raise Refused("link_of_another")
    _grant(session, account.id, link, now)
    link.used_at = now
    session.flush()


def set_password(session: Session, account: Account, password: str, *, now: datetime, keep_session: int | None = None) -> None:
    """Sets a password and ends all sessions but one."""
    checked = check_password(password, common_passwords(), own_words=(account.login, account.name))
    account.password_hash = hash_password(checked)
    session.flush()
    end_sessions(session, account.id, now=now, keep_session=keep_session)


def end_sessions(session: Session, account_id: int, *, now: datetime, keep_session: int | None = None) -> None:
    """Ends all of an account's sessions but one."""
    ended = update(WebSession).where(WebSession.account_id == account_id, WebSession.ended_at.is_(None))
    if keep_session is not None:
        ended = ended.where(WebSession.id != keep_session)
    done = session.execute(ended.values(ended_at=now).returning(WebSession.id)).scalars().all()
    for session_id in done:
        note(session, "web_session", session_id, {"account_id": account_id, "ended": True}, change="update")


def change_password(session: Session, account_id: int, *, current: str, new: str, keep_session: int, now: datetime) -> None:
    """Sets a new password for who knows the current one. Refused `password_wrong` and those of passwords."""
    account = session.get_one(Account, account_id)
    if not password_fits(account.password_hash, current):
        raise Refused("password_wrong")
    set_password(session, account, new, now=now, keep_session=keep_session)


def set_second_factor(
    session: Session, account_id: int, *, current: str, sealed: bytes, codes: list[str], step: int, keep_session: int, now: datetime
) -> None:
    """Turns the second factor on and ends all other sessions; `codes` are the new recovery codes, of which only hashes are kept.

    One that is on already is only exchanged by who knows the password. Refused `password_wrong`.
    """
    account = session.get_one(Account, account_id)
    if account.totp_confirmed_at is not None and not password_fits(account.password_hash, current):
        raise Refused("password_wrong")
    end_sessions(session, account.id, now=now, keep_session=keep_session)
    account.totp_seed, account.totp_confirmed_at, account.totp_last_step = sealed, now, step
    for row in session.scalars(select(RecoveryCode).where(RecoveryCode.account_id == account.id)):
        session.delete(row)
    session.flush()
    session.add_all(RecoveryCode(account_id=account.id, code_hash=token_hash(code)) for code in codes)
    session.flush()


def make_recovery_codes(random: Callable[[int], bytes]) -> list[str]:
    """Ten codes of 120 random bits, in base32 without look-alikes: long enough to be kept under a plain hash."""
    from_number = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return ["".join(from_number[byte & 31] for byte in random(24)) for _ in range(10)]


def _grant(session: Session, account_id: int, link: Link, now: datetime) -> None:
    if link.staff_role:
        add_staff_role(session, account_id, link.staff_role, link.commune_code, now=now)
    elif link.producer_id is not None and link.member_role:
        add_member(session, account_id, link.producer_id, link.member_role, now=now)


def _check_may_invite(by: Principal, *, producer_id: int | None, staff_role: str | None) -> None:
    if producer_id is not None:
        if not by.manages(producer_id) and not by.staff & {"office", "administrator"}:
            raise Refused("not_manager")
    # The office keeps inspectors and producers; whoever can make administrators must be one.
    elif "administrator" not in by.staff and not ("office" in by.staff and staff_role == "inspector"):
        raise Refused("not_office")


def _maker_still_may(session: Session, link: Link) -> bool:
    """Whether whoever made a link could make it now: a manager who was removed leaves no way in."""
    account = session.get(Account, link.account_id) if link.account_id is not None else None
    if account is not None and account.disabled_at is not None:
        return False
    if link.made_by is None:
        return True
    by = principal_of(session, link.made_by)
    if by is None:
        return False
    try:
        if account is not None:
            check_may_reset(account, by)
        else:
            _check_may_invite(by, producer_id=link.producer_id, staff_role=link.staff_role)
    except Refused:
        return False
    return True


def current_membership(session: Session, account_id: int, producer_id: int) -> Membership | None:
    """An account's membership of a producer as it is now."""
    return session.scalar(
        select(Membership).where(Membership.account_id == account_id, Membership.producer_id == producer_id, Membership.ended_at.is_(None))
    )
