"""Growing areas with what they can yield, and stamps above it that wait for the office's release."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from traceability.domain.errors import NotFound, Refused
from traceability.domain.growing import BASE_UNITS, CAPACITY_UNITS, Harvest, amount_of, fold_area_code, room_left
from traceability.domain.roles import Actor, check_role
from traceability.models import AreaCapacity, Batch, CapacityHold, GrowingArea, Issuance, Product
from traceability.operations.areas import names_batch

ROWS_A_PAGE = 50
_LONGEST_SEASON_DAYS = 731
# Goods of a season are those that were harvested in it; where no harvest is known, made or packed.
_GREW = func.coalesce(Batch.harvested_on, Batch.made_on, Batch.packed_on)


@dataclass(frozen=True)
class NewCapacity:
    """What the office registers; the amount in whole kilograms, litres, pieces or metres of packed goods, the source a decision say."""

    code: str
    name: str
    amount: int
    unit: str
    season_from: date | None
    season_until: date | None
    source: str


@dataclass(frozen=True)
class AreaRow:
    """A registered capacity, and what was stamped of it in its unit; goods of several areas count in each of them."""

    capacity: AreaCapacity
    stamped: float


@dataclass(frozen=True)
class Excess:
    """By how much a batch's stamps would exceed what its areas can yield, in a base unit, and its packs in all."""

    packs: int
    over: int
    unit: str


def register_capacity(session: Session, entry: NewCapacity, *, actor: Actor, now: datetime) -> AreaCapacity:
    """Registers what an area can yield in a season. The same again is the same row.

    Refused: `area_code`, `name_empty`, `amount`, `capacity_unit`, `season`, `source_empty`, `season_taken`.
    """
    check_role(actor, "office")
    folded = fold_area_code(entry.code)
    if not folded or len(entry.code) > 50:
        raise Refused("area_code")
    if not entry.name.strip():
        raise Refused("name_empty")
    if not 0 < entry.amount < 1_000_000_000:
        raise Refused("amount", amount=entry.amount)
    if entry.unit not in CAPACITY_UNITS:
        raise Refused("capacity_unit", unit=entry.unit[:20])
    if entry.season_from is None or entry.season_until is None or entry.season_until < entry.season_from:
        raise Refused("season")
    if (entry.season_until - entry.season_from).days > _LONGEST_SEASON_DAYS:
        raise Refused("season")
    if not entry.source.strip():
        raise Refused("source_empty")
    held = select(AreaCapacity).where(
        AreaCapacity.code_folded == folded,
        AreaCapacity.unit == entry.unit,
        AreaCapacity.ended_at.is_(None),
        AreaCapacity.season_from <= entry.season_until,
        AreaCapacity.season_until >= entry.season_from,
    )
    for row in session.scalars(held):
        if (row.season_from, row.season_until, row.amount) == (entry.season_from, entry.season_until, entry.amount):
            return row
        raise Refused("season_taken", first=row.season_from, last=row.season_until)
    row = AreaCapacity(
        code=entry.code.strip(),
        code_folded=folded,
        name=entry.name.strip()[:200],
        amount=entry.amount,
        unit=entry.unit,
        season_from=entry.season_from,
        season_until=entry.season_until,
        source=entry.source.strip()[:300],
        recorded_at=now,
        recorded_by=actor.name,
    )
    session.add(row)
    session.flush()
    return row


def end_capacity(session: Session, capacity_id: int, *, actor: Actor, now: datetime) -> None:
    """What was registered holds no longer; another may be registered for the same season. NotFound `part_missing`."""
    check_role(actor, "office")
    row = session.get(AreaCapacity, capacity_id, with_for_update=True)
    if row is None:
        raise NotFound("part_missing", kind="AreaCapacity")
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, actor.name
        session.flush()


def list_capacities(session: Session, *, search: str, state: str, page: int) -> tuple[list[AreaRow], bool]:
    """Registered capacities, the latest seasons first, with what was stamped of them, and whether there are more."""
    rows = select(AreaCapacity).order_by(AreaCapacity.season_from.desc(), AreaCapacity.code_folded, AreaCapacity.id)
    if search:
        of_code = AreaCapacity.code_folded.contains(fold_area_code(search) or search, autoescape=True)
        rows = rows.where(or_(of_code, AreaCapacity.name.icontains(search, autoescape=True)))
    if state == "open":
        rows = rows.where(AreaCapacity.ended_at.is_(None))
    if state == "closed":
        rows = rows.where(AreaCapacity.ended_at.is_not(None))
    found = list(session.scalars(rows.offset(page * ROWS_A_PAGE).limit(ROWS_A_PAGE + 1)))
    shown = found[:ROWS_A_PAGE]
    return [AreaRow(row, _stamped_of(session, row)) for row in shown], len(found) > ROWS_A_PAGE


def check_capacity(session: Session, batch: Batch, packs: int) -> None:
    """Whether stamps for so many packs of a batch in all fit what its registered areas can yield in the season.

    Locks what is registered of them, so that batches of one area come one after another. Nothing is held against a batch
    whose area, season or product's net content is not registered. Refused: `capacity_waits`, `capacity_denied`.
    """
    excess = excess_of(session, batch, packs, lock=True)
    if excess is None:
        return
    released = select(func.max(CapacityHold.packs)).where(CapacityHold.batch_id == batch.id, CapacityHold.released.is_(True))
    if packs <= (session.scalar(released) or 0):
        return
    held = last_hold(session, batch.id)
    if held is not None and held.released is False and packs >= held.packs:
        raise Refused("capacity_denied", words=held.words)
    raise Refused("capacity_waits", packs=packs)


def excess_of(session: Session, batch: Batch, packs: int, *, lock: bool = False) -> Excess | None:
    """By how much so many packs of a batch are too many for its areas, None where they fit or nothing is registered."""
    product, grew = batch.product, batch.harvested_on or batch.made_on or batch.packed_on
    if packs <= 0 or product.net_content is None or product.net_content_unit is None or grew is None:
        return None
    unit, amount = amount_of(packs, product.net_content, product.net_content_unit)
    codes = {area.code_folded for area in batch.growing_areas if area.code_folded}
    known = _capacities(session, codes, unit, grew, grew, lock=lock)
    own = frozenset(row.id for row in known)
    if not own:
        return None
    known, harvests = _harvests(session, known, unit, besides=batch.id)
    capacities = {row.id: row.amount * BASE_UNITS[row.unit][1] for row in known}
    over = -room_left(capacities, [*harvests, Harvest(own, amount)], own)
    return Excess(packs, over, unit) if over > 0 else None


def ask_release(session: Session, batch_id: int, packs: int, *, actor: Actor, now: datetime) -> CapacityHold | None:
    """Puts a batch on the office's list, with how many packs would be stamped in all; again while it waits, the same row."""
    batch = session.get(Batch, batch_id, with_for_update={"key_share": True})
    if batch is None:
        raise NotFound("batch_missing", batch=batch_id)
    excess = excess_of(session, batch, packs)
    if excess is None:
        return None
    held = last_hold(session, batch_id)
    if held is None or held.decided_at is not None:
        held = CapacityHold(batch_id=batch_id, asked_at=now, asked_by=actor.name)
        session.add(held)
    held.packs, held.over, held.over_unit = packs, excess.over, excess.unit
    session.flush()
    return held


def last_hold(session: Session, batch_id: int) -> CapacityHold | None:
    """What was last asked of the office for a batch."""
    return session.scalars(select(CapacityHold).where(CapacityHold.batch_id == batch_id).order_by(CapacityHold.id.desc())).first()


def list_holds(session: Session, *, search: str, state: str, order: str, page: int) -> tuple[list[CapacityHold], bool]:
    """Batches that wait or waited for the office, and whether there are more."""
    rows = select(CapacityHold).join(Batch, Batch.id == CapacityHold.batch_id)
    if search:
        rows = rows.where(names_batch(search))
    decided = {"open": CapacityHold.decided_at.is_(None), "closed": CapacityHold.decided_at.is_not(None)}.get(state)
    rows = rows if decided is None else rows.where(decided)
    rows = rows.order_by(CapacityHold.id if order == "oldest" else CapacityHold.id.desc())
    found = list(session.scalars(rows.offset(page * ROWS_A_PAGE).limit(ROWS_A_PAGE + 1)))
    return found[:ROWS_A_PAGE], len(found) > ROWS_A_PAGE


def count_holds(session: Session) -> int:
    """How many batches wait for the office."""
    return session.scalar(select(func.count(CapacityHold.id)).where(CapacityHold.decided_at.is_(None))) or 0


def decide_hold(session: Session, hold_id: int, *, release: bool, words: str, actor: Actor, now: datetime) -> None:
    """The office releases a batch's stamps, or does not, and says why; what was denied may be released later.

    NotFound `part_missing`; Refused: `reason_empty`, `hold_released`.
    """
    check_role(actor, "office")
    row = session.get(CapacityHold, hold_id, with_for_update=True)
    if row is None:
        raise NotFound("part_missing", kind="CapacityHold")
    if row.released:
        if release:
            return
        raise Refused("hold_released")
    if not words.strip():
        raise Refused("reason_empty")
    row.released, row.words, row.decided_at, row.decided_by = release, words.strip()[:500], now, actor.name
    session.flush()


# --------------------------------------------------------------------------------------------------------------- amounts


def _capacities(session: Session, codes: Iterable[str], unit: str, first: date, last: date, *, lock: bool = False) -> list[AreaCapacity]:
    """What is registered of some areas for seasons that meet a span of days, by their folded codes."""
    units = [name for name in CAPACITY_UNITS if BASE_UNITS[name][0] == unit]
    rows = select(AreaCapacity).where(
        AreaCapacity.code_folded.in_(sorted(codes)),
        AreaCapacity.unit.in_(units),
        AreaCapacity.ended_at.is_(None),
        AreaCapacity.season_from <= last,
        AreaCapacity.season_until >= first,
    )
    return list(session.scalars((rows.with_for_update() if lock else rows).order_by(AreaCapacity.id)))


@dataclass(frozen=True)
class _Stamped:
    """A batch's stamped goods: their day, their amount in the base unit, and the areas that it names."""

    day: date
    amount: int
    codes: set[str]


def _harvests(session: Session, known: list[AreaCapacity], unit: str, *, besides: int) -> tuple[list[AreaCapacity], list[Harvest]]:
    """What was stamped as from these areas, and from those that such goods name as well; and the areas."""
    areas = {row.id: row for row in known}
    goods: dict[int, _Stamped] = {}
    asked: set[int] = set()
    while fresh := [row for key, row in areas.items() if key not in asked]:
        for row in fresh:
            asked.add(row.id)
            goods |= _stamped(session, row, unit)
        goods.pop(besides, None)
        codes = {code for one in goods.values() for code in one.codes}
        if codes:
            days = [one.day for one in goods.values()]
            areas |= {row.id: row for row in _capacities(session, codes, unit, min(days), max(days))}
    by_code: dict[str, list[AreaCapacity]] = defaultdict(list)
    for row in areas.values():
        by_code[row.code_folded].append(row)
    summed: dict[frozenset[int], int] = defaultdict(int)
    for one in goods.values():
        named = (row for code in one.codes for row in by_code[code])
        summed[frozenset(row.id for row in named if row.season_from <= one.day <= row.season_until)] += one.amount
    return list(areas.values()), [Harvest(named_areas, amount) for named_areas, amount in summed.items()]


def _stamped(session: Session, row: AreaCapacity, unit: str) -> dict[int, _Stamped]:
    """Batches that name an area, of its season, that were stamped.

    A batch's own code stands on all its packs; of unit stamps those count that were issued, without the spare ones.
    """
    named, last_unit = aliased(GrowingArea), select(func.max(Issuance.last_unit)).where(Issuance.batch_id == Batch.id).scalar_subquery()
    chosen = select(Batch.id, _GREW, Batch.quantity, Batch.stamp_scope, last_unit, Product.net_content, Product.net_content_unit)
    rows = (
        chosen.add_columns(named.code_folded)
        .join(Product, Product.id == Batch.product_id)
        .join(named, named.batch_id == Batch.id)
        .where(
            Batch.id.in_(select(GrowingArea.batch_id).where(GrowingArea.code_folded == row.code_folded)),
            named.code_folded.is_not(None),
            Batch.stamp_scope.is_not(None),
            _GREW.between(row.season_from, row.season_until),
            Product.net_content_unit.in_([name for name, (base, _) in BASE_UNITS.items() if base == unit]),
        )
    )
    found: dict[int, _Stamped] = {}
    for batch_id, day, quantity, scope, issued, content, content_unit, code in session.execute(rows):
        packs = quantity if scope == "batch" else min(issued or 0, quantity)
        found.setdefault(batch_id, _Stamped(day, amount_of(packs, content, content_unit)[1], set())).codes.add(code)
    return found


def _stamped_of(session: Session, row: AreaCapacity) -> float:
    base, factor = BASE_UNITS[row.unit]
    return sum(one.amount for one in _stamped(session, row, base).values()) / factor


def packs_wanted(batch: Batch, last_unit: int | None) -> int:
    """How many of a batch's packs bear stamps once units up to this one are issued, spare labels left out; all for the batch's own."""
    quantity = batch.quantity or 0
    return quantity if last_unit is None else min(last_unit, quantity)
