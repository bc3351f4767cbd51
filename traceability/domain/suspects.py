"""Whether scans fit what was issued, from times alone: no place and no person is known.

One pack is scanned by few people, at few hours of its life. A code that stands on many objects is scanned here and there, at ever
new hours. Three things look like that and are not: a post that makes a code known overnight (a burst, and then ever fewer for
months), a class or a fair that scans one pack together (a burst), and a machine that looks like a person (the same hour each day).
So bursts and what follows them are left out, and hours of the day must differ.

What it cannot tell: a pack that stands on display for months and is scanned every few days looks like a copied one, and so does one
whose code a rival asks for at ever new hours. A unit's page may therefore say "suspect", which is no proof; a whole batch is judged by
a person. A code that stands for a whole batch is on many packs by its nature: scans cannot show that it was copied, only that there
are strangely many of them for its packs.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

HOURS_A_DAY = 24
# Of a unit: scans as if it were on many objects; a burst of them. Of a batch: units that were never issued; scans long after its
# best-before date; more scans than its packs give a reason for.
ALERTS = ("copied", "burst", "invented", "late", "many")
# What a person found: copies there are, the pack or the lot is in order, or it could not be found out.
CONCLUSIONS = ("copied", "genuine", "unclear")


class Visit(NamedTuple):
    """A scan by a person: the hour in which it was, counted from anywhere, and the visitor's name, which holds for a day."""

    hour: int
    name: int


@dataclass(frozen=True)
class Rules:
    """The thresholds. `least_visitors` at `least_hours` different hours, within `window_hours`, make a unit suspect.

    `burst_visitors` within `burst_hours` are a burst: what comes within `wake_hours` after it counts for nothing. More than
    `same_hour_share` of all at one hour of the day are a machine. The rest is of whole batches, and for a person to judge:
    `odd_visitors` at `odd_hours` different hours within `odd_window_hours` who scan units that were never issued, or goods
    whose best-before date is `late_days` past; and `scans_a_pack` within `window_hours`, of each day no more than
    `share_a_day` of the packs counted, so that one day's news does not do it, and `least_scans` in any case.
    """

    least_visitors: int = 14
    least_hours: int = 9
    window_hours: int = 120 * HOURS_A_DAY
    burst_visitors: int = 15
    burst_hours: int = 3
    wake_hours: int = 365 * HOURS_A_DAY
    same_hour_share: float = 0.6
    odd_visitors: int = 8
    odd_hours: int = 5
    odd_window_hours: int = 30 * HOURS_A_DAY
    late_days: int = 30
    scans_a_pack: float = 5.0
    share_a_day: float = 0.1
    least_scans: int = 100


RULES = Rules()


@dataclass(frozen=True)
class Signs:
    """What a unit's visits show: the hour of the visit that made it suspect, that of the latest burst, and what was counted for it."""

    suspect_at: int | None = None
    burst_at: int | None = None
    first_hour: int | None = None
    visitors: int = 0
    hours: int = 0


def suspicious_since(visits: Iterable[Visit], rules: Rules = RULES) -> int | None:
    """The hour of the visit that made a unit suspect, or None. `visits` come in the order of their hours."""
    return look_for_signs(visits, rules).suspect_at


def look_for_signs(visits: Iterable[Visit], rules: Rules = RULES, *, last_burst: int | None = None) -> Signs:
    """What a unit's visits, in the order of their hours, show up to the first that makes it suspect.

    `last_burst` is the hour of a burst that was seen before them.
    """
    counted: deque[int] = deque()
    lately: deque[int] = deque()
    burst_at = last_burst
    for hour in _once_a_day(visits):
        lately.append(hour)
        while lately[0] <= hour - rules.burst_hours:
            lately.popleft()
        if len(lately) >= rules.burst_visitors:
            burst_at = hour
            while counted and counted[-1] > hour - rules.burst_hours:
                counted.pop()
        if burst_at is not None and hour < burst_at + rules.wake_hours:
            continue
        counted.append(hour)
        while counted[0] <= hour - rules.window_hours:
            counted.popleft()
        if _fits_many_objects(counted, rules):
            return Signs(hour, burst_at, counted[0], len(counted), len(set(counted)))
    return Signs(burst_at=burst_at, first_hour=counted[0] if counted else None, visitors=len(counted), hours=len(set(counted)))


def odd_visits(visits: Iterable[Visit], rules: Rules = RULES) -> Signs:
    """Whether so many different visitors, at so many hours, did what hardly anybody has a reason to do."""
    counted: deque[int] = deque()
    for hour in _once_a_day(visits):
        counted.append(hour)
        while counted[0] <= hour - rules.odd_window_hours:
            counted.popleft()
        if len(counted) >= rules.odd_visitors and len(set(counted)) >= rules.odd_hours:
            return Signs(hour, None, counted[0], len(counted), len(set(counted)))
    return Signs()


def outnumber_packs(scans_by_day: Iterable[int], packs: int, rules: Rules = RULES) -> bool:
    """Whether a batch's scans on the days of the last `window_hours` are more than its packs give a reason for."""
    most = max(1.0, packs * rules.share_a_day)
    counted = sum(min(scans, most) for scans in scans_by_day)
    return counted >= max(rules.least_scans, packs * rules.scans_a_pack)


def _once_a_day(visits: Iterable[Visit]) -> Iterator[int]:
    """The hours of the visits, each visitor's first of a day alone."""
    today, names = -1, set[int]()
    for hour, name in visits:
        if hour // HOURS_A_DAY != today:
            today, names = hour // HOURS_A_DAY, set()
        if name not in names:
            names.add(name)
            yield hour


def _fits_many_objects(hours: deque[int], rules: Rules) -> bool:
    if len(hours) < rules.least_visitors or len(set(hours)) < rules.least_hours:
        return False
    [(_, most)] = Counter(hour % HOURS_A_DAY for hour in hours).most_common(1)
    return most <= rules.same_hour_share * len(hours)
