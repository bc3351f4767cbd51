"""The loader: walks the folder of scans and loads what is new. Any number of loaders may be at it at once."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from traceability.domain.dates import add_months, day_in_vietnam
from traceability.domain.scan_places import NO_PLACES, ScanPlaces
from traceability.journal.reader import Slice, journal_files, read_slice
from traceability.journal.record import RECORD_BYTES
from traceability.models.engine import acting, reading
from traceability.operations.load_scans import AnotherLoader, Loaded, forget_files, forget_scans, load_slice, loaded_until, recount_days
from traceability.operations.register_changes import forget_changes
from traceability.operations.scan_watch import Looked, look_at_new_scans

_log = logging.getLogger(__name__)
# Rows a transaction when old scans go, so that no other act waits long.
_PIECE = 5_000
_CHANGES_KEPT = timedelta(days=1)
_FILES_KEPT = timedelta(days=400)
# Days before today whose sums are made anew, each time that old rows go.
_DAYS_RECOUNTED = 2
# Where the processor is short, scans come first: the loader rests so many times as long as a slice took, at most so many seconds,
# unless so many records wait already, or one for so many seconds. What is short: less than this share of all processors was idle.
_RESTS, _RESTS_AT_MOST_S, _MOST_WAITING, _LONGEST_S, _SHORT = 4.0, 5.0, 2_000_000, 120.0, 0.15
# How soon after it was loaded a scan may be looked at by the rules.
_LOOKS_EVERY_S = 10.0
# How long it is looked before more are loaded.
_LOOKS_FOR_S = 1.0


@dataclass(frozen=True)
class Lag:
    """What the journal holds and the database does not: records, and the age of the oldest in seconds."""

    records: int
    seconds: float


def lag_of(engine: Engine, folder: Path, now: datetime) -> Lag:
    """How far loading is behind. Raises SQLAlchemyError."""
    records, oldest = 0, now.timestamp()
    with reading(engine) as session:
        for path in journal_files(folder):
            start, is_finished = loaded_until(session, path.name)
            try:
                waiting = 0 if is_finished else (path.stat().st_size - start) // RECORD_BYTES
                first = read_slice(path, start, 1).records if waiting > 0 else ()
            except FileNotFoundError:
                continue
            records += max(0, waiting)
            oldest = min([oldest, *(record.at_us / 1_000_000 for record in first)])
    return Lag(records, max(0.0, now.timestamp() - oldest))


class IdleShare:
    """Which share of all processors was idle since it was last asked; all of it where the system does not tell (Linux does)."""

    def __init__(self, path: Path = Path("/proc/stat")) -> None:
        self._path, self._before = path, (0, 0)

    def since(self) -> float:
        """From 0 to 1."""
        try:
            with self._path.open() as file:
                ticks = [int(part) for part in file.readline().split()[1:]]
        except (OSError, ValueError):
            return 1.0
        # user, nice, system, idle, waiting for disks, …; guests are in user already.
        now = (sum(ticks[3:5]), sum(ticks[:8]))
        idle, whole = (after - before for after, before in zip(now, self._before, strict=True))
        self._before = now
        return idle / whole if whole > 0 else 1.0


@dataclass
class ScanLoader:
    """Loads one folder into one database. `stopping` is asked between transactions."""

    engine: Engine
    folder: Path
    clock: Callable[[], datetime]
    stopping: Callable[[], bool] = field(default=lambda: False)
    places: ScanPlaces = NO_PLACES
    idle: IdleShare = field(default_factory=IdleShare)
    # How it rests between slices; not at all where it loads once.
    _rest: Callable[[float], object] | None = None

    def load_all(self) -> int:
        """Loads what is there now; how many records. Raises SQLAlchemyError where the database fails: nothing is lost by it."""
        return sum(self._load_file(path) for path in journal_files(self.folder) if not self.stopping())

    def _load_file(self, path: Path) -> int:
        loaded = 0
        try:
            with reading(self.engine) as session:
                start, is_finished = loaded_until(session, path.name)
            while not is_finished and not self.stopping():
                found = read_slice(path, start)
                if found.end == start and not found.is_last:
                    return loaded
                self._load_politely(path, found)
                loaded, start, is_finished = loaded + len(found.records), found.end, found.is_last
                if found.damaged:
                    # Kept for whoever wants to know why; what could be read is loaded.
                    path.rename(path.with_suffix(".damaged"))
                    _log.error("%s: %s records were damaged; the file is kept as %s.damaged", path.name, found.damaged, path.stem)
                    return loaded
            if is_finished:
                path.unlink(missing_ok=True)
        except AnotherLoader:
            _log.info("%s is being loaded by another loader", path.name)
        except FileNotFoundError:
            # Another loader has finished it.
            pass
        return loaded

    def _load_politely(self, path: Path, found: Slice) -> None:
        began = time.monotonic()
        self.idle.since()
        self._load(path, found)
        took = time.monotonic() - began
        if self._rest is not None and not found.is_last and self.idle.since() < _SHORT and self._may_wait(found):
            self._rest(min(_RESTS * took, _RESTS_AT_MOST_S))

    def _may_wait(self, found: Slice) -> bool:
        """Whether little waits, and not for long; what is loaded of files that are not finished counts as waiting."""
        try:
            waiting = sum(path.stat().st_size for path in journal_files(self.folder)) // RECORD_BYTES
        except FileNotFoundError:
            # Another loader has finished one.
            return False
        oldest = min((record.at_us / 1_000_000 for record in found.records), default=float("inf"))
        return waiting < _MOST_WAITING and self.clock().timestamp() - oldest < _LONGEST_S

    def _load(self, path: Path, found: Slice) -> Loaded:
        if found.is_last and found.end == 0:
            return Loaded(0, 0, 0)
        # What is loaded is synced at the latest before its file goes, with all that was loaded before: until then a power cut takes
        # scans and the file's place together, and they are loaded again. So not every slice waits for the disk.
        with acting(self.engine, is_durable=found.is_last or found.damaged > 0) as session:
            loaded = load_slice(session, path.name, found, now=self.clock())
        if loaded.strange:
            _log.error("%s: %s records name no batch of this register and were left out", path.name, loaded.strange)
        if found.torn:
            _log.warning("%s ends with %s bytes of a record that was never whole", path.name, found.torn)
        return loaded

    def look(self) -> Looked:
        """Has the rules look at a piece of what was loaded, and raises alerts. Raises SQLAlchemyError."""
        with acting(self.engine, act="watch_scans") as session:
            return look_at_new_scans(session, now=self.clock(), places=self.places)

    def _look_a_while(self) -> bool:
        """Looks at pieces for a second, so that scans are loaded meanwhile; whether there are more."""
        ends = time.monotonic() + _LOOKS_FOR_S
        while (more := self.look().more) and time.monotonic() < ends and not self.stopping():
            pass
        return more

    def forget(self, months: int) -> int:
        """Deletes raw scans that are older than so many months, and rows that nobody reads any more; how many scans."""
        now, forgotten = self.clock(), 0
        oldest = add_months(day_in_vietnam(now), -months)
        minute = int(now.replace(year=oldest.year, month=oldest.month, day=oldest.day).timestamp()) // 60
        with acting(self.engine) as session:
            forget_changes(session, before=now - _CHANGES_KEPT)
            forget_files(session, before=now - _FILES_KEPT)
        with acting(self.engine) as session:
            recount_days(session, [day_in_vietnam(now) - timedelta(days=back) for back in range(_DAYS_RECOUNTED, -1, -1)])
        while not self.stopping():
            with acting(self.engine) as session:
                piece = forget_scans(session, before_minute=minute, most=_PIECE)
            forgotten += piece
            if piece < _PIECE:
                break
        return forgotten

    def keep_loading(self, wait: Callable[[float], object], *, months: int) -> None:
        """Loads until it is stopped: twice a second when there is little to do, and patiently where the database is away."""
        patience, forget_at, looks_at, self._rest = 0.5, self.clock(), 0.0, wait
        while not self.stopping():
            try:
                loaded = self.load_all()
                if time.monotonic() >= looks_at:
                    looks_at = time.monotonic() + (0.0 if self._look_a_while() else _LOOKS_EVERY_S)
                if self.clock() >= forget_at:
                    self.forget(months)
                    forget_at = self.clock() + timedelta(hours=1)
            except (SQLAlchemyError, OSError) as error:
                if patience == 0.5:
                    _log.error("scans cannot be loaded now, and wait in their files: %s", error.__class__.__name__)
                patience = min(patience * 2, 10.0)
                wait(patience)
                continue
            if patience > 0.5:
                _log.warning("scans are loaded again")
                patience = 0.5
            if not loaded:
                wait(0.5)
