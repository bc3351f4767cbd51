"""What a process knows by heart: stamps that were scanned before, the pages that they open, and the batches behind them.

Everything here can be had again from the register. It is bounded in number and bytes, and let go as soon as the register
changes: `let_go` is called with what changed before anything is served that a change could have made stale.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from traceability.domain.address import StampText
from traceability.domain.errors import Malformed
from traceability.operations.batch_facts import BatchFacts
from traceability.operations.origin_page import Seen
from traceability.web.kept_page import Filling, Pieces, Runs, cut, fill, filling, filling_of, runs_of
from traceability.web.stamp_words import SeenWords

# Together some 80 MB.
MOST_STAMPS = 20_000
MOST_BATCHES = 5_000
MOST_PAGE_BYTES = 32 << 20
# Whoever scans again within the minute is counted once; beyond so many visits a minute all are counted.
_MOST_VISITS = 200_000
EMPTY = filling("")
Key = TypeVar("Key", bound=Hashable)
Kept = TypeVar("Kept")


class RecentVisits:
    """Who scanned which stamp within this minute. Of all stamps together: a set for each held what nobody asked for any more."""

    __slots__ = ("_minute", "_visits")

    def __init__(self) -> None:
        self._minute = 0
        self._visits: set[int] = set()

    def is_first(self, visitor: bytes, batch_id: int, unit: int, minute: int) -> bool:
        """Whether this is the visitor's first scan of the stamp in the minute; it is noted."""
        if minute != self._minute:
            self._minute, self._visits = minute, set()
        # 61 bits: of a full minute's visits two are taken for one once in a hundred million minutes.
        visit, visits = hash((visitor, batch_id, unit)), self._visits
        if visit in visits:
            return False
        if len(visits) < _MOST_VISITS:
            visits.add(visit)
        return True


class ScanCount:
    """How often a stamp was scanned, as far as this process knows: what the register had counted, and its own scans since."""

    __slots__ = ("_recent", "batch_id", "first_at", "is_told", "times", "unit")

    def __init__(self, batch_id: int, unit: int, seen: Seen, recent: RecentVisits) -> None:
        self.batch_id, self.unit, self._recent = batch_id, unit, recent
        self.times, self.first_at = seen.times, seen.first_at
        # Whether it stands in the list of counts that will be compared with the register's.
        self.is_told = False

    def add(self, visitor: bytes, minute: int, now: datetime) -> None:
        """Counts a scan, of each visitor once a minute."""
        if not self._recent.is_first(visitor, self.batch_id, self.unit, minute):
            return
        self.times += 1
        if self.first_at is None:
            self.first_at = now

    def compare(self, counted: Seen) -> None:
        """Takes over what the register has counted of all processes. What this one has seen since is not taken back."""
        self.times = max(self.times, counted.times)
        if counted.first_at is not None and (self.first_at is None or counted.first_at < self.first_at):
            self.first_at = counted.first_at


class KnownPage:
    """A drawn page of one batch, in one language, under one verdict. It holds between two instants (seconds since 1970)."""

    __slots__ = ("_lapse", "_lapsed", "facts", "form", "holds_from", "holds_until", "is_alive", "is_used", "pieces", "verdict", "words")

    def __init__(
        self, pieces: Pieces, facts: BatchFacts, *, form: int, verdict: int, words: SeenWords, lapse: Callable[[str], str], now: datetime
    ) -> None:
        self.pieces, self.facts, self.form, self.verdict, self.words = pieces, facts, form, verdict, words
        begins, ends = facts.holds_within(now)
        self.holds_from, self.holds_until = begins.timestamp(), ends.timestamp()
        self.is_alive, self.is_used = True, False
        self._lapse = lapse
        self._lapsed: Pieces | None = None

    def lapsed(self) -> Pieces:
        """The page while the register cannot be asked; drawn when it is first needed."""
        if self._lapsed is None:
            self._lapsed = cut(self._lapse(self.pieces.text()))
        return self._lapsed


class KnownStamp:
    """A stamp by its path and language: its page, its unit, and what fills the page's holes."""

    __slots__ = (
        "_around",
        "_around_of",
        "_runs",
        "_runs_of",
        "_said",
        "_said_times",
        "_times",
        "count",
        "is_used",
        "page",
        "serial",
        "tail",
        "unit",
    )

    def __init__(self, page: KnownPage, count: ScanCount, *, unit: int, serial: str, tail: str) -> None:
        self.page, self.count, self.unit = page, count, unit
        self.serial, self.tail = filling(serial) if serial else EMPTY, filling(tail) if tail else EMPTY
        self.is_used = False
        self._said_times, self._said, self._times = -1, EMPTY, EMPTY
        self._around_of: tuple[datetime | None, bool] | None = None
        self._around: list[bytes] = []
        self._runs_of: Pieces | None = None
        self._runs: Runs = ()

    def fill(self, pieces: Pieces, moment: Filling) -> tuple[bytes, str]:
        """Its page, `pieces`, as gzip at a moment, and the entity tag."""
        if self.count.times != self._said_times:
            self._say()
        # In the order of HOLES.
        fillings = (moment, self._said, self._times, self.serial, self.tail)
        if self._runs_of is not pieces:
            self._runs, self._runs_of = runs_of(pieces, fillings), pieces
        return fill(pieces, fillings, self._runs)

    def _say(self) -> None:
        """How often it was scanned changes with most scans, the words around the number do not."""
        count, words = self.count, self.page.words
        times, said_of = count.times, (count.first_at, count.times == 1)
        if said_of != self._around_of:
            self._around = [part.encode("utf-8") for part in words.around_number(said_of[0], is_once=said_of[1])]
            self._around_of = said_of
        number = words.number(times).encode("utf-8")
        self._said, self._times, self._said_times = filling_of(number.join(self._around)), filling_of(number), times


class KnownStamps:
    """All that a process knows, by path and language of a stamp, by page, and by batch."""

    def __init__(self) -> None:
        self.stamps: dict[tuple[str, str], KnownStamp] = {}
        # How often the register changed, as far as this process has noticed.
        self.epoch = 0
        self._pages: dict[Hashable, KnownPage] = {}
        self._page_bytes = 0
        self._facts: dict[Hashable, BatchFacts] = {}
        self._counts: dict[tuple[int, int], ScanCount] = {}
        self._told: deque[ScanCount] = deque()
        self._recent = RecentVisits()
        self._lock = threading.Lock()

    @property
    def page_bytes(self) -> int:
        """The bytes of all pages."""
        return self._page_bytes

    def facts_of(self, key: Hashable) -> BatchFacts | None:
        """The batch that a text names."""
        return self._facts.get(key)

    def page(self, key: Hashable, now: datetime) -> KnownPage | None:
        """A page that holds now."""
        page = self._pages.get(key)
        return page if page is not None and page.is_alive and page.holds_from <= now.timestamp() < page.holds_until else None

    def count(self, batch_id: int, unit: int, fetch: Callable[[], Seen]) -> ScanCount:
        """The count of a stamp, fetched where the process does not know it."""
        known = self._counts.get((batch_id, unit))
        if known is None:
            known = self._counts.setdefault((batch_id, unit), ScanCount(batch_id, unit, fetch(), self._recent))
            _shorten(self._counts, MOST_STAMPS, lambda _: False)
        return known

    def tell(self, count: ScanCount) -> None:
        """Notes that a count has grown."""
        if not count.is_told:
            count.is_told = True
            self._told.append(count)

    def take_told(self, most: int) -> list[ScanCount]:
        """Up to so many of the counts that have grown since they were last taken, those first that have waited longest."""
        told = [self._told.popleft() for _ in range(min(most, len(self._told)))]
        for count in told:
            count.is_told = False
        return told

    def keep_facts(self, key: Hashable, facts: BatchFacts, epoch: int) -> None:
        """Keeps a batch, unless the register changed after `epoch`."""
        with self._lock:
            if epoch == self.epoch:
                self._facts[key] = facts
                _shorten(self._facts, MOST_BATCHES, lambda _: False)

    def keep_page(self, key: Hashable, page: KnownPage, epoch: int) -> None:
        """Keeps a page, unless the register changed after `epoch`."""
        with self._lock:
            if epoch != self.epoch:
                page.is_alive = False
                return
            self._drop_page(key)
            self._pages[key] = page
            self._page_bytes += page.pieces.size
            if self._page_bytes > MOST_PAGE_BYTES:
                self._make_room()

    def keep_stamp(self, key: tuple[str, str], stamp: KnownStamp) -> None:
        """Keeps a stamp whose page is kept."""
        if stamp.page.is_alive:
            with self._lock:
                self.stamps[key] = stamp
                _shorten(self.stamps, MOST_STAMPS, _was_used)

    def let_go(self, changed: Iterable[tuple[str, int]]) -> None:
        """Lets go of all that rests on what changed."""
        touched = frozenset(changed)
        if not touched:
            return
        with self._lock:
            self.epoch += 1
            everything = ("all", 0) in touched
            for key in [key for key, page in self._pages.items() if everything or touched & page.facts.subjects]:
                self._drop_page(key)
            for name in [name for name, facts in self._facts.items() if everything or touched & facts.subjects]:
                del self._facts[name]

    def let_all_go(self) -> None:
        """Lets go of everything."""
        self.let_go([("all", 0)])

    def _make_room(self) -> None:
        """Drops the pages that were not asked for since room was last made, an eighth of the bytes at least."""
        wanted = MOST_PAGE_BYTES * 7 // 8
        for _ in range(2):
            for key, page in list(self._pages.items()):
                if self._page_bytes <= wanted:
                    return
                if page.is_used:
                    page.is_used = False
                else:
                    self._drop_page(key)

    def _drop_page(self, key: Hashable) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            page.is_alive = False
            self._page_bytes -= page.pieces.size
            # Stamps may still point to it: what is large goes now.
            page.pieces = Pieces((), "")


def batch_key(unverified: StampText | Malformed) -> tuple[str | None, ...] | None:
    """By what the batch that a text names is known, None where it names none."""
    if isinstance(unverified, Malformed) or unverified.form == "gs1_product":
        return None
    return (unverified.batch_code,) if unverified.gtin is None else (unverified.gtin, unverified.lot)


def _was_used(stamp: KnownStamp) -> bool:
    used, stamp.is_used = stamp.is_used and stamp.page.is_alive, False
    return used


def _shorten(kept: dict[Key, Any], most: int, is_needed: Callable[[Any], bool]) -> None:
    """Drops the oldest eighth of what is kept once there is too much of it, but puts what is needed at the end."""
    if len(kept) <= most:
        return
    for key in list(kept)[: most // 8]:
        value = kept.pop(key, None)
        if value is not None and is_needed(value):
            kept[key] = value
