"""The bell: eight bytes that all processes of a host share. Who changes the register rings it; who keeps pages hears it.

Hearing costs a look at memory, so that each scan can afford it. It carries no news: what changed stands in the database.
"""

import logging
import mmap
import os
from pathlib import Path

_log = logging.getLogger(__name__)


class Bell:
    """Rung after each act. Without a file that can be written to, nothing is heard, and whoever listens finds out later."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._memory: memoryview | None = None

    def ring(self) -> None:
        """Tells all processes of this host that something changed."""
        memory = self._shared()
        if memory is not None:
            # Any value but the last one does, so that two who ring at once need not agree on a number.
            memory[0] = int.from_bytes(os.urandom(8))

    def heard(self) -> int:
        """A number that is another one after each ring."""
        memory = self._memory or self._shared()
        return memory[0] if memory is not None else 0

    def _shared(self) -> memoryview | None:
        if self._memory is None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    os.ftruncate(descriptor, 8)
                    self._memory = memoryview(mmap.mmap(descriptor, 8)).cast("Q")
                finally:
                    os.close(descriptor)
            except OSError as error:
                _log.warning("changes by other processes are noticed later, since %s cannot be shared: %s", self._path.name, error.strerror)
        return self._memory
