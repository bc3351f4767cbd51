"""What does not fit a label, said before anything is printed, and what fits only just."""

from dataclasses import dataclass
from typing import Literal

from traceability.labels.label import ModuleSize, Size
from traceability.qr import QUIET_MODULES

Reason = Literal["width", "height", "character"]
Verdict = Literal["fits", "tight", "misfit"]
Tightness = Literal["module", "text", "level", "edge"]

# A thermal head of 203 dpi smears by half a dot, and phones of some years ago read modules from a third of a millimetre.
_COARSE_DPI, _LEAST_COARSE_DOTS, _LEAST_MODULE_MM = 230, 4, 0.33
_FLOOR_PT = 5.05
_LEAST_PLAY_MM = 0.5


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

    `dots` are dots a module, None without a printer; `quiet_mm` is the width of the quiet zone on each side;
    `smallest_text_pt` is in points of 1/72 inch. `left_out` names what the design leaves out for want of room.
    `tightness` says in what respect a label that fits does so only just:

    - `module`: modules under 0.33 mm, or under 4 dots on a printer of about 203 dpi;
    - `text`: the smallest text stands at the limit of five points;
    - `level`: the symbol corrects errors at level M only;
    - `edge`: the symbol with its quiet zone fills the label's width or height but for half a millimetre.
    """

    version: int
    level: str
    module_mm: float
    dots: int | None
    smallest_text_pt: float
    misfits: tuple[Misfit, ...]
    quiet_mm: float = 0.0
    left_out: tuple[str, ...] = ()
    tightness: tuple[Tightness, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether it can be printed, be it only just."""
        return not self.misfits

    @property
    def verdict(self) -> Verdict:
        """`fits`, `tight` or `misfit`."""
        if self.misfits:
            return "misfit"
        return "tight" if self.tightness else "fits"


@dataclass(frozen=True)
class SymbolMeasures:
    """A symbol before it is drawn; `side_mm` is its width and height with the quiet zone."""

    version: int
    level: str
    module_mm: float
    side_mm: float


def judge_fit(
    symbol: SymbolMeasures | None,
    module: ModuleSize,
    size: Size,
    *,
    smallest_text_pt: float = 0.0,
    left_out: tuple[str, ...] = (),
    misfits: tuple[Misfit, ...] = (),
) -> FitReport:
    """The report of a symbol on a label of `size`, with text of this size at the least."""
    if symbol is None:
        return FitReport(0, "", 0.0, None, smallest_text_pt, misfits)
    dots = round(symbol.module_mm / module.dot_mm) if module.dpi else None
    tightness = () if misfits else _tightness(symbol, module, size, smallest_text_pt)
    quiet = QUIET_MODULES * symbol.module_mm
    return FitReport(symbol.version, symbol.level, symbol.module_mm, dots, smallest_text_pt, misfits, quiet, left_out, tightness)


def _tightness(symbol: SymbolMeasures, module: ModuleSize, size: Size, smallest_text_pt: float) -> tuple[Tightness, ...]:
    coarse = module.dpi is not None and module.dpi < _COARSE_DPI
    narrow = symbol.module_mm < _LEAST_MODULE_MM or (coarse and round(symbol.module_mm / module.dot_mm) < _LEAST_COARSE_DOTS)
    play = min(size.width_mm, size.height_mm) - symbol.side_mm
    found: list[tuple[Tightness, bool]] = [
        ("module", narrow),
        ("text", smallest_text_pt < _FLOOR_PT),
        ("level", symbol.level == "M"),
        ("edge", play < _LEAST_PLAY_MM),
    ]
    return tuple(word for word, holds in found if holds)
