"""What everybody gets of the register, and the year in figures."""

import csv
import io
import json
import re
import zipfile
from datetime import date, timedelta

import pypdfium2
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from tests.factories import NOTICE, OFFICE, load_records, rows_in
from tests.office.test_figures import register  # noqa: F401
from tests.test_access import cheap_hashes, found, grown, noticed, signed_in  # noqa: F401
from traceability.domain.dates import day_in_vietnam
from traceability.journal.record import Record
from traceability.models import CraftVillage, Producer, Product, PublishedCount, Recognition, StaffRole
from traceability.models.engine import acting, reading
from traceability.operations.figures import count_figures
from traceability.operations.import_register import begin_import
from traceability.operations.office_producer import NewSupport, record_support
from traceability.operations.office_product import add_listing
from traceability.operations.open_data import RESOURCES
from traceability.operations.register_rows import Chosen, all_recognitions, count_recognitions, list_recognitions
from traceability.operations.withdraw import recall_goods
from traceability.web import open_data

PERSONAL = {"phone": "0912 345 678", "address": "Số 7, thôn Đội 4", "tax_code": "0100233488"}


@pytest.fixture(autouse=True)
def nothing_kept():
    """Each test has a register of its own."""
    open_data._kept.clear()


def package(client) -> tuple[dict, dict[str, list[dict[str, str]]]]:
    answer = client.get("/open-data/register.zip")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "public, max-age=3600"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        told = json.loads(archive.read("datapackage.json"))
        rows = {}
        for resource in told["resources"]:
            rows[resource["name"]] = list(csv.DictReader(io.StringIO(archive.read(resource["path"]).decode())))
    return told, rows


def test_the_package_holds_what_its_description_says_and_each_key_is_there(workshop, client):
    workshop.sample()
    told, rows = package(client)
    assert told == client.get("/open-data/datapackage.json").json and set(rows) == {resource.name for resource in RESOURCES}
    assert len(rows["recognitions"]) > 20 and all(row["source"] for row in rows["recognitions"])
    for resource in told["resources"]:
        mine = rows[resource["name"]]
        fields = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        assert all(row.keys() == fields.keys() for row in mine)
        ids = [row["id"] for row in mine]
        assert len(set(ids)) == len(ids) and all(ids)
        for row in mine:
            for name, kind in fields.items():
                if row[name]:
                    {"integer": int, "date": date.fromisoformat, "boolean": ("true", "false").index}.get(kind, str)(row[name])
        for key in resource["schema"].get("foreignKeys", ()):
            known = {row["id"] for row in rows[key["reference"]["resource"]]}
            assert {row[key["fields"][0]] for row in mine} - {""} <= known


def test_json_says_the_same_as_the_tables(workshop, client):
    workshop.sample()
    _, rows = package(client)
    told = client.get("/open-data/register.json").json
    for name, mine in rows.items():
        plain = [
            {key: "" if value is None else str(value).lower() if isinstance(value, bool) else str(value) for key, value in row.items()}
            for row in told[name]
        ]
        assert plain == mine, name


def test_nothing_of_anybody_s_own_is_given_away(workshop, client):
    for kind, consent in (("household", None), ("household", date(2026, 1, 1)), ("cooperative", None)):
        held = dict(PERSONAL) if kind == "cooperative" else {"phone": PERSONAL["phone"], "address": PERSONAL["address"]}
        workshop.product(workshop.producer(kind=kind, name=f"{kind} {consent}", consent_on=consent, **held))
    answer = client.get("/open-data/register.json")
    assert not any(text in answer.text for text in PERSONAL.values())
    assert [row["name"] for row in answer.json["producers"]] == [None, "household 2026-01-01", "cooperative None"]
    _, rows = package(client)
    assert not any(text in json.dumps(rows, ensure_ascii=False) for text in PERSONAL.values())


def test_what_the_sample_made_up_is_not_told_as_if_it_were_real(workshop, client):
    workshop.sample()
    with reading(workshop.services.engine) as session:
        made_up = set(session.scalars(select(Product.name).where(Product.illustrative))) | set(
            session.scalars(select(Producer.name).where(Producer.illustrative))
        )
    text = client.get("/open-data/register.json").text
    assert made_up and not any(name in text for name in made_up)


def test_no_cell_acts_as_a_formula(workshop, client):
    workshop.product(name="=cmd|' /C calc'!A0")
    _, rows = package(client)
    assert rows["products"][0]["name"].startswith("'=")


def test_a_file_is_made_once_an_hour(workshop, client, clock):
    workshop.product(name="Gạo")
    assert len(client.get("/open-data/register.json").json["products"]) == 1
    workshop.product(name="Chè")
    assert len(client.get("/open-data/register.json").json["products"]) == 1
    clock.advance(hours=1)
    assert len(client.get("/open-data/register.json").json["products"]) == 2
    assert client.get("/open-data/secrets").status_code == 404
    # While it is made anew, the one before is given; where there is none, one is told to wait.
    clock.advance(hours=2)
    workshop.product(name="Mật ong")
    with open_data._making:
        assert len(client.get("/open-data/register.json").json["products"]) == 2
        waiting = client.get("/open-data/register.zip")
        assert waiting.status_code == 503 and waiting.headers["Retry-After"] == "60"
    assert len(client.get("/open-data/register.json").json["products"]) == 3


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_a_page_says_what_there_is(client, language):
    page = client.get(f"/open-data?lang={language}")
    assert page.status_code == 200 and "recognitions.csv" in page.text and "script" not in page.headers["Content-Security-Policy"]


def words_of(content: bytes) -> str:
    paper = pypdfium2.PdfDocument(content)
    return " ".join(page.get_textpage().get_text_range() for page in paper)


def test_the_year_s_report_says_what_the_rows_count_in_vietnamese(register, office, services):  # noqa: F811
    with acting(services.engine) as session:
        session.add(
            PublishedCount(as_of="2022", province="Lào Cai", total=142, stars3=113, stars4=29, stars5=0, confidence="high", source="báo")
        )
        maker = session.scalars(select(Producer.id)).first()
        record_support(session, maker, NewSupport("booth", "Hội chợ", date(2025, 5, 1), 12_500_000), actor=OFFICE, now=services.clock())
    with reading(services.engine) as session:
        figures = count_figures(session, date(2025, 12, 31))
    for language in ("vi", "en"):
        answer = office.get(f"/office/report?lang={language}&year=2025&as=xlsx")
        book = load_workbook(io.BytesIO(answer.data))
        sheets = {sheet.title: list(sheet.values) for sheet in book.worksheets}
        goals = {row[0]: row[1:] for row in sheets["Mục tiêu"][1:]}
        assert goals["Tổng số sản phẩm được công nhận"][0] == figures.total
        assert [row[1] for row in sheets["Theo hạng sao"][1:]] == list(figures.by_stars.values())
        assert [row[1] for row in sheets["Theo nhóm"][1:]] == list(figures.by_group.values())
        assert sheets["Hỗ trợ đã cấp"][1] == ("gian trưng bày", 1, 12_500_000)
        assert sheets["Số liệu được công bố"][1][2] == 142
    answer = office.get("/office/report?lang=en&year=2025&as=pdf")
    text = words_of(answer.data)
    assert "không nguồn nào" in text
    assert answer.mimetype == "application/pdf" and "OCOP năm 2025" in text and "31/12/2025" in text
    assert "12.500.000" in text and "142" in text and f"{figures.total}" in text
    for asked in ("2017", "2030", "x", ""):
        assert office.get(f"/office/report?lang=en&year={asked}&as=pdf").status_code == 400


def test_a_year_that_is_not_over_is_told_until_today(office, services, workshop):
    workshop.recognition(workshop.product())
    today = day_in_vietnam(services.clock())
    assert f"{today:%d/%m/%Y}" in words_of(office.get(f"/office/report?year={today.year}&as=pdf").data)
    assert f"<option>{today.year}</option>" in office.get("/office/report?lang=en").text


ASKED = [
    Chosen(),
    Chosen(as_of=date(2025, 2, 28)),
    Chosen(as_of=date(2023, 7, 1), stars=4),
    Chosen(as_of=date(2023, 7, 1), group=3, kind="new"),
    Chosen(as_of=date(2025, 2, 28), kind="none"),
    Chosen(as_of=date(2025, 2, 28), commune="02683"),
    Chosen(as_of=date(2025, 2, 28), commune="none"),
    Chosen(commune="nowhere"),
    Chosen(undated=True),
    Chosen(decided_in=2022),
    Chosen(as_of=date(2025, 2, 28), ends_from=date(2025, 6, 1), ends_until=date(2026, 12, 31)),
    Chosen(ends_until=date(2024, 1, 1)),
    Chosen(as_of=date(2025, 2, 28), floor=True),
    Chosen(as_of=date(2025, 2, 28), floor=False),
    Chosen(floor=True),
    Chosen(order="ends"),
    Chosen(as_of=date(2025, 2, 28), order="stars"),
    Chosen(as_of=date(2025, 2, 28), known_on=date(2020, 1, 1)),
]


@pytest.mark.parametrize("chosen", ASKED, ids=repr)
def test_what_is_held_in_memory_answers_as_the_database_does(register, chosen):  # noqa: F811
    engine, now = register.services.engine, register.now
    with acting(engine) as session:
        for product in list(session.scalars(select(Product.id)))[::3]:
            add_listing(session, product, floor="x", url=f"https://x.vn/{product}", actor=OFFICE, now=now - timedelta(days=900))
    with reading(engine) as session:
        rows, _, total = list_recognitions(session, chosen, now, page=0)
        assert total == count_recognitions(session, chosen) and len(rows) == min(total, 20)
        # In the same order, which is the one that was asked for.
        theirs = [row.decision for row in all_recognitions(session, chosen, now)][:20]
        assert [row.decision for row in rows] == theirs


def test_what_is_held_in_memory_follows_each_change(register):  # noqa: F811
    """Ratings that are added, changed and deleted, products and producers that change, by whoever and past the mapper too."""
    engine, day = register.services.engine, date(2025, 2, 28)

    def compare() -> tuple[int, dict[int, int]]:
        with reading(engine) as session:
            figures = count_figures(session, day)
            for asked in (Chosen(as_of=day), Chosen(as_of=day, group=1), Chosen(as_of=day, commune="02680"), Chosen(undated=True)):
                assert list_recognitions(session, asked, register.now, page=0)[2] == count_recognitions(session, asked), asked
        return figures.total, figures.by_group

    before = compare()
    with acting(engine) as session:
        held = [row for row in session.scalars(select(Recognition)) if row.valid_until and not row.illustrative]
        session.delete(held[0])
        held[1].withdrawn_on, held[1].withdrawn_because = date(2018, 6, 1), "x"
        held[2].superseded_at = register.now
    compare()
    with engine.begin() as connection:
        connection.execute(Product.__table__.update().values(ocop_group=1))
        connection.execute(Producer.__table__.update().values(commune_code="02680", province_code="15"))
    total, groups = compare()
    assert groups[1] == total and total != 0 and before[1][1] != total
    goods = register.product()
    register.recognition(goods, decided_on="2025-02-01")
    assert compare()[0] == total + 1


def test_each_share_and_support_leads_to_as_many_rows_as_it_counts(register, office, services):  # noqa: F811
    with acting(services.engine) as session:
        for number, maker in enumerate(session.scalars(select(Producer).order_by(Producer.id))):
            maker.has_digital_storefront, maker.has_e_payment = number % 2 == 0, (True, False, None)[number % 3]
        for product in list(session.scalars(select(Product.id)))[::4]:
            add_listing(session, product, floor="x", url="https://x.vn", actor=OFFICE, now=services.clock() - timedelta(days=900))
        for number in range(3):
            entry = NewSupport(("booth", "training")[number % 2], f"{number}", date(2025, 1, 5), number)
            record_support(session, maker.id, entry, actor=OFFICE, now=services.clock())
    page = office.get("/office/figures?lang=en&as_of=2025-02-28").text.replace("&amp;", "&")
    floors = re.search(r'<a href="(/office/register\?[^"]*floor=yes[^"]*)">(\d+)</a>', page)
    assert int(floors[2]) == int(re.search(r'class="soft">(\d+) row', office.get(floors[1]).text)[1]) > 0
    for name in ("storefront", "e_payment"):
        link = re.search(rf'<a href="(/office/producers\?[^"]*{name}=1[^"]*)">(\d+)</a>', page)
        assert int(link[2]) == int(re.search(r'class="soft">(\d+) producer', office.get(link[1]).text)[1]) > 0
        sheet = office.get(link[1].replace("/office/producers", "/office/lists/producers.zip"))
        assert len(rows_in(sheet.data, "producers")) == int(link[2])
    link = re.search(r'<a href="(/office/support\?[^"]*kind=booth[^"]*)">(\d+)</a>', page)
    assert "given 2 times" in office.get(link[1]).text and link[2] == "2"


@pytest.mark.parametrize(
    "name",
    [
        *("producers", "support", "rights", "expiring", "indications", "villages"),
        *("findings", "alerts", "reports", "recalls", "areas", "releases", "imports"),
    ],
)
@pytest.mark.parametrize("ending", ["xlsx", "zip"])
def test_each_list_is_to_be_had_as_a_file(workshop, office, services, name, ending):
    workshop.sample()
    today = day_in_vietnam(services.clock())
    workshop.recognition(
        workshop.product(name="=Gạo"), decided_on=(date(today.year - 3, today.month, today.day) + timedelta(days=9)).isoformat()
    )
    grown(services, workshop)
    noticed(services, workshop)
    found(services)
    with acting(services.engine) as session:
        session.add(CraftVillage(name="Làng dệt"))
        maker = session.scalars(select(Producer.id)).first()
        record_support(session, maker, NewSupport("booth", "=Hội chợ", date(2025, 5, 1)), actor=OFFICE, now=services.clock())
        begin_import(session, file_name="=a.csv", content=b"x", upload="x", actor=OFFICE, now=services.clock())
    answer = office.get(f"/office/lists/{name}.{ending}?lang=en&state=&order=newest")
    assert answer.status_code == 200, answer.text
    if ending == "zip":
        told = rows_in(answer.data, name)
        rows = [tuple(told[0]), *(tuple(row.values()) for row in told)]
        assert not any(cell.startswith("=") for row in rows for cell in row)
    else:
        rows = list(load_workbook(io.BytesIO(answer.data)).worksheets[1].values)
    assert len(rows) > 1 and all(len(row) == len(rows[0]) for row in rows) and "." not in "".join(map(str, rows[0]))
    assert office.get(f"/office/lists/{name}.pdf").status_code == 404


def test_an_inspector_of_a_commune_gets_a_file_of_that_commune_alone(workshop, app, services, cheap_hashes):  # noqa: F811
    """As its page shows it: the file must not tell more."""
    noticed(services, workshop)
    browser = signed_in(app, services, workshop, "inspector")
    with acting(services.engine) as session:
        session.scalars(select(StaffRole).where(StaffRole.role == "inspector")).one().commune_code = "02683"
    for name in ("alerts", "reports"):
        assert rows_in(browser.get(f"/office/lists/{name}.zip?lang=en&state=").data, name) == []
    for name in ("done", "imports"):
        assert browser.get(f"/office/lists/{name}.zip").status_code == 404


def test_what_was_done_leads_to_as_many_rows_as_it_counts(workshop, office, services):
    """Counted anew from the exported rows; what the sample made up counts nowhere."""
    made_up = workshop.sample()[0]
    goods = workshop.product()
    by_unit, whole, twice = workshop.stamped(goods, units=30), workshop.stamped(goods), workshop.stamped(goods, quantity=700)
    workshop.issue(by_unit, units=20)
    workshop.issue(twice, form="signed")
    workshop.batch(goods)
    workshop.act(recall_goods, whole.id, NOTICE, units=None, actor=OFFICE, now=workshop.now)
    found(services)
    at_us = int(services.clock().timestamp() * 1_000_000)
    scans = [(by_unit, "person", 5), (whole, "person", 2), (whole, "robot", 99), (made_up, "person", 3)]
    load_records(
        services,
        (
            Record(batch.id, 0, "house", "ISSUED", kind, number.to_bytes(16), at_us)
            for batch, kind, times in scans
            for number in range(times)
        ),
    )
    page = office.get("/office/figures?lang=en").text.replace("&amp;", "&")
    expected = {"batches": 4, "stamps": 30 + 20 + 100 + 700, "recalls": 1, "inspections": 1, "scans": 7}
    for kind, number in expected.items():
        link = re.search(rf'<a href="(/office/done\?[^"]*what={kind}[^"]*)">([0-9,]+)</a>', page)
        assert int(link[2].replace(",", "")) == number, kind
        shown = office.get(link[1])
        assert f"In all: {number}" in shown.text, kind
        answer = office.get(link[1].replace("/office/done", "/office/lists/done.zip"))
        assert sum(int(row["Number"]) for row in rows_in(answer.data, "done")) == number, kind
    assert office.get("/office/done?lang=en&as_of=1999-01-01").status_code == 400
    public = office.client.get("/figures?lang=en", base_url="https://trace.example.vn").text
    assert "/office/" not in public and "850" in public
