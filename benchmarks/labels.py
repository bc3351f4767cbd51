"""How fast sheets of labels are printed, and in how much memory, beside four programs that print them too.

Run from the project's folder: `.venv/bin/python benchmarks/labels.py --set-up-peers` once, then without it. 10 000 labels on
A4, each a QR symbol and three lines of Vietnamese text that differ from every other label's. All take turns in each round, on
one core, each as a process of its own whose figures hold everything from its start to its end, imports too; medians are
printed. Payloads are drawn anew for every run. Of every PDF the readable codes are counted and some pages' symbols read back.
"""

import argparse
import os
import platform
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from peers.installed import APT_LINE, GLABELS, PEERS, Home, peer_versions, set_up
from peers.race import Command, Run, RunFailed, peer_command, peer_environment, run_once, the_core
from peers.reading import WrongSheet

PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_FOLDER = PROJECT / "build" / "peers"

# What our own ways are called, and the word that chooses them.
_WAYS = {"ours, path": "path", "ours, bits": "bits", "ours, best": "best"}


def _our_command(way: str) -> Command:
    script = Path(__file__).resolve().parent / "peers" / "our_sheet.py"
    # Our fonts were made at set-up, so the one for the peers is not looked at.
    return lambda labels, pdf, payloads: [sys.executable, str(script), str(labels), str(pdf), str(payloads), "-", way]


# Our own ways by name, each from (labels, PDF to write, payloads' CSV) to the command that prints them; measured as peers are.
# `best` draws paths with the best of eight masks each, as the peers choose them.
OURS: dict[str, Command] = {name: _our_command(way) for name, way in _WAYS.items()}


def main() -> None:
    """Measures and prints a table; exit code 1 if any run failed or printed a wrong sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=10_000, help="labels a run (10 000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (3)")
    parser.add_argument("--only", nargs="+", choices=(*OURS, *PEERS), help="measure these only")
    parser.add_argument("--peers", type=Path, default=DEFAULT_FOLDER, metavar="FOLDER", help="where the peers are (build/peers)")
    parser.add_argument("--set-up-peers", action="store_true", help="install the Python peers there, in pinned versions, and end")
    asked = parser.parse_args()
    home = Home(asked.peers.resolve())
    if asked.set_up_peers:
        set_up(home)
        return
    versions = peer_versions(home)
    names = [name for name in (*OURS, *PEERS) if not asked.only or name in asked.only]
    _print_machine(asked.labels, asked.runs)
    _print_contenders(names, versions)
    measured = _measure([name for name in names if name in OURS or name in versions], asked.labels, asked.runs, home)
    _print_table(measured, asked.labels)
    if not measured or any(len(runs) < asked.runs for runs in measured.values()):
        sys.exit(1)


def _measure(names: list[str], count: int, rounds: int, home: Home) -> dict[str, list[Run]]:
    measured: dict[str, list[Run]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            ours = OURS.get(name)
            command, environment = (ours, {}) if ours else (peer_command(name, home), peer_environment(home))
            try:
                measured[name].append(run_once(command, count, environment))
            except (RunFailed, WrongSheet) as error:
                print(f"{name}: {error}")
    return measured


def _print_machine(count: int, rounds: int) -> None:
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"{_processor()}, {os.cpu_count()} cores, runs on core {the_core()}; load {load}")
    print(f"{platform.system()} {platform.release()}, Python {platform.python_version()}; {count} labels, {rounds} runs of each, in turn")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _print_contenders(names: list[str], versions: dict[str, str]) -> None:
    for name in (name for name in names if name not in OURS):
        how = APT_LINE if name == GLABELS else "--set-up-peers"
        print(f"  {name}: {versions.get(name) or f'not there; to have it: {how}'}")


def _print_table(measured: dict[str, list[Run]], count: int) -> None:
    """A line each, medians; the ratio is the rate over that of the fastest peer."""
    rates = {name: count / statistics.median(run.seconds for run in runs) for name, runs in measured.items() if runs}
    fastest = max((rate for name, rate in rates.items() if name not in OURS), default=0)
    print(f"{'':12}{'labels/s':>10}{'from':>8}{'to':>8}{'cpu s':>8}{'peak MB':>9}{'PDF MB':>8}{'read back':>11}{'× fastest peer':>16}")
    for name, rate in rates.items():
        runs = measured[name]
        slowest, quickest = (count / choose(run.seconds for run in runs) for choose in (max, min))
        cpu, peak, size, read = (
            statistics.median(getattr(run, field) for run in runs)
            for field in ("cpu_seconds", "peak_rss_bytes", "output_bytes", "symbols_read")
        )
        ratio = f"{rate / fastest:.2f}" if fastest else "-"
        figures = f"{rate:10.0f}{slowest:8.0f}{quickest:8.0f}{cpu:8.1f}{peak / 1e6:9.0f}{size / 1e6:8.2f}{read:11.0f}{ratio:>16}"
        print(f"{name:12}{figures}")


if __name__ == "__main__":
    main()
