"""What Prometheus is told: scans by verdict and kind, how long they took, what was known by heart, and how recording stands.

A scan leaves one small tuple; a thread moves them into the metrics once a second, so that no phone waits for a counter. All
workers of a service share the counts through files (prometheus-client's multi-process mode, where `serve` names a folder).
"""

import threading
import time
from bisect import bisect_left
from collections import Counter as Tallied
from collections import deque
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
# A thread that moves nothing on must not fill the memory.
_MOST_EVENTS = 1_000_000
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
Scan = tuple[int, int, float, int]


class Tally:
    """Takes what happens, from any thread, and moves it into the metrics."""

    def __init__(self) -> None:
        self._scans: deque[Scan] = deque(maxlen=_MOST_EVENTS)
        self._services: Services | None = None
        self._starting = threading.Lock()

    def watch(self, services: "Services") -> None:
        """Begins to move what was taken on, once a second."""
        if self._services is None:
            with self._starting:
                if self._services is None:
                    self._services = services
                    threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def scan(self, verdict: int, kind: int, seconds: float, outcome: int) -> None:
        """A scan of what names a batch, by the places of its words in the journal."""
        self._scans.append((verdict, kind, seconds, outcome))

    def refused(self) -> None:
        """A request that was refused for its network's guesses."""
        _REFUSED.inc()

    def answered(self, status: str) -> None:
        """An answer of Flask's that was no scan's."""
        _ANSWERS.labels(status).inc()

    def flush(self) -> None:
        """Moves what was taken into the metrics."""
        taken = [self._scans.popleft() for _ in range(len(self._scans))]
        for (verdict, kind), times in Tallied((scan[0], scan[1]) for scan in taken).items():
            _SCANS.labels(VERDICTS[verdict], KINDS[kind]).inc(times)
        for outcome, times in Tallied(scan[3] for scan in taken).items():
            _PAGES.labels(_OUTCOMES[outcome]).inc(times)
        if taken:
            # The library observes one value a call, in microseconds each; a second's scans go in at once through its own counts.
            for place, times in Tallied(bisect_left(BUCKETS_S, scan[2]) for scan in taken).items():
                _SECONDS._buckets[place].inc(times)
            _SECONDS._sum.inc(sum(scan[2] for scan in taken))

    def _run(self) -> None:
        while True:
            time.sleep(_PERIOD_S)
            self.flush()
            if self._services is not None:
                _measure(self._services)


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
