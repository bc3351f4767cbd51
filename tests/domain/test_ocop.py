from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.domain.dates import PartialDate
from traceability.domain.errors import Refused
from traceability.domain.ocop import (
    Issuer,
    Recognition,
    last_valid_day,
    recognised_by,
    recognition_on,
    stars_for_score,
    stars_on,
)

days = st.dates(date(2019, 1, 1), date(2035, 12, 31))
DECIDED = date(2023, 12, 28)


def rated(stars=4, decided=DECIDED, withdrawn_on=None, valid_until=None):
    return Recognition(stars, PartialDate(decided.isoformat()), valid_until or last_valid_day(decided), withdrawn_on)


@pytest.mark.parametrize(
    ("decided", "last"),
    [
        (date(2024, 2, 29), date(2027, 2, 28)),
        (date(2023, 12, 28), date(2026, 12, 28)),
        (date(2022, 12, 31), date(2025, 12, 31)),
        (date(2025, 2, 28), date(2028, 2, 28)),
    ],
)
def test_a_recognition_lasts_36_months_clamped_to_the_months_end(decided, last):
    assert last_valid_day(decided) == last


def test_the_last_day_is_included_and_the_next_is_not():
    recognition = rated()
    assert recognition.holds_on(date(2026, 12, 28))
    assert not recognition.holds_on(date(2026, 12, 29))


def test_a_recognition_holds_from_the_day_of_the_decision():
    recognition = rated()
    assert recognition.holds_on(DECIDED)
    assert not recognition.holds_on(DECIDED - timedelta(days=1))


@given(days, days)
def test_a_recognition_holds_exactly_between_its_decision_and_its_last_day(decided, day):
    assert rated(decided=decided).holds_on(day) == (decided <= day <= last_valid_day(decided))


@given(days, days, days)
def test_a_withdrawn_recognition_does_not_hold_from_the_day_of_withdrawal(decided, withdrawn_on, day):
    expected = decided <= day <= last_valid_day(decided) and day < withdrawn_on
    assert rated(decided=decided, withdrawn_on=withdrawn_on).holds_on(day) == expected


def test_the_day_before_withdrawal_still_counts():
    recognition = rated(withdrawn_on=date(2025, 6, 1))
    assert recognition.holds_on(date(2025, 5, 31))
    assert not recognition.holds_on(date(2025, 6, 1))


@pytest.mark.parametrize("decided_on", [PartialDate("2023"), PartialDate("2023-12"), None])
@given(day=days)
def test_a_decision_whose_day_no_source_gives_never_counts(decided_on, day):
    recognition = Recognition(4, decided_on, date(2099, 1, 1))
    assert not recognition.holds_on(day)
    assert stars_on([recognition], day) == 0


def test_a_recognition_without_a_last_day_does_not_count():
    assert not Recognition(4, PartialDate("2023-12-28"), None).holds_on(DECIDED)


@pytest.mark.parametrize(
    ("day", "three", "four", "five"),
    [
        (date(2019, 1, 1), "province", "province", "centre"),
        (date(2023, 2, 23), "province", "province", "centre"),
        (date(2023, 2, 24), "district", "province", "centre"),
        (date(2025, 7, 5), "district", "province", "centre"),
        (date(2025, 7, 6), "province", "province", "centre"),
        (date(2030, 1, 1), "province", "province", "centre"),
    ],
)
def test_who_recognises_changed_with_each_decision(day, three, four, five):
    assert [recognised_by(stars, day) for stars in (3, 4, 5)] == [Issuer(three), Issuer(four), Issuer(five)]


@pytest.mark.parametrize("stars", [-1, 0, 1, 2, 6])
def test_nobody_recognises_fewer_than_three_stars_or_more_than_five(stars):
    with pytest.raises(Refused) as refused:
        recognised_by(stars, DECIDED)
    assert (refused.value.code, refused.value.facts) == ("stars_range", {"stars": stars})


@pytest.mark.parametrize(
    ("score", "stars"),
    [(0, 1), (29.9, 1), (30, 2), (49, 2), (49.99, 2), (50, 3), (69, 3), (69.9, 3), (70, 4), (89, 4), (89.9, 4), (90, 5), (100, 5)],
)
def test_the_score_decides_the_stars(score, stars):
    assert stars_for_score(score) == stars


@pytest.mark.parametrize("score", [-1, -0.1, 100.1, 101, float("inf"), float("-inf"), float("nan")])
def test_a_score_outside_0_to_100_is_refused(score):
    with pytest.raises(Refused) as refused:
        stars_for_score(score)
    assert refused.value.code == "score_range" and refused.value.facts["score"] is score


@given(st.floats(0, 100), st.floats(0, 100))
def test_more_points_never_give_fewer_stars(one, other):
    assert stars_for_score(min(one, other)) <= stars_for_score(max(one, other))


def test_of_several_ratings_that_hold_the_one_decided_last_counts():
    first, second = rated(3, date(2023, 12, 28)), rated(4, date(2025, 1, 10))
    for recognitions in ([first, second], [second, first]):
        assert stars_on(recognitions, date(2025, 1, 9)) == 3
        assert stars_on(recognitions, date(2025, 1, 10)) == 4
        assert recognition_on(recognitions, date(2027, 6, 1)) is second


def test_a_withdrawn_rating_gives_way_to_an_earlier_one_that_still_holds():
    first, second = rated(3, date(2023, 12, 28)), rated(5, date(2025, 1, 10), withdrawn_on=date(2025, 3, 1))
    assert stars_on([first, second], date(2025, 2, 28)) == 5
    assert stars_on([first, second], date(2025, 3, 1)) == 3


def test_without_a_rating_that_holds_no_stars_may_be_printed():
    assert stars_on([], DECIDED) == 0
    assert recognition_on([], DECIDED) is None
    assert stars_on([rated(decided=date(2019, 1, 1))], date(2027, 1, 1)) == 0


recognitions = st.builds(rated, st.sampled_from((3, 4, 5)), days, st.none() | days)


@given(st.lists(recognitions, max_size=5), days)
def test_the_rating_on_a_day_holds_and_none_that_holds_was_decided_later(several, day):
    chosen = recognition_on(several, day)
    held = [recognition for recognition in several if recognition.holds_on(day)]
    assert (chosen is None) == (not held)
    assert stars_on(several, day) == (chosen.stars if chosen else 0)
    if chosen:
        assert chosen in held and all(recognition.decided_on.day <= chosen.decided_on.day for recognition in held)
