"""The audit trail: nothing is done without a row, no row is there without the deed, and no row can be changed."""

import json
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.factories import OFFICE, refused
from traceability.models import Account, AuditEntry, Batch, BatchInput, CraftVillage, Delivery, KeyAlarm, Picture, Producer, Product, Scan
from traceability.models.audit import FIRST_PREVIOUS, columns_of, hash_of, note, on_audited
from traceability.models.base import Base
from traceability.models.engine import acting, reading

NOW = datetime(2026, 11, 25, tzinfo=UTC)
# What nobody says of a craft village here.
VILLAGE = dict.fromkeys(("craft", "decision", "recognised_on", "source"))


def trail(engine):
    """All rows; each is chained to the one before, and the ids count from 1."""
    with reading(engine) as session:
        rows = list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
    previous = FIRST_PREVIOUS
    for number, row in enumerate(rows, 1):
        assert (row.id, row.previous_hash) == (number, previous)
        assert hash_of(columns_of(row), previous) == row.hash
        previous = row.hash
    return rows


def told(row):
    return row.change, row.object_kind, row.object_id, row.before and json.loads(row.before), row.after and json.loads(row.after)


def village(engine, name, **named):
    with acting(engine, **named) as session:
        row = CraftVillage(name=name)
        session.add(row)
        session.flush()
        return row.id


def producer(**columns):
    return Producer(**{"kind": "cooperative", "name": "HTX", "created_at": NOW, **columns})


def test_who_did_what_when_and_from_which_session_is_recorded(engine):
    before = datetime.now(UTC)
    key = village(engine, "Tả Phìn", by=OFFICE, session_ref="s-1", act="register")
    (row,) = trail(engine)
    assert (row.actor, row.role, row.session_ref, row.act) == ("Office", "office", "s-1", "register")
    assert before - timedelta(seconds=1) <= row.at <= datetime.now(UTC)
    assert told(row) == ("insert", "craft_village", key, None, {"id": key, "name": "Tả Phìn", "commune_code": None, **VILLAGE})


def test_an_act_of_nobody_is_recorded_as_such(engine):
    village(engine, "Tả Phìn")
    (row,) = trail(engine)
    assert (row.actor, row.role, row.session_ref, row.act) == ("unattended", "system", None, None)


def test_of_an_update_only_what_changed_is_recorded(engine):
    key = village(engine, "Tả Phìn")
    with acting(engine) as session:
        found = session.get(CraftVillage, key)
        found.name, found.commune_code = "Sả Séng", found.commune_code
    assert told(trail(engine)[1]) == ("update", "craft_village", key, {"name": "Tả Phìn"}, {"name": "Sả Séng"})


def test_a_change_that_changes_nothing_leaves_no_row(engine):
    key = village(engine, "Tả Phìn")
    with acting(engine) as session:
        found = session.get(CraftVillage, key)
        found.name = "Sả Séng"
        found.name = "Tả Phìn"
    with acting(engine) as session:
        session.get(CraftVillage, key)
    assert len(trail(engine)) == 1


def test_a_deleted_row_is_recorded_as_it_was(engine):
    key = village(engine, "Tả Phìn")
    with acting(engine) as session:
        session.delete(session.get(CraftVillage, key))
    assert told(trail(engine)[1]) == ("delete", "craft_village", key, {"id": key, "name": "Tả Phìn", "commune_code": None, **VILLAGE}, None)


def test_one_object_is_one_row_however_often_it_is_written(engine):
    with acting(engine) as session:
        row, gone = CraftVillage(name="a"), CraftVillage(name="gone")
        session.add_all([row, gone])
        session.flush()
        row.name = "b"
        session.delete(gone)
        session.flush()
    assert [told(row)[0::4] for row in trail(engine)] == [("insert", {"id": 1, "name": "b", "commune_code": None, **VILLAGE})]
    with acting(engine) as session:
        found = session.get(CraftVillage, 1)
        for name in ("c", "d"):
            found.name = name
            session.flush()
    assert told(trail(engine)[1])[3:] == ({"name": "b"}, {"name": "d"})
    with acting(engine) as session:
        found = session.get(CraftVillage, 1)
        found.name = "e"
        session.flush()
        session.delete(found)
    assert told(trail(engine)[2])[0::3] == ("delete", {"id": 1, "name": "d", "commune_code": None, **VILLAGE})


def test_what_the_session_never_loaded_is_recorded_too(engine):
    with acting(engine) as session:
        session.add(Picture(sha256="0" * 64, media_type="image/png", width_px=1, height_px=1, content=b"old"))
    with acting(engine) as session:
        session.get(Picture, 1).content = b"newer"
    with acting(engine) as session:
        session.delete(session.get(Picture, 1))
    made, changed, gone = trail(engine)
    old = json.loads(made.after)["content"]
    assert old.startswith("sha256:") and old.endswith("/3")
    assert json.loads(changed.before) == {"content": old} and json.loads(changed.after)["content"].endswith("/5")
    assert json.loads(gone.before)["content"] == json.loads(changed.after)["content"]


def test_what_the_database_works_out_is_recorded(engine):
    key = village(engine, "Tả Phìn")
    with acting(engine) as session:
        session.get(CraftVillage, key).name = CraftVillage.name + "!"
    assert told(trail(engine)[1])[3:] == ({"name": "Tả Phìn"}, {"name": "Tả Phìn!"})


def test_a_key_that_follows_from_a_relationship_is_recorded(engine):
    with acting(engine) as session:
        maker = producer()
        maker.products.append(Product(name="Gạo", ocop_group=1, created_at=NOW))
        session.add(maker)
    assert json.loads(trail(engine)[1].after)["producer_id"] == 1


def test_personal_fields_are_masked(engine):
    with acting(engine) as session:
        session.add_all([producer(phone="0912345678", address="12 Hoàng Liên"), producer(kind="household", name="Nguyễn Văn A")])
    with acting(engine) as session:
        session.get(Producer, 1).phone = "0987654321"
        # Of a household that becomes something else the old name stays a person's.
        home = session.get(Producer, 2)
        home.kind, home.name = "company", "Công ty A"
    text_of_all = "".join((row.before or "") + (row.after or "") for row in trail(engine))
    for secret in ("0912345678", "0987654321", "Hoàng Liên", "Nguyễn", "12 H"):
        assert secret not in text_of_all
    cooperative, household, called, became = (told(row) for row in trail(engine))
    assert cooperative[4]["phone"] == "0…(10)" and cooperative[4]["name"] == "HTX"
    assert household[4]["name"] == "N…(12)" and household[4]["phone"] is None
    assert called[3:] == ({"phone": "0…(10)"}, {"phone": "0…(10)"})
    assert became[3]["name"] == "N…(12)"


def test_secret_columns_never_appear_but_that_they_changed_does(engine, monkeypatch):
    monkeypatch.setattr(CraftVillage, "__secret__", frozenset({"name"}))
    key = village(engine, "geheim")
    with acting(engine) as session:
        session.get(CraftVillage, key).name = "geheim 2"
    made, changed = trail(engine)
    assert "geheim" not in made.after and changed.before == changed.after == '{"name":"(secret)"}'


def test_that_a_secret_came_or_went_is_told(engine):
    with acting(engine) as session:
        session.add(Account(login="lan@example.vn", name="Lan", created_at=NOW))
    for password_hash in ("geheim", None):
        with acting(engine) as session:
            session.get(Account, 1).password_hash = password_hash
    _, came, went = (told(row)[3:] for row in trail(engine))
    nothing, something = {"password_hash": None}, {"password_hash": "(secret)"}
    assert (came, went) == ((nothing, something), (something, nothing))


def test_what_has_no_row_of_its_own_can_be_noted(engine):
    with acting(engine, act="sign_in") as session:
        note(session, "web_session", 7, {"account_id": 3})
        note(session, "web_session", 8, {"ended": True}, change="update")
    begun, ended = trail(engine)
    assert (begun.act, *told(begun)) == ("sign_in", "insert", "web_session", 7, None, {"account_id": 3})
    assert told(ended) == ("update", "web_session", 8, {}, {"ended": True})
    with reading(engine) as session:
        note(session, "web_session", 9, {})
    assert len(trail(engine)) == 2


def test_whom_goods_came_from_and_went_to_is_masked(workshop):
    batch = workshop.batch()
    with acting(workshop.services.engine) as session:
        said = {"batch_id": batch.id, "recorded_by": "x", "recorded_at": NOW}
        session.add(BatchInput(what="Lá dong", supplier="Nguyễn Văn A", **said))
        session.add(Delivery(recipient="Trần Thị B", delivered_on=NOW.date(), **said))
    said = "".join(row.after or "" for row in trail(workshop.services.engine))
    assert "Nguyễn" not in said and "Trần" not in said and "N…(12)" in said and "T…(10)" in said


def test_a_failed_act_leaves_no_row(engine):
    with pytest.raises(ZeroDivisionError), acting(engine) as session:
        session.add(CraftVillage(name="a"))
        session.flush()
        raise ZeroDivisionError
    with pytest.raises(IntegrityError), acting(engine) as session:
        session.add(CraftVillage(name="b", commune_code="1"))
        session.flush()
        session.add(CraftVillage(name="b", commune_code="1"))
    assert trail(engine) == []


def test_what_a_savepoint_took_back_leaves_no_row(engine):
    with acting(engine) as session:
        session.add(CraftVillage(name="a"))
        with session.begin_nested():
            session.add(CraftVillage(name="kept"))
        with pytest.raises(ZeroDivisionError), session.begin_nested():
            session.add(CraftVillage(name="lost"))
            session.flush()
            raise ZeroDivisionError
        session.add(CraftVillage(name="z"))
    assert sorted(json.loads(row.after)["name"] for row in trail(engine)) == ["a", "kept", "z"]


def test_a_scan_and_a_report_leave_no_row(workshop, client):
    batch, engine = workshop.stamped(), workshop.services.engine
    count = len(trail(engine))
    client.get(f"/S/{batch.code}")
    workshop.load_scans()
    client.post("/report", data={"kind": "other", "words": "?", "stamp": batch.code, "key": "k"})
    with reading(engine) as session:
        assert session.scalar(select(Scan.id))
    assert len(trail(engine)) == count


def test_all_that_the_sample_and_operations_write_is_recorded(workshop):
    workshop.sample()
    engine = workshop.services.engine
    rows = trail(engine)
    with reading(engine) as session:
        for mapper in Base.registry.mappers:
            if mapper.class_.__audited__:
                keys = set(session.scalars(select(mapper.class_.id)))
                assert keys == {row.object_id for row in rows if row.object_kind == mapper.local_table.name}, mapper


def test_many_rows_at_once_cannot_be_changed_past_the_trail(engine):
    village(engine, "a")
    for statement in (update(CraftVillage).values(name="b"), delete(CraftVillage), insert(CraftVillage).values(name="c")):
        with pytest.raises(RuntimeError, match="audit trail"), acting(engine) as session:
            session.execute(statement)
    with acting(engine) as session:
        session.execute(delete(KeyAlarm))
    assert len(trail(engine)) == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry", "DELETE FROM audit_entry WHERE id = 2"]
)
def test_rows_can_neither_be_changed_nor_deleted(engine, statement):
    for name in "abc":
        village(engine, name)
    before = [row.hash for row in trail(engine)]
    with pytest.raises(IntegrityError, match=r"audit_(frozen|kept)"), engine.begin() as connection:
        connection.execute(text(statement))
    assert [row.hash for row in trail(engine)] == before


def test_rows_cannot_be_replaced_or_emptied(engine):
    village(engine, "a")
    columns = ", ".join(column.name for column in AuditEntry.__table__.columns)
    values = columns.replace("actor", "'x'", 1)
    if engine.dialect.name == "postgresql":
        statements = [
            "TRUNCATE audit_entry",
            f"INSERT INTO audit_entry SELECT {values} FROM audit_entry ON CONFLICT (id) DO UPDATE SET actor = 'x'",
        ]
    else:
        statements = [f"REPLACE INTO audit_entry ({columns}) SELECT {values} FROM audit_entry", "UPDATE OR REPLACE audit_entry SET id = 1"]
    for statement in statements:
        with pytest.raises(IntegrityError, match="audit_"), engine.begin() as connection:
            connection.execute(text(statement))
    assert trail(engine)[0].actor == "unattended"


def test_the_application_itself_cannot_change_a_row(engine):
    village(engine, "a")
    for act in (lambda session, row: session.delete(row), lambda _, row: setattr(row, "actor", "x")):
        with pytest.raises(IntegrityError, match="audit_"), acting(engine) as session:
            act(session, session.get(AuditEntry, 1))


def test_fifty_at_once_make_one_chain(engine):
    failed = []

    def act(number):
        try:
            village(engine, f"{number}", patience_ms=60_000)
        except DBAPIError as error:
            failed.append(error)

    threads = [Thread(target=act, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(json.loads(row.after)["name"] for row in trail(engine)) == sorted(map(str, range(50)))


def test_hooks_hear_of_what_was_committed_and_cannot_undo_it(engine, caplog):
    heard = []

    def fail(mark):
        heard.append(mark)
        raise OSError("no space left")

    on_audited(engine, fail)
    village(engine, "a")
    with pytest.raises(ZeroDivisionError), acting(engine) as session:
        session.add(CraftVillage(name="b"))
        session.flush()
        raise ZeroDivisionError
    with acting(engine):
        pass
    (row,) = trail(engine)
    assert [(mark.id, mark.hash, mark.at) for mark in heard] == [(row.id, row.hash, row.at)]
    assert "no space left" in caplog.text


def test_a_refused_act_is_still_refused_with_its_rule(workshop):
    batch = workshop.stamped()
    count = len(trail(workshop.services.engine))
    with refused("claims_frozen"):
        workshop.act(lambda session: setattr(session.get(Batch, batch.id), "lot", "OTHER"))
    assert len(trail(workshop.services.engine)) == count
