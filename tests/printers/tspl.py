"""TSPL on paper: the few commands that the writer uses, as the TSPL/TSPL2 programming manual describes them, strictly.

A command that is not known, or a field that leaves the paper, is an error. Symbols that the printer makes are made by
zxing-cpp's writer, not by the service's own.
"""

import re
from dataclasses import dataclass, field

import zxingcpp
from PIL import Image, ImageDraw, ImageFont

CELLS = {"1": (8, 12), "2": (12, 20), "3": (16, 24), "4": (24, 32), "5": (32, 48)}


class Refused(ValueError):
    """The printer does not take it."""


@dataclass
class Printer:
    """A TSPL printer of `dpi` dots an inch: `rows` are what came out, one picture for each PRINT and copy."""

    dpi: int
    rows: list[Image.Image] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    _page: Image.Image | None = None
    _size: tuple[int, int] = (0, 0)

    def take(self, job: bytes) -> list[Image.Image]:
        """Print a whole job."""
        at = 0
        while at < len(job):
            picture = re.compile(rb"BITMAP (\d+),(\d+),(\d+),(\d+),0,").match(job, at)
            if picture:
                x, y, row_bytes, height = map(int, picture.groups())
                end = picture.end() + row_bytes * height
                self._bitmap(x, y, row_bytes, height, job[picture.end() : end])
                if job[end : end + 2] != b"\r\n":
                    raise Refused("a picture does not end where it says")
                at = end + 2
                continue
            end = job.index(b"\r\n", at)
            self._line(job[at:end].decode("ascii"))
            at = end + 2
        return self.rows

    def _line(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "SIZE":
            width, height = re.fullmatch(r"([\d.]+) mm,([\d.]+) mm", rest).groups()
            # A row of labels may be a dot wider than its length in mm says, since each label begins on a whole dot.
            self._size = (round(float(width) * self.dpi / 25.4) + 1, round(float(height) * self.dpi / 25.4))
        elif word in ("GAP", "BLINE") and re.fullmatch(r"[\d.]+ mm,0 mm", rest):
            self.settings[word] = rest
        elif line in ("DIRECTION 0", "REFERENCE 0,0"):
            pass
        elif line == "CLS":
            self._page = Image.new("1", self._size, 1)
        elif word == "PRINT":
            sets, copies = re.fullmatch(r"(\d+),(\d+)", rest).groups()
            self.rows += [self._paper.copy() for _ in range(int(sets) * int(copies))]
        elif word == "QRCODE":
            self._symbol(rest)
        elif word == "TEXT":
            self._text(rest)
        else:
            raise Refused(line)

    @property
    def _paper(self) -> Image.Image:
        if self._page is None:
            raise Refused("nothing was cleared before it was drawn on")
        return self._page

    def _bitmap(self, x: int, y: int, row_bytes: int, height: int, bits: bytes) -> None:
        # A bit of 0 is dark, as in a picture of mode 1. The unused bits at the end of a row may lie beyond the paper.
        self._on_paper(x, y, 8 * row_bytes - 7, height)
        self._paper.paste(Image.frombytes("1", (8 * row_bytes, height), bits), (x, y))

    def _symbol(self, rest: str) -> None:
        x, y, level, module, content = re.fullmatch(r'(\d+),(\d+),([MQH]),(\d+),M,0,M2,S7,"(.+)"', rest).groups()
        barcode = zxingcpp.create_barcode(read_manual(unquoted(content)), zxingcpp.BarcodeFormat.QRCode, ec_level=level)
        symbol = Image.fromarray(barcode.to_image(scale=1, add_quiet_zones=False)).convert("1")
        symbol = symbol.resize((symbol.width * int(module),) * 2, Image.Resampling.NEAREST)
        self._on_paper(int(x), int(y), *symbol.size)
        self._paper.paste(symbol, (int(x), int(y)))

    def _text(self, rest: str) -> None:
        x, y, font, across, down, content = re.fullmatch(r'(\d+),(\d+),"(\d)",0,(\d+),(\d+),"(.+)"', rest).groups()
        width, height = CELLS[font][0] * int(across), CELLS[font][1] * int(down)
        text = unquoted(content)
        self._on_paper(int(x), int(y), width * len(text), height)
        draw = ImageDraw.Draw(self._paper)
        letters = ImageFont.load_default(height * 0.85)
        for at, letter in enumerate(text):
            draw.text((int(x) + at * width, int(y) + 0.8 * height), letter, 0, letters, anchor="ls")

    def _on_paper(self, x: int, y: int, width: int, height: int) -> None:
        if x < 0 or y < 0 or x + width > self._paper.width or y + height > self._paper.height:
            raise Refused(f"{width} × {height} at {x},{y} leaves {self._paper.size}")


def unquoted(content: str) -> str:
    r"""What stands between quotation marks: `\["]` is one, and none may stand there bare."""
    if '"' in content.replace('\\["]', ""):
        raise Refused(content)
    return content.replace('\\["]', '"')


def read_manual(content: str) -> str:
    """The text of a symbol in manual mode: segments `A…` and `Bnnnn…`, joined by `!`."""
    text, rest = "", content
    while rest:
        if found := re.match(r"A([0-9A-Z $%*+\-./:]+)", rest):
            text, rest = text + found[1], rest[found.end() :]
        elif found := re.match(r"B(\d{4})", rest):
            end = 5 + int(found[1])
            text, rest = text + rest[5:end], rest[end:]
        else:
            raise Refused(rest)
        if rest:
            if not rest.startswith("!"):
                raise Refused(rest)
            rest = rest[1:]
    return text
