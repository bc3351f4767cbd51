"""Drawing the page of an identified stamp, once for all who scan it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from flask import current_app, render_template
from markupsafe import escape

from traceability.domain import base32
from traceability.domain.address import StampText
from traceability.domain.verdict import Units
from traceability.journal.record import FORMS, VERDICTS
from traceability.operations.origin_page import OriginPage, RecallFacts
from traceability.operations.scan import Found
from traceability.web import linked_data
from traceability.web.kept_page import cut, mark
from traceability.web.known_stamps import KnownPage
from traceability.web.languages import current_language
from traceability.web.stamp_words import MARKS, Varying, lapsed_verdict, seen_words, word_lapsed, word_page

_SECTION = re.compile(r'<section class="verdict .*?</section>', re.DOTALL)


@dataclass(frozen=True)
class _Shown:
    verdict: str
    recalls: tuple[RecallFacts, ...]


def draw(page: OriginPage, path: str, public_url: str, varying: Varying) -> str:
    """A stamp's page as HTML. `path` is the stamp's canonical one."""
    return render_template(
        "public/origin.html",
        page=page,
        verdict=word_page(page, varying),
        varying=varying,
        stamp_path=path,
        linked_data=linked_data.embed(linked_data.describe(page, public_url + path)),
    )


def draw_known(found: Found, page: OriginPage, public_url: str, now: datetime) -> KnownPage:
    """A stamp's page with holes for what differs from scan to scan, and from pack to pack."""
    assert found.facts is not None and isinstance(found.read, StampText)
    path, (serial, tail) = found.read.canonical_path or "", own_of(found.read)
    if serial:
        page = replace(page, readable_code=f"{base32.grouped(found.facts.rules.code)} {mark('serial')}")
    if tail:
        path = path.removesuffix(tail) + mark("tail")
    words = {"words": seen_words(page), "lapse": _lapsing(page, path)}
    form, verdict = FORMS.index(found.read.form), VERDICTS.index(page.verdict)
    return KnownPage(cut(draw(page, path, public_url, MARKS)), found.facts, form=form, verdict=verdict, now=now, **words)  # type: ignore[arg-type]


def own_of(read: StampText) -> tuple[str, str]:
    """What of a stamp's code is one pack's own: the serial as it is printed for people, and the end of the path."""
    serial = base32.grouped((read.batch_code or "") + read.serial).split(" ")[-1] if read.serial else ""
    return serial, read.code if read.form == "signed" else read.serial or ""


def page_key(found: Found, language: str) -> tuple[object, ...]:
    """All that the page of a stamp depends on, besides the rows of the register: stamps with the same key have the same page."""
    assert found.facts is not None and isinstance(found.read, StampText)
    facts, unit, read = found.facts, found.judgement.unit, found.read
    recalls = tuple(recall.id for recall in facts.recalls if Units(recall.first_unit, recall.last_unit).cover(unit))
    since = (facts.issued_at(unit), facts.revoked_at(unit), facts.suspect_since(unit), facts.lot_is_suspect())
    path = (read.canonical_path or "").removesuffix(own_of(read)[1])
    return facts.batch_id, language, path, found.judgement.verdict, found.judgement.reasons, recalls, since, read.claims_bytes is not None


def _lapsing(page: OriginPage, path: str) -> Callable[[str], str]:
    """What makes a drawn page the one that is answered while the register cannot be asked. Its part is drawn when that is so."""
    verdict, was = word_lapsed(page, MARKS), word_page(page, MARKS).title
    said = ('"stampVerdict","value":"' + page.verdict + '"', '"stampVerdict","value":"' + lapsed_verdict(page.verdict) + '"')
    title = (f"<title>{escape(was)}", f"<title>{escape(verdict.title)}")
    app, language = current_app._get_current_object(), current_language()  # type: ignore[attr-defined]
    # All that this part of the page is drawn from: the whole of `page` would be kept for each page otherwise.
    shown = _Shown(page.verdict, page.recalls)

    def lapse(text: str) -> str:
        with app.test_request_context(f"/?lang={language}"):
            section = render_template("public/_verdict.html", page=shown, verdict=verdict, stamp_path=path)
        text = text.replace(*title, 1).replace(*said, 1)
        return _SECTION.sub(lambda _: section, text, count=1)

    return lapse
