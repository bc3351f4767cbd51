"""The three designs on every stock, in every language, with and without a logo."""

import io
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.labels.builders import FORMS, make_label, make_logo, raster_pdf, raster_svg, read_symbol
from tests.labels.runs import make_run
from tests.labels.test_layout import FIVE_POINTS, box_of
from tests.labels.test_writers import pdf_of, quiet_zone_is_white
from traceability.labels.fit import LabelDoesNotFit
from traceability.labels.label import DESIGNS, LANGUAGES, Label, ModuleSize, PrinterFault, Size, SizeFault
from traceability.labels.layout import check_fit, lay_out
from traceability.labels.png import render_png
from traceability.labels.primitives import Layout, Outline, Picture
from traceability.labels.run import code_slots
from traceability.labels.sheet_pdf import render_sheets
from traceability.labels.stock import STOCKS
from traceability.labels.svg import render_svg

SIZES = sorted({(stock.label.width_mm, stock.label.height_mm) for stock in STOCKS.values()})
PRINTERS = [203, 300, 600]
EVERY_DESIGN = pytest.mark.parametrize("design", DESIGNS)
EVERY_SIZE = pytest.mark.parametrize("size", [Size(*size) for size in SIZES], ids=lambda size: f"{size.width_mm}x{size.height_mm}")
# What fits on every thermal printer, said by hand: a change to a design that loses one of these is told here.
MUST_FIT = {
    "small": {"35x22", "a4-65", "40x30", "50x30", "60x40", "40x60"},
    "standard": {"50x30", "60x40", "70x50", "40x60", "40x30", "a4-24", "a4-40"},
    "signed": {"50x30", "60x40", "70x50", "40x60", "a4-14", "a4-8"},
}


def label_in(design: str, form: str, language: str = "vi", **changed: object) -> Label:
    text, code = FORMS[form]
    english = {"product_name_en": "Séng Cù rice"} if language == "both" else {}
    return make_label(
        qr_text=text, readable_code=code, design=design, language=language, offline=form == "signed", **{**english, **changed}
    )


def try_layout(label: Label, size: Size, dpi: int | None) -> Layout | None:
    try:
        return lay_out(label, size, ModuleSize.for_dpi(dpi) if dpi else ModuleSize.vector())
    except LabelDoesNotFit:
        return None


def box(mark: object) -> tuple[float, float, float, float]:
    if isinstance(mark, Picture):
        return mark.x, mark.y, mark.x + mark.width_mm, mark.y + mark.height_mm
    return box_of(mark)


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    # Lines of text stand so close that the room for one's tails touches the room for the other's accents.
    return min(one[2], other[2]) - max(one[0], other[0]) > 0.01 and min(one[3], other[3]) - max(one[1], other[1]) > 0.01


def check_layout(layout: Layout) -> None:
    """Nothing overlaps, leaves the label, enters the quiet zone or is smaller than five points."""
    marks = [mark for mark in layout.marks if not isinstance(mark, Outline)]
    symbol = layout.symbol_box
    around = (symbol.x, symbol.y, symbol.x + symbol.side, symbol.y + symbol.side)
    assert around[0] >= 0 and around[1] >= 0 and around[2] <= layout.width_mm and around[3] <= layout.height_mm
    for mark in layout.marks:
        left, top, right, bottom = box(mark)
        assert 0 < left < right < layout.width_mm and 0 < top < bottom < layout.height_mm, mark
        assert not overlap((left, top, right, bottom), around), mark
    for one, other in combinations(marks, 2):
        assert not overlap(box(one), box(other)), (one, other)
    assert min(text.size_mm for text in layout.texts) >= FIVE_POINTS - 1e-9


@EVERY_DESIGN
@EVERY_SIZE
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_overlaps_or_is_too_small_whatever_the_design_the_stock_and_the_language(design: str, size: Size, language: str) -> None:
    for form in ("house batch", "GS1 unit", "signed"):
        for dpi, logo in ((None, make_logo()), (203, None), (203, make_logo()), (300, make_logo(600, 60)), (600, None)):
            layout = try_layout(label_in(design, form, language, logo=logo, specimen=dpi == 203), size, dpi)
            if layout is not None:
                check_layout(layout)


@pytest.mark.parametrize(("design", "stock"), [(design, stock) for design in MUST_FIT for stock in sorted(MUST_FIT[design])])
def test_what_each_design_must_fit_on_a_thermal_printer(design: str, stock: str) -> None:
    form = "signed" if design == "signed" else "house unit"
    assert check_fit(label_in(design, form), STOCKS[stock].label, 203).fits


@EVERY_DESIGN
@EVERY_SIZE
def test_every_symbol_is_read_back_from_a_png(design: str, size: Size) -> None:
    form = "signed" if design == "signed" else "house unit"
    for dpi in PRINTERS:
        layout = try_layout(label_in(design, form, logo=make_logo()), size, dpi)
        if layout is not None:
            picture = Image.open(io.BytesIO(render_png(layout, dpi)))
            assert read_symbol(picture) == FORMS[form][0]
            assert quiet_zone_is_white(picture, layout, dpi)


@EVERY_DESIGN
@pytest.mark.parametrize("stock", ["35x22", "50x30", "40x60", "a4-14"])
def test_every_symbol_is_read_back_from_a_pdf_and_an_svg(design: str, stock: str) -> None:
    size = STOCKS[stock].label
    for form in ("house unit", "signed"):
        for dpi in PRINTERS:
            layout = try_layout(label_in(design, form, logo=make_logo()), size, dpi)
            if layout is not None:
                picture = raster_pdf(pdf_of(layout), dpi)
                assert read_symbol(picture) == FORMS[form][0]
                assert quiet_zone_is_white(picture, layout, dpi)
        drawing = try_layout(label_in(design, form, logo=make_logo()), size, None)
        if drawing is not None:
            picture = raster_svg(render_svg(drawing), 508)
            assert read_symbol(picture) == FORMS[form][0]
            assert quiet_zone_is_white(picture, drawing, 508)


@pytest.mark.parametrize("stock", ["50x30", "60x40", "70x50", "a4-14"])
def test_a_signed_label_has_a_symbol_of_version_7_or_more_at_four_dots_on_a_thermal_printer(stock: str) -> None:
    layout = try_layout(label_in("signed", "signed"), STOCKS[stock].label, 203)
    assert layout is not None and layout.dots is not None
    assert layout.dots >= 4 and layout.symbol.version >= 7
    assert layout.symbol_box.side >= 26.5


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_a_signed_code_is_said_to_be_checkable_without_a_network(language: str) -> None:
    words = {"vi": "không có mạng", "en": "without a network", "both": "không có mạng · Can"}[language]
    signed, house = (lay_out(label_in("signed", form, language), Size(70, 50)) for form in ("signed", "house unit"))
    assert words in " ".join(signed.lines)
    assert "mạng" not in " ".join(house.lines) and "network" not in " ".join(house.lines)
    assert "mạng" not in " ".join(lay_out(label_in("standard", "signed", language), Size(70, 50)).lines)


def test_a_small_label_says_name_lot_code_and_host_and_nothing_else() -> None:
    layout = lay_out(label_in("small", "house unit"), Size(40, 30))
    assert {text.field for text in layout.texts} == {"product_name", "lot", "readable_code", "host"}
    assert "Lô SC-2026-03" in layout.lines


def test_an_english_label_for_export_says_everything_in_english() -> None:
    words = " | ".join(lay_out(label_in("standard", "house unit", "en", geographical_indication="GI Mường Khương"), Size(60, 40)).lines)
    for part in ("Lot SC-2026-03", "Made 12 Oct 2026", "Best before 12 Oct 2027", "OCOP 4 stars", "Scan, or type the code at"):
        assert part in words
    assert not any(word in words for word in ("NSX", "HSD", "Lô", "sao", "Quét"))


def test_a_label_in_both_languages_keeps_the_dates_that_the_law_wants() -> None:
    words = " | ".join(lay_out(label_in("standard", "house unit", "both"), Size(60, 40)).lines)
    for part in ("Gạo Séng Cù Mường Vi", "Séng Cù rice", "Lô/Lot SC-2026-03", "NSX 12/10/2026", "HSD 12/10/2027", "Scan or type"):
        assert part in words


@EVERY_DESIGN
@pytest.mark.parametrize("form", ["house batch", "house unit"])
def test_the_places_of_the_readable_code_together_say_the_whole_code(design: str, form: str) -> None:
    code = FORMS[form][1]
    for size in SIZES:
        layout = try_layout(label_in(design, form), Size(*size), 203)
        if layout is not None:
            slots = code_slots(layout)
            assert [code[slot.start : slot.stop] for slot in slots] == [slot.text.string for slot in slots]
            assert slots[-1].stop == len(code)
            assert all(len(part) == 4 for slot in slots for part in slot.text.string.replace(" ", "-").strip("-").split("-"))


@EVERY_DESIGN
@given(width=st.floats(20, 200), height=st.floats(10, 200), form=st.sampled_from(sorted(FORMS)), dpi=st.sampled_from([None, *PRINTERS]))
@settings(deadline=None, max_examples=25)
def test_a_label_of_any_size_is_laid_out_or_refused_with_reasons(
    design: str, width: float, height: float, form: str, dpi: int | None
) -> None:
    label, size = label_in(design, form, logo=make_logo()), Size(width, height)
    try:
        layout = lay_out(label, size, ModuleSize.for_dpi(dpi) if dpi else ModuleSize.vector())
    except LabelDoesNotFit as refusal:
        assert refusal.reasons
        assert all(reason.needed_mm > reason.available_mm >= 0 for reason in refusal.reasons)
        assert check_fit(label, size, dpi).verdict == "misfit"
    else:
        check_layout(layout)
        assert check_fit(label, size, dpi).fits


@pytest.mark.parametrize(
    ("width", "height"), [(0, 30), (-50, 30), (19.9, 30), (50, 9.9), (200.1, 50), (float("nan"), 30), (50, float("inf"))]
)
def test_a_size_that_no_label_has_is_refused(width: float, height: float) -> None:
    for refused in (lay_out, check_fit):
        with pytest.raises(SizeFault) as fault:
            refused(make_label(), Size(width, height))
        assert fault.value.code == "label_size"


@pytest.mark.parametrize(("dpi", "code"), [(0, "dpi_low"), (-203, "dpi_low"), (149, "dpi_low"), (2401, "dpi_high"), (10**9, "dpi_high")])
def test_a_resolution_that_no_printer_has_is_refused(dpi: int, code: str) -> None:
    layout = lay_out(make_label())
    for refused in (lambda: check_fit(make_label(), dpi=dpi), lambda: ModuleSize.for_dpi(dpi), lambda: render_png(layout, dpi)):
        with pytest.raises(PrinterFault) as fault:
            refused()
        assert fault.value.code == code


@pytest.mark.parametrize("changed", [{"design": "large"}, {"language": "fr"}])
def test_a_design_or_language_that_is_not_there_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="there is no label"):
        make_label(**changed)


@EVERY_DESIGN
@pytest.mark.parametrize("field", ["product_name", "lot", "host"])
def test_what_the_font_lacks_and_what_is_too_long_is_told_in_every_design(design: str, field: str) -> None:
    for text, reason in (("Trà 茶", "character"), ("W" * 90, "width")):
        report = check_fit(label_in(design, "house unit", **{field: text}), dpi=203)
        assert (report.verdict, report.misfits[0].field, report.misfits[0].reason) == ("misfit", field, reason)


@EVERY_DESIGN
def test_a_missing_english_name_or_one_that_cannot_be_printed_is_handled(design: str) -> None:
    assert try_layout(label_in(design, "house unit", "both", product_name_en=None), Size(60, 40), 203)
    report = check_fit(label_in(design, "house unit", "both", product_name_en="茶"), Size(60, 40), 203)
    assert report.misfits[0].field == "product_name_en"


def test_a_layout_names_what_it_leaves_out_and_leaves_out_nothing_where_there_is_room() -> None:
    label = label_in("signed", "signed", logo=make_logo())
    cramped, roomy = lay_out(label, module=ModuleSize.for_dpi(203)), lay_out(label, Size(70, 50), ModuleSize.for_dpi(203))
    assert cramped.left_out == check_fit(label, dpi=203).left_out == ("logo", "geographical_indication")
    assert not any(isinstance(mark, Picture) for mark in cramped.marks)
    assert "CDĐL" not in " ".join(cramped.lines)
    assert roomy.left_out == () and "CDĐL" in " ".join(roomy.lines)


def test_a_standard_label_leaves_out_nothing_but_the_logo() -> None:
    for size in SIZES:
        layout = try_layout(label_in("standard", "signed", logo=make_logo()), Size(*size), 203)
        assert layout is None or set(layout.left_out) <= {"logo"}


def test_many_labels_in_one_pdf_hold_their_logo_once() -> None:
    stock, logo = STOCKS["60x40"], make_logo()
    sizes = [
        len(b"".join(render_sheets(make_run(count, stock.label, 203, FORMS["house unit"], logo=mark), stock)))
        for mark in (None, logo)
        for count in (1, 40)
    ]
    # What forty labels with a logo have more than forty without is what one has more.
    assert sizes[2] - sizes[0] > 0 and abs((sizes[3] - sizes[1]) - (sizes[2] - sizes[0])) < 200
