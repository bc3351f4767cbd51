"""`audit verify|list|export`: whatever was done to the trail past the service is found and named."""

import csv
import json
import shutil
import stat
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from traceability.audit_checkpoints import Checkpoints
from traceability.cli import audit_commands
from traceability.domain.roles import Actor
from traceability.models import CraftVillage, Producer
from traceability.models.audit import AuditEntry, Mark, columns_of, hash_of
from traceability.models.engine import acting, reading

LAST = 6


@pytest.fixture(autouse=True)
def short_patience(monkeypatch):
    monkeypatch.setattr(audit_commands, "_PATIENCE_S", 0.2)


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *words, **more: runner.invoke(args=[str(word) for word in words], **more)


@pytest.fixture
def act(services):
    def do(name):
        with acting(services.engine, by=Actor("Hà", "office"), act="register") as session:
            session.add(CraftVillage(name=name))

    return do


@pytest.fixture
def checkpoints(services):
    return Checkpoints(services.settings.instance, services.settings.keys_folder)


@pytest.fixture
def trail(run, act, checkpoints):
    """Six rows, each with its checkpoint."""
    assert run("init").exit_code == 0
    for number in range(1, LAST + 1):
        act(f"village {number}")
    assert [mark.id for mark in checkpoints.read().marks] == list(range(1, LAST + 1))


@pytest.fixture
def tamper(services):
    """Somebody at the database itself, without the triggers."""

    def do(*statements, **values):
        with services.engine.begin() as connection:
            for name in ("audit_frozen", "audit_kept"):
                where = " ON audit_entry" if connection.dialect.name == "postgresql" else ""
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{where}"))
            for statement in statements:
                connection.execute(text(statement), values)

    return do


def found(run):
    done = run("audit", "verify")
    assert done.exit_code == 1, done.output
    *lines, last = done.stdout.splitlines()
    assert f"NOT whole, {len(lines)} finding(s)" in last
    return lines


def rewrite(services, tamper, first):
    """Makes hashes fit again from a row on, as somebody would who knows how they are made."""
    with reading(services.engine) as session:
        rows = [session.get(AuditEntry, number) for number in range(1, 100)]
    rows = [row for row in rows if row]
    previous = bytes(32)
    for number, row in enumerate(rows):
        digest = hash_of(columns_of(row), previous) if row.id >= first else row.hash
        assert number + 1 == row.id
        tamper("UPDATE audit_entry SET previous_hash = :previous, hash = :hash WHERE id = :id", previous=previous, hash=digest, id=row.id)
        previous = digest


def test_a_whole_trail_is_whole(run, trail):
    done = run("audit", "verify")
    assert (done.exit_code, done.stdout) == (0, "6 rows, 6 checkpoints: whole\n")


def test_an_empty_trail_is_whole(run):
    run("init")
    assert run("audit", "verify").exit_code == 0


def test_an_edited_row_is_named(run, trail, tamper):
    tamper("UPDATE audit_entry SET actor = 'somebody else' WHERE id = 3")
    assert found(run) == ["row 3: edited; its hash is not that of its content"]


@pytest.mark.parametrize("column", ["at", "role", "act", "change", "object_kind", "object_id", "before", "after", "session_ref"])
def test_an_edit_of_any_column_is_found(run, trail, tamper, column):
    value = {"at": "'2020-01-01 00:00:00'", "object_id": "99", "change": "'delete'"}.get(column, "'x'")
    tamper(f'UPDATE audit_entry SET "{column}" = {value} WHERE id = 4')
    assert found(run)[0].startswith("row 4: edited")


def test_rows_that_cannot_be_read_any_more_are_named(run, trail, tamper, services):
    statement = "UPDATE audit_entry SET at = 'never' WHERE id = 4"
    if services.engine.dialect.name == "postgresql":
        with pytest.raises(DBAPIError):
            tamper(statement)
        return
    tamper(statement)
    assert found(run) == ["row 4: edited; it cannot be read any more"]


def test_an_edit_whose_hashes_were_made_to_fit_is_found_by_the_checkpoints(run, trail, tamper, services):
    tamper("UPDATE audit_entry SET actor = 'somebody else' WHERE id = 4")
    rewrite(services, tamper, 4)
    assert found(run) == [f"row {number}: edited; its hash is not the one that a checkpoint names" for number in (4, 5, 6)]


def test_removed_rows_are_named(run, trail, tamper):
    tamper("DELETE FROM audit_entry WHERE id IN (1, 3, 4)")
    assert found(run) == ["row 1: removed", "rows 3 to 4: removed"]


def test_a_row_removed_with_the_rest_moved_up_is_found(run, trail, tamper, services):
    tamper("DELETE FROM audit_entry WHERE id = 3", *(f"UPDATE audit_entry SET id = {n - 1} WHERE id = {n}" for n in (4, 5, 6)))
    rewrite(services, tamper, 3)
    lines = found(run)
    assert lines[0].startswith("row 3: edited") and lines[-1] == "row 6: cut off; a checkpoint names row 6"


def test_rows_cut_off_are_named(run, trail, tamper, act):
    tamper("DELETE FROM audit_entry WHERE id >= 5")
    assert found(run) == ["rows 5 to 6: cut off; a checkpoint names row 6"]
    # Acts that follow take the ids anew, but not the hashes.
    for name in ("later 1", "later 2", "later 3"):
        act(name)
    assert found(run) == [f"row {number}: edited; its hash is not the one that a checkpoint names" for number in (5, 6)]


def test_a_trail_emptied_is_cut_off(run, trail, tamper):
    tamper("DELETE FROM audit_entry")
    assert found(run) == ["rows 1 to 6: cut off; a checkpoint names row 6"]


def insert(number):
    """A row of that number, like the last one but for its hash."""
    columns = "at, actor, role, session_ref, act, change, object_kind, object_id, before, after, previous_hash"
    return f"INSERT INTO audit_entry (id, {columns}, hash) SELECT {number}, {columns}, :hash FROM audit_entry WHERE id = 6"


def test_an_inserted_row_is_named(run, trail, tamper):
    tamper(insert(7), hash=b"x" * 32)
    lines = found(run)
    assert lines[0] == "row 7: edited or inserted; its hash is not that of its content" and lines[1].startswith(
        "row 7: no checkpoint; inserted"
    )


def test_an_inserted_row_whose_hash_fits_is_named(run, trail, tamper, services):
    tamper(insert(7), hash=b"x" * 32)
    rewrite(services, tamper, 7)
    (line,) = found(run)
    assert line.startswith("row 7: no checkpoint; inserted by hand")


@pytest.mark.parametrize("number", [0, -5])
def test_a_row_inserted_before_the_first_is_named(run, trail, tamper, number):
    tamper(insert(number), hash=b"x" * 32)
    assert found(run) == [f"row {number}: inserted; rows count from 1"]


def test_a_row_inserted_far_behind_is_named(run, trail, tamper):
    tamper(insert(1000), hash=b"x" * 32)
    assert found(run)[0] == "rows 7 to 999: removed, or row 1000 inserted"


def test_a_row_inserted_between_others_is_found(run, trail, tamper, services):
    tamper(
        *(f"UPDATE audit_entry SET id = {n + 1} WHERE id = {n}" for n in (6, 5, 4)), insert(4).replace("id = 6", "id = 7"), hash=b"x" * 32
    )
    rewrite(services, tamper, 4)
    lines = found(run)
    assert [line.split(";")[0] for line in lines] == [*(f"row {number}: edited" for number in (4, 5, 6)), "row 7: no checkpoint"]


def test_exchanged_rows_are_named(run, trail, tamper):
    tamper(*(f"UPDATE audit_entry SET id = {new} WHERE id = {old}" for old, new in ((2, 99), (5, 2), (99, 5))))
    assert {line.split(":")[0] for line in found(run)} >= {"row 2", "row 5"}


def test_a_row_whose_link_alone_was_changed_is_named(run, trail, tamper, services):
    with reading(services.engine) as session:
        digest = hash_of(columns_of(session.get(AuditEntry, 4)), b"y" * 32)
    tamper("UPDATE audit_entry SET previous_hash = :previous, hash = :hash WHERE id = 4", previous=b"y" * 32, hash=digest)
    assert found(run)[0].startswith("row 4: does not follow row 3")


def edit(checkpoints, change):
    lines = checkpoints.path.read_text("ascii").splitlines(keepends=True)
    checkpoints.path.write_text("".join(change(lines)), "ascii")


def test_a_forged_checkpoint_is_named(run, trail, checkpoints):
    def forge(lines):
        entry = json.loads(lines[2])
        return [*lines[:2], json.dumps({**entry, "hash": "00" * 32}) + "\n", *lines[3:]]

    edit(checkpoints, forge)
    assert found(run) == ["line 3 of the checkpoint file: checkpoint forged or edited"]


@pytest.mark.parametrize("line", ["", "{}", "null", "[1]", "x" * 500, '{"id":1}', "[" * 100_000])
def test_any_other_line_in_the_checkpoint_file_is_named(run, trail, checkpoints, line):
    edit(checkpoints, lambda lines: [f"{line}\n", *lines])
    assert found(run) == ["line 1 of the checkpoint file: checkpoint forged or edited"]


def test_a_checkpoint_signed_by_another_key_is_named(run, trail, checkpoints, tmp_path):
    other = Checkpoints(tmp_path / "other", tmp_path)
    other.make_key()
    other.append(checkpoints.read().marks[-1])
    edit(checkpoints, lambda lines: [*lines, other.path.read_text("ascii")])
    assert found(run) == ["line 7 of the checkpoint file: checkpoint forged or edited"]


def test_an_exchanged_public_key_is_found(run, trail, checkpoints, tmp_path):
    other = Checkpoints(tmp_path / "other", tmp_path)
    other.make_key()
    shutil.copy(other.public_path, checkpoints.public_path)
    done = run("audit", "verify")
    assert done.exit_code == 3 and "exchanged" in done.output


def test_checkpoints_cut_off_are_found(run, trail, checkpoints):
    edit(checkpoints, lambda lines: lines[:4])
    (line,) = found(run)
    assert line.startswith("rows 5 to 6: no checkpoint")
    # With the file gone, none of the rows has one.
    checkpoints.path.unlink()
    (line,) = found(run)
    assert line.startswith("rows 1 to 6: no checkpoint")


def test_a_torn_line_is_found_and_the_next_act_mends_it(run, trail, checkpoints, act):
    content = checkpoints.path.read_bytes()
    checkpoints.path.write_bytes(content[:-40])
    assert found(run)[0] == "the last line of the checkpoint file is cut off"
    act("later")
    assert [mark.id for mark in checkpoints.read().marks] == [1, 2, 3, 4, 5, 7]
    assert run("audit", "verify").exit_code == 0


def test_init_makes_up_for_a_checkpoint_that_could_not_be_written(run, trail, checkpoints, act):
    folder = checkpoints.path.parent
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("in the way")
    act("later")
    folder.unlink()
    folder.with_name("elsewhere").rename(folder)
    assert found(run)[0].startswith("row 7: no checkpoint")
    assert "wrote a checkpoint" in run("init").output
    assert run("audit", "verify").exit_code == 0
    assert "checkpoint" not in run("init").output


def test_an_older_instance_gets_its_key_and_first_checkpoint_from_init(run, act, checkpoints):
    act("before the key")
    assert not checkpoints.path.exists()
    done = run("audit", "verify")
    assert done.exit_code == 3 and "init" in done.output
    assert run("init").exit_code == 0
    assert run("audit", "verify").stdout == "1 rows, 1 checkpoints: whole\n"


def test_the_key_and_the_checkpoints_are_for_their_owner_alone(trail, checkpoints, services):
    for path in (services.settings.keys_folder / "audit.pem", checkpoints.path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(checkpoints.path.parent.stat().st_mode) == 0o700


def test_a_lost_private_key_is_not_made_anew_in_silence(run, trail, services):
    (services.settings.keys_folder / "audit.pem").unlink()
    done = run("init")
    assert done.exit_code == 3 and "restore" in done.output
    assert run("audit", "verify").exit_code == 0


def test_a_copy_kept_elsewhere_finds_what_was_forged_here(run, trail, checkpoints, tamper, services, tmp_path):
    shutil.copy(checkpoints.path, tmp_path / "copy.jsonl")
    shutil.copy(checkpoints.public_path, tmp_path / "audit.pub")
    tamper("UPDATE audit_entry SET actor = 'somebody else' WHERE id = 6")
    rewrite(services, tamper, 6)
    with reading(services.engine) as session:
        row = session.get(AuditEntry, 6)
    edit(checkpoints, lambda lines: lines[:5])
    checkpoints.append(Mark(6, row.hash, row.at))
    assert run("audit", "verify").exit_code == 0
    done = run("audit", "verify", "--checkpoints", tmp_path / "copy.jsonl", "--key", tmp_path / "audit.pub")
    assert done.exit_code == 1 and done.stdout.startswith("row 6: edited")


def test_more_rows_than_are_read_at_once_are_checked(run, checkpoints, tamper, services, monkeypatch):
    monkeypatch.setattr("traceability.operations.audit_trail._AT_ONCE", 7)
    run("init")
    with acting(services.engine) as session:
        session.add_all([CraftVillage(name=f"village {number}") for number in range(30)])
    assert run("audit", "verify").stdout == "30 rows, 1 checkpoints: whole\n"
    tamper("DELETE FROM audit_entry WHERE id = 8")
    assert found(run) == ["row 8: removed"]


def test_acts_at_once_leave_a_whole_trail_and_whole_checkpoints(run, act, checkpoints):
    run("init")
    threads = [Thread(target=act, args=(f"village {number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run("audit", "verify").stdout == "20 rows, 20 checkpoints: whole\n"


def test_commands_say_who_acts(run, workshop):
    run("init")
    batch = workshop.batch()
    run("issue", batch.code, "--units", 5)
    lines = [line.split("\t") for line in run("audit", "list").stdout.splitlines()]
    issued = [line[2:8] for line in lines if line[5] == "issue"]
    assert {tuple(line[:4]) for line in issued} == {("command line", "office", "–", "issue")}
    assert sorted(line[4:] for line in issued) == [["insert", "issuance"], ["update", "batch"]]


def test_list_searches_and_bounds(run, trail):
    lines = run("audit", "list").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["6", "5", "4", "3", "2", "1"]
    assert run("audit", "list", "--most", 2).stdout.count("\n") == 2
    assert run("audit", "list", "--search", "village 3").stdout.startswith("3\t")
    assert run("audit", "list", "--search", "%").stdout == ""
    assert run("audit", "list", "--since", "2100-01-01").stdout == ""
    assert run("audit", "list", "--since", "2020-01-01").stdout.count("\n") == 6
    assert run("audit", "list", "--since", "soon").exit_code == 2


def test_a_name_cannot_command_the_terminal(run, services):
    run("init")
    with acting(services.engine, by=Actor("\x1b[2J\ta\nb", "office")) as session:
        session.add(CraftVillage(name="x"))
    (line,) = run("audit", "list").stdout.splitlines()
    assert "\x1b" not in line and line.count("\t") == 10


def test_export_holds_every_row_and_no_formula(run, services, tmp_path):
    run("init")
    for name in ("=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx", "Hà"):
        with acting(services.engine, by=Actor(name, "office")) as session:
            session.add(CraftVillage(name=name))
    done = run("audit", "export", "-o", tmp_path / "trail.csv")
    assert done.exit_code == 0 and "7 rows" in done.output
    with (tmp_path / "trail.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [str(number) for number in range(1, 8)]
    assert [row["actor"] for row in rows] == ["'=HYPERLINK(1)", "'+1", "'-1", "'@x", "'\tx", "'\rx", "Hà"]
    assert json.loads(rows[6]["after"])["name"] == "Hà" and len(rows[0]["hash"]) == 64
    assert run("audit", "export", "--search", "Hà", "-o", tmp_path / "one.csv").output.count("1 rows") == 1


def test_personal_fields_are_masked_in_the_export(run, services, tmp_path):
    run("init")
    with acting(services.engine) as session:
        session.add(Producer(kind="household", name="Nguyễn Văn A", phone="0912345678", created_at=services.clock()))
    run("audit", "export", "-o", tmp_path / "trail.csv")
    content = (tmp_path / "trail.csv").read_text("utf-8")
    assert "0912345678" not in content and "Nguyễn" not in content
