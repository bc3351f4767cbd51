"""Codes and texts as tables: nothing in them is a formula, and nothing turns into a number."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labels.builders import FORMS, make_label
from tests.labels.runs import make_run, said_by
from traceability.domain.spreadsheet import harmless
from traceability.labels.label import Label, Size
from traceability.labels.run import LabelRun, Units
from traceability.labels.table import COLUMNS, TableTooLong, render_csv, render_xlsx

SIZE = Size(50, 30)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("https://x.example")', "＝1", "=cmd|' /C calc'!A0"]
NUMBERS = ["0012", "1E5", "1e5", "20261012", "1/2", "3-4", "TRUE", "00000000000000000000001"]
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
XML = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def run(count: int = 3, chunk: int = 2) -> LabelRun:
    return make_run(count, SIZE, None, FORMS["house unit"], chunk=chunk)


def csv_of(label: Label, count: int = 3) -> list[list[str]]:
    content = b"".join(render_csv(run(count), label)).decode("utf-8")
    assert content.startswith("\ufeff")
    return list(csv.reader(io.StringIO(content[1:], newline=""), strict=True))


def xlsx_of(label: Label, count: int = 3) -> bytes:
    out = io.BytesIO()
    assert render_xlsx(run(count), label, out) == count
    return out.getvalue()


def cells_of(xlsx: bytes) -> list[list[object]]:
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_a_csv_has_a_row_a_label_under_vietnamese_headings() -> None:
    heading, *rows = csv_of(make_label())
    assert heading == list(COLUMNS)
    assert heading[:3] == ["Số tem", "Mã đọc được", "Nội dung mã QR"]
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert [row[2] for row in rows] == said_by(run())
    assert [row[1].replace("-", "").replace(" ", "") for row in rows] == [text.rpartition("/")[2] for text in said_by(run())]
    rest = ["Gạo Séng Cù Mường Vi", "HTX mẫu, xã Mường Vi, Lào Cai", "SC-2026-03", "12/10/2026", "12/10/2027", "4"]
    assert rows[0][3:] == [*rest, "CDĐL Mường Khương – Bát Xát", "trace.laocai.gov.vn"]


def test_what_a_label_does_not_say_is_an_empty_cell() -> None:
    label = make_label(producer=None, lot=None, made_on=None, best_before=None, stars=0, geographical_indication=None)
    assert csv_of(label)[1][4:10] == [""] * 6


def test_the_stamp_of_a_batch_has_no_number() -> None:
    (units,) = run(1).units
    batch = LabelRun(run().layout, [replace(units, numbers=units.numbers * 0)], 1)
    (_, row) = csv.reader(io.StringIO(b"".join(render_csv(batch, make_label())).decode("utf-8-sig"), newline=""))
    assert row[0] == ""


def test_lines_end_as_the_standard_says_and_special_characters_are_quoted() -> None:
    content = b"".join(render_csv(run(1), make_label(product_name='Gạo "Séng Cù", loại 1')))
    assert content.count(b"\r\n") == content.count(b"\n") == 2
    assert '"Gạo ""Séng Cù"", loại 1"'.encode() in content


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_a_csv_begins_a_formula(formula: str) -> None:
    row = csv_of(make_label(product_name=formula, producer=formula, lot=formula, host=formula))[1]
    assert [row[3], row[4], row[5], row[10]] == [f"'{formula}"] * 4


@given(TEXTS, TEXTS)
def test_any_text_of_a_csv_is_read_back_behind_at_most_an_apostrophe(name: str, lot: str) -> None:
    row = csv_of(make_label(product_name=name, lot=lot), 1)[1]
    assert row[3] in (name, f"'{name}")
    assert (row[3], row[5]) == (harmless(name), harmless(lot))
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


@pytest.mark.parametrize("text", [*FORMULAS, *NUMBERS])
def test_every_cell_of_an_xlsx_is_text_and_stays_as_it_was_typed(text: str) -> None:
    xlsx = xlsx_of(make_label(product_name=text, lot=text, producer=text))
    sheet = ElementTree.fromstring(ZipFile(io.BytesIO(xlsx)).read("xl/worksheets/sheet1.xml"))
    assert sheet.findall(f".//{XML}f") == []
    assert {cell.get("t") for cell in sheet.iter(f"{XML}c")} == {"inlineStr"}
    for row in cells_of(xlsx)[1:]:
        # A carriage return is written as the format's escape, which the reader leaves as it is.
        assert [row[3], row[4], row[5]] == [text.replace("\r", "_x000D_")] * 3


def test_cells_of_an_xlsx_stay_text_when_someone_edits_them() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(make_label(lot="0012"))))
    row = next(book.active.iter_rows(min_row=2, max_row=2))
    assert all(cell.quotePrefix and cell.number_format == "@" and cell.data_type == "s" for cell in row if cell.value)


def test_an_xlsx_says_what_the_csv_says() -> None:
    label = make_label()
    rows = [[cell or "" for cell in row] for row in cells_of(xlsx_of(label))]
    assert rows == csv_of(label)


def test_more_labels_than_a_spreadsheet_has_rows_are_refused_and_nothing_is_written() -> None:
    out = io.BytesIO()
    with pytest.raises(TableTooLong, match="CSV"):
        render_xlsx(LabelRun(run().layout, iter(()), 1_048_576), make_label(), out)
    assert out.getvalue() == b""


def test_a_csv_is_made_as_it_is_read() -> None:
    asked: list[int] = []

    def counted() -> Iterator[Units]:
        for units in run(3000, chunk=500).units:
            asked.append(len(units))
            yield units

    blocks = render_csv(LabelRun(run().layout, counted(), 3000), make_label(made_on=date(2026, 1, 2)))
    next(blocks), next(blocks)
    assert sum(asked) <= 500
    list(blocks)
    assert sum(asked) == 3000
