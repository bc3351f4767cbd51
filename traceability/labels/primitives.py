"""What a laid out label consists of. Lengths are in mm from the label's left top corner, y downwards."""

from dataclasses import dataclass
from math import cos, pi, sin, sqrt

from traceability.labels.fonts import Face, font
from traceability.qr import QUIET_MODULES, Symbol

# In a regular five-pointed star the inner corners lie on a circle of this share of the outer radius.
_INNER_RADIUS = sin(pi / 10) / sin(7 * pi / 10)


@dataclass(frozen=True)
class SymbolBox:
    """The QR symbol with its quiet zone; x and y are the box's left top corner, quiet zone included."""

    x: float
    y: float
    module_mm: float
    symbol: Symbol

    @property
    def side(self) -> float:
        """Width and height with the quiet zone."""
        return self.symbol.size_with_quiet * self.module_mm

    @property
    def quiet(self) -> float:
        return QUIET_MODULES * self.module_mm

    def runs(self) -> list[tuple[int, int, int]]:
        """Runs of dark modules as (column, row, length) in modules from the box's corner, quiet zone counted."""
        return [
            (start + QUIET_MODULES, row + QUIET_MODULES, length)
            for row, modules in enumerate(self.symbol.modules)
            for start, length in _dark_runs(modules)
        ]


@dataclass(frozen=True)
class Text:
    """A run of text on its baseline; `size_mm` is the em, `field` the field of Label that it says."""

    x: float
    baseline: float
    size_mm: float
    face: Face
    string: str
    field: str = ""

    @property
    def width(self) -> float:
        return font(self.face).width(self.string) * self.size_mm


@dataclass(frozen=True)
class Rule:
    """A horizontal line; y is its middle."""

    x: float
    y: float
    width: float
    thickness: float


@dataclass(frozen=True)
class Star:
    """A five-pointed star within a circle; a hollow one is a line of `stroke` inside the same outline."""

    x: float
    y: float
    radius: float
    filled: bool
    stroke: float

    def corners(self) -> list[tuple[float, float]]:
        """The ten corners, the top one first."""
        return _star(self.x, self.y, self.radius)

    def hole(self) -> list[tuple[float, float]]:
        """The ten corners of the white inside of a hollow star."""
        # Moving every edge inwards by the stroke shrinks the star's apothem, the inner radius times cos(36°) turned
        # to the edge, by the stroke; all else shrinks in proportion.
        apothem = self.radius * _INNER_RADIUS * _edge_share()
        return _star(self.x, self.y, self.radius * max(0.0, 1 - self.stroke / apothem))


@dataclass(frozen=True)
class Outline:
    """Hollow letters: white inside, a line of `stroke` around them outside. Drawn under the text.

    With a line that is not dark they clear a white margin for the same letters set over them.
    """

    x: float
    baseline: float
    size_mm: float
    face: Face
    stroke: float
    string: str
    dark: bool = True

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the ink, stroke included."""
        left, bottom, right, top = (self.size_mm * share for share in font(self.face).bounds(self.string))
        line = self.stroke
        return self.x + left - line, self.baseline - top - line, self.x + right + line, self.baseline - bottom + line


@dataclass(frozen=True)
class Picture:
    """A picture of ink and paper; `rows` are packed, eight dots a byte, the leftmost highest, 1 is ink."""

    x: float
    y: float
    width_mm: float
    height_mm: float
    columns: int
    rows: bytes

    @property
    def height(self) -> int:
        """Rows of dots."""
        return len(self.rows) // self.row_bytes

    @property
    def row_bytes(self) -> int:
        return (self.columns + 7) // 8

    def runs(self) -> list[tuple[int, int, int]]:
        """Runs of ink as (column, row, length) in dots."""
        found = []
        for row in range(self.height):
            packed = self.rows[row * self.row_bytes : (row + 1) * self.row_bytes]
            dots = bytes(packed[column // 8] >> (7 - column % 8) & 1 for column in range(self.columns))
            found += [(start, row, length) for start, length in _dark_runs(dots)]
        return found


Mark = Text | Rule | Star | Outline | Picture


@dataclass(frozen=True)
class Layout:
    """A label, placed. `marks` are in the order in which they are drawn; none of them touches the symbol's box.

    `dots` are printer dots a module, None for a drawing; `title` and `lines` say the label in words, top to bottom.
    `left_out` names the fields, or the logo, for which the design had no room.
    """

    width_mm: float
    height_mm: float
    symbol_box: SymbolBox
    dots: int | None
    marks: tuple[Mark, ...]
    title: str
    lines: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @property
    def symbol(self) -> Symbol:
        return self.symbol_box.symbol

    @property
    def module_mm(self) -> float:
        return self.symbol_box.module_mm

    @property
    def texts(self) -> tuple[Text, ...]:
        return tuple(mark for mark in self.marks if isinstance(mark, Text))


def _star(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    radii = (radius, radius * _INNER_RADIUS)
    return [(x + radii[n % 2] * sin(n * pi / 5), y - radii[n % 2] * cos(n * pi / 5)) for n in range(10)]


def _edge_share() -> float:
    """The distance of a star's edges from its centre, as a share of its inner radius."""
    # Triangle of centre, outer corner (radius 1) and inner corner (r, 36 degrees apart): twice its area is
    # r·sin 36°, and that over the edge's length is the height on the edge.
    r = _INNER_RADIUS
    return sin(pi / 5) / sqrt(1 + r * r - 2 * r * cos(pi / 5))


def _dark_runs(modules: bytes) -> list[tuple[int, int]]:
    runs, start = [], None
    for at, module in enumerate((*modules, 0)):
        if module and start is None:
            start = at
        elif not module and start is not None:
            runs.append((start, at - start))
            start = None
    return runs
