"""A trace's tables of a million scans as XLSX and as CSV, of one lot and of a span of days; beside it openpyxl, which writes the same rows.

Run from the project's folder: `.venv/bin/python benchmarks/trace_export.py [--scans 1000000] [--database URL]`. The aim is 60 s a file.
"""

import argparse
import os
import platform
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from sqlalchemy import insert, select

from benchmarks.scan_variants.register import add_batches
from traceability import create_app
from traceability.config import read_settings
from traceability.domain.accounts import Principal
from traceability.domain.dates import VIETNAM
from traceability.keystore import initialise
from traceability.migrations import migrate
from traceability.models import Batch, Scan
from traceability.models.engine import acting, reading
from traceability.operations.trace_export import Asked, tables
from traceability.sample import SampleKeys, load_sample
from traceability.web.services import Services
from traceability.web.table_files import csv_pieces, write_xlsx

OFFICE = Principal(1, "Office", frozenset({"office"}))
PIECE = 20_000


def main() -> None:
    """Makes the scans, writes each file, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        services = _service(folder, asked.database)
        batch_id = _scanned(services, asked.scans)
        engine = services.engine.dialect.name
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {engine}, {asked.scans:,} scans")
        today = services.clock().astimezone(VIETNAM).date()
        of_days = Asked(OFFICE, first=today - timedelta(days=40), last=today)
        for what, wanted in (("a lot", Asked(OFFICE, batch_id=batch_id)), ("41 days", of_days)):
            for kind, write in (("XLSX", _xlsx), ("CSV in a ZIP", _csv), ("XLSX by openpyxl", _peer)):
                _time(f"{what}, {kind}", asked.rounds, folder / "file", services, wanted, write)
        print(f"most memory in use: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
        services.engine.dispose()


def _time(what: str, rounds: int, path: Path, services: Services, asked: Asked, write: Callable[[Path, Services, Asked], int]) -> None:
    taken, size = [], 0
    for _ in range(rounds):
        before = time.perf_counter()
        write(path, services, asked)
        taken.append(time.perf_counter() - before)
        size = path.stat().st_size
    print(f"{what:26} {statistics.median(taken):6.1f} s ({min(taken):.1f} … {max(taken):.1f}), {size:,} bytes", flush=True)


def _xlsx(path: Path, services: Services, asked: Asked) -> int:
    with path.open("wb") as file, reading(services.engine) as session:
        return write_xlsx(tables(session, asked), [("x", "y")], str, file)


def _csv(path: Path, services: Services, asked: Asked) -> int:
    with path.open("wb") as file, reading(services.engine) as session:
        return sum(file.write(piece) for piece in csv_pieces(tables(session, asked), [("x", "y")], str))


def _peer(path: Path, services: Services, asked: Asked) -> int:
    """The same rows by openpyxl's writer of one row after another."""
    book, rows = Workbook(write_only=True), 0
    with reading(services.engine) as session:
        for table in tables(session, asked):
            sheet = book.create_sheet(table.key)
            sheet.append(table.columns)
            for cells in table.rows:
                sheet.append(
                    [WriteOnlyCell(sheet, c.astimezone(VIETNAM).replace(tzinfo=None) if isinstance(c, datetime) else c) for c in cells]
                )
                rows += 1
    book.save(path)
    return rows


def _service(folder: Path, database: str) -> Services:
    settings = read_settings({"INSTANCE": str(folder), "TEST_MODE": "1"} | ({"DATABASE_URL": database} if database else {}))
    initialise(settings.keys_folder, settings.public_host, datetime.now(UTC))
    services: Services = create_app(settings).extensions["traceability"]
    migrate(services.engine)
    store = services.key_store.current()
    with acting(services.engine) as session:
        load_sample(session, keys=SampleKeys(store.keyring, settings.public_host, "1"), now=services.clock())
    return services


def _scanned(services: Services, count: int) -> int:
    """A lot of a thousand packs with so many scans within 40 days."""
    add_batches(services, 1, units=1_000)
    with reading(services.engine) as session:
        batch_id = session.scalars(select(Batch.id).order_by(Batch.id.desc())).first()
    assert batch_id is not None
    chance, begin = random.Random(1), services.clock() - timedelta(days=40)
    with services.engine.execution_options(acting=True).begin() as connection:
        for start in range(0, count, PIECE):
            rows = []
            for number in range(start, min(start + PIECE, count)):
                at = begin + timedelta(days=40) * (number / count)
                said = {"batch_id": batch_id, "unit": chance.randint(1, 1_000), "form": "house", "verdict": "ISSUED"}
                rows.append({**said, "visitor": chance.randbytes(16), "minute": int(at.timestamp()) // 60, "scanned_at": at})
            connection.execute(insert(Scan), rows)
    return batch_id


if __name__ == "__main__":
    main()
