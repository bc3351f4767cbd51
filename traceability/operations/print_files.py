"""The file of a print run: planned in one reading, made while it is sent, and on record with what was sent of it."""

import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain.errors import NotFound, Refused
from traceability.domain.roles import Actor
from traceability.labels.correction import Correction
from traceability.labels.label import ModuleSize
from traceability.labels.native import NativeSymbolTooLarge
from traceability.labels.paging import Dealing, PagingFault, split_by_pages
from traceability.labels.primitives import Layout
from traceability.labels.rolls import ROWS_AT_ONCE
from traceability.labels.run import LabelRun, Units
from traceability.labels.sheet_pdf import SheetChoice, render_sheets
from traceability.labels.singles import single_files, zip_of
from traceability.labels.stock import Stock
from traceability.labels.table import LAST_ROW, render_csv, render_xlsx
from traceability.labels.tspl import render_tspl
from traceability.labels.zpl import render_zpl
from traceability.models import Batch, PrintFile, PrintRun
from traceability.models.audit import note
from traceability.models.printing import PRINT_KINDS
from traceability.operations.label_run import USUAL_MASK, RunPlan, plan_run, run_of
from traceability.operations.print_labels import PrintJob, PrintKeys
from traceability.operations.printers import correction_of
from traceability.operations.stocks import find_stock

_PIECE = 1 << 16
Pieces = Generator[bytes, None, None]
KINDS = PRINT_KINDS
_SINGLES: dict[str, Literal["pdf", "png", "svg"]] = {"pdfs": "pdf", "png": "png", "svg": "svg"}
_REPEATING = ("pdf", "zpl", "tspl")
# What goes to a spooler is nothing that a browser should show.
_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "zpl": "application/octet-stream",
    "tspl": "application/octet-stream",
    "zip": "application/zip",
    "png": "image/png",
    "svg": "image/svg+xml",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Paper:
    """How labels are put on paper. `compact` gives small files.

    In a PDF symbols are then images of one bit a module; label printers make symbols and codes themselves, which not all of
    them do alike.
    """

    stock: Stock
    dpi: int
    kind: str = "pdf"
    compact: bool = False
    frames: bool = False
    crop_marks: bool = False
    dealing: Dealing = field(default_factory=Dealing)
    correction: Correction = field(default_factory=Correction)

    def check(self) -> "Paper":
        """The same, if it can be. Refused: `kind_of_stock`, `copies_of_kind`, `start_of_kind`, `paging_start`, `paging_copies`."""
        if self.kind not in KINDS or (self.kind in ("zpl", "tspl") and self.stock.kind != "roll"):
            raise Refused("kind_of_stock")
        if self.kind not in _REPEATING and self.dealing.copies > 1:
            raise Refused("copies_of_kind")
        if self.kind != "pdf" and self.dealing.start > 1:
            raise Refused("start_of_kind")
        try:
            self.dealing.check(self.stock)
        except PagingFault as fault:
            raise Refused(f"paging_{fault.code}", **fault.facts) from None
        return self


@dataclass(frozen=True)
class FilePlan:
    """All that is needed to make a file, the database apart. `labels` are as many as it will hold, copies not counted.

    `packed` is a file of files, one a label.
    """

    run_id: int
    plan: RunPlan
    paper: Paper
    name: str
    labels: int
    repeat: int = 1
    packed: bool = False

    @property
    def media_type(self) -> str:
        """What a browser is told that it gets."""
        return _MEDIA_TYPES[self.name.rpartition(".")[2]]


@dataclass
class Sent:
    """What has gone out so far: whole pages of a PDF, whole rows of a roll, whole files of a ZIP, and of a workbook all or nothing.

    What was handed over last counts only once more is asked for, since a connection may have been closed on it.
    """

    labels: int = 0
    unit: int | None = None
    size: int = 0


@dataclass(frozen=True)
class Some:
    """Only the units from `begin`, or up to `end`, of those that a file would hold."""

    begin: int | None = None
    end: int | None = None


def plan_file(
    session: Session, run: PrintRun, job: PrintJob, *, part: int = 1, some: Some | None = None, keys: PrintKeys, now: datetime
) -> FilePlan:
    """The file of a run or of one of its parts, or of some of its units where the others are there already.

    Cancelled units are left out. Refused: those of `plan_run`, `stock_unknown`, `part_unknown`, `part_cancelled`.
    """
    batch = session.get(Batch, run.batch_id)
    if batch is None:
        raise NotFound("batch_missing", batch=run.batch_id)
    paper = paper_of(run, find_stock(session, batch.producer_id, run.stock).stock)
    paper = replace(paper, correction=correction_of(session, run.printer_id, batch.producer_id))
    units, paper = _units_of_part(run, paper, part, some or Some())
    job = replace(job, form=run.form, units=units, design=run.design, language=run.language)
    try:
        plan = plan_run(session, run.batch_id, job, keys=keys, now=now, on_record=True)
    except Refused as refused:
        # Of several labels the words are not those of one.
        raise Refused("part_cancelled") if units and refused.code == "stamp_cancelled" else refused from None
    span = f"{units[0]}-{units[1]}" if units else "batch"
    labels, ending = plan.count if units else run.copies, ending_of(run.kind, labels_of(run))
    name = f"labels-{batch.lot or batch.code}-{span}.{ending}"
    return FilePlan(run.id, plan, paper, name, labels, 1 if units else run.copies, ending == "zip")


def ending_of(kind: str, labels: int) -> str:
    """How the names of a run's files end, by its labels: a single picture is not packed.

    All of a run's files end alike, also a part that holds one label, and one whose others were cancelled since.
    """
    return kind if kind not in _SINGLES else _SINGLES[kind] if labels == 1 else "zip"


def paper_of(run: PrintRun, stock: Stock) -> Paper:
    """How a run is put on paper."""
    dealing = Dealing(run.start, "columns" if run.by_columns else "rows", run.each_times)
    return Paper(stock, run.dpi, run.kind, run.compact, run.frames, run.crop_marks, dealing)


def parts_of(run: PrintRun, stock: Stock) -> list[tuple[int, int]]:
    """The units of each of a run's files, one range where it is not split. Refused `paging_parts`."""
    assert run.first_unit and run.last_unit
    return split_units((run.first_unit, run.last_unit), stock, run.kind, paper_of(run, stock).dealing, run.parts)


def split_units(units: tuple[int, int], stock: Stock, kind: str, dealing: Dealing, parts: int) -> list[tuple[int, int]]:
    """Units in ranges that each begin on a new page. Refused `paging_parts`."""
    try:
        return split_by_pages(*units, stock, _on_pages(kind, dealing), parts)
    except PagingFault as fault:
        raise Refused(f"paging_{fault.code}", **fault.facts) from None


def pages_of(run: PrintRun, stock: Stock) -> int:
    """Pages, or rows of a roll, that all of a run takes."""
    return _on_pages(run.kind, paper_of(run, stock).dealing).pages(stock, labels_of(run))


def _on_pages(kind: str, dealing: Dealing) -> Dealing:
    """How labels stand on pages: a label printer repeats whole rows by itself."""
    return dealing if kind == "pdf" else replace(dealing, copies=1)


def labels_of(run: PrintRun) -> int:
    """How many labels a run has, cancelled ones counted, copies not."""
    return run.last_unit - run.first_unit + 1 if run.first_unit and run.last_unit else run.copies


def make_file(plan: FilePlan, sent: Sent, *, best_masks: bool = False) -> tuple[Layout, Iterator[bytes]]:
    """How the labels are laid out, and the file's bytes as they are made; `sent` is kept up to date.

    Raises LabelDoesNotFit before the first byte. Refused: `table_long`, `symbol_native`.
    """
    module = ModuleSize.for_dpi(plan.paper.dpi)
    if plan.paper.kind == "xlsx" and plan.labels >= LAST_ROW:
        raise Refused("table_long", most=LAST_ROW - 1)
    run = run_of(plan.plan, plan.paper.stock.label, module, plan.repeat, None if best_masks else USUAL_MASK)
    passing = _Passing(sent)
    try:
        written = _written(replace(run, units=passing.watched(run.units)), plan)
    except NativeSymbolTooLarge:
        raise Refused("symbol_native") from None
    return run.layout, _measured(written, plan, passing)


def told(layout: Layout) -> str:
    """A label's symbol and modules in one line."""
    symbol = layout.symbol
    dots = f" ({layout.dots} dots)" if layout.dots else ""
    return f"QR version {symbol.version}-{symbol.level}, module {layout.module_mm:.3f} mm{dots}"


def _written(run: LabelRun, plan: FilePlan) -> Iterator[bytes]:
    paper, dpi = plan.paper, plan.paper.dpi
    if paper.kind == "pdf":
        choice = SheetChoice(paper.dealing, paper.frames, paper.crop_marks, paper.compact, paper.correction)
        return render_sheets(run, paper.stock, choice)
    if paper.kind in ("zpl", "tspl"):
        render = render_zpl if paper.kind == "zpl" else render_tspl
        return render(run, paper.stock, dpi, native=paper.compact, copies=paper.dealing.copies)
    if paper.kind in ("csv", "xlsx"):
        return render_csv(run, plan.plan.face) if paper.kind == "csv" else _from_disk(run, plan)
    files = single_files(run, _SINGLES[paper.kind], dpi)
    return zip_of(files) if plan.packed else (content for _, content in files)


def _from_disk(run: LabelRun, plan: FilePlan) -> Iterator[bytes]:
    """A workbook is a ZIP whose first part is known last, so it is written to the disk before it is sent."""
    with tempfile.TemporaryFile() as file:
        render_xlsx(run, plan.plan.face, file)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


class _Passing:
    """Labels between a writer that takes them and a file that holds them: which unit is the last of so many."""

    def __init__(self, sent: Sent) -> None:
        self.sent, self._taken = sent, 0
        self._waiting: deque[NDArray[np.int64]] = deque()

    def watched(self, units: Iterable[Units]) -> Iterator[Units]:
        for some in units:
            self._waiting.append(some.numbers)
            yield some

    def passed(self, labels: int) -> None:
        """So many labels have gone out. A writer takes labels before it gives away the last ones."""
        while self._waiting and labels > self.sent.labels:
            numbers = self._waiting[0]
            last = min(labels - self._taken, len(numbers))
            self.sent.labels, self.sent.unit = self._taken + last, int(numbers[last - 1]) or None
            if last == len(numbers):
                self._taken += len(self._waiting.popleft())


def _measured(pieces: Iterator[bytes], plan: FilePlan, passing: _Passing) -> Iterator[bytes]:
    rows = 0
    for number, piece in enumerate(pieces, start=1):
        yield piece
        passing.sent.size += len(piece)
        rows += piece.count(b"\r\n") if plan.paper.kind == "csv" else 0
        passing.passed(_labels_in(plan.paper, number, rows))
    passing.passed(plan.labels)
    passing.sent.labels = plan.labels


def _labels_in(paper: Paper, pieces: int, rows: int) -> int:
    """How many labels the first pieces of a file hold, or more than all; of a table by its `rows`, of which one is the heading."""
    if paper.kind in ("zpl", "tspl"):
        return (pieces - 1) * ROWS_AT_ONCE * paper.stock.columns
    if paper.kind == "pdf":
        return ((pieces - 1) * paper.stock.count - paper.dealing.start + 1) // paper.dealing.copies
    return {"csv": rows - 1, "xlsx": 0}.get(paper.kind, pieces)


@dataclass(frozen=True)
class Fetching:
    """One fetching that is on record: what it is told of itself while it is sent."""

    file_id: int
    tell: Callable[[int, Sent], None]
    end: Callable[[int, Sent, str | None], None]


def sending(pieces: Iterator[bytes], fetching: Fetching, sent: Sent, clock: Callable[[], float], every: float = 1.0) -> Pieces:
    """The pieces, while what was sent is told every so many seconds; at the end the file's hash, or, broken off, none.

    The end is told however it comes, also where nobody ever asked for the first piece.
    """
    begun = _sending(pieces, fetching, sent, clock, every)
    # A generator that was never entered is closed without its last words.
    next(begun)
    return begun


def _sending(pieces: Iterator[bytes], fetching: Fetching, sent: Sent, clock: Callable[[], float], every: float) -> Pieces:
    digest, told, whole = sha256(), clock(), False
    try:
        yield b""
        for piece in pieces:
            digest.update(piece)
            # Before it is given away: whoever takes it slowly may be long about it.
            if clock() - told >= every:
                fetching.tell(fetching.file_id, sent)
                told = clock()
            yield piece
        whole = True
    finally:
        fetching.end(fetching.file_id, sent, digest.hexdigest() if whole else None)


def open_file(session: Session, run: PrintRun, plan: FilePlan, *, actor: Actor, now: datetime) -> PrintFile:
    """Puts on record that a file is about to be sent."""
    units = plan.plan.job.units
    first, last = units or (None, None)
    file = PrintFile(
        run_id=run.id, kind=plan.paper.kind, first_unit=first, last_unit=last, labels=plan.labels, begun_at=now, fetched_by=actor.name
    )
    file.sent_labels, file.sent_bytes = 0, 0
    run.downloads += 1
    session.add(file)
    session.flush()
    return file


def note_sent(session: Session, file_id: int, sent: Sent) -> None:
    """Notes how far a file has gone out."""
    file = session.get_one(PrintFile, file_id)
    file.sent_labels, file.sent_unit, file.sent_bytes = min(sent.labels, file.labels), sent.unit, sent.size


def close_file(session: Session, file_id: int, sent: Sent, digest: str | None, *, now: datetime) -> None:
    """Puts on record that a file went out whole, with its hash, or (None) that it was broken off, and after what."""
    file = session.get_one(PrintFile, file_id)
    note_sent(session, file_id, sent)
    file.ended_at, file.sha256 = now, digest
    if digest is not None:
        file.sent_labels = file.labels
    facts = {"run": file.run_id, "labels": file.labels, "sent": file.sent_labels, "bytes": file.sent_bytes, "sha256": digest}
    note(session, "print_file", file.id, facts, change="update")


def files_of(session: Session, run_id: int) -> list[PrintFile]:
    """The fetchings of a run, the latest first."""
    return list(session.scalars(select(PrintFile).where(PrintFile.run_id == run_id).order_by(PrintFile.id.desc())))


def missing_of(files: Sequence[PrintFile], ranges: Sequence[tuple[int | None, int | None]]) -> dict[int, tuple[int, int, int]]:
    """Of files that broke off: the part of the run that each was, and its first and last unit.

    What was handed over may still have been on its way, so it is for whoever has the paper to say which are missing.
    """
    parts = {last: part for part, (_, last) in enumerate(ranges, start=1)}
    broken = [file for file in files if file.ended_at and not file.sha256 and file.first_unit]
    return {file.id: (parts[file.last_unit], file.first_unit, file.last_unit) for file in broken if file.last_unit in parts}  # type: ignore[misc]


def _units_of_part(run: PrintRun, paper: Paper, part: int, some: Some) -> tuple[tuple[int, int] | None, Paper]:
    """The units of a part of a run; all but the first of a run begin on a fresh page."""
    if run.first_unit is None:
        if part != 1 or some != Some():
            raise Refused("part_unknown")
        return None, paper
    ranges = parts_of(run, paper.stock)
    if not 1 <= part <= len(ranges):
        raise Refused("part_unknown")
    first, last = ranges[part - 1]
    begin, end = some.begin if some.begin is not None else first, some.end if some.end is not None else last
    if not first <= begin <= end <= last:
        raise Refused("part_unknown")
    if part > 1 or begin > first:
        paper = replace(paper, dealing=replace(paper.dealing, start=1))
    return (begin, end), paper
