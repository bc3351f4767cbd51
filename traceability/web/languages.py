"""Three languages: by the address (`?lang=en`), else by what the browser prefers, else Vietnamese; dates and numbers by locale."""

from datetime import date, datetime
from functools import lru_cache

from babel import dates
from babel.numbers import format_decimal
from flask import request
from flask_babel import get_locale
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from traceability.config import LANGUAGES
from traceability.domain.dates import VIETNAM

_LOCALES = {"vi": "vi", "en": "en", "zh": "zh_Hans_CN"}
_DAY_PATTERNS = {"vi": "dd/MM/yyyy", "en": "d MMM yyyy", "zh": "y年M月d日"}
_MONTH_PATTERNS = {"vi": "'tháng' M/yyyy", "en": "MMMM yyyy", "zh": "y年M月"}
_YEAR_PATTERNS = {"vi": "'năm' yyyy", "en": "yyyy", "zh": "y年"}


def choose_language() -> str:
    """The language of this request."""
    return language_of(request.args.get("lang", ""), request.headers.get("Accept-Language"))


def language_of(asked: str, accepted: str | None) -> str:
    """The language that an address asks for, else the one that a browser's `Accept-Language` prefers, else Vietnamese."""
    if asked in LANGUAGES:
        return asked
    return parse_accept_header(accepted, LanguageAccept).best_match(LANGUAGES) or "vi"


def choose_locale() -> str:
    """The locale of this request, as flask-babel asks for it."""
    return _LOCALES[choose_language()]


def current_language() -> str:
    """The language in which words are looked up now; English outside of any."""
    locale = get_locale()
    return locale.language if locale is not None and locale.language in LANGUAGES else "en"


def format_day(day: date, language: str | None = None) -> str:
    """A day by locale."""
    language = language or current_language()
    return dates.format_date(day, _DAY_PATTERNS[language], locale=_LOCALES[language])


def format_partial_date(text: str) -> str:
    """A day, month or year from its ISO text."""
    language = current_language()
    if len(text) == 10:
        return format_day(date.fromisoformat(text))
    pattern = _MONTH_PATTERNS[language] if len(text) == 7 else _YEAR_PATTERNS[language]
    return dates.format_date(
        date.fromisoformat(f"{text}-01-01"[:10] if len(text) == 4 else f"{text}-01"), pattern, locale=_LOCALES[language]
    )


def format_moment(instant: datetime, language: str | None = None) -> str:
    """A time and day in Viet Nam by locale."""
    return _format_minute(int(instant.timestamp()) // 60, language or current_language())


@lru_cache(maxsize=4096)
def _format_minute(minute: int, language: str) -> str:
    # Formatting a date by its locale takes longer than answering a scan.
    local = datetime.fromtimestamp(minute * 60, VIETNAM)
    time, day = f"{local:%H:%M}", format_day(local.date(), language)
    return {"vi": f"{time}, {day}", "en": f"{day}, {time}"}.get(language, f"{day} {time}")


@lru_cache(maxsize=4096)
def format_count(number: int, language: str) -> str:
    """A whole number as a language groups its digits."""
    return format_decimal(number, locale=_LOCALES[language])


def join_parts(*parts: str | None) -> str:
    """Parts of one sentence with the language's comma; absent parts are left out."""
    return ("，" if current_language() == "zh" else ", ").join(part for part in parts if part)


def join_sentences(*sentences: str | None) -> str:
    """Sentences after one another; Chinese puts no space between them."""
    return ("" if current_language() == "zh" else " ").join(sentence for sentence in sentences if sentence)


def end_sentence(text: str) -> str:
    """A part made a sentence."""
    return text + ("。" if current_language() == "zh" else ".")
