"""The rules look at scans as they are loaded: what they raise, what they leave alone, and what a person's word changes."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from tests.factories import OFFICE, load_records
from traceability.domain.batch import BatchDates
from traceability.domain.suspects import RULES
from traceability.journal.record import Record, format_record
from traceability.models import Alert, ScanWatch, Suspicion
from traceability.models.engine import acting, reading
from traceability.operations.alerts import Closing, close_alert
from traceability.operations.scan_watch import look_at_new_scans
from traceability.scan_loader import ScanLoader

HOUR = 3600
# Many objects are scanned here and there: so many visits, seven hours apart.
ODD = [7 * HOUR * number for number in range(40)]


@pytest.fixture
def scanned(services, clock, workshop):
    """Loads scans at so many seconds before now, each by somebody else, and has the rules look at them."""
    visitors = iter(range(1, 1_000_000))

    def load(batch, seconds, *, unit=0, verdict="ISSUED", visitor=None, look=True):
        now = services.clock()
        records = [
            Record(
                batch_id=batch.id,
                unit=unit,
                form="house",
                verdict=verdict,
                kind="person",
                visitor=(visitor or next(visitors)).to_bytes(16),
                at_us=int((now.timestamp() - before) * 1_000_000),
            )
            for before in sorted(seconds, reverse=True)
        ]
        load_records(services, records)
        return look_again() if look else None

    def look_again():
        with acting(services.engine) as session:
            return look_at_new_scans(session, now=services.clock()).scans

    load.again = look_again
    return load


def alerts(services, kind=None):
    with reading(services.engine) as session:
        rows = session.scalars(select(Alert).order_by(Alert.id)).all()
    return [row for row in rows if kind in (None, row.kind)]


def close(services, alert, conclusion, clock):
    with acting(services.engine) as session:
        assert close_alert(session, session.get(Alert, alert.id), Closing(conclusion, "seen"), actor=OFFICE, now=clock())


def test_a_copied_unit_turns_amber_by_rule_and_its_neighbours_do_not(scanned, services, workshop, client):
    batch = workshop.stamped(units=9)
    assert scanned(batch, ODD, unit=3) == len(ODD)
    [alert] = alerts(services)
    assert (alert.kind, alert.batch_id, alert.unit, alert.closed_at) == ("copied", batch.id, 3, None)
    assert alert.evidence["visitors"] == RULES.least_visitors and alert.evidence["hours"] >= RULES.least_hours
    with reading(services.engine) as session:
        [suspicion] = session.scalars(select(Suspicion))
    assert (suspicion.id, suspicion.unit, suspicion.suspected_by) == (alert.suspicion_id, 3, None)
    assert 'class="verdict warn"' in client.get(workshop.unit_path(batch, 3)).text
    assert 'class="verdict ok"' in client.get(workshop.unit_path(batch, 4)).text
    # What is known is not raised again.
    scanned(batch, [1, 2], unit=3)
    assert len(alerts(services)) == 1


def test_a_kept_page_turns_amber_on_the_next_request(scanned, services, workshop, client):
    batch = workshop.stamped(units=9)
    path = workshop.unit_path(batch, 3)
    assert all('class="verdict ok"' in client.get(path).text for _ in range(2))
    scanned(batch, ODD, unit=3)
    assert 'class="verdict warn"' in client.get(path).text


def test_one_visitor_less_raises_nothing_and_the_last_one_does(scanned, services, workshop):
    batch = workshop.stamped(units=9)
    scanned(batch, ODD[1 : RULES.least_visitors], unit=3)
    assert alerts(services) == []
    scanned(batch, [60], unit=3)
    assert [alert.kind for alert in alerts(services)] == ["copied"]


def test_one_person_who_scans_again_and_again_raises_nothing(scanned, services, workshop):
    batch = workshop.stamped(units=9)
    scanned(batch, [60 * number for number in range(300)], unit=3, visitor=7)
    assert alerts(services) == []


def test_one_phone_that_scans_each_minute_hides_no_copies(scanned, services, workshop):
    batch = workshop.stamped(units=9)
    scanned(batch, [60 * number for number in range(600)], unit=3, visitor=7, look=False)
    scanned(batch, ODD[2:], unit=3)
    assert [alert.kind for alert in alerts(services)] == ["copied"]


def test_numbers_with_gaps_end_no_round_before_all_was_looked_at(scanned, services, workshop, monkeypatch):
    batch = workshop.stamped(units=9)
    monkeypatch.setattr("traceability.operations.scan_watch.PIECE", 15)
    scanned(batch, ODD, unit=3, look=False)
    with services.engine.begin() as connection:
        connection.execute(text("DELETE FROM scan WHERE id BETWEEN 3 AND 6"))
    loader = ScanLoader(services.engine, services.journal.folder, services.clock)
    rounds = [loader.look() for _ in range(3)]
    assert [(found.scans, found.more) for found in rounds] == [(11, True), (15, True), (10, False)]


def test_days_begin_at_midnight_in_viet_nam_where_visitors_get_new_names(scanned, services, workshop, clock):
    batch = workshop.stamped(units=9)
    # One phone the whole day long in Viet Nam, over midnight in UTC.
    clock.now = datetime(2026, 11, 26, 16, 59, tzinfo=UTC)
    scanned(batch, [HOUR * number for number in range(23)], unit=3, visitor=7)
    with acting(services.engine) as session:
        look_at_new_scans(session, now=clock())
    assert alerts(services) == []


def test_a_burst_is_an_alert_of_its_own_and_blinds_the_rule_for_a_year(scanned, services, workshop, clock):
    batch = workshop.stamped(units=9)
    scanned(batch, [10 * number for number in range(20)], unit=3)
    [burst] = alerts(services)
    assert (burst.kind, burst.unit, burst.suspicion_id) == ("burst", 3, None)
    clock.advance(days=20)
    scanned(batch, ODD, unit=3)
    assert [row.kind for row in alerts(services)] == ["burst"]
    clock.advance(days=400)
    scanned(batch, ODD, unit=3)
    assert [row.kind for row in alerts(services)] == ["burst", "copied"]


def test_a_burst_that_goes_on_lasts_from_its_latest_hour(scanned, services, workshop, clock):
    batch = workshop.stamped(units=9)
    scanned(batch, [10 * number for number in range(20)], unit=3)
    clock.advance(days=300)
    scanned(batch, [10 * number for number in range(20)], unit=3)
    clock.advance(days=300)
    scanned(batch, ODD, unit=3)
    [burst] = alerts(services)
    assert burst.evidence["last_hour"] - burst.evidence["first_hour"] == 300 * 24


@pytest.mark.parametrize(("conclusion", "amber"), [("genuine", False), ("copied", True), ("unclear", True)])
def test_what_a_person_found_holds(scanned, services, workshop, clock, client, conclusion, amber):
    batch = workshop.stamped(units=9)
    path = workshop.unit_path(batch, 3)
    scanned(batch, ODD, unit=3)
    close(services, alerts(services)[0], conclusion, clock)
    assert ('class="verdict warn"' in client.get(path).text) is amber
    # The same scans again raise nothing; new ones do only where nothing was found to be wrong.
    clock.advance(minutes=5)
    scanned(batch, [60], unit=3)
    assert len(alerts(services)) == 1
    clock.advance(days=30)
    scanned(batch, ODD, unit=3)
    assert len(alerts(services)) == (2 if conclusion == "genuine" else 1)
    assert 'class="verdict warn"' in client.get(path).text


def test_a_batch_stamp_never_turns_amber_by_rule(scanned, services, workshop, client):
    batch = workshop.stamped()
    scanned(batch, ODD)
    assert 'class="verdict ok"' in client.get(workshop.path(batch)).text
    assert alerts(services, "copied") == []


def test_codes_that_were_never_issued_raise_an_alert_of_the_batch_and_no_amber(scanned, services, workshop, client):
    batch = workshop.stamped(units=9)
    scanned(batch, ODD[: RULES.odd_visitors - 1], verdict="UNKNOWN")
    assert alerts(services) == []
    scanned(batch, [60], verdict="UNKNOWN")
    [alert] = alerts(services)
    assert (alert.kind, alert.unit, alert.suspicion_id) == ("invented", 0, None)
    assert 'class="verdict ok"' in client.get(workshop.unit_path(batch, 3)).text


def test_scans_long_after_the_best_before_date_raise_an_alert(scanned, services, workshop, clock):
    batch = workshop.stamped(units=9, dates=BatchDates(best_before=clock.now.date() + timedelta(days=10)))
    clock.advance(days=20)
    scanned(batch, ODD, unit=3, verdict="EXPIRED")
    assert alerts(services, "late") == []
    clock.advance(days=60)
    for unit in range(1, 9):
        scanned(batch, [HOUR * 5 * unit], unit=unit, verdict="EXPIRED")
    assert [(alert.kind, alert.unit) for alert in alerts(services, "late")] == [("late", 0)]


def test_more_scans_than_packs_give_a_reason_for_raise_an_alert_and_one_days_news_do_not(scanned, services, workshop):
    loud, known = workshop.stamped(quantity=30), workshop.stamped(quantity=30)
    scanned(loud, [HOUR * number for number in range(24 * 60)])
    scanned(known, range(1000))
    [alert] = alerts(services, "many")
    assert (alert.batch_id, alert.evidence["packs"]) == (loud.id, 30) and alert.evidence["scans"] >= 4 * 30


def test_scans_are_looked_at_in_pieces_each_once_and_after_all_were_deleted_as_well(scanned, services, workshop, monkeypatch):
    batch = workshop.stamped(units=9)
    monkeypatch.setattr("traceability.operations.scan_watch.PIECE", 15)
    scanned(batch, ODD, unit=3, look=False)
    assert [scanned.again() for _ in range(4)] == [15, 15, 10, 0]
    assert [alert.kind for alert in alerts(services)] == ["copied"]
    with services.engine.begin() as connection:
        connection.execute(text("DELETE FROM scan"))
    assert scanned.again() == 0
    with reading(services.engine) as session:
        assert session.get(ScanWatch, 1).scan_id == 0


def test_the_loader_looks_after_it_has_loaded(services, workshop, clock):
    batch = workshop.stamped(units=9)
    now = int(clock().timestamp() * 1_000_000)
    records = [
        Record(
            batch_id=batch.id,
            unit=3,
            form="house",
            verdict="ISSUED",
            kind="person",
            visitor=bytes([n] * 16),
            at_us=now - before * 1_000_000,
        )
        for n, before in enumerate(sorted(ODD, reverse=True))
    ]
    folder = services.journal.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "00000000000000000001-1-a.scans").write_bytes(b"".join(map(format_record, records)))
    stops = iter([False] * 12)
    loader = ScanLoader(services.engine, folder, clock, lambda: next(stops, True))
    loader.keep_loading(lambda _: None, months=24)
    assert [alert.kind for alert in alerts(services)] == ["copied"]
