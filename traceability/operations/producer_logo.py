"""A producer's logo: kept as a grey picture, one a producer, and taken away with its pixels."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain.errors import NotFound
from traceability.domain.roles import Actor
from traceability.labels.logo import LabelLogo, read_logo
from traceability.models import DraftFile, Photograph, Picture, Producer, ProducerLogo, Product


def find_logo(session: Session, producer_id: int) -> ProducerLogo | None:
    """The row of a producer's logo."""
    return session.scalar(select(ProducerLogo).where(ProducerLogo.producer_id == producer_id))


def label_logo(session: Session, producer_id: int) -> LabelLogo | None:
    """The logo as labels take it, None where there is none."""
    row = find_logo(session, producer_id)
    return read_logo(row.picture.content) if row else None


def set_logo(session: Session, producer_id: int, picture: Picture, *, actor: Actor, now: datetime) -> ProducerLogo:
    """Makes a picture the producer's logo, in place of the one before. NotFound `producer_missing`."""
    # Whoever uploads at the same time waits here, and then finds the row that the other made.
    if session.get(Producer, producer_id, with_for_update={"key_share": True}) is None:
        raise NotFound("producer_missing")
    row, before = find_logo(session, producer_id), None
    if row is None:
        row = ProducerLogo(producer_id=producer_id, picture=picture, uploaded_at=now, uploaded_by=actor.name)
        session.add(row)
    else:
        before = row.picture
        row.picture, row.uploaded_at, row.uploaded_by = picture, now, actor.name
    session.flush()
    if before is not None and before.id != picture.id:
        _drop_unused(session, before)
    return row


def remove_logo(session: Session, producer_id: int) -> bool:
    """Takes the logo away, and says whether there was one."""
    row = find_logo(session, producer_id)
    if row is None:
        return False
    picture = row.picture
    session.delete(row)
    session.flush()
    _drop_unused(session, picture)
    return True


def producers_with_logos(session: Session, producer_ids: frozenset[int]) -> list[tuple[Producer, bool]]:
    """These producers by name, each with whether it has a logo."""
    rows = session.scalars(select(Producer).where(Producer.id.in_(producer_ids)).order_by(Producer.name, Producer.id)).all()
    having = set(session.scalars(select(ProducerLogo.producer_id).where(ProducerLogo.producer_id.in_(producer_ids))))
    return [(row, row.id in having) for row in rows]


def _drop_unused(session: Session, picture: Picture) -> None:
    """The same pixels may be another producer's logo, or by chance a photograph."""
    used = (ProducerLogo.picture_id, Product.picture_id, Photograph.picture_id, DraftFile.picture_id)
    if all(session.scalar(select(column).where(column == picture.id).limit(1)) is None for column in used):
        session.delete(picture)
        session.flush()
