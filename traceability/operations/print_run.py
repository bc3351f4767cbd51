"""Labels of a batch as a producer prints them: stamps are issued for a file, or printed again, and both are on record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.domain.errors import NotFound, Refused
from traceability.domain.keys import Keyring
from traceability.domain.roles import Actor
from traceability.labels.fit import FitReport
from traceability.labels.label import DESIGNS, LANGUAGES, Design, Label
from traceability.labels.layout import check_fit
from traceability.labels.remedies import Case, Remedy, remedies_for
from traceability.labels.stock import PRINTERS_DPI, STOCKS
from traceability.models import Batch, Issuance, PrintRun
from traceability.operations.issue import Order, issue_stamps
from traceability.operations.open_batch import live_ranges
from traceability.operations.print_labels import PrintJob, PrintKeys, iterate_labels, preview_label

__all__ = [
    "MOST_LABELS",
    "Choice",
    "Fit",
    "PrintOrder",
    "PrintRun",
    "check_choice",
    "count_download",
    "find_run",
    "fits_of",
    "issue_and_print",
    "labels_of_run",
    "print_again",
    "remedies_of",
    "remembered_choice",
    "runs_of",
]
# A file is made while somebody waits for it.
MOST_LABELS = 500


@dataclass(frozen=True)
class Choice:
    """What kind of label: the code's form, one code a pack or one for all, the stock's key, dots an inch, design and language."""

    form: str = "house"
    by_unit: bool = True
    stock: str = "50x30"
    dpi: int = 203
    design: str = "standard"
    language: str = "vi"


@dataclass(frozen=True)
class PrintOrder:
    """What is to be printed, by whom it is asked for, and the key that makes it happen once."""

    choice: Choice
    count: int
    idempotency_key: str
    account_id: int | None = None


@dataclass(frozen=True)
class Fit:
    """How one stock and printer take the label."""

    stock: str
    dpi: int
    report: FitReport


def remembered_choice(session: Session, batch: Batch, account_id: int) -> Choice:
    """What this account printed last, on this batch, else for this producer; the scope is the batch's where it is fixed."""
    of_producer = select(PrintRun).join(Batch, PrintRun.batch_id == Batch.id).where(Batch.producer_id == batch.producer_id)
    mine = of_producer.where(PrintRun.account_id == account_id).order_by(PrintRun.id.desc()).limit(1)
    last = session.scalars(mine).first() or session.scalars(of_producer.order_by(PrintRun.id.desc()).limit(1)).first()
    if last is None:
        return Choice(by_unit=batch.stamp_scope != "batch" and batch.kind == "goods")
    form = last.form if last.form != "gs1" or (batch.product.gtin and batch.kind == "goods") else "house"
    by_unit = batch.stamp_scope == "unit" if batch.stamp_scope else last.first_unit is not None and batch.kind == "goods"
    stock, dpi = last.stock if last.stock in STOCKS else "50x30", last.dpi if last.dpi in PRINTERS_DPI else 203
    return Choice(form, by_unit, stock, dpi, last.design, last.language)


def check_choice(choice: Choice) -> Choice:
    """Refused: `form_unknown`, `stock_unknown`, `design_unknown`."""
    if choice.form not in ("house", "gs1", "signed"):
        raise Refused("form_unknown", form=choice.form)
    if choice.stock not in STOCKS or choice.dpi not in PRINTERS_DPI:
        raise Refused("stock_unknown")
    if choice.design not in DESIGNS or choice.language not in LANGUAGES:
        raise Refused("design_unknown")
    return choice


def fits_of(session: Session, batch: Batch, choice: Choice, job: PrintJob, now: datetime) -> list[Fit]:
    """How every stock takes the label on the chosen printer."""
    label = preview_label(session, batch, job, by_unit=choice.by_unit, now=now)
    return [Fit(key, choice.dpi, check_fit(label, stock.label, choice.dpi)) for key, stock in STOCKS.items()]


def remedies_of(session: Session, batch: Batch, choice: Choice, job: PrintJob, now: datetime, forms: Sequence[str]) -> tuple[Remedy, ...]:
    """What would make the label fit, or fit well, where it does not."""

    def label_of(form: str, design: Design) -> Label | None:
        return preview_label(session, batch, replace(job, form=form, design=design), by_unit=choice.by_unit, now=now)

    case = Case(choice.form, choice.design, choice.stock, choice.dpi)  # type: ignore[arg-type]
    return remedies_for(label_of, case, stocks={key: stock.label for key, stock in STOCKS.items()}, forms=forms)


def issue_and_print(
    session: Session, batch_id: int, order: PrintOrder, job: PrintJob, host: str, *, keyring: Keyring, actor: Actor, now: datetime
) -> PrintRun:
    """Issues stamps and puts their file on record; the same key again gives the same run.

    Refused: those of `issue_stamps`, `stock_unknown`, `labels_range`, `label_misfit`.
    """
    _lock(session, batch_id)
    known = find_sent(session, batch_id, order)
    if known is not None:
        return known
    choice = order.choice
    _check_order(session, batch_id, choice, order.count, job, now)
    units = order.count if choice.by_unit else None
    issuance = issue_stamps(
        session, batch_id, Order(choice.form, units, host, order.idempotency_key), keyring=keyring, actor=actor, now=now
    )
    again = not choice.by_unit and session.scalar(select(PrintRun.id).where(PrintRun.batch_id == batch_id).limit(1)) is not None
    span = (issuance.first_unit, issuance.last_unit)
    return _record(session, batch_id, order, span, reprint=again, reason=None, actor=actor, now=now)


def print_again(
    session: Session, batch_id: int, order: PrintOrder, job: PrintJob, first: int, last: int, reason: str, *, actor: Actor, now: datetime
) -> PrintRun:
    """Puts on record that labels of issued units are printed again, with the reason. Nothing is issued.

    Refused: `reason_empty`, `units_not_issued`, `labels_range`, `stock_unknown`, `label_misfit`.
    """
    _lock(session, batch_id)
    known = find_sent(session, batch_id, order, (first, last))
    if known is not None:
        return known
    if not reason.strip():
        raise Refused("reason_empty")
    issued = session.scalar(select(func.max(Issuance.last_unit)).where(Issuance.batch_id == batch_id)) or 0
    if not 1 <= first <= last <= issued:
        raise Refused("units_not_issued", first=first, last=last, last_unit=issued)
    _check_order(session, batch_id, order.choice, last - first + 1, job, now)
    _check_printable(session, batch_id, order.choice.form, first, last)
    return _record(session, batch_id, order, (first, last), reprint=True, reason=reason.strip(), actor=actor, now=now)


def labels_of_run(session: Session, run: PrintRun, job: PrintJob, *, keys: PrintKeys, now: datetime) -> Iterator[Label]:
    """The labels of a run; cancelled units are left out."""
    units = (run.first_unit, run.last_unit) if run.first_unit and run.last_unit else None
    of_run = replace(job, form=run.form, unit=None, units=units, design=run.design, language=run.language)
    for label in iterate_labels(session, run.batch_id, of_run, keys=keys, now=now):
        for _copy in range(run.copies):
            yield label


def runs_of(session: Session, batch_id: int) -> list[PrintRun]:
    """What was printed of a batch, the latest first."""
    return list(session.scalars(select(PrintRun).where(PrintRun.batch_id == batch_id).order_by(PrintRun.id.desc())))


def find_run(session: Session, batch_id: int, run_id: int, *, lock: bool = False) -> PrintRun:
    """A run of a batch. NotFound `part_missing`."""
    run = session.get(PrintRun, run_id, with_for_update={"key_share": True} if lock else None)
    if run is None or run.batch_id != batch_id:
        raise NotFound("part_missing", kind="PrintRun")
    return run


def count_download(session: Session, batch_id: int, run_id: int) -> PrintRun:
    """A run whose file is about to be fetched, with one more fetch on record."""
    run = find_run(session, batch_id, run_id, lock=True)
    run.downloads += 1
    session.flush()
    return run


def find_sent(session: Session, batch_id: int, order: PrintOrder, units: tuple[int, int] | None = None) -> PrintRun | None:
    """The run that this form made before. Refused `idempotency_reused` where it asked for something else."""
    known = session.scalar(select(PrintRun).where(PrintRun.idempotency_key == order.idempotency_key))
    if known is None:
        return None
    count = known.copies if known.last_unit is None else known.last_unit - (known.first_unit or 0) + 1
    same_units = (known.first_unit, known.last_unit) == units if units else count == order.count
    choice = Choice(known.form, known.first_unit is not None, known.stock, known.dpi, known.design, known.language)
    if known.batch_id != batch_id or not same_units or (units is None and choice != order.choice):
        raise Refused("idempotency_reused")
    return known


def _lock(session: Session, batch_id: int) -> None:
    # First of all: whoever presses twice waits here, and then finds what the first press made.
    if session.get(Batch, batch_id, with_for_update={"key_share": True}) is None:
        raise NotFound("batch_missing", batch=batch_id)


def _check_printable(session: Session, batch_id: int, form: str, first: int, last: int) -> None:
    """Refused: `form_not_issued`, `stamp_cancelled` where nothing of the range is left."""
    issuances = session.scalars(select(Issuance).where(Issuance.batch_id == batch_id)).all()
    in_form = [row for row in issuances if form in ("house", row.form) and row.first_unit and row.last_unit]
    if sum(max(0, min(last, row.last_unit or 0) - max(first, row.first_unit or 1) + 1) for row in in_form) < last - first + 1:
        raise Refused("form_not_issued", form=form)
    if not any(begin <= last and end >= first for begin, end in live_ranges(session, batch_id)):
        raise Refused("stamp_cancelled")


def _check_order(session: Session, batch_id: int, choice: Choice, count: int, job: PrintJob, now: datetime) -> None:
    check_choice(choice)
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound("batch_missing", batch=batch_id)
    if not 1 <= count <= MOST_LABELS:
        raise Refused("labels_range", most=MOST_LABELS)
    label = preview_label(session, batch, job, by_unit=choice.by_unit, now=now)
    if not check_fit(label, STOCKS[choice.stock].label, choice.dpi).fits:
        raise Refused("label_misfit")


def _record(
    session: Session,
    batch_id: int,
    order: PrintOrder,
    span: tuple[int | None, int | None],
    *,
    reprint: bool,
    reason: str | None,
    actor: Actor,
    now: datetime,
) -> PrintRun:
    if not order.idempotency_key:
        raise Refused("idempotency_reused")
    run = PrintRun(
        batch_id=batch_id,
        form=order.choice.form,
        first_unit=span[0],
        last_unit=span[1],
        copies=1 if span[0] else order.count,
        stock=order.choice.stock,
        dpi=order.choice.dpi,
        design=order.choice.design,
        language=order.choice.language,
        reprint=reprint,
        reason=reason,
        downloads=0,
        printed_at=now,
        printed_by=actor.name,
        account_id=order.account_id,
        idempotency_key=order.idempotency_key,
    )
    session.add(run)
    session.flush()
    return run
