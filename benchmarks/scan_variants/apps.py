"""The variants, each a WSGI app made by a function of its name. All draw the service's own page from its own register.

The register is the one of DATABASE_URL and INSTANCE. What a variant leaves out is left out in its favour.
"""

import os
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, request
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, joinedload

from traceability import create_app
from traceability.domain import base32
from traceability.domain.verdict import Register, judge
from traceability.journal.record import pack
from traceability.journal.writer import Journal
from traceability.models import Batch, Product, Scan
from traceability.models.engine import reading
from traceability.operations.batch_facts import fetch_facts
from traceability.operations.origin import build_origin
from traceability.operations.origin_page import OriginPage, Seen
from traceability.operations.scan import look_up, parse_unverified_path
from traceability.web.services import Services
from traceability.web.stamp_page import draw
from traceability.web.stamp_words import vary


def hello() -> Flask:
    """Flask's hello-world."""
    app = Flask("hello")
    app.add_url_rule("/S/<code>", view_func=lambda code: "hello world")
    return app


def usual() -> Flask:
    """What most would write: rows and what belongs to them fetched as they are needed, one commit and one count a scan."""
    app, services = _app()

    def scan(code: str) -> str:
        now = datetime.now(UTC)
        with Session(services.engine.execution_options(acting=True)) as session:
            batch = session.scalars(select(Batch).where(Batch.code == code[:12])).one()
            session.add(_scan(batch.id, now))
            session.flush()
            times, first = session.execute(select(func.count(Scan.id), func.min(Scan.scanned_at)).where(Scan.batch_id == batch.id)).one()
            html = _draw(services, session, batch, code, Seen(times, first), now)
            session.commit()
        return html

    return _routed(app, scan)


def joined() -> Flask:
    """One joined query; what else the page says is fetched once for all stamps. One commit a scan."""
    app, services = _app()
    pages: dict[int, OriginPage] = {}

    def scan(code: str) -> str:
        now = datetime.now(UTC)
        with Session(services.engine.execution_options(acting=True)) as session:
            batch = _joined(session, code)
            session.add(_scan(batch.id, now))
            html = _draw_from(services, session, batch, pages, code, now)
            session.commit()
        return html

    return _routed(app, scan)


def reads() -> Flask:
    """The service's own way to look a stamp up and draw its page, anew for each scan; nothing is kept and nothing recorded."""
    app, services = _app()

    def scan(code: str) -> str:
        with reading(services.engine) as session:
            found = look_up(session, parse_unverified_path(f"/S/{code}"), keys=services.scan_keys, language="vi", now=datetime.now(UTC))
            assert found.page is not None
            return draw(found.page, f"/S/{code}", services.settings.public_url, vary(found.page, Seen(1, datetime.now(UTC))))

    return _routed(app, scan)


def reads_joined() -> Flask:
    """One joined query and the page drawn; nothing is kept and nothing recorded."""
    app, services = _app()
    pages: dict[int, OriginPage] = {}

    def scan(code: str) -> str:
        with reading(services.engine) as session:
            return _draw_from(services, session, _joined(session, code), pages, code, datetime.now(UTC))

    return _routed(app, scan)


def grouped() -> Flask:
    """Pages kept as they were drawn first; scans that come together are committed together, before they are answered."""
    app, services = _app()
    pages: dict[str, tuple[int, str]] = {}
    waiting: list[tuple[dict[str, Any], threading.Event]] = []
    wanted = threading.Event()

    def commit() -> None:
        while True:
            wanted.wait()
            wanted.clear()
            taken, waiting[:] = list(waiting), []
            if taken:
                with services.engine.execution_options(acting=True).begin() as connection:
                    connection.execute(insert(Scan), [row for row, _ in taken])
                for _, done in taken:
                    done.set()

    threading.Thread(target=commit, daemon=True).start()

    def scan(code: str) -> str:
        # One page for all packs of a batch, in its favour.
        known = pages.get(code[:12])
        if known is None:
            known = pages[code[:12]] = _drawn_once(services, code)
        done, row = threading.Event(), _row(known[0], datetime.now(UTC))
        waiting.append((row, done))
        wanted.set()
        while not done.wait(0.05):
            wanted.set()
        return known[1]

    return _routed(app, scan)


def route() -> Flask:
    """Pages kept; a scan is appended to the journal by one write before its answer; an ordinary route of Flask's."""
    app, services = _app()
    pages: dict[str, tuple[int, str]] = {}
    journal = Journal(Path(os.environ["INSTANCE"]) / "journal-of-route")

    def scan(code: str) -> str:
        # One page for all packs of a batch, in its favour.
        known = pages.get(code[:12])
        if known is None:
            known = pages[code[:12]] = _drawn_once(services, code)
        visitor = services.visitors.hash(request.remote_addr or "", request.headers.get("User-Agent", ""), datetime.now(UTC).date())
        journal.append(pack(0, 0, 7, known[0], 0, int(datetime.now(UTC).timestamp() * 1_000_000), visitor))
        return known[1]

    return _routed(app, scan)


def _app() -> tuple[Flask, Services]:
    """The service's app without its fast path: templates, words and headers are there, its scan route is replaced."""
    app = create_app()
    app.wsgi_app = Flask.wsgi_app.__get__(app)  # type: ignore[method-assign]
    # The peers spend nothing on compressing: ours does it once a page.
    app.config["COMPRESS_MIMETYPES"] = []
    return app, app.extensions["traceability"]


def _routed(app: Flask, view: Any) -> Flask:
    app.view_functions["public.scan"] = view
    return app


def _joined(session: Session, code: str) -> Batch:
    product = joinedload(Batch.product)
    options = (
        product,
        product.joinedload(Product.picture),
        joinedload(Batch.producer),
        joinedload(Batch.stages),
        joinedload(Batch.indication),
    )
    return session.scalars(select(Batch).where(Batch.code == code[:12]).options(*options)).unique().one()


def _draw(services: Services, session: Session, batch: Batch, code: str, seen: Seen, now: datetime) -> str:
    page = _page(services, session, batch, code, now)
    return draw(page, f"/S/{code}", services.settings.public_url, vary(page, seen))


def _page(services: Services, session: Session, batch: Batch, code: str, now: datetime) -> OriginPage:
    facts = fetch_facts(session, batch, services.scan_keys.master_key(batch.master_key_id))
    judgement = judge(parse_unverified_path(f"/S/{code}"), Register(services.scan_keys.keyring, facts.rules), now)
    scope = "unit" if len(code) > 12 else "batch"
    return build_origin(session, batch, facts, judgement, scope=scope, code=code, language="vi", now=now)


def _draw_from(services: Services, session: Session, batch: Batch, pages: dict[int, OriginPage], code: str, now: datetime) -> str:
    page = pages.get(0)
    if page is None:
        page = pages[0] = _page(services, session, batch, code, now)
    page = replace(page, lot=batch.lot, readable_code=base32.grouped(code))
    return draw(page, f"/S/{code}", services.settings.public_url, vary(page, Seen(1, now)))


def _drawn_once(services: Services, code: str) -> tuple[int, str]:
    with reading(services.engine) as session:
        batch = session.scalars(select(Batch).where(Batch.code == code[:12])).one()
        return batch.id, _draw(services, session, batch, code, Seen(1, datetime.now(UTC)), datetime.now(UTC))


def _row(batch_id: int, now: datetime) -> dict[str, Any]:
    values = {"batch_id": batch_id, "unit": 0, "form": "house", "verdict": "ISSUED", "scanned_at": now}
    return {**values, "visitor": os.urandom(16), "minute": int(now.timestamp()) // 60}


def _scan(batch_id: int, now: datetime) -> Scan:
    return Scan(**_row(batch_id, now))
