"""Reading a file of scans, from where it was left, while its writer may still be at it."""

from dataclasses import dataclass
from pathlib import Path

from traceability.journal.files import SUFFIX, is_held
from traceability.journal.record import RECORD_BYTES, Record, parse_record

MOST_RECORDS = 4_000


@dataclass(frozen=True)
class Slice:
    """Records between two places of a file. `is_last`: the writer is gone, and nothing follows.

    `torn` bytes are what a crash or a full disk left of records that were never whole; `damaged` records stand before whole
    ones, which neither explains.
    """

    records: tuple[Record, ...]
    start: int
    end: int
    is_last: bool
    torn: int = 0
    damaged: int = 0


def journal_files(folder: Path) -> list[Path]:
    """The files of a folder, oldest first, without those that are being made."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))


def read_slice(path: Path, start: int, most: int = MOST_RECORDS) -> Slice:
    """The records from a place on, at most so many. Raises OSError, also where the file has gone."""
    with path.open("rb") as file:
        # Asked first: what a writer that is gone has written is all there when it is read.
        held = is_held(file.fileno())
        file.seek(start)
        content = file.read(most * RECORD_BYTES)
        follows = bool(file.read(1))
    records, end, torn, damaged = _parse(content, is_whole=not follows)
    is_last = not held and not follows
    return Slice(tuple(records), start, start + end, is_last, torn + (len(content) - end if is_last else 0), damaged)


def _parse(content: bytes, *, is_whole: bool) -> tuple[list[Record], int, int, int]:
    """Records, up to which byte they were looked for, bytes of half records in between, and damaged records.

    A disk that was full for a moment leaves a part of a record, and whole ones may follow it: they are found at the next byte
    where one stands. Where the file `is_whole`, what is wrong at its very end is left: it is torn, or not yet there.
    """
    records: list[Record] = []
    place = end = torn = damaged = 0
    while place + RECORD_BYTES <= len(content):
        record = parse_record(content[place : place + RECORD_BYTES])
        if record is None:
            place += 1
            continue
        lost, torn_here = _damage(content[end:place])
        damaged, torn = damaged + lost, torn + torn_here
        records.append(record)
        place = end = place + RECORD_BYTES
    if not is_whole and not records:
        # Nothing to be read in so many bytes: passed over, but for a piece that the next ones may complete.
        end = len(content) - RECORD_BYTES + 1
        damaged, torn = _damage(content[:end])
    return records, end, torn, damaged


def _damage(gap: bytes) -> tuple[int, int]:
    """Damaged records and torn bytes of what could not be read. Zeros are what a power cut leaves of content that was not synced."""
    if not gap.strip(b"\0"):
        return 0, len(gap)
    return len(gap) // RECORD_BYTES, len(gap) % RECORD_BYTES
