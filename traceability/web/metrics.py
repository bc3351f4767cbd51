"""What Prometheus is told: scans by verdict and kind, how long they took, what was known by heart, and how recording stands.

A scan is counted in numbers of its thread's own; another thread moves them into the metrics once a second, so that no phone
waits for a counter, nor for much work at once. All workers of a service share the counts through files (prometheus-client's
multi-process mode, where `serve` names a folder).
"""

import threading
import time
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

from traceability.journal.record import KINDS, VERDICTS

if TYPE_CHECKING:
    from traceability.web.services import Services

BUCKETS_S = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1.0, 2.5)
HIT, MISS, LAPSED = range(3)
_OUTCOMES = ("hit", "miss", "lapsed")
_PERIOD_S = 1.0
_SCANS = Counter("traceability_scans", "Scans of what names a batch", ["verdict", "kind"])
_SECONDS = Histogram("traceability_scan_seconds", "From a scan's arrival to its answer", buckets=BUCKETS_S)
_PAGES = Counter("traceability_kept_pages", "Scans by whether their page was known by heart", ["outcome"])
_REFUSED = Counter("traceability_refused_guesses", "Requests of networks that tried too many codes")
_ANSWERS = Counter("traceability_answers", "Answers of all other pages", ["status"])
_KEPT = Gauge("traceability_kept_bytes", "Bytes of pages known by heart", multiprocess_mode="livesum")
_FALLBACK = Gauge("traceability_journal_fallback", "1 where the disk takes no scans, 2 where they are lost", multiprocess_mode="livemax")
_WAITING = Gauge("traceability_journal_waiting_records", "Scans that wait in memory for the disk", multiprocess_mode="livesum")
_LOST = Gauge("traceability_journal_lost_records", "Scans that neither disk nor memory could take", multiprocess_mode="sum")
_UNREACHABLE = Gauge("traceability_register_unreachable", "1 where the register cannot be asked", multiprocess_mode="livemax")
_STATES = {"ok": 0, "memory": 1, "losing": 2}
_COMBINATIONS = len(VERDICTS) * len(KINDS)


class _Numbers:
    """What one thread has counted since it began; only that thread changes it."""

    __slots__ = ("outcomes", "scans", "seconds", "slower")

    def __init__(self) -> None:
        self.scans, self.outcomes, self.slower, self.seconds = [0] * _COMBINATIONS, [0] * len(_OUTCOMES), [0] * (len(BUCKETS_S) + 1), 0.0


class Tally:
    """Takes what happens, from any thread, and moves it into the metrics."""

    def __init__(self) -> None:
        # By thread. The system gives a number again once its thread has ended, so that there are never more than threads at once.
        self._counted: dict[int, _Numbers] = {}
        self._moved = _Numbers()
        self._services: Services | None = None
        self._starting, self._moving = threading.Lock(), threading.Lock()

    def watch(self, services: "Services") -> None:
        """Begins to move what was taken on, once a second."""
        if self._services is None:
            with self._starting:
                if self._services is None:
                    self._services = services
                    threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def scan(self, verdict: int, kind: int, seconds: float, outcome: int) -> None:
        """A scan of what names a batch, by the places of its words in the journal."""
        mine = self._counted.get(threading.get_ident())
        if mine is None:
            mine = self._counted[threading.get_ident()] = _Numbers()
        mine.scans[verdict * len(KINDS) + kind] += 1
        mine.outcomes[outcome] += 1
        mine.slower[bisect_left(BUCKETS_S, seconds)] += 1
        mine.seconds += seconds

    def refused(self) -> None:
        """A request that was refused for its network's guesses."""
        _REFUSED.inc()

    def answered(self, status: str) -> None:
        """An answer of Flask's that was no scan's."""
        _ANSWERS.labels(status).inc()

    def flush(self) -> None:
        """Moves what was taken into the metrics."""
        with self._moving:
            before, now = self._moved, self._sum()
            for place, times in _grown(before.scans, now.scans):
                _SCANS.labels(VERDICTS[place // len(KINDS)], KINDS[place % len(KINDS)]).inc(times)
            for place, times in _grown(before.outcomes, now.outcomes):
                _PAGES.labels(_OUTCOMES[place]).inc(times)
            # The library observes one value a call, in microseconds each; a second's scans go in at once through its own counts.
            for place, times in _grown(before.slower, now.slower):
                _SECONDS._buckets[place].inc(times)
            if now.seconds > before.seconds:
                _SECONDS._sum.inc(now.seconds - before.seconds)
            self._moved = now

    def _sum(self) -> _Numbers:
        total = _Numbers()
        for counted in list(self._counted.values()):
            for name in ("scans", "outcomes", "slower"):
                setattr(total, name, [one + other for one, other in zip(getattr(total, name), getattr(counted, name), strict=True)])
            total.seconds += counted.seconds
        return total

    def _run(self) -> None:
        while True:
            time.sleep(_PERIOD_S)
            self.flush()
            if self._services is not None:
                _measure(self._services)
                self._services.journal.answer_late()


def _grown(before: Sequence[int], now: Sequence[int]) -> list[tuple[int, int]]:
    return [(place, new - old) for place, (old, new) in enumerate(zip(before, now, strict=True)) if new > old]


def _measure(services: "Services") -> None:
    journal = services.journal
    _KEPT.set(services.known.page_bytes)
    _FALLBACK.set(_STATES[journal.state])
    _WAITING.set(journal.in_memory)
    _LOST.set(journal.lost)
    _UNREACHABLE.set(services.watch.is_unreachable)


def exposition(folder: Path | None, lag: tuple[int, float] | None) -> bytes:
    """All metrics as Prometheus reads them. `folder`: where the workers share theirs; `lag` of the loader, in records and seconds."""
    registry = CollectorRegistry()
    if folder is not None:
        _forget_dead(folder)
        multiprocess.MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    content = generate_latest(registry if folder is not None else REGISTRY)
    if lag is not None:
        of_now = CollectorRegistry()
        Gauge("traceability_loader_lag_records", "Scans in the journal that are not in the database", registry=of_now).set(lag[0])
        Gauge("traceability_loader_lag_seconds", "Age of the oldest of them", registry=of_now).set(lag[1])
        content += generate_latest(of_now)
    return content


def _forget_dead(folder: Path) -> None:
    """What a worker that was killed measured of itself holds no longer; what it counted stays."""
    for path in folder.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if not Path("/proc", pid).exists():
            multiprocess.mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]
