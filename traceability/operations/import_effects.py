"""What an import does to the register's rows, and how all of it is taken back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Table, func, insert, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from traceability.domain.errors import Refused
from traceability.domain.folding import fold_name
from traceability.models import Base, ImportEffect
from traceability.models.base import Instant
from traceability.operations.import_known import as_stored
from traceability.operations.import_plan import NOW

_AT_ONCE = 500
_CLASSES: dict[str, type[Base]] = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}


def carry_out(session: Session, import_id: int, steps: list[dict[str, Any]], now: datetime) -> None:
    """Does the steps in as few rounds as their references need: what names a row comes after the round that adds it."""
    known: dict[str, int] = {}
    waiting = steps
    while waiting:
        ready = [step for step in waiting if all(name in known for name in _named(step))]
        if not ready:
            raise AssertionError("a plan refers to a row that it does not add")
        _round(session, import_id, ready, known, now)
        done = {id(step) for step in ready}
        waiting = [step for step in waiting if id(step) not in done]


def _named(step: dict[str, Any]) -> Iterator[str]:
    """The planned rows that a step refers to."""
    for name, value in step.get("values", {}).items():
        if name.endswith("_id") and isinstance(value, str):
            yield value
    if isinstance(step.get("key"), str):
        yield step["key"]


def _round(session: Session, import_id: int, steps: list[dict[str, Any]], known: dict[str, int], now: datetime) -> None:
    added, effects = list[tuple[dict[str, Any], Any]](), list[dict[str, Any]]()
    for step in steps:
        kind = _CLASSES[step["table"]]
        values = {"superseded_at": NOW} if step["act"] == "supersede" else step["values"]
        values = {name: _value(kind, name, value, known, now) for name, value in values.items()}
        if step["act"] == "insert":
            row = kind(**values)
            _fill(row, now)
            session.add(row)
            added.append((step, row))
            continue
        key = known[step["key"]] if isinstance(step["key"], str) else step["key"]
        row = session.get_one(kind, key, with_for_update=True)
        before = {name: as_stored(getattr(row, name)) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        after = {name: as_stored(value) for name, value in values.items()}
        effects.append(_effect(import_id, "update", step["table"], key, before, after))
    session.flush()
    for step, row in added:
        known[step["ref"]] = row.id
        after = {name: as_stored(getattr(row, name)) for name in step["values"]}
        effects.append(_effect(import_id, "insert", step["table"], row.id, None, after))
    if effects:
        session.execute(insert(ImportEffect), effects)


def _effect(import_id: int, act: str, table: str, row_id: int, before: dict[str, Any] | None, after: dict[str, Any]) -> dict[str, Any]:
    return {"import_id": import_id, "act": act, "of_table": table, "row_id": row_id, "before": before, "after": after}


def _fill(row: Any, now: datetime) -> None:
    """When a row came to be, where its table says so; and what nobody said, so that the database need not be asked for it."""
    for name, column in row.__table__.c.items():
        if name == "id" or name in inspect(row).dict:
            continue
        if name in ("created_at", "recorded_at"):
            setattr(row, name, now)
        elif column.default is not None and column.default.is_scalar:
            setattr(row, name, column.default.arg)
        elif name == "name_folded":
            row.name_folded = fold_name(row.name)
        elif column.nullable:
            setattr(row, name, None)


def _value(kind: type[Base], name: str, value: Any, known: dict[str, int], now: datetime) -> Any:
    if value == NOW and isinstance(kind.__table__.c[name].type, Instant):
        return now
    if name.endswith("_id") and isinstance(value, str):
        return known[value]
    if isinstance(value, str) and isinstance(kind.__table__.c[name].type, Date):
        return date.fromisoformat(value)
    return value


def take_back(session: Session, import_id: int) -> None:
    """Deletes what an import added and sets back what it changed, if nothing rests on it and nobody has changed it since.

    Refused `import_depended`, `import_overtaken`, `import_rests`.
    """
    effects = list(session.scalars(select(ImportEffect).where(ImportEffect.import_id == import_id).order_by(ImportEffect.id)))
    added: dict[str, set[int]] = defaultdict(set)
    latest: dict[tuple[str, int], dict[str, Any]] = defaultdict(dict)
    for effect in effects:
        latest[effect.of_table, effect.row_id].update(effect.after or {})
        if effect.act == "insert":
            added[effect.of_table].add(effect.row_id)
    rows = _locked(session, latest)
    for where, row in rows.items():
        if row is None or any(as_stored(getattr(row, name)) != value for name, value in latest[where].items()):
            raise Refused("import_overtaken", table=where[0], name=_name(row))
    _check_nothing_rests(session, added)
    for effect in reversed(effects):
        row = rows[effect.of_table, effect.row_id]
        if effect.act == "insert":
            session.delete(row)
            continue
        for name, value in (effect.before or {}).items():
            setattr(row, name, _before(_CLASSES[effect.of_table], name, value))
    try:
        session.flush()
    except IntegrityError:
        # A batch names its product together with the producer that the import gave it, say.
        raise Refused("import_rests") from None


def _locked(session: Session, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Any]:
    """Rows of several tables, in as few queries as there are pieces."""
    keys: dict[str, list[int]] = defaultdict(list)
    for table, key in wanted:
        keys[table].append(key)
    found: dict[tuple[str, int], Any] = {(table, key): None for table, of_table in keys.items() for key in of_table}
    for table, of_table in keys.items():
        kind: Any = _CLASSES[table]
        for start in range(0, len(of_table), _AT_ONCE):
            chosen = select(kind).where(kind.id.in_(of_table[start : start + _AT_ONCE])).with_for_update()
            found |= {(table, row.id): row for row in session.scalars(chosen)}
    return found


def _before(kind: type[Base], name: str, value: Any) -> Any:
    if isinstance(value, str) and isinstance(kind.__table__.c[name].type, Instant):
        return datetime.fromisoformat(value)
    return _value(kind, name, value, {}, datetime.min) if value is not None else None


def _name(row: Any) -> str:
    return str(getattr(row, "name", None) or getattr(row, "decision", None) or getattr(row, "url", None) or "–")


def _check_nothing_rests(session: Session, added: dict[str, set[int]]) -> None:
    """No row of any table may refer to a row that would go, but those that would go with it."""
    for table in Base.metadata.sorted_tables:
        for parent, column in _references(table):
            keys = sorted(added.get(parent, ()))
            for start in range(0, len(keys), _AT_ONCE):
                own = table.c.id if "id" in table.c else func.count().over()
                resting = select(own).where(table.c[column].in_(keys[start : start + _AT_ONCE]))
                others = [key for key in session.scalars(resting) if "id" not in table.c or key not in added.get(table.name, ())]
                if others:
                    raise Refused("import_depended", table=table.name, count=len(others))


def _references(table: Table) -> Iterator[tuple[str, str]]:
    for key in table.foreign_keys:
        if key.column.name == "id":
            yield key.column.table.name, key.parent.name
