"""Rows of files that were handed over: pictures in the database, reports outside of it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from traceability.domain.errors import NotFound
from traceability.models import Batch, BatchDraft, DraftFile, Photograph, Picture, Product, Report, Upload

KeptContent = Picture | Upload


def keep_picture(session: Session, *, content: bytes, sha256: str, media_type: str, size_px: tuple[int, int]) -> Picture:
    """The row of a picture; the same content is kept once."""
    known = session.scalar(select(Picture).where(Picture.sha256 == sha256))
    if known is not None:
        return known
    picture = Picture(sha256=sha256, media_type=media_type, width_px=size_px[0], height_px=size_px[1], content=content)
    try:
        with session.begin_nested():
            session.add(picture)
    except IntegrityError:
        # The same photograph at once: the other one was faster.
        return session.scalars(select(Picture).where(Picture.sha256 == sha256)).one()
    return picture


def keep_upload(session: Session, *, name: str, media_type: str, size_bytes: int, sha256: str, now: datetime) -> Upload:
    """The row of a file that lies outside the database under `name`."""
    upload = Upload(name=name, media_type=media_type, size_bytes=size_bytes, sha256=sha256, created_at=now)
    session.add(upload)
    session.flush()
    return upload


def is_public_picture(session: Session, sha256: str) -> bool:
    """Whether a picture is a product's or a registered batch's: what only waits in a draft is nobody else's."""
    of_product = select(Product.id).join(Picture, Product.picture_id == Picture.id).where(Picture.sha256 == sha256)
    of_batch = select(Photograph.id).join(Photograph.picture).where(Picture.sha256 == sha256)
    return any(session.scalar(statement.limit(1)) is not None for statement in (of_product, of_batch))


def draft_picture(session: Session, account_id: int, sha256: str) -> tuple[str, bytes] | None:
    """Type and content of a picture that waits in one of an account's drafts."""
    from_draft = select(Picture).join(DraftFile, DraftFile.picture_id == Picture.id)
    statement = from_draft.join(BatchDraft, DraftFile.draft_id == BatchDraft.id)
    picture = session.scalar(statement.where(BatchDraft.account_id == account_id, Picture.sha256 == sha256).limit(1))
    return (picture.media_type, picture.content) if picture else None


def find_report(session: Session, batch_id: int, report_id: int) -> tuple[Report, Upload] | None:
    """A report of a batch with its file."""
    report = session.get(Report, report_id)
    if report is None or report.batch_id != batch_id or report.upload is None:
        return None
    return report, report.upload


def own_batch(session: Session, code: str, producer_ids: frozenset[int], *, lock: bool = False) -> Batch:
    """A batch of one of these producers. NotFound `batch_missing` also where it is somebody else's."""
    statement = select(Batch).where(Batch.code == code, Batch.producer_id.in_(producer_ids))
    batch = session.scalar(statement.with_for_update(key_share=True) if lock else statement)
    if batch is None:
        raise NotFound("batch_missing", batch=code)
    return batch
