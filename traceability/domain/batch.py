"""What a batch must satisfy before it is registered and before it is stamped."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import ceil

from traceability.domain import gs1, stamp
from traceability.domain.errors import Refused

KINDS = ("goods", "service")
FORMS = ("gs1", "house", "signed")
SCOPES = ("batch", "unit")
# A printer spoils labels: so many more than the packs may be issued, unless the producer states another share.
USUAL_ALLOWANCE_PERCENT = 5
LARGEST_ALLOWANCE_PERCENT = 20


@dataclass(frozen=True)
class BatchDates:
    """The days of a batch, each known or not."""

    harvested_on: date | None = None
    made_on: date | None = None
    packed_on: date | None = None
    best_before: date | None = None


@dataclass(frozen=True)
class UseRight:
    """A producer's right to use a geographical indication for a product, both days included; without an end, it lasts."""

    from_day: date
    until_day: date | None
    revoked_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the right holds on a day."""
        ended = self.until_day is not None and day > self.until_day
        return self.from_day <= day and not ended and (self.revoked_on is None or day < self.revoked_on)


@dataclass(frozen=True)
class Stampable:
    """What issuing needs to know of a batch. `quantity` counts packs, 0 for a service; `last_unit` the last unit already issued."""

    kind: str
    state: str
    quantity: int
    unit_limit: int
    last_unit: int
    scope: str | None
    gtin: str | None
    dates: BatchDates


def check_dates(dates: BatchDates, today: date) -> None:
    """Refused: `packed_before_harvested`, `made_before_harvested`, `best_before_early`, `date_ahead`, `date_range`."""
    if dates.harvested_on and dates.packed_on and dates.packed_on < dates.harvested_on:
        raise Refused("packed_before_harvested", harvested_on=dates.harvested_on, packed_on=dates.packed_on)
    if dates.harvested_on and dates.made_on and dates.made_on < dates.harvested_on:
        raise Refused("made_before_harvested", harvested_on=dates.harvested_on, made_on=dates.made_on)
    for earlier in (dates.packed_on, dates.made_on, dates.harvested_on):
        if earlier and dates.best_before and dates.best_before < earlier:
            raise Refused("best_before_early", best_before=dates.best_before, earlier=earlier)
    for day in (dates.harvested_on, dates.made_on, dates.packed_on):
        if day and day > today:
            raise Refused("date_ahead", day=day, today=today)
    for day in (dates.packed_on, dates.best_before):
        if not stamp.claimable(day):
            raise Refused("date_range", day=day)


def unit_limit(quantity: int, allowance_percent: int) -> int:
    """The most units that a batch may be stamped with: its packs and the share that may be spoilt, rounded up."""
    if not 1 <= quantity <= stamp.LAST_UNIT:
        raise Refused("quantity_range", quantity=quantity, largest=stamp.LAST_UNIT)
    if not 0 <= allowance_percent <= LARGEST_ALLOWANCE_PERCENT:
        raise Refused("allowance_range", percent=allowance_percent, largest=LARGEST_ALLOWANCE_PERCENT)
    return min(stamp.LAST_UNIT, quantity + ceil(quantity * allowance_percent / 100))


def check_may_issue(batch: Stampable, form: str, scope: str, units: int | None) -> tuple[int, int] | None:
    """The first and last unit that an issuance would hold, or None for a batch stamp.

    Refused: `form_unknown`, `batch_draft`, `batch_closed`, `gtin_missing`, `service_by_unit`, `service_gs1`, `scope_fixed`,
    `units_range`, `units_exceed`.
    """
    if scope not in SCOPES:
        raise ValueError(f"no such scope: {scope}")
    if form not in FORMS:
        raise Refused("form_unknown", form=form)
    if batch.state != "open":
        raise Refused(f"batch_{batch.state}")
    if batch.kind == "service" and form == "gs1":
        raise Refused("service_gs1")
    if form == "gs1" and batch.gtin is None:
        raise Refused("gtin_missing")
    if batch.kind == "service" and scope == "unit":
        raise Refused("service_by_unit")
    if batch.scope is not None and batch.scope != scope:
        raise Refused("scope_fixed", scope=batch.scope)
    if scope == "batch":
        return None
    return _next_range(batch, units)


def _next_range(batch: Stampable, units: int | None) -> tuple[int, int]:
    if units is None or not 1 <= units <= stamp.LAST_UNIT:
        raise Refused("units_range", units=units, largest=stamp.LAST_UNIT)
    first, last = batch.last_unit + 1, batch.last_unit + units
    if last > batch.unit_limit:
        raise Refused("units_exceed", units=units, left=batch.unit_limit - batch.last_unit, quantity=batch.quantity)
    return first, last


def check_use_right(rights: Iterable[UseRight], day: date, indication: str) -> None:
    """Refused `use_right_missing` where the producer holds no right to the indication on that day."""
    if not any(right.holds_on(day) for right in rights):
        raise Refused("use_right_missing", indication=indication, day=day)


def check_gtin_owner(gtin: str, statement: str | None) -> str:
    """A GTIN is taken only with its producer's statement that it owns it. Refused `gtin_statement_missing`."""
    gtin = gs1.parse_gtin(gtin)
    if not (statement or "").strip():
        raise Refused("gtin_statement_missing", gtin=gtin)
    return gtin
