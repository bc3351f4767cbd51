"""Layouts as a PDF, one label a page in true size, with real text in embedded fonts."""

import io
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, BinaryIO

from fontTools.pens.basePen import BasePen
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from traceability.labels.fonts import Face, font
from traceability.labels.label import MM_PER_POINT
from traceability.labels.primitives import Layout, Mark, Outline, Rule, Star, SymbolBox, Text

DOCUMENT_TITLE = "Tem truy xuất nguồn gốc"


# A form's box, in mm from the label's left top corner: as large as any label, so that nothing of an outline is cut.
_ANYWHERE = (-1000, -1000, 1000, 1000)


def render_pdf(layouts: Iterable[Layout], out: BinaryIO, title: str = DOCUMENT_TITLE) -> int:
    """Write a page for each layout, taken one after the other, and return how many there were.

    The same layouts give the same bytes. Raises ValueError, with nothing written, if there are no layouts.
    """
    pages = 0
    register_fonts()
    # The canvas opens every page with a font of its own; ours is embedded, its default is not.
    canvas = Canvas(out, pageCompression=1, invariant=1, lang="vi", initialFontName=Face.REGULAR.value, initialFontSize=1)
    canvas.setTitle(title)
    for layout in layouts:
        canvas.setPageSize((layout.width_mm / MM_PER_POINT, layout.height_mm / MM_PER_POINT))
        _draw_page(canvas, layout)
        canvas.showPage()
        pages += 1
    if not pages:
        raise ValueError("there is no label to print")
    canvas.save()
    return pages


class _PathPen(BasePen):  # type: ignore[misc]
    """Draws a glyph's outline onto a canvas's path, quadratic curves as cubic ones."""

    def __init__(self, path: Any) -> None:
        super().__init__()
        self._path = path

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self._path.moveTo(*pt)

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self._path.lineTo(*pt)

    def _curveToOne(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self._path.curveTo(*(length for point in points for length in point))

    def _closePath(self) -> None:  # noqa: N802
        self._path.close()


def register_fonts() -> None:
    """Make the faces known to the PDF library, once in a process."""
    for face in Face:
        if face.value not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(face.value, io.BytesIO(font(face).content)))


def _draw_page(canvas: Any, layout: Layout) -> None:
    # From here on lengths are in mm from the left top corner, as in the layout, but y points upwards and is negative.
    canvas.translate(0, layout.height_mm / MM_PER_POINT)
    canvas.scale(1 / MM_PER_POINT, 1 / MM_PER_POINT)
    for mark in layout.marks:
        _draw_mark(canvas, mark)
    _draw_symbol(canvas, layout.symbol_box)


def _draw_symbol(canvas: Any, box: SymbolBox) -> None:
    # One path in whole modules: a renderer covers shared edges once, so no light seams run between the modules.
    canvas.saveState()
    canvas.translate(box.x, -box.y)
    canvas.scale(box.module_mm, box.module_mm)
    path = canvas.beginPath()
    for column, row, length in box.runs():
        path.rect(column, -row - 1, length, 1)
    canvas.drawPath(path, stroke=0, fill=1, fillMode=1)
    canvas.restoreState()


def _draw_mark(canvas: Any, mark: Mark) -> None:
    match mark:
        case Text():
            canvas.setFont(mark.face.value, mark.size_mm)
            canvas.drawString(mark.x, -mark.baseline, mark.string)
        case Rule():
            canvas.rect(mark.x, -mark.y - mark.thickness / 2, mark.width, mark.thickness, stroke=0, fill=1)
        case Star():
            path = canvas.beginPath()
            for corners in [mark.corners()] if mark.filled else [mark.corners(), mark.hole()]:
                _trace(path, corners)
            # Filled by the even-odd rule, so that the second ring is a hole.
            canvas.drawPath(path, stroke=0, fill=1, fillMode=0)
        case Outline():
            _place_outline(canvas, mark)


def _trace(path: Any, corners: list[tuple[float, float]]) -> None:
    path.moveTo(corners[0][0], -corners[0][1])
    for x, y in corners[1:]:
        path.lineTo(x, -y)
    path.close()


def _place_outline(canvas: Any, mark: Outline) -> None:
    """The same outline on many labels of a file is written once: it is far longer than all the rest of a label."""
    name = f"outline-{sha256(repr(mark).encode()).hexdigest()[:16]}"
    if not canvas.hasForm(name):
        canvas.beginForm(name, *_ANYWHERE)
        _draw_outline(canvas, mark)
        canvas.endForm()
    canvas.doForm(name)


def _draw_outline(canvas: Any, mark: Outline) -> None:
    """Stroked first and filled white over it, so that the line lies outside the letters."""
    measures = font(mark.face)
    scale = mark.size_mm / measures.units
    canvas.saveState()
    canvas.translate(mark.x, -mark.baseline)
    canvas.scale(scale, scale)
    canvas.setLineWidth(2 * mark.stroke / scale)
    canvas.setLineJoin(1)
    canvas.setStrokeGray(0 if mark.dark else 1)
    canvas.setFillGray(1)
    for stroke, fill in ((1, 0), (0, 1)):
        path = canvas.beginPath()
        measures.draw(mark.string, _PathPen(path))
        canvas.drawPath(path, stroke=stroke, fill=fill, fillMode=1)
    canvas.restoreState()
