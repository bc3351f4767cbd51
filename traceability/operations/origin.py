"""What an origin page says, gathered into frozen values that a template only has to word."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.orm import Session, joinedload, selectinload

from traceability.domain import base32
from traceability.domain.dates import day_in_vietnam
from traceability.domain.verdict import Judgement, Units, Verdict
from traceability.models import (
    Batch,
    Inspection,
    Listing,
    Photograph,
    Product,
    Recognition,
    Report,
    Stage,
    StampCount,
    UseRight,
    VisitFacts,
)
from traceability.operations.batch_facts import FOR_EVER, BatchFacts
from traceability.operations.issue import as_rule
from traceability.operations.origin_page import (
    Checked,
    Correction,
    Indication,
    OriginPage,
    ProducerFacts,
    RecallFacts,
    Seen,
    Stars,
    Step,
    Visit,
    Words,
)
from traceability.operations.places import place_names
from traceability.operations.register_batch import corrected, day_of, judged_best_before, right_of

_STAMPS_A_QUERY = 500
# Each first scan asks this: built once, and past the layers that make objects of rows.
_SEEN = select(StampCount.times, StampCount.first_at).where(
    StampCount.batch_id == bindparam("batch_id"), StampCount.unit == bindparam("unit")
)
_INSPECTIONS = (
    select(Inspection.found_at, Inspection.body, Inspection.result, Inspection.unit)
    .where(Inspection.batch_id == bindparam("batch_id"))
    .order_by(Inspection.found_at.desc(), Inspection.id.desc())
    .limit(10)
)
_LISTINGS = (
    select(Listing.id, Listing.floor)
    .where(Listing.product_id == bindparam("product_id"), Listing.alive.is_not(False))
    .order_by(Listing.floor, Listing.id)
    .limit(10)
)
IDENTIFIED = ("REVOKED", "RECALLED", "SUSPECT", "EXPIRED", "ISSUED")


def build_origin(
    session: Session, batch: Batch, facts: BatchFacts, judgement: Judgement, *, scope: str, code: str, language: str, now: datetime
) -> OriginPage:
    """The page of a batch whose stamp was identified. `code` is the 12 or 24 canonical characters. How often it was scanned, `seen`
    tells."""
    today = day_in_vietnam(now)
    product, held = batch.product, corrected(batch)
    packed_on = held["packed_on"]
    assert packed_on is None or isinstance(packed_on, date)
    ratings = _ratings(session, product.id, today)
    unit = judgement.unit
    return OriginPage(
        judgement=judgement,
        now=now,
        scope=scope,
        readable_code=base32.grouped(code),
        kind=batch.kind,
        lot=batch.lot,
        days={name: held[name] for name in ("harvested_on", "made_on", "packed_on", "best_before")},
        quantity=batch.quantity if batch.quantity_is_public else None,
        package=batch.package,
        place=str(held["place"]) if held["place"] else None,
        standards=tuple(dict.fromkeys([*batch.standards, *product.standards])),
        growing_areas=tuple((area.name, area.code, area.area_m2) for area in batch.growing_areas),
        product_name=_required(product, "name", language),
        description=words(product, "description", language),
        ocop_group=product.ocop_group,
        gtin=product.gtin,
        net_content=product.net_content,
        net_content_unit=product.net_content_unit,
        craft_village=product.craft_village.name if product.craft_village else None,
        picture_sha256=product.picture.sha256 if product.picture else None,
        picture_size=(product.picture.width_px, product.picture.height_px) if product.picture else None,
        producer=_producer(batch, language),
        stars_at_packing=_held_on(ratings, packed_on) if packed_on else None,
        stars_now=_held_on(ratings, today),
        last_rating=next((stars for _, stars in reversed(ratings) if stars.state != "ahead"), None),
        judged_best_before=judged_best_before(batch),
        said="declared" if batch.created_role == "producer" else f"recorded_{batch.created_role}",
        indication=_indication(session, batch, day_of(batch) or today, today, language),
        stages=tuple(_stage(stage, language) for stage in batch.stages),
        reports=tuple(_report(report) for report in batch.reports),
        recalls=recalls_in_force(facts, unit, now, language),
        corrections=tuple(
            Correction(row.field, row.old_value, row.new_value, row.reason, day_in_vietnam(row.recorded_at)) for row in batch.corrections
        ),
        issued_at=facts.issued_at(unit),
        revoked_at=facts.revoked_at(unit),
        suspect_since=facts.suspect_since(unit),
        lot_is_suspect=facts.lot_is_suspect(),
        illustrative=batch.illustrative,
        photographs=tuple(row.picture.sha256 for row in batch.photographs),
        inspections=_inspections(session, batch.id),
        listings=_listings(session, product.id),
        visit=_visit(session, product.id, language) if batch.kind == "service" else None,
    )


def fetch_batch(session: Session, **where: object) -> Batch | None:
    """A batch by its columns, with all that a page needs."""
    product = joinedload(Batch.product)
    statement = (
        select(Batch)
        .filter_by(**where)
        .options(
            # What a batch has one of comes with it; what it may have many of, in a query of its own.
            product.joinedload(Product.picture),
            product.joinedload(Product.craft_village),
            joinedload(Batch.producer),
            joinedload(Batch.indication),
            selectinload(Batch.stages).joinedload(Stage.report),
            selectinload(Batch.photographs).joinedload(Photograph.picture),
        )
    )
    return session.scalar(statement)


def words(row: object, name: str, language: str) -> Words | None:
    """A column in the page's language, or in Vietnamese, or None."""
    if language != "vi":
        text = getattr(row, f"{name}_{language}")
        if text:
            return Words(text, language)
    text = getattr(row, name)
    return Words(text, "vi") if text else None


def seen(session: Session, batch_id: int, unit: int | None) -> Seen:
    """How often and since when people scanned the stamp of a unit, or the batch's own, as far as it is loaded."""
    row = session.connection().execute(_SEEN, {"batch_id": batch_id, "unit": unit or 0}).one_or_none()
    return Seen(row.times, row.first_at) if row else Seen(0, None)


def seen_many(session: Session, stamps: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Seen]:
    """The same of many stamps, each by batch and unit (0: the batch's own); those without a scan are left out."""
    found: dict[tuple[int, int], Seen] = {}
    named = tuple_(StampCount.batch_id, StampCount.unit)
    columns = select(StampCount.batch_id, StampCount.unit, StampCount.times, StampCount.first_at)
    for start in range(0, len(stamps), _STAMPS_A_QUERY):
        rows = session.execute(columns.where(named.in_(stamps[start : start + _STAMPS_A_QUERY])))
        found.update({(row.batch_id, row.unit): Seen(row.times, row.first_at) for row in rows})
    return found


def producer_is_shown(kind: str, consent_on: date | None) -> bool:
    """A household's name is personal data: it is shown only with consent (Law 91/2025/QH15)."""
    return kind != "household" or consent_on is not None


def _required(row: object, name: str, language: str) -> Words:
    found = words(row, name, language)
    assert found is not None, "a name is never empty"
    return found


def _producer(batch: Batch, language: str) -> ProducerFacts:
    producer = batch.producer
    commune, province = place_names(producer.province_code, producer.commune_code)
    shown = producer_is_shown(producer.kind, producer.consent_on)
    # A phone number is a person's also where a cooperative has it, so it too waits for consent.
    reachable = producer.consent_on is not None
    return ProducerFacts(
        kind=producer.kind,
        name=words(producer, "name", language) if shown else None,
        commune=commune,
        province=province,
        historic_place=producer.historic_place,
        address=producer.address if shown else None,
        phone=producer.phone if reachable else None,
        shop_url=producer.shop_url if shown else None,
        marketplace=producer.marketplace if shown else None,
        illustrative=producer.illustrative,
        id=producer.id,
        has_e_payment=shown and producer.has_e_payment is True,
    )


def _listings(session: Session, product_id: int) -> tuple[tuple[int, str], ...]:
    """Where the product is sold on line, by its floors; not where somebody saw that it is gone."""
    rows = session.execute(_LISTINGS, {"product_id": product_id})
    return tuple((row.id, row.floor) for row in rows)


def _visit(session: Session, product_id: int, language: str) -> Visit | None:
    row = session.scalar(select(VisitFacts).where(VisitFacts.product_id == product_id))
    if row is None:
        return None
    return Visit(row.place, words(row, "open_when", language), words(row, "how_to_reach", language))


def _ratings(session: Session, product_id: int, today: date) -> list[tuple[Recognition, Stars]]:
    rows = session.scalars(
        select(Recognition)
        .where(Recognition.product_id == product_id, Recognition.superseded_at.is_(None))
        .order_by(Recognition.decided_on.asc().nulls_first(), Recognition.id)
    )
    return [(row, _stars(row, today)) for row in rows]


def _stars(row: Recognition, today: date) -> Stars:
    return Stars(
        stars=row.stars,
        decision=row.decision,
        evaluation_round=row.evaluation_round,
        issuer=row.issuer_name or row.issuer,
        decided_on=row.decided_on,
        valid_until=row.valid_until,
        withdrawn_on=row.withdrawn_on,
        withdrawn_because=row.withdrawn_because,
        state=_state(row, today),
        illustrative=row.illustrative,
    )


def _state(row: Recognition, today: date) -> str:
    if row.withdrawn_on is not None and row.withdrawn_on <= today:
        return "withdrawn"
    if row.valid_until is None:
        return "undated"
    if as_rule(row).holds_on(today):
        return "valid"
    return "expired" if today > row.valid_until else "ahead"


def _held_on(ratings: list[tuple[Recognition, Stars]], day: date) -> Stars | None:
    return next((stars for row, stars in reversed(ratings) if as_rule(row).holds_on(day)), None)


def _indication(session: Session, batch: Batch, packed_on: date, today: date, language: str) -> Indication | None:
    row = batch.indication
    if row is None:
        return None
    rights = session.scalars(
        select(UseRight).where(UseRight.product_id == batch.product_id, UseRight.indication_id == row.id).order_by(UseRight.from_day)
    ).all()
    held = next((right for right in reversed(rights) if right_of(right).holds_on(packed_on)), None)
    return Indication(
        name=row.name,
        product_name=_required(row, "product_name", language),
        number=row.number,
        registered_on=row.registered_on,
        decision=row.decision,
        manager_at_registration=row.manager_at_registration,
        right_from=held.from_day if held else None,
        right_until=held.until_day if held else None,
        revoked_on=held.revoked_on if held and held.revoked_on and held.revoked_on <= today else None,
        held_at_packing=held is not None,
        holds_now=any(right_of(right).holds_on(today) for right in rights),
        illustrative=held is not None and held.illustrative,
        manager_now=row.manager_now,
    )


def _inspections(session: Session, batch_id: int) -> tuple[Checked, ...]:
    """What was officially found of the batch, the same on all of its stamps."""
    rows = session.execute(_INSPECTIONS, {"batch_id": batch_id})
    return tuple(Checked(day_in_vietnam(row.found_at), row.body, row.result, row.unit is not None) for row in rows)


def _who_says(row: Stage | Report, by_producer: str) -> str:
    if row.confirmed_role:
        return f"confirmed_{row.confirmed_role}"
    return by_producer if row.recorded_role == "producer" else f"recorded_{row.recorded_role}"


def _stage(row: Stage, language: str) -> Step:
    return Step(
        kind=row.kind,
        day=row.happened_on,
        place=row.place,
        note=words(row, "note", language),
        said=_who_says(row, "declared"),
        confirmed_on=day_in_vietnam(row.confirmed_at) if row.confirmed_at else None,
    )


def _report(row: Report) -> Step:
    return Step(
        kind="report",
        day=row.issued_on,
        place=None,
        note=Words(row.result, "vi") if row.result else None,
        said=_who_says(row, "attached"),
        confirmed_on=day_in_vietnam(row.confirmed_at) if row.confirmed_at else None,
        title=row.title,
        number=row.number,
        laboratory=row.laboratory,
    )


def recalls_in_force(facts: BatchFacts, unit: int | None, now: datetime, language: str) -> tuple[RecallFacts, ...]:
    """The recalls in force that cover a unit, or (None) the batch as a whole, newest first."""
    return tuple(
        RecallFacts(_required(row, "advice", language), row.contact, _required(row, "reason", language), row.starts_at, units)
        for row in facts.recalls
        if (units := Units(row.first_unit, row.last_unit)).cover(unit) and row.starts_at <= now < (row.lifted_at or FOR_EVER)
    )


def shown_verdict(verdict: Verdict) -> bool:
    """Whether a verdict opens the batch's page; the others open a page that helps."""
    return verdict.value in IDENTIFIED
