"""Sheets and rolls as figures, and labels dealt out to pages."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.labels.label import Size
from traceability.labels.paging import Dealing, PagingFault, deal, split_by_pages
from traceability.labels.run import Units
from traceability.labels.stock import A4, ROLLS, SHEETS, STOCKS, Stock, StockFault, check_stock, free_roll, roll, sheet


def units_of(numbers: list[int]) -> Units:
    array = np.array(numbers, np.int64)
    wide = np.repeat(array[:, None].astype(np.uint8), 3, axis=1)
    return Units(np.repeat(wide[:, None], 3, axis=1), wide, wide, array)


@pytest.mark.parametrize("stock", STOCKS.values(), ids=STOCKS)
def test_labels_of_a_stock_lie_on_the_page_and_not_over_each_other(stock: Stock):
    assert check_stock(stock) is stock
    assert len(stock.corners()) == len(set(stock.corners())) == stock.count
    for x, y in stock.corners():
        assert x >= 0 and x + stock.label.width_mm <= stock.page.width_mm + 0.011
        assert y >= 0 and y + stock.label.height_mm <= stock.page.height_mm + 0.011
    for (x, y), (other_x, other_y) in pairwise(stock.corners()):
        apart = other_x - x >= stock.label.width_mm - 0.011 or abs(other_y - y) >= stock.label.height_mm - 0.011
        assert apart


def test_sheets_are_counted_as_their_keys_say():
    assert {stock.key: stock.count for stock in SHEETS if stock.key.startswith("a4-") and stock.key != "a4-24-full"} == {
        f"a4-{count}": count for count in (65, 40, 33, 24, 21, 18, 14, 10, 8)
    }
    assert {stock.columns for stock in ROLLS} == {1, 2, 3}


def test_columns_are_filled_downwards_where_they_come_first():
    stock = STOCKS["a4-21"]
    assert sorted(stock.corners("rows")) == sorted(stock.corners("columns"))
    assert stock.corners("columns")[1] == stock.corners("rows")[3]


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("overlap", lambda: sheet("x", Size(40, 20), 2, 2, 5, 5, (39, 20))),
        ("overlap", lambda: sheet("x", Size(40, 20), 2, 2, 5, 5, (40, float("nan")))),
        ("off_page", lambda: sheet("x", Size(40, 20), 6, 2, 5, 5, (40, 20))),
        ("off_page", lambda: sheet("x", Size(40, 20), 1, 2, 5, 260, (40, 20))),
        ("off_page", lambda: sheet("x", Size(100, 20), 1, 1, 60, 5, (0, 0), Size(148, 210))),
        ("length", lambda: sheet("x", Size(0, 20), 1, 1, 5, 5, (40, 20))),
        ("length", lambda: sheet("x", Size(float("nan"), 20), 1, 1, 5, 5, (40, 20))),
        ("length", lambda: sheet("x", Size(float("inf"), 20), 1, 1, 5, 5, (40, 20))),
        ("length", lambda: sheet("x", Size(40, 20), 1, 1, -1, 5, (40, 20))),
        ("count", lambda: sheet("x", Size(40, 20), 0, 1, 5, 5, (40, 20))),
        ("across", lambda: roll("x", Size(20, 20), across=4)),
        ("gap", lambda: roll("x", Size(20, 20), sensed="smell")),
        ("length", lambda: roll("x", Size(20, 20), gap_mm=-1)),
        ("overlap", lambda: roll("x", Size(20, 20), across=2, between_mm=-3)),
        ("length", lambda: free_roll("5x5")),
    ],
)
def test_a_stock_that_cannot_be_printed_on_says_why(code, make):
    with pytest.raises(StockFault) as fault:
        make()
    assert fault.value.code == code


def test_a_roll_of_any_size_is_described_by_its_key():
    assert free_roll("45x28").label == Size(45, 28)
    assert free_roll("35.5x22.25-3").columns == 3
    for key in ("a4-65", "45x", "45x28-4", "45 x 28", "1e3x2", "٤٥x28"):
        assert free_roll(key) is None


@given(
    sizes=st.lists(st.integers(0, 9), max_size=6),
    columns=st.integers(1, 4),
    rows=st.integers(1, 3),
    copies=st.integers(1, 5),
    data=st.data(),
)
def test_every_label_is_dealt_out_in_order_as_often_as_asked_and_pages_are_full(sizes, columns, rows, copies, data):
    stock = Stock("x", "sheet", Size(20, 20), A4, columns, rows, 0, 0, 20, 20)
    start = data.draw(st.integers(1, stock.count))
    numbers = iter(range(1, 100))
    chunks = [units_of([next(numbers) for _ in range(size)]) for size in sizes]
    dealing = Dealing(start, copies=copies).check(stock)
    pages = list(deal(chunks, stock, dealing))
    printed = [int(number) for page in pages for number in page.units.numbers]
    assert printed == [number for number in range(1, sum(sizes) + 1) for _ in range(copies)]
    assert [page.first for page in pages] == [start - 1, *[0] * (len(pages) - 1)][: len(pages)]
    assert all(page.first + len(page.units) == stock.count for page in pages[:-1])
    assert len(pages) == (dealing.pages(stock, sum(sizes)) if sum(sizes) else 0)
    assert all((page.units.codes[:, 0] == page.units.numbers).all() for page in pages)


@given(st.integers(1, 300), st.integers(1, 20), st.data())
def test_parts_hold_all_units_once_and_begin_on_fresh_pages(count, parts, data):
    stock = STOCKS["a4-21"]
    copies = data.draw(st.sampled_from([1, 3, 7, 21]))
    start = 1 + copies * data.draw(st.integers(0, 20 // copies))
    dealing = Dealing(start, copies=copies)
    ranges = split_by_pages(11, 10 + count, stock, dealing, parts)
    assert 1 <= len(ranges) <= parts
    assert [unit for first, last in ranges for unit in range(first, last + 1)] == list(range(11, 11 + count))
    for _, last in ranges[:-1]:
        assert ((last - 10) * copies + start - 1) % stock.count == 0


@pytest.mark.parametrize(("dealing", "parts"), [(Dealing(copies=2), 2), (Dealing(start=2, copies=3), 2), (Dealing(), 0)])
def test_copies_of_a_label_do_not_fall_on_two_printers(dealing, parts):
    with pytest.raises(PagingFault):
        split_by_pages(1, 100, STOCKS["a4-21"], dealing, parts)


@pytest.mark.parametrize("dealing", [Dealing(start=0), Dealing(start=22), Dealing(copies=0), Dealing(copies=1001)])
def test_a_start_or_copies_that_a_sheet_has_not_are_refused(dealing):
    with pytest.raises(PagingFault):
        dealing.check(STOCKS["a4-21"])
