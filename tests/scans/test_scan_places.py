"""Rough places of scans: only where the operator has a table, and then from the network's address to the alert."""

import io
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import load_records
from tests.scans.conftest import phone
from tests.test_access import cheap_hashes, signed_in  # noqa: F401
from traceability import create_app
from traceability.domain.suspects import RULES
from traceability.journal.record import Record
from traceability.models import Alert, Scan
from traceability.models.engine import reading
from traceability.scan_loader import ScanLoader

TABLE = """network,number,name,latitude,longitude
203.0.113.0/24,15,Lào Cai,22.49,103.97
198.51.100.0/24,1,Hà Nội,21.03,105.85
"""
HERE, THERE, ELSEWHERE = "203.0.113.7", "198.51.100.9", "192.0.2.1"


@pytest.fixture
def placed(services, clock, tmp_path):
    """The app where a table is set."""
    table = tmp_path / "places.csv"
    table.write_text(TABLE, "utf-8")
    made = create_app(replace(services.settings, scan_places=table), clock)
    yield made
    made.extensions["scans"].tally.flush()
    made.extensions["traceability"].close()


def load(app):
    found = app.extensions["traceability"]
    loader = ScanLoader(found.engine, found.journal.folder, found.clock, places=found.places)
    loader.load_all()
    return loader


def numbers(services):
    with reading(services.engine) as session:
        return session.scalars(select(Scan.place).order_by(Scan.id)).all()


def test_a_scan_bears_its_network_s_place_on_every_way_and_only_where_there_is_a_table(app, placed, workshop, services, clock):
    batch = workshop.stamped(units=9)
    path = workshop.unit_path(batch, 3)
    for made, expected in ((app, [None] * 6), (placed, [15, 1, None] * 2)):
        # First the slow way, then the fast one; linked data, and a code that is none of the batch's, go ways of their own.
        for address in (HERE, THERE, ELSEWHERE) * 2:
            clock.advance(minutes=2)
            assert phone(made).get(path, environ_overrides={"REMOTE_ADDR": address}).status_code == 200
        load(made)
        assert numbers(services)[-6:] == expected
    # And the page says so.
    assert ["in which region" in phone(made).get(f"{path}?lang=en").text for made in (app, placed)] == [False, True]
    for tail, headers in (("", {"Accept": "application/ld+json"}), ("0000", {})):
        clock.advance(minutes=2)
        phone(placed).get(path + tail, headers=headers, environ_overrides={"REMOTE_ADDR": THERE})
    load(placed)
    assert numbers(services)[-1] == 1


def test_an_alert_tells_where_and_the_drill_too(app, placed, workshop, services, clock, cheap_hashes):  # noqa: F811
    batch = workshop.stamped(units=9)
    now = services.clock()

    def scan(hours_ago, visitor, place):
        at_us = int((now - timedelta(hours=hours_ago)).timestamp() * 1_000_000)
        return Record(batch.id, 3, "house", "ISSUED", "person", visitor.to_bytes(16), at_us, place)

    records = [scan(30 * (9 - number), number, place) for number, place in enumerate((15, 1) * 4)]
    load_records(services, records)
    assert not ScanLoader(services.engine, services.journal.folder, clock).look().more
    with reading(services.engine) as session:
        assert session.scalars(select(Alert)).all() == []
    # A table is set later: the next scan has the rules look again.
    load_records(services, [scan(0, 99, 15)])
    load(placed).look()
    with reading(services.engine) as session:
        [alert] = session.scalars(select(Alert))
    assert (alert.kind, alert.evidence["moves"]) == ("copied", RULES.least_moves)
    assert alert.evidence["places"] == [["Lào Cai", 4], ["Hà Nội", 4]]
    inspector = signed_in(placed, services, workshop, "inspector")
    page = inspector.get(f"/inspector/alerts/{alert.id}?lang=en").text
    assert "Lào Cai (4), Hà Nội (4)" in page and "over more than 100 km" in page
    began = f"began={int(now.timestamp())}"
    drill = inspector.get(f"/inspector/batches/{batch.code}/trace?lang=en&{began}").text
    assert "<bdi>Lào Cai</bdi>, 5" in drill and "<bdi>Hà Nội</bdi>, 4" in drill and "nobody is tracked" not in drill
    archive = inspector.get(f"/inspector/batches/{batch.code}/trace.zip?lang=en&{began}").data
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        [name] = [name for name in opened.namelist() if name.endswith("-scans.csv")]
        assert opened.read(name).decode().count("Hà Nội") == 4


def test_a_table_that_cannot_be_used_stops_the_start_with_one_line(services, tmp_path, capsys):
    for content, told in ((TABLE + "x,1,Y,0,0\n", "line 4: 'x' does not appear"), (None, "No such file"), (b"\xff\xfe", "codec")):
        table = tmp_path / "other.csv"
        table.unlink(missing_ok=True)
        if content is not None:
            table.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(SystemExit) as ended:
            create_app(replace(services.settings, scan_places=table))
        assert ended.value.code == 2 and told in (said := capsys.readouterr().err) and said.count("\n") == 1 and "SCAN_PLACES" in said
