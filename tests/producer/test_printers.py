"""A producer's printers: added, measured by a photograph of their test page, corrected, removed."""

import io
import re
from functools import cache

import pypdfium2
import pytest
from flask_babel import force_locale
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from tests.factories import refused
from tests.labels.proof_scenes import Print, Shot, as_jpeg, take
from tests.producer.conftest import Member, photograph
from traceability.domain.accounts import Principal
from traceability.labels.correction import Correction
from traceability.labels.proof_result import UNREADABLE, ProofMeasure
from traceability.models import AuditEntry, Printer
from traceability.models.engine import reading
from traceability.operations.printers import (
    LONGEST_NAME,
    MOST_PRINTERS,
    add_printer,
    find_printer,
    forget_correction,
    keep_correction,
    list_printers,
    remove_printer,
)
from traceability.web.printers import _unreadable
from traceability.web.proof_words import word_proof
from traceability.wording import refusals

LIST = "/producer/printers?lang=en"


@cache
def shot(scale: float = 1.004, right_mm: float = 2.1, cut: int = 0) -> bytes:
    shift = ((1 - scale) * 105 + right_mm, (1 - scale) * 148.5)
    return as_jpeg(take(Print(scale, scale, *shift), Shot((960, 1280), roll=2, tilt=5))[cut:])


def add(who: Member, name: str = "Máy in la-de") -> str:
    answer = who.browser.post(LIST, name=name)
    assert answer.status_code == 303, answer.text
    return answer.location.split("?")[0]


def send(who: Member, page: str, content: bytes):
    return who.browser.post(f"{page}/measure?lang=en", f"{page}?lang=en", picture=(io.BytesIO(content), "anh.jpg"))


def do(who: Member, page: str, act: str):
    return who.browser.post(f"{page}/{act}?lang=en", f"{page}?lang=en")


def stored(workshop) -> Printer:
    with reading(workshop.services.engine) as session:
        return session.scalars(select(Printer)).one()


def test_a_printer_is_measured_and_its_correction_kept_and_forgotten(lan, workshop):
    assert "no printer here yet" in lan.browser.get(LIST).text
    page = add(lan)
    answer = send(lan, page, shot())
    assert answer.status_code == 303 and answer.location.endswith("#result")
    shown = lan.browser.get(f"{page}?lang=en").text
    assert "Everything lies 2.1 mm too far to the right." in shown and "100.4%" in shown
    assert do(lan, page, "keep").status_code == 303
    row = stored(workshop)
    assert (row.scale_x, row.scale_y) == pytest.approx((1.004, 1.004), abs=0.001)
    assert (row.shift_x_mm, row.shift_y_mm) == pytest.approx((1.68, -0.59), abs=0.15)
    assert (row.measured_at, row.measured_by, row.account_id) == (workshop.now, "Lan", lan.account_id)
    shown = lan.browser.get(f"{page}?lang=en").text
    assert "The correction is kept" in shown and "by Lan" in shown and 'id="result"' not in shown
    assert "corrected, measured on" in lan.browser.get(LIST).text
    assert do(lan, page, "forget").status_code == 303
    row = stored(workshop)
    assert (row.scale_x, row.scale_y, row.shift_x_mm, row.shift_y_mm, row.measured_at, row.account_id) == (1, 1, 0, 0, None, None)


def test_a_dialogue_that_scaled_is_named_and_what_to_choose(lan):
    page = add(lan)
    send(lan, page, shot(0.97, 0))
    shown = lan.browser.get(f"{page}?lang=en").text
    assert "Your print dialogue scaled to 97%: choose 100% or “actual size”, and print the test page again." in shown


def test_a_discarded_result_is_gone_and_the_kept_correction_stays(lan, workshop):
    page = add(lan)
    send(lan, page, shot())
    do(lan, page, "keep")
    kept = stored(workshop).scale_x
    send(lan, page, shot(0.97, 0))
    assert do(lan, page, "discard").status_code == 303
    assert "scaled to 97%" not in lan.browser.get(f"{page}?lang=en").text and stored(workshop).scale_x == kept
    answer = do(lan, page, "keep")
    assert answer.status_code == 400 and "Send the picture again" in answer.text


def test_a_result_is_kept_for_the_printer_that_was_measured_and_no_other(lan, workshop):
    page, other = add(lan), add(lan, "Máy in khác")
    send(lan, page, shot())
    assert do(lan, other, "keep").status_code == 400
    assert 'id="result"' not in lan.browser.get(f"{other}?lang=en").text


def test_what_is_too_far_off_cannot_be_kept(lan, workshop):
    page = add(lan)
    send(lan, page, shot(0.8, 0))
    shown = lan.browser.get(f"{page}?lang=en").text
    assert "scaled to 80%" in shown and "/keep" not in shown
    answer = do(lan, page, "keep")
    assert answer.status_code == 400 and "more than can be corrected" in answer.text
    assert stored(workshop).measured_at is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: shot(cut=140), "Not all four edges of the paper"),
        (photograph, "picture is blurred"),
        (lambda: b"no picture", "not a picture that we can read"),
        (lambda: b"", "not a picture that we can read"),
    ],
    ids=["a cut edge", "no page", "no picture", "nothing"],
)
def test_a_picture_that_cannot_be_measured_says_why(lan, content, words):
    page = add(lan)
    answer = send(lan, page, content())
    assert answer.status_code == 400 and words in answer.text


def test_a_form_without_a_picture_asks_for_one(lan):
    page = add(lan)
    answer = lan.browser.post(f"{page}/measure?lang=en", f"{page}?lang=en")
    assert answer.status_code == 400 and "Choose a picture first" in answer.text


def test_the_test_page_bears_the_printers_name(lan):
    page = add(lan, "Máy ở Mường Khương")
    answer = lan.browser.get(f"{page}/proof.pdf")
    assert answer.mimetype == "application/pdf" and "attachment" in answer.headers["Content-Disposition"]
    with pypdfium2.PdfDocument(answer.data) as document:
        assert "Máy ở Mường Khương" in document[0].get_textpage().get_text_range()


def test_another_producers_printer_is_not_there(lan, minh, workshop):
    page = add(lan)
    assert minh.browser.get(page).status_code == 404 and minh.browser.get(f"{page}/proof.pdf").status_code == 404
    token = re.search(r'name="csrf_token" value="([^"]+)"', minh.browser.get(LIST).text)[1]
    for act in ("measure", "keep", "discard", "forget", "remove"):
        answer = minh.browser.client.post(f"{page}/{act}", data={"csrf_token": token}, base_url="https://trace.example.vn")
        assert answer.status_code == 404, act
    assert "Máy in la-de" not in minh.browser.get(LIST).text and stored(workshop).name == "Máy in la-de"


def test_a_removed_printer_is_gone(lan, colleague):
    page = add(lan)
    assert do(colleague, page, "remove").status_code == 303
    assert lan.browser.get(page).status_code == 404
    assert "The printer is removed" in colleague.browser.get(LIST).text


@pytest.mark.parametrize(
    ("name", "words"), [("  ", "Write a name"), ("Máy  in la-de ", "of this name already"), ("x" * 81, "81 characters")]
)
def test_a_name_that_does_not_do_is_refused_and_shown_again(lan, name, words):
    add(lan)
    answer = lan.browser.post(LIST, name=name)
    assert answer.status_code == 400 and words in answer.text


def principal(producer) -> Principal:
    return Principal(1, "Lan", producers={producer.id: "member"})


def test_printers_are_listed_for_their_producers_alone(workshop):
    one, other = workshop.producer(name="A"), workshop.producer(name="B")
    for producer, name in ((other, "b"), (one, "z"), (one, "a")):
        workshop.act(add_printer, producer.id, name, by=principal(producer), now=workshop.now)
    rows, producers = workshop.act(list_printers, frozenset({one.id, other.id}))
    assert [row.name for row in rows] == ["a", "z", "b"] and producers == [(one.id, "A"), (other.id, "B")]
    assert [row.name for row in workshop.act(list_printers, frozenset({other.id}))[0]] == ["b"]
    with refused("printer_missing"):
        workshop.act(find_printer, rows[0].id, frozenset({other.id}))
    with refused("producer_missing"):
        workshop.act(add_printer, one.id, "x", by=principal(other), now=workshop.now)


def test_the_same_name_may_stand_with_two_producers_but_not_twice_with_one(workshop):
    one, other = workshop.producer(), workshop.producer()
    workshop.act(add_printer, one.id, "x" * LONGEST_NAME, by=principal(one), now=workshop.now)
    workshop.act(add_printer, other.id, "x" * LONGEST_NAME, by=principal(other), now=workshop.now)
    with refused("printer_name_taken"):
        workshop.act(lambda session: session.add(Printer(producer_id=one.id, name="x" * LONGEST_NAME, added_at=workshop.now)))


def test_a_producer_has_at_most_so_many_printers(workshop):
    producer = workshop.producer()
    for number in range(MOST_PRINTERS):
        workshop.act(add_printer, producer.id, str(number), by=principal(producer), now=workshop.now)
    with refused("printers_many"):
        workshop.act(add_printer, producer.id, "one more", by=principal(producer), now=workshop.now)


@pytest.mark.parametrize(
    "columns",
    ["name = ''", "scale_x = 0.89", "scale_y = 1.11", "shift_x_mm = 10.1", "shift_y_mm = -10.1", "measured_by = 'x'", "scale_x = 1.01"],
)
def test_the_database_refuses_what_no_printer_can_be(workshop, columns):
    producer = workshop.producer()
    workshop.act(add_printer, producer.id, "x", by=principal(producer), now=workshop.now)
    with pytest.raises(IntegrityError), workshop.services.engine.begin() as connection:
        connection.execute(text(f"UPDATE printer SET {columns}"))


def test_each_act_leaves_its_row_in_the_trail(lan, workshop):
    page = add(lan)
    send(lan, page, shot())
    for act in ("keep", "forget", "remove"):
        assert do(lan, page, act).status_code == 303
    with reading(workshop.services.engine) as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.object_kind == "printer").order_by(AuditEntry.id)).all()
    assert [row.act for row in rows] == ["add_printer", "keep_correction", "forget_correction", "remove_printer"]


def test_operations_on_a_printer_that_is_gone_say_so(workshop):
    producer = workshop.producer()
    for operation in (forget_correction, remove_printer):
        with refused("printer_missing"):
            workshop.act(operation, 1, by=principal(producer))
    with refused("printer_missing"):
        workshop.act(keep_correction, 1, Correction(), by=principal(producer), now=workshop.now)


def test_every_reason_why_a_picture_cannot_be_measured_has_words(app):
    with app.test_request_context(), force_locale("en"):
        assert {_unreadable(code).code for code in UNREADABLE} <= set(refusals())


def words(scale_x=1.0, scale_y=1.0, right_mm=0.0, down_mm=0.0, turned=0.0):
    shifts = ((1 - scale_x) * 105 + right_mm, (1 - scale_y) * 148.5 + down_mm)
    return word_proof(ProofMeasure(scale_x, scale_y, *shifts, turned, 0.01, 5.0))


@pytest.mark.parametrize(
    ("measured", "tone", "keepable", "told"),
    [
        ({}, "ok", False, "nothing to correct"),
        ({"scale_x": 0.971, "scale_y": 0.971}, "warn", True, "scaled to 97.1%: choose 100% or “actual size”"),
        ({"scale_x": 1.03, "scale_y": 1.03}, "warn", True, "scaled to 103%"),
        ({"scale_x": 0.707, "scale_y": 0.707}, "bad", False, "scaled to 70.7%"),
        ({"scale_x": 1.005, "scale_y": 1.005}, "warn", True, "width at 100.5% and the height at 100.5%"),
        ({"scale_x": 0.9727, "scale_y": 1.063}, "warn", True, "Is the paper A4"),
        ({"right_mm": 2.1}, "warn", True, "2.1 mm too far to the right"),
        ({"right_mm": -0.4, "down_mm": 1.0}, "warn", True, "0.4 mm too far to the left. Everything lies 1.0 mm too low"),
        ({"down_mm": -3}, "warn", True, "3.0 mm too high"),
        ({"down_mm": -12}, "bad", False, "more than can be corrected"),
        ({"turned": -0.5}, "warn", False, "turned by 0.5 degrees"),
    ],
)
def test_what_was_measured_is_said_in_plain_words(app, measured, tone, keepable, told):
    with app.test_request_context(), force_locale("en"):
        said = words(**measured)
    assert (said.tone, said.keepable) == (tone, keepable) and told in " ".join(said.sentences)
