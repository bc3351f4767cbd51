"""Layouts: what stands where, and what is refused before it is printed."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.labels.builders import BATCH, FORMS, make_label
from traceability.labels.fit import LabelDoesNotFit, Misfit
from traceability.labels.label import ModuleSize, Size
from traceability.labels.layout import check_fit, lay_out
from traceability.labels.primitives import Layout, Mark, Outline, Rule, Star, Text

FIVE_POINTS = 5 * 25.4 / 72
LONG_NAME = "Chè Shan tuyết cổ thụ Suối Giàng hảo hạng đặc biệt thượng hạng vùng cao Tây Bắc loại một"
PRINTERS = [ModuleSize.vector(), *(ModuleSize.for_dpi(dpi) for dpi in (203, 300, 600))]
SYLLABLES = st.sampled_from("Chè Shan tuyết Gạo Séng Cù Mường Khương Quế Trấn Yên ỡ WWWW – (500 g)".split())


def box_of(mark: Mark) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a mark, generously."""
    match mark:
        case Text():
            return mark.x, mark.baseline - 0.75 * mark.size_mm, mark.x + mark.width, mark.baseline + 0.25 * mark.size_mm
        case Star():
            return mark.x - mark.radius, mark.y - mark.radius, mark.x + mark.radius, mark.y + mark.radius
        case Rule():
            return mark.x, mark.y - mark.thickness / 2, mark.x + mark.width, mark.y + mark.thickness / 2
        case Outline():
            return mark.box()


def boxes_clear_of_the_symbol(layout: Layout) -> bool:
    box = layout.symbol_box
    return all(left > box.x + box.side or top > box.y + box.side for left, top, _, _ in map(box_of, layout.marks))


def said(layout: Layout) -> str:
    return "\n".join(layout.lines)


def misfits_of(**changed: object) -> Sequence[Misfit]:
    with pytest.raises(LabelDoesNotFit) as refusal:
        lay_out(make_label(**changed))
    return refusal.value.reasons


@pytest.mark.parametrize("module", PRINTERS, ids=lambda module: str(module.dpi))
@pytest.mark.parametrize("specimen", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_every_mark_is_on_the_label_and_clear_of_the_symbol_and_its_quiet_zone(form: str, specimen: bool, module: ModuleSize) -> None:
    text, code = FORMS[form]
    layout = lay_out(make_label(qr_text=text, readable_code=code, specimen=specimen), module=module)
    assert boxes_clear_of_the_symbol(layout)
    for left, top, right, bottom in map(box_of, layout.marks):
        assert 0 < left < right < 50
        assert 0 < top < bottom < 30
    box = layout.symbol_box
    assert box.x >= 0 <= box.y
    assert box.quiet == 4 * layout.module_mm


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_a_module_and_the_symbols_corner_are_whole_dots(form: str, dpi: int) -> None:
    text, code = FORMS[form]
    layout = lay_out(make_label(qr_text=text, readable_code=code), module=ModuleSize.for_dpi(dpi))
    dot = 25.4 / dpi
    assert layout.dots is not None
    assert layout.module_mm == pytest.approx(layout.dots * dot)
    assert layout.module_mm >= 0.25
    for length in (layout.symbol_box.x, layout.symbol_box.y):
        assert length / dot == pytest.approx(round(length / dot), abs=1e-6)


@pytest.mark.parametrize(
    ("form", "version", "level", "dots"),
    [("house batch", 3, "Q", 4), ("house unit", 4, "Q", 4), ("GS1 batch", 4, "Q", 4), ("GS1 unit", 4, "M", 4), ("signed", 7, "M", 3)],
)
def test_each_form_on_a_thermal_printer_of_203_dpi(form: str, version: int, level: str, dots: int) -> None:
    text, code = FORMS[form]
    report = check_fit(make_label(qr_text=text, readable_code=code), dpi=203)
    assert (report.version, report.level, report.dots) == (version, level, dots)
    assert report.fits
    assert report.module_mm == pytest.approx(dots * 25.4 / 203)


@pytest.mark.parametrize(("dpi", "dots"), [(203, 4), (300, 6), (600, 12)])
def test_a_printers_preferred_module_is_half_a_millimetre_in_whole_dots(dpi: int, dots: int) -> None:
    assert ModuleSize.for_dpi(dpi).preferred_dots == dots
    assert ModuleSize.for_dpi(203).least_dots == 3


def test_a_printer_too_coarse_for_stamps_is_refused() -> None:
    with pytest.raises(ValueError, match="too coarse"):
        ModuleSize.for_dpi(96)


def test_a_drawing_has_modules_of_a_half_three_eighths_or_a_quarter_millimetre() -> None:
    modules = [lay_out(make_label(qr_text=text, readable_code=code)).module_mm for text, code in FORMS.values()]
    assert modules == [0.5, 0.5, 0.5, 0.5, 0.375]


def test_a_label_says_all_its_fields() -> None:
    words = said(lay_out(make_label(specimen=True)))
    for part in (
        "Gạo Séng Cù Mường Vi",
        "HTX mẫu, xã Mường Vi, Lào Cai",
        "CDĐL Mường Khương – Bát Xát",
        "OCOP 4 sao",
        "Lô SC-2026-03",
        "NSX 12/10/2026",
        "HSD 12/10/2027",
        "7K3M-Q9X2-ABCS XC8D-EEP9-7XZJ",
        "Quét mã, hoặc gõ mã tại trace.laocai.gov.vn",
        "MẪU",
    ):
        assert part in words


@pytest.mark.parametrize(("stars", "filled"), [(3, [1, 1, 1, 0, 0]), (4, [1, 1, 1, 1, 0]), (5, [1, 1, 1, 1, 1])])
def test_five_stars_are_drawn_of_which_those_won_are_filled(stars: int, filled: list[int]) -> None:
    layout = lay_out(make_label(stars=stars))
    assert [mark.filled for mark in layout.marks if isinstance(mark, Star)] == [bool(one) for one in filled]
    assert f"OCOP {stars} sao" in said(layout)


def test_without_stars_there_is_no_word_of_ocop() -> None:
    layout = lay_out(make_label(stars=0))
    assert not any(isinstance(mark, Star) for mark in layout.marks)
    assert "OCOP" not in said(layout)


@pytest.mark.parametrize("stars", [-1, 1, 2, 6])
def test_a_number_of_stars_that_ocop_does_not_give_is_refused(stars: int) -> None:
    with pytest.raises(ValueError, match="stars"):
        make_label(stars=stars)


def test_a_service_without_lot_and_dates_leaves_no_holes() -> None:
    layout = lay_out(make_label(lot=None, made_on=None, best_before=None, geographical_indication=None, readable_code=BATCH))
    baselines = sorted({text.baseline for text in layout.texts})[:3]
    assert max(later - earlier for earlier, later in pairwise(baselines)) < 5
    assert "Lô" not in said(layout)
    assert "NSX" not in said(layout)


def test_one_date_alone_stands_alone() -> None:
    assert "HSD" not in said(lay_out(make_label(best_before=None)))
    assert "NSX" not in said(lay_out(make_label(made_on=None, best_before=date(2027, 1, 2))))
    assert "HSD 02/01/2027" in said(lay_out(make_label(made_on=None, best_before=date(2027, 1, 2))))


def test_a_long_name_breaks_into_two_lines_without_a_single_word_left_behind() -> None:
    layout = lay_out(make_label(product_name="Chè Bát tiên đặc sản Hưng Khánh", geographical_indication=None))
    assert layout.lines[:2] == ("Chè Bát tiên đặc sản", "Hưng Khánh")


@given(words=st.lists(SYLLABLES, min_size=1, max_size=14), module=st.sampled_from(PRINTERS), form=st.sampled_from(sorted(FORMS)))
@settings(deadline=None, max_examples=60)
def test_no_text_is_under_five_points_and_none_is_cut(words: list[str], module: ModuleSize, form: str) -> None:
    text, code = FORMS[form]
    name = " ".join(words)
    try:
        layout = lay_out(make_label(product_name=name, qr_text=text, readable_code=code), module=module)
    except LabelDoesNotFit as refusal:
        assert {reason.field for reason in refusal.reasons} <= {"product_name", "text"}
        assert all(reason.needed_mm > reason.available_mm for reason in refusal.reasons)
    else:
        assert min(mark.size_mm for mark in layout.texts) >= FIVE_POINTS - 1e-9
        assert " ".join(layout.lines[:2]).startswith(name)
        assert all(text.x + text.width <= 50 - 2 for text in layout.texts)


def test_a_name_that_is_too_long_is_refused_with_its_field_and_its_width() -> None:
    (reason,) = misfits_of(product_name=LONG_NAME)
    assert (reason.field, reason.text, reason.reason) == ("product_name", LONG_NAME, "width")
    assert reason.needed_mm > reason.available_mm > 20


def test_every_reason_is_told_at_once() -> None:
    reasons = misfits_of(product_name=LONG_NAME, producer="W" * 60, host="h" * 90 + ".vn", qr_text="https://" + "A" * 900)
    assert {reason.field for reason in reasons} == {"product_name", "producer", "host", "qr_text"}


@pytest.mark.parametrize("field", ["product_name", "producer", "lot", "geographical_indication", "readable_code", "host"])
@pytest.mark.parametrize("character", ["茶", "\n", "\u0301", "🍵"])
def test_a_character_that_cannot_be_printed_is_refused(field: str, character: str) -> None:
    (reason,) = misfits_of(**{field: f"Trà{character}"} if field != "readable_code" else {field: f"7{character}"})
    assert reason == Misfit(field, character, "character")


def test_a_label_without_a_name_is_refused() -> None:
    assert [reason.field for reason in misfits_of(product_name=" ")] == ["product_name"]


def test_decomposed_text_is_composed() -> None:
    composed = lay_out(make_label())
    assert lay_out(make_label(product_name=normalize("NFD", "Gạo Séng Cù Mường Vi"))) == composed


def test_lines_that_are_too_many_are_refused_as_a_whole() -> None:
    two_lines = "Hợp tác xã nông nghiệp hữu cơ, xã Mường Vi, Lào Cai"
    reasons = misfits_of(
        product_name="Chè Shan tuyết cổ thụ Suối Giàng hảo hạng",
        product_name_en="Ancient Shan tea from Suối Giàng, superior grade",
        producer=two_lines,
        geographical_indication=f"CDĐL {two_lines}",
    )
    assert [(reason.field, reason.reason) for reason in reasons] == [("text", "height")]


def test_a_lot_of_twenty_wide_capitals_fits() -> None:
    assert f"Lô {'W' * 20}" in said(lay_out(make_label(lot="W" * 20)))


def test_a_long_host_takes_a_line_of_its_own() -> None:
    host = "truyxuat.nongnghiep.laocai.gov.vn"
    assert host in lay_out(make_label(host=host)).lines


def test_a_symbol_too_large_for_the_label_is_refused() -> None:
    (reason,) = misfits_of(qr_text="https://" + "A" * 900)
    assert (reason.field, reason.reason) == ("qr_text", "width")
    assert reason.needed_mm > reason.available_mm


def test_a_fit_report_tells_what_would_be_printed_and_what_would_not() -> None:
    report = check_fit(make_label(), dpi=203)
    assert report.fits
    assert report.smallest_text_pt >= 5
    refused = check_fit(make_label(product_name=LONG_NAME), dpi=300)
    assert [reason.field for reason in refused.misfits] == ["product_name"]
    assert (refused.fits, refused.version, refused.dots) == (False, 4, 6)
    assert check_fit(make_label(qr_text="A" * 2000)).version == 0


def test_a_label_of_another_size_is_laid_out_within_it() -> None:
    layout = lay_out(make_label(), Size(70.0, 40.0), ModuleSize.for_dpi(203))
    assert boxes_clear_of_the_symbol(layout)
    assert all(right < 70 and bottom < 40 for _, _, right, bottom in map(box_of, layout.marks))


@pytest.mark.parametrize("module", PRINTERS, ids=lambda module: str(module.dpi))
def test_a_specimen_is_marked_beside_the_symbol(module: ModuleSize) -> None:
    layout = lay_out(make_label(specimen=True), module=module)
    (specimen,) = [mark for mark in layout.marks if isinstance(mark, Outline) and mark.dark]
    assert specimen.string == "MẪU"
    left, top, right, bottom = specimen.box()
    assert left > layout.symbol_box.x + layout.symbol_box.side
    assert right - left > 20
    assert 0 < top < bottom < 22
    assert not any(isinstance(mark, Outline) for mark in lay_out(make_label(), module=module).marks)
