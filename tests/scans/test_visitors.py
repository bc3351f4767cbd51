"""All threads and processes tell a visitor of a day by the same key."""

import subprocess
import sys
import threading
from datetime import date

from traceability.web.visitors import Visitors

DAY = date(2026, 11, 29)


def hashes_of_threads(folder, threads: int = 16, processes: int = 4) -> set[bytes]:
    """So many threads, as if of several processes, ask at once on a new day."""
    each, told = [Visitors(folder) for _ in range(processes)], list[bytes]()
    ready = threading.Barrier(threads)

    def ask(number: int) -> None:
        ready.wait()
        told.append(each[number % processes].hash("192.0.2.1", "a phone", DAY))

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(threads)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    return set(told)


def test_threads_that_ask_at_once_on_a_new_day_get_one_key(tmp_path):
    """A server that was started under load had a process with a key of its own: its scans were by other visitors."""
    for number in range(50):
        folder = tmp_path / str(number)
        (told,) = hashes_of_threads(folder)
        assert told == Visitors(folder).hash("192.0.2.1", "a phone", DAY)
        assert [path.name for path in folder.iterdir()] == ["2026-11-29.key"]


def test_processes_that_start_at_once_get_one_key(tmp_path):
    program = (
        "import sys; from datetime import date; from pathlib import Path; from traceability.web.visitors import Visitors; "
        "print(Visitors(Path(sys.argv[1])).hash('192.0.2.1', 'a phone', date(2026, 11, 29)).hex())"
    )
    started = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "keys")], stdout=subprocess.PIPE) for _ in range(6)]
    assert len({process.communicate()[0] for process in started}) == 1
