"""OCOP: a rating is a dated record with a decision, never an attribute of a product.

Sources: Decisions 490/QĐ-TTg (2018), 1048/QĐ-TTg (2019), 148/QĐ-TTg (2023-02-24), 919/QĐ-TTg (2022),
1489/QĐ-TTg (2025-07-06).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from traceability.domain.dates import PartialDate, add_months
from traceability.domain.errors import Refused

MONTHS_VALID = 36
RECOGNISED_STARS = (3, 4, 5)
GROUPS = (1, 2, 3, 4, 5, 6)
# The groups as Decision 919/QĐ-TTg (2022) names them, and the earlier cycle, whose groups differed.
SCHEMES = ("2018", "2022")
_STARS_FROM = ((90, 5), (70, 4), (50, 3), (30, 2))


class Issuer(StrEnum):
    """Who recognises. Districts ended on 2025-07-01 and remain as historic issuers."""

    DISTRICT = "district"
    PROVINCE = "province"
    CENTRE = "centre"


@dataclass(frozen=True)
class Recognition:
    """One decision on one product. A decision whose day no source gives (`decided_on` partial) never counts as valid."""

    stars: int
    decided_on: PartialDate | None
    valid_until: date | None
    withdrawn_on: date | None = None
    decision: str | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the rating holds on a day: from the decision's day to the last day, both included; not from the day of withdrawal."""
        decided = self.decided_on.day if self.decided_on else None
        if decided is None or self.valid_until is None:
            return False
        return decided <= day <= self.valid_until and (self.withdrawn_on is None or day < self.withdrawn_on)


def stars_for_score(score: float) -> int:
    """5 from 90 points, 4 from 70, 3 from 50, 2 from 30, else 1. Refused `score_range` outside 0 … 100."""
    if not 0 <= score <= 100:
        raise Refused("score_range", score=score)
    return next((stars for least, stars in _STARS_FROM if score >= least), 1)


def last_valid_day(decided_on: date) -> date:
    """36 months from the decision's day, clamped to the month's end; that day is included."""
    return add_months(decided_on, MONTHS_VALID)


def recognised_by(stars: int, day: date) -> Issuer:
    """Who recognised so many stars on a day."""
    if stars not in RECOGNISED_STARS:
        raise Refused("stars_range", stars=stars)
    if stars == 5:
        return Issuer.CENTRE
    if date(2023, 2, 24) <= day < date(2025, 7, 6) and stars == 3:
        return Issuer.DISTRICT
    return Issuer.PROVINCE


def recognition_on(recognitions: Iterable[Recognition], day: date) -> Recognition | None:
    """The rating that holds on a day: of several, the one decided last."""
    held = [recognition for recognition in recognitions if recognition.holds_on(day)]
    return max(held, key=lambda recognition: recognition.decided_on.text if recognition.decided_on else "", default=None)


def stars_on(recognitions: Iterable[Recognition], day: date) -> int:
    """The stars that may be printed on a day; 0 where no rating holds."""
    held = recognition_on(recognitions, day)
    return held.stars if held else 0
