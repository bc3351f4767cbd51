"""Our own labels on the sheet of the peers: modules as one path a symbol, or as an image of one bit a module.

Started as the peers are, with one word more: `path`, `bits`, or `best` for paths with the best of eight masks.
"""

import csv
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from sheet import (
    COLUMN_PITCH_MM,
    COLUMNS,
    FIRST_LINE_MM,
    LABEL_HEIGHT_MM,
    LABEL_WIDTH_MM,
    LEFT_MM,
    LINE_MM,
    ROW_PITCH_MM,
    ROWS,
    SYMBOL_LEFT_MM,
    SYMBOL_MM,
    SYMBOL_TOP_MM,
    TEXT_POINTS,
    TOP_MM,
)

from traceability.labels.fonts import Face
from traceability.labels.label import MM_PER_POINT, Size
from traceability.labels.primitives import Layout, SymbolBox, Text
from traceability.labels.run import CODE_FIELD, LabelRun, Units
from traceability.labels.sheet_pdf import SheetChoice, render_sheets
from traceability.labels.stock import sheet
from traceability.qr.many import Press
from traceability.qr.symbol import QUIET_MODULES, make, minimum_version

STOCK = sheet("peers", Size(LABEL_WIDTH_MM, LABEL_HEIGHT_MM), COLUMNS, ROWS, LEFT_MM, TOP_MM, (COLUMN_PITCH_MM, ROW_PITCH_MM))
LEVEL, MASK, CHUNK = "Q", 2, 2048


def main() -> None:
    """Prints the job."""
    count, out, payloads, _font, way = sys.argv[1:]
    chunks = rows_of(Path(payloads), int(count))
    first = next(chunks)
    press = Press(first[0][0], minimum_version(first[0][0], LEVEL), LEVEL, None if way == "best" else MASK)

    def units() -> Iterator[Units]:
        for texts, codes in (first, *chunks):
            held = array_of(texts)
            yield Units(press.symbols(held), array_of(codes), held, np.zeros(len(texts), np.int64))

    run = LabelRun(layout_of(first[0][0], press.version, first[1][0]), units(), int(count))
    with Path(out).open("wb") as file:
        for piece in render_sheets(run, STOCK, SheetChoice(one_bit=way == "bits")):
            file.write(piece)


def rows_of(path: Path, count: int) -> Iterator[tuple[list[str], list[str]]]:
    """Texts and readable codes, some at a time."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = islice(csv.reader(lines), 1, count + 1)
        while some := list(islice(rows, CHUNK)):
            yield [row[0] for row in some], [row[3] for row in some]


def array_of(texts: list[str]) -> np.ndarray:
    """Texts of one length in ASCII as an array of shape (n, length)."""
    return np.frombuffer("".join(texts).encode("ascii"), np.uint8).reshape(len(texts), -1)


def layout_of(text: str, version: int, code: str) -> Layout:
    """The peers' label: a symbol above three lines."""
    symbol = make(text, version, LEVEL, MASK)
    module = SYMBOL_MM / symbol.size
    box = SymbolBox(SYMBOL_LEFT_MM - QUIET_MODULES * module, SYMBOL_TOP_MM - QUIET_MODULES * module, module, symbol)
    fixed = [(text, Face.REGULAR, "name") for text in ("Gạo Séng Cù Mường Vi", "HTX mẫu, xã Mường Vi, Lào Cai")]
    lines = (*fixed, (code, Face.MONO, CODE_FIELD))
    size = TEXT_POINTS * MM_PER_POINT
    marks = tuple(line(string, face, field, FIRST_LINE_MM + number * LINE_MM, size) for number, (string, face, field) in enumerate(lines))
    return Layout(LABEL_WIDTH_MM, LABEL_HEIGHT_MM, box, None, marks, "", ())


def line(string: str, face: Face, field: str, baseline: float, size: float) -> Text:
    """A line set in the middle."""
    wide = Text(0, baseline, size, face, string, field)
    return Text((LABEL_WIDTH_MM - wide.width) / 2, baseline, size, face, string, field)


if __name__ == "__main__":
    main()
