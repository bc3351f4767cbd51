"""One file a label, for print houses, and all of them in one ZIP that is written while it is read."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from traceability.labels.bitmap import parts_of, strings
from traceability.labels.pdf import render_pdf
from traceability.labels.png import finish_png
from traceability.labels.primitives import Layout, Text
from traceability.labels.raster import blank, draw_marks
from traceability.labels.run import CODE_FIELD, CodeSlot, LabelRun
from traceability.labels.svg import render_svg
from traceability.qr import Symbol

Kind = Literal["png", "svg", "pdf"]

# Fast: an outline shrinks to a fifth even so.
_COMPRESSION = 2


def layouts_of(run: LabelRun) -> Iterator[tuple[str, Layout]]:
    """Each label's readable code and its layout, in order."""
    first, slots = _code_of(run.slots), run.slots
    symbol = run.layout.symbol
    for units in parts_of(run):
        bits = np.unpackbits(units.symbols, axis=2)[:, :, : symbol.size]
        for code, modules in zip(strings(units.codes), bits, strict=True):
            drawn = replace(symbol, modules=tuple(row.tobytes() for row in modules))
            yield code, _laid_out(run.layout, slots, first, code, drawn)


def single_files(run: LabelRun, kind: Kind, dpi: int | None = None) -> Iterator[tuple[str, bytes]]:
    """Each label's file: its name, which begins with its place in the run and holds its code, and its bytes.

    A PNG takes the printer's `dpi`. Raises ValueError if the run was not laid out for it.
    """
    draw = _PngPress(run, dpi or 0) if kind == "png" else {"svg": _svg, "pdf": _pdf}[kind]
    digits = len(str(run.count))
    for number, (code, layout) in enumerate(layouts_of(run), start=1):
        yield f"{number:0{digits}}_{code.replace(' ', '_')}.{kind}", draw(layout)


def zip_of(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The files as a ZIP, in blocks: each is given on as soon as it is written, only its entry in the list is kept."""
    out = _Outlet()
    with ZipFile(out, "w") as archive:
        for name, content in files:
            # Always the same time, so that the same labels are the same bytes. PNG and PDF are compressed within.
            entry = ZipInfo(name)
            archive.writestr(entry, content, ZIP_DEFLATED if name.endswith(".svg") else ZIP_STORED, _COMPRESSION)
            yield out.taken()
    yield out.taken()


class _PngPress:
    """Draws what is the same on all labels once."""

    def __init__(self, run: LabelRun, dpi: int) -> None:
        if not dpi:
            raise ValueError("a picture in dots needs the printer's resolution")
        self._dpi = dpi
        self._face = draw_marks(blank(run.layout, dpi), run.fixed_marks, dpi)

    def __call__(self, layout: Layout) -> bytes:
        codes = [slot.text for slot in LabelRun(layout, (), 1).slots]
        return finish_png(draw_marks(self._face.copy(), codes, self._dpi), layout.symbol_box, self._dpi, optimize=False)


class _Outlet(io.RawIOBase):
    """Where a ZIP is written, its last entry only: what was taken is gone.

    The archive may turn back within an entry, so each states its length before its content, and every program reads it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._gone, self._held = 0, io.BytesIO()

    def taken(self) -> bytes:
        content = self._held.getvalue()
        self._gone, self._held = self._gone + len(content), io.BytesIO()
        return content

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return self._held.write(content)

    def tell(self) -> int:
        return self._gone + self._held.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or offset < self._gone:
            raise io.UnsupportedOperation("what was taken is gone")
        return self._gone + self._held.seek(offset - self._gone)


def _svg(layout: Layout) -> bytes:
    return render_svg(layout).encode()


def _pdf(layout: Layout) -> bytes:
    out = io.BytesIO()
    render_pdf([layout], out)
    return out.getvalue()


def _code_of(slots: tuple[CodeSlot, ...]) -> str:
    return " ".join(slot.text.string for slot in slots)


def _laid_out(layout: Layout, slots: tuple[CodeSlot, ...], first: str, code: str, symbol: Symbol) -> Layout:
    said = iter([code[slot.start : slot.stop] for slot in slots])
    words = {slot.text.string: code[slot.start : slot.stop] for slot in slots}
    marks = [replace(mark, string=next(said)) if isinstance(mark, Text) and mark.field == CODE_FIELD else mark for mark in layout.marks]
    return replace(
        layout,
        symbol_box=replace(layout.symbol_box, symbol=symbol),
        marks=tuple(marks),
        title=layout.title.replace(first, code),
        lines=tuple(words.get(line, line) for line in layout.lines),
    )
