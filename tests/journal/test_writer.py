"""Appending: before the answer it is in the file, soon after on the disk, and a full disk costs no answer."""

import errno
import os
import threading

import pytest

from tests.waiting import wait_until
from traceability.journal import writer
from traceability.journal.files import is_held
from traceability.journal.reader import journal_files, read_slice
from traceability.journal.record import RECORD_BYTES, Record, format_record, parse_record
from traceability.journal.writer import Journal


def record(number: int) -> bytes:
    return format_record(Record(number, 0, "house", "ISSUED", "person", bytes(16), number))


def written(folder) -> list[int]:
    content = b"".join(path.read_bytes() for path in sorted(folder.glob("*.scans")))
    records = [parse_record(content[start : start + RECORD_BYTES]) for start in range(0, len(content), RECORD_BYTES)]
    return [found.batch_id for found in records]


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path / "journal")
    yield made
    made.close()


def test_a_record_is_in_the_file_once_it_is_taken(journal):
    for number in range(100):
        assert journal.append(record(number))
        assert written(journal.folder)[-1] == number


def test_what_threads_append_at_once_is_all_there_and_whole(journal):
    threads = [
        threading.Thread(target=lambda first=first: [journal.append(record(first + n)) for n in range(500)])
        for first in range(0, 4000, 500)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written(journal.folder)) == list(range(4000))


def test_it_is_synced_soon_without_anybody_asking(journal, monkeypatch):
    synced = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: (real(descriptor), synced.append(os.fstat(descriptor).st_size)))
    journal.append(record(1))
    wait_until(lambda: RECORD_BYTES in synced)


def test_where_answers_wait_the_record_is_on_the_disk_first(tmp_path, monkeypatch):
    journal, synced = Journal(tmp_path / "journal", waits=True), []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: (real(descriptor), synced.append(os.fstat(descriptor).st_size)))
    for number in range(1, 20):
        assert journal.append(record(number))
        assert synced[-1] >= number * RECORD_BYTES
    journal.close()


def test_the_file_is_held_as_long_as_its_writer_lives(journal):
    journal.append(record(1))
    path = next(journal.folder.glob("*.scans"))
    with path.open("rb") as file:
        assert is_held(file.fileno())
        journal.close()
        assert not is_held(file.fileno())


def test_a_full_file_is_followed_by_another(journal, monkeypatch):
    monkeypatch.setattr(writer, "LARGEST_FILE", RECORD_BYTES * 3)
    for number in range(50):
        journal.append(record(number))
        assert journal.flush()
    journal.close()
    assert len(list(journal.folder.glob("*.scans"))) > 3 and sorted(written(journal.folder)) == list(range(50))


def test_while_the_disk_is_full_scans_wait_in_memory_and_follow_in_order(journal, monkeypatch):
    journal.append(record(0))
    real = os.write

    def full(descriptor, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert [journal.append(record(number)) for number in (1, 2, 3)] == [False] * 3
    assert journal.state == "memory" and "No space" in journal.fault
    monkeypatch.setattr(os, "write", real)
    wait_until(lambda: journal.state == "ok")
    assert journal.append(record(4)) and written(journal.folder) == [0, 1, 2, 3, 4]


def test_after_half_a_record_a_new_file_begins_and_all_is_read(journal, monkeypatch):
    journal.append(record(0))
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: real(descriptor, content[:20]))
    assert not journal.append(record(1))
    monkeypatch.setattr(os, "write", real)
    wait_until(lambda: journal.state == "ok")
    journal.append(record(2))
    journal.close()
    slices = [read_slice(path, 0) for path in journal_files(journal.folder)]
    assert sorted(found.batch_id for part in slices for found in part.records) == [0, 1, 2]
    assert sum(part.torn for part in slices) >= 20 and sum(part.damaged for part in slices) == 0


def test_threads_that_append_while_files_change_lose_nothing(journal, monkeypatch):
    monkeypatch.setattr(writer, "LARGEST_FILE", RECORD_BYTES * 50)

    def append(first: int) -> None:
        for number in range(first, first + 2000):
            assert journal.append(record(number))

    threads = [threading.Thread(target=append, args=(first,)) for first in range(0, 8000, 2000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert sorted(written(journal.folder)) == list(range(8000)) and len(journal_files(journal.folder)) > 2


def test_memory_is_bounded_and_what_is_lost_is_counted(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "nowhere" / "journal", most_in_memory=5)
    (tmp_path / "nowhere").write_text("a file where the folder should be")
    for number in range(8):
        assert not journal.append(record(number))
    assert (journal.state, journal.lost) == ("losing", 3)
    (tmp_path / "nowhere").unlink()
    wait_until(lambda: journal.state == "ok")
    journal.close()
    assert written(journal.folder) == [0, 1, 2, 3, 4]


def test_a_disk_that_fails_to_sync_is_told_and_a_new_file_begins(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "journal", waits=True)
    assert journal.append(record(0))

    def fail(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fail)
    assert not journal.append(record(1))
    monkeypatch.undo()
    wait_until(lambda: journal.state == "ok")
    assert len(list(journal.folder.glob("*.scans"))) >= 2
    assert journal.append(record(2))
    journal.close()
    assert written(journal.folder) == [0, 1, 2]


def test_where_nobody_waits_the_answer_is_called_after_the_sync_and_no_sooner(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "journal", waits=True)
    assert journal.append(record(0))
    may_sync, given = threading.Event(), []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: (may_sync.wait(10), real(descriptor)))
    for number in range(1, 4):
        assert journal.append(record(number), lambda number=number: given.append(number))
    assert not given
    may_sync.set()
    wait_until(lambda: sorted(given) == [1, 2, 3])
    journal.close()


def test_an_answer_that_fails_costs_the_others_nothing(tmp_path):
    journal, given = Journal(tmp_path / "journal", waits=True), []
    assert journal.append(record(0))
    journal.append(record(1), lambda: 1 / 0)
    journal.append(record(2), lambda: given.append(2))
    wait_until(lambda: given == [2])
    assert journal.append(record(3))
    journal.close()


def test_answers_do_not_wait_for_a_disk_that_fails_or_hangs(tmp_path, monkeypatch):
    journal, given, hangs = Journal(tmp_path / "journal", waits=True), [], threading.Event()
    assert journal.append(record(0))
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: hangs.wait(20))
    monkeypatch.setattr(writer, "_LONGEST_WAIT_S", 0.01)
    journal.append(record(1), lambda: given.append(1))
    wait_until(lambda: (journal.answer_late(), given == [1])[1])

    def fail(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fail)
    hangs.set()
    journal.append(record(2), lambda: given.append(2))
    wait_until(lambda: given == [1, 2])
    journal.append(record(3), lambda: given.append(3))
    wait_until(lambda: given == [1, 2, 3])
    monkeypatch.undo()
    wait_until(lambda: journal.state == "ok")
    journal.close()
    assert written(journal.folder) == [0, 1, 2, 3]


def test_where_it_is_synced_later_the_answer_is_called_at_once(journal):
    given = []
    for number in range(3):
        journal.append(record(number), lambda number=number: given.append(number))
        assert given[-1] == number and written(journal.folder)[-1] == number


def test_threads_that_come_and_go_leave_nothing_behind(journal):
    for number in range(50):
        thread = threading.Thread(target=journal.append, args=(record(number),))
        thread.start()
        thread.join()
    assert len(journal._flags) < 10
