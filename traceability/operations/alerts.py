"""Alerts for people: listed, shown with their evidence, and closed with what was found. And batches that a person suspects."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain.accounts import Principal
from traceability.domain.errors import NotFound, Refused
from traceability.domain.roles import CONFIRMING_ROLES, Actor, check_role
from traceability.domain.suspects import ALERTS, CONCLUSIONS
from traceability.models import Alert, Batch, Inspection, Suspicion
from traceability.operations.areas import batches_of_area, names_batch

MOST_WORDS = 1000
ROWS_A_PAGE = 50


@dataclass(frozen=True)
class Closing:
    """What a person found: the conclusion, in words, and where one was written down the finding it rests on."""

    conclusion: str
    words: str
    inspection_id: int | None = None


def list_alerts(
    session: Session, by: Principal, *, search: str = "", kind: str = "", state: str = "open", order: str = "newest", page: int = 0
) -> tuple[list[Alert], bool]:
    """Alerts of somebody's area, open ones, closed ones or (`state` empty) all, and whether there are more."""
    rows = select(Alert).join(Batch, Batch.id == Alert.batch_id).where(batches_of_area(by))
    if kind in ALERTS:
        rows = rows.where(Alert.kind == kind)
    if state in ("open", "closed"):
        rows = rows.where(Alert.closed_at.is_(None) if state == "open" else Alert.closed_at.is_not(None))
    if search:
        rows = rows.where(names_batch(search))
    newest = (Alert.raised_at.desc(), Alert.id.desc())
    orders = {"oldest": (Alert.raised_at, Alert.id), "kind": (Alert.kind, *newest)}
    found = list(session.scalars(rows.order_by(*orders.get(order, newest)).offset(page * ROWS_A_PAGE).limit(ROWS_A_PAGE + 1)))
    return found[:ROWS_A_PAGE], len(found) > ROWS_A_PAGE


def fetch_alert(session: Session, by: Principal, alert_id: int, *, lock: bool = False) -> Alert:
    """An alert of somebody's area. NotFound `part_missing` where there is none, or it is not theirs to see."""
    rows = select(Alert).join(Batch, Batch.id == Alert.batch_id).where(Alert.id == alert_id, batches_of_area(by))
    alert = session.scalar(rows.with_for_update(of=Alert) if lock else rows)
    if alert is None:
        raise NotFound("part_missing", kind="Alert")
    return alert


def findings_of(session: Session, batch_id: int) -> list[Inspection]:
    """The newest findings of a batch, which an alert's closing may rest on."""
    rows = select(Inspection).where(Inspection.batch_id == batch_id).order_by(Inspection.found_at.desc(), Inspection.id.desc())
    return list(session.scalars(rows.limit(20)))


def close_alert(session: Session, alert: Alert, closing: Closing, *, actor: Actor, now: datetime) -> bool:
    """Closes an alert; False where it is closed already, as it stays.

    Where nothing is wrong the unit's page stops being amber, and scans up to now count for nothing more. Refused:
    `alert_conclusion`, `alert_words`, `alert_finding` for a finding of another batch.
    """
    check_role(actor, *CONFIRMING_ROLES)
    if alert.closed_at is not None:
        return False
    if closing.conclusion not in CONCLUSIONS:
        raise Refused("alert_conclusion")
    words = closing.words.strip()
    if not 0 < len(words) <= MOST_WORDS:
        raise Refused("alert_words", largest=MOST_WORDS)
    if closing.inspection_id is not None:
        finding = session.get(Inspection, closing.inspection_id)
        if finding is None or finding.batch_id != alert.batch_id:
            raise Refused("alert_finding")
    alert.conclusion, alert.words, alert.inspection_id = closing.conclusion, words, closing.inspection_id
    alert.closed_at, alert.closed_by, alert.closed_role = now, actor.name, actor.role
    if closing.conclusion == "genuine" and alert.suspicion_id is not None:
        _clear(session.get_one(Suspicion, alert.suspicion_id), actor, now)
    session.flush()
    return True


def suspect_batch(session: Session, batch: Batch, reason: str, *, actor: Actor, now: datetime) -> Suspicion:
    """A person suspects that a batch's codes are on other goods: all its pages turn amber. One that is suspect stays as it is.

    Refused: `reason_empty`, `nothing_to_suspect` where nothing was stamped.
    """
    check_role(actor, *CONFIRMING_ROLES)
    if not reason.strip():
        raise Refused("reason_empty")
    if batch.stamp_scope is None:
        raise Refused("nothing_to_suspect")
    known = next((row for row in suspicions_of(session, batch.id) if row.unit is None and row.cleared_at is None), None)
    if known is not None:
        return known
    row = Suspicion(batch_id=batch.id, since=now, reason=reason.strip()[:500], suspected_by=actor.name)
    session.add(row)
    session.flush()
    return row


def suspicions_of(session: Session, batch_id: int) -> list[Suspicion]:
    """All suspicions of a batch and its units, cleared ones as well, newest first."""
    return list(session.scalars(select(Suspicion).where(Suspicion.batch_id == batch_id).order_by(Suspicion.id.desc()).limit(100)))


def clear_suspicion(session: Session, batch: Batch, suspicion_id: int, *, actor: Actor, now: datetime) -> None:
    """Ends what a person said of a batch. What the rules say of a unit ends with its alert. NotFound `part_missing`."""
    check_role(actor, *CONFIRMING_ROLES)
    row = session.get(Suspicion, suspicion_id, with_for_update=True)
    if row is None or row.batch_id != batch.id or row.unit is not None:
        raise NotFound("part_missing", kind="Suspicion")
    _clear(row, actor, now)
    session.flush()


def _clear(row: Suspicion, actor: Actor, now: datetime) -> None:
    if row.cleared_at is None:
        row.cleared_at, row.cleared_by = now, actor.name
