import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.builders import SET_82, digits, fault_of, gtin_with_check, gtins, lots, serials
from traceability.domain import gs1
from traceability.domain.errors import Malformed, Refused


def refusal(text):
    with pytest.raises(Refused) as refused:
        gs1.check_lot(text)
    return refused.value.code, refused.value.facts


def refused_or_taken(check, text):
    try:
        return check(text)
    except (Malformed, Refused):
        return None


@pytest.mark.parametrize("length", [8, 12, 13, 14])
@given(data=st.data())
def test_a_gtin_of_any_length_is_padded_to_14_digits(length, data):
    gtin = gtin_with_check(data.draw(digits(length - 1)))
    assert gs1.parse_gtin(gtin) == "0" * (14 - length) + gtin


@given(gtins)
def test_a_gtin_of_14_digits_stays_as_it_is(gtin):
    assert gs1.parse_gtin(gtin) == gtin


@given(gtins)
def test_every_wrong_digit_of_a_gtin_is_refused(gtin):
    for place, right in enumerate(gtin):
        for wrong in "0123456789".replace(right, ""):
            assert fault_of(gs1.parse_gtin, gtin[:place] + wrong + gtin[place + 1 :]) == "gtin_check_digit"


@pytest.mark.parametrize(
    "text",
    ["", "0", "1234567", "123456789", "12345678901", "123456789012345", "0893850597420X", "-8938505974200", "+8938505974200"],
)
def test_what_is_not_8_12_13_or_14_digits_is_no_gtin(text):
    assert fault_of(gs1.parse_gtin, text) == "gtin"


@pytest.mark.parametrize(
    "text",
    ["٠٨٩٣٨٥٠٥٩٧٤٢٠٠", "０８９３８５０５９７４２００", "²8938505974200", " 8938505974200", "8938505974200\n"],
)
def test_foreign_digits_and_spaces_are_no_gtin(text):
    assert fault_of(gs1.parse_gtin, text) == "gtin"


@given(st.text() | st.text("0123456789", max_size=16))
def test_no_text_crashes_the_reading_of_a_gtin(text):
    assert fault_of(gs1.parse_gtin, text) in (None, "gtin", "gtin_check_digit")


def test_set_82_has_82_characters():
    assert len(set(SET_82)) == len(SET_82) == 82


@given(lots)
def test_every_lot_of_set_82_is_taken_unchanged(lot):
    assert gs1.parse_lot(lot) == gs1.check_lot(lot) == lot


@pytest.mark.parametrize("character", [character for character in SET_82 if character not in "/."])
def test_each_character_of_set_82_alone_is_a_lot(character):
    assert gs1.check_lot(character) == gs1.parse_lot(character) == character


@given(st.text(max_size=22) | st.text(SET_82 + " ~", max_size=22))
def test_what_a_producer_may_enter_is_exactly_what_an_address_may_carry(text):
    assert refused_or_taken(gs1.check_lot, text) == refused_or_taken(gs1.parse_lot, text)


def test_an_empty_lot_is_refused():
    assert refusal("") == ("lot_empty", {})


def test_a_lot_of_20_characters_is_taken_and_one_of_21_refused():
    assert gs1.check_lot("L" * 20) == "L" * 20
    assert refusal("L" * 21) == ("lot_too_long", {"lot": "L" * 21, "length": 21})


@pytest.mark.parametrize("lot", ["/", "2027/03", "/1", "1/", "../1"])
def test_a_lot_with_a_slash_is_refused(lot):
    assert refusal(lot) == ("lot_slash", {"lot": lot})
    assert fault_of(gs1.parse_lot, lot) == "lot"


@pytest.mark.parametrize("lot", [".", ".."])
def test_a_lot_that_a_browser_would_take_for_a_folder_is_refused(lot):
    assert refusal(lot) == ("lot_dots", {"lot": lot})
    assert fault_of(gs1.parse_lot, lot) == "lot"


@pytest.mark.parametrize("lot", ["...", ".1", "1.", "a..b", "%2F", "%", "+", "?", "&"])
def test_other_odd_lots_are_taken(lot):
    assert gs1.check_lot(lot) == gs1.parse_lot(lot) == lot


@pytest.mark.parametrize(
    ("lot", "characters"),
    [("Lô 1", "  ô"), ("A~1", "~"), ("#1#", "#"), ("1\n", "\n"), ("L\0", "\0"), ("{1}", "{ }"), ("１", "１"), ("a@b", "@"), ("a\\b", "\\")],
)
def test_a_lot_with_foreign_characters_is_refused_and_they_are_named(lot, characters):
    assert refusal(lot) == ("lot_characters", {"lot": lot, "characters": characters})


def test_case_of_a_lot_is_kept():
    assert gs1.parse_lot("aB") == "aB"


@given(st.text(SET_82, min_size=1, max_size=20))
def test_a_variant_may_be_any_text_of_set_82(text):
    assert gs1.is_variant(text)


@pytest.mark.parametrize("text", ["", "V" * 21, "é", "a b", "1\n"])
def test_what_set_82_does_not_hold_is_no_variant(text):
    assert not gs1.is_variant(text)


@given(gtins, lots, st.none() | serials)
def test_a_path_holds_only_slashes_unreserved_characters_and_capital_percent_encodings(gtin, lot, serial):
    path = gs1.format_path(gtin, lot, serial)
    segments = path.split("/")
    assert segments[:4] == ["", "01", gtin, "10"] and segments[5:] == (["21", serial] if serial else [])
    unreserved = set("-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    expected = "".join(character if character in unreserved else f"%{ord(character):02X}" for character in lot)
    assert segments[4] == expected


@pytest.mark.parametrize(
    ("gtin", "kind"),
    [
        ("08930000000001", "vietnam"),
        ("18930000000001", "vietnam"),
        ("08920000000000", "other"),
        ("08940000000000", "other"),
        ("09520000000000", "demonstration"),
        ("09510000000000", "other"),
        ("00190000000000", "other"),
        ("00200000000000", "restricted"),
        ("00290000000000", "restricted"),
        ("00300000000000", "other"),
        ("00390000000000", "other"),
        ("00400000000000", "restricted"),
        ("00590000000000", "restricted"),
        ("00600000000000", "other"),
        ("01990000000000", "other"),
        ("02000000000000", "restricted"),
        ("02990000000000", "restricted"),
        ("03000000000000", "other"),
        ("09800000000000", "other"),
        ("09810000000000", "restricted"),
        ("09840000000000", "restricted"),
        ("09850000000000", "other"),
        ("09890000000000", "other"),
        ("09900000000000", "restricted"),
        ("09990000000000", "restricted"),
    ],
)
def test_the_prefix_tells_where_a_gtin_comes_from(gtin, kind):
    assert gs1.gtin_kind(gtin) == kind
