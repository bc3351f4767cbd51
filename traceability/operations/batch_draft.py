"""A new batch while it is typed: what its form begins with, and what is kept of it until it is registered."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.domain.lots import USUAL_PATTERN, pattern_of, propose_lot
from traceability.models import Batch, BatchDraft, DraftFile, Picture, Product, Upload, UseRight
from traceability.operations.register_batch import corrected, right_of

MOST_FILES = 12
# Fields of the form whose text is kept; names of stages' fields end in the stage.
_LONGEST_TEXT = 1000
_MOST_FIELDS = 80


@dataclass(frozen=True)
class Proposal:
    """What a new batch's form begins with. `fields` are texts by the form's names; lists where a name stands several times.

    `indication` is the name of the geographical indication that may be used today; `places` are the last ones by stage.
    """

    product: Product
    producer_name: str
    is_service: bool
    fields: dict[str, str | list[str]]
    indication: str | None
    indication_id: int | None
    last_code: str | None
    places: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KeptFile:
    """A file that waits for its batch."""

    id: int
    kind: str
    name: str
    picture_sha256: str | None


@dataclass(frozen=True)
class KeptDraft:
    """What was typed before, and when."""

    fields: dict[str, object]
    saved_at: datetime


def own_product(session: Session, product_id: int, producer_ids: frozenset[int]) -> Product:
    """A product of one of these producers. NotFound `product_missing` also where it is somebody else's."""
    product = session.get(Product, product_id)
    if product is None or product.producer_id not in producer_ids:
        raise NotFound("product_missing", product=product_id)
    return product


def propose(session: Session, product: Product, now: datetime, *, as_last_time: bool = False) -> Proposal:
    """The form of a new batch: lot by the product's pattern, today's dates, growing area and places as last time.

    `as_last_time` also takes over quantity, package and the stages of the batch before.
    """
    today = day_in_vietnam(now)
    last = session.scalars(select(Batch).where(Batch.product_id == product.id).order_by(Batch.id.desc()).limit(1)).first()
    is_service = product.ocop_group == 6
    fields: dict[str, str | list[str]] = {"packed_on": today.isoformat()} if not is_service else {}
    if not is_service:
        fields |= {"lot": _lot(session, product, last, today), "package": "bag", "best_before": _best_before(product, last, today)}
    if last is not None:
        fields |= _remembered(last, today)
        if as_last_time:
            fields |= _as_before(last)
    right = _right_today(session, product.id, today)
    if right is not None and (last is None or last.indication_id == right.indication_id):
        fields["indication"] = str(right.indication_id)
    return Proposal(
        product=product,
        producer_name=product.producer.name if product.producer else "",
        is_service=is_service,
        fields=fields,
        indication=right.indication.name if right else None,
        indication_id=right.indication_id if right else None,
        last_code=last.code if last else None,
        places=_places(last),
    )


def find_draft(session: Session, account_id: int, product_id: int, *, lock: bool = False) -> BatchDraft | None:
    """One account's draft of a product's batch."""
    statement = select(BatchDraft).where(BatchDraft.account_id == account_id, BatchDraft.product_id == product_id)
    return session.scalar(statement.with_for_update() if lock else statement)


def kept_draft(session: Session, account_id: int, product_id: int) -> tuple[KeptDraft | None, list[KeptFile]]:
    """What was typed so far, None where nothing was, and the files that wait."""
    draft = find_draft(session, account_id, product_id)
    if draft is None:
        return None, []
    files = [KeptFile(row.id, row.kind, row.name, row.picture.sha256 if row.picture else None) for row in draft.files]
    return (KeptDraft(dict(draft.fields), draft.saved_at) if draft.fields else None), files


def save_draft(session: Session, account_id: int, product_id: int, fields: dict[str, object] | None, *, now: datetime) -> BatchDraft:
    """Keeps what was typed; None leaves it as it is. Refused `draft_large`."""
    if fields is not None and (len(fields) > _MOST_FIELDS or any(_length(value) > _LONGEST_TEXT for value in fields.values())):
        raise Refused("draft_large")
    draft = find_draft(session, account_id, product_id)
    if draft is None:
        try:
            with session.begin_nested():
                draft = BatchDraft(account_id=account_id, product_id=product_id, fields={}, saved_at=now)
                session.add(draft)
        except IntegrityError:
            # Typing and a photograph arrive at once: the other one was faster.
            draft = find_draft(session, account_id, product_id)
            if draft is None:
                raise
    if fields is not None:
        draft.fields, draft.saved_at = fields, now
    session.flush()
    return draft


def keep_file(session: Session, draft: BatchDraft, kind: str, name: str, content: Picture | Upload) -> DraftFile | None:
    """Puts a file to the draft; None for one that is there already. Refused `files_many`."""
    if isinstance(content, Picture):
        same = next((row for row in draft.files if row.picture_id == content.id), None)
    else:
        same = next((row for row in draft.files if row.upload and row.upload.sha256 == content.sha256), None)
    if same is not None:
        return None
    if len(draft.files) >= MOST_FILES:
        raise Refused("files_many", most=MOST_FILES)
    row = DraftFile(kind=kind, name=(name.strip() or kind)[:200])
    if isinstance(content, Picture):
        row.picture = content
    else:
        row.upload = content
    draft.files.append(row)
    session.flush()
    return row


def drop_file(session: Session, account_id: int, product_id: int, file_id: int) -> str | None:
    """Takes a file out of the draft and returns the name of what can be removed from the disk. NotFound `part_missing`."""
    draft = find_draft(session, account_id, product_id)
    row = next((row for row in draft.files if row.id == file_id), None) if draft else None
    if draft is None or row is None:
        raise NotFound("part_missing", kind="DraftFile")
    upload = row.upload
    draft.files.remove(row)
    session.flush()
    if upload is None:
        return None
    session.delete(upload)
    return upload.name


def discard_draft(session: Session, account_id: int, product_id: int) -> list[str]:
    """Throws a draft away, with its files; returns the names of those to remove from the disk."""
    draft = find_draft(session, account_id, product_id)
    if draft is None:
        return []
    uploads = [row.upload for row in draft.files if row.upload]
    session.delete(draft)
    session.flush()
    for upload in uploads:
        session.delete(upload)
    return [upload.name for upload in uploads]


def _length(value: object) -> int:
    return sum(len(str(part)) for part in value) if isinstance(value, list) else len(str(value))


def _lot(session: Session, product: Product, last: Batch | None, today: date) -> str:
    days = [day for day in (last.packed_on, last.made_on, day_in_vietnam(last.created_at)) if day] if last else []
    found = next((pattern for day in days if last and last.lot and (pattern := pattern_of(last.lot, day))), None)
    taken = {lot for lot in session.scalars(select(Batch.lot_folded).where(Batch.product_id == product.id)) if lot}
    return propose_lot(product.lot_pattern or found or USUAL_PATTERN, today, taken)


def _best_before(product: Product, last: Batch | None, today: date) -> str:
    keeps = product.keeps_days
    if keeps is None and last is not None and last.packed_on and last.best_before:
        keeps = (last.best_before - last.packed_on).days
    return (today + timedelta(days=keeps)).isoformat() if keeps else ""


def _remembered(last: Batch, today: date) -> dict[str, str | list[str]]:
    """What stays the same from batch to batch, and how long before packing the days lay."""
    area = last.growing_areas[-1] if last.growing_areas else None
    place = corrected(last)["place"]
    kept: dict[str, str | list[str]] = {"place": str(place or ""), "package": last.package or "bag"}
    if area is not None:
        kept |= {"growing_area": area.name, "growing_code": area.code or ""}
    for name in ("harvested_on", "made_on"):
        before, packed = getattr(last, name), last.packed_on
        if before and packed:
            kept[name] = (today - (packed - before)).isoformat()
    if last.quantity_is_public:
        kept["quantity_is_public"] = "1"
    return kept if last.kind == "goods" else {"place": kept["place"]}


def _as_before(last: Batch) -> dict[str, str | list[str]]:
    """Quantity, and the stages that have a day of their own in the form.

    What else was done on the way, when, and what was noted are facts of the batch before: nobody claims them by one press.
    """
    days = {"harvest": last.harvested_on, "making": last.made_on, "packing": last.packed_on}
    kept: dict[str, str | list[str]] = {"stage": list(dict.fromkeys(row.kind for row in last.stages if days.get(row.kind)))}
    if last.quantity is not None:
        kept["quantity"] = str(last.quantity)
    return kept


def _places(last: Batch | None) -> dict[str, str]:
    if last is None:
        return {}
    return {row.kind: row.place for row in last.stages if row.place}


def _right_today(session: Session, product_id: int, today: date) -> UseRight | None:
    rows = session.scalars(select(UseRight).where(UseRight.product_id == product_id).order_by(UseRight.from_day.desc()))
    return next((row for row in rows if right_of(row).holds_on(today)), None)
