"""Whether a unit's scans fit one object in one place, from times alone: no place and no person is known.

One pack is scanned by few people, at few hours of its life. A code that stands on many objects is scanned here and there, at ever
new hours. Three things look like that and are not: a post that makes a code known overnight (a burst, and then ever fewer for
months), a class or a fair that scans one pack together (a burst), and a machine that looks like a person (the same hour each day).
So bursts and what follows them are left out, and hours of the day must differ.

What it cannot tell: a pack that stands on display for months and is scanned every few days looks like a copied one, and so does one
whose code a rival asks for at ever new hours. A unit's page may therefore say "suspect", which is no proof; a whole batch is judged by
a person. A code that stands for a whole batch is on many packs by its nature: scans cannot show that it was copied.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

HOURS_A_DAY = 24


class Visit(NamedTuple):
    """A scan by a person: the hour in which it was, counted from anywhere, and the visitor's name, which holds for a day."""

    hour: int
    name: int


@dataclass(frozen=True)
class Rules:
    """The thresholds. `least_visitors` at `least_hours` different hours, within `window_hours`, make a unit suspect.

    `burst_visitors` within `burst_hours` are a burst: what comes within `wake_hours` after it counts for nothing. More than
    `same_hour_share` of all at one hour of the day are a machine.
    """

    least_visitors: int = 14
    least_hours: int = 9
    window_hours: int = 120 * HOURS_A_DAY
    burst_visitors: int = 15
    burst_hours: int = 3
    wake_hours: int = 365 * HOURS_A_DAY
    same_hour_share: float = 0.6


RULES = Rules()


def suspicious_since(visits: Iterable[Visit], rules: Rules = RULES) -> int | None:
    """The hour of the visit that made a unit suspect, or None. `visits` come in the order of their hours."""
    counted: deque[int] = deque()
    lately: deque[int] = deque()
    names: set[int] = set()
    today, wake_ends = -1, -1
    for hour, name in visits:
        if hour // HOURS_A_DAY != today:
            today, names = hour // HOURS_A_DAY, set()
        if name in names:
            continue
        names.add(name)
        lately.append(hour)
        while lately[0] <= hour - rules.burst_hours:
            lately.popleft()
        if len(lately) >= rules.burst_visitors:
            wake_ends = hour + rules.wake_hours
            while counted and counted[-1] > hour - rules.burst_hours:
                counted.pop()
        if hour < wake_ends:
            continue
        counted.append(hour)
        while counted[0] <= hour - rules.window_hours:
            counted.popleft()
        if _fits_many_objects(counted, rules):
            return hour
    return None


def _fits_many_objects(hours: deque[int], rules: Rules) -> bool:
    if len(hours) < rules.least_visitors or len(set(hours)) < rules.least_hours:
        return False
    [(_, most)] = Counter(hour % HOURS_A_DAY for hour in hours).most_common(1)
    return most <= rules.same_hour_share * len(hours)
