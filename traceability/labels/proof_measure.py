"""How a printer prints: the scale and the place of its print, measured in a photograph or scan of the test page.

The four edges of the A4 sheet are the reference; nothing is asked of the camera, its distance or its angle.
"""

import math

import numpy as np
from PIL import Image, ImageOps

from traceability.labels.proof_edges import find_edges
from traceability.labels.proof_find import find_marks
from traceability.labels.proof_fit import Fit, fit_paper
from traceability.labels.proof_marks import PAPER_HEIGHT_MM, PAPER_WIDTH_MM
from traceability.labels.proof_profiles import Grey, Points
from traceability.labels.proof_result import ProofMeasure, ProofUnreadable

# More pixels than this make the measure slower, not better.
MEASURED_SIDE_PX = 3200
_LARGEST_MISS_MM = 0.3
_LEAST_SIDE_PX = 300


def measure_proof(picture: Image.Image | Grey) -> ProofMeasure:
    """Measure a picture, in colour or grey, turned in any way. Raises ProofUnreadable.

    An array has rows of grey values from 0 to 255.
    """
    grey = _grey(picture)
    if min(grey.shape) < _LEAST_SIDE_PX:
        raise ProofUnreadable("too_small")
    marks = find_marks(grey)
    edges = find_edges(grey, marks.page_to_picture, marks.px_per_mm)
    fit = fit_paper(marks, edges, (grey.shape[1], grey.shape[0]))
    _check(fit, grey)
    return _measure(fit, marks.px_per_mm)


def _grey(picture: Image.Image | Grey) -> Grey:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    if max(image.size) > MEASURED_SIDE_PX:
        image = image.copy()
        image.thumbnail((MEASURED_SIDE_PX, MEASURED_SIDE_PX), reducing_gap=2.0)
    return np.asarray(ImageOps.exif_transpose(image).convert("L"))


def _check(fit: Fit, grey: Grey) -> None:
    height, width = grey.shape
    x, y = fit.corners_px[:, 0], fit.corners_px[:, 1]
    # Written so that what is not a number is refused too.
    if not max(fit.marks_miss_mm, fit.edges_miss_mm) <= _LARGEST_MISS_MM:
        raise ProofUnreadable("not_flat")
    if not (min(x.min(), y.min()) >= 0 and x.max() <= width - 1 and y.max() <= height - 1):
        raise ProofUnreadable("edges_missing")


def _measure(fit: Fit, px_per_mm: float) -> ProofMeasure:
    (a, b), (c, d) = fit.matrix
    turned = math.atan2(c - b, a + d)
    turn = np.array([[math.cos(turned), math.sin(turned)], [-math.sin(turned), math.cos(turned)]])
    scale: Points = np.diag(turn @ fit.matrix)
    middle = np.array([PAPER_WIDTH_MM, PAPER_HEIGHT_MM]) / 2
    shift = fit.matrix @ middle + fit.offset_mm - scale * middle
    residual = math.hypot(fit.marks_miss_mm, fit.edges_miss_mm)
    return ProofMeasure(float(scale[0]), float(scale[1]), float(shift[0]), float(shift[1]), math.degrees(turned), residual, px_per_mm)
