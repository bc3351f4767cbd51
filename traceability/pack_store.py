"""Trust packs as files under `instance/packs/`: whole ones, and differences between two of them. All can be made again."""

import os
import re
from collections.abc import Hashable
from datetime import datetime, timedelta
from pathlib import Path

KEPT = timedelta(days=8)
_NAME = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?\.pack")


class PackStore:
    """The folder. A phone whose pack is older than what is kept here takes a whole one: it is past its use anyway."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # By area: the number of the pack that this process last found to say what the register says, and which state of it.
        self.compared: dict[str, tuple[int, Hashable]] = {}

    def path(self, number: int, base: int | None = None) -> Path:
        """Where a pack lies, or its difference to another."""
        return self._folder / (f"{number}.pack" if base is None else f"{base}-{number}.pack")

    def read(self, number: int, base: int | None = None) -> bytes | None:
        """A pack's content, None where it is not kept."""
        try:
            return self.path(number, base).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, content: bytes, number: int, base: int | None = None, *, now: datetime) -> None:
        """Keeps a pack, whole or not at all."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.path(number, base)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_bytes(content)
        os.utime(temporary, (now.timestamp(), now.timestamp()))
        temporary.replace(path)

    def forget(self, now: datetime) -> None:
        """Removes what was written before `now` by more than `KEPT`."""
        for path in self._folder.glob("*.pack"):
            if _NAME.fullmatch(path.name) and now.timestamp() - path.stat().st_mtime > KEPT.total_seconds():
                path.unlink(missing_ok=True)
