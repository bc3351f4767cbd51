"""A register of any size: the sample, and so many further batches of goods with stages, rating and indication.

`python -m benchmarks.scan_variants.register --batches 1000000 --scans 10000000` fills the database of DATABASE_URL (or the SQLite
file of INSTANCE) after `init` and `sample`.
"""

import argparse
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.orm import Session

from traceability import create_app
from traceability.domain import base32, stamp
from traceability.models import Batch, BatchCount, DayCount, Issuance, ScanDay, Stage, StampCount
from traceability.web.services import Services

PIECE = 5_000
MANY = 1_000_000
DAYS = {"sqlite": "date(minute * 60 + 25200, 'unixepoch')", "postgresql": "(to_timestamp(minute * 60.0 + 25200) AT TIME ZONE 'UTC')::date"}
MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', {} * 60, 'unixepoch')".format,
    "postgresql": "to_timestamp({} * 60.0)".format,
}
SCANS = {
    "sqlite": """
        WITH RECURSIVE made(number) AS (SELECT :start UNION ALL SELECT number + 1 FROM made WHERE number < :end)
        INSERT INTO scan (batch_id, unit, form, verdict, visitor, minute, scanned_at)
        SELECT :first + CAST(:many * 0.9 * number / :count AS INTEGER) + abs(random() % (:many / 10)), 0,
            'house', 'ISSUED', randomblob(16), CAST(:begins + number * :step AS INTEGER) / 60,
            strftime('%Y-%m-%d %H:%M:%S.000000', CAST(:begins + number * :step AS INTEGER), 'unixepoch') FROM made
    """,
    "postgresql": """
        INSERT INTO scan (batch_id, unit, form, verdict, visitor, minute, scanned_at)
        SELECT :first + floor(:many * 0.9 * number / :count + random() * (:many / 10))::integer, 0,
            'house', 'ISSUED', uuid_send(gen_random_uuid()),
            floor((:begins + number * :step) / 60)::integer, to_timestamp(:begins + number * :step)
        FROM generate_series(CAST(:start AS integer), CAST(:end AS integer)) AS number
    """,
}


def add_batches(services: Services, count: int, *, units: int = 0, with_stages: bool = True) -> list[str]:
    """Adds batches like the sample's first one, each stamped as a whole or, with `units`, so many units of it; their paths."""
    paths = []
    with Session(services.engine) as session:
        model = session.scalars(select(Batch).where(Batch.stamp_scope == "batch", Batch.kind == "goods").order_by(Batch.id)).first()
        assert model is not None, "the sample is not loaded"
        issued = session.scalars(select(Issuance).where(Issuance.batch_id == model.id)).first()
        batch, issuance = _columns(model, Batch, "id"), _columns(issued, Issuance, "id", "batch_id")
        stages = [_columns(row, Stage, "id", "batch_id", "report_id") for row in model.stages] if with_stages else []
        next_id = (session.scalar(select(func.max(Batch.id))) or 0) + 1
        session.rollback()
    chance = random.Random(next_id)
    issuance |= {"form": "house", "claims": None, "kid": None, "host": None, "idempotency_key": None}
    if units:
        batch |= {"stamp_scope": "unit", "quantity": units, "allowance_percent": 0, "unit_limit": units}
        issuance |= {"scope": "unit", "first_unit": 1, "last_unit": units, "unit_limit": units}
    master_key = services.key_store.current().master_keys[batch["master_key_id"]]
    for start in range(0, count, PIECE):
        numbers = range(start, min(start + PIECE, count))
        codes = [base32.with_check(chance.getrandbits(55)) for _ in numbers]
        named = [
            {**batch, "id": next_id + n, "code": code, "lot": f"B-{next_id + n:07d}", "lot_folded": f"b-{next_id + n:07d}"}
            for n, code in zip(numbers, codes, strict=True)
        ]
        with services.engine.execution_options(acting=True).begin() as connection:
            connection.execute(insert(Batch), named)
            connection.execute(insert(Issuance), [{**issuance, "batch_id": next_id + n} for n in numbers])
            if stages:
                connection.execute(insert(Stage), [{**row, "batch_id": next_id + n} for n in numbers for row in stages])
        for code in codes:
            keys = stamp.serial_keys(master_key, code)
            paths += [f"/S/{code}{stamp.make_serial(keys, unit)}" for unit in range(1, units + 1)] if units else [f"/S/{code}"]
    if services.engine.dialect.name == "postgresql":
        with services.engine.begin() as connection:
            connection.execute(text("SELECT setval(pg_get_serial_sequence('batch', 'id'), (SELECT max(id) FROM batch))"))
    return paths


def add_scans(services: Services, count: int) -> None:
    """Adds raw scans of the last year and their counts, at random, each batch's within a tenth of the year.

    The database makes the rows itself: a hundred million are many.
    """
    days, first_day = 365, datetime.now(UTC) - timedelta(days=365)
    name = services.engine.dialect.name
    begins, step = int(first_day.timestamp()), days * 86_400 / count
    with services.engine.execution_options(acting=True).begin() as connection:
        first, last = connection.execute(select(func.min(Batch.id), func.max(Batch.id))).one()
        connection.execute(text("DROP INDEX ix_scan_batch_id_unit_minute"))
    # Oldest first, as they come.
    for start in range(0, count, MANY):
        told = {
            "first": first,
            "many": last - first + 1,
            "count": count,
            "start": start,
            "end": min(start + MANY, count) - 1,
            "begins": begins,
            "step": step,
        }
        with services.engine.execution_options(acting=True).begin() as connection:
            connection.execute(text(SCANS[name]), told)
    with services.engine.execution_options(acting=True).begin() as connection:
        connection.execute(text("CREATE INDEX ix_scan_batch_id_unit_minute ON scan (batch_id, unit, minute)"))
    _count(services.engine)


def _count(engine: Engine) -> None:
    """Counts by the index alone: a look at each of a hundred million rows in the order of their batches takes an hour."""
    name = engine.dialect.name
    with engine.execution_options(acting=True).begin() as connection:
        for table in (StampCount, BatchCount, ScanDay, DayCount):
            connection.execute(text(f"DELETE FROM {table.__tablename__}"))
        connection.execute(
            text(
                "INSERT INTO stamp_count (batch_id, unit, times, first_at, last_at) "
                f"SELECT batch_id, unit, count(*), {MOMENT[name]('min(minute)')}, {MOMENT[name]('max(minute)')} FROM scan "
                "GROUP BY batch_id, unit"
            )
        )
        connection.execute(text("INSERT INTO batch_count (batch_id, times) SELECT batch_id, sum(times) FROM stamp_count GROUP BY batch_id"))
    with engine.execution_options(acting=True).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO scan_day (batch_id, day, kind, verdict, times) "
                f"SELECT batch_id, {DAYS[name]}, 'person', 'ISSUED', count(*) FROM scan GROUP BY 1, 2"
            )
        )
        connection.execute(text("INSERT INTO day_count (day, times) SELECT day, sum(times) FROM scan_day GROUP BY day"))
        # The rules have looked at all of them, as they have where scans come one by one.
        connection.execute(text("DELETE FROM scan_watch"))
        connection.execute(text("INSERT INTO scan_watch (id, scan_id) SELECT 1, max(id) FROM scan"))


def _columns(row: object, model: Any, *left_out: str) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in model.__table__.columns if column.name not in left_out}


def main() -> None:
    """Fills a database, and says how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=10_000)
    parser.add_argument("--units", type=int, default=0, help="stamped units of each batch (default: the batch as a whole)")
    parser.add_argument("--scans", type=int, default=0)
    parser.add_argument("--paths", help="a file for the new batches' paths")
    arguments = parser.parse_args()
    services = create_app().extensions["traceability"]
    began = time.perf_counter()
    paths = add_batches(services, arguments.batches, units=arguments.units, with_stages=arguments.batches <= 100_000)
    print(f"{arguments.batches:,} batches in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    if arguments.paths:
        Path(arguments.paths).write_text("\n".join(paths))
    if arguments.scans:
        began = time.perf_counter()
        add_scans(services, arguments.scans)
        print(f"{arguments.scans:,} scans in {time.perf_counter() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
