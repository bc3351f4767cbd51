"""The four edges of the paper in a picture, as many points a side, with an error of a fraction of a pixel.

The picture is turned, by the homography of the marks, into one in which the page stands upright. Between the outermost ink and
the paper's edge lies nothing but white paper: the first step in brightness on the way outwards is the edge.
"""

from dataclasses import dataclass

import numpy as np

from traceability.labels.proof_marks import CORNERS_MM, INK_MM, PAPER_HEIGHT_MM, PAPER_WIDTH_MM
from traceability.labels.proof_profiles import Grey, Light, Points, peaks_of, project, sample, slopes_of, to_light
from traceability.labels.proof_result import ProofUnreadable

SIDES = ("left", "right", "top", "bottom")
# A print at 70 per cent, the smallest that dialogues choose by themselves (A4 on A5), leaves 45 mm of white at each end.
_REACH_MM = 65.0
_GROUP_MM = 2.0
# How much of the paper's light a step must be at the least.
_FAINTEST = 0.05
_FEWEST_SHARE = 0.6
# How far brightness is smoothed along the way outwards, to tell a step from noise.
_COARSE_MM = 0.4
_ROOT_TWO_PI = 2.5066


@dataclass(frozen=True)
class Side:
    """An edge's line on the page as it was drawn: its points are `origin + along * s + out * t` with s in 0 … `length`."""

    origin: tuple[float, float]
    along: tuple[float, float]
    out: tuple[float, float]
    length: float

    def page_points(self, s: Points, t: Points) -> Points:
        """Points by their places along the side and outwards from it, in mm."""
        places: Points = np.asarray(self.origin) + np.outer(s, self.along) + np.outer(t, self.out)
        return places


_SIDES = {
    "left": Side((0, 0), (0, 1), (-1, 0), PAPER_HEIGHT_MM),
    "right": Side((PAPER_WIDTH_MM, 0), (0, 1), (1, 0), PAPER_HEIGHT_MM),
    "top": Side((0, 0), (1, 0), (0, -1), PAPER_WIDTH_MM),
    "bottom": Side((0, PAPER_HEIGHT_MM), (1, 0), (0, 1), PAPER_WIDTH_MM),
}


def find_edges(picture: Grey, page_to_picture: Points, px_per_mm: float) -> dict[str, Points]:
    """Points on each side's edge, in the picture's pixels. Raises ProofUnreadable `edges_missing`."""
    light = to_light(picture)
    return {name: _edge(light, page_to_picture, side, px_per_mm) for name, side in _SIDES.items()}


def _edge(light: Light, page_to_picture: Points, side: Side, px_per_mm: float) -> Points:
    # Coarsely, with the whole way outwards; then finely, along the line that was found.
    slope, offset = _coarse(light, page_to_picture, side, px_per_mm)
    s, t = _fine(light, page_to_picture, side, px_per_mm, slope, offset)
    return project(page_to_picture, side.page_points(s, t))


def _coarse(light: Light, page_to_picture: Points, side: Side, px_per_mm: float) -> tuple[float, float]:
    """The edge as t = offset + slope·s, to about a tenth of a mm or two."""
    step = max(0.15, 0.7 / px_per_mm)
    t = np.arange(-INK_MM + 0.7, _REACH_MM, step)
    s = np.arange(CORNERS_MM, side.length - CORNERS_MM, 2 * _GROUP_MM)
    profiles = _profiles(light, page_to_picture, side, s, np.zeros_like(s), t, 2 * _GROUP_MM)
    found = _first_steps(profiles, _COARSE_MM / step)
    at = np.array([t[index] if index >= 0 else np.nan for index in found])
    return _line(s, at)


def _first_steps(profiles: Points, sigma: float) -> list[int]:
    """For each profile the place of its first step, or -1 where the picture ends before one."""
    # The height of the step that would be as steep, once smoothed.
    steps = slopes_of(profiles, sigma) * sigma * _ROOT_TWO_PI
    ahead, white = round(3 * sigma), slice(round(4 * sigma), round(9 * sigma))
    paper = np.median(profiles[:, white], axis=1, keepdims=True)
    noise = np.median(steps[:, white], axis=1, keepdims=True)
    large = steps > np.maximum(_FAINTEST * paper, 8 * noise)
    found = []
    for row, marks in zip(steps, large, strict=True):
        first = int(np.argmax(marks))
        found.append(first + int(np.nanargmax(row[first : first + ahead])) if marks[first] else -1)
    return found


def _line(s: Points, t: Points) -> tuple[float, float]:
    """The line that most of the points lie on; what lies over an edge, or stains beside it, is left out."""
    there = np.isfinite(t)
    if there.sum() < _FEWEST_SHARE * len(t):
        raise ProofUnreadable("edges_missing")
    s, t = s[there], t[there]
    best, share = (0.0, 0.0), 0
    # Every pair of points that lie far apart is asked for its line: some thousands at the most, and no chance in it.
    first, second = np.nonzero(np.subtract.outer(s, s) > 0.4 * (s.max() - s.min()))
    slopes = (t[first] - t[second]) / (s[first] - s[second])
    offsets = t[first] - slopes * s[first]
    for block in range(0, len(slopes), 4000):
        miss = np.abs(t - offsets[block : block + 4000, None] - slopes[block : block + 4000, None] * s)
        counts = (miss < 0.6).sum(axis=1)
        if len(counts) and counts.max() > share:
            share = int(counts.max())
            best = (float(slopes[block + counts.argmax()]), float(offsets[block + counts.argmax()]))
    if share < _FEWEST_SHARE * len(there) or abs(best[0]) > 0.06:
        raise ProofUnreadable("edges_missing")
    close = np.abs(t - best[1] - best[0] * s) < 0.8
    slope, offset = np.polyfit(s[close], t[close], 1)
    return float(slope), float(offset)


def _fine(light: Light, page_to_picture: Points, side: Side, px_per_mm: float, slope: float, offset: float) -> tuple[Points, Points]:
    """Places along and outwards of the steepest points across the line."""
    step = max(0.04, 0.35 / px_per_mm)
    t = np.arange(-2.5, 2.5 + step / 2, step)
    s = np.arange(1.5 * _GROUP_MM, side.length - _GROUP_MM, _GROUP_MM)
    profiles = _profiles(light, page_to_picture, side, s, offset + slope * s, t, _GROUP_MM)
    sigma = max(0.25, 0.9 / px_per_mm) / step
    slopes = slopes_of(profiles, sigma)
    inside = np.abs(t) < 1.3
    paper = np.median(profiles[:, : len(t) // 4], axis=1)
    at, height = peaks_of(slopes[:, inside], t[inside])
    # A step of this height, smoothed, has this slope.
    needed = _FAINTEST * paper / (sigma * _ROOT_TWO_PI)
    good = np.isfinite(at) & (height > needed)
    middle = np.median(at[good]) if good.any() else 0.0
    good &= np.abs(at - middle) < 1.0
    if good.sum() < _FEWEST_SHARE * len(s):
        raise ProofUnreadable("edges_missing")
    return s[good], (offset + slope * s + at)[good]


def _profiles(light: Light, page_to_picture: Points, side: Side, s: Points, base: Points, t: Points, width_mm: float) -> Points:
    """Light along ways outwards, one a row, each the mean over a width of the side; NaN outside of the picture."""
    ways = max(3, round(width_mm / 0.4))
    beside = (np.arange(ways) + 0.5) / ways * width_mm - width_mm / 2
    all_s = (s[:, None] + beside).ravel()
    all_base = np.repeat(base, ways)
    grid_s = np.repeat(all_s, len(t))
    grid_t = (all_base[:, None] + t).ravel()
    at = project(page_to_picture, side.page_points(grid_s, grid_t))
    means: Points = sample(light, at, (len(s), ways, len(t))).mean(axis=1)
    return means
