"""What the processes of a server hold in memory."""

import os
import re
from pathlib import Path

from benchmarks.scan_variants.bench import Server


def memory(server: Server, *, short: bool = False) -> list[str]:
    """Resident and proportional megabytes of each process of the server; `short`: in one line."""
    lines = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                if os.getpgid(int(path.name)) != server.process.pid:
                    continue
                command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                rollup = (path / "smaps_rollup").read_text()
            except OSError:
                continue
            rss, pss = (int(re.search(rf"^{name}:\s+(\d+)", rollup, re.MULTILINE)[1]) // 1024 for name in ("Rss", "Pss"))  # type: ignore[index]
            what = "loader" if "load-scans" in command else "server" if "traceability.server" in command else "supervisor"
            lines.append(f"{what} {rss} MB (proportional {pss})" if short else f"  {rss} MB resident, {pss} MB proportional: {what}")
    return sorted(lines)
