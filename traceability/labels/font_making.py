"""The label's faces made from their packages' fonts: cut down to the letters that are printed, and fixed at two weights.

Noto Sans comes as one variable font, which takes about half a second; `python -m traceability.labels.font_making` does it once and
keeps what it made in the folder `made` beside this file, from where every program start takes it.
"""

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import fontpkg
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from traceability.labels.fonts import MADE, Face

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


def make_face(face: Face) -> tuple[bytes, dict[str, Any]]:
    """A face as a TrueType font, and its measures in font units. Raises fontpkg's FamilyNotInstalled where its package is missing.

    The measures are `units` an em, `cap_height`, `ascent`, `descent` (downwards, positive), `box` of all ink, and
    `glyphs`: for each character its glyph's number and advance.
    """
    table = _plex_mono() if face is Face.MONO else _noto_sans(_NOTO_WEIGHT[face])
    _rename(table, face)
    content = _saved(table)
    return content, _measures(TTFont(io.BytesIO(content)))


def keep_faces(folder: Path) -> None:
    """Makes all faces and writes them into a folder, each as a font and a file of measures."""
    folder.mkdir(exist_ok=True)
    for face in Face:
        content, measures = make_face(face)
        (folder / f"{face.value}.ttf").write_bytes(content)
        (folder / f"{face.value}.json").write_text(json.dumps(measures), "utf-8")


def _measures(table: Any) -> dict[str, Any]:
    head, line = table["head"], table["hhea"]
    return {
        "units": head.unitsPerEm,
        "cap_height": table["OS/2"].sCapHeight,
        "ascent": line.ascent,
        "descent": -line.descent,
        "box": [head.xMin, head.yMin, head.xMax, head.yMax],
        "glyphs": {chr(code): [table.getGlyphID(name), table["hmtx"][name][0]] for code, name in table.getBestCmap().items()},
    }


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


if __name__ == "__main__":
    keep_faces(MADE)
