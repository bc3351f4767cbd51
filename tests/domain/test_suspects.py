from hypothesis import given
from hypothesis import strategies as st

from traceability.domain.suspects import RULES, Visit, suspicious_since

DAY = 24


def visits(hours, name=None):
    """One visit an hour given, each by somebody else unless a name is."""
    return [Visit(hour, number if name is None else name) for number, hour in enumerate(sorted(hours))]


def test_a_code_that_is_scanned_at_ever_new_hours_is_suspect_from_the_visit_on_that_shows_it():
    hours = [7 * number for number in range(40)]
    assert suspicious_since(visits(hours)) == hours[RULES.least_visitors - 1]


def test_one_visitor_less_is_not_suspect():
    assert suspicious_since(visits([7 * number for number in range(RULES.least_visitors - 1)])) is None


def test_one_visitor_is_one_however_often_in_a_day_and_another_on_the_next():
    assert suspicious_since([Visit(hour, 1) for hour in range(DAY)] * 1) is None
    assert suspicious_since([Visit(hour, 1) for hour in range(10 * DAY)]) is None
    assert suspicious_since(visits([25 * number for number in range(20)], name=1)) is not None


def test_a_class_that_scans_one_pack_together_is_not_suspect():
    assert suspicious_since(visits([10] * 20 + [11] * 20)) is None


def test_what_follows_a_post_is_not_suspect_and_what_came_before_counts():
    post = [30 * DAY] * 200
    assert suspicious_since(visits(post + [30 * DAY + 5 * number for number in range(200)])) is None
    assert suspicious_since(visits([7 * number for number in range(20)] + post)) is not None


def test_a_burst_hides_a_code_for_no_longer_than_its_wake():
    later = [RULES.wake_hours + 10 + 7 * number for number in range(20)]
    assert suspicious_since(visits([0] * 200 + later)) is not None


def test_a_machine_that_comes_at_the_same_hour_is_not_suspect_and_one_at_any_hour_is():
    assert suspicious_since(visits([DAY * number + 3 for number in range(60)])) is None
    assert suspicious_since(visits([DAY * number + 5 * number % DAY for number in range(60)])) is not None


def test_visits_long_ago_do_not_count():
    rare = [RULES.window_hours // (RULES.least_visitors - 2) * number for number in range(60)]
    assert suspicious_since(visits(rare)) is None


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 50)), max_size=120))
def test_more_visits_never_make_a_code_suspect_later_unless_they_are_a_burst(pairs):
    rows = sorted(Visit(hour, name) for hour, name in pairs)
    since = suspicious_since(rows)
    if since is not None:
        until = [visit for visit in rows if visit.hour <= since]
        assert suspicious_since(until) == since and len({(visit.hour // DAY, visit.name) for visit in until}) >= RULES.least_visitors
