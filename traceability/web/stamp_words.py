"""The words around an identified stamp, with room for what each scan brings."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, ngettext

from traceability.domain.dates import day_in_vietnam
from traceability.operations.origin_page import OriginPage, Seen
from traceability.web.kept_page import mark
from traceability.web.languages import current_language, format_count, format_day, format_moment, join_sentences
from traceability.web.wording import VerdictWords

_TONES = {"ISSUED": "ok", "EXPIRED": "warn", "SUSPECT": "warn", "RECALLED": "bad", "REVOKED": "bad"}
# What was known to be wrong stays so while nothing can be asked; anything better does not.
_STAYS = ("REVOKED", "RECALLED")


@dataclass(frozen=True)
class Varying:
    """What differs from one scan of a stamp to the next, in words or as marks for holes."""

    moment: str
    seen: str
    times: str


MARKS = Varying(mark("moment"), mark("seen"), mark("times"))


@dataclass(frozen=True)
class SeenWords:
    """How often a stamp was scanned, in one language, with room for number and moment."""

    language: str
    nobody: str
    once: str
    often: str

    def say(self, seen: Seen) -> str:
        """The sentence for so many scans."""
        return self.number(seen.times).join(self.around_number(seen.first_at, is_once=seen.times == 1))

    def around_number(self, first_at: datetime | None, *, is_once: bool) -> list[str]:
        """The sentence's parts before, between and after its numbers, however often the language says the number."""
        if first_at is None:
            return [self.nobody]
        words = self.once if is_once else self.often
        return (words % {"number": "\0", "moment": format_moment(first_at, self.language)}).split("\0")

    def number(self, times: int) -> str:
        """The number alone."""
        return format_count(times, self.language)


def vary(page: OriginPage, seen: Seen) -> Varying:
    """What this scan brings, in words."""
    language = current_language()
    return Varying(format_moment(page.now, language), seen_words(page).say(seen), format_count(seen.times, language))


def seen_words(page: OriginPage) -> SeenWords:
    """The words for how often and since when the stamp was scanned, and what that says."""

    def words(times: int) -> str:
        counted = ngettext(
            "Scanned %(number)s time, first on %(moment)s.",
            "Scanned %(number)s times, first on %(moment)s.",
            times,
            number="%(number)s",
            moment="%(moment)s",
        )
        return join_sentences(counted, _meaning(page))

    return SeenWords(current_language(), gettext("Nobody has scanned it before."), words(1), words(2))


def _meaning(page: OriginPage) -> str:
    if page.scope == "unit":
        return gettext("The code stands on one pack only: many scans in many places would speak against it.")
    if page.kind == "service":
        return gettext("The code stands where the service is given.")
    return gettext("The same code stands on every pack of the lot, so the number says nothing about yours.")


def word_page(page: OriginPage, varying: Varying) -> VerdictWords:
    """The verdict on an identified stamp."""
    sentences = _page_sentences(page, varying)
    if page.verdict == "ISSUED":
        sentences.append(gettext("No warning and no recall as of %(moment)s.", moment=varying.moment))
    return VerdictWords(_TONES[page.verdict], _titles()[page.verdict], tuple(sentences))


def word_lapsed(page: OriginPage, varying: Varying) -> VerdictWords:
    """What can be said of a stamp while the register cannot be asked: what it said when it last could."""
    title, sentences = _titles()[page.verdict], _page_sentences(page, varying)
    if page.verdict in _STAYS:
        last = gettext("Our register cannot be reached at the moment. This is what it said at %(moment)s.", moment=varying.moment)
        return VerdictWords(_TONES[page.verdict], title, (*sentences, last))
    last = gettext(
        "Our register cannot be reached at the moment. At %(moment)s it said: “%(verdict)s”.", moment=varying.moment, verdict=title
    )
    return VerdictWords("warn", gettext("Cannot be checked at the moment"), (last, *sentences))


def lapsed_verdict(verdict: str) -> str:
    """The verdict that counts while the register cannot be asked."""
    return verdict if verdict in _STAYS else "UNDETERMINED"


def _titles() -> dict[str, str]:
    return {
        "ISSUED": gettext("Stamp issued by us"),
        "EXPIRED": gettext("Past its best-before date"),
        "SUSPECT": gettext("This code may have been copied"),
        "RECALLED": gettext("Recalled"),
        "REVOKED": gettext("This stamp was cancelled"),
    }


def _page_sentences(page: OriginPage, varying: Varying) -> list[str]:
    sentences, reasons = [], page.judgement.reasons
    if "revoked" in reasons and page.revoked_at:
        sentences.append(
            gettext(
                "Cancelled on %(day)s. It should be on no pack: do not trust this one.", day=format_day(day_in_vietnam(page.revoked_at))
            )
        )
    if "suspected" in reasons and page.suspect_since and page.lot_is_suspect:
        day = format_day(day_in_vietnam(page.suspect_since))
        sentences.append(gettext("On %(day)s the province found signs that codes of this lot stand on other goods.", day=day))
    elif "suspected" in reasons and page.suspect_since:
        sentences.append(
            gettext(
                "Since %(day)s its scans do not fit one pack in one place. It was scanned %(times)s times.",
                day=format_day(day_in_vietnam(page.suspect_since)),
                times=varying.times,
            )
        )
    if "past_best_before" in reasons and page.judged_best_before is not None:
        sentences.append(gettext("The best-before date was %(day)s.", day=format_day(page.judged_best_before)))
    sentences.append(_issued_sentence(page))
    return sentences


def _issued_sentence(page: OriginPage) -> str:
    day = format_day(day_in_vietnam(page.issued_at)) if page.issued_at else ""
    if page.kind == "service":
        return gettext("Issued for this service on %(day)s.", day=day)
    if page.scope == "unit":
        return gettext("Issued on %(day)s for one pack of lot %(lot)s.", day=day, lot=page.lot)
    return gettext("Issued on %(day)s for lot %(lot)s.", day=day, lot=page.lot)
