"""Rows of the register of recognitions: searched, filtered, as of a day. What the figures count is what these rows hold."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from traceability.domain.dates import VIETNAM, day_in_vietnam
from traceability.domain.folding import fold, fold_name
from traceability.models import Listing, Producer, Product, Recognition
from traceability.operations.issue import as_rule
from traceability.operations.register_snapshot import KINDS, NEVER, NO_COMMUNE, Snapshot, snapshot_of

ROWS_A_PAGE = 20
_AT_ONCE = 2_000


@dataclass(frozen=True)
class RecognitionRow:
    """A rating as the office's list shows it. `state` is valid, expired, withdrawn or, where no source gives the day, undated."""

    product_id: int
    product: str
    producer: str | None
    group: int
    stars: int
    kind: str | None
    commune_code: str | None
    decision: str | None
    decided_on: str | None
    valid_until: date | None
    withdrawn_on: date | None
    state: str
    source: str | None
    illustrative: bool


@dataclass(frozen=True)
class Chosen:
    """What a list is asked for. With `as_of` it holds what the figures of that day count: no illustrative rows, and one a product.

    `ends_until` and `ends_from` bound the last day of ratings that hold on that day; `decided_in` is a year, whose new ones are
    counted; `undated` are those of which no source gives the day; `commune` is a code, or `none`; `known_on` asks for what the register
    said on a day, and not for what it says now; `floor` for products that are, or are not, on an e-commerce floor;
    `order` is `newest` (by decision), `ends` (what ends next first) or `stars`.
    """

    search: str = ""
    as_of: date | None = None
    stars: int | None = None
    group: int | None = None
    kind: str | None = None
    commune: str | None = None
    ends_from: date | None = None
    ends_until: date | None = None
    decided_in: int | None = None
    undated: bool = False
    known_on: date | None = None
    floor: bool | None = None
    order: str = "newest"


def list_recognitions(session: Session, chosen: Chosen, now: datetime, *, page: int) -> tuple[list[RecognitionRow], bool, int]:
    """A page of ratings, the latest first, whether there are more, and how many there are in all."""
    if chosen.search:
        # Which ones, and only then what is told of them; counted on the way: what is asked for is looked for once.
        wanted = _ordered(_ids(chosen), chosen.order).add_columns(func.count().over())
        found = session.execute(wanted.offset(page * ROWS_A_PAGE).limit(ROWS_A_PAGE + 1)).all()
        ids, total = [row[0] for row in found], found[0][1] if found else count_recognitions(session, chosen) if page else 0
    else:
        listed = None if chosen.floor is None else np.fromiter(session.scalars(on_floors(chosen.as_of)), np.int64)
        chosen_ids = _places(snapshot_of(session), chosen, listed)
        ids, total = chosen_ids[page * ROWS_A_PAGE : (page + 1) * ROWS_A_PAGE + 1].tolist(), len(chosen_ids)
    shown = _ordered(_told(), chosen.order).where(Recognition.id.in_(ids[:ROWS_A_PAGE]))
    return list(_rows(session, shown, chosen, now)), len(ids) > ROWS_A_PAGE, total


def on_floors(as_of: date | None) -> Select[Any]:
    """The products with a listing that was on record by the day and that nobody found gone."""
    listed = select(Listing.product_id).where(Listing.alive.is_not(False), Listing.illustrative.is_(False))
    return listed.where(Listing.recorded_at < _end_of(as_of)) if as_of else listed


def _places(snapshot: Snapshot, chosen: Chosen, listed: NDArray[np.int64] | None) -> NDArray[np.int32]:
    """The ids of the ratings that are asked for, without a word to look for, the latest first."""
    held = snapshot.columns
    mask = snapshot.known(chosen.known_on)
    if chosen.undated:
        mask = snapshot.undated(chosen.known_on)
    elif chosen.decided_in is not None:
        mask = snapshot.new_in(chosen.decided_in, chosen.known_on)
    elif chosen.as_of is not None:
        mask = np.zeros(len(mask), np.bool_)
        mask[snapshot.held_on(chosen.as_of, chosen.known_on)] = True
    for name, wanted in (("stars", chosen.stars), ("group", chosen.group)):
        if wanted is not None:
            mask = mask & (held[name] == wanted)
    if chosen.kind is not None:
        mask = mask & (held["kind"] == KINDS.index(None if chosen.kind == "none" else chosen.kind))
    if chosen.commune is not None:
        code = int(chosen.commune) if chosen.commune.isdigit() and len(chosen.commune) == 5 else NO_COMMUNE - 1
        mask = mask & (held["commune"] == (NO_COMMUNE if chosen.commune == "none" else code))
    if chosen.ends_from is not None:
        mask = mask & (held["until"] >= max(1, chosen.ends_from.toordinal()))
    if chosen.ends_until is not None:
        mask = mask & (held["until"] > 0) & (held["until"] <= chosen.ends_until.toordinal())
    if listed is not None:
        mask = mask & (np.isin(held["product"], listed) == chosen.floor)
    places = np.flatnonzero(mask)
    keys = [-held["id"][places], -held["order"][places]]
    if chosen.order == "stars":
        keys.append(-held["stars"][places])
    elif chosen.order == "ends":
        keys.append(np.where(held["until"][places] == 0, NEVER, held["until"][places]))
    found: NDArray[np.int32] = held["id"][places[np.lexsort(keys)]]
    return found


def all_recognitions(session: Session, chosen: Chosen, now: datetime) -> Iterator[RecognitionRow]:
    """All of them, one after another."""
    rows = _ordered(_told(), chosen.order).where(Recognition.id.in_(_ids(chosen)))
    return _rows(session, rows.execution_options(yield_per=_AT_ONCE), chosen, now)


def count_recognitions(session: Session, chosen: Chosen) -> int:
    """How many rows there are."""
    return session.scalar(select(func.count()).select_from(_ids(chosen).subquery())) or 0


def _told() -> Select[*tuple[Any, ...]]:
    """The ratings with their products and producers' names."""
    rows = select(Recognition, Product, Producer.name, Producer.commune_code).join(Product, Product.id == Recognition.product_id)
    return rows.outerjoin(Producer, Producer.id == Product.producer_id)


ORDERS = ("newest", "ends", "stars")


def _ordered(rows: Any, order: str) -> Any:
    first = {"ends": (Recognition.valid_until.asc().nulls_last(),), "stars": (Recognition.stars.desc(),)}.get(order, ())
    return rows.order_by(*first, Recognition.decided_on.desc().nulls_last(), Recognition.id.desc())


def _ids(chosen: Chosen) -> Any:
    """The ratings that are asked for; other tables are looked at only where the question is of them."""
    rows = select(Recognition.id)
    if chosen.search or chosen.group is not None or chosen.commune is not None:
        rows = rows.join(Product, Product.id == Recognition.product_id)
    if chosen.search or chosen.commune is not None:
        rows = rows.outerjoin(Producer, Producer.id == Product.producer_id)
    if chosen.search:
        word, decision = fold_name(chosen.search), fold(chosen.search)
        found = [Recognition.decision_folded.contains(decision, autoescape=True)]
        if word:
            found += [text.contains(word, autoescape=True) for text in (Product.name_folded, Producer.name_folded)]
        rows = rows.where(or_(*found))
    rows = rows.where(*known(chosen.known_on))
    if chosen.undated:
        rows = rows.where(*undated(chosen.known_on))
    elif chosen.decided_in is not None:
        rows = rows.where(*counted(chosen.known_on), *new_in(chosen.decided_in))
    elif chosen.as_of is not None:
        rows = rows.where(Recognition.id.in_(held_on(chosen.as_of, chosen.known_on)))
    return _narrowed(rows, chosen)


def _narrowed(rows: Any, chosen: Chosen) -> Any:
    for column, wanted in ((Recognition.stars, chosen.stars), (Product.ocop_group, chosen.group)):
        rows = rows if wanted is None else rows.where(column == wanted)
    if chosen.kind is not None:
        rows = rows.where(Recognition.kind.is_(None) if chosen.kind == "none" else Recognition.kind == chosen.kind)
    if chosen.commune is not None:
        rows = rows.where(Producer.commune_code.is_(None) if chosen.commune == "none" else Producer.commune_code == chosen.commune)
    if chosen.floor is not None:
        listed = Recognition.product_id.in_(on_floors(chosen.as_of))
        rows = rows.where(listed if chosen.floor else ~listed)
    if chosen.ends_from is not None:
        rows = rows.where(Recognition.valid_until >= chosen.ends_from)
    if chosen.ends_until is not None:
        rows = rows.where(Recognition.valid_until <= chosen.ends_until)
    return rows


def known(on: date | None) -> tuple[ColumnElement[bool], ...]:
    """What the register says now, or what it said at the end of a day."""
    if on is None:
        return (Recognition.superseded_at.is_(None),)
    end = _end_of(on)
    return Recognition.recorded_at < end, or_(Recognition.superseded_at.is_(None), Recognition.superseded_at >= end)


def counted(known_on: date | None = None) -> tuple[ColumnElement[bool], ...]:
    """What figures count: never what the sample made up."""
    return Recognition.illustrative.is_(False), *known(known_on)


def undated(known_on: date | None = None) -> tuple[ColumnElement[bool], ...]:
    """Ratings of which no source gives the day, unless they were withdrawn."""
    return *counted(known_on), Recognition.valid_until.is_(None), _not_withdrawn(None, known_on)


def new_in(year: int) -> tuple[ColumnElement[bool], ...]:
    """Products that a year's decisions recognised for the first time; a decision known by its year alone is one of that year."""
    return Recognition.kind == "new", Recognition.decided_on >= f"{year}", Recognition.decided_on < f"{year + 1}"


def held_on(day: date, known_on: date | None = None) -> Select[tuple[int]]:
    """The ids of the ratings that hold on a day: of a product's several the one that was decided last."""
    latest = func.row_number().over(partition_by=Recognition.product_id, order_by=(Recognition.decided_on.desc(), Recognition.id))
    ranked = select(Recognition.id, latest.label("place")).where(holds_on(day, known_on)).subquery()
    return select(ranked.c.id).where(ranked.c.place == 1)


def holds_on(day: date, known_on: date | None = None) -> ColumnElement[bool]:
    """Whether a rating holds on a day, as `domain.ocop` has it, and is one that counts."""
    text = day.isoformat()
    return and_(
        func.length(Recognition.decided_on) == 10,
        Recognition.decided_on <= text,
        Recognition.valid_until >= day,
        _not_withdrawn(day, known_on),
        *counted(known_on),
    )


def _not_withdrawn(on: date | None, known_on: date | None) -> ColumnElement[bool]:
    """On a day, or at all; of a withdrawal that was written down later than `known_on` nobody knew."""
    conditions: list[ColumnElement[bool]] = [Recognition.withdrawn_on.is_(None)]
    if on is not None:
        conditions.append(Recognition.withdrawn_on > on)
    if known_on is not None:
        conditions.append(Recognition.withdrawal_recorded_at >= _end_of(known_on))
    return or_(*conditions)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), VIETNAM)


def _rows(session: Session, rows: Select[*tuple[Any, ...]], chosen: Chosen, now: datetime) -> Iterator[RecognitionRow]:
    day = chosen.as_of or day_in_vietnam(now)
    for row, product, producer, commune in session.execute(rows):
        yield RecognitionRow(
            product_id=product.id,
            product=product.name,
            producer=producer,
            group=product.ocop_group,
            stars=row.stars,
            kind=row.kind,
            commune_code=commune,
            decision=row.decision,
            decided_on=row.decided_on,
            valid_until=row.valid_until,
            withdrawn_on=_withdrawn_on(row, chosen.known_on),
            state=rating_state(row, day, chosen.known_on),
            source=row.source,
            illustrative=row.illustrative or product.illustrative,
        )


def _withdrawn_on(row: Recognition, known_on: date | None) -> date | None:
    """The day of withdrawal, where it was known by then."""
    written = row.withdrawal_recorded_at
    return None if known_on is not None and written is not None and written >= _end_of(known_on) else row.withdrawn_on


def rating_state(row: Recognition, day: date, known_on: date | None = None) -> str:
    """`valid`, `expired`, `withdrawn`, `ahead`, or `undated` where no source gives the day."""
    withdrawn_on = _withdrawn_on(row, known_on)
    if withdrawn_on is not None and withdrawn_on <= day:
        return "withdrawn"
    if row.valid_until is None:
        return "undated"
    if row.decided_on is not None and row.decided_on > day.isoformat():
        return "ahead"
    return "valid" if replace(as_rule(row), withdrawn_on=withdrawn_on).holds_on(day) else "expired"
