"""Trust packs as the service gives them out, checked as a phone or a laptop checks them."""

import json
from datetime import date, timedelta

import pytest

from tests.factories import HOST, NOTICE, OFFICE, PRODUCER
from traceability.domain import stamp, verdict
from traceability.domain.address import parse_any
from traceability.domain.pack_entry import parse_entry
from traceability.domain.trust_pack import Held, PackError, TrustPack, open_pack
from traceability.keystore import ROOT_KEY, new_key, revoke_key
from traceability.models import Producer, Suspicion
from traceability.models.engine import acting, reading
from traceability.operations.scan import look_up
from traceability.operations.withdraw import lift_recall, recall_goods, revoke_stamps


def told(browser) -> dict:
    answer = browser.get("/inspector/pack")
    assert answer.status_code == 200, answer.text
    return answer.json


def open_whole(browser, services) -> TrustPack:
    said = told(browser)
    return open_pack(browser.get(said["whole"]).data, bytes.fromhex(said["root_key"]), Held(), services.clock())


def follow(browser, services, pack: TrustPack) -> TrustPack:
    """The next pack, by the difference to this one."""
    said = told(browser)
    answer = browser.get(f"{said['whole']}/since/{pack.header.number}")
    assert answer.status_code == 200
    held = Held(pack.header.number, pack.lines, pack.keyring.sequence)
    return open_pack(answer.data, bytes.fromhex(said["root_key"]), held, services.clock())


def off_line(pack: TrustPack, text: str, now) -> verdict.Judgement:
    read = parse_any(text, pack.keyring.hosts, test_mode=False)
    line = pack.lines.get(read.batch_code)
    return verdict.judge(read, verdict.Pack(pack.keyring, parse_entry(line) if line else None, pack.header.issued_at, now), now)


def test_without_a_pack_key_nothing_is_given_out_and_the_reason_is_told(sign_in):
    answer = sign_in().get("/inspector/pack")
    assert answer.status_code == 503 and answer.json == {"error": "no_pack_key"}


def test_a_pack_holds_what_the_pages_show(inspector, workshop, services):
    product = workshop.product(workshop.producer(commune_code="02683", province_code="15"))
    workshop.recognition(product)
    batch = workshop.stamped(product, lot="SC-1")
    pack = open_whole(inspector, services)
    entry = json.loads(pack.lines[batch.code])
    assert entry["page"].items() >= {"lot": "SC-1", "product": "Gạo", "packed_on": "2026-10-06", "best_before": "2027-10-06"}.items()
    assert entry["page"]["ratings"] == [{"stars": 4, "decision": "1/QĐ-UBND", "decided_on": "2026-01-10", "until": "2029-01-10"}]
    assert pack.header.area == "province" and pack.header.entries == 1


def test_every_sample_stamp_is_judged_off_line_as_on_line_or_undetermined(inspector, workshop, services):
    batches = workshop.sample()
    pack = open_whole(inspector, services)
    assert set(pack.lines) == {batch.code for batch in batches if batch.stamp_scope}
    seen = set()
    for batch in batches:
        if not batch.stamp_scope:
            continue
        text = f"https://{HOST}{workshop.unit_path(batch, 1) if batch.stamp_scope == 'unit' else f'/S/{batch.code}'}"
        judged = off_line(pack, text, services.clock())
        with reading(services.engine) as session:
            read = parse_any(text, pack.keyring.hosts, test_mode=False)
            known = look_up(session, read, keys=services.scan_keys, language="vi", now=services.clock()).judgement
        seen.add(judged.verdict.value)
        assert judged.verdict in (known.verdict, verdict.Verdict.UNDETERMINED), (batch.lot, judged, known)
        if judged.verdict is verdict.Verdict.UNDETERMINED:
            assert judged.reasons == ("unit_without_signature",) or known.verdict.value == "UNKNOWN", judged
    assert {"ISSUED", "RECALLED"} <= seen


def test_a_signed_unit_is_issued_off_line_and_its_altered_claims_are_not(inspector, workshop, services):
    batch = workshop.batch()
    workshop.issue(batch, form="signed", units=5)
    pack = open_whole(inspector, services)
    text = workshop.label(batch, form="signed", unit=3).qr_text
    assert off_line(pack, text, services.clock()).verdict.value == "ISSUED"
    assert off_line(pack, text, services.clock() + timedelta(days=8)).verdict.value == "UNDETERMINED"
    letter = text[-60]
    changed = f"{text[:-60]}{'0' if letter != '0' else '1'}{text[-59:]}"
    assert off_line(pack, changed, services.clock()).verdict.value == "UNKNOWN"


def test_the_same_register_is_the_same_pack_and_an_hour_later_a_newer_one(inspector, workshop, services, clock):
    workshop.stamped()
    first = told(inspector)
    assert told(inspector)["number"] == first["number"]
    clock.advance(minutes=59)
    assert told(inspector)["number"] == first["number"]
    clock.advance(minutes=2)
    pack = open_whole(inspector, services)
    assert pack.header.number > first["number"] and pack.header.issued_at == services.clock()


@pytest.mark.parametrize("act", ["recall", "revoke", "suspect", "lift", "consent", "batch"])
def test_what_changes_is_in_the_next_difference(inspector, workshop, services, act):
    producer = workshop.producer(kind="household", name="Hộ Giàng", consent_on=date(2026, 1, 1))
    product = workshop.product(producer)
    batch, other = workshop.stamped(product, units=9), workshop.stamped(product)
    recall = workshop.act(recall_goods, other.id, NOTICE, units=None, actor=PRODUCER, now=services.clock())
    before = open_whole(inspector, services)
    with acting(services.engine) as session:
        if act == "recall":
            recall_goods(session, batch.id, NOTICE, units=(2, 3), actor=OFFICE, now=services.clock())
        elif act == "revoke":
            revoke_stamps(session, batch.id, units=(2, 3), reason="mất", actor=PRODUCER, now=services.clock())
        elif act == "suspect":
            session.add(Suspicion(batch_id=batch.id, unit=2, since=services.clock(), reason="x"))
        elif act == "lift":
            lift_recall(session, recall.id, actor=PRODUCER, now=services.clock())
        elif act == "consent":
            session.get(Producer, producer.id).consent_on = None
    if act == "batch":
        workshop.stamped(product)
    after = follow(inspector, services, before)
    assert after.header.number > before.header.number and after.lines != before.lines
    assert open_whole(inspector, services).lines == after.lines
    text = f"https://{HOST}{workshop.unit_path(batch, 2)}"
    said = {"recall": "RECALLED", "revoke": "REVOKED"}.get(act, "UNDETERMINED")
    assert off_line(after, text, services.clock()).verdict.value == said
    assert ("Giàng" in "".join(after.lines.values())) == (act != "consent")


def test_no_key_that_makes_serials_and_no_hidden_name_is_in_a_pack(inspector, workshop, services):
    producer = workshop.producer(kind="household", name="Hộ Kín Tiếng", phone="0912345678")
    batch = workshop.stamped(workshop.product(producer), units=9)
    workshop.act(revoke_stamps, batch.id, units=(1, 1), reason="x", actor=PRODUCER, now=services.clock())
    said = told(inspector)
    text = "".join(open_whole(inspector, services).lines.values())
    keys = stamp.serial_keys(services.key_store.current().master_keys["1"], batch.code)
    assert "Kín" not in text and "912345678" not in text
    for secret in (keys.tag, *services.key_store.current().private_keys.values(), *services.key_store.current().pack_keys.values()):
        assert secret not in inspector.get(said["whole"]).data and secret.hex() not in text
    assert parse_entry(open_whole(inspector, services).lines[batch.code]).mask_key == keys.mask


def test_an_inspector_of_a_commune_takes_its_batches_along_and_what_is_recalled_anywhere(sign_in, pack_key, workshop, services):
    own, elsewhere = (workshop.producer(province_code="15", commune_code=code) for code in ("02683", "03006"))
    mine, foreign = workshop.stamped(workshop.product(own)), workshop.stamped(workshop.product(elsewhere))
    browser, province = sign_in("inspector", "02683"), sign_in("office")
    assert set(open_whole(browser, services).lines) == {mine.code}
    number = told(province)["number"]
    assert set(open_whole(province, services).lines) == {mine.code, foreign.code}
    assert browser.get(f"/inspector/packs/{number}").status_code == 404
    workshop.act(recall_goods, foreign.id, NOTICE, units=None, actor=OFFICE, now=services.clock())
    pack = open_whole(browser, services)
    assert set(pack.lines) == {mine.code, foreign.code}
    assert off_line(pack, f"https://{HOST}/S/{foreign.code}", services.clock()).verdict.value == "RECALLED"


def test_a_download_that_broke_off_goes_on_where_it_was(inspector, workshop, services):
    workshop.stamped()
    address = told(inspector)["whole"]
    answer = inspector.get(address)
    assert answer.headers["Accept-Ranges"] == "bytes" and "Content-Encoding" not in answer.headers
    rest = inspector.client.get(
        address, base_url="https://trace.example.vn", headers={"Range": "bytes=100-", "If-Range": answer.headers["ETag"]}
    )
    assert rest.status_code == 206 and answer.data[:100] + rest.data == answer.data
    # Another file lies there by now: it comes whole.
    other = inspector.client.get(address, base_url="https://trace.example.vn", headers={"Range": "bytes=100-", "If-Range": '"another"'})
    assert other.status_code == 200 and other.data == answer.data


def test_a_difference_to_a_pack_that_is_not_kept_is_not_there(inspector, workshop, services):
    workshop.stamped()
    first = told(inspector)["number"]
    workshop.stamped()
    second = told(inspector)["number"]
    services.packs.path(first).unlink()
    for base in (first, second, second + 1, 0):
        assert inspector.get(f"/inspector/packs/{second}/since/{base}").status_code == 404


def test_packs_under_a_revoked_key_are_refused_and_not_given_out_again(inspector, workshop, services, clock):
    workshop.stamped()
    before = inspector.get(told(inspector)["whole"]).data
    folder = services.settings.keys_folder
    clock.advance(seconds=1)
    revoke_key(folder, 2, folder / ROOT_KEY, services.clock())
    assert inspector.get("/inspector/pack").status_code == 503
    new_key(folder, "pack", folder / ROOT_KEY, services.clock())
    pack = open_whole(inspector, services)
    assert pack.header.kid == 3
    with pytest.raises(PackError, match="key_file_older"):
        open_pack(before, services.key_store.current().root_public, Held(key_sequence=pack.keyring.sequence), services.clock())


def test_batches_long_past_their_day_stay_at_home(inspector, sign_in, workshop, services, clock):
    batch = workshop.stamped()
    assert batch.code in open_whole(inspector, services).lines
    clock.now = clock.now.replace(year=2028, month=12)
    assert batch.code not in open_whole(sign_in("office"), services).lines


def test_a_laptop_checks_by_a_pack(app, inspector, workshop, services, tmp_path):
    batch = workshop.batch()
    workshop.issue(batch, form="signed", units=2)
    text = workshop.label(batch, form="signed", unit=1).qr_text
    file = tmp_path / "province.pack"
    content = inspector.get(told(inspector)["whole"]).data
    file.write_bytes(content)
    run = app.test_cli_runner().invoke
    passed = run(args=["verify", text, "--offline", str(file)])
    assert passed.exit_code == 0 and passed.output.startswith("ISSUED") and "product: Gạo" in passed.output and "0 h old" in passed.output
    assert run(args=["verify", f"https://{HOST}{workshop.unit_path(batch, 1)}", "--offline", str(file)]).output.startswith("UNDETERMINED")
    other = run(args=["verify", text, "--offline", str(file), "--root-key", "00" * 32])
    assert other.exit_code != 0 and "key_file_signature" in other.output
    assert "64 hexadecimal digits" in run(args=["verify", text, "--offline", str(file), "--root-key", "abc"]).output
    file.write_bytes(content[:-1])
    assert "cut_off" in run(args=["verify", text, "--offline", str(file)]).output
