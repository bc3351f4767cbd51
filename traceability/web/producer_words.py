"""Words of the producer's screens."""

import secrets
from datetime import date

from flask_babel import gettext

from traceability.labels.fit import FitReport
from traceability.operations.register_batch import STAGE_KINDS as ALL_STAGES
from traceability.web.languages import format_day
from traceability.web.wording import format_number
from traceability.web.wording import stage as stage_name

__all__ = [
    "SERVICE_STAGES",
    "STAGE_KINDS",
    "field_name",
    "fit_words",
    "new_key",
    "package_name",
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
    """Whether a label fits a stock, and what is in the way."""
    if report.fits:
        if report.dots:
            return gettext(
                "Fits. Modules of %(mm)s mm, %(dots)s dots each.", mm=format_number(round(report.module_mm, 2)), dots=report.dots
            )
        return gettext("Fits. Modules of %(mm)s mm.", mm=format_number(round(report.module_mm, 2)))
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


def shown_value(field: str, text: str) -> str:
    """A field's text as a person reads it."""
    if not text:
        return "–"
    if field == "package":
        return package_name(text)
    return format_day(date.fromisoformat(text)) if field.endswith("_on") or field == "best_before" else text
