"""The schema's history: up, down and up again loses nothing, or does not happen."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from tests.factories import NOTICE, OFFICE, refused
from traceability.migrations import current_revision, head_revision, migrate, migrate_down
from traceability.migrations.keep import WouldLoseRows
from traceability.models import Base, Batch, DayCount
from traceability.models.engine import make_engine
from traceability.operations.withdraw import recall_goods

# Columns that later steps add with a default; the sample leaves them at it.
ADDED_LATER = {
    "batch": {"version"},
    "product": {"lot_pattern", "keeps_days", "name_folded"},
    "producer": {"name_folded"},
    "geographical_indication": {"manager_now", "documents"},
    "published_count": {"scope", "newly", "re_evaluated", "details"},
    "craft_village": {"craft", "decision", "recognised_on", "source"},
    "recognition": {"decision_folded", "withdrawal_recorded_at", "superseded_at"},
    "print_run": {"design", "language"},
    "growing_area": {"code_folded"},
    "scan": {"place"},
    "suspicion": {"suspected_by", "cleared_by"},
    "consumer_report": {"photograph", "handled_at", "handled_by", "handled_words"},
}


def dump(engine):
    """All rows of all tables that hold any, without the columns that were added later."""
    there = set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        tables = [table for table in Base.metadata.sorted_tables if table.name in there]
        selects = {
            table.name: select(*(column for column in table.c if column.name not in ADDED_LATER.get(table.name, ()))) for table in tables
        }
        return {name: rows for name, query in selects.items() if (rows := sorted(connection.execute(query).all(), key=repr))}


def empty_trail(engine):
    """What no act can do: the audit trail is emptied, by hand."""
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_kept" + (" ON audit_entry" if engine.dialect.name == "postgresql" else "")))
        connection.execute(text("DELETE FROM audit_entry"))


def constraint_names(engine):
    """The names of all constraints and indexes that the database holds, by table."""
    found = inspect(engine)
    return {
        table: {
            *(check["name"] for check in found.get_check_constraints(table)),
            *(unique["name"] for unique in found.get_unique_constraints(table)),
            *(foreign["name"] for foreign in found.get_foreign_keys(table)),
            *(index["name"] for index in found.get_indexes(table)),
            found.get_pk_constraint(table)["name"],
        }
        for table in set(Base.metadata.tables) & set(found.get_table_names())
    }


def test_down_and_up_again_keeps_all_rows_of_the_sample(workshop, client):
    batches = workshop.sample()
    engine = workshop.services.engine
    client.get(f"/S/{batches[1].code}")
    workshop.load_scans()
    # What was published of one decision has no place in older schemas: the step down says so.
    with pytest.raises(WouldLoseRows, match="published_count"):
        migrate_down(engine, "0023")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM published_count WHERE scope <> 'all'"))
    before = dump(engine)
    assert all(before[name] for name in ("scan", "issuance", "recall", "revocation", "stage", "picture", "published_count", "audit_entry"))
    with pytest.raises(WouldLoseRows, match="audit_entry"):
        migrate_down(engine, "0003")
    empty_trail(engine)
    # News for processes that keep pages, and places in files: no step keeps them.
    for table in ("audit_entry", "register_change", "journal_file"):
        del before[table]
    counts = {table: before.pop(table) for table in ("stamp_count", "batch_count", "scan_day")}
    migrate_down(engine, "0003")
    assert current_revision(engine) == "0003" and dump(engine) == before
    migrate(engine)
    after = dump(engine)
    # Names that are folded anew are news.
    del after["register_change"]
    # The rules begin after the scans that are there.
    assert after.pop("scan_watch") == [(1, max(row.id for row in before["scan"]))]
    assert {table: after.pop(table) for table in counts} == counts
    assert current_revision(engine) == head_revision() and after == before
    # What is frozen is frozen again.
    with refused("claims_frozen"):
        workshop.act(lambda session: setattr(session.get(Batch, batches[0].id), "lot", "OTHER"))
    with pytest.raises(IntegrityError, match="issuance_kept"), engine.begin() as connection:
        connection.execute(text("DELETE FROM issuance"))


def test_the_scans_of_days_are_summed_on_the_way_up(workshop, client):
    made_up, real = workshop.sample()[1], workshop.stamped()
    for batch in (made_up, real):
        for number in range(3):
            client.get(f"/S/{batch.code}", headers={"User-Agent": f"Phone {number}"})
    workshop.load_scans()
    with workshop.services.engine.begin() as connection:
        connection.execute(text("DELETE FROM published_count WHERE scope <> 'all'"))
    migrate_down(workshop.services.engine, "0024")
    migrate(workshop.services.engine)
    with workshop.services.engine.connect() as connection:
        assert connection.scalars(select(DayCount.times)).all() == [3]


def test_places_of_scans_hold_back_the_step_that_would_drop_them(workshop, client):
    client.get(f"/S/{workshop.stamped().code}")
    workshop.load_scans()
    engine = workshop.services.engine
    with engine.begin() as connection:
        connection.execute(text("UPDATE scan SET place = 15"))
    with pytest.raises(WouldLoseRows, match="places"):
        migrate_down(engine, "0025")
    with engine.begin() as connection:
        connection.execute(text("UPDATE scan SET place = NULL"))
    migrate_down(engine, "0025")
    assert "place" not in {column["name"] for column in inspect(engine).get_columns("scan")}


@pytest.mark.parametrize("revision", ["0002", "0001", "base"])
def test_a_step_down_that_would_lose_rows_does_not_happen(workshop, revision):
    batch, engine = workshop.stamped(), workshop.services.engine
    workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=workshop.now)
    before = dump(engine)
    with pytest.raises(WouldLoseRows, match="backup"):
        migrate_down(engine, revision)
    # Nothing of the step happened: not even the triggers are gone.
    assert current_revision(engine) == head_revision() and dump(engine) == before
    with pytest.raises(IntegrityError, match="issuance_kept"), engine.begin() as connection:
        connection.execute(text("DELETE FROM issuance"))


def test_rows_of_any_table_hold_back_the_step_that_would_drop_it(engine):
    migrate_down(engine, "0001")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO craft_village (name) VALUES ('Làng dệt Tả Phìn')"))
    with pytest.raises(WouldLoseRows, match="craft_village"):
        migrate_down(engine, "base")
    assert current_revision(engine) == "0001"


def test_an_empty_database_goes_all_the_way_down_and_up(engine):
    names = constraint_names(engine)
    migrate_down(engine, "base")
    assert current_revision(engine) is None
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM pg_proc WHERE proname LIKE 'refuse_%'")) == 0
    for revision in (f"{step:04}" for step in range(1, int(head_revision()) + 1)):
        migrate(engine, revision)
        assert current_revision(engine) == revision
    assert constraint_names(engine) == names


def test_migrating_twice_changes_nothing(engine):
    names = constraint_names(engine)
    migrate(engine)
    assert current_revision(engine) == head_revision() and constraint_names(engine) == names


def test_the_models_and_the_migrations_describe_the_same_tables(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_constraint_has_a_name_which_is_the_same_in_models_and_database(engine):
    for table in Base.metadata.tables.values():
        assert all(constraint.name for constraint in table.constraints), table.name
    declared = {name: {str(part.name) for part in (*table.constraints, *table.indexes)} for name, table in Base.metadata.tables.items()}
    found = constraint_names(engine)
    if engine.dialect.name == "postgresql":
        # A name has at most 63 bytes here; a longer one would be cut.
        assert max(len(name) for names in declared.values() for name in names) <= 63
    assert found == declared


def test_the_checks_of_models_and_migrations_say_the_same(engine, tmp_path):
    def checks(engine, schema=None):
        found = inspect(engine)
        return {
            check["name"]: " ".join(check["sqltext"].split())
            for table in Base.metadata.tables
            for check in found.get_check_constraints(table, schema=schema)
        }

    if engine.dialect.name == "sqlite":
        made = make_engine(f"sqlite:///{tmp_path / 'made.db'}")
        Base.metadata.create_all(made)
        assert checks(made) == checks(engine)
        made.dispose()
        return
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA made"))
        Base.metadata.create_all(connection.execution_options(schema_translate_map={None: "made"}))
    assert checks(engine, "made") == checks(engine)


def test_a_path_with_a_percent_sign_can_be_migrated(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / '100% gạo.db'}")
    migrate(engine)
    assert current_revision(engine) == head_revision()
    engine.dispose()


def test_sqlite_keeps_its_promises_on_every_connection(workshop):
    with workshop.services.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            promised = {"foreign_keys": 1, "recursive_triggers": 1, "synchronous": 2, "journal_mode": "wal"}
            assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in promised} == promised
        else:
            assert connection.scalar(text("SHOW lock_timeout")) == "5s"
