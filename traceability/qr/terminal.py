"""A symbol as text for a terminal, two modules in one character cell."""

from itertools import zip_longest

from traceability.qr.symbol import QUIET_MODULES, Symbol

# Entries 16 and 231 of the 256-colour table are black and white in every theme, while the first sixteen are not; so
# the symbol is dark on light whatever the terminal's own colours are.
_DARK_ON_LIGHT = "\x1b[38;5;16;48;5;231m"
_RESET = "\x1b[0m"
_CELLS = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def terminal_text(symbol: Symbol) -> str:
    """The symbol with its quiet zone, one line of text for two rows of modules, each ended by a line feed."""
    rows = _with_quiet_zone(symbol)
    blank = bytes(len(rows[0]))
    lines = []
    for upper, lower in zip_longest(rows[::2], rows[1::2], fillvalue=blank):
        cells = "".join(_CELLS[pair] for pair in zip(upper, lower, strict=True))
        lines.append(f"{_DARK_ON_LIGHT}{cells}{_RESET}\n")
    return "".join(lines)


def _with_quiet_zone(symbol: Symbol) -> list[bytes]:
    side = bytes(QUIET_MODULES)
    blank = [bytes(symbol.size_with_quiet)] * QUIET_MODULES
    return [*blank, *(side + row + side for row in symbol.modules), *blank]
