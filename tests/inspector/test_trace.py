"""Trace drills: a step back and forward with a clock, and all that is on record of a lot or of some days as files."""

import csv
import io
import re
import zipfile
from datetime import date, datetime, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from tests.factories import INSPECTOR, NOTICE, PRODUCER, PUBLIC_URL, refused
from tests.inspector.test_findings import a_finding, send
from traceability.domain.accounts import Principal
from traceability.domain.dates import VIETNAM
from traceability.domain.spreadsheet import Table
from traceability.models import AuditEntry
from traceability.models.engine import reading
from traceability.operations.register_batch import NewStage, add_growing_area, add_stage
from traceability.operations.trace import record_delivery, record_input
from traceability.operations.trace_export import Asked, check_asked, tables
from traceability.operations.withdraw import recall_goods
from traceability.web import table_files
from traceability.web import trace as pages
from traceability.web.table_files import csv_pieces, write_xlsx

FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def traced(workshop, client):
    """A lot with something in each table that a producer or a consumer fills, and another one that has nothing to do with it."""
    batch = workshop.stamped(units=9, lot="L-77")
    said = {"actor": PRODUCER, "now": workshop.now}
    workshop.act(add_growing_area, batch.id, name="Mường Vi", code="LC-0017")
    workshop.act(record_input, batch.id, what=FORMULA, supplier="HTX Lúa", supplier_lot="S-1", **said)
    workshop.act(record_delivery, batch.id, recipient="Chợ Cốc Lếu", delivered_on=date(2026, 10, 7), units=(1, 5), **said)
    workshop.act(add_stage, batch.id, NewStage("packing", date(2026, 10, 6), place="Bát Xát"), **said)
    workshop.act(recall_goods, batch.id, NOTICE, units=(1, 2), actor=INSPECTOR, now=workshop.now)
    made = workshop.stamped(lot="L-78")
    workshop.act(record_input, made.id, what="Gạo", input_batch_id=batch.id, **said)
    for unit in (1, 2, 3):
        client.get(workshop.unit_path(batch, unit))
    client.get(f"/S/{made.code}")
    workshop.load_scans()
    return batch


def sheets_of(answer) -> dict[str, list[tuple]]:
    assert answer.status_code == 200, answer.text
    book = load_workbook(io.BytesIO(answer.data))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def files_of(answer) -> dict[str, list[list[str]]]:
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return {name: list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig")))) for name in archive.namelist()}


def test_one_tap_from_a_batch_begins_a_drill_with_a_clock_and_both_steps(inspector, traced):
    page = inspector.get(f"/inspector/batches/{traced.code}?lang=en").text
    address = re.search(rf'href="(/inspector/batches/{traced.code}/trace\?lang=en)"', page)[1]
    begun = inspector.get(address)
    assert begun.status_code == 303 and "began=" in begun.location
    drill = inspector.get(begun.location).text
    for told in ("data-began", "HTX Lúa", "LC-0017", "Chợ Cốc Lếu", "L-78", "trace.xlsx", "trace.zip"):
        assert told in drill, told


def test_a_lot_is_exported_with_all_that_is_on_record_and_nothing_of_others(inspector, traced, services, workshop):
    assert send(inspector, a_finding(traced, place="Chợ Sa Pa")).status_code in (200, 201)
    began = int((services.clock() - timedelta(seconds=42)).timestamp())
    found = sheets_of(inspector.get(f"/inspector/batches/{traced.code}/trace.xlsx?lang=en&began={began}"))
    assert {key: len(rows) - 1 for key, rows in found.items() if key != "Overview"} == {
        **{"Batches": 1, "Growing areas": 1, "Ingredients": 1, "Stages": 1, "Stamps issued": 1, "Deliveries": 1, "Went into": 1},
        **{"Scans by day": 2, "Scans": 3, "Findings": 1, "Recalls": 1},
        **{"Cancelled stamps": 0, "Suspicions": 0, "Alerts": 0, "Reports": 0},
    }
    assert all(row[:2] == (traced.code, "L-77") for key, rows in found.items() if key != "Overview" for row in rows[1:])
    assert ("Seconds until these tables were asked for", "42") in found["Overview"]
    assert found["Ingredients"][1][2] == FORMULA
    assert isinstance(found["Scans"][1][-1], datetime) and isinstance(found["Batches"][1][4], datetime)
    assert "Chợ Sa Pa" in found["Findings"][1] and "Recalled" in {row[4] for row in found["Scans"]}


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_csv_has_the_same_rows_and_no_cell_acts_as_a_formula(inspector, traced, language):
    address = f"/inspector/batches/{traced.code}/trace"
    found = files_of(inspector.get(f"{address}.zip?lang={language}"))
    sheets = sheets_of(inspector.get(f"{address}.xlsx?lang={language}"))
    assert [len(rows) for rows in found.values()][1:] == [len(rows) for rows in sheets.values()][1:]
    assert [rows[0] for rows in found.values()][1:] == [list(rows[0]) for rows in sheets.values()][1:]
    cells = [cell for rows in found.values() for row in rows for cell in row]
    assert "'" + FORMULA in cells and not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_days_hold_what_happened_in_them_in_viet_nam_and_nothing_else(inspector, traced, services, workshop):
    today = services.clock().astimezone(VIETNAM).date()
    one_day = f"first={today}&last={today}"
    found = files_of(inspector.get(f"/inspector/trace.zip?lang=en&{one_day}"))
    rows = {name[3:-4]: len(table) - 1 for name, table in found.items()}
    assert rows["scans"] == 4 and rows["batches"] == 2 and rows["recalls"] == 1 and rows["deliveries"] == 0
    before = files_of(inspector.get(f"/inspector/trace.zip?first={today - timedelta(days=9)}&last={today - timedelta(days=1)}"))
    assert all(len(table) == 1 for name, table in before.items() if name[3:-4] in ("scans", "scan-days", "batches", "recalls"))
    delivered = files_of(inspector.get("/inspector/trace.zip?first=2026-10-07&last=2026-10-07"))
    assert len(next(table for name, table in delivered.items() if "deliveries" in name)) == 2


@pytest.mark.parametrize(
    "days", ["first=2026-10-07", "first=2026-10-07&last=2026-10-06", "first=2024-01-01&last=2026-10-06", "first=x&last=y"]
)
def test_days_that_are_none_are_refused_and_nothing_typed_is_lost(inspector, days):
    answer = inspector.get(f"/inspector/trace.zip?lang=en&{days}")
    assert answer.status_code == 400 and 'role="alert"' in answer.text


def test_an_inspector_of_a_commune_gets_its_own_area_alone(sign_in, pack_key, traced, workshop):
    inspector = sign_in("inspector", "02683")
    assert inspector.get(f"/inspector/batches/{traced.code}/trace.xlsx").status_code == 404
    own = workshop.stamped(workshop.product(workshop.producer(commune_code="02683", province_code="15")))
    today = workshop.now.astimezone(VIETNAM).date()
    found = files_of(inspector.get(f"/inspector/trace.zip?first={today}&last={today}"))
    assert {row[0] for name, rows in found.items() if not name.startswith("00") for row in rows[1:]} == {own.code}


def test_who_fetched_what_is_on_the_trail_and_a_look_at_the_header_is_not(inspector, traced, services):
    address = f"/inspector/batches/{traced.code}/trace.xlsx"
    assert inspector.client.head(address, base_url=PUBLIC_URL).status_code == 200
    assert inspector.get(address).data
    with reading(services.engine) as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.act == "export_trace")).all()
    assert [(row.object_kind, row.object_id) for row in rows] == [("trace_export", traced.id)]


def test_only_one_file_at_a_time_and_room_again_afterwards(inspector, traced):
    address = f"/inspector/batches/{traced.code}/trace.zip"
    begun = inspector.client.get(address, base_url=PUBLIC_URL)
    assert begun.status_code == 200 and inspector.get(address).status_code == 503
    begun.close()
    assert inspector.get(address).data[:2] == b"PK" and pages._ROOM.acquire(blocking=False)
    pages._ROOM.release()


def test_lots_are_found_by_what_is_written_on_them(inspector, traced):
    found = inspector.get("/inspector/trace?lang=en&search=l-77").text
    assert f"/inspector/batches/{traced.code}/trace" in found and "L-78" not in found
    assert "Nothing found" in inspector.get("/inspector/trace?lang=en&search=nichts").text


def test_a_file_of_another_kind_is_none(inspector, traced):
    assert inspector.get(f"/inspector/batches/{traced.code}/trace.pdf").status_code == 404


def test_a_table_that_is_longer_than_a_sheet_goes_on_in_the_next(monkeypatch):
    monkeypatch.setattr(table_files, "LAST_ROW", 4)
    out = io.BytesIO()
    table = Table("scans", ("code", "unit"), iter([("A", number) for number in range(7)]))
    assert write_xlsx([table], [("x", "y")], str, out) == 7
    book = load_workbook(out)
    assert {sheet.title: [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)] for sheet in book} == {
        "overview": [],
        "scans": [0, 1, 2],
        "scans 2": [3, 4, 5],
        "scans 3": [6],
    }


def test_csv_goes_out_while_it_is_made():
    taken: list[int] = []

    def rows():
        for number in range(20_000):
            taken.append(number)
            yield ("A", f"{number} {number * 7919 % 1_000_003}")

    pieces = csv_pieces([Table("scans", ("code", "unit"), rows())], [], str)
    assert next(piece for piece in pieces if piece) and len(taken) < 20_000


def test_neither_a_batch_nor_days_is_refused():
    with refused("trace_days"):
        check_asked(Asked(Principal(1, "x")))


def test_tables_of_an_empty_register_are_empty(workshop):
    with reading(workshop.services.engine) as session:
        asked = Asked(Principal(1, "x", frozenset({"office"})), first=date(2026, 1, 1), last=date(2026, 1, 2))
        assert {table.key: list(table.rows) for table in tables(session, asked)} and not any(
            list(table.rows) for table in tables(session, asked)
        )
