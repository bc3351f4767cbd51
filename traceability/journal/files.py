"""The files of a folder of scans: how they are named, and how to tell whether their writer is still there."""

import fcntl
import os
import secrets
import time
from pathlib import Path

SUFFIX = ".scans"


def create_file(folder: Path) -> tuple[Path, int]:
    """A new file that its writer holds as long as it lives, and its descriptor for appending. The folder's entry is on the disk.

    Its name is never used again: it holds the time, the process and 64 random bits. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(8)}{SUFFIX}"
    # Held before anybody can see it: otherwise a loader that comes in between would take it for one whose writer is gone.
    hidden = folder / f".{path.name}"
    descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        hidden.rename(path)
        sync_folder(folder)
    except OSError:
        os.close(descriptor)
        hidden.unlink(missing_ok=True)
        raise
    return path, descriptor


def is_held(descriptor: int) -> bool:
    """Whether a file's writer is still there. A file that is not held is whole and will never grow."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def sync_folder(folder: Path) -> None:
    """Brings a folder's entries onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
