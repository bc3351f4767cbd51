"""A database that is locked, read-only, full, old or away costs the count of a scan, never the page; and no words are lost."""

import re
import sqlite3
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.factories import PRODUCER
from traceability import create_app, scan_loader
from traceability.cli.checks import NotReady, check_ready
from traceability.config import read_settings
from traceability.keystore import initialise
from traceability.migrations import head_revision, migrate, migrate_down
from traceability.models import ConsumerReport, Scan
from traceability.models.engine import acting, reading
from traceability.operations.register_batch import NewBatch, register_batch
from traceability.web import reports

WORDS = "Hộp bị mở, mùi lạ. " * 50
FORM = {"kind": "pack_opened", "words": WORDS.strip(), "place": "Chợ Cốc Lếu", "key": "key-1"}
LEAK = re.compile(r"Traceback|sqlalchemy|psycopg|sqlite|no such table|does not exist|Error", re.IGNORECASE)


@pytest.fixture(autouse=True)
def short_patience(monkeypatch):
    """The report form waits for a lock as long as a scan does, so that the tests do not."""
    monkeypatch.setattr(reports, "acting", partial(acting, patience_ms=300))


@contextmanager
def locked(engine):
    """Another connection holds the write lock."""
    if engine.dialect.name == "sqlite":
        other = sqlite3.connect(engine.url.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.close()
        return
    with engine.connect() as connection, connection.begin():
        connection.execute(text("LOCK TABLE scan, consumer_report IN SHARE ROW EXCLUSIVE MODE"))
        yield


@contextmanager
def read_only(engine):
    """Nothing can be written."""
    if engine.dialect.name == "sqlite":

        def forbid(connection, *_):
            connection.execute("PRAGMA query_only=ON")

        event.listen(engine, "checkout", forbid)
        yield
        event.remove(engine, "checkout", forbid)
        engine.dispose()
        return
    for state in ("on", "off"):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.execute(text(f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = {state}"))
        engine.dispose()
        if state == "on":
            yield


@contextmanager
def full(engine):
    """The disk holds no more."""
    if engine.dialect.name == "sqlite":

        def limit(connection, *_):
            connection.execute(f"PRAGMA max_page_count={connection.execute('PRAGMA page_count').fetchone()[0]}")

        _fill_pages(engine, limit)
        event.listen(engine, "checkout", limit)
        yield
        event.remove(engine, "checkout", limit)
        engine.dispose()
        return

    def refuse(_connection, _cursor, statement, *_):
        if statement.startswith("INSERT"):
            raise OperationalError(statement, {}, psycopg.errors.DiskFull("could not extend file: No space left on device"))

    event.listen(engine, "before_cursor_execute", refuse)
    yield
    event.remove(engine, "before_cursor_execute", refuse)


def _fill_pages(engine, limit):
    """Uses up the room that the tables' last pages still have."""
    connection = sqlite3.connect(engine.url.database, isolation_level=None)
    limit(connection)
    scan = (
        "INSERT INTO scan (batch_id, unit, form, verdict, visitor, minute, scanned_at)"
        " VALUES (1, 0, 'x', 'ISSUED', randomblob(16), ?, '2020-01-01 00:00:00')"
    )
    report = (
        "INSERT INTO consumer_report (stamp_text, verdict, kind, words, visitor, reported_at, idempotency_key)"
        " VALUES ('x', 'ISSUED', 'other', ?, x'00', '2020-01-01 00:00:00', 'filler' || hex(randomblob(8)))"
    )
    for statement in (scan, report):
        with pytest.raises(sqlite3.OperationalError, match="full"):
            for number in range(10_000):
                connection.execute(statement, (number if statement == scan else WORDS,))
    connection.close()


def count(services, kind):
    with reading(services.engine) as session:
        return session.scalar(select(func.count(kind.id)))


@pytest.mark.parametrize("failing", [locked, read_only, full])
def test_a_database_that_cannot_be_written_to_costs_neither_page_nor_scan(client, workshop, services, failing, monkeypatch):
    monkeypatch.setattr(scan_loader, "acting", partial(acting, patience_ms=300))
    batch = workshop.stamped()
    path = f"/S/{batch.code}?lang=en"
    client.get(path, headers={"User-Agent": "Phone 1"})
    with failing(services.engine):
        before = count(services, Scan)
        answer = client.get(path, headers={"User-Agent": "Phone 2"})
        assert answer.status_code == 200 and batch.lot in answer.text
        assert client.get("/").status_code == 200
        with pytest.raises(OperationalError if failing is not read_only else DBAPIError):
            workshop.load_scans()
        assert count(services, Scan) == before
    client.get(path, headers={"User-Agent": "Phone 3"})
    workshop.load_scans()
    assert count(services, Scan) == before + 3


@pytest.mark.parametrize("failing", [locked, read_only, full])
def test_a_report_that_cannot_be_stored_comes_back_with_the_persons_words(client, workshop, services, failing):
    batch = workshop.stamped()
    form = {**FORM, "stamp": batch.code}
    with failing(services.engine):
        before = count(services, ConsumerReport)
        answer = client.post("/report?lang=en", data=form)
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "60"
        assert FORM["words"] in answer.text and FORM["place"] in answer.text and batch.code in answer.text
        assert 'value="key-1"' in answer.text and re.search(r'value="pack_opened"[^>]* checked', answer.text)
        assert "Nothing was lost" in answer.text and not LEAK.search(answer.text)
        assert count(services, ConsumerReport) == before
    # The same form, sent again, is stored.
    assert client.post("/report", data=form).status_code == 201
    assert count(services, ConsumerReport) == before + 1


def test_a_database_that_misses_a_migration_says_so_in_plain_words_and_is_not_served(client, services):
    check_ready(services)
    migrate_down(services.engine, "0003")
    with pytest.raises(NotReady, match=rf"0003.*needs {head_revision()}.*init"):
        check_ready(services)
    migrate_down(services.engine, "base")
    with pytest.raises(NotReady, match=r"schema none.*init"):
        check_ready(services)
    for path in ("/S/7K3MQ9X2ABCS", "/01/09521234500018", "/01/09521234500018/10/L", f"/picture/{'0' * 64}"):
        answer = client.get(f"{path}?lang=en")
        assert answer.status_code == 503 and "try again in a minute" in answer.text, path
        assert not LEAK.search(answer.text)
    assert FORM["words"] in client.post("/report", data={**FORM, "stamp": "7K3MQ9X2ABCS"}).text
    migrate(services.engine)
    check_ready(services)
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("table", ["recall", "stamp_count"])
def test_a_table_that_is_gone_is_answered_in_plain_words(client, workshop, services, table):
    batch = workshop.stamped()
    with services.engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {table}"))
    answer = client.get(f"/S/{batch.code}?lang=en")
    assert answer.status_code == 503 and "try again in a minute" in answer.text and not LEAK.search(answer.text)


def test_a_database_that_is_away_is_answered_in_plain_words(dialect, tmp_path, clock):
    url = {"sqlite": f"sqlite:///{tmp_path / 'missing' / 'x.db'}", "postgresql": "postgresql+psycopg://nobody:geheim@127.0.0.1:1/none"}[
        dialect
    ]
    settings = read_settings({"DATABASE_URL": url, "INSTANCE": str(tmp_path / "instance"), "PUBLIC_URL": "https://trace.example.vn"})
    app = create_app(settings, clock)
    client = app.test_client()
    services = app.extensions["traceability"]
    with pytest.raises(NotReady, match="init"):
        check_ready(services)
    # Neither keys nor database.
    assert client.get("/S/7K3MQ9X2ABCS").status_code == 503
    initialise(settings.keys_folder, settings.public_host, clock())
    for path in ("/S/7K3MQ9X2ABCS", "/01/09521234500018/10/L", "/lookup?code=7K3MQ9X2ABCS"):
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 503 and not LEAK.search(answer.text), path
    answer = client.post("/report", data={**FORM, "stamp": "7K3MQ9X2ABCS"})
    assert answer.status_code == 503 and FORM["words"] in answer.text
    # What needs no database is served.
    assert client.get("/").status_code == 200
    assert client.get("/.well-known/traceability-keys.json").status_code == 200
    assert client.get("/S/XX").status_code == 400
    with pytest.raises(NotReady) as caught:
        check_ready(services)
    line = str(caught.value)
    assert line.startswith("the database cannot be reached") and "geheim" not in line and "\n" not in line


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_server_that_was_started_again_is_found_again(client, workshop, services):
    batch = workshop.stamped()
    assert client.get(f"/S/{batch.code}").status_code == 200
    with services.engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(text(others))
    assert client.get(f"/S/{batch.code}").status_code == 200


def test_a_batch_whose_master_key_is_not_here_is_not_served(workshop, services):
    product = workshop.product()
    check_ready(services)
    for number, key in enumerate(("1", "10", "9")):
        entry = NewBatch(product.id, lot=f"L{number}", quantity=1, package="bag")
        workshop.act(register_batch, entry, random=bytes([number] * 7), master_key_id=key, actor=PRODUCER, now=workshop.now)
    with pytest.raises(NotReady, match=r"serial master key 9, 10 is not in .*restore"):
        check_ready(services)


def test_a_host_that_is_not_in_the_key_file_is_not_served(services, database_url, clock):
    settings = read_settings(
        {"DATABASE_URL": database_url, "INSTANCE": str(services.settings.instance), "PUBLIC_URL": "https://tem.example.org"}
    )
    app = create_app(settings, clock)
    with pytest.raises(NotReady, match=r"TEM\.EXAMPLE\.ORG.*init"):
        check_ready(app.extensions["traceability"])
    app.extensions["traceability"].engine.dispose()
