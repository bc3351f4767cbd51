"""The rows behind what was done in a year until a day: batches, stamps, recalls, official checks; and behind a day's scans."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from traceability.domain.dates import VIETNAM, day_in_vietnam
from traceability.models import Batch, Inspection, Issuance, Producer, Product, Recall, ScanDay

KINDS = ("batches", "stamps", "recalls", "inspections", "scans")
ROWS_A_PAGE = 20
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Done:
    """One row: its day, the batch that it is about where it is about one, how many it counts for, and what is told of it."""

    day: date
    code: str | None
    lot: str | None
    product: str | None
    producer: str | None
    count: int
    told: str | None


def list_done(session: Session, kind: str, day: date, *, page: int) -> tuple[list[Done], bool, int]:
    """A page of rows of a kind, the latest first, whether there are more, and what all of them count for."""
    rows = _rows(kind, day)
    held = rows.order_by(None).subquery()
    total = session.scalar(select(func.coalesce(func.sum(held.c.count), 0)).select_from(held)) or 0
    found = [_done(row) for row in session.execute(rows.offset(page * ROWS_A_PAGE).limit(ROWS_A_PAGE + 1))]
    return found[:ROWS_A_PAGE], len(found) > ROWS_A_PAGE, int(total)


def all_done(session: Session, kind: str, day: date) -> Iterator[Done]:
    """All of them."""
    for row in session.execute(_rows(kind, day).execution_options(yield_per=_AT_ONCE)):
        yield _done(row)


def year_until(day: date) -> tuple[datetime, datetime]:
    """The moments between which something was done in the year until the day's end, by Viet Nam's clock."""
    return datetime.combine(date(day.year, 1, 1), time(), VIETNAM), datetime.combine(day + timedelta(days=1), time(), VIETNAM)


def stamps_issued(day: date) -> Any:
    """Packs that were stamped: unit stamps that were issued, and all packs of batches whose own stamp was first issued."""
    begin, end = year_until(day)
    units = select(Issuance.batch_id, (Issuance.last_unit - Issuance.first_unit + 1).label("count"), Issuance.issued_at.label("at"))
    units = units.where(Issuance.scope == "unit", Issuance.issued_at >= begin, Issuance.issued_at < end)
    first = func.min(Issuance.issued_at)
    own = select(Issuance.batch_id, func.max(Batch.quantity).label("count"), first.label("at")).join(Batch, Batch.id == Issuance.batch_id)
    own = own.where(Issuance.scope == "batch", Batch.quantity.is_not(None)).group_by(Issuance.batch_id)
    return union_all(units, own.having(first >= begin, first < end)).subquery("stamped")


def _rows(kind: str, day: date) -> Any:
    begin, end = year_until(day)
    real, one, nothing = Batch.illustrative.is_(False), literal(1).label("count"), literal(None).label("told")
    rows: Any
    if kind == "stamps":
        stamped = stamps_issued(day)
        rows = select(stamped.c.at.label("at"), *_BATCH, stamped.c.count.label("count"), nothing)
        return _named(rows.join(Batch, Batch.id == stamped.c.batch_id)).where(real).order_by(stamped.c.at.desc(), Batch.id)
    if kind == "recalls":
        rows = select(Recall.starts_at.label("at"), *_BATCH, one, Recall.reason.label("told")).join(Batch, Batch.id == Recall.batch_id)
        rows = _named(rows).where(real, Recall.starts_at >= begin, Recall.starts_at < end)
        return rows.order_by(Recall.starts_at.desc(), Recall.id)
    if kind == "inspections":
        rows = select(Inspection.found_at.label("at"), *_BATCH, one, Inspection.place.label("told"))
        rows = _named(rows.outerjoin(Batch, Batch.id == Inspection.batch_id), outer=True)
        return rows.where(Inspection.found_at >= begin, Inspection.found_at < end).order_by(Inspection.found_at.desc(), Inspection.id)
    if kind == "scans":
        rows = select(ScanDay.day.label("at"), *_BATCH, func.sum(ScanDay.times).label("count"), nothing)
        rows = _named(rows.join(Batch, Batch.id == ScanDay.batch_id)).where(real, ScanDay.day == day, ScanDay.kind == "person")
        return rows.group_by(ScanDay.day, *_BATCH, Batch.id).order_by(func.sum(ScanDay.times).desc(), Batch.id)
    rows = _named(select(Batch.created_at.label("at"), *_BATCH, one, nothing)).where(
        real, Batch.created_at >= begin, Batch.created_at < end
    )
    return rows.order_by(Batch.created_at.desc(), Batch.id)


_BATCH = (Batch.code, Batch.lot, Product.name.label("product"), Producer.name.label("producer"))


def _named(rows: Any, *, outer: bool = False) -> Any:
    rows = rows.join(Product, Product.id == Batch.product_id, isouter=outer)
    return rows.join(Producer, Producer.id == Batch.producer_id, isouter=outer)


def _done(row: Any) -> Done:
    at = row.at if isinstance(row.at, date) and not isinstance(row.at, datetime) else day_in_vietnam(row.at)
    return Done(at, row.code, row.lot, row.product, row.producer, int(row.count), row.told)
