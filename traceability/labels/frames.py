"""Where symbol, text and logo of a label may stand: the ways to try for a design on a size, best first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from traceability.labels.column import Place
from traceability.labels.foot import FOOT_MM, LOWEST_BASELINE_MM, Strip
from traceability.labels.label import Design, Label, ModuleSize, Size
from traceability.labels.logo import LabelLogo
from traceability.labels.setting import SMALLEST_MM
from traceability.qr import QUIET_MODULES
from traceability.qr.symbol import LAST_VERSION, minimum_version, side_modules

# `beside`: text beside the symbol, code and host under both. `tower`: the symbol over the whole height, all text beside
# it. `strip`: the same with one line for the host under both. `stacked`: the text under the symbol.
Arrangement = Literal["beside", "tower", "strip", "stacked"]

# Ink stands this far from the edges, so that the symbol's quiet zone lies within the label and all left edges align.
MARGIN_MM = 2.1
_CLOSE_MARGIN_MM = 1.6
EDGE_MM = 0.1
_SYMBOL_SHARE, _STACKED_SHARE = 0.42, 0.5
_GUTTER_MM = 0.4
_NARROWEST_COLUMN_MM = 8.0
_STRIP_MM = LOWEST_BASELINE_MM + SMALLEST_MM * 0.714 + 0.5
_USUAL = Size(50.0, 30.0)
_LARGEST_SCALE = 1.6
# A label lower than the usual one has no height for a foot, a higher than wide one none for a column beside the symbol.
_LOW_MM, _UPRIGHT = 29.0, 1.2
_FOOT_LOGO_MM, _COLUMN_LOGO_MM = (12.0, 5.6), (12.0, 5.0)
_LOGO_GAP_MM = 1.0
# What a signed label may leave out for a symbol that phones read at arm's length; the page says all of it.
_LEFT_OUT_OF_SIGNED = ((), ("geographical_indication",), ("geographical_indication", "producer"))


@dataclass(frozen=True)
class LogoBox:
    """The place of a logo: its left top corner, width and height in mm."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Frame:
    """One way to place a label. The symbol's box has its left top corner at x and y; `modules` is its side, quiet zones included."""

    arrangement: Arrangement
    x: float
    y: float
    dots: int
    module_mm: float
    modules: int
    place: Place
    foot: Strip | None
    logo: LogoBox | None = None
    left_out: tuple[str, ...] = ()


def scale_of(size: Size) -> float:
    """How much larger than the usual label this one is; text and modules may grow by as much."""
    return min(max(min(size.width_mm / _USUAL.width_mm, size.height_mm / _USUAL.height_mm), 1.0), _LARGEST_SCALE)


def frames(label: Label, size: Size, module: ModuleSize) -> Iterator[Frame]:
    """The frames whose symbol has room, the widest modules first."""
    scaled, sides = module.widened(scale_of(size)), _sides(label.qr_text)
    for dots in range(scaled.preferred_dots, scaled.least_dots - 1, -1):
        for modules in sides:
            fitting = [way for way in arrangements(label.design, size) if modules * dots <= scaled.dots_in(symbol_room(way, size))]
            for left_out in _LEFT_OUT_OF_SIGNED if label.design == "signed" else ((),):
                for way in fitting:
                    frame = frame_of(way, size, scaled, dots, modules, left_out)
                    yield from _with_logo(frame, size, scaled, label.logo)


def arrangements(design: Design, size: Size) -> tuple[Arrangement, ...]:
    """The ways of a design on a size; misfits are told of the first."""
    upright = size.height_mm >= _UPRIGHT * size.width_mm
    if design == "small":
        return ("stacked", "tower") if upright else ("tower", "stacked")
    if upright:
        return ("stacked", "beside")
    if design == "signed":
        return ("strip", "tower", "beside")
    return ("beside", "tower") if size.height_mm < _LOW_MM else ("beside",)


def symbol_room(way: Arrangement, size: Size) -> float:
    """The side of the largest symbol, quiet zones included, in mm."""
    whole = size.height_mm - 2 * EDGE_MM
    beside = size.width_mm - EDGE_MM - _GUTTER_MM - _NARROWEST_COLUMN_MM - _CLOSE_MARGIN_MM
    if way == "beside":
        return min(_SYMBOL_SHARE * size.width_mm, whole - _foot_height(size))
    if way == "tower":
        return min(whole, beside)
    if way == "strip":
        return min(whole - _STRIP_MM, beside)
    return min(size.width_mm - 2 * EDGE_MM, _STACKED_SHARE * size.height_mm)


def needed_modules(text: str) -> int:
    """The side of the smallest symbol for a text, quiet zones included."""
    return _sides(text)[-1]


def frame_of(way: Arrangement, size: Size, module: ModuleSize, dots: int, modules: int, left_out: tuple[str, ...] = ()) -> Frame:
    """The places of one arrangement for a symbol of `modules` a side."""
    module_mm = dots * module.dot_mm
    side, quiet = modules * module_mm, QUIET_MODULES * module_mm
    corner = module.snapped(max(MARGIN_MM - quiet, 0.0))
    if way == "stacked":
        return _stacked(size, module, dots, modules, left_out)
    foot = _foot(way, size)
    margin = MARGIN_MM if way == "beside" else _CLOSE_MARGIN_MM
    left = corner + side + _GUTTER_MM
    bottom = size.height_mm - (foot.height if foot else 0.0)
    y = corner if way == "beside" else module.snapped(max((bottom - side) / 2, 0.0))
    if way == "beside":
        place = Place(left, size.width_mm - margin - left, MARGIN_MM, y + side - quiet, bottom - 4 * EDGE_MM, scale_of(size))
    else:
        low = bottom - (0.2 if foot else LOWEST_BASELINE_MM - 0.25 * SMALLEST_MM)
        top = min(max(y + quiet, _CLOSE_MARGIN_MM), MARGIN_MM)
        place = Place(left, size.width_mm - margin - left, top, min(y + side - quiet, low), low, scale_of(size))
    return Frame(way, corner, y, dots, module_mm, modules, place, foot, None, left_out)


def _stacked(size: Size, module: ModuleSize, dots: int, modules: int, left_out: tuple[str, ...]) -> Frame:
    module_mm = dots * module.dot_mm
    side, quiet = modules * module_mm, QUIET_MODULES * module_mm
    x = module.snapped(max((size.width_mm - side) / 2, 0.0))
    y = module.snapped(max(MARGIN_MM - quiet, 0.0))
    foot = _foot("stacked", size)
    bottom = size.height_mm - foot.height - 4 * EDGE_MM
    place = Place(MARGIN_MM, size.width_mm - 2 * MARGIN_MM, y + side + _GUTTER_MM, bottom, bottom, scale_of(size))
    return Frame("stacked", x, y, dots, module_mm, modules, place, foot, None, left_out)


def _foot(way: Arrangement, size: Size) -> Strip | None:
    width = size.width_mm - 2 * MARGIN_MM
    if way == "tower":
        return None
    if way == "strip":
        return Strip(MARGIN_MM, width, size.height_mm - _STRIP_MM, _STRIP_MM, width, ruled=False)
    height = _foot_height(size)
    return Strip(MARGIN_MM, width, size.height_mm - height, height, width, scale=scale_of(size))


def _foot_height(size: Size) -> float:
    return FOOT_MM * scale_of(size)


def _with_logo(frame: Frame, size: Size, module: ModuleSize, logo: LabelLogo | None) -> Iterator[Frame]:
    """The frame with the logo, and without it in case that the text then has no room."""
    if logo is None:
        yield frame
        return
    ruled = frame.foot is not None and frame.foot.ruled
    yield _logo_in_foot(frame, size, module, logo) if ruled else _logo_over_column(frame, module, logo)
    yield replace(frame, left_out=("logo", *frame.left_out))


def _logo_in_foot(frame: Frame, size: Size, module: ModuleSize, logo: LabelLogo) -> Frame:
    assert frame.foot is not None
    scale = frame.foot.scale
    width, height = (module.snapped(length) for length in logo.within(*(scale * most for most in _FOOT_LOGO_MM)))
    x = module.snapped(size.width_mm - MARGIN_MM - width)
    # In the middle between the rule and the lowest baseline, where the lines of the foot are, too.
    middle = (frame.foot.top + size.height_mm - 0.75 * LOWEST_BASELINE_MM) / 2
    box = LogoBox(x, module.snapped(middle - height / 2), width, height)
    return replace(frame, foot=replace(frame.foot, width=x - _LOGO_GAP_MM - frame.foot.x), logo=box)


def _logo_over_column(frame: Frame, module: ModuleSize, logo: LabelLogo) -> Frame:
    place, scale = frame.place, frame.place.scale
    widest = min(scale * _COLUMN_LOGO_MM[0], max(place.width, 1.0))
    width, height = (module.snapped(length) for length in logo.within(widest, scale * _COLUMN_LOGO_MM[1]))
    # Up to the next dot, so that the logo's edge never reaches into the gutter beside the quiet zone.
    box = LogoBox(module.snapped(place.x + module.dot_mm / 2), module.snapped(place.top), width, height)
    return replace(frame, place=replace(place, top=box.y + height + _LOGO_GAP_MM), logo=box)


def _sides(text: str) -> list[int]:
    """The sides of the symbol at level Q and at level M, quiet zones included, the larger first."""
    versions = {minimum_version(text, level) for level in ("Q", "M")}
    held = sorted((version for version in versions if version <= LAST_VERSION), reverse=True) or [LAST_VERSION + 1]
    return [side_modules(version) + 2 * QUIET_MODULES for version in held]
