"""A scan, from the printed text to the page."""

import json
import os
import re
from datetime import date

import pytest
from sqlalchemy import func, select

from tests.factories import GTIN, NOTICE, OFFICE, PRODUCER
from traceability.domain import base32, keys, stamp
from traceability.domain.batch import BatchDates
from traceability.keystore import add_host
from traceability.models import ConsumerReport, KeyAlarm, Scan
from traceability.models.engine import acting, reading
from traceability.operations.register_batch import correct_batch
from traceability.operations.withdraw import lift_recall, recall_goods, revoke_stamps
from traceability.scan_loader import ScanLoader


def scans(services) -> int:
    ScanLoader(services.engine, services.journal.folder, services.clock).load_all()
    with reading(services.engine) as session:
        return session.scalar(select(func.count(Scan.id)))


@pytest.mark.parametrize("form", ["gs1", "house", "signed"])
@pytest.mark.parametrize("units", [None, 5])
def test_every_form_opens_the_page_of_its_lot_at_its_own_address(client, workshop, form, units):
    batch = workshop.stamped(workshop.product(gtin=GTIN), form=form, units=units, lot="SC-01")
    answer = client.get(workshop.path(batch, form=form, unit=units))
    assert answer.status_code == 200
    assert "Tem do hệ thống cấp" in answer.text and "SC-01" in answer.text
    assert "Set-Cookie" not in answer.headers


def test_lower_case_and_look_alike_letters_open_the_page(client, workshop):
    batch = workshop.stamped()
    for text in (batch.code.lower(), batch.code.replace("0", "O").replace("1", "l")):
        assert client.get(f"/s/{text}").status_code == 200


def test_a_recalled_batch_says_first_what_to_do_and_whom_to_call(client, workshop, services):
    batch = workshop.stamped()
    with acting(services.engine) as session:
        recall_goods(session, batch.id, NOTICE, units=None, actor=OFFICE, now=services.clock())
    answer = client.get(f"/S/{batch.code}?lang=en")
    assert answer.status_code == 200
    order = [answer.text.index(words) for words in ("Recalled", "Do not eat it.", "0214 000 0000", "Leaks.")]
    assert order == sorted(order)


def test_a_lifted_recall_is_no_longer_shown(client, workshop, services, clock):
    batch = workshop.stamped()
    with acting(services.engine) as session:
        recall = recall_goods(session, batch.id, NOTICE, units=None, actor=OFFICE, now=services.clock())
    clock.advance(hours=1)
    with acting(services.engine) as session:
        lift_recall(session, recall.id, actor=OFFICE, now=services.clock())
    assert "Do not eat it." not in client.get(f"/S/{batch.code}?lang=en").text


def test_a_recall_of_units_shows_on_those_units_alone(client, workshop, services):
    batch = workshop.stamped(units=10)
    with acting(services.engine) as session:
        recall_goods(session, batch.id, NOTICE, units=(3, 4), actor=OFFICE, now=services.clock())
    shown = ["Do not eat it." in client.get(workshop.path(batch, unit=unit) + "?lang=en").text for unit in range(1, 6)]
    assert shown == [False, False, True, True, False]


def test_a_cancelled_stamp_says_so(client, workshop, services):
    batch = workshop.stamped(units=10)
    with acting(services.engine) as session:
        revoke_stamps(session, batch.id, units=(3, 3), reason="spoiled", actor=PRODUCER, now=services.clock())
    answer = client.get(workshop.unit_path(batch, 3) + "?lang=en")
    assert answer.status_code == 200 and "This stamp was cancelled" in answer.text


def test_a_stamp_past_its_best_before_date_opens_in_amber(client, workshop, clock):
    batch = workshop.stamped()
    clock.advance(days=400)
    answer = client.get(f"/S/{batch.code}?lang=en")
    assert answer.status_code == 200 and "Past its best-before date" in answer.text and "6 Oct 2027" in answer.text


def test_a_corrected_date_shows_the_new_and_the_old_one(client, workshop, services):
    batch = workshop.stamped()
    with acting(services.engine) as session:
        arguments = {"column": "best_before", "value": "2027-09-01", "reason": "misprint"}
        correct_batch(session, batch.id, **arguments, actor=PRODUCER, now=services.clock())
    text = client.get(f"/S/{batch.code}?lang=en").text
    assert "1 Sep 2027" in text and "6 Oct 2027" in text and "misprint" in text


def test_an_unknown_code_answers_404(client, workshop):
    answer = client.get(f"/S/{base32.with_check(123456789)}?lang=en")
    assert answer.status_code == 404 and "We never issued this code" in answer.text


def test_the_first_12_characters_of_a_unit_stamp_are_unknown_and_the_page_says_24(client, workshop):
    batch = workshop.stamped(units=5)
    answer = client.get(f"/S/{batch.code}?lang=en")
    assert answer.status_code == 404 and "24 characters" in answer.text


def test_a_serial_of_another_batch_is_unknown(client, workshop):
    one, other = workshop.stamped(units=5), workshop.stamped(units=5)
    serial = workshop.path(other, unit=2)[-12:]
    assert client.get(f"/S/{one.code}{serial}").status_code == 404


def test_a_unit_above_what_was_issued_is_unknown(client, workshop, services):
    batch = workshop.stamped(units=5)
    master_key = services.key_store.current().master_keys["1"]
    serial = stamp.make_serial(stamp.serial_keys(master_key, batch.code), 6)
    assert client.get(f"/S/{batch.code}{serial}").status_code == 404


def test_any_changed_character_of_a_signed_code_is_refused(client, workshop):
    batch = workshop.stamped(form="signed")
    path = workshop.path(batch, form="signed")
    for place in range(3, len(path)):
        changed = path[:place] + ("1" if path[place] != "1" else "2") + path[place + 1 :]
        # From one network after another, since one that tries so many would be held back.
        answer = client.get(changed, environ_base={"REMOTE_ADDR": f"192.0.2.{place}"})
        assert answer.status_code in (400, 404), place


def test_a_well_signed_claim_that_was_never_stored_is_unknown_and_raises_an_alarm(client, workshop, services):
    batch = workshop.stamped(form="signed")
    store = services.key_store.current()
    claims = stamp.format_claims(stamp.Claims(1, batch.code, best_before=services.clock().date()))
    signature = keys.sign_claims(store.private_keys[1], "TRACE.EXAMPLE.VN", claims)
    path = f"/S/{stamp.claims_text(claims)}{base32.encode_bytes(signature)}"
    assert [client.get(path).status_code for _ in range(2)] == [404, 404]
    with reading(services.engine) as session:
        alarm = session.scalars(select(KeyAlarm)).one()
        assert (alarm.kid, alarm.claims, alarm.times) == (1, claims, 2)


def test_a_signature_for_another_host_is_unknown(client, workshop, services):
    batch = workshop.stamped(form="signed")
    path = workshop.path(batch, form="signed")
    claims = base32.decode_bytes(path[3:40])
    signature = keys.sign_claims(services.key_store.current().private_keys[1], "EVIL.EXAMPLE.COM", claims)
    assert client.get(f"{path[:40]}{base32.encode_bytes(signature)}").status_code == 404


def test_a_signature_under_an_unknown_key_is_unknown(client, workshop, services):
    batch = workshop.stamped(form="signed")
    claims = bytearray(base32.decode_bytes(workshop.path(batch, form="signed")[3:40]))
    claims[1] = 77
    signature = keys.sign_claims(bytes(32), "TRACE.EXAMPLE.VN", bytes(claims))
    answer = client.get(f"/S/{stamp.claims_text(bytes(claims))}{base32.encode_bytes(signature)}?lang=en")
    assert answer.status_code == 404 and "a key that is not ours" in answer.text


@pytest.mark.parametrize(
    "path", ["/S/7K3MQ9X2ABCT", "/S/", "/S", "/s/7k3m", "/S/7K3M-Q9X2-ABCS", "/01/123/10/L", "/01/09521234500019/10/L1", "/01", "/01/"]
)
def test_what_is_no_stamp_answers_400(client, path):
    assert client.get(path).status_code == 400


def test_100_kilobytes_of_path_answer_400(client):
    assert client.get("/S/" + "7" * 100_000).status_code == 400


def test_invalid_utf_8_in_a_path_answers_400(client):
    assert client.get("/01/09521234500018/10/%FF%FE").status_code == 400


@pytest.mark.parametrize("path", ["/S/../../etc/passwd", "/01/09521234500018/10/\0", "/S/\u202e", "//S//", "/01/09521234500018/10/A/B"])
def test_odd_paths_never_answer_500(client, path):
    # As a server hands them over: decoded, in bytes read as Latin-1.
    raw = path.encode().decode("latin-1")
    assert client.get("/", environ_overrides={"PATH_INFO": raw}).status_code in (400, 404)


def test_a_misread_code_is_explained_group_by_group(client, workshop):
    batch = workshop.stamped(units=2)
    path = workshop.path(batch, unit=1)
    answer = client.get(path[:-1] + ("0" if path[-1] != "0" else "1") + "?lang=en")
    assert answer.status_code == 400 and "Half 1 fits." in answer.text and "Half 2 does not fit" in answer.text


def test_a_gtin_alone_shows_the_product_asks_for_the_lot_and_lists_none(client, workshop):
    workshop.stamped(workshop.product(gtin=GTIN, name="Gạo Séng Cù"), form="gs1", lot="SECRET-LOT")
    answer = client.get("/01/9521234500018")
    assert answer.status_code == 200 and "Gạo Séng Cù" in answer.text and "SECRET-LOT" not in answer.text
    assert client.get("/01/09521234500025").status_code == 404
    asked = client.get("/lot?gtin=09521234500018&lot=SECRET-LOT")
    assert asked.status_code == 303 and asked.location == "/01/09521234500018/10/SECRET-LOT"


def test_a_lot_is_found_only_in_its_own_case(client, workshop):
    workshop.stamped(workshop.product(gtin=GTIN), form="gs1", lot="Lot-a")
    assert client.get(f"/01/{GTIN}/10/Lot-a").status_code == 200
    assert client.get(f"/01/{GTIN}/10/LOT-A").status_code == 404


def test_a_lot_with_every_allowed_sign_opens(client, workshop):
    batch = workshop.stamped(workshop.product(gtin=GTIN), form="gs1", lot="!\"%&'()*+,-.:;<=>?_")
    path = workshop.path(batch, form="gs1")
    assert client.get(path).status_code == 200


def test_a_scan_is_recorded_once_a_minute_for_each_visitor(client, workshop, services, clock):
    batch = workshop.stamped()
    for _ in range(3):
        client.get(f"/S/{batch.code}")
    assert scans(services) == 1
    client.get(f"/S/{batch.code}", headers={"User-Agent": "Another phone"})
    assert scans(services) == 2
    clock.advance(minutes=1)
    client.get(f"/S/{batch.code}")
    assert scans(services) == 3
    assert "3 times" in client.get(f"/S/{batch.code}?lang=en").text


@pytest.mark.parametrize(
    "agent", ["facebookexternalhit/1.1", "TelegramBot (like TwitterBot)", "WhatsApp/2.23", "Googlebot/2.1", "curl/8.0", ""]
)
def test_link_previews_and_robots_are_no_scans(client, workshop, services, agent):
    batch = workshop.stamped()
    assert client.get(f"/S/{batch.code}", headers={"User-Agent": agent}).status_code == 200
    assert scans(services) == 0


def test_head_and_prefetch_are_no_scans(client, workshop, services):
    batch = workshop.stamped()
    assert client.head(f"/S/{batch.code}").status_code == 200
    client.get(f"/S/{batch.code}", headers={"Sec-Purpose": "prefetch;prerender"})
    assert scans(services) == 0


def test_a_scan_keeps_no_address_and_the_hash_changes_with_the_day(client, workshop, services, clock):
    batch = workshop.stamped()
    client.get(f"/S/{batch.code}", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    clock.advance(days=1)
    client.get(f"/S/{batch.code}", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert scans(services) == 2
    with reading(services.engine) as session:
        first, second = session.scalars(select(Scan).order_by(Scan.id))
    assert first.visitor != second.visitor
    for row in (first, second):
        assert b"203.0.113.9" not in row.visitor and len(row.visitor) == 16
    assert len(list((services.settings.instance / "visitor-keys").glob("*.key"))) == 1


def test_machines_get_linked_data_in_the_page_and_by_asking_for_it(client, workshop):
    batch = workshop.stamped(workshop.product(gtin=GTIN, name="Gạo </script><b>"), form="gs1", lot="SC-01")
    page = client.get(f"/01/{GTIN}/10/SC-01").text
    embedded = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    asked = client.get(f"/01/{GTIN}/10/SC-01", headers={"Accept": "application/ld+json"})
    assert asked.mimetype == "application/ld+json" and asked.json == embedded
    assert embedded["gtin14"] == GTIN and embedded["gs1:hasBatchLotNumber"] == "SC-01"
    assert embedded["name"]["@value"] == "Gạo </script><b>"
    assert embedded["@id"].endswith(f"/01/{GTIN}/10/SC-01") and batch.code[:4] in json.dumps(embedded)


def test_the_page_speaks_the_language_that_is_asked_for(client, workshop):
    path = f"/S/{workshop.stamped().code}"
    for query, accepted, tag in (
        ("", "", "vi"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "zh-CN,zh;q=0.9", "zh-Hans"),
        ("", "fr-FR", "vi"),
        ("?lang=en", "vi", "en"),
        ("?lang=xx", "zh", "zh-Hans"),
    ):
        answer = client.get(path + query, headers={"Accept-Language": accepted})
        assert f'<html lang="{tag}">' in answer.text
        assert {"Accept", "Accept-Language"} <= set(answer.headers["Vary"].replace(" ", "").split(","))
        assert answer.text.count("hreflang=") == 6


def test_a_household_without_consent_is_not_named(client, workshop):
    maker = workshop.producer(kind="household", name="Hộ bà Lan", phone="0900 000 000", commune_code="02683", province_code="15")
    batch = workshop.stamped(workshop.product(maker))
    answer = client.get(f"/S/{batch.code}", headers={"Accept": "text/html"}).text
    assert "Hộ bà Lan" not in answer and "0900" not in answer and "Bát Xát" in answer
    assert "Hộ bà Lan" not in json.dumps(client.get(f"/S/{batch.code}", headers={"Accept": "application/ld+json"}).json)
    assert "Hộ bà Lan" not in workshop.label(batch).producer


def test_a_quantity_is_public_only_where_the_producer_chose_so(client, workshop):
    hidden, shown = workshop.stamped(quantity=4321), workshop.stamped(quantity=4321, quantity_is_public=True)
    assert "4.321" not in client.get(f"/S/{hidden.code}").text
    assert "4.321" in client.get(f"/S/{shown.code}").text


def test_the_key_file_is_served_as_the_root_key_signed_it(client, services):
    content = client.get("/.well-known/traceability-keys.json").data
    signature = client.get("/.well-known/traceability-keys.json.sig").data
    root = bytes.fromhex((services.settings.keys_folder / "root.pub").read_text())
    assert keys.verify_key_file(root, content, signature)
    assert json.loads(content)["hosts"] == ["TRACE.EXAMPLE.VN"]


def test_every_answer_forbids_scripts_and_other_hosts(client, workshop):
    batch = workshop.stamped()
    for path in ("/", f"/S/{batch.code}", "/S/XX", "/nowhere", "/report"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe" not in policy


@pytest.mark.parametrize(("form", "units"), [("house", None), ("house", 3), ("gs1", None), ("signed", None)])
def test_the_page_in_another_language_is_at_the_printed_address(client, workshop, form, units):
    batch = workshop.stamped(workshop.product(gtin=GTIN), form=form, units=units, lot="A+%1")
    path = workshop.path(batch, form=form, unit=units)
    page = client.get(path).text
    for language in ("vi", "en", "zh"):
        address = re.search(f'<link rel="alternate" hreflang="{language}" href="([^"]+)"', page)[1]
        # At the address that was opened, so that the page is the same for all packs of a batch.
        assert address == f"?lang={language}" and client.get(f"{path}{address}").status_code == 200


def forged(services, batch, unit: int | None = None, *, serial: str | None = None, **claims) -> str:
    """A text that only a holder of the stamp key can make."""
    store = services.key_store.current()
    batch_keys = stamp.serial_keys(store.master_keys["1"], batch.code)
    raw = stamp.format_claims(stamp.Claims(1, batch.code, serial or (stamp.make_serial(batch_keys, unit) if unit else None), **claims))
    return f"/S/{stamp.claims_text(raw)}{base32.encode_bytes(keys.sign_claims(store.private_keys[1], 'TRACE.EXAMPLE.VN', raw))}"


def alarms(services) -> int:
    with reading(services.engine) as session:
        return session.scalar(select(func.count(KeyAlarm.id)))


@pytest.mark.parametrize("agent", ["Mozilla/5.0", "curl/8", ""])
def test_a_stolen_key_is_noticed_whatever_it_signs_and_whoever_asks(client, workshop, services, agent):
    batch = workshop.stamped(form="signed", units=10)
    dates = {"packed_on": batch.packed_on, "best_before": batch.best_before}
    for path in (forged(services, batch, 11, **dates), forged(services, batch, serial=base32.with_check(5), **dates)):
        assert client.get(path, headers={"User-Agent": agent}).status_code == 404
    assert alarms(services) == 1
    assert client.get(workshop.path(batch, form="signed", unit=10)).status_code == 200
    assert alarms(services) == 1


def test_a_changed_signature_is_no_alarm(client, workshop, services):
    path = workshop.path(workshop.stamped(form="signed"), form="signed")
    client.get(path[:-3] + ("0" if path[-3] != "0" else "1") + path[-2:])
    assert alarms(services) == 0


def test_a_refused_code_does_not_take_the_place_of_a_scan(client, workshop, services):
    batch, other = workshop.stamped(), workshop.stamped(units=3)
    client.get(f"/S/{batch.code}{workshop.unit_path(other, 1)[-12:]}")
    assert "1 time" in client.get(f"/S/{batch.code}?lang=en").text


def test_a_batch_whose_serial_master_key_is_missing_answers_503(client, workshop, services):
    batch = workshop.stamped()
    folder = services.settings.keys_folder
    (folder / "serial-1.key").rename(folder / "serial-7.key")
    os.utime(folder / "traceability-keys.json")
    assert client.get(f"/S/{batch.code}").status_code == 503


def test_a_text_signed_for_one_host_does_not_pass_under_another(client, workshop, services):
    batch = workshop.stamped(form="signed")
    path = workshop.path(batch, form="signed")
    add_host(services.settings.keys_folder, "OTHER.EXAMPLE.VN", services.settings.keys_folder / "root.pem")
    assert client.get("/lookup", query_string={"code": f"https://TRACE.EXAMPLE.VN{path}"}).status_code == 303
    assert client.get("/lookup", query_string={"code": f"https://OTHER.EXAMPLE.VN{path}"}).status_code == 404


def test_the_report_button_names_the_stamp_also_where_its_lot_is_encoded(client, workshop, services):
    batch = workshop.stamped(workshop.product(gtin=GTIN), form="gs1", lot="12+3%")
    page = client.get(workshop.path(batch, form="gs1")).text
    form = client.get(re.search(r'href="(/report[^"]+)"', page)[1].replace("&amp;", "&")).text
    sent = re.search(r'name="stamp"[^>]*value="([^"]+)"', form)[1]
    assert client.post("/report", data={"stamp": sent, "kind": "pack_opened", "key": "k"}).status_code == 201
    with reading(services.engine) as session:
        report = session.scalars(select(ConsumerReport)).one()
        assert (report.batch_id, report.verdict) == (batch.id, "ISSUED")


def test_an_unknown_code_of_a_recalled_batch_shows_the_recalls_own_advice(client, workshop, services):
    batch = workshop.stamped(units=3)
    with acting(services.engine) as session:
        recall_goods(session, batch.id, NOTICE, units=None, actor=OFFICE, now=services.clock())
    answer = client.get(f"/S/{batch.code}?lang=en")
    assert answer.status_code == 404 and "Do not eat it." in answer.text and "24 characters" in answer.text


def test_what_is_not_known_of_packing_is_not_said(client, workshop):
    product = workshop.product()
    workshop.recognition(product)
    batch = workshop.stamped(product, dates=BatchDates(harvested_on=date(2026, 10, 1)))
    page = client.get(f"/S/{batch.code}?lang=en").text
    assert "When it was packed" not in page and "The packing date is not stated" in page


def test_a_rating_that_lies_ahead_hides_no_earlier_one(client, workshop):
    product = workshop.product()
    workshop.recognition(product, decided_on="2022-01-10", stars=3)
    workshop.recognition(product, decided_on="2027-01-10", stars=4)
    page = client.get(f"/S/{workshop.stamped(product).code}?lang=en").text
    assert "Not rated today" in page and "10 Jan 2025" in page


def test_what_the_office_registered_does_not_read_as_declared_by_the_producer(client, workshop, services):
    batch = workshop.stamped(actor=OFFICE)
    page = client.get(f"/S/{batch.code}?lang=en").text
    assert "Declared by the producer" not in page and "Recorded by the province" in page
