"""Steps in brightness along lines through a picture, found to a fraction of a pixel.

Light is measured as it fell on the paper: in the encoded values of a picture the middle of a blurred step seems to lie on its
dark side.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Grey = NDArray[np.uint8]
Light = NDArray[np.float32]
# Near enough to what cameras do (IEC 61966-2-1 has a straight piece in the deepest shadows).
_FROM_ENCODED = ((np.arange(256) / 255.0) ** 2.2).astype(np.float32)


def to_light(picture: Grey) -> Light:
    """Light from 0 to 1 in proportion to what fell on the sensor."""
    return _FROM_ENCODED[picture]


def project(homography: Points, points: Points) -> Points:
    """Points, one a row, through a homography."""
    raised = np.column_stack((points, np.ones(len(points)))) @ homography.T
    mapped: Points = raised[:, :2] / raised[:, 2:]
    return mapped


def sample(light: Light, at_px: Points, shape: tuple[int, ...]) -> Points:
    """Light at places between the pixels, in `shape`; NaN outside of the picture."""
    grid = at_px.astype(np.float32).reshape(shape[0], -1, 2)
    taken = cv2.remap(light, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=np.nan)
    return np.asarray(taken, dtype=np.float64).reshape(shape)


def slopes_of(profiles: Points, sigma: float) -> Points:
    """How steep each row is, without its sign, smoothed over `sigma` samples; NaN near the ends."""
    reach = int(3 * sigma) + 1
    x = np.arange(-reach, reach + 1, dtype=np.float64)
    kernel = x * np.exp(-0.5 * (x / sigma) ** 2)
    kernel = kernel / (kernel * x).sum()
    slopes = np.full_like(profiles, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(profiles, len(kernel), axis=1)
    slopes[:, reach : reach + windows.shape[1]] = np.abs(windows @ kernel)
    return slopes


def peaks_of(slopes: Points, at: Points) -> tuple[Points, Points]:
    """Place and height of each row's largest value, between the samples by a parabola; NaN for the place where there is none.

    `at` are the places of the samples, evenly spaced.
    """
    filled = np.where(np.isfinite(slopes), slopes, -1.0)
    top = np.clip(filled.argmax(axis=1), 1, slopes.shape[1] - 2)
    rows = np.arange(len(slopes))
    before, peak, after = filled[rows, top - 1], filled[rows, top], filled[rows, top + 1]
    bend = before - 2 * peak + after
    inside = (bend < 0) & (before >= 0) & (after >= 0)
    shift = np.where(inside, 0.5 * (before - after) / np.where(inside, bend, 1.0), np.nan)
    shift[np.abs(shift) > 1] = np.nan
    return at[top] + shift * (at[1] - at[0]), peak
