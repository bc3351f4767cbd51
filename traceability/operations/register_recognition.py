"""What the office alone enters: recognitions, withdrawals, indications, rights of use."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain import ocop
from traceability.domain.dates import PartialDate, day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.domain.folding import fold
from traceability.domain.roles import Actor, check_role
from traceability.models import Evaluation, GeographicalIndication, Product, Recognition, UseRight


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


@dataclass(frozen=True)
class NewEvaluation:
    """What a council found, in hundredths of a point: three parts, or a total alone."""

    product_id: int
    parts: tuple[int | None, int | None, int | None] = (None, None, None)
    total: int | None = None
    kind: str | None = None
    evaluated_on: date | None = None
    council: str | None = None


def record_evaluation(session: Session, entry: NewEvaluation, *, actor: Actor, now: datetime) -> Evaluation:
    """The stars follow from the points. Refused: `role`, `points_empty`, those of `ocop.total_points`; NotFound `product_missing`."""
    check_role(actor, "office")
    if session.get(Product, entry.product_id) is None:
        raise NotFound("product_missing", product=entry.product_id)
    total = ocop.total_points(entry.parts, entry.total)
    if total is None:
        raise Refused("points_empty")
    points = dict(zip(("points_product", "points_marketing", "points_quality"), entry.parts, strict=True))
    told = {"kind": entry.kind, "evaluated_on": entry.evaluated_on, "council": entry.council}
    row = Evaluation(product_id=entry.product_id, points_total=total, stars=ocop.stars_for_score(total / 100), recorded_at=now)
    for name, value in (points | told).items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


def record_recognition(
    session: Session, entry: NewRecognition, *, actor: Actor, now: datetime, evaluation: Evaluation | None = None
) -> Recognition:
    """A decision, and the evaluation that it rests on where there is one.

    Refused: `role`, `stars_range`, `score_range`, `score_stars`, `date_text`, `before_scheme`, `issuer_could_not`, `decision_known`;
    NotFound `product_missing`.
    """
    check_role(actor, "office")
    if session.get(Product, entry.product_id, with_for_update={"key_share": True}) is None:
        raise NotFound("product_missing", product=entry.product_id)
    if entry.stars not in ocop.RECOGNISED_STARS:
        raise Refused("stars_range", stars=entry.stars)
    if entry.score is not None and ocop.stars_for_score(entry.score) != entry.stars:
        raise Refused("score_stars", score=entry.score, stars=entry.stars)
    if evaluation is not None and evaluation.stars != entry.stars:
        raise Refused("score_stars", score=evaluation.points_total / 100, stars=entry.stars)
    day = _day_of(entry.decided_on)
    _check_decision(session, entry, day)
    recognition = Recognition(**entry.__dict__, valid_until=ocop.last_valid_day(day) if day else None, recorded_at=now)
    session.add(recognition)
    session.flush()
    if evaluation is not None:
        evaluation.recognition_id = recognition.id
        session.flush()
    return recognition


def _check_decision(session: Session, entry: NewRecognition, day: date | None) -> None:
    """Whether there could be such a decision on that day, and is none yet of the product."""
    if day is not None and day < ocop.FIRST_DAY:
        raise Refused("before_scheme", day=ocop.FIRST_DAY)
    if day is not None and entry.issuer is not None:
        ocop.check_issuer(ocop.Issuer(entry.issuer), entry.stars, day)
    if entry.decision:
        held = select(Recognition.id).where(Recognition.product_id == entry.product_id, Recognition.superseded_at.is_(None))
        if session.scalar(held.where(Recognition.decision_folded == fold(entry.decision)).limit(1)):
            raise Refused("decision_known", decision=entry.decision)


def withdraw_recognition(session: Session, recognition_id: int, *, day: date, reason: str, actor: Actor, now: datetime) -> Recognition:
    """A certificate withdrawn from a day on. Refused: `role`, `reason_empty`, `withdrawn_already`, `withdrawn_before`, `decided_ahead`."""
    check_role(actor, "office")
    recognition = session.get(Recognition, recognition_id, with_for_update={"key_share": True})
    if recognition is None or recognition.superseded_at is not None:
        raise NotFound("recognition_missing", recognition=recognition_id)
    if not reason.strip():
        raise Refused("reason_empty")
    if recognition.withdrawn_on is not None:
        raise Refused("withdrawn_already", day=recognition.withdrawn_on)
    decided = _day_of(recognition.decided_on) if recognition.decided_on else None
    if decided is not None and day < decided:
        raise Refused("withdrawn_before", day=decided)
    if day > day_in_vietnam(now):
        raise Refused("decided_ahead", day=day)
    recognition.withdrawn_on, recognition.withdrawn_because, recognition.withdrawal_recorded_at = day, reason.strip(), now
    session.flush()
    return recognition


def supersede_recognition(session: Session, recognition_id: int, *, reason: str, actor: Actor, now: datetime) -> Recognition:
    """A rating that was entered wrongly is no longer what the register says; that it was entered stays on record.

    A withdrawal that was entered wrongly goes the same way: the rating is entered again. Refused: `role`, `reason_empty`.
    """
    check_role(actor, "office")
    recognition = session.get(Recognition, recognition_id, with_for_update={"key_share": True})
    if recognition is None or recognition.superseded_at is not None:
        raise NotFound("recognition_missing", recognition=recognition_id)
    if not reason.strip():
        raise Refused("reason_empty")
    recognition.superseded_at = now
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


def end_use_right(session: Session, right_id: int, *, product_id: int, day: date, actor: Actor) -> UseRight:
    """A right that is withdrawn from a day on. Refused: `role`, `withdrawn_already`, `days_order`; NotFound `part_missing`."""
    check_role(actor, "office")
    right = session.get(UseRight, right_id, with_for_update={"key_share": True})
    if right is None or right.product_id != product_id:
        raise NotFound("part_missing", kind="UseRight")
    if right.revoked_on is not None:
        raise Refused("withdrawn_already", day=right.revoked_on)
    if day < right.from_day:
        raise Refused("days_order", first=right.from_day, last=day)
    right.revoked_on = day
    session.flush()
    return right


def _day_of(text: str | None) -> date | None:
    try:
        return PartialDate(text).day if text else None
    except ValueError:
        raise Refused("date_text", text=text) from None
