"""What office and administrators do with accounts: find, disable, take roles away, help whoever lost a password or a phone.

One rule for all of it: nobody touches their own account so, and the office none of office and administrators.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from traceability.domain.accounts import Principal
from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.models import Account, Link, Membership, Producer, RecoveryCode, StaffRole
from traceability.operations.accounts import check_may_reset, end_sessions, make_reset, principal_of
from traceability.operations.places import place_names

SORTS = ("name", "login", "newest")


@dataclass(frozen=True)
class AccountRow:
    """An account with its roles. `staff` are roles, each with an inspector's commune; `producers` are id, name and role.

    `kept`: whoever asks may change it.
    """

    id: int
    name: str
    login: str
    staff: tuple[tuple[str, str | None], ...]
    producers: tuple[tuple[int, str, str], ...]
    made_on: date
    disabled_at: datetime | None
    has_second_factor: bool
    oneself: bool
    kept: bool


def search_accounts(session: Session, search: str, *, sort: str, page: int, by: Principal, size: int = 20) -> tuple[list[AccountRow], bool]:
    """A page of accounts by words in name, login or producer, and whether there are more."""
    statement = _matching(search)
    order = {"login": (Account.login,), "newest": (Account.created_at.desc(), Account.id.desc())}.get(sort, (Account.name, Account.id))
    rows = session.scalars(statement.order_by(*order).offset(page * size).limit(size + 1)).all()
    return [_row(session, account, by) for account in rows[:size]], len(rows) > size


def show_account(session: Session, account_id: int, *, by: Principal) -> AccountRow:
    """One account. NotFound `account_missing`."""
    return _row(session, _account(session, account_id), by)


def list_producers(session: Session) -> list[tuple[int, str]]:
    """Ids and names of all producers, by name."""
    return [(row.id, row.name) for row in session.execute(select(Producer.id, Producer.name).order_by(Producer.name, Producer.id))]


def set_disabled(session: Session, account_id: int, *, disabled: bool, by: Principal, now: datetime) -> None:
    """Keeps an account out, its open sessions included, or lets it in again. Refused: those of the one rule."""
    account = _kept(session, account_id, by)
    account.disabled_at = (account.disabled_at or now) if disabled else None
    session.flush()
    if disabled:
        end_sessions(session, account.id, now=now)


def take_staff_role(session: Session, account_id: int, role: str, *, by: Principal) -> None:
    """Takes a role away, in open sessions too. Refused: `role_missing` and those of the one rule."""
    account = _kept(session, account_id, by)
    held = next((row for row in account.staff_roles if row.role == role), None)
    if held is None:
        raise Refused("role_missing")
    session.delete(held)
    session.flush()
    session.expire(account, ["staff_roles"])


def make_account_reset(session: Session, account_id: int, *, token: str, by: Principal, now: datetime) -> Link:
    """A link for a new password. Refused: `account_disabled` and those of the one rule."""
    account = _kept(session, account_id, by)
    link = make_reset(session, account.login, token=token, by=by, now=now)
    if link is None:
        raise Refused("account_disabled")
    return link


def turn_off_second_factor(session: Session, account_id: int, *, by: Principal, now: datetime) -> None:
    """For who lost the phone and the recovery codes: a new one is set up at the next sign-in. All sessions end.

    Refused: `second_factor_off` and those of the one rule.
    """
    account = _kept(session, account_id, by)
    if account.totp_confirmed_at is None:
        raise Refused("second_factor_off")
    account.totp_seed = account.totp_confirmed_at = account.totp_last_step = None
    for code in session.scalars(select(RecoveryCode).where(RecoveryCode.account_id == account.id)):
        session.delete(code)
    session.flush()
    end_sessions(session, account.id, now=now)


def _kept(session: Session, account_id: int, by: Principal) -> Account:
    """The account, if who asks may change it. Refused: `not_office`, `not_oneself`, `not_administrator`."""
    account = _account(session, account_id)
    # Two administrators who throw each other out at once: the second one is none any more.
    administrators = select(StaffRole).where(StaffRole.role == "administrator").order_by(StaffRole.id)
    session.scalars(administrators.with_for_update(key_share=True)).all()
    _check_keeps(account, principal_of(session, by.account_id) or Principal(by.account_id, by.name))
    return account


def _check_keeps(account: Account, by: Principal) -> None:
    if not by.staff & {"office", "administrator"}:
        raise Refused("not_office")
    check_may_reset(account, by)


def _account(session: Session, account_id: int) -> Account:
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("account_missing")
    return account


def _matching(search: str) -> Select[Account]:
    statement = select(Account)
    if not search:
        return statement
    of_producer = (
        select(Membership.account_id)
        .join(Producer, Producer.id == Membership.producer_id)
        .where(Membership.ended_at.is_(None), Producer.name.icontains(search, autoescape=True))
    )
    words = (column.icontains(search, autoescape=True) for column in (Account.name, Account.login))
    return statement.where(or_(*words, Account.id.in_(of_producer)))


def _row(session: Session, account: Account, by: Principal) -> AccountRow:
    try:
        _check_keeps(account, by)
        kept = True
    except Refused:
        kept = False
    current = {row.producer_id: row.role for row in account.memberships if row.ended_at is None}
    names = session.execute(select(Producer.id, Producer.name).where(Producer.id.in_(current)).order_by(Producer.name))
    return AccountRow(
        id=account.id,
        name=account.name,
        login=account.login,
        staff=tuple((row.role, place_names(None, row.commune_code)[0]) for row in account.staff_roles),
        producers=tuple((row.id, row.name, current[row.id]) for row in names),
        made_on=day_in_vietnam(account.created_at),
        disabled_at=account.disabled_at,
        has_second_factor=account.totp_confirmed_at is not None,
        oneself=account.id == by.account_id,
        kept=kept,
    )
