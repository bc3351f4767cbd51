"""The one secret of an installation's staff pages, in a file of mode 0600; every use derives a key of its own from it."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FILE = "secret.key"


class AppSecret:
    """Keys derived from the secret (HKDF-SHA256), one a purpose."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def key_for(self, purpose: str) -> bytes:
        """32 bytes for one purpose."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"traceability {purpose} v1".encode("ascii")).derive(self._secret)


def load_secret(instance: Path) -> AppSecret:
    """Reads the secret, or makes it where there is none; where nothing can be written, one that lasts as long as the process."""
    path = instance / FILE
    try:
        instance.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make(path)
        return AppSecret(bytes.fromhex(path.read_text("ascii")))
    except (OSError, ValueError):
        return AppSecret(os.urandom(32))


def _make(path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(os.urandom(32).hex())
    try:
        # Of two processes that start at once, the one that comes second takes the first one's.
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)
