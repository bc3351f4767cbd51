"""Checkpoints of the audit trail, outside the database: who rewrites the trail must also forge a signature.

After each act one line goes to a file: the id and hash of the trail's last row, signed by a key that lies with the other
keys. A copy of file and public key on another machine also holds against somebody who owns this one.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from traceability.domain.errors import KeyFileError
from traceability.domain.keys import parse_instant
from traceability.models.audit import Mark

AUDIT_KEY = "audit.pem"
AUDIT_PUBLIC = "audit.pub"
_PURPOSE = b"traceability audit checkpoint\n"


@dataclass(frozen=True)
class ReadCheckpoints:
    """What a checkpoint file holds: the good ones, and a line about each that is not."""

    marks: tuple[Mark, ...]
    faults: tuple[str, ...]

    @property
    def furthest(self) -> int:
        """The highest row that a checkpoint names, 0 for none."""
        return max((mark.id for mark in self.marks), default=0)


class Checkpoints:
    """The checkpoint file of an instance, and the key that signs it."""

    def __init__(self, instance: Path, keys_folder: Path) -> None:
        self.path = instance / "audit" / "checkpoints.jsonl"
        self.public_path = keys_folder / AUDIT_PUBLIC
        self._key_path = keys_folder / AUDIT_KEY

    def make_key(self) -> bool:
        """Makes the key where it is missing. Raises KeyFileError where only the private half is: checkpoints stand under it."""
        if self._key_path.exists():
            if not self.public_path.exists():
                _write_new(self.public_path, _public_of(self._private_key()), mode=0o644)
            return False
        if self.public_path.exists():
            raise KeyFileError(f"{self.public_path} is here, but {self._key_path.name} is not; restore it from a copy")
        key = Ed25519PrivateKey.generate()
        _write_new(self._key_path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
        _write_new(self.public_path, _public_of(key), mode=0o644)
        return True

    def append(self, mark: Mark) -> None:
        """Adds a checkpoint, onto the disk; without a key nothing is written, since `init` has yet to make one."""
        if not self._key_path.exists():
            return
        at = mark.at.isoformat()
        signature = self._private_key().sign(_message(mark.id, mark.hash.hex(), at))
        entry = {"id": mark.id, "hash": mark.hash.hex(), "at": at, "signature": signature.hex()}
        line = json.dumps(entry, separators=(",", ":")).encode("ascii") + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _drop_torn_line(descriptor)
            if os.write(descriptor, line) != len(line):
                raise OSError(f"{self.path}: the checkpoint could not be written whole")
            os.fsync(descriptor)
        if new:
            _sync_folder(self.path.parent)

    def catch_up(self, last: Mark | None) -> bool:
        """Adds a checkpoint for the last row if it has none, as after a crash between an act and its checkpoint."""
        if last is None or not self._key_path.exists() or self.read().furthest >= last.id:
            return False
        self.append(last)
        return True

    def read(self, path: Path | None = None, public_path: Path | None = None) -> ReadCheckpoints:
        """All checkpoints, or those of a copy elsewhere. Raises KeyFileError where there is no public key to check them by."""
        path = path or self.path
        public = self._public_key(public_path or self.public_path)
        try:
            lines = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return ReadCheckpoints((), ())
        except OSError as error:
            raise KeyFileError(f"{path} cannot be read: {error.strerror}") from None
        marks, faults = [], []
        if lines.pop():
            faults.append("the last line of the checkpoint file is cut off")
        for number, line in enumerate(lines, 1):
            mark = _read_line(line, public)
            if mark is None:
                faults.append(f"line {number} of the checkpoint file: checkpoint forged or edited")
            else:
                marks.append(mark)
        return ReadCheckpoints(tuple(marks), tuple(faults))

    def _private_key(self) -> Ed25519PrivateKey:
        try:
            key = load_pem_private_key(self._key_path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise KeyFileError(f"{self._key_path} cannot be read as a key: {error}") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFileError(f"{self._key_path} is not an Ed25519 key")
        return key

    def _public_key(self, path: Path) -> Ed25519PublicKey:
        try:
            public = bytes.fromhex(path.read_text("ascii"))
            key = Ed25519PublicKey.from_public_bytes(public)
        except FileNotFoundError:
            raise KeyFileError(f"no key of the audit trail at {path}; run `flask --app traceability init`") from None
        except (OSError, ValueError) as error:
            raise KeyFileError(f"{path} cannot be read as a key: {error}") from None
        if path == self.public_path and self._key_path.exists() and _public_of(self._private_key()) != public.hex().encode("ascii"):
            raise KeyFileError(f"{path} is not the public half of {self._key_path.name}: one of them was exchanged")
        return key


def _public_of(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw().hex().encode("ascii")


def _message(number: int, digest: str, at: str) -> bytes:
    return _PURPOSE + json.dumps([number, digest, at], separators=(",", ":")).encode("ascii")


def _read_line(line: bytes, public: Ed25519PublicKey) -> Mark | None:
    try:
        entry = json.loads(line)
        number, digest, at = entry["id"], entry["hash"], entry["at"]
        if type(number) is not int or number < 1 or set(entry) != {"id", "hash", "at", "signature"}:
            return None
        public.verify(bytes.fromhex(entry["signature"]), _message(number, digest, at))
        return Mark(number, bytes.fromhex(digest), parse_instant(at))
    except (ValueError, KeyError, TypeError, RecursionError, InvalidSignature):
        return None


def _drop_torn_line(descriptor: int) -> None:
    """What a crash left of a line is no checkpoint, and must not spoil the next one."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        tail = os.pread(descriptor, min(size, 4096), max(0, size - 4096))
        os.ftruncate(descriptor, size - len(tail) + tail.rfind(b"\n") + 1)


def _write_new(path: Path, content: bytes, *, mode: int) -> None:
    """Writes a file whole or not at all, and never over another."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        raise KeyFileError(f"{path} exists and is not written over") from None
    finally:
        temporary.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
