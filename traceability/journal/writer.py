"""The writer: a record is in the file, by one `write`, before its scan is answered; a thread brings it onto the disk.

What was written survives the death of the process; only a power cut or a crash of the kernel can take what was not synced.
Where the disk takes nothing, records stay in memory, up to a number, and go to the disk once it takes them again.
"""

import logging
import os
import threading
import time
from collections import deque
from pathlib import Path

from traceability.journal.files import create_file
from traceability.journal.record import RECORD_BYTES

_log = logging.getLogger(__name__)
LARGEST_FILE = 16 << 20
OLDEST_FILE_S = 60.0
# So soon is a record on the disk, at the latest, where nobody waits for it.
DELAY_S = 0.005
# 200,000 scans without a disk are 10 MB.
MOST_IN_MEMORY = 200_000
_RETRY_S = 1.0


class Journal:
    """One process's file of scans. `waits`: each answer waits until its record is on the disk."""

    def __init__(self, folder: Path, *, waits: bool = False, most_in_memory: int = MOST_IN_MEMORY) -> None:
        self.folder = folder
        self.waits = waits
        # Of records: how many were taken, are on the disk, were lost because memory was full too.
        self.taken = self.synced = self.lost = 0
        self.fault = ""
        self._most_in_memory = most_in_memory
        self._in_memory: deque[bytes] = deque()
        self._descriptor: int | None = None
        # Files that nobody writes to any more. Only the thread closes one, since it may be syncing it.
        self._left: list[int] = []
        self._size = 0
        self._opened_at = 0.0
        self._lock = threading.Condition(threading.Lock())
        self._work = threading.Event()
        self._thread: threading.Thread | None = None
        self._closing = False

    @property
    def state(self) -> str:
        """`ok`, `memory` (the disk takes nothing, records wait in memory), or `losing` (memory is full too)."""
        if not self._in_memory and not self.fault:
            return "ok"
        return "losing" if len(self._in_memory) >= self._most_in_memory else "memory"

    def append(self, record: bytes) -> bool:
        """Takes a record; whether it is in the file (and, where it `waits`, on the disk). Never raises for a disk's fault."""
        with self._lock:
            written = self._write(record)
            self.taken += 1
            mine = self.taken
        if not self._work.is_set():
            self._work.set()
        if self.waits and written:
            with self._lock:
                # A sync that fails is told as a fault, and a disk that hangs must not hold up phones for ever.
                self._lock.wait_for(lambda: self.synced >= mine or bool(self.fault), timeout=5)
                return self.synced >= mine
        return written

    def close(self) -> None:
        """Syncs and lets the file go."""
        with self._lock:
            self._closing = True
            thread = self._thread
        self._work.set()
        if thread is not None:
            thread.join()
        with self._lock:
            self._closing, self._thread = False, None

    # ------------------------------------------------------------------------------------------- with the lock held

    def _write(self, record: bytes) -> bool:
        if self._thread is None:
            self._start()
        if self._descriptor is None or self._in_memory:
            return self._keep(record)
        try:
            written = os.write(self._descriptor, record)
        except OSError as error:
            self._stumble(error)
            return self._keep(record)
        if written != len(record):
            self._cut_back()
            return self._keep(record)
        self._size += written
        return True

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()
        self._open()

    def _open(self) -> None:
        try:
            _path, self._descriptor = create_file(self.folder)
        except OSError as error:
            self._stumble(error)
            return
        self._size, self._opened_at = 0, time.monotonic()

    def _leave(self) -> None:
        if self._descriptor is not None:
            self._left.append(self._descriptor)
            self._descriptor = None

    def _keep(self, record: bytes) -> bool:
        if len(self._in_memory) < self._most_in_memory:
            self._in_memory.append(record)
        else:
            self.lost += 1
        return False

    def _cut_back(self) -> None:
        """Takes half a record off the file's end; where that fails, a new file begins, and readers leave the torn end out."""
        assert self._descriptor is not None
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            self._leave()
        self._stumble(OSError("the disk is full"))

    def _stumble(self, error: OSError) -> None:
        if not self.fault:
            _log.error("scans cannot be written down: %s; they wait in memory", error)
        self.fault = str(error)

    # ------------------------------------------------------------------------------------------------- the thread

    def _run(self) -> None:
        while True:
            self._work.wait(_RETRY_S)
            if not self.waits and not self._closing:
                time.sleep(DELAY_S)
            self._work.clear()
            self._sync()
            with self._lock:
                if self._descriptor is None or self._in_memory or self.fault:
                    self._recover()
                elif self._size >= LARGEST_FILE or (self._size and time.monotonic() - self._opened_at > OLDEST_FILE_S):
                    self._leave()
                    self._open()
                if self._closing:
                    self._leave()
                self._close_left()
                if self._closing:
                    return

    def _sync(self) -> None:
        with self._lock:
            descriptor, mine = self._descriptor, self.taken
            if descriptor is None or self._in_memory or self.synced == mine:
                return
        try:
            # Nobody but this thread lets the file go while it works, so the descriptor stays this file's.
            os.fdatasync(descriptor)
        except OSError as error:
            with self._lock:
                self._stumble(error)
                # What a disk failed to sync once it may call clean: the rest goes into a new file.
                self._leave()
                self._lock.notify_all()
            return
        with self._lock:
            self.synced = mine
            self._lock.notify_all()

    def _close_left(self) -> None:
        for descriptor in self._left:
            try:
                os.fdatasync(descriptor)
            except OSError as error:
                self._stumble(error)
            os.close(descriptor)
        self._left.clear()

    def _recover(self) -> None:
        """Writes what waits in memory, oldest first."""
        if self._descriptor is None:
            self._open()
        while self._in_memory and self._descriptor is not None:
            record = self._in_memory[0]
            try:
                written = os.write(self._descriptor, record)
            except OSError as error:
                self._stumble(error)
                return
            if written != RECORD_BYTES:
                self._cut_back()
                return
            self._size += written
            self._in_memory.popleft()
        if self._descriptor is not None and self.fault:
            _log.warning("scans are written down again")
            self.fault = ""
            self._work.set()
