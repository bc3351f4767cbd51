"""How a producer numbers its lots: a pattern of words, the day and a running number gives the next one."""

import re
from collections.abc import Container
from datetime import date

from traceability.domain import gs1
from traceability.domain.errors import Refused

USUAL_PATTERN = "{yy}{mm}{dd}-{n}"
_PART = re.compile(r"\{([^{}]*)\}")
_PARTS = {
    "yyyy": lambda day: f"{day.year:04}",
    "yy": lambda day: f"{day.year % 100:02}",
    "mm": lambda day: f"{day.month:02}",
    "dd": lambda day: f"{day.day:02}",
}
_MOST_TRIES = 10_000


def check_pattern(pattern: str) -> str:
    """A pattern of plain characters and `{yyyy} {yy} {mm} {dd} {n}`, the last exactly once. Refused `lot_pattern`, those of lots."""
    pattern = pattern.strip()
    names = _PART.findall(pattern)
    if names.count("n") != 1 or any(name not in (*_PARTS, "n") for name in names) or set("{}") & set(_PART.sub("", pattern)):
        raise Refused("lot_pattern", pattern=pattern)
    # A number of three digits must still fit.
    gs1.check_lot(_filled(pattern, date(2026, 12, 28), 999))
    return pattern


def propose_lot(pattern: str, day: date, taken: Container[str]) -> str:
    """The pattern's first lot of that day whose number is not taken; `taken` holds lots in folded case."""
    for number in range(1, _MOST_TRIES):
        lot = _filled(pattern, day, number)
        if lot.casefold() not in taken:
            return lot
    return ""


def pattern_of(lot: str, day: date) -> str | None:
    """The pattern by which a lot of that day was numbered, where it names the day and ends in a number; else None."""
    for written in ("{yyyy}{mm}{dd}", "{yy}{mm}{dd}", "{yyyy}-{mm}-{dd}", "{dd}{mm}{yy}", "{dd}{mm}{yyyy}", "{yyyy}{mm}", "{yyyy}"):
        named = _filled(written, day, 0)
        before, found, after = lot.partition(named)
        numbered = re.fullmatch(r"(\D*)\d{1,4}", after)
        if found and numbered:
            return f"{before}{written}{numbered[1]}{{n}}"
    return None


def _filled(pattern: str, day: date, number: int) -> str:
    return _PART.sub(lambda part: str(number) if part[1] == "n" else _PARTS[part[1]](day), pattern)
