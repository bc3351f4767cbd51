"""The province's figures: each equals a count of the exported rows, as of any day; reported ones are never mixed with them."""

import random
import re
from collections import Counter
from datetime import date, timedelta

import pytest

from tests.factories import OFFICE, refused, rows_in
from tests.inspector.test_trace import sheets_of
from traceability.models import PublishedCount, Recognition
from traceability.models.engine import acting, reading
from traceability.operations.figures import PLANNED, count_figures, list_goals, set_goal
from traceability.operations.register_rows import Chosen, count_recognitions
from traceability.web.figures import MOST_DAYS_A_MINUTE

COMMUNES = ("02683", "02680", None)
DAYS = [date(2019, 6, 1), date(2022, 12, 31), date(2023, 7, 1), date(2025, 2, 28), date(2026, 11, 29)]


@pytest.fixture
def register(workshop):
    """Two hundred ratings of ninety products, some withdrawn, of unknown day, re-evaluated early, or made up."""
    chance = random.Random(11)
    products = []
    for number in range(90):
        commune = chance.choice(COMMUNES)
        maker = workshop.producer(name=f"HTX {number}", commune_code=commune, province_code="15" if commune else None)
        products.append(workshop.product(maker, name=f"=Sản phẩm {number}", ocop_group=chance.randint(1, 6)))
    with acting(workshop.services.engine) as session:
        for number in range(200):
            day = date(2018, 6, 1) + timedelta(days=chance.randrange(3200))
            row = Recognition(
                product_id=chance.choice(products).id, scheme="2022", stars=chance.choice((3, 3, 3, 4, 5)), decision=f"{number}/QĐ"
            )
            row.kind, row.recorded_at = chance.choice(("new", "new", "re_evaluation", None)), workshop.now
            row.decided_on = chance.choice((day.isoformat(), day.isoformat(), day.isoformat()[:4], day.isoformat()[:7], None))
            row.illustrative = chance.random() < 0.1
            if row.decided_on and len(row.decided_on) == 10:
                row.valid_until = day + timedelta(days=1095)
                if chance.random() < 0.15:
                    row.withdrawn_on, row.withdrawn_because = day + timedelta(days=chance.randrange(1000)), "x"
            session.add(row)
    return workshop


def exported(office, query: str = "") -> list[dict[str, str]]:
    answer = office.get(f"/office/register.zip?lang=en{query}")
    assert answer.status_code == 200, answer.text
    return rows_in(answer.data, "register")


def held(rows: list[dict[str, str]], day: date) -> list[dict[str, str]]:
    """Counted anew, from nothing but the exported rows."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        whole = len(row["Decided on"]) == 10 and row["Valid until"] and not row["Sample"]
        if (
            not whole
            or not row["Decided on"] <= str(day) <= row["Valid until"]
            or (row["Withdrawn on"] and row["Withdrawn on"] <= str(day))
        ):
            continue
        before = found.get(row["Product"])
        if before is None or before["Decided on"] < row["Decided on"]:
            found[row["Product"]] = row
    return list(found.values())


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_figure_is_a_count_of_the_exported_rows(register, office, day):
    rows = exported(office)
    assert len(rows) == 200
    with reading(register.services.engine) as session:
        figures = count_figures(session, day)
    mine = held(rows, day)
    assert figures.total == len(mine) and {stars: count for stars, count in figures.by_stars.items() if count} == Counter(
        int(row["Stars"]) for row in mine
    )
    groups = Counter(row["Group"] for row in mine)
    assert sorted(figures.by_group.values()) == sorted([*groups.values(), *[0] * (6 - len(groups))])
    kinds = {"new": "newly recognised", "re_evaluation": "re-evaluated", None: "kind not told"}
    assert {kinds[kind]: count for kind, count in figures.by_kind.items() if count} == Counter(row["Kind"] for row in mine)
    assert {name or "": count for _, name, count in figures.by_commune} == Counter(row["Commune or ward"] for row in mine)
    real = [row for row in rows if not row["Sample"]]
    assert figures.undated == sum(not row["Valid until"] and not row["Withdrawn on"] for row in real)
    year = {row["Product"] for row in real if row["Kind"] == "newly recognised" and row["Decided on"].startswith(str(day.year))}
    assert figures.new_this_year == len(year)
    for span in figures.expiring:
        assert span.count == sum(str(span.first) <= row["Valid until"] <= str(span.last) for row in mine)
    assert figures.over_time == [(at, len(held(rows, at))) for at, _ in figures.over_time]


@pytest.mark.parametrize("day", DAYS[1:], ids=str)
def test_each_figure_leads_to_as_many_rows_as_it_counts(register, office, day):
    page = office.get(f"/office/figures?lang=en&as_of={day}").text
    links = re.findall(r'<td class="number"><a href="(/office/register\?[^"]+)">([0-9,]+)</a>', page)
    assert len(links) > 10
    for address, count in links:
        query = address.replace("&amp;", "&").partition("?")[2].replace("lang=en", "")
        assert len(exported(office, f"&{query.strip('&')}")) == int(count.replace(",", "")), address


def test_rows_in_a_spreadsheet_are_the_same_and_no_cell_acts_as_a_formula(register, office):
    sheet = sheets_of(office.get("/office/register.xlsx?lang=en"))["Register"]
    rows = exported(office)
    assert len(sheet) == len(rows) + 1 and sheet[0][0] == "Product"
    assert sheet[1][0].startswith("=Sản phẩm") and all(row["Product"].startswith("'=") for row in rows)


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_anybody_sees_the_figures_without_the_rows_behind_them(register, client, language):
    page = client.get(f"/figures?lang={language}&as_of=2025-02-28")
    assert page.status_code == 200 and "<svg" in page.text and "/office/" not in page.text
    assert "script" not in page.headers["Content-Security-Policy"]


def test_whoever_asks_for_many_days_waits_and_the_office_does_not(register, client, office, clock):
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(MOST_DAYS_A_MINUTE + 1)]
    answers = [client.get(f"/figures?lang=en&as_of={day}").status_code for day in days]
    assert answers == [200] * MOST_DAYS_A_MINUTE + [503]
    # What was counted is answered all the same, and so is the office.
    assert client.get(f"/figures?as_of={days[0]}").status_code == office.get(f"/office/figures?as_of={days[-1]}").status_code == 200
    clock.advance(minutes=1)
    assert client.get(f"/figures?as_of={days[-1]}").status_code == 200


def test_reported_figures_stand_beside_the_counted_ones_and_change_none(register, client, services):
    def counted() -> str:
        return re.search(r'<p class="big">(.*?)</p>', client.get("/figures?lang=en&as_of=2025-02-28").text)[1]

    before = counted()
    with acting(services.engine) as session:
        session.add(
            PublishedCount(as_of="2022", province="Lào Cai", total=142, stars3=113, stars4=29, stars5=0, confidence="high", source="báo")
        )
    assert counted() == before and ">142<" in client.get("/figures?lang=en").text


def test_the_sample_does_not_reach_a_reported_figure_by_made_up_rows(workshop):
    """142 were reported and their names were not: whoever pads the sample to reach that fails here."""
    workshop.sample()
    with reading(workshop.services.engine) as session:
        rows = session.query(Recognition).filter_by(illustrative=False).all()
        reported = {count.total for count in session.query(PublishedCount)}
        one = session.query(PublishedCount).filter_by(scope="decision").one()
        assert (one.total, one.stars3, one.stars4, one.newly, one.re_evaluated) == (31, 28, 3, 19, 12)
        assert all(row.source for row in rows) and len(rows) not in reported
        assert all(count_figures(session, day).total not in reported for day in DAYS)


@pytest.mark.parametrize("asked", ["as_of=2018-05-06", "as_of=x", "as_of=2101-01-01"])
def test_a_day_before_the_programme_is_told_and_today_is_shown(client, asked):
    page = client.get(f"/figures?lang=en&{asked}")
    assert 'role="alert"' in page.text and "<svg" in page.text


def test_the_list_tells_what_is_wrong_with_what_was_asked(office):
    answer = office.get("/office/register?lang=en&as_of=x")
    assert answer.status_code == 400 and 'role="alert"' in answer.text


def test_goals_of_the_plan_hold_until_the_office_sets_others(office, services, client, clock):
    assert "goal: at least 30" in client.get("/figures?lang=en").text and "at least 240" in client.get("/figures?lang=en").text
    address = "/office/figures/goals?lang=en"
    entry = {"kind": "total", "year": "2030", "amount": "700", "source": "Kế hoạch 2026–2030"}
    assert office.post(address, "/office/figures", **entry | {"source": " "}).status_code == 400
    for amount in ("700", "750"):
        assert office.post(address, "/office/figures", **entry | {"amount": amount}).status_code == 303
    # What everybody sees is counted once a minute.
    clock.advance(minutes=1)
    assert "at least 750" in client.get("/figures?lang=en").text
    with reading(services.engine) as session:
        goals = list_goals(session)
    assert [goal.amount for goal in goals] == [750, 240, 30] and set(PLANNED) < set(goals)


@pytest.mark.parametrize(
    ("entry", "code"), [(("x", 2030, 1, "x"), "goal"), (("total", 2017, 1, "x"), "goal"), (("total", 2030, 0, "x"), "amount")]
)
def test_a_goal_that_is_none_is_refused(workshop, entry, code):
    with refused(code):
        workshop.act(set_goal, *entry, actor=OFFICE, now=workshop.now)


def test_a_search_finds_by_decision_and_counts_what_it_found(register):
    with reading(register.services.engine) as session:
        assert count_recognitions(session, Chosen(search="17/QĐ")) == sum("17/QĐ" in f"{number}/QĐ" for number in range(200))
