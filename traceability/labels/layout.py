"""A label laid out: the symbol at the left, what it says beside it, the code and the host under a rule."""

from traceability.labels import wording
from traceability.labels.column import Place, column_marks, set_column
from traceability.labels.column import misfits as column_misfits
from traceability.labels.fit import FitReport, LabelDoesNotFit, Misfit
from traceability.labels.fonts import Face, font
from traceability.labels.foot import FOOT_MM, foot_marks, set_foot
from traceability.labels.foot import misfits as foot_misfits
from traceability.labels.label import MM_PER_POINT, SIZE_50X30, Label, ModuleSize, Size
from traceability.labels.primitives import Layout, Mark, Outline, SymbolBox, Text
from traceability.qr import QUIET_MODULES, SymbolTooLarge, symbol_for

# Ink stands this far from the edges, so that the symbol's quiet zone lies within the label and all left edges align.
_MARGIN_MM = 2.1
_EDGE_MM = 0.1
_SYMBOL_SHARE = 0.42
_GUTTER_MM = 0.4
_SPECIMEN_SHARE = 0.92
_SPECIMEN_STROKE_MM = 0.18
_CLEARED_MM = 0.14


def lay_out(label: Label, size: Size = SIZE_50X30, module: ModuleSize | None = None) -> Layout:
    """The label on paper of `size`, its modules as wide as `module` allows (by default those of a drawing).

    Raises LabelDoesNotFit with every reason that is known; nothing is cut and nothing set under five points.
    """
    module = module or ModuleSize.vector()
    clean, reasons = wording.printable(label)
    box = _symbol_box(label.qr_text, size, module, reasons)
    place = _column_place(box, size)
    foot_width = size.width_mm - 2 * _MARGIN_MM
    reasons += column_misfits(clean, place) + foot_misfits(clean, foot_width)
    if reasons or box is None:
        raise LabelDoesNotFit(tuple(reasons))
    column, foot = set_column(clean, place), set_foot(clean, foot_width)
    text = column_marks(column, place)
    marks = [
        *(_specimen_marks(place, text) if label.specimen else []),
        *text,
        *foot_marks(foot, _MARGIN_MM, size.height_mm - FOOT_MM, foot_width),
    ]
    lines = tuple(line.text for line in (*column, *foot)) + ((wording.SPECIMEN,) if label.specimen else ())
    dots = round(box.module_mm / module.dot_mm) if module.dpi else None
    return Layout(size.width_mm, size.height_mm, box, dots, tuple(marks), wording.title(clean), lines)


def check_fit(label: Label, size: Size = SIZE_50X30, dpi: int | None = None) -> FitReport:
    """Whether the label fits paper of `size` on a printer of `dpi` (None: a drawing), without raising."""
    module = ModuleSize.for_dpi(dpi) if dpi else ModuleSize.vector()
    box = _symbol_box(label.qr_text, size, module, [])
    dots = round(box.module_mm / module.dot_mm) if box and dpi else None
    smallest, misfits = 0.0, ()  # type: float, tuple[Misfit, ...]
    try:
        smallest = min(text.size_mm for text in lay_out(label, size, module).texts) / MM_PER_POINT
    except LabelDoesNotFit as refusal:
        misfits = refusal.reasons
    symbol = box.symbol if box else None
    return FitReport(
        symbol.version if symbol else 0, symbol.level if symbol else "", box.module_mm if box else 0.0, dots, round(smallest, 2), misfits
    )


def _symbol_box(text: str, size: Size, module: ModuleSize, reasons: list[Misfit]) -> SymbolBox | None:
    """The largest symbol that the place takes: first the preferred module width, then narrower ones, then a misfit."""
    side = _symbol_room(size)
    for dots in range(module.preferred_dots, module.least_dots - 1, -1):
        try:
            symbol = symbol_for(text, module.dots_in(side) // dots)
        except SymbolTooLarge as refusal:
            needed = refusal.needed_modules
            continue
        module_mm = dots * module.dot_mm
        corner = module.snapped(_MARGIN_MM - QUIET_MODULES * module_mm)
        return SymbolBox(corner, corner, module_mm, symbol)
    reasons.append(Misfit("qr_text", text, "width", round(needed * module.least_dots * module.dot_mm, 2), round(side, 2)))
    return None


def _symbol_room(size: Size) -> float:
    return min(_SYMBOL_SHARE * size.width_mm, size.height_mm - FOOT_MM - 2 * _EDGE_MM)


def _column_place(box: SymbolBox | None, size: Size) -> Place:
    side = _symbol_room(size)
    right = box.x + box.side if box else _EDGE_MM + side
    left = right + _GUTTER_MM
    foot = box.y + box.side - box.quiet if box else side
    bottom = size.height_mm - FOOT_MM - 4 * _EDGE_MM
    return Place(left, size.width_mm - _MARGIN_MM - left, _MARGIN_MM, foot, bottom)


def _specimen_marks(place: Place, over: list[Mark]) -> list[Mark]:
    """MẪU in hollow letters over the width of the column, cleared where the marks `over` it have letters."""
    left, bottom, right, top = font(Face.BOLD).bounds(wording.SPECIMEN)
    room = place.bottom - place.top + _MARGIN_MM / 2
    em = min(_SPECIMEN_SHARE * place.width / (right - left), _SPECIMEN_SHARE * room / (top - bottom))
    middle = (place.top + place.bottom) / 2
    x = place.x + place.width / 2 - em * (left + right) / 2
    specimen = Outline(x, middle + em * (top + bottom) / 2, em, Face.BOLD, _SPECIMEN_STROKE_MM, wording.SPECIMEN)
    texts = [mark for mark in over if isinstance(mark, Text)]
    return [specimen, *(Outline(text.x, text.baseline, text.size_mm, text.face, _CLEARED_MM, text.string, dark=False) for text in texts)]
