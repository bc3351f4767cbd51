"""One file a label: each is the label's own, and the ZIP of them is written as it is read."""

import io
from collections.abc import Iterator
from zipfile import ZipFile

import pytest
from PIL import Image, ImageChops

from tests.labels.builders import FORMS, make_label, raster_pdf, raster_svg, read_symbol
from tests.labels.runs import make_run, said_by
from traceability.labels.label import ModuleSize, Size
from traceability.labels.layout import lay_out
from traceability.labels.pdf import render_pdf
from traceability.labels.png import render_png
from traceability.labels.run import LabelRun
from traceability.labels.singles import Kind, layouts_of, single_files, zip_of
from traceability.labels.svg import render_svg

SIZE = Size(50, 30)
FORM = FORMS["house unit"]
KINDS: list[Kind] = ["png", "svg", "pdf"]


def run(count: int = 5, dpi: int | None = 203) -> LabelRun:
    return make_run(count, SIZE, dpi, FORM, chunk=2)


def alone(text: str, code: str, dpi: int | None) -> object:
    return lay_out(make_label(qr_text=text, readable_code=code), SIZE, ModuleSize.for_dpi(dpi) if dpi else ModuleSize.vector())


@pytest.mark.parametrize("dpi", [203, None])
def test_every_layout_is_the_one_that_its_label_alone_would_have(dpi: int | None) -> None:
    layouts = list(layouts_of(run(dpi=dpi)))
    texts = said_by(run(dpi=dpi))
    assert len(layouts) == 5
    for (code, layout), text in zip(layouts, texts, strict=True):
        assert layout == alone(text, code, dpi)
        assert code.replace("-", "").replace(" ", "") == text.rpartition("/")[2]


def test_files_are_named_by_their_place_and_their_code() -> None:
    names = [name for name, _ in single_files(run(12), "svg")]
    assert names == sorted(names)
    assert len(set(names)) == 12
    assert names[0].startswith("01_7K3M-Q9X2-ABCS_")
    assert all(name.endswith(".svg") and " " not in name for name in names)


def test_pictures_drawings_and_pages_are_those_of_single_labels() -> None:
    layouts = [layout for _, layout in layouts_of(run())]
    for (_, picture), layout in zip(single_files(run(), "png", 203), layouts, strict=True):
        one, other = (Image.open(io.BytesIO(content)).convert("L") for content in (picture, render_png(layout, 203)))
        assert ImageChops.difference(one, other).getbbox() is None
    assert [content.decode() for _, content in single_files(run(), "svg")] == [render_svg(layout) for layout in layouts]
    for (_, page), layout in zip(single_files(run(), "pdf"), layouts, strict=True):
        out = io.BytesIO()
        render_pdf([layout], out)
        assert page == out.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_of_a_zip_is_read_and_says_its_own_text(kind: Kind) -> None:
    archive = ZipFile(io.BytesIO(b"".join(zip_of(single_files(run(), kind, 203)))))
    draw = {
        "png": lambda content: Image.open(io.BytesIO(content)),
        "svg": lambda content: raster_svg(content.decode(), 300),
        "pdf": lambda content: raster_pdf(content, 300),
    }
    assert archive.testzip() is None
    read = []
    for entry in archive.infolist():
        content = archive.read(entry)
        # Bit 3 says that an entry's length stands behind it, which some programs cannot read.
        assert not entry.flag_bits & 8
        draw = {
            "png": lambda it: Image.open(io.BytesIO(it)),
            "svg": lambda it: raster_svg(it.decode(), 300),
            "pdf": lambda it: raster_pdf(it, 300),
        }
        read.append(read_symbol(draw[kind](content)))
    assert read == said_by(run())


def test_the_same_labels_give_the_same_zip() -> None:
    one, other = (b"".join(zip_of(single_files(run(), "png", 203))) for _ in range(2))
    assert one == other


def test_a_zip_gives_each_file_on_before_the_next_is_drawn() -> None:
    drawn: list[str] = []

    def files() -> Iterator[tuple[str, bytes]]:
        for name in "abc":
            drawn.append(name)
            yield name, name.encode() * 1000

    blocks = zip_of(files())
    assert b"aaaa" in next(blocks)
    assert drawn == ["a"]
    assert b"bbbb" in next(blocks)
    assert drawn == ["a", "b"]


def test_a_picture_needs_the_printers_resolution() -> None:
    with pytest.raises(ValueError, match="resolution"):
        list(single_files(run(), "png"))
    with pytest.raises(ValueError, match="another resolution"):
        list(single_files(run(), "png", 300))
