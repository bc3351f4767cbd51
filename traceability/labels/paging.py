"""Labels dealt out to pages: where the first one stands, how often each is printed, how a run is split over printers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from traceability.labels.run import Units
from traceability.labels.stock import Stock


class PagingFault(ValueError):
    """Labels cannot be dealt out like this. `code` is `start`, `copies` or `parts`."""

    def __init__(self, code: str, **facts: int) -> None:
        super().__init__(f"{code} {facts}")
        self.code, self.facts = code, facts


MOST_COPIES = 1000


@dataclass(frozen=True)
class Dealing:
    """How labels are dealt out: the first one to place `start` (from 1) of a used sheet, along rows or columns.

    Each label is printed `copies` times, one beside the other.
    """

    start: int = 1
    order: Literal["rows", "columns"] = "rows"
    copies: int = 1

    def check(self, stock: Stock) -> "Dealing":
        """The same, if the stock allows it; PagingFault says what is wrong."""
        if not 1 <= self.start <= stock.count:
            raise PagingFault("start", most=stock.count)
        if not 1 <= self.copies <= MOST_COPIES:
            raise PagingFault("copies", most=MOST_COPIES)
        return self

    def pages(self, stock: Stock, count: int) -> int:
        """How many pages `count` different labels take."""
        return -(-(count * self.copies + self.start - 1) // stock.count)


@dataclass(frozen=True)
class Page:
    """The labels of one page: they stand from place `first` (from 0) on."""

    first: int
    units: Units


def deal(units: Iterable[Units], stock: Stock, dealing: Dealing) -> Iterator[Page]:
    """Pages of labels, as they come; every page but the last is full."""
    first, room = dealing.start - 1, stock.count - dealing.start + 1
    waiting: list[Units] = []
    for rest in (copied for some in units for copied in _repeated(some, dealing.copies)):
        at = 0
        while len(rest) - at >= room:
            yield Page(first, _joined([*waiting, rest.part(at, at + room)]))
            at, waiting = at + room, []
            first, room = 0, stock.count
        if at < len(rest):
            waiting.append(rest.part(at, len(rest)))
            room -= len(rest) - at
    if waiting:
        yield Page(first, _joined(waiting))


def split_by_pages(first: int, last: int, stock: Stock, dealing: Dealing, parts: int) -> list[tuple[int, int]]:
    """Units `first` to `last` in at most `parts` ranges that each begin on a new page, as even as whole pages allow.

    Raises PagingFault where copies of one label would fall on two printers.
    """
    count = last - first + 1
    whole_labels = stock.count % dealing.copies == 0 and (dealing.start - 1) % dealing.copies == 0
    if parts < 1 or (parts > 1 and not whole_labels):
        raise PagingFault("parts", copies=dealing.copies)
    pages = dealing.pages(stock, count)
    # Places before the start count as if they were printed, so that all parts but the first begin at place 1.
    ends = [min(count, (page * stock.count - dealing.start + 1) // dealing.copies) for page in _shares(pages, parts)]
    begins = [0, *ends[:-1]]
    return [(first + begin, first + end - 1) for begin, end in zip(begins, ends, strict=True) if end > begin]


def _shares(pages: int, parts: int) -> list[int]:
    """The last page of each part."""
    return [pages * part // min(parts, pages) for part in range(1, min(parts, pages) + 1)]


def _repeated(units: Units, copies: int) -> Iterator[Units]:
    """Labels so many times each, not many more at once than there were: copies must not multiply the memory."""
    if copies == 1:
        yield units
        return
    step = max(1, len(units) // copies)
    for at in range(0, len(units), step):
        yield units.part(at, min(at + step, len(units))).repeated(copies)


def _joined(parts: list[Units]) -> Units:
    return parts[0] if len(parts) == 1 else Units.joined(parts)
