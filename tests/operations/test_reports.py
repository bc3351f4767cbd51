"""What people report about stamps."""

from dataclasses import replace

from sqlalchemy import func, select

from tests.factories import overlapping, refused
from traceability.domain import base32
from traceability.models import ConsumerReport
from traceability.models.engine import acting, reading
from traceability.operations.list_reports import latest_reports
from traceability.operations.report_odd import NewReport, report_odd
from traceability.operations.scan import look_up, parse_unverified_path

ENTRY = NewReport("/S/XX", "other", "Hộp bị mở.", "Chợ Cốc Lếu", "key-1")


def sending(workshop, entry, visitor=b"v" * 16):
    def act(session):
        read = parse_unverified_path(entry.stamp_text)
        found = look_up(session, read, keys=workshop.services.scan_keys, language="vi", now=workshop.now)
        return report_odd(session, entry, found, visitor=visitor, now=workshop.now)

    return act


def send(workshop, visitor=b"v" * 16, **entry):
    with acting(workshop.services.engine) as session:
        return sending(workshop, replace(ENTRY, **entry), visitor)(session)


def count(workshop) -> int:
    with reading(workshop.services.engine) as session:
        return session.scalar(select(func.count(ConsumerReport.id)))


def test_a_report_keeps_the_stamp_its_verdict_and_the_words(workshop):
    batch = workshop.stamped(units=3)
    row = send(workshop, stamp_text=workshop.path(batch, unit=2).lower().replace("/s/", "/S/"), words="  x ", place=" Chợ ")
    assert (row.batch_id, row.unit, row.verdict, row.words, row.place) == (batch.id, 2, "ISSUED", "x", "Chợ")
    assert row.stamp_text == workshop.path(batch, unit=2)


def test_the_same_key_is_stored_once(workshop):
    first = send(workshop)
    assert send(workshop, words="Lần nữa.").id == first.id
    assert count(workshop) == 1 and send(workshop, idempotency_key="key-2").id != first.id


def test_a_button_that_is_pressed_twice_at_once_stores_one_report(workshop):
    first, second = (sending(workshop, ENTRY) for _ in range(2))
    one, again = overlapping(workshop.services.engine, first, second)
    assert isinstance(again, ConsumerReport) and one.id == again.id
    assert count(workshop) == 1


def test_an_address_sends_at_most_30_reports_an_hour(workshop, clock):
    for number in range(30):
        send(workshop, idempotency_key=f"key-{number}")
    with refused("report_flood"):
        send(workshop, idempotency_key="one-more")
    assert send(workshop, idempotency_key="key-3").id == 4
    send(workshop, b"w" * 16, idempotency_key="another-visitor")
    clock.advance(hours=1)
    send(workshop, idempotency_key="later")
    assert count(workshop) == 32


def test_words_are_at_most_1000_characters(workshop):
    with refused("report_long"):
        send(workshop, words="ế" * 1001)
    assert len(send(workshop, words=" " + "ế" * 1000 + " ").words) == 1000


def test_a_report_has_a_kind_and_other_needs_words(workshop):
    for kind in ("", "spam"):
        with refused("report_kind"):
            send(workshop, kind=kind)
    with refused("report_empty"):
        send(workshop, words=" \n")
    assert send(workshop, kind="pack_opened", words="").words == ""


def test_zero_characters_are_stored_as_a_sign_that_they_were_there(workshop):
    row = send(workshop, stamp_text="/S/\0X", words="a\0b", place="c\0d", idempotency_key="e\0f")
    assert (row.stamp_text, row.words, row.place) == ("/S/\ufffdX", "a\ufffdb", "c\ufffdd")
    assert send(workshop, idempotency_key="e\0f").id == row.id


def test_what_is_no_stamp_is_kept_in_its_first_300_characters(workshop):
    for number, text in enumerate(("X" * 2048, "/S/" + "ế" * 400, "😀" * 301)):
        row = send(workshop, stamp_text=text, idempotency_key=str(number))
        assert (row.stamp_text, row.verdict, row.batch_id) == (text[:300], "MALFORMED", None)


def test_a_place_is_kept_in_its_first_200_characters(workshop):
    assert send(workshop, place="x" * 300).place == "x" * 200
    assert send(workshop, place="  ", idempotency_key="key-2").place is None


def test_a_report_about_a_stamp_that_we_never_issued_is_stored_too(workshop):
    assert send(workshop, stamp_text="/S/" + base32.with_check(123456789)).verdict == "UNKNOWN"


def test_reports_are_listed_newest_first(workshop, clock):
    for number in range(3):
        send(workshop, idempotency_key=str(number))
        clock.advance(minutes=1)
    with reading(workshop.services.engine) as session:
        assert [row.id for row in latest_reports(session, most=2)] == [3, 2]
