"""Sheets of the office: previewed, written as a whole, undone as a whole, and nothing lost on a bad one."""

import csv
import io
import re
import zipfile
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from tests.factories import OFFICE, overlapping, refused
from tests.office.sheets import book, facts, preview, saved
from traceability.domain.errors import Refused
from traceability.domain.ocop import last_valid_day, recognised_by
from traceability.domain.register_sheet import KINDS, headings_of
from traceability.models import (
    Evaluation,
    GeographicalIndication,
    Listing,
    Producer,
    Product,
    PublishedCount,
    Recognition,
    RegisterImport,
    UseRight,
)
from traceability.models.engine import reading
from traceability.operations import import_effects
from traceability.operations.export_register import register_tables
from traceability.operations.import_register import apply_import, begin_import, discard_import, read_again, undo_import
from traceability.operations.register_producer import NewProduct, register_product
from traceability.sample.rows import FOLDER
from traceability.sheets import MOST_BYTES, read_sheets
from traceability.web import imports as page

RATINGS = ["Sản phẩm", "Chủ thể", "Nhóm", "Hạng sao", "Quyết định", "Ngày quyết định"]
ROW = ["Chè Shan", "HTX Suối Giàng", 2, 4, "12/QĐ-UBND", "10/01/2026"]


def apply(workshop, number: int) -> int:
    return workshop.act(apply_import, number, actor=OFFICE, now=workshop.now)


def undo(workshop, number: int) -> None:
    workshop.act(undo_import, number, actor=OFFICE, now=workshop.now)


def ratings(workshop) -> list[Recognition]:
    with reading(workshop.services.engine) as session:
        return list(session.scalars(select(Recognition).where(Recognition.superseded_at.is_(None)).order_by(Recognition.id)))


def count(workshop, kind) -> int:
    with reading(workshop.services.engine) as session:
        return session.scalar(select(func.count()).select_from(kind))


def codes(planned) -> list[list[str]]:
    return [[reason["code"] for reason in row.reasons] for row in planned]


def test_no_heading_stands_for_two_columns_of_a_kind():
    for kind in KINDS:
        texts = [(text, column.key) for column in kind.columns for text in (column.vi, column.en, *column.others)]
        known = headings_of(kind)
        assert all(key in known.values() for _, key in texts), kind.key
        assert {known[heading] for heading in known} == {column.key for column in kind.columns}


def test_a_sheet_adds_its_rows_once_and_is_undone_as_a_whole(workshop):
    content = book(Công_nhận=[RATINGS, ROW, ["Chè đen", "", "", "3 sao", "12/QĐ-UBND", date(2026, 1, 10)]])
    number, planned = preview(workshop, content)
    # Of the second one no producer is told, and no group.
    assert codes(planned) == [[], ["cell_empty"]] and [row.outcome for row in planned] == ["new", "wrong"]
    assert count(workshop, Producer) == count(workshop, Recognition) == 0
    assert apply(workshop, number) == 1
    (rating,) = ratings(workshop)
    assert (rating.stars, rating.decision, rating.decided_on, rating.issuer) == (4, "12/QĐ-UBND", "2026-01-10", "province")
    assert rating.valid_until == date(2029, 1, 10)
    again, planned = preview(workshop, content)
    assert [row.outcome for row in planned] == ["same", "wrong"]
    with refused("import_nothing"):
        apply(workshop, again)
    with refused("import_state"):
        apply(workshop, number)
    undo(workshop, number)
    assert count(workshop, Producer) == count(workshop, Product) == count(workshop, Recognition) == 0
    assert facts(workshop, number).state == "undone"


def test_the_provinces_rows_come_in_from_a_workbook_made_of_them(workshop):
    """The rows that the sample has with their sources, as an office would hand them over."""
    made = Workbook()
    made.remove(made.active)
    for name in ("recognitions", "indications", "counts"):
        page_of = made.create_sheet(name)
        with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                heads = {"register_number": "number", "product_name": "product", "evaluation_round": "round", "ocop_group": "group"}
                heads |= {"manager_at_registration": "manager"}
                page_of.append([heads.get(cell, cell) for cell in row])
    number, planned = preview(workshop, saved(made))
    assert codes(planned) == [[]] * len(planned), [(row.row.cells, row.reasons) for row in planned if row.reasons]
    apply(workshop, number)
    with reading(workshop.services.engine) as session:
        mine = {
            (row.product.name, row.stars, row.decision, row.decided_on, row.valid_until) for row in session.scalars(select(Recognition))
        }
        numbers = {row.number for row in session.scalars(select(GeographicalIndication))}
        counts = {(row.as_of, row.total, row.stars3) for row in session.scalars(select(PublishedCount))}
    undo(workshop, number)
    workshop.sample()
    with reading(workshop.services.engine) as session:
        real = select(Recognition).where(Recognition.illustrative.is_(False))
        assert mine == {(row.product.name, row.stars, row.decision, row.decided_on, row.valid_until) for row in session.scalars(real)}
        assert numbers == {row.number for row in session.scalars(select(GeographicalIndication))}
        assert counts == {(row.as_of, row.total, row.stars3) for row in session.scalars(select(PublishedCount))}


NAMES = st.text(alphabet=st.sampled_from("Chè gạo Sén Cù mậtong=+-@'\"<,;\n 012đĐ"), min_size=1, max_size=30).map(lambda text: f"P{text}")
DAYS = st.dates(date(2018, 6, 1), date(2026, 11, 1))


@st.composite
def registers(draw) -> list[dict]:
    rows = []
    for number in range(draw(st.integers(1, 5))):
        day, stars = draw(DAYS), draw(st.sampled_from((3, 4, 5)))
        points = draw(st.none() | st.integers(*{3: (5000, 6999), 4: (7000, 8999), 5: (9000, 10000)}[stars]))
        whole = draw(st.booleans())
        rows.append(
            {
                "name": f"{draw(NAMES)} {number}",
                "maker": f"HTX {draw(NAMES)} {number}",
                "group": draw(st.integers(1, 6)),
                "stars": stars,
                "day": day,
                "decided_on": day.isoformat() if whole else day.isoformat()[: draw(st.sampled_from((4, 7)))],
                "points": points,
                "kind": draw(st.sampled_from((None, "new", "re_evaluation"))),
                "decision": draw(st.none() | st.just(f"{number}/QĐ-UBND")),
                "withdrawn": draw(st.booleans()),
                "url": draw(st.none() | st.just(f"https://san.example.vn/{number}")),
            }
        )
    return rows


def filled(workshop, rows: list[dict]) -> None:
    """A register of the rows, past the sheets."""

    def fill(session):
        for number, row in enumerate(rows):
            maker = Producer(kind="cooperative", name=" ".join(row["maker"].split()), province_code="15", created_at=workshop.now)
            session.add(maker)
            session.flush()
            name = " ".join(row["name"].split())
            goods = Product(name=name, producer_id=maker.id, ocop_group=row["group"], standards=[], created_at=workshop.now)
            session.add(goods)
            session.flush()
            whole = len(row["decided_on"]) == 10
            rating = Recognition(product_id=goods.id, stars=row["stars"], kind=row["kind"], decision=row["decision"], scheme="2022")
            rating.decided_on, rating.recorded_at = row["decided_on"], workshop.now
            rating.valid_until = last_valid_day(row["day"]) if whole else None
            rating.issuer = recognised_by(row["stars"], row["day"]).value if whole else None
            if row["withdrawn"]:
                rating.withdrawn_on, rating.withdrawn_because = row["day"] + timedelta(days=3), "Không đánh giá lại"
            session.add(rating)
            session.flush()
            if row["points"] is not None:
                made = {"product_id": goods.id, "recognition_id": rating.id, "stars": row["stars"], "kind": row["kind"]}
                session.add(Evaluation(**made, points_total=row["points"], recorded_at=workshop.now))
            if row["url"]:
                session.add(Listing(product_id=goods.id, floor="Sàn", url=row["url"], recorded_at=workshop.now))
            right = GeographicalIndication(type="geographical_indication", register_number=number + 1, name="Tên", product_name=name)
            session.add(right)
            session.flush()
            told = {"indication_id": right.id, "product_id": goods.id, "producer_id": maker.id, "recorded_at": workshop.now}
            session.add(UseRight(**told, from_day=row["day"]))

    workshop.act(fill)


def exported(workshop) -> tuple[dict[str, list[tuple]], bytes]:
    """The register as rows by table, and as a workbook with English headings."""
    with reading(workshop.services.engine) as session:
        tables = {table.key: list(table.rows) for table in register_tables(session)}
    sheets = {kind.names[1].replace(" ", "_"): [[column.en for column in kind.columns], *tables[kind.key]] for kind in KINDS}
    return tables, book(**sheets)


def emptied(workshop) -> None:
    def empty(session):
        for kind in (Evaluation, Listing, UseRight, Recognition, Product, Producer, GeographicalIndication, PublishedCount):
            for row in session.scalars(select(kind)):
                session.delete(row)
            session.flush()

    workshop.act(empty)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=registers())
def test_what_is_taken_out_can_be_put_in_again_and_is_the_same(workshop, rows):
    emptied(workshop)
    filled(workshop, rows)
    before, content = exported(workshop)
    _, planned = preview(workshop, content)
    assert {row.outcome for row in planned} == {"same"}, [(row.row.cells, row.told) for row in planned if row.outcome != "same"]
    emptied(workshop)
    number, planned = preview(workshop, content)
    assert not any(row.reasons or row.doubts for row in planned), [row.told for row in planned if row.outcome not in ("new", "same")]
    apply(workshop, number)
    after, _ = exported(workshop)
    assert after == before


def test_a_changed_rating_is_superseded_and_what_was_known_is_still_known(workshop):
    number, _ = preview(workshop, book(x=[RATINGS, ROW]))
    apply(workshop, number)
    changed, planned = preview(workshop, book(x=[RATINGS, [*ROW[:3], 3, *ROW[4:]]]))
    assert [row.outcome for row in planned] == ["changed"] and ["stars", 4, 3] in planned[0].changes
    apply(workshop, changed)
    assert [rating.stars for rating in ratings(workshop)] == [3] and count(workshop, Recognition) == 2
    # The later rating is one of the product that the earlier sheet added.
    with refused("import_depended"):
        undo(workshop, number)
    undo(workshop, changed)
    assert [rating.stars for rating in ratings(workshop)] == [4]
    undo(workshop, number)


def test_an_import_on_which_a_batch_rests_stays_and_says_so(workshop):
    number, _ = preview(workshop, book(x=[RATINGS, ROW]))
    apply(workshop, number)
    with reading(workshop.services.engine) as session:
        goods = session.scalars(select(Product)).one()
    workshop.batch(goods)
    with pytest.raises(Refused, match="import_depended") as caught:
        undo(workshop, number)
    assert caught.value.facts == {"table": "batch", "count": 1} and len(ratings(workshop)) == 1


def test_what_was_previewed_is_not_written_once_the_register_is_another(workshop):
    first, _ = preview(workshop, book(x=[RATINGS, ROW]))
    second, _ = preview(workshop, book(x=[RATINGS, ROW, ["Chè đen", *ROW[1:]]]))
    apply(workshop, first)
    with refused("import_stale"):
        apply(workshop, second)
    assert workshop.act(read_again, second, None, actor=OFFICE, now=workshop.now) is True


def test_of_two_who_confirm_the_same_rows_at_once_one_is_told_that_the_other_was_faster(workshop):
    first, _ = preview(workshop, book(x=[RATINGS, ROW]))
    second, _ = preview(workshop, book(x=[RATINGS, ROW]))

    def act(number):
        return lambda session: apply_import(session, number, actor=OFFICE, now=workshop.now)

    assert overlapping(workshop.services.engine, act(first), act(second)) == (1, "import_stale")
    assert len(ratings(workshop)) == 1


def test_a_name_that_differs_by_accents_alone_is_asked_and_one_by_its_tones_place_is_not(workshop):
    workshop.producer(name="HTX Mường Hòa")
    _, planned = preview(workshop, book(x=[RATINGS, ["Chè", "Hợp tác xã Mường Hoà", *ROW[2:]], ["Gạo", "HTX Mường Hoa", *ROW[2:]]]))
    assert [row.outcome for row in planned] == ["new", "doubt"]
    doubt = planned[1].doubts[0]
    assert doubt["said"] == "HTX Mường Hoa" and doubt["choices"][0][1] == "HTX Mường Hòa"
    content = book(x=[RATINGS, ["Gạo", "HTX Mường Hoa", *ROW[2:]]])
    number, planned = preview(workshop, content, {doubt["key"]: "new"})
    apply(workshop, number)
    assert count(workshop, Producer) == 2
    undo(workshop, number)
    number, planned = preview(workshop, content, {doubt["key"]: str(doubt["choices"][0][0])})
    apply(workshop, number)
    assert count(workshop, Producer) == 1 and count(workshop, Product) == 1


MANY = ["Sản phẩm", "Chủ thể", "Nhóm", "Sao", "Quyết định", "Ngày quyết định", "Điểm", "Phần A", "Phần B", "Phần C", "Cơ quan công nhận"]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"Điểm": "65,5"}, "score_stars"),
        ({"Phần A": "30", "Phần B": "20", "Phần C": "30", "Điểm": "81"}, "points_sum"),
        ({"Phần A": "41", "Phần B": "20", "Phần C": "30"}, "points_part"),
        ({"Phần A": "30"}, "points_missing"),
        ({"Ngày quyết định": "06/05/2018"}, "before_scheme"),
        ({"Ngày quyết định": "01/01/2030"}, "decided_ahead"),
        ({"Ngày quyết định": "31/02/2025"}, "day_written"),
        ({"Cơ quan công nhận": "UBND huyện Bắc Hà"}, "issuer_could_not"),
        ({"Cơ quan công nhận": "Hội đồng"}, "issuer_level"),
        ({"Sao": 2}, "stars_range"),
        ({"Sao": "nhiều"}, "stars_written"),
        ({"Nhóm": "Xe máy"}, "group_written"),
        ({"Nhóm": ""}, "cell_empty"),
        ({"Chủ thể": "Traphaco Sa Pa"}, "producer_kind_needed"),
        ({"Sản phẩm": "x" * 201}, "text_long"),
    ],
)
def test_a_rating_that_contradicts_itself_is_wrong_with_its_reason(workshop, cells, code):
    row = dict(zip(MANY, [*ROW, *[""] * 5], strict=True)) | cells
    _, planned = preview(workshop, book(x=[MANY, list(row.values())]))
    assert code in codes(planned)[0], planned[0].reasons
    assert not planned[0].steps


def test_parts_of_a_score_are_kept_and_make_the_stars(workshop):
    row = dict(zip(MANY, [*ROW, "", "33,5", "20", "30.25", "Ủy ban nhân dân tỉnh Lào Cai"], strict=True))
    number, _ = preview(workshop, book(x=[MANY, list(row.values())]))
    apply(workshop, number)
    with reading(workshop.services.engine) as session:
        found = session.scalars(select(Evaluation)).one()
    assert (found.points_product, found.points_total, found.stars) == (3350, 8375, 4)


def test_a_decision_that_rates_a_product_twice_is_wrong(workshop):
    _, planned = preview(workshop, book(x=[RATINGS, ROW, ROW]))
    assert codes(planned) == [[], ["decision_twice"]] and planned[1].reasons[0]["facts"] == {"row": 2}


@pytest.mark.parametrize(
    "head",
    [
        [["DANH SÁCH SẢN PHẨM OCOP"], [], RATINGS],
        [["San pham", "CHU THE", "nhom", "Hang sao", "quyet dinh", "ngay quyet dinh"]],
        [["Product", "Producer", "Group", "Stars", "Decision", "Decided on"]],
        [["Thông tin", "", "", "Kết quả", "", ""], RATINGS],
        [[*RATINGS[:3], "Kết quả", "", ""], ["", "", "", *RATINGS[3:]]],
    ],
)
def test_headings_are_found_below_titles_in_two_rows_and_without_accents(workshop, head):
    _, planned = preview(workshop, book(x=[*head, ROW]))
    assert [(row.outcome, row.reasons) for row in planned] == [("new", [])]


def test_merged_headings_and_merged_producers_stand_for_all_that_they_cover(workshop):
    made = Workbook()
    made.active.append(["Sản phẩm OCOP", None, None, "Kết quả", None, None])
    made.active.append(RATINGS)
    for name in ("Chè xanh", "Chè đen", "Chè vàng"):
        made.active.append([name, None, *ROW[2:]])
    made.active["B3"] = ROW[1]
    for cells in ("A1:C1", "D1:F1", "B3:B5"):
        made.active.merge_cells(cells)
    made.active.row_dimensions[4].hidden = True
    number, planned = preview(workshop, saved(made))
    assert [row.outcome for row in planned] == ["new"] * 3 and planned[1].notes[0]["code"] == "row_hidden"
    apply(workshop, number)
    assert count(workshop, Producer) == 1 and count(workshop, Product) == 3


def test_formulas_are_not_taken_for_what_they_would_work_out(workshop):
    _, planned = preview(workshop, book(x=[RATINGS, ["=A1", *ROW[1:]], [*ROW[:3], "=2+2", *ROW[4:]]]))
    assert all("cell_formula" in each for each in codes(planned)) and {row.outcome for row in planned} == {"wrong"}


def test_names_in_decomposed_letters_are_the_same_as_in_composed_ones(workshop):
    import unicodedata

    number, _ = preview(workshop, book(x=[RATINGS, ROW]))
    apply(workshop, number)
    decomposed = [unicodedata.normalize("NFD", cell) if isinstance(cell, str) else cell for cell in ROW]
    _, planned = preview(workshop, book(x=[[unicodedata.normalize("NFD", cell) for cell in RATINGS], decomposed]))
    assert [row.outcome for row in planned] == ["same"]


def test_numbers_with_either_thousands_sign_are_the_same_number(workshop):
    head = ["Tính đến", "Tỉnh", "Tổng số sản phẩm", "Nguồn"]
    _, planned = preview(
        workshop, book(x=[head, ["2025", "A", "1.048.576", "x"], ["2025", "B", "1,048,576", "x"], ["2025", "C", "1,04", "x"]])
    )
    assert [row.steps[0]["values"]["total"] for row in planned[:2]] == [1_048_576] * 2
    assert codes(planned)[2] == ["number_written"]


def test_three_hundred_thousand_blank_rows_are_passed_over(workshop):
    made = Workbook(write_only=True)
    sheet = made.create_sheet()
    sheet.append(RATINGS)
    sheet.append(ROW)
    content = saved(made)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    blank = b"".join(b'<row r="%d"><c r="A%d" s="0"/></row>' % (row, row) for row in range(3, 300_003))
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b"</sheetData>", blank + b"</sheetData>")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    _, planned = preview(workshop, out.getvalue())
    assert [row.outcome for row in planned] == ["new"]


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), part)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (packed(xl__workbook_dot_xml=b"x", xl__sharedStrings_dot_xml=b"\0" * (40 << 20)), "sheet_large"),
        (packed(xl__workbook_dot_xml=b"x", xl__vbaProject_dot_bin=b"x"), "sheet_macros"),
        (packed(xl__workbook_dot_xml=b"x"), "sheet_broken"),
        (packed(document_dot_xml=b"x"), "sheet_type"),
        (b"PK\x03\x04 broken", "sheet_broken"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "sheet_old"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xfe", "sheet_encoding"),
        (b" \r\n", "sheet_empty"),
        (b"a;b\n1;2\n" * 20_002, "sheet_rows"),
        (b"Sao;" + b"x" * 2_001, "sheet_cell"),
        (b"x" * (MOST_BYTES + 1), "sheet_large"),
    ],
)
def test_a_file_that_is_no_sheet_or_would_burst_is_refused(content, code):
    with refused(code):
        read_sheets(content)


def test_entities_in_a_workbook_are_refused(workshop):
    content = book(x=[RATINGS, ROW])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    parts["xl/worksheets/sheet1.xml"] = bomb + parts["xl/worksheets/sheet1.xml"].partition(b"?>")[2]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with refused("sheet_broken"):
        read_sheets(out.getvalue())


@given(content=st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: b"PK\x03\x04" + tail))
def test_any_bytes_are_read_or_refused(content):
    with suppress(Refused):
        read_sheets(content)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_as_texts_are_read_whichever_sign_parts_the_cells(workshop, sign, encoding):
    lines = io.StringIO()
    csv.writer(lines, delimiter=sign).writerows([RATINGS, ROW])
    _, planned = preview(workshop, lines.getvalue().encode(encoding))
    assert [row.outcome for row in planned] == ["new"]


def upload(office, content: bytes, name: str = "x.xlsx"):
    """Hands a file over on the page, and waits until it is read."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', office.get("/office/imports?lang=en").text)[1]
    sent = {"csrf_token": token, "sheet": (io.BytesIO(content), name)}
    answer = office.client.post("/office/imports?lang=en", data=sent, base_url="https://trace.example.vn")
    if answer.status_code == 303:
        number = int(re.search(r"/imports/(\d+)", answer.location)[1])
        reader = page.READERS.get(number)
        if reader is not None:
            reader.join(60)
    return answer


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_the_office_sees_what_a_sheet_would_do_confirms_and_undoes_it(office, services, language):
    wrong = ["Chè đen", "HTX Suối Giàng", 2, "2", "12/QĐ-UBND", "mai"]
    answer = upload(office, book(Công_nhận=[RATINGS, ROW, wrong]))
    address = f"{answer.location.partition('?')[0]}?lang={language}"
    shown = office.get(address).text
    assert "HTX Suối Giàng" in shown and 'class="warning"' in shown and "None" not in shown
    left = office.get(f"{answer.location.partition('?')[0]}/left-out.xlsx?lang={language}")
    rows = list(load_workbook(io.BytesIO(left.data)).worksheets[1].values)
    assert rows[1][0] == "Chè đen" and rows[1][-1] and "mai" in rows[1][-1]
    base = answer.location.partition("?")[0]
    assert office.post(f"{base}/apply?lang=en", address).status_code == 303
    assert "Chè Shan" in office.get("/office/register?lang=en&search=che shan").text
    # Sent twice it is written once.
    assert office.post(f"{base}/apply?lang=en", "/office/imports").status_code == 409
    assert office.post(f"{base}/undo?lang=en", address).status_code == 303
    assert "Chè Shan" not in office.get("/office/register?lang=en").text


def test_rows_that_were_left_out_can_be_mended_and_handed_over_again(office, workshop):
    answer = upload(office, book(x=[RATINGS, [*ROW[:3], "2", *ROW[4:]]]))
    left = office.get(f"{answer.location.partition('?')[0]}/left-out.xlsx?lang=vi")
    made = load_workbook(io.BytesIO(left.data))
    sheet = made.worksheets[1]
    place = [cell.value for cell in sheet[1]].index("Hạng sao")
    sheet.cell(2, place + 1).value = 4
    _, planned = preview(workshop, saved(made))
    assert [row.outcome for row in planned] == ["new"]


def test_the_template_is_read_as_what_it_is_and_holds_nothing(office, workshop):
    for language in ("vi", "en"):
        content = office.get(f"/office/imports/template.xlsx?lang={language}").data
        names = [sheet.name for sheet in read_sheets(content) if len(sheet.rows) == 1]
        assert len(names) == len(KINDS)
        _, planned = preview(workshop, content)
        assert planned == []


def test_a_file_that_cannot_be_read_says_why_and_writes_nothing(office, services):
    for content, words in ((b"not a sheet", "headings"), (packed(xl__workbook_dot_xml=b"x", xl__vbaProject_dot_bin=b"x"), "macros")):
        answer = upload(office, content)
        assert words in office.get(f"{answer.location.partition('?')[0]}?lang=en").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', office.get("/office/imports?lang=en").text)[1]
    empty = office.client.post("/office/imports?lang=en", data={"csrf_token": token}, base_url="https://trace.example.vn")
    assert empty.status_code == 400 and 'role="alert"' in empty.text


def test_a_file_s_name_is_kept_as_far_as_it_can_be_read(office, workshop):
    answer = upload(office, book(x=[RATINGS, ROW]), "bảng\u0007 1.xlsx")
    assert "bảng 1.xlsx" in office.get(f"{answer.location.partition('?')[0]}?lang=en").text
    number = workshop.act(begin_import, file_name="a\0\ud800b" + "c" * 300, content=b"x", upload="0" * 64, actor=OFFICE, now=workshop.now)
    assert facts(workshop, number).file_name == "c" * 200


def test_a_reading_that_broke_off_can_be_taken_up_again(office, services, workshop, clock, monkeypatch):
    monkeypatch.setattr(page, "_read_all", lambda *_: None)
    answer = upload(office, book(x=[RATINGS, ROW]))
    base = answer.location.partition("?")[0]
    assert office.get(f"{base}/progress").json["state"] == "reading"
    assert office.post(f"{base}/again?lang=en", "/office/imports").status_code == 409
    clock.advance(seconds=61)
    assert office.get(f"{base}/progress").json["stalled"] is True and "Read it again" in office.get(f"{base}?lang=en").text
    monkeypatch.undo()
    assert office.post(f"{base}/again?lang=en", "/office/imports").status_code == 303
    reader = page.READERS.get(int(base.rpartition("/")[2]))
    if reader is not None:
        reader.join(60)
    assert "HTX Suối Giàng" in office.get(f"{base}?lang=en").text


def test_doubts_are_answered_on_the_page(office, workshop):
    workshop.producer(name="HTX Mường Hòa")
    answer = upload(office, book(x=[RATINGS, ["Gạo", "HTX Mường Hoa", *ROW[2:]]]))
    base = answer.location.partition("?")[0]
    name = re.search(r'name="(answer:[^"]+)"', office.get(f"{base}?lang=en").text)[1]
    assert office.post(f"{base}/again?lang=en", base, **{name: "new"}).status_code == 303
    reader = page.READERS.get(int(base.rpartition("/")[2]))
    if reader is not None:
        reader.join(60)
    assert office.post(f"{base}/apply?lang=en", base).status_code == 303


def test_a_sheet_that_was_put_aside_leaves_no_file(office, services, workshop):
    answer = upload(office, book(x=[RATINGS, ROW]))
    base = answer.location.partition("?")[0]
    with reading(services.engine) as session:
        kept = session.scalars(select(RegisterImport)).one().upload
    assert services.uploads.get(kept)
    assert office.post(f"{base}/discard?lang=en", base).status_code == 303
    with reading(services.engine) as session:
        assert session.scalars(select(RegisterImport)).one().upload is None
    assert services.uploads.get(kept) is None
    with refused("import_state"):
        workshop.act(discard_import, 1, actor=OFFICE)


def test_the_sample_is_not_exported_as_if_it_were_real(workshop):
    workshop.sample()
    tables, _ = exported(workshop)
    names = {row[0] for row in tables["products"]}
    with reading(workshop.services.engine) as session:
        made_up = {row.name for row in session.scalars(select(Product).where(Product.illustrative))}
        assert names and not names & made_up


def test_an_old_place_is_mapped_only_where_a_source_says_so(workshop):
    head, row = [*RATINGS, "Xã, phường"], [*ROW, "Xã Quang Kim"]
    _, planned = preview(workshop, book(x=[head, row]))
    assert codes(planned) == [["commune_not_today"]]
    places = [
        ["Tên cũ", "Xã, phường hiện nay", "Nguồn"],
        ["Xã Quang Kim", "Xã Bát Xát", "Nghị quyết (thử)"],
        ["Xã X", "Xã Bát Xát", ""],
    ]
    number, planned = preview(workshop, book(Địa_danh_cũ=places, x=[head, row]))
    assert codes(planned) == [[], ["cell_empty"], []]
    assert {"code": "place_mapped", "place": "Xã Quang Kim", "source": "Nghị quyết (thử)"} in planned[2].notes
    apply(workshop, number)
    with reading(workshop.services.engine) as session:
        assert session.scalars(select(Producer)).one().commune_code == "02683"


def test_a_count_of_one_decision_stands_beside_the_count_of_all(workshop):
    head = ["Tính đến", "Tỉnh", "Tổng số", "3 sao", "4 sao", "5 sao", "Phạm vi", "Đánh giá mới", "Đánh giá lại", "Nguồn"]
    rows = [["2022", "Lào Cai", 142, 113, 29, 0, "", "", "", "báo"], ["2022", "Lào Cai", 31, 28, 3, 0, "quyết định", 19, 12, "báo"]]
    wrong = ["2021", "Lào Cai", 31, 28, 3, 0, "quyết định", 19, 13, "báo"]
    number, planned = preview(workshop, book(x=[head, *rows, wrong]))
    assert codes(planned) == [[], [], ["counts_sum"]]
    apply(workshop, number)
    assert count(workshop, PublishedCount) == 2


def test_a_product_of_which_no_producer_was_known_gets_one_only_as_the_office_says(workshop):
    goods = workshop.act(register_product, NewProduct("Chè Shan", 2), now=workshop.now)
    content = book(x=[RATINGS, ROW])
    apply(workshop, preview(workshop, book(Chủ_thể=[["Chủ thể", "Loại hình"], [ROW[1], "HTX"]]))[0])
    _, planned = preview(workshop, content)
    (doubt,) = planned[0].doubts
    number, _ = preview(workshop, content, {doubt["key"]: str(goods.id)})
    apply(workshop, number)
    with reading(workshop.services.engine) as session:
        held = session.scalars(select(Product)).one()
    assert held.producer_id is not None
    workshop.batch(held)
    # The batch names the product together with its producer: neither can be taken from it any more.
    with refused("import_rests"):
        undo(workshop, number)
    assert len(ratings(workshop)) == 1


def test_a_name_in_another_short_form_renames_nobody(workshop):
    workshop.producer(name="Hợp tác xã Suối Giàng", kind="cooperative")
    _, planned = preview(workshop, book(Chủ_thể=[["Chủ thể", "Loại hình"], ["HTX Suối Giàng", "HTX"]]))
    assert planned[0].changes == [["province_code", None, "15"]]


def test_writing_that_breaks_off_in_the_middle_has_written_nothing(workshop, monkeypatch):
    number, _ = preview(workshop, book(x=[RATINGS, ROW, ["Gạo", "HTX B", *ROW[2:]]]))
    done = []

    def break_off(*arguments):
        done.append(arguments)
        if len(done) == 3:
            raise KeyboardInterrupt
        return true_round(*arguments)

    true_round = import_effects._round
    monkeypatch.setattr(import_effects, "_round", break_off)
    with pytest.raises(KeyboardInterrupt):
        apply(workshop, number)
    assert count(workshop, Producer) == count(workshop, Product) == 0 and facts(workshop, number).state == "previewed"
    monkeypatch.undo()
    assert apply(workshop, number) == 2
