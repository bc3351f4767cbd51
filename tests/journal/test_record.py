"""48 bytes of a scan."""

import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from traceability.domain.verdict import Verdict
from traceability.journal.record import FORMS, KINDS, RECORD_BYTES, VERDICTS, Record, format_record, parse_record

NUMBERS = st.integers(0, 2**64 - 1)
RECORDS = st.builds(
    Record,
    batch_id=NUMBERS,
    unit=st.integers(0, 2**32 - 1),
    place=st.integers(0, 2**16 - 1),
    form=st.sampled_from(FORMS),
    verdict=st.sampled_from(VERDICTS),
    kind=st.sampled_from(KINDS),
    visitor=st.binary(min_size=16, max_size=16),
    at_us=NUMBERS,
)


@given(RECORDS)
def test_a_record_is_read_as_it_was_written(record):
    content = format_record(record)
    assert len(content) == RECORD_BYTES and parse_record(content) == record


@given(RECORDS, st.integers(0, RECORD_BYTES * 8 - 1))
def test_one_flipped_bit_is_noticed(record, bit):
    content = bytearray(format_record(record))
    content[bit // 8] ^= 1 << bit % 8
    assert parse_record(bytes(content)) is None


@given(st.binary(max_size=2 * RECORD_BYTES))
def test_other_bytes_are_no_record(content):
    assert parse_record(content) is None


def test_a_record_without_a_place_is_what_older_programs_read_and_write():
    """Their layout: a unit of eight bytes, and no place."""
    record = Record(7, 9, "house", "ISSUED", "person", bytes(range(16)), 1_790_000_000_000_000)
    body = struct.pack("<BBBBQQQ16s", 1, 0, 0, VERDICTS.index("ISSUED"), 7, 9, record.at_us, record.visitor)
    assert format_record(record) == struct.pack("<I", zlib.crc32(body)) + body


def test_zeros_as_a_power_cut_leaves_them_are_no_record():
    assert parse_record(bytes(RECORD_BYTES)) is None


def test_every_verdict_has_its_place():
    assert {verdict.value for verdict in Verdict} <= set(VERDICTS)
