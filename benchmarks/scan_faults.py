"""None lost: what becomes of answered scans when processes are killed, the power is cut, and the database goes away.

Run from the project's folder:

    .venv/bin/python benchmarks/scan_faults.py kills --times 1000     # kill -9 of writers, and of loaders in between
    .venv/bin/python benchmarks/scan_faults.py power --times 200      # what was not synced is forgotten, wholly or in part
    .venv/bin/python benchmarks/scan_faults.py server --times 100     # kill -9 of the real server's workers and loader under load
    .venv/bin/python benchmarks/scan_faults.py strace                 # the write (and the sync) of each scan before its answer

Each prints what it counted, and ends with exit code 1 if a scan that was answered is missing or there twice.
"""

import argparse
import http.client
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from sqlalchemy import create_engine, text  # noqa: E402

from traceability.domain.dates import day_in_vietnam  # noqa: E402
from traceability.web.visitors import Visitors  # noqa: E402

FLASK = [sys.executable, "-m", "flask", "--app", "traceability"]


@dataclass
class Count:
    """What was answered, what is in the database, and what should not be."""

    answered: set[bytes] = field(default_factory=set)
    loaded: list[bytes] = field(default_factory=list)
    kills: int = 0

    @property
    def missing(self) -> int:
        """Answered, but not in the database."""
        return len(self.answered - set(self.loaded))

    @property
    def doubled(self) -> int:
        """In the database more than once."""
        return len(self.loaded) - len(set(self.loaded))

    def tell(self, what: str) -> bool:
        """Prints it; whether all is well."""
        print(
            f"{what}: {self.kills} times, {len(self.answered):,} scans answered, {len(self.loaded):,} in the database, "
            f"{self.missing} missing, {self.doubled} doubled"
        )
        return not self.missing and not self.doubled


class Place:
    """A fresh instance with the sample register."""

    def __init__(self, folder: Path) -> None:
        self.instance = folder / "instance"
        self.environment = {**os.environ, "INSTANCE": str(self.instance), "PYTHONPATH": str(PROJECT), "LOG_FORMAT": "plain"}
        for name in ("DATABASE_URL", "PUBLIC_URL", "LAN"):
            self.environment.pop(name, None)
        for command in ("init", "sample"):
            subprocess.run([*FLASK, command], check=True, cwd=PROJECT, env=self.environment, stdout=subprocess.DEVNULL)
        self.engine = create_engine(f"sqlite:///{self.instance / 'traceability.db'}")
        with self.engine.connect() as connection:
            rows = connection.execute(text("SELECT id, code FROM batch WHERE stamp_scope = 'batch'")).all()
        self.batches, self.codes = [row[0] for row in rows], [row[1] for row in rows]

    def load(self) -> None:
        """Loads all that waits."""
        subprocess.run([*FLASK, "load-scans", "--once"], check=True, cwd=PROJECT, env=self.environment, stdout=subprocess.DEVNULL)

    def start(self, command: list[str], **settings: str) -> subprocess.Popen[bytes]:
        """A process of its own."""
        return subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**self.environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def appender(self, number: int, sync: str) -> list[str]:
        """The command line of a process that appends."""
        command = [sys.executable, "-m", "benchmarks.scan_variants.appender", str(self.instance / "journal")]
        return [*command, str(number * 10_000_000 + 1), sync, ",".join(map(str, self.batches))]

    def visitors(self) -> list[bytes]:
        """By whom the scans in the database are, and that the counts say the same."""
        with self.engine.connect() as connection:
            found = [bytes(row[0]) for row in connection.execute(text("SELECT visitor FROM scan"))]
            for table in ("stamp_count", "batch_count", "scan_day"):
                where = " WHERE kind = 'person'" if table == "scan_day" else ""
                counted = connection.scalar(text(f"SELECT coalesce(sum(times), 0) FROM {table}{where}"))
                if counted != len(found):
                    sys.exit(f"{table} counts {counted}, but {len(found)} scans are kept")
        return found


def kills(place: Place, times: int, *, sync: str = "soon", loader_each: int = 20) -> Count:
    """Kills a writer again and again, wherever it is; a loader runs beside, and is killed now and then."""
    count, chance, loader = Count(), random.Random(3), None
    for number in range(times):
        if number % loader_each == 0:
            if loader is not None:
                os.killpg(loader.pid, signal.SIGKILL)
                loader.communicate()
                count.kills += 1
            loader = place.start([*FLASK, "load-scans"])
        command = [
            sys.executable,
            "-m",
            "benchmarks.scan_variants.appender",
            str(place.instance / "journal"),
            str(number * 10_000_000 + 1),
            sync,
        ]
        writer = place.start([*command, ",".join(map(str, place.batches))])
        count.answered |= _kill_after(writer, chance.uniform(0.0, 0.03))
        count.kills += 1
    if loader is not None:
        os.killpg(loader.pid, signal.SIGKILL)
        loader.communicate()
    place.load()
    count.loaded = place.visitors()
    return count


def _kill_after(writer: subprocess.Popen[bytes], seconds: float) -> set[bytes]:
    """Kills a writer so long after its first answer; the visitors whose scans it has answered."""
    assert writer.stdout is not None
    first = writer.stdout.read(8)
    time.sleep(seconds)
    os.killpg(writer.pid, signal.SIGKILL)
    told = first + writer.stdout.read()
    writer.wait()
    writer.stdout.close()
    return {struct.unpack_from("<Q", told, place)[0].to_bytes(16) for place in range(0, len(told) - 7, 8)}


def power(place: Place, times: int, *, sync: str) -> tuple[Count, int]:
    """Cuts the power again and again: of each file a part of what was not synced is forgotten, or zeros are in its place.

    Where answers wait for the sync, none may be missing; otherwise it is counted how many were, all of the last moments.
    """
    count, chance, journal = Count(), random.Random(4), place.instance / "journal"
    for number in range(times):
        synced = place.instance / f"synced-{number}"
        writer = place.start([*place.appender(number, sync), str(synced)])
        count.answered |= _kill_after(writer, chance.uniform(0.0, 0.05))
        count.kills += 1
        _forget(journal, synced.read_bytes() if synced.exists() else b"", chance)
        synced.unlink(missing_ok=True)
    place.load()
    count.loaded = place.visitors()
    return count, count.missing


def _forget(journal: Path, told: bytes, chance: random.Random) -> None:
    sizes: dict[int, int] = {}
    for start in range(0, len(told) - 15, 16):
        inode, size = struct.unpack_from("<QQ", told, start)
        sizes[inode] = max(size, sizes.get(inode, 0))
    for path in journal.glob("*.scans"):
        status = path.stat()
        safe = sizes.get(status.st_ino, 0)
        if status.st_ino in sizes or time.time() - status.st_mtime < 5:
            kept = chance.randint(min(safe, status.st_size), status.st_size)
            os.truncate(path, kept)
            if chance.random() < 0.5:
                # The size came to the disk, the content did not.
                os.truncate(path, status.st_size)
            # Never again taken for one of this cut.
            os.utime(path, (0, 0))


def server(place: Place, times: int, *, workers: int = 4) -> Count:
    """Kills workers and the loader of the real server under load, in the middle of requests.

    A worker that dies within 5.5 s of its start ends the whole server, on purpose: it is started again, as systemd does.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def begin() -> subprocess.Popen[bytes]:
        return place.start([*FLASK, "serve"], PORT=str(port), WORKERS=str(workers), HOST="127.0.0.1")

    served, starts = begin(), 1
    count, stop, answered = Count(), threading.Event(), list[str]()
    clients = [threading.Thread(target=_scan, args=(port, place.codes, stop, answered, number)) for number in range(4)]
    for client in clients:
        client.start()
    chance = random.Random(5)
    while not answered:
        time.sleep(0.1)
    while count.kills < times:
        time.sleep(chance.uniform(0.0, 1.0))
        if served.poll() is not None:
            served, starts = begin(), starts + 1
        victims = _children(served.pid)
        if victims:
            os.kill(chance.choice(victims), signal.SIGKILL)
            count.kills += 1
    time.sleep(2)
    stop.set()
    for client in clients:
        client.join()
    os.killpg(served.pid, signal.SIGTERM)
    served.communicate(timeout=30)
    print(f"the server was started {starts} times")
    place.load()
    day = day_in_vietnam(datetime.now(UTC))
    hashes = Visitors(place.instance / "visitor-keys")
    count.answered = {hashes.hash("127.0.0.1", agent, day) for agent in answered}
    count.loaded = place.visitors()
    return count


def _scan(port: int, codes: list[str], stop: threading.Event, answered: list[str], number: int) -> None:
    """Scans, each time as somebody else, and notes what was answered to its end."""
    chance, turn, connection = random.Random(number), 0, None
    while not stop.is_set():
        turn += 1
        agent = f"Mozilla/5.0 (Phone {number}-{turn}) Mobile"
        try:
            connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", f"/S/{chance.choice(codes)}", headers={"User-Agent": agent})
            answer = connection.getresponse()
            content = answer.read()
            if answer.status == 200 and content.endswith(b"</html>"):
                answered.append(agent)
        except (OSError, http.client.HTTPException):
            if connection is not None:
                connection.close()
            connection = None
            time.sleep(0.02)
    if connection is not None:
        connection.close()


def _children(pid: int) -> list[int]:
    """The workers of the server, and the loader."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                parent = int(re.search(r"\) \S (\d+)", (path / "stat").read_text())[1])  # type: ignore[index]
                command = (path / "cmdline").read_bytes()
            except (OSError, TypeError):
                continue
            if (parent == pid and b"load-scans" in command) or (
                parent != pid and b"traceability.server" in command and _parent(parent) == pid
            ):
                found.append(int(path.name))
    return found


def _parent(pid: int) -> int:
    try:
        return int(re.search(r"\) \S (\d+)", Path("/proc", str(pid), "stat").read_text())[1])  # type: ignore[index]
    except (OSError, TypeError):
        return 0


def traced(place: Place, sync: str, scans: int = 20) -> tuple[int, int]:
    """The real server under strace: of how many scans the write (and, where answers wait, the sync) came before the answer."""
    if shutil.which("strace") is None:
        sys.exit("strace is missing: apt-get install strace")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = place.instance / "strace"
    command = ["strace", "-f", "-tt", "-s", "8", "-e", "trace=write,writev,sendto,fdatasync", "-o", str(log)]
    served = place.start([*command, *FLASK, "serve"], PORT=str(port), WORKERS="1", SCAN_SYNC=sync, LOADER="0")
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    answered: list[str] = []
    for number in range(scans):
        stop = threading.Event()
        thread = threading.Thread(target=_scan_once, args=(port, place.codes[0], number, answered))
        thread.start()
        thread.join()
        stop.set()
    os.killpg(served.pid, signal.SIGTERM)
    served.communicate(timeout=30)
    return _in_order(log.read_text().splitlines(), waits=sync == "wait"), len(answered)


def _scan_once(port: int, code: str, number: int, answered: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", f"/S/{code}", headers={"User-Agent": f"Mozilla/5.0 (Phone {number}) Mobile"})
    if connection.getresponse().read().endswith(b"</html>"):
        answered.append(str(number))
    connection.close()


def _in_order(lines: Iterable[str], *, waits: bool) -> int:
    """How many answers were sent after the write of their record, one scan at a time."""
    written = synced = 0
    good = 0
    for line in lines:
        if re.search(r"write\(\d+, .*, 48\)\s+= 48", line) or re.search(r"write resumed>.*= 48", line):
            written += 1
            synced = 0
        elif re.search(r"fdatasync(\(| resumed).*= 0", line):
            synced = written
        elif "HTTP/1.1" in line and re.search(r"(writev|sendto|write)\(", line) and written and (synced or not waits):
            good += 1
            written = synced = 0
    return good


def main() -> None:
    """Runs one drill."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drill", choices=["kills", "power", "server", "strace"])
    parser.add_argument("--times", type=int, default=100)
    arguments = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        if arguments.drill == "kills":
            good = kills(Place(Path(folder)), arguments.times).tell("kill -9 of writers and loaders")
        elif arguments.drill == "server":
            good = server(Place(Path(folder)), arguments.times).tell("kill -9 of workers and loader")
        elif arguments.drill == "power":
            count, _ = power(Place(Path(folder) / "wait"), arguments.times, sync="wait")
            good = count.tell("power cut, answers wait for the sync")
            count, missing = power(Place(Path(folder) / "soon"), arguments.times, sync="soon")
            good &= not count.doubled
            print(
                f"power cut, synced within 5 ms: {count.kills} times, {len(count.answered):,} answered, "
                f"{missing} forgotten, {count.doubled} doubled"
            )
        else:
            for sync in ("soon", "wait"):
                found, answered = traced(Place(Path(folder) / sync), sync)
                good &= found == answered
                print(
                    f"strace, SCAN_SYNC={sync}: {found} of {answered} answers came after the write"
                    f"{' and its sync' if sync == 'wait' else ''}"
                )
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
