"""Batches: registered, opened, described, corrected. What a stamped batch claims is never changed, only corrected by dated entries."""

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from traceability.domain import batch as rules
from traceability.domain import gs1, stamp
from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.domain.roles import CONFIRMING_ROLES, Actor, check_role
from traceability.models import Batch, BatchCorrection, GeographicalIndication, GrowingArea, Product, Report, Stage, UseRight
from traceability.models import batch as tables

PACKAGES, STAGE_KINDS = tables.PACKAGES, tables.STAGE_KINDS
CORRECTABLE_DAYS = ("harvested_on", "made_on", "packed_on", "best_before")
CORRECTABLE = (*CORRECTABLE_DAYS, "place")


@dataclass(frozen=True)
class NewBatch:
    """A batch as it is entered. A service has neither lot nor quantity."""

    product_id: int
    kind: str = "goods"
    lot: str | None = None
    dates: rules.BatchDates = field(default_factory=rules.BatchDates)
    quantity: int | None = None
    package: str | None = None
    allowance_percent: int = rules.USUAL_ALLOWANCE_PERCENT
    quantity_is_public: bool = False
    place: str | None = None
    standards: list[str] = field(default_factory=list)
    indication_id: int | None = None
    illustrative: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True)
class NewStage:
    """One step on the way, as it is entered."""

    kind: str
    happened_on: date
    happened_at: datetime | None = None
    place: str | None = None
    place_code: str | None = None
    note: str | None = None
    note_en: str | None = None
    note_zh: str | None = None
    report_id: int | None = None


def register_batch(session: Session, entry: NewBatch, *, random: bytes, master_key_id: str, actor: Actor, now: datetime) -> Batch:
    """Registers a batch as a draft; the same idempotency key again gives the same batch.

    `random` are 7 bytes from the system's CSPRNG. Refused: those of lots, dates and quantities, `lot_repeated`,
    `producer_unnamed`, `package`, `service_with_lot`, `use_right_missing`.
    """
    known = _find_sent(session, entry)
    if known is not None:
        return known
    product = session.get(Product, entry.product_id)
    if product is None:
        raise NotFound("product_missing", product=entry.product_id)
    if product.producer_id is None:
        raise Refused("producer_unnamed", product=product.name)
    limit = _check_kind(session, entry)
    rules.check_dates(entry.dates, day_in_vietnam(now))
    _check_indication(session, entry, now)
    batch = Batch(
        code=stamp.batch_code(random),
        master_key_id=master_key_id,
        kind=entry.kind,
        state="draft",
        producer_id=product.producer_id,
        product_id=product.id,
        lot=entry.lot,
        lot_folded=entry.lot.casefold() if entry.lot else None,
        **entry.dates.__dict__,
        quantity=entry.quantity,
        package=entry.package,
        allowance_percent=entry.allowance_percent,
        unit_limit=limit,
        quantity_is_public=entry.quantity_is_public,
        place=entry.place,
        standards=entry.standards,
        indication_id=entry.indication_id,
        illustrative=entry.illustrative,
        idempotency_key=entry.idempotency_key,
        created_at=now,
        created_by=actor.name,
        created_role=actor.role,
    )
    try:
        with session.begin_nested():
            session.add(batch)
    except IntegrityError:
        # The same form, sent twice at once: the other one was faster.
        known = _find_sent(session, entry)
        if known is None:
            raise
        return known
    return batch


def set_state(session: Session, batch_id: int, state: str) -> Batch:
    """Opens or closes a batch. Refused `batch_state` for a step back to draft once stamps exist."""
    batch = session.get(Batch, batch_id, with_for_update={"key_share": True})
    if batch is None:
        raise NotFound("batch_missing", batch=batch_id)
    if state not in ("open", "closed") and (state != "draft" or batch.stamp_scope):
        raise Refused("batch_state", state=state)
    batch.state = state
    session.flush()
    return batch


def add_growing_area(session: Session, batch_id: int, *, name: str, code: str | None = None, area_m2: int | None = None) -> GrowingArea:
    """Where a batch grew."""
    area = GrowingArea(batch_id=batch_id, name=name, code=code, area_m2=area_m2)
    session.add(area)
    session.flush()
    return area


def add_stage(session: Session, batch_id: int, entry: NewStage, *, actor: Actor, now: datetime) -> Stage:
    """Records a step; who says so is the actor's role. Refused: `stage_kind`, `date_ahead`, `time_ahead`, `report_elsewhere`."""
    if session.get(Batch, batch_id) is None:
        raise NotFound("batch_missing", batch=batch_id)
    if entry.kind not in STAGE_KINDS:
        raise Refused("stage_kind", kind=entry.kind)
    today = day_in_vietnam(now)
    if entry.happened_on > today:
        raise Refused("date_ahead", day=entry.happened_on, today=today)
    if entry.happened_at is not None and entry.happened_at > now:
        raise Refused("time_ahead")
    if entry.report_id is not None:
        report = session.get(Report, entry.report_id)
        if report is None or report.batch_id != batch_id:
            raise Refused("report_elsewhere", report=entry.report_id)
    stage = Stage(batch_id=batch_id, **entry.__dict__, recorded_role=actor.role, recorded_by=actor.name, recorded_at=now)
    session.add(stage)
    session.flush()
    return stage


def attach_report(
    session: Session,
    batch_id: int,
    *,
    title: str,
    number: str | None = None,
    laboratory: str | None = None,
    issued_on: date | None = None,
    result: str | None = None,
    actor: Actor,
    now: datetime,
) -> Report:
    """Attaches a test report to a batch; until the office or an inspector confirms it, it reads as attached by the recorder."""
    report = Report(
        batch_id=batch_id,
        title=title,
        number=number,
        laboratory=laboratory,
        issued_on=issued_on,
        result=result,
        recorded_role=actor.role,
        recorded_by=actor.name,
        recorded_at=now,
    )
    session.add(report)
    session.flush()
    return report


def confirm(session: Session, kind: type[Stage] | type[Report], key: int, *, actor: Actor, now: datetime) -> Stage | Report:
    """The office or an inspector confirms what was recorded. Refused `role`; confirming twice keeps the first."""
    check_role(actor, *CONFIRMING_ROLES)
    said: Stage | Report | None = session.get(kind, key, with_for_update={"key_share": True})  # type: ignore[assignment]
    if said is None:
        raise NotFound("part_missing", kind=kind.__name__)
    if said.confirmed_at is None:
        said.confirmed_role, said.confirmed_by, said.confirmed_at = actor.role, actor.name, now
        session.flush()
    return said


def correct_batch(session: Session, batch_id: int, *, column: str, value: str, reason: str, actor: Actor, now: datetime) -> BatchCorrection:
    """A dated correction of what a batch claims. Days are ISO texts. Refused: `field`, `reason_empty`, `date_text`, those of dates."""
    batch = session.get(Batch, batch_id, with_for_update={"key_share": True})
    if batch is None:
        raise NotFound("batch_missing", batch=batch_id)
    if column not in CORRECTABLE:
        raise Refused("field", field=column)
    if not reason.strip():
        raise Refused("reason_empty")
    before = corrected(batch)
    if column in CORRECTABLE_DAYS:
        day = parse_day(value)
        value, days = day.isoformat(), {**{name: before[name] for name in CORRECTABLE_DAYS}, column: day}
        rules.check_dates(rules.BatchDates(**days), day_in_vietnam(now))  # type: ignore[arg-type]
    old = before[column]
    correction = BatchCorrection(
        batch_id=batch_id,
        field=column,
        old_value=str(old) if old is not None else None,
        new_value=value,
        reason=reason.strip(),
        recorded_role=actor.role,
        recorded_by=actor.name,
        recorded_at=now,
    )
    batch.corrections.append(correction)
    session.flush()
    return correction


def corrected(batch: Batch) -> dict[str, date | str | None]:
    """What holds now of the correctable claims: the row, overlaid by its corrections in order."""
    held: dict[str, date | str | None] = {name: getattr(batch, name) for name in CORRECTABLE}
    for correction in batch.corrections:
        if correction.field in CORRECTABLE_DAYS:
            held[correction.field] = date.fromisoformat(correction.new_value)
        elif correction.field in CORRECTABLE:
            held[correction.field] = correction.new_value
    return held


def day_of(batch: Batch) -> date | None:
    """The day that a batch is judged by: packed, else made, else harvested, as corrected."""
    held = corrected(batch)
    days = (held[name] for name in ("packed_on", "made_on", "harvested_on"))
    return next((day for day in days if isinstance(day, date)), None)


def judged_best_before(batch: Batch) -> date | None:
    """The day by which a stamp is judged: a later day counts only once the office or an inspector has recorded it.

    Otherwise a producer could make goods that are past their printed date look fresh.
    """
    held = batch.best_before
    for correction in batch.corrections:
        if correction.field == "best_before":
            day = date.fromisoformat(correction.new_value)
            trusted = correction.recorded_role in CONFIRMING_ROLES
            held = day if trusted or held is None else min(held, day)
    return held


def parse_day(text: str) -> date:
    """A day from its ISO text. Refused `date_text`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("date_text", text=text) from None


def find_sent(session: Session, key: str) -> tuple[str, int, str | None, int | None] | None:
    """Code, product, lot and quantity of the batch that a form with this key made."""
    columns = select(Batch.code, Batch.product_id, Batch.lot, Batch.quantity).where(Batch.idempotency_key == key)
    row = session.execute(columns).first() if key else None
    return (row[0], row[1], row[2], row[3]) if row else None


def _find_sent(session: Session, entry: NewBatch) -> Batch | None:
    if not entry.idempotency_key:
        return None
    known = session.scalar(select(Batch).where(Batch.idempotency_key == entry.idempotency_key))
    same = known is None or (known.product_id, known.kind, known.lot, known.quantity) == (
        entry.product_id,
        entry.kind,
        entry.lot,
        entry.quantity,
    )
    if not same:
        raise Refused("idempotency_reused")
    return known


def _check_kind(session: Session, entry: NewBatch) -> int:
    if entry.kind == "service":
        if entry.lot is not None or entry.quantity is not None or entry.package is not None:
            raise Refused("service_with_lot")
        return 0
    lot = gs1.check_lot(entry.lot or "")
    if entry.package not in PACKAGES:
        raise Refused("package", package=entry.package)
    same = session.scalar(select(Batch.lot).where(Batch.product_id == entry.product_id, Batch.lot_folded == lot.casefold()))
    if same is not None:
        raise Refused("lot_repeated", lot=lot, other=same)
    return rules.unit_limit(entry.quantity or 0, entry.allowance_percent)


def _check_indication(session: Session, entry: NewBatch, now: datetime) -> None:
    if entry.indication_id is None:
        return
    indication = session.get(GeographicalIndication, entry.indication_id)
    if indication is None:
        raise NotFound("part_missing", kind="GeographicalIndication")
    day = entry.dates.packed_on or entry.dates.made_on or entry.dates.harvested_on or day_in_vietnam(now)
    rules.check_use_right(use_rights(session, entry.product_id, entry.indication_id), day, indication.name)


def use_rights(session: Session, product_id: int, indication_id: int) -> list[rules.UseRight]:
    """The rights that a product's producer holds to an indication."""
    rows = session.scalars(select(UseRight).where(UseRight.product_id == product_id, UseRight.indication_id == indication_id))
    return [right_of(row) for row in rows]


def right_of(row: UseRight) -> rules.UseRight:
    """A right's row as the rules read it."""
    return rules.UseRight(row.from_day, row.until_day, row.revoked_on)
