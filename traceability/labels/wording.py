"""A label's fields as paragraphs: the words around them, their faces, their order."""

from dataclasses import replace
from datetime import date
from unicodedata import normalize

from traceability.labels.fit import Misfit
from traceability.labels.fonts import Face, font
from traceability.labels.label import Label
from traceability.labels.setting import Atom, Paragraph, words

SPECIMEN = "MẪU"
PROMPT = "Quét mã, hoặc gõ mã tại"

_FACES = {
    "product_name": Face.BOLD,
    "producer": Face.REGULAR,
    "geographical_indication": Face.REGULAR,
    "lot": Face.BOLD,
    "readable_code": Face.MONO,
    "host": Face.BOLD,
}
_NAME, _ORIGIN, _STARS, _LOT = range(4)


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


def name(label: Label) -> Paragraph:
    """The product's name, over two lines at the most."""
    return Paragraph("product_name", words(Face.BOLD, label.product_name or "?"), _NAME, most_lines=2)


def body(label: Label) -> list[Paragraph]:
    """The paragraphs under the name, in their order; what the label does not say is not there."""
    paragraphs = [
        _origin("producer", label.producer),
        _origin("geographical_indication", label.geographical_indication),
        _stars(label.stars),
        _lot(label.lot),
        _dates(label.made_on, label.best_before),
    ]
    return [paragraph for paragraph in paragraphs if paragraph]


def code(label: Label) -> Paragraph:
    """The readable code, over two lines at the most."""
    return Paragraph("readable_code", words(Face.MONO, label.readable_code or "?"), most_lines=2)


def address(label: Label) -> Paragraph:
    """What to do with the code, and the host in clear."""
    return Paragraph("host", (Atom(Face.REGULAR, PROMPT), Atom(Face.BOLD, label.host or "?")), most_lines=2)


def title(label: Label) -> str:
    """One line that tells this label from others."""
    lot = f" · Lô {label.lot}" if label.lot else ""
    return f"{label.product_name}{lot} · {label.readable_code}"


def _origin(field: str, text: str | None) -> Paragraph | None:
    return Paragraph(field, words(Face.REGULAR, text), _ORIGIN, most_lines=2) if text else None


def _stars(stars: int) -> Paragraph | None:
    return Paragraph("stars", (Atom(Face.BOLD, f"OCOP {stars} sao"),), _STARS, stars=stars) if stars else None


def _lot(lot: str | None) -> Paragraph | None:
    if not lot:
        return None
    opening = Atom(Face.REGULAR, "Lô")
    # Twenty characters, the longest lot that GS1 allows, always fit in the fixed width; in bold capitals they may not.
    return Paragraph("lot", (opening, Atom(Face.BOLD, lot)), _LOT, narrower=(opening, Atom(Face.MONO, lot)))


def _dates(made_on: date | None, best_before: date | None) -> Paragraph | None:
    stated = [f"{word} {day:%d/%m/%Y}" for word, day in (("NSX", made_on), ("HSD", best_before)) if day]
    atoms = tuple(Atom(Face.REGULAR, text) for text in stated)
    return Paragraph("best_before" if best_before else "made_on", atoms, _LOT, most_lines=2, joint="  ") if atoms else None
