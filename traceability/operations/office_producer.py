"""A producer as the office keeps it: shop and payment on line, consent, support that it was given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.domain.folding import fold_name
from traceability.domain.roles import Actor, check_role
from traceability.models import Producer, Product, Recognition, ShopClick, Support
from traceability.models.support import SUPPORT_KINDS
from traceability.operations.register_producer import check_web_address
from traceability.operations.register_rows import held_on

ROWS_A_PAGE = 20
_AT_ONCE = 1_000
_MOST_DONG = 10**13


@dataclass(frozen=True)
class OfficeProducer:
    """All of a producer that the office keeps; `clicks` on its own storefront from our pages."""

    producer: Producer
    products: Sequence[Product]
    support: Sequence[Support]
    clicks: int


@dataclass(frozen=True)
class NewSupport:
    """Support as it is entered. The amount is in đồng, or not told."""

    kind: str
    what: str
    given_on: date | None
    amount: int | None = None
    source: str | None = None
    idempotency_key: str | None = None


def view_producer(session: Session, producer_id: int) -> OfficeProducer:
    """A producer. NotFound `producer_missing`."""
    producer = session.get(Producer, producer_id)
    if producer is None:
        raise NotFound("producer_missing", producer=producer_id)
    products = session.scalars(select(Product).where(Product.producer_id == producer_id).order_by(Product.name)).all()
    support = session.scalars(
        select(Support).where(Support.producer_id == producer_id).order_by(Support.given_on.desc(), Support.id.desc())
    )
    clicks = select(func.sum(ShopClick.clicks)).where(ShopClick.target == "storefront", ShopClick.target_id == producer_id)
    return OfficeProducer(producer, products, support.all(), session.scalar(clicks) or 0)


@dataclass(frozen=True)
class Makers:
    """What the list of producers is asked for: a name, what they have on line, and that a product of theirs is recognised on a day."""

    search: str = ""
    storefront: bool | None = None
    e_payment: bool | None = None
    recognised_on: date | None = None


def list_producers(session: Session, asked: Makers, *, page: int) -> tuple[list[tuple[Producer, int]], bool, int]:
    """Producers by name, with how many products each has, whether there are more, and how many in all."""
    products = select(func.count(Product.id)).where(Product.producer_id == Producer.id).scalar_subquery()
    ids = _makers(asked)
    rows = session.execute(
        select(Producer, products)
        .where(Producer.id.in_(ids))
        .order_by(Producer.name_folded, Producer.id)
        .offset(page * ROWS_A_PAGE)
        .limit(ROWS_A_PAGE + 1)
    ).all()
    total = session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    return [(row, count) for row, count in rows[:ROWS_A_PAGE]], len(rows) > ROWS_A_PAGE, total


def all_producers(session: Session, asked: Makers) -> Iterator[tuple[Producer, int]]:
    """All of them, by name."""
    products = select(func.count(Product.id)).where(Product.producer_id == Producer.id).scalar_subquery()
    rows = select(Producer, products).where(Producer.id.in_(_makers(asked))).order_by(Producer.name_folded, Producer.id)
    yield from (tuple(row) for row in session.execute(rows.execution_options(yield_per=_AT_ONCE)))


def _makers(asked: Makers) -> Select[Any]:
    ids: Select[Any] = select(Producer.id)
    if asked.search:
        ids = ids.where(Producer.name_folded.contains(fold_name(asked.search), autoescape=True))
    for column, wanted in ((Producer.has_digital_storefront, asked.storefront), (Producer.has_e_payment, asked.e_payment)):
        if wanted is not None:
            ids = ids.where(column.is_(True) if wanted else column.is_not(True))
    if asked.recognised_on is not None:
        recognised = select(Product.producer_id).join(Recognition, Recognition.product_id == Product.id)
        ids = ids.where(Producer.id.in_(recognised.where(Recognition.id.in_(held_on(asked.recognised_on)))))
    return ids


@dataclass(frozen=True)
class Gifts:
    """What the list of support is asked for: a year, a kind, part of a producer's name."""

    year: int | None = None
    kind: str = ""
    search: str = ""


def list_support(session: Session, asked: Gifts, *, page: int) -> tuple[list[Support], bool, int, int]:
    """A page of support, the latest first, whether there is more, how often it was given and how many đồng in all."""
    chosen = _support(asked)
    rows = list(session.scalars(_latest(chosen).offset(page * ROWS_A_PAGE).limit(ROWS_A_PAGE + 1)))
    held = chosen.subquery()
    times, amount = session.execute(select(func.count(), func.coalesce(func.sum(held.c.amount), 0)).select_from(held)).one()
    return rows[:ROWS_A_PAGE], len(rows) > ROWS_A_PAGE, times, int(amount)


def all_support(session: Session, asked: Gifts) -> Iterator[Support]:
    """All of it, the latest first."""
    yield from session.scalars(_latest(_support(asked)).execution_options(yield_per=_AT_ONCE))


def _latest(chosen: Select[Any]) -> Select[Any]:
    return chosen.order_by(Support.given_on.desc(), Support.id.desc())


def _support(asked: Gifts) -> Select[Any]:
    chosen: Select[Any] = select(Support)
    if asked.year is not None and 1900 < asked.year < 2200:
        chosen = chosen.where(Support.given_on.between(date(asked.year, 1, 1), date(asked.year, 12, 31)))
    if asked.kind:
        chosen = chosen.where(Support.kind == asked.kind)
    if asked.search:
        named = select(Producer.id).where(Producer.name_folded.contains(fold_name(asked.search), autoescape=True))
        chosen = chosen.where(Support.producer_id.in_(named))
    return chosen


def set_online(
    session: Session,
    producer_id: int,
    *,
    storefront: bool | None,
    e_payment: bool | None,
    url: str,
    consent_on: date | None,
    actor: Actor,
    now: datetime,
) -> Producer:
    """What a producer has on line, and since when it agrees to be shown. Refused: `role`, `web_address`, `consent_ahead`."""
    check_role(actor, "office")
    producer = session.get(Producer, producer_id, with_for_update={"key_share": True})
    if producer is None:
        raise NotFound("producer_missing", producer=producer_id)
    check_web_address(url.strip() or None)
    if consent_on is not None and consent_on > day_in_vietnam(now):
        raise Refused("consent_ahead", day=consent_on)
    producer.has_digital_storefront, producer.has_e_payment = storefront, e_payment
    producer.shop_url, producer.consent_on = url.strip() or None, consent_on
    session.flush()
    return producer


def record_support(session: Session, producer_id: int, entry: NewSupport, *, actor: Actor, now: datetime) -> Support:
    """Support that was given. Sent twice it is one row. Refused: `role`, `support_kind`, `support_what`, `support_day`, `amount`."""
    check_role(actor, "office")
    if session.get(Producer, producer_id) is None:
        raise NotFound("producer_missing", producer=producer_id)
    if entry.idempotency_key:
        held = session.scalar(select(Support).where(Support.idempotency_key == entry.idempotency_key))
        if held is not None:
            return held
    if entry.kind not in SUPPORT_KINDS:
        raise Refused("support_kind")
    if not entry.what.strip():
        raise Refused("support_what")
    if entry.given_on is None or entry.given_on > day_in_vietnam(now):
        raise Refused("support_day")
    if entry.amount is not None and not 0 <= entry.amount < _MOST_DONG:
        raise Refused("amount", amount=entry.amount)
    row = Support(
        producer_id=producer_id,
        kind=entry.kind,
        what=entry.what.strip(),
        given_on=entry.given_on,
        amount=entry.amount,
        source=(entry.source or "").strip() or None,
        idempotency_key=entry.idempotency_key,
        recorded_at=now,
        recorded_by=actor.name,
    )
    session.add(row)
    session.flush()
    return row


def remove_support(session: Session, producer_id: int, support_id: int, *, actor: Actor) -> None:
    """Support that was entered wrongly goes; the audit trail keeps it. NotFound `part_missing`; Refused `role`."""
    check_role(actor, "office")
    row = session.get(Support, support_id)
    if row is None or row.producer_id != producer_id:
        raise NotFound("part_missing", kind="Support")
    session.delete(row)
    session.flush()
