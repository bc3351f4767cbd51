"""Does the mask of a QR symbol matter to those who read it? Reading rates of the eight masks in bad pictures, three readers.

Run from the project's folder: `.venv/bin/python benchmarks/masks.py`, or with `--quick` in under a minute. It needs zxing-cpp
and, as peers, pyzbar (with the system's libzbar0) and opencv-python-headless; a reader that is missing is left out and named.

A trial is one random text of a real form, written with each of the eight masks, each picture spoilt in the same way: same angle,
same blur, same noise, same spots. "Best" and "worst" are, of those eight, the ones with the least and the most penalty points as
the library qrcode counts them (ISO/IEC 18004 clause 7.8.3). A reading is right if the text is equal. Each trial has a text and a
distortion of its own, so trials are independent and the difference to "best" within a trial is what is compared.
"""

import argparse
import ctypes
import io
import math
import os
import platform
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version as version_of
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import QRData, lost_point

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from traceability.domain.base32 import ALPHABET, encode_bytes
from traceability.qr import QUIET_MODULES, symbol_for
from traceability.qr.segments import split

MASKS = range(8)
LEVELS = {"M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}
HOST = "https://TRACE.LAOCAI.GOV.VN"
SIDE_LIMIT = 45 + 2 * QUIET_MODULES
PRINT_PIXELS, OVERSAMPLING = 8, 3
Range = tuple[float, float]
Reader = Callable[[Image.Image], set[str]]


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
    "blur": Kind(pixels=(2.5, 4), blur=(0.45, 0.85)),
    "rotation": Kind(pixels=(1.5, 2.4), turn=(0, 360)),
    "perspective": Kind(pixels=(2.2, 3.2), turn=(0, 360), tilt=(30, 62)),
    "spots": Kind(pixels=(2.5, 4), spots=(0.02, 0.2)),
    "dead dots": Kind(pixels=(2.5, 4), dead=(0.5, 6)),
    "light": Kind(pixels=(2.2, 3.4), contrast=(12, 70), shade=(0.3, 0.85)),
    "noise": Kind(pixels=(2.2, 3.4), noise=(20, 75)),
    "JPEG": Kind(pixels=(2, 3.4), quality=(2, 22)),
    "all": Kind((2.2, 3.6), (0.25, 0.5), (0, 360), (0, 35), (0, 0.06), (0, 2), (60, 160), (0.1, 0.5), (3, 14), (25, 70)),
}


@dataclass(frozen=True)
class Outcome:
    """One trial: what kind, the masks from the least penalty to the most, and for each reader by mask whether it read right."""

    kind: str
    form: str
    ranked: tuple[int, ...]
    right: dict[str, tuple[bool, ...]]
    wrong: dict[str, int]


def house_unit(rng: random.Random) -> str:
    """A unit's text: 24 characters."""
    return f"{HOST}/S/" + "".join(rng.choices(ALPHABET, k=24))


def gs1_unit(rng: random.Random) -> str:
    """A unit's text with a GTIN (its check digit is of no matter here)."""
    lot = f"SC-{rng.randrange(2026, 2031)}-{rng.randrange(1, 13):02}"
    return f"{HOST}/01/0893{rng.randrange(10**10):010}/10/{lot}/21/" + "".join(rng.choices(ALPHABET, k=12))


def signed_unit(rng: random.Random) -> str:
    """A signed text: 23 bytes of claims and 64 of signature."""
    days = b"".join(rng.randrange(2200, 4000).to_bytes(2) for _ in range(2))
    claims = bytes([1, 1]) + rng.randbytes(14) + days + bytes([rng.choice((0, 3, 4, 5)), 0, rng.randrange(150)])
    return f"{HOST}/S/" + encode_bytes(claims) + encode_bytes(rng.randbytes(64))


FORMS = {"house": house_unit, "GS1": gs1_unit, "signed": signed_unit}


def masked_symbols(text: str) -> tuple[list[Image.Image], tuple[int, ...]]:
    """The text's symbol with each mask, a pixel a module with quiet zone, and the masks by penalty, least first."""
    symbol = symbol_for(text, SIDE_LIMIT)
    code = QRCode(version=symbol.version, error_correction=LEVELS[symbol.level], border=QUIET_MODULES)
    for segment in split(text, symbol.version):
        code.add_data(QRData(segment.text.encode(), mode=segment.mode.value), optimize=0)
    pictures, penalties = [], []
    for mask in MASKS:
        code.makeImpl(True, mask)
        penalties.append(lost_point(code.modules))
        code.makeImpl(False, mask)
        side = symbol.size_with_quiet
        pictures.append(Image.frombytes("L", (side, side), bytes(255 * (not module) for row in code.get_matrix() for module in row)))
    return pictures, tuple(sorted(MASKS, key=penalties.__getitem__))


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
    about, lean, back = math.radians(rng.uniform(0, 360)), math.radians(tilt), 0.0
    back = math.radians(turn) - about
    ca, sa, cl, sl, cb, sb = (f(angle) for angle in (about, lean, back) for f in (math.cos, math.sin))
    # Turned by `back`, leant away by `lean` about the horizontal axis, turned on by `about`.
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


@cache
def readers() -> tuple[dict[str, Reader], tuple[str, ...]]:
    """The readers that are installed, and a line for each with its version or with what is missing."""
    found, lines = {}, []
    for name, load in (("zxing-cpp", load_zxing), ("zbar", load_zbar), ("OpenCV", load_opencv)):
        try:
            found[name], line = load()
        except ImportError as missing:
            line = f"{name} left out: {missing}"
        lines.append(line)
    return found, tuple(lines)


def load_zxing() -> tuple[Reader, str]:
    """zxing-cpp with its default settings."""
    import zxingcpp

    def read(picture: Image.Image) -> set[str]:
        return {found.text for found in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)}

    return read, f"zxing-cpp {version_of('zxing-cpp')}"


def load_zbar() -> tuple[Reader, str]:
    """zbar by pyzbar, QR codes only."""
    from pyzbar import pyzbar, zbar_library

    numbers = [ctypes.c_uint() for _ in range(3)]
    zbar_library.load()[0].zbar_version(*map(ctypes.byref, numbers))

    def read(picture: Image.Image) -> set[str]:
        return {found.data.decode(errors="replace") for found in pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE])}

    return read, f"zbar {'.'.join(str(number.value) for number in numbers)} (pyzbar {version_of('pyzbar')})"


def load_opencv() -> tuple[Reader, str]:
    """OpenCV's QRCodeDetector with its default settings, on one thread."""
    import cv2
    import numpy

    cv2.setNumThreads(1)
    detector = cv2.QRCodeDetector()

    def read(picture: Image.Image) -> set[str]:
        try:
            return {detector.detectAndDecode(numpy.asarray(picture))[0]} - {""}
        except (cv2.error, UnicodeDecodeError):  # on some spoilt symbols the detector raises instead of giving up
            return set()

    return read, f"OpenCV {cv2.__version__}"


def run_trial(task: tuple[str, str, int]) -> Outcome:
    """One text of the form, one distortion of the kind, eight masks, every reader."""
    kind, form, seed = task
    text = FORMS[form](random.Random(seed))
    symbols, ranked = masked_symbols(text)
    pictures = [distorted(symbol, KINDS[kind], seed) for symbol in symbols]
    texts = {name: [read(picture) for picture in pictures] for name, read in readers()[0].items()}
    right = {name: tuple(text in found for found in by_mask) for name, by_mask in texts.items()}
    wrong = {name: sum(bool(found - {text}) for found in by_mask) for name, by_mask in texts.items()}
    return Outcome(kind, form, ranked, right, wrong)


CHOICES: dict[str, Callable[[Outcome], int]] = {
    "best": lambda outcome: outcome.ranked[0],
    "worst": lambda outcome: outcome.ranked[-1],
    **{f"mask {mask}": lambda _, mask=mask: mask for mask in MASKS},
}


def rights(outcomes: list[Outcome], choice: str, names: list[str]) -> list[float]:
    """For each trial the share of these readers that read the symbol of this choice of mask."""
    return [statistics.fmean(outcome.right[name][CHOICES[choice](outcome)] for name in names) for outcome in outcomes]


def wilson(share: float, n: int) -> Range:
    """The 95 percent interval of a share of n."""
    z = 1.96
    middle, half = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def difference(one: list[float], other: list[float]) -> tuple[float, float, float]:
    """Mean paired difference, half of its 95 percent interval, and the two-sided p (for one reader: McNemar's test)."""
    apart = [a - b for a, b in zip(one, other, strict=True)]
    mean = statistics.fmean(apart)
    error = statistics.stdev(apart) / math.sqrt(len(apart))
    return mean, 1.96 * error, math.erfc(abs(mean) / error / math.sqrt(2)) if error else 1.0


def holm(ps: dict[tuple[str, str], float]) -> set[tuple[str, str]]:
    """Which of these comparisons stand at 5 percent for all of them together (Holm's step-down)."""
    kept = set()
    for place, (key, p) in enumerate(sorted(ps.items(), key=lambda item: item[1])):
        if p > 0.05 / (len(ps) - place):
            break
        kept.add(key)
    return kept


def print_rates(outcomes: list[Outcome], names: list[str]) -> None:
    """Rates with intervals and, below, paired differences to "best": a column a reader and one for their mean."""
    columns = {**{name: [name] for name in names}, "mean of readers": names}
    print(f"\nRead right, percent [95 percent interval], n = {len(outcomes)} each\n")
    print("| mask | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    values = {(choice, column): rights(outcomes, choice, of) for choice in CHOICES for column, of in columns.items()}
    for choice in CHOICES:
        cells = []
        for column, of in columns.items():
            one = values[choice, column]
            mean, half, _ = difference(one, [0.0] * len(one))
            low, high = wilson(mean, len(one)) if len(of) == 1 else (mean - half, mean + half)
            cells.append(f"{100 * mean:.1f} [{100 * low:.1f}, {100 * high:.1f}]")
        print(f"| {choice} | " + " | ".join(cells) + " |")
    print('\nDifference to "best" within a trial, points ± half of the 95 percent interval (* beyond chance, Holm over the table)\n')
    print("| mask | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    print_differences({key: difference(one, values["best", key[1]]) for key, one in values.items() if key[0] != "best"})


def print_differences(found: dict[tuple[str, str], tuple[float, float, float]]) -> None:
    """The rows of a table of differences by (row, column)."""
    firm = holm({key: p for key, (_, _, p) in found.items()})
    for row in dict.fromkeys(row for row, _ in found):
        cells = [f"{100 * mean:+.1f} ± {100 * half:.1f}{'*' * (key in firm)}" for key, (mean, half, _) in found.items() if key[0] == row]
        print(f"| {row} | " + " | ".join(cells) + " |")


def print_groups(outcomes: list[Outcome], names: list[str], by: str) -> None:
    """For each kind or form: the rate of "best" of each reader, and the readers' mean difference for every other choice."""
    groups = {name: [outcome for outcome in outcomes if getattr(outcome, by) == name] for name in (KINDS if by == "kind" else FORMS)}
    others = [choice for choice in CHOICES if choice != "best"]
    print(f'\nBy {by}: n, "best" read by each reader, percent; then the readers\' mean difference to "best", points\n')
    print(f"| {by} | n | " + " | ".join(names + others) + " |\n|---|---|" + "---|" * (len(names) + len(others)))
    pairs = {
        (group, choice): difference(rights(some, choice, names), rights(some, "best", names))
        for group, some in groups.items()
        for choice in others
    }
    firm = holm({key: p for key, (_, _, p) in pairs.items()})
    for group, some in groups.items():
        rates = [f"{100 * statistics.fmean(rights(some, 'best', [name])):.0f}" for name in names]
        apart = [f"{100 * pairs[group, choice][0]:+.1f}{'*' * ((group, choice) in firm)}" for choice in others]
        print(f"| {group} | {len(some)} | " + " | ".join(rates + apart) + " |")


def print_ranks(outcomes: list[Outcome], names: list[str]) -> None:
    """Rates by place in the order of penalty: if the penalty says anything of reading, they fall."""
    print("\nRead right by rank of penalty, least first, percent\n")
    for name in names:
        rates = [statistics.fmean(outcome.right[name][outcome.ranked[rank]] for outcome in outcomes) for rank in MASKS]
        print(f"{name:10} " + "  ".join(f"{100 * rate:.1f}" for rate in rates))
    least = [sum(outcome.ranked[0] == mask for outcome in outcomes) for mask in MASKS]
    print('\n"best" was mask 0 to 7 in ' + ", ".join(map(str, least)) + " trials")
    print("other texts than the right one, all masks: " + ", ".join(f"{name} {sum(o.wrong[name] for o in outcomes)}" for name in names))


def processor() -> str:
    """The processor's name."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def main() -> None:
    """Runs the trials and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=840, help="texts for each kind of distortion (default: 840)")
    parser.add_argument("--quick", action="store_true", help="48 texts for each kind: under a minute")
    parser.add_argument("--seed", type=int, default=1, help="another number gives other texts and distortions (default: 1)")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    arguments = parser.parse_args()
    rng, started = random.Random(arguments.seed), time.monotonic()
    trials = 48 if arguments.quick else arguments.trials
    tasks = [(kind, form, rng.getrandbits(48)) for number in range(trials) for form in [[*FORMS][number % len(FORMS)]] for kind in KINDS]
    names = [*readers()[0]]
    print(f"{processor()}, {os.cpu_count()} cores, {platform.system()}; Python {platform.python_version()}")
    print("; ".join([*readers()[1], f"qrcode {version_of('qrcode')}", f"Pillow {version_of('pillow')}"]))
    if not names:
        sys.exit("no reader is installed: pip install zxing-cpp")
    with ProcessPoolExecutor(arguments.processes) as pool:
        outcomes = list(pool.map(run_trial, tasks, chunksize=8))
    print(f"seed {arguments.seed}, {trials} texts for each of {len(KINDS)} kinds, {time.monotonic() - started:.0f} s")
    print_rates(outcomes, names)
    print_groups(outcomes, names, "kind")
    print_groups(outcomes, names, "form")
    print_ranks(outcomes, names)


if __name__ == "__main__":
    main()
