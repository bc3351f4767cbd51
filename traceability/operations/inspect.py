"""An inspector's finding is taken, exactly once, however often the phone sends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from traceability.domain.accounts import Principal
from traceability.domain.errors import NotFound
from traceability.domain.inspection import Finding, check_finding
from traceability.models import Batch, Inspection, InspectionPhotograph, Producer
from traceability.operations.places import place_names
from traceability.operations.scan import Found

ROWS_A_PAGE = 50


@dataclass(frozen=True)
class KeptPhotograph:
    """A photograph that was re-encoded and written: its hash as taken, and its name, hash and size as kept."""

    sha256_taken: str
    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Listed:
    """A finding in a list, with the batch that it is about."""

    finding: Inspection
    batch_code: str | None
    lot: str | None


def find_sent(session: Session, id_on_phone: str) -> Inspection | None:
    """The finding that a phone has sent already."""
    return session.scalar(select(Inspection).where(Inspection.id_on_phone == id_on_phone))


def record_finding(
    session: Session, finding: Finding, found: Found, photographs: Sequence[KeptPhotograph], *, by: Principal, body: str, now: datetime
) -> tuple[Inspection, bool]:
    """Takes a finding, and whether it is new: the same one again, from whichever connection, gives the one that is there.

    `found` is what the register says of the stamp's text now. Refused: those of `check_finding`.
    """
    known = find_sent(session, finding.id_on_phone)
    if known is not None:
        return known, False
    check_finding(finding, now)
    commune = place_names("15", by.commune_code)[0] if by.commune_code else None
    row = Inspection(
        **{name: getattr(finding, name) for name in _AS_SENT},
        place=finding.place.strip(),
        words=finding.words.strip(),
        explained_to=(finding.explained_to or "").strip() or None,
        checked=sorted(set(finding.checked)),
        batch_id=found.batch_id,
        unit=found.judgement.unit if found.batch_id is not None else None,
        account_id=by.account_id,
        inspector=by.name,
        body=f"{body}, {commune}" if commune else body,
        commune_code=by.commune_code,
        received_at=now,
        photographs=[InspectionPhotograph(**kept.__dict__) for kept in photographs],
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        # Another connection of the same phone was faster.
        known = find_sent(session, finding.id_on_phone)
        if known is None:
            raise
        return known, False
    return row, True


_AS_SENT = (
    *("id_on_phone", "stamp_text", "verdict", "pack_number", "latitude", "longitude", "result", "correct_by"),
    *("seized", "seized_unit", "found_at"),
)


def list_findings(session: Session, by: Principal, *, search: str = "", result: str = "", page: int = 0) -> tuple[list[Listed], bool]:
    """The findings that somebody may see, newest first, and whether there are more: the office all, an inspector its own and its area's."""
    rows = (
        select(Inspection, Batch.code, Batch.lot)
        .outerjoin(Batch, Batch.id == Inspection.batch_id)
        .where(_seen_by(by))
        .order_by(Inspection.found_at.desc(), Inspection.id.desc())
    )
    if result:
        rows = rows.where(Inspection.result == result)
    if search:
        like = f"%{search.replace('%', '').replace('_', '')}%"
        code = search.replace("-", "").replace(" ", "").upper()
        rows = rows.where(or_(Inspection.place.ilike(like), Inspection.inspector.ilike(like), Batch.lot.ilike(like), Batch.code == code))
    found = session.execute(rows.offset(page * ROWS_A_PAGE).limit(ROWS_A_PAGE + 1)).all()
    return [Listed(*row) for row in found[:ROWS_A_PAGE]], len(found) > ROWS_A_PAGE


def fetch_finding(session: Session, by: Principal, finding_id: int) -> Listed:
    """A finding that somebody may see. NotFound where there is none, or it is not theirs to see."""
    rows = (
        select(Inspection, Batch.code, Batch.lot)
        .outerjoin(Batch, Batch.id == Inspection.batch_id)
        .where(Inspection.id == finding_id, _seen_by(by))
        .options(selectinload(Inspection.photographs))
    )
    row = session.execute(rows).one_or_none()
    if row is None:
        raise NotFound("part_missing", kind="Inspection")
    return Listed(*row)


def _seen_by(by: Principal) -> ColumnElement[bool]:
    if "office" in by.staff or by.commune_code is None:
        return Inspection.id.is_not(None)
    of_area = select(Batch.id).join(Producer, Producer.id == Batch.producer_id).where(Producer.commune_code == by.commune_code)
    return or_(Inspection.account_id == by.account_id, Inspection.commune_code == by.commune_code, Inspection.batch_id.in_(of_area))
