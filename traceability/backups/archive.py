"""Making the file: a tar under gzip, whose last member is a manifest with everybody's hash."""

import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from isal import igzip
from sqlalchemy import Engine, inspect, select

from traceability.backups.faults import BackupFault
from traceability.backups.rows import table_names, write_rows
from traceability.backups.sealed import seal
from traceability.journal.files import sync_folder
from traceability.migrations import current_revision
from traceability.models import ConsumerReport, InspectionPhotograph, Upload
from traceability.models.engine import reading

VERSION = 1
MANIFEST, SEALED = "manifest.json", "keys.sealed"
PUBLIC_KEYS = ("traceability-keys.json", "traceability-keys.json.sig", "root.pub", "audit.pub")
# Copies under names of somebody's own are keys as well.
PRIVATE = re.compile(r"keys/[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.(?:pem|key)|secret\.key")
_LEVEL = 2


class Archive:
    """A backup that is being written."""

    def __init__(self, tar: tarfile.TarFile, told: Callable[[str], None]) -> None:
        self._tar, self._told = tar, told
        self.members: dict[str, dict[str, Any]] = {}

    def add(self, name: str, file: IO[bytes], size: int) -> None:
        """Adds so many bytes of a file."""
        member, reader = tarfile.TarInfo(name), _Hashing(file, size)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, reader)
        self.members[name] = {"size": size, "sha256": reader.digest.hexdigest()}
        self._told(name)

    def add_path(self, name: str, path: Path) -> None:
        """Adds a file as it is now; one that has gone is left out."""
        try:
            with path.open("rb") as file:
                self.add(name, file, os.fstat(file.fileno()).st_size)
        except FileNotFoundError:
            return


class _Hashing:
    """Reads so many bytes of a file, and hashes them. A file that grows meanwhile is read no further."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left, self.digest = file, size, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(content)
        self.digest.update(content)
        return content


def make_backup(
    engine: Engine,
    instance: Path,
    target: Path,
    *,
    now: datetime,
    passphrase: str | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Writes a backup, whole or not at all, and gives its manifest. Private keys are in it only with a passphrase.

    Scans that wait in the journal are copied before the database is looked at, and the database then says up to where they are
    loaded: none is lost and none is doubled. Raises BackupFault, OSError, SQLAlchemyError.
    """
    revision = current_revision(engine)
    if revision is None:
        raise BackupFault("the database has no schema yet; run `init` first")
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with _writing(temporary) as tar:
            archive = Archive(tar, told)
            _add_files(archive, instance)
            counts = _add_rows(archive, engine, target.parent, instance / "uploads")
            if passphrase is not None:
                _add_text(archive, SEALED, seal(_private_files(instance), passphrase))
            manifest = {"version": VERSION, "schema": revision, "made_at": now.isoformat(), "rows": counts, "members": archive.members}
            _add_text(archive, MANIFEST, json.dumps(manifest, indent=1).encode())
        temporary.replace(target)
        sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return manifest


@contextmanager
def _writing(path: Path) -> Iterator[tarfile.TarFile]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        packed = igzip.open(file, "wb", compresslevel=_LEVEL)  # type: ignore[no-untyped-call]
        with packed, tarfile.open(fileobj=packed, mode="w|") as tar:
            yield tar
        file.flush()
        os.fsync(file.fileno())


def _add_files(archive: Archive, instance: Path) -> None:
    for path in sorted((instance / "journal").glob("*.scans")):
        if not path.name.startswith("."):
            archive.add_path(f"journal/{path.name}", path)
    # Before the database, too: it may hold rows that no checkpoint names yet, but never the other way round.
    archive.add_path("audit/checkpoints.jsonl", instance / "audit" / "checkpoints.jsonl")
    for name in PUBLIC_KEYS:
        archive.add_path(f"keys/{name}", instance / "keys" / name)


def _add_rows(archive: Archive, engine: Engine, folder: Path, uploads: Path) -> dict[str, int]:
    counts = {}
    with reading(engine) as session:
        connection = session.connection()
        kept = table_names(connection)
        for name in kept:
            with tempfile.TemporaryFile(dir=folder) as file:
                counts[name] = write_rows(connection, name, file)
                size = file.tell()
                file.seek(0)
                archive.add(f"tables/{name}.jsonl", file, size)
        # A database of an older release may lack a table or a column.
        columns = {name: {column["name"] for column in inspect(connection).get_columns(name)} for name in kept}
        named = [
            column
            for column in (Upload.name, InspectionPhotograph.name, ConsumerReport.photograph)
            if column.key in columns.get(column.class_.__tablename__, ())
        ]
        names = [name for column in named for name in session.scalars(select(column).order_by(column)) if name]
    for name in names:
        # Named by the snapshot; what was handed over later is not in it.
        archive.add_path(f"uploads/{name}", uploads / name)
    return counts


def _add_text(archive: Archive, name: str, content: bytes) -> None:
    archive.add(name, io.BytesIO(content), len(content))


def _private_files(instance: Path) -> dict[str, bytes]:
    keys = [path for path in sorted((instance / "keys").glob("*")) if path.suffix in (".pem", ".key")]
    files = {f"keys/{path.name}": path.read_bytes() for path in keys}
    secret = instance / "secret.key"
    files |= {"secret.key": secret.read_bytes()} if secret.exists() else {}
    for name in files:
        # Told now: restoring would refuse the name, and all other keys with it.
        if not PRIVATE.fullmatch(name):
            raise BackupFault(f"{name} is not named as a key; give it a name of letters, digits, . _ and -, or move it away")
    if not files:
        raise BackupFault("there are no private keys here; make the backup without --with-keys")
    return files
