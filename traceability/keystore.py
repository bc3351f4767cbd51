"""Keys as files: private ones with mode 0600, and the public key file that the root key signs.

A command makes and revokes keys, never a request. The root key may lie elsewhere: a command that changes the key file is
told where.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from traceability.domain import keys
from traceability.domain.errors import KeyFileError

KEY_FILE = "traceability-keys.json"
ROOT_KEY = "root.pem"
ROOT_PUBLIC = "root.pub"
YEARS_VALID = 5


@dataclass(frozen=True)
class KeyStore:
    """What lies in the keys folder. `master_keys` by id, `private_keys` of stamps and `pack_keys` by kid."""

    keyring: keys.Keyring
    content: bytes
    signature: bytes
    master_keys: Mapping[str, bytes]
    private_keys: Mapping[int, bytes]
    pack_keys: Mapping[int, bytes]
    root_public: bytes

    @property
    def newest_master_key(self) -> str:
        """The id of the serial master key for new batches."""
        return max(self.master_keys, key=int)


class LiveKeyStore:
    """The key store as it is now: read again when the key file has changed, since a command may revoke a key while we serve."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp: tuple[int, int] | None = None
        self._store: KeyStore | None = None

    @property
    def folder(self) -> Path:
        """Where the keys lie."""
        return self._folder

    def current(self) -> KeyStore:
        """The store. Raises KeyFileError, also for a sequence lower than the last one seen."""
        try:
            status = (self._folder / KEY_FILE).stat()
        except OSError:
            raise KeyFileError(f"no key file in {self._folder}; run `flask --app traceability init`") from None
        stamp = (status.st_mtime_ns, status.st_ino)
        if self._store is None or stamp != self._stamp:
            store = load(self._folder)
            if self._store and store.keyring.sequence < self._store.keyring.sequence:
                raise KeyFileError("the key file is older than the one seen before")
            self._store, self._stamp = store, stamp
        return self._store


def load(folder: Path) -> KeyStore:
    """Reads all keys. Raises KeyFileError where one is missing or the root key did not sign the key file."""
    for _attempt in range(5):
        store = _read_all(folder)
        if store is not None:
            return store
        # A command may be between writing the signature and the file.
        time.sleep(0.02)
    raise KeyFileError(f"{KEY_FILE} is not signed by the root key")


def _read_all(folder: Path) -> KeyStore | None:
    try:
        content, signature = (folder / KEY_FILE).read_bytes(), (folder / f"{KEY_FILE}.sig").read_bytes()
        root_public = bytes.fromhex((folder / ROOT_PUBLIC).read_text("ascii"))
        master_keys = {path.stem.removeprefix("serial-"): bytes.fromhex(path.read_text("ascii")) for path in folder.glob("serial-*.key")}
        private_keys, pack_keys = (
            {int(path.stem.removeprefix(f"{use}-")): _read_private(path) for path in folder.glob(f"{use}-*.pem")} for use in keys.USES
        )
    except (OSError, ValueError) as error:
        raise KeyFileError(f"keys cannot be read: {error}") from None
    if not keys.verify_key_file(root_public, content, signature):
        return None
    if not master_keys:
        raise KeyFileError(f"no serial master key in {folder}")
    return KeyStore(keys.parse_keyring(content), content, signature, master_keys, private_keys, pack_keys, root_public)


def initialise(folder: Path, host: str, now: datetime) -> list[str]:
    """Makes what is missing: root key, first serial master key, first stamp key, key file. Returns lines that say what was made.

    What an interrupted run left is used, since it has never signed anything. Raises KeyFileError where later keys lie without
    their key file: that is a lost file, to be restored.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(folder):
        if (folder / KEY_FILE).exists():
            return []
        found = {path.name for path in folder.iterdir() if path.suffix in (".pem", ".key")}
        if found - {ROOT_KEY, "serial-1.key", "stamp-1.pem"}:
            raise KeyFileError(f"{folder} holds keys but no {KEY_FILE}; restore it and its .sig from a copy")
        root = folder / ROOT_KEY
        if not root.exists():
            _write_private(root, Ed25519PrivateKey.generate())
        _write(folder / ROOT_PUBLIC, keys.public_of(_read_private(root)).hex().encode("ascii"), mode=0o644)
        if not (folder / "serial-1.key").exists():
            _write(folder / "serial-1.key", os.urandom(32).hex().encode("ascii"))
        _write_key_file(folder, keys.Keyring(1, (host,), (_make_key(folder, 1, "stamp", now),)), root)
    return [
        f"made keys in {folder}",
        f"move {root} to a place off this machine once you print stamps for packs; keep a copy of the folder in a safe",
    ]


def add_host(folder: Path, host: str, root_key: Path) -> bool:
    """Adds a public host to the key file; hosts are never removed. Returns whether it was new."""
    with _locked(folder):
        keyring = load(folder).keyring
        if host in keyring.hosts:
            return False
        _write_key_file(folder, replace(keyring, sequence=keyring.sequence + 1, hosts=(*keyring.hosts, host)), root_key)
        return True


def new_key(folder: Path, use: str, root_key: Path, now: datetime) -> str:
    """Makes a key for `stamp`, `pack` or `serial` and returns its name."""
    with _locked(folder):
        store = load(folder)
        if use == "serial":
            name = str(int(store.newest_master_key) + 1)
            _write(folder / f"serial-{name}.key", os.urandom(32).hex().encode("ascii"))
            # The key file is touched so that running servers read the folder again.
            os.utime(folder / KEY_FILE)
            return f"serial master key {name}"
        kid = max((key.kid for key in store.keyring.keys), default=0) + 1
        if kid > 255:
            raise KeyFileError("all 255 key ids are used")
        # Before a key is made: a private key that no key file names would stand in the way of the next one.
        _read_root(folder, root_key)
        key = _make_key(folder, kid, use, now)
        keyring = replace(store.keyring, sequence=store.keyring.sequence + 1, keys=(*store.keyring.keys, key))
        _write_key_file(folder, keyring, root_key)
        return f"{use} key {kid}"


def revoke_key(folder: Path, kid: int, root_key: Path, now: datetime) -> None:
    """Revokes a key from now on: what it signed later is refused. Raises KeyFileError."""
    with _locked(folder):
        keyring = load(folder).keyring
        found = next((key for key in keyring.keys if key.kid == kid), None)
        if found is None:
            raise KeyFileError(f"there is no key {kid}")
        if found.revoked_at is not None:
            raise KeyFileError(f"key {kid} was revoked at {keys.format_instant(found.revoked_at)}")
        changed = tuple(replace(key, revoked_at=now.replace(microsecond=0)) if key.kid == kid else key for key in keyring.keys)
        _write_key_file(folder, replace(keyring, sequence=keyring.sequence + 1, keys=changed), root_key)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_key(folder: Path, kid: int, use: str, now: datetime) -> keys.PublicKey:
    path = folder / f"{use}-{kid}.pem"
    # A key that no key file names yet was left by a run that was interrupted.
    if not path.exists():
        _write_private(path, Ed25519PrivateKey.generate())
    begins = now.replace(microsecond=0)
    return keys.PublicKey(kid, use, keys.public_of(_read_private(path)), begins, begins + timedelta(days=365 * YEARS_VALID))


def _write_key_file(folder: Path, keyring: keys.Keyring, root_key: Path) -> None:
    content = keys.format_keyring(keyring)
    root = _read_root(folder, root_key)
    # The signature goes first: a reader that comes between the two finds a pair that does not fit and reads again.
    _write(folder / f"{KEY_FILE}.sig", keys.sign_key_file(root, content), mode=0o644)
    _write(folder / KEY_FILE, content, mode=0o644)


def _read_root(folder: Path, path: Path) -> bytes:
    if not path.exists():
        raise KeyFileError(f"the root key is not at {path}; bring it and name its file with --root")
    try:
        root = _read_private(path)
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{path} cannot be read as a key: {error}") from None
    if keys.public_of(root) != bytes.fromhex((folder / ROOT_PUBLIC).read_text("ascii")):
        raise KeyFileError(f"{path} is not the root key of {folder}")
    return root


def _read_private(path: Path) -> bytes:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except TypeError:
        raise KeyFileError(f"{path} is locked by a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} is not an Ed25519 key")
    return key.private_bytes_raw()


def _write_private(path: Path, key: Ed25519PrivateKey) -> None:
    _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _write(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Writes a file whole or not at all, and onto the disk: a key that was used and then lost could never be made again."""
    if mode == 0o600 and path.exists():
        raise KeyFileError(f"{path} exists and is not written over")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def missing_master_keys(store: KeyStore, needed: set[str]) -> list[str]:
    """The ids of serial master keys that batches need and the folder lacks."""
    return sorted(needed - set(store.master_keys), key=lambda name: int(re.sub(r"\D", "", name) or 0))
