"""Zebra's compressed digits: what is written is what was meant, and short where it can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from traceability.labels.acs import compressed

FEW_BYTES = st.sampled_from([0, 0, 0, 255, 255, 0xF0, 0x11, 0x01])
PICTURES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 230)), elements=FEW_BYTES)


def rows_of(text: str, row_bytes: int) -> list[str]:
    """Digits row by row, by the rules of the programming guide alone."""
    rows: list[str] = []
    row, times = "", 0
    for character in text:
        if character == ":":
            assert not row
            rows.append(rows[-1])
            continue
        if character in ",!":
            assert not times
            row += {",": "0", "!": "F"}[character] * (2 * row_bytes - len(row))
        elif "G" <= character <= "Y":
            times += ord(character) - ord("F")
            continue
        elif "g" <= character <= "z":
            times += 20 * (ord(character) - ord("f"))
            continue
        else:
            row, times = row + character * (times or 1), 0
        assert len(row) <= 2 * row_bytes
        if len(row) == 2 * row_bytes:
            rows.append(row)
            row = ""
    assert not row
    assert not times
    return rows


@given(PICTURES, st.integers(1, 4))
def test_every_picture_is_read_back(pictures: np.ndarray, repeat: int) -> None:
    texts = compressed(pictures, repeat)
    for text, picture in zip(texts, pictures, strict=True):
        expected = [row.tobytes().hex().upper() for row in picture for _ in range(repeat)]
        assert rows_of(text.decode(), pictures.shape[2]) == expected


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 2), st.integers(1, 6), st.integers(1, 40))))
def test_no_picture_grows_beyond_its_digits(pictures: np.ndarray) -> None:
    _, height, row_bytes = pictures.shape
    assert all(len(text) <= 2 * row_bytes * height for text in compressed(pictures))


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("0000", ","),
        ("FFFF", "!"),
        ("FF00", "FF,"),
        ("00FF", "00!"),
        ("1111", "J1"),
        ("AAA0", "IA,"),
        ("1" * 20, "g1"),
        ("1" * 400, "z1"),
        ("1" * 402, "z111"),
        ("1" * 419 + "0", "z1Y1,"),
    ],
)
def test_a_run_is_its_length_and_its_digit(row: str, text: str) -> None:
    assert compressed(np.frombuffer(bytes.fromhex(row), np.uint8).reshape(1, 1, -1)) == [text.encode()]


def test_a_row_like_the_one_above_is_a_colon() -> None:
    rows = np.array([[[0xA5, 0x5A]] * 3 + [[0, 0]] * 2], np.uint8)
    assert compressed(rows) == [b"A55A::,:"]
