"""Loads the sample register in one transaction. Dates of the illustrative batches count from the day of loading."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain.batch import BatchDates
from traceability.domain.dates import add_months, day_in_vietnam
from traceability.domain.keys import Keyring
from traceability.domain.ocop import recognised_by
from traceability.domain.roles import Actor
from traceability.models import Batch, GeographicalIndication, Picture, Producer, Product, PublishedCount, Report, Stage
from traceability.operations import register_batch as batches
from traceability.operations.issue import Order, issue_stamps
from traceability.operations.register_producer import register_producer, register_product
from traceability.operations.register_recognition import NewRecognition, grant_use_right, record_recognition
from traceability.operations.trace import record_delivery, record_input
from traceability.operations.withdraw import recall_goods, revoke_stamps
from traceability.pictures import store_picture
from traceability.sample import illustrative as told
from traceability.sample.drawings import draw
from traceability.sample.rows import load_rows

OFFICE = Actor("Văn phòng OCOP (mẫu)", "office")
PRODUCER = Actor("Hợp tác xã mẫu", "producer")
INSPECTOR = Actor("Cán bộ kiểm tra (mẫu)", "inspector")


@dataclass(frozen=True)
class SampleKeys:
    """What issuing needs, and where random bytes come from."""

    keyring: Keyring
    host: str
    master_key_id: str
    random: Callable[[int], bytes] = os.urandom


def is_loaded(session: Session) -> bool:
    """Whether the sample, or a real register, is there already."""
    return session.scalar(select(PublishedCount.id).limit(1)) is not None or session.scalar(select(Producer.id).limit(1)) is not None


def load_sample(session: Session, *, keys: SampleKeys, now: datetime) -> list[Batch]:
    """Loads everything and returns the illustrative batches in the order of `illustrative.BATCHES`."""
    indications = load_rows(session, office=OFFICE, now=now)
    producers = {key: register_producer(session, entry, now=now) for key, entry in told.PRODUCERS.items()}
    products = {key: _load_product(session, entry, producers, indications, now) for key, entry in told.PRODUCTS.items()}
    return [_load_batch(session, entry, products, indications, keys, now) for entry in told.BATCHES]


def _load_product(
    session: Session,
    entry: told.SampleProduct,
    producers: dict[str, Producer],
    indications: dict[int, GeographicalIndication],
    now: datetime,
) -> Product:
    today = day_in_vietnam(now)
    stored = store_picture(draw(entry.motif))
    picture = session.scalar(select(Picture).where(Picture.sha256 == stored.sha256)) or Picture(
        sha256=stored.sha256, media_type=stored.media_type, width_px=stored.width_px, height_px=stored.height_px, content=stored.content
    )
    session.add(picture)
    session.flush()
    product = register_product(session, replace(entry.product, producer_id=producers[entry.producer].id, picture_id=picture.id), now=now)
    if entry.stars:
        decided_on = today - timedelta(days=entry.rated_days_ago)
        rating = NewRecognition(
            product_id=product.id,
            stars=entry.stars,
            kind="new",
            decision=told.DECISION,
            issuer=recognised_by(entry.stars, decided_on).value,
            decided_on=decided_on.isoformat(),
            illustrative=True,
        )
        record_recognition(session, rating, actor=OFFICE, now=now)
    if entry.indication:
        grant_use_right(
            session,
            indication_id=indications[entry.indication].id,
            product_id=product.id,
            from_day=add_months(today, -14),
            until_day=add_months(today, 22),
            document=told.USE_RIGHT,
            illustrative=True,
            actor=OFFICE,
            now=now,
        )
    return product


def _load_batch(
    session: Session,
    entry: told.SampleBatch,
    products: dict[str, Product],
    indications: dict[int, GeographicalIndication],
    keys: SampleKeys,
    now: datetime,
) -> Batch:
    today = day_in_vietnam(now)
    product, facts = products[entry.product], told.PRODUCTS[entry.product]
    batch = batches.register_batch(
        session,
        batches.NewBatch(
            product_id=product.id,
            kind="goods" if entry.lot else "service",
            lot=entry.lot.format(year=today.year) if entry.lot else None,
            dates=BatchDates(*(_ago(today, days) for days in (entry.harvested, entry.made, entry.packed, entry.best_before))),
            quantity=entry.quantity,
            package=entry.package,
            quantity_is_public=entry.quantity is not None,
            place=entry.place,
            standards=list(entry.standards),
            indication_id=indications[facts.indication].id if facts.indication else None,
            illustrative=True,
        ),
        random=keys.random(7),
        master_key_id=keys.master_key_id,
        actor=PRODUCER,
        now=now,
    )
    batches.set_state(session, batch.id, "open")
    for area in entry.areas:
        batches.add_growing_area(session, batch.id, name=area, area_m2=entry.area_m2)
    _load_stages(session, batch, entry, today, now)
    # Stamped on the day of packing; a signed stamp cannot be older than its key.
    issued_at = now - timedelta(days=entry.packed) if entry.packed and entry.form != "signed" else now
    issue_stamps(session, batch.id, Order(entry.form, entry.units, keys.host), keyring=keys.keyring, actor=PRODUCER, now=issued_at)
    _load_what_followed(session, batch, entry, today, now)
    session.refresh(batch)
    return batch


def _load_stages(session: Session, batch: Batch, entry: told.SampleBatch, today: date, now: datetime) -> None:
    report = None
    if entry.report:
        title, number, laboratory, result, days = entry.report
        report = batches.attach_report(
            session,
            batch.id,
            title=title,
            number=number,
            laboratory=laboratory,
            issued_on=_ago(today, days),
            result=result,
            actor=PRODUCER,
            now=now,
        )
        batches.confirm(session, Report, report.id, actor=OFFICE, now=now)
    for step in entry.steps:
        day = _ago(today, step.days_ago)
        assert day is not None
        stage = batches.NewStage(step.kind, day, None, step.place, None, step.note, step.note_en, step.note_zh)
        if step.kind == "testing" and report is not None:
            stage = replace(stage, report_id=report.id)
        row = batches.add_stage(session, batch.id, stage, actor=PRODUCER, now=now)
        if step.confirmed:
            batches.confirm(session, Stage, row.id, actor=INSPECTOR, now=now)


def _load_what_followed(session: Session, batch: Batch, entry: told.SampleBatch, today: date, now: datetime) -> None:
    for what, supplier, amount, unit in entry.inputs:
        record_input(session, batch.id, what=what, supplier=supplier, amount=amount, amount_unit=unit, actor=PRODUCER, now=now)
    for recipient, quantity in entry.deliveries:
        record_delivery(session, batch.id, recipient=recipient, delivered_on=today, quantity=quantity, actor=PRODUCER, now=now)
    if entry.revoked:
        revoke_stamps(session, batch.id, units=entry.revoked, reason="Tem in hỏng (mẫu)", actor=PRODUCER, now=now)
    if entry.recall:
        recall_goods(session, batch.id, entry.recall, units=None, actor=OFFICE, now=now)


def _ago(today: date, days: int | None) -> date | None:
    return today - timedelta(days=days) if days is not None else None
