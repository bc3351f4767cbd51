"""One step back, one step forward (Circular 02/2024/TT-BKHCN): what went in, and to whom it went."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.domain.roles import Actor
from traceability.models import Batch, BatchInput, Delivery, Issuance


def record_input(
    session: Session,
    batch_id: int,
    *,
    what: str,
    supplier: str | None = None,
    supplier_lot: str | None = None,
    input_batch_id: int | None = None,
    amount: int | None = None,
    amount_unit: str | None = None,
    received_on: date | None = None,
    actor: Actor,
    now: datetime,
) -> BatchInput:
    """What went into a batch, from whom or from which batch. Refused: `name_empty`, `amount`, `input_from_whom`, `input_circle`."""
    if session.get(Batch, batch_id) is None:
        raise NotFound("batch_missing", batch=batch_id)
    if not what.strip():
        raise Refused("name_empty")
    if amount is not None and amount <= 0:
        raise Refused("amount", amount=amount)
    if input_batch_id is None and not (supplier or "").strip():
        raise Refused("input_from_whom")
    if input_batch_id is not None:
        if session.get(Batch, input_batch_id) is None:
            raise NotFound("batch_missing", batch=input_batch_id)
        if batch_id in _went_into(session, input_batch_id):
            raise Refused("input_circle")
    row = BatchInput(
        batch_id=batch_id,
        what=what,
        supplier=supplier,
        supplier_lot=supplier_lot,
        input_batch_id=input_batch_id,
        amount=amount,
        amount_unit=amount_unit,
        received_on=received_on,
        recorded_by=actor.name,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    return row


def record_delivery(
    session: Session,
    batch_id: int,
    *,
    recipient: str,
    delivered_on: date,
    quantity: int | None = None,
    units: tuple[int, int] | None = None,
    actor: Actor,
    now: datetime,
) -> Delivery:
    """To whom a batch, or units of it, went. Refused: `amount`, `date_ahead`, `recipient_empty`, `units_not_issued`."""
    if session.get(Batch, batch_id) is None:
        raise NotFound("batch_missing", batch=batch_id)
    if quantity is not None and quantity <= 0:
        raise Refused("amount", amount=quantity)
    if delivered_on > day_in_vietnam(now):
        raise Refused("date_ahead", day=delivered_on, today=day_in_vietnam(now))
    if not recipient.strip():
        raise Refused("recipient_empty")
    if units is not None:
        last_unit = session.scalar(select(func.max(Issuance.last_unit)).where(Issuance.batch_id == batch_id)) or 0
        if not 1 <= units[0] <= units[1] <= last_unit:
            raise Refused("units_not_issued", first=units[0], last=units[1], last_unit=last_unit)
    row = Delivery(
        batch_id=batch_id,
        recipient=recipient.strip(),
        delivered_on=delivered_on,
        quantity=quantity,
        first_unit=units[0] if units else None,
        last_unit=units[1] if units else None,
        recorded_by=actor.name,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _went_into(session: Session, batch_id: int) -> set[int]:
    """All batches that went into a batch, and itself: a batch that comes back into one of them would be a circle."""
    found, open_ends = {batch_id}, {batch_id}
    while open_ends:
        rows = session.scalars(select(BatchInput.input_batch_id).where(BatchInput.batch_id.in_(open_ends)))
        open_ends = {key for key in rows if key is not None} - found
        found |= open_ends
    return found
