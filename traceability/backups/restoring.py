"""Restoring: everything is checked before anything is touched, and files come into place once the database is loaded."""

import gzip
import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from isal import igzip, isal_zlib
from sqlalchemy import Connection, Engine

from traceability.backups.archive import MANIFEST, PRIVATE, PUBLIC_KEYS, SEALED, VERSION
from traceability.backups.faults import BackupFault
from traceability.backups.rows import holds_rows, load_rows, set_sequences, table_names
from traceability.backups.sealed import unseal
from traceability.migrations import current_revision, is_known, migrate

_NAMES = re.compile(
    r"tables/[a-z_]{1,63}\.jsonl|journal/[0-9a-f-]{1,80}\.scans|audit/checkpoints\.jsonl|uploads/[0-9a-f]{64}|"
    rf"keys/(?:{'|'.join(map(re.escape, PUBLIC_KEYS))})|{re.escape(SEALED)}|{re.escape(MANIFEST)}"
)
_LARGEST_TEXT = 64 << 20
_BROKEN: tuple[type[Exception], ...] = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, isal_zlib.error)  # type: ignore[assignment]


def check_backup(source: Path) -> dict[str, Any]:
    """Reads a backup to its end and compares every hash; its manifest. Raises BackupFault, OSError."""
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] | None = None
    with _reading(source) as members:
        for name, file, size in members:
            if name == MANIFEST:
                manifest = _parse(file.read(_LARGEST_TEXT))
                continue
            if name in found:
                raise BackupFault(f"the backup holds {name} twice")
            digest = hashlib.sha256()
            while piece := file.read(1 << 20):
                digest.update(piece)
            found[name] = {"size": size, "sha256": digest.hexdigest()}
    if manifest is None or found != manifest["members"]:
        raise BackupFault("the backup is not whole: a part is missing or was changed")
    if manifest["version"] != VERSION or not is_known(manifest["schema"]):
        raise BackupFault(f"the backup was made by a newer release (schema {manifest['schema']}); restore it with that one")
    return manifest


def restore_backup(
    engine: Engine, instance: Path, source: Path, *, ask: Callable[[], str], told: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Restores into an empty database and instance, and gives the manifest. `ask` gives the passphrase where keys are sealed in it.

    Raises BackupFault, OSError, SQLAlchemyError; nothing is half done then, and it can be tried again.
    """
    manifest = check_backup(source)
    _check_empty(engine, instance, manifest["schema"])
    instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=instance) as folder:
        staged = Path(folder)
        _stage(source, staged)
        if (staged / SEALED).exists():
            _open_keys(staged, ask())
        _check_keys(staged, instance)
        migrate(engine, manifest["schema"])
        with _undoing() as moved, engine.execution_options(acting=True).begin() as connection:
            _load(connection, staged, told)
            # Before the rows are committed: a database is never there without its files.
            _put_in_place(staged, instance, moved)
    migrate(engine)
    return manifest


def _load(connection: Connection, staged: Path, told: Callable[[str], None]) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    names = table_names(connection)
    strange = {path.stem for path in (staged / "tables").glob("*.jsonl")} - set(names)
    if strange:
        raise BackupFault(f"the backup holds a table that its schema does not have: {min(strange)}")
    for name in names:
        path = staged / "tables" / f"{name}.jsonl"
        if path.exists():
            with path.open("rb") as file:
                load_rows(connection, name, file)
            told(name)
    set_sequences(connection)


def _parse(content: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
        if not (isinstance(manifest["members"], dict) and isinstance(manifest["schema"], str) and isinstance(manifest["version"], int)):
            raise BackupFault("the backup's manifest is damaged")
    except (ValueError, KeyError, TypeError):
        raise BackupFault("the backup's manifest is damaged") from None
    return manifest  # type: ignore[no-any-return]


@contextmanager
def _reading(source: Path) -> Iterator[Iterator[tuple[str, IO[bytes], int]]]:
    """The members one after another; only plain files with names that a backup has."""
    try:
        packed = igzip.open(source, "rb")  # type: ignore[no-untyped-call]
        with packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            yield _members(tar)
            # To the very end, where gzip's own checksum stands.
            while packed.read(1 << 20):
                pass
    except _BROKEN:
        raise BackupFault("this is no backup, or it is cut off or damaged") from None


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes], int]]:
    for member in tar:
        file = tar.extractfile(member) if member.isreg() else None
        if file is None or not _NAMES.fullmatch(member.name):
            raise BackupFault(f"the backup holds what no backup of this service does: {member.name[:80]!r}")
        yield member.name, file, member.size


def _check_empty(engine: Engine, instance: Path, schema: str) -> None:
    with engine.connect() as connection:
        name = holds_rows(connection)
    if name:
        raise BackupFault(f"the database is not empty (table {name}); restore into an empty one")
    there = current_revision(engine)
    if there is not None and there > schema:
        # Steps that have been made would not see the rows that they are for.
        raise BackupFault(f"the database has schema {there} already, the backup {schema}; restore into a database without tables")
    for folder in ("uploads", "journal", "audit"):
        if (instance / folder).exists() and any((instance / folder).iterdir()):
            raise BackupFault(f"{instance / folder} is not empty; restore into an empty INSTANCE")


def _stage(source: Path, staged: Path) -> None:
    with _reading(source) as members:
        for name, file, _ in members:
            path = staged / name
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with path.open("wb") as target:
                shutil.copyfileobj(file, target, 1 << 20)
            path.chmod(0o600)


def _check_keys(staged: Path, instance: Path) -> None:
    """Keys that were brought beforehand must be those of the backup; of the key file it is enough that one root signs it."""
    for there in sorted((staged / "keys").glob("*")):
        here = instance / "keys" / there.name
        if there.suffix in (".pub", ".pem", ".key") and here.exists() and here.read_bytes() != there.read_bytes():
            raise BackupFault(f"{here} is another key than the backup's; restore into an INSTANCE without keys")


def _open_keys(staged: Path, passphrase: str) -> None:
    for name, content in unseal((staged / SEALED).read_bytes(), passphrase).items():
        if not PRIVATE.fullmatch(name):
            raise BackupFault(f"the sealed keys hold what is no key: {name[:80]!r}")
        (staged / name).parent.mkdir(mode=0o700, exist_ok=True)
        (staged / name).write_bytes(content)
        (staged / name).chmod(0o600)


@contextmanager
def _undoing() -> Iterator[dict[Path, bytes | None]]:
    """Files that came into place, with what was there before; where the rest fails, it is there again."""
    moved: dict[Path, bytes | None] = {}
    try:
        yield moved
    except BaseException:
        for path, before in moved.items():
            path.unlink(missing_ok=True)
            if before is not None:
                path.write_bytes(before)
                path.chmod(0o600)
        raise


def _put_in_place(staged: Path, instance: Path, moved: dict[Path, bytes | None]) -> None:
    for path in sorted(staged.rglob("*")):
        name = path.relative_to(staged)
        if path.is_dir() or name.parts[0] in ("tables", SEALED, MANIFEST):
            continue
        target = instance / name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        if not target.exists() or name.parts[0] != "keys":
            # Only the secret can be there already: each start of a command makes one where there is none.
            moved[target] = target.read_bytes() if target.exists() else None
            path.replace(target)
    os.sync()
