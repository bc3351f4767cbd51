"""How soon copied stamps are noticed from scans alone, and how often an honest one is suspected.

Run from the project's folder: `.venv/bin/python benchmarks/suspects.py`. Scans are simulated, since no register with known
copies exists; what is assumed of buyers, shops and copiers stands in `Assumed`, and whoever knows better changes it there. A scan
is told as the service keeps it: an hour, and a visitor who has another name each day.

Honest: 10,000 batches of 300 packs, each pack on a shelf for 5 to 60 days and scanned by passers-by, then taken home and scanned by
its buyer's family; among them posts that make one code known overnight, robots that look like people, a class that scans one pack
together, many phones behind one carrier's address. Copied: one pack's code on 100 to 10,000 objects sold over 90 days. A rival: one
honest pack's code asked for again and again by machines that look like people. Then the same for codes that stand for a whole batch.
At last the same once more where the operator has a table of networks, so that scans have a rough place.
"""

import argparse
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from traceability.domain.suspects import RULES, Visit, look_for_signs, odd_visits, outnumber_packs

HOURS = 24
# When shops are open and people are awake: by the hour in Viet Nam.
AWAKE = np.array([0, 0, 0, 0, 0, 1, 3, 5, 7, 8, 8, 7, 6, 6, 7, 8, 9, 10, 9, 7, 5, 3, 1, 0], float)
AWAKE /= AWAKE.sum()


@dataclass(frozen=True)
class Assumed:
    """What is assumed of an honest pack, and of one that is copied."""

    batches: int = 10_000
    packs: int = 300
    shelf_days: tuple[int, int] = (5, 60)
    # Scans a day by passers-by: the median pack, and how far packs differ (log-normal). So a batch of 300 packs is scanned some
    # fifty times on shelves and seventy times at home.
    passers_by: float = 0.004
    spread: float = 0.8
    # A buyer scans with this chance, and so many of the household within two days.
    buyer_scans: float = 0.15
    household: float = 1.5
    posts_a_batch: float = 0.002
    robots_a_batch: float = 0.01
    classes_a_batch: float = 0.01
    # Copies are sold over so many days, and each is scanned by so many on average.
    sold_days: int = 90
    scans_a_copy: float = 0.15
    # With a table: places in a row, so far from each other; goods are sold at one and taken home at it or the next one; copies
    # are sold at all. So many scans are placed wrongly (a telephone network's gateway, a company's network), so many not at all.
    places: int = 5
    km_apart: float = 250.0
    wrongly: float = 0.15
    unplaced: float = 0.3
    # Of an honest lot's scans so many are of a code that was never issued (a label that was printed and thrown away, a typing
    # error that passes its check); so many packs are still at home when the goods should be gone, each scanned with this chance.
    mistaken: float = 0.01
    kept_too_long: float = 0.05
    scanned_late: float = 0.1
    # So many scans after the second object a copy should be known.
    within: int = 20


def main() -> None:
    """Simulates and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batches", type=int, default=Assumed.batches)
    parser.add_argument("--copied", type=int, default=400, help="copied stamps of each number of objects")
    parser.add_argument("--passers-by", type=float, default=Assumed.passers_by, help="scans a day of the median pack on a shelf")
    parser.add_argument("--spread", type=float, default=Assumed.spread, help="how far packs differ")
    asked = parser.parse_args()
    given = Assumed(batches=asked.batches, passers_by=asked.passers_by, spread=asked.spread)
    chance = np.random.default_rng(asked.seed)
    print(f"{platform.machine()}, Python {platform.python_version()}, seed {asked.seed}; rules: {RULES}")
    honest(given, chance)
    print(f"\n{'copied unit stamps':28}{'noticed':>9}{'within 20 of 20':>17}{'days, median':>14}{'90 %':>7}")
    for objects in (100, 300, 1_000, 3_000, 10_000):
        copied(given, chance, objects, asked.copied)
    print()
    rival(chance)
    print()
    of_batches(given, chance, asked.copied)
    print()
    of_oddities(given, chance, asked.copied)
    print("\nwith places:")
    honest(given, chance, with_places=True)
    print(f"\n{'copied unit stamps':28}{'noticed':>9}{'within 20 of 20':>17}{'days, median':>14}{'90 %':>7}")
    for objects in (100, 300, 1_000, 3_000, 10_000):
        copied(given, chance, objects, asked.copied, with_places=True)


# -------------------------------------------------------------------------------------------------------------- honest


def honest(given: Assumed, chance: np.random.Generator, *, with_places: bool = False) -> None:
    """False alarms among honest batches, by what happened to the pack."""

    def is_suspected(visits: list[Visit]) -> bool:
        placed = _placed(given, chance, visits, int(chance.integers(given.places)), 0.1) if with_places else visits
        return _is_suspected(placed, given if with_places else None)

    alarms = {"shelf and home": 0, "known by a post": 0, "robot": 0, "class": 0}
    for _ in range(given.batches // 1_000):
        least = RULES.least_moves + 1 if with_places else RULES.least_visitors
        alarms["shelf and home"] += sum(map(is_suspected, _packs(given, chance, 1_000 * given.packs, least)))
    for name, each, make in (
        ("known by a post", given.posts_a_batch, _post),
        ("robot", given.robots_a_batch, _robot),
        ("class", given.classes_a_batch, _class),
    ):
        times = int(chance.poisson(each * given.batches))
        alarms[name] = sum(is_suspected(make(chance)) for _ in range(times))
        print(f"{name}: {times} packs")
    print(f"\nfalse alarms among {given.batches:,} honest batches of {given.packs} packs:")
    for name, count in alarms.items():
        print(f"  {name:20}{count:6}{count / given.batches * 10_000:10.1f} per 10,000")
    print(f"  {'together':20}{sum(alarms.values()):6}{sum(alarms.values()) / given.batches * 10_000:10.1f} per 10,000")


def _packs(given: Assumed, chance: np.random.Generator, count: int, least: int) -> Iterator[list[Visit]]:
    """The visits of the packs that were scanned often enough to be looked at at all."""
    days = chance.integers(*given.shelf_days, size=count)
    rates = given.passers_by * np.exp(chance.normal(0, given.spread, count))
    on_shelf = chance.poisson(rates * days)
    at_home = np.where(chance.random(count) < given.buyer_scans, 1 + chance.poisson(given.household - 1, count), 0)
    for at in np.flatnonzero(on_shelf + at_home >= least):
        visits = _spread(chance, int(on_shelf[at]), 0, int(days[at]))
        yield sorted(visits + _spread(chance, int(at_home[at]), int(days[at]), 2))


def _post(chance: np.random.Generator) -> list[Visit]:
    """A code in a post: most look within hours, ever fewer for months; some hundred to twenty thousand in all."""
    count = int(np.exp(chance.uniform(np.log(200), np.log(20_000))))
    hours = np.floor(chance.pareto(0.4, 4 * count))
    hours = np.sort(hours[hours < 120 * HOURS][:count]).astype(int)
    begins = int(chance.integers(8, 20))
    return [Visit(int(hour) + begins, int(name)) for hour, name in zip(hours, chance.integers(1 << 62, size=len(hours)), strict=True)]


def _robot(chance: np.random.Generator) -> list[Visit]:
    """A machine that looks like a person: once a day at the same hour, or each hour, for weeks."""
    begins, days = int(chance.integers(24)), int(chance.integers(14, 90))
    if chance.random() < 0.7:
        return [Visit(day * HOURS + begins, day) for day in range(days)]
    # Each hour by the same address: one visitor a day.
    return [Visit(hour, hour // HOURS) for hour in range(days * HOURS)]


def _class(chance: np.random.Generator) -> list[Visit]:
    """Twenty to forty phones within an hour or two, many of them behind one address."""
    begins = int(chance.integers(24 * 30))
    phones = int(chance.integers(20, 40))
    return sorted(Visit(begins + int(chance.integers(2)), int(name)) for name in chance.integers(phones, size=phones))


def _spread(chance: np.random.Generator, count: int, first_day: int, days: int) -> list[Visit]:
    """So many visits at waking hours of some days, a fifth of them by phones that look alike behind one address."""
    if not count:
        return []
    at = (first_day + chance.integers(max(days, 1), size=count)) * HOURS + chance.choice(HOURS, size=count, p=AWAKE)
    names = np.where(chance.random(count) < 0.2, chance.integers(3, size=count), chance.integers(1 << 62, size=count))
    return [Visit(int(hour), int(name)) for hour, name in zip(at, names, strict=True)]


def _placed(given: Assumed, chance: np.random.Generator, visits: list[Visit], place: int, elsewhere: float) -> list[Visit]:
    """The visits with places as a table tells them: at `place` (from 0), a share `elsewhere` at any; 0 is none, others from 1."""
    count = len(visits)
    anywhere = chance.integers(given.places, size=count)
    told = np.where(chance.random(count) < elsewhere, anywhere, place)
    told = np.where(chance.random(count) < given.wrongly, chance.integers(given.places, size=count), told) + 1
    told = np.where(chance.random(count) < given.unplaced, 0, told)
    return [visit._replace(place=int(number)) for visit, number in zip(visits, told, strict=True)]


def _is_suspected(visits: list[Visit], given: Assumed | None = None) -> bool:
    return _since(visits, given) is not None


def _since(visits: list[Visit], given: Assumed | None) -> int | None:
    """When visits became suspect; with `given` by their places too."""
    return look_for_signs(visits, km=(lambda one, other: abs(one - other) * given.km_apart) if given else None).suspect_at


# ------------------------------------------------------------------------------------------------------------- copied


def copied(given: Assumed, chance: np.random.Generator, objects: int, times: int, *, with_places: bool = False) -> None:
    """How many copied stamps are noticed, how many scans and days after the second object was first scanned."""
    noticed, in_time, reached, days = 0, 0, 0, []
    for _ in range(times):
        scans = int(chance.poisson(objects * given.scans_a_copy))
        of_copies = sorted(_spread(chance, scans, 30, given.sold_days))
        own = _spread(chance, int(chance.poisson(0.5)), 0, 30) + _spread(chance, int(chance.integers(3)), 30, 2)
        if not of_copies:
            continue
        if with_places:
            of_copies = _placed(given, chance, of_copies, 0, 1.0)
            own = _placed(given, chance, sorted(own), 0, 0.1)
        since = _since(sorted(own + of_copies), given if with_places else None)
        reached += len(of_copies) >= given.within
        if since is None:
            continue
        noticed += 1
        in_time += len(of_copies) >= given.within and sum(visit.hour <= since for visit in of_copies) <= given.within
        days.append((since - of_copies[0].hour) / HOURS)
    median, most = (np.percentile(days, share) for share in (50, 90)) if days else (float("nan"), float("nan"))
    print(f"{f'on {objects:,} objects':28}{noticed / times:9.1%}{in_time / reached:17.1%}{median:14.1f}{most:7.1f}")


def rival(chance: np.random.Generator) -> None:
    """A rival asks for one honest pack's code, in two ways."""
    for name, hours in (
        ("a thousand times in one night", chance.integers(8, size=1_000)),
        ("twice a day for a month", np.arange(0, 720, 12)),
    ):
        names = chance.integers(1 << 62, size=len(hours))
        visits = sorted(Visit(int(hour), int(who)) for hour, who in zip(hours, names, strict=True))
        print(f"a rival asks for one honest pack's code {name}: {'suspected' if _is_suspected(visits) else 'not suspected'}")


# ------------------------------------------------------------------------------------------------- codes of whole batches


def of_batches(given: Assumed, chance: np.random.Generator, times: int) -> None:
    """A code that is on all packs of a batch: false alarms among honest ones, and how many that are on foreign goods are noticed."""
    alarms = sum(outnumber_packs(_days(_a_batch(given, chance)), given.packs) for _ in range(given.batches))
    posts = int(chance.poisson(given.posts_a_batch * given.batches))
    known = sum(
        outnumber_packs(_days(_a_batch(given, chance) + [visit.hour for visit in _post(chance)]), given.packs) for _ in range(posts)
    )
    print(f"batch codes: {alarms} of {given.batches:,} honest batches have an alert, and {known} of {posts} that a post made known")
    for objects in (300, 1_000, 3_000, 10_000, 30_000):
        noticed = 0
        for _ in range(times):
            foreign = _spread(chance, int(chance.poisson(objects * given.scans_a_copy)), 30, given.sold_days)
            noticed += outnumber_packs(_days(_a_batch(given, chance) + [visit.hour for visit in foreign]), given.packs)
        print(f"  on {objects:,} foreign objects: {noticed / times:.1%} noticed")


def of_oddities(given: Assumed, chance: np.random.Generator, times: int) -> None:
    """Codes of a lot that were never issued, and scans long after its best-before date: of honest lots, made up, and sold too late."""

    def is_odd(count: int, days: int) -> bool:
        return odd_visits(sorted(_spread(chance, count, 0, days))).suspect_at is not None

    scans = [len(_a_batch(given, chance)) for _ in range(given.batches)]
    mistaken = sum(is_odd(int(chance.binomial(count, given.mistaken)), given.shelf_days[1]) for count in scans)
    late = chance.binomial(given.packs, given.kept_too_long * given.scanned_late, size=given.batches)
    kept = sum(is_odd(int(count), 90) for count in late)
    print(f"of {given.batches:,} honest lots {mistaken} have an alert of invented codes and {kept} of late scans")
    for objects in (30, 100, 300, 1_000):
        noticed = [is_odd(int(chance.poisson(objects * given.scans_a_copy)), given.sold_days) for _ in range(times)]
        print(f"  {objects:,} objects with invented codes, or packs sold too late: {np.mean(noticed):.1%} noticed")


def _a_batch(given: Assumed, chance: np.random.Generator) -> list[int]:
    """The hours of all scans of a batch's packs."""
    days = chance.integers(*given.shelf_days, size=given.packs)
    rates = given.passers_by * np.exp(chance.normal(0, given.spread, given.packs))
    shelf = int(chance.poisson(rates * days).sum())
    home = int(np.where(chance.random(given.packs) < given.buyer_scans, 1 + chance.poisson(given.household - 1, given.packs), 0).sum())
    return [visit.hour for visit in _spread(chance, shelf + home, 0, given.shelf_days[1])]


def _days(hours: list[int]) -> list[int]:
    """Scans a day, of the window that holds most: whoever looks in time sees that."""
    counts = np.bincount(np.array(hours, int) // HOURS) if hours else np.zeros(1, int)
    window = RULES.window_hours // HOURS
    best = max(range(max(1, len(counts) - window + 1)), key=lambda begins: int(counts[begins : begins + window].sum()))
    return [int(count) for count in counts[best : best + window]]


if __name__ == "__main__":
    main()
