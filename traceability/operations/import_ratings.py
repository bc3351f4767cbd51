"""What a row says of a rating: held against the rules of the programme, and against what is on record."""

import re
from typing import Any

from traceability.domain import ocop, written
from traceability.domain.dates import PartialDate
from traceability.domain.errors import Refused
from traceability.domain.folding import fold, kind_in_name, spoken_name
from traceability.models import Evaluation, Producer, Product, Recognition
from traceability.operations.import_known import Entity, find_producer, find_product
from traceability.operations.import_plan import NOW, Planner, key_of, whole_day
from traceability.operations.import_words import KINDS, LEVELS, PRODUCER_KINDS, parse_confidence, parse_group, producer_values, word_for

# What follows from other columns: alone it changes nothing.
_WORKED_OUT = frozenset(("scheme", "issuer", "score"))


def plan_recognition(planner: Planner) -> bool:
    """A rating, with the product and the producer where they are not known yet; whether it is new."""
    name, maker_name = planner.needed("product"), planner.text("producer")
    rating, points = _rating(planner)
    group = planner.read("group", parse_group)
    told = producer_values(planner)
    maker = planner.sure(find_producer(planner.known, maker_name, None, planner.answers), "producer") if maker_name else None
    held = None
    if maker is not None or maker_name is None:
        held = planner.sure(find_product(planner.known, name, maker, planner.answers), "product")
    kind = planner.read(
        "producer_kind", lambda text: word_for(text, PRODUCER_KINDS, lambda kind: Refused("producer_kind", kind=kind))
    ) or kind_in_name(maker_name or "")
    if maker_name and maker is None and kind is None:
        planner.wrong(Refused("producer_kind_needed", name=maker_name), "producer")
    if held is None and group is None and not any(reason["column"] == "group" for reason in planner.current.reasons):
        planner.wrong(Refused("cell_empty"), "group")
    about = (spoken_name(held.get("name") if held else name), spoken_name((maker.get("name") if maker else maker_name) or ""))
    planner.once("recognition", *about, fold(rating["decision"] or ""), rating["decided_on"], column="product")
    planner.stop_if_wrong()
    if maker_name and maker is None:
        maker = planner.insert(Producer, told | {"name": maker_name, "kind": kind})
        planner.note("adds_producer", name=maker_name)
    if held is None:
        made = {"name": name, "ocop_group": group, "producer_id": key_of(maker), "source_place": told["historic_place"]}
        held = planner.insert(Product, made | {"source": told["source"]})
        planner.note("adds_product", name=name)
    elif maker is not None and held.get("producer_id") is None:
        planner.change(held, {"producer_id": maker.key})
    return _rate(planner, held, rating, points)


def _rating(planner: Planner) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rating's columns, and its points, as far as the row says them; whatever contradicts makes it wrong."""
    stars = planner.read("stars", written.parse_stars)
    if stars is None and not any(reason["column"] == "stars" for reason in planner.current.reasons):
        planner.wrong(Refused("cell_empty"), "stars")
    elif stars is not None and stars not in ocop.RECOGNISED_STARS:
        planner.wrong(Refused("stars_range", stars=stars), "stars")
    decision, evaluation_round, day = planner.read("decision", written.parse_decision) or (None, None, None)
    evaluation_round = planner.text("round", 100) or evaluation_round
    decided = planner.read("decided_on", written.parse_partial) or (PartialDate(day.isoformat()) if day else None)
    if decided is None and evaluation_round and (year := re.search(r"\d{4}", evaluation_round)):
        # Where a source gives only the round, its year is all that is known of the day.
        decided = PartialDate(year[0])
    rating = {"stars": stars, "decision": decision, "evaluation_round": evaluation_round, "decided_on": decided.text if decided else None}
    rating |= {
        "kind": planner.read("kind", lambda text: word_for(text, KINDS, lambda kind: Refused("kind_written", kind=kind))),
        "scheme": ocop.scheme_on(decided),
    }
    rating |= {"confidence": planner.read("confidence", parse_confidence), "source": planner.text("source", 500)}
    rating |= {"withdrawn_on": planner.read("withdrawn_on", whole_day), "withdrawn_because": planner.text("withdrawn_because", 500)}
    if (rating["withdrawn_on"] is None) != (rating["withdrawn_because"] is None):
        planner.wrong(Refused("withdrawal_whole"), "withdrawn_on")
    rating |= _dated(planner, decided, stars)
    points = _points(planner, stars)
    total = points.get("points_total")
    return rating | {"score": total // 100 if total is not None and total % 100 == 0 else None}, points


def _dated(planner: Planner, decided: PartialDate | None, stars: int | None) -> dict[str, Any]:
    """Until when it holds and who recognised, both worked out from the day and held against what the row says."""
    until = planner.read("valid_until", whole_day)
    said = planner.text("issuer")
    issuer = (LEVELS.get(fold(said)) or ocop.issuer_in_name(said)) if said else None
    # A level alone is not an office's name.
    name = said if said and fold(said) not in LEVELS else None
    if said and issuer is None:
        planner.wrong(Refused("issuer_level", name=said), "issuer")
    if decided is not None:
        planner.read("decided_on", lambda _: _check_when(planner, decided))
    day = decided.day if decided else None
    if day is None:
        if until is not None:
            planner.wrong(Refused("valid_until_alone"), "valid_until")
        return {"valid_until": None, "issuer": issuer.value if issuer else None, "issuer_name": name}
    last = ocop.last_valid_day(day)
    if until is not None and until != last.isoformat():
        planner.wrong(Refused("valid_until_differs", day=last), "valid_until")
    if stars in ocop.RECOGNISED_STARS:
        could = ocop.recognised_by(stars, day)
        if issuer is not None and issuer is not could:
            planner.wrong(Refused("issuer_could_not", day=day, stars=stars), "issuer")
        issuer = issuer or could
    return {"valid_until": last.isoformat(), "issuer": issuer.value if issuer else None, "issuer_name": name}


def _check_when(planner: Planner, decided: PartialDate) -> None:
    first = ocop.FIRST_DAY.isoformat()
    if decided.text < first[: len(decided.text)]:
        raise Refused("before_scheme", day=ocop.FIRST_DAY)
    if decided.text > planner.today.isoformat()[: len(decided.text)]:
        raise Refused("decided_ahead", day=decided.text)


def _points(planner: Planner, stars: int | None) -> dict[str, Any]:
    columns = ("score_product", "score_marketing", "score_quality")
    parts = tuple(planner.read(column, written.parse_points) for column in columns)
    total = planner.read("score", lambda text: ocop.total_points(parts, written.parse_points(text)))
    if total is None:
        return {}
    if stars is not None and ocop.stars_for_score(total / 100) != stars:
        planner.wrong(Refused("score_stars", score=total / 100, stars=stars), "score")
    return dict(zip(("points_product", "points_marketing", "points_quality"), parts, strict=True)) | {"points_total": total}


def _rate(planner: Planner, goods: Entity, rating: dict[str, Any], points: dict[str, Any]) -> bool:
    """A new rating, or a corrected one: then the old row is superseded, and what the sheet leaves empty is taken over from it."""
    held = _rated(planner, goods, rating)
    if held is None:
        made = planner.insert(Recognition, rating | {"product_id": goods.key, "recorded_at": NOW} | _withdrawal(rating))
        if points:
            planner.insert(Evaluation, points | _evaluated(goods, made, rating))
        return True
    said = {name: value for name, value in rating.items() if value is not None}
    changed = {name: value for name, value in said.items() if name not in _WORKED_OUT and value != held.get(name)}
    if planner.text("issuer") and rating["issuer"] != held.get("issuer"):
        changed["issuer"] = rating["issuer"]
    scored = planner.known.evaluations.get(held.key)
    pointed = _pointed(points, held, scored)
    if not changed and not pointed:
        return False
    merged = {name: value for name, value in held.values.items() if name != "recorded_at"} | said
    planner.told_change(held.values, changed)
    step = {"act": "supersede", "table": Recognition.__tablename__, "key": held.key, "before": dict(held.values)}
    planner.current.steps.append(step)
    planner.known.recognitions[goods.key].remove(held)
    made = planner.insert(Recognition, merged | {"recorded_at": NOW} | _withdrawal(merged))
    if points or scored:
        base = dict(scored.values) if scored else {}
        planner.insert(Evaluation, base | points | _evaluated(goods, made, merged))
        if pointed:
            planner.told_change({}, {"points_total": (base | points)["points_total"] / 100})
    return False


def _pointed(points: dict[str, Any], held: Entity, scored: Entity | None) -> bool:
    """Whether a row says other points than are on record; a total alone may stand with the rating."""
    before = dict(scored.values) if scored else {"points_total": None if held.get("score") is None else held.get("score") * 100}
    return any(value is not None and value != before.get(name) for name, value in points.items())


def _rated(planner: Planner, goods: Entity, rating: dict[str, Any]) -> Entity | None:
    """The rating that the row is about: of the same decision, or where it names none of the same day."""
    for held in reversed(planner.known.recognitions.get(goods.key, [])):
        if rating["decision"]:
            if fold(held.get("decision") or "") == fold(rating["decision"]):
                return held
        elif not held.get("decision") and held.get("decided_on") == rating["decided_on"]:
            return held
    return None


def _withdrawal(rating: dict[str, Any]) -> dict[str, Any]:
    return {"withdrawal_recorded_at": NOW} if rating.get("withdrawn_on") else {}


def _evaluated(goods: Entity, made: Entity, rating: dict[str, Any]) -> dict[str, Any]:
    return {"product_id": goods.key, "recognition_id": made.key, "kind": rating["kind"], "stars": rating["stars"], "recorded_at": NOW}
