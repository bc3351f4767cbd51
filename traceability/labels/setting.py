"""Setting words into lines of a given width. Sizes and widths are in mm, offsets within a line in ems."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from traceability.labels.fit import Misfit
from traceability.labels.fonts import Face, font
from traceability.labels.label import MM_PER_POINT
from traceability.labels.primitives import Mark, Star, Text

SMALLEST_MM = 5 * MM_PER_POINT
"""Five points: nothing on a label is set smaller."""

MAX_STARS = 5
_STAR_RADIUS = 0.56
_STAR_PITCH = 1.12
_STARS_GAP = 0.62
_STAR_STROKE = 0.075


@dataclass(frozen=True)
class Atom:
    """Words that stay together on a line."""

    face: Face
    string: str


@dataclass(frozen=True)
class Paragraph:
    """What a field says, as atoms between which it may break into at most `most_lines` lines.

    `joint` stands between atoms of one line. `narrower` is tried where the atoms do not fit on one line. With `stars`
    the line opens with five stars, so many of them filled. `group` is the block of lines it belongs to. `rows` are the
    only ways in which the paragraph may be broken, fewest lines first; without them it breaks between any two atoms.
    """

    field: str
    atoms: tuple[Atom, ...]
    group: int = 0
    most_lines: int = 1
    joint: str = " "
    narrower: tuple[Atom, ...] = ()
    stars: int = 0
    rows: tuple[tuple[tuple[Atom, ...], ...], ...] = ()

    @property
    def text(self) -> str:
        return self.joint.join(atom.string for atom in self.atoms)


@dataclass(frozen=True)
class Line:
    """A line, set but not yet placed: runs as (offset in ems, atom), its width in ems and its size in mm."""

    field: str
    group: int
    size: float
    runs: tuple[tuple[float, Atom], ...]
    width: float
    stars: int = 0

    @property
    def text(self) -> str:
        return " ".join(atom.string for _, atom in self.runs)

    @property
    def cap_height(self) -> float:
        return font(self.runs[0][1].face).cap_height * self.size

    def marks(self, x: float, baseline: float) -> list[Mark]:
        """The line placed with its left end at x."""
        placed: list[Mark] = [Text(x + at * self.size, baseline, self.size, atom.face, atom.string, self.field) for at, atom in self.runs]
        return [*self._star_marks(x, baseline), *placed]

    def _star_marks(self, x: float, baseline: float) -> list[Mark]:
        if not self.stars:
            return []
        radius = _STAR_RADIUS * self.size
        # The stars' ink, from their tops to their feet, is centred on the capitals beside them.
        y = baseline - self.cap_height / 2 + 0.05 * radius
        centres = [x + radius + at * _STAR_PITCH * self.size for at in range(MAX_STARS)]
        return [Star(centre, y, radius, at < self.stars, _STAR_STROKE * self.size) for at, centre in enumerate(centres)]


def words(face: Face, text: str) -> tuple[Atom, ...]:
    """Each word an atom."""
    return tuple(Atom(face, word) for word in text.split(" ") if word)


def set_lines(paragraph: Paragraph, size: float, width: float, most_lines: int) -> list[Line] | None:
    """The paragraph in at most `most_lines` lines of `width` mm at `size` mm, None where it does not fit."""
    most = min(most_lines, paragraph.most_lines)
    if paragraph.rows:
        broken = ([_line(paragraph, atoms, size) for atoms in rows] for rows in paragraph.rows if len(rows) <= most)
        return next((lines for lines in broken if max(line.width for line in lines) * size <= width), None)
    for atoms in (paragraph.atoms, paragraph.narrower):
        if atoms and (line := _line(paragraph, atoms, size)).width * size <= width:
            return [line]
    if most < 2 or len(paragraph.atoms) < 2:
        return None
    return _two_lines(paragraph, size, width) or (_filled(paragraph, size, width, most) if most > 2 else None)


def misfit(paragraph: Paragraph, width: float) -> Misfit | None:
    """Why the paragraph does not fit `width` mm even at five points, None if it does."""
    if set_lines(paragraph, SMALLEST_MM, width, paragraph.most_lines):
        return None
    # Up and down to hundredths, so that it never reads as if there were just enough.
    needed, available = ceil(_least_width(paragraph) * SMALLEST_MM * 100) / 100, floor(max(width, 0.0) * 100) / 100
    return Misfit(paragraph.field, paragraph.text, "width", needed, available)


def _least_width(paragraph: Paragraph) -> float:
    """The width in ems of the narrowest place that takes the paragraph."""
    if paragraph.rows:
        return min(max(_line(paragraph, atoms, SMALLEST_MM).width for atoms in rows) for rows in paragraph.rows)
    widths = [_line(paragraph, atoms, SMALLEST_MM).width for atoms in (paragraph.atoms, paragraph.narrower) if atoms]
    if paragraph.most_lines > 1:
        widths += [max(line.width for line in pair) for pair in _pairs(paragraph, SMALLEST_MM)]
    if paragraph.most_lines > 2:
        # Of more lines than two the widest word is a bound that may not be reached; what is said is then too little.
        thirds = [lines for width in sorted(widths) if (lines := _filled(paragraph, 1.0, width, paragraph.most_lines))]
        widths += [max(line.width for line in lines) for lines in thirds]
    return min(widths)


def _two_lines(paragraph: Paragraph, size: float, width: float) -> list[Line] | None:
    pairs = [pair for pair in _pairs(paragraph, size) if max(line.width for line in pair) * size <= width]
    if not pairs:
        return None
    # A full first line reads best, but not where it leaves a single word behind: then the evenest pair does.
    fullest = pairs[-1]
    if len(fullest[1].text.split(" ")) > 1:
        return fullest
    return min(pairs, key=lambda pair: max(line.width for line in pair))


def _filled(paragraph: Paragraph, size: float, width: float, most: int) -> list[Line] | None:
    """Lines filled one after the other, None where a word is too wide or the lines are too many."""
    lines: list[Line] = []
    waiting = list(paragraph.atoms)
    while waiting:
        taken = next((n for n in range(len(waiting), 0, -1) if _line(paragraph, waiting[:n], size).width * size <= width), 0)
        if not taken or len(lines) == most:
            return None
        lines.append(_line(paragraph, waiting[:taken], size))
        waiting = waiting[taken:]
    return lines


def _pairs(paragraph: Paragraph, size: float) -> list[list[Line]]:
    atoms = paragraph.atoms
    return [[_line(paragraph, atoms[:cut], size), _line(paragraph, atoms[cut:], size)] for cut in range(1, len(atoms))]


def _line(paragraph: Paragraph, atoms: Sequence[Atom], size: float) -> Line:
    at = MAX_STARS * _STAR_PITCH + _STARS_GAP - (_STAR_PITCH - 2 * _STAR_RADIUS) if paragraph.stars else 0.0
    runs = []
    for atom in _merged(atoms, paragraph.joint):
        runs.append((at, atom))
        at += font(atom.face).width(atom.string + paragraph.joint)
    end = at - font(runs[-1][1].face).width(paragraph.joint)
    return Line(paragraph.field, paragraph.group, size, tuple(runs), end, paragraph.stars)


def _merged(atoms: Sequence[Atom], joint: str) -> list[Atom]:
    """Neighbours of one face made one, so that a line is written as few runs of text."""
    merged = [atoms[0]]
    for atom in atoms[1:]:
        if atom.face is merged[-1].face:
            merged[-1] = Atom(atom.face, merged[-1].string + joint + atom.string)
        else:
            merged.append(atom)
    return merged
