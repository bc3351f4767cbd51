"""A layout as a PNG of one bit a dot, which a thermal printer prints as it is."""

import io
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from traceability.labels.fonts import Face, font
from traceability.labels.label import check_dpi
from traceability.labels.logo import MM_PER_INCH
from traceability.labels.primitives import Layout, Mark, Outline, Picture, Rule, Star, SymbolBox, Text

_WHITE, _BLACK = 255, 0
# Grey edges darker than this print: a little over half, since thin strokes at 203 dpi would else break up.
_THRESHOLD = 144
_STAR_OVERSAMPLING = 8


def render_png(layout: Layout, dpi: int) -> bytes:
    """The label at `dpi` dots an inch, its resolution noted in the picture (pHYs), every module whole dots.

    Raises ValueError if the layout was not made for this printer, PrinterFault for a resolution that none has.
    """
    dot = MM_PER_INCH / check_dpi(dpi)
    picture = Image.new("L", (round(layout.width_mm / dot), round(layout.height_mm / dot)), _WHITE)
    draw = ImageDraw.Draw(picture)
    for mark in layout.marks:
        _draw_mark(picture, draw, mark, 1 / dot)
    printed = picture.point([_BLACK if grey < _THRESHOLD else _WHITE for grey in range(256)]).convert("1", dither=Image.Dither.NONE)
    _draw_symbol(printed, layout.symbol_box, dot)
    out = io.BytesIO()
    printed.save(out, "PNG", dpi=(dpi, dpi), optimize=True)
    return out.getvalue()


def _draw_symbol(picture: Image.Image, box: SymbolBox, dot: float) -> None:
    draw = ImageDraw.Draw(picture)
    module, left, top = (_whole_dots(length, dot) for length in (box.module_mm, box.x, box.y))
    side = module * box.symbol.size_with_quiet
    draw.rectangle((left, top, left + side - 1, top + side - 1), fill=1)
    for column, row, length in box.runs():
        x, y = left + column * module, top + row * module
        draw.rectangle((x, y, x + length * module - 1, y + module - 1), fill=0)


def _whole_dots(length_mm: float, dot: float) -> int:
    dots = length_mm / dot
    if abs(dots - round(dots)) > 1e-6:
        raise ValueError(f"{length_mm} mm are {dots:.3f} dots: the label was laid out for another resolution")
    return round(dots)


def _draw_mark(picture: Image.Image, draw: ImageDraw.ImageDraw, mark: Mark, scale: float) -> None:
    match mark:
        case Text():
            _draw_text(draw, mark, scale)
        case Rule():
            thickness = max(1, round(mark.thickness * scale))
            top = round(mark.y * scale - thickness / 2)
            left, right = round(mark.x * scale), round((mark.x + mark.width) * scale)
            draw.rectangle((left, top, right - 1, top + thickness - 1), fill=_BLACK)
        case Star():
            _draw_star(picture, mark, scale)
        case Outline():
            letters, stroke = _raster_font(mark.face, mark.size_mm * scale), max(1, round(mark.stroke * scale))
            at = (mark.x * scale, mark.baseline * scale)
            line = _BLACK if mark.dark else _WHITE
            draw.text(at, mark.string, _WHITE, letters, anchor="ls", stroke_width=stroke, stroke_fill=line)
        case Picture():
            ink = Image.frombytes("1", (mark.columns, mark.height), mark.rows)
            picture.paste(_BLACK, (round(mark.x * scale), round(mark.y * scale)), ink)


def _draw_text(draw: ImageDraw.ImageDraw, text: Text, scale: float) -> None:
    # Each letter stands where the layout's measures put it: the rasteriser's own advances are rounded to dots.
    letters, measures = _raster_font(text.face, text.size_mm * scale), font(text.face)
    baseline, x = round(text.baseline * scale), text.x * scale
    for character in text.string:
        draw.text((x, baseline), character, _BLACK, letters, anchor="ls")
        x += measures.advances[character] * text.size_mm * scale


def _draw_star(picture: Image.Image, star: Star, scale: float) -> None:
    """Drawn larger and brought down, on whole dots, so that all stars of a label are alike."""
    radius = star.radius * scale
    half = int(radius) + 2
    centre = (round(star.x * scale), round(star.y * scale))
    large = Image.new("L", (2 * half * _STAR_OVERSAMPLING,) * 2, _WHITE)
    draw = ImageDraw.Draw(large)
    shapes = [(star.corners(), _BLACK)] if star.filled else [(star.corners(), _BLACK), (star.hole(), _WHITE)]
    for corners, colour in shapes:
        around = [((x - star.x) * scale + half, (y - star.y) * scale + half) for x, y in corners]
        draw.polygon([(x * _STAR_OVERSAMPLING, y * _STAR_OVERSAMPLING) for x, y in around], fill=colour)
    small = large.resize((2 * half, 2 * half), Image.Resampling.BOX)
    picture.paste(_BLACK, (centre[0] - half, centre[1] - half), small.point(lambda grey: 255 - grey))


@lru_cache(maxsize=64)
def _raster_font(face: Face, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(font(face).content), size, layout_engine=ImageFont.Layout.BASIC)
