"""The province's figures: what the register's rows count on a day, beside what others reported, and never the two mixed."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import case, distinct, func, select, text
from sqlalchemy.orm import Session

from traceability.domain.dates import VIETNAM, add_months
from traceability.domain.errors import Refused
from traceability.domain.ocop import GROUPS, RECOGNISED_STARS
from traceability.domain.roles import Actor, check_role
from traceability.models import Batch, Goal, Inspection, Issuance, Producer, Product, PublishedCount, Recall, Recognition
from traceability.models.goal import GOAL_KINDS
from traceability.models.register import RECOGNITION_KINDS
from traceability.operations.places import place_names
from traceability.operations.register_rows import counted, held_on, holds_on, new_in, undated

_GOALS = select(Goal.kind, Goal.year, Goal.amount, Goal.source)
QUARTERS_AHEAD = 6
YEARS_BACK = 5
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
class Activity:
    """What was done in the year up to the day."""

    batches: int
    packs_stamped: int
    recalls: int
    inspections: int


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


def count_figures(session: Session, as_of: date, known_on: date | None = None) -> Figures:
    """Counts the rows, as they are now or as they were known at the end of a day. Refused `figures_day`."""
    if not FIRST_DAY <= as_of <= LAST_DAY:
        raise Refused("figures_day", first=FIRST_DAY, last=LAST_DAY)
    spans = _quarters(as_of)
    by_stars, by_group = dict.fromkeys(reversed(RECOGNISED_STARS), 0), dict.fromkeys(GROUPS, 0)
    by_kind: dict[str | None, int] = dict.fromkeys((*RECOGNITION_KINDS, None), 0)
    by_commune: dict[str | None, int] = {}
    ending = [0] * len(spans)
    quarter = case(*((Recognition.valid_until <= last, place) for place, (_, last) in enumerate(spans)), else_=-1)
    held = select(Recognition.stars, Recognition.kind, Product.ocop_group, Producer.commune_code, quarter, func.count(Recognition.id))
    held = held.join(Product, Product.id == Recognition.product_id).outerjoin(Producer, Producer.id == Product.producer_id)
    held = held.where(Recognition.id.in_(held_on(as_of, known_on)))
    # By the places of the columns: on PostgreSQL the same expression with other parameters is another one.
    for stars, kind, group, commune, ends, count in session.execute(held.group_by(*(text(str(place)) for place in range(1, 6)))):
        by_stars[stars] += count
        by_group[group] += count
        by_kind[kind] += count
        by_commune[commune] = by_commune.get(commune, 0) + count
        if ends >= 0:
            ending[ends] += count
    of_no_day = select(func.count(Recognition.id)).where(*undated(known_on))
    new = select(func.count(distinct(Recognition.product_id))).where(*counted(known_on), *new_in(as_of.year))
    goals = list_goals(session)
    communes = [(code, place_names(None, code)[0] if code else None, count) for code, count in by_commune.items()]
    return Figures(
        as_of=as_of,
        total=sum(by_stars.values()),
        by_stars=by_stars,
        by_group=by_group,
        by_kind=by_kind,
        by_commune=sorted(communes, key=lambda row: (row[0] is None, -row[2], row[1] or "")),
        undated=session.scalar(of_no_day) or 0,
        new_this_year=session.scalar(new) or 0,
        expiring=[Span(*span, count) for span, count in zip(spans, ending, strict=True)],
        over_time=_over_time(session, as_of, known_on, sum(by_stars.values())),
        activity=_activity(session, as_of),
        new_goal=_goal(goals, "new_in_year", as_of.year),
        total_goal=_goal(goals, "total", as_of.year),
    )


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


def _over_time(session: Session, as_of: date, known_on: date | None, total: int) -> list[tuple[date, int]]:
    """How many products were recognised at the ends of the years before, and on the day."""
    days = [date(as_of.year - back, 12, 31) for back in range(YEARS_BACK, 0, -1)]
    counts = session.execute(select(*(func.count(distinct(case((holds_on(day, known_on), Recognition.product_id)))) for day in days))).one()
    return [*zip(days, counts, strict=True), (as_of, total)]


def _activity(session: Session, as_of: date) -> Activity:
    begin = datetime.combine(date(as_of.year, 1, 1), time(), VIETNAM)
    end = datetime.combine(as_of + timedelta(days=1), time(), VIETNAM)
    real = Batch.illustrative.is_(False)
    units = select(func.sum(Issuance.last_unit - Issuance.first_unit + 1)).join(Batch, Batch.id == Issuance.batch_id)
    of_units = session.scalar(units.where(real, Issuance.issued_at >= begin, Issuance.issued_at < end)) or 0
    # A batch's own stamp stands on all its packs, in whichever forms it was issued.
    stamped = select(Issuance.batch_id).where(Issuance.scope == "batch").group_by(Issuance.batch_id)
    stamped = stamped.having(func.min(Issuance.issued_at) >= begin, func.min(Issuance.issued_at) < end)
    of_batches = session.scalar(select(func.sum(Batch.quantity)).where(real, Batch.id.in_(stamped))) or 0
    counts = [
        select(func.count(Batch.id)).where(real, Batch.created_at >= begin, Batch.created_at < end),
        select(func.count(Recall.id)).join(Batch).where(real, Recall.starts_at >= begin, Recall.starts_at < end),
        select(func.count(Inspection.id)).where(Inspection.found_at >= begin, Inspection.found_at < end),
    ]
    batches, recalls, inspections = (session.scalar(count) or 0 for count in counts)
    return Activity(batches, int(of_units) + int(of_batches), recalls, inspections)
