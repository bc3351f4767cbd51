"""What offices write in the cells of their sheets: days, numbers, scores, decisions, yes and no.

Each function gives None for an empty text and raises Refused where a text cannot be read: nothing is guessed.
"""

import re
from datetime import date
from decimal import Decimal

from traceability.domain.dates import PartialDate
from traceability.domain.errors import Refused
from traceability.domain.folding import fold

# Years of which a day can be meant.
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?(?:\.0+)?)?")
_DAY = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})")
_IN_WORDS = re.compile(r"(?:ngay )?(\d{1,2}) thang (\d{1,2})(?: nam |[/, ]+)(\d{4})")
_MONTH = re.compile(r"(?:thang )?(\d{1,2})\s*[/-]\s*(\d{4})|(\d{4})-(\d{2})")
_YEAR = re.compile(r"(?:nam )?(\d{4})")
# Thousands in groups of three, with one sign throughout; a spreadsheet's own number may end in “.0”.
_GROUPED = re.compile(r"\d{1,3}(?:([.,\u00a0 ])\d{3})(?:\1\d{3})*")
_PLAIN = re.compile(r"(\d+)(?:\.0+)?")
_POINTS = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?")
_STARS = re.compile(r"([1-5])(?:\.0)?\s*(?:sao|stars?|★|\*|星)?")
_DECISION = re.compile(r"(?<![\w/])\d+[A-Za-z]?\s*/\s*(?:\d{4}\s*/\s*)?(?:QĐ|QD)(?:\s*-\s*[A-Za-zĐđ&]+)?(?:\.\w+)?")
_ROUND = re.compile(r"đợt\s*\d+\s*(?:,?\s*năm\s*\d{4}|/\d{4})", re.IGNORECASE)
_YES = frozenset(("co", "yes", "x", "1", "true", "dung", "da co", "是", "有"))
_NO = frozenset(("khong", "no", "0", "false", "sai", "chua", "chua co", "k", "否", "没有"))


def parse_day(text: str) -> date | None:
    """A whole day: 2021-12-28, 28/12/2021, 28.12.2021, “ngày 28 tháng 12 năm 2021”. Refused `day_written`."""
    found = parse_partial(text)
    if found is None:
        return None
    if found.day is None:
        raise Refused("day_written", text=text[:60])
    return found.day


def parse_partial(text: str) -> PartialDate | None:
    """A day, or a month or year where no more is known. Refused `day_written`."""
    asked = fold(text)
    if not asked:
        return None
    parts: tuple[int, ...] | None = None
    if found := _ISO.fullmatch(asked):
        parts = (int(found[1]), int(found[2]), int(found[3]))
    elif found := _DAY.fullmatch(asked) or _IN_WORDS.fullmatch(asked):
        parts = (int(found[3]), int(found[2]), int(found[1]))
    elif found := _MONTH.fullmatch(asked):
        parts = (int(found[2] or found[3]), int(found[1] or found[4]))
    elif found := _YEAR.fullmatch(asked):
        parts = (int(found[1]),)
    if parts is None or not _FIRST_YEAR <= parts[0] <= _LAST_YEAR:
        raise Refused("day_written", text=text[:60])
    try:
        return PartialDate("-".join((f"{parts[0]:04}", *(f"{part:02}" for part in parts[1:]))))
    except ValueError:
        raise Refused("day_written", text=text[:60]) from None


def parse_whole(text: str) -> int | None:
    """A whole number, also as 1.048.576 or 1,048,576. Refused `number_written`."""
    asked = text.strip()
    if not asked:
        return None
    if found := _GROUPED.fullmatch(asked):
        return int(asked.replace(found[1], ""))
    if found := _PLAIN.fullmatch(asked):
        return int(found[1])
    raise Refused("number_written", text=text[:60])


def parse_points(text: str) -> int | None:
    """Points in hundredths: “72,5” is 7250. Refused `points_written`."""
    asked = fold(text).removesuffix(" diem").removesuffix("/100").strip()
    if not asked:
        return None
    # A spreadsheet's own number may bring more digits than anybody wrote.
    if re.fullmatch(r"\d{1,3}\.\d{3,}", asked):
        rounded = round(Decimal(asked), 6)
        asked = str(rounded.normalize()) if rounded == round(rounded, 2) else asked
    found = _POINTS.fullmatch(asked)
    if not found:
        raise Refused("points_written", text=text[:60])
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def parse_stars(text: str) -> int | None:
    """Stars as 4, “4 sao” or “★★★★”. Refused `stars_written`."""
    asked = fold(text)
    if not asked:
        return None
    if asked.strip("★*") == "" and len(asked) <= 5:
        return len(asked)
    found = _STARS.fullmatch(asked.removeprefix("hang ").strip())
    if not found:
        raise Refused("stars_written", text=text[:60])
    return int(found[1])


def parse_yes(text: str) -> bool | None:
    """Yes or no, as “có”, “không”, “x”. Refused `yes_written`."""
    asked = fold(text)
    if not asked:
        return None
    if asked in _YES:
        return True
    if asked in _NO:
        return False
    raise Refused("yes_written", text=text[:60])


def parse_decision(text: str) -> tuple[str | None, str | None, date | None]:
    """A decision's number, its round (“đợt 2 năm 2021”) and its day where they are written with it.

    “Quyết định số 4261/QĐ-UBND ngày 28/12/2021” gives the number and the day. A text without such a number is one itself.
    """
    words = " ".join(text.split())
    if not words:
        return None, None, None
    found = _DECISION.search(words)
    evaluation_round = _ROUND.search(words)
    written = re.search(r"ngày\s+(\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*\d{4}|\d{1,2}\s+tháng\s+\d{1,2}\s+năm\s+\d{4})", words, re.IGNORECASE)
    day = parse_day(written[1]) if written else None
    number = re.sub(r"\s*([/-])\s*", r"\1", found[0]) if found else words
    return number, evaluation_round[0] if evaluation_round else None, day
