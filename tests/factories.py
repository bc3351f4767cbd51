"""Builders with defaults: a test names only what it is about."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from threading import Thread
from typing import TypeVar
from unittest.mock import patch
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from traceability.domain import stamp
from traceability.domain.batch import BatchDates
from traceability.domain.errors import Refused
from traceability.domain.ocop import recognised_by
from traceability.domain.roles import Actor
from traceability.journal.record import Record, format_record
from traceability.labels.label import Label
from traceability.models import Batch, GeographicalIndication, Issuance, Producer, Product, Recognition, UseRight
from traceability.models.engine import acting, reading
from traceability.operations.issue import Order, issue_stamps
from traceability.operations.label_run import RunPlan, chunks_of, plan_run
from traceability.operations.print_labels import PrintJob, PrintKeys
from traceability.operations.register_batch import NewBatch, register_batch, set_state
from traceability.operations.register_producer import NewProducer, NewProduct, register_producer, register_product
from traceability.operations.register_recognition import NewRecognition, grant_use_right, record_recognition
from traceability.operations.withdraw import RecallNotice
from traceability.pictures import store_picture
from traceability.sample import SampleKeys, load_sample
from traceability.scan_loader import ScanLoader
from traceability.web.services import Services

PUBLIC_URL = "https://trace.example.vn"
HOST = "TRACE.EXAMPLE.VN"
# GS1's prefix for demonstrations.
GTIN = "09521234500018"
OTHER_GTIN = "09521234500025"
OFFICE = Actor("Office", "office")
PRODUCER = Actor("Producer", "producer")
INSPECTOR = Actor("Inspector", "inspector")
NOTICE = RecallNotice(advice="Không ăn.", contact="0214 000 0000", reason="Hở túi.", advice_en="Do not eat it.", reason_en="Leaks.")
Made = TypeVar("Made")
# The sample's drawings are the same each time, and take longer to compress than all the rest to load.
_store_once = lru_cache(store_picture)


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What is done inside is refused by this rule."""
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.code == code


def overlapping(engine: Engine, first: Callable[[Session], object], second: Callable[[Session], object]) -> tuple[object, object]:
    """Two acts at once: the second begins before the first is committed. Gives what each returned or was refused with."""
    told: list[object] = []

    def do_second() -> None:
        try:
            with acting(engine) as session:
                told.append(second(session))
        except Refused as refusal:
            told.append(refusal.code)

    other = Thread(target=do_second)
    with acting(engine) as session:
        made = first(session)
        other.start()
        # Long enough for the second to come to the first one's lock.
        other.join(0.3)
    other.join()
    assert told, "the second failed"
    return made, told[0]


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


class Workshop:
    """Makes rows on one app's database, each act in a transaction of its own."""

    def __init__(self, app: Flask) -> None:
        self.services: Services = app.extensions["traceability"]
        self._made = 0

    @property
    def now(self) -> datetime:
        return self.services.clock()

    def _random(self) -> bytes:
        self._made += 1
        return (self._made * 0x9E3779B97F4A7 % (1 << 56)).to_bytes(7)

    def act(self, operation: Callable[..., Made], *arguments: object, **named: object) -> Made:
        """One operation in a transaction of its own."""
        with acting(self.services.engine) as session:
            return operation(session, *arguments, **named)

    def producer(self, **entry: object) -> Producer:
        with acting(self.services.engine) as session:
            return register_producer(session, replace(NewProducer("cooperative", f"HTX {self._made}"), **entry), now=self.now)

    def product(self, producer: Producer | None = None, **entry: object) -> Product:
        maker = producer or self.producer()
        with acting(self.services.engine) as session:
            base = NewProduct(name="Gạo", ocop_group=1, producer_id=maker.id)
            if "gtin" in entry:
                base = replace(base, gtin_statement="Mã của chúng tôi.")
            return register_product(session, replace(base, **entry), now=self.now)

    def recognition(self, product: Product, **entry: object) -> Recognition:
        with acting(self.services.engine) as session:
            before = session.scalar(select(func.count()).where(Recognition.product_id == product.id)) or 0
            base = NewRecognition(product.id, 4, decided_on="2026-01-10", decision=f"{before + 1}/QĐ-UBND")
            base = replace(base, **entry)
            if base.issuer is None and len(base.decided_on or "") == 10 and base.stars in (3, 4, 5):
                with suppress(ValueError):
                    entry["issuer"] = recognised_by(base.stars, date.fromisoformat(base.decided_on)).value
            return record_recognition(session, replace(base, **entry), actor=OFFICE, now=self.now)

    def indication(self, **columns: object) -> GeographicalIndication:
        values = {"type": "geographical_indication", "register_number": 98, "name": "Mường Khương - Bát Xát", "product_name": "gạo"}
        with acting(self.services.engine) as session:
            row = GeographicalIndication(**{**values, **columns})
            session.add(row)
            session.flush()
            return row

    def use_right(
        self, product: Product, indication: GeographicalIndication, from_day: date = date(2026, 1, 1), until_day: date | None = None
    ) -> UseRight:
        with acting(self.services.engine) as session:
            return grant_use_right(
                session,
                indication_id=indication.id,
                product_id=product.id,
                from_day=from_day,
                until_day=until_day,
                actor=OFFICE,
                now=self.now,
            )

    def batch(self, product: Product | None = None, *, state: str = "open", actor: Actor = PRODUCER, **entry: object) -> Batch:
        goods = product or self.product()
        dates = BatchDates(date(2026, 10, 1), date(2026, 10, 5), date(2026, 10, 6), date(2027, 10, 6))
        base = NewBatch(goods.id, lot=f"L{self._made}", dates=dates, quantity=100, package="bag")
        if entry.get("kind") == "service":
            base = NewBatch(goods.id)
        with acting(self.services.engine) as session:
            row = register_batch(session, replace(base, **entry), random=self._random(), master_key_id="1", actor=actor, now=self.now)
            return set_state(session, row.id, state) if state != "draft" else row

    def issue(self, batch: Batch, *, form: str = "house", units: int | None = None, key: str | None = None) -> Issuance:
        keyring = self.services.key_store.current().keyring
        with acting(self.services.engine) as session:
            return issue_stamps(session, batch.id, Order(form, units, HOST, key), keyring=keyring, actor=PRODUCER, now=self.now)

    def stamped(self, product: Product | None = None, *, form: str = "house", units: int | None = None, **entry: object) -> Batch:
        batch = self.batch(product, **entry)
        self.issue(batch, form=form, units=units)
        return batch

    def label(self, batch: Batch, *, form: str = "house", unit: int | None = None):
        store = self.services.key_store.current()
        settings, units = self.services.settings, (unit, unit) if unit is not None else None
        job = PrintJob(form, settings.public_url, settings.test_mode, units)
        with reading(self.services.engine) as session:
            plan = plan_run(session, batch.id, job, keys=PrintKeys(store.master_keys, store.private_keys), now=self.now)
        return next(labels_of(plan))

    def path(self, batch: Batch, *, form: str = "house", unit: int | None = None) -> str:
        """The path of a stamp as its label prints it."""
        return self.label(batch, form=form, unit=unit).qr_text.removeprefix(f"https://{HOST}")

    def unit_path(self, batch: Batch, unit: int) -> str:
        """The house form of a unit, whether it may be printed or not."""
        master_key = self.services.key_store.current().master_keys[batch.master_key_id]
        return f"/S/{batch.code}{stamp.make_serial(stamp.serial_keys(master_key, batch.code), unit)}"

    def load_scans(self) -> int:
        """Loads what the journal holds."""
        return ScanLoader(self.services.engine, self.services.journal.folder, self.services.clock).load_all()

    def sample(self) -> list[Batch]:
        store = self.services.key_store.current()
        with patch("traceability.sample.load.store_picture", _store_once), acting(self.services.engine) as session:
            return load_sample(session, keys=SampleKeys(store.keyring, self.services.settings.public_host, "1"), now=self.now)


def load_records(services: Services, records: Iterable[Record]) -> None:
    """Scans that were recorded, loaded."""
    folder = services.journal.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{uuid4().hex}.scans").write_bytes(b"".join(map(format_record, records)))
    ScanLoader(services.engine, folder, services.clock).load_all()


def labels_of(plan: RunPlan) -> Iterator[Label]:
    """The labels of a plan, one by one."""
    for texts, codes, _ in chunks_of(plan):
        for text, code in zip(texts, codes, strict=True):
            yield replace(plan.face, qr_text=text.tobytes().decode(), readable_code=code.tobytes().decode())


def rows_in(archive: bytes, name: str) -> list[dict[str, str]]:
    """The rows of a list that is had as CSV in a ZIP, by their headings."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return list(csv.DictReader(io.StringIO(opened.read(f"01-{name}.csv").decode("utf-8-sig"))))
