"""The marks of the test page, found in a picture. Pixels count from the middle of the left top one, x to the right, y down."""

from dataclasses import dataclass

import cv2
import numpy as np

from traceability.labels.proof_errors import ProofUnreadable
from traceability.labels.proof_marks import DICTIONARY, MARK_MODULES, MARK_SIDE_MM, MARKS
from traceability.labels.proof_profiles import Grey, Light, Points, peaks_of, project, sample, slopes_of, to_light

# Marks are looked for in a smaller picture, where a module still has several pixels, and their middles then in the whole one.
_SEARCH_SIDE_PX = 1800
_FEWEST_MARKS = 10
# A page whose print is scaled, bent or seen through a lens still has its marks within this of a plane's picture.
_TOLERANCE_MM = 2.5
# Below it a photograph's steepest edge is wider than a module of the page.
_SHARP = 0.14


@dataclass(frozen=True)
class FoundMarks:
    """Marks by rows: where they stand on the page as it was drawn, in mm, and their middles in the picture, in pixels.

    `page_to_picture` is the homography that fits them all roughly.
    """

    page_mm: Points
    picture_px: Points
    page_to_picture: Points

    @property
    def px_per_mm(self) -> float:
        """The smallest scale among the places of the marks."""
        return float(min(_scale_at(self.page_to_picture, point) for point in self.page_mm))


def find_marks(picture: Grey) -> FoundMarks:
    """Raises ProofUnreadable: `not_the_page`, `too_blurred`, `marks_missing`."""
    corners, light = _detect(picture), to_light(picture)
    if len(corners) < 4:
        raise ProofUnreadable("too_blurred" if _is_blurred(picture) else "not_the_page")
    page = np.array([(mark.x_mm, mark.y_mm) for mark in MARKS if mark.id in corners])
    middles = np.array([_middle(light, corners[mark.id]) for mark in MARKS if mark.id in corners])
    found = np.isfinite(middles).all(axis=1)
    page, middles = page[found], middles[found]
    rough, fits = cv2.findHomography(middles, page, cv2.RANSAC, _TOLERANCE_MM)
    if rough is None or fits.sum() < 4 or fits.sum() < len(page) / 2:
        raise ProofUnreadable("not_the_page")
    kept = fits.ravel() == 1
    page, middles = page[kept], middles[kept]
    if len(page) < _FEWEST_MARKS or not _surrounds(page):
        raise ProofUnreadable("marks_missing")
    forth, _ = cv2.findHomography(page, middles, 0)
    if np.linalg.det(np.asarray(forth)[:2, :2]) <= 0:
        # A page in a mirror.
        raise ProofUnreadable("not_the_page")
    return FoundMarks(page, middles, np.asarray(forth, dtype=np.float64))


def _detect(picture: Grey) -> dict[int, Points]:
    """The four corners of each mark by its number, in the whole picture's pixels."""
    share = min(1.0, _SEARCH_SIDE_PX / max(picture.shape))
    small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) if share < 1 else picture
    options = cv2.aruco.DetectorParameters()
    options.adaptiveThreshWinSizeMax = 53
    options.minMarkerPerimeterRate = 0.02
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(DICTIONARY), options)
    found, numbers, _ = detector.detectMarkers(small)
    if numbers is None:
        return {}
    known = {mark.id for mark in MARKS}
    corners: dict[int, Points] = {}
    for number, quad in zip(np.asarray(numbers).ravel().tolist(), found, strict=True):
        if number in known:
            corners[number] = (np.asarray(quad, dtype=np.float64).reshape(4, 2) + 0.5) / share - 0.5
    return corners


def _middle(light: Light, corners: Points) -> Points:
    """The middle of a mark whose corners are known roughly: halfway between opposite sides, each found as a step in brightness.

    Ink that spreads, blur and the encoding move opposite sides by as much, and so leave the middle where it is.
    """
    square = np.array([(0, 0), (MARK_MODULES, 0), (MARK_MODULES, MARK_MODULES), (0, MARK_MODULES)], dtype=np.float64)
    frame = np.asarray(cv2.getPerspectiveTransform(square.astype(np.float32), corners.astype(np.float32)), dtype=np.float64)
    module_px = float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).min()) / MARK_MODULES
    step = min(0.1, 0.3 / module_px)
    out = np.arange(-0.95, 0.95 + step / 2, step)
    along = np.linspace(0.5, MARK_MODULES - 0.5, 24)
    sides = [_side(axis, end, along, out) for axis in (0, 1) for end in (0, MARK_MODULES)]
    taken = sample(light, project(frame, np.concatenate(sides)), (4, len(along), len(out))).mean(axis=1)
    moved, _ = peaks_of(slopes_of(taken, max(0.15, 0.8 / module_px) / step), out)
    # Outwards is against the axis at the near end.
    halves = MARK_MODULES / 2 + np.array([moved[1] - moved[0], moved[3] - moved[2]]) / 2
    middle: Points = project(frame, halves[None, :])[0]
    return middle


def _side(axis: int, end: int, along: Points, out: Points) -> Points:
    places = np.empty((len(along), len(out), 2))
    places[..., axis] = end + (out if end else -out)
    places[..., 1 - axis] = along[:, None]
    return places.reshape(-1, 2)


def _surrounds(page: Points) -> bool:
    """Whether the marks reach far enough to all four sides that the print's size and place follow from them."""
    every = np.array([(mark.x_mm, mark.y_mm) for mark in MARKS])
    low, high = every.min(axis=0), every.max(axis=0)
    return all(np.sum(np.abs(page[:, axis] - end[axis]) < 1) >= 2 for axis in (0, 1) for end in (low, high))


def _scale_at(homography: Points, point: Points) -> float:
    """Pixels for a mm along the worse of the two directions."""
    here = project(homography, np.array([point, point + (MARK_SIDE_MM, 0), point + (0, MARK_SIDE_MM)]))
    return float(min(np.linalg.norm(here[1] - here[0]), np.linalg.norm(here[2] - here[0])) / MARK_SIDE_MM)


def _is_blurred(picture: Grey) -> bool:
    """Whether even the steepest places of the picture are soft."""
    share = min(1.0, 1000 / max(picture.shape))
    small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA).astype(np.float32)
    dark, light = np.percentile(small, (1, 99))
    steps = np.hypot(cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)) / 8
    return bool(np.percentile(steps, 99.7) < _SHARP * max(light - dark, 1))
