"""The writer: a record is in the file, by one `write`, before its scan is answered; a thread brings it onto the disk.

What was written survives the death of the process; only a power cut or a crash of the kernel can take what was not synced.
Where the disk takes nothing, records stay in memory, up to a number, and go to the disk once it takes them again.
"""

import errno
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from pathlib import Path
from threading import get_ident

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
_LONGEST_WAIT_S = 5.0


class _Writing:
    """Whether a thread is between reading the descriptor and having written to it."""

    __slots__ = ("is_up",)

    def __init__(self) -> None:
        self.is_up = False


class Journal:
    """One process's file of scans. `waits`: each answer waits until its record is on the disk.

    Threads append without a lock, since the system appends whole records: a lock would have each wait for the other's turn. Only
    the journal's own thread changes files, and it closes one when no thread can be writing to it any more.
    """

    def __init__(self, folder: Path, *, waits: bool = False, most_in_memory: int = MOST_IN_MEMORY) -> None:
        self.folder = folder
        self.waits = waits
        # Records that neither disk nor memory could take.
        self.lost = 0
        self.fault = ""
        self._most_in_memory = most_in_memory
        self._in_memory: deque[bytes] = deque()
        self._descriptor: int | None = None
        self._opened_at = 0.0
        # Numbers in the order in which records were written: what has a lower one was written earlier.
        self._numbers = count(1)
        self._synced = 0
        # What waits for a sync: the number of its record, since when it waits, and what to call.
        self._answers: deque[tuple[int, float, Callable[[], object]]] = deque()
        # By thread. The system gives a number again once its thread has ended, so that there are never more than threads at once.
        self._flags: dict[int, _Writing] = {}
        self._lock = threading.Condition(threading.Lock())
        self._work = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_closing = False

    @property
    def state(self) -> str:
        """`ok`, `memory` (the disk takes nothing, records wait in memory), or `losing` (memory is full too)."""
        if not self._in_memory and not self.fault:
            return "ok"
        return "losing" if len(self._in_memory) >= self._most_in_memory else "memory"

    @property
    def in_memory(self) -> int:
        """How many records wait for the disk to take them."""
        return len(self._in_memory)

    def append(self, record: bytes, then: Callable[[], object] | None = None) -> bool:
        """Takes a record; whether it is in the file (and, where it `waits`, on the disk). Never raises for a disk's fault.

        With `then` nobody waits here: it is called when it would be time to answer, from another thread where that takes a sync.
        """
        flag = self._flags.get(get_ident())
        if flag is None:
            flag = self._flags[get_ident()] = _Writing()
        flag.is_up = True
        descriptor = self._descriptor
        if descriptor is None or self._in_memory or self.fault:
            flag.is_up = False
            return self._append_slowly(record, then)
        try:
            written = os.write(descriptor, record)
        except OSError as error:
            flag.is_up = False
            return self._keep(record, then, error)
        flag.is_up = False
        if written != RECORD_BYTES:
            # Readers find the next whole record; ours goes into a new file.
            return self._keep(record, then, OSError(errno.ENOSPC, "only a part of a record could be written"))
        number = next(self._numbers)
        if self.waits and then is not None:
            self._answers.append((number, time.monotonic(), then))
        if not self._work.is_set():
            self._work.set()
        if then is None:
            return self._wait_for(number) if self.waits else True
        if not self.waits:
            then()
        return True

    def flush(self) -> bool:
        """Waits until all that was taken is on the disk; whether it is."""
        number = next(self._numbers)
        self._work.set()
        return self._wait_for(number) if self._thread is not None else True

    def close(self) -> None:
        """Syncs and lets the file go."""
        self._is_closing = True
        thread = self._thread
        self._work.set()
        if thread is not None:
            thread.join()
        self._is_closing, self._thread = False, None

    def answer_late(self) -> None:
        """Calls what has waited too long for a sync: a disk that hangs must not hold up phones for ever."""
        self._answer(0, time.monotonic() - _LONGEST_WAIT_S)

    def _append_slowly(self, record: bytes, then: Callable[[], object] | None) -> bool:
        """The first record of a process, and every one while the disk takes nothing."""
        with self._lock:
            if self._thread is None:
                self._open()
                self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
                self._thread.start()
        return self._keep(record, then) if self._descriptor is None or self._in_memory or self.fault else self.append(record, then)

    def _wait_for(self, number: int) -> bool:
        with self._lock:
            # A sync that fails is told as a fault, and a disk that hangs must not hold up phones for ever.
            self._lock.wait_for(lambda: self._synced > number or bool(self.fault), timeout=_LONGEST_WAIT_S)
            return self._synced > number

    def _keep(self, record: bytes, then: Callable[[], object] | None, error: OSError | None = None) -> bool:
        with self._lock:
            if error is not None:
                self._stumble(error)
            if len(self._in_memory) < self._most_in_memory:
                self._in_memory.append(record)
            else:
                self.lost += 1
        if then is not None:
            then()
        return False

    def _stumble(self, error: OSError) -> None:
        if not self.fault:
            _log.error("scans cannot be written down: %s; they wait in memory", error)
        self.fault = str(error)

    def _open(self) -> None:
        try:
            _path, self._descriptor = create_file(self.folder)
        except OSError as error:
            self._stumble(error)
            return
        self._opened_at = time.monotonic()

    # ------------------------------------------------------------------------------------------- the journal's thread

    def _run(self) -> None:
        while True:
            self._work.wait(_RETRY_S)
            closing = self._is_closing
            if not self.waits and not closing:
                time.sleep(DELAY_S)
            self._work.clear()
            self._sync()
            if self._answers:
                self._answer(sys.maxsize if self.fault or self._descriptor is None else self._synced, 0.0)
            if self._in_memory or self.fault or self._descriptor is None:
                self._recover()
            elif self._is_full():
                self._change_files()
            if closing:
                old, self._descriptor = self._descriptor, None
                self._finish(old)
                return

    def _sync(self) -> None:
        if self._descriptor is None:
            return
        # What was written has a lower number than this one.
        number = next(self._numbers)
        if number == self._synced + 1:
            # Nothing was written since.
            self._synced = number
            return
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            with self._lock:
                self._stumble(error)
                self._lock.notify_all()
            return
        with self._lock:
            self._synced = number
            self._lock.notify_all()

    def _answer(self, synced: int, since: float) -> None:
        """Calls what waits for a lower number than `synced`, or waits since before `since`."""
        for _ in range(len(self._answers)):
            try:
                number, began, then = self._answers.popleft()
            except IndexError:
                return
            if number >= synced and began >= since:
                self._answers.append((number, began, then))
                continue
            try:
                then()
            except Exception:
                _log.exception("an answer failed")

    def _is_full(self) -> bool:
        assert self._descriptor is not None
        size = os.fstat(self._descriptor).st_size
        return size >= LARGEST_FILE or (size > 0 and time.monotonic() - self._opened_at > OLDEST_FILE_S)

    def _change_files(self) -> None:
        """Goes on in a new file, without a moment in between; where there can be none, in none."""
        old = self._descriptor
        self._open()
        if self._descriptor == old:
            self._descriptor = None
        self._finish(old)

    def _finish(self, descriptor: int | None) -> None:
        """Closes a file once no thread can be writing to it: each that read its descriptor has its flag up until it has written."""
        if descriptor is None:
            return
        for flag in list(self._flags.values()):
            while flag.is_up:
                time.sleep(0.0005)
        try:
            os.fdatasync(descriptor)
        except OSError as error:
            self._stumble(error)
        os.close(descriptor)

    def _recover(self) -> None:
        """Writes what waits in memory, oldest first, into a new file: the old one may end in half a record, or be past syncing."""
        with self._lock:
            self._change_files()
            while self._in_memory and self._descriptor is not None:
                try:
                    written = os.write(self._descriptor, self._in_memory[0])
                except OSError as error:
                    self._stumble(error)
                    return
                if written != RECORD_BYTES:
                    return
                self._in_memory.popleft()
            if self._descriptor is not None and self.fault:
                _log.warning("scans are written down again")
                self.fault = ""
        self._work.set()
