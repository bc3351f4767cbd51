"""Pictures for the illustrative products, drawn here: no photograph of anybody's goods is borrowed."""

import io
import math

from PIL import Image, ImageDraw

SIZE = (800, 500)
# Sky, far hills, near hills, field, accent: one palette a motif.
_PALETTES = {
    "rice": ("#dfe7df", "#a9bfa3", "#7f9d6e", "#c9a94a", "#8a6d1e"),
    "tea": ("#e6ebe4", "#9db8a2", "#5f8a63", "#3d6b45", "#24472c"),
    "meat": ("#efe4d8", "#7c1f28", "#a8323a", "#e0b070", "#3a1216"),
    "honey": ("#fbf1d9", "#e9c46a", "#d99a1c", "#b57800", "#7a4b00"),
    "herb": ("#e9e4ee", "#a99cc0", "#7a6a9c", "#5f7d57", "#3f5a3a"),
    "cloth": ("#fbf8f2", "#26336b", "#a8323a", "#b57800", "#1b2030"),
    "garden": ("#e3edf2", "#9fb9c9", "#6f93a8", "#7fa36b", "#c96f8a"),
}
_SCALE = 2


def draw(motif: str) -> bytes:
    """A picture of a motif, PNG."""
    width, height = SIZE[0] * _SCALE, SIZE[1] * _SCALE
    sky, far, near, field, accent = _PALETTES[motif]
    picture = Image.new("RGB", (width, height), sky)
    pen = ImageDraw.Draw(picture)
    if motif in ("cloth", "meat"):
        _weave(pen, width, height, (far, near, field, accent))
    else:
        pen.ellipse(_circle(width * 0.78, height * 0.22, height * 0.09), fill="#f7e3b5")
        _hills(pen, width, height, far, 0.42, 0.10, 1.3, 0.4)
        _hills(pen, width, height, near, 0.55, 0.08, 2.1, 1.9)
        _terraces(pen, width, height, field, accent)
    out = io.BytesIO()
    picture.resize(SIZE, Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def _circle(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    return x - radius, y - radius, x + radius, y + radius


def _hills(pen: ImageDraw.ImageDraw, width: int, height: int, colour: str, base: float, swing: float, waves: float, phase: float) -> None:
    ridge = [
        (
            x,
            height
            * (base - swing * math.sin(phase + waves * math.tau * x / width) - swing / 2 * math.sin(2.3 * waves * math.tau * x / width)),
        )
        for x in range(0, width + 8, 8)
    ]
    pen.polygon([*ridge, (width, height), (0, height)], fill=colour)


def _terraces(pen: ImageDraw.ImageDraw, width: int, height: int, field: str, accent: str) -> None:
    steps = 7
    for step in range(steps):
        top = 0.62 + 0.058 * step
        mixed = _mix(field, accent, step / steps * 0.75)
        _hills(pen, width, height, _mix(mixed, "#ffffff", 0.28), top - 0.008, 0.022, 1.1 + step * 0.07, 2.6 + step * 0.35)
        _hills(pen, width, height, mixed, top, 0.022, 1.1 + step * 0.07, 2.6 + step * 0.35)


def _weave(pen: ImageDraw.ImageDraw, width: int, height: int, colours: tuple[str, str, str, str]) -> None:
    indigo, madder, gold, ink = colours
    pen.rectangle((0, 0, width, height), fill=indigo)
    band = height // 5
    for row in range(5):
        top = row * band
        if row % 2:
            pen.rectangle((0, top, width, top + band), fill=madder if row == 1 else ink)
        for column in range(-1, width // band + 2):
            x, y = column * band + (band // 2 if row % 2 else 0), top + band / 2
            for part, colour in ((0.46, gold), (0.34, indigo if row % 2 else madder), (0.2, "#fbf8f2"), (0.1, ink)):
                reach = band * part
                pen.polygon([(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)], fill=colour)


def _mix(first: str, second: str, share: float) -> str:
    pairs = ((int(first[place : place + 2], 16), int(second[place : place + 2], 16)) for place in (1, 3, 5))
    return "#" + "".join(f"{round(low + (high - low) * share):02x}" for low, high in pairs)
