"""What consumers reported, for inspectors and the office: listed with the batch's picture, and put aside with what became of it."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from traceability.domain.accounts import Principal
from traceability.domain.errors import NotFound, Refused
from traceability.models import Batch, ConsumerReport
from traceability.models.audit import note
from traceability.models.scan import REPORT_KINDS
from traceability.operations.areas import batches_of_area, names_batch

MOST_WORDS = 1000
ROWS_A_PAGE = 50


def list_reports(
    session: Session, by: Principal, *, search: str = "", kind: str = "", state: str = "open", order: str = "newest", page: int = 0
) -> tuple[list[ConsumerReport], bool]:
    """Reports of somebody's area, open ones, those dealt with or (`state` empty) all, and whether there are more.

    Reports about codes that are none of ours are for those of the whole province: they have no batch to be of an area.
    """
    rows = select(ConsumerReport).outerjoin(Batch, Batch.id == ConsumerReport.batch_id).where(batches_of_area(by))
    if kind in REPORT_KINDS:
        rows = rows.where(ConsumerReport.kind == kind)
    if state in ("open", "handled"):
        rows = rows.where(ConsumerReport.handled_at.is_(None) if state == "open" else ConsumerReport.handled_at.is_not(None))
    if search:
        texts = (ConsumerReport.place, ConsumerReport.words)
        rows = rows.where(or_(names_batch(search), *(text.icontains(search, autoescape=True) for text in texts)))
    newest = (ConsumerReport.reported_at.desc(), ConsumerReport.id.desc())
    ordered = rows.order_by(*((ConsumerReport.reported_at, ConsumerReport.id) if order == "oldest" else newest))
    shown = ordered.options(joinedload(ConsumerReport.batch).joinedload(Batch.product))
    found = list(session.scalars(shown.offset(page * ROWS_A_PAGE).limit(ROWS_A_PAGE + 1)))
    return found[:ROWS_A_PAGE], len(found) > ROWS_A_PAGE


def latest_reports(session: Session, *, most: int = 100) -> list[ConsumerReport]:
    """The latest reports of all areas, newest first."""
    return list(session.scalars(select(ConsumerReport).order_by(ConsumerReport.reported_at.desc(), ConsumerReport.id.desc()).limit(most)))


def fetch_report(session: Session, by: Principal, report_id: int, *, lock: bool = False) -> ConsumerReport:
    """A report of somebody's area. NotFound `part_missing` where there is none, or it is not theirs to see."""
    rows = (
        select(ConsumerReport)
        .outerjoin(Batch, Batch.id == ConsumerReport.batch_id)
        .where(ConsumerReport.id == report_id, batches_of_area(by))
    )
    report = session.scalar(rows.with_for_update(of=ConsumerReport) if lock else rows)
    if report is None:
        raise NotFound("part_missing", kind="ConsumerReport")
    return report


def handle_report(session: Session, report: ConsumerReport, words: str, *, by: str, now: datetime) -> bool:
    """Puts a report aside with what became of it; False where somebody has done so, which stays. Refused: `report_words`."""
    if report.handled_at is not None:
        return False
    words = words.strip()
    if not 0 < len(words) <= MOST_WORDS:
        raise Refused("report_words", largest=MOST_WORDS)
    report.handled_at, report.handled_by, report.handled_words = now, by, words
    session.flush()
    # What people wrote is not for the trail; that it was dealt with is.
    note(session, "consumer_report", report.id, {"handled_by": by, "handled_words": words}, change="update")
    return True
