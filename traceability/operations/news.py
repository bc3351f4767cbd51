"""What was said about a batch since it was stamped, for whoever follows it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.models import Batch, Inspection, Issuance, Recall
from traceability.operations.origin import words
from traceability.operations.public_facts import batch_path

MOST_NEWS = 50


@dataclass(frozen=True)
class News:
    """One thing that was said: `recall`, `lifted` or `check`. `key` names it for ever."""

    kind: str
    key: str
    at: datetime
    words: str = ""
    result: str | None = None
    units: tuple[int, int] | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class BatchNews:
    """A batch and its news, newest first. `path` is that of its own stamp, or of the service where each pack has one."""

    code: str
    product: str
    lot: str | None
    path: str
    since: datetime
    items: tuple[News, ...]


def fetch_news(session: Session, code: str, language: str) -> BatchNews | None:
    """The news of a batch that was stamped, None where there is no such batch."""
    batch = session.scalar(select(Batch).where(Batch.code == code, Batch.stamp_scope.is_not(None)))
    since = session.scalar(select(func.min(Issuance.issued_at)).where(Issuance.batch_id == batch.id)) if batch else None
    if batch is None or since is None:
        return None
    product = words(batch.product, "name", language)
    assert product is not None
    items = [*_recalls(session, batch.id, language), *_checks(session, batch.id)]
    newest_first = sorted(items, key=lambda item: (item.at, item.key), reverse=True)
    path = batch_path(session, batch) if batch.stamp_scope == "batch" else "/"
    return BatchNews(batch.code, product.text, batch.lot, path, since, tuple(newest_first[:MOST_NEWS]))


def _recalls(session: Session, batch_id: int, language: str) -> list[News]:
    found = []
    for row in session.scalars(select(Recall).where(Recall.batch_id == batch_id)):
        advice, reason = words(row, "advice", language), words(row, "reason", language)
        assert advice is not None and reason is not None
        said = f"{advice.text} {row.contact}. {reason.text}"
        units = (row.first_unit, row.last_unit) if row.first_unit is not None and row.last_unit is not None else None
        found.append(News("recall", f"recall-{row.id}", row.starts_at, said, units=units, until=row.lifted_at))
        if row.lifted_at is not None:
            found.append(News("lifted", f"lifted-{row.id}", row.lifted_at, units=units))
    return found


def _checks(session: Session, batch_id: int) -> list[News]:
    rows = session.scalars(select(Inspection).where(Inspection.batch_id == batch_id).order_by(Inspection.id.desc()).limit(MOST_NEWS))
    return [News("check", f"check-{row.id}", row.received_at, row.body, result=row.result) for row in rows]
