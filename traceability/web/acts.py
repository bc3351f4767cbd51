"""Acts of the staff pages: one transaction each, with who does it and from which session in the audit trail."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from traceability.domain.roles import Actor, Doer
from traceability.models.engine import acting
from traceability.web.access import here, principal
from traceability.web.services import services

_LONGEST_NAME = 80


@contextmanager
def doing(act: str) -> Iterator[Session]:
    """A session for one act of whoever is signed in, or of a visitor where nobody is."""
    opened = here().open
    with acting(services().engine, by=_doer(), session_ref=str(opened.id) if opened else None, act=act) as session:
        yield session


def actor(role: str) -> Actor:
    """Who is signed in, as what a batch's page says it was said by."""
    return Actor(principal().name[:_LONGEST_NAME], role)


def _doer() -> Doer:
    opened = here().open
    if opened is None or opened.account_id is None:
        return Doer("visitor", "visitor")
    who = opened.principal
    if who is None:
        return Doer(f"account {opened.account_id}", "visitor")
    role = next(iter(sorted(who.staff)), "producer" if who.producers else "account")
    return Doer(f"{who.name[:_LONGEST_NAME]} (account {who.account_id})", role)
