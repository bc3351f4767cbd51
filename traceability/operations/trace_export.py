"""All that is on record of a lot, or of what happened within some days, as tables: for a trace drill, and for those who look into one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from traceability.domain.accounts import Principal
from traceability.domain.dates import VIETNAM
from traceability.domain.errors import Refused
from traceability.domain.spreadsheet import Cell, Table
from traceability.models import (
    Alert,
    Batch,
    BatchInput,
    ConsumerReport,
    Delivery,
    GrowingArea,
    Inspection,
    Issuance,
    Producer,
    Product,
    Recall,
    Revocation,
    Scan,
    ScanDay,
    Stage,
    Suspicion,
)
from traceability.models.audit import note
from traceability.operations.areas import batches_of_area

LONGEST_DAYS = 731
# Rows that are held at once, of the table that has the most.
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Asked:
    """What a trace is asked of: one batch, or the days from one to another, both included, of a person's area."""

    by: Principal
    batch_id: int | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class _Kind:
    """A table's columns, by key, and what dates its rows."""

    key: str
    columns: dict[str, Any]
    when: Any
    table: Any
    order: Any


def check_asked(asked: Asked) -> Asked:
    """Refused `trace_days` where neither a batch nor days in order are named, or more than two years."""
    days = (asked.last - asked.first).days if asked.first and asked.last else -1
    if asked.batch_id is None and not 0 <= days <= LONGEST_DAYS:
        raise Refused("trace_days")
    return asked


def count_scans_asked(session: Session, asked: Asked) -> int:
    """How many scans are on record of it, from the days' sums: rows of months ago may be gone by then."""
    rows = select(func.sum(ScanDay.times)).join(Batch, Batch.id == ScanDay.batch_id).where(ScanDay.kind == "person")
    return int(session.scalar(rows.where(*_asked(asked, ScanDay.day))) or 0)


def note_export(session: Session, asked: Asked, form: str) -> None:
    """That it was fetched goes on the audit trail."""
    days = {"first": str(asked.first), "last": str(asked.last)} if asked.batch_id is None else {}
    note(session, "trace_export", asked.batch_id, {"form": form, **days})


def tables(session: Session, asked: Asked) -> Iterator[Table]:
    """The tables one after another, empty ones as well: each is to be read to its end before the next.

    Each row begins with the batch's code and lot.
    """
    for kind in _kinds():
        rows = select(Batch.code, Batch.lot, *kind.columns.values()).select_from(kind.table)
        if kind.key != "batches":
            rows = rows.join(Batch, Batch.id == kind.table.batch_id)
        else:
            rows = rows.join(Product, Product.id == Batch.product_id).join(Producer, Producer.id == Batch.producer_id)
        yield Table(kind.key, ("code", "lot", *kind.columns), _read(session, rows.where(*_asked(asked, kind.when)).order_by(kind.order)))
    yield _went_into(session, asked)


def _read(session: Session, rows: Select[*tuple[Any, ...]]) -> Iterator[tuple[Cell, ...]]:
    for row in session.execute(rows.execution_options(yield_per=_AT_ONCE)):
        yield tuple(row)


def _went_into(session: Session, asked: Asked) -> Table:
    """What became of a batch that went into another one of ours, which may be somebody else's to see: its code is public."""
    made = aliased(Batch)
    rows = (
        select(Batch.code, Batch.lot, made.code, made.lot, BatchInput.recorded_at)
        .select_from(BatchInput)
        .join(Batch, Batch.id == BatchInput.input_batch_id)
        .join(made, made.id == BatchInput.batch_id)
        .where(*_asked(asked, BatchInput.recorded_at))
    )
    return Table("went_into", ("code", "lot", "into_code", "into_lot", "recorded_at"), _read(session, rows.order_by(BatchInput.id)))


def _asked(asked: Asked, when: Any) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [batches_of_area(asked.by)]
    if asked.batch_id is not None:
        return [*found, Batch.id == asked.batch_id]
    assert asked.first is not None and asked.last is not None, "checked"
    if when is Scan.minute:
        begins, ends = (int(moment.timestamp()) // 60 for moment in _moments(asked.first, asked.last))
        return [*found, when >= begins, when < ends]
    if any(when is day for day in (Stage.happened_on, Delivery.delivered_on, ScanDay.day)):
        return [*found, when.between(asked.first, asked.last)]
    begin, end = _moments(asked.first, asked.last)
    return [*found, when >= begin, when < end]


def _moments(first: date, last: date) -> tuple[datetime, datetime]:
    """When the days begin and end in Viet Nam, in UTC."""
    day_after = last + timedelta(days=1)
    return tuple(datetime.combine(day, time(), VIETNAM).astimezone(UTC) for day in (first, day_after))  # type: ignore[return-value]


def _kinds() -> list[_Kind]:
    units = ("first_unit", "last_unit")
    return [
        _Kind(
            "batches",
            {"product": Product.name, "producer": Producer.name}
            | _of(Batch, "harvested_on", "made_on", "packed_on", "best_before", "quantity", "package", "state", "place", "created_at"),
            Batch.created_at,
            Batch,
            Batch.id,
        ),
        _Kind("growing_areas", {"area": GrowingArea.name, "area_code": GrowingArea.code}, Batch.created_at, GrowingArea, GrowingArea.id),
        _kind(
            "inputs", BatchInput, BatchInput.recorded_at, "what", "supplier", "supplier_lot", "received_on", "recorded_by", "recorded_at"
        ),
        _kind("stages", Stage, Stage.happened_on, "kind", "happened_on", "happened_at", "place", "note", "recorded_by", "confirmed_by"),
        _kind("issuances", Issuance, Issuance.issued_at, "form", *units, "issued_at", "issued_by"),
        _kind("deliveries", Delivery, Delivery.delivered_on, "recipient", "delivered_on", "quantity", *units, "recorded_by"),
        _kind("findings", Inspection, Inspection.found_at, "unit", "verdict", "result", "place", "words", "body", "inspector", "found_at"),
        _kind("recalls", Recall, Recall.starts_at, *units, "reason", "advice", "starts_at", "recalled_by", "lifted_at", "lifted_by"),
        _kind("revocations", Revocation, Revocation.revoked_at, *units, "reason", "revoked_at", "revoked_by"),
        _kind("suspicions", Suspicion, Suspicion.since, "unit", "reason", "since", "suspected_by", "cleared_at", "cleared_by"),
        _kind("alerts", Alert, Alert.raised_at, "kind", "unit", "raised_at", "conclusion", "words", "closed_at", "closed_by"),
        _kind("reports", ConsumerReport, ConsumerReport.reported_at, "unit", "kind", "place", "words", "reported_at", "handled_words"),
        _Kind("scan_days", _of(ScanDay, "day", "kind", "verdict", "times"), ScanDay.day, ScanDay, ScanDay.day),
        # Of whoever scanned nothing is told: not even the name that is thrown away each day.
        _kind("scans", Scan, Scan.minute, "unit", "form", "verdict", "place", "scanned_at"),
    ]


def _kind(key: str, table: Any, when: Any, *columns: str) -> _Kind:
    return _Kind(key, _of(table, *columns), when, table, table.id)


def _of(table: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(table, name) for name in names}
