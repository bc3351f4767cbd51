"""The test page, and what is measured of it on sheets of paper whose print, place and picture are known."""

import io
from functools import cache

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from tests.labels.proof_scenes import Print, Shot, as_jpeg, page_raster, take
from traceability.labels.proof_find import find_marks
from traceability.labels.proof_marks import CORNERS_MM, INK_MM, MARGIN_MM, MARK_SIDE_MM, MARKS, PAPER_HEIGHT_MM, PAPER_WIDTH_MM
from traceability.labels.proof_measure import measure_proof
from traceability.labels.proof_page import render_proof_page
from traceability.labels.proof_result import ProofUnreadable

SCALE_GOAL, SHIFT_GOAL_MM = 0.003, 0.3
SCENES = {
    "upright on wood": (Print(), Shot()),
    "fitted to the page": (Print(0.97, 0.97, 3.15, 4.45), Shot(roll=3, tilt=6, quality=70, seed=2)),
    "turned by a quarter on cloth": (Print(0.97, 0.985, -2, 2, 0.3), Shot((1600, 1200), roll=94, tilt=20, pan=-12, table="cloth", seed=3)),
    "upside down, poor JPEG": (Print(1.02, 1.01, 2, -5, -0.2), Shot(roll=185, tilt=-15, pan=12, table="grey", quality=60, seed=4)),
    "turned by three quarters, crooked lens": (Print(1, 1, 2, 0), Shot((1600, 1200), roll=275, pan=12, lens=-0.03, seed=5)),
    "blurred by the lens": (Print(0.99, 1.0, -3, 3), Shot(blur_px=2.5, noise=0.02, seed=6)),
    "blurred by the hand": (Print(1.004, 0.998, 1, 1), Shot(move_px=5, table="cloth", seed=7)),
    "uneven light and noise": (Print(0.98, 0.98, 0, 0), Shot(uneven=0.6, noise=0.04, tilt=8, table="grey", seed=8)),
    "sharpened by a phone": (Print(0.996, 0.996, 0.5, 2), Shot(sharpen=1.5, contrast=0.8, blur_px=1.2, seed=9)),
    "one megapixel": (Print(0.94, 0.94, 8, 7), Shot((866, 1155), roll=-5, tilt=5, blur_px=0.6, seed=10)),
    "scanned, a thin shadow at the edges": (Print(0.97, 0.97, 1, 1), Shot(table="white", shadow=0.3, roll=0.6, uneven=0, seed=11)),
    "half a page": (Print(0.707, 0.707, 31, 43), Shot(seed=12)),
    "far too large": (Print(1.06, 1.06, -6.3, -8.9), Shot(seed=14)),
    "far to the right and up": (Print(1, 1, 9, -9), Shot(seed=15)),
    "turned in the feed": (Print(1, 1, 0, 0, 0.8), Shot(roll=1, seed=13)),
}


def check_close(printed: Print, measured) -> None:
    assert abs(measured.scale_x - printed.scale_x) <= SCALE_GOAL and abs(measured.scale_y - printed.scale_y) <= SCALE_GOAL
    assert abs(measured.shift_x_mm - printed.shift_x_mm) <= SHIFT_GOAL_MM and abs(measured.shift_y_mm - printed.shift_y_mm) <= SHIFT_GOAL_MM
    assert abs(measured.rotation_degrees - printed.rotation_degrees) <= 0.05


@pytest.mark.parametrize("name", SCENES)
def test_scale_and_shift_are_measured_to_the_goal(name):
    printed, shot = SCENES[name]
    check_close(printed, measure_proof(take(printed, shot)))


@cache
def usual_picture() -> np.ndarray:
    return take(Print(0.98, 0.99, 1, 2), Shot(roll=2, tilt=5))


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_orientation_that_a_camera_writes_changes_nothing(orientation):
    # The numbers that turn the stored pixels back upright (Exif 2.32, tag 274) are those of the opposite turn.
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]
    stored = np.rot90(usual_picture(), turns)
    with Image.open(io.BytesIO(as_jpeg(np.ascontiguousarray(stored), orientation))) as image:
        check_close(Print(0.98, 0.99, 1, 2), measure_proof(image))


def test_a_large_picture_is_made_smaller_and_measured_as_well():
    large = Image.fromarray(usual_picture()).resize((3600, 4800), Image.Resampling.BICUBIC)
    check_close(Print(0.98, 0.99, 1, 2), measure_proof(large))


def test_a_finger_over_an_edge_and_a_shadow_over_the_sheet_do_no_harm():
    picture = usual_picture().copy()
    picture[700:860, :240] = 90
    rows, columns = np.mgrid[0:1600, 0:1200]
    dark = columns + rows * 0.3 > 1000
    picture[dark] = (picture[dark] * 0.6).astype(np.uint8)
    check_close(Print(0.98, 0.99, 1, 2), measure_proof(picture))


def code_of(picture) -> str:
    with pytest.raises(ProofUnreadable) as caught:
        measure_proof(picture)
    return caught.value.code


@pytest.mark.parametrize("turns", range(4))
def test_a_cut_edge_is_refused(turns):
    assert code_of(np.ascontiguousarray(np.rot90(np.rot90(usual_picture(), turns)[170:], -turns))) == "edges_missing"


def test_a_picture_that_was_cut_to_the_paper_is_refused():
    assert code_of(page_raster()) == "edges_missing"


def test_an_edge_along_which_a_hand_lies_is_refused():
    picture = usual_picture().copy()
    picture[350:1250, :230] = 90
    assert code_of(picture) == "edges_missing"


def test_a_light_table_from_which_no_edge_can_be_told_is_refused():
    assert code_of(take(Print(), Shot(table="white", shadow=0))) == "edges_missing"


def test_covered_marks_are_refused():
    picture = usual_picture().copy()
    picture[150:1450, 150:420] = 230
    assert code_of(picture) == "marks_missing"


def test_a_blurred_picture_is_refused():
    assert code_of(take(Print(), Shot(blur_px=9))) == "too_blurred"


def test_a_sheet_with_too_few_pixels_is_refused():
    assert code_of(take(Print(), Shot((450, 600), blur_px=0.4))) == "too_small"


def test_a_bent_sheet_is_refused():
    assert code_of(take(Print(), Shot(bow_mm=2))) == "not_flat"


@pytest.mark.parametrize("what", ["noise", "an empty sheet", "a mirror", "one black"])
def test_what_is_not_the_page_is_refused(what):
    pictures = {
        "noise": lambda: np.random.default_rng(1).integers(0, 255, (1200, 1600)).astype(np.uint8),
        "an empty sheet": lambda: take(Print(), Shot(), np.full((2970, 2100), 255, np.uint8)),
        "a mirror": lambda: np.ascontiguousarray(usual_picture()[:, ::-1]),
        "one black": lambda: np.zeros((900, 1200), np.uint8),
    }
    assert code_of(pictures[what]()) in {"not_the_page", "too_blurred"}


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (3, 2), (40, 40)])
def test_tiny_and_narrow_pictures_are_refused_and_break_nothing(size):
    assert code_of(np.full(size, 127, np.uint8)) == "too_small"


def page() -> bytes:
    out = io.BytesIO()
    render_proof_page(out, "Máy in ở văn phòng")
    return out.getvalue()


def test_the_page_is_a4_in_true_size_with_embedded_fonts_and_the_same_each_time():
    content = page()
    assert content == page()
    with pypdfium2.PdfDocument(content) as document:
        assert len(document) == 1
        assert document[0].get_size() == pytest.approx((PAPER_WIDTH_MM * 72 / 25.4, PAPER_HEIGHT_MM * 72 / 25.4), abs=0.01)
        text = document[0].get_textpage().get_text_range()
    assert "Máy in ở văn phòng" in text and "bốn mép giấy" in text and "100 %" in text
    assert b"/PrintScaling /None" in content
    assert content.count(b"/FontFile2") == 2 and b"/Helvetica" not in content


def test_a_name_that_the_fonts_cannot_write_leaves_the_page_without_it():
    out = io.BytesIO()
    render_proof_page(out, "打印机")
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        assert "Trang thử máy in\r\n" in document[0].get_textpage().get_text_range()


def test_nothing_is_printed_within_the_margin_and_the_corners_lie_at_it():
    raster = page_raster()
    dark = np.argwhere(raster < 128)
    scale = np.array(raster.shape) / (PAPER_HEIGHT_MM, PAPER_WIDTH_MM)
    assert dark.min(axis=0) / scale == pytest.approx((MARGIN_MM, MARGIN_MM), abs=0.11)
    assert (dark.max(axis=0) + 1) / scale == pytest.approx((PAPER_HEIGHT_MM - MARGIN_MM, PAPER_WIDTH_MM - MARGIN_MM), abs=0.11)


def test_between_the_corners_the_sheets_rim_is_white():
    white = page_raster() > 250
    ends, rim = round(CORNERS_MM * 10), round(INK_MM * 10) - 1
    assert white[:rim, ends:-ends].all() and white[-rim:, ends:-ends].all()
    assert white[ends:-ends, :rim].all() and white[ends:-ends, -rim:].all()


def test_the_marks_stand_where_they_are_said_to_stand():
    raster = page_raster()
    found = find_marks(raster)
    places = (found.picture_px + 0.5) * (PAPER_WIDTH_MM, PAPER_HEIGHT_MM) / np.array(raster.shape[::-1])
    assert len(found.page_mm) == len(MARKS) and np.abs(places - found.page_mm).max() < 0.02
    assert all(mark.x_mm - MARK_SIDE_MM / 2 > MARGIN_MM for mark in MARKS)


def test_both_rulers_are_50_mm_long():
    raster = page_raster() < 128
    # Along the line of each ruler, 60 mm from the left and 88 mm from the top.
    across = np.flatnonzero(raster[881, 600:1150])
    down = np.flatnonzero(raster[880:1420, 601])
    assert np.ptp(across) / 10 == pytest.approx(50.2, abs=0.15) and np.ptp(down) / 10 == pytest.approx(50.2, abs=0.15)


def test_all_sample_codes_say_that_they_are_no_stamps():
    read = zxingcpp.read_barcodes(Image.fromarray(page_raster()), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    texts = [barcode.text for barcode in read]
    assert len(texts) == 8 and all("KHONG PHAI TEM" in text for text in texts)
