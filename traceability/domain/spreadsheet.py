"""Tables for spreadsheet programs, which take some texts for formulas and run them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

Cell = str | int | date | datetime | None


@dataclass(frozen=True)
class Table:
    """One table: its key, its columns' keys, and its rows as they come."""

    key: str
    columns: tuple[str, ...]
    rows: Iterator[tuple[Cell, ...]]


# What Excel, LibreOffice and their kin begin a formula with, in full width too, and what they skip before it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(cell: str) -> str:
    """A cell that a spreadsheet takes for text: one that could be a formula gets an apostrophe before it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
