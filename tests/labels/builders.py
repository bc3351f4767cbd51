"""A label to start from, and readers of other make for what the writers write."""

import io
from datetime import date
from typing import Any

import pypdfium2
import resvg_py
import zxingcpp
from PIL import Image, ImageDraw

from traceability.labels.label import Label
from traceability.labels.logo import LabelLogo

HOST = "https://TRACE.LAOCAI.GOV.VN"
BATCH, UNIT = "7K3M-Q9X2-ABCS", "7K3M-Q9X2-ABCS XC8D-EEP9-7XZJ"
FORMS = {
    "house batch": (f"{HOST}/S/7K3MQ9X2ABCS", BATCH),
    "house unit": (f"{HOST}/S/7K3MQ9X2ABCSXC8DEEP97XZJ", UNIT),
    "GS1 batch": (f"{HOST}/01/08930000000019/10/SC-2026-03", BATCH),
    "GS1 unit": (f"{HOST}/01/08930000000019/10/SC-2026-03/21/XC8DEEP97XZJ", UNIT),
    "signed": (f"{HOST}/S/{'0Z' * 70}", UNIT),
}


def make_label(**changed: Any) -> Label:
    fields: dict[str, Any] = {
        "qr_text": FORMS["house unit"][0],
        "product_name": "Gạo Séng Cù Mường Vi",
        "producer": "HTX mẫu, xã Mường Vi, Lào Cai",
        "lot": "SC-2026-03",
        "made_on": date(2026, 10, 12),
        "best_before": date(2027, 10, 12),
        "stars": 4,
        "geographical_indication": "CDĐL Mường Khương – Bát Xát",
        "readable_code": UNIT,
        "host": "trace.laocai.gov.vn",
        "specimen": False,
    }
    return Label(**{**fields, **changed})


def read_symbol(picture: Image.Image) -> str | None:
    found = zxingcpp.read_barcode(picture.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    return found.text if found else None


def raster_svg(svg: str, dpi: int) -> Image.Image:
    # The rasteriser takes a millimetre of the drawing by the dpi it is told.
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, dpi=dpi)))).convert("RGBA")


def raster_pdf(pdf: bytes, dpi: int, page: int = 0) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return document[page].render(scale=dpi / 72).to_pil().convert("L")
    finally:
        document.close()


def make_logo(width: int = 300, height: int = 200) -> LabelLogo:
    """A ring and a bar, drawn to the edges of the picture."""
    picture = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((0, 0, height - 1, height - 1), outline=0, width=max(1, height // 6))
    draw.rectangle((height + 10, 0, width - 1, height - 1), fill=0)
    return LabelLogo(width, height, picture.tobytes())
