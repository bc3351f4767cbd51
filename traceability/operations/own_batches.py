"""A producer's batches as a list, and one of them with its scans over time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.models import Batch, BatchCount, Issuance, Producer, Product, Recall, ScanDay

SORTS = ("newest", "oldest", "lot", "best_before", "scans")
STATES = ("open", "closed", "recalled")
PAGE = 20
# Viet Nam is seven hours ahead of UTC, all year.
_EPOCH = date(1970, 1, 1)
_MOST_BARS = 31


@dataclass(frozen=True)
class BatchRow:
    """A batch in the list. `labels` counts issued units, None for a batch that is stamped as a whole or not yet."""

    code: str
    product: str
    producer: str
    lot: str | None
    state: str
    packed_on: date | None
    best_before: date | None
    labels: int | None
    scans: int
    recalled: bool


@dataclass(frozen=True)
class Wanted:
    """What the list is asked for; `page` counts from 0."""

    search: str = ""
    state: str = ""
    sort: str = "newest"
    page: int = 0
    product_id: int | None = None


@dataclass(frozen=True)
class Bar:
    """Scans within some days, both included."""

    first: date
    last: date
    scans: int


def list_own_batches(session: Session, producer_ids: frozenset[int], wanted: Wanted, now: datetime) -> tuple[list[BatchRow], int]:
    """A page of the batches of these producers, and how many there are in all."""
    scans = select(BatchCount.times).where(BatchCount.batch_id == Batch.id).scalar_subquery()
    units = select(func.max(Issuance.last_unit)).where(Issuance.batch_id == Batch.id).scalar_subquery()
    recalled = _recalled(now)
    chosen = select(Batch, Product.name, Producer.name, scans.label("scans"), units, recalled.label("recalled"))
    statement = chosen.join(Batch.product).join(Batch.producer)
    statement = _narrowed(statement.where(Batch.producer_id.in_(producer_ids)), wanted, recalled)
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    rows = session.execute(_sorted(statement, wanted.sort).offset(wanted.page * PAGE).limit(PAGE))
    return [
        BatchRow(
            row.code, product, producer, row.lot, row.state, row.packed_on, row.best_before, count, scanned or 0, recalled=bool(stopped)
        )
        for row, product, producer, scanned, count, stopped in rows
    ], total


def scans_over_time(session: Session, batch_id: int, now: datetime) -> list[Bar]:
    """Scans of a batch by day, or by as many days as make at most 31 bars, from the first scan until today; empty without any."""
    of_people = (ScanDay.batch_id == batch_id, ScanDay.kind == "person")
    days = session.execute(select(ScanDay.day, func.sum(ScanDay.times)).where(*of_people).group_by(ScanDay.day).order_by(ScanDay.day))
    counted = [((day - _EPOCH).days, int(times)) for day, times in days]
    if not counted:
        return []
    first, today = int(counted[0][0]), (day_in_vietnam(now) - _EPOCH).days
    width = next(days for days in (1, 7, 30, 91, 365, 3650) if (today - first) // days < _MOST_BARS)
    sums = [0] * ((max(today, int(counted[-1][0])) - first) // width + 1)
    for number, scans in counted:
        sums[(int(number) - first) // width] += scans
    return [
        Bar(_EPOCH + timedelta(days=first + index * width), _EPOCH + timedelta(days=first + (index + 1) * width - 1), scans)
        for index, scans in enumerate(sums)
    ]


def _recalled(now: datetime) -> ColumnElement[bool]:
    open_now = (Recall.starts_at <= now, or_(Recall.lifted_at.is_(None), Recall.lifted_at > now))
    return select(Recall.id).where(Recall.batch_id == Batch.id, *open_now).exists()


def _narrowed(statement: Select[Any], wanted: Wanted, recalled: ColumnElement[bool]) -> Select[Any]:
    if wanted.search:
        columns = (Batch.lot, Batch.code, Product.name)
        words = wanted.search.strip()
        code = words.replace(" ", "").replace("-", "").upper()
        statement = statement.where(or_(*(column.icontains(words, autoescape=True) for column in columns), Batch.code == code))
    if wanted.product_id is not None:
        statement = statement.where(Batch.product_id == wanted.product_id)
    if wanted.state == "recalled":
        return statement.where(recalled)
    return statement.where(Batch.state == wanted.state) if wanted.state else statement


def _sorted(statement: Select[Any], sort: str) -> Select[Any]:
    if sort == "oldest":
        return statement.order_by(Batch.id)
    if sort == "lot":
        return statement.order_by(Batch.lot_folded, Batch.id)
    if sort == "best_before":
        return statement.order_by(Batch.best_before.is_(None), Batch.best_before, Batch.id)
    if sort == "scans":
        scans = select(BatchCount.times).where(BatchCount.batch_id == Batch.id).scalar_subquery()
        return statement.order_by(func.coalesce(scans, 0).desc(), Batch.id.desc())
    return statement.order_by(Batch.id.desc())
