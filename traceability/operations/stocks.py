"""The stocks that a producer may print on: those that everybody has, and its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain.errors import NotFound, Refused
from traceability.labels.label import Size
from traceability.labels.stock import STOCKS, Stock, StockFault, check_stock, free_roll
from traceability.models import OwnStock, Producer

_OWN = "own-"
MOST_OWN = 50
_LONGEST_NUMBER = 10


@dataclass(frozen=True)
class NamedStock:
    """A stock with the name that its producer gave it, None for those that everybody has."""

    stock: Stock
    name: str | None = None


def stocks_for(session: Session, producer_id: int) -> list[NamedStock]:
    """All that this producer may choose from, its own first."""
    rows = session.scalars(
        select(OwnStock).where(OwnStock.producer_id == producer_id, OwnStock.forgotten_at.is_(None)).order_by(OwnStock.name)
    )
    return [*(NamedStock(stock_of(row), row.name) for row in rows), *(NamedStock(stock) for stock in STOCKS.values())]


def find_stock(session: Session, producer_id: int, key: str) -> NamedStock:
    """A stock by its key: of everybody, a free size of a roll (`45x28`), or of its own, also one that was forgotten since.

    Refused: `stock_unknown`, those of `add_stock` for a size that no roll has.
    """
    if key in STOCKS:
        return NamedStock(STOCKS[key])
    if free := _checked(lambda: free_roll(key)):
        return NamedStock(free)
    number = key.removeprefix(_OWN)
    known = number != key and number.isascii() and number.isdigit() and len(number) < _LONGEST_NUMBER
    row = session.get(OwnStock, int(number)) if known else None
    if row is None or row.producer_id != producer_id:
        raise Refused("stock_unknown")
    return NamedStock(stock_of(row), row.name)


def add_stock(session: Session, producer_id: int, name: str, stock: Stock) -> OwnStock:
    """Keeps a stock of a producer's own; the same one twice is one.

    Refused: `stock_name`, `stock_taken`, `stocks_many`, and `stock_…` for what StockFault says.
    """
    name = " ".join(name.split())
    if not name:
        raise Refused("stock_name")
    _checked(lambda: check_stock(stock))
    # Whoever presses twice waits here, and then finds what the first press made.
    session.get(Producer, producer_id, with_for_update={"key_share": True})
    names = {row.name: row for row in session.scalars(select(OwnStock).where(OwnStock.producer_id == producer_id))}
    known = names.get(name)
    if known is not None and known.forgotten_at is None:
        if stock_of(known) == replace(stock, key=stock_of(known).key):
            return known
        raise Refused("stock_taken", name=name)
    if sum(row.forgotten_at is None for row in names.values()) >= MOST_OWN:
        raise Refused("stocks_many", most=MOST_OWN)
    if known is not None:
        # The name is free again; what was printed on the old figures keeps them.
        known.name = next(free for turn in count(1) if (free := f"{name[:40]} ({turn})") not in names)
        session.flush()
    row = OwnStock(producer_id=producer_id, name=name, **_figures(stock))
    session.add(row)
    session.flush()
    return row


def _checked(make: Callable[[], Stock | None]) -> Stock | None:
    try:
        return make()
    except StockFault as fault:
        raise Refused(f"stock_{fault.code}", **fault.facts) from None


def forget_stock(session: Session, producer_ids: frozenset[int], stock_id: int, now: datetime) -> OwnStock:
    """Offers a stock of one of these producers no more; twice is once. NotFound `part_missing`."""
    row = session.get(OwnStock, stock_id)
    if row is None or row.producer_id not in producer_ids:
        raise NotFound("part_missing", kind="OwnStock")
    if row.forgotten_at is None:
        row.forgotten_at = now
        session.flush()
    return row


def own_stocks(session: Session, producer_ids: frozenset[int]) -> list[OwnStock]:
    """The stocks of some producers' own, by name."""
    wanted = OwnStock.producer_id.in_(producer_ids), OwnStock.forgotten_at.is_(None)
    return list(session.scalars(select(OwnStock).where(*wanted).order_by(OwnStock.producer_id, OwnStock.name)))


def stock_of(row: OwnStock) -> Stock:
    """The figures of a row."""
    return Stock(
        key=f"{_OWN}{row.id}",
        kind=row.kind,  # type: ignore[arg-type]
        label=Size(row.label_width_mm, row.label_height_mm),
        page=Size(row.page_width_mm, row.page_height_mm),
        columns=row.columns,
        rows=row.rows,
        left_mm=row.left_mm,
        top_mm=row.top_mm,
        pitch_x_mm=row.pitch_x_mm,
        pitch_y_mm=row.pitch_y_mm,
        gap_mm=row.gap_mm,
        sensed=row.sensed,  # type: ignore[arg-type]
    )


def _figures(stock: Stock) -> dict[str, object]:
    return {
        "kind": stock.kind,
        "label_width_mm": stock.label.width_mm,
        "label_height_mm": stock.label.height_mm,
        "page_width_mm": stock.page.width_mm,
        "page_height_mm": stock.page.height_mm,
        "columns": stock.columns,
        "rows": stock.rows,
        "left_mm": stock.left_mm,
        "top_mm": stock.top_mm,
        "pitch_x_mm": stock.pitch_x_mm,
        "pitch_y_mm": stock.pitch_y_mm,
        "gap_mm": stock.gap_mm,
        "sensed": stock.sensed,
    }
