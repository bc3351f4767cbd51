"""Batches as staff see them."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from traceability.domain.dates import VIETNAM, day_in_vietnam
from traceability.models import Batch, Issuance, Producer, Product, Recall, Revocation
from traceability.operations.print_labels import indication_today, stars_today
from traceability.operations.scan import count_scans


def find_batch(session: Session, code: str) -> Batch | None:
    """A batch by its code."""
    return session.scalar(select(Batch).where(Batch.code == code))


def is_recalled(session: Session, batch_id: int, now: datetime) -> bool:
    """Whether the batch, or units of it, are recalled now."""
    rows = session.scalars(select(Recall).where(Recall.batch_id == batch_id, Recall.starts_at <= now))
    return any(row.lifted_at is None or now < row.lifted_at for row in rows)


def list_batches(session: Session, search: str = "") -> list[tuple[str, ...]]:
    """Rows of texts: code, state, scope, units issued, lot, product, producer; newest last."""
    last_unit = select(func.max(Issuance.last_unit)).where(Issuance.batch_id == Batch.id).scalar_subquery()
    statement = select(Batch, Product.name, Producer.name, last_unit).join(Batch.product).join(Batch.producer).order_by(Batch.id)
    if search:
        like = f"%{search.replace('%', '').replace('_', '')}%"
        statement = statement.where(or_(*(column.ilike(like) for column in (Batch.code, Batch.lot, Product.name, Producer.name))))
    return [
        (batch.code, batch.state, batch.stamp_scope or "–", str(units or "–"), batch.lot or "–", product, producer)
        for batch, product, producer, units in session.execute(statement)
    ]


def show_batch(session: Session, batch: Batch, now: datetime) -> Iterator[tuple[str, object]]:
    """All that is on record, as names and values."""
    today = day_in_vietnam(now)
    yield from _of_row(batch)
    yield "stars that may be printed today", stars_today(session, batch, today)
    yield "indication that may be printed today", indication_today(session, batch, today) or "–"
    for row in session.scalars(select(Issuance).where(Issuance.batch_id == batch.id).order_by(Issuance.id)):
        units = f"units {row.first_unit} to {row.last_unit}" if row.first_unit else "batch stamp"
        key = f", key {row.kid}" if row.kid else ""
        yield "issued", f"{units}, {row.form}{key}, {_moment(row.issued_at)} by {row.issued_by}"
    yield from _against(session, batch)
    for correction in batch.corrections:
        change = f"{correction.field}: {correction.old_value or '–'} → {correction.new_value}"
        yield "corrected", f"{change} ({correction.reason}; {_moment(correction.recorded_at)} by {correction.recorded_by})"
    for stage in batch.stages:
        says = f"{stage.recorded_role} says" + (f", {stage.confirmed_role} confirms" if stage.confirmed_role else "")
        yield "stage", f"{stage.happened_on} {stage.kind} {stage.place or ''} ({says})"
    for entry in batch.inputs:
        yield (
            "went in",
            f"{entry.what} {entry.amount or ''} {entry.amount_unit or ''} from {entry.supplier or f'batch {entry.input_batch_id}'}",
        )
    for delivery in batch.deliveries:
        yield "went to", f"{delivery.recipient} on {delivery.delivered_on}, quantity {delivery.quantity or '–'}"
    yield "scans", count_scans(session, batch.id)


def _of_row(batch: Batch) -> Iterator[tuple[str, object]]:
    yield "code", batch.code
    yield "product", batch.product.name
    yield "GTIN", batch.product.gtin or "–"
    yield "producer", batch.producer.name
    for name in ("kind", "state", "lot", "harvested_on", "made_on", "packed_on", "best_before", "quantity", "package", "unit_limit"):
        value = getattr(batch, name)
        yield name.replace("_", " "), "–" if value is None else value
    yield "stamped", {"batch": "as a whole", "unit": "by unit"}.get(batch.stamp_scope or "", "not yet")
    yield "serial master key", batch.master_key_id


def _against(session: Session, batch: Batch) -> Iterator[tuple[str, object]]:
    for revocation in session.scalars(select(Revocation).where(Revocation.batch_id == batch.id)):
        yield "revoked", f"{_units(revocation)}: {revocation.reason} ({_moment(revocation.revoked_at)} by {revocation.revoked_by})"
    for recall in session.scalars(select(Recall).where(Recall.batch_id == batch.id)):
        lifted = f", lifted {_moment(recall.lifted_at)} by {recall.lifted_by}" if recall.lifted_at else ""
        yield "recalled", f"{_units(recall)}: {recall.reason} ({_moment(recall.starts_at)} by {recall.recalled_by}{lifted})"


def _units(row: Revocation | Recall) -> str:
    return f"units {row.first_unit} to {row.last_unit}" if row.first_unit else "whole batch"


def _moment(instant: datetime) -> str:
    return instant.astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M")
