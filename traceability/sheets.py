"""Sheets that people hand over, read row by row: XLSX and CSV of any program, and nothing that acts, bursts or hides.

Cells come as texts. A day comes as `2021-12-28`, a whole number without a point; what a formula would work out is not read.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import IO
from zipfile import BadZipFile, ZipFile

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse
from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from traceability.domain.errors import Refused
from traceability.domain.register_sheet import FORMULA, Row, Sheet

MOST_BYTES = 10 * 1024 * 1024
MOST_UNPACKED = 256 * 1024 * 1024
MOST_ROWS = 20_000
_MOST_HELD = 32 * 1024 * 1024
_MOST_COLUMNS, _LONGEST_CELL, _MOST_SHEETS = 60, 2_000, 20
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


def read_sheets(content: bytes) -> list[Sheet]:
    """All sheets of a file.

    Refused `sheet_type`, `sheet_large`, `sheet_macros`, `sheet_old`, `sheet_broken`, `sheet_rows`, `sheet_cell`, `sheet_encoding`,
    `sheet_empty`.
    """
    if len(content) > MOST_BYTES:
        raise Refused("sheet_large", most_mb=MOST_BYTES // 1024 // 1024)
    if not content.strip(b"\0\r\n\t \xef\xbb\xbf"):
        raise Refused("sheet_empty")
    if content.startswith(_OLD_OFFICE):
        raise Refused("sheet_old")
    sheets = _read_workbook(content) if content.startswith(b"PK") else [_read_csv(content)]
    if not any(sheet.rows for sheet in sheets):
        raise Refused("sheet_empty")
    return sheets


def _read_workbook(content: bytes) -> list[Sheet]:
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            _check_archive(archive)
            # Values are not worked out from formulas, so that a stale one is not taken for what the sheet says.
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
            try:
                return [_read_sheet(archive, page) for page in book.worksheets[:_MOST_SHEETS]]
            finally:
                book.close()
    except Refused:
        raise
    except (
        BadZipFile,
        InvalidFileException,
        ParseError,
        DefusedXmlException,
        KeyError,
        ValueError,
        OSError,
        EOFError,
        AttributeError,
        TypeError,
    ):
        raise Refused("sheet_broken") from None


def _check_archive(archive: ZipFile) -> None:
    """Before anything is unpacked: what it says of its size is also the most that is read of it."""
    parts = archive.infolist()
    if any(part.filename.lower().endswith("vbaproject.bin") for part in parts):
        raise Refused("sheet_macros")
    # Sheets are read as they come; the other parts are held in memory whole.
    others = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    if sum(part.file_size for part in parts) > MOST_UNPACKED or others > _MOST_HELD or len(parts) > 1_000:
        raise Refused("sheet_large", most_mb=MOST_BYTES // 1024 // 1024)
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise Refused("sheet_type")
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise Refused("sheet_type")


def _read_sheet(archive: ZipFile, page: object) -> Sheet:
    name, path = str(page.title), str(page._worksheet_path)  # type: ignore[attr-defined]
    sheet = Sheet(name, is_hidden=page.sheet_state != "visible")  # type: ignore[attr-defined]
    last, hidden, merged = _scan(archive.open(path))
    if last == 0:
        return sheet
    page.reset_dimensions()  # type: ignore[attr-defined]
    for number, cells in enumerate(page.iter_rows(max_row=last, max_col=_MOST_COLUMNS), start=1):  # type: ignore[attr-defined]
        held = {place: text for place, cell in enumerate(cells) if cell.value is not None and (text := _text(cell.value, cell.data_type))}
        if held:
            sheet.rows.append(Row(number, held, number in hidden))
        if len(sheet.rows) > MOST_ROWS:
            raise Refused("sheet_rows", most=MOST_ROWS)
    _spread(sheet, merged)
    return sheet


def _scan(file: IO[bytes]) -> tuple[int, set[int], list[tuple[int, int, int, int]]]:
    """The last row with a value, hidden rows, and merged ranges as first column, first row, last column and last row.

    Empty rows, of which programs write hundreds of thousands, cost a look each and no more.
    """
    last, row, hidden, merged, read = 0, 0, set[int](), list[tuple[int, int, int, int]](), 0
    with file:
        for event, element in iterparse(_Bounded(file), events=("start", "end")):
            tag = element.tag.rpartition("}")[2]
            if event == "start":
                if tag == "row":
                    row = int(element.get("r") or row + 1)
                    if element.get("hidden") in ("1", "true"):
                        hidden.add(row)
                continue
            if tag in ("v", "t", "f"):
                last = max(last, row)
            elif tag == "mergeCell" and len(merged) < MOST_ROWS:
                bounds = range_boundaries(element.get("ref") or "")
                merged.append((bounds[0] or 1, bounds[1] or 1, bounds[2] or 1, bounds[3] or 1))
            if tag in ("row", "c", "mergeCell"):
                element.clear()
            if tag == "row":
                read += 1
                if read > 1_048_576:
                    raise Refused("sheet_rows", most=MOST_ROWS)
    return last, hidden, merged


class _Bounded(io.RawIOBase):
    """A part of an archive, which may be longer than it says."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._left = file, MOST_UNPACKED

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(min(size, 65_536) if size > 0 else 65_536)
        self._left -= len(piece)
        if self._left < 0:
            raise Refused("sheet_large", most_mb=MOST_BYTES // 1024 // 1024)
        return piece


def _spread(sheet: Sheet, merged: list[tuple[int, int, int, int]]) -> None:
    """A merged cell's text stands in all the cells that it covers: a producer beside its three products, a heading over two columns."""
    by_number = {row.number: row for row in sheet.rows}
    for first_column, first_row, last_column, last_row in merged:
        begun = by_number.get(first_row)
        text = begun.cells.get(first_column - 1) if begun else None
        if text is None:
            continue
        for number in range(first_row, min(last_row, first_row + MOST_ROWS) + 1):
            row = by_number.get(number)
            for column in range(first_column - 1, min(last_column, _MOST_COLUMNS)):
                if row is not None:
                    row.cells.setdefault(column, text)


def _text(value: object, data_type: str) -> str:
    if data_type == "f":
        return FORMULA
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.date().isoformat() if (value.hour, value.minute, value.second) == (0, 0, 0) else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return _bounded(str(value))


def _bounded(text: str) -> str:
    cleaned = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    if len(cleaned) > _LONGEST_CELL:
        raise Refused("sheet_cell", longest=_LONGEST_CELL)
    # What our own files put before a text that a spreadsheet would take for a formula.
    return cleaned[1:] if len(cleaned) > 1 and cleaned[0] == "'" and cleaned[1] in "=+-@＝＋－＠" else cleaned


def _read_csv(content: bytes) -> Sheet:
    text = _decoded(content)
    if "\0" in text:
        raise Refused("sheet_type")
    sheet = Sheet("CSV")
    try:
        for number, cells in _lines(text):
            held = {place: cleaned for place, cell in enumerate(cells[:_MOST_COLUMNS]) if (cleaned := _bounded(cell))}
            if held:
                sheet.rows.append(Row(number, held))
            if len(sheet.rows) > MOST_ROWS:
                raise Refused("sheet_rows", most=MOST_ROWS)
    except csv.Error:
        raise Refused("sheet_broken") from None
    return sheet


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV file (RFC 4180), whichever sign parts its cells: the one that the first line has most of."""
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    yield from enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), start=1)


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Refused("sheet_encoding") from None
