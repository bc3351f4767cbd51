"""Labels by pylabels and the qrcode package: a symbol is an image of one pixel a module, the text strings.

Of the shapes that reportlab's user guide offers for a drawing this is the fastest: a path takes a quarter longer, the QR
widget three times as long. Shapes are not checked, as the guide advises for production ("Property Checking").
"""

import qrcode
from reportlab import rl_config

rl_config.shapeChecking = 0

import labels  # noqa: E402 - the shapes are made checking or not when they are imported
from reportlab.graphics.shapes import Drawing, Image, String  # noqa: E402
from reportlab.lib.units import mm  # noqa: E402
from reportlab.pdfbase import pdfmetrics  # noqa: E402
from reportlab.pdfbase.ttfonts import TTFont  # noqa: E402
from sheet import (  # noqa: E402
    COLUMN_PITCH_MM,
    COLUMNS,
    FIRST_LINE_MM,
    LABEL_HEIGHT_MM,
    LABEL_WIDTH_MM,
    LEFT_MM,
    LINE_MM,
    LINES,
    PAGE_HEIGHT_MM,
    PAGE_WIDTH_MM,
    ROWS,
    SYMBOL_LEFT_MM,
    SYMBOL_MM,
    SYMBOL_TOP_MM,
    TEXT_POINTS,
    TOP_MM,
    job,
)


def main() -> None:
    """Prints the job."""
    asked = job()
    pdfmetrics.registerFont(TTFont("Label", str(asked.font)))
    specification = labels.Specification(
        PAGE_WIDTH_MM,
        PAGE_HEIGHT_MM,
        COLUMNS,
        ROWS,
        LABEL_WIDTH_MM,
        LABEL_HEIGHT_MM,
        left_margin=LEFT_MM,
        top_margin=TOP_MM,
        column_gap=round(COLUMN_PITCH_MM - LABEL_WIDTH_MM, 3),
        row_gap=0,
    )
    sheet = labels.Sheet(specification, draw_label)
    sheet.add_labels(asked.rows())
    sheet.save(str(asked.out))


def draw_label(label: Drawing, width: float, height: float, row: dict[str, str]) -> None:
    """Puts a symbol and its lines on a label; lengths are in points from the left bottom corner."""
    code = qrcode.QRCode(border=0, box_size=1)
    code.add_data(row["qr"])
    code.make(fit=True)
    side = SYMBOL_MM * mm
    label.add(Image(SYMBOL_LEFT_MM * mm, height - SYMBOL_TOP_MM * mm - side, side, side, code.make_image().get_image()))
    for number, line in enumerate(LINES):
        foot = height - (FIRST_LINE_MM + number * LINE_MM) * mm
        label.add(String(width / 2, foot, row[line], fontName="Label", fontSize=TEXT_POINTS, textAnchor="middle"))


if __name__ == "__main__":
    main()
