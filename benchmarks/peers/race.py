"""One run of a command that prints labels: fresh payloads, one core, the whole process timed, its PDF looked into."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from peers.installed import HERE, Home
from peers.payloads import write_payloads
from peers.reading import check_labels

STOPWATCH = HERE / "stopwatch.py"

# From the number of labels, the PDF to write and the payloads' CSV to the command that prints them.
Command = Callable[[int, Path, Path], list[str]]


@dataclass(frozen=True)
class Run:
    """One run: wall and processor seconds from start to exit, the peak of its memory, its PDF's size, symbols read back."""

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int
    output_bytes: int
    symbols_read: int


class RunFailed(RuntimeError):
    """A command ended with an error; the text is its last words."""


def run_peer(name: str, count: int, runs: int, home: Home) -> list[Run]:
    """Prints `count` labels with a peer that many times. Raises RunFailed, or WrongSheet where the PDF is not right."""
    return [run_once(peer_command(name, home), count, peer_environment(home)) for _ in range(runs)]


def peer_command(name: str, home: Home) -> Command:
    """The command of a peer of PEERS."""
    script = HERE / f"{name}_sheet.py"
    return lambda count, out, payloads: [str(home.python), str(script), str(count), str(out), str(payloads), str(home.font)]


def peer_environment(home: Home) -> dict[str, str]:
    """What a peer is told by its environment: UTF-8, and one font."""
    return {"LC_ALL": "C.UTF-8", "FONTCONFIG_FILE": str(home.fonts_conf.resolve())}


def run_once(command: Command, count: int, environment: Mapping[str, str]) -> Run:
    """Prints `count` labels that were never printed before, on the last core that this process may use.

    Only the command is timed, not the writing of the payloads before it nor the reading after it. Raises as run_peer does.
    """
    with tempfile.TemporaryDirectory() as folder:
        out, payloads = Path(folder) / "labels.pdf", Path(folder) / "payloads.csv"
        write_payloads(payloads, count)
        figures = _timed(command(count, out, payloads), {**os.environ, **environment, "HOME": folder})
        return Run(
            figures["seconds"],
            figures["cpu_seconds"],
            int(figures["peak_rss_bytes"]),
            out.stat().st_size,
            check_labels(out, payloads),
        )


def the_core() -> int:
    """The core that every command runs on."""
    return max(os.sched_getaffinity(0))


def _timed(command: list[str], environment: Mapping[str, str]) -> dict[str, float]:
    timed = [sys.executable, "-I", "-S", str(STOPWATCH), str(the_core()), *command]
    ended = subprocess.run(timed, env=environment, capture_output=True, text=True, check=False)
    figures: dict[str, float] = json.loads(ended.stdout) if ended.stdout else {"exit_code": ended.returncode}
    if figures["exit_code"]:
        raise RunFailed(f"{command[0]}: {' '.join(ended.stderr.split())[-300:]}")
    return figures
