"""Sheets and rolls as PDF: every code in its place, sound files, the same page in three renderers."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from tests.labels.builders import FORMS, make_label
from tests.labels.runs import SHORT, make_run, said_by
from traceability.labels.correction import Correction
from traceability.labels.label import ModuleSize
from traceability.labels.layout import lay_out
from traceability.labels.logo import MM_PER_INCH
from traceability.labels.paging import Dealing, PagingFault
from traceability.labels.pdf import render_pdf
from traceability.labels.sheet_pdf import SheetChoice, render_sheets
from traceability.labels.stock import STOCKS, Stock

LABELS = 650
SMALL = {"producer": None, "geographical_indication": None, "stars": 0, "best_before": None}


def run_for(stock: Stock, count: int, dpi: int = 600, **changed):
    """Labels that this stock takes: the smallest bear only name and lot."""
    small = stock.label.height_mm < 25 or stock.label.width_mm < 45
    return make_run(
        count, stock.label, dpi, SHORT if stock.label.height_mm < 25 else FORMS["house unit"], **(SMALL if small else {}) | changed
    )


def printed(stock: Stock, count: int, choice: SheetChoice | None = None, dpi: int = 600, **changed) -> bytes:
    return b"".join(render_sheets(run_for(stock, count, dpi, **changed), stock, choice))


def page_at(content: bytes, dpi: int, page: int = 0) -> Image.Image:
    document = pypdfium2.PdfDocument(content)
    try:
        return document[page].render(scale=dpi / 72).to_pil().convert("L")
    finally:
        document.close()


def read_in_places(content: bytes, stock: Stock, dpi: int, order: str = "rows") -> list[str | None]:
    """What stands at every place of every page, None where a place is empty: each label is cut out and read by itself."""
    document = pypdfium2.PdfDocument(content)
    found: list[str | None] = []
    for page in document:
        picture = page.render(scale=dpi / 72).to_pil().convert("L")
        for left, top in stock.corners(order):
            box = (left, top, left + stock.label.width_mm, top + stock.label.height_mm)
            label = picture.crop(tuple(round(length * dpi / MM_PER_INCH) for length in box))
            read = zxingcpp.read_barcode(label, zxingcpp.BarcodeFormat.QRCodeModel2)
            found.append(read.text if read else None)
    document.close()
    return found


@pytest.mark.parametrize("one_bit", [False, True], ids=["path", "bits"])
@pytest.mark.parametrize("key", STOCKS)
def test_every_code_of_many_labels_is_read_in_its_place_at_300_dpi(key, one_bit):
    stock = STOCKS[key]
    count = LABELS if stock.kind == "sheet" else 60
    content = printed(stock, count, SheetChoice(one_bit=one_bit))
    expected = said_by(run_for(stock, count))
    assert read_in_places(content, stock, 300)[:count] == expected


@pytest.mark.parametrize("one_bit", [False, True], ids=["path", "bits"])
@pytest.mark.parametrize("key", STOCKS)
def test_a_hundred_codes_are_read_at_203_dpi(key, one_bit):
    stock = STOCKS[key]
    content = printed(stock, 100, SheetChoice(one_bit=one_bit), dpi=203)
    assert read_in_places(content, stock, 203)[:100] == said_by(run_for(stock, 100, 203))


@pytest.mark.parametrize("order", ["rows", "columns"])
def test_a_used_sheet_is_filled_from_its_first_free_place_with_copies_side_by_side(order):
    stock = STOCKS["a4-21"]
    content = printed(stock, 13, SheetChoice(Dealing(17, order, 2), frames=True, crop_marks=True))
    expected = [text for text in said_by(run_for(stock, 13)) for _ in range(2)]
    assert read_in_places(content, stock, 300, order) == [None] * 16 + expected


def test_a_label_on_a_sheet_looks_as_it_does_alone():
    stock = STOCKS["a4-14"]
    sheet = page_at(printed(stock, 1, specimen=True), 600)
    run = run_for(stock, 1, specimen=True)
    [text], [units] = said_by(run), list(run_for(stock, 1, specimen=True).units)
    one = lay_out(
        make_label(specimen=True, qr_text=text, readable_code=units.codes[0].tobytes().decode()), stock.label, ModuleSize.for_dpi(600)
    )

    out = io.BytesIO()
    render_pdf([one], out)
    alone = page_at(out.getvalue(), 600)
    left, top = (round(length * 600 / MM_PER_INCH) for length in stock.corners()[0])
    part = sheet.crop((left, top, left + alone.width, top + alone.height))
    assert same_within_a_pixel(part, alone)


def test_a_correction_moves_and_scales_the_page_so_that_the_printers_error_undoes_it():
    stock = STOCKS["a4-24"]
    scale_x, scale_y, shift_x, shift_y = 0.97, 1.01, 1.5, -0.8
    content = printed(stock, 24, SheetChoice(correction=Correction(scale_x, scale_y, shift_x, shift_y)))
    drawn = page_at(content, 300)
    dots = 300 / MM_PER_INCH
    # What this printer makes of the page: each point goes to scale * point + shift.
    printed_page = drawn.transform(
        drawn.size,
        Image.Transform.AFFINE,
        (1 / scale_x, 0, -shift_x * dots / scale_x, 0, 1 / scale_y, -shift_y * dots / scale_y),
        Image.Resampling.BICUBIC,
        fillcolor=255,
    )
    plain = page_at(printed(stock, 24), 300)

    def places(picture):
        found = zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormat.QRCodeModel2)
        return {code.text: (code.position.top_left.x, code.position.top_left.y, code.position.bottom_right.x) for code in found}

    there, wanted = places(printed_page), places(plain)
    assert there.keys() == wanted.keys() and len(there) == 24
    assert max(abs(a - b) for text in there for a, b in zip(there[text], wanted[text], strict=True)) <= 2


@pytest.mark.parametrize("choice", [SheetChoice(), SheetChoice(one_bit=True, frames=True, crop_marks=True)], ids=["path", "bits"])
def test_a_strict_reader_finds_no_fault(choice):
    content = printed(STOCKS["a4-65"], 65 * 130, choice)
    with pikepdf.open(io.BytesIO(content)) as document:
        assert document.check_pdf_syntax() == []
        assert len(document.pages) == 130
        assert document.Root.ViewerPreferences.PrintScaling == "/None"
        assert document.Root.Lang == "vi"
        fonts = document.pages[0].Resources.Font if "/Resources" in document.pages[0] else document.Root.Pages.Resources.Font
        for font in fonts.values():
            descriptor = font.FontDescriptor if "/FontDescriptor" in font else font.DescendantFonts[0].FontDescriptor
            assert "/FontFile2" in descriptor and str(descriptor.FontName)[7] == "+"


def test_the_same_labels_give_the_same_bytes():
    assert printed(STOCKS["a4-40"], 90) == printed(STOCKS["a4-40"], 90)


@pytest.mark.parametrize("one_bit", [False, True], ids=["path", "bits"])
def test_poppler_mupdf_and_ghostscript_draw_the_same_page(tmp_path, one_bit):
    stock = STOCKS["a4-24"]
    path, drawing = tmp_path / "sheet.pdf", tmp_path / "drawing.pdf"
    drawing.write_bytes(printed(stock, 24, SheetChoice(frames=True), specimen=True))
    path.write_bytes(printed(stock, 24, SheetChoice(one_bit=one_bit, frames=True), specimen=True))
    # Pictures are rounded to whole pixels by each in its own way, so all are held against the drawing.
    wanted = mupdf(drawing, tmp_path)
    for name, draw in RENDERERS.items():
        page = draw(path, tmp_path)
        assert same_within_a_pixel(wanted, page), name
        texts = {code.text for code in zxingcpp.read_barcodes(page, zxingcpp.BarcodeFormat.QRCodeModel2)}
        assert texts == set(said_by(run_for(stock, 24))), name


def poppler(path: Path, folder: Path) -> Image.Image:
    subprocess.run(["pdftoppm", "-r", "300", "-gray", "-singlefile", path, folder / "poppler"], check=True)
    return Image.open(folder / "poppler.pgm")


def ghostscript(path: Path, folder: Path) -> Image.Image:
    out = folder / "ghostscript.png"
    smooth = ("-dTextAlphaBits=4", "-dGraphicsAlphaBits=4")
    command = ["gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=pnggray", "-r300", f"-sOutputFile={out}", *smooth, path]
    subprocess.run(command, check=True)
    return Image.open(out)


def mupdf(path: Path, folder: Path) -> Image.Image:
    out = folder / f"mupdf-{path.stem}.png"
    subprocess.run(["mutool", "draw", "-q", "-r", "300", "-c", "gray", "-o", out, path, "1"], check=True)
    return Image.open(out)


RENDERERS = {"poppler": poppler, "ghostscript": ghostscript, "mupdf": mupdf}


def same_within_a_pixel(one: Image.Image, other: Image.Image) -> bool:
    """Whether what is dark in either picture is at least grey in the other, there or beside it.

    Pages that are no whole number of pixels are rounded up by some and down by others.
    """
    width, height = min(one.width, other.width), min(one.height, other.height)
    first, second = (np.asarray(picture)[:height, :width] for picture in (one, other))
    return not ((first < 100) & ~spread(second < 200)).any() and not ((second < 100) & ~spread(first < 200)).any()


def spread(dark: np.ndarray) -> np.ndarray:
    padded = np.pad(dark, 1)
    height, width = dark.shape
    return np.logical_or.reduce([padded[y : y + height, x : x + width] for y in range(3) for x in range(3)])


def test_text_is_found_and_copied_with_its_diacritics(tmp_path):
    stock = STOCKS["a4-21"]
    content = printed(stock, 3)
    path = tmp_path / "sheet.pdf"
    path.write_bytes(content)
    codes = [row.tobytes().decode() for units in run_for(stock, 3).units for row in units.codes]
    told = subprocess.run(["pdftotext", "-raw", path, "-"], check=True, capture_output=True).stdout.decode()
    mupdf_told = subprocess.run(["mutool", "draw", "-q", "-F", "txt", path, "1"], check=True, capture_output=True).stdout.decode()
    for text in (told, mupdf_told, pypdfium2.PdfDocument(content)[0].get_textpage().get_text_range()):
        assert text.count("Gạo Séng Cù Mường Vi") == 3
        assert all(words in text for words in ("Lô", "SC-2026-03", *codes))


def test_there_is_no_sheet_without_labels_and_no_first_byte_for_a_wrong_start():
    with pytest.raises(PagingFault):
        render_sheets(run_for(STOCKS["a4-21"], 1), STOCKS["a4-21"], SheetChoice(Dealing(22)))


def test_memory_does_not_grow_with_the_number_of_labels():
    script = (
        "import sys, resource; sys.path.insert(0, '.')\n"
        "from tests.labels.test_sheets import STOCKS, run_for, render_sheets\n"
        "stock = STOCKS['a4-65']\n"
        "size = sum(map(len, render_sheets(run_for(stock, int(sys.argv[1])), stock)))\n"
        "print(size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    few, many = (figures_of(script, count) for count in ("1000", "40000"))
    assert many[0] > 30 * few[0] and many[1] - few[1] < 20_000


def figures_of(script: str, *arguments: str) -> list[int]:
    done = subprocess.run([sys.executable, "-c", script, *arguments], check=True, capture_output=True)
    return [int(figure) for figure in done.stdout.split()]
