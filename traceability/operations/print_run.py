"""Labels of a batch as a producer prints them: stamps are issued for a file, or printed again, and both are on record."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.domain.batch import FORMS
from traceability.domain.errors import NotFound, Refused
from traceability.domain.keys import Keyring
from traceability.domain.roles import Actor
from traceability.labels.fit import FitReport
from traceability.labels.label import DESIGNS, LANGUAGES, Design, Label
from traceability.labels.layout import check_fit
from traceability.labels.paging import Dealing
from traceability.labels.remedies import Case, Remedy, remedies_for
from traceability.labels.stock import PRINTERS_DPI, STOCKS, Stock
from traceability.models import Batch, Issuance, PrintRun
from traceability.operations.issue import Order, issue_stamps
from traceability.operations.label_run import plan_run
from traceability.operations.print_files import Paper, split_units
from traceability.operations.print_labels import PrintJob, PrintKeys, preview_label
from traceability.operations.printers import has_printer
from traceability.operations.stocks import find_stock, stocks_for

__all__ = [
    "MOST_LABELS",
    "Batch",
    "Choice",
    "Fit",
    "Onto",
    "PrintOrder",
    "PrintRun",
    "check_choice",
    "find_run",
    "fits_of",
    "issue_and_print",
    "print_again",
    "remedies_of",
    "remembered_choice",
    "runs_of",
]
MOST_LABELS = 1_000_000
"""Labels of one run. A file is made while it is sent, so that only whoever prints them must wait."""

MOST_PARTS = 20


@dataclass(frozen=True)
class Onto:
    """How labels are put on paper: the kind of file, the place of the first one on a used sheet, how often each one.

    Along rows or columns, with frames or crop marks, split into how many files, corrected for which printer. `compact`
    is as in `print_files.Paper`.
    """

    kind: str = "pdf"
    compact: bool = False
    start: int = 1
    each_times: int = 1
    by_columns: bool = False
    frames: bool = False
    crop_marks: bool = False
    parts: int = 1
    printer_id: int | None = None


@dataclass(frozen=True)
class Choice:
    """What kind of label: the code's form, one code a pack or one for all, the stock's key, dots an inch, design and language.

    `onto` is how they are put on paper.
    """

    form: str = "house"
    by_unit: bool = True
    stock: str = "50x30"
    dpi: int = 203
    design: str = "standard"
    language: str = "vi"
    onto: Onto = Onto()


@dataclass(frozen=True)
class PrintOrder:
    """What is to be printed, by whom it is asked for, and the key that makes it happen once."""

    choice: Choice
    count: int
    idempotency_key: str
    account_id: int | None = None


@dataclass(frozen=True)
class Fit:
    """How one stock, with the name that its producer gave it, and a printer take the label."""

    stock: Stock
    name: str | None
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
    dpi = last.dpi if last.dpi in PRINTERS_DPI else 203
    # A used sheet and copies are of that day; what the printer is and takes is of every day.
    printer_id = last.printer_id if has_printer(session, last.printer_id, batch.producer_id) else None
    onto = Onto(last.kind, last.compact, by_columns=last.by_columns, frames=last.frames, crop_marks=last.crop_marks, printer_id=printer_id)
    return Choice(form, by_unit, _usual_stock(session, batch, last.stock), dpi, last.design, last.language, onto)


def _usual_stock(session: Session, batch: Batch, key: str) -> str:
    return key if any(named.stock.key == key for named in stocks_for(session, batch.producer_id)) else "50x30"


def check_choice(session: Session, producer_id: int, choice: Choice, *, any_dpi: bool = False) -> Choice:
    """Refused: `form_unknown`, `stock_unknown`, `design_unknown`, `printer_missing`, `paging_parts`, those of `Paper.check`."""
    if choice.form not in FORMS:
        raise Refused("form_unknown", form=choice.form)
    stock = find_stock(session, producer_id, choice.stock).stock
    if choice.dpi not in PRINTERS_DPI and not any_dpi:
        raise Refused("stock_unknown")
    if choice.design not in DESIGNS or choice.language not in LANGUAGES:
        raise Refused("design_unknown")
    onto = choice.onto
    dealing = dealing_of(onto)
    Paper(stock, choice.dpi, onto.kind, onto.compact, dealing=dealing).check()
    if onto.printer_id is not None and not has_printer(session, onto.printer_id, producer_id):
        raise Refused("printer_missing")
    if not 1 <= onto.parts <= MOST_PARTS:
        raise Refused("paging_parts", most=MOST_PARTS)
    # What cannot be split is told before anything is issued for it, however many units there will be.
    split_units((1, 1), stock, onto.kind, dealing, onto.parts)
    return choice


def dealing_of(onto: Onto) -> Dealing:
    """How a choice deals labels out."""
    return Dealing(onto.start, "columns" if onto.by_columns else "rows", onto.each_times)


def shown_choice(session: Session, batch: Batch, wanted: Choice, usual: Choice) -> Choice:
    """What is wanted, and the usual only where it names what there is not: nothing chosen is lost for another field's fault."""
    onto = wanted.onto
    if not has_printer(session, onto.printer_id, batch.producer_id):
        onto = replace(onto, printer_id=None)
    try:
        find_stock(session, batch.producer_id, wanted.stock)
    except Refused:
        wanted = replace(wanted, stock=usual.stock)
    return replace(
        wanted,
        form=wanted.form if wanted.form in FORMS else usual.form,
        dpi=wanted.dpi if wanted.dpi in PRINTERS_DPI else usual.dpi,
        design=wanted.design if wanted.design in DESIGNS else usual.design,
        language=wanted.language if wanted.language in LANGUAGES else usual.language,
        onto=onto,
    )


def fits_of(session: Session, batch: Batch, choice: Choice, job: PrintJob, now: datetime) -> list[Fit]:
    """How every stock takes the label on the chosen printer."""
    label = preview_label(session, batch, job, by_unit=choice.by_unit, now=now)
    named = stocks_for(session, batch.producer_id)
    return [Fit(each.stock, each.name, choice.dpi, check_fit(label, each.stock.label, choice.dpi)) for each in named]


def remedies_of(session: Session, batch: Batch, choice: Choice, job: PrintJob, now: datetime, forms: Sequence[str]) -> tuple[Remedy, ...]:
    """What would make the label fit, or fit well, where it does not."""

    def label_of(form: str, design: Design) -> Label | None:
        return preview_label(session, batch, replace(job, form=form, design=design), by_unit=choice.by_unit, now=now)

    case = Case(choice.form, choice.design, choice.stock, choice.dpi)  # type: ignore[arg-type]
    chosen = find_stock(session, batch.producer_id, choice.stock).stock
    return remedies_for(label_of, case, stocks={key: stock.label for key, stock in (STOCKS | {chosen.key: chosen}).items()}, forms=forms)


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
    session: Session,
    batch_id: int,
    order: PrintOrder,
    job: PrintJob,
    units: tuple[int, int],
    reason: str,
    *,
    keys: PrintKeys,
    actor: Actor,
    now: datetime,
) -> PrintRun:
    """Puts on record that labels of issued units are printed again, with the reason. Nothing is issued.

    Refused: `reason_empty`, `units_not_issued`, `labels_range`, `label_misfit`, those of `check_choice` and `plan_run`.
    """
    first, last = units
    _lock(session, batch_id)
    known = find_sent(session, batch_id, order, units)
    if known is not None:
        return known
    if not reason.strip():
        raise Refused("reason_empty")
    issued = session.scalar(select(func.max(Issuance.last_unit)).where(Issuance.batch_id == batch_id)) or 0
    if not 1 <= first <= last <= issued:
        raise Refused("units_not_issued", first=first, last=last, last_unit=issued)
    _check_order(session, batch_id, order.choice, last - first + 1, job, now)
    # Planned and thrown away: what cannot be printed is refused here, with its list, and never put on record.
    plan_run(session, batch_id, replace(job, form=order.choice.form, units=units), keys=keys, now=now)
    return _record(session, batch_id, order, (first, last), reprint=True, reason=reason.strip(), actor=actor, now=now)


def record_unattended(
    session: Session, batch_id: int, choice: Choice, units: tuple[int, int] | None, key: str, *, part: int = 1, actor: Actor, now: datetime
) -> PrintRun:
    """Puts on record that issued labels are printed by a command: a reprint where any of them was printed before.

    Of a run in several files each `part` is a run of its own, since each is made by a command of its own.
    Refused: those of `check_choice`, `part_unknown`.
    """
    batch = session.get_one(Batch, batch_id)
    check_choice(session, batch.producer_id, choice, any_dpi=True)
    choice, units = _one_part(find_stock(session, batch.producer_id, choice.stock).stock, choice, units, part)
    earlier = select(PrintRun.id).where(PrintRun.batch_id == batch_id)
    if units:
        earlier = earlier.where(PrintRun.first_unit <= units[1], PrintRun.last_unit >= units[0])
    again = session.scalar(earlier.limit(1)) is not None
    reason = "command line" if again else None
    return _record(session, batch_id, PrintOrder(choice, 1, key), units or (None, None), reprint=again, reason=reason, actor=actor, now=now)


def _one_part(stock: Stock, choice: Choice, units: tuple[int, int] | None, part: int) -> tuple[Choice, tuple[int, int] | None]:
    """One of several files as a run of its own: all but the first begin on a fresh page."""
    onto = choice.onto
    ranges = [units] if units is None else list(split_units(units, stock, onto.kind, dealing_of(onto), onto.parts))
    if not 1 <= part <= len(ranges):
        raise Refused("part_unknown")
    return replace(choice, onto=replace(onto, parts=1, start=onto.start if part == 1 else 1)), ranges[part - 1]


def runs_of(session: Session, batch_id: int) -> list[PrintRun]:
    """What was printed of a batch, the latest first."""
    return list(session.scalars(select(PrintRun).where(PrintRun.batch_id == batch_id).order_by(PrintRun.id.desc())))


def find_run(session: Session, batch_id: int, run_id: int, *, lock: bool = False) -> PrintRun:
    """A run of a batch. NotFound `part_missing`."""
    run = session.get(PrintRun, run_id, with_for_update={"key_share": True} if lock else None)
    if run is None or run.batch_id != batch_id:
        raise NotFound("part_missing", kind="PrintRun")
    return run


def find_sent(session: Session, batch_id: int, order: PrintOrder, units: tuple[int, int] | None = None) -> PrintRun | None:
    """The run that this form made before. Refused `idempotency_reused` where it asked for something else."""
    known = session.scalar(select(PrintRun).where(PrintRun.idempotency_key == order.idempotency_key))
    if known is None:
        return None
    count = known.copies if known.last_unit is None else known.last_unit - (known.first_unit or 0) + 1
    same_units = (known.first_unit, known.last_unit) == units if units else count == order.count
    onto = Onto(**{field.name: getattr(known, field.name) for field in fields(Onto)})
    choice = Choice(known.form, known.first_unit is not None, known.stock, known.dpi, known.design, known.language, onto)
    asked = replace(order.choice, by_unit=True) if units else order.choice
    if known.batch_id != batch_id or not same_units or choice != asked:
        raise Refused("idempotency_reused")
    return known


def _lock(session: Session, batch_id: int) -> None:
    # First of all: whoever presses twice waits here, and then finds what the first press made.
    if session.get(Batch, batch_id, with_for_update={"key_share": True}) is None:
        raise NotFound("batch_missing", batch=batch_id)


def _check_order(session: Session, batch_id: int, choice: Choice, count: int, job: PrintJob, now: datetime) -> None:
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound("batch_missing", batch=batch_id)
    check_choice(session, batch.producer_id, choice)
    if not 1 <= count <= MOST_LABELS // max(1, choice.onto.each_times):
        raise Refused("labels_range", most=MOST_LABELS // max(1, choice.onto.each_times))
    label = preview_label(session, batch, job, by_unit=choice.by_unit, now=now)
    if not check_fit(label, find_stock(session, batch.producer_id, choice.stock).stock.label, choice.dpi).fits:
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
        **asdict(order.choice.onto),
    )
    session.add(run)
    session.flush()
    return run
