"""Sheets of paper on a table, as a camera or a scanner sees them: the test page, printed wrongly and photographed badly, by numbers.

Light is reckoned as it falls, and only then encoded: a lens blurs light, not pixel values. Lengths are in mm, pixels count from
the middle of the left top one.
"""

import io
import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import pypdfium2
from PIL import Image

from traceability.labels.proof_page import render_proof_page

PAPER = np.array([210.0, 297.0])
TABLES = ("wood", "cloth", "grey")
_PAGE_PX_PER_MM = 10


@dataclass(frozen=True)
class Print:
    """How a page comes out: `scale * nominal + shift`, then turned about the sheet's middle, clockwise."""

    scale_x: float = 1.0
    scale_y: float = 1.0
    shift_x_mm: float = 0.0
    shift_y_mm: float = 0.0
    rotation_degrees: float = 0.0

    def nominal(self, paper_mm):
        """Where on the page as it was drawn lies what stands at these places of the paper."""
        turn = math.radians(self.rotation_degrees)
        back = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        upright = (paper_mm - PAPER / 2) @ back.T + PAPER / 2
        return (upright - (self.shift_x_mm, self.shift_y_mm)) / (self.scale_x, self.scale_y)


@dataclass(frozen=True)
class Shot:
    """How it is taken. `fill`: share of the picture's height or width that the sheet takes; `roll`, `tilt`, `pan` in degrees.

    `lens` is the radial term over half the diagonal; `blur_px`, `noise` (share of white), `uneven` (share of light lost on the
    way across), `move_px` (of the camera), `quality` (JPEG, 0: none), `shadow`: of the paper on the table. What a phone does to
    please: `sharpen` (share of an unsharp mask over the encoded values) and `contrast` (share of an S-shaped curve). `bow_mm`: how
    far the middle of the sheet's upper and lower edge is bent upwards against its corners.
    """

    size_px: tuple[int, int] = (1200, 1600)
    fill: float = 0.85
    roll: float = 0.0
    tilt: float = 0.0
    pan: float = 0.0
    off: tuple[float, float] = (0.0, 0.0)
    lens: float = 0.0
    blur_px: float = 0.8
    move_px: float = 0.0
    noise: float = 0.01
    uneven: float = 0.2
    quality: int = 85
    table: str = "wood"
    shadow: float = 0.4
    sharpen: float = 0.0
    contrast: float = 0.0
    bow_mm: float = 0.0
    seed: int = 1


@cache
def page_raster(name: str = "") -> np.ndarray:
    """The page in grey, 10 pixels a mm."""
    out = io.BytesIO()
    render_proof_page(out, name)
    document = pypdfium2.PdfDocument(out.getvalue())
    try:
        return np.asarray(document[0].render(scale=_PAGE_PX_PER_MM * 25.4 / 72, grayscale=True).to_pil().convert("L"))
    finally:
        document.close()


def take(printed: Print, shot: Shot, raster: np.ndarray | None = None) -> np.ndarray:
    """The picture in grey values from 0 to 255, after JPEG."""
    light = _scene(printed, shot, page_raster() if raster is None else raster)
    return _develop(light, shot)


def as_jpeg(picture: np.ndarray, orientation: int = 1, *, colour: bool = True) -> bytes:
    """A file as a phone writes it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image = Image.fromarray(picture)
    (image.convert("RGB") if colour else image).save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


def _camera(shot: Shot) -> np.ndarray:
    """The homography from paper (mm) to picture without the lens."""
    width, height = shot.size_px
    focal = 0.8 * max(shot.size_px)

    def about(axis: int, degrees: float) -> np.ndarray:
        vector = np.zeros(3)
        vector[axis] = math.radians(degrees)
        return cv2.Rodrigues(vector)[0]

    turn = about(0, shot.tilt) @ about(1, shot.pan) @ about(2, shot.roll)
    corners = np.array([(x, y, 0) for x in (-105, 105) for y in (-148.5, 148.5)]) @ turn.T
    # As near as the sheet, tilted as it is, still fills no more than its share.
    far = 1.0
    for _ in range(60):
        seen = corners[:, :2] / (corners[:, 2:] + far * 400) * focal
        spread = (np.ptp(seen, axis=0) / (width * shot.fill, height * shot.fill)).max()
        far *= spread**0.7 if np.all(corners[:, 2] + far * 400 > 50) else 1.5
    middle = (seen.max(axis=0) + seen.min(axis=0)) / 2
    place = np.array([(width - 1) / 2, (height - 1) / 2]) - middle + np.array(shot.off)
    project = np.array([[focal, 0, place[0]], [0, focal, place[1]], [0, 0, 1]])
    pose = np.column_stack((turn[:, 0], turn[:, 1], (0, 0, far * 400)))
    return project @ pose @ np.array([[1, 0, -105], [0, 1, -148.5], [0, 0, 1]])


def _scene(printed: Print, shot: Shot, raster: np.ndarray) -> np.ndarray:
    width, height = shot.size_px
    camera = _camera(shot)
    back = np.linalg.inv(camera)
    # A pixel takes in the light of its whole area, not of a point: else a line could only lie on whole pixels.
    px_per_mm = math.sqrt(abs(np.linalg.det(camera)) / (camera[2] @ (*PAPER / 2, 1)) ** 3)
    raster = cv2.GaussianBlur(raster, (0, 0), 0.45 * _PAGE_PX_PER_MM / px_per_mm)
    rows = []
    table = _table(shot)
    for top in range(0, height, 256):
        y, x = np.mgrid[top : min(top + 256, height), 0:width].astype(np.float64)
        rows.append(_strip(x, y, back, printed, shot, raster, table[top : top + 256]))
    return np.concatenate(rows).astype(np.float32)


def _strip(x, y, back, printed, shot, raster, table):
    width, height = shot.size_px
    unit = math.hypot(width, height) / 2
    across, down = (x - (width - 1) / 2) / unit, (y - (height - 1) / 2) / unit
    bent = 1 + shot.lens * (across**2 + down**2)
    seen = np.stack((across * bent * unit + (width - 1) / 2, down * bent * unit + (height - 1) / 2, np.ones_like(x)), axis=-1)
    mapped = seen @ back.T
    paper = mapped[..., :2] / mapped[..., 2:]
    paper[..., 1] += shot.bow_mm * (1 - ((paper[..., 0] - 105) / 105) ** 2)
    # How far inside the paper each pixel's middle lies, in pixels: its share of paper follows.
    px_per_mm = 1 / np.maximum(1e-6, np.linalg.norm(np.diff(paper, axis=1, append=2 * paper[:, -1:] - paper[:, -2:-1]), axis=-1))
    inside_mm = np.minimum(paper, PAPER - paper).min(axis=-1)
    share = np.clip(0.5 + inside_mm * px_per_mm, 0, 1)
    pixels = np.array(raster.shape[::-1]) / PAPER
    drawn = (printed.nominal(paper.reshape(-1, 2)) * pixels - 0.5).astype(np.float32).reshape(paper.shape)
    ink = cv2.remap(raster, drawn[..., 0], drawn[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255)
    sheet = 0.035 + 0.8 * (ink / 255.0)
    ground = table * (1 - shot.shadow * np.exp(np.minimum(inside_mm, 0) / 1.2))
    return share * sheet + (1 - share) * ground


def _table(shot: Shot) -> np.ndarray:
    random = np.random.default_rng(shot.seed)
    width, height = shot.size_px
    fine = random.standard_normal((height, width)).astype(np.float32)
    if shot.table == "wood":
        grain = cv2.GaussianBlur(random.standard_normal((height, width)).astype(np.float32), (0, 0), sigmaX=60, sigmaY=2)
        broad = cv2.GaussianBlur(random.standard_normal((height, width)).astype(np.float32), (0, 0), sigmaX=200, sigmaY=12)
        return np.clip(0.07 + 0.025 * grain / grain.std() + 0.02 * broad / broad.std() + 0.004 * fine, 0.01, 1)
    if shot.table == "cloth":
        weave = cv2.GaussianBlur(fine, (0, 0), 1.5)
        y, x = np.mgrid[0:height, 0:width]
        return np.clip(0.03 + 0.008 * np.sin(x / 2.1) * np.sin(y / 2.1) + 0.006 * weave / weave.std(), 0.005, 1).astype(np.float32)
    if shot.table == "white":
        return (0.83 + 0.002 * cv2.GaussianBlur(fine, (0, 0), 2)).astype(np.float32)
    blotches = cv2.GaussianBlur(fine, (0, 0), 40)
    return np.clip(0.25 + 0.02 * blotches / blotches.std() + 0.01 * fine, 0.01, 1)


def _develop(light: np.ndarray, shot: Shot) -> np.ndarray:
    random = np.random.default_rng(shot.seed + 1000)
    width, height = shot.size_px
    y, x = np.mgrid[0:height, 0:width]
    way = random.uniform(0, 2 * math.pi)
    slant = ((x / width - 0.5) * math.cos(way) + (y / height - 0.5) * math.sin(way)).astype(np.float32)
    light = light * (1 - shot.uneven * (slant + 0.5))
    if shot.move_px:
        kernel = np.zeros((41, 41), np.float32)
        reach = shot.move_px / 2 * np.array([math.cos(way), math.sin(way)])
        for step in np.linspace(-1, 1, 101):
            at = 20 + reach * step
            kernel[round(at[1]), round(at[0])] += 1
        light = cv2.filter2D(light, -1, kernel / kernel.sum())
    if shot.blur_px:
        light = cv2.GaussianBlur(light, (0, 0), shot.blur_px)
    light = light + shot.noise * np.sqrt(np.maximum(light, 0.02)) * random.standard_normal(light.shape).astype(np.float32)
    light = np.clip(light * 1.1, 0, 1)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    encoded += shot.sharpen * (encoded - cv2.GaussianBlur(encoded, (0, 0), 1.5))
    encoded = np.clip(encoded, 0, 1)
    encoded += shot.contrast * (encoded**2 * (3 - 2 * encoded) - encoded)
    picture = np.round(encoded * 255).astype(np.uint8)
    if not shot.quality:
        return picture
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, shot.quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
