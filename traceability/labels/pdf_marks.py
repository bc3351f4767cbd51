"""Marks of a layout as PDF operators, in mm with y downwards."""

from collections.abc import Iterable
from typing import Any

from traceability.labels.fonts import font
from traceability.labels.pdf_faces import shown
from traceability.labels.pdf_file import numbers
from traceability.labels.primitives import Mark, Outline, Picture, Rule, Star, Text


def drawn_marks(marks: Iterable[Mark]) -> bytes:
    """Marks in their order."""
    return b"".join(_drawn(mark) for mark in marks)


def text_place(x: float, baseline: float, size_mm: float) -> bytes:
    """Where text begins: letters stand upright although y points downwards."""
    return b"%b Tm" % numbers(size_mm, 0, 0, -size_mm, x, baseline)


def _drawn(mark: Mark) -> bytes:
    match mark:
        case Text():
            return b"BT %b%b ET\n" % (text_place(mark.x, mark.baseline, mark.size_mm), shown(mark.face, mark.string))
        case Rule():
            return b"%b re f\n" % numbers(mark.x, mark.y - mark.thickness / 2, mark.width, mark.thickness)
        case Star():
            rings = [mark.corners()] if mark.filled else [mark.corners(), mark.hole()]
            # Filled by the even-odd rule, so that the second ring is a hole.
            return b"".join(_ring(ring) for ring in rings) + b"f*\n"
        case Outline():
            return _outlined(mark)
        case Picture():
            return _masked(mark)


def _masked(mark: Picture) -> bytes:
    """As an image mask: ink where a bit is 1, and nothing at all elsewhere (ISO 32000-1 clause 8.9.6.2)."""
    place = numbers(mark.width_mm, 0, 0, -mark.height_mm, mark.x, mark.y + mark.height_mm)
    size = (mark.columns, mark.height, len(mark.rows))
    return b"q %b cm BI/W %d/H %d/BPC 1/IM true/D[1 0]/L %d ID " % (place, *size) + mark.rows + b"\nEI Q\n"


def _ring(corners: list[tuple[float, float]]) -> bytes:
    first, *others = [numbers(x, y) for x, y in corners]
    return first + b" m " + b"".join(corner + b" l " for corner in others) + b"h "


def _outlined(mark: Outline) -> bytes:
    """Stroked first and filled white over it, so that the line lies outside the letters."""
    measures = font(mark.face)
    scale = mark.size_mm / measures.units
    path = _letters(mark)
    place = numbers(scale, 0, 0, -scale, mark.x, mark.baseline)
    stroke = b"%b w 1 j %d G" % (numbers(2 * mark.stroke / scale), 0 if mark.dark else 1)
    return b"q %b cm %b %bS 1 g %bf Q\n" % (place, stroke, path, path)


def _letters(mark: Outline) -> bytes:
    pen: Any = _pen()
    font(mark.face).draw(mark.string, pen)
    return b"".join(pen.operators)


def _pen() -> Any:
    from fontTools.pens.basePen import BasePen

    class OperatorPen(BasePen):  # type: ignore[misc]
        """Collects a glyph's outline as path operators, quadratic curves as cubic ones."""

        def __init__(self) -> None:
            super().__init__()
            self.operators: list[bytes] = []

        def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
            self.operators.append(numbers(*pt) + b" m ")

        def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
            self.operators.append(numbers(*pt) + b" l ")

        def _curveToOne(self, *points: tuple[float, float]) -> None:  # noqa: N802
            self.operators.append(numbers(*(length for point in points for length in point)) + b" c ")

        def _closePath(self) -> None:  # noqa: N802
            self.operators.append(b"h ")

    return OperatorPen()
