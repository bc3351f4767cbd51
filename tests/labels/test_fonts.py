"""Fonts: what they can print, and that measures and outlines agree."""

import pytest

from traceability.labels.fonts import Face, font

VIETNAMESE = "ăâđêôơư" + "áàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ"


@pytest.mark.parametrize("face", Face)
def test_every_letter_of_vietnamese_can_be_printed(face: Face) -> None:
    assert font(face).missing(VIETNAMESE + VIETNAMESE.upper() + "0123456789–-.,:/()&%+") == ""


@pytest.mark.parametrize("face", Face)
def test_what_cannot_be_printed_is_named_once(face: Face) -> None:
    assert font(face).missing("chè 茶 \n茶") == "茶\n"


@pytest.mark.parametrize("face", Face)
def test_ink_lies_within_the_advance(face: Face) -> None:
    left, bottom, right, top = font(face).bounds("MẪU")
    assert 0 < left < right < font(face).width("MẪU")
    assert bottom < 0.01
    assert top > font(face).cap_height


def test_the_code_is_set_in_one_width() -> None:
    mono = font(Face.MONO)
    assert {mono.width(character) for character in "0123456789ABCDEFGHJKMNPQRSTVWXYZ-"} == {0.6}


def test_bold_is_wider_than_regular() -> None:
    assert font(Face.BOLD).width("Gạo Séng Cù") > font(Face.REGULAR).width("Gạo Séng Cù")


@pytest.mark.parametrize("face", Face)
def test_a_face_is_loaded_once(face: Face) -> None:
    assert font(face) is font(face)
