"""A label's fields as paragraphs: the words around them, their faces, their order, in the label's language."""

import re
from dataclasses import dataclass, replace
from datetime import date
from unicodedata import normalize

from traceability.labels.fit import Misfit
from traceability.labels.fonts import Face, font
from traceability.labels.label import Label, Language
from traceability.labels.setting import Atom, Paragraph, words

SPECIMEN = "MẪU"


@dataclass(frozen=True)
class Words:
    """What stands beside the facts. `stars` has a place for their number."""

    prompt: str
    lot: str
    made: str
    best_before: str
    stars: str
    offline: str


_VIETNAMESE = Words("Quét mã, hoặc gõ mã tại", "Lô", "NSX", "HSD", "OCOP {} sao", "Kiểm được khi không có mạng")
_ENGLISH = Words("Scan, or type the code at", "Lot", "Made", "Best before", "OCOP {} stars", "Can be checked without a network")
# The law wants the dates of goods in Vietnamese with these two abbreviations (decree 43/2017/NĐ-CP, article 14).
_BOTH = Words(
    "Quét hoặc gõ mã · Scan or type",
    "Lô/Lot",
    "NSX",
    "HSD",
    "OCOP {} sao",
    "Kiểm được khi không có mạng · Can be checked without a network",
)
WORDS: dict[Language, Words] = {"vi": _VIETNAMESE, "en": _ENGLISH, "both": _BOTH}
# Written out, since 12/10 is another day in America.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_FACES = {
    "product_name": Face.BOLD,
    "product_name_en": Face.REGULAR,
    "producer": Face.REGULAR,
    "geographical_indication": Face.REGULAR,
    "lot": Face.BOLD,
    "readable_code": Face.MONO,
    "host": Face.BOLD,
}
_NAME, _ORIGIN, _STARS, _LOT, _OFFLINE, _CODE = range(6)


def printable(label: Label) -> tuple[Label, list[Misfit]]:
    """The label in Unicode's composed form, without the characters that the fonts lack, and a misfit for each such field.

    A field left without any character is as if it were not there; the misfit says so.
    """
    misfits = []
    changed: dict[str, str | None] = {}
    for field, face in _FACES.items():
        text = normalize("NFC", getattr(label, field) or "")
        missing = font(face).missing(text)
        if missing:
            misfits.append(Misfit(field, missing, "character"))
        changed[field] = "".join(character for character in text if character not in missing).strip(" ") or None
    if changed["product_name"] is None and not misfits:
        misfits.append(Misfit("product_name", "", "character"))
    return replace(label, **changed), misfits  # type: ignore[arg-type]


def name(label: Label, most_lines: int = 2) -> Paragraph:
    """The product's name, over two lines at the most."""
    return Paragraph("product_name", words(Face.BOLD, label.product_name or "?"), _NAME, most_lines=most_lines)


def body(label: Label) -> list[Paragraph]:
    """The paragraphs under the name, in their order; what the label does not say is not there."""
    says = WORDS[label.language]
    paragraphs = [
        _origin("product_name_en", label.product_name_en, _NAME),
        _origin("producer", label.producer),
        _origin("geographical_indication", label.geographical_indication),
        _stars(label.stars, says),
        lot(label),
        _dates(label.made_on, label.best_before, label.language),
    ]
    return [paragraph for paragraph in paragraphs if paragraph]


def lot(label: Label) -> Paragraph | None:
    """The lot, None for a service."""
    if not label.lot:
        return None
    opening = Atom(Face.REGULAR, WORDS[label.language].lot)
    # Twenty characters, the longest lot that GS1 allows, always fit in the fixed width; in bold capitals they may not.
    whole, narrow = (opening, Atom(Face.BOLD, label.lot)), (opening, Atom(Face.MONO, label.lot))
    return Paragraph("lot", whole, _LOT, narrower=narrow)


def offline(label: Label) -> Paragraph | None:
    """That the symbol can be checked without a network, None where it cannot."""
    if not label.offline:
        return None
    return Paragraph("offline", words(Face.REGULAR, WORDS[label.language].offline), _OFFLINE, most_lines=2)


def code(label: Label, most_lines: int = 2) -> Paragraph:
    """The readable code, over two lines at the most, or over three in a narrow column; never broken within a group of four."""
    groups = re.findall(r"[^ -]+[ -]?", label.readable_code or "?")
    counts = sorted({-(-len(groups) // lines) for lines in range(1, most_lines + 1)}, reverse=True)
    rows = tuple(tuple(_code_line(groups[at : at + count]) for at in range(0, len(groups), count)) for count in counts)
    return Paragraph("readable_code", words(Face.MONO, label.readable_code or "?"), _CODE, most_lines=most_lines, rows=rows)


def address(label: Label) -> Paragraph:
    """What to do with the code, and the host in clear."""
    says = WORDS[label.language]
    return Paragraph("host", (Atom(Face.REGULAR, says.prompt), Atom(Face.BOLD, label.host or "?")), _CODE, most_lines=2)


def host(label: Label) -> Paragraph:
    """The host alone, broken at a dot where the column is narrow."""
    text = label.host or "?"
    cuts = [at + 1 for at, character in enumerate(text) if character == "." and at + 1 < len(text)]
    cuts.sort(key=lambda at: (abs(2 * at - len(text)), -at))
    broken = tuple(((Atom(Face.BOLD, text[:at]),), (Atom(Face.BOLD, text[at:]),)) for at in cuts)
    return Paragraph("host", (Atom(Face.BOLD, text),), _CODE, most_lines=2, rows=(((Atom(Face.BOLD, text),),), *broken))


def title(label: Label) -> str:
    """One line that tells this label from others."""
    lot = f" · {WORDS[label.language].lot} {label.lot}" if label.lot else ""
    return f"{label.product_name}{lot} · {label.readable_code}"


def _code_line(groups: list[str]) -> tuple[Atom, ...]:
    return (Atom(Face.MONO, "".join(groups).strip(" ")),)


def _origin(field: str, text: str | None, group: int = _ORIGIN) -> Paragraph | None:
    return Paragraph(field, words(Face.REGULAR, text), group, most_lines=2) if text else None


def _stars(stars: int, says: Words) -> Paragraph | None:
    return Paragraph("stars", (Atom(Face.BOLD, says.stars.format(stars)),), _STARS, stars=stars) if stars else None


def _dates(made_on: date | None, best_before: date | None, language: Language) -> Paragraph | None:
    says = WORDS[language]
    stated = [f"{word} {_day(day, language)}" for word, day in ((says.made, made_on), (says.best_before, best_before)) if day]
    atoms = tuple(Atom(Face.REGULAR, text) for text in stated)
    return Paragraph("best_before" if best_before else "made_on", atoms, _LOT, most_lines=2, joint="  ") if atoms else None


def _day(day: date, language: Language) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if language == "en" else f"{day:%d/%m/%Y}"
