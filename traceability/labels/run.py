"""Many labels of one batch: what is the same on all of them, and what each has of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traceability.labels.primitives import Layout, Mark, Text

CODE_FIELD = "readable_code"


@dataclass(frozen=True)
class Units:
    """Some labels of a run, in their order. All arrays have the same first length.

    `symbols` are packed rows of modules, (n, side, row_bytes): eight a byte, the leftmost highest, 1 dark, no quiet
    zone. `codes` are the readable codes in ASCII, (n, length); `texts` what the symbols say in UTF-8, (n, length);
    `numbers` the units, (n,), 0 for the stamp of a whole batch.
    """

    symbols: NDArray[np.uint8]
    codes: NDArray[np.uint8]
    texts: NDArray[np.uint8]
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, start: int, stop: int) -> "Units":
        """The labels from `start` to before `stop`."""
        return Units(self.symbols[start:stop], self.codes[start:stop], self.texts[start:stop], self.numbers[start:stop])

    def repeated(self, copies: int) -> "Units":
        """Each label so many times, one behind the other."""
        arrays = (np.repeat(self.symbols, copies, axis=0), np.repeat(self.codes, copies, axis=0), np.repeat(self.texts, copies, axis=0))
        return Units(*arrays, np.repeat(self.numbers, copies))

    @staticmethod
    def joined(parts: Sequence["Units"]) -> "Units":
        """The labels of all parts, in their order."""
        return Units(
            np.concatenate([part.symbols for part in parts]),
            np.concatenate([part.codes for part in parts]),
            np.concatenate([part.texts for part in parts]),
            np.concatenate([part.numbers for part in parts]),
        )


@dataclass(frozen=True)
class CodeSlot:
    """Where a part of the readable code stands: characters `start` to before `stop` of it, set as `text`."""

    text: Text
    start: int
    stop: int


@dataclass(frozen=True)
class LabelRun:
    """Labels that differ in nothing but symbol and readable code.

    `layout` is the first label's: every other one has a code as long and a symbol of the same version. `units` may be
    walked through once. `count` is how many labels there will be.
    """

    layout: Layout
    units: Iterable[Units]
    count: int

    @property
    def slots(self) -> tuple[CodeSlot, ...]:
        """The places of the readable code, in the order in which it is read."""
        return code_slots(self.layout)

    @property
    def fixed_marks(self) -> tuple[Mark, ...]:
        """All marks that are the same on every label, in the order in which they are drawn."""
        return tuple(mark for mark in self.layout.marks if not _is_code(mark))


def code_slots(layout: Layout) -> tuple[CodeSlot, ...]:
    """Where the readable code stands on a layout; its lines are one text, parted by single spaces or after hyphens."""
    slots, at = [], 0
    for mark in layout.marks:
        if isinstance(mark, Text) and _is_code(mark):
            slots.append(CodeSlot(mark, at, at + len(mark.string)))
            at += len(mark.string) + (0 if mark.string.endswith("-") else 1)
    return tuple(slots)


def _is_code(mark: Mark) -> bool:
    return isinstance(mark, Text) and mark.field == CODE_FIELD
