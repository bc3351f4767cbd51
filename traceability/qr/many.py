"""Symbols of many texts that differ in a few characters only, as the stamps of one batch do."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traceability.qr.penalty import penalties, rows_of
from traceability.qr.segments import ALPHANUMERIC_ORDER, Mode, header_bits, split
from traceability.qr.symbol import Symbol, draft, make
from traceability.qr.tables import MASKS, Bytes, Shape, packed_words, tables

_PAIR_BITS, _SINGLE_BITS, _BYTE_BITS = 11, 6, 8
_NOT_ALPHANUMERIC = 255
_VALUE_OF = np.full(256, _NOT_ALPHANUMERIC, np.uint8)
_VALUE_OF[list(ALPHANUMERIC_ORDER.encode())] = np.arange(len(ALPHANUMERIC_ORDER))


class TextsDiffer(ValueError):
    """A text cannot be written in the segments of the first one."""


@dataclass(frozen=True)
class _Field:
    """Characters written as one number: `columns` of the text, `bits` wide, at bit `at` of the data."""

    columns: tuple[int, ...]
    mode: Mode
    at: int
    bits: int


class Press:
    """Makes symbols of texts like a first one: as long, and in the same segments, version and level.

    `mask` is 0 to 7 for all symbols, or None for the best of each by the penalties of ISO/IEC 18004 clause 7.8.3.
    """

    def __init__(self, text: str, version: int, level: str, mask: int | None) -> None:
        self.version, self.level, self.mask = version, level, mask
        self._first = np.frombuffer(text.encode(), np.uint8)
        self._fields = tuple(_fields(text, version))
        masks = range(MASKS) if mask is None else [mask]
        self._tables = [tables(Shape(version, level, mask)) for mask in masks]
        self._bases = [_words(make(text, version, level, each.shape.mask), each.shape) for each in self._tables]
        self._drafts = [_words(draft(text, version, level, each.shape.mask), each.shape) for each in self._tables] if mask is None else []

    @property
    def shape(self) -> Shape:
        """The shape of the symbols; where masks are chosen, that of the first of them."""
        return self._tables[0].shape

    def symbols(self, texts: Bytes) -> Bytes:
        """Packed symbols of shape (n, side, row_bytes) for texts of shape (n, length), in bytes of UTF-8.

        In a row eight modules are a byte, the leftmost in the highest bit, 1 is dark. Raises TextsDiffer.
        """
        changes = self._changes(texts)
        words = np.zeros((len(texts), self._tables[0].words), np.uint64)
        for position, values in changes.items():
            words ^= self._tables[0].of_byte(position)[values]
        if self.mask is None:
            words = self._best(words)
        else:
            words ^= self._bases[0]
        return _unpadded(words, self.shape)

    def _best(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        # A mask is the same for all symbols, so what differs from the first text serves for all eight.
        points = np.stack([penalties(rows_of(_unpadded(words ^ draft, self.shape))) for draft in self._drafts])
        bases: NDArray[np.uint64] = np.stack(self._bases)[points.argmin(axis=0)]
        return words ^ bases

    def _changes(self, texts: Bytes) -> dict[int, Bytes]:
        """What differs from the first text in each byte of the data: position → (n,) of differences."""
        if texts.ndim != 2 or texts.shape[1] != len(self._first):
            raise TextsDiffer("a text has another length")
        varying = set(np.flatnonzero((texts != self._first).any(axis=0)).tolist())
        changes: dict[int, Bytes] = {}
        for field in self._fields:
            if varying.isdisjoint(field.columns):
                continue
            different = _number(texts, field) ^ _number(self._first[None, :], field)
            for position, values in _bytes_of(different, field):
                changes[position] = changes[position] ^ values if position in changes else values
        return changes


def _words(symbol: Symbol, shape: Shape) -> NDArray[np.uint64]:
    modules = np.frombuffer(b"".join(symbol.modules), np.uint8).reshape(shape.side, shape.side)
    return packed_words(modules, shape)


def _unpadded(words: NDArray[np.uint64], shape: Shape) -> Bytes:
    return words.view(np.uint8)[:, : shape.size].reshape(len(words), shape.side, shape.row_bytes)


def _fields(text: str, version: int) -> Iterator[_Field]:
    """The numbers that a text's segments are written as, in their order."""
    at, column = 0, 0
    for segment in split(text, version):
        at += header_bits(segment.mode, version)
        step = 2 if segment.mode is Mode.ALPHANUMERIC else 1
        for start in range(0, segment.characters, step):
            columns = tuple(range(column + start, column + min(start + step, segment.characters)))
            bits = _BYTE_BITS if segment.mode is Mode.BYTE else _PAIR_BITS if len(columns) == 2 else _SINGLE_BITS
            yield _Field(columns, segment.mode, at, bits)
            at += bits
        column += segment.characters


def _number(texts: Bytes, field: _Field) -> NDArray[np.uint32]:
    if field.mode is Mode.BYTE:
        return texts[:, field.columns[0]].astype(np.uint32)
    # ISO/IEC 18004 clause 7.4.4: the first of two characters counts 45 times.
    values = [_VALUE_OF[texts[:, column]].astype(np.uint32) for column in field.columns]
    if any((value == _NOT_ALPHANUMERIC).any() for value in values):
        raise TextsDiffer("a text has a character of another mode")
    return values[0] * len(ALPHANUMERIC_ORDER) + values[1] if len(values) == 2 else values[0]


def _bytes_of(number: NDArray[np.uint32], field: _Field) -> Iterator[tuple[int, Bytes]]:
    """A number's bits as they fall into bytes of the data."""
    first = field.at // 8
    shifted = number << np.uint32(24 - field.bits - field.at % 8)
    for within in range((field.at % 8 + field.bits + 7) // 8):
        yield first + within, (shifted >> np.uint32(16 - 8 * within)).astype(np.uint8)
