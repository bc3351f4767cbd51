"""Stamps are cancelled, goods recalled, and recalls lifted."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.domain.errors import NotFound, Refused
from traceability.domain.roles import CONFIRMING_ROLES, Actor, check_role
from traceability.models import Batch, Issuance, Recall, Revocation


@dataclass(frozen=True)
class RecallNotice:
    """What a recall tells people: what to do and whom to call before why, in Vietnamese and where known in English and Chinese."""

    advice: str
    contact: str
    reason: str
    advice_en: str | None = None
    advice_zh: str | None = None
    reason_en: str | None = None
    reason_zh: str | None = None


def revoke_stamps(
    session: Session, batch_id: int, *, units: tuple[int, int] | None, reason: str, actor: Actor, now: datetime
) -> Revocation:
    """Cancels a range of issued units, or all stamps of a batch (None). Refused: `reason_empty`, `units_not_issued`."""
    if not reason.strip():
        raise Refused("reason_empty")
    first, last = _check_units(session, batch_id, units)
    revocation = Revocation(
        batch_id=batch_id, first_unit=first, last_unit=last, reason=reason.strip(), revoked_at=now, revoked_by=actor.name
    )
    session.add(revocation)
    session.flush()
    return revocation


def recall_goods(
    session: Session, batch_id: int, notice: RecallNotice, *, units: tuple[int, int] | None, actor: Actor, now: datetime
) -> Recall:
    """Recalls a batch or a range of its units, from now. Refused: `recall_words`, `units_not_issued`."""
    if not (notice.advice.strip() and notice.contact.strip() and notice.reason.strip()):
        raise Refused("recall_words")
    first, last = _check_units(session, batch_id, units)
    recall = Recall(
        batch_id=batch_id,
        first_unit=first,
        last_unit=last,
        **notice.__dict__,
        starts_at=now,
        recalled_role=actor.role,
        recalled_by=actor.name,
    )
    session.add(recall)
    session.flush()
    return recall


def same_recall(session: Session, batch_id: int, notice: RecallNotice, units: tuple[int, int] | None) -> bool:
    """Whether a recall in these words, of these units, is in force already."""
    first, last = units or (None, None)
    rows = session.scalars(select(Recall).where(Recall.batch_id == batch_id, Recall.lifted_at.is_(None)))
    wanted = (notice.advice, notice.contact, notice.reason, first, last)
    return any((row.advice, row.contact, row.reason, row.first_unit, row.last_unit) == wanted for row in rows)


def recall_ids(session: Session, batch_id: int) -> set[int]:
    """The recalls of a batch, lifted or not."""
    return set(session.scalars(select(Recall.id).where(Recall.batch_id == batch_id)))


def lift_recall(session: Session, recall_id: int, *, actor: Actor, now: datetime) -> Recall:
    """Lifts a recall from now on; lifting twice keeps the first. Refused `role` where a producer lifts what an authority ordered."""
    recall = session.get(Recall, recall_id, with_for_update={"key_share": True})
    if recall is None:
        raise NotFound("part_missing", kind="Recall")
    if recall.recalled_role != "producer":
        check_role(actor, *CONFIRMING_ROLES)
    if recall.lifted_at is None:
        recall.lifted_at, recall.lifted_by, recall.lifted_role = now, actor.name, actor.role
        session.flush()
    return recall


def _check_units(session: Session, batch_id: int, units: tuple[int, int] | None) -> tuple[int | None, int | None]:
    # The same lock as issuing takes, so that a range cannot be judged against stamps that are being issued.
    if session.get(Batch, batch_id, with_for_update={"key_share": True}) is None:
        raise NotFound("batch_missing", batch=batch_id)
    if units is None:
        return None, None
    last_unit = session.scalar(select(func.max(Issuance.last_unit)).where(Issuance.batch_id == batch_id)) or 0
    if not 1 <= units[0] <= units[1] <= last_unit:
        raise Refused("units_not_issued", first=units[0], last=units[1], last_unit=last_unit)
    return units
