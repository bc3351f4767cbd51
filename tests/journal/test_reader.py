"""Reading a file of scans: all that is whole, once, whatever a crash left."""

import fcntl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.test_record import RECORDS
from traceability.journal.files import create_file
from traceability.journal.reader import journal_files, read_slice
from traceability.journal.record import RECORD_BYTES, Record, format_record


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("journal")


def written(folder, content: bytes):
    path = folder / "one.scans"
    path.write_bytes(content)
    return path


def read_all(path, most=3):
    """Every slice, to the end."""
    found, start = [], 0
    while True:
        part = read_slice(path, start, most)
        found.append(part)
        start = part.end
        if part.is_last or (part.end == part.start):
            return found


@given(records=st.lists(RECORDS, max_size=10))
def test_all_records_are_read_in_order(folder, records):
    slices = read_all(written(folder, b"".join(map(format_record, records))))
    assert [record for part in slices for record in part.records] == records
    assert slices[-1].is_last and slices[-1].end == len(records) * RECORD_BYTES


@given(records=st.lists(RECORDS, max_size=6), tail=st.binary(max_size=RECORD_BYTES - 1) | st.just(bytes(3 * RECORD_BYTES)))
def test_a_torn_end_is_left_out_and_told(folder, records, tail):
    slices = read_all(written(folder, b"".join(map(format_record, records)) + tail), most=100)
    assert [record for part in slices for record in part.records] == records
    assert slices[-1].is_last and slices[-1].torn == len(tail) and sum(part.damaged for part in slices) == 0


@given(records=st.lists(RECORDS, min_size=2, max_size=6), place=st.integers(0, 4), bit=st.integers(0, RECORD_BYTES * 8 - 1))
def test_a_damaged_record_between_whole_ones_is_passed_over_and_told(folder, records, place, bit):
    place = min(place, len(records) - 2)
    content = bytearray(b"".join(map(format_record, records)))
    content[place * RECORD_BYTES + bit // 8] ^= 1 << bit % 8
    slices = read_all(written(folder, bytes(content)), most=100)
    assert [record for part in slices for record in part.records] == records[:place] + records[place + 1 :]
    assert sum(part.damaged for part in slices) == 1 and sum(part.torn for part in slices) == 0


@given(records=st.lists(RECORDS, min_size=2, max_size=6), place=st.integers(0, 4), cut=st.integers(1, RECORD_BYTES - 1))
def test_half_a_record_between_whole_ones_costs_no_other(folder, records, place, cut):
    place = min(place, len(records) - 2)
    parts = [format_record(record) for record in records]
    parts[place] = parts[place][:cut]
    slices = read_all(written(folder, b"".join(parts)), most=100)
    assert [record for part in slices for record in part.records] == records[:place] + records[place + 1 :]
    assert sum(part.damaged for part in slices) == 0 and sum(part.torn for part in slices) == cut


@given(content=st.binary(max_size=400))
def test_any_bytes_are_read_to_an_end(folder, content):
    slices = read_all(written(folder, content))
    assert slices[-1].is_last and slices[-1].end + slices[-1].torn == len(content)


@given(records=st.lists(RECORDS, min_size=1, max_size=4), tail=st.binary(min_size=1, max_size=RECORD_BYTES - 1))
def test_what_a_living_writer_has_not_finished_is_read_later(folder, records, tail):
    path = written(folder, b"".join(map(format_record, records)) + tail)
    with path.open("ab") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        part = read_slice(path, 0)
        assert list(part.records) == records and part.end == len(records) * RECORD_BYTES
        assert not part.is_last and part.torn == 0
    assert read_slice(path, part.end).is_last


def test_files_come_oldest_first_and_ones_that_are_being_made_not_at_all(tmp_path):
    made = [create_file(tmp_path)[0] for _ in range(3)]
    (tmp_path / ".new.scans").touch()
    (tmp_path / "other.damaged").touch()
    assert journal_files(tmp_path) == made


def test_zeros_longer_than_a_slice_are_no_damage(tmp_path):
    found = Record(1, 0, "house", "ISSUED", "person", bytes(16), 1)
    path = written(tmp_path, format_record(found) + bytes(RECORD_BYTES * 30) + format_record(found) + bytes(RECORD_BYTES * 50))
    slices = read_all(path, most=10)
    assert [record for part in slices for record in part.records] == [found, found]
    assert sum(part.damaged for part in slices) == 0 and slices[-1].is_last
