"""Does the mask of a QR symbol matter to those who read it? Reading rates of the eight masks in bad pictures, three readers.

Run from the project's folder: `.venv/bin/python benchmarks/masks.py`, about ten minutes on two cores, or with `--quick` in under
one. It needs zxing-cpp and, as peers, pyzbar (with the system's libzbar0) and opencv-python-headless; a reader that is missing is
left out and named.

A trial is one random text of a real form, written with each of the eight masks, each picture spoilt in the same way: same angle,
same blur, same noise, same spots. "Best" and "worst" are, of those eight, the ones with the least and the most penalty points as
the library qrcode counts them (ISO/IEC 18004 clause 7.8.3). A reading is right if the text is equal. Each trial has a text and a
distortion of its own, so trials are independent and the difference to "best" within a trial is what is compared.
"""

import argparse
import ctypes
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

from PIL import Image
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import QRData, lost_point

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.pictures.distortion import KINDS, distorted
from traceability.domain.base32 import ALPHABET, encode_bytes
from traceability.qr import QUIET_MODULES, symbol_for
from traceability.qr.segments import split

MASKS = range(8)
LEVELS = {"M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}
HOST = "https://TRACE.LAOCAI.GOV.VN"
SIDE_LIMIT = 45 + 2 * QUIET_MODULES
Reader = Callable[[Image.Image], set[str]]


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


def unmasked(text: str) -> QRCode:
    """The text in the version, level and segments that a stamp would get, with quiet zone, ready to be made with any mask."""
    symbol = symbol_for(text, SIDE_LIMIT)
    code = QRCode(version=symbol.version, error_correction=LEVELS[symbol.level], border=QUIET_MODULES)
    for segment in split(text, symbol.version):
        code.add_data(QRData(segment.text.encode(), mode=segment.mode.value), optimize=0)
    return code


def masked_symbols(code: QRCode) -> tuple[list[Image.Image], tuple[int, ...]]:
    """The symbol with each mask, a pixel a module, and the masks by penalty, least first."""
    pictures, penalties = [], []
    for mask in MASKS:
        code.makeImpl(True, mask)
        penalties.append(lost_point(code.modules))
        code.makeImpl(False, mask)
        rows = [bytes(255 * (not module) for module in row) for row in code.get_matrix()]
        pictures.append(Image.frombytes("L", (len(rows), len(rows)), b"".join(rows)))
    return pictures, tuple(sorted(MASKS, key=penalties.__getitem__))


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
    symbols, ranked = masked_symbols(unmasked(text))
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


def wilson(share: float, n: int) -> tuple[float, float]:
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


def holm(ps: dict[tuple[str, ...], float]) -> set[tuple[str, ...]]:
    """Which of these comparisons stand at 5 percent for all of them together (Holm's step-down)."""
    kept = set()
    for place, (key, p) in enumerate(sorted(ps.items(), key=lambda item: item[1])):
        if p > 0.05 / (len(ps) - place):
            break
        kept.add(key)
    return kept


def print_rates(outcomes: list[Outcome], names: list[str]) -> None:
    """The rate of each mask for each reader, with its interval."""
    print(f"\nRead right, percent [95 percent interval], n = {len(outcomes)} each\n")
    print(f"| mask | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for choice in CHOICES:
        rates = [statistics.fmean(rights(outcomes, choice, [name])) for name in names]
        print(f"| {choice} | " + " | ".join(with_interval(rate, len(outcomes)) for rate in rates) + " |")


def with_interval(rate: float, n: int) -> str:
    """A rate in percent and its 95 percent interval."""
    low, high = wilson(rate, n)
    return f"{100 * rate:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def print_differences(title: str, groups: dict[str, list[Outcome]], names: list[str]) -> None:
    """For each group and reader, and for the mean of the readers: the rate of "best" and what every other choice is above it."""
    rows = [(group, column) for group in groups for column in (*names, "mean")]
    others = [choice for choice in CHOICES if choice != "best"]
    found, rates = {}, {}
    for group, column in rows:
        of = names if column == "mean" else [column]
        best = rights(groups[group], "best", of)
        rates[group, column] = statistics.fmean(best)
        for other in others:
            found[group, column, other] = difference(rights(groups[group], other, of), best)
    firm = holm({key: p for key, (_, _, p) in found.items()})
    print(f'\nDifference to "best" within a trial, {title}: points ± half of the 95 percent interval')
    print(f"(* beyond chance, Holm's correction for the {len(found)} comparisons of this table)\n")
    print(f"| {title} | n | reader | best, percent | {' | '.join(others)} |\n|---|---|---|---|{'---|' * len(others)}")
    for group, column in rows:
        n = len(groups[group])
        rate = f"{100 * rates[group, column]:.1f}" if column == "mean" else with_interval(rates[group, column], n)
        cells = []
        for key in ((group, column, other) for other in others):
            cells.append(f"{100 * found[key][0]:+.1f} ± {100 * found[key][1]:.1f}{'*' * (key in firm)}")
        print(f"| {group} | {n} | {column} | {rate} | {' | '.join(cells)} |")


def print_ranks(outcomes: list[Outcome], names: list[str]) -> None:
    """Rates by place in the order of penalty: if the penalty says anything of reading, they fall."""
    print("\nRead right by rank of penalty, least first, percent\n")
    for name in names:
        rates = [statistics.fmean(outcome.right[name][outcome.ranked[rank]] for outcome in outcomes) for rank in MASKS]
        mixed = statistics.fmean(len(set(outcome.right[name])) == 2 for outcome in outcomes)
        print(
            f"{name:10} {'  '.join(f'{100 * rate:.1f}' for rate in rates)}   some masks read and others not: {100 * mixed:.0f} % of trials"
        )
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
    parser.add_argument("--trials", type=int, default=600, help="texts for each kind of distortion (default: 600)")
    parser.add_argument("--quick", action="store_true", help="24 texts for each kind: under a minute")
    parser.add_argument("--seed", type=int, default=1, help="another number gives other texts and distortions (default: 1)")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    arguments = parser.parse_args()
    rng, started = random.Random(arguments.seed), time.monotonic()
    trials = 24 if arguments.quick else arguments.trials
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
    print_differences("together", {"all": outcomes}, names)
    print_differences("by kind", {kind: [outcome for outcome in outcomes if outcome.kind == kind] for kind in KINDS}, names)
    print_differences("by form", {form: [outcome for outcome in outcomes if outcome.form == form] for form in FORMS}, names)
    print_ranks(outcomes, names)


if __name__ == "__main__":
    main()
