"""The column of text beside the symbol: which sizes, how many lines, how far apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from traceability.labels.fit import LabelDoesNotFit, Misfit
from traceability.labels.primitives import Mark
from traceability.labels.setting import SMALLEST_MM, Line, Paragraph, misfit, set_lines

# Sizes in mm with the most lines of a paragraph, best first.
_NAME_SETTINGS = ((3.0, 1), (2.7, 1), (2.5, 1), (2.35, 1), (2.5, 2), (2.3, 2), (2.1, 2), (1.9, 2), (SMALLEST_MM, 2), (SMALLEST_MM, 3))
_BODY_SETTINGS = ((2.15, 1), (2.0, 1), (1.9, 1), (1.82, 1), (SMALLEST_MM, 1), (1.9, 2), (1.82, 2), (SMALLEST_MM, 2), (SMALLEST_MM, 3))
_GROWN = (2.5, 2.0, 1.6, 1.3, 1.15)

# Leading in ems and the least gap between groups of lines in mm, calmest first. A leading of 1.25 still clears the
# accents over a capital from the line above.
_SPACINGS = ((1.34, 0.5), (1.3, 0.3), (1.25, 0.15), (1.25, 0.0))
_WIDEST_GAP_MM = 1.0


@dataclass(frozen=True)
class Place:
    """Where the column stands, in mm: the tops of its first capitals are at `start`, or above it where that is too low.

    `foot` is the line its last baseline should stand on, `top` and `bottom` the lines that neither capitals nor ink may
    cross. `scale` is how much larger than on the usual label the text may become.
    """

    x: float
    width: float
    start: float
    foot: float
    bottom: float
    top: float
    scale: float = 1.0


def misfits(paragraphs: Sequence[Paragraph], place: Place) -> list[Misfit]:
    """The paragraphs that are too wide for the column at five points."""
    return [found for paragraph in paragraphs if (found := misfit(paragraph, place.width))]


@lru_cache(maxsize=256)
def set_column(paragraphs: tuple[Paragraph, ...], place: Place) -> tuple[Line, ...]:
    """The lines of the column, the first paragraph and the rest each at the largest size at which all fit the place.

    Raises LabelDoesNotFit if there are too many lines; call `misfits` first for those that are too wide.
    """
    name, *body = paragraphs
    names = [lines for size, most in grown(_NAME_SETTINGS, place.scale) if (lines := set_lines(name, size, place.width, most))]
    sets = (_set_all(body, size, place.width, most) for size, most in grown(_BODY_SETTINGS, place.scale))
    bodies = [lines for lines in sets if lines is not None]
    columns = [top + rest for top in names for rest in bodies]
    fitting = next((column for spacing in _SPACINGS for column in columns if _baselines(column, place, spacing)), None)
    if fitting is None:
        least = min(columns, key=_least_height)
        text = "\n".join(line.text for line in least)
        room = max(place.bottom - place.top, 0.0)
        raise LabelDoesNotFit((Misfit("text", text, "height", round(_least_height(least), 2), round(room, 2)),))
    return tuple(fitting)


def column_marks(lines: Sequence[Line], place: Place) -> list[Mark]:
    """The lines, placed."""
    baselines = next(stack for spacing in _SPACINGS if (stack := _baselines(lines, place, spacing)))
    return [mark for line, baseline in zip(lines, baselines, strict=True) for mark in line.marks(place.x, baseline)]


def grown(settings: Sequence[tuple[float, int]], scale: float) -> list[tuple[float, int]]:
    """The settings, before them larger ones where the label is larger than the usual one."""
    return [(size * by, most) for by in _GROWN if by <= 1.02 * scale for size, most in settings if most < 3] + list(settings)


def _set_all(paragraphs: list[Paragraph], size: float, width: float, most: int) -> list[Line] | None:
    lines: list[Line] = []
    for paragraph in paragraphs:
        found = set_lines(paragraph, size, width, most)
        if found is None:
            return None
        lines += found
    return lines


def _baselines(lines: Sequence[Line], place: Place, spacing: tuple[float, float]) -> list[float]:
    """The lines' baselines with this leading and at least this gap, empty where they do not fit the height.

    The groups of lines are spread so that the last line stands on the foot of the symbol, as far as that looks calm.
    """
    leading, least = spacing
    gaps = len({line.group for line in lines}) - 1
    dense = _stack(lines, 0.0, leading, 0.0)[-1]
    gap = min(max((place.foot - place.start - dense) / gaps, least), _WIDEST_GAP_MM * place.scale) if gaps else 0.0
    height = dense + gaps * gap
    start = min(place.start, place.bottom - _descent(lines[-1]) - height)
    if start < place.start:
        # Too high for the symbol's height: the column stands about its middle, as far as there is room.
        start = max(place.top, min(start, (place.start + place.foot - height) / 2))
    fits = start + height + _descent(lines[-1]) <= place.bottom + 1e-9
    return _stack(lines, start, leading, gap) if fits else []


def _stack(lines: Sequence[Line], top: float, leading: float, gap: float) -> list[float]:
    baselines = [top + lines[0].cap_height]
    for above, line in pairwise(lines):
        between = gap if line.group != above.group else 0.0
        baselines.append(baselines[-1] + leading * line.size + between)
    return baselines


def _least_height(lines: Sequence[Line]) -> float:
    return _stack(lines, 0.0, _SPACINGS[-1][0], 0.0)[-1] + _descent(lines[-1])


def _descent(line: Line) -> float:
    # The ink of g, p and y goes down a quarter of an em in both families; the font's own descent is a line's.
    return 0.25 * line.size
