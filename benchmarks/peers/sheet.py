"""The sheet that every peer prints: A4, 65 labels of 38.1 by 21.2 mm, each a QR symbol above three lines of text.

The peers' scripts share it; each is started as a process of its own with: labels, PDF to write, CSV of payloads, font file.
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

PAGE_WIDTH_MM, PAGE_HEIGHT_MM = 210, 297
COLUMNS, ROWS = 5, 13
LABEL_WIDTH_MM, LABEL_HEIGHT_MM = 38.1, 21.2
LEFT_MM, TOP_MM = 4.75, 10.7
COLUMN_PITCH_MM, ROW_PITCH_MM = 40.6, 21.2
LABELS_A_PAGE = COLUMNS * ROWS

# gLabels draws no module smaller than a point, and 33 modules, its symbol's, are 11.6 mm then. So are all.
SYMBOL_MM = 11.6
SYMBOL_LEFT_MM, SYMBOL_TOP_MM = (LABEL_WIDTH_MM - SYMBOL_MM) / 2, 1.6
TEXT_POINTS = 5
# From the top of the label to the foot of the first line, and from line to line.
FIRST_LINE_MM, LINE_MM = 16.2, 2.1
LINES = ("product", "producer", "code")


@dataclass(frozen=True)
class Job:
    """What a peer's script is asked for."""

    labels: int
    out: Path
    payloads: Path
    font: Path

    def rows(self) -> Iterator[dict[str, str]]:
        """The payloads, one a label: `qr` and the three LINES."""
        with self.payloads.open(encoding="utf-8", newline="") as lines:
            yield from islice(csv.DictReader(lines), self.labels)


def job() -> Job:
    """The job that this process was started with."""
    labels, out, payloads, font = sys.argv[1:]
    return Job(int(labels), Path(out), Path(payloads), Path(font))


def label_corner_mm(index: int) -> tuple[float, float]:
    """Left and bottom of a page's label, counted by rows from the page's left bottom corner."""
    row, column = divmod(index % LABELS_A_PAGE, COLUMNS)
    return LEFT_MM + column * COLUMN_PITCH_MM, PAGE_HEIGHT_MM - TOP_MM - row * ROW_PITCH_MM - LABEL_HEIGHT_MM
