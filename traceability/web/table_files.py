"""Tables as files: one sheet a table in XLSX, one file a table in a ZIP of CSV."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import BinaryIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from traceability.domain.dates import VIETNAM
from traceability.domain.spreadsheet import Cell, Table, harmless
from traceability.labels.table import LAST_ROW

FILE_TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "zip": "application/zip"}
"""Endings of files of tables, and their types."""
_PIECE = 256 * 1024
_ROWS_A_PIECE = 2_000
_WIDTH, _WIDE = 16, 34
_WIDE_COLUMNS = frozenset(("product", "producer", "words", "reason", "advice", "note", "place", "recipient", "area", "what", "supplier"))
Words = Callable[[str], str]
"""What a table or a column is called, by its key."""


def write_xlsx(tables: Iterable[Table], facts: list[tuple[str, str]], words: Words, out: BinaryIO) -> int:
    """Writes the tables as sheets after one with `facts`, and returns how many rows they have.

    A table that is longer than a sheet goes on in the next one. Texts stay texts, days and times are ones.
    """
    # Rows go to temporary files as they come, so that memory does not grow with them.
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True})
    formats = {date: book.add_format({"num_format": "dd/mm/yyyy"}), datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})}
    first = book.add_worksheet(words("overview"))
    first.set_column(0, 0, _WIDE, bold)
    first.set_column(1, 1, 60)
    for row, pair in enumerate(facts):
        for column, text in enumerate(pair):
            first.write_string(row, column, text)
    rows = 0
    for table in tables:
        part, sheet, place = 1, _new_sheet(book, table, words, "", bold), 1
        for cells in table.rows:
            if place == LAST_ROW:
                part += 1
                sheet, place = _new_sheet(book, table, words, f" {part}", bold), 1
            _write_row(sheet, place, cells, formats)
            place, rows = place + 1, rows + 1
    book.close()
    return rows


def _new_sheet(book: xlsxwriter.Workbook, table: Table, words: Words, ending: str, bold: Format) -> Worksheet:
    # A sheet's name has at most 31 characters.
    sheet = book.add_worksheet(words(table.key)[: 31 - len(ending)] + ending)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, _WIDE if column in _WIDE_COLUMNS else _WIDTH)
        sheet.write_string(0, place, words(column), bold)
    return sheet


def _write_row(sheet: Worksheet, row: int, cells: tuple[Cell, ...], formats: dict[type[date], Format]) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, str):
            sheet.write_string(row, column, cell)
        elif isinstance(cell, int):
            sheet.write_number(row, column, cell)
        elif isinstance(cell, datetime):
            # Spreadsheets know no time zones: Viet Nam's is said on the first sheet.
            sheet.write_datetime(row, column, cell.astimezone(VIETNAM).replace(tzinfo=None), formats[datetime])
        elif cell is not None:
            sheet.write_datetime(row, column, cell, formats[date])


def pieces_of(ending: str, tables: Iterable[Table], facts: list[tuple[str, str]], words: Words) -> Iterator[bytes]:
    """The file of an ending, in pieces. A spreadsheet is whole only at its end: it is made on disk first."""
    if ending == "zip":
        yield from csv_pieces(tables, facts, words)
        return
    with tempfile.TemporaryFile() as file:
        write_xlsx(tables, facts, words, file)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def csv_pieces(tables: Iterable[Table], facts: list[tuple[str, str]], words: Words) -> Iterator[bytes]:
    """A ZIP of CSV files (RFC 4180, UTF-8 with a mark), in pieces as they are made; no cell can act as a formula."""
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        archive.writestr("00-overview.csv", _lines([list(pair) for pair in facts], mark=True))
        for number, table in enumerate(tables, start=1):
            with archive.open(f"{number:02}-{table.key.replace('_', '-')}.csv", "w", force_zip64=True) as file:
                file.write(_lines([[words(column) for column in table.columns]], mark=True))
                lines: list[list[str]] = []
                for cells in table.rows:
                    lines.append([_text(cell) for cell in cells])
                    if len(lines) == _ROWS_A_PIECE:
                        file.write(_lines(lines))
                        lines.clear()
                        yield out.taken()
                file.write(_lines(lines))
            yield out.taken()
    yield out.taken()


class _Pieces(io.RawIOBase):
    """What was written since it was last asked; it cannot be gone back in."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        piece = bytes(content)  # type: ignore[call-overload]
        self._held += piece
        return len(piece)

    def taken(self) -> bytes:
        """The bytes, which are then forgotten."""
        piece = bytes(self._held)
        self._held.clear()
        return piece


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(VIETNAM).isoformat(timespec="seconds")
    return harmless(cell) if isinstance(cell, str) else str(cell)


def _lines(rows: list[list[str]], *, mark: bool = False) -> bytes:
    lines = io.StringIO(newline="")
    csv.writer(lines).writerows(rows)
    return ("\ufeff" * mark + lines.getvalue()).encode()
