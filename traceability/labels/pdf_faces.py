"""The label's faces in a PDF: fonts embedded once a file, whose text can be searched and copied (ISO 32000-1 clauses 9.6 to 9.10)."""

from collections.abc import Iterator

from traceability.labels.fonts import Face, Font, font
from traceability.labels.pdf_file import PdfFile

# A subset's name bears six letters; ours is always the same one.
_SUBSET = "VIETLA"
CODE_FONT = "C"
_NAMES = {Face.REGULAR: "R", Face.BOLD: "B", Face.MONO: "M"}
_FIRST, _LAST = 0x20, 0x7E
_FIXED_PITCH, _NONSYMBOLIC = 1, 32
_RANGE = 100


class PdfFaces:
    """Numbers for all fonts of a file, and the objects under them."""

    def __init__(self, file: PdfFile) -> None:
        self._file = file
        self._composite = {face: file.reserve() for face in Face}
        self._code = file.reserve()

    @property
    def resources(self) -> bytes:
        """The fonts' entry of a resource dictionary."""
        named = [b"/%b %d 0 R" % (_NAMES[face].encode(), number) for face, number in self._composite.items()]
        return b"/Font<<%b/%b %d 0 R>>" % (b"".join(named), CODE_FONT.encode(), self._code)

    def write(self) -> Iterator[bytes]:
        """All font objects: each face for text of any letters, the fixed-width one also with one byte a character."""
        for face, number in self._composite.items():
            descriptor, file, mapping, descendant = (self._file.reserve() for _ in range(4))
            yield self._file.write_stream(file, font(face).content, b"/Length1 %d" % len(font(face).content), small=True)
            yield self._file.write(descriptor, _descriptor(font(face), file))
            yield self._file.write_stream(mapping, _to_unicode(font(face)), small=True)
            yield self._file.write(descendant, _descendant(font(face), descriptor))
            yield self._file.write(number, _composite(font(face), descendant, mapping))
            if face is Face.MONO:
                yield self._file.write(self._code, _simple(font(face), descriptor))


def shown(face: Face, string: str) -> bytes:
    """Operators that choose a face and show a string, one unit an em."""
    glyphs = font(face).glyphs
    return b"/%b 1 Tf<%b>Tj" % (_NAMES[face].encode(), b"".join(b"%04X" % glyphs[character] for character in string))


def _name(face: Font) -> bytes:
    return f"{_SUBSET}+{face.face.value}".encode()


def _thousandths(ems: float) -> int:
    return round(1000 * ems)


def _descriptor(face: Font, file: int) -> bytes:
    # A font whose text is given by glyph numbers and one of plain letters share it; the flag of the latter fits both.
    flags = _NONSYMBOLIC | (_FIXED_PITCH if face.face is Face.MONO else 0)
    box = b" ".join(b"%d" % _thousandths(length) for length in face.box)
    heights = tuple(_thousandths(height) for height in (face.ascent, -face.descent, face.cap_height))
    named = b"<</Type/FontDescriptor/FontName/%b/Flags %d/FontBBox[%b]/ItalicAngle 0" % (_name(face), flags, box)
    lines = b"/Ascent %d/Descent %d/CapHeight %d" % heights
    return b"%b%b/StemV %d/FontFile2 %d 0 R>>" % (named, lines, 140 if face.face is Face.BOLD else 80, file)


def _composite(face: Font, descendant: int, mapping: int) -> bytes:
    entries = b"/ToUnicode %d 0 R/DescendantFonts[%d 0 R]" % (mapping, descendant)
    return b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding/Identity-H%b>>" % (_name(face), entries)


def _descendant(face: Font, descriptor: int) -> bytes:
    widths = {face.glyphs[character]: _thousandths(advance) for character, advance in face.advances.items()}
    listed = b" ".join(b"%d[%d]" % (glyph, width) for glyph, width in sorted(widths.items()))
    system = b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity"
    named = b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%b%b" % (_name(face), system)
    return b"%b/FontDescriptor %d 0 R/DW 0/W[%b]>>" % (named, descriptor, listed)


def _simple(face: Font, descriptor: int) -> bytes:
    widths = b" ".join(b"%d" % _thousandths(face.advances[chr(code)]) for code in range(_FIRST, _LAST + 1))
    return (
        b"<</Type/Font/Subtype/TrueType/BaseFont/%b/Encoding/WinAnsiEncoding/FirstChar %d/LastChar %d/Widths[%b]/FontDescriptor %d 0 R>>"
        % (
            _name(face),
            _FIRST,
            _LAST,
            widths,
            descriptor,
        )
    )


def _to_unicode(face: Font) -> bytes:
    """Which letters a glyph stands for (clause 9.10.3), so that diacritics are found and copied."""
    # Of several characters with one glyph the first is meant: a hyphen before a soft hyphen, a space before a hard one.
    letters: dict[int, str] = {}
    for character, glyph in sorted(face.glyphs.items()):
        letters.setdefault(glyph, character)
    lines = [b"<%04X><%04X>" % (glyph, ord(letter)) for glyph, letter in sorted(letters.items())]
    groups = [lines[at : at + _RANGE] for at in range(0, len(lines), _RANGE)]
    body = b"".join(b"%d beginbfchar\n%b\nendbfchar\n" % (len(group), b"\n".join(group)) for group in groups)
    return (
        b"/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def"
        b"/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n"
        b"%bendcmap CMapName currentdict/CMap defineresource pop end end\n" % body
    )
