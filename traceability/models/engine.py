"""Connections: what SQLite must be told so that it keeps what PostgreSQL keeps, and sessions for reading and for acting."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from traceability.domain.errors import Refused
from traceability.domain.roles import Doer
from traceability.models.audit import begin_recording, tell, write_down
from traceability.models.conflicts import meaning_of

BUSY_TIMEOUT_MS = 5000
# A server that has gone without a word is noticed within seconds, not after the system's quarter of an hour.
_POSTGRESQL = {
    "connect_timeout": 5,
    "options": "-c lock_timeout=5000",
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def make_engine(database_url: str) -> Engine:
    """An engine for `sqlite:///…` or `postgresql+psycopg://…`."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, pool_pre_ping=True, connect_args=_POSTGRESQL)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads, on one snapshot: a verdict and the page around it cannot disagree."""
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def acting(
    engine: Engine,
    *,
    patience_ms: int = BUSY_TIMEOUT_MS,
    by: Doer | None = None,
    session_ref: str | None = None,
    act: str | None = None,
    is_durable: bool = True,
) -> Iterator[Session]:
    """A session for one act: committed at its end, or nothing of it.

    On SQLite the write lock is taken at once: a transaction that reads first and writes later could find that it must
    begin again. A constraint that stands for a rule is raised as that rule's Refused. `patience_ms` is how long to wait for
    others' locks. An act that is not `is_durable` may be lost by a power cut until the next one that is: for whoever can do it
    again. What the session changes goes into the audit trail: `by` whom, from which session, and the act's word.
    """
    options = {"acting": True, "patience_ms": patience_ms, "is_durable": is_durable}
    try:
        with Session(engine.execution_options(**options), expire_on_commit=False) as session, session.begin():
            if engine.dialect.name == "postgresql" and patience_ms != BUSY_TIMEOUT_MS:
                session.execute(text(f"SET LOCAL lock_timeout = {int(patience_ms)}"))
            if engine.dialect.name == "postgresql" and not is_durable:
                session.execute(text("SET LOCAL synchronous_commit = off"))
            begin_recording(session, by=by, session_ref=session_ref, act=act)
            yield session
            mark = write_down(session)
    except IntegrityError as error:
        refusal = meaning_of(error)
        if refusal is None:
            raise
        raise refusal from error
    if mark is not None:
        tell(engine, mark)


@event.listens_for(Session, "before_flush")
def _check_lengths(session: Session, _context: object, _instances: object) -> None:
    """Refused `text_long`: PostgreSQL would refuse it as an error of its own, SQLite would keep what others cannot."""
    for row in [*session.new, *session.dirty]:
        for column in inspect(row).mapper.column_attrs:
            length = getattr(column.columns[0].type, "length", None) or 0
            value = getattr(row, column.key) if length and column.key not in inspect(row).unloaded else None
            if isinstance(value, str) and len(value) > length:
                raise Refused("text_long", field=column.key, length=len(value), largest=length)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transactions begin late and not at all before DDL; ours begin when SQLAlchemy says so.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Recursive triggers: without them, REPLACE deletes a row past the trigger that keeps it.
    for pragma in ("foreign_keys=ON", "recursive_triggers=ON", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("acting"):
        connection.exec_driver_sql("BEGIN")
        return
    patience_ms = int(options.get("patience_ms", BUSY_TIMEOUT_MS))
    connection.exec_driver_sql(f"PRAGMA busy_timeout={patience_ms}")
    # Within a transaction it cannot be changed.
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options.get('is_durable', True) else 'NORMAL'}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
