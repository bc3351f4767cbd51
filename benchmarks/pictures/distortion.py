"""Bad photographs of a printed QR symbol: blur, angle, damage, poor light, noise, compression; the same from the same seed."""

import io
import math
import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from traceability.qr import QUIET_MODULES

PRINT_PIXELS, OVERSAMPLING = 8, 3
Range = tuple[float, float]


@dataclass(frozen=True)
class Kind:
    """A way to spoil a picture: each range is what a trial draws from, evenly.

    pixels: camera pixels a module; blur: sigma in modules; turn, tilt: degrees; spots: share of the symbol's area under blotches
    and scratches; dead: unprinted lines along the feed, their widths added up, in modules; contrast: grey levels from ink to
    paper; shade: share of light lost at the dark end; noise: sigma in grey levels; quality: of the JPEG file, 0 for none.
    """

    pixels: Range = (2.2, 3.4)
    blur: Range = (0.15, 0.25)
    turn: Range = (-8, 8)
    tilt: Range = (0, 0)
    spots: Range = (0, 0)
    dead: Range = (0, 0)
    contrast: Range = (170, 210)
    shade: Range = (0, 0.1)
    noise: Range = (1, 3)
    quality: Range = (0, 0)


KINDS = {
    "blur": Kind(pixels=(2.5, 4), blur=(0.2, 0.52)),
    "rotation": Kind(pixels=(1.5, 2.3), turn=(0, 360)),
    "perspective": Kind(pixels=(2.2, 3.2), turn=(0, 360), tilt=(25, 60)),
    "spots": Kind(pixels=(2.5, 4), spots=(0.002, 0.06)),
    "dead dots": Kind(pixels=(2.5, 4), dead=(0.25, 3)),
    "light": Kind(pixels=(2.2, 3.4), contrast=(10, 60), shade=(0.3, 0.85)),
    "noise": Kind(pixels=(2.2, 3.4), noise=(12, 44)),
    "JPEG": Kind(pixels=(1.8, 3.2), quality=(2, 20)),
    "all": Kind((2.4, 3.8), (0.15, 0.36), (0, 360), (0, 30), (0, 0.015), (0, 0.5), (70, 160), (0.1, 0.4), (2, 10), (30, 80)),
}


def distorted(symbol: Image.Image, kind: Kind, seed: int) -> Image.Image:
    """A bad photograph of a label: the same seed and size give the same distortion, whatever the modules are."""
    rng = random.Random(seed)
    label = symbol.resize((symbol.width * PRINT_PIXELS,) * 2, Image.Resampling.NEAREST)
    lose_lines(label, rng.uniform(*kind.dead), rng)
    spoil(label, rng.uniform(*kind.spots), rng)
    pixels = rng.uniform(*kind.pixels)
    picture = photograph(label, pixels, rng.uniform(*kind.turn), rng.uniform(*kind.tilt), rng)
    picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(*kind.blur) * pixels))
    picture = light(picture, rng.uniform(*kind.contrast), rng.uniform(*kind.shade), rng)
    picture = add_noise(picture, rng.uniform(*kind.noise), rng)
    quality = round(rng.uniform(*kind.quality))
    return as_jpeg(picture, quality) if quality else picture


def lose_lines(label: Image.Image, width_modules: float, rng: random.Random) -> None:
    """White lines from edge to edge, as of a thermal head with dead dots: each a quarter of a module to one module wide."""
    draw, quiet = ImageDraw.Draw(label), QUIET_MODULES * PRINT_PIXELS
    across, left = rng.random() < 0.5, width_modules * PRINT_PIXELS
    while left >= 2:
        width = min(left, rng.choice((2, 4, 6, 8)))
        at, left = rng.uniform(quiet, label.width - quiet), left - width
        box = (0, at, label.width, at + width - 1) if across else (at, 0, at + width - 1, label.width)
        draw.rectangle(box, fill=255)


def spoil(label: Image.Image, share: float, rng: random.Random) -> None:
    """Blotches and scratches, white or black, over about this share of the symbol; some lie on one another."""
    draw, quiet = ImageDraw.Draw(label), QUIET_MODULES * PRINT_PIXELS
    side = label.width - 2 * quiet
    left = share * side * side
    while left > 0:
        x, y = (rng.uniform(quiet, quiet + side) for _ in range(2))
        ink = rng.choice((0, 255))
        if rng.random() < 0.5:
            width, height = (rng.uniform(1, 7) * PRINT_PIXELS for _ in range(2))
            draw.ellipse((x - width / 2, y - height / 2, x + width / 2, y + height / 2), fill=ink)
            left -= math.pi / 4 * width * height
        else:
            length, angle, width = rng.uniform(0.2, 0.8) * side, rng.uniform(0, math.tau), rng.randint(2, 8)
            draw.line((x, y, x + length * math.cos(angle), y + length * math.sin(angle)), fill=ink, width=width)
            left -= length * width


def photograph(label: Image.Image, pixels: float, turn: float, tilt: float, rng: random.Random) -> Image.Image:
    """The label on a grey ground through a pinhole three label widths away, `pixels` a module at its middle."""
    side = math.ceil(label.width / PRINT_PIXELS * 1.5 * pixels) * OVERSAMPLING
    distance = 3 * label.width
    scale = pixels * OVERSAMPLING / PRINT_PIXELS * distance
    middle = [side / 2 + rng.uniform(-2, 2) * OVERSAMPLING for _ in range(2)]
    about = math.radians(rng.uniform(0, 360))
    turns = (about, math.radians(tilt), math.radians(turn) - about)
    ca, sa, cl, sl, cb, sb = (function(angle) for angle in turns for function in (math.cos, math.sin))
    # Turned (cb, sb), leant away about the horizontal axis (cl, sl), turned on (ca, sa): `turn` in all.
    x = (ca * cb - sa * cl * sb, -ca * sb - sa * cl * cb, 0.0)
    y = (sa * cb + ca * cl * sb, -sa * sb + ca * cl * cb, 0.0)
    z = (sl * sb, sl * cb, distance)
    onto = [tuple(scale * p + m * q for p, q in zip(row, z, strict=True)) for row, m in ((x, middle[0]), (y, middle[1]))]
    back_to = inverse([*onto, z])
    half = label.width / 2
    rows = [tuple(back_to[i][j] + half * back_to[2][j] for j in range(3)) for i in range(2)] + [back_to[2]]
    flat = [value / rows[2][2] for row in rows for value in row][:8]
    ground = rng.randint(70, 230)
    seen = label.transform((side, side), Image.Transform.PERSPECTIVE, flat, Image.Resampling.BILINEAR, fillcolor=ground)
    return seen.reduce(OVERSAMPLING)


def inverse(m: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """The inverse of a 3 by 3 matrix but for its scale, which a projection does not have."""

    def minor(row: int, column: int) -> float:
        (a, b), (c, d) = ([m[i][j] for j in range(3) if j != column] for i in range(3) if i != row)
        return (-1) ** (row + column) * (a * d - b * c)

    return [tuple(minor(j, i) for j in range(3)) for i in range(3)]


def light(picture: Image.Image, contrast: float, shade: float, rng: random.Random) -> Image.Image:
    """Ink and paper `contrast` grey levels apart, and the light falling off to one side by the share `shade`."""
    paper = rng.uniform(max(140, contrast + 10), 245)
    picture = picture.point([round(paper - contrast + contrast * value / 255) for value in range(256)])
    side = picture.width
    fall = Image.linear_gradient("L").resize((2 * side, 2 * side)).rotate(rng.uniform(0, 360), Image.Resampling.BILINEAR)
    fall = fall.crop((side // 2, side // 2, side // 2 + side, side // 2 + side))
    return ImageChops.multiply(picture, fall.point([round(255 - shade * (255 - value)) for value in range(256)]))


def add_noise(picture: Image.Image, sigma: float, rng: random.Random) -> Image.Image:
    """Nearly normal noise: the mean of three even ones, stretched."""
    even = [Image.frombytes("L", picture.size, rng.randbytes(picture.width * picture.height)) for _ in range(3)]
    noise = Image.blend(Image.blend(even[0], even[1], 0.5), even[2], 1 / 3)
    stretch = sigma / (256 / math.sqrt(12) / math.sqrt(3))
    noise = noise.point([round(min(255, max(0, 128 + stretch * (value - 127.5)))) for value in range(256)])
    return ImageChops.add(picture, noise, offset=-128)


def as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """Through a JPEG file and back."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("L")
