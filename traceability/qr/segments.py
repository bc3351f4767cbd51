"""A stamp's text cut into the segments of a QR symbol: which characters are written in which mode.

Two modes are used, as the stamp's contract says: byte mode (8 bits a byte of UTF-8) and alphanumeric mode (5.5 bits a
character, ISO/IEC 18004 clause 7.4.4). The scheme is always a byte segment; behind it the cheapest split is taken.
"""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

ALPHANUMERIC_ORDER = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
"""ISO/IEC 18004 table 5: the 45 characters of alphanumeric mode, in the order of their values."""

ALPHANUMERIC = frozenset(ALPHANUMERIC_ORDER)

MODE_INDICATOR_BITS = 4
"""ISO/IEC 18004 table 2."""

_SCHEMES = ("https", "http")


class Mode(Enum):
    """A segment's mode; the value is its mode indicator (ISO/IEC 18004 table 2)."""

    ALPHANUMERIC = 0b0010
    BYTE = 0b0100


# ISO/IEC 18004 table 3: bits of the character count for versions 1-9, 10-26 and 27-40.
_COUNT_BITS = {Mode.ALPHANUMERIC: (9, 11, 13), Mode.BYTE: (8, 16, 16)}


@dataclass(frozen=True)
class Segment:
    """A run of characters in one mode."""

    mode: Mode
    text: str

    @property
    def characters(self) -> int:
        """What the character count says: bytes in byte mode, characters in alphanumeric mode."""
        return len(self.text.encode()) if self.mode is Mode.BYTE else len(self.text)


@dataclass(frozen=True)
class _Path:
    """The cheapest way to have written the text so far, ending in `mode`; costs are in half bits."""

    cost: int
    mode: Mode
    starts: tuple[tuple[int, Mode], ...]

    def then(self, start: int, mode: Mode, header: int) -> "_Path":
        """The same path continued in `mode`; another mode closes the segment on a whole bit and pays a header."""
        if mode is self.mode:
            return self
        return _Path(self.cost + self.cost % 2 + header, mode, (*self.starts, (start, mode)))

    def plus(self, half_bits: int) -> "_Path":
        return _Path(self.cost + half_bits, self.mode, self.starts)


def header_bits(mode: Mode, version: int) -> int:
    """Bits before a segment's characters: mode indicator and character count at this version (1 to 40)."""
    return MODE_INDICATOR_BITS + _COUNT_BITS[mode][0 if version < 10 else 1 if version < 27 else 2]


def bit_length(segments: tuple[Segment, ...], version: int) -> int:
    """Bits that the segments take in a symbol of this version, without terminator and padding."""
    return sum(header_bits(segment.mode, version) + _character_bits(segment) for segment in segments)


def split(text: str, version: int) -> tuple[Segment, ...]:
    """The segments that write `text` in the fewest bits at this version; between equals, the fewest segments.

    A leading `http` or `https` before `://` is byte mode whatever it costs. Of n characters it looks at each once.
    """
    # Versions of a class have fields of the same width (ISO/IEC 18004 table 3), and many of them are tried for one text.
    return _split(text, 1 if version < 10 else 10 if version < 27 else 27)


@lru_cache(maxsize=256)
def _split(text: str, version: int) -> tuple[Segment, ...]:
    scheme = _scheme(text)
    paths = _starting_paths(scheme, version)
    for at, character in enumerate(text[len(scheme) :], start=len(scheme)):
        paths = _step(paths, at, character, version)
    if not paths:
        return ()
    best = min(paths, key=_rank)
    ends = [start for start, _ in best.starts[1:]] + [len(text)]
    return tuple(Segment(mode, text[start:end]) for (start, mode), end in zip(best.starts, ends, strict=True))


def _step(paths: list[_Path], at: int, character: str, version: int) -> list[_Path]:
    modes = [Mode.BYTE, Mode.ALPHANUMERIC] if character in ALPHANUMERIC else [Mode.BYTE]
    continued = []
    for mode in modes:
        header = 2 * header_bits(mode, version)
        candidates = [path.then(at, mode, header) for path in paths] or [_Path(header, mode, ((at, mode),))]
        continued.append(min(candidates, key=_rank).plus(_half_bits(mode, character)))
    return continued


def _starting_paths(scheme: str, version: int) -> list[_Path]:
    if not scheme:
        return []
    cost = 2 * (header_bits(Mode.BYTE, version) + 8 * len(scheme))
    return [_Path(cost, Mode.BYTE, ((0, Mode.BYTE),))]


def _scheme(text: str) -> str:
    return next((scheme for scheme in _SCHEMES if text.startswith(scheme + "://")), "")


def _half_bits(mode: Mode, character: str) -> int:
    return 11 if mode is Mode.ALPHANUMERIC else 16 * len(character.encode())


def _character_bits(segment: Segment) -> int:
    # ISO/IEC 18004 clause 7.4.4: two characters in 11 bits, a last single one in 6.
    count = segment.characters
    return 8 * count if segment.mode is Mode.BYTE else 11 * (count // 2) + 6 * (count % 2)


def _rank(path: _Path) -> tuple[int, int]:
    # An odd number of half bits stands for a single last character, which takes the whole bit.
    return path.cost + path.cost % 2, len(path.starts)
