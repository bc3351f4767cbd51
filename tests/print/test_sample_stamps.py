"""Every sample stamp, printed in every format, is read back by a reader that is not ours and opens its own page."""

import io

import pypdfium2
import pytest
import resvg_py
import zxingcpp
from PIL import Image

from tests.factories import HOST
from traceability.labels.label import SIZE_50X30, ModuleSize
from traceability.labels.layout import lay_out
from traceability.labels.pdf import render_pdf
from traceability.labels.png import render_png
from traceability.labels.svg import render_svg

# Batch, form and unit of the sample's stamps, as `traceability.sample.illustrative.BATCHES` issues them.
STAMPS = [
    pytest.param(0, "gs1", None, id="gs1-batch"),
    pytest.param(0, "house", None, id="readable-code-of-gs1-batch"),
    pytest.param(1, "house", None, id="house-batch"),
    pytest.param(2, "house", None, id="recalled"),
    pytest.param(3, "gs1", 1, id="gs1-unit"),
    pytest.param(3, "house", 490, id="readable-code-of-gs1-unit"),
    pytest.param(4, "signed", None, id="signed-batch"),
    pytest.param(5, "house", 60, id="house-unit"),
    pytest.param(6, "house", None, id="service"),
    pytest.param(7, "house", None, id="other-lot"),
]


def read(picture: Image.Image) -> str:
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1
    return found[0].text


def rasterised_pdf(layout, dpi: int) -> Image.Image:
    out = io.BytesIO()
    render_pdf([layout], out)
    page = pypdfium2.PdfDocument(out.getvalue())[0]
    return page.render(scale=dpi / 72).to_pil()


@pytest.fixture
def dialect() -> str:
    """Printing does not depend on the database."""
    return "sqlite"


@pytest.mark.parametrize(("place", "form", "unit"), STAMPS)
def test_a_sample_stamp_is_read_back_from_every_format_and_opens_its_lot(client, workshop, place, form, unit):
    batch = workshop.sample()[place]
    label = workshop.label(batch, form=form, unit=unit)
    assert label.qr_text.startswith(f"https://{HOST}/")
    vector = lay_out(label, SIZE_50X30, ModuleSize.vector())
    drawn = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=render_svg(vector), dpi=600, width=1200))))
    texts = {"svg": read(Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn.convert("RGBA")).convert("L"))}
    for dpi in (203, 300, 600):
        layout = lay_out(label, SIZE_50X30, ModuleSize.for_dpi(dpi))
        texts[f"png {dpi}"] = read(Image.open(io.BytesIO(render_png(layout, dpi))))
        texts[f"pdf {dpi}"] = read(rasterised_pdf(layout, dpi))
        texts[f"vector pdf {dpi}"] = read(rasterised_pdf(vector, dpi))
    assert set(texts.values()) == {label.qr_text}, texts
    answer = client.get(label.qr_text.removeprefix(f"https://{HOST}"))
    assert answer.status_code == 200 and (batch.lot or "Vườn mận du lịch mẫu") in answer.text
    assert label.readable_code in answer.text


def test_labels_bear_mau_only_where_the_public_address_is_not_public(workshop, services):
    batch = workshop.stamped()
    assert not services.settings.test_mode and not workshop.label(batch).specimen
