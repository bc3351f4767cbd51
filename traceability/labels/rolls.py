"""What the writers for rolls share: a run's labels side by side in rows, and what a roll and a run must agree in."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Protocol

from traceability.labels.bitmap import Face, parts_of
from traceability.labels.raster import dots_of
from traceability.labels.run import LabelRun, Units
from traceability.labels.stock import Stock

_TOLERANCE_MM = 0.011
ROWS_AT_ONCE = 200
_MOST_COPIES = 9999


class Field(Protocol):
    """A part of a label that differs from label to label, in a printer's language."""

    def opening(self, left: int) -> bytes:
        """The command up to what differs, for a label that begins `left` dots from the row's left end."""

    def said(self, units: Units) -> list[bytes]:
        """The rest of the command, for each of these labels."""


@dataclass(frozen=True)
class RowFrame:
    """What every row says: before its labels, before each label (which begins `left` dots from the left), at its end."""

    before: bytes
    label: Callable[[int], bytes]
    after: bytes


def check_roll(run: LabelRun, stock: Stock, copies: int) -> None:
    """Raises ValueError unless this run can be printed on this roll, each row one to 9999 times."""
    if stock.kind != "roll":
        raise ValueError(f"{stock.key} is no roll")
    sides = (run.layout.width_mm - stock.label.width_mm, run.layout.height_mm - stock.label.height_mm)
    if max(map(abs, sides)) > _TOLERANCE_MM:
        raise ValueError(f"the labels were laid out for another size than {stock.key}")
    if not 1 <= copies <= _MOST_COPIES:
        raise ValueError(f"{copies} copies are not between 1 and {_MOST_COPIES}")


def begun(run: LabelRun) -> tuple[str, LabelRun]:
    """What the first symbol of a run says, and the run as it was. Raises ValueError for a run without labels."""
    units = iter(run.units)
    first = next((part for part in units if len(part)), None)
    if first is None:
        raise ValueError("there is no label to print")
    return first.texts[0].tobytes().decode(), LabelRun(run.layout, chain([first], units), run.count)


def label_lefts(stock: Stock, dpi: int) -> list[int]:
    """How many dots from the row's left end each of its labels begins."""
    return [dots_of(left, dpi) for left, _ in stock.corners()]


def row_size(stock: Stock, face: Face) -> tuple[int, int]:
    """Width and height of a row of labels in dots."""
    return label_lefts(stock, face.dpi)[-1] + face.width, face.height


def written_rows(run: LabelRun, lefts: Sequence[int], fields: Sequence[Field], frame: RowFrame) -> Iterator[bytes]:
    """The labels, row by row of the roll, the last row with as many as are left; rows come in blocks worth sending.

    `lefts` are where the labels of a row begin, in dots.
    """
    columns = [(frame.label(left), [field.opening(left) for field in fields]) for left in lefts]
    labels = (said for units in parts_of(run) for said in zip(*(field.said(units) for field in fields), strict=True))
    rows = (_row(row, columns, frame) for row in _in_rows(labels, len(columns)))
    while block := b"".join(islice(rows, ROWS_AT_ONCE)):
        yield block


def _row(row: tuple[tuple[bytes, ...], ...], columns: list[tuple[bytes, list[bytes]]], frame: RowFrame) -> bytes:
    parts = [frame.before]
    for said, (start, openings) in zip(row, columns, strict=False):
        parts.append(start)
        for pair in zip(openings, said, strict=True):
            parts += pair
    return b"".join((*parts, frame.after))


def _in_rows(labels: Iterable[tuple[bytes, ...]], across: int) -> Iterator[tuple[tuple[bytes, ...], ...]]:
    source = iter(labels)
    while row := tuple(islice(source, across)):
        yield row
