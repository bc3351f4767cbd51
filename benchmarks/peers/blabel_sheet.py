"""Labels by blabel with its own QR codes, 65 items a page, laid out by WeasyPrint as floating blocks.

WeasyPrint's documentation advises blocks rather than tables, few rules and no optimised images for speed; blocks that float are
the fastest of those that fill such a sheet, before blocks in a line and blocks at a position. Symbols are images of one pixel
a module, blabel's own helper. The font is found by its family: fontconfig is shown a folder with that file alone.
"""

from blabel import LabelWriter
from sheet import (
    COLUMN_PITCH_MM,
    FIRST_LINE_MM,
    LABEL_HEIGHT_MM,
    LABEL_WIDTH_MM,
    LABELS_A_PAGE,
    LEFT_MM,
    LINE_MM,
    PAGE_HEIGHT_MM,
    PAGE_WIDTH_MM,
    SYMBOL_MM,
    SYMBOL_TOP_MM,
    TEXT_POINTS,
    TOP_MM,
    job,
)
from weasyprint import CSS

ITEM = "<img src='{{label_tools.qr_code(qr, box_size=1)}}'><p>{{product}}<br>{{producer}}<br>{{code}}</p>"
# The text's box starts where its first line's foot comes to stand on the common line, nearly: half a point of leading.
STYLE = f"""
@page {{ size: {PAGE_WIDTH_MM}mm {PAGE_HEIGHT_MM}mm; margin: 0 }}
.print-area {{ height: {PAGE_HEIGHT_MM - 2 * TOP_MM}mm; padding: {TOP_MM}mm 0 {TOP_MM}mm {LEFT_MM}mm }}
.item {{ float: left; width: {LABEL_WIDTH_MM}mm; height: {LABEL_HEIGHT_MM}mm; margin-right: {COLUMN_PITCH_MM - LABEL_WIDTH_MM}mm }}
.item {{ text-align: center }}
img {{ display: block; width: {SYMBOL_MM}mm; height: {SYMBOL_MM}mm; image-rendering: pixelated }}
img {{ margin: {SYMBOL_TOP_MM}mm auto {FIRST_LINE_MM - LINE_MM - SYMBOL_MM - SYMBOL_TOP_MM + 0.5}mm }}
p {{ margin: 0; font: {TEXT_POINTS}pt/{LINE_MM}mm "Noto Sans" }}
"""


def main() -> None:
    """Prints the job."""
    asked = job()
    writer = LabelWriter(item_template=ITEM, items_per_page=LABELS_A_PAGE, default_stylesheets=(CSS(string=STYLE),))
    writer.write_labels(list(asked.rows()), target=str(asked.out))


if __name__ == "__main__":
    main()
