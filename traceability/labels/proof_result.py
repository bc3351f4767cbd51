"""What measuring a picture of the test page gives, or why it gives nothing."""

from dataclasses import dataclass

UNREADABLE = (
    "edges_missing",
    "marks_missing",
    "not_flat",
    "not_the_page",
    "too_blurred",
    "too_small",
)
"""The words for it: an edge of the paper is not in view or cannot be told from what it lies on; marks are hidden; the paper is
bent, or the lens too crooked; the picture shows something else; it is blurred; it has too few pixels."""


class ProofUnreadable(ValueError):
    """A picture from which nothing can be measured; `code` is one of UNREADABLE."""

    def __init__(self, code: str) -> None:
        assert code in UNREADABLE, code
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class ProofMeasure:
    """What stands at `nominal` on the page as it was drawn is printed at `scale * nominal + shift`, mm from the left top corner.

    x points right, y down. `rotation_degrees` is how far the print is turned on the paper, clockwise, about the sheet's
    middle; scale and shift are those of the best print that is not turned. `residual_mm` is how well all that was found fits.
    """

    scale_x: float
    scale_y: float
    shift_x_mm: float
    shift_y_mm: float
    rotation_degrees: float
    residual_mm: float
    px_per_mm: float
