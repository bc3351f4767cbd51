"""Where symbol, text and logo of a label may stand: the ways to try for a design on a size, best first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from traceability.labels.column import Place
from traceability.labels.foot import FOOT_MM, LOWEST_BASELINE_MM, Strip
from traceability.labels.label import Design, Label, ModuleSize, Size
from traceability.labels.logo import LOGO_BOX_MM, LabelLogo
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
_SMALL_STACKED_SHARE = 0.6
_GUTTER_MM = 0.4
_NARROWEST_COLUMN_MM = 8.0
_STRIP_MM = LOWEST_BASELINE_MM + SMALLEST_MM * 0.714 + 0.5
_USUAL = Size(50.0, 30.0)
_LARGEST_SCALE = 2.5
_STACKED_SCALE = 1.3
_THIRD_LINE_MM = 2.4
_EASY_MM = 1.99
# A label lower than the usual one has no height for a foot, a higher than wide one none for a column beside the symbol.
_LOW_MM, _UPRIGHT = 29.0, 1.2
_COLUMN_LOGO_MM = (12.0, 5.0)
_LOGO_GAP_MM, _LOGO_OVER_NAME_MM = 1.0, 1.5
_OVER_RULE_MM = 0.9
_WIDE_COLUMN_MM = 34.0
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
    """One way to place a label. The symbol's box has its left top corner at x and y; `modules` is its side, quiet zones included.

    `least_mm` is the smallest text for which this way is taken.
    """

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
    least_mm: float = SMALLEST_MM


def scale_of(size: Size) -> float:
    """How much larger than the usual label this one is; text and modules may grow by as much."""
    return min(max(min(size.width_mm / _USUAL.width_mm, size.height_mm / _USUAL.height_mm), 1.0), _LARGEST_SCALE)


def frames(label: Label, size: Size, module: ModuleSize) -> Iterator[Frame]:
    """The frames whose symbol has room, the widest modules first."""
    sides, ways = _sides(label.qr_text), arrangements(label.design, size)
    scaled = {way: module.widened(_widest(label.design, way, size)) for way in ways}
    rooms = {way: module.dots_in(symbol_room(label.design, way, size)) for way in ways}
    for dots in range(max(printer.preferred_dots for printer in scaled.values()), module.least_dots - 1, -1):
        # Modules wider than phones need are no reason for small text, for leaving out anything, or for the lesser correction.
        wide = dots > module.preferred_dots
        for modules in sides[:1] if wide else sides:
            fitting = [way for way in ways if dots <= scaled[way].preferred_dots and modules * dots <= rooms[way]]
            for left_out in _LEFT_OUT_OF_SIGNED if label.design == "signed" and not wide else ((),):
                for way in fitting:
                    frame = frame_of(way, size, module, dots, modules, left_out)
                    for found in _with_logo(replace(frame, least_mm=_EASY_MM if wide else SMALLEST_MM), size, module, label.logo):
                        if not (wide and found.left_out):
                            yield found


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


def _widest(design: Design, way: Arrangement, size: Size) -> float:
    """How much wider than usual modules may become."""
    return 2.0 if design == "small" else 1.5 if way == "stacked" else scale_of(size)


def symbol_room(design: Design, way: Arrangement, size: Size) -> float:
    """The side of the largest symbol, quiet zones included, in mm."""
    whole = size.height_mm - 2 * EDGE_MM
    beside = size.width_mm - EDGE_MM - _GUTTER_MM - _NARROWEST_COLUMN_MM - _CLOSE_MARGIN_MM
    if way == "beside":
        return min(_SYMBOL_SHARE * size.width_mm, whole - _foot_height(size))
    if way == "tower":
        return min(whole, beside)
    if way == "strip":
        return min(whole - _STRIP_MM, beside)
    return min(size.width_mm - 2 * EDGE_MM, (_SMALL_STACKED_SHARE if design == "small" else _STACKED_SHARE) * size.height_mm)


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
    # With narrow modules the symbol's ink stands so deep in its box that the box would reach the rule.
    highest = module.dots_in(max(bottom - EDGE_MM - side, 0.0)) * module.dot_mm
    y = min(corner, highest) if way == "beside" else module.snapped(max((bottom - side) / 2, 0.0))
    low = bottom - (4 * EDGE_MM if foot else LOWEST_BASELINE_MM - 0.25 * SMALLEST_MM)
    start = MARGIN_MM if way == "beside" else max(y + quiet, MARGIN_MM)
    width = size.width_mm - margin - left
    place = Place(left, width, start, min(y + side - quiet, low), low, _CLOSE_MARGIN_MM, scale_of(size))
    return Frame(way, corner, y, dots, module_mm, modules, place, foot, None, left_out)


def _stacked(size: Size, module: ModuleSize, dots: int, modules: int, left_out: tuple[str, ...]) -> Frame:
    module_mm = dots * module.dot_mm
    side, quiet = modules * module_mm, QUIET_MODULES * module_mm
    x = module.snapped(max((size.width_mm - side) / 2, 0.0))
    y = module.snapped(max(MARGIN_MM - quiet, 0.0))
    foot = _ruled_foot(size, _foot_height(size) + _THIRD_LINE_MM, tall=True)
    bottom = foot.top - _OVER_RULE_MM
    start = y + side + _GUTTER_MM
    place = Place(MARGIN_MM, size.width_mm - 2 * MARGIN_MM, start, bottom, bottom, start, max(scale_of(size), _STACKED_SCALE))
    return Frame("stacked", x, y, dots, module_mm, modules, place, foot, None, left_out)


def _foot(way: Arrangement, size: Size) -> Strip | None:
    if way == "tower":
        return None
    if way == "beside":
        return _ruled_foot(size, _foot_height(size))
    width = size.width_mm - 2 * MARGIN_MM
    return Strip(MARGIN_MM, width, size.height_mm - _STRIP_MM, _STRIP_MM, width, ruled=False)


def _ruled_foot(size: Size, height: float, *, tall: bool = False) -> Strip:
    width = size.width_mm - 2 * MARGIN_MM
    return Strip(MARGIN_MM, width, size.height_mm - height, height, width, tall=tall, scale=scale_of(size))


def _foot_height(size: Size) -> float:
    return FOOT_MM * scale_of(size)


def _with_logo(frame: Frame, size: Size, module: ModuleSize, logo: LabelLogo | None) -> Iterator[Frame]:
    """The frame with the logo, and without it in case that the text then has no room."""
    if logo is None:
        yield frame
        return
    if frame.arrangement == "beside":
        yield _logo_in_foot(frame, size, module, logo)
    elif frame.arrangement == "stacked":
        yield _logo_under_column(frame, module, logo)
    else:
        yield _logo_at_column(frame, module, logo)
    yield replace(frame, left_out=("logo", *frame.left_out))


def _logo_in_foot(frame: Frame, size: Size, module: ModuleSize, logo: LabelLogo) -> Frame:
    assert frame.foot is not None
    width, height = _measure_logo(logo, LOGO_BOX_MM, frame.foot.scale, module)
    x = module.snapped(size.width_mm - MARGIN_MM - width)
    # In the middle between the rule and the lowest baseline, where the lines of the foot are, too.
    middle = (frame.foot.top + size.height_mm - 0.75 * LOWEST_BASELINE_MM) / 2
    box = LogoBox(x, module.snapped(middle - height / 2), width, height)
    return replace(frame, foot=replace(frame.foot, width=x - _LOGO_GAP_MM - frame.foot.x), logo=box)


def _logo_under_column(frame: Frame, module: ModuleSize, logo: LabelLogo) -> Frame:
    place = frame.place
    width, height = _measure_logo(logo, _COLUMN_LOGO_MM, place.scale, module)
    box = LogoBox(module.snapped(place.x + place.width - width), module.snapped(place.bottom - height), width, height)
    bottom = box.y - 4 * EDGE_MM
    return replace(frame, place=replace(place, bottom=bottom, foot=bottom), logo=box)


def _logo_at_column(frame: Frame, module: ModuleSize, logo: LabelLogo) -> Frame:
    """At the right of a wide column, else over it."""
    place = frame.place
    widest = (min(_COLUMN_LOGO_MM[0], max(place.width / place.scale, 1.0)), _COLUMN_LOGO_MM[1])
    width, height = _measure_logo(logo, widest, place.scale, module)
    if place.width - width - _LOGO_GAP_MM >= _WIDE_COLUMN_MM:
        box = LogoBox(module.snapped(place.x + place.width - width), module.snapped(place.start), width, height)
        return replace(frame, place=replace(place, width=box.x - _LOGO_GAP_MM - place.x), logo=box)
    # Up to the next dot, so that the logo's edge never reaches into the gutter beside the quiet zone.
    box = LogoBox(module.snapped(place.x + module.dot_mm / 2), module.snapped(place.top), width, height)
    start = box.y + height + _LOGO_OVER_NAME_MM
    return replace(frame, place=replace(place, top=start, start=start), logo=box)


def _measure_logo(logo: LabelLogo, most: tuple[float, float], scale: float, module: ModuleSize) -> tuple[float, float]:
    width, height = logo.within(scale * most[0], scale * most[1])
    return max(module.snapped(width), module.dot_mm), max(module.snapped(height), module.dot_mm)


@lru_cache(maxsize=256)
def _sides(text: str) -> list[int]:
    """The sides of the symbol at level Q and at level M, quiet zones included, the larger first."""
    versions = {minimum_version(text, level) for level in ("Q", "M")}
    held = sorted((version for version in versions if version <= LAST_VERSION), reverse=True) or [LAST_VERSION + 1]
    return [side_modules(version) + 2 * QUIET_MODULES for version in held]
