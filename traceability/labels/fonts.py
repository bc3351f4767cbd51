"""The three faces of a label: their bytes for the writers, their measures for the layout, their outlines for drawings.

Noto Sans comes as one variable font. It is cut down to the Latin letters that Vietnamese and its neighbours need and
fixed at two weights, once in a process: about half a second.
"""

import io
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import fontpkg
from fontTools.pens.basePen import AbstractPen
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont


class Face(Enum):
    """A typeface at a weight; the value is the name that a PDF gives it."""

    REGULAR = "LabelSans-Regular"
    BOLD = "LabelSans-Bold"
    MONO = "LabelMono-Medium"


# Basic Latin, Latin-1, Latin Extended-A, the horned letters, Latin Extended Additional's Vietnamese block, dashes and
# quotation marks, the đồng and the euro, the trade mark. Text is NFC, so combining marks are not among them.
_CHARACTERS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    *(0x1A0, 0x1A1, 0x1AF, 0x1B0),
    *range(0x1EA0, 0x1EFA),
    *(0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026, 0x20AB, 0x20AC, 0x2122),
)
# Of the widths from 62.5 to 100, semi-condensed: it lets the text of a 50 mm label stand larger than 5 points.
_NOTO_WIDTH = 87.5
_NOTO_WEIGHT = {Face.REGULAR: 400, Face.BOLD: 700}
_PLEX_WEIGHT = 500


@dataclass(frozen=True)
class Font:
    """A face, loaded. Lengths are in ems: multiply by a text size in mm to get mm."""

    face: Face
    content: bytes
    units: int
    cap_height: float
    descent: float
    advances: dict[str, float]
    _table: Any

    def width(self, text: str) -> float:
        """The advance of `text` in ems, without kerning; a character that is missing raises KeyError."""
        return sum(self.advances[character] for character in text)

    def missing(self, text: str) -> str:
        """The characters of `text` that this face cannot print, each once, in their order."""
        return "".join(dict.fromkeys(character for character in text if character not in self.advances))

    def draw(self, text: str, pen: AbstractPen) -> None:
        """Draw the outlines of `text` from the origin rightwards, in font units, y upwards."""
        glyphs, names = self._table.getGlyphSet(), self._table.getBestCmap()
        # An accented letter is a reference to its letter and to its accent, which not every pen can follow.
        drawn = DecomposingRecordingPen(glyphs)
        at = 0
        for character in text:
            name = names[ord(character)]
            glyphs[name].draw(TransformPen(drawn, (1, 0, 0, 1, at, 0)))
            at += glyphs[name].width
        drawn.replay(pen)

    def bounds(self, text: str) -> tuple[float, float, float, float]:
        """The box of the ink of `text` in ems: left, bottom, right, top, y upwards."""
        pen = BoundsPen(self._table.getGlyphSet())
        self.draw(text, pen)
        left, bottom, right, top = (value / self.units for value in pen.bounds or (0, 0, 0, 0))
        return left, bottom, right, top


@cache
def font(face: Face) -> Font:
    """The face, loaded once in a process. Raises fontpkg's FamilyNotInstalled where its package is missing."""
    table = _plex_mono() if face is Face.MONO else _noto_sans(_NOTO_WEIGHT[face])
    _rename(table, face)
    content = _saved(table)
    table = TTFont(io.BytesIO(content))
    units = table["head"].unitsPerEm
    widths = {chr(code): table["hmtx"][name][0] / units for code, name in table.getBestCmap().items()}
    cap_height, descent = table["OS/2"].sCapHeight / units, -table["hhea"].descent / units
    return Font(face, content, units, cap_height, descent, widths, table)


def _noto_sans(weight: int) -> Any:
    return instantiateVariableFont(TTFont(io.BytesIO(_noto_subset())), {"wght": weight, "wdth": _NOTO_WIDTH}, inplace=True)


@cache
def _noto_subset() -> bytes:
    return _saved(_subset(fontpkg.path("Noto Sans")))


def _plex_mono() -> Any:
    return _subset(fontpkg.path("IBM Plex Mono", weight=_PLEX_WEIGHT))


def _subset(path: Path) -> Any:
    options = Options()
    # Text is set glyph by glyph from advances alone, so that three writers place it alike; nothing reads the features.
    options.layout_features = []
    options.drop_tables += ["GDEF", "GPOS", "GSUB", "meta"]
    options.notdef_outline = True
    table = TTFont(io.BytesIO(path.read_bytes()), lazy=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=_CHARACTERS)
    subsetter.subset(table)
    return table


def _rename(table: Any, face: Face) -> None:
    # Both weights come from one file and bear its name; a PDF that told fonts apart by name would embed only one.
    table["name"].names = []
    table["name"].setName(face.value, 6, 3, 1, 0x409)


def _saved(table: Any) -> bytes:
    # A font stamped with the time of its making would make every PDF different from the one before.
    table.recalcTimestamp = False
    out = io.BytesIO()
    table.save(out)
    return out.getvalue()
