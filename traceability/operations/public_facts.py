"""Facts that pages show outside a stamp's own page: a product by its GTIN, a picture, the sample pages."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from traceability.domain import gs1
from traceability.models import Batch, Issuance, Picture, Product
from traceability.operations.origin import words
from traceability.operations.origin_page import Words


@dataclass(frozen=True)
class ProductFacts:
    """A product without its lots."""

    name: Words
    picture_sha256: str | None
    picture_size: tuple[int, int] | None
    illustrative: bool


# More than that nobody looks at.
_MOST_SAMPLES = 12


def fetch_product(session: Session, gtin: str, language: str) -> ProductFacts | None:
    """The product that a GTIN names; its lots are not told."""
    product = session.scalar(select(Product).where(Product.gtin == gtin))
    if product is None:
        return None
    name = words(product, "name", language)
    assert name is not None
    picture = product.picture
    return ProductFacts(
        name, picture.sha256 if picture else None, (picture.width_px, picture.height_px) if picture else None, product.illustrative
    )


def fetch_picture(session: Session, sha256: str) -> tuple[str, bytes] | None:
    """A picture's media type and content."""
    picture = session.scalar(select(Picture).where(Picture.sha256 == sha256).options(undefer(Picture.content)))
    return (picture.media_type, picture.content) if picture else None


def sample_stamps(session: Session, language: str) -> list[tuple[str, str]]:
    """Addresses (paths) and names of the first illustrative batches that are stamped as a whole."""
    rows = session.scalars(select(Batch).where(Batch.illustrative, Batch.stamp_scope == "batch").order_by(Batch.id).limit(_MOST_SAMPLES))
    found = []
    for batch in rows:
        name = words(batch.product, "name", language)
        assert name is not None
        label = f"{name.text}, {batch.lot}" if batch.lot else name.text
        found.append((batch_path(session, batch), label))
    return found


def batch_path(session: Session, batch: Batch) -> str:
    """The path of a batch's own stamp: GS1 where it was issued so, else the house form."""
    as_gs1 = session.scalar(select(Issuance.id).where(Issuance.batch_id == batch.id, Issuance.form == "gs1").limit(1))
    if as_gs1 and batch.product.gtin and batch.lot:
        return gs1.format_path(batch.product.gtin, batch.lot, None)
    return f"/S/{batch.code}"
