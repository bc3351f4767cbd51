"""A producer's members: listed, their roles changed, their invitations withdrawn, their passwords reset."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain.accounts import PRODUCER_ROLES, Principal
from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.models import Account, Link, Membership, Producer
from traceability.operations.accounts import check_may_reset, check_other_manager, current_membership, make_reset


@dataclass(frozen=True)
class MemberRow:
    """One member as the list shows it. `resettable`: whoever asks may make a link for a new password."""

    account_id: int
    name: str
    login: str
    role: str
    since: date
    oneself: bool
    resettable: bool


@dataclass(frozen=True)
class InvitationRow:
    """An invitation that was not used yet."""

    id: int
    login: str
    role: str
    until: datetime


@dataclass(frozen=True)
class Members:
    """A producer's members by name and, for managers, its open invitations."""

    producer_id: int
    producer_name: str
    rows: tuple[MemberRow, ...]
    invitations: tuple[InvitationRow, ...]


def list_members(session: Session, producer_id: int, *, by: Principal, now: datetime) -> Members:
    """Who acts for a producer."""
    producer = session.get_one(Producer, producer_id)
    found = session.execute(
        select(Membership, Account)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.producer_id == producer_id, Membership.ended_at.is_(None))
        .order_by(Account.name, Account.id)
    )
    rows = (_row(membership, account, by) for membership, account in found)
    open_links = select(Link).where(
        Link.producer_id == producer_id, Link.purpose == "invitation", Link.used_at.is_(None), Link.expires_at > now
    )
    invitations = session.scalars(open_links.order_by(Link.id)) if by.manages(producer_id) else ()
    shown = (InvitationRow(row.id, row.login, row.member_role or "", row.expires_at) for row in invitations)
    return Members(producer_id, producer.name, tuple(rows), tuple(shown))


def withdraw_invitation(session: Session, link_id: int, producer_id: int, *, by: Principal, now: datetime) -> None:
    """From now on the invitation is good for nothing. Refused: `not_manager`; NotFound `invitation_missing`."""
    if not by.manages(producer_id):
        raise Refused("not_manager")
    link = session.get(Link, link_id, with_for_update={"key_share": True})
    if (
        link is None
        or link.purpose != "invitation"
        or link.producer_id != producer_id
        or link.used_at is not None
        or link.expires_at <= now
    ):
        raise NotFound("invitation_missing")
    link.expires_at = now
    session.flush()


def change_member_role(session: Session, account_id: int, producer_id: int, role: str, *, by: Principal) -> None:
    """Makes a member a manager or the other way. Refused: `not_manager`, `member_role`, `last_manager`; NotFound `not_member`."""
    if not by.manages(producer_id):
        raise Refused("not_manager")
    if role not in PRODUCER_ROLES:
        raise Refused("member_role", role=role)
    membership = current_membership(session, account_id, producer_id)
    if membership is None:
        raise NotFound("not_member")
    if role != "manager":
        check_other_manager(session, membership)
    membership.role = role
    session.flush()


def make_member_reset(session: Session, account_id: int, producer_id: int, *, token: str, by: Principal, now: datetime) -> Link:
    """A link for a member's new password. Refused: `not_manager`, those of `check_may_reset`; NotFound `not_member`."""
    if not by.manages(producer_id):
        raise Refused("not_manager")
    if current_membership(session, account_id, producer_id) is None:
        raise NotFound("not_member")
    link = make_reset(session, session.get_one(Account, account_id).login, token=token, by=by, now=now)
    if link is None:
        raise Refused("account_disabled")
    return link


def _row(membership: Membership, account: Account, by: Principal) -> MemberRow:
    resettable = _is_resettable(account, membership.producer_id, by)
    oneself = account.id == by.account_id
    return MemberRow(account.id, account.name, account.login, membership.role, day_in_vietnam(membership.since), oneself, resettable)


def _is_resettable(account: Account, producer_id: int, by: Principal) -> bool:
    if not by.manages(producer_id) or account.disabled_at is not None:
        return False
    try:
        check_may_reset(account, by)
    except Refused:
        return False
    return True
