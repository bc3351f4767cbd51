"""A producer's batches: found, changed, recorded on, closed, recalled."""

import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from tests.factories import NOTICE, OFFICE, load_records, rows_in
from tests.producer.conftest import pdf, photograph
from traceability.journal.record import Record
from traceability.models import (
    AuditEntry,
    Batch,
    BatchCorrection,
    BatchInput,
    Delivery,
    Issuance,
    Membership,
    Producer,
    Product,
    Recall,
    Revocation,
    Stage,
)
from traceability.models.engine import acting, reading
from traceability.operations.register_batch import confirm
from traceability.operations.sign_in import list_sessions
from traceability.operations.withdraw import recall_goods

RECALL = {"advice": "Không ăn.", "contact": "0214 000 0000", "reason": "Hở túi."}


def lots(page: str) -> list[str]:
    return re.findall(r"<bdi>([^<]+)</bdi></a>", page)


def edit_of(lan, code: str, **fields: object) -> dict[str, object]:
    """The fields of the form for changes as a browser sends them, with some of them changed."""
    page = lan.browser.get(lan.at(code, "edit")).text
    held = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', page)) | {"package": "bag"}
    return {**{name: text for name, text in held.items() if name not in ("csrf_token", "lang")}, **fields}


def test_the_list_is_searched_sorted_and_narrowed(lan, minh, services):
    codes = [lan.batch(lot=f"SC-{number:02}", key=f"k{number}", best_before=f"2027-0{9 - number}-01") for number in (1, 2, 3)]
    minh.batch(lot="FOREIGN", key="m1")
    lan.act(codes[0], "close")
    lan.act(codes[1], "recall", **RECALL)
    listed = lambda query: lots(lan.browser.get(f"/producer/batches?lang=en&{query}").text)  # noqa: E731
    assert listed("") == ["SC-03", "SC-02", "SC-01"] and listed("sort=oldest") == listed("sort=lot") == ["SC-01", "SC-02", "SC-03"]
    assert listed("sort=best_before") == ["SC-03", "SC-02", "SC-01"]
    assert listed("search=sc-02") == listed(f"search={codes[1][:4]}+{codes[1][4:]}") == listed("state=recalled") == ["SC-02"]
    told = rows_in(lan.browser.get("/producer/lists/batches.zip?lang=en").data, "batches")
    assert [row["Lot"] for row in told] == ["SC-03", "SC-02", "SC-01"]
    assert listed("state=closed") == ["SC-01"] and listed("search=FOREIGN") == [] and listed("search=%25") == []
    assert listed("sort=nonsense&state=nonsense&page=x") == ["SC-03", "SC-02", "SC-01"]
    assert "Show all batches" in lan.browser.get("/producer/batches?lang=en&search=nothing").text
    assert "first page" in lan.browser.get("/producer/batches?lang=en&page=7").text


def test_the_list_comes_in_pages(lan, workshop, services):
    with reading(services.engine) as session:
        product = session.scalars(select(Batch.product_id)).first()
    assert product is None and "You have no batch yet" in lan.browser.get("/producer/batches?lang=en").text
    for number in range(23):
        lan.batch(lot=f"P-{number:02}", key=f"p{number}")
    first, second = (lan.browser.get(f"/producer/batches?lang=en&page={page}").text for page in (0, 1))
    told = rows_in(lan.browser.get("/producer/lists/batches.zip?lang=en&sort=oldest&search=P-1").data, "batches")
    assert [row["Lot"] for row in told] == [f"P-{number:02}" for number in range(10, 20)] and {row["State"] for row in told} == {"open"}
    assert len(list(load_workbook(io.BytesIO(lan.browser.get("/producer/lists/batches.xlsx").data)).worksheets[1].values)) == 24
    assert lan.browser.get("/producer/lists/batches.pdf").status_code == 404
    assert len(lots(first)) == 20 and lots(second) == ["P-02", "P-01", "P-00"] and "page 2 of 2" in second


def test_another_producers_batch_is_not_there(lan, minh):
    code = minh.batch(lot="FREMD")
    for page in ("", "edit", "close", "recall", "print"):
        assert lan.browser.get(lan.at(code, *([page] if page else []))).status_code == 404
    assert lan.act(code, "stages", form_at=lan.form, kind="packing").status_code == 404
    assert minh.browser.get(minh.at(code)).status_code == 200


def test_one_tap_records_a_stage_now_at_the_place_of_last_time(lan, services, clock):
    old = lan.batch(lot="A", key="a", stage=["packing"], stage_place_packing="Xưởng Bản Vược")
    code = lan.batch(lot="B", key="b")
    assert lan.act(code, "stages", kind="packing").status_code == 303
    with reading(services.engine) as session:
        stage = session.scalars(select(Stage).order_by(Stage.id.desc())).first()
        assert (stage.kind, stage.place, stage.happened_at, stage.recorded_by) == ("packing", "Xưởng Bản Vược", clock(), "Lan")
    fields = {"kind": "harvest", "day": "2026-10-02", "time": "06:30", "place": "Ruộng", "note": "sáng sớm"}
    assert lan.act(code, "stages", **fields).status_code == 303
    page = lan.browser.get(lan.at(code)).text
    assert "06:30" in page and "sáng sớm" in page and old != code
    refused = lan.act(code, "stages", kind="harvest", day="2030-01-01", place="Ruộng xa", time="", note="mai")
    assert refused.status_code == 400 and "lies ahead" in refused.text and "Ruộng xa" in refused.text
    assert lan.act(code, "stages", kind="flying").status_code == 400


def test_a_wrong_tap_is_undone_within_the_hour_and_never_once_confirmed(lan, workshop, services, clock):
    code = lan.batch(stage=["packing", "storage"])
    with reading(services.engine) as session:
        first, second = session.scalars(select(Stage.id).order_by(Stage.id)).all()
    assert lan.act(code, "stages", first, "undo").status_code == 303
    assert lan.act(code, "stages", first, "undo").status_code == 404
    workshop.act(confirm, Stage, second, actor=OFFICE, now=clock())
    assert lan.act(code, "stages", second, "undo").status_code == 400
    lan.act(code, "stages", kind="packing")
    clock.advance(hours=2)
    with reading(services.engine) as session:
        third = session.scalars(select(Stage.id).order_by(Stage.id.desc())).first()
    assert lan.act(code, "stages", third, "undo").status_code == 400


def test_deliveries_and_inputs_are_one_line_each(lan, services):
    source, code = lan.batch(lot="RAW", key="r"), lan.batch(lot="B", key="b")
    assert lan.act(code, "deliveries", recipient="Chợ Cốc Lếu", delivered_on="2026-10-08", quantity="40").status_code == 303
    assert lan.act(code, "inputs", what="Thóc", supplier=f"{source[:4]}-{source[4:8]} {source[8:]}", amount="120").status_code == 303
    assert lan.act(code, "inputs", what="Túi", supplier="Công ty Bao bì", amount="", amount_unit="kg").status_code == 303
    with reading(services.engine) as session:
        assert session.scalars(select(Delivery)).one().quantity == 40
        own, bought = session.scalars(select(BatchInput).order_by(BatchInput.id)).all()
        assert own.supplier is None and own.input_batch_id is not None and bought.supplier == "Công ty Bao bì"
    bad = lan.act(code, "deliveries", recipient="Siêu thị", delivered_on="2026-10-08", first_unit="1", last_unit="5")
    assert bad.status_code == 400 and 'value="Siêu thị"' in bad.text
    assert lan.act(source, "inputs", what="Gạo", supplier=code).status_code == 400


def test_files_can_be_put_to_a_batch_later(lan, services):
    code = lan.batch()
    files = {"photograph": (io.BytesIO(photograph()), "a.jpg"), "report": (io.BytesIO(pdf()), "b.pdf"), "title": "Phiếu 12"}
    assert lan.act(code, "files", **files).status_code == 303
    page = lan.browser.get(lan.at(code)).text
    assert "Phiếu 12" in page and "/picture/" in page
    bad = lan.act(code, "files", report=(io.BytesIO(b"MZ" + bytes(100)), "b.pdf"), title="Phiếu 13")
    assert bad.status_code == 400 and "Phiếu 13" in bad.text


def test_the_second_of_two_who_edit_is_shown_what_changed_and_loses_nothing(lan, colleague, services):
    code = lan.batch(place="Bản Xèo", quantity="100")
    mine, theirs = edit_of(lan, code, quantity="120"), edit_of(colleague, code, place="Mường Vi")
    assert lan.act(code, "edit", form_at=lan.at(code, "edit"), **mine).status_code == 303
    answer = colleague.act(code, "edit", form_at=lan.at(code, "edit"), **theirs)
    assert answer.status_code == 409 and "Somebody changed this batch meanwhile" in answer.text
    assert re.search(r"Number of packs</th><td>100</td><td>120</td><td>100</td>", answer.text), answer.text
    assert 'value="Mường Vi"' in answer.text and re.search(r"by Lan \(account \d+\)", answer.text)
    with reading(services.engine) as session:
        batch = session.scalars(select(Batch)).one()
        assert (batch.quantity, batch.place, batch.unit_limit) == (120, "Bản Xèo", 126)
    held = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', answer.text)) | {"package": "bag", "quantity": "120"}
    held.pop("csrf_token")
    assert colleague.act(code, "edit", form_at=lan.at(code, "edit"), **held).status_code == 303
    with reading(services.engine) as session:
        batch = session.scalars(select(Batch)).one()
        assert (batch.quantity, batch.place, batch.version) == (120, "Mường Vi", 3)


def test_what_stamps_claim_is_corrected_and_not_changed(lan, services):
    code = lan.batch(best_before="2027-10-06")
    stale = edit_of(lan, code, quantity="7")
    lan.act(code, "print", form_at=lan.at(code, "print"), count="3", scope="unit", key="p1")
    assert lan.act(code, "edit", form_at=lan.at(code, "edit"), **stale).status_code == 400
    at = lan.at(code, "edit")
    assert "A correction is added" in lan.browser.get(at).text
    bad = lan.act(code, "corrections", form_at=at, field="best_before", value="2027-09-01", reason=" ")
    assert bad.status_code == 400 and 'value="2027-09-01"' in bad.text
    assert lan.act(code, "corrections", form_at=at, field="best_before", value="2027-09-01", reason="in nhầm").status_code == 303
    assert "in nhầm" in lan.browser.get(lan.at(code)).text


def test_closing_asks_how_many_labels_were_used_and_cancels_the_rest(lan, services, workshop):
    code = lan.batch(quantity="50")
    lan.act(code, "print", form_at=lan.at(code, "print"), count="50", scope="unit", key="p1")
    at = lan.at(code, "close")
    for wrong in ("51", "-1", "x", ""):
        answer = lan.act(code, "close", form_at=at, used=wrong)
        assert answer.status_code == 400, wrong
    assert lan.act(code, "close", form_at=at, used="46").status_code == 303
    with reading(services.engine) as session:
        row = session.scalars(select(Revocation)).one()
        assert (row.first_unit, row.last_unit) == (47, 50)
        batch = session.scalars(select(Batch)).one()
        assert batch.state == "closed"
    public = lan.browser.client.get(workshop.unit_path(batch, 47) + "?lang=en").text
    assert "This stamp was cancelled" in public
    assert lan.act(code, "print", form_at=lan.at(code), count="1", key="p2").status_code == 400
    assert lan.act(code, "close", form_at=lan.at(code), used="46").status_code == 400
    assert lan.act(code, "reopen").status_code == 303
    assert "This stamp was cancelled" in lan.browser.client.get(workshop.unit_path(batch, 47) + "?lang=en").text


def test_a_recall_is_asked_once_and_its_lifting_stays_visible(lan, services, workshop):
    code = lan.batch()
    lan.act(code, "print", form_at=lan.at(code, "print"), count="10", scope="batch", key="p1")
    asked = lan.browser.get(lan.at(code, "recall")).text
    assert "What will happen" in asked and "never disappears" in asked
    assert lan.act(code, "recall", form_at=lan.at(code, "recall"), **{**RECALL, "reason": ""}).status_code == 400
    for _press in range(2):
        assert lan.act(code, "recall", form_at=lan.at(code, "recall"), **RECALL).status_code == 303
    with reading(services.engine) as session:
        row = session.scalars(select(Recall)).one()
        assert (row.recalled_role, row.recalled_by, row.reason) == ("producer", "Lan", "Hở túi.")
    assert "Recalled" in lan.browser.client.get(f"/S/{code}?lang=en").text
    assert lan.act(code, "recalls", row.id, "lift").status_code == 303
    page = lan.browser.get(lan.at(code)).text
    assert "A recall that was lifted" in page and "Both stay visible" in page
    assert "A recall that was lifted" in page and lots(lan.browser.get("/producer/batches?lang=en&state=recalled").text) == []


def test_what_an_authority_recalled_a_producer_cannot_lift_nor_anothers_recall(lan, minh, services, workshop):
    code, foreign = lan.batch(), minh.batch(lot="M")
    with reading(services.engine) as session:
        ids = dict(session.execute(select(Batch.code, Batch.id)).all())
    ordered = workshop.act(recall_goods, ids[code], NOTICE, units=None, actor=OFFICE, now=services.clock())
    other = workshop.act(recall_goods, ids[foreign], NOTICE, units=None, actor=OFFICE, now=services.clock())
    assert lan.act(code, "recalls", ordered.id, "lift").status_code == 400
    assert lan.act(code, "recalls", other.id, "lift").status_code == 404
    with reading(services.engine) as session:
        assert all(row.lifted_at is None for row in session.scalars(select(Recall)))


@pytest.mark.parametrize(("days", "bars"), [(0, 1), (30, 31), (40, 6), (400, 14)])
def test_scans_are_drawn_over_time_with_their_table(lan, services, clock, days, bars):
    code = lan.batch()
    with reading(services.engine) as session:
        key = session.scalars(select(Batch.id)).one()
    moments = [clock() - timedelta(days=ago) for ago in (days, days, 0)]
    load_records(
        services,
        [
            Record(key, 0, "house", "ISSUED", "person", number.to_bytes(16), int(at.timestamp() * 1_000_000))
            for number, at in enumerate(moments)
        ],
    )
    page = lan.browser.get(lan.at(code)).text
    assert page.count("<rect") == bars
    figures = [int(found) for found in re.findall(r'<td class="number">(\d+)</td></tr>', page)]
    assert len(figures) == bars and sum(figures) == 3 and figures[-1] == (3 if bars == 1 else 1)


def test_consent_that_is_withdrawn_hides_the_persons_data_on_the_next_request(lan, services, clock):
    with acting(services.engine) as session:
        producer = session.get(Producer, lan.producer_id)
        producer.kind, producer.name, producer.phone, producer.consent_on = "household", "Sùng A Páo", "0987 654 321", clock().date()
    code = lan.batch()
    lan.act(code, "print", form_at=lan.at(code, "print"), count="2", scope="batch", key="p1")
    assert "Sùng A Páo" in lan.browser.client.get(f"/S/{code}").text
    with acting(services.engine) as session:
        session.get(Producer, lan.producer_id).consent_on = None
    page = lan.browser.client.get(f"/S/{code}").text
    assert "Sùng A Páo" not in page and "0987" not in page


def test_every_act_is_on_record_with_its_word_who_and_session(lan, services):
    code = lan.batch()
    lan.act(code, "stages", kind="packing")
    lan.act(code, "print", form_at=lan.at(code, "print"), count="2", scope="unit", key="p1")
    lan.act(code, "close", form_at=lan.at(code, "close"), used="1")
    lan.act(code, "recall", form_at=lan.at(code, "recall"), **RECALL)
    with reading(services.engine) as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.role == "producer")).all()
    assert {"register_batch", "record_stage", "issue_and_print", "close_batch", "recall_goods"} <= {row.act for row in rows}
    assert {row.actor for row in rows} == {f"Lan (account {lan.account_id})"} and all(row.session_ref for row in rows)


def test_a_member_who_is_removed_is_out_at_once_whatever_is_open(lan, services):
    code = lan.batch()
    with acting(services.engine) as session:
        session.scalars(select(Membership).where(Membership.account_id == lan.account_id)).one().ended_at = services.clock()
    assert lan.browser.get(lan.at(code)).status_code == 404
    with reading(services.engine) as session:
        assert session.scalars(select(Issuance)).all() == []


def test_closing_again_counts_only_labels_that_are_not_cancelled(lan, services):
    code = lan.batch(quantity="100")
    printing, closing = lan.at(code, "print"), lan.at(code, "close")
    lan.act(code, "print", form_at=printing, count="60", scope="unit", key="p1")
    lan.act(code, "close", form_at=closing, used="50")
    lan.act(code, "reopen")
    lan.act(code, "print", form_at=printing, count="20", key="p2")
    assert "How many of the 70 issued labels were used?" in lan.browser.get(closing).text
    assert lan.act(code, "close", form_at=closing, used="68").status_code == 303
    with reading(services.engine) as session:
        rows = session.scalars(select(Revocation).order_by(Revocation.id)).all()
        assert [(row.first_unit, row.last_unit) for row in rows] == [(51, 60), (79, 80)]


@pytest.mark.parametrize(("first", "last"), [("", "5"), ("2", "")])
def test_half_a_range_is_never_taken_for_a_whole_one(lan, services, first, last):
    code = lan.batch()
    lan.act(code, "print", form_at=lan.at(code, "print"), count="10", scope="unit", key="p1")
    half = {"first_unit": first, "last_unit": last}
    told = "both the first and the last unit"
    assert told in lan.act(code, "recall", form_at=lan.at(code, "recall"), **RECALL, **half).text
    assert told in lan.act(code, "deliveries", recipient="x", delivered_on="2026-10-08", **half).text
    again = lan.act(code, "print", "again", form_at=lan.at(code, "print"), again_key="a", reason="x", **half)
    assert told in again.text
    with reading(services.engine) as session:
        assert not session.scalars(select(Recall)).all() and not session.scalars(select(Delivery)).all()


def test_each_small_form_pressed_twice_counts_once_and_changed_counts_again(lan, services):
    code = lan.batch()
    lan.act(code, "print", form_at=lan.at(code, "print"), count="10", scope="unit", key="p1")
    for table, path, fields, other in (
        (Stage, "stages", {"kind": "packing"}, {"kind": "storage"}),
        (Delivery, "deliveries", {"recipient": "A", "delivered_on": "2026-10-08"}, {"recipient": "B"}),
        (BatchInput, "inputs", {"what": "Túi", "supplier": "C"}, {"what": "Hộp"}),
        (BatchCorrection, "corrections", {"field": "place", "value": "Sa Pả", "reason": "nhầm"}, {"value": "Tả Phìn"}),
    ):
        for sent in (fields, fields, {**fields, **other}):
            assert lan.act(code, path, key="one-page", **sent).status_code == 303
        with reading(services.engine) as session:
            assert len(session.scalars(select(table)).all()) == 2, path
    for _press in range(2):
        assert lan.act(code, "close", form_at=lan.at(code, "close"), used="9", key="closing").status_code == 303


def test_the_same_changes_sent_twice_are_no_conflict_with_oneself(lan):
    code = lan.batch()
    mine = edit_of(lan, code, quantity="120")
    for _press in range(2):
        assert lan.act(code, "edit", form_at=lan.at(code, "edit"), **mine).status_code == 303


def test_writing_over_a_conflict_leaves_alone_what_one_did_not_touch(lan, colleague, services):
    code = lan.batch()
    mine, theirs = edit_of(lan, code, place="Mường Vi"), edit_of(colleague, code, quantity="120")
    lan.act(code, "edit", form_at=lan.at(code, "edit"), **mine)
    answer = colleague.act(code, "edit", form_at=lan.at(code, "edit"), **theirs)
    assert answer.status_code == 409 and 'name="place" value="Mường Vi"' in answer.text
    assert 'name="quantity" value="120"' in answer.text


def test_packing_cannot_be_moved_before_the_right_to_the_indication(lan, workshop, services):
    with reading(services.engine) as session:
        product = session.get(Product, lan.product_id)
    indication = workshop.indication()
    workshop.use_right(product, indication)
    code = lan.batch(indication=str(indication.id))
    answer = lan.act(code, "edit", form_at=lan.at(code, "edit"), **edit_of(lan, code, packed_on="2025-06-01"))
    assert answer.status_code == 400 and "no right to use" in answer.text


def test_a_small_form_sent_after_the_session_ended_comes_back_with_words(lan, services):
    code = lan.batch()
    token = re.search(r'name="csrf_token" value="([^"]+)"', lan.browser.get(lan.at(code)).text)[1]
    with reading(services.engine) as session:
        number = list_sessions(session, lan.account_id)[0].id
    lan.browser.post(f"/account/sessions/{number}/end", "/account")
    fields = {"csrf_token": token, "recipient": "Chợ Cốc Lếu", "delivered_on": "2026-10-08"}
    lan.browser.client.post(lan.at(code, "deliveries"), data=fields, base_url="https://trace.example.vn")
    page = lan.browser.get(lan.browser.sign_in("lan").location + "?lang=en").text
    assert 'value="Chợ Cốc Lếu"' in page and "You were signed out meanwhile" in page
