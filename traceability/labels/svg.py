"""A layout as an SVG in true size: letters are outlines, so that no reader needs the fonts."""

from collections.abc import Iterable
from functools import lru_cache
from xml.sax.saxutils import escape

from traceability.labels.fonts import Face, font
from traceability.labels.primitives import Layout, Mark, Outline, Picture, Rule, Star, SymbolBox, Text


def render_svg(layout: Layout) -> str:
    """The label as one SVG document, one user unit a mm, ended by a line feed. Its words are in its description."""
    width, height = _number(layout.width_mm), _number(layout.height_mm)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(layout.title)}</title>",
        f"<desc>{escape(' | '.join(layout.lines))}</desc>",
        f'<path fill="#fff" d="M0 0h{width}v{height}H0z"/>',
        *(_mark(mark) for mark in layout.marks),
        _symbol(layout.symbol_box),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _symbol(box: SymbolBox) -> str:
    # All modules in one path, in whole modules: neighbours share their edges exactly, whatever the scale.
    path = "".join(f"M{column} {row}h{length}v1h-{length}z" for column, row, length in box.runs())
    place = f"translate({_number(box.x)} {_number(box.y)}) scale({_number(box.module_mm)})"
    return f'<path transform="{place}" shape-rendering="crispEdges" d="{path}"/>'


# Of many labels all but the code is the same, and letters take long to draw.
@lru_cache(maxsize=256)
def _mark(mark: Mark) -> str:
    match mark:
        case Text():
            return f"<path {_letters(mark.face, mark.string, mark.x, mark.baseline, mark.size_mm)}/>"
        case Rule():
            left, right, top, bottom = mark.x, mark.x + mark.width, mark.y - mark.thickness / 2, mark.y + mark.thickness / 2
            return f'<path d="{_polygon([(left, top), (right, top), (right, bottom), (left, bottom)])}"/>'
        case Star():
            hole = "" if mark.filled else _polygon(mark.hole())
            return f'<path fill-rule="evenodd" d="{_polygon(mark.corners())}{hole}"/>'
        case Outline():
            # The fill lies over the inner half of the line, so twice its width leaves the line outside the letters.
            width = _number(2 * mark.stroke * font(mark.face).units / mark.size_mm)
            letters = _letters(mark.face, mark.string, mark.x, mark.baseline, mark.size_mm)
            line = "#000" if mark.dark else "#fff"
            return f'<path fill="#fff" stroke="{line}" stroke-width="{width}" stroke-linejoin="round" paint-order="stroke" {letters}/>'
        case Picture():
            path = "".join(f"M{column} {row}h{length}v1h-{length}z" for column, row, length in mark.runs())
            scale = f"scale({_number(mark.width_mm / mark.columns)} {_number(mark.height_mm / mark.height)})"
            place = f"translate({_number(mark.x)} {_number(mark.y)}) {scale}"
            return f'<path transform="{place}" shape-rendering="crispEdges" d="{path}"/>'


def _letters(face: Face, string: str, x: float, baseline: float, size: float) -> str:
    measures = font(face)
    from fontTools.pens.svgPathPen import SVGPathPen

    pen = SVGPathPen(None)
    measures.draw(string, pen)
    scale = size / measures.units
    return f'transform="translate({_number(x)} {_number(baseline)}) scale({_number(scale)} {_number(-scale)})" d="{pen.getCommands()}"'


def _polygon(corners: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in corners) + "z"


def _number(value: float) -> str:
    # Six decimals keep a letter's scale, which is about 0.002 mm a font unit, within a micrometre over a line.
    return f"{value:.6f}".rstrip("0").rstrip(".")
