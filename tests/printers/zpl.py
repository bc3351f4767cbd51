"""ZPL on paper: drawn by zplkit, an interpreter of other make that follows a ZD621's firmware, after a strict look at the commands."""

import re
from dataclasses import dataclass

from PIL import Image
from zplkit import Options, render
from zplkit.parse import parse
from zplkit.rendering import Limits

# Every command that the writer may use, with the shape of what follows it.
COMMANDS = {
    "^XA": r"",
    "^XZ": r"\n?",
    "^MN": r"[WMN]",
    "^PO": r"N",
    "^PM": r"N",
    "^LH": r"0,0",
    "^LR": r"N",
    "^CI": r"28",
    "^PW": r"\d+",
    "^LL": r"\d+",
    "^FO": r"\d+,\d+",
    "^XG": r"R:T[0-9A-F]{7}\.GRF,1,1",
    "^ID": r"R:T[0-9A-F]{7}\.GRF",
    "^FS": r"",
    "^GF": r"A,\d+,\d+,\d+,[0-9A-Zg-z,!:]+",
    "^BY": r"2,3,1",
    "^BQ": r"N,2,\d+",
    "^FH": r"",
    "^FD": r"[ -]|[ -}]+",
    "^A": r"[ABDF]N,\d+,\d+",
    "^PQ": r"\d+",
    "~DG": r"R:T[0-9A-F]{7}\.GRF,\d+,\d+,[0-9A-Zg-z,!:]+\n",
}


@dataclass(frozen=True)
class Command:
    name: str
    rest: str


class OffTheLabel(ValueError):
    """A field does not lie on the row of labels."""


def commands_of(zpl: bytes) -> list[Command]:
    """The commands, each known and of its shape; ValueError for others."""
    commands = []
    for element in parse(zpl).elements:
        text = element.data.decode("ascii")
        name = "^A" if re.match(r"\^A[A-Z]N", text) else text[:3]
        if name not in COMMANDS or not re.fullmatch(COMMANDS[name], text[len(name) :]):
            raise ValueError(f"unexpected {text[:60]!r}")
        commands.append(Command(name, text[len(name) :]))
    return commands


def check_on_label(commands: list[Command]) -> None:
    """Raises OffTheLabel for a picture, a symbol or a line of text that leaves its row."""
    stored: dict[str, tuple[int, int]] = {}
    width = height = left = top = 0
    letters, module = 0, 0
    for command in commands:
        numbers = [int(word) for word in re.findall(r"\d+", command.rest)] if command.name != "^FD" else []
        box = (0, 0)
        match command.name:
            case "~DG":
                name, size, row_bytes = command.rest.split(",")[:3]
                stored[name] = (8 * int(row_bytes), int(size) // int(row_bytes))
            case "^PW":
                width = numbers[0]
            case "^LL":
                height = numbers[0]
            case "^FO":
                left, top, letters, module = *numbers, 0, 0
            case "^A":
                letters = numbers[1] + 3 * numbers[1] // 10
            case "^BQ":
                module = numbers[1]
            case "^XG":
                box = stored[command.rest.split(",")[0]]
            case "^GF":
                box = (8 * numbers[2], numbers[1] // numbers[2])
            case "^FD":
                box = (letters * len(command.rest), 0) if letters else (21 * module, 21 * module)
        # Up to seven unused bits at the end of a picture's rows may lie beyond the edge.
        if left + box[0] > width + 7 or top + box[1] > height:
            raise OffTheLabel(f"{command.name} at {left},{top} is {box} on {width} × {height}")


_LIMITS = Limits(labels=1000, input_bytes=1 << 26, graphic_bytes=1 << 26, segments=1 << 26, stored_graphic_segments=1 << 26, pixels=1 << 30)

# What moves paper or memory, not dots: zplkit does not take it.
_JOB = re.compile(rb"\^MN[WMN]|\^PQ\d+|\^ID[^^]+")


def print_zpl(zpl: bytes, dpi: int, profile: str = "zd621") -> list[Image.Image]:
    """What comes out, row by row, as pictures of dots; any warning but that fonts are captured ones is an error."""
    commands = commands_of(zpl)
    check_on_label(commands)
    document = render(_JOB.sub(b"", zpl), Options(profile=profile, dpi=dpi), limits=_LIMITS)
    assert all("captured bitmap strikes" in warning for warning in document.warnings), document.warnings
    rasters = [scene.rasterize() for scene in document.labels]
    pictures = [Image.frombytes("L", (raster.width, raster.height), raster.pixels) for raster in rasters]
    return [picture for picture, copies in zip(pictures, _copies(commands), strict=True) for _ in range(copies)]


def _copies(commands: list[Command]) -> list[int]:
    """How often each format is printed: one that only sets or deletes something not at all."""
    copies: list[int] = []
    for command in commands:
        if command.name == "^XA":
            copies.append(0)
        elif command.name == "^PQ":
            copies[-1] = int(command.rest)
    return copies
