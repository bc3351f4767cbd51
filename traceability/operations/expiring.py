"""Ratings and rights that end soon: listed for the office, told to their producers once at 90, 30 and 7 days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.models import Account, ExpiryNotice, GeographicalIndication, Membership, Producer, Product, Recognition, UseRight
from traceability.models.notice import NOTICE_DAYS
from traceability.operations.register_snapshot import snapshot_of

MOST_SHOWN = 500
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Ending:
    """Something that ends within 90 days. `told` are the days at which its producer was written to already."""

    subject: str
    subject_id: int
    product_id: int
    product: str
    producer_id: int | None
    producer: str | None
    what: str
    ends_on: date
    days_left: int
    told: tuple[int, ...]

    @property
    def due(self) -> int | None:
        """At which of 7, 30 and 90 days it stands, where nobody was told of that yet."""
        reached = [days for days in NOTICE_DAYS if self.days_left <= days]
        return min(reached) if reached and min(reached) not in self.told else None


def list_endings(session: Session, now: datetime, *, most: int | None = None) -> list[Ending]:
    """What ends within 90 days and is not followed by another rating, the next first; of `most` ratings and rights each, or of all."""
    today = day_in_vietnam(now)
    last = today + timedelta(days=max(NOTICE_DAYS))
    told: dict[tuple[str, int], list[int]] = {}
    for row in session.execute(select(ExpiryNotice.subject, ExpiryNotice.subject_id, ExpiryNotice.days)):
        told.setdefault((row.subject, row.subject_id), []).append(row.days)
    endings = list[Ending]()
    ratings: Any = select(Recognition.id, Recognition.stars, Recognition.valid_until, Product.id, Product.name, Producer.id, Producer.name)
    ratings = ratings.join(Product, Product.id == Recognition.product_id).outerjoin(Producer, Producer.id == Product.producer_id)
    snapshot = snapshot_of(session)
    places = snapshot.held_on(today)
    until = snapshot.columns["until"][places]
    order = np.argsort(until, kind="stable")[:most]
    ending = snapshot.columns["id"][places[order[until[order] <= last.toordinal()]]]
    for start in range(0, len(ending), _AT_ONCE):
        piece = ratings.where(Recognition.id.in_(ending[start : start + _AT_ONCE].tolist()))
        for key, stars, until, product_id, product, producer_id, producer in session.execute(piece):
            done, whose = tuple(told.get(("recognition", key), ())), (product_id, product, producer_id, producer)
            endings.append(Ending("recognition", key, *whose, f"OCOP {stars}★", until, (until - today).days, done))
    rights: Any = select(UseRight.id, GeographicalIndication.name, UseRight.until_day, Product.id, Product.name, Producer.id, Producer.name)
    rights = rights.join(GeographicalIndication, GeographicalIndication.id == UseRight.indication_id)
    rights = rights.join(Product, Product.id == UseRight.product_id).join(Producer, Producer.id == UseRight.producer_id)
    rights = rights.where(UseRight.illustrative.is_(False), UseRight.until_day.between(today, last), UseRight.from_day <= today)
    rights = rights.where(or_(UseRight.revoked_on.is_(None), UseRight.revoked_on > today))
    for key, name, until, product_id, product, producer_id, producer in session.execute(rights.order_by(UseRight.until_day).limit(most)):
        done, whose = tuple(told.get(("use_right", key), ())), (product_id, product, producer_id, producer)
        endings.append(Ending("use_right", key, *whose, name, until, (until - today).days, done))
    return sorted(endings, key=lambda ending: (ending.ends_on, ending.product))


def addresses_of(session: Session, producer_id: int | None) -> list[str]:
    """The mail addresses by which a producer's accounts sign in; those that sign in by telephone have none."""
    chosen = select(Account.login).join(Membership, Membership.account_id == Account.id)
    chosen = chosen.where(Membership.producer_id == producer_id, Membership.ended_at.is_(None), Account.disabled_at.is_(None))
    return [login for login in session.scalars(chosen.order_by(Account.id)) if "@" in login]


def note_told(session: Session, ending: Ending, days: int, mails: int, *, now: datetime) -> None:
    """That a producer was told: of what stands at 30 days nobody is told the 90 any more."""
    for passed in NOTICE_DAYS:
        if passed >= days and passed not in ending.told:
            told = {"subject": ending.subject, "subject_id": ending.subject_id, "days": passed}
            session.add(ExpiryNotice(**told, mails=mails if passed == days else 0, told_at=now))
    session.flush()
