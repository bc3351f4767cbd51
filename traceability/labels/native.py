"""What a printer makes itself: which of its fonts fits a line of the code, which symbol fits the symbol's place."""

from collections.abc import Iterable
from dataclasses import dataclass

from traceability.labels.bitmap import CodeStrip, SymbolPlace
from traceability.labels.label import ModuleSize
from traceability.labels.logo import MM_PER_INCH
from traceability.labels.setting import SMALLEST_MM
from traceability.qr import QUIET_MODULES, Segment, bit_length, capacity_bits
from traceability.qr.segments import Mode
from traceability.qr.symbol import LAST_VERSION, side_modules

# The advance of the labels' own fixed-width face in ems: a printer's letters are as large as ours of the same advance.
_ADVANCE = 0.6


class NativeSymbolTooLarge(ValueError):
    """The printer's own symbol of this text has no room on the label; the symbol as a bitmap has."""


@dataclass(frozen=True)
class PrinterFont:
    """A font of fixed width that printers hold. Lengths are in dots: from letter to letter, a letter's cell, its ascent."""

    name: str
    advance: int
    cell_width: int
    cell_height: int
    ascent: int


@dataclass(frozen=True)
class FontSetting:
    """A line in a printer's font, so many times enlarged; `left` and `top` are the first cell's corner in dots."""

    font: PrinterFont
    times: int
    left: int
    top: int


@dataclass(frozen=True)
class NativeSymbol:
    """A symbol that the printer makes: its level, dots a module, and where its modules begin, in dots."""

    version: int
    level: str
    module: int
    left: int
    top: int


def fitting_font(fonts: Iterable[PrinterFont], strip: CodeStrip, dpi: int) -> FontSetting | None:
    """The largest setting that is no wider than the line is laid out, None where it would be under five points."""
    text = strip.slot.text
    letters, left = strip.slot.stop - strip.slot.start, round(text.x * dpi / MM_PER_INCH)
    room = text.width * dpi / MM_PER_INCH + 1
    advances = ((font.advance * times, font, times) for font in fonts for times in range(1, 11))
    fitting = [each for each in advances if each[0] * letters <= room and each[0] >= _ADVANCE * SMALLEST_MM * dpi / MM_PER_INCH]
    if not fitting:
        return None
    _, font, times = max(fitting, key=lambda each: each[0])
    return FontSetting(font, times, left, strip.baseline - font.ascent * times)


def fitting_symbol(text: str, place: SymbolPlace, dpi: int) -> NativeSymbol:
    """The symbol that has the text as one segment of bytes, its modules as wide as the place takes.

    As in the stamp's contract the level is Q where there is room and otherwise M, raised as far as the version holds. It
    stands in the middle of the place and keeps its quiet zone. Raises NativeSymbolTooLarge.
    """
    segments = (Segment(Mode.BYTE, text),)
    for module in range(place.module, ModuleSize.for_dpi(dpi).least_dots - 1, -1):
        most = (place.side + 2 * place.quiet) // module - 2 * QUIET_MODULES
        for least in ("Q", "M"):
            version = next((each for each in range(1, LAST_VERSION + 1) if _holds(segments, each, least)), LAST_VERSION + 1)
            if side_modules(version) <= most:
                level = next(level for level in ("H", "Q", "M") if _holds(segments, version, level))
                inset = (place.side - side_modules(version) * module) // 2
                return NativeSymbol(version, level, module, place.left + inset, place.top + inset)
    raise NativeSymbolTooLarge("the printer's own symbol does not fit the label: print it as a bitmap")


def check_printable(text: str) -> str:
    """A text of printable ASCII, as all stamps are; raises ValueError for others, which printers take for other letters."""
    if not (text.isascii() and text.isprintable()):
        raise ValueError("a printer's own symbols are made of printable ASCII only")
    return text


def _holds(segments: tuple[Segment, ...], version: int, level: str) -> bool:
    return bit_length(segments, version) <= capacity_bits(version, level)
