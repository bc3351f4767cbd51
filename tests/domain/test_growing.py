"""How much may come from growing areas: amounts, codes however written, goods of several areas."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.domain.growing import Harvest, amount_of, fold_area_code, linked_areas, room_left

AREAS = st.frozensets(st.integers(1, 4), min_size=1)
AMOUNTS = st.integers(0, 4)


@pytest.mark.parametrize(
    ("packs", "content", "unit", "amount"), [(3, 500, "g", ("g", 1500)), (3, 5, "kg", ("g", 15_000)), (4, 2, "l", ("ml", 8000))]
)
def test_amounts_are_added_up_in_one_unit_of_a_kind(packs, content, unit, amount):
    assert amount_of(packs, content, unit) == amount


@pytest.mark.parametrize("code", ["LC-MHS-0017", "lc mhs 0017", "LC.MHS.0017", " lcmhs0017"])
def test_a_code_is_the_same_however_it_is_written(code):
    assert fold_area_code(code) == "LCMHS0017"


def test_goods_of_one_area_are_held_against_it_alone():
    harvests = [Harvest(frozenset({1}), 60), Harvest(frozenset({2}), 999)]
    assert room_left({1: 100, 2: 100}, harvests, frozenset({1})) == 40


def test_goods_of_two_areas_may_be_shared_out_between_them():
    assert room_left({1: 100, 2: 100}, [Harvest(frozenset({1, 2}), 180)], frozenset({1, 2})) == 20


def test_goods_that_fit_an_area_alone_are_too_much_where_shared_ones_fill_it():
    harvests = [Harvest(frozenset({1}), 100), Harvest(frozenset({1, 2}), 100), Harvest(frozenset({2}), 100)]
    assert room_left({1: 100, 2: 100}, harvests, frozenset({2})) == -100
    assert linked_areas(harvests, frozenset({2})) == {1, 2}


@given(st.lists(st.builds(Harvest, AREAS, AMOUNTS), max_size=4), st.lists(AMOUNTS, min_size=4, max_size=4))
def test_what_can_be_shared_out_is_never_held_up(harvests, amounts):
    capacities = dict(enumerate(amounts, start=1))
    if fits(harvests, capacities):
        assert all(room_left(capacities, harvests, harvest.areas) >= 0 for harvest in harvests)


@given(
    st.lists(st.builds(Harvest, st.frozensets(st.integers(1, 4), min_size=1, max_size=1), AMOUNTS), max_size=6),
    st.lists(AMOUNTS, min_size=4, max_size=4),
)
def test_where_each_batch_names_one_area_it_is_exact(harvests, amounts):
    capacities = dict(enumerate(amounts, start=1))
    held_up = any(room_left(capacities, harvests, harvest.areas) < 0 for harvest in harvests)
    assert held_up != fits(harvests, capacities)


def fits(harvests, capacities) -> bool:
    """By trying each way of sharing out."""
    reached = {tuple(capacities[area] for area in sorted(capacities))}
    for harvest in harvests:
        places = sorted(harvest.areas)
        ways = [way for way in product(range(harvest.amount + 1), repeat=len(places)) if sum(way) == harvest.amount]
        following = set()
        for left in reached:
            for way in ways:
                rest = list(left)
                for area, part in zip(places, way, strict=True):
                    rest[area - 1] -= part
                if min(rest) >= 0:
                    following.add(tuple(rest))
        reached = following
    return bool(reached)
