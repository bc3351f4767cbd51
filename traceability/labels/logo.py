"""A producer's logo: kept as a grey master, and turned into the dots of one printer."""

import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

MM_PER_INCH = 25.4
LOGO_BOX_MM = (12.0, 5.6)
"""The largest that a logo becomes on the usual label, in mm."""

_WHITE = 255
_INK_BELOW = 128
# A drawing has few tones between ink and paper, only the edges of its lines; a photograph has many.
_MIDTONES = (64, 192)
_MOST_MIDTONES = 0.2
_MOST_SIDE_PX = 2000


@dataclass(frozen=True)
class LabelLogo:
    """A grey picture without margins: rows of `width_px` bytes from the top, 0 is ink and 255 paper."""

    width_px: int
    height_px: int
    grey: bytes

    def __post_init__(self) -> None:
        if not (0 < self.width_px <= _MOST_SIDE_PX and 0 < self.height_px <= _MOST_SIDE_PX):
            raise ValueError(f"a logo of {self.width_px} by {self.height_px} dots")
        if len(self.grey) != self.width_px * self.height_px:
            raise ValueError(f"{len(self.grey)} bytes for {self.width_px} by {self.height_px} dots")

    def within(self, width_mm: float, height_mm: float) -> tuple[float, float]:
        """Width and height of the logo in mm, as large as a box takes it."""
        scale = min(width_mm / self.width_px, height_mm / self.height_px)
        return self.width_px * scale, self.height_px * scale

    def dots(self, columns: int, rows: int) -> bytes:
        """The logo as ink and paper, packed: rows of whole bytes, eight dots each, the leftmost highest, 1 is ink."""
        return _dots(self, columns, rows)


def render_logo_png(logo: LabelLogo, width_mm: float, height_mm: float, dpi: int, *, times: int = 1) -> bytes:
    """The dots that a printer of `dpi` puts down for the logo in a box of this size, each `times` by `times` dots large."""
    width, height = logo.within(width_mm, height_mm)
    columns, rows = max(1, round(width * dpi / MM_PER_INCH)), max(1, round(height * dpi / MM_PER_INCH))
    ink = Image.frombytes("1", (columns, rows), logo.dots(columns, rows))
    printed = ink.point(lambda dot: not dot).resize((times * columns, times * rows), Image.Resampling.NEAREST)
    out = io.BytesIO()
    printed.save(out, "PNG", dpi=(times * dpi, times * dpi), optimize=True)
    return out.getvalue()


def read_logo(content: bytes) -> LabelLogo:
    """The master from the picture file that it is kept as. Raises ValueError if it is none."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            if max(picture.size) > _MOST_SIDE_PX:
                raise ValueError(f"a logo of {picture.width} by {picture.height} dots")
            grey = picture.convert("L")
    except (OSError, SyntaxError) as fault:
        raise ValueError("the logo's picture cannot be read") from fault
    return LabelLogo(grey.width, grey.height, grey.tobytes())


@lru_cache(maxsize=64)
def _dots(logo: LabelLogo, columns: int, rows: int) -> bytes:
    master = Image.frombytes("L", (logo.width_px, logo.height_px), logo.grey)
    small = master.resize((max(1, columns), max(1, rows)), Image.Resampling.LANCZOS)
    # Thermal heads know no grey. Lines stay clean when they are cut at one tone; tones need a pattern of dots.
    if _has_tones(master):
        printed = small.convert("1", dither=Image.Dither.FLOYDSTEINBERG)
    else:
        printed = small.point([0 if grey < _INK_BELOW else _WHITE for grey in range(256)]).convert("1", dither=Image.Dither.NONE)
    return printed.point(lambda paper: not paper).tobytes()


def _has_tones(master: Image.Image) -> bool:
    counts = master.histogram()
    between = sum(counts[_MIDTONES[0] : _MIDTONES[1]])
    return between > _MOST_MIDTONES * master.width * master.height
