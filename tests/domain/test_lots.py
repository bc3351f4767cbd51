"""Lots proposed by pattern."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import refused
from traceability.domain import gs1
from traceability.domain.lots import USUAL_PATTERN, check_pattern, pattern_of, propose_lot

DAYS = st.dates(date(2020, 1, 1), date(2099, 12, 31))
PATTERNS = st.lists(st.sampled_from(["{yyyy}", "{yy}", "{mm}", "{dd}", "-", ".", "SC", "L"]), max_size=4).map(
    lambda parts: "".join(parts) + "-{n}"
)


@pytest.mark.parametrize("pattern", ["", "{yy}", "{n}{n}", "{year}-{n}", "{", "}{n}", "{n", "{}{n}", "SC{N}"])
def test_what_is_no_pattern_is_refused(pattern):
    with refused("lot_pattern"):
        check_pattern(pattern)


@pytest.mark.parametrize(("pattern", "rule"), [("Lô {n}", "lot_characters"), ("A/{n}", "lot_slash"), ("x" * 20 + "{n}", "lot_too_long")])
def test_a_pattern_makes_only_lots_that_codes_can_carry(pattern, rule):
    with refused(rule):
        check_pattern(pattern)


@given(PATTERNS, DAYS, st.integers(0, 40))
def test_a_proposal_is_a_lot_that_is_not_taken(pattern, day, before):
    pattern = check_pattern(pattern) if len(pattern.format(yyyy="2026", yy="26", mm="12", dd="28", n="999")) <= 20 else USUAL_PATTERN
    taken: set[str] = set()
    for _number in range(before):
        taken.add(propose_lot(pattern, day, taken).casefold())
    lot = propose_lot(pattern, day, taken)
    assert gs1.check_lot(lot) == lot and lot.casefold() not in taken and len(taken) == before


@given(st.sampled_from(["{yyyy}{mm}{dd}-{n}", "{yy}{mm}{dd}-{n}", "SC{yy}{mm}{dd}.{n}", "{yyyy}-{mm}-{dd}-{n}", "MO-{yyyy}-{n}"]), DAYS)
def test_the_pattern_of_a_proposal_proposes_the_same_again(pattern, day):
    lot = propose_lot(pattern, day, ())
    found = pattern_of(lot, day)
    assert found is not None and propose_lot(found, day, ()) == lot


def test_a_lot_that_names_no_day_has_no_pattern():
    assert pattern_of("MO-11", date(2026, 10, 31)) is None
