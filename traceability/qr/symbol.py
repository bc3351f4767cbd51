"""QR symbols for stamps: version, error correction level and modules (ISO/IEC 18004).

Level L is never used. The library places the modules, computes the Reed-Solomon code words and picks the mask; which
segments, which version and which level is decided here.
"""

from dataclasses import dataclass

from qrcode.base import rs_blocks
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import QRData

from traceability.qr.segments import bit_length, split

QUIET_MODULES = 4
"""Light modules on every side (ISO/IEC 18004 clause 6.3.8)."""

MAX_VERSION = 10
"""57 by 57 modules: above it a stamp of 50 by 30 mm has modules that phones read badly."""

LAST_VERSION = 40
"""ISO/IEC 18004 clause 6.1: the largest version."""

LEVELS = {"M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}


@dataclass(frozen=True)
class Symbol:
    """A QR symbol. `level` is M, Q or H; `modules` are rows from the top of 0 (light) and 1 (dark), no quiet zone."""

    version: int
    level: str
    modules: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Modules on a side without the quiet zone (ISO/IEC 18004 clause 6.3.1)."""
        return side_modules(self.version)

    @property
    def size_with_quiet(self) -> int:
        """Modules on a side with the quiet zone on both ends."""
        return self.size + 2 * QUIET_MODULES


class SymbolTooLarge(ValueError):
    """The text needs a larger symbol than there is room for; both numbers are modules a side with quiet zones."""

    def __init__(self, needed_modules: int, limit: int) -> None:
        super().__init__(f"the symbol needs {needed_modules} modules a side with its quiet zone, {limit} are there")
        self.needed_modules = needed_modules
        self.limit = limit


def side_modules(version: int) -> int:
    """Modules on a side of a version, without the quiet zone."""
    return 17 + 4 * version


def capacity_bits(version: int, level: str) -> int:
    """Bits for segments in a symbol (ISO/IEC 18004 table 7)."""
    return 8 * sum(int(block.data_count) for block in rs_blocks(version, LEVELS[level]))


def minimum_version(text: str, level: str = "M") -> int:
    """The smallest version that holds `text` at this level.

    A text that no symbol holds gives 41, one more than there is.
    """
    for version in range(1, LAST_VERSION + 1):
        if _holds(version, level, text):
            return version
    return LAST_VERSION + 1


def encode(text: str, *, max_version: int = MAX_VERSION) -> Symbol:
    """The symbol of the smallest version that level M needs, its level raised as far as that version holds.

    Raises SymbolTooLarge if that version is above `max_version`.
    """
    return _largest_level(text, minimum_version(text), _modules_with_quiet(max_version))


def symbol_for(text: str, side_modules_limit: int) -> Symbol:
    """The symbol for a place of `side_modules_limit` modules a side, quiet zones included.

    Level Q in its smallest version where that fits, otherwise the version that M needs; either way the level is
    raised as far as the version holds. Raises SymbolTooLarge if M does not fit.
    """
    version, level = measure_symbol(text, side_modules_limit)
    return make(text, version, level)


def measure_symbol(text: str, side_modules_limit: int) -> tuple[int, str]:
    """Version and level of what `symbol_for` gives, without drawing it. Raises as it does."""
    roomy = minimum_version(text, "Q")
    version = roomy if _modules_with_quiet(roomy) <= side_modules_limit else minimum_version(text)
    return version, _level_in(text, version, side_modules_limit)


def make(text: str, version: int, level: str, mask: int | None = None) -> Symbol:
    """The symbol of a text that fits this version and level, with a mask of 0 to 7 or (None) the best by penalty."""
    code = _code(text, version, level)
    code.makeImpl(False, code.best_mask_pattern() if mask is None else mask)
    return Symbol(version, level, _rows(code))


def draft(text: str, version: int, level: str, mask: int) -> Symbol:
    """The symbol whose penalty is counted when masks are compared: without format and version information."""
    code = _code(text, version, level)
    code.makeImpl(True, mask)
    return Symbol(version, level, _rows(code))


def _code(text: str, version: int, level: str) -> QRCode:
    code = QRCode(version=version, error_correction=LEVELS[level], border=0)
    for segment in split(text, version):
        # Given as a QRData with its mode, the library takes a segment as it is and does not cut it again.
        code.add_data(QRData(segment.text.encode(), mode=segment.mode.value), optimize=0)
    return code


def _rows(code: QRCode) -> tuple[bytes, ...]:
    return tuple(bytes(bool(module) for module in row) for row in code.modules)


def _largest_level(text: str, version: int, limit: int) -> Symbol:
    return make(text, version, _level_in(text, version, limit))


def _level_in(text: str, version: int, limit: int) -> str:
    needed = _modules_with_quiet(version)
    if needed > limit or version > LAST_VERSION:
        raise SymbolTooLarge(needed, limit)
    return next(level for level in ("H", "Q", "M") if _holds(version, level, text))


def _modules_with_quiet(version: int) -> int:
    return side_modules(version) + 2 * QUIET_MODULES


def _holds(version: int, level: str, text: str) -> bool:
    return bit_length(split(text, version), version) <= capacity_bits(version, level)
