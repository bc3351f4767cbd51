"""A producer whose stamps exceed what its growing area can yield: told at once, waiting, released by the office."""

import re
from datetime import date

import pytest
from sqlalchemy import func, select

from tests.accounts.test_sign_in import Browser
from tests.factories import OFFICE
from tests.office.conftest import office_browser
from traceability.models import AreaCapacity, CapacityHold, Issuance, Product
from traceability.models.engine import acting, reading
from traceability.operations.growing import NewCapacity, register_capacity


@pytest.fixture
def office(app, services) -> Browser:
    """Somebody of the office, beside the producer."""
    return office_browser(app, services)


@pytest.fixture
def small_area(lan, services) -> None:
    """Fifty packs of the product a season."""
    season = (date(2026, 1, 1), date(2026, 12, 31))
    with acting(services.engine) as session:
        product = session.get(Product, lan.product_id)
        product.net_content, product.net_content_unit = 500, "g"
        entry = NewCapacity("LC-0017", "Mường Vi", 25, "kg", *season, "12/QĐ-UBND")
        register_capacity(session, entry, actor=OFFICE, now=services.clock())


def count(services, table) -> int:
    with reading(services.engine) as session:
        return session.scalar(select(func.count()).select_from(table))


def test_too_many_wait_and_are_printed_once_the_office_has_released_them(lan, office, small_area, services):
    code = lan.batch(growing_area="Mường Vi", growing_code="lc 0017", quantity="100")
    fields = {"form_at": lan.at(code, "print"), "count": "60", "scope": "unit", "key": "p1"}
    for _ in range(2):
        answer = lan.act(code, "print", **fields)
        assert answer.status_code == 400 and "can yield in a season" in answer.text and 'value="60"' in answer.text
    assert count(services, Issuance) == 0 and count(services, CapacityHold) == 1
    assert "waits for the province" in lan.browser.get(lan.at(code)).text
    waiting = office.get("/office/releases?lang=en").text
    assert "1 batch waits" in office.get("/office/areas?lang=en").text
    number = re.search(r'action="/office/releases/(\d+)', waiting)[1]
    assert "5 kg" in waiting and code in waiting
    assert office.post(f"/office/releases/{number}", "/office/releases", decision="release", words=" ").status_code == 400
    for _ in range(2):
        assert office.post(f"/office/releases/{number}", "/office/areas", decision="release", words="Được mùa.").status_code == 303
    assert "Được mùa." in office.get("/office/releases?lang=en&state=closed").text
    assert "No batch waits" in office.get("/office/releases?lang=en").text
    assert lan.act(code, "print", **fields).status_code == 303 and count(services, Issuance) == 1
    assert "waits for the province" not in lan.browser.get(lan.at(code)).text
    assert "30 kg" in office.get("/office/areas?lang=en").text


def test_a_producer_reads_why_the_office_did_not_release_it(lan, office, small_area):
    code = lan.batch(growing_area="Mường Vi", growing_code="LC-0017", quantity="100")
    fields = {"form_at": lan.at(code, "print"), "count": "60", "scope": "unit", "key": "p1"}
    lan.act(code, "print", **fields)
    office.post("/office/releases/1", "/office/releases", decision="deny", words="Vùng không đủ.")
    assert "Vùng không đủ." in lan.browser.get(lan.at(code)).text
    assert "Vùng không đủ." in lan.act(code, "print", **fields).text


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_the_office_registers_a_capacity_once_and_ends_it(office, services, language):
    entry = {"code": "LC-0017", "name": "Mường Vi", "amount": "250.000", "unit": "kg", "season_from": "2026-01-01"}
    entry |= {"season_until": "2026-12-31", "source": "12/QĐ-UBND"}
    address = f"/office/areas?lang={language}"
    assert office.post(address, address, **entry | {"amount": "viel"}).status_code == 400
    wrong = office.post(address, address, **entry | {"season_until": ""})
    assert wrong.status_code == 400 and 'value="Mường Vi"' in wrong.text
    for _ in range(2):
        assert office.post(address, address, **entry).status_code == 303
    assert count(services, AreaCapacity) == 1
    assert "LC-0017" in office.get(f"{address}&search=lc0017").text and "LC-0017" not in office.get(f"{address}&search=lc0018").text
    for _ in range(2):
        assert office.post("/office/areas/1/end", address).status_code == 303
    assert "LC-0017" not in office.get(address).text and "LC-0017" in office.get(f"{address}&state=closed").text
