"""Days as the law and the labels mean them: days in Viet Nam, and dates that a source gives only by month or year."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

# Viet Nam keeps UTC+7 all year (Asia/Ho_Chi_Minh has had no other offset since 1975): a fixed offset needs no time zone
# database, which not every machine has.
VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


def day_in_vietnam(instant: datetime) -> date:
    """The day in Viet Nam of an instant that knows its time zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone has no day")
    return instant.astimezone(VIETNAM).date()


def add_months(day: date, months: int) -> date:
    """The same day so many months later, clamped to the month's end."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class PartialDate:
    """A date as its source gives it: `2023-12-28`, `2022-10` or `2021`, kept as that text."""

    text: str

    def __post_init__(self) -> None:
        found = _PARTIAL.fullmatch(self.text)
        if not found:
            raise ValueError(f"not a date: {self.text!r}")
        year, month, day = (int(part) if part else 1 for part in found.groups())
        date(year, month, day)

    @property
    def day(self) -> date | None:
        """The day, or None where the source gives only a month or a year."""
        return date.fromisoformat(self.text) if len(self.text) == 10 else None
