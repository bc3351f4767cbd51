"""From points in a picture to lengths on paper: one fit of the camera, the lens and the print to all that was found.

Unknown are the homography from picture to paper (8 numbers), the lens's first radial term (1), and how the print lies on the
paper (6). Known are the marks' places on the page as it was drawn, and that each point of an edge lies on that edge of an A4
sheet. All misses are in mm on the paper, and their squares are made as small as can be.
"""

from dataclasses import dataclass

import numpy as np

from traceability.labels.proof_find import FoundMarks
from traceability.labels.proof_marks import PAPER_HEIGHT_MM, PAPER_WIDTH_MM
from traceability.labels.proof_profiles import Points, project

_STEPS = 12
# Misses of an edge's point beyond it count less and less.
_LOOSE_MM = 0.15
_PLACES = {"left": (0, 0.0), "right": (0, PAPER_WIDTH_MM), "top": (1, 0.0), "bottom": (1, PAPER_HEIGHT_MM)}


@dataclass(frozen=True)
class Fit:
    """The result. `matrix` and `offset_mm` bring a place of the page as it was drawn to its place on the paper."""

    matrix: Points
    offset_mm: Points
    marks_miss_mm: float
    edges_miss_mm: float
    corners_px: Points


def fit_paper(marks: FoundMarks, edges: dict[str, Points], size_px: tuple[int, int]) -> Fit:
    """Solve by Gauss and Newton from the plane's fit; `size_px` is the picture's width and height."""
    camera = _Camera(size_px)
    solved = _solve(_Misses(marks, edges, camera))
    misses = _Misses(marks, edges, camera)
    of_marks, of_edges = misses.split(solved)
    corners = np.array([(0, 0), (PAPER_WIDTH_MM, 0), (PAPER_WIDTH_MM, PAPER_HEIGHT_MM), (0, PAPER_HEIGHT_MM)])
    return Fit(
        matrix=solved[9:13].reshape(2, 2),
        offset_mm=solved[13:15],
        marks_miss_mm=float(np.sqrt((of_marks**2).sum(axis=1).mean())),
        edges_miss_mm=float(1.4826 * np.median(np.abs(of_edges))),
        corners_px=camera.to_picture(solved, corners),
    )


class _Camera:
    """Pixels to paper and back; pixels are first brought to the unit of half the picture's diagonal, from its middle."""

    def __init__(self, size_px: tuple[int, int]) -> None:
        self._middle = (np.asarray(size_px, dtype=np.float64) - 1) / 2
        self._unit = float(np.hypot(*size_px)) / 2

    def normal(self, picture_px: Points) -> Points:
        normal: Points = (picture_px - self._middle) / self._unit
        return normal

    def to_paper(self, unknowns: Points, normal: Points) -> Points:
        straight = normal * (1 + unknowns[8] * (normal**2).sum(axis=1, keepdims=True))
        return project(np.append(unknowns[:8], 1.0).reshape(3, 3), straight)

    def to_picture(self, unknowns: Points, paper_mm: Points) -> Points:
        straight = project(np.linalg.inv(np.append(unknowns[:8], 1.0).reshape(3, 3)), paper_mm)
        normal = straight
        for _ in range(20):
            normal = straight / (1 + unknowns[8] * (normal**2).sum(axis=1, keepdims=True))
        pixels: Points = normal * self._unit + self._middle
        return pixels


class _Misses:
    """How far what was found lies from where it belongs, in mm, for given unknowns."""

    def __init__(self, marks: FoundMarks, edges: dict[str, Points], camera: _Camera) -> None:
        self._camera = camera
        self._page = marks.page_mm
        self._marks = camera.normal(marks.picture_px)
        self._edges = [(axis, place, camera.normal(edges[name])) for name, (axis, place) in _PLACES.items()]
        plane = np.linalg.inv(marks.page_to_picture) @ np.array(
            [[camera._unit, 0, camera._middle[0]], [0, camera._unit, camera._middle[1]], [0, 0, 1]]
        )
        self.start = np.concatenate(((plane / plane[2, 2]).ravel()[:8], [0.0], [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]))

    def split(self, unknowns: Points) -> tuple[Points, Points]:
        """The marks' misses, two a row, and the edges' in one row."""
        drawn = self._page @ unknowns[9:13].reshape(2, 2).T + unknowns[13:15]
        of_marks = self._camera.to_paper(unknowns, self._marks) - drawn
        of_edges = [self._camera.to_paper(unknowns, points)[:, axis] - place for axis, place, points in self._edges]
        return of_marks, np.concatenate(of_edges)

    def weighted(self, unknowns: Points, weights: Points) -> Points:
        """All in one row, the edges' by their weights."""
        of_marks, of_edges = self.split(unknowns)
        return np.concatenate((of_marks.ravel(), of_edges * weights))


def _solve(misses: _Misses) -> Points:
    unknowns = misses.start
    for _ in range(_STEPS):
        of_edges = misses.split(unknowns)[1]
        size = np.abs(of_edges)
        # The first steps bring the edges near, from up to some centimetres; only then can stray points be told.
        loose = max(_LOOSE_MM, 2 * float(np.median(size)))
        weights = np.sqrt(loose / np.maximum(size, loose))
        here = misses.weighted(unknowns, weights)
        sizes = np.maximum(np.abs(unknowns), 1e-3) * 1e-6
        slopes = np.column_stack(
            [(misses.weighted(unknowns + step, weights) - here) / sizes[number] for number, step in enumerate(np.diag(sizes))]
        )
        # Columns of one length: the unknowns' units differ by thousands.
        lengths = np.linalg.norm(slopes, axis=0)
        step = np.linalg.lstsq(slopes / lengths, -here, rcond=1e-12)[0] / lengths
        unknowns = unknowns + step
    return unknowns
