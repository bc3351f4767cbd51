"""Marks as dots: what PNG pictures and rolls draw alike. A dot is a picture's point, dark or light."""

import io
from collections.abc import Iterable
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from traceability.labels.fonts import Face, font
from traceability.labels.label import check_dpi
from traceability.labels.logo import MM_PER_INCH
from traceability.labels.primitives import Layout, Mark, Outline, Picture, Rule, Star, Text

WHITE, BLACK = 255, 0
# Grey edges darker than this print: a little over half, since thin strokes at 203 dpi would else break up.
_THRESHOLD = 144
_PRINTED = [BLACK if grey < _THRESHOLD else WHITE for grey in range(256)]
_STAR_OVERSAMPLING = 8


def dots_of(length_mm: float, dpi: int) -> int:
    """The nearest whole number of dots."""
    return round(length_mm * check_dpi(dpi) / MM_PER_INCH)


def whole_dots(length_mm: float, dpi: int) -> int:
    """A length that is a whole number of dots. Raises ValueError if the layout was not made for this printer."""
    dots = length_mm * dpi / MM_PER_INCH
    if abs(dots - round(dots)) > 1e-6:
        raise ValueError(f"{length_mm} mm are {dots:.3f} dots: the label was laid out for another resolution")
    return round(dots)


def blank(layout: Layout, dpi: int) -> Image.Image:
    """A white picture of the label's size, of 256 greys."""
    return Image.new("L", (dots_of(layout.width_mm, dpi), dots_of(layout.height_mm, dpi)), WHITE)


def draw_marks(picture: Image.Image, marks: Iterable[Mark], dpi: int, left: int = 0, top: int = 0) -> Image.Image:
    """Draw marks in greys; the picture's corner lies `left` and `top` dots from the label's. The picture is given back."""
    canvas = _Canvas(picture, dpi / MM_PER_INCH, left, top)
    for mark in marks:
        canvas.draw(mark)
    return picture


def printed(picture: Image.Image) -> Image.Image:
    """A picture of greys as dots, of mode 1: dark ones are 0."""
    return picture.point(_PRINTED).convert("1", dither=Image.Dither.NONE)


class _Canvas:
    """A picture that stands at `left` and `top` dots of a label, of `scale` dots a mm."""

    def __init__(self, picture: Image.Image, scale: float, left: int, top: int) -> None:
        self._picture, self._scale, self._left, self._top = picture, scale, left, top
        self._drawing = ImageDraw.Draw(picture)

    def draw(self, mark: Mark) -> None:
        match mark:
            case Text():
                self._text(mark)
            case Rule():
                self._rule(mark)
            case Star():
                self._star(mark)
            case Outline():
                self._outline(mark)
            case Picture():
                ink = Image.frombytes("1", (mark.columns, mark.height), mark.rows)
                corner = (round(mark.x * self._scale) - self._left, round(mark.y * self._scale) - self._top)
                self._picture.paste(BLACK, corner, ink)

    def _text(self, text: Text) -> None:
        # Each letter stands where the layout's measures put it: the rasteriser's own advances are rounded to dots.
        size = text.size_mm * self._scale
        letters, advances = _raster_font(text.face, size), font(text.face).advances
        baseline, x = round(text.baseline * self._scale) - self._top, text.x * self._scale - self._left
        for character in text.string:
            self._drawing.text((x, baseline), character, BLACK, letters, anchor="ls")
            x += advances[character] * size

    def _rule(self, rule: Rule) -> None:
        thickness = max(1, round(rule.thickness * self._scale))
        top = round(rule.y * self._scale - thickness / 2) - self._top
        left, right = (round(x * self._scale) - self._left for x in (rule.x, rule.x + rule.width))
        self._drawing.rectangle((left, top, right - 1, top + thickness - 1), fill=BLACK)

    def _outline(self, outline: Outline) -> None:
        letters = _raster_font(outline.face, outline.size_mm * self._scale)
        stroke = max(1, round(outline.stroke * self._scale))
        at = (outline.x * self._scale - self._left, outline.baseline * self._scale - self._top)
        line = BLACK if outline.dark else WHITE
        self._drawing.text(at, outline.string, WHITE, letters, anchor="ls", stroke_width=stroke, stroke_fill=line)

    def _star(self, star: Star) -> None:
        """Drawn larger and brought down, on whole dots, so that all stars of a label are alike."""
        half = int(star.radius * self._scale) + 2
        large = Image.new("L", (2 * half * _STAR_OVERSAMPLING,) * 2, WHITE)
        draw = ImageDraw.Draw(large)
        shapes = [(star.corners(), BLACK)] if star.filled else [(star.corners(), BLACK), (star.hole(), WHITE)]
        for corners, colour in shapes:
            around = [((x - star.x) * self._scale + half, (y - star.y) * self._scale + half) for x, y in corners]
            draw.polygon([(x * _STAR_OVERSAMPLING, y * _STAR_OVERSAMPLING) for x, y in around], fill=colour)
        small = large.resize((2 * half, 2 * half), Image.Resampling.BOX)
        corner = (round(star.x * self._scale) - self._left - half, round(star.y * self._scale) - self._top - half)
        self._picture.paste(BLACK, corner, small.point(lambda grey: 255 - grey))


@lru_cache(maxsize=64)
def _raster_font(face: Face, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(font(face).content), size, layout_engine=ImageFont.Layout.BASIC)
