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
from traceability.domain.folding import fold

MONTHS_VALID = 36
RECOGNISED_STARS = (3, 4, 5)
GROUPS = (1, 2, 3, 4, 5, 6)
# The groups as Decision 919/QĐ-TTg (2022) names them, and the earlier cycle, whose groups differed.
SCHEMES = ("2018", "2022")
FIRST_DAY = date(2018, 5, 7)
"""The day of the programme's first decision (490/QĐ-TTg): nothing was recognised before it."""
_GROUPS_OF_2022 = "2022-08-01"
# Product and community, marketing, quality, in hundredths of a point.
MOST_POINTS = (4000, 2500, 3500)
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


def total_points(parts: tuple[int | None, int | None, int | None], total: int | None) -> int | None:
    """The points in all, in hundredths, of the three parts (40, 25 and 35 at most) and a total where one is told.

    Refused `points_part` where a part is more than it can be, `points_sum` where they are not the total, `score_range`.
    """
    for part, most in zip(parts, MOST_POINTS, strict=True):
        if part is not None and not 0 <= part <= most:
            raise Refused("points_part", points=part / 100, most=most // 100)
    told = [part for part in parts if part is not None]
    if told and len(told) < len(parts):
        raise Refused("points_missing")
    if total is not None and not 0 <= total <= sum(MOST_POINTS):
        raise Refused("score_range", score=total / 100)
    if told and total is not None and sum(told) != total:
        raise Refused("points_sum", total=total / 100, parts=sum(told) / 100)
    return sum(told) if told else total


def scheme_on(decided_on: PartialDate | None) -> str:
    """Which groups a decision used: those of 919/QĐ-TTg (1 August 2022) from then on, and from 2023 where only a year is known."""
    text = decided_on.text if decided_on else ""
    return (
        SCHEMES[1] if not text or text >= (_GROUPS_OF_2022 if len(text) == 10 else "2022-08" if len(text) == 7 else "2023") else SCHEMES[0]
    )


def check_issuer(issuer: "Issuer", stars: int, day: date) -> None:
    """Refused `issuer_could_not` where somebody else recognised so many stars on that day."""
    if recognised_by(stars, day) is not issuer:
        raise Refused("issuer_could_not", day=day, stars=stars)


def issuer_in_name(name: str) -> Issuer | None:
    """Which level an office's name says: “UBND tỉnh Lào Cai” is the province. None where it does not say."""
    words = f" {fold(name)} "
    levels = (
        (Issuer.CENTRE, ("bo ", "trung uong")),
        (Issuer.PROVINCE, ("tinh ",)),
        (Issuer.DISTRICT, ("huyen ", "thi xa ", "thanh pho ", "quan ")),
    )
    return next((issuer for issuer, starts in levels if any(f" {start}" in words for start in starts)), None)


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
