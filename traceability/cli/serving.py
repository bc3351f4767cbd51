"""The processes behind `serve`: the server with its workers, and the loader of scans. The loader is started again when it ends."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from traceability.config import Settings, environment_of_workers
from traceability.parent import die_with

# Two, so that a form that comes slowly, with no proxy in front, leaves one for stamps; each further one lengthens the slowest scans.
_ANSWERING_THREADS = 2
# Scans come first: what is not loaded at once waits in its file.
_LOADER_NICENESS = 10
_LOADER_DELAY_S = 2.0
_POLL_S = 0.2
# Who ends sooner has never served: its port is taken, or its settings are wrong.
_STARTED_S = 3.0
_LONGEST_PAUSE_S = 30.0
# A signal to all processes at once, as a terminal sends it, has reached the server already; granian's handler can be caught by a
# second one in the midst of the first, and then waits for ever.
_FORWARD_S, _LONGEST_STOP_S = 0.5, 15.0


def server_command(settings: Settings) -> list[str]:
    """The server's command line."""
    return [
        *(sys.executable, "-m", "traceability.server", "--interface", "wsgi", "--factory", "traceability:create_app"),
        *("--host", settings.host, "--port", str(settings.port), "--workers", str(settings.workers)),
        *("--blocking-threads", str(_ANSWERING_THREADS), "--no-ws", "--log-level", "warning"),
        *("--workers-kill-timeout", "5", "--respawn-failed-workers"),
    ]


def serve(settings: Settings) -> int:
    """Serves until the server ends or a signal comes; the server's exit code."""
    # Counts of a service that ended begin anew, as Prometheus expects of one that starts.
    # A folder for each port, since another instance may serve beside this one during an upgrade.
    metrics = settings.instance / "live" / f"metrics-{settings.port}"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True, exist_ok=True, mode=0o700)
    environment = environment_of_workers(metrics)
    server, began = _start(server_command(settings), environment), time.monotonic()
    loader = _Loader(environment) if settings.loader else None
    stop_at, told, stopping = 0.0, False, False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stop_at, stopping
        if not stopping:
            stop_at, stopping = time.monotonic(), True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    while server.poll() is None or (not stopping and time.monotonic() - began > _STARTED_S):
        if server.returncode is not None:
            # It gives up when one of its workers dies twice within seconds; whoever scans next need not know.
            print(f"the server ended with code {server.returncode} and is started again", file=sys.stderr, flush=True)
            server, began = _start(server_command(settings), environment), time.monotonic()
        if loader is not None and not stopping:
            loader.keep()
        if stopping and not told and time.monotonic() - stop_at > _FORWARD_S:
            server.terminate()
            told = True
        if stopping and time.monotonic() - stop_at > _LONGEST_STOP_S:
            server.kill()
        time.sleep(_POLL_S)
    if loader is not None:
        loader.stop()
    return 0 if stopping else server.returncode


class _Loader:
    """The loader as a process that is there as long as the server is."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._pause = 1.0
        # The server first: both would load their modules at the same time.
        self._again_at, self._began_at = time.monotonic() + _LOADER_DELAY_S, 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """Starts it where it does not run; after each failure a little later."""
        if self._process is not None and self._process.poll() is None:
            return
        now = time.monotonic()
        if self._process is not None:
            if now - self._began_at > _LONGEST_PAUSE_S:
                self._pause = 1.0
            print(f"the loader of scans ended with code {self._process.returncode} and is started again", file=sys.stderr, flush=True)
            self._process, self._again_at = None, now + self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_S)
        if now >= self._again_at:
            self._began_at = now
            self._process = _start(
                [sys.executable, "-m", "flask", "--app", "traceability", "load-scans"], self._environment, _LOADER_NICENESS
            )

    def stop(self) -> None:
        """Ends it; what it has not loaded waits in the files."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()


def _start(command: Sequence[str], environment: Mapping[str, str], niceness: int = 0) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def prepare() -> None:
        os.nice(niceness)
        die_with(parent)

    return subprocess.Popen(command, env=environment, preexec_fn=prepare)  # noqa: PLW1509
