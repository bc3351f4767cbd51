"""A run of labels in TSPL, for TSC's printers and the many that speak their language, such as Xprinter's.

Every label is whole in itself: the picture is cleared, all of the label is sent, the row is printed. Storing what is the
same on all (`DOWNLOAD`, `PUTBMP`) would save bytes, but many printers of other make lack it, keep it in flash memory until
someone deletes it, or have no room; and not all keep the picture from one `PRINT` to the next. At ten kilobytes a label a
printer waits for its motor, not for its cable. Text is a bitmap, so that Vietnamese never meets a printer's font.

Of `BITMAP` a bit of 0 is dark. A symbol that the printer makes (`QRCODE`) is stated segment by segment in manual mode, so
that it is the symbol that was laid out, in version and level.
"""

from collections.abc import Iterator
from itertools import chain

from traceability.labels.bitmap import Bytes, CodeStrip, Face, Patch, SymbolPlace, strings
from traceability.labels.native import FontSetting, PrinterFont, check_printable, fitting_font
from traceability.labels.rolls import Field, RowFrame, begun, check_roll, label_lefts, written_rows
from traceability.labels.run import LabelRun, Units
from traceability.labels.stock import Stock
from traceability.qr import Segment, Symbol, split
from traceability.qr.segments import Mode

# TSPL/TSPL2 Programming, TEXT: fonts 1 to 5 are fixed dots at every resolution; capitals stand on four fifths of a cell.
FONTS = (
    PrinterFont("1", 8, 8, 12, 10),
    PrinterFont("2", 12, 12, 20, 16),
    PrinterFont("3", 16, 16, 24, 19),
    PrinterFont("4", 24, 24, 32, 26),
    PrinterFont("5", 32, 32, 48, 38),
)
_END = b"\r\n"
# The picture's dots replace what stands there, which the labels' parts never share.
_OVERWRITE = 0


def render_tspl(run: LabelRun, stock: Stock, dpi: int, *, native: bool, copies: int = 1) -> Iterator[bytes]:
    """The labels as TSPL, row by row of the roll, in blocks; each row is printed `copies` times.

    With `native` the printer makes symbols and codes. Raises ValueError before the first block if the run was not laid out
    for this roll and resolution.
    """
    check_roll(run, stock, copies)
    face = Face(run, dpi)
    text, run = begun(run)
    symbol: Field = _MadeSymbol(text, run.layout.symbol, face.symbol) if native else _SymbolPicture(face.symbol)
    fields = [symbol, *(_code_field(strip, dpi, native=native) for strip in face.strips)]
    frame = RowFrame(b"CLS\r\n", lambda left: b"".join(_drawn(part, left) for part in face.parts), f"PRINT 1,{copies}\r\n".encode())
    return chain([_settings(stock)], written_rows(run, label_lefts(stock, dpi), fields, frame))


def quoted(text: str) -> str:
    r"""A text in quotation marks, those within it as `\["]`. Raises ValueError for a backslash and for what is not printable ASCII."""
    if "\\" in check_printable(text):
        raise ValueError("a backslash cannot be told from the beginning of an escape")
    return '"' + text.replace('"', '\\["]') + '"'


def _settings(stock: Stock) -> bytes:
    gap = f"{stock.gap_mm:g} mm,0 mm"
    sensed = {"gap": f"GAP {gap}", "black_mark": f"BLINE {gap}", "none": "GAP 0 mm,0 mm"}[stock.sensed]
    size = f"SIZE {stock.page.width_mm:g} mm,{stock.page.height_mm:g} mm"
    return "".join(f"{line}\r\n" for line in (size, sensed, "DIRECTION 0", "REFERENCE 0,0")).encode()


def _drawn(patch: Patch, left: int) -> bytes:
    return _picture(left + patch.left, patch.top, patch.row_bytes, patch.height) + _light_bits(patch.rows) + _END


def _picture(left: int, top: int, row_bytes: int, height: int) -> bytes:
    return f"BITMAP {left},{top},{row_bytes},{height},{_OVERWRITE},".encode()


def _light_bits(rows: Bytes) -> bytes:
    return (~rows).tobytes()


def _pictures(rows: Bytes) -> list[bytes]:
    """Packed pictures of shape (n, height, row_bytes), each as the end of a command."""
    size, whole = rows.shape[1] * rows.shape[2], _light_bits(rows)
    return [whole[start : start + size] + _END for start in range(0, len(whole), size)]


def _code_field(strip: CodeStrip, dpi: int, *, native: bool) -> Field:
    setting = fitting_font(FONTS, strip, dpi) if native else None
    return _CodeText(strip, setting) if setting else _CodePicture(strip)


class _SymbolPicture:
    def __init__(self, place: SymbolPlace) -> None:
        self._place = place

    def opening(self, left: int) -> bytes:
        return _picture(left + self._place.left, self._place.top, (self._place.side + 7) // 8, self._place.side)

    def said(self, units: Units) -> list[bytes]:
        return _pictures(self._place.rows(units.symbols).repeat(self._place.module, axis=1))


class _CodePicture:
    def __init__(self, strip: CodeStrip) -> None:
        self._strip = strip

    def opening(self, left: int) -> bytes:
        strip = self._strip
        return _picture(left + strip.left, strip.top, (strip.width + 7) // 8, strip.height)

    def said(self, units: Units) -> list[bytes]:
        return _pictures(self._strip.rows(units.codes))


class _MadeSymbol:
    def __init__(self, text: str, symbol: Symbol, place: SymbolPlace) -> None:
        self._segments = split(check_printable(text), symbol.version)
        self._level, self._place = symbol.level, place

    def opening(self, left: int) -> bytes:
        place = self._place
        # M2: what phones read; S7: the mask is the printer's choice.
        return f"QRCODE {left + place.left},{place.top},{self._level},{place.module},M,0,M2,S7,".encode()

    def said(self, units: Units) -> list[bytes]:
        return [quoted(manual(text, self._segments)).encode() + _END for text in strings(units.texts)]


def manual(text: str, segments: tuple[Segment, ...]) -> str:
    """A text in the segments of another of its length, as `QRCODE` takes them in manual mode.

    `A` opens alphanumeric characters, `B` and four digits so many bytes, `!` another segment.
    """
    parts, at = [], 0
    for segment in segments:
        said = text[at : at + len(segment.text)]
        parts.append(f"B{len(said):04d}{said}" if segment.mode is Mode.BYTE else f"A{said}")
        at += len(said)
    return "!".join(parts)


class _CodeText:
    def __init__(self, strip: CodeStrip, setting: FontSetting) -> None:
        self._slot, self._setting = strip.slot, setting

    def opening(self, left: int) -> bytes:
        setting = self._setting
        return f'TEXT {left + setting.left},{setting.top},"{setting.font.name}",0,{setting.times},{setting.times},'.encode()

    def said(self, units: Units) -> list[bytes]:
        codes = units.codes[:, self._slot.start : self._slot.stop]
        return [quoted(text).encode() + _END for text in strings(codes)]
