"""Words of the producer's screens."""

import secrets
from datetime import date

from flask_babel import gettext

from traceability.labels.fit import FitReport
from traceability.labels.remedies import Remedy
from traceability.labels.stock import STOCKS
from traceability.operations.register_batch import STAGE_KINDS as ALL_STAGES
from traceability.web.languages import format_day, join_parts, join_sentences
from traceability.web.stock_words import stock_name
from traceability.web.wording import format_number
from traceability.web.wording import stage as stage_name

__all__ = [
    "SERVICE_STAGES",
    "STAGE_KINDS",
    "design_name",
    "field_name",
    "fit_words",
    "form_name",
    "label_language",
    "new_key",
    "package_name",
    "remedy_words",
    "shown_value",
    "sort_name",
    "stage_name",
    "state_name",
]

SERVICE_STAGES = ("opening", "hosting")
STAGE_KINDS = tuple(kind for kind in ALL_STAGES if kind not in SERVICE_STAGES)


def new_key() -> str:
    """What makes a form count once, however often it is sent."""
    return secrets.token_urlsafe(16)


def package_name(package: str) -> str:
    """A kind of pack."""
    return {
        "bag": gettext("bag"),
        "box": gettext("box"),
        "bottle": gettext("bottle"),
        "jar": gettext("jar"),
        "bundle": gettext("bundle"),
        "piece": gettext("piece"),
        "tray": gettext("tray"),
        "carton": gettext("carton"),
    }[package]


def field_name(field: str) -> str:
    """A field of a batch."""
    return {
        "lot": gettext("Lot"),
        "harvested_on": gettext("Harvested"),
        "made_on": gettext("Made"),
        "packed_on": gettext("Packed"),
        "best_before": gettext("Best before"),
        "quantity": gettext("Number of packs"),
        "package": gettext("Packed as"),
        "place": gettext("Place"),
    }[field]


def state_name(state: str) -> str:
    """A batch's state, or that it is recalled."""
    return {
        "draft": gettext("draft"),
        "open": gettext("open"),
        "closed": gettext("closed"),
        "recalled": gettext("recalled"),
    }[state]


def sort_name(sort: str) -> str:
    """An order of the list."""
    return {
        "newest": gettext("Newest first"),
        "oldest": gettext("Oldest first"),
        "lot": gettext("By lot"),
        "best_before": gettext("Best before, soonest first"),
        "scans": gettext("Most scanned first"),
    }[sort]


def fit_words(report: FitReport) -> str:
    """Whether a label fits a stock, how, and what is in the way."""
    if report.fits:
        sentences = [_how_it_fits(report)]
        if report.tightness:
            sentences.append(gettext("Only just: %(reasons)s.", reasons=join_parts(*(_tightness(word) for word in report.tightness))))
        if report.left_out:
            left_out = join_parts(*(_label_field(field) for field in report.left_out))
            sentences.append(gettext("Left out for want of room: %(fields)s.", fields=left_out))
        return join_sentences(*sentences)
    first = report.misfits[0]
    if first.reason == "character":
        return gettext("Does not fit: the font has no “%(text)s”.", text=first.text)
    if first.field == "qr_text":
        return gettext(
            "Does not fit: the code needs %(needed)s mm, there are %(room)s mm.",
            needed=format_number(first.needed_mm),
            room=format_number(first.available_mm),
        )
    return gettext(
        "Does not fit: the text needs %(needed)s mm, there are %(room)s mm.",
        needed=format_number(first.needed_mm),
        room=format_number(first.available_mm),
    )


def _how_it_fits(report: FitReport) -> str:
    version, mm, quiet = report.version, format_number(round(report.module_mm, 2)), format_number(round(report.quiet_mm, 1))
    if report.dots:
        return gettext(
            "Fits. Code of version %(version)s, modules of %(mm)s mm, %(dots)s dots each, white for %(quiet)s mm around.",
            version=version,
            mm=mm,
            dots=report.dots,
            quiet=quiet,
        )
    return gettext(
        "Fits. Code of version %(version)s, modules of %(mm)s mm, white for %(quiet)s mm around.", version=version, mm=mm, quiet=quiet
    )


def _tightness(word: str) -> str:
    return {
        "module": gettext("its modules are narrow, so scan a few labels before you print many"),
        "text": gettext("the smallest text is as small as it may be, 5 points"),
        "level": gettext("the code stands less dirt and scratches"),
        "edge": gettext("the code reaches to the edges, the print must not shift"),
    }[word]


def _label_field(field: str) -> str:
    return {
        "logo": gettext("logo"),
        "geographical_indication": gettext("geographical indication"),
        "producer": gettext("producer"),
    }[field]


def remedy_words(remedy: Remedy) -> str:
    """One thing that would make the label fit, or fit better."""
    sentence = {
        "stock": lambda: gettext("Larger labels: %(stock)s", stock=stock_name(STOCKS[str(remedy.value)])),
        "design": lambda: gettext("Another design: %(design)s", design=design_name(str(remedy.value))),
        "form": lambda: gettext("Another form of the code: %(form)s", form=form_name(str(remedy.value))),
        "printer": lambda: gettext("A finer printer: %(dpi)s dots an inch", dpi=remedy.value),
        "host": lambda: gettext("A shorter address of the service: at most %(length)s characters", length=remedy.value),
    }[remedy.kind]()
    return sentence if remedy.verdict == "fits" else gettext("%(remedy)s (only just)", remedy=sentence)


def form_name(form: str) -> str:
    """A form of the code."""
    return {
        "house": gettext("Short code"),
        "gs1": gettext("With the product's GTIN (GS1)"),
        "signed": gettext("Signed, can be checked without network"),
    }[form]


def design_name(design: str) -> str:
    """A design of labels."""
    return {
        "standard": gettext("Standard: all that a label can say"),
        "small": gettext("Small: name, lot and code only"),
        "signed": gettext("Signed: a large code, for checks without network"),
    }[design]


def label_language(language: str) -> str:
    """In which language labels are printed."""
    return {
        "vi": gettext("Vietnamese"),
        "both": gettext("Vietnamese and English"),
        "en": gettext("English, for export"),
    }[language]


def shown_value(field: str, text: str) -> str:
    """A field's text as a person reads it."""
    if not text:
        return "–"
    if field == "package":
        return package_name(text)
    return format_day(date.fromisoformat(text)) if field.endswith("_on") or field == "best_before" else text
