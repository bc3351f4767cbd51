"""Symbols as PDF operators, quickly: modules as one path of rectangles, or as a mask of one bit a module."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from traceability.labels.pdf_file import numbers
from traceability.labels.primitives import SymbolBox

Pieces = NDArray[np.object_]


def drawn_as_path(symbols: NDArray[np.uint8], begins: list[bytes]) -> bytes:
    """Symbols, each behind the operators that lead to its place: one path a symbol, in whole modules.

    A renderer covers the shared edges of one path once, so no light seams run between the modules.
    """
    count, side, row_bytes = symbols.shape
    pieces = _row_pieces(side, row_bytes)
    at = symbols.reshape(count, -1).astype(np.intp)
    at += np.arange(side * row_bytes, dtype=np.intp) * 256
    drawn = np.empty((count, side * row_bytes + 2), np.object_)
    drawn[:, 0] = begins
    drawn[:, 1:-1] = pieces.take(at)
    drawn[:, -1] = b"f Q\n"
    return b"".join(drawn.ravel().tolist())


def path_begin(x: float, y: float, box: SymbolBox) -> bytes:
    """Leads to the modules of a label whose left top corner is at x, y in mm, y downwards: a unit is a module."""
    left, top = x + box.x + box.quiet, y + box.y + box.quiet
    return b"q %b cm\n" % numbers(box.module_mm, 0, 0, box.module_mm, left, top)


def drawn_as_mask(symbols: NDArray[np.uint8], begins: list[bytes]) -> bytes:
    """Symbols as inline images of one bit a module, painted where a bit is 1 (ISO 32000-1 clauses 8.9.6.2 and 8.9.7)."""
    count, side, row_bytes = symbols.shape
    size = side * row_bytes
    content = symbols.tobytes()
    head = b"BI/W %d/H %d/BPC 1/IM true/D[1 0]/L %d ID " % (side, side, size)
    parts: list[bytes] = []
    for label, begin in enumerate(begins):
        parts += (begin, head, content[label * size : (label + 1) * size], b"\nEI Q\n")
    assert len(begins) == count
    return b"".join(parts)


def mask_begin(x: float, y: float, box: SymbolBox) -> bytes:
    """Leads to the unit square into which a mask is painted, its top row uppermost."""
    side = box.side - 2 * box.quiet
    left, top = x + box.x + box.quiet, y + box.y + box.quiet
    return b"q %b cm " % numbers(side, 0, 0, -side, left, top + side)


@cache
def _row_pieces(side: int, row_bytes: int) -> Pieces:
    """What is drawn for each byte of a packed symbol at each of its values: shape (side * row_bytes * 256,)."""
    pieces = np.empty((side, row_bytes, 256), np.object_)
    for column in range(row_bytes):
        drawn = [b"".join(b"%d \0 %d 1 re\n" % (8 * column + start, length) for start, length in _runs(value)) for value in range(256)]
        for row in range(side):
            line = b"%d" % row
            pieces[row, column] = [piece.replace(b"\0", line) for piece in drawn]
    return pieces.reshape(-1)


def _runs(value: int) -> list[tuple[int, int]]:
    """Runs of ones in a byte from its highest bit, as (start, length)."""
    bits = f"{value:08b}"
    starts = [at for at in range(8) if bits[at] == "1" and (at == 0 or bits[at - 1] == "0")]
    return [(at, len(bits[at:].split("0", 1)[0])) for at in starts]


def packed_rows(box: SymbolBox) -> NDArray[np.uint8]:
    """A single symbol as packed rows of shape (1, side, row_bytes)."""
    modules = np.frombuffer(b"".join(box.symbol.modules), np.uint8).reshape(box.symbol.size, box.symbol.size)
    return np.packbits(modules, axis=1)[None]
