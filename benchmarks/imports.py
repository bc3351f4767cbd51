"""A sheet of 10,000 ratings: how long until its preview is there, until it is written, and until it is undone.

Run from the project's folder: `.venv/bin/python benchmarks/imports.py [--database URL] [--beside PRODUCTS]`. The aim is a preview within
10 s. Beside it `--beside` products are in the register already. The peer of reading is openpyxl alone, which reads the same file row by
row and looks at nothing.
"""

import argparse
import io
import os
import platform
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from openpyxl import Workbook, load_workbook

from benchmarks.office import fill
from traceability.domain.roles import Actor
from traceability.migrations import migrate
from traceability.models.engine import acting, make_engine, reading
from traceability.operations.import_register import apply_import, begin_import, keep_preview, make_preview, undo_import
from traceability.sheets import read_sheets

OFFICE = Actor("Benchmark", "office")
HEADS = ("Sản phẩm", "Chủ thể", "Nhóm", "Hạng sao", "Điểm", "Quyết định", "Ngày quyết định", "Đánh giá", "Nguồn")


def main() -> None:
    """Makes the sheet, reads it in turn with the peer, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--beside", type=int, default=0)
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    content = _sheet(asked.rows)
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(asked.database or f"sqlite:///{folder}/register.db")
        migrate(engine)
        if asked.beside:
            fill(engine, asked.beside, datetime.now(UTC))
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        print(f"{machine}, {engine.dialect.name}, {asked.rows:,} rows")
        taken: dict[str, list[float]] = {}
        for _ in range(asked.times):
            for name, seconds in _turn(engine, content).items():
                taken.setdefault(name, []).append(seconds)
        for name, seconds in taken.items():
            print(f"{name:28} {median(seconds):6.2f} s  ({', '.join(f'{each:.2f}' for each in seconds)})")
        whole = median(taken["preview"])
        print(f"a preview takes {whole / median(taken['openpyxl alone']):.1f} x the time of reading alone; aim 10 s: {whole:.1f} s")
        print(f"most memory in use: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
        engine.dispose()


def _turn(engine, content: bytes) -> dict[str, float]:
    now, taken = datetime.now(UTC), dict[str, float]()
    begun = time.perf_counter()
    for _row in load_workbook(io.BytesIO(content), read_only=True).worksheets[0].iter_rows():
        pass
    taken["openpyxl alone"] = time.perf_counter() - begun
    with acting(engine) as session:
        number = begin_import(session, file_name="x.xlsx", content=content, upload="0" * 64, actor=OFFICE, now=now)
    begun = time.perf_counter()
    sheets = read_sheets(content)
    with reading(engine) as session:
        planned, ignored = make_preview(session, number, sheets, now, lambda _done, _total: None)
    with acting(engine) as session:
        keep_preview(session, number, planned, ignored, now=now)
    taken["preview"] = time.perf_counter() - begun
    assert {row.outcome for row in planned} == {"new"}
    for name, act in (("write", apply_import), ("undo", undo_import)):
        begun = time.perf_counter()
        with acting(engine) as session:
            act(session, number, actor=OFFICE, now=now)
        taken[name] = time.perf_counter() - begun
    return taken


def _sheet(rows: int) -> bytes:
    made = Workbook(write_only=True)
    page = made.create_sheet("Công nhận")
    page.append(HEADS)
    for number in range(rows):
        page.append(
            [f"Sản phẩm {number}", f"HTX Số {number // 3}", number % 6 + 1, 3, "61,5", f"{number % 40}/QĐ-UBND", "28/12/2025", "mới", "báo"]
        )
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


if __name__ == "__main__":
    main()
