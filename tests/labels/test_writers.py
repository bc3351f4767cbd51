"""The three writers: what they write is read back by readers of other make."""

import io
import xml.etree.ElementTree as ElementTree

import pypdfium2
import pytest
from PIL import Image

from tests.labels.builders import FORMS, make_label, raster_pdf, raster_svg, read_symbol
from traceability.labels.label import ModuleSize
from traceability.labels.layout import lay_out
from traceability.labels.pdf import render_pdf
from traceability.labels.png import render_png
from traceability.labels.primitives import Layout
from traceability.labels.svg import render_svg

RESOLUTIONS = [203, 300, 600]
SPECIMEN = pytest.mark.parametrize("specimen", [False, True], ids=["for use", "specimen"])
EVERY_FORM = pytest.mark.parametrize("form", FORMS)
EVERY_RESOLUTION = pytest.mark.parametrize("dpi", RESOLUTIONS)


def laid_out(form: str, dpi: int | None, *, specimen: bool = False) -> Layout:
    text, code = FORMS[form]
    module = ModuleSize.for_dpi(dpi) if dpi else ModuleSize.vector()
    return lay_out(make_label(qr_text=text, readable_code=code, specimen=specimen), module=module)


def pdf_of(*layouts: Layout) -> bytes:
    out = io.BytesIO()
    assert render_pdf(iter(layouts), out) == len(layouts)
    return out.getvalue()


def quiet_zone_is_white(picture: Image.Image, layout: Layout, dpi: float) -> bool:
    """Whether the four bands around the modules are white, but for the dot on either edge of each."""
    dot, box = 25.4 / dpi, layout.symbol_box
    grey = picture.convert("L")
    outer = [round(value / dot) + 1 for value in (box.x, box.y)]
    inner = [round((value + box.quiet) / dot) - 1 for value in (box.x, box.y)]
    far_inner = [round((value + box.side - box.quiet) / dot) + 1 for value in (box.x, box.y)]
    far = [round((value + box.side) / dot) - 1 for value in (box.x, box.y)]
    bands = [
        (outer[0], outer[1], far[0], inner[1]),
        (outer[0], far_inner[1], far[0], far[1]),
        (outer[0], outer[1], inner[0], far[1]),
        (far_inner[0], outer[1], far[0], far[1]),
    ]
    return all(grey.crop(band).getextrema() == (255, 255) for band in bands)


@EVERY_FORM
@EVERY_RESOLUTION
@SPECIMEN
def test_a_png_is_read_back_and_its_quiet_zone_is_white(form: str, dpi: int, specimen: bool) -> None:
    layout = laid_out(form, dpi, specimen=specimen)
    picture = Image.open(io.BytesIO(render_png(layout, dpi)))
    assert read_symbol(picture) == FORMS[form][0]
    assert quiet_zone_is_white(picture, layout, dpi)


@EVERY_FORM
@EVERY_RESOLUTION
def test_a_pngs_modules_are_exact_dots_of_one_bit(form: str, dpi: int) -> None:
    layout = laid_out(form, dpi)
    picture = Image.open(io.BytesIO(render_png(layout, dpi)))
    assert picture.mode == "1"
    assert picture.size == (round(50 * dpi / 25.4), round(30 * dpi / 25.4))
    assert picture.info["dpi"] == pytest.approx((dpi, dpi), abs=0.02)
    box, module = layout.symbol_box, layout.dots or 0
    left, top = round((box.x + box.quiet) * dpi / 25.4), round((box.y + box.quiet) * dpi / 25.4)
    for row, modules in enumerate(layout.symbol.modules):
        for column, dark in enumerate(modules):
            x, y = left + column * module, top + row * module
            colour = 0 if dark else 255
            assert picture.crop((x, y, x + module, y + module)).getextrema() == (colour, colour)


def test_a_png_at_another_resolution_than_the_layouts_is_refused() -> None:
    with pytest.raises(ValueError, match="another resolution"):
        render_png(laid_out("house unit", 203), 300)
    with pytest.raises(ValueError, match="another resolution"):
        render_png(laid_out("house unit", None), 203)


@EVERY_FORM
@SPECIMEN
def test_an_svg_is_read_back_and_its_quiet_zone_is_white(form: str, specimen: bool) -> None:
    layout = laid_out(form, None, specimen=specimen)
    picture = raster_svg(render_svg(layout), 508)
    assert picture.getchannel("A").getextrema() == (255, 255)
    assert read_symbol(picture) == FORMS[form][0]
    assert quiet_zone_is_white(picture, layout, 508)


def test_an_svg_has_true_size_needs_no_font_and_says_its_words() -> None:
    layout = laid_out("house unit", None, specimen=True)
    root = ElementTree.fromstring(render_svg(layout))
    space = "{http://www.w3.org/2000/svg}"
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("50mm", "30mm", "0 0 50 30")
    assert {child.tag for child in root.iter()} == {f"{space}{tag}" for tag in ("svg", "title", "desc", "path")}
    assert "Gạo Séng Cù Mường Vi" in (root.findtext(f"{space}title") or "")
    description = root.findtext(f"{space}desc") or ""
    assert all(line in description for line in layout.lines)
    assert "MẪU" in description


def test_an_svg_escapes_what_a_producer_typed() -> None:
    svg = render_svg(lay_out(make_label(product_name='<script> & "chè"')))
    assert (ElementTree.fromstring(svg).findtext("{http://www.w3.org/2000/svg}title") or "").startswith('<script> & "chè"')


@EVERY_FORM
@EVERY_RESOLUTION
@SPECIMEN
def test_a_pdf_is_read_back_at_the_printers_resolution(form: str, dpi: int, specimen: bool) -> None:
    layout = laid_out(form, dpi, specimen=specimen)
    picture = raster_pdf(pdf_of(layout), dpi)
    assert read_symbol(picture) == FORMS[form][0]
    assert quiet_zone_is_white(picture, layout, dpi)


def test_a_pdfs_dark_modules_have_no_seams() -> None:
    layout = laid_out("signed", 203)
    picture, box = raster_pdf(pdf_of(layout), 1016), layout.symbol_box
    finder = [round((value + box.quiet) * 40) for value in (box.x, box.y)]
    side = round(7 * box.module_mm * 40)
    # A row through the middle of the finder's upper bar, and a column through that of its left bar.
    middle = round(box.module_mm * 20)
    upper = picture.crop((finder[0] + 2, finder[1] + middle, finder[0] + side - 2, finder[1] + middle + 1))
    left = picture.crop((finder[0] + middle, finder[1] + 2, finder[0] + middle + 1, finder[1] + side - 2))
    assert upper.getextrema() == left.getextrema() == (0, 0)


def test_a_pdf_has_one_label_a_page_in_true_size_with_real_text() -> None:
    layouts = [laid_out(form, 203) for form in FORMS]
    document = pypdfium2.PdfDocument(pdf_of(*layouts))
    assert len(document) == len(FORMS)
    for page, layout in zip(document, layouts, strict=True):
        width, height = (points * 25.4 / 72 for points in page.get_size())
        assert (width, height) == (pytest.approx(50, abs=0.01), pytest.approx(30, abs=0.01))
        words = page.get_textpage().get_text_bounded()
        for text in layout.texts:
            assert " ".join(text.string.split()) in words
    assert document.get_metadata_value("Title") == "Tem truy xuất nguồn gốc"
    document.close()


def test_a_pdf_embeds_every_font_that_it_names() -> None:
    pdf = pdf_of(laid_out("house unit", 203))
    assert b"Helvetica" not in pdf
    assert pdf.count(b"/FontFile2") == 3


def test_the_same_layouts_give_the_same_bytes() -> None:
    layouts = [laid_out(form, 203, specimen=True) for form in FORMS]
    assert pdf_of(*layouts) == pdf_of(*layouts)
    assert render_png(layouts[0], 203) == render_png(layouts[0], 203)
    assert render_svg(layouts[0]) == render_svg(layouts[0])


def test_a_pdf_of_no_labels_is_refused_and_nothing_is_written() -> None:
    out = io.BytesIO()
    with pytest.raises(ValueError, match="no label"):
        render_pdf([], out)
    assert out.getvalue() == b""


@EVERY_RESOLUTION
def test_a_specimen_differs_from_a_label_for_use_only_beside_the_symbol(dpi: int) -> None:
    use, specimen = (Image.open(io.BytesIO(render_png(laid_out("house unit", dpi, specimen=flag), dpi))) for flag in (False, True))
    box = laid_out("house unit", dpi).symbol_box
    edge = round((box.x + box.side) * dpi / 25.4)
    whole = (0, 0, edge, use.height)
    assert use.crop(whole).tobytes() == specimen.crop(whole).tobytes()
    beside = (edge, 0, use.width, use.height)
    assert use.crop(beside).histogram()[0] < specimen.crop(beside).histogram()[0]
