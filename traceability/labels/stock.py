"""What labels are printed on: sheets and rolls as rows of figures, their labels' places, and what is wrong with them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

from traceability.labels.label import Size, SizeFault, check_size

# Dots an inch: most thermal printers, finer ones, and office printers.
PRINTERS_DPI = (203, 300, 600)
_TOLERANCE_MM = 0.011
_LEAST_MM, _MOST_MM = 10.0, 420.0
_MOST_ACROSS = 3


class StockFault(ValueError):
    """A stock that cannot be printed on. `code` is `length`, `count`, `overlap`, `off_page`, `across` or `gap`."""

    def __init__(self, code: str, **facts: float | str) -> None:
        super().__init__(f"{code} {facts}")
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Stock:
    """A sheet or a roll. Lengths are in mm from the page's left top corner, y downwards.

    Labels stand in `columns` and `rows`, the first at `left_mm` and `top_mm`, their corners a pitch apart. Of a roll the
    page is one row of labels; between rows there is a gap of `gap_mm` that the printer finds by `sensed`.
    """

    key: str
    kind: Literal["sheet", "roll"]
    label: Size
    page: Size
    columns: int = 1
    rows: int = 1
    left_mm: float = 0.0
    top_mm: float = 0.0
    pitch_x_mm: float = 0.0
    pitch_y_mm: float = 0.0
    gap_mm: float = 0.0
    sensed: Literal["gap", "black_mark", "none"] = "none"

    @property
    def count(self) -> int:
        """Labels on a page."""
        return self.columns * self.rows

    def corners(self, order: Literal["rows", "columns"] = "rows") -> list[tuple[float, float]]:
        """The left top corners of a page's labels, row by row or column by column."""
        cells: Iterator[tuple[int, int]] = product(range(self.rows), range(self.columns))
        if order == "columns":
            cells = ((row, column) for column, row in product(range(self.columns), range(self.rows)))
        return [(self.left_mm + column * self.pitch_x_mm, self.top_mm + row * self.pitch_y_mm) for row, column in cells]


def roll(key: str, label: Size, *, across: int = 1, between_mm: float = 2.0, gap_mm: float = 3.0, sensed: str = "gap") -> Stock:
    """A roll with `across` labels in a row, `between_mm` apart, and `gap_mm` between rows. Raises StockFault."""
    if not 1 <= across <= _MOST_ACROSS:
        raise StockFault("across", most=_MOST_ACROSS)
    if sensed not in ("gap", "black_mark", "none"):
        raise StockFault("gap")
    pitch = label.width_mm + between_mm
    page = Size(across * pitch - between_mm, label.height_mm)
    stock = Stock(key, "roll", label, page, across, 1, 0.0, 0.0, pitch, label.height_mm, gap_mm, sensed)  # type: ignore[arg-type]
    return check_stock(stock)


def sheet(
    key: str, label: Size, columns: int, rows: int, left_mm: float, top_mm: float, pitch: tuple[float, float], page: Size | None = None
) -> Stock:
    """A sheet, A4 where no page is named. Raises StockFault."""
    return check_stock(Stock(key, "sheet", label, page or A4, columns, rows, left_mm, top_mm, *pitch))


def check_stock(stock: Stock) -> Stock:
    """The stock, if it can be printed on: StockFault says what overlaps, leaves the page or is no length at all."""
    lengths = (stock.label.width_mm, stock.label.height_mm, stock.page.width_mm, stock.page.height_mm)
    # Written so that a number that is not one fails, too.
    if not all(_LEAST_MM <= length <= _MOST_MM for length in lengths):
        raise StockFault("length", least=_LEAST_MM, most=_MOST_MM)
    if not (1 <= stock.columns <= 50 and 1 <= stock.rows <= 100):
        raise StockFault("count")
    if not (stock.left_mm >= 0 and stock.top_mm >= 0 and 0 <= stock.gap_mm <= 50):
        raise StockFault("length", least=0, most=50)
    if stock.kind == "roll" and stock.columns > _MOST_ACROSS:
        raise StockFault("across", most=_MOST_ACROSS)
    if stock.sensed not in ("gap", "black_mark", "none") or (stock.sensed != "none" and not stock.gap_mm):
        # A printer that is told of a gap of nothing takes the paper for endless.
        raise StockFault("gap")
    try:
        check_size(stock.label)
    except SizeFault as fault:
        raise StockFault("length", **fault.facts) from None
    _check_overlap(stock)
    right = stock.left_mm + (stock.columns - 1) * stock.pitch_x_mm + stock.label.width_mm - stock.page.width_mm
    below = stock.top_mm + (stock.rows - 1) * stock.pitch_y_mm + stock.label.height_mm - stock.page.height_mm
    if not (right <= _TOLERANCE_MM and below <= _TOLERANCE_MM):
        raise StockFault("off_page", right_mm=round(max(right, 0.0), 2), below_mm=round(max(below, 0.0), 2))
    return stock


def _check_overlap(stock: Stock) -> None:
    for count, pitch, length in (
        (stock.columns, stock.pitch_x_mm, stock.label.width_mm),
        (stock.rows, stock.pitch_y_mm, stock.label.height_mm),
    ):
        if count > 1 and not pitch >= length - _TOLERANCE_MM:
            raise StockFault("overlap", pitch_mm=pitch, length_mm=length)


A4 = Size(210.0, 297.0)
A5 = Size(148.0, 210.0)

# Rolls that thermal printers take, the usual one first; the key is what is remembered and stands in addresses.
ROLLS = (
    roll("50x30", Size(50.0, 30.0)),
    roll("60x40", Size(60.0, 40.0)),
    roll("70x50", Size(70.0, 50.0)),
    roll("40x30", Size(40.0, 30.0)),
    roll("40x60", Size(40.0, 60.0)),
    roll("35x22", Size(35.0, 22.0)),
    roll("35x22-2", Size(35.0, 22.0), across=2),
    roll("35x22-3", Size(35.0, 22.0), across=3),
    roll("50x30-2", Size(50.0, 30.0), across=2),
)
# Sheets as the makers of labels cut them: figures of the usual A4 templates (L7651, L7654, L7159, L7160, L7161, L7163,
# L7173, L7165, and cuts without margins).
SHEETS = (
    sheet("a4-65", Size(38.1, 21.2), 5, 13, 4.65, 10.7, (40.65, 21.2)),
    sheet("a4-40", Size(45.7, 25.4), 4, 10, 9.7, 21.5, (48.3, 25.4)),
    sheet("a4-33", Size(70.0, 25.4), 3, 11, 0.0, 8.8, (70.0, 25.4)),
    sheet("a4-24", Size(63.5, 33.9), 3, 8, 7.2, 12.9, (66.04, 33.9)),
    sheet("a4-24-full", Size(70.0, 37.0), 3, 8, 0.0, 0.5, (70.0, 37.0)),
    sheet("a4-21", Size(63.5, 38.1), 3, 7, 7.2, 15.15, (66.04, 38.1)),
    sheet("a4-18", Size(63.5, 46.6), 3, 6, 7.2, 8.7, (66.04, 46.6)),
    sheet("a4-14", Size(99.1, 38.1), 2, 7, 4.65, 15.15, (101.6, 38.1)),
    sheet("a4-10", Size(99.1, 57.0), 2, 5, 4.65, 6.0, (101.6, 57.0)),
    sheet("a4-8", Size(99.1, 67.7), 2, 4, 4.65, 13.1, (101.6, 67.7)),
    sheet("a5-10", Size(64.0, 34.0), 2, 5, 8.5, 20.0, (67.0, 34.0), A5),
)
_FREE_SIZE = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)x(\d{1,3}(?:\.\d{1,2})?)(?:-([123]))?")


def free_roll(key: str) -> Stock | None:
    """The roll that a key such as `45x28` or `45x28-2` describes, None for another key. Raises StockFault."""
    free = _FREE_SIZE.fullmatch(key) if key.isascii() else None
    return roll(key, Size(float(free[1]), float(free[2])), across=int(free[3] or 1)) if free else None


STOCKS = {stock.key: stock for stock in (*ROLLS, *SHEETS)}
