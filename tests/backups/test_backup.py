"""A backup made while the service runs, and what is restored from it."""

import io
import json
import os
import tarfile
import threading
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.factories import NOTICE, OFFICE
from traceability import create_app
from traceability.audit_checkpoints import Checkpoints
from traceability.backups import archive, restoring
from traceability.backups.archive import make_backup
from traceability.backups.faults import BackupFault
from traceability.backups.restoring import check_backup, restore_backup
from traceability.backups.sealed import seal, unseal
from traceability.config import read_settings
from traceability.domain.verdict import Verdict
from traceability.migrations import current_revision, head_revision, migrate, migrate_down
from traceability.models import Base
from traceability.models.engine import make_engine, reading
from traceability.operations.audit_trail import Walk
from traceability.operations.scan import look_up, parse_unverified_path
from traceability.operations.withdraw import recall_goods
from traceability.scan_loader import ScanLoader

PASSPHRASE = "correct horse battery"


def rows(engine) -> dict:
    """All rows but the news for processes."""
    with engine.connect() as connection:
        tables = [table for table in Base.metadata.sorted_tables if table.name != "register_change"]
        return {table.name: sorted(connection.execute(select(table)).all(), key=repr) for table in tables}


@pytest.fixture
def empty(dialect, tmp_path, request):
    """Makes an empty database, of the same kind or the other, and an empty instance."""
    made = []

    def make(kind: str = dialect):
        folder = tmp_path / f"restored-{len(made)}"
        folder.mkdir()
        if kind == "sqlite":
            url = f"sqlite:///{folder / 'restored.db'}"
        else:
            from tests.conftest import _run_alone

            uri, name = request.getfixturevalue("postgresql_uri"), f"r_{os.urandom(8).hex()}"
            _run_alone(uri, f"CREATE DATABASE {name}")
            url = uri.replace("/postgres?", f"/{name}?")
        made.append(make_engine(url))
        return made[-1], folder / "instance"

    yield make
    for engine in made:
        engine.dispose()


def back_up(services, target: Path, passphrase: str | None = PASSPHRASE):
    return make_backup(services.engine, services.settings.instance, target, now=services.clock(), passphrase=passphrase)


def restored(pair, source: Path):
    engine, instance = pair
    restore_backup(engine, instance, source, ask=lambda: PASSPHRASE)
    return engine, instance


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_all_rows_and_files_are_restored_on_either_database(workshop, client, services, tmp_path, empty, kind):
    batch = workshop.sample()[0]
    workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=workshop.now)
    client.get(f"/S/{batch.code}")
    workshop.load_scans()
    Checkpoints(services.settings.instance, services.key_store.folder).make_key()
    manifest = back_up(services, tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600 and manifest["schema"] == head_revision()
    engine, instance = restored(empty(kind), tmp_path / "backup")
    assert rows(engine) == rows(services.engine) and current_revision(engine) == head_revision()
    kept = {path.name: path.read_bytes() for path in services.key_store.folder.iterdir() if path.name != ".lock"}
    assert {path.name: path.read_bytes() for path in (instance / "keys").iterdir()} == kept
    assert (instance / "secret.key").read_bytes() == (services.settings.instance / "secret.key").read_bytes()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (instance / "keys").iterdir())


def test_a_restored_service_verifies_every_sample_stamp_goes_on_and_has_a_whole_trail(workshop, services, tmp_path, empty, clock):
    batches = [batch for batch in workshop.sample() if batch.stamp_scope]
    paths = [workshop.unit_path(batch, 1) if batch.stamp_scope == "unit" else f"/S/{batch.code}" for batch in batches]
    signed = workshop.stamped(form="signed")
    paths.append(workshop.path(signed, form="signed"))
    verdicts = [judged(services, path) for path in paths]
    assert Verdict.ISSUED in verdicts
    back_up(services, tmp_path / "backup")
    engine, instance = restored(empty(), tmp_path / "backup")
    url = engine.url.render_as_string(hide_password=False)
    again = create_app(read_settings({"DATABASE_URL": url, "INSTANCE": str(instance), "PUBLIC_URL": services.settings.public_url}), clock)
    other = again.extensions["traceability"]
    assert [judged(other, path) for path in paths] == verdicts
    client = again.test_client()
    assert all(client.get(path).status_code == 200 for path in paths)
    with reading(engine) as session:
        assert not list(Walk(()).findings(session))
    # Numbers go on after the rows that were restored.
    from tests.factories import Workshop

    new = Workshop(again)
    new._made = 1000
    assert client.get(f"/S/{new.stamped().code}").status_code == 200
    other.close()


def judged(services, path: str) -> Verdict:
    with reading(services.engine) as session:
        read = parse_unverified_path(path)
        return look_up(session, read, keys=services.scan_keys, language="vi", now=services.clock()).judgement.verdict


def test_scans_that_wait_in_the_journal_are_loaded_once_after_restoring(workshop, client, services, tmp_path, empty, clock):
    batch = workshop.stamped()
    for number in range(6):
        client.get(f"/S/{batch.code}", headers={"User-Agent": f"Phone {number}"})
        if number == 3:
            assert workshop.load_scans() == 4
    back_up(services, tmp_path / "backup")
    engine, instance = restored(empty(), tmp_path / "backup")
    assert ScanLoader(engine, instance / "journal", clock).load_all() == 2
    workshop.load_scans()
    after, before = rows(engine), rows(services.engine)
    for table in ("scan", "stamp_count", "batch_count", "scan_day"):
        assert after[table] == before[table]


def test_a_backup_among_acts_is_of_one_moment(workshop, services, tmp_path, empty):
    stop = threading.Event()

    def act() -> None:
        while not stop.is_set():
            workshop.stamped()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        for number in range(3):
            back_up(services, tmp_path / f"backup-{number}")
    finally:
        stop.set()
        thread.join()
    engine, _ = restored(empty(), tmp_path / "backup-2")
    with reading(engine) as session:
        assert not list(Walk(()).findings(session))


def test_private_keys_are_in_it_only_when_asked_for_and_sealed(workshop, services, tmp_path, empty):
    workshop.stamped()
    secrets = [path.read_bytes().strip() for path in services.key_store.folder.glob("*.key")]
    for name, passphrase in (("without", None), ("with", PASSPHRASE)):
        back_up(services, tmp_path / name, passphrase)
        with tarfile.open(tmp_path / name) as tar:
            content = b"".join(tar.extractfile(member).read() for member in tar)
            assert ("keys.sealed" in tar.getnames()) == (name == "with")
        assert not any(secret in content for secret in secrets)
    engine, instance = empty()
    # Brought by hand beforehand.
    (instance / "keys").mkdir(parents=True)
    for path in services.key_store.folder.iterdir():
        (instance / "keys" / path.name).write_bytes(path.read_bytes())
    restore_backup(engine, instance, tmp_path / "without", ask=lambda: pytest.fail("nothing is sealed"))
    assert rows(engine) == rows(services.engine)


def test_a_wrong_passphrase_and_a_short_one_are_refused():
    sealed = seal({"keys/stamp-1.pem": b"x"}, PASSPHRASE)
    assert unseal(sealed, PASSPHRASE) == {"keys/stamp-1.pem": b"x"}
    for content, words in ((sealed, "not the one"), (sealed[:-1] + b"\0", "not the one"), (b"x" + sealed, "damaged"), (b"", "damaged")):
        with pytest.raises(BackupFault, match=words):
            unseal(content, "another passphrase" if content is sealed else PASSPHRASE)
    with pytest.raises(BackupFault, match="12 characters"):
        seal({}, "short")


def test_a_wrong_passphrase_leaves_everything_as_it_was_and_it_can_be_tried_again(workshop, services, tmp_path, empty):
    workshop.stamped()
    back_up(services, tmp_path / "backup")
    engine, instance = empty()
    with pytest.raises(BackupFault, match="passphrase"):
        restore_backup(engine, instance, tmp_path / "backup", ask=lambda: "something else entirely")
    assert current_revision(engine) is None and not list(instance.iterdir())
    restored((engine, instance), tmp_path / "backup")
    assert rows(engine) == rows(services.engine)


def test_it_is_restored_into_an_empty_place_only(workshop, services, tmp_path, empty):
    workshop.stamped()
    back_up(services, tmp_path / "backup")
    with pytest.raises(BackupFault, match="not empty"):
        restore_backup(services.engine, tmp_path / "new", tmp_path / "backup", ask=lambda: PASSPHRASE)
    engine, instance = empty()
    (instance / "keys").mkdir(parents=True)
    (instance / "keys" / "root.pub").write_text("00")
    with pytest.raises(BackupFault, match="another key"):
        restored((engine, instance), tmp_path / "backup")
    (instance / "keys" / "root.pub").unlink()
    (instance / "uploads").mkdir()
    (instance / "uploads" / "x").touch()
    with pytest.raises(BackupFault, match="uploads is not empty"):
        restored((engine, instance), tmp_path / "backup")


def test_what_is_cut_off_or_changed_is_refused_before_anything_is_touched(workshop, services, tmp_path, empty):
    workshop.stamped()
    back_up(services, tmp_path / "backup")
    whole = (tmp_path / "backup").read_bytes()
    engine, instance = empty()
    for content in (whole[: len(whole) // 2], whole[:-20], b"", b"no backup", whole[:200] + b"\xff\xff" + whole[202:]):
        (tmp_path / "broken").write_bytes(content)
        with pytest.raises(BackupFault, match=r"no backup|not whole|damaged"):
            restored((engine, instance), tmp_path / "broken")
    assert current_revision(engine) is None and not instance.exists()


def repacked(source: Path, target: Path, change) -> Path:
    """The same tar with its members changed."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            content = old.extractfile(member).read()
            for name, made in change(member.name, content):
                info = tarfile.TarInfo(name)
                info.size = len(made)
                new.addfile(info, io.BytesIO(made))
    return target


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "keys/stamp-1.pem", "uploads/../x", "tables/x.sql"])
def test_members_with_other_names_are_refused(workshop, services, tmp_path, name):
    back_up(services, tmp_path / "backup")
    odd = repacked(tmp_path / "backup", tmp_path / "odd", lambda one, content: [(one, content), (name, b"x")])
    with pytest.raises(BackupFault, match="no backup of this service"):
        check_backup(odd)


def test_a_changed_row_and_a_newer_release_are_told(workshop, services, tmp_path):
    workshop.stamped()
    back_up(services, tmp_path / "backup")

    def change(name, content):
        return [(name, content.replace(b"HTX", b"XTH") if name == "tables/producer.jsonl" else content)]

    def later(name, content):
        return [(name, json.dumps({**json.loads(content), "schema": "9999"}).encode() if name == "manifest.json" else content)]

    with pytest.raises(BackupFault, match="changed"):
        check_backup(repacked(tmp_path / "backup", tmp_path / "changed", change))
    with pytest.raises(BackupFault, match="newer release"):
        check_backup(repacked(tmp_path / "backup", tmp_path / "later", later))


def test_a_backup_that_fails_leaves_no_file(workshop, services, tmp_path, monkeypatch):
    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "write_rows", fail)
    with pytest.raises(OSError, match="No space"):
        back_up(services, tmp_path / "backup")
    assert not [path for path in tmp_path.iterdir() if "backup" in path.name]


def test_a_restore_that_fails_in_the_middle_can_be_tried_again(workshop, services, tmp_path, empty, monkeypatch):
    workshop.stamped()
    back_up(services, tmp_path / "backup")
    engine, instance = empty()

    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(restoring, "set_sequences", fail)
    with pytest.raises(OSError, match="No space"):
        restored((engine, instance), tmp_path / "backup")
    monkeypatch.undo()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM batch")) == 0
    restored((engine, instance), tmp_path / "backup")
    assert rows(engine) == rows(services.engine)


def test_the_commands_say_what_they_did(app, workshop, services, tmp_path):
    workshop.stamped()
    runner = app.test_cli_runner()
    (tmp_path / "words").write_text(PASSPHRASE + "\n")
    made = runner.invoke(args=["backup", str(tmp_path / "backup")])
    assert made.exit_code == 0 and "rows" in made.output and "private keys are not in it" in made.output
    again = runner.invoke(args=["backup", str(tmp_path / "backup")])
    assert again.exit_code == 1 and "--force" in again.output
    keyed = runner.invoke(args=["backup", str(tmp_path / "backup"), "--force", "--with-keys", "--passphrase-file", str(tmp_path / "words")])
    assert keyed.exit_code == 0 and "not in it" not in keyed.output
    refused = runner.invoke(args=["restore", str(tmp_path / "backup")])
    assert refused.exit_code == 1 and "not empty" in refused.output


def test_keys_under_names_of_somebodys_own_come_back_and_impossible_names_are_told_when_sealing(services, tmp_path, empty):
    keys = services.key_store.folder
    (keys / "root-old.2025.pem").write_bytes(b"an older root")
    back_up(services, tmp_path / "backup")
    _, instance = restored(empty(), tmp_path / "backup")
    assert (instance / "keys" / "root-old.2025.pem").read_bytes() == b"an older root"
    (keys / "root (copy).pem").write_bytes(b"x")
    with pytest.raises(BackupFault, match="not named as a key"):
        back_up(services, tmp_path / "second")
    assert not (tmp_path / "second").exists()


def test_another_private_key_that_lies_there_is_refused_and_kept(services, tmp_path, empty):
    back_up(services, tmp_path / "backup")
    engine, instance = empty()
    (instance / "keys").mkdir(parents=True)
    (instance / "keys" / "stamp-1.pem").write_text("another")
    with pytest.raises(BackupFault, match="another key"):
        restored((engine, instance), tmp_path / "backup")
    assert (instance / "keys" / "stamp-1.pem").read_text() == "another" and current_revision(engine) is None


def test_files_that_cannot_come_into_place_leave_no_rows_and_no_files(workshop, services, tmp_path, empty, monkeypatch):
    workshop.stamped()
    back_up(services, tmp_path / "backup")
    engine, instance = empty()
    instance.mkdir()
    (instance / "secret.key").write_bytes(b"made at the start")

    def fail():
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(restoring.os, "sync", fail)
    with pytest.raises(OSError, match="Input/output"):
        restored((engine, instance), tmp_path / "backup")
    monkeypatch.undo()
    assert [path.name for path in instance.rglob("*") if path.is_file()] == ["secret.key"]
    assert (instance / "secret.key").read_bytes() == b"made at the start"
    restored((engine, instance), tmp_path / "backup")
    assert rows(engine) == rows(services.engine)


def test_a_database_of_an_older_release_is_backed_up_and_restored_by_this_one(services, tmp_path, empty):
    old, instance = empty()
    for revision in ("0005", "0011"):
        migrate(old, revision)
        make_backup(old, instance, tmp_path / revision, now=services.clock())
        engine, _ = restored(empty(), tmp_path / revision)
        assert current_revision(engine) == head_revision()


def test_an_older_backup_goes_through_the_steps_that_its_rows_are_for(workshop, client, services, tmp_path, empty):
    batch = workshop.stamped()
    client.get(f"/S/{batch.code}")
    workshop.load_scans()
    # Back to the schema that kept no counts: the step up counts the scans that are there.
    migrate_down(services.engine, "0011")
    back_up(services, tmp_path / "backup")
    engine, instance = empty()
    migrate(engine)
    with pytest.raises(BackupFault, match="without tables"):
        restored((engine, instance), tmp_path / "backup")
    engine, _ = restored(empty(), tmp_path / "backup")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT sum(times) FROM batch_count")) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [({"version": None}, "damaged"), ({"version": 2}, "newer"), ({"schema": "0000x"}, "newer"), ({"schema": 5}, "damaged")],
)
def test_a_manifest_that_is_none_is_told_in_one_line(services, tmp_path, change, words):
    back_up(services, tmp_path / "backup")

    def changed(name, content):
        if name != "manifest.json":
            return [(name, content)]
        manifest = json.loads(content) | change
        return [(name, json.dumps({key: value for key, value in manifest.items() if value is not None}).encode())]

    with pytest.raises(BackupFault, match=words) as fault:
        check_backup(repacked(tmp_path / "backup", tmp_path / "odd", changed))
    assert "\n" not in str(fault.value)


def test_a_member_that_comes_twice_and_a_table_of_no_schema_are_refused(services, tmp_path, empty):
    back_up(services, tmp_path / "backup")

    def twice(name, content):
        return [(name, content)] * (2 if name == "tables/batch.jsonl" else 1)

    with pytest.raises(BackupFault, match="twice"):
        check_backup(repacked(tmp_path / "backup", tmp_path / "twice", twice))

    def strange(name, content):
        if name != "manifest.json":
            return [(name.replace("own_stock", "no_table"), content)]
        return [(name, content.replace(b"own_stock", b"no_table"))]

    engine, instance = empty()
    with pytest.raises(BackupFault, match="no_table"):
        restored((engine, instance), repacked(tmp_path / "backup", tmp_path / "strange", strange))
    assert not list(instance.iterdir())
