"""Something odd that a person reports about a stamp."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from traceability.domain import address
from traceability.domain.errors import Malformed, Refused
from traceability.models import ConsumerReport
from traceability.models.scan import REPORT_KINDS
from traceability.operations.scan import Found

MOST_WORDS = 1000
# Many phones share one address of a mobile network, so this is generous.
MOST_PER_HOUR = 30


@dataclass(frozen=True)
class NewReport:
    """A report as a person sends it. `stamp_text` is what was scanned or typed, `photograph` its name among the uploads."""

    stamp_text: str
    kind: str
    words: str
    place: str | None
    idempotency_key: str
    photograph: str | None = None


def report_odd(session: Session, entry: NewReport, found: Found, *, visitor: bytes, now: datetime) -> ConsumerReport:
    """Stores a report; the same idempotency key again gives the same one.

    Refused: `report_kind`, `report_empty`, `report_long`, `report_flood` for more than 30 an hour from one address.
    """
    entry = _without_zeros(entry)
    known = _find_sent(session, entry)
    if known is not None:
        return known
    if entry.kind not in REPORT_KINDS:
        raise Refused("report_kind")
    words = entry.words.strip()
    if not words and entry.kind == "other":
        raise Refused("report_empty")
    if len(words) > MOST_WORDS:
        raise Refused("report_long", length=len(words), largest=MOST_WORDS)
    lately = select(func.count(ConsumerReport.id)).where(
        ConsumerReport.visitor == visitor, ConsumerReport.reported_at > now - timedelta(hours=1)
    )
    if (session.scalar(lately) or 0) >= MOST_PER_HOUR:
        raise Refused("report_flood")
    report = ConsumerReport(
        batch_id=found.batch_id,
        unit=found.judgement.unit,
        stamp_text=_stored_text(entry.stamp_text, found),
        verdict=found.judgement.verdict.value,
        kind=entry.kind,
        words=words,
        place=(entry.place or "").strip()[:200] or None,
        visitor=visitor,
        reported_at=now,
        idempotency_key=entry.idempotency_key,
        photograph=entry.photograph,
    )
    try:
        with session.begin_nested():
            session.add(report)
    except IntegrityError:
        # The button was pressed twice at once: the other one was faster.
        known = _find_sent(session, entry)
        if known is None:
            raise
        return known
    return report


def _find_sent(session: Session, entry: NewReport) -> ConsumerReport | None:
    return session.scalar(select(ConsumerReport).where(ConsumerReport.idempotency_key == entry.idempotency_key))


def _without_zeros(entry: NewReport) -> NewReport:
    """PostgreSQL stores no zero character, and nobody needs one."""
    texts = {name: value.replace("\x00", "\ufffd") for name, value in entry.__dict__.items() if value is not None}
    return replace(entry, **texts)


def _stored_text(text: str, found: Found) -> str:
    read = found.read
    canonical = None if isinstance(read, Malformed) else read.canonical_path
    return (canonical or text)[: min(300, address.LONGEST)]
