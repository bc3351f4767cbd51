"""A layout as a PNG of one bit a dot, which a thermal printer prints as it is."""

import io

from PIL import Image, ImageDraw

from traceability.labels.primitives import Layout, SymbolBox
from traceability.labels.raster import blank, draw_marks, printed, whole_dots


def render_png(layout: Layout, dpi: int) -> bytes:
    """The label at `dpi` dots an inch, its resolution noted in the picture (pHYs), every module whole dots.

    Raises ValueError if the layout was not made for this printer, PrinterFault for a resolution that none has.
    """
    return finish_png(draw_marks(blank(layout, dpi), layout.marks, dpi), layout.symbol_box, dpi)


def finish_png(picture: Image.Image, box: SymbolBox, dpi: int, *, optimize: bool = True) -> bytes:
    """The PNG of a picture on which all marks are drawn, with the symbol; a little larger and far sooner if not optimized."""
    dots = printed(picture)
    _draw_symbol(dots, box, dpi)
    out = io.BytesIO()
    dots.save(out, "PNG", dpi=(dpi, dpi), optimize=optimize)
    return out.getvalue()


def _draw_symbol(picture: Image.Image, box: SymbolBox, dpi: int) -> None:
    draw = ImageDraw.Draw(picture)
    module, left, top = (whole_dots(length, dpi) for length in (box.module_mm, box.x, box.y))
    side = module * box.symbol.size_with_quiet
    draw.rectangle((left, top, left + side - 1, top + side - 1), fill=1)
    for column, row, length in box.runs():
        x, y = left + column * module, top + row * module
        draw.rectangle((x, y, x + length * module - 1, y + module - 1), fill=0)
