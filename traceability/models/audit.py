"""The audit trail: who did what, when, on what, before and after. Rows are only ever added, each with the hash of the one before.

What an act inserts, updates or deletes through its session is noted as it happens and written down just before the commit,
in the same transaction: there is no act without its rows, and no rows without the act.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    CheckConstraint,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.orm import InstanceState, Mapped, Mapper, ORMExecuteState, Session, SessionTransaction, mapped_column, object_session

from traceability.domain.roles import Doer
from traceability.models.base import Base, Instant, one_of

CHANGES = ("insert", "update", "delete")
FIRST_PREVIOUS = bytes(32)
# Any number will do, as long as it is the same in every process and used for nothing else.
_CHAIN_LOCK = 7_205_759_403_792_794
_RECORDING = "audit"
_SECRET = "(secret)"  # noqa: S105
_log = logging.getLogger(__name__)


class AuditEntry(Base):
    """One changed object of one act. `before` and `after` are JSON as it was hashed: of an update only the changed columns.

    `act` is the act's own word where it has one; `change` is what happened to the row. Ids count from 1 without a gap.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        one_of("change", CHANGES),
        CheckConstraint("length(previous_hash) = 32 AND length(hash) = 32", name="hash_size"),
        UniqueConstraint("hash"),
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_object_kind_object_id", "object_kind", "object_id"),
    )
    __audited__ = False

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(20))
    session_ref: Mapped[str | None] = mapped_column(String(64))
    act: Mapped[str | None] = mapped_column(String(50))
    change: Mapped[str] = mapped_column(String(10))
    object_kind: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[int | None]
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


_HASHED = tuple(column.key for column in AuditEntry.__table__.columns if column.key not in ("previous_hash", "hash"))


@dataclass(frozen=True)
class Mark:
    """A row of the trail by its id and hash: what a checkpoint holds fast."""

    id: int
    hash: bytes
    at: datetime


@dataclass(frozen=True)
class Change:
    """What happened to one object, ready to be written down."""

    kind: str
    key: int | None
    change: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass
class Recording:
    """What one act has changed so far, and who acts."""

    actor: str
    role: str
    session_ref: str | None
    act: str | None
    changes: list[Change] = field(default_factory=list)
    # What the database held before an update or a delete, by the state of the object.
    held: dict[InstanceState[Any], dict[str, Any]] = field(default_factory=dict)
    # How many changes there were when a savepoint was set: going back to it forgets the later ones.
    savepoints: dict[SessionTransaction, int] = field(default_factory=dict)


_hooks: WeakKeyDictionary[Engine, list[Callable[[Mark], None]]] = WeakKeyDictionary()


def on_audited(engine: Engine, hook: Callable[[Mark], None]) -> None:
    """Calls the hook with the last row after every committed act that wrote rows. What it raises is logged, the act stands."""
    _hooks.setdefault(engine, []).append(hook)


def tell(engine: Engine, mark: Mark) -> None:
    """Calls the hooks of the engine."""
    for hook in _hooks.get(engine, ()):
        try:
            hook(mark)
        except Exception:
            _log.exception("row %s of the audit trail is written, but what follows it failed", mark.id)


def begin_recording(session: Session, *, by: Doer | None, session_ref: str | None, act: str | None) -> None:
    """From now on the session notes what it changes."""
    name, role = (by.name, by.role) if by else ("unattended", "system")
    session.info[_RECORDING] = Recording(name[:100], role, session_ref, act)


def note(session: Session, kind: str, key: int | None, after: dict[str, Any], *, change: str = "insert") -> None:
    """Notes what leaves no audited row of its own, such as a sign-in. `after` holds nothing personal and no secret.

    Nothing is noted where the session keeps no trail.
    """
    assert change in CHANGES
    recording: Recording | None = session.info.get(_RECORDING)
    if recording is not None:
        recording.changes.append(Change(kind, key, change, {} if change == "update" else None, after))


def write_down(session: Session) -> Mark | None:
    """Writes what was noted, as the last thing of the act; the last row, or None where nothing was changed.

    Who writes waits for whoever writes: on PostgreSQL by a lock that ends with the transaction, on SQLite every act does.
    """
    session.flush()
    recording: Recording = session.info[_RECORDING]
    changes = _merged(recording.changes)
    recording.changes.clear()
    if not changes:
        return None
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    last = last_mark(connection)
    rows: list[dict[str, Any]] = []
    number, digest = (last.id, last.hash) if last else (0, FIRST_PREVIOUS)
    now = datetime.now(UTC)
    for change in changes:
        number += 1
        row = {
            "id": number,
            "at": now,
            "actor": recording.actor,
            "role": recording.role,
            "session_ref": recording.session_ref,
            "act": recording.act,
            "change": change.change,
            "object_kind": change.kind,
            "object_id": change.key,
            "before": _json(change.before),
            "after": _json(change.after),
        }
        row["previous_hash"] = digest
        row["hash"] = digest = hash_of(row, digest)
        rows.append(row)
    connection.execute(AuditEntry.__table__.insert(), rows)  # type: ignore[attr-defined]
    return Mark(number, digest, now)


def last_mark(connection: Connection) -> Mark | None:
    """The last row of the trail."""
    columns = AuditEntry.__table__.c
    row = connection.execute(select(columns.id, columns.hash, columns.at).order_by(columns.id.desc()).limit(1)).first()
    return Mark(*row) if row else None


def hash_of(row: dict[str, Any], previous_hash: bytes) -> bytes:
    """SHA-256 over the row as JSON (keys in order, no spaces, ASCII, times in UTC) with the hash of the row before."""
    content = {name: row[name] for name in _HASHED}
    content["at"] = content["at"].astimezone(UTC).isoformat(timespec="microseconds")
    content["previous_hash"] = previous_hash.hex()
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")).digest()


def columns_of(entry: AuditEntry) -> dict[str, Any]:
    """What `hash_of` takes, of a stored row."""
    return {name: getattr(entry, name) for name in _HASHED}


def _json(values: dict[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _merged(changes: Iterable[Change]) -> list[Change]:
    """One change an object, in the order in which they were first touched."""
    merged: dict[tuple[str, object], Change] = {}
    for change in changes:
        key = (change.kind, change.key)
        first = merged.get(key)
        if first is None:
            merged[key] = change
        elif (first.change, change.change) == ("insert", "delete"):
            # It was never there for anybody else.
            del merged[key]
        else:
            merged[key] = _combined(first, change)
    return list(merged.values())


def _combined(first: Change, then: Change) -> Change:
    if first.change == "insert":
        return replace(first, after={**(first.after or {}), **(then.after or {})})
    if then.change == "delete":
        return replace(then, before={**(then.before or {}), **(first.before or {})})
    return replace(
        first, change="update", before={**(then.before or {}), **(first.before or {})}, after={**(first.after or {}), **(then.after or {})}
    )


def _recording_for(target: object) -> Recording | None:
    session = object_session(target) if isinstance(target, Base) and target.__audited__ else None
    return session.info.get(_RECORDING) if session else None


@event.listens_for(Mapper, "after_insert")
def _inserted(mapper: Mapper[Any], connection: Connection, target: Base) -> None:
    recording = _recording_for(target)
    if recording is not None:
        _note(recording, mapper, target, "insert", None, _values(mapper, connection, target, _columns(mapper)))


@event.listens_for(Mapper, "before_update")
def _updating(mapper: Mapper[Any], connection: Connection, target: Base) -> None:
    recording = _recording_for(target)
    if recording is None:
        return
    state = inspect(target)
    histories = {name: state.attrs[name].history for name in _columns(mapper)}
    changed = {name: history.deleted[0] if history.deleted else None for name, history in histories.items() if history.added}
    # Set without having been loaded: the session does not know what was there.
    unknown = [name for name in changed if not histories[name].deleted]
    recording.held[state] = changed | _stored(mapper, connection, target, unknown)


@event.listens_for(Mapper, "after_update")
def _updated(mapper: Mapper[Any], connection: Connection, target: Base) -> None:
    recording = _recording_for(target)
    before = recording.held.pop(inspect(target), None) if recording is not None else None
    if recording is None or not before:
        return
    after = _values(mapper, connection, target, list(before))
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        _note(recording, mapper, target, "update", {name: before[name] for name in changed}, {name: after[name] for name in changed})


@event.listens_for(Mapper, "before_delete")
def _deleting(mapper: Mapper[Any], connection: Connection, target: Base) -> None:
    recording = _recording_for(target)
    if recording is not None:
        recording.held[inspect(target)] = _stored(mapper, connection, target, _columns(mapper))


@event.listens_for(Mapper, "after_delete")
def _deleted(mapper: Mapper[Any], _connection: Connection, target: Base) -> None:
    recording = _recording_for(target)
    if recording is not None:
        _note(recording, mapper, target, "delete", recording.held.pop(inspect(target)), None)


@event.listens_for(Session, "do_orm_execute")
def _refuse_past_the_trail(state: ORMExecuteState) -> None:
    """A statement that changes many rows at once of an audited table would leave no trace: a bug, not an act."""
    recording = state.session.info.get(_RECORDING)
    if recording is None or not (state.is_insert or state.is_update or state.is_delete):
        return
    table = str(getattr(state.statement, "table", ""))
    if any(str(mapper.local_table) == table and mapper.class_.__audited__ for mapper in Base.registry.mappers):
        raise RuntimeError(f"rows of {table} are changed through their objects, so that the audit trail knows")


@event.listens_for(Session, "after_transaction_create")
def _remember_savepoint(session: Session, transaction: SessionTransaction) -> None:
    recording = session.info.get(_RECORDING)
    if recording is not None and transaction.nested:
        recording.savepoints[transaction] = len(recording.changes)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    recording = session.info.get(_RECORDING)
    if recording is not None:
        recording.held.clear()
        if transaction.nested:
            del recording.changes[recording.savepoints.pop(transaction, 0) :]
        elif transaction.parent is None:
            recording.changes.clear()


def _columns(mapper: Mapper[Any]) -> list[str]:
    return [attribute.key for attribute in mapper.column_attrs]


def _values(mapper: Mapper[Any], connection: Connection, target: Base, names: list[str]) -> dict[str, Any]:
    """What the object holds now; what the database worked out is asked for."""
    held = inspect(target).dict
    known = {name: held[name] for name in names if name in held}
    return known | _stored(mapper, connection, target, [name for name in names if name not in known])


def _stored(mapper: Mapper[Any], connection: Connection, target: Base, names: list[str]) -> dict[str, Any]:
    """What the database holds of the row at this moment."""
    if not names:
        return {}
    columns = [mapper.attrs[name].columns[0].label(name) for name in names]
    keys = zip(mapper.primary_key, mapper.primary_key_from_instance(target), strict=True)
    row = connection.execute(select(*columns).where(*(column == value for column, value in keys))).first()
    return dict(row._mapping) if row else dict.fromkeys(names)


def _note(
    recording: Recording, mapper: Mapper[Any], target: Base, change: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    key = mapper.primary_key_from_instance(target)
    whole = key[0] if len(key) == 1 and isinstance(key[0], int) else None
    personal, secret = target.personal_columns(), target.__secret__

    def shown(values: dict[str, Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        return {
            name: _shown(value, masked=name in personal) if name not in secret else None if value is None else _SECRET
            for name, value in values.items()
            # That a secret was changed is told, what it was and is never.
            if name not in secret or change == "update"
        }

    recording.changes.append(Change(str(mapper.local_table), whole, change, shown(before), shown(after)))


def _shown(value: Any, *, masked: bool) -> Any:
    """A value as JSON can hold it: of bytes their hash and length, of a masked value its first character and length."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return f"sha256:{hashlib.sha256(value).hexdigest()[:16]}/{len(value)}"
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat()
    elif isinstance(value, date):
        value = value.isoformat()
    if masked:
        words = value if isinstance(value, str) else str(value)
        return f"{words[:1]}…({len(words)})"
    return value if isinstance(value, bool | int | float | str | list | dict) else str(value)
