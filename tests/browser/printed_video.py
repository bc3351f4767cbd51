"""What a camera would see: printed labels that move, are held at an angle, and blur. As frames of Motion JPEG."""

import io
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

WIDTH, HEIGHT = 640, 480


def film(path: Path, labels: Sequence[Image.Image], frames: int = 40) -> None:
    """Writes a film of labels side by side in a hand that is not quiet, on a table that is not white."""
    noise = np.random.default_rng(5)
    sheet = _side_by_side(labels)
    with path.open("wb") as file:
        for number in range(frames):
            table = np.full((HEIGHT, WIDTH, 3), (96, 120, 140), np.uint8)
            picture = _held(sheet, table, number / frames)
            blurred = cv2.GaussianBlur(picture, (0, 0), 0.6 + 1.2 * (number % 5 == 0))
            grainy = np.clip(blurred.astype(np.int16) + noise.normal(0, 6, blurred.shape).astype(np.int16), 0, 255)
            out = io.BytesIO()
            Image.fromarray(grainy.astype(np.uint8)).save(out, "JPEG", quality=80)
            file.write(out.getvalue())


def _side_by_side(labels: Sequence[Image.Image]) -> np.ndarray:
    columns = math.ceil(math.sqrt(len(labels)))
    rows = math.ceil(len(labels) / columns)
    wide, high = max(label.width for label in labels) + 8, max(label.height for label in labels) + 8
    sheet = Image.new("RGB", (columns * wide, rows * high), "white")
    for place, label in enumerate(labels):
        sheet.paste(label.convert("RGB"), (place % columns * wide + 4, place // columns * high + 4))
    return np.asarray(sheet)


def _held(sheet: np.ndarray, table: np.ndarray, moment: float) -> np.ndarray:
    """The sheet in perspective: turned by some degrees, tipped away, shifted."""
    high, wide = sheet.shape[:2]
    scale = 0.8 * min(WIDTH / wide, HEIGHT / high)
    turn, tip = 0.12 * math.sin(moment * 2 * math.pi), 0.06 + 0.05 * math.cos(moment * 2 * math.pi)
    corners = np.array([(-wide, -high), (wide, -high), (wide, high), (-wide, high)], np.float32) * scale / 2
    turned = corners @ np.array([(math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))], np.float32)
    turned[:2, 0] *= 1 - tip
    shift = np.array((WIDTH / 2 + 12 * math.sin(9 * moment), HEIGHT / 2 + 8 * math.cos(7 * moment)), np.float32)
    flat = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, turned + shift)
    return cv2.warpPerspective(sheet, matrix, (WIDTH, HEIGHT), dst=table, borderMode=cv2.BORDER_TRANSPARENT)
