from hypothesis import given
from hypothesis import strategies as st

from traceability.domain.suspects import RULES, Visit, far_moves, look_for_signs, suspicious_since

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


def km(one, other):
    return 250.0 * abs(one - other)


def there_and_back(count, *, places=(1, 2), every=30):
    """A scan every so many hours, in turn at these places."""
    return [Visit(every * number, number, places[number % len(places)]) for number in range(count)]


def test_a_code_that_is_scanned_far_from_where_it_was_again_and_again_is_suspect():
    rows = there_and_back(10)
    signs = look_for_signs(rows, km=km)
    assert signs.suspect_at == rows[RULES.least_moves].hour and signs.moves == RULES.least_moves
    assert signs.places == ((1, 4), (2, 4)) and look_for_signs(rows[: RULES.least_moves], km=km).suspect_at is None


def test_without_a_table_places_say_nothing():
    assert look_for_signs(there_and_back(10)).suspect_at is None


def test_places_near_each_other_or_not_known_are_no_move():
    assert look_for_signs(there_and_back(10), km=lambda *_: RULES.far_km).suspect_at is None
    assert look_for_signs(there_and_back(10, places=(0, 1)), km=km).suspect_at is None
    assert far_moves(there_and_back(9, places=(1, 0, 2)), km) == [60, 90, 150, 180, 240]


def test_a_pack_that_is_sent_and_taken_home_is_not_suspect():
    rows = [Visit(7 * number, number, 1 if number < 6 else 2) for number in range(12)]
    assert look_for_signs(rows, km=km).suspect_at is None


def test_a_family_in_two_networks_on_one_evening_is_not_suspect():
    evening = sorted(Visit(20 + number % 3, number, 1 + number % 2) for number in range(12))
    assert look_for_signs(evening, km=km).suspect_at is None


def test_a_machine_that_comes_from_everywhere_at_the_same_hour_is_not_suspect():
    assert look_for_signs(there_and_back(13, every=DAY), km=km).suspect_at is None


def test_moves_in_the_wake_of_a_post_count_for_nothing():
    post = [Visit(0, number, 1 + number % 5) for number in range(200)]
    assert look_for_signs([*post, *(visit._replace(hour=visit.hour + 48) for visit in there_and_back(13))], km=km).suspect_at is None


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 50), st.integers(0, 4)), max_size=60))
def test_places_only_ever_make_a_code_suspect_sooner(rows):
    visits = sorted(Visit(*row) for row in rows)
    alone, placed = look_for_signs(visits).suspect_at, look_for_signs(visits, km=km).suspect_at
    assert alone is None or (placed is not None and placed <= alone)
