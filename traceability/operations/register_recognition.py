"""What the office alone enters: recognitions, withdrawals, indications, rights of use."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from traceability.domain import ocop
from traceability.domain.dates import PartialDate
from traceability.domain.errors import NotFound, Refused
from traceability.domain.roles import Actor, check_role
from traceability.models import GeographicalIndication, Product, Recognition, UseRight


@dataclass(frozen=True)
class NewRecognition:
    """A decision as it is entered. `decided_on` may be a year or a month; `valid_until` follows from a whole date."""

    product_id: int
    stars: int
    scheme: str = "2022"
    kind: str | None = None
    score: int | None = None
    decision: str | None = None
    evaluation_round: str | None = None
    issuer: str | None = None
    issuer_name: str | None = None
    decided_on: str | None = None
    confidence: str | None = None
    source: str | None = None
    illustrative: bool = False


def record_recognition(session: Session, entry: NewRecognition, *, actor: Actor, now: datetime) -> Recognition:
    """Refused: `role`, `stars_range`, `score_range`, `score_stars`, `date_text`; NotFound `product_missing`."""
    check_role(actor, "office")
    if session.get(Product, entry.product_id) is None:
        raise NotFound("product_missing", product=entry.product_id)
    if entry.stars not in ocop.RECOGNISED_STARS:
        raise Refused("stars_range", stars=entry.stars)
    if entry.score is not None and ocop.stars_for_score(entry.score) != entry.stars:
        raise Refused("score_stars", score=entry.score, stars=entry.stars)
    day = _day_of(entry.decided_on)
    recognition = Recognition(**entry.__dict__, valid_until=ocop.last_valid_day(day) if day else None, recorded_at=now)
    session.add(recognition)
    session.flush()
    return recognition


def withdraw_recognition(session: Session, recognition_id: int, *, day: date, reason: str, actor: Actor) -> Recognition:
    """A certificate withdrawn from a day on. Refused: `role`, `reason_empty`, `withdrawn_already`."""
    check_role(actor, "office")
    recognition = session.get(Recognition, recognition_id, with_for_update={"key_share": True})
    if recognition is None:
        raise NotFound("recognition_missing", recognition=recognition_id)
    if not reason.strip():
        raise Refused("reason_empty")
    if recognition.withdrawn_on is not None:
        raise Refused("withdrawn_already", day=recognition.withdrawn_on)
    recognition.withdrawn_on, recognition.withdrawn_because = day, reason.strip()
    session.flush()
    return recognition


def grant_use_right(
    session: Session,
    *,
    indication_id: int,
    product_id: int,
    from_day: date,
    until_day: date | None,
    document: str | None = None,
    illustrative: bool = False,
    actor: Actor,
    now: datetime,
) -> UseRight:
    """A producer's right to use an indication for a product. Refused: `role`, `not_an_indication`, `days_order`, `producer_unnamed`."""
    check_role(actor, "office")
    indication, product = session.get(GeographicalIndication, indication_id), session.get(Product, product_id)
    if indication is None or product is None:
        raise NotFound("product_missing", product=product_id)
    if indication.type != "geographical_indication":
        raise Refused("not_an_indication", name=indication.name)
    if product.producer_id is None:
        raise Refused("producer_unnamed", product=product.name)
    if until_day is not None and until_day < from_day:
        raise Refused("days_order", first=from_day, last=until_day)
    right = UseRight(
        indication_id=indication_id,
        product_id=product_id,
        producer_id=product.producer_id,
        from_day=from_day,
        until_day=until_day,
        document=document,
        illustrative=illustrative,
        recorded_at=now,
    )
    session.add(right)
    session.flush()
    return right


def _day_of(text: str | None) -> date | None:
    try:
        return PartialDate(text).day if text else None
    except ValueError:
        raise Refused("date_text", text=text) from None
