"""The foot of a label: a rule, the code to type, and where to type it."""

from collections.abc import Sequence
from itertools import product

from traceability.labels import wording
from traceability.labels.fit import LabelDoesNotFit, Misfit
from traceability.labels.label import Label
from traceability.labels.primitives import Mark, Rule
from traceability.labels.setting import SMALLEST_MM, Line, misfit, set_lines

FOOT_MM = 8.3
"""From the rule to the label's lower edge."""

_RULE_MM = 0.2
_UNDER_RULE_MM = 1.15
# Die-cut labels move by up to a millimetre under the head.
_LOWEST_BASELINE_MM = 1.3
_CODE_SETTINGS = ((2.5, 1), (2.35, 1), (2.2, 1), (2.0, 1), (SMALLEST_MM, 1), (2.0, 2), (SMALLEST_MM, 2))
_HOST_SETTINGS = ((1.95, 1), (1.85, 1), (SMALLEST_MM, 1), (1.85, 2), (SMALLEST_MM, 2))
_LEADINGS = (1.52, 1.25)


def misfits(label: Label, width: float) -> list[Misfit]:
    """The code or the host, where it is too wide at five points."""
    return [found for paragraph in (wording.code(label), wording.address(label)) if (found := misfit(paragraph, width))]


def set_foot(label: Label, width: float) -> list[Line]:
    """The lines under the rule. Raises LabelDoesNotFit if they are too many; call `misfits` first."""
    room = FOOT_MM - _LOWEST_BASELINE_MM
    code, address = wording.code(label), wording.address(label)
    codes = [lines for size, most in _CODE_SETTINGS if (lines := set_lines(code, size, width, most))]
    hosts = [lines for size, most in _HOST_SETTINGS if (lines := set_lines(address, size, width, most))]
    feet = [upper + lower for lower, upper in product(hosts, codes)]
    fitting = next((lines for lines in feet if _baselines(lines, 0.0, _LEADINGS[-1])[-1] <= room), None)
    if fitting is None:
        needed = min(_baselines(lines, 0.0, _LEADINGS[-1])[-1] for lines in feet)
        raise LabelDoesNotFit((Misfit("host", address.text, "height", round(needed, 2), round(room, 2)),))
    return fitting


def foot_marks(lines: Sequence[Line], x: float, rule: float, width: float) -> list[Mark]:
    """The rule at `rule` mm from the label's top, and the lines under it."""
    room = rule + FOOT_MM - _LOWEST_BASELINE_MM
    stacks = [_baselines(lines, rule, leading) for leading in _LEADINGS]
    baselines = next((stack for stack in stacks if stack[-1] <= room), stacks[-1])
    marks = [mark for line, baseline in zip(lines, baselines, strict=True) for mark in line.marks(x, baseline)]
    return [Rule(x, rule, width, _RULE_MM), *marks]


def _baselines(lines: Sequence[Line], rule: float, leading: float) -> list[float]:
    baselines = [rule + _UNDER_RULE_MM + lines[0].cap_height]
    for line in lines[1:]:
        baselines.append(baselines[-1] + leading * line.size)
    return baselines
