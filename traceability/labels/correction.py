"""What is done about a printer that prints a little too large or too far to one side: everything is drawn so much the other way."""

from dataclasses import dataclass

from traceability.labels.proof_result import ProofMeasure

LEAST_SCALE, LARGEST_SCALE, LARGEST_SHIFT_MM = 0.9, 1.1, 10.0
# What is measured is as exact as this: smaller faults are none that anybody could see on a label.
SCALE_MATTERS, SHIFT_MATTERS_MM = 0.003, 0.3


class CorrectionTooLarge(ValueError):
    """The print is so far off that the print dialogue must be mended, not the drawing; `what` is `scale` or `shift`."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} is beyond what a correction may be")
        self.what = what


@dataclass(frozen=True)
class Correction:
    """A printer prints what is drawn at `nominal` at `scale * nominal + shift`: mm from the sheet's left top corner, y down.

    Raises CorrectionTooLarge for a scale outside of 0.9 to 1.1, or a shift of more than 10 mm.
    """

    scale_x: float = 1.0
    scale_y: float = 1.0
    shift_x_mm: float = 0.0
    shift_y_mm: float = 0.0

    def __post_init__(self) -> None:
        # Written so that what is not a number is refused too.
        if not all(LEAST_SCALE <= scale <= LARGEST_SCALE for scale in (self.scale_x, self.scale_y)):
            raise CorrectionTooLarge("scale")
        if not all(abs(shift) <= LARGEST_SHIFT_MM for shift in (self.shift_x_mm, self.shift_y_mm)):
            raise CorrectionTooLarge("shift")

    @classmethod
    def from_measure(cls, measure: ProofMeasure) -> "Correction":
        """The correction of a printer whose test page was measured. Raises CorrectionTooLarge."""
        return cls(measure.scale_x, measure.scale_y, measure.shift_x_mm, measure.shift_y_mm)

    def applied(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Where to draw what is to come out at this place of the sheet."""
        return (x_mm - self.shift_x_mm) / self.scale_x, (y_mm - self.shift_y_mm) / self.scale_y

    def printed(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Where what is drawn at this place comes out."""
        return x_mm * self.scale_x + self.shift_x_mm, y_mm * self.scale_y + self.shift_y_mm

    @property
    def matters(self) -> bool:
        """Whether there is anything that is worth correcting."""
        scaled = max(abs(self.scale_x - 1), abs(self.scale_y - 1)) > SCALE_MATTERS
        return scaled or max(abs(self.shift_x_mm), abs(self.shift_y_mm)) > SHIFT_MATTERS_MM
