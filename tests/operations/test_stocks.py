"""Sheets and rolls of a producer's own."""

from dataclasses import replace
from math import inf, nan

import pytest

from tests.factories import overlapping, refused
from traceability.domain.errors import NotFound, Refused
from traceability.labels.label import Size
from traceability.labels.stock import A4, STOCKS, Stock
from traceability.models.engine import reading
from traceability.operations.stocks import MOST_OWN, add_stock, find_stock, forget_stock, own_stocks, stock_of, stocks_for

SHEET = Stock("new", "sheet", Size(60.0, 30.0), A4, 3, 8, 10.0, 12.5, 62.0, 32.0)
ROLL = Stock("new", "roll", Size(45.0, 28.0), Size(45.0, 28.0), 1, 1, 0.0, 0.0, 45.0, 28.0, 2.0, "black_mark")


@pytest.fixture
def producer(workshop) -> int:
    return workshop.producer().id


def keys_of(services, producer) -> list[str]:
    with reading(services.engine) as session:
        return [named.stock.key for named in stocks_for(session, producer)]


@pytest.mark.parametrize("stock", [SHEET, ROLL], ids=["sheet", "roll"])
def test_what_is_kept_is_what_was_measured(workshop, services, producer, stock):
    row = workshop.act(add_stock, producer, "  Giấy   nhà ", stock)
    with reading(services.engine) as session:
        found = find_stock(session, producer, f"own-{row.id}")
    assert found.name == "Giấy nhà" and replace(found.stock, key="new") == stock
    assert keys_of(services, producer) == [f"own-{row.id}", *STOCKS]


def test_the_same_stock_twice_is_one_also_at_once_and_another_of_its_name_is_refused(workshop, services, producer):
    def press(session):
        return add_stock(session, producer, "A", SHEET).id

    first, second = overlapping(services.engine, press, press)
    assert first == second == workshop.act(press)
    with refused("stock_taken"):
        workshop.act(add_stock, producer, "A", ROLL)
    other = workshop.producer().id
    assert workshop.act(add_stock, other, "A", ROLL).id != first


def test_a_forgotten_stock_is_offered_no_more_and_stays_for_its_runs(workshop, services, producer):
    row = workshop.act(add_stock, producer, "A", SHEET)
    for _ in range(2):
        workshop.act(forget_stock, frozenset({producer}), row.id, workshop.now)
    assert keys_of(services, producer) == list(STOCKS)
    with reading(services.engine) as session:
        assert not own_stocks(session, frozenset({producer}))
        assert replace(find_stock(session, producer, f"own-{row.id}").stock, key="new") == SHEET


def test_a_name_is_free_again_after_its_stock_was_forgotten_however_often(workshop, services, producer):
    # A name that looks like the one that is given to forgotten ones.
    workshop.act(add_stock, producer, "A (1)", SHEET)
    made = []
    for left in (10.0, 11.0, 12.0):
        row = workshop.act(add_stock, producer, "A", replace(SHEET, left_mm=left))
        workshop.act(forget_stock, frozenset({producer}), row.id, workshop.now)
        made.append(row.id)
    with reading(services.engine) as session:
        assert [find_stock(session, producer, f"own-{number}").stock.left_mm for number in made] == [10.0, 11.0, 12.0]
    assert workshop.act(add_stock, producer, "A", SHEET).forgotten_at is None


def test_a_long_name_is_free_again_too(workshop, producer):
    row = workshop.act(add_stock, producer, "ư" * 60, SHEET)
    workshop.act(forget_stock, frozenset({producer}), row.id, workshop.now)
    assert workshop.act(add_stock, producer, "ư" * 60, ROLL).id != row.id
    with refused("text_long"):
        workshop.act(add_stock, producer, "ư" * 61, ROLL)


def test_another_producers_stock_is_not_there(workshop, services, producer):
    row, other = workshop.act(add_stock, producer, "A", SHEET), workshop.producer().id
    with reading(services.engine) as session, refused("stock_unknown"):
        find_stock(session, other, f"own-{row.id}")
    for missing in (row.id, 4711):
        with pytest.raises(NotFound):
            workshop.act(forget_stock, frozenset({other}), missing, workshop.now)
    assert keys_of(services, producer)[0] == f"own-{row.id}"


@pytest.mark.parametrize("key", ["", "own-", "own-0", "own-x", "own-²", "own--1", "own-9999999999", "1", "a4", "45×28", "x" * 500])
def test_a_key_of_no_stock_is_refused(services, producer, key):
    with reading(services.engine) as session, refused("stock_unknown"):
        find_stock(session, producer, key)


def test_a_free_size_is_a_roll_if_there_can_be_one(services, producer):
    with reading(services.engine) as session:
        assert find_stock(session, producer, "45x28-2").stock.columns == 2
        for key in ("9x28", "421x28", "0x0", "200x28-3"):
            with refused("stock_length"):
                find_stock(session, producer, key)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"pitch_x_mm": 59.0}, "stock_overlap"),
        ({"pitch_y_mm": 29.9}, "stock_overlap"),
        ({"pitch_x_mm": nan}, "stock_overlap"),
        ({"left_mm": 30.0}, "stock_off_page"),
        ({"top_mm": 60.0}, "stock_off_page"),
        ({"pitch_x_mm": inf}, "stock_off_page"),
        ({"rows": 1, "pitch_y_mm": nan}, "stock_off_page"),
        ({"columns": 1, "pitch_x_mm": nan}, "stock_off_page"),
        ({"left_mm": -1.0}, "stock_length"),
        ({"left_mm": nan}, "stock_length"),
        ({"label": Size(nan, 30.0)}, "stock_length"),
        ({"label": Size(1e9, 30.0)}, "stock_length"),
        ({"page": Size(210.0, inf)}, "stock_length"),
        ({"columns": 0}, "stock_count"),
        ({"rows": 101}, "stock_count"),
        ({"kind": "roll", "columns": 4, "rows": 1, "page": Size(250.0, 30.0), "sensed": "none", "left_mm": 0.0}, "stock_across"),
        ({"kind": "roll", "columns": 1, "rows": 1, "left_mm": 0.0, "top_mm": 0.0, "sensed": "gap", "gap_mm": 0.0}, "stock_gap"),
    ],
    ids=str,
)
def test_figures_that_no_paper_has_are_refused_and_nothing_is_kept(workshop, services, producer, changed, code):
    with refused(code):
        workshop.act(add_stock, producer, "A", replace(SHEET, **changed))
    assert keys_of(services, producer) == list(STOCKS)


def test_a_stock_needs_a_name_and_there_are_not_too_many(workshop, services, producer):
    with refused("stock_name"):
        workshop.act(add_stock, producer, " \t", SHEET)

    def fill(session):
        rows = [add_stock(session, producer, f"A{number}", SHEET) for number in range(MOST_OWN)]
        return rows[0]

    first = workshop.act(fill)
    with refused("stocks_many"):
        workshop.act(add_stock, producer, "B", SHEET)
    workshop.act(forget_stock, frozenset({producer}), first.id, workshop.now)
    assert workshop.act(add_stock, producer, "B", SHEET).id


def test_every_usual_stock_can_be_kept_as_ones_own(workshop, producer):
    for key, stock in STOCKS.items():
        row = workshop.act(add_stock, producer, key, stock)
        assert replace(stock_of(row), key=key) == stock
    with pytest.raises(Refused):
        workshop.act(add_stock, producer, "a4-65", STOCKS["a4-24"])
