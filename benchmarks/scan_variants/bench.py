"""The servers that are measured, the register below them, and the load (wrk)."""

import contextlib
import os
import platform
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg

PROJECT = Path(__file__).resolve().parent.parent.parent
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
# Scans a second, 90th and 99th percentile in ms, and answers that were no 200.
Answers = tuple[float, float, float, int]
# Stamps of one batch: a pack's code is its own, its page is not.
UNITS = 20


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
        self.is_writing: Callable[[], bool] = lambda: False
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

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """Lets it run, where all others are stopped: what they do in the background is not measured with it."""
        os.killpg(self.process.pid, signal.SIGCONT)
        try:
            yield
        finally:
            # What was still being answered when the load ended is answered.
            time.sleep(2)
            self.pause()

    def pause(self) -> None:
        """Stops it between two transactions: what is stopped within one holds a lock that all the others wait for."""
        time.sleep(0.5)
        for _ in range(500):
            os.killpg(self.process.pid, signal.SIGSTOP)
            if not self.is_writing():
                return
            os.killpg(self.process.pid, signal.SIGCONT)
            time.sleep(0.02)
        sys.exit(f"{self.name} never comes to the end of its transactions")

    def stop(self) -> None:
        """Ends it with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGCONT)
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


class Bench:
    """A register in a folder, its stamps' paths, and the servers over it. `database`: another one than SQLite in the folder."""

    def __init__(self, folder: Path, stamps: int, *, cold: int = 0, database: str = "", known: bool = False) -> None:
        self.folder, self.paths, self.cold = folder, folder / "paths.txt", folder / "cold.txt"
        self.loads = True
        self.environment = {
            **os.environ,
            "INSTANCE": str(folder / "instance"),
            "WORKERS": "2",
            "PYTHONPATH": str(PROJECT),
            "HOST": "127.0.0.1",
        }
        for name in ("PUBLIC_URL", "LAN"):
            self.environment.pop(name, None)
        if database:
            self.environment["DATABASE_URL"] = database
        (folder / "load.lua").write_text(SCRIPT)
        if known:
            return
        flask = [sys.executable, "-m", "flask", "--app", "traceability"]
        for command in (["init"], ["sample"]):
            self.run([*flask, *command])
        make = [sys.executable, "-m", "benchmarks.scan_variants.register", "--batches"]
        self.run([*make, str(max(1, stamps // UNITS)), "--units", str(UNITS), "--paths", str(self.paths)])
        if cold:
            self.run([*make, str(cold), "--paths", str(self.cold)])

    def run(self, command: list[str]) -> None:
        """Runs a command to its end."""
        subprocess.run(command, check=True, cwd=PROJECT, env=self.environment, stdout=subprocess.DEVNULL)

    def serve(self, **settings: str) -> Server:
        """The service by its own command."""
        port = free_port()
        environment = {**self.environment, **settings, "PORT": str(port), "LOADER": str(int(self.loads))}
        return self._known(Server("ours", [sys.executable, "-m", "flask", "--app", "traceability", "serve"], environment, port))

    def _known(self, server: Server) -> Server:
        url = self.environment.get("DATABASE_URL") or f"sqlite:///{self.folder / 'instance' / 'traceability.db'}"
        server.is_writing = partial(is_writing, url)
        return server

    def variant(self, name: str, threads: int) -> Server:
        """A variant on the same kind of server."""
        return self.granian(name, sys.executable, f"benchmarks.scan_variants.apps:{name}", threads)

    def granian(self, name: str, python: str, target: str, threads: int) -> Server:
        """A function that makes a WSGI app, on granian."""
        port = free_port()
        command = [python, "-m", "granian", "--interface", "wsgi", "--factory", target, "--host", "127.0.0.1", "--port", str(port)]
        command += ["--workers", "2", "--blocking-threads", str(threads), "--no-ws", "--log-level", "error"]
        return self._known(Server(name, command, self.environment, port))

    def load(self, base: str, seconds: float, paths: Path | None = None, *, once: bool = False, close: bool = False) -> Answers:
        """Scans for so many seconds over 32 connections; with `once` each path in order, with `close` a connection each."""
        environment = {**os.environ, "PATHS": str(paths or self.paths)} | ({"ONCE": "1"} if once else {})
        command = ["wrk", "-t1", "-c32", f"-d{seconds:g}s", "--latency", "-s", str(self.folder / "load.lua")]
        command += ["-H", "Accept-Encoding: gzip", *(["-H", "Connection: close"] if close else []), base]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        return read_wrk(told)

    def warm(self, server: Server, seconds: float) -> None:
        """Scans until each worker of the service knows all stamps by heart."""
        # Until both workers are there: the first one would take all connections.
        time.sleep(3)
        misses = float("-inf")
        while (found := misses_of(server)) - misses > 100:
            misses = found
            self.load(server.base, seconds)

    def settle(self, server: Server) -> None:
        """Waits until its loader has loaded all, so that the next round begins alike."""
        ends = time.monotonic() + (600 if self.loads else 0)
        while time.monotonic() < ends and (metric(server, "traceability_loader_lag_records") or 0) > 0:
            time.sleep(0.5)


def is_writing(url: str) -> bool:
    """Whether somebody is in a transaction that others wait for."""
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            connection.execute("ROLLBACK")
            return False
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        found = connection.execute(f"{others} AND (state = 'active' OR state LIKE 'idle in transaction%')").fetchone()
        return bool(found and found[0])


def metric(server: Server, name: str) -> float | None:
    """The sum of a metric of the service."""
    found = re.findall(rf"^{name}(?:{{[^}}]*}})? ([0-9.e+-]+)", fetch(server.base, "/metrics")[1].decode(), re.MULTILINE)
    return sum(map(float, found)) if found else None


def misses_of(server: Server) -> float:
    """How many scans were answered by the slow path."""
    # Workers tell what they counted once a second.
    time.sleep(1.3)
    return metric(server, r"traceability_kept_pages_total\{outcome=\"miss\"\}") or 0


def read_wrk(told: str) -> Answers:
    """wrk's figures: a second, p95 (its p90, where it tells no p95) and p99 in ms, and answers that were none."""

    def ms(percent: str) -> float:
        found = re.search(rf"^\s+{percent}%\s+([0-9.]+)(us|ms|s)", told, re.MULTILINE)
        return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]] if found else float("nan")

    rate = float(re.search(r"Requests/sec:\s+([0-9.]+)", told)[1])  # type: ignore[index]
    odd = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    return rate, ms("90"), ms("99"), (int(odd[1]) if odd else 0) + (sum(map(int, lost.groups())) if lost else 0)


def processor() -> str:
    """The processor's name."""
    with contextlib.suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()
