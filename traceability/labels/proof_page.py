"""The test page of a printer as a PDF: what is measured on it, and what a person looks at. A4, words in Vietnamese."""

import io
from typing import Any, BinaryIO
from unicodedata import normalize

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from traceability.labels.fonts import Face, font
from traceability.labels.label import MM_PER_POINT
from traceability.labels.proof_marks import MARGIN_MM, MARKS, PAPER_HEIGHT_MM, PAPER_WIDTH_MM, ProofMark
from traceability.qr import QUIET_MODULES, encode

TITLE = "Trang thử máy in"
RULER_MM = 50
_STEPS = (
    "1. In ở 100 % (“Kích thước thật”, “Actual size”): không “Vừa trang”, không co giãn. Giấy A4.",
    "2. Đặt tờ giấy phẳng trên mặt bàn tối màu. Chụp thẳng từ trên xuống, đủ sáng, thấy cả bốn mép giấy.",
    "    Không dùng ứng dụng quét tài liệu: nó cắt mất mép giấy. Không cắt ảnh.",
    "3. Gửi ảnh lên trang của máy in này. Hệ thống đo tỉ lệ và độ lệch, rồi cho biết phải chỉnh gì.",
)
# Module sizes as printers make them, in mm, each with what to look for.
_SAMPLES = (
    (25.4 / 203 * 4, ("0,50 mm", "(4 điểm, máy 203 dpi)", "Phải quét được ngay."), "0.50"),
    (25.4 / 203 * 3, ("0,38 mm", "(3 điểm, máy 203 dpi)", "Phải quét được."), "0.38"),
    (25.4 / 300 * 4, ("0,34 mm", "(4 điểm, máy 300 dpi)", "Phải quét được."), "0.34"),
    (25.4 / 600 * 6, ("0,25 mm", "(6 điểm, máy 600 dpi)", "Chỉ máy in la-de tốt."), "0.25"),
)
_TEXT_MM, _SMALL_MM, _TITLE_MM = 3.9, 3.3, 7.5
_LEFT_MM, _ARM_MM, _HAIRLINE_MM = 32.0, 6.0, 0.2


def render_proof_page(out: BinaryIO, printer_name: str = "") -> None:
    """Write the page. Characters of the name that the fonts lack are left out; the same name gives the same bytes."""
    register_fonts()
    canvas = Canvas(out, pageCompression=1, invariant=1, lang="vi", initialFontName=Face.REGULAR.value, initialFontSize=1)
    canvas.setTitle(TITLE)
    canvas.setViewerPreference("PrintScaling", "None")
    canvas.setPageSize((PAPER_WIDTH_MM / MM_PER_POINT, PAPER_HEIGHT_MM / MM_PER_POINT))
    # From here on lengths are in mm from the left top corner, but y points upwards and is negative.
    canvas.translate(0, PAPER_HEIGHT_MM / MM_PER_POINT)
    canvas.scale(1 / MM_PER_POINT, 1 / MM_PER_POINT)
    for mark in MARKS:
        _draw_mark(canvas, mark)
    _draw_corners(canvas)
    _draw_arrow(canvas)
    _draw_words(canvas, printer_name)
    _draw_rulers(canvas)
    _draw_samples(canvas)
    canvas.showPage()
    canvas.save()


def register_fonts() -> None:
    """Makes the faces known to the library, once in a program."""
    for face in Face:
        if face.value not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(face.value, io.BytesIO(font(face).content)))


def _rectangles(canvas: Any, boxes: list[tuple[float, float, float, float]]) -> None:
    """Left, top, width and height of each; one path, so that a renderer leaves no light seams between them."""
    path = canvas.beginPath()
    for left, top, width, height in boxes:
        path.rect(left, -top - height, width, height)
    canvas.drawPath(path, stroke=0, fill=1, fillMode=1)


def _write(canvas: Any, x: float, baseline: float, text: str, size: float = _TEXT_MM, face: Face = Face.REGULAR) -> None:
    canvas.setFont(face.value, size)
    canvas.drawString(x, -baseline, text)


def _draw_mark(canvas: Any, mark: ProofMark) -> None:
    side = mark.module_mm
    left, top = mark.x_mm - 3 * side, mark.y_mm - 3 * side
    _rectangles(canvas, [(left + column * side, top + row * side, side, side) for column, row in mark.dark_modules()])


def _draw_corners(canvas: Any) -> None:
    """An angle whose outer lines lie exactly at the margin, in each corner: a person checks it with a ruler."""
    right, bottom = PAPER_WIDTH_MM - MARGIN_MM, PAPER_HEIGHT_MM - MARGIN_MM
    for x in (MARGIN_MM, right - _HAIRLINE_MM):
        for y in (MARGIN_MM, bottom - _HAIRLINE_MM):
            left = MARGIN_MM if x == MARGIN_MM else right - _ARM_MM
            top = MARGIN_MM if y == MARGIN_MM else bottom - _ARM_MM
            _rectangles(canvas, [(left, y, _ARM_MM, _HAIRLINE_MM), (x, top, _HAIRLINE_MM, _ARM_MM)])


def _draw_arrow(canvas: Any) -> None:
    middle = PAPER_WIDTH_MM / 2
    path = canvas.beginPath()
    for step, (x, y) in enumerate(((0, 14), (5, 20), (2, 20), (2, 25), (-2, 25), (-2, 20), (-5, 20))):
        (path.lineTo if step else path.moveTo)(middle + x, -y)
    path.close()
    canvas.drawPath(path, stroke=0, fill=1, fillMode=1)
    word = "PHÍA TRÊN"
    _write(canvas, middle - font(Face.BOLD).width(word) * _SMALL_MM / 2, 29, word, _SMALL_MM, Face.BOLD)


def _draw_words(canvas: Any, printer_name: str) -> None:
    name = normalize("NFC", printer_name)
    name = "".join(character for character in name if character not in font(Face.BOLD).missing(name))
    title = f"{TITLE}: {name}" if name.strip() else TITLE
    room = PAPER_WIDTH_MM - 2 * _LEFT_MM
    _write(canvas, _LEFT_MM, 39, title, min(_TITLE_MM, room / font(Face.BOLD).width(title)), Face.BOLD)
    size = min(_TEXT_MM, *(room / font(Face.REGULAR).width(step) for step in _STEPS))
    for number, step in enumerate(_STEPS):
        _write(canvas, _LEFT_MM, 48 + 6 * number, step, size)


def _draw_rulers(canvas: Any) -> None:
    """One along each side of the sheet, from a common corner."""
    left, top = 60.0, 88.0
    _rectangles(canvas, [(left + at, top - _tick(at), _HAIRLINE_MM, _tick(at)) for at in _ticks()])
    _rectangles(canvas, [(left - _tick(at), top + at, _tick(at), _HAIRLINE_MM) for at in _ticks()])
    # From the outer side of the first tick to the same side of the last one it is 50 mm.
    _rectangles(canvas, [(left, top, RULER_MM + _HAIRLINE_MM, _HAIRLINE_MM), (left, top, _HAIRLINE_MM, RULER_MM + _HAIRLINE_MM)])
    for at in range(0, RULER_MM + 1, 10):
        width = font(Face.REGULAR).width(str(at)) * _SMALL_MM
        _write(canvas, left + at - width / 2, top - 6.2, str(at), _SMALL_MM)
        if at:
            _write(canvas, left - 6.5 - width, top + at + 1.2, str(at), _SMALL_MM)
    for line, words in enumerate(("Đo bằng thước: từ vạch 0 đến", "vạch 50 phải đúng 50 mm, cả", "chiều ngang lẫn chiều dọc.")):
        _write(canvas, left + 8, top + 13 + 6 * line, words)
    for line, words in enumerate(("Bốn góc vuông ngoài cùng nằm", "cách mép giấy đúng 10 mm.")):
        _write(canvas, left + 8, top + 35 + 6 * line, words)


def _ticks() -> range:
    return range(RULER_MM + 1)


def _tick(at: int) -> float:
    return 5.0 if at % 10 == 0 else 3.5 if at % 5 == 0 else 2.0


def _draw_samples(canvas: Any) -> None:
    _write(canvas, _LEFT_MM, 156, "Mã mẫu: quét thử bằng điện thoại", _TEXT_MM, Face.BOLD)
    _write(canvas, _LEFT_MM, 162, "Ô vuông phải đen đều, nét gọn, không lem, không sọc trắng.")
    column = (PAPER_WIDTH_MM - 2 * _LEFT_MM) / len(_SAMPLES)
    for number, (module_mm, lines, told) in enumerate(_SAMPLES):
        left = _LEFT_MM + number * column
        text = f"TRANG THU MAY IN - KHONG PHAI TEM - {told} MM"
        _draw_symbol(canvas, left, 169, module_mm, text)
        for line, words in enumerate(lines):
            _write(canvas, left, 190 + 4.6 * line, words, _SMALL_MM, Face.REGULAR if line else Face.BOLD)
        # As large as a stamp that is signed, which holds 140 characters.
        _draw_symbol(canvas, left, 215, module_mm, text.ljust(140, "-"))
    _write(canvas, _LEFT_MM, 210, "Cùng cỡ ô vuông, mã dài như tem có chữ ký:")
    _write(canvas, _LEFT_MM, 249, "Mã nhỏ nhất mà điện thoại quét được ngay cho biết máy in này in được tem cỡ nào.")


def _draw_symbol(canvas: Any, left: float, top: float, module_mm: float, text: str) -> None:
    """Draws it without its quiet zone, which the white around it is."""
    symbol = encode(text)
    assert QUIET_MODULES * module_mm <= 2.1
    cells = [(column, row) for row, modules in enumerate(symbol.modules) for column, dark in enumerate(modules) if dark]
    _rectangles(canvas, [(left + column * module_mm, top + row * module_mm, module_mm, module_mm) for column, row in cells])
