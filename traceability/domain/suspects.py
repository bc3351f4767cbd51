"""Whether scans fit what was issued, from times alone: no person is known, and no place unless the operator has a table of networks.

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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

HOURS_A_DAY = 24
# Of a unit: scans as if it were on many objects; a burst of them. Of a batch: units that were never issued; scans long after its
# best-before date; more scans than its packs give a reason for.
ALERTS = ("copied", "burst", "invented", "late", "many")
# What a person found: copies there are, the pack or the lot is in order, or it could not be found out.
CONCLUSIONS = ("copied", "genuine", "unclear")


class Visit(NamedTuple):
    """A scan by a person: the hour in which it was, counted from anywhere, and the visitor's name, which holds for a day.

    `place` is the number of a rough place, 0 where it is not known.
    """

    hour: int
    name: int
    place: int = 0


Distance = Callable[[int, int], float]
"""How far two places are from each other, in km."""


@dataclass(frozen=True)
class Rules:
    """The thresholds. `least_visitors` at `least_hours` different hours, within `window_hours`, make a unit suspect.

    `burst_visitors` within `burst_hours` are a burst: what comes within `wake_hours` after it counts for nothing. More than
    `same_hour_share` of all at one hour of the day are a machine. The rest is of whole batches, and for a person to judge:
    `odd_visitors` at `odd_hours` different hours within `odd_window_hours` who scan units that were never issued, or goods
    whose best-before date is `late_days` past; and `scans_a_pack` within `window_hours`, of each day no more than
    `share_a_day` of the packs counted, so that one day's news does not do it, and `least_scans` in any case.

    Where places are known, a unit is suspect as well after `least_moves` moves from one scan to the next over more than `far_km`,
    on `move_days` different days: a pack is sent to a shop and taken home, and not there and back again.
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
    least_moves: int = 7
    move_days: int = 4
    far_km: float = 100.0


RULES = Rules()


@dataclass(frozen=True)
class Signs:
    """What a unit's visits show: the hour of the visit that made it suspect, that of the latest burst, and what was counted for it.

    `moves` are those that no pack makes so often; `places` those that are known, each with its visits, the most first.
    """

    suspect_at: int | None = None
    burst_at: int | None = None
    first_hour: int | None = None
    visitors: int = 0
    hours: int = 0
    moves: int = 0
    places: tuple[tuple[int, int], ...] = ()


def suspicious_since(visits: Iterable[Visit], rules: Rules = RULES) -> int | None:
    """The hour of the visit that made a unit suspect, or None. `visits` come in the order of their hours."""
    return look_for_signs(visits, rules).suspect_at


def look_for_signs(visits: Iterable[Visit], rules: Rules = RULES, *, last_burst: int | None = None, km: Distance | None = None) -> Signs:
    """What a unit's visits, in the order of their hours, show up to the first that makes it suspect.

    `last_burst` is the hour of a burst that was seen before them; `km` tells how far places are from each other.
    """
    counted: deque[Visit] = deque()
    lately: deque[int] = deque()
    burst_at = last_burst
    for visit in _once_a_day(visits):
        hour = visit.hour
        lately.append(hour)
        while lately[0] <= hour - rules.burst_hours:
            lately.popleft()
        if len(lately) >= rules.burst_visitors:
            burst_at = hour
            while counted and counted[-1].hour > hour - rules.burst_hours:
                counted.pop()
        if burst_at is not None and hour < burst_at + rules.wake_hours:
            continue
        counted.append(visit)
        while counted[0].hour <= hour - rules.window_hours:
            counted.popleft()
        moves = far_moves(counted, km, rules) if km else []
        if _fits_many_objects([each.hour for each in counted], moves, rules):
            places = Counter(each.place for each in counted if each.place)
            hours = {each.hour for each in counted}
            return Signs(hour, burst_at, counted[0].hour, len(counted), len(hours), len(moves), tuple(places.most_common()))
    return Signs(burst_at=burst_at)


def far_moves(visits: Iterable[Visit], km: Distance, rules: Rules = RULES) -> list[int]:
    """The hours of visits that are far from the ones before, among those of which the place is known."""
    placed = pairwise(visit for visit in visits if visit.place)
    return [after.hour for before, after in placed if before.place != after.place and km(before.place, after.place) > rules.far_km]


def odd_visits(visits: Iterable[Visit], rules: Rules = RULES) -> Signs:
    """Whether so many different visitors, at so many hours, did what hardly anybody has a reason to do."""
    counted: deque[int] = deque()
    for hour, *_ in _once_a_day(visits):
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


def _once_a_day(visits: Iterable[Visit]) -> Iterator[Visit]:
    """Each visitor's first visit of a day alone."""
    today, names = -1, set[int]()
    for visit in visits:
        if visit.hour // HOURS_A_DAY != today:
            today, names = visit.hour // HOURS_A_DAY, set()
        if visit.name not in names:
            names.add(visit.name)
            yield visit


def _fits_many_objects(hours: Sequence[int], moves: Sequence[int], rules: Rules) -> bool:
    is_everywhere = len(moves) >= rules.least_moves and len({hour // HOURS_A_DAY for hour in moves}) >= rules.move_days
    if not is_everywhere and (len(hours) < rules.least_visitors or len(set(hours)) < rules.least_hours):
        return False
    [(_, most)] = Counter(hour % HOURS_A_DAY for hour in hours).most_common(1)
    return most <= rules.same_hour_share * len(hours)
