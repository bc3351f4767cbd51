"""The three faces of a label: their bytes for the writers, their measures for the layout, their outlines for drawings."""

import io
import json
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fontTools.pens.basePen import AbstractPen

_READING = RLock()
MADE = Path(__file__).with_name("made")
"""Where faces lie that were made at set-up."""


class Face(Enum):
    """A typeface at a weight; the value is the name that a PDF gives it."""

    REGULAR = "LabelSans-Regular"
    BOLD = "LabelSans-Bold"
    MONO = "LabelMono-Medium"


@dataclass(frozen=True)
class Font:
    """A face, loaded. Lengths are in ems: multiply by a text size in mm to get mm.

    `content` is a TrueType font, `units` its units an em, `box` the box of all its ink; `glyphs` the numbers of its
    glyphs by character.
    """

    face: Face
    content: bytes
    units: int
    cap_height: float
    ascent: float
    descent: float
    box: tuple[float, ...]
    glyphs: dict[str, int]
    advances: dict[str, float]

    def width(self, text: str) -> float:
        """The advance of `text` in ems, without kerning; a character that is missing raises KeyError."""
        return sum(self.advances[character] for character in text)

    def missing(self, text: str) -> str:
        """The characters of `text` that this face cannot print, each once, in their order."""
        return "".join(dict.fromkeys(character for character in text if character not in self.advances))

    def draw(self, text: str, pen: "AbstractPen") -> None:
        """Draw the outlines of `text` from the origin rightwards, in font units, y upwards."""
        from fontTools.pens.recordingPen import DecomposingRecordingPen
        from fontTools.pens.transformPen import TransformPen

        # The tables are unpacked as they are asked for, which threads must not do at once.
        with _READING:
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
        from fontTools.pens.boundsPen import BoundsPen

        pen = BoundsPen(None)
        self.draw(text, pen)
        left, bottom, right, top = (value / self.units for value in pen.bounds or (0, 0, 0, 0))
        return left, bottom, right, top

    # Outlines are wanted by drawings and for MẪU alone: reading them takes longer than making a thousand labels.
    @cached_property
    def _table(self) -> Any:
        from fontTools.ttLib import TTFont

        return TTFont(io.BytesIO(self.content))


@cache
def font(face: Face) -> Font:
    """The face, loaded once in a program: as made at set-up, or else made now."""
    content, measures = _kept(face) or _made(face)
    units = measures["units"]
    return Font(
        face,
        content,
        units,
        measures["cap_height"] / units,
        measures["ascent"] / units,
        measures["descent"] / units,
        tuple(length / units for length in measures["box"]),
        {character: number for character, (number, _) in measures["glyphs"].items()},
        {character: advance / units for character, (_, advance) in measures["glyphs"].items()},
    )


def _kept(face: Face) -> tuple[bytes, dict[str, Any]] | None:
    try:
        return (MADE / f"{face.value}.ttf").read_bytes(), json.loads((MADE / f"{face.value}.json").read_text("utf-8"))
    except FileNotFoundError:
        return None


def _made(face: Face) -> tuple[bytes, dict[str, Any]]:
    from traceability.labels.font_making import make_face

    return make_face(face)
