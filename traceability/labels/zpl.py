"""A run of labels in ZPL II, for Zebra's printers and those that speak their language.

What is the same on all labels is sent once as a picture into the printer's memory (`~DG`, drive R:, which forgets it when
switched off), named after its content, recalled on every label (`^XG`) and deleted at the end. So Vietnamese text never
meets a printer's font. Printers of all makes have these commands; a picture that is missing prints as nothing, never as
another label's text.

Symbols are pictures (`^GF`), or made by the printer (`^BQ`). What is known of `^BQ`:

- In normal mode a symbol is one segment or the printer's guess (`A`). Mixed mode (`D`) is no way out: it writes a header of
  structured append, and readers wait for the other parts. So the text is stated as one segment of bytes (`M,Bnnnn`), which
  every printer writes alike, at the level for which that leaves room: M, where the same text as a bitmap has Q.
- The symbol sinks below its `^FO` by the bar height that `^BY` last set, less a dot on some printers; the well known ten
  dots are that height's default, and it outlives a label. `^BY2,3,1` brings it down to one dot or none.
"""

from collections.abc import Iterator
from hashlib import sha256
from itertools import chain

from traceability.labels.acs import compressed
from traceability.labels.bitmap import CodeStrip, Face, SymbolPlace, strings
from traceability.labels.native import FontSetting, PrinterFont, check_printable, fitting_font, fitting_symbol
from traceability.labels.rolls import Field, RowFrame, begun, check_roll, label_lefts, row_size, written_rows
from traceability.labels.run import LabelRun, Units
from traceability.labels.stock import Stock

# ZPL II Programming Guide, "Standard Printer Fonts": bitmapped fonts whose matrix is the same at every resolution.
FONTS = (
    PrinterFont("A", 6, 5, 9, 7),
    PrinterFont("B", 9, 7, 11, 11),
    PrinterFont("D", 12, 10, 18, 14),
    PrinterFont("F", 16, 13, 26, 21),
)
_SENSED = {"gap": "W", "black_mark": "M", "none": "N"}
# Behind ^FH `_` and two hexadecimal digits are one character: none that means something to the printer stands as it is.
_HIDDEN = str.maketrans({character: f"_{ord(character):02X}" for character in "^~_\\"})
_END = b"^FS"


def render_zpl(run: LabelRun, stock: Stock, dpi: int, *, native: bool, copies: int = 1) -> Iterator[bytes]:
    """The labels as ZPL, row by row of the roll, in blocks; each row is printed `copies` times.

    With `native` the printer makes symbols and codes, in a tenth of the bytes. Raises ValueError before the first block
    if the run was not laid out for this roll and resolution, NativeSymbolTooLarge if the printer's symbol has no room.
    """
    check_roll(run, stock, copies)
    face = Face(run, dpi)
    text, run = begun(run)
    symbol: Field = _MadeSymbol(text, face) if native else _SymbolPicture(face.symbol)
    fields = [symbol, *(_code_field(strip, dpi, native=native) for strip in face.strips)]
    name = f"R:T{sha256(face.whole.rows.tobytes()).hexdigest()[:7].upper()}.GRF"
    width, height = row_size(stock, face)
    frame = RowFrame(
        f"^XA^PW{width}^LL{height}".encode(),
        lambda left: f"^FO{left + face.whole.left},{face.whole.top}^XG{name},1,1^FS".encode(),
        f"^PQ{copies}^XZ\n".encode(),
    )
    settings = f"^XA^MN{_SENSED[stock.sensed]}^PON^PMN^LH0,0^LRN^CI28^XZ\n".encode()
    rows = written_rows(run, label_lefts(stock, dpi), fields, frame)
    return chain([_stored(face, name) + settings], rows, [f"^XA^ID{name}^FS^XZ\n".encode()])


def escaped(text: str) -> str:
    """A text as it stands between ^FH^FD and ^FS. Raises ValueError for what is not printable ASCII."""
    return check_printable(text).translate(_HIDDEN)


def _stored(face: Face, name: str) -> bytes:
    rows = face.whole.rows
    return f"~DG{name},{rows.size},{face.whole.row_bytes},".encode() + compressed(rows[None])[0] + b"\n"


def _code_field(strip: CodeStrip, dpi: int, *, native: bool) -> Field:
    setting = fitting_font(FONTS, strip, dpi) if native else None
    return _CodeText(strip, setting) if setting else _CodePicture(strip)


class _SymbolPicture:
    def __init__(self, place: SymbolPlace) -> None:
        self._place = place

    def opening(self, left: int) -> bytes:
        return _picture(left + self._place.left, self._place.top, (self._place.side + 7) // 8, self._place.side)

    def said(self, units: Units) -> list[bytes]:
        return [digits + _END for digits in compressed(self._place.rows(units.symbols), self._place.module)]


class _CodePicture:
    def __init__(self, strip: CodeStrip) -> None:
        self._strip = strip

    def opening(self, left: int) -> bytes:
        strip = self._strip
        return _picture(left + strip.left, strip.top, (strip.width + 7) // 8, strip.height)

    def said(self, units: Units) -> list[bytes]:
        return [digits + _END for digits in compressed(self._strip.rows(units.codes))]


class _MadeSymbol:
    def __init__(self, text: str, face: Face) -> None:
        self._symbol = fitting_symbol(check_printable(text), face.symbol, face.dpi)
        self._count = len(text)

    def opening(self, left: int) -> bytes:
        symbol = self._symbol
        at = f"^BY2,3,1^FO{left + symbol.left},{symbol.top}"
        return f"{at}^BQN,2,{symbol.module}^FH^FD{symbol.level}M,B{self._count:04d}".encode()

    def said(self, units: Units) -> list[bytes]:
        return [escaped(text).encode() + _END for text in strings(units.texts)]


class _CodeText:
    def __init__(self, strip: CodeStrip, setting: FontSetting) -> None:
        self._slot, self._setting = strip.slot, setting

    def opening(self, left: int) -> bytes:
        setting, font = self._setting, self._setting.font
        size = f"{font.cell_height * setting.times},{font.cell_width * setting.times}"
        return f"^FO{left + setting.left},{setting.top}^A{font.name}N,{size}^FH^FD".encode()

    def said(self, units: Units) -> list[bytes]:
        codes = units.codes[:, self._slot.start : self._slot.stop]
        return [escaped(text).encode() + _END for text in strings(codes)]


def _picture(left: int, top: int, row_bytes: int, height: int) -> bytes:
    return f"^FO{left},{top}^GFA,{row_bytes * height},{row_bytes * height},{row_bytes},".encode()
