"""A batch as an inspector or the office sees it, one step back and one step forward, and what they may stop."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, func, select
from sqlalchemy.orm import Session, joinedload

from traceability.domain import address, base32, stamp
from traceability.domain.accounts import Principal
from traceability.domain.errors import Malformed, NotFound, Refused
from traceability.models import Batch, BatchInput, ConsumerReport, Delivery, Inspection, Recall, Revocation, Scan, ScanDay, Suspicion
from traceability.operations.alerts import suspicions_of
from traceability.operations.areas import batches_of_area, names_batch
from traceability.operations.open_batch import last_unit
from traceability.operations.scan import Keys, count_scans

PLACES_DAYS = 30
_MOST_PLACED = 20_000


@dataclass(frozen=True)
class InspectedBatch:
    """A batch and what hangs on it; `inputs` and `used_in` name batches of ours where they are ones.

    `reports` are those of consumers that name a place.
    """

    batch: Batch
    issued: int
    scans: int
    first_scan: date | None
    last_scan: date | None
    recalls: list[Recall]
    revocations: list[Revocation]
    findings: list[Inspection]
    inputs: list[tuple[BatchInput, str | None]]
    used_in: list[tuple[str, str | None]]
    deliveries: list[Delivery]
    suspicions: list[Suspicion]
    reports: list[ConsumerReport]

    @property
    def lot_is_suspect(self) -> bool:
        """Whether a person suspects the whole batch."""
        return any(row.unit is None and row.cleared_at is None for row in self.suspicions)


def authority_batch(session: Session, code: str, by: Principal, *, lock: bool = False) -> Batch:
    """A batch that somebody of the province may act on: an inspector of a commune on its producers' alone. NotFound `batch_missing`."""
    statement = select(Batch).where(Batch.code == base32.fold(code.replace("-", "").replace(" ", "")), batches_of_area(by))
    batch = session.scalar(statement.with_for_update(key_share=True) if lock else statement)
    if batch is None:
        raise NotFound("batch_missing", batch=code)
    return batch


def view_inspected(session: Session, batch: Batch) -> InspectedBatch:
    """All that the page shows."""
    days = select(func.min(ScanDay.day, type_=Date), func.max(ScanDay.day, type_=Date)).where(ScanDay.batch_id == batch.id)
    first, last = session.execute(days).one()
    inputs = select(BatchInput, Batch.code).outerjoin(Batch, Batch.id == BatchInput.input_batch_id).where(BatchInput.batch_id == batch.id)
    used_in = select(Batch.code, Batch.lot).join(BatchInput, BatchInput.batch_id == Batch.id).where(BatchInput.input_batch_id == batch.id)
    placed = select(ConsumerReport).where(ConsumerReport.batch_id == batch.id, ConsumerReport.place.is_not(None))
    return InspectedBatch(
        batch=batch,
        issued=last_unit(session, batch.id),
        scans=count_scans(session, batch.id),
        first_scan=first,
        last_scan=last,
        recalls=list(session.scalars(select(Recall).where(Recall.batch_id == batch.id).order_by(Recall.id.desc()))),
        revocations=list(session.scalars(select(Revocation).where(Revocation.batch_id == batch.id).order_by(Revocation.id.desc()))),
        findings=list(
            session.scalars(
                select(Inspection)
                .where(Inspection.batch_id == batch.id)
                .order_by(Inspection.found_at.desc(), Inspection.id.desc())
                .limit(50)
            )
        ),
        inputs=[(row, found) for row, found in session.execute(inputs.order_by(BatchInput.id))],
        used_in=[(found, lot) for found, lot in session.execute(used_in.distinct().order_by(Batch.code))],
        deliveries=list(
            session.scalars(select(Delivery).where(Delivery.batch_id == batch.id).order_by(Delivery.delivered_on, Delivery.id))
        ),
        suspicions=suspicions_of(session, batch.id),
        reports=list(session.scalars(placed.order_by(ConsumerReport.id.desc()).limit(50))),
    )


def places_of_scans(session: Session, batch_id: int, now: datetime) -> list[tuple[int, int]]:
    """Where a batch was scanned in the last PLACES_DAYS days, by the places' numbers, the most first; of many scans the latest."""
    since = int(now.timestamp()) // 60 - PLACES_DAYS * 24 * 60
    rows = select(Scan.place).where(Scan.batch_id == batch_id, Scan.minute >= since, Scan.place.is_not(None))
    latest = rows.order_by(Scan.minute.desc()).limit(_MOST_PLACED).subquery()
    times = func.count()
    found = session.execute(select(latest.c.place, times).group_by(latest.c.place).order_by(times.desc(), latest.c.place).limit(20))
    return [(number, count) for number, count in found]


def search_batches(session: Session, by: Principal, search: str) -> tuple[list[Batch], bool]:
    """Batches of somebody's area by product, lot or code, the newest first, and whether there are more."""
    rows = select(Batch).where(batches_of_area(by), names_batch(search)).order_by(Batch.id.desc())
    found = list(session.scalars(rows.options(joinedload(Batch.product), joinedload(Batch.producer)).limit(51)))
    return found[:50], len(found) > 50


def units_between(
    session: Session, batch: Batch, first: str, last: str, *, keys: Keys, hosts: Collection[str], test_mode: bool
) -> tuple[int, int]:
    """The range of units from one stamp to another, both as scanned or typed, in whichever order.

    Refused: `spoilt_strange` for a text that is no unit of this batch, `units_not_issued`.
    """
    serials = stamp.serial_keys(keys.master_key(batch.master_key_id), batch.code)
    units = sorted(_unit_of(batch, serials, text, hosts, test_mode) for text in (first, last))
    issued = last_unit(session, batch.id)
    if units[1] > issued:
        raise Refused("units_not_issued", first=units[0], last=units[1], last_unit=issued)
    return units[0], units[1]


def _unit_of(batch: Batch, keys: stamp.SerialKeys, text: str, hosts: Collection[str], test_mode: bool) -> int:
    try:
        read = address.parse_any(text.strip(), hosts, test_mode=test_mode)
    except Malformed:
        raise Refused("spoilt_strange", lines=text.strip()[:60]) from None
    same = (read.gtin, read.lot) == (batch.product.gtin, batch.lot) if read.gtin else read.batch_code == batch.code
    unit = stamp.unit_of_serial(keys, read.serial) if same and read.serial else None
    if unit is None:
        raise Refused("spoilt_strange", lines=text.strip()[:60])
    return unit


def list_recalls(session: Session, *, search: str, only_open: bool, page: int, now: datetime) -> tuple[list[tuple[Recall, Batch]], bool]:
    """Recalls, newest first, with their batches, and whether there are more. Recalls are public, so everybody of the province sees all."""
    rows = select(Recall, Batch).join(Batch, Batch.id == Recall.batch_id).order_by(Recall.starts_at.desc(), Recall.id.desc())
    if only_open:
        rows = rows.where((Recall.lifted_at.is_(None)) | (Recall.lifted_at > now))
    if search:
        rows = rows.where(Batch.lot.icontains(search, autoescape=True) | (Batch.code == search.replace("-", "").replace(" ", "").upper()))
    found = [(recall, batch) for recall, batch in session.execute(rows.offset(page * 50).limit(51))]
    return found[:50], len(found) > 50
