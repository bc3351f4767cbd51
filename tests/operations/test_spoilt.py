"""Spoilt labels are cancelled by the codes on them: all of a list, or none."""

import pytest
from sqlalchemy import select

from tests.factories import GTIN, HOST, PRODUCER, refused
from traceability.domain import base32
from traceability.domain.errors import KeyFileError, NotFound, Refused
from traceability.models import Revocation
from traceability.models.engine import reading
from traceability.operations.print_labels import PrintKeys
from traceability.operations.spoilt import MOST_CODES, cancel_spoilt
from traceability.operations.withdraw import revoke_stamps


@pytest.fixture
def batch(workshop):
    return workshop.stamped(workshop.product(gtin=GTIN), units=20)


@pytest.fixture
def cancel(workshop, services):
    store = services.key_store.current()

    def act(batch, *lines, reason="kẹt giấy", keys=None):
        options = {"hosts": (HOST,), "test_mode": False, "keys": keys or PrintKeys(store.master_keys, store.private_keys)}
        return workshop.act(cancel_spoilt, batch.id, "\n".join(lines), reason, **options, actor=PRODUCER, now=workshop.now)

    return act


def cancelled(services) -> list[tuple[int | None, int | None]]:
    with reading(services.engine) as session:
        return [(row.first_unit, row.last_unit) for row in session.scalars(select(Revocation).order_by(Revocation.first_unit))]


@pytest.fixture
def code(workshop, batch):
    return lambda unit: workshop.unit_path(batch, unit).removeprefix("/S/")


@pytest.fixture
def ways(code):
    """One unit's code in every way in which it may be typed or scanned."""

    def of(unit: int) -> list[str]:
        whole = code(unit)
        serial = whole[12:]
        loose = serial.lower().replace("0", "o").replace("1", "l")
        typed = [serial, loose, f" {serial[:4]} {serial[4:8]} - {serial[8:]} ", whole, whole.lower(), base32.grouped(whole)]
        addresses = [f"https://{HOST}/S/{whole}", f"https://{HOST.lower()}/S/{whole}?x=1", f"/S/{whole}"]
        return [*typed, *addresses]

    return of


def test_a_code_may_be_typed_or_scanned_in_any_way(services, batch, cancel, ways):
    lines = ways(3)
    for unit, line in enumerate(lines, start=1):
        cancel(batch, ways(unit)[unit - 1])
        assert (unit, unit) in cancelled(services), line


def test_the_forms_with_gtin_and_with_a_signature_name_their_unit(workshop, services, cancel):
    product = workshop.product(gtin=GTIN)
    for form, lot in (("gs1", "A-1"), ("signed", "B-2")):
        made = workshop.stamped(product, form=form, units=3, lot=lot)
        cancel(made, f"https://{HOST}{workshop.path(made, form=form, unit=2)}")
    assert cancelled(services) == [(2, 2), (2, 2)]


def test_neighbours_are_one_range_and_doubles_count_once(services, batch, cancel, code):
    cancel(batch, code(5), code(3), "", code(4).lower(), code(5), code(9))
    assert cancelled(services) == [(3, 5), (9, 9)]


def test_what_was_cancelled_before_is_not_cancelled_again(workshop, services, batch, cancel, code):
    workshop.act(revoke_stamps, batch.id, units=(4, 6), reason="x", actor=PRODUCER, now=workshop.now)
    cancel(batch, *[code(unit) for unit in (3, 4, 5, 6, 7)])
    assert cancelled(services) == [(3, 3), (4, 6), (7, 7)]
    with refused("units_cancelled_all"):
        cancel(batch, code(5), code(3))


def strange_lines(workshop, batch, code) -> dict[str, str]:
    other, house = workshop.stamped(units=20), code(2)
    wrong = house[:-1] + ("0" if house[-1] != "0" else "1")
    return {
        "another batch": workshop.unit_path(other, 1).removeprefix("/S/"),
        "the serial of another batch": workshop.unit_path(other, 1)[-12:],
        "the batch alone": batch.code,
        "the batch's address": f"https://{HOST}/S/{batch.code}",
        "another host": f"https://EVIL.EXAMPLE.VN/S/{house}",
        "no https": f"http://{HOST}/S/{house}",
        "a wrong check character": wrong,
        "a wrong check character, serial alone": wrong[12:],
        "half a code": house[:20],
        "never issued": code(21),
        "a unit far beyond the batch": code(16_000_000),
        "another product": f"https://{HOST}/01/09521234500025/10/L/21/{house[12:]}",
        "another lot": f"https://{HOST}/01/{GTIN}/10/OTHER/21/{house[12:]}",
        "nonsense": "xin chào",
        "letters of no code": "u" * 12,
        "long": "7" * 5000,
        "digits of other scripts": "١" * 12,
    }


def test_one_strange_line_stops_all_and_is_told(workshop, services, batch, cancel, code):
    for name, line in strange_lines(workshop, batch, code).items():
        with pytest.raises(Refused) as caught:
            cancel(batch, code(1), line, code(2))
        assert caught.value.code == "spoilt_strange" and line[:60] in caught.value.facts["lines"], name
    assert cancelled(services) == []


@pytest.mark.parametrize("text", ["", " \n\t\n", "\x00"])
def test_a_list_of_nothing_cancels_nothing(services, batch, cancel, text):
    with pytest.raises(Refused) as caught:
        cancel(batch, text)
    assert caught.value.code in ("spoilt_none", "spoilt_strange") and cancelled(services) == []


def test_a_reason_is_needed_and_a_list_has_an_end(services, batch, cancel, code):
    with refused("reason_empty"):
        cancel(batch, code(1), reason=" ")
    with refused("spoilt_many"):
        cancel(batch, *[code(1)] * (MOST_CODES + 1))
    cancel(batch, *[code(1)] * MOST_CODES)
    assert cancelled(services) == [(1, 1)]


def test_a_batch_of_one_code_one_that_is_missing_and_a_key_that_is_missing(workshop, batch, cancel, code):
    whole = workshop.stamped()
    with refused("scope_fixed"):
        cancel(whole, whole.code)
    with pytest.raises(KeyFileError):
        cancel(batch, code(1), keys=PrintKeys({}, {}))
    batch.id = 4711
    with pytest.raises(NotFound):
        cancel(batch, code(1))


def test_a_batch_that_was_cancelled_as_a_whole_has_nothing_left(workshop, batch, cancel, code):
    workshop.act(revoke_stamps, batch.id, units=None, reason="x", actor=PRODUCER, now=workshop.now)
    with refused("units_cancelled_all"):
        cancel(batch, code(1))
