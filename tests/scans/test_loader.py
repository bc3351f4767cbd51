"""From the journal into the database: each scan once, whatever happens in between."""

import random
import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from tests.factories import overlapping
from tests.scans.conftest import phone
from traceability import scan_loader
from traceability.domain.batch import BatchDates
from traceability.domain.dates import day_in_vietnam
from traceability.journal.reader import read_slice
from traceability.journal.record import RECORD_BYTES, Record, format_record
from traceability.models import Batch, BatchCount, DayCount, JournalFile, Scan, ScanDay, StampCount
from traceability.models.engine import acting, reading
from traceability.operations import load_scans
from traceability.operations.load_scans import AnotherLoader, load_slice, recount_days
from traceability.scan_loader import IdleShare, ScanLoader

NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)


def record(batch_id: int, *, seconds: float = 0, visitor: int = 1, **values) -> Record:
    at_us = int((NOON + timedelta(seconds=seconds)).timestamp() * 1_000_000)
    usual = {"unit": 0, "form": "house", "verdict": "ISSUED", "kind": "person"}
    return Record(batch_id=batch_id, visitor=visitor.to_bytes(16), at_us=at_us, **{**usual, **values})


@pytest.fixture
def folder(services):
    made = services.journal.folder
    made.mkdir(parents=True)
    return made


@pytest.fixture
def loader(services, folder, clock):
    return ScanLoader(services.engine, folder, clock)


def write(folder, records, name="00000000000000000001-1-a.scans"):
    path = folder / name
    path.write_bytes(b"".join(map(format_record, records)))
    return path


def counts(engine) -> dict:
    """All that is counted, and how many raw scans there are. A day's sum is what its batches' counts make."""
    with reading(engine) as session:
        plain = select(ScanDay.day, func.sum(ScanDay.times)).join(Batch, Batch.id == ScanDay.batch_id)
        plain = plain.where(ScanDay.kind == "person", Batch.illustrative.is_(False)).group_by(ScanDay.day)
        sums = session.execute(select(DayCount.day, DayCount.times).where(DayCount.times > 0))
        assert dict(sums.all()) == dict(session.execute(plain).all())
        return {
            "scans": session.scalar(select(func.count(Scan.id))),
            "stamps": {(row.batch_id, row.unit): row.times for row in session.scalars(select(StampCount))},
            "batches": {row.batch_id: row.times for row in session.scalars(select(BatchCount))},
            "days": {(row.batch_id, row.day, row.kind, row.verdict): row.times for row in session.scalars(select(ScanDay))},
        }


def test_scans_are_kept_counted_and_their_file_goes(loader, folder, workshop, services):
    batch = workshop.stamped(units=5)
    path = write(folder, [record(batch.id, unit=2), record(batch.id, unit=2, visitor=2), record(batch.id, unit=3, seconds=61)])
    assert loader.load_all() == 3
    assert counts(services.engine) == {
        "scans": 3,
        "stamps": {(batch.id, 2): 2, (batch.id, 3): 1},
        "batches": {batch.id: 3},
        "days": {(batch.id, date(2026, 11, 25), "person", "ISSUED"): 3},
    }
    assert not path.exists() and loader.load_all() == 0


def test_a_visitor_is_counted_once_a_minute_within_and_across_slices(loader, folder, workshop, services):
    batch = workshop.stamped()
    write(folder, [record(batch.id), record(batch.id, seconds=30), record(batch.id, seconds=60)], "00000000000000000001-1-a.scans")
    write(folder, [record(batch.id, seconds=59), record(batch.id, seconds=1, visitor=9)], "00000000000000000002-1-b.scans")
    loader.load_all()
    assert counts(services.engine)["batches"] == {batch.id: 3} and counts(services.engine)["stamps"] == {(batch.id, 0): 3}


def test_the_first_and_the_last_scan_are_known_in_whichever_order_they_come(loader, folder, workshop, services):
    batch = workshop.stamped()
    write(folder, [record(batch.id, seconds=600, visitor=1)], "00000000000000000001-1-a.scans")
    write(folder, [record(batch.id, seconds=6000, visitor=2), record(batch.id, visitor=3)], "00000000000000000002-1-b.scans")
    loader.load_all()
    with reading(services.engine) as session:
        row = session.scalars(select(StampCount)).one()
    assert (row.times, row.first_at, row.last_at) == (3, NOON, NOON + timedelta(seconds=6000))


def test_robots_are_counted_apart_and_not_kept(loader, folder, workshop, services):
    batch = workshop.stamped()
    kinds = ["robot", "robot", "preview", "head", "prefetch"]
    write(folder, [record(batch.id, kind=kind) for kind in kinds])
    loader.load_all()
    found = counts(services.engine)
    assert (found["scans"], found["stamps"], found["batches"]) == (0, {}, {})
    assert {key[2]: times for key, times in found["days"].items()} == Counter(kinds)


def test_what_names_a_batch_but_none_of_its_stamps_is_no_scan_of_a_stamp(loader, folder, workshop, services):
    batch = workshop.stamped(units=5)
    write(folder, [record(batch.id, verdict="UNKNOWN"), record(batch.id, unit=1)])
    loader.load_all()
    found = counts(services.engine)
    assert found["stamps"] == {(batch.id, 1): 1} and found["batches"] == {batch.id: 2}


def test_days_are_days_in_viet_nam(loader, folder, workshop, services):
    batch = workshop.stamped()
    # 23:59 and 00:00 there.
    write(folder, [record(batch.id, seconds=12 * 3600 - 60), record(batch.id, seconds=12 * 3600)])
    loader.load_all()
    assert sorted(day for _, day, _, _ in counts(services.engine)["days"]) == [date(2026, 11, 25), date(2026, 11, 26)]


def test_records_that_name_no_batch_are_left_out_told_and_hold_nothing_up(loader, folder, workshop, services, caplog):
    batch = workshop.stamped()
    write(folder, [record(999_999), record(2**63), record(batch.id, unit=2**31), record(batch.id)])
    assert loader.load_all() == 4
    assert counts(services.engine)["scans"] == 1 and "3 records name no batch" in caplog.text


def test_a_damaged_file_is_kept_aside(loader, folder, workshop, services):
    batch = workshop.stamped()
    path = write(folder, [record(batch.id, visitor=number) for number in range(3)])
    content = bytearray(path.read_bytes())
    content[RECORD_BYTES + 7] ^= 1
    path.write_bytes(content)
    loader.load_all()
    assert counts(services.engine)["scans"] == 2
    assert not path.exists() and path.with_suffix(".damaged").read_bytes() == content
    assert loader.load_all() == 0


def test_a_file_that_comes_back_is_not_loaded_again(loader, folder, workshop, services):
    batch = workshop.stamped()
    for _ in range(2):
        path = write(folder, [record(batch.id)])
        loader.load_all()
        assert not path.exists() and counts(services.engine)["scans"] == 1


def test_a_file_that_is_still_written_to_is_loaded_as_it_grows(client, workshop, services):
    batch = workshop.stamped()
    for number in range(1, 4):
        client.get(f"/S/{batch.code}", headers={"User-Agent": f"Phone {number}"})
        assert workshop.load_scans() == 1 and workshop.load_scans() == 0
        assert counts(services.engine)["stamps"] == {(batch.id, 0): number}
    services.journal.close()
    assert workshop.load_scans() == 0 and not list(services.journal.folder.glob("*.scans"))


class Crash(Exception):
    """The process ends here."""


@pytest.mark.parametrize("where", ["moved", "kept", "counted", "committed", "unlinked"])
def test_a_crash_at_any_point_loses_nothing_and_doubles_nothing(loader, folder, workshop, services, monkeypatch, where):
    batch = workshop.stamped()
    write(folder, [record(batch.id, visitor=number) for number in range(10)])
    write(folder, [record(batch.id, kind="robot")] * 10, "00000000000000000002-1-b.scans")

    def crash(*_arguments, **_named):
        raise Crash

    target = {"moved": (load_scans, "_keep"), "kept": (load_scans, "_count"), "counted": (scan_loader, "load_slice")}.get(where)
    if where == "counted":
        real = load_scans.load_slice
        monkeypatch.setattr(scan_loader, "load_slice", lambda *a, **n: (real(*a, **n), crash()))
    elif target:
        monkeypatch.setattr(*target, crash)
    elif where == "committed":
        monkeypatch.setattr("pathlib.Path.unlink", crash)
    else:
        unlink = type(folder).unlink
        monkeypatch.setattr("pathlib.Path.unlink", lambda path, **named: (unlink(path, **named), crash()))
    with pytest.raises(Crash):
        loader.load_all()
    monkeypatch.undo()
    loader.load_all()
    found = counts(services.engine)
    assert found["scans"] == 10 and found["batches"] == {batch.id: 10}
    assert {key[2]: times for key, times in found["days"].items()} == {"person": 10, "robot": 10}
    assert not list(folder.iterdir())


def test_a_power_cut_that_takes_slices_from_the_database_takes_none_from_the_journal(folder, workshop, services, clock, monkeypatch):
    """Slices before a file's last are not synced one by one: whatever of them is lost is still in the file."""
    monkeypatch.setattr(scan_loader, "read_slice", lambda path, start: read_slice(path, start, 40))
    batch, told = workshop.stamped(), []
    path = write(folder, [record(batch.id, visitor=number) for number in range(100)])
    real = load_slice

    def watched(session, name, found, *, now):
        is_sqlite = services.engine.dialect.name == "sqlite"
        # The tests' own server syncs nothing at all: what counts is whether the transaction said so.
        said = "SELECT source = 'session' AND setting = 'off' FROM pg_settings WHERE name = 'synchronous_commit'"
        level = session.scalar(text("PRAGMA synchronous" if is_sqlite else said))
        told.append((found.is_last, path.exists(), level == 1))
        return real(session, name, found, now=now)

    monkeypatch.setattr(scan_loader, "load_slice", watched)
    assert ScanLoader(services.engine, folder, clock, lambda: len(told) == 2).load_all() == 80
    # Both are lost.
    with services.engine.begin() as connection:
        for table in ("scan", "stamp_count", "batch_count", "scan_day", "day_count", "journal_file"):
            connection.execute(text(f"DELETE FROM {table}"))
    assert ScanLoader(services.engine, folder, clock).load_all() == 100
    assert told == [(False, True, True)] * 4 + [(True, True, False)] and not path.exists()
    assert counts(services.engine)["scans"] == 100
    # And whoever acts next is durable again, on whichever connection.
    with acting(services.engine) as session:
        watched(session, "next", replace(read_slice(write(folder, []), 0), is_last=True), now=NOON)
    assert told[-1][2] is False


def test_a_damaged_file_is_kept_aside_only_when_all_of_it_is_synced(folder, workshop, services, clock, monkeypatch):
    batch, levels = workshop.stamped(), []
    whole = [format_record(record(batch.id, visitor=number)) for number in range(3)]
    path = folder / "00000000000000000001-1-a.scans"
    # The damage stands in a slice that others follow: those would be synced with the file's end alone.
    path.write_bytes(b"".join([whole[0], bytes(range(48)), whole[1], *[whole[2]] * 5]))
    monkeypatch.setattr(scan_loader, "read_slice", lambda path, start: read_slice(path, start, 3))
    real = scan_loader.acting
    monkeypatch.setattr(
        scan_loader, "acting", lambda engine, **options: (levels.append(options.get("is_durable")), real(engine, **options))[1]
    )
    ScanLoader(services.engine, folder, clock).load_all()
    assert levels == [True] and not path.exists()


def test_another_loader_at_the_same_place_keeps_nothing_twice(folder, workshop, services):
    batch = workshop.stamped()
    found = scan_loader.read_slice(write(folder, [record(batch.id, kind="robot")]), 0)
    with acting(services.engine) as session:
        load_slice(session, "one", found, now=NOON)
    for again in (found, replace(found, is_last=False)):
        with pytest.raises(AnotherLoader), acting(services.engine) as session:
            load_slice(session, "one", again, now=NOON)
    assert sum(counts(services.engine)["days"].values()) == 1


def test_two_loaders_at_once_load_each_scan_once(folder, workshop, services, clock, monkeypatch):
    monkeypatch.setattr(scan_loader, "read_slice", lambda path, start: read_slice(path, start, 40))
    batches = [workshop.stamped(units=50) for _ in range(4)]
    chance, people, robots = random.Random(5), set(), 0
    for number in range(6):
        made = [(chance.choice(batches).id, chance.randint(1, 50), chance.randrange(99)) for _ in range(300)]
        kinds = chance.choices(["person", "robot"], k=300)
        records = [record(batch, unit=unit, visitor=visitor, kind=kind) for (batch, unit, visitor), kind in zip(made, kinds, strict=True)]
        write(folder, records, f"{number:020d}-1-a.scans")
        people |= {one for one, kind in zip(made, kinds, strict=True) if kind == "person"}
        robots += kinds.count("robot")
    loaders = [ScanLoader(services.engine, folder, clock) for _ in range(3)]
    threads = [threading.Thread(target=one.load_all) for one in loaders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    loaders[0].load_all()
    found = counts(services.engine)
    assert found["scans"] == len(people) == sum(found["batches"].values()) == sum(found["stamps"].values())
    assert sum(times for key, times in found["days"].items() if key[2] == "robot") == robots
    assert not list(folder.iterdir())


def test_ten_thousand_random_scans_are_counted_as_a_plain_count_does(loader, folder, workshop, services):
    chance, batches = random.Random(1), [workshop.stamped(units=20) for _ in range(5)]
    records = [
        record(
            chance.choice(batches).id,
            unit=chance.randint(0, 20),
            seconds=chance.randint(0, 200_000),
            visitor=chance.randrange(20),
            verdict=chance.choice(["ISSUED", "RECALLED", "UNKNOWN", "UNDETERMINED"]),
            kind=chance.choice(["person", "person", "robot", "head"]),
        )
        for _ in range(10_000)
    ]
    records += chance.choices(records, k=2_000)
    write(folder, records)
    loader.load_all()
    people = {
        (found.batch_id, found.unit, found.visitor, found.at_us // 60_000_000, found.verdict) for found in records if found.kind == "person"
    }
    found = counts(services.engine)
    assert found["scans"] == len(people)
    assert found["batches"] == Counter(batch for batch, *_ in people)
    assert found["stamps"] == Counter((batch, unit) for batch, unit, _, _, verdict in people if verdict != "UNKNOWN")
    others = Counter(found.kind for found in records if found.kind != "person")
    for kind, times in others.items():
        assert sum(number for key, number in found["days"].items() if key[2] == kind) == times


def test_while_the_database_is_away_nothing_is_lost_and_later_all_is_loaded(folder, workshop, services, clock, monkeypatch, caplog):
    batch = workshop.stamped()
    write(folder, [record(batch.id, visitor=number) for number in range(7)])
    waits, real = [], scan_loader.acting

    def away(_engine, **_options):
        raise OperationalError("BEGIN", {}, Exception("the database is away"))

    monkeypatch.setattr(scan_loader, "acting", away)

    def wait(seconds):
        waits.append(seconds)
        if len(waits) == 5:
            monkeypatch.setattr(scan_loader, "acting", real)

    loader = ScanLoader(services.engine, folder, clock, stopping=lambda: len(waits) > 6)
    loader.keep_loading(wait, months=24)
    assert waits[:5] == [1.0, 2.0, 4.0, 8.0, 10.0] and waits[5] == 0.5
    assert counts(services.engine)["scans"] == 7
    assert caplog.text.count("cannot be loaded now") == 1 and "loaded again" in caplog.text


@pytest.mark.parametrize(
    ("idle", "waiting", "seconds_ago", "rests"), [(0.02, 10**6, 9, 2), (0.5, 10**6, 9, 0), (0.02, 100, 9, 0), (0.02, 10**6, 121, 0)]
)
def test_where_the_processor_is_short_the_loader_rests_unless_much_or_long_waits(
    folder, workshop, services, clock, monkeypatch, idle, waiting, seconds_ago, rests
):
    monkeypatch.setattr(scan_loader, "read_slice", lambda path, start: read_slice(path, start, 40))
    monkeypatch.setattr(scan_loader, "_MOST_WAITING", waiting)
    batch, rested = workshop.stamped(), []
    clock.now = NOON + timedelta(seconds=seconds_ago)
    write(folder, [record(batch.id, visitor=number) for number in range(100)])
    loader = ScanLoader(services.engine, folder, clock, lambda: not list(folder.iterdir()))
    monkeypatch.setattr(loader.idle, "since", lambda: idle)
    loader.keep_loading(rested.append, months=24)
    assert len([seconds for seconds in rested if 0 < seconds <= 5 and seconds != 0.5]) == rests
    assert counts(services.engine)["scans"] == 100
    # Whoever loads once does not rest.
    rested.clear()
    other = ScanLoader(services.engine, folder, clock)
    write(folder, [record(batch.id, visitor=number, seconds=61) for number in range(100)], "00000000000000000002-1-b.scans")
    assert other.load_all() == 100 and rested == []


def test_the_idle_share_is_of_the_time_since_it_was_asked(tmp_path):
    path = tmp_path / "stat"
    idle = IdleShare(path)
    assert idle.since() == 1.0
    told = []
    for line in ("cpu 10 0 10 70 10 0 0 0 5 0\n", "cpu 110 0 10 170 10 0 0 0 99 0\n", "cpu 110 0 10 170 10 0 0 0 99 0\n", "nothing\n"):
        path.write_text(line)
        told.append(idle.since())
    assert told == [0.8, 0.5, 1.0, 1.0]


def test_single_scans_go_after_their_time_and_their_counts_stay(loader, folder, workshop, services, clock, monkeypatch):
    monkeypatch.setattr(scan_loader, "_PIECE", 3)
    batch = workshop.stamped()
    months = 30 * 24 * 3600
    write(folder, [record(batch.id, visitor=number, seconds=-40 * months) for number in range(8)])
    write(folder, [record(batch.id)], "00000000000000000002-1-b.scans")
    loader.load_all()
    before = counts(services.engine)
    assert loader.forget(months=24) == 8
    assert counts(services.engine) == {**before, "scans": 1}
    assert loader.forget(months=24) == 0


def test_scans_that_an_older_version_loaded_are_in_the_sums_of_their_days_within_the_hour(loader, folder, workshop, services, clock):
    """While both run on one schema."""
    batches = workshop.stamped(), workshop.stamped()
    write(folder, [record(batch.id, visitor=number) for number in range(4) for batch in batches])
    loader.load_all()
    before = counts(services.engine)
    for change in ("UPDATE day_count SET times = 3", "DELETE FROM day_count"):
        with acting(services.engine) as session:
            session.execute(text(change))
        loader.forget(months=24)
        assert counts(services.engine) == before


def test_a_sum_that_is_made_anew_while_others_load_has_theirs(loader, folder, workshop, services, clock):
    batch = workshop.stamped()
    write(folder, [record(batch.id)])
    loader.load_all()
    found = read_slice(write(folder, [record(batch.id, visitor=2)]), 0)
    today = day_in_vietnam(NOON)
    for number, (first, second) in enumerate([(True, False), (False, True)]):
        acts = {
            True: lambda session: recount_days(session, [today]),
            False: lambda session, number=number: load_slice(session, f"b{number}", found, now=NOON),
        }
        overlapping(services.engine, acts[first], acts[second])
    assert counts(services.engine)["scans"] == 2


def test_scans_of_what_the_sample_made_up_are_in_no_day_s_sum(loader, folder, workshop, services):
    workshop.sample()
    with reading(services.engine) as session:
        made_up = session.scalars(select(Batch.id).where(Batch.illustrative)).first()
    real = workshop.stamped()
    write(folder, [record(made_up), record(real.id), record(real.id, kind="robot", visitor=2)])
    loader.load_all()
    with reading(services.engine) as session:
        assert session.scalars(select(DayCount.times)).all() == [1]
    counts(services.engine)


def test_a_file_s_place_is_forgotten_long_after_the_file(loader, folder, workshop, services, clock):
    write(folder, [record(workshop.stamped().id)])
    loader.load_all()
    for days, left in ((399, 1), (2, 0)):
        clock.advance(days=days)
        loader.forget(months=24)
        with reading(services.engine) as session:
            assert session.scalar(select(func.count(JournalFile.name))) == left


def test_a_clock_that_jumps_loses_and_doubles_no_scan_and_no_page_is_wrong(client, workshop, services, clock):
    # Past its day from the fourth jump on: a day ahead, then back.
    batch = workshop.stamped(dates=BatchDates(None, None, date(2026, 10, 6), day_in_vietnam(clock())))
    tones = []
    for number, jump in enumerate((0, -3600, 0, 2 * 86400, 0, -2 * 86400, 3600)):
        clock.advance(seconds=jump)
        for visitor in range(5):
            agent = {"User-Agent": f"Mozilla/5.0 (Linux; Android 14) Mobile {number}-{visitor}"}
            page = client.get(f"/S/{batch.code}?lang=en", headers=agent)
            assert page.status_code == 200
        tones.append(page.text.split('class="verdict ')[1].split('"')[0])
    assert tones == ["ok", "ok", "ok", "warn", "warn", "ok", "ok"]
    workshop.load_scans()
    assert counts(services.engine)["batches"] == {batch.id: 35}
    assert workshop.load_scans() == 0 and counts(services.engine)["scans"] == 35


def test_the_producer_s_page_shows_what_is_loaded(app, workshop, services):
    from traceability.operations.scan import count_scans

    batch = workshop.stamped(units=3)
    for unit in (1, 2):
        phone(app).get(workshop.path(batch, unit=unit))
    workshop.load_scans()
    with reading(services.engine) as session:
        assert count_scans(session, batch.id) == 2
