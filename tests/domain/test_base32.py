import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.builders import ALPHABET, LOOK_ALIKES, codes, fault_of, typed_otherwise
from traceability.domain import base32

SIZES = st.integers(1, 64)
elevens = st.text(ALPHABET, min_size=11, max_size=11)


def test_the_alphabet_has_32_characters_and_none_that_look_alike():
    assert base32.ALPHABET == ALPHABET and len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


@given(st.data(), st.integers(1, 600))
def test_a_number_comes_back_from_its_text(data, bits):
    number = data.draw(st.integers(0, 2**bits - 1))
    text = base32.encode_number(number, bits)
    assert len(text) == (bits + 4) // 5 and set(text) <= set(ALPHABET)
    assert base32.decode_number(text, bits) == number


@given(st.text(ALPHABET, min_size=11, max_size=11))
def test_a_text_of_55_bits_comes_back_from_its_number(text):
    assert base32.encode_number(base32.decode_number(text, 55), 55) == text


@given(st.data(), st.integers(1, 60))
def test_a_text_of_the_right_length_is_canonical_or_refused(data, bits):
    length = (bits + 4) // 5
    text = data.draw(st.text(ALPHABET, min_size=length, max_size=length))
    fault = fault_of(base32.decode_number, text, bits)
    if fault is None:
        assert base32.encode_number(base32.decode_number(text, bits), bits) == text
    else:
        assert fault == "padding" and ALPHABET.index(text[0]) >> (5 - (length * 5 - bits))


@pytest.mark.parametrize("number", [-1, 2**55])
def test_a_number_that_does_not_fit_is_a_mistake_of_the_caller(number):
    with pytest.raises(ValueError, match="does not fit"):
        base32.encode_number(number, 55)


@given(st.binary(max_size=80))
def test_bytes_come_back_from_their_text(value):
    text = base32.encode_bytes(value)
    assert len(text) == (len(value) * 8 + 4) // 5
    assert base32.decode_bytes(text) == value


@pytest.mark.parametrize("size", [23, 64])
@given(data=st.data())
def test_a_text_of_claims_or_signature_length_has_one_meaning_or_is_refused(size, data):
    length = (size * 8 + 4) // 5
    text = data.draw(st.text(ALPHABET, min_size=length, max_size=length))
    fault = fault_of(base32.decode_bytes, text)
    spare = length * 5 - size * 8
    assert fault == ("padding" if ALPHABET.index(text[-1]) % 2**spare else None)
    if fault is None:
        assert base32.encode_bytes(base32.decode_bytes(text)) == text


@given(st.binary(max_size=30), st.integers(1, 9))
def test_zeros_after_the_canonical_text_of_bytes_are_another_value_or_refused(value, zeros):
    text = base32.encode_bytes(value) + "0" * zeros
    fault = fault_of(base32.decode_bytes, text)
    assert fault is not None or base32.encode_bytes(base32.decode_bytes(text)) == text


@given(st.text(max_size=20))
def test_texts_with_foreign_characters_are_refused(text):
    foreign = not set(text) <= set(ALPHABET)
    assert (fault_of(base32.decode_bytes, text) == "alphabet") == foreign
    assert (fault_of(base32.decode_number, text, 100) == "alphabet") == foreign
    if text:
        assert (fault_of(base32.check_code, text) == "alphabet") == foreign


@given(st.text())
def test_folding_twice_changes_nothing_more_and_keeps_the_length(text):
    folded = base32.fold(text)
    assert base32.fold(folded) == folded and len(folded) == len(text)


@given(st.text())
def test_folding_touches_ascii_letters_only(text):
    kept = [(before, after) for before, after in zip(text, base32.fold(text), strict=True) if not (before.isascii() and before.isalpha())]
    assert all(before == after for before, after in kept)


@pytest.mark.parametrize("character", "\u0131\u017f\u212a\u0130\u0410\u041e\u00cf\uff11\u2460\u0660")
def test_letters_that_only_resemble_ascii_are_not_folded(character):
    assert base32.fold(character) == character
    assert fault_of(base32.check_code, base32.fold(character) + "0" * 11) == "alphabet"


@given(st.data(), codes)
def test_case_and_look_alikes_fold_to_the_one_code(data, code):
    assert base32.fold(data.draw(typed_otherwise(code))) == code


@pytest.mark.parametrize(("typed", "meant"), [(typed, meant) for meant, all_typed in LOOK_ALIKES.items() for typed in all_typed])
def test_each_look_alike_reads_as_its_digit(typed, meant):
    assert base32.fold(typed) == meant


def test_u_is_no_look_alike_of_v():
    assert fault_of(base32.check_code, base32.fold("U" * 12)) == "alphabet"


@given(elevens)
def test_exactly_one_check_character_fits_a_text(text):
    fitting = [last for last in ALPHABET if fault_of(base32.check_code, text + last) is None]
    assert fitting == [base32.check_character(text)]


@given(st.text(ALPHABET, max_size=30))
def test_the_check_character_is_luhn_mod_32(text):
    """By the rule's words: factors 2, 1, 2, 1 … from the end, product's two base-32 digits added, a multiple of 32 in all."""
    total = ALPHABET.index(base32.check_character(text))
    for place, character in enumerate(text[::-1]):
        high, low = divmod(ALPHABET.index(character) * (2 if place % 2 == 0 else 1), 32)
        total += high + low
    assert total % 32 == 0


@given(codes)
def test_every_wrong_character_of_a_code_is_refused(code):
    for place in range(12):
        for wrong in ALPHABET.replace(code[place], ""):
            assert fault_of(base32.check_code, code[:place] + wrong + code[place + 1 :]) == "check_character"


@given(codes)
def test_every_swap_of_neighbours_is_refused_but_0_and_z(code):
    for place in range(11):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        expected = None if swapped == code or {code[place], code[place + 1]} == {"0", "Z"} else "check_character"
        assert fault_of(base32.check_code, swapped) == expected


@given(st.integers(0, 2**55 - 1))
def test_a_number_with_its_check_character_is_a_code_that_passes(number):
    code = base32.with_check(number)
    base32.check_code(code)
    assert len(code) == 12 and base32.decode_number(code[:-1], 55) == number


def test_codes_are_shown_in_groups_of_four_with_a_space_before_the_serial():
    assert base32.grouped("7K3MQ9X2ABCS") == "7K3M-Q9X2-ABCS"
    assert base32.grouped("7K3MQ9X2ABCSXC8DEEP97XZJ") == "7K3M-Q9X2-ABCS XC8D-EEP9-7XZJ"
