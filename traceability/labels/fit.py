"""What does not fit a label, said before anything is printed."""

from dataclasses import dataclass
from typing import Literal

Reason = Literal["width", "height", "character"]


@dataclass(frozen=True)
class Misfit:
    """One thing that cannot be printed. `field` is a field of Label, or `text` for all lines of a column together.

    For `width` and `height` the needed and the available length are in mm, at the smallest text that is allowed; for
    `character` both are 0 and `text` holds the characters that the font lacks.
    """

    field: str
    text: str
    reason: Reason
    needed_mm: float = 0.0
    available_mm: float = 0.0


class LabelDoesNotFit(ValueError):
    """The label cannot be laid out whole; `reasons` says why, never empty."""

    def __init__(self, reasons: tuple[Misfit, ...]) -> None:
        super().__init__("; ".join(f"{reason.field}: {reason.reason} of {reason.text!r}" for reason in reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class FitReport:
    """Whether a label fits. With misfits there may be no symbol: then version is 0, level is empty and lengths are 0.

    `dots` are dots a module, None without a printer; `smallest_text_pt` is in points of 1/72 inch.
    """

    version: int
    level: str
    module_mm: float
    dots: int | None
    smallest_text_pt: float
    misfits: tuple[Misfit, ...]

    @property
    def fits(self) -> bool:
        return not self.misfits
