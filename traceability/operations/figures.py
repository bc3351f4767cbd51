"""The province's figures: what the register's rows count on a day, beside what others reported, and never the two mixed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.domain.dates import add_months
from traceability.domain.errors import Refused
from traceability.domain.ocop import GROUPS, RECOGNISED_STARS
from traceability.domain.roles import Actor, check_role
from traceability.models import Batch, DayCount, Goal, Inspection, Producer, PublishedCount, Recall, Support
from traceability.models.goal import GOAL_KINDS
from traceability.models.register import RECOGNITION_KINDS
from traceability.models.support import SUPPORT_KINDS
from traceability.operations.activity_rows import stamps_issued, year_until
from traceability.operations.places import place_names
from traceability.operations.register_rows import on_floors
from traceability.operations.register_snapshot import KINDS, NO_COMMUNE, Snapshot, snapshot_of

_GOALS = select(Goal.kind, Goal.year, Goal.amount, Goal.source)
QUARTERS_AHEAD = 6
YEARS_BACK = 5
DAYS_OF_SCANS = 14
FIRST_DAY, LAST_DAY = date(2018, 5, 7), date(2100, 12, 31)
"""Between which days figures are asked for: from the programme's first decision (490/QĐ-TTg) on."""


@dataclass(frozen=True)
class Target:
    """At least so many of a kind (`new_in_year`, `total`) in a year, or by its end, and which plan says so."""

    kind: str
    year: int
    amount: int
    source: str


# What the province set itself before this service was there: the programme of 2021 to 2025.
PLANNED = (
    Target("new_in_year", 2021, 30, "Chương trình OCOP tỉnh Lào Cai 2021–2025"),
    Target("total", 2025, 240, "Chương trình OCOP tỉnh Lào Cai 2021–2025"),
)


@dataclass(frozen=True)
class Span:
    """So many of something within days, both included."""

    first: date
    last: date
    count: int


@dataclass(frozen=True)
class Given:
    """Support of a kind in the year up to the day: how often, and how many đồng as far as they are told."""

    kind: str
    times: int
    amount: int


@dataclass(frozen=True)
class Activity:
    """What was done in the year up to the day."""

    batches: int
    packs_stamped: int
    recalls: int
    inspections: int
    support: list[Given]


@dataclass(frozen=True)
class Online:
    """Of so many recognised products those on an e-commerce floor; of their producers those with a storefront, with e-payment."""

    products: int
    on_floors: int
    producers: int
    with_storefront: int
    with_e_payment: int


@dataclass(frozen=True)
class Figures:
    """What the rows count on a day. `by_commune` is (code or None, name, count), the most first.

    `undated` are ratings of which no source gives the day: they never count as valid.
    """

    as_of: date
    total: int
    by_stars: dict[int, int]
    by_group: dict[int, int]
    by_kind: dict[str | None, int]
    by_commune: list[tuple[str | None, str | None, int]]
    undated: int
    new_this_year: int
    expiring: list[Span]
    over_time: list[tuple[date, int]]
    activity: Activity
    new_goal: Target | None
    total_goal: Target | None
    online: Online


def count_figures(session: Session, as_of: date, known_on: date | None = None) -> Figures:
    """Counts the rows, as they are now or as they were known at the end of a day. Refused `figures_day`."""
    if not FIRST_DAY <= as_of <= LAST_DAY:
        raise Refused("figures_day", first=FIRST_DAY, last=LAST_DAY)
    snapshot, spans = snapshot_of(session), _quarters(as_of)
    held, places = snapshot.columns, snapshot.held_on(as_of, known_on)
    stars, groups, kinds, communes_held, until = (held[name][places] for name in ("stars", "group", "kind", "commune", "until"))
    by_commune = {None if number == NO_COMMUNE else f"{number:05}": count for number, count in _counts(communes_held)}
    new = np.unique(held["product"][snapshot.new_in(as_of.year, known_on)])
    goals = list_goals(session)
    communes = [(code, place_names(None, code)[0] if code else None, count) for code, count in by_commune.items()]
    return Figures(
        as_of=as_of,
        total=len(places),
        by_stars=dict.fromkeys(reversed(RECOGNISED_STARS), 0) | dict(_counts(stars, newest_first=True)),
        by_group=dict.fromkeys(GROUPS, 0) | dict(_counts(groups)),
        by_kind=dict.fromkeys((*RECOGNITION_KINDS, None), 0) | {KINDS[number]: count for number, count in _counts(kinds)},
        by_commune=sorted(communes, key=lambda row: (row[0] is None, -row[2], row[1] or "")),
        undated=int(np.count_nonzero(snapshot.undated(known_on))),
        new_this_year=len(new),
        expiring=[Span(*span, int(np.count_nonzero(_within(until, span)))) for span in spans],
        over_time=_over_time(snapshot, as_of, known_on, len(places)),
        activity=_activity(session, as_of),
        new_goal=_goal(goals, "new_in_year", as_of.year),
        total_goal=_goal(goals, "total", as_of.year),
        online=_online(session, snapshot, places, as_of),
    )


def _counts(values: NDArray[Any], *, newest_first: bool = False) -> Iterator[tuple[int, int]]:
    numbers, counts = np.unique(values, return_counts=True)
    found = list(zip(numbers.tolist(), counts.tolist(), strict=True))
    yield from reversed(found) if newest_first else found


def _within(until: NDArray[Any], span: tuple[date, date]) -> NDArray[np.bool_]:
    first, last = (day.toordinal() for day in span)
    inside: NDArray[np.bool_] = (until >= first) & (until <= last)
    return inside


def _online(session: Session, snapshot: Snapshot, places: NDArray[np.int64], as_of: date) -> Online:
    """Of the products that are recognised on the day, and of their producers: as it is on record now."""
    recognised = snapshot.columns["product"][places]
    listed = np.fromiter(session.scalars(on_floors(as_of)), np.int64)
    makers = np.unique(snapshot.columns["maker"][places])
    makers = makers[makers > 0]
    shops = dict.fromkeys(("storefront", "e_payment"), 0)
    for name, column in (("storefront", Producer.has_digital_storefront), ("e_payment", Producer.has_e_payment)):
        having = np.fromiter(session.scalars(select(Producer.id).where(column.is_(True))), np.int64)
        shops[name] = int(np.count_nonzero(np.isin(makers, having)))
    return Online(len(places), int(np.count_nonzero(np.isin(recognised, listed))), len(makers), shops["storefront"], shops["e_payment"])


def published_counts(session: Session) -> list[PublishedCount]:
    """What others reported, each with its source, in the order of time."""
    return list(session.scalars(select(PublishedCount).order_by(PublishedCount.as_of, PublishedCount.id)))


def set_goal(session: Session, kind: str, year: int, amount: int, source: str, *, actor: Actor, now: datetime) -> Goal:
    """Sets what is to be reached, in place of what was set for the year before. Refused: `goal`, `amount`, `source_empty`."""
    check_role(actor, "office")
    if kind not in GOAL_KINDS or not FIRST_DAY.year <= year <= LAST_DAY.year:
        raise Refused("goal")
    if not 0 < amount < 1_000_000:
        raise Refused("amount", amount=amount)
    if not source.strip():
        raise Refused("source_empty")
    row = session.scalar(select(Goal).where(Goal.kind == kind, Goal.year == year).with_for_update())
    if row is None:
        row = Goal(kind=kind, year=year)
        session.add(row)
    row.amount, row.source, row.recorded_at, row.recorded_by = amount, source.strip()[:300], now, actor.name
    session.flush()
    return row


def list_goals(session: Session) -> list[Target]:
    """All goals, the latest years first: what the office set, and what was planned for years of which it set none."""
    held = {(kind, year): Target(kind, year, amount, source) for kind, year, amount, source in session.execute(_GOALS)}
    planned = {(goal.kind, goal.year): goal for goal in PLANNED}
    return sorted((planned | held).values(), key=lambda goal: (-goal.year, goal.kind))


def _goal(goals: list[Target], kind: str, year: int) -> Target | None:
    """Of a year's new products the latest goal until then; of a total the next one to be reached, or else the last."""
    of_kind = [goal for goal in goals if goal.kind == kind]
    past = [goal for goal in of_kind if goal.year <= year]
    ahead = [goal for goal in of_kind if goal.year >= year]
    latest = max(past, key=lambda goal: goal.year, default=None)
    return latest if kind == "new_in_year" else min(ahead, key=lambda goal: goal.year, default=latest)


def _quarters(as_of: date) -> list[tuple[date, date]]:
    """The rest of this quarter, and the next ones."""
    first, spans = as_of, []
    for _ in range(QUARTERS_AHEAD):
        begins = date(first.year, (first.month - 1) // 3 * 3 + 1, 1)
        last = add_months(begins, 3) - timedelta(days=1)
        spans.append((first, last))
        first = last + timedelta(days=1)
    return spans


def _over_time(snapshot: Snapshot, as_of: date, known_on: date | None, total: int) -> list[tuple[date, int]]:
    """How many products were recognised at the ends of the years before, and on the day."""
    days = [date(as_of.year - back, 12, 31) for back in range(YEARS_BACK, 0, -1)]
    return [*((day, len(snapshot.held_on(day, known_on))) for day in days), (as_of, total)]


def _activity(session: Session, as_of: date) -> Activity:
    begin, end = year_until(as_of)
    real = Batch.illustrative.is_(False)
    stamped = stamps_issued(as_of)
    packs = session.scalar(select(func.sum(stamped.c.count)).join(Batch, Batch.id == stamped.c.batch_id).where(real)) or 0
    counts = [
        select(func.count(Batch.id)).where(real, Batch.created_at >= begin, Batch.created_at < end),
        select(func.count(Recall.id)).join(Batch).where(real, Recall.starts_at >= begin, Recall.starts_at < end),
        select(func.count(Inspection.id)).where(Inspection.found_at >= begin, Inspection.found_at < end),
    ]
    batches, recalls, inspections = (session.scalar(count) or 0 for count in counts)
    return Activity(batches, int(packs), recalls, inspections, _support(session, as_of))


def _support(session: Session, as_of: date) -> list[Given]:
    """By kind, in the order of the kinds."""
    within = Support.given_on.between(date(as_of.year, 1, 1), as_of)
    rows = select(Support.kind, func.count(), func.coalesce(func.sum(Support.amount), 0)).where(within).group_by(Support.kind)
    found = {kind: Given(kind, times, int(amount or 0)) for kind, times, amount in session.execute(rows)}
    return [found[kind] for kind in SUPPORT_KINDS if kind in found]


def scans_by_day(session: Session, as_of: date) -> list[tuple[date, int]]:
    """Scans by people, of real batches, on each of the last days until the day."""
    days = [as_of - timedelta(days=back) for back in range(DAYS_OF_SCANS - 1, -1, -1)]
    counted = dict(session.execute(select(DayCount.day, DayCount.times).where(DayCount.day.between(days[0], as_of))).all())
    return [(day, counted.get(day, 0)) for day in days]
