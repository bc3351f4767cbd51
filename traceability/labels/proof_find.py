"""The marks of the test page, found in a picture. Pixels count from the middle of the left top one, x to the right, y down."""

from dataclasses import dataclass

import cv2
import numpy as np

from traceability.labels.proof_marks import DICTIONARY, MARK_MODULES, MARK_SIDE_MM, MARKS, ProofMark
from traceability.labels.proof_profiles import Grey, Light, Points, peaks_of, project, sample, slopes_of, to_light
from traceability.labels.proof_result import ProofUnreadable

# Marks are looked for in a smaller picture, where a module still has several pixels, and their middles then in the whole one.
_SEARCH_SIDE_PX = 1800
_FEWEST_MARKS = 10
# Four pixels a module of a mark, and a quarter of a mm is half a pixel.
_FEWEST_PX_PER_MM = 2.0
# With fewer that can be read by their numbers it is too uncertain where the others should stand.
_FEWEST_READ = 3
# Blur of the picture in which marks are looked for that sharpening makes up for.
_SOFT_PX = 3.5
# Share of a mark's modules that must be as they were drawn.
_LIKE = 0.85
# Each side of a mark is looked at in so many pieces.
_PIECES = 6
# A page whose print is scaled, bent or seen through a lens still has its marks within this of a plane's picture.
_TOLERANCE_MM = 3.0
# Below it a photograph's steepest edge is wider than a module of the page.
_SHARP = 0.14


@dataclass(frozen=True)
class FoundMarks:
    """Marks by rows: where they stand on the page as it was drawn, in mm, and their middles in the picture, in pixels.

    `page_to_picture` is the homography that fits them all roughly, `px_per_mm` the picture's scale where it is smallest.
    """

    page_mm: Points
    picture_px: Points
    page_to_picture: Points
    px_per_mm: float


def find_marks(picture: Grey) -> FoundMarks:
    """Raises ProofUnreadable: `not_the_page`, `too_blurred`, `too_small`, `marks_missing`."""
    rough = _page_to_picture(_detect(picture), picture)
    if _px_per_mm(rough) < _FEWEST_PX_PER_MM:
        raise ProofUnreadable("too_small")
    light = to_light(picture)
    # A mark that could not be read stands where the others say.
    looked = [(mark, _middle(light, project(rough, _corners(mark)), mark)) for mark in MARKS]
    found = [(mark, middle) for mark, middle in looked if middle is not None]
    page = np.array([(mark.x_mm, mark.y_mm) for mark, _ in found]).reshape(-1, 2)
    if len(page) < _FEWEST_MARKS or not _surrounds(page):
        raise ProofUnreadable("marks_missing")
    middles = np.array([middle for _, middle in found])
    forth, _ = cv2.findHomography(page, middles, 0)
    return FoundMarks(page, middles, np.asarray(forth, dtype=np.float64), _px_per_mm(rough))


def _page_to_picture(corners: dict[int, Points], picture: Grey) -> Points:
    """A homography on which most of the marks agree that could be read."""
    read = [mark for mark in MARKS if mark.id in corners]
    if len(read) < _FEWEST_READ:
        raise ProofUnreadable("too_blurred" if _is_blurred(picture) else "not_the_page")
    page = np.concatenate([_corners(mark) for mark in read])
    seen = np.concatenate([corners[mark.id] for mark in read])
    back, fits = cv2.findHomography(seen, page, cv2.RANSAC, _TOLERANCE_MM)
    if back is None or fits.mean() < 0.5 or fits.sum() < 4 * _FEWEST_READ:
        raise ProofUnreadable("not_the_page")
    try:
        forth: Points = np.linalg.inv(np.asarray(back, dtype=np.float64))
    except np.linalg.LinAlgError:
        raise ProofUnreadable("not_the_page") from None
    return forth


def _corners(mark: ProofMark) -> Points:
    """A mark's corners on the page, in mm, as the detector orders them: clockwise from the left top one."""
    half = MARK_SIDE_MM / 2
    x, y = mark.x_mm, mark.y_mm
    return np.array([(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)])


def _detect(picture: Grey) -> dict[int, Points]:
    """The four corners of each mark that could be read by its number, in the whole picture's pixels, to some pixels."""
    share = min(1.0, _SEARCH_SIDE_PX / max(picture.shape))
    small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) if share < 1 else picture
    soft = cv2.GaussianBlur(small, (0, 0), _SOFT_PX)
    options = cv2.aruco.DetectorParameters()
    options.adaptiveThreshWinSizeMax = 53
    options.minMarkerPerimeterRate = 0.02
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(DICTIONARY), options)
    corners: dict[int, Points] = {}
    # Sharpened, a blurred picture can be read; as it is, a noisy one.
    for shown in (cv2.addWeighted(small, 4, soft, -3, 0), small):
        quads, numbers, _ = detector.detectMarkers(shown)
        for number, quad in zip(() if numbers is None else np.asarray(numbers).ravel(), quads, strict=False):
            corners.setdefault(int(number), (np.asarray(quad, dtype=np.float64).reshape(4, 2) + 0.5) / share - 0.5)
    return corners


def _middle(light: Light, corners: Points, mark: ProofMark) -> Points | None:
    """The middle of a mark whose corners are known roughly: where the diagonals cross between its four sides.

    Ink that spreads, blur and the encoding move opposite sides by as much, and so leave the middle where it is. None where
    there is no such mark.
    """
    start = corners
    for _ in range(3):
        corners = _sharpened(light, corners)
        # Blurred away, covered or out of the picture.
        if not np.isfinite(corners).all() or np.abs(corners - start).max() > _side_px(start) / 4:
            return None
    if not _looks_like(light, corners, mark):
        return None
    middle: Points = project(_frame(corners), np.array([[MARK_MODULES / 2, MARK_MODULES / 2]]))[0]
    return middle


def _looks_like(light: Light, corners: Points, mark: ProofMark) -> bool:
    """Whether dark modules are darker than light ones, nearly all of them."""
    cells = [(column + 0.5, row + 0.5) for row in range(MARK_MODULES) for column in range(MARK_MODULES)]
    seen = sample(light, project(_frame(corners), np.array(cells)), (MARK_MODULES, MARK_MODULES))
    dark = np.zeros(seen.shape, dtype=bool)
    dark[tuple(np.array(mark.dark_modules()).T[::-1])] = True
    limit = (np.median(seen[dark]) + np.median(seen[~dark])) / 2
    return bool(((seen < limit) == dark).mean() > _LIKE)


def _side_px(corners: Points) -> float:
    return float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).min())


def _frame(corners: Points) -> Points:
    """The homography from a mark's modules to the picture."""
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float32) * MARK_MODULES
    return np.asarray(cv2.getPerspectiveTransform(square, corners.astype(np.float32)), dtype=np.float64)


def _sharpened(light: Light, corners: Points) -> Points:
    """Corners where the sides cross, each side a line through its steps in brightness; NaN where there is no step."""
    frame = _frame(corners)
    module_px = _side_px(corners) / MARK_MODULES
    step = min(0.1, 0.3 / module_px)
    out = np.arange(-0.95, 0.95 + step / 2, step)
    along = np.linspace(0.4, MARK_MODULES - 0.4, 24)
    sides = [_side(axis, end, along, out) for axis in (0, 1) for end in (0, MARK_MODULES)]
    taken = sample(light, project(frame, np.concatenate(sides)), (4, _PIECES, len(along) // _PIECES, len(out))).mean(axis=2)
    moved, _ = peaks_of(slopes_of(taken.reshape(4 * _PIECES, -1), max(0.15, 0.8 / module_px) / step), out)
    centres = along.reshape(_PIECES, -1).mean(axis=1)
    # Outwards is against the axis at the near end: lines as place = base + tilt · along.
    lines = [np.polynomial.polynomial.polyfit(centres, outward, 1) for outward in moved.reshape(4, _PIECES)]
    left, right, top, bottom = -lines[0], lines[1] + (MARK_MODULES, 0), -lines[2], lines[3] + (MARK_MODULES, 0)
    crossed = [_crossing(x, y) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))]
    return project(frame, np.array(crossed))


def _crossing(upright: Points, level: Points) -> tuple[float, float]:
    """Where x = a + b·y and y = c + d·x meet."""
    x = (upright[0] + upright[1] * level[0]) / (1 - upright[1] * level[1])
    return float(x), float(level[0] + level[1] * x)


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


def _px_per_mm(page_to_picture: Points) -> float:
    """Pixels for a mm where a mark's side is shortest."""
    return min(_side_px(project(page_to_picture, _corners(mark))) for mark in MARKS) / MARK_SIDE_MM


def _is_blurred(picture: Grey) -> bool:
    """Whether even the steepest places of the picture are soft."""
    share = min(1.0, 1000 / max(picture.shape))
    small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA).astype(np.float32)
    dark, light = np.percentile(small, (1, 99))
    steps = np.hypot(cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)) / 8
    return bool(np.percentile(steps, 99.7) < _SHARP * max(light - dark, 1))
