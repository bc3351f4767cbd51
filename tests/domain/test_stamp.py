import hmac
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.domain.builders import (
    ALPHABET,
    BATCH_CODE,
    HOST,
    MASTER_KEY,
    SERIAL_KEYS,
    claimable_days,
    claims,
    claims_bytes,
    codes,
    fault_of,
    serials,
    units,
)
from traceability.domain import base32, stamp

master_keys = st.binary(min_size=32, max_size=32)


# ------------------------------------------------------------------------------------------------------ batch codes


@given(st.binary(min_size=7, max_size=7))
def test_a_batch_code_holds_the_first_55_bits_and_a_check_character(random_bytes):
    code = stamp.batch_code(random_bytes)
    base32.check_code(code)
    assert base32.decode_number(code[:-1], 55) == int.from_bytes(random_bytes, "big") >> 1


@pytest.mark.parametrize("size", [0, 6, 8])
def test_a_batch_code_takes_exactly_7_bytes(size):
    with pytest.raises(ValueError, match="7 random bytes"):
        stamp.batch_code(bytes(size))


# ---------------------------------------------------------------------------------------------------------- serials


@given(master_keys, codes, units)
def test_a_serial_yields_its_unit_back(master_key, batch, unit):
    keys = stamp.serial_keys(master_key, batch)
    serial = stamp.make_serial(keys, unit)
    base32.check_code(serial)
    assert stamp.unit_of_serial(keys, serial) == unit


@pytest.mark.parametrize("unit", [1, 16_777_215])
@given(master_key=master_keys)
def test_the_first_and_the_last_unit_have_serials_under_every_master_key(unit, master_key):
    keys = stamp.serial_keys(master_key, BATCH_CODE)
    assert stamp.unit_of_serial(keys, stamp.make_serial(keys, unit)) == unit


@given(st.lists(units, unique=True, min_size=2, max_size=50))
def test_distinct_units_have_distinct_serials(several):
    assert len({stamp.make_serial(SERIAL_KEYS, unit) for unit in several}) == len(several)


def test_the_first_5000_units_of_a_batch_have_5000_serials():
    assert len({stamp.make_serial(SERIAL_KEYS, unit) for unit in range(1, 5001)}) == 5000


@given(serials)
def test_a_random_serial_does_not_verify(serial):
    """At 2⁻³¹ a try this would have to run for years to fail by chance."""
    assert stamp.unit_of_serial(SERIAL_KEYS, serial) is None


@given(units)
def test_every_wrong_character_of_a_serial_is_refused_and_every_repaired_one_does_not_verify(unit):
    serial = stamp.make_serial(SERIAL_KEYS, unit)
    for place in range(12):
        for wrong in ALPHABET.replace(serial[place], ""):
            altered = serial[:place] + wrong + serial[place + 1 :]
            assert fault_of(base32.check_code, altered) == "check_character"
            if place < 11:
                repaired = altered[:11] + base32.check_character(altered[:11])
                assert stamp.unit_of_serial(SERIAL_KEYS, repaired) is None


@given(master_keys, codes, units)
def test_a_serial_of_another_batch_or_master_key_does_not_verify(master_key, batch, unit):
    assume(batch != BATCH_CODE and master_key != MASTER_KEY)
    serial = stamp.make_serial(SERIAL_KEYS, unit)
    assert stamp.unit_of_serial(stamp.serial_keys(MASTER_KEY, batch), serial) is None
    assert stamp.unit_of_serial(stamp.serial_keys(master_key, BATCH_CODE), serial) is None


@given(units)
def test_the_mask_key_alone_yields_the_unit_of_a_good_serial(unit):
    assert stamp.unmask_unit(BATCH_CODE, SERIAL_KEYS.mask, stamp.make_serial(SERIAL_KEYS, unit)) == unit


@given(units)
def test_the_mask_key_alone_makes_no_serial_that_verifies(unit):
    forger = replace(SERIAL_KEYS, tag=SERIAL_KEYS.mask)
    assert stamp.unit_of_serial(SERIAL_KEYS, stamp.make_serial(forger, unit)) is None


def test_the_serial_of_value_0_never_verifies():
    assert stamp.unit_of_serial(SERIAL_KEYS, base32.with_check(0)) is None


@pytest.mark.parametrize("skipped", [1, 7, 16_777_215])
def test_a_unit_whose_value_would_be_0_is_skipped_and_no_text_names_it(monkeypatch, skipped):
    """With a tag of zeros for this one unit and its own number as mask, the value is 0."""

    def digest(key, message, algorithm):
        number = int.from_bytes(message[-4:], "big")
        if key == SERIAL_KEYS.tag and number == skipped:
            return bytes(32)
        if key == SERIAL_KEYS.mask and number == 0:
            return skipped.to_bytes(3, "big") + bytes(29)
        return hmac.digest(key, message, algorithm)

    monkeypatch.setattr(stamp, "hmac", SimpleNamespace(digest=digest, compare_digest=hmac.compare_digest))
    assert stamp.make_serial(SERIAL_KEYS, skipped) is None
    assert stamp.unit_of_serial(SERIAL_KEYS, base32.with_check(0)) is None
    other = 2 if skipped == 1 else skipped - 1
    assert stamp.unit_of_serial(SERIAL_KEYS, stamp.make_serial(SERIAL_KEYS, other)) == other


@pytest.mark.parametrize("masked_unit", [0])
def test_a_serial_whose_mask_yields_unit_0_does_not_verify(masked_unit):
    mask = int.from_bytes(hmac.digest(SERIAL_KEYS.mask, BATCH_CODE.encode() + (5).to_bytes(4, "big"), "sha256")[:3], "big")
    serial = base32.with_check(5 << 24 | mask ^ masked_unit)
    assert stamp.unmask_unit(BATCH_CODE, SERIAL_KEYS.mask, serial) == 0
    assert stamp.unit_of_serial(SERIAL_KEYS, serial) is None


@pytest.mark.parametrize("unit", [-1, 0, 16_777_216])
def test_no_serial_is_made_for_a_unit_that_cannot_be(unit):
    with pytest.raises(ValueError, match="no such unit"):
        stamp.make_serial(SERIAL_KEYS, unit)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_serial_master_key_has_exactly_32_bytes(size):
    with pytest.raises(ValueError, match="32 bytes"):
        stamp.serial_keys(bytes(size), BATCH_CODE)


# ----------------------------------------------------------------------------------------------------------- claims


@given(claims())
def test_claims_come_back_from_their_bytes(stated):
    raw = stamp.format_claims(stated)
    assert len(raw) == 23
    assert stamp.parse_claims(raw) == stated


@st.composite
def raw_claims(draw):
    """Bytes near to claims: the layout is often right, the unused bits often zero, the stars often allowed."""
    raw = bytearray(draw(st.binary(min_size=23, max_size=23)))
    raw[0] = draw(st.sampled_from((1, 1, 1, raw[0])))
    raw[2], raw[9] = (draw(st.sampled_from((raw[place] & 127, raw[place]))) for place in (2, 9))
    raw[16:18] = draw(st.sampled_from((bytes(raw[16:18]), bytes(2))))
    raw[20] = draw(st.sampled_from((0, 3, 4, 5, raw[20])))
    return bytes(raw)


@given(raw_claims())
def test_claim_bytes_come_back_from_what_they_mean_or_are_refused_by_the_first_rule_they_break(raw):
    rules = [
        ("layout", raw[0] == 1),
        ("unused_bits", raw[2] < 128 and raw[9] < 128),
        ("stars", raw[20] in (0, 3, 4, 5) and (raw[20] == 0 or raw[16:18] != bytes(2))),
    ]
    fault = next((name for name, kept in rules if not kept), None)
    assert fault_of(stamp.parse_claims, raw) == fault
    if fault is None:
        assert stamp.format_claims(stamp.parse_claims(raw)) == raw


@given(st.binary(max_size=100))
def test_no_bytes_crash_the_reading_of_claims(raw):
    assert fault_of(stamp.parse_claims, raw) in {None, "length", "layout", "unused_bits", "stars"}
    assert (fault_of(stamp.parse_claims, raw) == "length") == (len(raw) != 23)


@pytest.mark.parametrize("size", [0, 22, 24, 100_000])
def test_claims_of_another_size_are_refused(size):
    assert fault_of(stamp.parse_claims, b"\1" * size) == "length"


@given(claims(), claims())
def test_different_claims_have_different_bytes(one, other):
    assert (one == other) == (stamp.format_claims(one) == stamp.format_claims(other))


@given(claims())
def test_the_text_of_claims_has_37_characters_and_yields_them_back(stated):
    raw = stamp.format_claims(stated)
    text = stamp.claims_text(raw)
    assert len(text) == 37 and set(text) <= set(ALPHABET)
    assert base32.decode_bytes(text) == raw


@given(claims(), serials)
def test_an_issuance_stores_the_claims_of_all_its_units_with_the_serial_zeroed(stated, serial):
    raw = stamp.format_claims(stated)
    stored = stamp.without_serial(raw)
    assert stored == stamp.format_claims(replace(stated, serial=None))
    assert stamp.with_serial(stored, stated.serial) == raw
    assert stamp.with_serial(raw, serial) == stamp.format_claims(replace(stated, serial=serial))
    assert stamp.without_serial(stamp.with_serial(raw, serial)) == stored


@given(claims())
def test_the_signature_covers_the_address_in_capitals_up_to_the_claims(stated):
    raw = stamp.format_claims(stated)
    assert stamp.signed_message(HOST, raw) == f"https://{HOST}/S/{stamp.claims_text(raw)}".encode()


@given(st.dates())
def test_a_claim_can_state_the_days_from_2020_01_02_to_2199_06_06(day):
    assert stamp.claimable(day) == (date(2020, 1, 2) <= day <= date(2199, 6, 6))


@pytest.mark.parametrize("day", [date(2020, 1, 2), date(2199, 6, 6)])
def test_the_first_and_the_last_day_are_stated_and_read_back(day):
    stated = stamp.parse_claims(claims_bytes(packed_on=day, best_before=day))
    assert (stated.packed_on, stated.best_before) == (day, day)


@pytest.mark.parametrize("day", [date(2020, 1, 1), date(2019, 12, 31), date(2199, 6, 7)])
@pytest.mark.parametrize("field", ["packed_on", "best_before"])
def test_a_day_that_no_claim_can_state_is_a_mistake_of_the_caller(field, day):
    with pytest.raises(ValueError, match="cannot state"):
        claims_bytes(**{field: day})


def test_a_day_that_is_not_stated_is_claimable():
    assert stamp.claimable(None)


@given(claimable_days, st.integers(1, 400))
def test_a_later_day_has_a_larger_field(day, distance):
    later = day + timedelta(days=distance)
    assume(stamp.claimable(later))
    assert claims_bytes(packed_on=day)[16:18] < claims_bytes(packed_on=later)[16:18]


@pytest.mark.parametrize(
    "stated",
    [
        {"kid": -1},
        {"kid": 256},
        {"gi_number": -1},
        {"gi_number": 65536},
        {"stars": 1, "packed_on": date(2027, 1, 1)},
        {"stars": 2, "packed_on": date(2027, 1, 1)},
        {"stars": 6, "packed_on": date(2027, 1, 1)},
        {"stars": 3},
    ],
)
def test_claims_that_cannot_be_stated_cannot_be_made(stated):
    with pytest.raises(ValueError, match=r"out of range|stars are"):
        stamp.Claims(**{"kid": 1, "batch_code": BATCH_CODE, **stated})
