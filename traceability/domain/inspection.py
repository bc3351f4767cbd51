"""What a finding says, and what it must say."""

import math
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from traceability.domain.errors import Refused

RESULTS = ("in_order", "to_correct", "serious")
CHECKED = ("label", "lot", "dates", "weight", "stars", "indication", "documents")
SEIZED_UNITS = ("pack", "bag", "box", "bottle", "jar", "kg", "l")
MOST_PHOTOGRAPHS = 12
MOST_WORDS = 2000
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Finding:
    """A finding as the phone sends it. `photographs` are the SHA-256 of the pictures as they were taken, in hexadecimal."""

    id_on_phone: str
    stamp_text: str
    verdict: str
    found_at: datetime
    place: str
    result: str
    checked: tuple[str, ...] = ()
    correct_by: date | None = None
    words: str = ""
    seized: int | None = None
    seized_unit: str | None = None
    explained_to: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    pack_number: int | None = None
    photographs: tuple[str, ...] = field(default=())


def check_finding(finding: Finding, now: datetime) -> None:
    """Refused: `finding_id`, `finding_place`, `finding_result`, `finding_checked`, `finding_correct_by`, `finding_words`,
    `finding_seized`, `finding_coordinates`, `finding_photographs`."""
    _demand(_ID.fullmatch(finding.id_on_phone), Refused("finding_id"))
    _demand(0 < len(finding.place.strip()) <= 200, Refused("finding_place"))
    _demand(finding.result in RESULTS, Refused("finding_result"))
    _demand(set(finding.checked) <= set(CHECKED), Refused("finding_checked"))
    _demand((finding.result == "to_correct") == (finding.correct_by is not None), Refused("finding_correct_by"))
    # A phone whose clock is wrong states a wrong day of finding, which is no reason to lose what was found.
    _demand(
        finding.correct_by is None or finding.correct_by >= (min(finding.found_at, now) - timedelta(days=1)).date(),
        Refused("finding_correct_by"),
    )
    _demand(len(finding.words) <= MOST_WORDS and len(finding.explained_to or "") <= 200, Refused("finding_words"))
    _demand(finding.result != "serious" or finding.words.strip(), Refused("finding_words"))
    _demand((finding.seized is None) == (finding.seized_unit is None), Refused("finding_seized"))
    _demand(finding.seized is None or (0 < finding.seized <= 10_000_000 and finding.seized_unit in SEIZED_UNITS), Refused("finding_seized"))
    _check_coordinates(finding.latitude, finding.longitude)
    hashes = finding.photographs
    _demand(len(hashes) <= MOST_PHOTOGRAPHS and len(set(hashes)) == len(hashes), Refused("finding_photographs"))
    _demand(all(_SHA256.fullmatch(text) for text in hashes), Refused("finding_photographs"))


def _check_coordinates(latitude: float | None, longitude: float | None) -> None:
    _demand((latitude is None) == (longitude is None), Refused("finding_coordinates"))
    if latitude is not None and longitude is not None:
        good = math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
        _demand(good, Refused("finding_coordinates"))


def _demand(holds: object, otherwise: Refused) -> None:
    if not holds:
        raise otherwise
