"""The register for everybody to use: what is public, without what is somebody's own.

A household's name is there once it has agreed; telephones, addresses and tax codes never are. What the sample made up is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from traceability.domain.spreadsheet import Cell, Table
from traceability.models import (
    CraftVillage,
    GeographicalIndication,
    Listing,
    Producer,
    Product,
    PublishedCount,
    Recognition,
    UseRight,
)
from traceability.operations.origin import producer_is_shown
from traceability.operations.places import place_names

_AT_ONCE = 2_000


@dataclass(frozen=True)
class Field:
    """A column: its name, its type (`integer`, `string`, `date`, `boolean`, `year`) and what it holds."""

    name: str
    type: str
    about: str


@dataclass(frozen=True)
class Resource:
    """A table: its name, what a row is, its columns, and keys into other tables (column, table)."""

    name: str
    about: str
    fields: tuple[Field, ...]
    keys: tuple[tuple[str, str], ...] = ()


_ID = Field("id", "integer", "Number of the row in this register")
_SOURCE = Field("source", "string", "Where it was published")
RESOURCES = (
    Resource(
        "producers",
        "OCOP entities",
        (
            _ID,
            Field("kind", "string", "cooperative, cooperative_group, company or household"),
            Field("name", "string", "Name; of a household only where it has agreed"),
            Field("province_code", "string", "National code of the province, of the list in force since 2025-07-01"),
            Field("commune_code", "string", "National code of the commune or ward"),
            Field("commune", "string", "Name of the commune or ward"),
            Field("place_as_written", "string", "Place as the source writes it"),
            Field("digital_storefront", "boolean", "Whether it has a digital storefront"),
            Field("e_payment", "boolean", "Whether it takes electronic payment"),
            _SOURCE,
        ),
    ),
    Resource(
        "products",
        "Products",
        (
            _ID,
            Field("producer_id", "integer", "Its producer, where a source names one"),
            Field("name", "string", "Name in Vietnamese"),
            Field("ocop_group", "integer", "Group 1 to 6 of Decision 919/QĐ-TTg"),
            Field("craft_village_id", "integer", "Its craft village"),
            _SOURCE,
        ),
        (("producer_id", "producers"), ("craft_village_id", "craft_villages")),
    ),
    Resource(
        "recognitions",
        "Ratings, each by a decision",
        (
            _ID,
            Field("product_id", "integer", "The product"),
            Field("stars", "integer", "3, 4 or 5"),
            Field("kind", "string", "new or re_evaluation"),
            Field("decision", "string", "Number of the decision"),
            Field("decided_on", "string", "Day of the decision, or its month or year where no more is known"),
            Field("valid_until", "date", "Last day, included; empty where the decision's day is not known"),
            Field("issuer", "string", "district, province or centre"),
            Field("withdrawn_on", "date", "From which day it was withdrawn"),
            _SOURCE,
        ),
        (("product_id", "products"),),
    ),
    Resource(
        "indications",
        "Geographical indications and marks",
        (
            _ID,
            Field("type", "string", "geographical_indication, certification_mark or collective_mark"),
            Field("number", "string", "Number in the national register, five digits"),
            Field("name", "string", "Protected name"),
            Field("product_name", "string", "For which goods"),
            Field("registered_on", "date", "Day of registration"),
            Field("decision", "string", "Decision"),
            Field("manager_at_registration", "string", "Who managed it when it was registered"),
            Field("manager_now", "string", "Who manages it now"),
            Field("area", "string", "Area, as registered"),
            _SOURCE,
        ),
    ),
    Resource(
        "use_rights",
        "Rights to use an indication",
        (
            _ID,
            Field("indication_id", "integer", "The indication"),
            Field("product_id", "integer", "The product"),
            Field("from_day", "date", "First day"),
            Field("until_day", "date", "Last day, where it ends"),
            Field("revoked_on", "date", "From which day it was withdrawn"),
        ),
        (("indication_id", "indications"), ("product_id", "products")),
    ),
    Resource(
        "listings",
        "Products on e-commerce floors",
        (
            _ID,
            Field("product_id", "integer", "The product"),
            Field("floor", "string", "The floor"),
            Field("url", "string", "Its address there"),
            Field("checked_on", "date", "When somebody last looked"),
            Field("alive", "boolean", "Whether it was there then"),
        ),
        (("product_id", "products"),),
    ),
    Resource(
        "craft_villages",
        "Craft villages",
        (
            _ID,
            Field("name", "string", "Name"),
            Field("commune_code", "string", "National code"),
            Field("craft", "string", "What is made"),
            _SOURCE,
        ),
    ),
    Resource(
        "published_counts",
        "How many products were recognised, as others reported it; never added to what rows count",
        (
            _ID,
            Field("as_of", "string", "Day, month or year"),
            Field("province", "string", "Province"),
            Field("scope", "string", "all, or one decision"),
            *(Field(name, "integer", "Products") for name in ("total", "stars3", "stars4", "stars5", "newly", "re_evaluated")),
            Field("details", "string", "What else was said"),
            _SOURCE,
        ),
    ),
)


def open_tables(session: Session) -> Iterator[Table]:
    """The tables in the order of RESOURCES, rows as they come."""
    for resource in RESOURCES:
        yield Table(resource.name, tuple(field.name for field in resource.fields), _rows(session, resource))


def _rows(session: Session, resource: Resource) -> Iterator[tuple[Cell, ...]]:
    made = _MADE.get(resource.name)
    for row in session.scalars(_CHOSEN[resource.name].execution_options(yield_per=_AT_ONCE)):
        told: dict[str, Any] = made(row) if made else {}
        yield tuple(told[field.name] if field.name in told else getattr(row, field.name) for field in resource.fields)


def _producer(row: Producer) -> dict[str, Any]:
    shown = producer_is_shown(row.kind, row.consent_on)
    return {
        "name": row.name if shown else None,
        "commune": place_names(None, row.commune_code)[0] if row.commune_code else None,
        "place_as_written": row.historic_place,
        "digital_storefront": row.has_digital_storefront,
        "e_payment": row.has_e_payment,
    }


_MADE = {"producers": _producer}
_CHOSEN: dict[str, Select[Any]] = {
    "producers": select(Producer).where(Producer.illustrative.is_(False)).order_by(Producer.id),
    "products": select(Product).where(Product.illustrative.is_(False)).order_by(Product.id),
    "recognitions": select(Recognition)
    .where(Recognition.illustrative.is_(False), Recognition.superseded_at.is_(None))
    .order_by(Recognition.id),
    "indications": select(GeographicalIndication).order_by(GeographicalIndication.id),
    "use_rights": select(UseRight).where(UseRight.illustrative.is_(False)).order_by(UseRight.id),
    "listings": select(Listing).where(Listing.illustrative.is_(False)).order_by(Listing.id),
    "craft_villages": select(CraftVillage).order_by(CraftVillage.id),
    "published_counts": select(PublishedCount).order_by(PublishedCount.id),
}
