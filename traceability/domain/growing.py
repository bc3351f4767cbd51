"""How much may come from growing areas in a season, and whether what was stamped is more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BASE_UNITS = {"g": ("g", 1), "kg": ("g", 1_000), "ml": ("ml", 1), "l": ("ml", 1_000), "piece": ("piece", 1), "m": ("m", 1)}
"""What amounts of each unit of content are added up in."""
CAPACITY_UNITS = ("kg", "l", "piece", "m")
"""What capacities are registered in."""


@dataclass(frozen=True)
class Harvest:
    """What is stamped as coming from some areas, all of them named; the amount in a base unit."""

    areas: frozenset[int]
    amount: int


def fold_area_code(code: str) -> str:
    """An area's code as it is compared: however spaces, hyphens, full stops and small letters are written."""
    return "".join(character for character in code.upper() if character.isalnum())


def amount_of(packs: int, net_content: int, unit: str) -> tuple[str, int]:
    """The base unit, and how much so many packs are."""
    base, factor = BASE_UNITS[unit]
    return base, packs * net_content * factor


def linked_areas(harvests: Iterable[Harvest], begin: frozenset[int]) -> frozenset[int]:
    """The areas that goods name together with one of these, or with one of those, and so on."""
    waiting, linked = list(harvests), set(begin)
    while touched := [harvest for harvest in waiting if harvest.areas & linked]:
        waiting = [harvest for harvest in waiting if not harvest.areas & linked]
        linked.update(*(harvest.areas for harvest in touched))
    return frozenset(linked)


def room_left(capacities: Mapping[int, int], harvests: Sequence[Harvest], areas: frozenset[int]) -> int:
    """How much more may be stamped as from these areas; below zero where it is too much already.

    Nobody says how much of a batch came from which of its areas. So what names these areas alone is held against their
    capacities together, and what hangs together with them against all of those areas': where either is too much, no
    sharing-out could make it fit.
    """
    groups = {areas, linked_areas(harvests, areas)}
    return min(
        sum(capacities[area] for area in group) - sum(harvest.amount for harvest in harvests if harvest.areas <= group) for group in groups
    )
