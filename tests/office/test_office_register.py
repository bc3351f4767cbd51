"""The office's pages of products and producers: ratings live and end, rights, shops with their clicks, visits, support."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.factories import OFFICE, rows_in
from traceability.domain.dates import day_in_vietnam
from traceability.models import CraftVillage, Evaluation, Listing, Producer, Recognition, ShopClick, Support, UseRight, VisitFacts
from traceability.models.engine import acting, reading
from traceability.operations.figures import count_figures
from traceability.operations.office_product import add_listing
from traceability.operations.register_recognition import withdraw_recognition
from traceability.operations.register_rows import Chosen, list_recognitions
from traceability.web import shops

RATING = {"kind": "new", "decision": "9/QĐ-UBND", "decided_on": "10/01/2026", "stars": "", "issuer": "UBND tỉnh Lào Cai"}
PARTS = {"points_product": "33,5", "points_marketing": "20", "points_quality": "30,25"}


def all_of(services, kind) -> list:
    with reading(services.engine) as session:
        return list(session.scalars(select(kind).order_by(kind.id)))


@pytest.fixture
def product(workshop):
    return workshop.product(workshop.producer(name="HTX Séng Cù"), name="Gạo Séng Cù")


def test_points_make_the_stars_and_a_decision_that_disagrees_keeps_what_was_typed(office, services, product):
    address = f"/office/products/{product.id}?lang=en"
    wrong = office.post(f"/office/products/{product.id}/ratings?lang=en", address, **RATING, **PARTS | {"total": "90"})
    assert wrong.status_code == 400 and "make 83.75 points, not 90" in wrong.text and "33,5" in wrong.text
    wrong = office.post(f"/office/products/{product.id}/ratings?lang=en", address, **RATING | {"stars": "3"}, **PARTS)
    assert wrong.status_code == 400 and not all_of(services, Evaluation)
    assert office.post(f"/office/products/{product.id}/ratings?lang=en", address, **RATING, **PARTS).status_code == 303
    (rating,), (evaluation,) = all_of(services, Recognition), all_of(services, Evaluation)
    assert (rating.stars, rating.issuer, rating.issuer_name, rating.scheme) == (4, "province", "UBND tỉnh Lào Cai", "2022")
    assert evaluation.recognition_id == rating.id and "83.75 points" in office.get(address).text
    # Sent twice it is recorded once.
    assert office.post(f"/office/products/{product.id}/ratings?lang=en", address, **RATING, **PARTS).status_code == 400
    assert len(all_of(services, Evaluation)) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"issuer": "UBND huyện Bát Xát"}, "somebody else recognised"),
        ({"decided_on": "01/05/2018"}, "nothing was recognised before"),
        ({"decided_on": "mai"}, "is not a day"),
        ({"decided_on": "2030"}, "lies ahead"),
        ({"stars": ""}, "Only 3, 4 and 5 stars"),
        ({"points_product": "bốn"}, "is not a number of points"),
    ],
)
def test_a_decision_that_could_not_be_is_told_in_words(office, services, product, fields, words):
    entry = RATING | {"stars": "4"} | fields
    answer = office.post(f"/office/products/{product.id}/ratings?lang=en", f"/office/products/{product.id}", **entry)
    assert answer.status_code == 400 and words in answer.text and not all_of(services, Recognition)


def test_an_evaluation_without_a_decision_waits_for_one(office, services, product):
    address = f"/office/products/{product.id}?lang=en"
    assert office.post(f"/office/products/{product.id}/ratings", address, kind="new", total="45", decision="").status_code == 303
    assert not all_of(services, Recognition) and "45 points, 2 stars" in office.get(address).text


def test_a_rating_is_withdrawn_with_a_reason_that_the_batch_s_page_tells(office, services, workshop, product, client):
    rating = workshop.recognition(product)
    batch = workshop.stamped(product)
    path, page = f"/office/ratings/{rating.id}/withdraw?lang=en", f"/office/products/{product.id}"
    assert office.post(path, page, day="2026-11-20", reason=" ").status_code == 400
    assert office.post(path, page, day="2027-11-20", reason="x").status_code == 400
    assert office.post(path, page, day="2026-11-20", reason="Không đánh giá lại.").status_code == 303
    shown = client.get(f"/S/{batch.code}?lang=en").text
    assert "Rating withdrawn" in shown and "Không đánh giá lại." in shown and "When it was packed: 4 stars" in shown


def test_a_rating_that_was_entered_wrongly_is_told_as_such(office, services, workshop, product):
    rating = workshop.recognition(product)
    path, page = f"/office/ratings/{rating.id}/supersede?lang=en", f"/office/products/{product.id}"
    assert office.post(path, page, reason="").status_code == 400
    assert office.post(path, page, reason="Nhầm.").status_code == 303
    assert "entered wrongly" in office.get(f"{page}?lang=en").text


def test_the_register_says_what_held_on_a_day_and_what_was_known_on_a_day(services, workshop, product, clock):
    rating = workshop.recognition(product, decided_on="2026-01-10")
    first = day_in_vietnam(clock())
    clock.advance(days=5)
    workshop.act(withdraw_recognition, rating.id, day=first + timedelta(days=1), reason="x", actor=OFFICE, now=clock())
    clock.advance(days=5)

    def held(day: date, known_on: date | None = None) -> int:
        with reading(services.engine) as session:
            return count_figures(session, day, known_on).total

    later = first + timedelta(days=3)
    # It was withdrawn from the second day on, which was written down on the sixth.
    assert (held(first), held(later)) == (1, 0)
    assert (held(later, later), held(later, first + timedelta(days=5)), held(first, first - timedelta(days=1))) == (1, 0, 0)
    with reading(services.engine) as session:
        for known_on, state in ((later, "valid"), (first + timedelta(days=5), "withdrawn")):
            rows, _, total = list_recognitions(session, Chosen(as_of=None, known_on=known_on), clock(), page=0)
            assert (total, rows[0].state) == (1, state)


def test_a_right_is_granted_and_withdrawn(office, services, workshop, product):
    indication = workshop.indication()
    base = f"/office/products/{product.id}"
    entry = {"indication": str(indication.id), "from_day": "2026-01-01", "until_day": "2028-12-31", "document": "Quyết định 3"}
    assert office.post(f"{base}/rights?lang=en", base, **entry | {"from_day": ""}).status_code == 400
    assert office.post(f"{base}/rights?lang=en", base, **entry | {"until_day": "2025-12-31"}).status_code == 400
    assert office.post(f"{base}/rights?lang=en", base, **entry).status_code == 303
    (right,) = all_of(services, UseRight)
    assert office.post(f"{base}/rights/{right.id}/end?lang=en", base, day="2025-01-01").status_code == 400
    assert office.post(f"{base}/rights/{right.id}/end?lang=en", base, day="2026-11-01").status_code == 303
    assert "The right was withdrawn" in office.get(f"{base}?lang=en").text


def test_a_shop_stands_on_the_page_and_its_openings_are_counted_without_anybody(office, services, workshop, product, client, clock):
    base = f"/office/products/{product.id}"
    batch = workshop.stamped(product)
    assert "/to/listing/" not in client.get(f"/S/{batch.code}").text
    bad = office.post(f"{base}/listings?lang=en", base, floor="Sàn", url="javascript:alert(1)")
    assert bad.status_code == 400 and "javascript" in bad.text
    assert office.post(f"{base}/listings", base, floor="", url="https://san.example.vn/1").status_code == 400
    for _ in range(2):
        assert office.post(f"{base}/listings", base, floor="Sàn Lào Cai", url="https://san.example.vn/1").status_code == 303
    (listing,) = all_of(services, Listing)
    assert f"/to/listing/{listing.id}" in client.get(f"/S/{batch.code}").text
    shops._counted[:] = [0, 0]
    for _ in range(3):
        answer = client.get(f"/to/listing/{listing.id}")
        assert (answer.status_code, answer.location) == (303, "https://san.example.vn/1") and "Set-Cookie" not in answer.headers
    # Previews, robots and prefetching open nothing.
    client.head(f"/to/listing/{listing.id}")
    client.get(f"/to/listing/{listing.id}", headers={"Sec-Purpose": "prefetch"})
    client.get(f"/to/listing/{listing.id}", headers={"User-Agent": "Googlebot/2.1"})
    (clicks,) = all_of(services, ShopClick)
    assert (clicks.target, clicks.target_id, clicks.clicks, clicks.day) == ("listing", listing.id, 3, day_in_vietnam(clock()))
    assert {column.name for column in ShopClick.__table__.c} == {"id", "target", "target_id", "day", "clicks"}
    assert "3 openings" in office.get(f"{base}?lang=en").text
    # What is gone is not offered any more.
    assert office.post(f"{base}/listings/{listing.id}/check", base, alive="0").status_code == 303
    assert "/to/listing/" not in client.get(f"/S/{batch.code}").text
    assert client.get("/to/listing/4711").status_code == 404


def test_openings_beyond_what_people_do_lead_on_but_are_not_counted(services, workshop, product, client, monkeypatch):
    listing = workshop.act(add_listing, product.id, floor="x", url="https://a.vn", actor=OFFICE, now=workshop.now)
    monkeypatch.setattr(shops, "MOST_A_MINUTE", 2)
    shops._counted[:] = [0, 0]
    assert {client.get(f"/to/listing/{listing.id}").status_code for _ in range(5)} == {303}
    assert all_of(services, ShopClick)[0].clicks <= 4


def test_a_household_s_shop_is_shown_once_it_agrees(office, services, workshop, client):
    maker = workshop.producer(kind="household", name="Hộ Lò Thị Mai", shop_url="https://shop.example.vn")
    assert client.get(f"/to/shop/{maker.id}").status_code == 404
    base = f"/office/producers/{maker.id}"
    entry = {"storefront": "1", "e_payment": "", "url": "https://shop.example.vn", "consent_on": "2026-11-01"}
    assert office.post(f"{base}/online?lang=en", base, **entry | {"consent_on": "2030-01-01"}).status_code == 400
    assert office.post(f"{base}/online?lang=en", base, **entry).status_code == 303
    held = next(row for row in all_of(services, Producer) if row.id == maker.id)
    assert (held.has_digital_storefront, held.has_e_payment) == (True, None)
    assert client.get(f"/to/shop/{maker.id}").location == "https://shop.example.vn"


@pytest.mark.parametrize(("language", "words"), [("vi", "Cả ngày"), ("en", "All day"), ("zh", "全天")])
def test_a_service_says_where_it_is_when_open_and_how_to_reach(office, services, workshop, client, language, words):
    homestay = workshop.product(ocop_group=6, name="Homestay Tả Van")
    batch = workshop.stamped(homestay, kind="service")
    base = f"/office/products/{homestay.id}"
    client.get(f"/S/{batch.code}?lang={language}")
    entry = {
        "place": "Bản Tả Van",
        "open_when": "Cả ngày",
        "open_when_en": "All day",
        "open_when_zh": "全天",
        "how_to_reach": "Từ Sa Pa 10 km",
    }
    assert office.post(f"{base}/visit?lang=en", base, **entry | {"place": " "}).status_code == 400
    assert office.post(f"{base}/visit?lang=en", base, **entry).status_code == 303
    shown = client.get(f"/S/{batch.code}?lang={language}").text
    assert words in shown and "Bản Tả Van" in shown and "Từ Sa Pa 10 km" in shown
    assert office.post(f"{base}/visit?lang=en", base).status_code == 303 and not all_of(services, VisitFacts)
    assert "Bản Tả Van" not in client.get(f"/S/{batch.code}?lang={language}").text


def test_a_product_is_put_to_its_craft_village(office, services, workshop, product, client):
    entry = {"name": "Làng dệt Tả Phìn", "commune": "", "craft": "thổ cẩm", "decision": "", "source": "báo"}
    assert office.post("/office/villages", "/office/villages", **entry | {"name": ""}).status_code == 400
    for _ in range(2):
        assert office.post("/office/villages", "/office/villages", **entry).status_code == 303
    (village,) = all_of(services, CraftVillage)
    batch = workshop.stamped(product)
    assert office.post(f"/office/products/{product.id}/visit", "/office/villages", village=str(village.id)).status_code == 303
    assert "Làng dệt Tả Phìn" in client.get(f"/S/{batch.code}").text


def test_support_is_recorded_once_and_taken_off_when_it_was_wrong(office, services, workshop):
    maker = workshop.producer(name="HTX A")
    base = f"/office/producers/{maker.id}"
    key = re.search(r'name="key" value="([^"]+)"', office.get(base).text)[1]
    entry = {"key": key, "kind": "booth", "what": "Gian hàng hội chợ", "given_on": "2026-10-01", "amount": "12.500.000", "source": "KH 12"}
    for wrong in ({"what": ""}, {"given_on": ""}, {"given_on": "2027-01-01"}, {"amount": "nhiều"}, {"kind": "x"}):
        answer = office.post(f"{base}/support?lang=en", base, **entry | wrong)
        assert answer.status_code == 400 and 'role="alert"' in answer.text and key in answer.text, wrong
    for _ in range(2):
        assert office.post(f"{base}/support?lang=en", base, **entry).status_code == 303
    (row,) = all_of(services, Support)
    assert row.amount == 12_500_000 and "12,500,000" in office.get(f"{base}?lang=en").text
    assert office.post(f"{base}/support/{row.id}/remove", base).status_code == 303 and not all_of(services, Support)


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_what_ends_soon_is_listed_by_when(office, services, workshop, product, clock, language):
    today = day_in_vietnam(clock())
    for days, name in ((6, "Trong bảy ngày"), (20, "Trong ba mươi"), (80, "Trong chín mươi"), (200, "Còn lâu")):
        goods = workshop.product(name=name)
        decided = date(today.year - 3, today.month, today.day) + timedelta(days=days)
        workshop.recognition(goods, decided_on=decided.isoformat())
    workshop.use_right(product, workshop.indication(), until_day=today + timedelta(days=10))
    shown = office.get(f"/office/expiring?lang={language}").text
    order = [shown.index(name) for name in ("Trong bảy ngày", "Gạo Séng Cù", "Trong ba mươi", "Trong chín mươi")]
    assert order == sorted(order) and "Còn lâu" not in shown


def test_the_register_is_searched_without_accents(office, workshop, product):
    workshop.recognition(product, decision="4261/QĐ-UBND")
    for asked in ("gao seng cu", "GẠO SÉNG", "hop tac xa seng cu", "4261/qd-ubnd"):
        assert "Gạo Séng Cù" in office.get(f"/office/register?lang=en&search={asked}").text, asked
    assert "HTX Séng Cù" in office.get("/office/producers?lang=en&search=seng cu").text


def test_rights_are_listed_by_indication_product_producer_and_state(office, workshop, services):
    today = day_in_vietnam(services.clock())
    maker = workshop.producer(name="HTX Séng Cù")
    rice, tea = workshop.product(maker, name="Gạo Séng Cù"), workshop.product(name="Chè Shan")
    one, other = workshop.indication(register_number=801, name="Mường Khương"), workshop.indication(register_number=802, name="Suối Giàng")
    workshop.use_right(rice, one, until_day=today + timedelta(days=9))
    workshop.use_right(rice, other, until_day=today - timedelta(days=1))
    workshop.use_right(tea, one, from_day=today + timedelta(days=3))
    withdrawn = workshop.use_right(tea, other)
    with acting(services.engine) as session:
        session.get(UseRight, withdrawn.id).revoked_on = today

    def found(query: str) -> list[tuple[str, str]]:
        rows = rows_in(office.get(f"/office/lists/rights.zip?lang=en&{query}").data, "rights")
        page = office.get(f"/office/rights?lang=en&{query}").text
        assert page.count('<h2 class="big"') == len(rows) and all(row["Product"] in page for row in rows)
        return [(row["Product"], row["State"]) for row in rows]

    everything = [
        *(("Chè Shan", "not begun yet"), ("Gạo Séng Cù", "in force")),
        *(("Chè Shan", "withdrawn"), ("Gạo Séng Cù", "ended")),
    ]
    assert found("") == found("state=x&indication=²&producer=99999999999") == everything
    for state, word in (("held", "in force"), ("ahead", "not begun yet"), ("ended", "ended"), ("withdrawn", "withdrawn")):
        assert found(f"state={state}") == [row for row in everything if row[1] == word]
    assert found("search=seng cu") == found(f"producer={maker.id}") == [everything[1], everything[3]]
    assert found("search=Suối") == found(f"indication={other.id}") == everything[2:]
    assert found("search=che shan&state=held") == []
    assert f"/office/rights?indication={one.id}" in office.get("/office/indications?lang=en").text
    assert f"/office/rights?producer={maker.id}" in office.get(f"/office/producers/{maker.id}?lang=en").text
    assert office.get("/office/support?year=²").status_code == 200
