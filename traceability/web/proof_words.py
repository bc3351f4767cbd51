"""What was measured on a printer's test page, in plain words: what is wrong, and what to do about it."""

from dataclasses import dataclass

from flask_babel import format_decimal, format_percent, gettext

from traceability.labels.correction import SCALE_MATTERS, SHIFT_MATTERS_MM, Correction, CorrectionTooLarge
from traceability.labels.proof_marks import PAPER_HEIGHT_MM, PAPER_WIDTH_MM
from traceability.labels.proof_result import ProofMeasure

# A dialogue that fits the page to the paper takes at least this off; a printer's own feed does not.
_DIALOGUE = 0.01
# Both ways alike, as a dialogue scales.
_ALIKE = 0.004
# A page for other paper, or on other paper, differs by more than a printer does.
_OTHER_PAPER = 0.02
_TURNED_DEGREES = 0.3


@dataclass(frozen=True)
class ProofWords:
    """`tone` is a verdict's colour; `keepable`: there is a correction that is worth keeping, and may be kept.

    `mend_first`: the print dialogue is at fault, and a correction only the second best.
    """

    tone: str
    title: str
    sentences: tuple[str, ...]
    keepable: bool
    mend_first: bool = False


def word_proof(measure: ProofMeasure) -> ProofWords:
    """The result in words, the most important first."""
    told = [*_scale(measure), *_place(measure), *_turn(measure)]
    try:
        matters = Correction.from_measure(measure).matters
    except CorrectionTooLarge:
        # A scale of the dialogue says already what to do.
        if not _is_dialogue(measure):
            told.append(gettext("This is more than can be corrected. Mend the print dialogue first, and print the test page again."))
        return ProofWords("bad", gettext("The print is too far off"), tuple(told), keepable=False)
    if not told:
        exact = gettext(
            "Its size is right to %(share)s and its place to %(length)s: there is nothing to correct.",
            share=percent(SCALE_MATTERS),
            length=millimetres(SHIFT_MATTERS_MM),
        )
        return ProofWords("ok", gettext("The printer prints true to size"), (exact,), keepable=False)
    mend_first = _is_dialogue(measure) or _is_other_paper(measure)
    if matters and mend_first:
        told.append(
            gettext("Only if it cannot be set to that, keep the correction: later sheets are then drawn so much larger or smaller.")
        )
    elif matters:
        told.append(gettext("Keep the correction: later sheets for this printer are then drawn so that they come out right."))
    return ProofWords("warn", gettext("The print is a little off"), tuple(told), keepable=matters, mend_first=mend_first)


def percent(share: float) -> str:
    """A share with at most one decimal."""
    return format_percent(share, "0.#%")


def millimetres(length: float) -> str:
    """A length to a tenth of a mm."""
    return gettext("%(length)s mm", length=format_decimal(round(length, 1) + 0.0, "0.0"))


def off_middle(measure: ProofMeasure | Correction) -> tuple[float, float]:
    """How far the middle of a print lies from the middle of the sheet, to the right and down, in mm."""
    across = (measure.scale_x - 1) * PAPER_WIDTH_MM / 2 + measure.shift_x_mm
    down = (measure.scale_y - 1) * PAPER_HEIGHT_MM / 2 + measure.shift_y_mm
    return across, down


def _is_dialogue(measure: ProofMeasure) -> bool:
    return abs(measure.scale_x - measure.scale_y) <= _ALIKE and abs(measure.scale_x + measure.scale_y - 2) / 2 >= _DIALOGUE


def _is_other_paper(measure: ProofMeasure) -> bool:
    return abs(measure.scale_x - measure.scale_y) >= _OTHER_PAPER


def _scale(measure: ProofMeasure) -> list[str]:
    both = (measure.scale_x + measure.scale_y) / 2
    if max(abs(measure.scale_x - 1), abs(measure.scale_y - 1)) <= SCALE_MATTERS:
        return []
    if _is_dialogue(measure):
        words = gettext(
            "Your print dialogue scaled to %(share)s: choose %(whole)s or “actual size”, and print the test page again.",
            share=percent(both),
            whole=percent(1),
        )
        return [words]
    across, along = percent(measure.scale_x), percent(measure.scale_y)
    words = gettext("It prints the width at %(across)s and the height at %(along)s of what was drawn.", across=across, along=along)
    if _is_other_paper(measure):
        return [words, gettext("Is the paper A4, and does the print dialogue say A4? Choose A4 in both, and print the test page again.")]
    return [words]


def _place(measure: ProofMeasure) -> list[str]:
    """Where the middle lies: a print that is too small is not shifted by that alone."""
    across, down = off_middle(measure)
    told = []
    if abs(across) > SHIFT_MATTERS_MM:
        length = millimetres(abs(across))
        right = gettext("Everything lies %(length)s too far to the right.", length=length)
        told.append(right if across > 0 else gettext("Everything lies %(length)s too far to the left.", length=length))
    if abs(down) > SHIFT_MATTERS_MM:
        length = millimetres(abs(down))
        low = gettext("Everything lies %(length)s too low.", length=length)
        told.append(low if down > 0 else gettext("Everything lies %(length)s too high.", length=length))
    return told


def _turn(measure: ProofMeasure) -> list[str]:
    if abs(measure.rotation_degrees) <= _TURNED_DEGREES:
        return []
    degrees = format_decimal(round(abs(measure.rotation_degrees), 1), "0.0")
    return [
        gettext(
            "The print is turned by %(degrees)s degrees. No correction mends that: straighten the paper in the tray, "
            "set its guides close, and print the test page again.",
            degrees=degrees,
        )
    ]
