"""From a stamp's text to the modules of its QR symbol (ISO/IEC 18004): no pictures, no units of length."""

from traceability.qr.segments import Segment, bit_length, split
from traceability.qr.symbol import (
    MAX_VERSION,
    QUIET_MODULES,
    Symbol,
    SymbolTooLarge,
    capacity_bits,
    encode,
    minimum_version,
    symbol_for,
)
from traceability.qr.terminal import terminal_text

__all__ = [
    "MAX_VERSION",
    "QUIET_MODULES",
    "Segment",
    "Symbol",
    "SymbolTooLarge",
    "bit_length",
    "capacity_bits",
    "encode",
    "minimum_version",
    "split",
    "symbol_for",
    "terminal_text",
]
