"""A run's codes and texts as a table, for those who print elsewhere from variable data: CSV and XLSX.

The CSV is for printing programs, which take every cell as it is written; a spreadsheet that opens it makes numbers of
digits (`0012` becomes 12). The XLSX says of every cell that it is text, so that spreadsheets leave it alone.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

import xlsxwriter

from traceability.domain.spreadsheet import harmless
from traceability.labels.bitmap import parts_of, strings
from traceability.labels.label import Label
from traceability.labels.run import LabelRun, Units

COLUMNS = (
    "Số tem",
    "Mã đọc được",
    "Nội dung mã QR",
    "Sản phẩm",
    "Đơn vị sản xuất",
    "Lô",
    "NSX",
    "HSD",
    "Sao OCOP",
    "Chỉ dẫn địa lý",
    "Địa chỉ tra cứu",
)
LAST_ROW = 1_048_576
"""Rows of a sheet in XLSX, its heading among them."""

_MARK = "\ufeff"
_WIDTHS = (9, 32, 64, 30, 36, 20, 12, 12, 10, 30, 26)


class TableTooLong(ValueError):
    """More labels than a spreadsheet has rows; a CSV holds them."""

    def __init__(self, labels: int) -> None:
        super().__init__(f"{labels} labels do not fit the {LAST_ROW - 1} rows of a spreadsheet: take the CSV, or fewer units")
        self.labels = labels


def render_csv(run: LabelRun, label: Label) -> Iterator[bytes]:
    """The table as CSV (RFC 4180) in UTF-8 with a mark at its beginning, in blocks. `label` is any of the run's labels.

    A cell that a spreadsheet could take for a formula has an apostrophe before it.
    """
    yield _MARK.encode() + _lines([list(COLUMNS)])
    rest = [harmless(cell) for cell in _texts(label)]
    for units in parts_of(run):
        yield _lines([[*map(harmless, own), *rest] for own in _own(units)])


def render_xlsx(run: LabelRun, label: Label, out: BinaryIO) -> int:
    """Write the table as XLSX, every cell text, and return how many labels it has. Raises TableTooLong, with nothing written."""
    if run.count > LAST_ROW - 1:
        raise TableTooLong(run.count)
    # Rows go to a temporary file as they come, so that memory does not grow with them.
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("Tem")
    # A cell of this kind stays text even where someone edits it.
    text = book.add_format({"num_format": "@", "quote_prefix": True})
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width, text)
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, COLUMNS, book.add_format({"bold": True}))
    rest, row = _texts(label), 0
    for row, own in enumerate((own for units in parts_of(run) for own in _own(units)), start=1):
        for column, cell in enumerate((*own, *rest)):
            sheet.write_string(row, column, cell, text)
    book.close()
    return row


def _own(units: Units) -> list[tuple[str, str, str]]:
    """What differs: the unit's number (none for the stamp of a batch), its code, what its symbol says."""
    numbers = ["" if number == 0 else str(number) for number in units.numbers.tolist()]
    return list(zip(numbers, strings(units.codes), strings(units.texts), strict=True))


def _texts(label: Label) -> tuple[str, ...]:
    stars = str(label.stars) if label.stars else ""
    dates = (_day(label.made_on), _day(label.best_before))
    place = label.geographical_indication or ""
    return (label.product_name, label.producer or "", label.lot or "", *dates, stars, place, label.host)


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _lines(rows: list[list[str]]) -> bytes:
    lines = io.StringIO(newline="")
    csv.writer(lines).writerows(rows)
    return lines.getvalue().encode()
