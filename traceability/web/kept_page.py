"""A page that is drawn once and answered a million times: compressed pieces, and holes for what each scan brings.

A hole stands for the moment of the scan, the count of scans, and what of the code is one pack's own. It is filled by a deflate
block of its own that is stored, not compressed (RFC 1951, 3.2.4); the pieces between end at whole bytes and refer to nothing
before them, and the checksum of the whole follows from those of the parts. So no scan costs drawing or compressing.
"""

import hashlib
import re
import secrets
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from isal import isal_zlib

# Nobody who writes texts into the register can guess it. Letters and digits pass through addresses, HTML and JSON unchanged.
_MARK = "HOLE" + secrets.token_hex(12).upper()
HOLES = ("moment", "seen", "times", "serial", "tail")
# So many of them, the first ones, differ from scan to scan; the others are one stamp's own.
_OF_SCANS = 3
_MARKS = {name: f"{_MARK}{index}" for index, name in enumerate(HOLES)}
_IN_TEXT = re.compile(f"{_MARK}([0-9])")
# RFC 1952: deflate, no time, no name, unknown system.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"
_LEVEL = 6
_STORED, _TRAILER = struct.Struct("<BHH"), struct.Struct("<II")
Part = tuple[bytes, int, int]
# What fills a hole: the block that holds it, and the checksum and length of its bytes.
Filling = Part
# The checksums and lengths of a page's runs between the holes of scans, and the numbers of those holes.
Runs = tuple[tuple[int, int] | int, ...]


def mark(name: str) -> str:
    """What stands in a drawn text where a hole will be."""
    return _MARKS[name]


def filling(text: str) -> Filling:
    """A text that goes into a hole."""
    return filling_of(text.encode("utf-8"))


def filling_of(content: bytes) -> Filling:
    """Encoded text that goes into a hole."""
    size = len(content)
    return _STORED.pack(0, size, size ^ 0xFFFF) + content, zlib.crc32(content), size


@dataclass(frozen=True, slots=True)
class Pieces:
    """A drawn text, cut at its holes. `steps` are compressed pieces (bytes, checksum, length) and numbers of holes."""

    steps: tuple[Part | int, ...]
    tag: str

    @property
    def size(self) -> int:
        """The bytes that it holds."""
        return sum(len(step[0]) for step in self.steps if not isinstance(step, int))

    def text(self) -> str:
        """The drawn text again, marks in its holes."""
        parts = [_MARKS[HOLES[step]] if isinstance(step, int) else _unpacked(step[0]) for step in self.steps]
        return "".join(parts)


def cut(text: str) -> Pieces:
    """Cuts a drawn text at its marks, and compresses what lies between."""
    steps: list[Part | int] = []
    for index, piece in enumerate(_IN_TEXT.split(text)):
        if index % 2:
            steps.append(int(piece))
        elif piece:
            content = piece.encode("utf-8")
            packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
            steps.append((packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH), zlib.crc32(content), len(content)))
    return Pieces(tuple(steps), hashlib.sha256(text.replace(_MARK, "").encode("utf-8")).hexdigest()[:12])


def runs_of(pieces: Pieces, fillings: Sequence[Filling]) -> Runs:
    """What of a stamp's page's checksum stays the same from scan to scan. `fillings` in the order of HOLES."""
    runs: list[tuple[int, int] | int] = []
    for step in pieces.steps:
        if isinstance(step, int) and step < _OF_SCANS:
            runs.append(step)
            continue
        _, checksum, size = fillings[step] if isinstance(step, int) else step
        before = runs[-1] if runs else 0
        if isinstance(before, tuple):
            runs[-1] = (isal_zlib.crc32_combine(before[0], checksum, size), before[1] + size)
        else:
            runs.append((checksum, size))
    return tuple(runs)


def fill(pieces: Pieces, fillings: Sequence[Filling], runs: Runs) -> tuple[bytes, str]:
    """The page as gzip, and its entity tag. `fillings` in the order of HOLES; `runs` as `runs_of` tells them for the stamp."""
    checksum = length = 0
    combine = isal_zlib.crc32_combine
    for run in runs:
        if type(run) is int:
            _, own, size = fillings[run]
        else:
            own, size = run  # type: ignore[misc]
        checksum = combine(checksum, own, size)
        length += size
    chunks = [fillings[step][0] if type(step) is int else step[0] for step in pieces.steps]  # type: ignore[index]
    return b"".join((_GZIP_HEADER, *chunks, _LAST_BLOCK, _TRAILER.pack(checksum, length))), f'W/"{pieces.tag}-{checksum:08x}"'


def plain(gzipped: bytes) -> bytes:
    """The page for whoever takes no gzip."""
    return zlib.decompress(gzipped, 31)


def _unpacked(piece: bytes) -> str:
    return zlib.decompressobj(-15).decompress(piece).decode("utf-8")
