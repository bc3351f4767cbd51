"""A batch is registered from its form, changed while nothing is stamped, and closed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from traceability.domain import batch as rules
from traceability.domain import gs1
from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.domain.roles import Actor
from traceability.models import AuditEntry, Batch, BatchDraft, Issuance, Photograph, Picture, Report, Revocation, SentForm, Stage, Upload
from traceability.models.batch import PACKAGES
from traceability.operations.kept_files import KeptContent
from traceability.operations.register_batch import (
    NewBatch,
    NewStage,
    add_growing_area,
    add_stage,
    attach_report,
    register_batch,
    set_state,
    use_rights,
)
from traceability.operations.withdraw import revoke_stamps

EDITABLE = ("lot", "harvested_on", "made_on", "packed_on", "best_before", "quantity", "package", "place")
# A stage that was tapped by mistake can be taken back so long, unless somebody confirmed it.
UNDO_LASTS = timedelta(hours=1)
# So many photographs and reports together hang on one batch.
MOST_ON_A_BATCH = 40
NOT_USED = "Tem không dùng đến khi đóng lô"


@dataclass(frozen=True)
class BatchForm:
    """A new batch as its form was filled."""

    entry: NewBatch
    growing_area: str | None = None
    growing_code: str | None = None
    stages: tuple[NewStage, ...] = ()


@dataclass(frozen=True)
class Changed:
    """One field that somebody else changed meanwhile: what was read, what it is now, what was wanted."""

    field: str
    read: str
    now: str
    wanted: str


@dataclass(frozen=True)
class Conflict:
    """Somebody else was faster. Nothing was written; `version` is the one to write over, by whom and when it was made."""

    version: int
    changes: tuple[Changed, ...]
    by: str | None
    at: datetime | None


def open_batch(
    session: Session, form: BatchForm, draft: BatchDraft | None, *, random: bytes, master_key_id: str, actor: Actor, now: datetime
) -> Batch:
    """Registers and opens a batch with its growing area, stages and the draft's files, and ends the draft.

    The same form sent twice gives the same batch. Refused: those of `register_batch` and `add_stage`.
    """
    batch = register_batch(session, form.entry, random=random, master_key_id=master_key_id, actor=actor, now=now)
    if batch.state != "draft":
        # Pressed twice: the batch is there, and what the second press kept is what the first one used.
        if draft is not None:
            session.delete(draft)
        return batch
    if form.growing_area:
        add_growing_area(session, batch.id, name=form.growing_area, code=form.growing_code)
    for stage in form.stages:
        add_stage(session, batch.id, stage, actor=actor, now=now)
    if draft is not None:
        for file in draft.files:
            if file.picture is not None:
                add_photograph(session, batch.id, file.picture, actor=actor, now=now)
            elif file.upload is not None:
                attach_file(session, batch.id, file.upload, title=file.name, actor=actor, now=now)
        session.delete(draft)
    return set_state(session, batch.id, "open")


def add_photograph(session: Session, batch_id: int, picture: Picture, *, actor: Actor, now: datetime) -> None:
    """Puts a photograph to a batch; the same one again changes nothing."""
    there = select(Photograph.id).where(Photograph.batch_id == batch_id, Photograph.picture_id == picture.id)
    if session.scalar(there) is None:
        row = Photograph(batch_id=batch_id, picture_id=picture.id, recorded_role=actor.role, recorded_by=actor.name, recorded_at=now)
        session.add(row)
        session.flush()


def hang_on(session: Session, batch: Batch, content: KeptContent, title: str, *, actor: Actor, now: datetime) -> bool:
    """Puts a photograph or a report to a batch; False, with nothing done, for one that hangs on it already. Refused `files_many`."""
    if isinstance(content, Upload):
        if any(row.upload is not None and row.upload.sha256 == content.sha256 for row in batch.reports):
            return False
    elif any(row.picture_id == content.id for row in batch.photographs):
        return False
    if len(batch.reports) + len(batch.photographs) >= MOST_ON_A_BATCH:
        raise Refused("files_many", most=MOST_ON_A_BATCH)
    if isinstance(content, Upload):
        attach_file(session, batch.id, content, title=title, actor=actor, now=now)
    else:
        add_photograph(session, batch.id, content, actor=actor, now=now)
    return True


def attach_file(session: Session, batch_id: int, upload: Upload, *, title: str, actor: Actor, now: datetime) -> Report:
    """Attaches a report with its file."""
    report = attach_report(session, batch_id, title=title, actor=actor, now=now)
    upload.report_id = report.id
    session.flush()
    return report


def edit_batch(
    session: Session, batch_id: int, edit: dict[str, object], read: dict[str, str], version: int, *, now: datetime
) -> Conflict | None:
    """Changes what an unstamped batch says. A Conflict, with nothing written, where it was changed since `version` was read.

    `edit` holds the fields of EDITABLE, `read` their texts as the form showed them. Refused: `claims_frozen`, those of lots,
    dates and quantities.
    """
    batch = session.get(Batch, batch_id, with_for_update={"key_share": True})
    assert batch is not None
    if batch.stamp_scope is not None:
        raise Refused("claims_frozen")
    if all(getattr(batch, name) == value for name, value in edit.items()):
        return None
    if batch.version != version:
        return _conflict(session, batch, edit, read)
    _check_edit(session, batch, edit, day_in_vietnam(now))
    for name, value in edit.items():
        setattr(batch, name, value)
    if batch.lot is not None and batch.quantity is not None:
        batch.lot_folded = batch.lot.casefold()
        batch.unit_limit = rules.unit_limit(batch.quantity, batch.allowance_percent)
    batch.version += 1
    session.flush()
    return None


def close_batch(session: Session, batch_id: int, used: int | None, *, actor: Actor, now: datetime) -> list[Revocation]:
    """Closes a batch and cancels the units that were issued and not used. `used` is None for one that is stamped as a whole.

    Labels are used in the order of their numbers; what was cancelled before is neither counted nor cancelled again.
    Refused: `labels_used`, `batch_closed`.
    """
    batch = session.get(Batch, batch_id, with_for_update={"key_share": True})
    if batch is None:
        raise NotFound("batch_missing", batch=batch_id)
    if batch.state == "closed":
        raise Refused("batch_closed")
    live = live_ranges(session, batch_id)
    issued = sum(last - first + 1 for first, last in live)
    if batch.stamp_scope == "unit" and (used is None or not 0 <= used <= issued):
        raise Refused("labels_used", issued=issued)
    set_state(session, batch_id, "closed")
    batch.version += 1
    if batch.stamp_scope != "unit" or used is None:
        return []
    return [revoke_stamps(session, batch_id, units=units, reason=NOT_USED, actor=actor, now=now) for units in _after_used(live, used)]


def live_ranges(session: Session, batch_id: int) -> list[tuple[int, int]]:
    """Ranges of issued units that are not cancelled, in order."""
    issued = last_unit(session, batch_id)
    rows = session.scalars(select(Revocation).where(Revocation.batch_id == batch_id))
    cancelled = sorted((row.first_unit or 1, row.last_unit or issued) for row in rows)
    live, first = [], 1
    for begin, end in cancelled:
        if first < begin:
            live.append((first, begin - 1))
        first = max(first, end + 1)
    return [*live, (first, issued)] if first <= issued else live


def _after_used(live: list[tuple[int, int]], used: int) -> list[tuple[int, int]]:
    rest = []
    for first, last in live:
        count = last - first + 1
        if used < count:
            rest.append((first + max(0, used), last))
        used -= count
    return rest


def reopen_batch(session: Session, batch_id: int) -> None:
    """Opens a closed batch again; what was cancelled stays cancelled."""
    set_state(session, batch_id, "open").version += 1
    session.flush()


def first_time(session: Session, batch_id: int, key: str, now: datetime) -> bool:
    """Whether a small form with this key is carried out for the first time; without a key each counts."""
    if not key:
        return True
    try:
        with session.begin_nested():
            session.add(SentForm(batch_id=batch_id, key=key[:100], sent_at=now))
    except IntegrityError:
        return False
    return True


def undo_stage(session: Session, batch_id: int, stage_id: int, now: datetime) -> None:
    """Takes back a stage that was just recorded. Refused `undo_late` where it is older than an hour or confirmed."""
    stage = session.get(Stage, stage_id)
    if stage is None or stage.batch_id != batch_id:
        raise NotFound("part_missing", kind="Stage")
    if not can_undo(stage, now):
        raise Refused("undo_late")
    session.delete(stage)
    session.flush()


def can_undo(stage: Stage, now: datetime) -> bool:
    """Whether a stage may still be taken back."""
    return stage.confirmed_at is None and now - stage.recorded_at < UNDO_LASTS


def last_unit(session: Session, batch_id: int) -> int:
    """The last unit that was issued, 0 where none was."""
    return session.scalar(select(func.max(Issuance.last_unit)).where(Issuance.batch_id == batch_id)) or 0


def text_of(value: object) -> str:
    """A field's value as the form shows it."""
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


def _check_edit(session: Session, batch: Batch, edit: dict[str, object], today: date) -> None:
    days = {name: edit.get(name, getattr(batch, name)) for name in ("harvested_on", "made_on", "packed_on", "best_before")}
    rules.check_dates(rules.BatchDates(**days), today)  # type: ignore[arg-type]
    if batch.indication is not None:
        day = days["packed_on"] or days["made_on"] or days["harvested_on"] or today
        assert isinstance(day, date)
        rules.check_use_right(use_rights(session, batch.product_id, batch.indication.id), day, batch.indication.name)
    if batch.kind == "service":
        return
    lot = gs1.check_lot(str(edit.get("lot") or ""))
    same = select(Batch.lot).where(Batch.product_id == batch.product_id, Batch.lot_folded == lot.casefold(), Batch.id != batch.id)
    other = session.scalar(same)
    if other is not None:
        raise Refused("lot_repeated", lot=lot, other=other)
    if edit.get("package") not in PACKAGES:
        raise Refused("package", package=edit.get("package"))
    rules.unit_limit(int(str(edit.get("quantity") or 0)), batch.allowance_percent)


def _conflict(session: Session, batch: Batch, edit: dict[str, object], read: dict[str, str]) -> Conflict:
    latest = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.object_kind == "batch", AuditEntry.object_id == batch.id, AuditEntry.change == "update")
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).first()
    changes = [
        Changed(name, read.get(name, ""), text_of(getattr(batch, name)), text_of(value))
        for name, value in edit.items()
        if text_of(getattr(batch, name)) != read.get(name, "")
    ]
    return Conflict(batch.version, tuple(changes), latest.actor if latest else None, latest.at if latest else None)
