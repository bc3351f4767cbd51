"""Many symbols of one shape at once: tables of what each data bit changes, and their exclusive sums.

For one version, level and mask every step from data bits to modules (error correction, interleaving, placement, mask)
is affine over GF(2): a symbol is a fixed symbol, exclusive-or one pattern for each data bit that is set. The patterns
are asked of the library, which stays the judge: how a block's error correction answers to each bit, and where each bit
of the code words is placed. Nothing of ISO/IEC 18004 is computed here.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray
from qrcode.base import RSBlock, rs_blocks
from qrcode.main import QRCode
from qrcode.util import BitBuffer, create_bytes

from traceability.qr.symbol import LEVELS, side_modules

Bytes = NDArray[np.uint8]
MASKS = 8
"""ISO/IEC 18004 clause 7.8.2: how many masks there are."""


@dataclass(frozen=True)
class Shape:
    """What all symbols of a table share. `level` is M, Q or H, `mask` 0 to 7 (ISO/IEC 18004 table 10)."""

    version: int
    level: str
    mask: int

    @property
    def side(self) -> int:
        """Modules on a side, without the quiet zone."""
        return side_modules(self.version)

    @property
    def row_bytes(self) -> int:
        """Bytes of a packed row: eight modules a byte, the leftmost in the highest bit, unused bits 0."""
        return (self.side + 7) // 8

    @property
    def size(self) -> int:
        """Bytes of a packed symbol, rows from the top."""
        return self.side * self.row_bytes


class Tables:
    """What each value of each data byte changes in a symbol of one shape. Made as they are asked for, and kept."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._blocks = rs_blocks(shape.version, LEVELS[shape.level])
        self._of_byte: dict[int, NDArray[np.uint64]] = {}

    @property
    def words(self) -> int:
        """Words of 64 bits that hold a packed symbol."""
        return -(-self.shape.size // 8)

    @cached_property
    def data_bytes(self) -> int:
        """Data code words of a symbol (ISO/IEC 18004 table 9)."""
        return sum(block.data_count for block in self._blocks)

    @cached_property
    def fixed(self) -> NDArray[np.uint64]:
        """The symbol whose data and error correction bits are all 0: shape (words,)."""
        return packed_words(self._modules(self.shape.mask, bytes(self._code_words)), self.shape)

    def of_byte(self, position: int) -> NDArray[np.uint64]:
        """What data byte `position`, counted before interleaving, changes at each value: shape (256, words)."""
        if position not in self._of_byte:
            table = np.zeros((256, self.words), np.uint64)
            for bit, pattern in enumerate(self._of_bits(position)):
                table[1 << bit : 2 << bit] = table[: 1 << bit] ^ pattern
            self._of_byte[position] = table
        return self._of_byte[position]

    def _of_bits(self, position: int) -> list[NDArray[np.uint64]]:
        """What each bit of a data byte changes, the lowest bit first."""
        block, within = self._block_of(position)
        spread = self._interleaved[block]
        answers = [np.array(_code_words_of(self._blocks[block], within, bit), np.uint8) for bit in range(8)]
        return [packed_words(self._placed(spread, answer), self.shape) for answer in answers]

    def _placed(self, spread: NDArray[np.intp], answer: Bytes) -> Bytes:
        """The modules that a block's code words `answer` darken, where they stand at `spread` among all code words."""
        bits = np.zeros((self._code_words + 1, 8), np.uint8)
        bits[spread] = np.unpackbits(answer).reshape(-1, 8)
        # The row behind the last code word stays 0: it stands for modules that hold no bit.
        return bits.reshape(-1)[self._bit_of_module]

    def _block_of(self, position: int) -> tuple[int, int]:
        for number, block in enumerate(self._blocks):
            if position < block.data_count:
                return number, position
            position -= block.data_count
        raise IndexError("the symbol has no such data byte")

    @cached_property
    def _code_words(self) -> int:
        return sum(block.total_count for block in self._blocks)

    @cached_property
    def _interleaved(self) -> list[NDArray[np.intp]]:
        """Where each block's code words stand among all code words, as the library interleaves them.

        Data are found by their numbers, spelt out in two bytes; the error correction of a block by what one changed bit
        changes, which is every code word of it (the code is maximum distance separable).
        """
        numbers = range(self.data_bytes)
        low, high = (self._interleave(bytes(spelt)) for spelt in ([n & 255 for n in numbers], [(n >> 8) + 1 for n in numbers]))
        place_of = np.argsort((low + 256 * (high - 1))[: self.data_bytes])
        ones, spread, first = bytes([1] * self.data_bytes), [], 0
        for block in self._blocks:
            changed = bytes([*ones[:first], 0, *ones[first + 1 :]])
            different = np.flatnonzero(self._interleave(ones) != self._interleave(changed))
            parity = different[different >= self.data_bytes]
            spread.append(np.concatenate([place_of[first : first + block.data_count], parity]))
            first += block.data_count
        return spread

    def _interleave(self, values: bytes) -> NDArray[np.intp]:
        return np.array(_corrected(self._blocks, values), np.intp)

    @cached_property
    def _bit_of_module(self) -> NDArray[np.intp]:
        """For each module the code word bit it holds, shape (side, side); modules without one name a bit that is never set.

        Each bit's number is spelt out in the symbols, one binary digit a symbol.
        """
        bits = 8 * self._code_words
        numbers = np.arange(1, bits + 1)
        found = np.zeros((self.shape.side, self.shape.side), np.intp)
        blank = self._modules(0, bytes(self._code_words))
        for digit in range(int(bits).bit_length()):
            spelt = np.packbits((numbers >> digit & 1).astype(np.uint8)).tobytes()
            found |= (self._modules(0, spelt) ^ blank).astype(np.intp) << digit
        return np.where(found, found - 1, bits)

    def _modules(self, mask: int, code_words: bytes) -> Bytes:
        code = QRCode(version=self.shape.version, error_correction=LEVELS[self.shape.level], border=0)
        code.data_cache = list(code_words)
        code.makeImpl(False, mask)
        return np.array(code.modules, np.uint8)


@cache
def tables(shape: Shape) -> Tables:
    """The tables of a shape, kept for the life of the program."""
    return Tables(shape)


def _code_words_of(block: RSBlock, position: int, bit: int) -> list[int]:
    """The code words of one block in which a single data bit is set."""
    # The library cannot take the logarithm of a block of noughts, so the bit is seen as a difference from one of ones.
    without = bytes([1] * block.data_count)
    with_bit = bytes([*without[:position], 1 ^ 1 << bit, *without[position + 1 :]])
    pairs = zip(_corrected_ones(block), _corrected([block], with_bit), strict=True)
    return [one ^ other for one, other in pairs]


@cache
def _corrected_ones(block: RSBlock) -> list[int]:
    return _corrected([block], bytes([1] * block.data_count))


def _corrected(blocks: list[RSBlock], values: bytes) -> list[int]:
    buffer = BitBuffer()
    buffer.buffer = list(values)
    return [int(word) for word in create_bytes(buffer, blocks)]


def packed_words(modules: Bytes, shape: Shape) -> NDArray[np.uint64]:
    """Modules of shape (side, side) as packed rows in words of 64 bits, padded at the end."""
    rows = np.packbits(modules, axis=1).tobytes()
    return np.frombuffer(rows.ljust(8 * -(-shape.size // 8), b"\0"), np.uint64)
