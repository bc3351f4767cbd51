"""Where the marks of the test page stand. Lengths are in mm from the left top corner of an A4 sheet, y downwards.

Both the page and its measuring read this file: a place that moves, moves for both, and needs other ids, as pages that were
printed before stay on somebody's desk.
"""

from dataclasses import dataclass
from functools import cache

# ISO 216.
PAPER_WIDTH_MM, PAPER_HEIGHT_MM = 210.0, 297.0
# Nothing is printed nearer to the paper's edges: office printers reach to 5 mm, and a print that is shifted or too large needs room.
MARGIN_MM = 10.0
# Between the corners, whose lines end within so much of the sheet's own, there is no ink for as much from the edges.
CORNERS_MM, INK_MM = 18.0, 14.0
# Six modules a side, of 2 mm: eight pixels each on a photograph in which the sheet is 1,200 pixels high.
MARK_SIDE_MM = 12.0
MARK_MODULES = 6
# OpenCV's DICT_4X4_50.
DICTIONARY = 0
_COLUMNS = (20.0, 230 / 3, 400 / 3, 190.0)
_ROWS = (20.0, 71.4, 122.8, 174.2, 225.6, 277.0)


@dataclass(frozen=True)
class ProofMark:
    """A square mark by its number and its middle."""

    id: int
    x_mm: float
    y_mm: float

    def dark_modules(self) -> list[tuple[int, int]]:
        """Column and row of each dark module, six a side, border included."""
        rows = _pattern(self.id)
        return [(column, row) for row in range(MARK_MODULES) for column in range(MARK_MODULES) if rows[row][column]]

    @property
    def module_mm(self) -> float:
        """The side of a module."""
        return MARK_SIDE_MM / MARK_MODULES


def _ring() -> list[tuple[float, float]]:
    return [(x, y) for y in _ROWS for x in _COLUMNS if x in (_COLUMNS[0], _COLUMNS[-1]) or y in (_ROWS[0], _ROWS[-1])]


# Around the sheet, so that what they enclose is free for rulers and codes, and its size is measured over the longest way.
MARKS = tuple(ProofMark(number, x, y) for number, (x, y) in enumerate(_ring()))


@cache
def _pattern(number: int) -> tuple[tuple[bool, ...], ...]:
    # Loaded where a sheet is drawn or measured: a process that serves stamps alone has no need of its memory.
    import cv2

    image = cv2.aruco.getPredefinedDictionary(DICTIONARY).generateImageMarker(number, MARK_MODULES)
    return tuple(tuple(bool(value == 0) for value in row) for row in image)
