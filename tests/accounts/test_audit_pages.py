"""The audit trail as office and administrators read it and take it with them."""

import csv
import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from tests.accounts.test_office_accounts import admins, staff
from tests.accounts.test_sign_in import Browser, browser, people
from traceability.domain.roles import Doer
from traceability.models import AuditEntry, CraftVillage, Producer
from traceability.models.engine import acting, reading

__all__ = ["admins", "browser", "people", "staff"]
TRAIL = "/office/audit"


@pytest.fixture
def villages(services):
    """Adds villages, each by an act of its own."""

    def do(*names: str, actor: str = "Hà") -> None:
        for name in names:
            with acting(services.engine, by=Doer(actor, "office"), session_ref="77", act="register_village") as session:
                session.add(CraftVillage(name=name))

    return do


def numbers(answer) -> list[int]:
    return [int(number) for number in re.findall(r"Row (\d+)<", re.sub(r"</?(?:bdi|span)[^>]*>", "", answer.text).replace(", <time", "<"))]


def test_a_row_says_who_when_what_before_and_after(staff, villages, services):
    villages("Tả Phìn")
    with acting(services.engine, by=Doer("Hà", "office"), act="rename") as session:
        session.scalars(select(CraftVillage)).one().name = "Sả Séng"
    shown = staff("office").get(f"{TRAIL}?lang=en&search=S%E1%BA%A3").text
    assert "Hà" in shown and "The province&#39;s office" in shown and "rename" in shown and "Craft village" in shown
    assert "<bdi>Tả Phìn</bdi> → </bdi><bdi>Sả Séng</bdi>".replace("</bdi> → </bdi>", "</bdi> → ") in shown
    shown = staff("admin").get(f"{TRAIL}?lang=en&search=register_village").text
    assert "session 77" in shown and "Tả Phìn" in shown


def test_words_and_days_find_rows(staff, villages):
    office = staff("office")
    villages("Tả Phìn", "100% tơ tằm")
    count = lambda query: office.get(f"{TRAIL}?{query}").text.count("<time ")  # noqa: E731
    assert count("search=T%E1%BA%A3 Ph%C3%ACn") == 1 == count("search=100%25") and count("search=nothing-of-this") == 0
    assert count("search=register_village&since=2000-01-01&until=2100-01-01") == 2
    assert count("search=register_village&since=2100-01-01") == 0 == count("search=register_village&until=2001-01-01")


@pytest.mark.parametrize("query", ["since=soon", "until=2026-13-01", "since=0001-01-01", "until=9999-12-31"])
def test_a_day_that_is_none_is_refused_in_words(staff, query):
    office = staff("office")
    answer = office.get(f"{TRAIL}?{query}")
    assert answer.status_code == 400 and 'role="alert"' in answer.text and "date_text" not in answer.text
    assert office.get(f"/office/audit.csv?{query}").status_code == 400


def test_pages_go_on_where_the_last_one_ended_whatever_is_added_meanwhile(staff, villages):
    office = staff("office")
    villages(*(f"village {number:02}" for number in range(65)))
    seen = []
    path = f"{TRAIL}?search=register_village&lang=en"
    while path:
        shown = office.get(path).text
        seen += re.findall(r"<code>name</code>: <bdi>village (\d+)</bdi>", shown)
        villages("later")
        found = re.search(r'href="([^"]*before=[^"]*)"[^>]*>Older', shown)
        path = found[1].replace("&amp;", "&") if found else None
    assert seen == [f"{number:02}" for number in reversed(range(65))]
    for odd in ("-1", "0", "abc", "9" * 30):
        assert office.get(f"{TRAIL}?before={odd}").status_code == 200


def test_what_people_wrote_is_shown_escaped_and_apart(staff, villages):
    villages("<script>alert(1)</script>", "\u202egpj", actor="<img src=x>")
    shown = staff("office").get(f"{TRAIL}?search=register_village").text
    assert "<script>alert" not in shown and "<img src=x" not in shown and "<bdi>\u202egpj</bdi>" in shown


def test_an_empty_search_says_so(staff):
    assert "No row fits" in staff("office").get(f"{TRAIL}?search=nothing-of-this&lang=en").text


def test_the_table_holds_the_same_rows_for_a_spreadsheet_and_no_formula(staff, villages, services):
    office = staff("office")
    villages("Tả Phìn", actor="=HYPERLINK(1)")
    villages("Sả Séng")
    answer = office.get("/office/audit.csv?search=register_village")
    assert answer.mimetype == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store" and answer.get_data().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [row["actor"] for row in rows] == ["'=HYPERLINK(1)", "Hà"]
    assert rows[1]["after"].count("Sả Séng") == 1 and len(rows[0]["hash"]) == 64
    book = load_workbook(io.BytesIO(office.get("/office/audit.xlsx?search=register_village").data))
    sheet = list(book.worksheets[1].values)
    assert sheet[0] == tuple(rows[0]) and [row[2] for row in sheet[1:]] == ["=HYPERLINK(1)", "Hà"]
    whole = list(csv.DictReader(io.StringIO(office.get("/office/audit.csv").get_data().decode("utf-8-sig"))))
    with reading(services.engine) as session:
        assert len(whole) == len(session.scalars(select(AuditEntry.id)).all())


def test_personal_fields_stay_masked(staff, services):
    with acting(services.engine) as session:
        session.add(Producer(kind="household", name="Nguyễn Văn A", phone="0912345678", created_at=services.clock()))
    office = staff("office")
    for shown in (office.get(TRAIL).text, office.get("/office/audit.csv").get_data(as_text=True)):
        assert "0912345678" not in shown and "Nguyễn" not in shown and "lan@example.vn" not in shown


def test_nobody_else_reads_it(browser, people, app, staff):
    inspector = staff("inspector")
    browser.sign_in("lan")
    for path in (TRAIL, "/office/audit.csv"):
        assert browser.get(path).status_code == inspector.get(path).status_code == 404
        assert Browser(app).get(path).status_code == 303
