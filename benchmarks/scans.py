"""How many scans a second are answered and recorded, beside what others would write: the same register, the same page, in turn.

Run from the project's folder: `.venv/bin/python benchmarks/scans.py` (needs `wrk`: apt-get install wrk; nginx is measured where it
is installed). All servers run with two workers on this machine, together with the load generator: 32 connections, random stamps out
of 10,000 (20 packs of each of 500 batches), 200 browsers. Rounds in turn, medians; ratios count, since machines differ.
"""

import argparse
import contextlib
import gzip
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))
PHONE = "Mozilla/5.0 (Linux; Android 14) Mobile"
SCRIPT = """
local paths = {}
for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end
local once, place = os.getenv("ONCE"), 0
math.randomseed(os.time())
function request()
  place = place + 1
  local path = once and paths[place] or paths[math.random(#paths)]
  wrk.headers["User-Agent"] = "Mozilla/5.0 (Linux; Android 14; Phone " .. math.random(200) .. ") Mobile"
  return wrk.format("GET", path)
end
"""
VARIANTS = ("usual", "joined", "reads", "reads_joined", "grouped", "route")
# Stamps of one batch: a pack's code is its own, its page is not.
UNITS = 20
# So long each of those that keep pages is scanned at random before it is measured: then each worker knows nearly all stamps.
WARM_S = 60
# Waiting answers hold a thread each; the others are quicker with few.
THREADS = {"grouped": 32}


@dataclass
class Measured:
    """One variant's rounds: scans a second, milliseconds at 50, 95 and 99 percent, and answers that were no 200."""

    rates: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def rate(self) -> float:
        """The median."""
        return statistics.median(self.rates)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(base: str, path: str) -> tuple[int, bytes]:
    """Status and content of a page."""
    request = urllib.request.Request(base + path, headers={"User-Agent": PHONE})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, answer.read()


class Server:
    """A server as processes of its own."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], port: int) -> None:
        self.name, self.base = name, f"http://127.0.0.1:{port}"
        began = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        self._wait()
        self.started_s = time.perf_counter() - began

    def _wait(self) -> None:
        for _ in range(600):
            if self.process.poll() is not None:
                sys.exit(f"{self.name} ended: {self.process.stderr.read().decode() if self.process.stderr else ''}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(self.base.rpartition(":")[2])), 1):
                return
            time.sleep(0.05)
        sys.exit(f"{self.name} did not start")

    def stop(self) -> None:
        """Ends it with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


class Bench:
    """A register in a folder, its stamps' paths, and the servers over it."""

    def __init__(self, folder: Path, stamps: int) -> None:
        self.folder, self.paths = folder, folder / "paths.txt"
        self.environment = {
            **os.environ,
            "INSTANCE": str(folder / "instance"),
            "WORKERS": "2",
            "PYTHONPATH": str(PROJECT),
            "HOST": "127.0.0.1",
        }
        for name in ("PUBLIC_URL", "LAN"):
            self.environment.pop(name, None)
        flask = [sys.executable, "-m", "flask", "--app", "traceability"]
        for command in (["init"], ["sample"]):
            self.run([*flask, *command])
        self.run(
            [
                sys.executable,
                "-m",
                "benchmarks.scan_variants.register",
                "--batches",
                str(max(1, stamps // UNITS)),
                "--units",
                str(UNITS),
                "--paths",
                str(self.paths),
            ]
        )
        (folder / "load.lua").write_text(SCRIPT)

    def run(self, command: list[str]) -> None:
        """Runs a command to its end."""
        subprocess.run(command, check=True, cwd=PROJECT, env=self.environment, stdout=subprocess.DEVNULL)

    def serve(self, **settings: str) -> Server:
        """The service by its own command."""
        port = free_port()
        environment = {**self.environment, **settings, "PORT": str(port)}
        return Server("ours", [sys.executable, "-m", "flask", "--app", "traceability", "serve"], environment, port)

    def variant(self, name: str, threads: int) -> Server:
        """A variant on the same kind of server."""
        port = free_port()
        target = f"benchmarks.scan_variants.apps:{name}"
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", target, "--host", "127.0.0.1", "--port", str(port)]
        command += ["--workers", "2", "--blocking-threads", str(threads), "--no-ws", "--log-level", "error"]
        return Server(name, command, self.environment, port)

    def load(self, server: Server, seconds: float, paths: Path | None = None, *, once: bool = False) -> tuple[float, float, float, int]:
        """Scans a second, 95th and 99th percentile in ms, errors."""
        environment = {**os.environ, "PATHS": str(paths or self.paths)} | ({"ONCE": "1"} if once else {})
        command = [
            "wrk",
            "-t1",
            "-c32",
            f"-d{seconds:g}s",
            "--latency",
            "-s",
            str(self.folder / "load.lua"),
            "-H",
            "Accept-Encoding: gzip",
            server.base,
        ]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        return read_wrk(told)

    def settle(self) -> None:
        """Waits until the loader has loaded all, so that it takes nothing from the next one."""
        journal = self.folder / "instance" / "journal"
        ends, before = time.monotonic() + 300, -1.0
        while time.monotonic() < ends:
            lag = self._lag()
            if lag == 0 or (lag is None and before == 0):
                return
            before = lag if lag is not None else 0 if not journal.exists() else -1
            time.sleep(0.5)

    def _lag(self) -> float | None:
        if self.ours is None:
            return 0
        found = re.search(rb"traceability_loader_lag_records ([0-9.e+]+)", fetch(self.ours.base, "/metrics")[1])
        return float(found[1]) if found else None

    ours: Server | None = None


def read_wrk(told: str) -> tuple[float, float, float, int]:
    """wrk's figures: a second, p95 (its p90, where it tells no p95) and p99 in ms, and answers that were none."""

    def ms(percent: str) -> float:
        found = re.search(rf"^\s+{percent}%\s+([0-9.]+)(us|ms|s)", told, re.MULTILINE)
        return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]] if found else float("nan")

    rate = float(re.search(r"Requests/sec:\s+([0-9.]+)", told)[1])  # type: ignore[index]
    odd = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    return rate, ms("90"), ms("99"), (int(odd[1]) if odd else 0) + (sum(map(int, lost.groups())) if lost else 0)


def check(server: Server, path: str, *, is_page: bool) -> int:
    """The page is the one that is meant; its bytes."""
    status, content = fetch(server.base, path)
    if status != 200 or (is_page and path.rpartition("/")[2][:4].encode() not in content):
        sys.exit(f"{server.name} answers {path} with {status}")
    return len(content)


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--stamps", type=int, default=10_000)
    parser.add_argument("--only", nargs="*", help="of: hello ours waiting nginx usual joined reads reads_joined grouped route")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="scans-") as folder:
        bench = Bench(Path(folder), arguments.stamps)
        with contextlib.ExitStack() as stack:
            measure(bench, arguments, stack)


def measure(bench: Bench, arguments: argparse.Namespace, stack: contextlib.ExitStack) -> None:
    """All variants in turn."""
    wanted = arguments.only or ["hello", "ours", "waiting", "nginx", *VARIANTS]
    servers: dict[str, Server] = {}
    first = bench.paths.read_text().split("\n", 1)[0]
    for name in wanted:
        if name in ("ours", "waiting"):
            servers[name] = bench.serve(**({"SCAN_SYNC": "wait"} if name == "waiting" else {}))
            bench.ours = bench.ours or servers[name]
        elif name == "nginx":
            if shutil.which("nginx") is None:
                print("nginx is not installed and is left out")
                continue
            servers[name] = serve_file(bench, fetch(servers["ours"].base, first)[1])
        else:
            servers[name] = bench.variant(name, THREADS.get(name, 2 if name == "hello" else 5))
        stack.callback(servers[name].stop)
    sizes = [check(server, first, is_page=name not in ("hello", "nginx")) for name, server in servers.items()]
    print(f"pages of {max(sizes):,} bytes\n")
    results = {name: Measured() for name in servers}
    for name, server in servers.items():
        warm(bench, server, name, arguments.seconds)
    for _ in range(arguments.rounds):
        for name, server in servers.items():
            bench.settle()
            rate, p95, p99, errors = bench.load(server, arguments.seconds)
            result = results[name]
            result.rates.append(rate)
            result.p95.append(p95)
            result.p99.append(p99)
            result.errors += errors
    report(results, arguments)


def warm(bench: Bench, server: Server, name: str, seconds: float) -> None:
    """What is kept is kept before it is measured: each worker sees each stamp."""
    if name in ("ours", "waiting", "grouped", "route"):
        bench.load(server, WARM_S)
    else:
        bench.load(server, min(seconds, 2))


def serve_file(bench: Bench, page: bytes) -> Server:
    """nginx with the page as a file, whatever the path."""
    folder, port = bench.folder / "nginx", free_port()
    folder.mkdir()
    (folder / "page.html.gz").write_bytes(gzip.compress(page))
    (folder / "page.html").write_bytes(page)
    user = "user root;" if os.getuid() == 0 else ""
    http = "access_log off; default_type text/html;"
    site = f"listen 127.0.0.1:{port}; root {folder}; gzip_static always; location / {{ try_files /page.html =404; }}"
    head = f"daemon off; {user} pid {folder}/pid; error_log stderr crit; worker_processes 2;"
    (folder / "nginx.conf").write_text(f"{head} events {{}} http {{ {http} server {{ {site} }} }}\n")
    return Server("nginx", ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)], dict(os.environ), port)


def report(results: dict[str, Measured], arguments: argparse.Namespace) -> None:
    """The table."""
    machine = f"{processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    print(f"{machine}; {arguments.rounds} rounds of {arguments.seconds:g} s")
    print(f"{'':16}{'scans/s':>10}{'from … to':>20}{'x hello':>9}{'p90 ms':>9}{'p99 ms':>9}{'errors':>8}")
    base = results["hello"].rate if "hello" in results else float("nan")
    for name, found in results.items():
        spread = f"{min(found.rates):,.0f} … {max(found.rates):,.0f}"
        p90, p99 = statistics.median(found.p95), statistics.median(found.p99)
        print(f"{name:16}{found.rate:10,.0f}{spread:>20}{found.rate / base:9.2f}{p90:9.1f}{p99:9.1f}{found.errors:8}")


def processor() -> str:
    """The processor's name."""
    with contextlib.suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
