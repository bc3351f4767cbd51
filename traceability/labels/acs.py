"""Zebra's compressed hexadecimal digits for pictures (ZPL II Programming Guide, alternative data compression of ~DG and ^GF).

A run of a digit is its length and the digit: `G` to `Y` are 1 to 19, `g` to `z` 20, 40 … 400, and they add up. `,` fills
a row with 0 to its end, `!` with F, `:` is the row above once more. Older printers and those of other make read it; the
zlib form (`:Z64:`) would be a little shorter, but not all of them have it.
"""

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_DIGITS = np.frombuffer(b"0123456789ABCDEF", np.uint8)
_PAIRS = np.stack([np.repeat(_DIGITS, 16), np.tile(_DIGITS, 16)], axis=1)
_ZEROS, _ONES, _AGAIN = ord(","), ord("!"), ord(":")
_TWENTIES, _UNITS = ord("f"), ord("F")
# Two letters and a digit take three places, so shorter runs are written out; none is longer than one pair of letters says.
_SHORTEST, _LONGEST = 3, 400


def compressed(rows: Bytes, repeat: int = 1) -> list[bytes]:
    """Each picture of packed rows (n, height, row_bytes) as compressed digits, each row `repeat` times."""
    count, height, row_bytes = rows.shape
    digits = _PAIRS[rows].reshape(count, height, 2 * row_bytes)
    written = _runs(digits.reshape(-1, 2 * row_bytes)).reshape(digits.shape)
    same = (rows[:, 1:] == rows[:, :-1]).all(axis=2)
    written[:, 1:][same] = 0
    written[:, 1:, 0][same] = _AGAIN
    if repeat > 1:
        again = np.full((count, height, repeat - 1), _AGAIN, np.uint8)
        written = np.concatenate([written, again], axis=2)
    flat = written.reshape(count, -1)
    kept = flat != 0
    ends = np.cumsum(np.count_nonzero(kept, axis=1)).tolist()
    text = flat[kept].tobytes()
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _runs(digits: Bytes) -> Bytes:
    """Digits (rows, width) with their runs shortened in place; what is left over is 0."""
    rows, width = digits.shape
    first = np.ones((rows, width), np.bool_)
    first[:, 1:] = digits[:, 1:] != digits[:, :-1]
    first[:, ::_LONGEST] = True
    flat, starts = digits.reshape(-1), np.flatnonzero(first)
    lengths = np.diff(starts, append=flat.size)
    values = flat[starts]
    out = np.zeros(flat.size, np.uint8)
    out[starts] = values
    pairs = lengths == 2
    out[starts[pairs] + 1] = values[pairs]
    _shorten(out, starts, lengths, values)
    last = (starts + lengths) % width == 0
    for digit, fill in ((_DIGITS[0], _ZEROS), (_DIGITS[15], _ONES)):
        _fill(out, starts, lengths, last & (values == digit), fill)
    return out


def _shorten(out: Bytes, starts: NDArray[np.intp], lengths: NDArray[np.intp], values: Bytes) -> None:
    longer = lengths >= _SHORTEST
    at, twenties, units = starts[longer], lengths[longer] // 20, lengths[longer] % 20
    high, low = twenties > 0, units > 0
    out[at[high]] = _TWENTIES + twenties[high]
    behind = at + high
    out[behind[low]] = _UNITS + units[low]
    out[behind + low] = values[longer]


def _fill(out: Bytes, starts: NDArray[np.intp], lengths: NDArray[np.intp], chosen: NDArray[np.bool_], sign: int) -> None:
    at = starts[chosen]
    out[at] = sign
    # A run shortened above takes at most three places.
    for place in (1, 2):
        behind = at[lengths[chosen] > place] + place
        out[behind] = 0
