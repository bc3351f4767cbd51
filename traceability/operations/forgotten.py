"""A link for whoever forgot a password, by mail and for nobody else to see."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.domain.accounts import fold_login
from traceability.domain.errors import Refused
from traceability.models import Account, Link
from traceability.operations.accounts import make_reset

# So many links an hour fill nobody's mailbox.
MOST_LINKS = 3
_WITHIN = timedelta(hours=1)


def make_forgotten_reset(session: Session, login: str, *, token: str, now: datetime) -> Link | None:
    """A link to be mailed; None where no account has this e-mail address, it is disabled, or had enough links lately."""
    try:
        folded = fold_login(login)
    except Refused:
        return None
    if "@" not in folded:
        return None
    lately = (
        select(func.count(Link.id))
        .join(Account, Account.id == Link.account_id)
        .where(Account.login == folded, Link.made_by.is_(None), Link.made_at > now - _WITHIN)
    )
    if (session.scalar(lately) or 0) >= MOST_LINKS:
        return None
    return make_reset(session, folded, token=token, by=None, now=now)
