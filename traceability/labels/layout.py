"""A label laid out: its symbol, what it says beside or under it, the code and the host, a logo."""

from collections.abc import Iterator
from itertools import islice

from traceability.labels import foot as feet
from traceability.labels import wording
from traceability.labels.column import Place, column_marks, set_column
from traceability.labels.column import misfits as column_misfits
from traceability.labels.fit import FitReport, LabelDoesNotFit, Misfit, SymbolMeasures, judge_fit
from traceability.labels.fonts import Face, font
from traceability.labels.frames import Arrangement, Frame, arrangements, frame_of, frames, needed_modules, symbol_room
from traceability.labels.label import MM_PER_POINT, SIZE_50X30, Label, ModuleSize, Size, check_size
from traceability.labels.primitives import Layout, Mark, Outline, Picture, SymbolBox, Text
from traceability.labels.setting import Line, Paragraph
from traceability.qr import symbol_for
from traceability.qr.symbol import measure_symbol

_SPECIMEN_SHARE = 0.92
_SPECIMEN_STROKE_MM = 0.18
_CLEARED_MM = 0.14
_MARGIN_OVER_MM = 1.05


def lay_out(label: Label, size: Size = SIZE_50X30, module: ModuleSize | None = None) -> Layout:
    """The label on paper of `size`, its modules as wide as `module` allows (by default those of a drawing).

    Raises LabelDoesNotFit with every reason that is known, and SizeFault for a size that no label has; nothing is cut
    and nothing set under five points. What a design may leave out for want of room is named in the layout's `left_out`.
    """
    module = module or ModuleSize.vector()
    clean, frame, column, foot = _found(label, size, module)
    return _placed(clean, size, module, frame, column, foot)


def check_fit(label: Label, size: Size = SIZE_50X30, dpi: int | None = None) -> FitReport:
    """Whether the label fits paper of `size` on a printer of `dpi` (None: a drawing). Nothing is drawn for it.

    Raises SizeFault and PrinterFault for what is no label and no printer, and nothing else.
    """
    module = ModuleSize.vector() if dpi is None else ModuleSize.for_dpi(dpi)
    try:
        clean, frame, column, foot = _found(label, size, module)
    except LabelDoesNotFit as refusal:
        clean, _ = wording.printable(label)
        return judge_fit(_symbol_in(clean, _first_frame(clean, size, module)), module, size, misfits=refusal.reasons)
    smallest = min(line.size for line in (*column, *foot)) / MM_PER_POINT
    return judge_fit(_symbol_in(clean, frame), module, size, smallest_text_pt=round(smallest, 2), left_out=frame.left_out)


def _found(label: Label, size: Size, module: ModuleSize) -> tuple[Label, Frame, tuple[Line, ...], tuple[Line, ...]]:
    """The first frame that takes the label, with the lines of its column and foot. Raises LabelDoesNotFit."""
    check_size(size)
    clean, reasons = wording.printable(label)
    if reasons:
        raise LabelDoesNotFit((*reasons, *_reasons(clean, size, module)))
    for frame in frames(clean, size, module):
        try:
            return clean, frame, *_set(clean, frame)
        except LabelDoesNotFit:
            continue
    raise LabelDoesNotFit(_reasons(clean, size, module))


def _symbol_in(label: Label, frame: Frame | None) -> SymbolMeasures | None:
    if frame is None:
        return None
    version, level = measure_symbol(label.qr_text, frame.modules)
    return SymbolMeasures(version, level, frame.module_mm, frame.modules * frame.module_mm)


def _set(label: Label, frame: Frame) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The lines of column and foot. Raises LabelDoesNotFit."""
    column, foot = _paragraphs(label, frame)
    reasons = column_misfits(column, frame.place) + (feet.misfits(foot, frame.foot) if frame.foot else [])
    if reasons:
        raise LabelDoesNotFit(tuple(reasons))
    lines = set_column(column, frame.place), feet.set_foot(foot, frame.foot) if frame.foot else ()
    smallest = min((line for part in lines for line in part), key=lambda line: line.size)
    if smallest.size < frame.least_mm:
        raise LabelDoesNotFit((Misfit(smallest.field, smallest.text, "height", frame.least_mm, smallest.size),))
    return lines


def _paragraphs(label: Label, frame: Frame) -> tuple[tuple[Paragraph, ...], tuple[Paragraph, ...]]:
    """What stands in the column and in the foot."""
    lean = label.design == "small"
    body = [wording.lot(label)] if lean else wording.body(label)
    said = [wording.name(label, 3 if lean else 2), *(part for part in body if part and part.field not in frame.left_out)]
    offline = wording.offline(label) if label.design == "signed" else None
    said += [offline] if offline else []
    if frame.arrangement == "tower":
        hosts = wording.host(label) if lean else wording.address(label)
        return (*said, wording.code(label, 3), hosts), ()
    if frame.arrangement == "strip":
        return (*said, wording.code(label, 3)), (wording.address(label),)
    return tuple(said), (wording.code(label), wording.address(label))


def _placed(label: Label, size: Size, module: ModuleSize, frame: Frame, column: tuple[Line, ...], foot: tuple[Line, ...]) -> Layout:
    box = SymbolBox(frame.x, frame.y, frame.module_mm, symbol_for(label.qr_text, frame.modules))
    text = column_marks(column, frame.place)
    marks = [
        *(_specimen_marks(frame.place, text) if label.specimen else []),
        *text,
        *(feet.foot_marks(foot, frame.foot) if frame.foot else []),
        *_logo_marks(label, frame, module),
    ]
    lines = tuple(line.text for line in (*column, *foot)) + ((wording.SPECIMEN,) if label.specimen else ())
    dots = frame.dots if module.dpi else None
    return Layout(size.width_mm, size.height_mm, box, dots, tuple(marks), wording.title(label), lines, frame.left_out)


def _logo_marks(label: Label, frame: Frame, module: ModuleSize) -> Iterator[Picture]:
    if label.logo is None or frame.logo is None:
        return
    box = frame.logo
    # In the dots of the printer; a drawing has none, and takes those of an office printer.
    dot = module.dot_mm if module.dpi else ModuleSize.for_dpi(600).dot_mm
    columns, rows = max(1, round(box.width / dot)), max(1, round(box.height / dot))
    yield Picture(box.x, box.y, box.width, box.height, columns, label.logo.dots(columns, rows))


def _reasons(label: Label, size: Size, module: ModuleSize) -> tuple[Misfit, ...]:
    """Why no frame takes the label, told of the design's first arrangement."""
    way = arrangements(label.design, size)[0]
    tried = (frame for frame in frames(label, size, module) if frame.arrangement == way)
    # A standard label is told of as it would stand at its best, the others as they have the most room for text.
    found = list(islice(tried, 1)) if label.design == "standard" else list(tried)[-1:]
    reasons, frame = [], found[0] if found else None
    if frame is None:
        room, needed = symbol_room(label.design, way, size), needed_modules(label.qr_text)
        reasons = [
            Misfit("qr_text", label.qr_text, "width", round(needed * module.least_dots * module.dot_mm, 2), round(max(room, 0.0), 2))
        ]
        frame = _without_symbol(way, size, module, room)
    try:
        _set(label, frame)
    except LabelDoesNotFit as refusal:
        reasons += [reason for reason in refusal.reasons if not (found == [] and reason.reason == "height" and reason.field == "text")]
    return tuple(reasons)


def _without_symbol(way: Arrangement, size: Size, module: ModuleSize, room: float) -> Frame:
    modules = max(1, int(room / (module.least_dots * module.dot_mm)))
    return frame_of(way, size, module, module.least_dots, modules)


def _first_frame(label: Label, size: Size, module: ModuleSize) -> Frame | None:
    """Where the symbol would stand if its text had room."""
    way = arrangements(label.design, size)[0]
    return next((frame for frame in frames(label, size, module) if frame.arrangement == way), None)


def _specimen_marks(place: Place, over: list[Mark]) -> list[Mark]:
    """MẪU in hollow letters over the width of the column, cleared where the marks `over` it have letters."""
    left, bottom, right, top = font(Face.BOLD).bounds(wording.SPECIMEN)
    room = place.bottom - place.top + _MARGIN_OVER_MM
    em = min(_SPECIMEN_SHARE * place.width / (right - left), _SPECIMEN_SHARE * room / (top - bottom))
    middle = (place.top + place.bottom) / 2
    x = place.x + place.width / 2 - em * (left + right) / 2
    specimen = Outline(x, middle + em * (top + bottom) / 2, em, Face.BOLD, _SPECIMEN_STROKE_MM, wording.SPECIMEN)
    texts = [mark for mark in over if isinstance(mark, Text)]
    return [specimen, *(Outline(text.x, text.baseline, text.size_mm, text.face, _CLEARED_MM, text.string, dark=False) for text in texts)]
