"""Files that people hand over and that are kept as they are: outside the web root, under random names, of known types only."""

import os
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from traceability.domain.errors import Refused
from traceability.pictures import store_page

MOST_BYTES = 10 * 1024 * 1024
PDF, WEBP = "application/pdf", "image/webp"
_NAME = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(rb"%PDF-[12]\.\d[\r\n \t]")
# What makes a document act by itself. Names in compressed parts are not seen; readers ask before they act on those.
_NUMBERED = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTING = (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia")


@dataclass(frozen=True)
class CheckedFile:
    """A file whose content was looked at."""

    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """Of the content, in hexadecimal."""
        return sha256(self.content).hexdigest()


def check_report(content: bytes) -> CheckedFile:
    """A report as PDF, or as a photograph, which is re-encoded. The name and the type that the browser states are not asked.

    Refused: `report_large`, `report_type`, `report_acts`, those of pictures.
    """
    if len(content) > MOST_BYTES and content.startswith(b"%PDF-"):
        raise Refused("report_large", most_mb=MOST_BYTES // 1024 // 1024)
    if _VERSION.match(content):
        if b"%%EOF" not in content[-1024:] or b"startxref" not in content:
            raise Refused("report_type")
        # A name may be written with any of its letters as a number: /J#61vaScript.
        plain = _NUMBERED.sub(lambda found: bytes([int(found[1], 16)]), content)
        if any(word in plain for word in _ACTING):
            raise Refused("report_acts")
        return CheckedFile(content, PDF)
    try:
        return CheckedFile(store_page(content).content, WEBP)
    except Refused as refused:
        raise Refused("report_type") if refused.code == "picture_unreadable" else refused from None


class UploadStore:
    """The folder of the files. A name is 32 random bytes: it tells nothing of what lies under it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Writes a file, to the disk and not only towards it, and returns its name."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = secrets.token_hex(32)
        descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return name

    def get(self, name: str) -> bytes | None:
        """A file's content, or None where it is gone."""
        if not _NAME.fullmatch(name):
            return None
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Removes a file; one that is gone already stays gone."""
        if _NAME.fullmatch(name):
            (self._folder / name).unlink(missing_ok=True)
