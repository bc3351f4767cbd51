"""The penalties of ISO/IEC 18004 clause 7.8.3 for many symbols at once, a row of modules in one word of 64 bits.

They are counted as the library counts them, so that the best of eight masks is the one that it takes for one symbol.
"""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint64]
WIDEST_SIDE = 64
"""Modules that a word holds: enough for version 11, above the largest that a label bears."""

_ONE = np.uint64(1)
_FINDER_LIKE = (0b10111010000, 0b00001011101)
_RUN, _RUN_POINTS, _BLOCK_POINTS, _FINDER_POINTS, _BALANCE_POINTS = 5, 3, 3, 40, 10


def rows_of(packed: NDArray[np.uint8]) -> Rows:
    """Packed symbols of shape (n, side, row_bytes) as words of shape (n, side), the leftmost module in the highest bit."""
    if packed.shape[1] > WIDEST_SIDE:
        raise ValueError("the symbol is wider than a word")
    wide = np.zeros((*packed.shape[:2], 8), np.uint8)
    wide[:, :, : packed.shape[2]] = packed
    return wide.view(">u8")[:, :, 0].astype(np.uint64)


def penalties(rows: Rows) -> NDArray[np.int64]:
    """The penalty of each symbol: rows of shape (n, side) give shape (n,)."""
    side = rows.shape[1]
    return _runs(rows, side) + _blocks(rows, side) + _finder_like(rows, side) + _balance(rows, side)


def _window(side: int, width: int) -> np.uint64:
    """Ones at the columns at which a window of `width` modules begins."""
    return np.uint64((1 << (side - width + 1)) - 1 << 64 - (side - width + 1))


def _left(rows: Rows, by: int) -> Rows:
    return rows << np.uint64(by)


def _count(marks: Rows) -> NDArray[np.int64]:
    counted: NDArray[np.int64] = np.bitwise_count(marks).sum(axis=1, dtype=np.int64)
    return counted


def _runs(rows: Rows, side: int) -> NDArray[np.int64]:
    """Three points for five modules of one colour in a line, one for each more."""
    across = ~(rows ^ _left(rows, 1)) & _window(side, 2)
    five = across & _left(across, 1) & _left(across, 2) & _left(across, 3)
    points = _count(five) + (_RUN_POINTS - 1) * _count(five & ~(five >> _ONE))
    down = ~(rows[:, 1:] ^ rows[:, :-1]) & _window(side, 1)
    tall = down[:, :-3] & down[:, 1:-2] & down[:, 2:-1] & down[:, 3:]
    return points + _count(tall) + (_RUN_POINTS - 1) * (_count(tall[:, :1]) + _count(tall[:, 1:] & ~tall[:, :-1]))


def _blocks(rows: Rows, side: int) -> NDArray[np.int64]:
    """Three points for each square of two by two modules of one colour."""
    across = ~(rows ^ _left(rows, 1))
    down = ~(rows[:, 1:] ^ rows[:, :-1])
    return _BLOCK_POINTS * _count(across[:, 1:] & across[:, :-1] & down & _window(side, 2))


def _finder_like(rows: Rows, side: int) -> NDArray[np.int64]:
    """Forty points for each place that looks like a finder pattern with light modules on one side."""
    return _FINDER_POINTS * (_like(rows, side, across=True) + _like(rows, side, across=False))


def _like(rows: Rows, side: int, *, across: bool) -> NDArray[np.int64]:
    width = 11
    found = np.zeros(len(rows), np.int64)
    for pattern in _FINDER_LIKE:
        height = side if across else side - width + 1
        marks = np.broadcast_to(_window(side, width if across else 1), (len(rows), height)).copy()
        for at in range(width):
            seen = _left(rows, at) if across else rows[:, at : at + height]
            marks &= seen if pattern >> (width - 1 - at) & 1 else ~seen
        found += _count(marks)
    return found


def _balance(rows: Rows, side: int) -> NDArray[np.int64]:
    """Ten points for every five per cent by which the share of dark modules departs from a half."""
    share = _count(rows).astype(np.float64) / side**2
    return (np.abs(share * 100 - 50) / 5).astype(np.int64) * _BALANCE_POINTS
