"""A process that appends scans to a journal until it is killed, and tells on its standard output which ones it has answered.

`python -m benchmarks.scan_variants.appender FOLDER FIRST soon|wait BATCHES [SYNCED]`. With SYNCED, the sizes up to which its files
are on the disk are kept in that file, as a disk would know them: that is the shim of the power cut.
"""

import os
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from traceability.journal.record import pack
from traceability.journal.writer import Journal

THREADS = 4


def watch_syncs(path: Path) -> None:
    """From now on each completed sync of a file is told: its inode and the size that it had when the sync began."""
    told, real = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), os.fdatasync

    def fdatasync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        real(descriptor)
        os.write(told, struct.pack("<QQ", status.st_ino, status.st_size))

    os.fdatasync = fdatasync  # type: ignore[assignment]


def main() -> None:
    """Appends until it is killed."""
    folder, first, sync, batches = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], [int(part) for part in sys.argv[4].split(",")]
    if len(sys.argv) > 5:
        watch_syncs(Path(sys.argv[5]))
    journal = Journal(folder, waits=sync == "wait")

    def append(numbers: Iterator[int]) -> None:
        for number in numbers:
            # The visitor is the number, so that each scan is somebody else's.
            record = pack(0, 0, 7, batches[number % len(batches)], 0, time.time_ns() // 1000, number.to_bytes(16))
            if journal.append(record):
                os.write(1, struct.pack("<Q", number))

    for thread in range(THREADS):
        threading.Thread(target=append, args=(iter(range(first + thread, first + 10_000_000, THREADS)),)).start()


if __name__ == "__main__":
    main()
