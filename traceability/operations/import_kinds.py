"""What a row of each kind of sheet says of the register."""

from collections.abc import Callable

from traceability.domain import written
from traceability.domain.errors import Refused
from traceability.domain.folding import fold_name, spoken_name
from traceability.domain.register_sheet import COUNTS, INDICATIONS, PLACES, PRODUCERS, PRODUCTS, RECOGNITIONS, RIGHTS, SHOPS
from traceability.models import GeographicalIndication, HistoricPlace, Listing, Producer, Product, PublishedCount, UseRight
from traceability.operations.import_known import Entity, find_producer, find_product
from traceability.operations.import_plan import NOW, Planner, Stopped, key_of, whole_day
from traceability.operations.import_ratings import plan_recognition
from traceability.operations.import_words import (
    PRODUCER_KINDS,
    SCOPES,
    TYPES,
    parse_confidence,
    parse_group,
    parse_register_number,
    producer_values,
    word_for,
)
from traceability.operations.places import find_commune
from traceability.operations.register_producer import check_tax_code, check_web_address


def plan_row(planner: Planner) -> None:
    """Plans the row that the planner has begun."""
    is_new = False
    try:
        is_new = _PLANS[planner.current.row.kind](planner)
    except Stopped:
        pass
    except Refused as refused:
        planner.wrong(refused)
    planner.finish(is_new=is_new)


def _place(planner: Planner) -> bool:
    name, source = planner.needed("old_place"), planner.needed("source", 300)
    planner.needed("commune")
    code = planner.read("commune", find_commune)
    planner.once("place", fold_name(name), column="old_place")
    values = {"name": name, "commune_code": code, "source": source}
    held = planner.known.places.get(fold_name(name))
    if held is not None:
        planner.change(held, values)
        return False
    planner.insert(HistoricPlace, values)
    return True


def _producer(planner: Planner) -> bool:
    name = planner.needed("producer")
    tax_code = planner.read("tax_code", lambda text: check_tax_code(text) if text.strip() else None)
    values = producer_values(planner) | {"name": name, "tax_code": tax_code}
    values |= {
        "kind": planner.read("producer_kind", lambda text: word_for(text, PRODUCER_KINDS, lambda kind: Refused("producer_kind", kind=kind)))
    }
    url = planner.text("storefront_url", 500)
    planner.read("storefront_url", lambda _: check_web_address(url))
    values |= {"address": planner.text("address", 300), "phone": planner.text("phone", 20), "shop_url": url}
    values |= {"has_digital_storefront": planner.read("storefront", written.parse_yes)}
    values |= {"has_e_payment": planner.read("e_payment", written.parse_yes), "consent_on": planner.read("consent_on", whole_day)}
    if values["consent_on"] and values["consent_on"] > planner.today.isoformat():
        planner.wrong(Refused("consent_ahead", day=values["consent_on"]), "consent_on")
    planner.once("producer", spoken_name(name), tax_code, column="producer")
    held = planner.sure(find_producer(planner.known, name, tax_code, planner.answers), "producer")
    if held is not None:
        # Found by its name, it keeps the form in which that is on record.
        province = values["province_code"] if values["commune_code"] or not held.get("province_code") else None
        planner.change(held, {**values, "name": None, "province_code": province})
        return False
    if values["kind"] is None and not planner.current.reasons:
        planner.wrong(Refused("cell_empty"), "producer_kind")
    planner.insert(Producer, values)
    return True


def _product(planner: Planner) -> bool:
    name = planner.needed("product")
    group = planner.read("group", parse_group)
    values = {"name": name, "ocop_group": group, "description": planner.text("description", 2000)}
    values |= {"source_place": planner.text("place"), "source": planner.text("source", 500)}
    maker = _maker(planner, needed=False)
    planner.once("product", spoken_name(name), key_of(maker), column="product")
    held = planner.sure(find_product(planner.known, name, maker, planner.answers), "product")
    if held is not None:
        planner.change(held, {**values, "name": None, "producer_id": key_of(maker)})
        return False
    if group is None and not planner.current.reasons:
        planner.wrong(Refused("cell_empty"), "group")
    planner.insert(Product, {**values, "producer_id": key_of(maker)})
    return True


def _maker(planner: Planner, *, needed: bool) -> Entity | None:
    """The producer that a row names, which must be known. Raises Stopped."""
    name = planner.needed("producer") if needed else planner.text("producer")
    if name is None:
        return None
    maker = planner.sure(find_producer(planner.known, name, None, planner.answers), "producer")
    if maker is None:
        planner.wrong(Refused("producer_not_known", name=name), "producer")
        raise Stopped
    return maker


def _goods(planner: Planner, *, needed: bool) -> Entity:
    """The product that a row names, which must be known. Raises Stopped."""
    name = planner.needed("product")
    goods = planner.sure(find_product(planner.known, name, _maker(planner, needed=needed), planner.answers), "product")
    if goods is None:
        planner.wrong(Refused("product_not_known", name=name), "product")
        raise Stopped
    return goods


def _indication(planner: Planner) -> bool:
    number, name = planner.read("number", parse_register_number), planner.needed("name")
    kind = (
        planner.read("type", lambda text: word_for(text, TYPES, lambda kind: Refused("indication_type_written", kind=kind)))
        or "geographical_indication"
    )
    values = {"type": kind, "register_number": number, "name": name, "product_name": planner.needed("product")}
    values |= {"registered_on": planner.read("registered_on", whole_day), "decision": planner.text("decision", 100)}
    values |= {"manager_at_registration": planner.text("manager"), "manager_now": planner.text("manager_now")}
    values |= {"documents": planner.text("documents", 500)}
    values |= {"area": planner.text("area", 1000), "source": planner.text("source", 500)}
    values |= {"confidence": planner.read("confidence", parse_confidence)}
    planner.once("indication", kind, number, column="number")
    held = planner.known.indications.get((kind, number or 0))
    if held is not None:
        planner.change(held, values)
        return False
    planner.insert(GeographicalIndication, values)
    return True


def _right(planner: Planner) -> bool:
    number, goods = planner.read("number", parse_register_number), _goods(planner, needed=True)
    held = planner.known.indications.get(("geographical_indication", number or 0))
    if held is None and number is not None:
        planner.wrong(Refused("indication_not_known", number=f"{number:05}"), "number")
    planner.needed("from_day")
    first, last = planner.read("from_day", whole_day), planner.read("until_day", whole_day)
    if first and last and last < first:
        planner.wrong(Refused("days_order", first=first, last=last), "until_day")
    values = {"indication_id": key_of(held), "product_id": goods.key, "producer_id": goods.get("producer_id"), "from_day": first}
    values |= {"until_day": last, "revoked_on": planner.read("revoked_on", whole_day), "document": planner.text("document")}
    planner.once("right", number, goods.key, first, column="product")
    for right in planner.known.rights.get(goods.key, ()):
        if (right.get("indication_id"), right.get("from_day")) == (key_of(held), first):
            planner.change(right, values)
            return False
    planner.insert(UseRight, values | {"recorded_at": NOW})
    return True


def _shop(planner: Planner) -> bool:
    goods, floor, url = _goods(planner, needed=False), planner.needed("floor", 100), planner.needed("url", 500)
    planner.read("url", lambda _: check_web_address(url))
    checked_on, alive = planner.read("checked_on", whole_day), planner.read("alive", written.parse_yes)
    if (checked_on is None) != (alive is None):
        planner.wrong(Refused("checked_whole"), "checked_on")
    if checked_on and checked_on > planner.today.isoformat():
        planner.wrong(Refused("checked_ahead", day=checked_on), "checked_on")
    values = {"product_id": goods.key, "floor": floor, "url": url, "checked_on": checked_on, "alive": alive}
    values |= {"source": planner.text("source", 500)}
    planner.once("shop", goods.key, url, column="url")
    held = planner.known.listings.get((goods.key, url))
    if held is not None:
        planner.change(held, values)
        return False
    planner.insert(Listing, values | {"recorded_at": NOW})
    return True


def _count(planner: Planner) -> bool:
    province, source = planner.needed("province", 100), planner.needed("source", 300)
    planner.needed("as_of")
    as_of = planner.read("as_of", written.parse_partial)
    if not planner.text("total"):
        planner.wrong(Refused("cell_empty"), "total")
    counts = {name: planner.read(name, written.parse_whole) for name in ("total", "stars3", "stars4", "stars5")}
    stars = [counts[name] for name in ("stars3", "stars4", "stars5")]
    if all(count is not None for count in stars) and counts["total"] is not None and sum(stars) != counts["total"]:
        planner.wrong(Refused("counts_sum", total=counts["total"], stars=sum(stars)), "total")
    scope = planner.read("scope", lambda text: word_for(text, SCOPES, lambda kind: Refused("scope_written", kind=kind))) or "all"
    kinds = {name: planner.read(name, written.parse_whole) for name in ("newly", "re_evaluated")}
    if None not in kinds.values() and counts["total"] is not None and sum(kinds.values()) != counts["total"]:
        planner.wrong(Refused("counts_sum", total=counts["total"], stars=sum(kinds.values())), "newly")
    values = {"as_of": as_of.text if as_of else "", "province": province, "source": source, "scope": scope}
    values |= counts | kinds | {"confidence": planner.read("confidence", parse_confidence), "details": planner.text("details", 500)}
    key = (values["as_of"], province, source, scope)
    planner.once("count", *key, column="as_of")
    held = planner.known.counts.get(key)
    if held is not None:
        planner.change(held, values)
        return False
    planner.insert(PublishedCount, values | {name: counts[name] or 0 for name in counts} | {"confidence": values["confidence"] or "medium"})
    return True


_PLANS: dict[str, Callable[[Planner], bool]] = {
    PLACES.key: _place,
    PRODUCERS.key: _producer,
    PRODUCTS.key: _product,
    RECOGNITIONS.key: plan_recognition,
    INDICATIONS.key: _indication,
    RIGHTS.key: _right,
    SHOPS.key: _shop,
    COUNTS.key: _count,
}
