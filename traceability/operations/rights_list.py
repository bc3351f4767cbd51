"""The rights to use an indication or a mark, of all products and producers: found, narrowed, and as they stand on a day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, joinedload

from traceability.domain.folding import fold_name
from traceability.models import GeographicalIndication, Producer, Product, UseRight

STATES = ("held", "ahead", "ended", "withdrawn")
ROWS_A_PAGE = 20
_AT_ONCE = 1_000


@dataclass(frozen=True)
class AskedRights:
    """What the list is asked for: part of a name (indication, product or producer), a state, one indication, one producer."""

    search: str = ""
    state: str = ""
    indication_id: int | None = None
    producer_id: int | None = None


def list_rights(session: Session, asked: AskedRights, today: date, *, page: int) -> tuple[list[UseRight], bool]:
    """A page of them by indication, product and day, and whether there are more."""
    rows = list(session.scalars(_rights(asked, today).offset(page * ROWS_A_PAGE).limit(ROWS_A_PAGE + 1)))
    return rows[:ROWS_A_PAGE], len(rows) > ROWS_A_PAGE


def all_rights(session: Session, asked: AskedRights, today: date) -> Iterator[UseRight]:
    """All of them."""
    yield from session.scalars(_rights(asked, today).execution_options(yield_per=_AT_ONCE))


def state_on(row: UseRight, day: date) -> str:
    """One of STATES: from the first day to the last one, both included; not from the day of withdrawal."""
    if row.revoked_on is not None and row.revoked_on <= day:
        return "withdrawn"
    if row.from_day > day:
        return "ahead"
    return "ended" if row.until_day is not None and row.until_day < day else "held"


def _rights(asked: AskedRights, today: date) -> Select[Any]:
    rows: Select[Any] = (
        select(UseRight).join(Product, Product.id == UseRight.product_id).join(Producer, Producer.id == UseRight.producer_id)
    )
    rows = rows.join(GeographicalIndication, GeographicalIndication.id == UseRight.indication_id)
    if asked.search:
        folded = fold_name(asked.search)
        named = (Product.name_folded.contains(folded, autoescape=True), Producer.name_folded.contains(folded, autoescape=True))
        rows = rows.where(or_(*named, GeographicalIndication.name.icontains(asked.search, autoescape=True)))
    if asked.state:
        rows = rows.where(*_in_state(asked.state, today))
    for column, wanted in ((UseRight.indication_id, asked.indication_id), (UseRight.producer_id, asked.producer_id)):
        if wanted is not None:
            rows = rows.where(column == wanted)
    order = (GeographicalIndication.register_number, GeographicalIndication.id, Product.name_folded, UseRight.from_day.desc(), UseRight.id)
    return rows.options(joinedload(UseRight.indication), joinedload(UseRight.product), joinedload(UseRight.producer)).order_by(*order)


def _in_state(state: str, today: date) -> list[ColumnElement[bool]]:
    stands = or_(UseRight.revoked_on.is_(None), UseRight.revoked_on > today)
    has_ended = UseRight.until_day < today
    return {
        "withdrawn": [UseRight.revoked_on <= today],
        "ahead": [stands, UseRight.from_day > today],
        "ended": [stands, UseRight.from_day <= today, has_ended],
        "held": [stands, UseRight.from_day <= today, or_(UseRight.until_day.is_(None), ~has_ended)],
    }[state]
