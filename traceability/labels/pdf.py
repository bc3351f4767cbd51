"""Layouts as a PDF, one label a page in true size, with real text in embedded fonts. For runs of one batch see `sheet_pdf`."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from traceability.labels.label import MM_PER_POINT
from traceability.labels.pdf_faces import PdfFaces
from traceability.labels.pdf_file import PageTree, PdfFile, numbers, write_opening
from traceability.labels.pdf_marks import drawn_marks
from traceability.labels.pdf_symbols import drawn_as_path, packed_rows, path_begin
from traceability.labels.primitives import Layout

DOCUMENT_TITLE = "Tem truy xuất nguồn gốc"


def render_pdf(layouts: Iterable[Layout], out: BinaryIO, title: str = DOCUMENT_TITLE) -> int:
    """Write a page for each layout, taken one after the other, and return how many there were.

    The same layouts give the same bytes. Raises ValueError, with nothing written, if there are no layouts.
    """
    layouts = iter(layouts)
    first = next(layouts, None)
    if first is None:
        raise ValueError("there is no label to print")
    pages = 0
    file = PdfFile()
    catalog, about = file.reserve(), file.reserve()
    faces, tree = PdfFaces(file), PageTree(file)
    out.write(file.begin() + write_opening(file, catalog, about, tree.root, title))
    out.writelines(faces.write())
    for layout in _with(first, layouts):
        contents = file.reserve()
        out.write(file.write_stream(contents, _content(layout)) + tree.write_page(contents, _size(layout)))
        pages += 1
    out.write(tree.finish(b"/Resources<<%b>>" % faces.resources) + file.finish(catalog, about))
    return pages


def _with(first: Layout, others: Iterator[Layout]) -> Iterator[Layout]:
    yield first
    yield from others


def _size(layout: Layout) -> bytes:
    return b"/MediaBox[%b]" % numbers(0, 0, layout.width_mm / MM_PER_POINT, layout.height_mm / MM_PER_POINT)


def _content(layout: Layout) -> bytes:
    # From mm with y downwards to points with y upwards.
    unit = 1 / MM_PER_POINT
    place = numbers(unit, 0, 0, -unit, 0, layout.height_mm * unit)
    box = layout.symbol_box
    symbol = drawn_as_path(packed_rows(box), [path_begin(0, 0, box)])
    return b"q %b cm\n%b%bQ\n" % (place, drawn_marks(layout.marks), symbol)
