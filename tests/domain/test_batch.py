from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.builders import TODAY, fault_of, gtins
from traceability.domain.batch import (
    FORMS,
    LARGEST_ALLOWANCE_PERCENT,
    USUAL_ALLOWANCE_PERCENT,
    BatchDates,
    Stampable,
    UseRight,
    check_dates,
    check_gtin_owner,
    check_may_issue,
    check_use_right,
    unit_limit,
)
from traceability.domain.errors import Refused
from traceability.domain.stamp import LAST_UNIT

GTIN = "08938505974200"
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
LAST_CLAIMABLE = date(2199, 6, 6)


def refusal(act, *given_values):
    with pytest.raises(Refused) as refused:
        act(*given_values)
    return refused.value.code, refused.value.facts


def a_batch(**changes):
    usual = Stampable("goods", "open", 100, 105, 0, None, None, BatchDates(packed_on=TODAY))
    return replace(usual, **changes)


# ----------------------------------------------------------------------------------------------------------- dates


def test_dates_may_all_be_unknown():
    check_dates(BatchDates(), TODAY)


def test_equal_dates_are_allowed_today_included():
    check_dates(BatchDates(TODAY, TODAY, TODAY, TODAY), TODAY)


@pytest.mark.parametrize(
    ("dates", "code", "facts"),
    [
        (
            BatchDates(harvested_on=TODAY, packed_on=YESTERDAY),
            "packed_before_harvested",
            {"harvested_on": TODAY, "packed_on": YESTERDAY},
        ),
        (BatchDates(harvested_on=TODAY, made_on=YESTERDAY), "made_before_harvested", {"harvested_on": TODAY, "made_on": YESTERDAY}),
        (BatchDates(packed_on=TODAY, best_before=YESTERDAY), "best_before_early", {"best_before": YESTERDAY, "earlier": TODAY}),
        (BatchDates(made_on=TODAY, best_before=YESTERDAY), "best_before_early", {"best_before": YESTERDAY, "earlier": TODAY}),
        (BatchDates(harvested_on=TODAY, best_before=YESTERDAY), "best_before_early", {"best_before": YESTERDAY, "earlier": TODAY}),
        (BatchDates(harvested_on=TOMORROW), "date_ahead", {"day": TOMORROW, "today": TODAY}),
        (BatchDates(made_on=TOMORROW), "date_ahead", {"day": TOMORROW, "today": TODAY}),
        (BatchDates(packed_on=TOMORROW), "date_ahead", {"day": TOMORROW, "today": TODAY}),
        (BatchDates(packed_on=date(2020, 1, 1)), "date_range", {"day": date(2020, 1, 1)}),
        (BatchDates(best_before=date(2020, 1, 1)), "date_range", {"day": date(2020, 1, 1)}),
        (
            BatchDates(best_before=LAST_CLAIMABLE + timedelta(days=1)),
            "date_range",
            {"day": LAST_CLAIMABLE + timedelta(days=1)},
        ),
    ],
)
def test_dates_that_cannot_be_are_refused_with_their_facts(dates, code, facts):
    assert refusal(check_dates, dates, TODAY) == (code, facts)


def test_the_first_and_last_day_that_a_claim_can_state_are_allowed():
    check_dates(BatchDates(packed_on=date(2020, 1, 2), best_before=LAST_CLAIMABLE), TODAY)


def test_best_before_lies_ahead_without_harm():
    check_dates(BatchDates(packed_on=TODAY, best_before=TODAY + timedelta(days=365)), TODAY)


maybe_days = st.none() | st.dates(date(2019, 12, 25), date(2020, 1, 15))


@given(st.builds(BatchDates, maybe_days, maybe_days, maybe_days, maybe_days), st.dates(date(2020, 1, 1), date(2020, 1, 12)))
def test_dates_pass_exactly_where_each_pair_is_in_order(dates, today):
    harvested, made, packed, best = dates.harvested_on, dates.made_on, dates.packed_on, dates.best_before
    pairs = [(harvested, packed), (harvested, made), (packed, best), (made, best), (harvested, best)]
    good = all(not (one and other) or one <= other for one, other in pairs)
    good &= all(day is None or day <= today for day in (harvested, made, packed))
    good &= all(day is None or day >= date(2020, 1, 2) for day in (packed, best))
    try:
        check_dates(dates, today)
    except Refused:
        assert not good
    else:
        assert good


# ----------------------------------------------------------------------------------------------------- units


@pytest.mark.parametrize("quantity", [-1, 0, LAST_UNIT + 1])
def test_a_quantity_that_no_serial_can_number_is_refused(quantity):
    assert refusal(unit_limit, quantity, 5) == ("quantity_range", {"quantity": quantity, "largest": 16_777_215})


@pytest.mark.parametrize("percent", [-1, 21])
def test_an_allowance_outside_0_to_20_percent_is_refused(percent):
    assert refusal(unit_limit, 100, percent) == ("allowance_range", {"percent": percent, "largest": 20})


@pytest.mark.parametrize(
    ("quantity", "percent", "limit"),
    [
        (1, 5, 2),
        (1, 0, 1),
        (1, 20, 2),
        (20, 5, 21),
        (21, 5, 23),
        (100, 5, 105),
        (100, 7, 107),
        (101, 5, 107),
        (100, 20, 120),
        (1_000_000, 5, 1_050_000),
        (LAST_UNIT, 0, LAST_UNIT),
        (LAST_UNIT, 20, LAST_UNIT),
        (LAST_UNIT - 1, 5, LAST_UNIT),
    ],
)
def test_spoilt_labels_are_allowed_for_and_rounded_up(quantity, percent, limit):
    assert unit_limit(quantity, percent) == limit


def test_the_usual_allowance_is_5_percent_and_the_largest_20():
    assert (USUAL_ALLOWANCE_PERCENT, LARGEST_ALLOWANCE_PERCENT) == (5, 20)


@given(st.integers(1, LAST_UNIT), st.integers(0, 20))
def test_the_unit_limit_is_the_least_whole_number_that_covers_the_share(quantity, percent):
    assert unit_limit(quantity, percent) == min(LAST_UNIT, quantity + -(-quantity * percent // 100))


@pytest.mark.parametrize("form", FORMS)
def test_an_open_batch_may_be_stamped_in_every_form_and_scope(form):
    batch = a_batch(gtin=GTIN)
    assert check_may_issue(batch, form, "batch", None) is None
    assert check_may_issue(batch, form, "unit", 40) == (1, 40)


def test_units_go_on_from_the_last_one_up_to_the_limit():
    batch = a_batch(last_unit=40, scope="unit")
    assert check_may_issue(batch, "house", "unit", 1) == (41, 41)
    assert check_may_issue(batch, "house", "unit", 65) == (41, 105)


def test_a_batch_stamp_may_be_issued_again():
    assert check_may_issue(a_batch(scope="batch"), "house", "batch", None) is None


@pytest.mark.parametrize(
    ("batch", "form", "scope", "units", "code", "facts"),
    [
        (a_batch(), "sticker", "batch", None, "form_unknown", {"form": "sticker"}),
        (a_batch(), "", "batch", None, "form_unknown", {"form": ""}),
        (a_batch(state="draft"), "house", "batch", None, "batch_draft", {}),
        (a_batch(state="closed"), "house", "batch", None, "batch_closed", {}),
        (a_batch(), "gs1", "batch", None, "gtin_missing", {}),
        (a_batch(), "gs1", "unit", 1, "gtin_missing", {}),
        (a_batch(kind="service"), "house", "unit", 1, "service_by_unit", {}),
        (a_batch(kind="service"), "signed", "unit", 1, "service_by_unit", {}),
        (a_batch(kind="service"), "gs1", "batch", None, "service_gs1", {}),
        (a_batch(kind="service", gtin=GTIN), "gs1", "batch", None, "service_gs1", {}),
        (a_batch(scope="batch"), "house", "unit", 1, "scope_fixed", {"scope": "batch"}),
        (a_batch(scope="unit"), "house", "batch", None, "scope_fixed", {"scope": "unit"}),
        (a_batch(), "house", "unit", None, "units_range", {"units": None, "largest": LAST_UNIT}),
        (a_batch(), "house", "unit", 0, "units_range", {"units": 0, "largest": LAST_UNIT}),
        (a_batch(), "house", "unit", -1, "units_range", {"units": -1, "largest": LAST_UNIT}),
        (a_batch(unit_limit=LAST_UNIT), "house", "unit", 16_777_216, "units_range", {"units": 16_777_216, "largest": LAST_UNIT}),
        (a_batch(), "house", "unit", 106, "units_exceed", {"units": 106, "left": 105, "quantity": 100}),
        (a_batch(last_unit=100), "house", "unit", 6, "units_exceed", {"units": 6, "left": 5, "quantity": 100}),
        (a_batch(last_unit=105), "house", "unit", 1, "units_exceed", {"units": 1, "left": 0, "quantity": 100}),
    ],
)
def test_an_issuance_that_the_rules_forbid_is_refused_with_its_facts(batch, form, scope, units, code, facts):
    assert refusal(check_may_issue, batch, form, scope, units) == (code, facts)


def test_the_largest_issuance_holds_every_unit_there_is():
    assert check_may_issue(a_batch(quantity=LAST_UNIT, unit_limit=LAST_UNIT), "house", "unit", LAST_UNIT) == (1, LAST_UNIT)


def test_a_service_may_be_stamped_as_a_whole():
    service = a_batch(kind="service", quantity=0, unit_limit=0)
    assert check_may_issue(service, "house", "batch", None) is None
    assert check_may_issue(service, "signed", "batch", None) is None


@given(st.integers(1, 1000), st.integers(0, 20), st.lists(st.integers(-1, 400), max_size=12))
def test_issuances_follow_each_other_without_gap_or_overlap_and_never_pass_the_limit(quantity, percent, asked):
    limit, last = unit_limit(quantity, percent), 0
    for units in asked:
        batch = a_batch(quantity=quantity, unit_limit=limit, last_unit=last)
        try:
            first, new_last = check_may_issue(batch, "house", "unit", units)
        except Refused as refused:
            assert refused.code == ("units_range" if units < 1 else "units_exceed")
            assert units < 1 or last + units > limit
            continue
        assert (first, new_last) == (last + 1, last + units)
        last = new_last
    assert last <= limit


# ------------------------------------------------------------------------------------------ rights and GTINs

RIGHT = UseRight(date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("right", "day", "holds"),
    [
        (RIGHT, date(2025, 12, 31), False),
        (RIGHT, date(2026, 1, 1), True),
        (RIGHT, date(2026, 12, 31), True),
        (RIGHT, date(2027, 1, 1), False),
        (replace(RIGHT, until_day=None), date(2100, 1, 1), True),
        (replace(RIGHT, until_day=None), date(2025, 12, 31), False),
        (replace(RIGHT, revoked_on=date(2026, 6, 1)), date(2026, 5, 31), True),
        (replace(RIGHT, revoked_on=date(2026, 6, 1)), date(2026, 6, 1), False),
        (replace(RIGHT, until_day=None, revoked_on=date(2026, 6, 1)), date(2026, 6, 2), False),
    ],
)
def test_a_use_right_holds_between_its_days_and_not_from_its_revocation(right, day, holds):
    assert right.holds_on(day) is holds


def test_without_a_use_right_on_the_day_the_indication_is_refused():
    day = date(2027, 1, 1)
    for rights in ([], [RIGHT], [RIGHT, replace(RIGHT, revoked_on=date(2026, 2, 1))]):
        assert refusal(check_use_right, rights, day, "Văn Yên") == ("use_right_missing", {"indication": "Văn Yên", "day": day})


def test_one_use_right_of_several_is_enough():
    check_use_right([RIGHT, UseRight(date(2027, 1, 1), None)], date(2027, 1, 1), "Văn Yên")


@pytest.mark.parametrize("statement", [None, "", "  ", "\n\t"])
def test_a_gtin_without_its_owners_statement_is_refused(statement):
    assert refusal(check_gtin_owner, GTIN, statement) == ("gtin_statement_missing", {"gtin": GTIN})


@given(gtins)
def test_a_gtin_with_its_owners_statement_is_taken(gtin):
    assert check_gtin_owner(gtin, "GTIN của chúng tôi") == gtin


def test_a_short_gtin_is_taken_as_14_digits():
    assert check_gtin_owner(GTIN[1:], "GTIN của chúng tôi") == GTIN


def test_a_gtin_with_a_wrong_check_digit_is_not_taken_whoever_states_it():
    assert fault_of(check_gtin_owner, GTIN[:-1] + "1", "GTIN của chúng tôi") == "gtin_check_digit"
