"""A logo: from a grey master to the dots of a printer, and the same in each format."""

import io

import pytest
from PIL import Image, ImageChops

from tests.labels.builders import make_label, make_logo, raster_pdf, raster_svg
from tests.labels.test_writers import pdf_of
from traceability.labels.label import ModuleSize
from traceability.labels.layout import lay_out
from traceability.labels.logo import LabelLogo, read_logo
from traceability.labels.png import render_png
from traceability.labels.primitives import Layout, Picture
from traceability.labels.svg import render_svg


def picture_of(layout: Layout) -> Picture:
    (picture,) = [mark for mark in layout.marks if isinstance(mark, Picture)]
    return picture


def unpacked(picture: Picture) -> Image.Image:
    return Image.frombytes("1", (picture.columns, picture.height), picture.rows)


def with_logo(dpi: int | None, logo: LabelLogo) -> Layout:
    return lay_out(make_label(logo=logo), module=ModuleSize.for_dpi(dpi) if dpi else None)


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_a_png_holds_exactly_the_dots_of_the_logo(dpi: int) -> None:
    picture = picture_of(with_logo(dpi, make_logo()))
    printed = Image.open(io.BytesIO(render_png(with_logo(dpi, make_logo()), dpi)))
    left, top = round(picture.x * dpi / 25.4), round(picture.y * dpi / 25.4)
    there = printed.crop((left, top, left + picture.columns, top + picture.height))
    assert ImageChops.invert(there.convert("L")).tobytes() == unpacked(picture).convert("L").tobytes()
    assert picture.columns == round(picture.width_mm * dpi / 25.4)


@pytest.mark.parametrize("writer", ["svg", "pdf"])
def test_the_other_formats_draw_the_logo_in_its_place(writer: str) -> None:
    layout = with_logo(None, make_logo())
    dpi, picture = 1200, picture_of(layout)
    drawn = raster_svg(render_svg(layout), dpi).convert("L") if writer == "svg" else raster_pdf(pdf_of(layout), dpi)
    place = [round(length * dpi / 25.4) for length in (picture.x, picture.y, picture.x + picture.width_mm, picture.y + picture.height_mm)]
    expected = ImageChops.invert(unpacked(picture).convert("L")).resize((place[2] - place[0], place[3] - place[1]))
    difference = ImageChops.difference(drawn.crop(tuple(place)), expected).point(lambda grey: 255 if grey > 128 else 0)
    assert sum(difference.histogram()[1:]) < 0.02 * expected.width * expected.height


def test_a_drawing_is_cut_at_one_tone_and_a_photograph_is_dithered() -> None:
    drawing, tones = make_logo(400, 300), Image.linear_gradient("L")
    photograph = LabelLogo(*tones.size, tones.tobytes())
    assert set(Image.frombytes("1", (1, 60), photograph.dots(1, 60)).convert("L").tobytes()) == {0, 255}
    columns = Image.frombytes("1", (60, 60), photograph.dots(60, 60)).convert("L")
    middle = columns.crop((0, 27, 60, 33)).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert 90 < middle < 165
    bar = Image.frombytes("1", (40, 30), drawing.dots(40, 30)).crop((33, 3, 39, 27)).convert("L")
    assert bar.getextrema() == (255, 255)


def test_a_logo_keeps_its_shape_within_the_box_and_stays_clear_of_the_symbol() -> None:
    for width, height in ((300, 200), (800, 100), (50, 400), (1, 1)):
        layout = with_logo(203, LabelLogo(width, height, bytes(width * height)))
        picture = picture_of(layout)
        assert picture.width_mm <= 12.1 and picture.height_mm <= 5.7
        assert picture.width_mm / picture.height_mm == pytest.approx(width / height, rel=0.2)
        assert picture.y > layout.symbol_box.y + layout.symbol_box.side


def test_a_kept_logo_is_read_back_and_anything_else_is_refused() -> None:
    logo, out = make_logo(), io.BytesIO()
    Image.frombytes("L", (logo.width_px, logo.height_px), logo.grey).save(out, "PNG")
    assert read_logo(out.getvalue()) == logo
    for content in (b"", b"<svg/>", out.getvalue()[:60], b"GIF89a"):
        with pytest.raises(ValueError, match=r"logo|truncated|file"):
            read_logo(content)


@pytest.mark.parametrize(("width", "height", "grey"), [(0, 1, b""), (2, 2, b"xxx"), (2001, 1, bytes(2001)), (-1, -1, b"x")])
def test_a_logo_that_is_no_picture_is_refused(width: int, height: int, grey: bytes) -> None:
    with pytest.raises(ValueError, match="dots"):
        LabelLogo(width, height, grey)
