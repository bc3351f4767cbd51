"""Keys as files."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from stat import S_IMODE

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from traceability.domain import keys
from traceability.domain.errors import KeyFileError
from traceability.keystore import (
    KEY_FILE,
    ROOT_KEY,
    LiveKeyStore,
    add_host,
    initialise,
    load,
    missing_master_keys,
    new_key,
    revoke_key,
)

HOST = "TRACE.EXAMPLE.VN"
NOW = datetime(2026, 11, 25, 3, 0, 0, 400_000, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "instance" / "keys"
    initialise(path, HOST, NOW)
    return path


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def pem(key, lock=None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption())


def test_init_makes_a_root_key_a_stamp_key_and_a_serial_master_key(folder):
    store = load(folder)
    assert (store.keyring.sequence, store.keyring.hosts, list(store.master_keys)) == (1, (HOST,), ["1"])
    (key,) = store.keyring.keys
    assert (key.kid, key.use, key.revoked_at) == (1, "stamp", None)
    assert keys.public_of(store.private_keys[1]) == key.public
    assert len(store.master_keys["1"]) == 32 and store.newest_master_key == "1"


def test_init_twice_keeps_all_keys(folder):
    before = contents(folder)
    assert initialise(folder, "OTHER.EXAMPLE.VN", NOW + timedelta(days=1)) == []
    assert contents(folder) == before


def test_secrets_are_readable_by_their_owner_alone(folder):
    new_key(folder, "pack", folder / ROOT_KEY, NOW)
    new_key(folder, "serial", folder / ROOT_KEY, NOW)
    assert S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.suffix in (".pem", ".key")}
    assert modes == dict.fromkeys(("root.pem", "stamp-1.pem", "pack-2.pem", "serial-1.key", "serial-2.key"), 0o600)


def test_no_file_is_left_half_written(folder):
    assert set(contents(folder)) == {".lock", "root.pem", "root.pub", "serial-1.key", "stamp-1.pem", KEY_FILE, f"{KEY_FILE}.sig"}


def test_the_key_file_verifies_under_the_root_key_and_holds_nothing_private(folder):
    content, signature = (folder / KEY_FILE).read_bytes(), (folder / f"{KEY_FILE}.sig").read_bytes()
    root = bytes.fromhex((folder / "root.pub").read_text())
    assert keys.verify_key_file(root, content, signature)
    assert not keys.verify_key_file(root, content + b" ", signature)
    assert set(json.loads(content)["keys"][0]) == {"kid", "use", "alg", "x", "not_before", "not_after", "revoked_at"}


def test_a_new_key_raises_the_sequence_and_signs_from_then_on(folder):
    later = NOW + timedelta(days=30)
    assert new_key(folder, "stamp", folder / ROOT_KEY, later) == "stamp key 2"
    assert new_key(folder, "pack", folder / ROOT_KEY, later) == "pack key 3"
    keyring = load(folder).keyring
    assert keyring.sequence == 3 and [(key.kid, key.use) for key in keyring.keys] == [(1, "stamp"), (2, "stamp"), (3, "pack")]
    assert keyring.newest("stamp", NOW + timedelta(days=1)).kid == 1
    assert keyring.newest("stamp", later).kid == 2 and keyring.newest("pack", later).kid == 3
    assert keyring.stamp_key(1) and keyring.stamp_key(3) is None


def test_a_new_serial_master_key_is_for_new_batches_and_the_old_one_stays(folder):
    live = LiveKeyStore(folder)
    first = live.current().master_keys["1"]
    assert new_key(folder, "serial", folder / ROOT_KEY, NOW) == "serial master key 2"
    store = live.current()
    assert store.newest_master_key == "2" and store.master_keys["1"] == first != store.master_keys["2"]
    assert store.keyring.sequence == 1


def test_the_tenth_master_key_is_newer_than_the_ninth(folder):
    for _ in range(9):
        new_key(folder, "serial", folder / ROOT_KEY, NOW)
    assert load(folder).newest_master_key == "10"


def test_a_key_is_revoked_once_and_for_good(folder):
    revoke_key(folder, 1, folder / ROOT_KEY, NOW)
    keyring = load(folder).keyring
    assert keyring.sequence == 2 and keyring.keys[0].revoked_at == NOW.replace(microsecond=0)
    assert keyring.newest("stamp", NOW) is None and keyring.stamp_key(1) is not None
    with pytest.raises(KeyFileError, match="was revoked at 2026-11-25"):
        revoke_key(folder, 1, folder / ROOT_KEY, NOW + timedelta(days=1))
    with pytest.raises(KeyFileError, match="there is no key 9"):
        revoke_key(folder, 9, folder / ROOT_KEY, NOW)


def test_key_ids_are_not_used_again(folder):
    revoke_key(folder, 1, folder / ROOT_KEY, NOW)
    assert new_key(folder, "stamp", folder / ROOT_KEY, NOW) == "stamp key 2"


def test_a_host_is_added_and_none_is_ever_removed(folder):
    assert add_host(folder, "TEM.EXAMPLE.ORG", folder / ROOT_KEY) is True
    assert add_host(folder, "TEM.EXAMPLE.ORG", folder / ROOT_KEY) is False
    revoke_key(folder, 1, folder / ROOT_KEY, NOW)
    new_key(folder, "stamp", folder / ROOT_KEY, NOW)
    keyring = load(folder).keyring
    assert (keyring.hosts, keyring.sequence) == ((HOST, "TEM.EXAMPLE.ORG"), 4)


def test_a_running_server_sees_a_new_key_file_and_refuses_an_older_one(folder, tmp_path):
    live = LiveKeyStore(folder)
    assert live.current() is live.current()
    shutil.copytree(folder, tmp_path / "old")
    add_host(folder, "TEM.EXAMPLE.ORG", folder / ROOT_KEY)
    assert live.current().keyring.sequence == 2
    for name in (f"{KEY_FILE}.sig", KEY_FILE):
        shutil.copy(tmp_path / "old" / name, folder / name)
    for _ in range(2):
        with pytest.raises(KeyFileError, match="older"):
            live.current()


def test_a_key_file_that_somebody_changed_is_refused(folder):
    content = (folder / KEY_FILE).read_bytes()
    for changed in (content.replace(HOST.encode(), b"EVIL.EXAMPLE.COM"), content + b"\n", b""):
        (folder / KEY_FILE).write_bytes(changed)
        with pytest.raises(KeyFileError, match="not signed by the root key"):
            load(folder)
    (folder / KEY_FILE).write_bytes(content)
    (folder / f"{KEY_FILE}.sig").write_bytes(b"nonsense")
    with pytest.raises(KeyFileError, match="not signed by the root key"):
        load(folder)


@pytest.mark.parametrize("name", [f"{KEY_FILE}.sig", "root.pub", KEY_FILE])
def test_a_missing_file_is_one_clear_line(folder, name):
    (folder / name).unlink()
    with pytest.raises(KeyFileError) as caught:
        LiveKeyStore(folder).current()
    assert "\n" not in str(caught.value)


def test_without_any_serial_master_key_nothing_is_loaded(folder):
    (folder / "serial-1.key").unlink()
    with pytest.raises(KeyFileError, match="no serial master key"):
        load(folder)


def test_no_key_folder_says_what_to_do(tmp_path):
    with pytest.raises(KeyFileError, match="init"):
        LiveKeyStore(tmp_path / "nothing").current()


def test_a_root_key_that_was_moved_away_is_asked_for_and_taken_from_where_it_is(folder, tmp_path):
    away = tmp_path / "stick" / "root.pem"
    away.parent.mkdir()
    shutil.move(folder / ROOT_KEY, away)
    before = contents(folder)
    acts = (
        lambda root: new_key(folder, "stamp", root, NOW),
        lambda root: revoke_key(folder, 1, root, NOW),
        lambda root: add_host(folder, "TEM.EXAMPLE.ORG", root),
    )
    for act in acts:
        with pytest.raises(KeyFileError, match="--root"):
            act(folder / ROOT_KEY)
    assert contents(folder) == before
    for act in acts:
        act(away)
    assert load(folder).keyring.sequence == 4
    assert not (folder / ROOT_KEY).exists()
    # A host that is there already, and a serial master key, need no root key.
    assert add_host(folder, HOST, folder / ROOT_KEY) is False
    assert new_key(folder, "serial", folder / ROOT_KEY, NOW) == "serial master key 2"


def test_another_root_key_changes_nothing_and_the_right_one_still_can(folder, tmp_path):
    wrong = tmp_path / "other.pem"
    wrong.write_bytes(pem(Ed25519PrivateKey.generate()))
    before = contents(folder)
    for act in (
        lambda: new_key(folder, "stamp", wrong, NOW),
        lambda: revoke_key(folder, 1, wrong, NOW),
        lambda: add_host(folder, "TEM.EXAMPLE.ORG", wrong),
    ):
        with pytest.raises(KeyFileError, match="is not the root key"):
            act()
    assert contents(folder) == before
    assert new_key(folder, "stamp", folder / ROOT_KEY, NOW) == "stamp key 2"


def test_a_file_that_is_no_key_is_one_clear_line(folder, tmp_path):
    files = {
        "text": b"root key",
        "empty": b"",
        "public": (folder / "root.pub").read_bytes(),
        "rsa": pem(generate_private_key(65537, 2048)),
        "locked": pem(Ed25519PrivateKey.generate(), BestAvailableEncryption(b"x")),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    for name in (*files, "."):
        with pytest.raises(KeyFileError) as caught:
            new_key(folder, "stamp", tmp_path / name, NOW)
        assert "\n" not in str(caught.value), name
    assert set(load(folder).private_keys) == {1}


def test_a_private_key_is_never_written_over(folder):
    (folder / KEY_FILE).unlink()
    before = contents(folder)
    initialise(folder, HOST, NOW)
    assert {name: contents(folder)[name] for name in before if name.endswith((".pem", ".key"))} == {
        name: content for name, content in before.items() if name.endswith((".pem", ".key"))
    }


def test_two_processes_that_init_at_once_make_one_set_of_keys(tmp_path):
    folder = tmp_path / "keys"
    command = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path; from traceability.keystore import initialise\n"
        "sys.stdin.read()\n"
        f"print(len(initialise(Path({str(folder)!r}), {HOST!r}, datetime.now(UTC))))"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    processes = [subprocess.Popen([sys.executable, "-c", command], env=environment, **pipes) for _ in range(3)]
    # Each waits, with everything imported, until its input ends.
    for process in processes:
        process.stdin.close()
    told = sorted(process.stdout.read().strip() for process in processes)
    for process in processes:
        process.stdout.close()
        assert process.wait() == 0
    assert told == ["0", "0", "2"]
    store = load(folder)
    assert keys.public_of(store.private_keys[1]) == store.keyring.keys[0].public


def test_master_keys_that_batches_need_and_the_folder_lacks_are_named_in_order(folder):
    assert missing_master_keys(load(folder), {"1"}) == []
    assert missing_master_keys(load(folder), {"1", "10", "9"}) == ["9", "10"]


def test_an_interrupted_init_is_finished_by_the_next_one(tmp_path):
    initialise(tmp_path, "TRACE.EXAMPLE.VN", NOW)
    root = (tmp_path / "root.pem").read_bytes()
    for name in (KEY_FILE, f"{KEY_FILE}.sig", "stamp-1.pem"):
        (tmp_path / name).unlink()
    initialise(tmp_path, "TRACE.EXAMPLE.VN", NOW)
    assert (tmp_path / "root.pem").read_bytes() == root and load(tmp_path).keyring.sequence == 1


def test_init_does_not_replace_a_key_file_that_was_lost(tmp_path):
    initialise(tmp_path, "TRACE.EXAMPLE.VN", NOW)
    new_key(tmp_path, "stamp", tmp_path / "root.pem", NOW)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(KeyFileError, match="restore"):
        initialise(tmp_path, "TRACE.EXAMPLE.VN", NOW)
