"""A product as the office keeps it: ratings with what was entered wrongly, evaluations, rights of use, shops, how to visit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.domain.roles import Actor, check_role
from traceability.models import (
    CraftVillage,
    Evaluation,
    GeographicalIndication,
    Listing,
    Producer,
    Product,
    Recognition,
    ShopClick,
    UseRight,
    VisitFacts,
)
from traceability.operations.places import HOME_PROVINCE, check_place
from traceability.operations.register_producer import check_web_address
from traceability.operations.register_rows import rating_state

_CHECKED_DAYS = 90


@dataclass(frozen=True)
class RatingRow:
    """A rating with the evaluation that it rests on; `state` as in the register's list, or `superseded`."""

    rating: Recognition
    evaluation: Evaluation | None
    state: str


@dataclass(frozen=True)
class ListingRow:
    """A listing, how often it was opened from our pages, and whether somebody should look again whether it is still there."""

    listing: Listing
    clicks: int
    is_stale: bool


@dataclass(frozen=True)
class OfficeProduct:
    """All of a product that the office keeps."""

    product: Product
    producer: Producer | None
    ratings: list[RatingRow]
    open_evaluations: Sequence[Evaluation]
    rights: Sequence[UseRight]
    listings: list[ListingRow]
    visit: VisitFacts | None
    indications: Sequence[GeographicalIndication]
    villages: Sequence[CraftVillage]


def view_product(session: Session, product_id: int, now: datetime) -> OfficeProduct:
    """A product. NotFound `product_missing`."""
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound("product_missing", product=product_id)
    today = day_in_vietnam(now)
    evaluations = session.scalars(select(Evaluation).where(Evaluation.product_id == product_id).order_by(Evaluation.id.desc())).all()
    scored = {row.recognition_id: row for row in evaluations if row.recognition_id is not None}
    ratings = select(Recognition).where(Recognition.product_id == product_id)
    rows = session.scalars(ratings.order_by(Recognition.decided_on.desc().nulls_last(), Recognition.id.desc()))
    found = [RatingRow(row, scored.get(row.id), "superseded" if row.superseded_at else rating_state(row, today)) for row in rows]
    rights = session.scalars(select(UseRight).where(UseRight.product_id == product_id).order_by(UseRight.from_day.desc())).all()
    kinds = select(GeographicalIndication).where(GeographicalIndication.type == "geographical_indication")
    return OfficeProduct(
        product=product,
        producer=product.producer,
        ratings=sorted(found, key=lambda row: row.state == "superseded"),
        open_evaluations=[row for row in evaluations if row.recognition_id is None],
        rights=rights,
        listings=list_listings(session, product_id, today),
        visit=session.scalar(select(VisitFacts).where(VisitFacts.product_id == product_id)),
        indications=session.scalars(kinds.order_by(GeographicalIndication.register_number)).all(),
        villages=session.scalars(select(CraftVillage).order_by(CraftVillage.name)).all(),
    )


def product_of_rating(session: Session, recognition_id: int) -> int:
    """Which product a rating is of. NotFound `recognition_missing`."""
    found = session.scalar(select(Recognition.product_id).where(Recognition.id == recognition_id))
    if found is None:
        raise NotFound("recognition_missing", recognition=recognition_id)
    return found


def list_listings(session: Session, product_id: int, today: date) -> list[ListingRow]:
    """A product's listings with their clicks."""
    clicks = select(func.coalesce(func.sum(ShopClick.clicks), 0)).where(ShopClick.target == "listing", ShopClick.target_id == Listing.id)
    chosen = select(Listing, clicks.scalar_subquery()).where(Listing.product_id == product_id).order_by(Listing.floor, Listing.id)
    found = []
    for row, count in session.execute(chosen):
        stale = row.checked_on is None or (today - row.checked_on).days > _CHECKED_DAYS
        found.append(ListingRow(row, int(count), stale))
    return found


def add_listing(session: Session, product_id: int, *, floor: str, url: str, actor: Actor, now: datetime) -> Listing:
    """Where a product is sold on line. The same address again is the same row. Refused: `role`, `floor_empty`, `web_address`."""
    check_role(actor, "office")
    if session.get(Product, product_id) is None:
        raise NotFound("product_missing", product=product_id)
    floor, url = floor.strip(), url.strip()
    if not floor:
        raise Refused("floor_empty")
    check_web_address(url)
    row = session.scalar(select(Listing).where(Listing.product_id == product_id, Listing.url == url))
    if row is None:
        row = Listing(product_id=product_id, floor=floor, url=url, recorded_at=now)
        session.add(row)
    row.floor = floor
    session.flush()
    return row


def check_listing(session: Session, listing_id: int, *, product_id: int, alive: bool, actor: Actor, now: datetime) -> Listing:
    """Somebody looked whether the listing is there. NotFound `part_missing`; Refused `role`."""
    check_role(actor, "office")
    row = session.get(Listing, listing_id, with_for_update=True)
    if row is None or row.product_id != product_id:
        raise NotFound("part_missing", kind="Listing")
    row.checked_on, row.alive = day_in_vietnam(now), alive
    session.flush()
    return row


def set_visit_facts(
    session: Session, product_id: int, words: dict[str, str], *, village_id: int | None, actor: Actor, now: datetime
) -> None:
    """How a service is visited, and of which craft village a product is. Without a place nothing is kept of a visit.

    Refused: `role`, `visit_place`; NotFound `product_missing`, `part_missing`.
    """
    check_role(actor, "office")
    product = session.get(Product, product_id, with_for_update={"key_share": True})
    if product is None:
        raise NotFound("product_missing", product=product_id)
    if village_id is not None and session.get(CraftVillage, village_id) is None:
        raise NotFound("part_missing", kind="CraftVillage")
    product.craft_village_id = village_id
    texts = {name: words.get(name, "").strip() or None for name in VISIT_TEXTS}
    row = session.scalar(select(VisitFacts).where(VisitFacts.product_id == product_id).with_for_update())
    if not any(texts.values()):
        if row is not None:
            session.delete(row)
        session.flush()
        return
    if texts["place"] is None:
        raise Refused("visit_place")
    if row is None:
        row = VisitFacts(product_id=product_id)
        session.add(row)
    for name, text in texts.items():
        setattr(row, name, text)
    row.recorded_at = now
    session.flush()


VISIT_TEXTS = ("place", *(f"{name}{ending}" for name in ("open_when", "how_to_reach") for ending in ("", "_en", "_zh")))
"""The columns of how a service is visited."""


def add_village(
    session: Session, *, name: str, commune_code: str | None, craft: str, decision: str, source: str, actor: Actor
) -> CraftVillage:
    """A craft village. The same name in the same commune is the same one. Refused: `role`, `name_empty`, those of places."""
    check_role(actor, "office")
    name = name.strip()
    if not name:
        raise Refused("name_empty")
    check_place(HOME_PROVINCE, commune_code)
    row = session.scalar(select(CraftVillage).where(CraftVillage.name == name, CraftVillage.commune_code == commune_code))
    if row is None:
        row = CraftVillage(name=name, commune_code=commune_code)
        session.add(row)
    row.craft, row.decision, row.source = craft.strip() or None, decision.strip() or None, source.strip() or None
    session.flush()
    return row


def list_villages(session: Session) -> list[tuple[CraftVillage, int]]:
    """Craft villages by name, with how many products are of each."""
    counts = select(func.count(Product.id)).where(Product.craft_village_id == CraftVillage.id).scalar_subquery()
    return [(row, count) for row, count in session.execute(select(CraftVillage, counts).order_by(CraftVillage.name))]
