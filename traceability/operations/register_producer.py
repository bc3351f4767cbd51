"""Producers and their products enter the register."""

from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum.exceptions import ValidationError
from stdnum.vn import mst

from traceability.domain import batch as rules
from traceability.domain import ocop
from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.models import CraftVillage, Picture, Producer, Product
from traceability.models.producer import CONTENT_UNITS, PRODUCER_KINDS
from traceability.operations.places import check_place


@dataclass(frozen=True)
class NewProducer:
    """A producer as it is entered. `tax_code` is a Vietnamese MST of 10 or 13 digits, hyphens and spaces allowed."""

    kind: str
    name: str
    name_en: str | None = None
    name_zh: str | None = None
    tax_code: str | None = None
    province_code: str | None = None
    commune_code: str | None = None
    historic_place: str | None = None
    address: str | None = None
    phone: str | None = None
    shop_url: str | None = None
    marketplace: str | None = None
    has_digital_storefront: bool | None = None
    has_e_payment: bool | None = None
    consent_on: date | None = None
    source: str | None = None
    illustrative: bool = False


@dataclass(frozen=True)
class NewProduct:
    """A product as it is entered. `producer_id` is None where the source does not name who makes it."""

    name: str
    ocop_group: int
    producer_id: int | None = None
    name_en: str | None = None
    name_zh: str | None = None
    description: str | None = None
    description_en: str | None = None
    description_zh: str | None = None
    gtin: str | None = None
    gtin_statement: str | None = None
    picture_id: int | None = None
    net_content: int | None = None
    net_content_unit: str | None = None
    standards: list[str] = field(default_factory=list)
    craft_village_id: int | None = None
    source_place: str | None = None
    source: str | None = None
    illustrative: bool = False


def register_producer(session: Session, entry: NewProducer, *, now: datetime) -> Producer:
    """Refused: `producer_kind`, `name_empty`, `tax_code`, `tax_code_taken`, `web_address`, `consent_ahead` and those of places."""
    if entry.kind not in PRODUCER_KINDS:
        raise Refused("producer_kind", kind=entry.kind)
    if not entry.name.strip():
        raise Refused("name_empty")
    tax_code = check_tax_code(entry.tax_code) if entry.tax_code else None
    if tax_code and session.scalar(select(Producer.id).where(Producer.tax_code == tax_code)):
        raise Refused("tax_code_taken", tax_code=tax_code)
    check_place(entry.province_code, entry.commune_code)
    check_web_address(entry.shop_url)
    if entry.consent_on and entry.consent_on > day_in_vietnam(now):
        raise Refused("consent_ahead", day=entry.consent_on)
    producer = Producer(**{**entry.__dict__, "tax_code": tax_code, "name": entry.name.strip()}, created_at=now)
    session.add(producer)
    session.flush()
    return producer


def register_product(session: Session, entry: NewProduct, *, now: datetime) -> Product:
    """Refused: `name_empty`, `ocop_group`, `producer_missing`, `gtin_taken`, `net_content`, … and those of GTINs; Malformed for a GTIN."""
    if not entry.name.strip():
        raise Refused("name_empty")
    if entry.ocop_group not in ocop.GROUPS:
        raise Refused("ocop_group", group=entry.ocop_group)
    if entry.producer_id is not None and session.get(Producer, entry.producer_id) is None:
        raise NotFound("producer_missing", producer=entry.producer_id)
    for kind, key in ((Picture, entry.picture_id), (CraftVillage, entry.craft_village_id)):
        if key is not None and session.get(kind, key) is None:
            raise NotFound("part_missing", kind=kind.__name__)
    measured = (entry.net_content, entry.net_content_unit) != (None, None)
    if measured and ((entry.net_content or 0) <= 0 or entry.net_content_unit not in CONTENT_UNITS):
        raise Refused("net_content", amount=entry.net_content, unit=entry.net_content_unit)
    gtin = _check_gtin(session, entry)
    product = Product(**{**entry.__dict__, "gtin": gtin, "name": entry.name.strip()}, created_at=now)
    session.add(product)
    session.flush()
    return product


def check_tax_code(text: str) -> str:
    """A Vietnamese tax code (mã số thuế) without hyphens. Refused `tax_code`."""
    try:
        return str(mst.validate(text))
    except ValidationError:
        raise Refused("tax_code", tax_code=text) from None


def check_web_address(text: str | None) -> None:
    """Refused `web_address` for what is not an http(s) address: a link that a page shows must not run a script."""
    if text is None:
        return
    try:
        parts = urlsplit(text)
    except ValueError:
        raise Refused("web_address", address=text) from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise Refused("web_address", address=text)


def _check_gtin(session: Session, entry: NewProduct) -> str | None:
    if entry.gtin is None:
        return None
    gtin = rules.check_gtin_owner(entry.gtin, entry.gtin_statement)
    if entry.producer_id is None:
        raise Refused("gtin_without_producer", gtin=gtin)
    owner = session.scalar(select(Product).where(Product.gtin == gtin))
    if owner is not None:
        raise Refused("gtin_taken" if owner.producer_id == entry.producer_id else "gtin_of_another_producer", gtin=gtin)
    return gtin
