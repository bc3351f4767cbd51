"""A run of labels as a PDF of sheets or of a roll, written as it is made: memory does not grow with the number of labels."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from traceability.labels.correction import Correction
from traceability.labels.label import MM_PER_POINT
from traceability.labels.paging import Dealing, Page, deal
from traceability.labels.pdf import DOCUMENT_TITLE
from traceability.labels.pdf_faces import CODE_FONT, PdfFaces
from traceability.labels.pdf_file import PageTree, PdfFile, numbers, write_opening
from traceability.labels.pdf_marks import drawn_marks, text_place
from traceability.labels.pdf_symbols import drawn_as_mask, drawn_as_path, mask_begin, path_begin
from traceability.labels.run import LabelRun, Units
from traceability.labels.stock import Stock

_LINE_MM = 0.1
_TICK_MM = 2.0


@dataclass(frozen=True)
class SheetChoice:
    """How a run is put on paper. `one_bit` draws symbols as images of one bit a module, for small files.

    `frames` draws each label's edge, `crop_marks` ticks outside of its corners.
    """

    dealing: Dealing = field(default_factory=Dealing)
    frames: bool = False
    crop_marks: bool = False
    one_bit: bool = False
    correction: Correction = field(default_factory=Correction)
    title: str = DOCUMENT_TITLE


def render_sheets(run: LabelRun, stock: Stock, choice: SheetChoice | None = None) -> Iterator[bytes]:
    """The bytes of the PDF, piece by piece. The same run and choice give the same bytes.

    Raises PagingFault before the first byte, ValueError if there are no labels.
    """
    choice = choice or SheetChoice()
    choice.dealing.check(stock)
    return _Sheets(run, stock, choice).write()


class _Sheets:
    def __init__(self, run: LabelRun, stock: Stock, choice: SheetChoice) -> None:
        self._run, self._stock, self._choice = run, stock, choice
        self._corners = stock.corners(choice.dealing.order)
        self._file = PdfFile()
        self._catalog, self._about, self._label, self._sheet = (self._file.reserve() for _ in range(4))
        self._faces = PdfFaces(self._file)
        self._tree = PageTree(self._file)
        box, draw = run.layout.symbol_box, mask_begin if choice.one_bit else path_begin
        self._begins = [draw(x, y, box) for x, y in self._corners]
        self._slots = run.slots
        self._opening = b"q %b cm\n" % self._page_place() + (_crop_marks(stock) if choice.crop_marks else b"")
        self._code_places = [
            [text_place(x + slot.text.x, y + slot.text.baseline, slot.text.size_mm) + b"(" for slot in self._slots]
            for x, y in self._corners
        ]

    def write(self) -> Iterator[bytes]:
        yield self._file.begin() + b"".join(self._before())
        for page in deal(self._run.units, self._stock, self._choice.dealing):
            contents = self._file.reserve()
            yield self._file.write_stream(contents, self._content(page)) + self._tree.write_page(contents)
        yield self._tree.finish(self._inherited())
        yield self._file.finish(self._catalog, self._about)

    def _before(self) -> Iterator[bytes]:
        file = self._file
        yield write_opening(file, self._catalog, self._about, self._tree.root, self._choice.title)
        yield from self._faces.write()
        form = b"/Type/XObject/Subtype/Form/BBox[%b]/Resources<<%b>>"
        label, page = self._stock.label, self._stock.page
        edges = b"q %b w %b re S Q\n" % (numbers(_LINE_MM), numbers(0, 0, label.width_mm, label.height_mm)) if self._choice.frames else b""
        # A millimetre more than the label, so that a line on its edge is whole.
        around = numbers(-1, -1, label.width_mm + 1, label.height_mm + 1)
        yield file.write_stream(self._label, edges + drawn_marks(self._run.fixed_marks), form % (around, self._faces.resources), small=True)
        named = b"/XObject<</L %d 0 R>>" % self._label
        full = b"".join(self._placed_label(place) for place in range(self._stock.count))
        yield file.write_stream(self._sheet, full, form % (numbers(-1, -1, page.width_mm + 1, page.height_mm + 1), named), small=True)

    def _placed_label(self, place: int) -> bytes:
        return b"q 1 0 0 1 %b cm/L Do Q\n" % numbers(*self._corners[place])

    def _content(self, page: Page) -> bytes:
        places = range(page.first, page.first + len(page.units))
        whole = len(places) == self._stock.count
        fixed = b"/S Do\n" if whole else b"".join(self._placed_label(place) for place in places)
        draw = drawn_as_mask if self._choice.one_bit else drawn_as_path
        symbols = draw(page.units.symbols, [self._begins[place] for place in places])
        return b"".join((self._opening, fixed, symbols, self._codes(page.units, places), b"Q\n"))

    def _page_place(self) -> bytes:
        """From mm with y downwards to points with y upwards, drawn where the printer will put it right."""
        correction, unit = self._choice.correction, 1 / MM_PER_POINT
        left, top = (unit * length for length in correction.applied(0, 0))
        height = self._stock.page.height_mm * unit
        return numbers(unit / correction.scale_x, 0, 0, -unit / correction.scale_y, left, height - top)

    def _codes(self, units: Units, places: range) -> bytes:
        if not self._slots:
            return b""
        length, codes = units.codes.shape[1], units.codes.tobytes()
        parts: list[bytes] = [b"BT/%b 1 Tf\n" % CODE_FONT.encode()]
        cuts = [(number, slot.start, slot.stop) for number, slot in enumerate(self._slots)]
        for at, place in enumerate(places):
            start, begins = at * length, self._code_places[place]
            for number, first, stop in cuts:
                parts += (begins[number], codes[start + first : start + stop], b")Tj\n")
        parts.append(b"ET\n")
        return b"".join(parts)

    def _inherited(self) -> bytes:
        page = self._stock.page
        size = numbers(0, 0, page.width_mm / MM_PER_POINT, page.height_mm / MM_PER_POINT)
        forms = b"/XObject<</L %d 0 R/S %d 0 R>>" % (self._label, self._sheet)
        return b"/MediaBox[%b]/Resources<<%b%b>>" % (size, self._faces.resources, forms)


def _crop_marks(stock: Stock) -> bytes:
    """Ticks that lead outwards from the labels' corners, where no other label lies and the page goes on."""
    width, height = stock.label.width_mm, stock.label.height_mm
    corners = stock.corners()
    lines = []
    for x, y in corners:
        for edge_x, edge_y in ((x, y), (x + width, y), (x, y + height), (x + width, y + height)):
            out_x, out_y = -1 if edge_x == x else 1, -1 if edge_y == y else 1
            lines.append((edge_x, edge_y, edge_x + out_x * _free(stock, edge_x, out_x, across=True), edge_y))
            lines.append((edge_x, edge_y, edge_x, edge_y + out_y * _free(stock, edge_y, out_y, across=False)))
    drawn = chain.from_iterable(
        (numbers(*line[:2]), b" m ", numbers(*line[2:]), b" l\n") for line in dict.fromkeys(lines) if line[:2] != line[2:]
    )
    return b"q %b w %bS Q\n" % (numbers(_LINE_MM), b"".join(drawn))


def _free(stock: Stock, edge: float, direction: int, *, across: bool) -> float:
    """How long a tick may be: half the gutter to the next label, or what is left to the page's edge."""
    first, count, pitch, length, end = (
        (stock.left_mm, stock.columns, stock.pitch_x_mm, stock.label.width_mm, stock.page.width_mm)
        if across
        else (stock.top_mm, stock.rows, stock.pitch_y_mm, stock.label.height_mm, stock.page.height_mm)
    )
    outermost = edge <= first + 1e-6 if direction < 0 else edge >= first + (count - 1) * pitch + length - 1e-6
    room = (edge if direction < 0 else end - edge) if outermost else (pitch - length) / 2
    return max(0.0, min(_TICK_MM, room))
