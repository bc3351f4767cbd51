"""How many scans a second are answered and recorded, beside what others would write: the same register, the same page, in turn.

Run from the project's folder: `.venv/bin/python benchmarks/scans.py` (needs `wrk`: apt-get install wrk; nginx is measured where it
is installed, the link shortener where `labels.py --set-up-peers` has set it up). Every server has two workers on this machine,
together with the load: 32 connections, random stamps out of 10,000 (20 packs of each of 500 batches), 200 browsers. Only the one
that is measured runs, the others are stopped meanwhile. Rounds in turn, medians; ratios count, since machines differ.

`--register FOLDER --database URL` measures with a register that `scan_variants.register` made before: FOLDER is its INSTANCE's
folder, and holds `paths.txt` and `cold.txt`. `--soak MINUTES` scans for so long and prints memory and rate as they go.
"""

import argparse
import contextlib
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_FOLDER = PROJECT / "build" / "peers"
sys.path[:0] = [str(PROJECT), str(Path(__file__).resolve().parent)]

from peers.installed import Home  # noqa: E402

from benchmarks.scan_variants.bench import Answers, Bench, Server, fetch, metric, processor  # noqa: E402
from benchmarks.scan_variants.front import serve_behind, serve_file  # noqa: E402
from benchmarks.scan_variants.memory import memory  # noqa: E402

VARIANTS = ("usual", "joined", "reads", "reads_joined", "grouped", "route")
SERVICE = ("ours", "waiting", "behind", "tls", "tls_new", "cold")
PEERS = ("hello", "nginx", "shortener", "cold_reads", "cold_reads_joined")
# Waiting answers hold a thread each; the others are quicker with few.
THREADS = {"hello": 2, "grouped": 32}
COLD = 20_000


@dataclass
class Measured:
    """One variant's rounds: scans a second, milliseconds at 90 and 99 percent, and answers that were no 200."""

    rates: list[float] = field(default_factory=list)
    p90: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def rate(self) -> float:
        """The median."""
        return statistics.median(self.rates)

    def add(self, found: Answers) -> None:
        """One more round."""
        self.rates.append(found[0])
        self.p90.append(found[1])
        self.p99.append(found[2])
        self.errors += found[3]


class Field:
    """All that takes part: servers by what they run, and how each name is measured."""

    def __init__(self, bench: Bench, stack: contextlib.ExitStack, seconds: float) -> None:
        self.bench, self.seconds = bench, seconds
        self._stack, self._servers = stack, dict[str, Server]()
        self._front: tuple[Server, str] | None = None
        self._chunks = 0

    def measure(self, name: str) -> Answers:
        """One round of one name."""
        if name in ("behind", "tls", "tls_new"):
            server, secure = self._behind()
            with self._server("ours").awake(), server.awake():
                return self._and_settle(secure if "tls" in name else server.base, close=name == "tls_new")
        if name.startswith("cold"):
            with self._server(name.removeprefix("cold_") if name != "cold" else "ours").awake() as _:
                return self._cold(name)
        server = self._server(name)
        with server.awake():
            found = self.bench.load(server.base, self.seconds)
            if name in SERVICE:
                self.bench.settle(server)
            return found

    def _and_settle(self, base: str, *, close: bool) -> Answers:
        found = self.bench.load(base, self.seconds, close=close)
        self.bench.settle(self._server("ours"))
        return found

    def _cold(self, name: str) -> Answers:
        """Stamps of batches that nobody has scanned yet, each once."""
        server = self._server(name.removeprefix("cold_") if name != "cold" else "ours")
        part = self.bench.folder / "part.txt"
        most = int(self.seconds * 1_000)
        with self.bench.cold.open() as file:
            part.write_text("".join(islice(file, self._chunks, self._chunks + most)).strip())
        found = self.bench.load(server.base, self.seconds, part, once=True)
        self._chunks += int(found[0] * self.seconds) + 100
        if name == "cold":
            self.bench.settle(server)
        return found

    def _server(self, name: str) -> Server:
        server = self._servers.get(name)
        if server is None:
            server = self._servers[name] = self._start(name)
            self._stack.callback(server.stop)
            with server.awake():
                if name in ("ours", "waiting"):
                    self.bench.warm(server, self.seconds)
                    self.bench.settle(server)
                elif name in ("grouped", "route"):
                    # They keep one page a batch, which are drawn within seconds.
                    time.sleep(3)
                    for _ in range(4):
                        self.bench.load(server.base, self.seconds)
                else:
                    time.sleep(2)
                    self.bench.load(server.base, 2)
        return server

    def _start(self, name: str) -> Server:
        if name in ("ours", "waiting"):
            return self.bench.serve(**({"SCAN_SYNC": "wait"} if name == "waiting" else {}))
        if name == "nginx":
            ours = self._server("ours")
            with ours.awake():
                page = fetch(ours.base, self.bench.paths.open().readline().strip())[1]
            return serve_file(self.bench.folder, page)
        if name == "shortener":
            return self._shortener()
        return self.bench.variant(name, THREADS.get(name, 5))

    def _shortener(self) -> Server:
        python, database = str(Home(DEFAULT_FOLDER).python), self.bench.folder / "shortener.db"
        self.bench.run([python, "-m", "benchmarks.scan_variants.shortener", str(self.bench.paths), str(database)])
        self.bench.environment["SHORTENER"] = str(database)
        return self.bench.granian("shortener", python, "benchmarks.scan_variants.shortener:made", 5)

    def _behind(self) -> tuple[Server, str]:
        if self._front is None:
            self._front = serve_behind(self.bench.folder, self._server("ours"))
            self._stack.callback(self._front[0].stop)
        return self._front


def check(field: Field, name: str) -> None:
    """The page is the one that is meant."""
    server, path = field._server(name), field.bench.paths.open().readline().strip()
    with server.awake():
        status, content = fetch(server.base, path)
    if status != 200 or (name != "hello" and path[3:7].encode() not in content):
        sys.exit(f"{name} answers {path} with {status}")
    print(f"{name}: {len(content):,} bytes", flush=True)


def soak(bench: Bench, minutes: float) -> None:
    """Scans for so long, and tells each minute how fast, how large, and how far behind."""
    server, ends = bench.serve(), time.monotonic() + minutes * 60
    try:
        bench.warm(server, 5)
        began = time.monotonic()
        while time.monotonic() < ends:
            rate, _, p99, errors = bench.load(server.base, 50)
            lag, sizes = metric(server, "traceability_loader_lag_records") or 0, " ".join(memory(server, short=True))
            at = (time.monotonic() - began) / 60
            print(f"{at:5.1f} min {rate:8,.0f}/s p99 {p99:5.1f} ms, {errors} failed, {lag:9,.0f} to load; {sizes}", flush=True)
            time.sleep(5)
        before = time.monotonic()
        bench.settle(server)
        print(f"all loaded {time.monotonic() - before:.0f} s later; memory {' '.join(memory(server, short=True))}")
    finally:
        server.stop()


def report(results: dict[str, Measured], rounds: int, seconds: float) -> None:
    """The table."""
    machine = f"{processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    print(f"{machine}; {rounds} rounds of {seconds:g} s")
    print(f"{'':18}{'scans/s':>10}{'from … to':>20}{'x hello':>9}{'p90 ms':>9}{'p99 ms':>9}{'failed':>8}")
    base = results["hello"].rate if "hello" in results else float("nan")
    for name, found in results.items():
        spread = f"{min(found.rates):,.0f} … {max(found.rates):,.0f}"
        p90, p99 = statistics.median(found.p90), statistics.median(found.p99)
        print(f"{name:18}{found.rate:10,.0f}{spread:>20}{found.rate / base:9.2f}{p90:9.1f}{p99:9.1f}{found.errors:8}")


def is_there(name: str) -> bool:
    """Whether what a name needs is installed; otherwise it is said."""
    if name in ("nginx", "behind", "tls", "tls_new") and shutil.which("nginx") is None:
        print(f"{name} is left out: nginx is not installed")
        return False
    if name == "shortener" and not Home(DEFAULT_FOLDER).python.exists():
        print("shortener is left out: set it up by benchmarks/labels.py --set-up-peers")
        return False
    return True


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--stamps", type=int, default=10_000)
    parser.add_argument("--only", nargs="*", help=f"of: {' '.join((*PEERS, *SERVICE, *VARIANTS))}")
    parser.add_argument("--database", default="", help="its address (default: SQLite)")
    parser.add_argument("--register", type=Path, help="the folder of a register that is there already")
    parser.add_argument("--soak", type=float, help="minutes")
    parser.add_argument("--without-loader", action="store_true", help="what scans cost where nothing is loaded meanwhile")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    wanted = [name for name in arguments.only or (*PEERS, *SERVICE, *VARIANTS) if is_there(name)]
    with tempfile.TemporaryDirectory(prefix="scans-") as made, contextlib.ExitStack() as stack:
        folder = arguments.register or Path(made)
        cold = COLD if any(name.startswith("cold") for name in wanted) else 0
        bench = Bench(folder, arguments.stamps, cold=cold, database=arguments.database, known=arguments.register is not None)
        bench.loads = not arguments.without_loader
        if arguments.soak:
            soak(bench, arguments.soak)
            return
        field = Field(bench, stack, arguments.seconds)
        for name in wanted:
            if name in ("ours", "waiting", "hello", *VARIANTS):
                check(field, name)
        results = {name: Measured() for name in wanted}
        for _ in range(arguments.rounds):
            for name in wanted:
                results[name].add(field.measure(name))
        report(results, arguments.rounds, arguments.seconds)


if __name__ == "__main__":
    main()
