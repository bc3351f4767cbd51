"""Reading a file of scans, from where it was left, while its writer may still be at it."""

from dataclasses import dataclass
from pathlib import Path

from traceability.journal.files import SUFFIX, is_held
from traceability.journal.record import RECORD_BYTES, Record, parse_record

MOST_RECORDS = 2_000


@dataclass(frozen=True)
class Slice:
    """Records between two places of a file. `is_last`: the writer is gone, and nothing follows.

    `torn` bytes at the end are what a crash left of records that were never whole; `damaged` records stand before whole ones,
    which no crash explains.
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
    places = range(0, len(content) - RECORD_BYTES + 1, RECORD_BYTES)
    parsed = [parse_record(content[place : place + RECORD_BYTES]) for place in places]
    whole = len(parsed)
    if not follows:
        # What is wrong at the very end is not damaged but torn, or not yet there.
        while whole and parsed[whole - 1] is None:
            whole -= 1
    records = tuple(record for record in parsed[:whole] if record is not None)
    end, is_last = start + whole * RECORD_BYTES, not held and not follows
    torn = start + len(content) - end if is_last else 0
    return Slice(records, start, end, is_last, torn, whole - len(records))
