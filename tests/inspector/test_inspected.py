"""A batch for inspectors: what is known of it, recalling it, cancelling stamps; and following it as anybody."""

import re
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import select

from tests.factories import HOST, NOTICE, OFFICE, PRODUCER
from tests.inspector.test_findings import a_finding, send
from traceability.models import Recall, Revocation
from traceability.models.engine import reading
from traceability.operations.trace import record_delivery, record_input
from traceability.operations.withdraw import recall_goods
from traceability.web.guesses import MOST_A_MINUTE
from traceability.web.turnstile import LOOKED_UP_A_SECOND

ATOM = "{http://www.w3.org/2005/Atom}"
WORDS = {"advice": "Không ăn.", "contact": "0214 000 000", "reason": "Nấm mốc.", "advice_en": "Do not eat it.", "reason_en": "Mould."}


def rows(services, table):
    with reading(services.engine) as session:
        return list(session.scalars(select(table).order_by(table.id)))


@pytest.mark.parametrize("role", ["inspector", "office"])
def test_a_recall_is_red_on_the_next_scan_and_one_however_often_the_button_is_pressed(sign_in, client, workshop, services, role):
    batch, browser = workshop.stamped(), sign_in(role)
    address = f"/inspector/batches/{batch.code}"
    assert "Do not eat it." not in client.get(f"/S/{batch.code}?lang=en").text
    for _ in range(2):
        assert browser.post(f"{address}/recall", f"{address}/recall", **WORDS).status_code == 303
    [recall] = rows(services, Recall)
    assert (recall.recalled_role, recall.recalled_by, recall.advice_en) == (role, role, "Do not eat it.")
    page = client.get(f"/S/{batch.code}?lang=en").text
    assert "Do not eat it." in page and 'class="verdict bad"' in page
    assert browser.post(f"{address}/recalls/{recall.id}/lift", address).status_code == 303
    assert 'class="verdict ok"' in client.get(f"/S/{batch.code}?lang=en").text
    assert "Nấm mốc." in browser.get(address).text


def test_an_inspector_stops_what_a_producer_recalled_and_a_producer_not_what_the_province_did(inspector, workshop, services):
    batch = workshop.stamped()
    recall = workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=PRODUCER, now=services.clock())
    address = f"/inspector/batches/{batch.code}"
    assert inspector.post(f"{address}/recalls/{recall.id}/lift", address).status_code == 303
    assert rows(services, Recall)[0].lifted_role == "inspector"


@pytest.mark.parametrize(
    "changed",
    [{"advice": ""}, {"contact": " "}, {"first_unit": "3"}, {"first_unit": "5", "last_unit": "99"}, {"first_unit": "x", "last_unit": "2"}],
)
def test_a_bad_recall_is_told_with_what_was_typed_and_recalls_nothing(inspector, workshop, services, changed):
    batch = workshop.stamped(units=9)
    address = f"/inspector/batches/{batch.code}/recall"
    answer = inspector.post(address, address, **{**WORDS, **changed})
    assert answer.status_code == 400 and "Mould." in answer.text and rows(services, Recall) == []


def test_an_inspector_of_a_commune_stops_nothing_elsewhere(sign_in, workshop, services):
    own = workshop.stamped(workshop.product(workshop.producer(province_code="15", commune_code="02683")))
    elsewhere = workshop.stamped()
    browser = sign_in("inspector", "02683")
    assert browser.get(f"/inspector/batches/{own.code}").status_code == 200
    for path in ("", "/recall"):
        assert browser.get(f"/inspector/batches/{elsewhere.code}{path}").status_code == 404
    answer = browser.post(f"/inspector/batches/{elsewhere.code}/recall", f"/inspector/batches/{own.code}", **WORDS)
    assert answer.status_code == 404 and rows(services, Recall) == []


@pytest.mark.parametrize("order", [(3, 7), (7, 3)])
def test_stolen_stamps_are_cancelled_from_the_first_scanned_to_the_last(inspector, client, workshop, services, order):
    batch = workshop.stamped(units=9)
    first, last = (f"https://{HOST}{workshop.unit_path(batch, unit)}" for unit in order)
    address = f"/inspector/batches/{batch.code}"
    assert inspector.post(f"{address}/revoke", address, first_code=first, last_code=last, reason="mất trộm").status_code == 303
    [revocation] = rows(services, Revocation)
    assert (revocation.first_unit, revocation.last_unit, revocation.reason) == (3, 7, "mất trộm")
    verdicts = [re.search(r'class="verdict (\w+)"', client.get(workshop.unit_path(batch, unit)).text)[1] for unit in (2, 3, 7, 8)]
    assert verdicts == ["ok", "bad", "bad", "ok"]


def test_texts_that_are_no_stamps_of_this_batch_cancel_nothing(inspector, workshop, services):
    batch, other = workshop.stamped(units=9), workshop.stamped(units=9)
    address = f"/inspector/batches/{batch.code}"
    good = workshop.unit_path(batch, 1)
    for first, last, reason in (
        *(
            (workshop.unit_path(other, 1), "", "x"),
            (batch.code, "", "x"),
            ("WIFI:S:x;;", "", "x"),
            (good, workshop.unit_path(batch, 10), "x"),
        ),
        *((good, "", " "), (good, workshop.unit_path(other, 2), "x"), (f"/S/{batch.code}XC8DEEP97XZJ", "", "x")),
    ):
        answer = inspector.post(f"{address}/revoke", address, first_code=first, last_code=last, reason=reason)
        assert answer.status_code == 400, (first, last)
    assert rows(services, Revocation) == []


def test_one_tap_from_a_batch_shows_a_step_back_and_a_step_forward(inspector, workshop, services):
    product = workshop.product()
    raw, batch, further = (
        workshop.stamped(product, lot="NGUYEN-LIEU"),
        workshop.stamped(product, lot="GIUA"),
        workshop.stamped(product, lot="SAU"),
    )
    now = services.clock()
    workshop.act(record_input, batch.id, what="chè tươi", supplier="Hộ Sùng", supplier_lot="S-1", actor=PRODUCER, now=now)
    workshop.act(record_input, batch.id, what="chè", input_batch_id=raw.id, actor=PRODUCER, now=now)
    workshop.act(record_input, further.id, what="chè", input_batch_id=batch.id, actor=PRODUCER, now=now)
    workshop.act(
        record_delivery, batch.id, recipient="Cửa hàng Sa Pa", delivered_on=date(2026, 10, 8), quantity=40, actor=PRODUCER, now=now
    )
    page = inspector.get(f"/inspector/batches/{batch.code}?lang=en").text
    back, forward = page.split("One step back")[1].split("One step forward")
    assert "chè tươi" in back and "Hộ Sùng" in back and raw.code in back
    assert "Cửa hàng Sa Pa" in forward and "SAU" in forward
    assert "Nothing is on record" in inspector.get(f"/inspector/batches/{raw.code}?lang=en").text


def test_recalls_are_listed_searched_and_told_apart(inspector, workshop, services, clock):
    batches = [workshop.stamped(lot=f"L-{number}") for number in range(3)]
    for batch in batches:
        workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=services.clock())
    address = f"/inspector/batches/{batches[0].code}"
    inspector.post(f"{address}/recalls/1/lift", address)
    clock.advance(seconds=1)
    assert all(f"L-{number}" in inspector.get("/inspector/recalls").text for number in range(3))
    assert "L-0" not in inspector.get("/inspector/recalls?state=open").text
    assert "L-1" not in inspector.get("/inspector/recalls?search=L-2").text


# ------------------------------------------------------------------------------------------------------------- following


def test_anybody_follows_a_batch_by_a_feed_with_every_recall_its_end_and_every_check(inspector, client, workshop, services, clock):
    batch = workshop.stamped(lot="THEO-DOI")
    address = f"/feed/{batch.code}?lang=en"
    empty = ET.fromstring(client.get(address).data)
    assert [entry.tag for entry in empty.findall(f"{ATOM}entry")] == [] and "THEO-DOI" in empty.findtext(f"{ATOM}title")
    recall = workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=services.clock())
    clock.advance(minutes=1)
    send(inspector, a_finding(batch))
    clock.advance(minutes=1)
    page = f"/inspector/batches/{batch.code}"
    inspector.post(f"{page}/recalls/{recall.id}/lift", page)
    answer = client.get(address)
    root = ET.fromstring(answer.data)
    assert answer.mimetype == "application/atom+xml"
    assert root.findtext(f"{ATOM}updated") == services.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    titles = [entry.findtext(f"{ATOM}title") for entry in root.findall(f"{ATOM}entry")]
    assert titles == ["The recall was lifted", "Official checks: Serious", "Recalled"]
    assert NOTICE.advice_en in root.findall(f"{ATOM}entry")[-1].findtext(f"{ATOM}summary")
    assert len({entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")}) == 3
    assert "tẩy" not in answer.text and "Cốc Lếu" not in answer.text
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_status_of_a_batch_is_there_for_machines(client, workshop, services, clock):
    batch = workshop.stamped(units=9)
    assert client.get(f"/status/{batch.code}").json["recalled"] is False
    workshop.act(recall_goods, batch.id, NOTICE, units=(2, 3), actor=OFFICE, now=services.clock())
    told = client.get(f"/status/{batch.code.lower()}").json
    assert told["recalled"] and told["recalls"][0]["units"] == [2, 3] and told["code"] == batch.code
    assert told["as_of"] == services.clock().strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("folder", ["feed", "status"])
def test_what_is_no_batch_has_none_and_guessing_is_held_back(client, workshop, folder):
    good = workshop.stamped().code
    for code in ("7K3MQ9X2ABCS", "x", good[:-1], good + good, f"{good[:-1]}{'0' if good[-1] != '0' else '1'}"):
        assert client.get(f"/{folder}/{code}").status_code == 404
    for _ in range(MOST_A_MINUTE):
        client.get(f"/{folder}/7K3MQ9X2ABCS")
    answers = [client.get(f"/{folder}/7K3MQ9X2ABCS").status_code for _ in range(LOOKED_UP_A_SECOND + 5)]
    assert answers[-1] == 429
