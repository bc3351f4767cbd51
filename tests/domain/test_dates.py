import calendar
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.domain.dates import PartialDate, add_months, day_in_vietnam

days = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2027, 3, 9, 16, 59, 59, tzinfo=UTC), date(2027, 3, 9)),
        (datetime(2027, 3, 9, 16, 59, 59, 999999, tzinfo=UTC), date(2027, 3, 9)),
        (datetime(2027, 3, 9, 17, tzinfo=UTC), date(2027, 3, 10)),
        (datetime(2026, 12, 31, 17, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2028, 2, 28, 17, tzinfo=UTC), date(2028, 2, 29)),
    ],
)
def test_the_day_in_viet_nam_changes_at_17_hours_utc(instant, day):
    assert day_in_vietnam(instant) == day


@given(st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_the_day_in_viet_nam_depends_on_the_instant_and_not_on_its_offset(naive, minutes):
    instant = naive.replace(tzinfo=UTC)
    elsewhere = instant.astimezone(timezone(timedelta(minutes=minutes)))
    assert day_in_vietnam(elsewhere) == day_in_vietnam(instant) == (naive + timedelta(hours=7)).date()


def test_an_instant_without_a_time_zone_has_no_day():
    with pytest.raises(ValueError, match="time zone"):
        day_in_vietnam(datetime(2027, 3, 10))


@given(days, st.integers(-600, 600))
def test_adding_months_lands_in_the_month_counted_and_never_later(day, months):
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months


@given(days, st.integers(-600, 600))
def test_adding_months_keeps_the_day_or_takes_the_months_last(day, months):
    later = add_months(day, months)
    last = calendar.monthrange(later.year, later.month)[1]
    assert later.day == min(day.day, last)
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


@given(days)
def test_no_months_later_is_the_same_day(day):
    assert add_months(day, 0) == day


@given(days, days, st.integers(-600, 600))
def test_adding_months_keeps_the_order_of_days(one, other, months):
    earlier, later = sorted((one, other))
    assert add_months(earlier, months) <= add_months(later, months)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 2, 29), 36, date(2027, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2023, 12, 28), 36, date(2026, 12, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 1, 31), -1, date(2025, 12, 31)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_adding_months_clamps_to_the_months_end(day, months, expected):
    assert add_months(day, months) == expected


@pytest.mark.parametrize("text", ["2021", "2022-10", "2023-12-28", "2024-02-29", "0001", "9999-12-31"])
def test_a_date_may_be_known_by_its_day_month_or_year(text):
    partial = PartialDate(text)
    assert partial.text == text
    assert partial.day == (date.fromisoformat(text) if len(text) == 10 else None)


@pytest.mark.parametrize(
    "text",
    ["", " ", " 2021", "2021 ", "2021\n", "2023-12-28\n", "2021\0", "٢٠٢١", "２０２１", "2022-١٠", "2022\u201010"],
)
def test_a_date_with_spaces_or_foreign_digits_is_refused(text):
    with pytest.raises(ValueError):
        PartialDate(text)


@pytest.mark.parametrize(
    "text",
    """2022-13 2022-00 2023-02-30 2023-02-29 2023-12-00 21 202 20211 0000 2021- 2022-1 2022-10- 2023-12-8 2023-1-08 20231228
    2023/12/28 28-12-2023 +2021 -2021 2023-12-28T00:00 2023-W01""".split(),
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError):
        PartialDate(text)


@given(st.text("0123456789-", max_size=11) | st.text(max_size=11))
def test_a_partial_date_keeps_its_text_or_is_refused(text):
    try:
        partial = PartialDate(text)
    except ValueError:
        return
    assert partial.text == text and len(text) in (4, 7, 10)
    assert partial.day is None or partial.day.isoformat() == text


@given(st.dates())
def test_every_day_is_a_partial_date_with_its_day(day):
    assert PartialDate(day.isoformat()).day == day
    assert PartialDate(day.isoformat()[:7]).day is None
    assert PartialDate(day.isoformat()[:4]).day is None
