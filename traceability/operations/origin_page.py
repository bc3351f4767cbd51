"""The values of an origin page. Filled by `operations.origin`, read by a template, and nothing more."""

from dataclasses import dataclass, field
from datetime import date, datetime

from traceability.domain.verdict import Judgement, Units


@dataclass(frozen=True)
class Words:
    """A text in the page's language where the register has it, else in Vietnamese, and which it is."""

    text: str
    language: str


@dataclass(frozen=True)
class Stars:
    """One rating. `state`: `valid`, `expired`, `withdrawn`, `ahead`, or `undated` where no source gives its day."""

    stars: int
    decision: str | None
    evaluation_round: str | None
    issuer: str | None
    decided_on: str | None
    valid_until: date | None
    withdrawn_on: date | None
    withdrawn_because: str | None
    state: str
    illustrative: bool


@dataclass(frozen=True)
class Indication:
    """A geographical indication that the batch bears, with the producer's right to it."""

    name: str
    product_name: Words
    number: str
    registered_on: date | None
    decision: str | None
    manager_at_registration: str | None
    right_from: date | None
    right_until: date | None
    held_at_packing: bool
    holds_now: bool
    revoked_on: date | None
    illustrative: bool
    manager_now: str | None = None


@dataclass(frozen=True)
class ProducerFacts:
    """Who made it. Of a household that has not consented, only kind and place are shown."""

    kind: str
    name: Words | None
    commune: str | None
    province: str | None
    historic_place: str | None
    address: str | None
    phone: str | None
    shop_url: str | None
    marketplace: str | None
    illustrative: bool
    id: int = 0
    has_e_payment: bool = False


@dataclass(frozen=True)
class Visit:
    """How a service is visited."""

    place: str
    open_when: Words | None
    how_to_reach: Words | None


@dataclass(frozen=True)
class Step:
    """A stage or report, and who says so: `declared`, `attached`, `recorded_office`, `recorded_inspector`, `confirmed_…`."""

    kind: str
    day: date | None
    place: str | None
    note: Words | None
    said: str
    confirmed_on: date | None = None
    title: str | None = None
    number: str | None = None
    laboratory: str | None = None


@dataclass(frozen=True)
class RecallFacts:
    """A recall in force."""

    advice: Words
    contact: str
    reason: Words
    since: datetime
    units: Units


@dataclass(frozen=True)
class Checked:
    """An official check: its day, who made it, the result, and whether it was of one pack alone."""

    on: date
    body: str
    result: str
    of_one_pack: bool


@dataclass(frozen=True)
class Correction:
    """What was corrected, from what, when."""

    field: str
    old_value: str | None
    new_value: str
    reason: str
    on: date


@dataclass(frozen=True)
class Seen:
    """How often this very stamp was scanned, and since when."""

    times: int
    first_at: datetime | None


@dataclass(frozen=True)
class OriginPage:
    """Everything that the page of one scanned stamp says. Absent facts are None or empty, and the page says what is not known."""

    judgement: Judgement
    now: datetime
    scope: str
    readable_code: str
    kind: str
    lot: str | None
    days: dict[str, date | str | None]
    quantity: int | None
    package: str | None
    place: str | None
    standards: tuple[str, ...]
    growing_areas: tuple[tuple[str, str | None, int | None], ...]
    product_name: Words
    description: Words | None
    ocop_group: int
    gtin: str | None
    net_content: int | None
    net_content_unit: str | None
    craft_village: str | None
    picture_sha256: str | None
    picture_size: tuple[int, int] | None
    producer: ProducerFacts
    stars_at_packing: Stars | None
    stars_now: Stars | None
    last_rating: Stars | None
    judged_best_before: date | None
    said: str
    indication: Indication | None
    stages: tuple[Step, ...]
    reports: tuple[Step, ...]
    recalls: tuple[RecallFacts, ...]
    corrections: tuple[Correction, ...]
    issued_at: datetime | None
    revoked_at: datetime | None
    suspect_since: datetime | None
    lot_is_suspect: bool
    seen: Seen = field(default=Seen(0, None))
    illustrative: bool = False
    # Addresses of photographs by their content, as the producer handed them over.
    photographs: tuple[str, ...] = ()
    # Official checks of the batch, newest first.
    inspections: tuple[Checked, ...] = ()
    # Where the product is sold on line: numbers and floors.
    listings: tuple[tuple[int, str], ...] = ()
    visit: Visit | None = None

    @property
    def verdict(self) -> str:
        """The verdict's word."""
        return self.judgement.verdict.value
