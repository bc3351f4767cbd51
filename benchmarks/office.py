"""The office's pages with 100,000 products, 300,000 recognitions and 10 million scans: how long each takes, 95 of 100 times.

Run from the project's folder: `.venv/bin/python benchmarks/office.py [--database URL]`. The aim is 300 ms and 300 MB.
Pages are asked of the app itself, in one process and without a server; each of another day, another page or another
word, so that no answer is kept from before. The first page after a start reads the ratings into memory and is told apart, as is
the first one after a rating was withdrawn and after one was added. Scans are there as their counts by batch and day, which is
what pages read: 20,000 batches on 100 days with five scans each.
"""

import argparse
import os
import platform
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flask import Flask
from sqlalchemy import Engine, insert, text

from benchmarks.scan_variants.register import add_batches
from tests.accounts.test_sign_in import Browser
from tests.factories import Workshop
from tests.office.conftest import office_browser
from traceability import create_app
from traceability.config import read_settings
from traceability.domain.ocop import last_valid_day
from traceability.keystore import initialise
from traceability.migrations import migrate
from traceability.models import Producer, Product, Recognition, ScanDay
from traceability.models.engine import acting
from traceability.operations.load_scans import recount_days
from traceability.operations.places import communes_of

PIECE = 10_000
WORDS = ("Chè", "Gạo", "Mật ong", "Rượu", "Thịt", "Quả", "Nấm", "Măng", "Thổ cẩm", "Homestay", "Trà", "Cá", "Hồng", "Mận", "Lê")
PLACES = ("Bắc Hà", "Sa Pa", "Mường Khương", "Bát Xát", "Văn Bàn", "Bảo Yên", "Tú Lệ", "Văn Yên", "Mù Cang Chải", "Si Ma Cai")


def main() -> None:
    """Makes the register, asks for pages, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--scans", type=int, default=10_000_000)
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = _app(Path(folder), asked.database, asked.products)
        services = app.extensions["traceability"]
        _scan(app, asked.scans)
        engine = services.engine.dialect.name
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {engine}, {asked.products:,} products")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        browser = office_browser(app, services)
        _first(browser, services.engine)
        for name, address in _pages().items():
            _time(browser, name, address, asked.times)
        print(f"most memory in use: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB, before the pages {before} MB")
        services.engine.dispose()


def _pages() -> dict[str, Callable[[random.Random], str]]:
    def day(chance: random.Random) -> date:
        return date(2020, 1, 1) + timedelta(days=chance.randrange(2500))

    return {
        "figures, any day": lambda chance: f"/office/figures?as_of={day(chance)}",
        "figures, today": lambda _: "/office/figures",
        "register, any page": lambda chance: f"/office/register?page={chance.randrange(10_000)}",
        "register, a word": lambda chance: f"/office/register?search={chance.choice(WORDS)} {chance.randrange(99)}",
        "register, a decision": lambda chance: f"/office/register?search={chance.randrange(9999)}/QĐ",
        "held on a day, 4 stars": lambda chance: f"/office/register?as_of={day(chance)}&stars=4",
        "held on a day, a group": lambda chance: f"/office/register?as_of={day(chance)}&group={chance.randint(1, 6)}",
        "first decided in a year": lambda chance: f"/office/register?decided_in={chance.randint(2019, 2026)}&page={chance.randrange(50)}",
        "producers, a word": lambda chance: f"/office/producers?search={chance.choice(PLACES)} {chance.randrange(99)}",
        "a product": lambda chance: f"/office/products/{chance.randrange(1, 90_000)}",
        "what ends soon": lambda _: "/office/expiring",
        "as known on a day": lambda chance: f"/office/register?as_of={day(chance)}&known_on={day(chance)}",
        "indications": lambda _: "/office/indications",
        "growing areas": lambda _: "/office/areas",
    }


def _first(browser: Browser, engine: Engine) -> None:
    """The first figures after a start, after a change of one rating, and after a new one."""

    def seconds() -> float:
        before = time.perf_counter()
        assert browser.get("/office/figures?as_of=2026-06-30").status_code == 200
        return time.perf_counter() - before

    print(f"figures, first after a start    {seconds() * 1_000:7.0f} ms")
    changes = (
        ("a withdrawal", "UPDATE recognition SET withdrawn_on = '2026-06-01', withdrawn_because = 'x' WHERE id = 4711"),
        ("another name", "UPDATE producer SET name = 'HTX X' WHERE id = 11"),
    )
    for name, statement in changes:
        with engine.execution_options(acting=True).begin() as connection:
            connection.execute(text(statement))
        print(f"figures, first after {name:12} {seconds() * 1_000:6.0f} ms")


def _time(browser: Browser, name: str, address: Callable[[random.Random], str], times: int) -> None:
    chance, taken = random.Random(3), list[float]()
    for _ in range(times):
        path = address(chance)
        before = time.perf_counter()
        answer = browser.get(path)
        taken.append((time.perf_counter() - before) * 1_000)
        assert answer.status_code == 200, (path, answer.status_code)
    taken.sort()
    print(f"{name:26} median {taken[len(taken) // 2]:7.0f} ms, 95 % {taken[int(len(taken) * 0.95) - 1]:7.0f} ms", flush=True)


def _scan(app: Flask, scans: int) -> None:
    """So many scans as their counts, of real batches."""
    batches, days, today = 20_000, 100, datetime.now(UTC).date()
    workshop, services = Workshop(app), app.extensions["traceability"]
    workshop.sample()
    with services.engine.connect() as connection:
        last = connection.scalar(text("SELECT max(id) FROM batch"))
    add_batches(services, batches)
    with services.engine.execution_options(acting=True).begin() as connection:
        connection.execute(text("UPDATE batch SET illustrative = false WHERE id > :last"), {"last": last})
        ids = connection.scalars(text("SELECT id FROM batch WHERE id > :last ORDER BY id"), {"last": last}).all()
    each = max(1, scans // (batches * days))
    for day in range(days):
        told = {"day": today - timedelta(days=day), "kind": "person", "verdict": "ISSUED", "times": each}
        with acting(services.engine) as session:
            session.execute(insert(ScanDay), [{**told, "batch_id": batch_id} for batch_id in ids])
            recount_days(session, [today - timedelta(days=day)])


def _app(folder: Path, database: str, products: int) -> Flask:
    given = {"INSTANCE": str(folder), "PUBLIC_URL": "https://trace.example.vn"} | ({"DATABASE_URL": database} if database else {})
    settings = read_settings(given)
    initialise(settings.keys_folder, settings.public_host, datetime.now(UTC))
    app = create_app(settings)
    services = app.extensions["traceability"]
    migrate(services.engine)
    fill(services.engine, products, services.clock())
    return app


def fill(engine: Engine, products: int, now: datetime) -> None:
    """Three ratings a product, and a producer for every five."""
    chance, communes = random.Random(1), [code for code, _ in communes_of("15")]
    makers = max(1, products // 5)
    with engine.execution_options(acting=True).begin() as connection:
        for start in range(0, makers, PIECE):
            rows = []
            for number in range(start, min(start + PIECE, makers)):
                place = {"province_code": "15", "commune_code": chance.choice(communes), "illustrative": False, "created_at": now}
                rows.append({"id": number + 1, "kind": "cooperative", "name": f"HTX {chance.choice(PLACES)} {number}", **place})
            connection.execute(insert(Producer), rows)
        for start in range(0, products, PIECE):
            goods, ratings = [], []
            for number in range(start, min(start + PIECE, products)):
                name = f"{chance.choice(WORDS)} {chance.choice(PLACES)} {number}"
                made = {"illustrative": False, "standards": [], "created_at": now, "ocop_group": chance.randint(1, 6)}
                goods.append({"id": number + 1, "producer_id": chance.randint(1, makers), "name": name, **made})
                first = date(2019, 1, 1) + timedelta(days=chance.randrange(700))
                for turn in range(3):
                    decided = first + timedelta(days=1_000 * turn + chance.randrange(90))
                    said = {"kind": "re_evaluation" if turn else "new", "scheme": "2022", "stars": chance.choice((3, 3, 3, 3, 4, 5))}
                    said |= {"decision": f"{chance.randrange(9_999)}/QĐ-UBND", "decided_on": decided.isoformat(), "illustrative": False}
                    ratings.append({**said, "product_id": number + 1, "valid_until": last_valid_day(decided), "recorded_at": now})
            connection.execute(insert(Product), goods)
            connection.execute(insert(Recognition), ratings)
        if connection.dialect.name == "postgresql":
            for table in ("producer", "product"):
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"))


if __name__ == "__main__":
    main()
