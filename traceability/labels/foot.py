"""The foot of a label: a rule, the code to type, and where to type it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from traceability.labels.column import grown
from traceability.labels.fit import LabelDoesNotFit, Misfit
from traceability.labels.primitives import Mark, Rule
from traceability.labels.setting import SMALLEST_MM, Line, Paragraph, misfit, set_lines

FOOT_MM = 8.3
"""From the rule to the label's lower edge."""

_RULE_MM = 0.2
_UNDER_RULE_MM = 1.15
# Die-cut labels move by up to a millimetre under the head.
LOWEST_BASELINE_MM = 1.3
_CODE_SETTINGS = ((2.5, 1), (2.35, 1), (2.2, 1), (2.0, 1), (SMALLEST_MM, 1), (2.0, 2), (SMALLEST_MM, 2))
_HOST_SETTINGS = ((1.95, 1), (1.85, 1), (SMALLEST_MM, 1), (1.85, 2), (SMALLEST_MM, 2))
# Where the foot has room for three lines, larger text on two lines goes before smaller text on one.
_TALL_HOST_SETTINGS = ((2.15, 1), (1.95, 1), (2.0, 2), (1.95, 2), (1.85, 1), (1.85, 2), (SMALLEST_MM, 1), (SMALLEST_MM, 2))
_LEADINGS = (1.52, 1.25)


@dataclass(frozen=True)
class Strip:
    """Where the foot stands: from `top` over `height` to the label's lower edge. `ruled` draws a line of `rule_width` along its top."""

    x: float
    width: float
    top: float
    height: float
    rule_width: float
    ruled: bool = True
    tall: bool = False
    scale: float = 1.0

    @property
    def room(self) -> float:
        """From the top to the lowest baseline."""
        return self.height - LOWEST_BASELINE_MM

    @property
    def under_rule(self) -> float:
        """From the top to the first capitals' tops."""
        return _UNDER_RULE_MM * self.scale if self.ruled else 0.0


def misfits(paragraphs: Sequence[Paragraph], strip: Strip) -> list[Misfit]:
    """The code or the host, where it is too wide at five points."""
    return [found for paragraph in paragraphs if (found := misfit(paragraph, strip.width))]


@lru_cache(maxsize=256)
def set_foot(paragraphs: tuple[Paragraph, ...], strip: Strip) -> tuple[Line, ...]:
    """The lines under the rule, the host last. Raises LabelDoesNotFit if they are too many; call `misfits` first."""
    *codes, address = paragraphs
    hosts = _settings(address, grown(_TALL_HOST_SETTINGS if strip.tall else _HOST_SETTINGS, strip.scale), strip)
    above = _settings(codes[0], grown(_CODE_SETTINGS, strip.scale), strip) if codes else [[]]
    feet = [upper + lower for lower, upper in product(hosts, above)]
    fitting = next((lines for lines in feet if _baselines(lines, 0.0, _LEADINGS[-1], strip)[-1] <= strip.room), None)
    if fitting is None:
        needed = min(_baselines(lines, 0.0, _LEADINGS[-1], strip)[-1] for lines in feet)
        raise LabelDoesNotFit((Misfit("host", address.text, "height", round(needed, 2), round(max(strip.room, 0.0), 2)),))
    return tuple(fitting)


def foot_marks(lines: Sequence[Line], strip: Strip) -> list[Mark]:
    """The rule, where there is one, and the lines under it."""
    room = strip.top + strip.room
    stacks = [_baselines(lines, strip.top, leading, strip) for leading in _LEADINGS]
    baselines = next((stack for stack in stacks if stack[-1] <= room), stacks[-1])
    marks = [mark for line, baseline in zip(lines, baselines, strict=True) for mark in line.marks(strip.x, baseline)]
    return [*([Rule(strip.x, strip.top, strip.rule_width, _RULE_MM)] if strip.ruled else []), *marks]


def _settings(paragraph: Paragraph, settings: Sequence[tuple[float, int]], strip: Strip) -> list[list[Line]]:
    return [lines for size, most in settings if (lines := set_lines(paragraph, size, strip.width, most))]


def _baselines(lines: Sequence[Line], top: float, leading: float, strip: Strip) -> list[float]:
    baselines = [top + strip.under_rule + lines[0].cap_height]
    for line in lines[1:]:
        baselines.append(baselines[-1] + leading * line.size)
    return baselines
