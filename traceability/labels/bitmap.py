"""A run of labels as dots: the face that all share, drawn once, and symbols and codes for thousands of labels at a time.

A dot is a bit, 1 dark; eight are a byte, the leftmost in the highest bit, and unused bits at a row's end are 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from math import ceil, floor
from string import ascii_uppercase, digits

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from traceability.labels.fonts import Face as Typeface
from traceability.labels.fonts import font
from traceability.labels.primitives import Text
from traceability.labels.raster import WHITE, blank, draw_marks, printed, whole_dots
from traceability.labels.run import CodeSlot, LabelRun, Units
from traceability.qr import QUIET_MODULES

Bytes = NDArray[np.uint8]
Dots = NDArray[np.bool_]

PART = 500
"""Labels that are written at once: enough for numpy, and not a hundred megabytes at 600 dpi."""

# What readable codes are written with: no row of dots is sent for what other letters would need.
_CODE_CHARACTERS = f"-{digits}{ascii_uppercase}"


@dataclass(frozen=True)
class Patch:
    """Dots and where they stand: `rows` are packed, (height, row_bytes); lengths are in dots from the label's corner."""

    left: int
    top: int
    width: int
    rows: Bytes

    @property
    def height(self) -> int:
        return len(self.rows)

    @property
    def row_bytes(self) -> int:
        return int(self.rows.shape[1])


@dataclass(frozen=True)
class SymbolPlace:
    """Where the modules stand, without quiet zone; `module` and lengths are in dots."""

    left: int
    top: int
    module: int
    side: int

    @property
    def quiet(self) -> int:
        return QUIET_MODULES * self.module

    def rows(self, symbols: Bytes) -> Bytes:
        """The dots of packed symbols (n, side, bytes), one row for each row of modules: (n, side, row_bytes)."""
        wide = _widened(self.module)[symbols].reshape(len(symbols), symbols.shape[1], -1)
        return wide[:, :, : (self.side + 7) // 8]


class Face:
    """What all labels of a run have in common, at `dpi`. Raises ValueError for a layout of another resolution."""

    def __init__(self, run: LabelRun, dpi: int) -> None:
        layout, box = run.layout, run.layout.symbol_box
        self.dpi = dpi
        picture = printed(draw_marks(blank(layout, dpi), run.fixed_marks, dpi))
        self.width, self.height = picture.size
        module, left, top = (whole_dots(length, dpi) for length in (box.module_mm, box.x, box.y))
        quiet = QUIET_MODULES * module
        self.symbol = SymbolPlace(left + quiet, top + quiet, module, box.symbol.size * module)
        self.dots = ~np.asarray(picture, np.bool_)
        # Whatever the marks do, the symbol's box with its quiet zone stays white.
        self.dots[top : top + self.symbol.side + 2 * quiet, left : left + self.symbol.side + 2 * quiet] = False
        self.strips = tuple(CodeStrip(slot, self) for slot in run.slots)

    @cached_property
    def whole(self) -> Patch:
        """The face as one patch, trimmed to its ink."""
        return self._patch(0, self.height, 0, self.width)

    @cached_property
    def parts(self) -> tuple[Patch, ...]:
        """The face without the symbol's place: what stands above it, beside it on either hand, and under it."""
        place = self.symbol
        left, top = place.left - place.quiet, place.top - place.quiet
        right, bottom = place.left + place.side + place.quiet, place.top + place.side + place.quiet
        areas = ((0, top, 0, self.width), (top, bottom, 0, left), (top, bottom, right, self.width), (bottom, self.height, 0, self.width))
        return tuple(patch for patch in (self._patch(*area) for area in areas) if patch.height)

    def _patch(self, top: int, bottom: int, left: int, right: int) -> Patch:
        dots = self.dots[top:bottom, left:right]
        ys, xs = np.flatnonzero(dots.any(axis=1)), np.flatnonzero(dots.any(axis=0))
        if not len(ys):
            return Patch(left, top, 0, np.zeros((0, 0), np.uint8))
        ink = dots[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
        return Patch(left + int(xs[0]), top + int(ys[0]), ink.shape[1], np.packbits(ink, axis=1))


class CodeStrip:
    """A line of the readable code: where it stands in dots, and its letters drawn as render_png draws them.

    Raises ValueError for a code that is not set in the face of fixed width.
    """

    def __init__(self, slot: CodeSlot, face: Face) -> None:
        if slot.text.face is not Typeface.MONO:
            raise ValueError("a readable code is set in the face of fixed width")
        self.slot, self._dpi = slot, face.dpi
        text, scale = slot.text, face.dpi / 25.4
        size, baseline = text.size_mm * scale, round(text.baseline * scale)
        self.left, right = max(0, floor(text.x * scale) - 1), min(face.width, ceil((text.x + text.width) * scale) + 1)
        _, below, _, above = font(text.face).bounds(_CODE_CHARACTERS)
        self.top, bottom = max(0, baseline - ceil(above * size) - 1), min(face.height, baseline + ceil(-below * size) + 1)
        self.width, self.height, self.baseline = right - self.left, bottom - self.top, baseline
        self._under = face.dots[self.top : bottom, self.left : right]
        advance = font(text.face).width("0") * size
        self._cell = min(self.width, ceil(advance) + 3)
        ideal = [floor(text.x * scale + n * advance) - self.left - 1 for n in range(slot.stop - slot.start)]
        self._cells = [min(max(0, x), self.width - self._cell) for x in ideal]
        self._glyphs: dict[int, Dots] = {}

    def rows(self, codes: Bytes) -> Bytes:
        """The dots of this line for readable codes (n, length): packed, (n, height, row_bytes), on the face's own dots.

        Raises ValueError for what is no capital, digit, hyphen or space.
        """
        letters = codes[:, self.slot.start : self.slot.stop]
        used = np.unique(letters)
        table = np.stack([self._glyph(int(letter)) for letter in used])
        index = np.searchsorted(used, letters)
        dots = np.repeat(self._under[None], len(codes), axis=0)
        for at, x in enumerate(self._cells):
            dots[:, :, x : x + self._cell] |= table[index[:, at], at]
        return np.packbits(dots, axis=2)

    def _glyph(self, letter: int) -> Dots:
        """A letter at each place of the line, (places, height, cell): places begin at different parts of a dot."""
        if letter not in self._glyphs:
            if chr(letter) not in f" {_CODE_CHARACTERS}":
                raise ValueError(f"a readable code has no {chr(letter)!r}")
            places = [self._drawn(chr(letter), at)[:, x : x + self._cell] for at, x in enumerate(self._cells)]
            self._glyphs[letter] = np.stack(places)
        return self._glyphs[letter]

    def _drawn(self, character: str, at: int) -> Dots:
        text = self.slot.text
        x = text.x + at * font(text.face).width("0") * text.size_mm
        one = Text(x, text.baseline, text.size_mm, text.face, character)
        strip = draw_marks(Image.new("L", (self.width, self.height), WHITE), [one], self._dpi, self.left, self.top)
        return ~np.asarray(printed(strip), np.bool_)


def parts_of(run: LabelRun) -> Iterator[Units]:
    """The labels of a run in parts of at most PART, whatever the sizes in which the run gives them."""
    for units in run.units:
        for start in range(0, len(units), PART):
            yield units.part(start, start + PART)


def strings(texts: Bytes) -> list[str]:
    """Texts of shape (n, length) in bytes of UTF-8, as strings."""
    length, whole = texts.shape[1], texts.tobytes()
    return [whole[start : start + length].decode() for start in range(0, len(whole), length)]


@cache
def _widened(module: int) -> Bytes:
    """Eight modules as dots, each module `module` dots wide: (256, module)."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    return np.packbits(np.repeat(bits, module, axis=1), axis=1)
