"""Segments: the split is the cheapest there is, and the scheme is always bytes."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.util import BitBuffer, QRData, length_in_bits, optimal_data_chunks

from traceability.qr.segments import ALPHANUMERIC, Mode, Segment, bit_length, split

UNIT = "https://TRACE.LAOCAI.GOV.VN/01/08930000000019/10/{lot}/21/XC8DEEP97XZJ"
VERSIONS = st.sampled_from([1, 9, 10, 26, 27, 40])


def library_bits(pieces: list[QRData], version: int) -> int:
    """What the library itself writes for these pieces."""
    buffer = BitBuffer()
    for piece in pieces:
        buffer.put(piece.mode, 4)
        buffer.put(len(piece), length_in_bits(piece.mode, version))
        piece.write(buffer)
    return len(buffer)


def library_guess(text: str) -> list[QRData]:
    return list(optimal_data_chunks(text))


def every_split(text: str) -> list[tuple[Segment, ...]]:
    """Each way to give every character a mode, runs of one mode joined."""
    choices = [[Mode.BYTE, Mode.ALPHANUMERIC] if character in ALPHANUMERIC else [Mode.BYTE] for character in text]
    splits = []
    for modes in product(*choices):
        runs: list[Segment] = []
        for mode, character in zip(modes, text, strict=True):
            if runs and runs[-1].mode is mode:
                runs[-1] = Segment(mode, runs[-1].text + character)
            else:
                runs.append(Segment(mode, character))
        splits.append(tuple(runs))
    return splits


@given(text=st.text("aé0A-", max_size=9), version=VERSIONS)
@settings(deadline=None)
def test_no_other_split_takes_fewer_bits(text: str, version: int) -> None:
    assert bit_length(split(text, version), version) == min(bit_length(other, version) for other in every_split(text))


@given(text=st.text("abcxyzABCXYZ-.%/ éộ", max_size=60), version=VERSIONS)
@settings(deadline=None)
def test_it_is_never_worse_than_the_libraries_guess(text: str, version: int) -> None:
    # Without digits: the library may also take numeric mode, which the stamp's contract leaves out.
    assert bit_length(split(text, version), version) <= library_bits(library_guess(text), version)


@given(lot=st.text("SC0129-.%abz", min_size=1, max_size=20))
@settings(deadline=None)
def test_in_the_two_modes_of_the_contract_a_stamp_is_never_worse_than_the_libraries_guess(lot: str) -> None:
    text = UNIT.format(lot=lot)
    guess = [QRData(piece.data, mode=max(piece.mode, Mode.ALPHANUMERIC.value)) for piece in library_guess(text)]
    assert bit_length(split(text, 5), 5) <= library_bits(guess, 5)


def test_a_lot_cut_by_dashes_takes_fewer_bits_than_the_libraries_guess() -> None:
    text = UNIT.format(lot="SC-2026-03")
    assert bit_length(split(text, 5), 5) < library_bits(library_guess(text), 5)


@given(text=st.text("aé0A-:/", max_size=40), version=VERSIONS)
@settings(deadline=None)
def test_the_segments_are_the_text_and_their_bits_are_those_that_the_library_writes(text: str, version: int) -> None:
    segments = split(text, version)
    assert "".join(segment.text for segment in segments) == text
    pieces = [QRData(segment.text.encode(), mode=segment.mode.value) for segment in segments]
    assert bit_length(segments, version) == library_bits(pieces, version)


def test_a_short_run_of_small_letters_keeps_its_neighbours_in_byte_mode() -> None:
    assert [segment.text for segment in split("AAAAAAAAAAAAAAAab1cdAAAAAAAAAAAAAA", 5)] == ["AAAAAAAAAAAAAAA", "ab1cd", "AAAAAAAAAAAAAA"]


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_the_scheme_is_bytes_and_all_else_of_a_house_stamp_alphanumeric(scheme: str) -> None:
    rest = "://TRACE.LAOCAI.GOV.VN/S/7K3MQ9X2ABCS"
    assert split(scheme + rest, 3) == (Segment(Mode.BYTE, scheme), Segment(Mode.ALPHANUMERIC, rest))


def test_no_text_has_no_segments() -> None:
    assert split("", 1) == ()
