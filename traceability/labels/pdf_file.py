"""The bones of a PDF (ISO 32000-1) written from front to back: objects, streams, the table of where they stand, the end."""

import zlib
from array import array
from hashlib import sha256

from isal import isal_zlib

HEADER = b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n"
_KIDS = 128
_QUICK = 1


class PdfFile:
    """Numbers objects and keeps where they stand. Every method gives the bytes that come next in the file."""

    def __init__(self) -> None:
        self._places = array("Q", [0])
        self._written = 0

    def begin(self) -> bytes:
        """What a file opens with (clause 7.5.2)."""
        return self._counted(HEADER)

    def reserve(self) -> int:
        """A number for an object that is written later."""
        self._places.append(0)
        return len(self._places) - 1

    def write(self, number: int, body: bytes) -> bytes:
        """An object under its reserved number (clause 7.3.10)."""
        self._places[number] = self._written
        return self._counted(b"%d 0 obj\n%b\nendobj\n" % (number, body))

    def write_stream(self, number: int, content: bytes, entries: bytes = b"", *, small: bool = False) -> bytes:
        """A stream under its reserved number (clause 7.3.8), compressed: quickly, or as small as can be."""
        squeezed = zlib.compress(content, 9) if small else isal_zlib.compress(content, _QUICK)
        return self.write(number, b"<<%b/Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (entries, len(squeezed), squeezed))

    def finish(self, catalog: int, about: int) -> bytes:
        """The cross-reference table and the trailer (clauses 7.5.4 and 7.5.5)."""
        start = self._written
        entries = b"".join(b"%010d 00000 n \n" % place for place in self._places[1:])
        table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(self._places), entries)
        mark = sha256(table).hexdigest()[:32].encode()
        trailer = b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]>>\n" % (len(self._places), catalog, about, mark, mark)
        return self._counted(b"%b%bstartxref\n%d\n%%%%EOF\n" % (table, trailer, start))

    def _counted(self, content: bytes) -> bytes:
        self._written += len(content)
        return content


class PageTree:
    """Pages in nodes of a hundred or so (clause 7.7.3.2), so that a viewer finds one page of thousands at once."""

    def __init__(self, file: PdfFile) -> None:
        self._file = file
        self.root = file.reserve()
        self._nodes: list[tuple[int, int]] = []
        self._kids: list[int] = []
        self._node = 0

    def write_page(self, contents: int, entries: bytes = b"") -> bytes:
        """A page; what its entries do not say, as its size and resources, is the root's."""
        if not self._kids:
            self._node = self._file.reserve()
        page = self._file.reserve()
        self._kids.append(page)
        written = self._file.write(page, b"<</Type/Page/Parent %d 0 R/Contents %d 0 R%b>>" % (self._node, contents, entries))
        return written + (self._write_node() if len(self._kids) == _KIDS else b"")

    def finish(self, inherited: bytes) -> bytes:
        """The last node and the root, with what all pages have from it."""
        last = self._write_node() if self._kids else b""
        count = sum(pages for _, pages in self._nodes)
        kids = b" ".join(b"%d 0 R" % node for node, _ in self._nodes)
        root = self._file.write(self.root, b"<</Type/Pages/Count %d/Kids[%b]%b>>" % (count, kids, inherited))
        return last + root

    def _write_node(self) -> bytes:
        kids = b" ".join(b"%d 0 R" % kid for kid in self._kids)
        body = b"<</Type/Pages/Parent %d 0 R/Count %d/Kids[%b]>>" % (self.root, len(self._kids), kids)
        self._nodes.append((self._node, len(self._kids)))
        self._kids = []
        return self._file.write(self._node, body)


def write_opening(file: PdfFile, catalog: int, about: int, pages: int, title: str) -> bytes:
    """The catalogue and the title. No viewer scales the pages unless it is told to (clause 12.2)."""
    preferences = b"/ViewerPreferences<</PrintScaling/None/DisplayDocTitle true>>"
    return file.write(catalog, b"<</Type/Catalog/Pages %d 0 R/Lang(vi)%b>>" % (pages, preferences)) + file.write(
        about, b"<</Title%b>>" % text_string(title)
    )


def text_string(text: str) -> bytes:
    """A text string of the document's own words (clause 7.9.2.2), in UTF-16 with its mark."""
    return b"<%b>" % (b"\xfe\xff" + text.encode("utf-16-be")).hex().upper().encode()


def number(value: float) -> bytes:
    """A real number: five decimals are a hundredth of a micrometre, and no trailing noughts."""
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return b"0" if text == "-0" else text.encode()


def numbers(*values: float) -> bytes:
    """Numbers with single spaces between."""
    return b" ".join(number(value) for value in values)
