"""Labels by reportlab and the qrcode package: a symbol is one path of runs of dark modules, filled once.

Of reportlab's documented ways this is the fastest: its own QR widget takes three times as long, a `rect` a run and an
image a symbol are slower too. qrcode chooses the mask itself, as the standard asks and as its documentation does.
"""

from itertools import groupby

import qrcode
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from sheet import (
    FIRST_LINE_MM,
    LABEL_HEIGHT_MM,
    LABEL_WIDTH_MM,
    LABELS_A_PAGE,
    LINE_MM,
    LINES,
    PAGE_HEIGHT_MM,
    PAGE_WIDTH_MM,
    SYMBOL_LEFT_MM,
    SYMBOL_MM,
    SYMBOL_TOP_MM,
    TEXT_POINTS,
    job,
    label_corner_mm,
)


def main() -> None:
    """Prints the job."""
    asked = job()
    pdfmetrics.registerFont(TTFont("Label", str(asked.font)))
    canvas = Canvas(str(asked.out), pagesize=(PAGE_WIDTH_MM * mm, PAGE_HEIGHT_MM * mm), pageCompression=1)
    for index, row in enumerate(asked.rows()):
        if index and index % LABELS_A_PAGE == 0:
            canvas.showPage()
        left, bottom = label_corner_mm(index)
        draw_symbol(canvas, row["qr"], left + SYMBOL_LEFT_MM, bottom + LABEL_HEIGHT_MM - SYMBOL_TOP_MM)
        canvas.setFont("Label", TEXT_POINTS)
        for number, line in enumerate(LINES):
            foot = bottom + LABEL_HEIGHT_MM - FIRST_LINE_MM - number * LINE_MM
            canvas.drawCentredString((left + LABEL_WIDTH_MM / 2) * mm, foot * mm, row[line])
    canvas.save()


def draw_symbol(canvas: Canvas, text: str, left_mm: float, top_mm: float) -> None:
    """Draws a symbol whose left top corner is there."""
    code = qrcode.QRCode(border=0)
    code.add_data(text)
    code.make(fit=True)
    side = SYMBOL_MM * mm / len(code.modules)
    path = canvas.beginPath()
    for number, modules in enumerate(code.modules, 1):
        column = 0
        for dark, run in groupby(modules):
            length = len(list(run))
            if dark:
                path.rect(left_mm * mm + column * side, top_mm * mm - number * side, length * side, side)
            column += length
    canvas.drawPath(path, stroke=0, fill=1)


if __name__ == "__main__":
    main()
