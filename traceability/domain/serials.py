"""The serials of many units of one batch at once: those of `stamp.make_serial`, as arrays."""

import hmac

import numpy as np
from numpy.typing import NDArray

from traceability.domain import base32
from traceability.domain.stamp import LAST_UNIT, SerialKeys

_CHARACTERS = np.frombuffer(base32.ALPHABET.encode(), np.uint8)
_DIGITS = 11


def make_serials(keys: SerialKeys, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Units `first` to `last` (1 … 16 777 215) and their serials in ASCII: shapes (n,) and (n, 12).

    The rare unit whose value would be 0 is left out, as it is never issued.
    """
    units, values = serial_values(keys, first, last)
    return units, with_check(values)


def serial_values(keys: SerialKeys, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The same with the serials' values of 55 bits."""
    if not 1 <= first <= last <= LAST_UNIT:
        raise ValueError(f"no such units: {first} to {last}")
    units = np.arange(first, last + 1, dtype=np.int64)
    values = _values(keys, units)
    there = values != 0
    return units[there], values[there]


def encode_rows(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Byte strings of shape (n, k) as `base32.encode_bytes` writes them, in ASCII: shape (n, ceil(8k/5))."""
    bits = np.unpackbits(rows, axis=1)
    length = -(-bits.shape[1] // 5)
    padded = np.zeros((len(rows), 5 * length), np.uint8)
    padded[:, : bits.shape[1]] = bits
    fives = padded.reshape(len(rows), length, 5)
    encoded: NDArray[np.uint8] = _CHARACTERS[fives @ np.array([16, 8, 4, 2, 1], np.uint8)]
    return encoded


def with_check(values: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Numbers of 55 bits as eleven characters and their check character, in ASCII: shape (n, 12)."""
    digits = np.empty((len(values), _DIGITS + 1), np.uint8)
    for place in range(_DIGITS):
        digits[:, place] = values >> np.uint64(5 * (_DIGITS - 1 - place)) & np.uint64(31)
    # Luhn mod 32: every second digit from the last one counts twice, and what it carries is added.
    products = digits[:, :_DIGITS].astype(np.uint16)
    products[:, ::-2] *= 2
    digits[:, _DIGITS] = -(products // 32 + products % 32).sum(axis=1, dtype=np.int64) % 32
    return _CHARACTERS[digits]


def _values(keys: SerialKeys, units: NDArray[np.int64]) -> NDArray[np.uint64]:
    tags = _first_word(keys.tag, keys.batch, units.astype(">u4")) >> np.uint64(1)
    masks = _first_word(keys.mask, keys.batch, tags.astype(">u4")) >> np.uint64(8)
    return tags << np.uint64(24) | units.astype(np.uint64) ^ masks


def _first_word(key: bytes, batch: str, numbers: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """The first 32 bits of HMAC-SHA256 over the batch's code and each number."""
    start, spelt, digest = batch.encode("ascii"), numbers.tobytes(), hmac.digest
    digests = b"".join([digest(key, start + spelt[at : at + 4], "sha256")[:4] for at in range(0, len(spelt), 4)])
    return np.frombuffer(digests, ">u4").astype(np.uint64)
