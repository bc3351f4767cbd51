"""What an import says of its rows, in the language of the moment."""

from datetime import date
from typing import Any

from flask_babel import gettext

from traceability.domain.errors import Refused
from traceability.domain.register_sheet import BY_KEY
from traceability.wording import word_refusal


def heading(kind: str, column: str, language: str) -> str:
    """A column's heading: in Vietnamese, or for all others in English, which sheets are matched by."""
    found = next((each for each in BY_KEY[kind].columns if each.key == column), None)
    return column if found is None else found.vi if language == "vi" else found.en


def sheet_name(kind: str, language: str) -> str:
    """A kind of sheet by its name."""
    return BY_KEY[kind].names[0 if language == "vi" else 1]


def import_states() -> dict[str, str]:
    """How far an import can have come."""
    return {
        "reading": gettext("is being read"),
        "failed": gettext("could not be read"),
        "previewed": gettext("waits for you: nothing is written yet"),
        "applied": gettext("written into the register"),
        "undone": gettext("undone"),
        "discarded": gettext("put aside"),
    }


def import_state(state: str) -> str:
    """How far an import has come."""
    return import_states()[state]


def outcome_words() -> dict[str, str]:
    """What a row would do."""
    return {
        "new": gettext("new"),
        "changed": gettext("changed"),
        "same": gettext("the same"),
        "doubt": gettext("in doubt"),
        "wrong": gettext("wrong"),
    }


def reason_words(row: Any, language: str) -> list[str]:
    """Why a row is wrong or in doubt, each with its column."""
    told = []
    for reason in row.told["reasons"]:
        facts = {name: _fact(value) for name, value in reason["facts"].items()}
        if reason["code"] == "text_long" and reason["column"]:
            facts["field"] = heading(row.kind, reason["column"], language)
        sentence = word_refusal(Refused(reason["code"], **facts))
        told.append(f"{heading(row.kind, reason['column'], language)}: {sentence}" if reason["column"] else sentence)
    told += [gettext("It is not sure who or what “%(name)s” is.", name=doubt["said"]) for doubt in row.told["doubts"]]
    return told


def note_words(row: Any) -> list[str]:
    """What a row does beside what it says."""
    return [_note(note) for note in row.told["notes"]]


def _note(note: dict[str, Any]) -> str:
    code = note["code"]
    if code == "row_hidden":
        return gettext("This row is hidden in the sheet.")
    if code == "place_mapped":
        return gettext("“%(place)s” is mapped to today's commune, by %(source)s.", place=note["place"], source=note["source"])
    if code == "adds_producer":
        return gettext("Adds the producer “%(name)s”.", name=note["name"])
    return gettext("Adds the product “%(name)s”.", name=note["name"])


def _fact(value: Any) -> Any:
    """A day is stored as text; a sentence shows it as the reader writes it."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else value
    except ValueError:
        return value


def change_names() -> dict[str, str]:
    """Columns of the register, where an old value and a new one are shown."""
    return {
        "name": gettext("Name"),
        "kind": gettext("Kind"),
        "tax_code": gettext("Tax code"),
        "commune_code": gettext("Commune or ward"),
        "province_code": gettext("Province"),
        "historic_place": gettext("Place as written"),
        "source_place": gettext("Place as written"),
        "address": gettext("Address"),
        "phone": gettext("Phone"),
        "shop_url": gettext("Storefront address"),
        "has_digital_storefront": gettext("Digital storefront"),
        "has_e_payment": gettext("E-payment"),
        "consent_on": gettext("Consent on"),
        "source": gettext("Source"),
        "ocop_group": gettext("Group"),
        "description": gettext("Description"),
        "producer_id": gettext("Producer"),
        "stars": gettext("Stars"),
        "score": gettext("Score"),
        "points_total": gettext("Score"),
        "decision": gettext("Decision"),
        "evaluation_round": gettext("Round"),
        "decided_on": gettext("Decided on"),
        "valid_until": gettext("Valid until"),
        "issuer": gettext("Issuer"),
        "issuer_name": gettext("Issuer"),
        "withdrawn_on": gettext("Withdrawn on"),
        "withdrawn_because": gettext("Reason"),
        "confidence": gettext("Confidence"),
        "product_name": gettext("Product"),
        "registered_on": gettext("Registered on"),
        "manager_at_registration": gettext("Manager at registration"),
        "manager_now": gettext("Manager now"),
        "area": gettext("Protected area"),
        "until_day": gettext("Until"),
        "revoked_on": gettext("Withdrawn on"),
        "document": gettext("Document"),
        "floor": gettext("Floor"),
        "url": gettext("Address on line"),
        "checked_on": gettext("Checked on"),
        "alive": gettext("Alive"),
        "total": gettext("Total"),
        "scheme": gettext("Scheme"),
    }
