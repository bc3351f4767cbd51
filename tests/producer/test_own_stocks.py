"""A producer's own sheets and rolls, as its form is filled."""

import re

import pytest
from sqlalchemy import select

from tests.producer.test_printing import codes_in, printed
from traceability.models import OwnStock
from traceability.models.engine import reading

FORM = "/producer/stocks?lang=en"
SHEET = {"name": "Giấy nhà", "kind": "sheet", "label_width": "60", "label_height": "40,5", "columns": "3", "rows": "7"}


@pytest.fixture
def dialect() -> str:
    """What databases do otherwise is tested at the operation."""
    return "sqlite"


def add(lan, **fields: str):
    return lan.browser.post(FORM, **{**SHEET, **fields})


def kept(services) -> list[OwnStock]:
    with reading(services.engine) as session:
        return list(session.scalars(select(OwnStock).order_by(OwnStock.id)))


def test_a_sheet_with_decimal_commas_is_kept_and_offered_on_the_print_screen(lan, services):
    assert add(lan, left="10,25", pitch_x=" 62.5 ").status_code == 303
    row = kept(services)[0]
    assert (row.label_height_mm, row.left_mm, row.pitch_x_mm, row.pitch_y_mm) == (40.5, 10.25, 62.5, 40.5)
    assert (row.page_width_mm, row.page_height_mm, row.sensed) == (210.0, 297.0, "none")
    assert "Giấy nhà" in lan.browser.get(FORM).text
    code = lan.batch()
    page = lan.browser.get(lan.at(code, "print")).text
    assert "Your own" in page and f'<option value="own-{row.id}"' in page


def test_a_roll_is_as_wide_as_its_labels_and_has_the_usual_gap(lan, services):
    fields = {"kind": "roll", "columns": "2", "rows": "9", "pitch_x": "62", "left": "5", "sensed": "gap"}
    assert add(lan, **fields).status_code == 303
    row = kept(services)[0]
    assert (row.page_width_mm, row.page_height_mm, row.rows, row.left_mm, row.gap_mm) == (122.0, 40.5, 1, 0.0, 3.0)
    assert add(lan, **fields, name="B", gap="0").status_code == 400
    assert add(lan, **{**fields, "sensed": "none"}, name="C", gap="2").status_code == 303
    assert kept(services)[1].gap_mm == 0.0


@pytest.mark.parametrize(
    ("field", "text"),
    [("label_width", text) for text in ("", "nan", "inf", "1e2", "-5", "5", "421", "9999999999", "6 0", "1.2.3", ".", "٦٠", "²")]
    + [("columns", text) for text in ("0", "51", "x", "-1", "1.5", "99999", "४")]
    + [("rows", text) for text in ("0", "101", "x")]
    + [("pitch_x", "59"), ("pitch_y", "40.4"), ("left", "40"), ("top", "300"), ("left", "x"), ("page_height", "100")]
    + [("name", " ")],
)
def test_a_bad_figure_is_told_in_words_and_nothing_typed_is_lost(lan, services, field, text):
    answer = add(lan, **{field: text})
    assert answer.status_code == 400 and 'role="alert"' in answer.text and not kept(services)
    assert "Not possible" not in answer.text and 'value="40,5"' in answer.text


@pytest.mark.parametrize("fields", [{"kind": "roll", "columns": "4"}, {"kind": "roll", "columns": "1", "sensed": "guess"}], ids=str)
def test_a_roll_that_no_printer_takes_is_refused(lan, services, fields):
    assert add(lan, **fields).status_code == 400 and not kept(services)


def test_pressed_twice_it_is_one_stock_and_removed_twice_it_is_gone_once(lan, services):
    assert [add(lan).status_code for _ in range(2)] == [303, 303]
    assert len(kept(services)) == 1
    assert add(lan, columns="2").status_code == 400
    path = f"/producer/stocks/{kept(services)[0].id}/forget?lang=en"
    assert [lan.browser.post(path, FORM).status_code for _ in range(2)] == [303, 303]
    assert "Giấy nhà" not in lan.browser.get(FORM).text


def test_a_run_on_a_stock_that_was_removed_and_added_anew_keeps_its_figures(lan, services):
    add(lan, columns="1", rows="1")
    number = kept(services)[0].id
    code = lan.batch()
    answer = printed(lan, code, stock=f"own-{number}")
    lan.browser.post(f"/producer/stocks/{number}/forget?lang=en", FORM)
    assert add(lan, columns="3", rows="7").status_code == 303
    link = re.search(r'href="([^"]+labels\.pdf)"', lan.browser.get(answer.location).text)[1]
    file = lan.browser.get(link)
    assert file.status_code == 200 and len(codes_in(file.data)) == 5
    # Gone from what is remembered, too.
    assert f'<option value="own-{number}"' not in lan.browser.get(lan.at(code, "print")).text


def test_another_producers_stock_is_neither_shown_nor_printed_on_nor_removed(lan, minh, services):
    add(lan)
    number = kept(services)[0].id
    assert "Giấy nhà" not in minh.browser.get(FORM).text
    assert minh.browser.post(f"/producer/stocks/{number}/forget?lang=en", FORM).status_code == 404
    code = minh.batch(lot="M")
    assert printed(minh, code, stock=f"own-{number}", key="m").status_code == 400
    assert add(minh, producer=str(lan.producer_id)).status_code == 404
    assert kept(services)[0].forgotten_at is None and len(kept(services)) == 1


@pytest.mark.parametrize("number", [4711, 10**12, 10**30])
def test_a_stock_that_is_not_there_is_not_there(lan, number):
    assert lan.browser.post(f"/producer/stocks/{number}/forget?lang=en", FORM).status_code == 404
