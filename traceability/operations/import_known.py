"""What the register knows of the names in a sheet, and what earlier rows of the same file add to it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain.errors import Refused
from traceability.domain.folding import fold_name, spoken_name
from traceability.models import (
    Base,
    Evaluation,
    GeographicalIndication,
    HistoricPlace,
    Listing,
    Producer,
    Product,
    PublishedCount,
    Recognition,
    UseRight,
)

_AT_ONCE = 500
Key = int | str
"""A row that is there by its number, one that the file would add by its name in the plan."""
# What a plan may touch of each table, and so what is loaded of it.
TOUCHED: dict[type[Base], tuple[str, ...]] = {
    Producer: (
        *("name", "kind", "tax_code", "province_code", "commune_code", "historic_place", "address", "phone", "shop_url"),
        *("has_digital_storefront", "has_e_payment", "consent_on", "source"),
    ),
    Product: ("name", "producer_id", "ocop_group", "description", "source_place", "source"),
    Recognition: (
        *("product_id", "kind", "scheme", "score", "stars", "decision", "evaluation_round", "issuer", "issuer_name", "decided_on"),
        *("valid_until", "withdrawn_on", "withdrawn_because", "confidence", "source"),
    ),
    Evaluation: ("recognition_id", "points_product", "points_marketing", "points_quality", "points_total"),
    GeographicalIndication: (
        *("type", "register_number", "name", "product_name", "registered_on", "decision", "manager_at_registration", "manager_now"),
        *("area", "documents", "confidence", "source"),
    ),
    UseRight: ("indication_id", "product_id", "producer_id", "from_day", "until_day", "revoked_on", "document"),
    Listing: ("product_id", "floor", "url", "checked_on", "alive", "source"),
    HistoricPlace: ("name", "commune_code", "source"),
    PublishedCount: (
        "as_of",
        "province",
        "total",
        "stars3",
        "stars4",
        "stars5",
        "confidence",
        "source",
        "scope",
        "newly",
        "re_evaluated",
        "details",
    ),
}


@dataclass
class Entity:
    """A row of the register, there already (`key` is its number) or planned (`key` is a name), with its columns as they would be."""

    kind: type[Base]
    key: Key
    values: dict[str, Any]

    def get(self, column: str) -> Any:
        """A column's value."""
        return self.values.get(column)


@dataclass
class Known:
    """Lookups over what is there and what is planned."""

    producers: dict[str, list[Entity]] = field(default_factory=lambda: defaultdict(list))
    producers_by_tax_code: dict[str, Entity] = field(default_factory=dict)
    products: dict[str, list[Entity]] = field(default_factory=lambda: defaultdict(list))
    recognitions: dict[Key, list[Entity]] = field(default_factory=lambda: defaultdict(list))
    evaluations: dict[Key, Entity] = field(default_factory=dict)
    indications: dict[tuple[str, int], Entity] = field(default_factory=dict)
    rights: dict[Key, list[Entity]] = field(default_factory=lambda: defaultdict(list))
    listings: dict[tuple[Key, str], Entity] = field(default_factory=dict)
    places: dict[str, Entity] = field(default_factory=dict)
    counts: dict[tuple[str, str, str, str], Entity] = field(default_factory=dict)
    by_key: dict[tuple[type[Base], Key], Entity] = field(default_factory=dict)

    def add(self, entity: Entity) -> None:
        """Makes a row known."""
        self.by_key[entity.kind, entity.key] = entity
        values = entity.values
        if entity.kind is Producer:
            self.producers[fold_name(values["name"])].append(entity)
            if values.get("tax_code"):
                self.producers_by_tax_code[values["tax_code"]] = entity
        elif entity.kind is Product:
            self.products[fold_name(values["name"])].append(entity)
        elif entity.kind is Recognition:
            self.recognitions[values["product_id"]].append(entity)
        elif entity.kind is Evaluation:
            self.evaluations[values["recognition_id"]] = entity
        elif entity.kind is GeographicalIndication:
            self.indications[values["type"], values["register_number"]] = entity
        elif entity.kind is UseRight:
            self.rights[values["product_id"]].append(entity)
        elif entity.kind is Listing:
            self.listings[values["product_id"], values["url"]] = entity
        elif entity.kind is HistoricPlace:
            self.places[fold_name(values["name"])] = entity
        elif entity.kind is PublishedCount:
            self.counts[values["as_of"], values["province"], values["source"], values["scope"]] = entity


def load_known(session: Session, *, producers: set[str], products: set[str], tax_codes: set[str]) -> Known:
    """What is there of these names, folded, and what hangs on it. Small tables are loaded whole."""
    known = Known()
    whole: tuple[type[Base], ...] = (GeographicalIndication, HistoricPlace, PublishedCount)
    for kind in whole:
        _load(session, known, kind, None, ())
    found = _load(session, known, Product, "name_folded", products)
    makers = {entity.get("producer_id") for entity in found} - {None}
    _load(session, known, Producer, "name_folded", producers)
    _load(session, known, Producer, "tax_code", tax_codes)
    _load(session, known, Producer, "id", makers)
    keys = {entity.key for entity in found}
    ratings = _load(session, known, Recognition, "product_id", keys)
    _load(session, known, Evaluation, "recognition_id", {entity.key for entity in ratings})
    of_product: tuple[type[Base], ...] = (UseRight, Listing)
    for kind in of_product:
        _load(session, known, kind, "product_id", keys)
    return known


def _load(session: Session, known: Known, kind: type[Base], column: str | None, values: Iterable[Any]) -> list[Entity]:
    names, found = TOUCHED[kind], list[Entity]()
    columns = [getattr(kind, name) for name in ("id", *names)]
    for piece in _pieces(sorted(values)) if column else [None]:
        statement = select(*columns).order_by(kind.id)  # type: ignore[attr-defined]
        if piece is not None:
            statement = statement.where(getattr(kind, column or "").in_(piece))
        if kind is Recognition:
            statement = statement.where(Recognition.superseded_at.is_(None))
        for row in session.execute(statement):
            if (kind, row.id) not in known.by_key:
                entity = Entity(kind, row.id, {name: as_stored(getattr(row, name)) for name in names})
                known.add(entity)
                found.append(entity)
    return found


def _pieces(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def as_stored(value: Any) -> Any:
    """A value as a plan holds it: days as text."""
    return value.isoformat() if isinstance(value, date | datetime) else value


@dataclass(frozen=True)
class Doubt:
    """A name of which only a person can say who is meant. `choices` are numbers and names of those who could be."""

    key: str
    said: str
    choices: tuple[tuple[Key, str, str], ...]


def find_producer(known: Known, name: str, tax_code: str | None, answers: dict[str, Any]) -> Entity | Doubt | None:
    """The producer of that tax code or name, a doubt where it may be another, None where there is none yet.

    Refused `tax_code_other` where the code is that of a producer of quite another name.
    """
    folded, said = fold_name(name), spoken_name(name)
    if tax_code and tax_code in known.producers_by_tax_code:
        entity = known.producers_by_tax_code[tax_code]
        if fold_name(entity.get("name")) != folded:
            raise Refused("tax_code_other", tax_code=tax_code, name=entity.get("name"))
        return entity
    near = [entity for entity in known.producers.get(folded, ()) if not (tax_code and entity.get("tax_code"))]
    same = [entity for entity in near if spoken_name(entity.get("name")) == said]
    if len(same) == 1:
        return same[0]
    return _asked(known, Producer, f"producer:{said}", name, same or near, answers, "historic_place")


def find_product(known: Known, name: str, maker: Entity | None, answers: dict[str, Any]) -> Entity | Doubt | None:
    """The product of that name of that producer; a doubt where only accents differ, or where its producer is not on record."""
    folded, said = fold_name(name), spoken_name(name)
    named = known.products.get(folded, [])
    own = [entity for entity in named if entity.get("producer_id") == (maker.key if maker else None)]
    same = [entity for entity in own if spoken_name(entity.get("name")) == said]
    if len(same) == 1:
        return same[0]
    near = same or own or ([entity for entity in named if entity.get("producer_id") is None] if maker else list(named))
    return _asked(known, Product, f"product:{maker.key if maker else ''}:{said}", name, near, answers, "source_place")


def _asked(
    known: Known, kind: type[Base], key: str, name: str, near: list[Entity], answers: dict[str, Any], place: str
) -> Entity | Doubt | None:
    if not near:
        return None
    answer = answers.get(key)
    if answer == "new":
        return None
    chosen = next((entity for entity in near if str(entity.key) == answer), None)
    if chosen is not None:
        return chosen
    choices = tuple((entity.key, str(entity.get("name")), _told(known, entity, place)) for entity in near)
    return Doubt(key, name, choices)


def _told(known: Known, entity: Entity, place: str) -> str:
    """What tells one from another of the same name."""
    maker = known.by_key.get((Producer, entity.get("producer_id"))) if entity.kind is Product else None
    parts = (maker.get("name") if maker else None, entity.get("tax_code"), entity.get(place))
    return ", ".join(str(part) for part in parts if part)
