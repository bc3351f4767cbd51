"""A producer's printers, and the correction that each of them needs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.domain.accounts import Principal
from traceability.domain.errors import NotFound, Refused
from traceability.labels.correction import Correction
from traceability.models import Printer, Producer

MOST_PRINTERS = 50
LONGEST_NAME = 80


@dataclass(frozen=True)
class PrinterRow:
    """A printer as its pages show it. `measured_at` is None where no correction was ever kept."""

    id: int
    producer_id: int
    producer_name: str
    name: str
    correction: Correction
    measured_at: datetime | None
    measured_by: str | None


def list_printers(session: Session, producer_ids: frozenset[int]) -> tuple[list[PrinterRow], list[tuple[int, str]]]:
    """The printers of these producers, by producer and name; and the producers by id and name."""
    statement = select(Printer, Producer.name).join(Producer, Producer.id == Printer.producer_id)
    rows = session.execute(statement.where(Printer.producer_id.in_(producer_ids)).order_by(Producer.name, Printer.name, Printer.id))
    producers = session.execute(select(Producer.id, Producer.name).where(Producer.id.in_(producer_ids)).order_by(Producer.name))
    return [_row(printer, producer) for printer, producer in rows], [(key, name) for key, name in producers]


def find_printer(session: Session, printer_id: int, producer_ids: frozenset[int]) -> PrinterRow:
    """A printer of one of these producers. NotFound `printer_missing` also where it is somebody else's."""
    printer = _own(session, printer_id, producer_ids)
    return _row(printer, session.get_one(Producer, printer.producer_id).name)


def correction_of(session: Session, printer_id: int | None, producer_id: int) -> Correction:
    """What sheets for a printer are corrected by: nothing where none is named, or where it was removed."""
    printer = session.get(Printer, printer_id) if has_printer(session, printer_id, producer_id) else None
    return _row(printer, "").correction if printer else Correction()


def has_printer(session: Session, printer_id: int | None, producer_id: int) -> bool:
    """Whether a producer has this printer still."""
    printer = session.get(Printer, printer_id) if printer_id is not None else None
    return printer is not None and printer.producer_id == producer_id


def add_printer(session: Session, producer_id: int, name: str, *, by: Principal, now: datetime) -> Printer:
    """A printer that prints as drawn until it is measured.

    Refused: `name_empty`, `text_long`, `printer_name_taken`, `printers_many`; NotFound `producer_missing`.
    """
    if not by.acts_for(producer_id):
        raise NotFound("producer_missing")
    # Two who add at once are told apart by the producer's row, so that the number of printers stays bounded.
    session.get_one(Producer, producer_id, with_for_update={"key_share": True})
    name = " ".join(name.split())
    if not name:
        raise Refused("name_empty")
    if len(name) > LONGEST_NAME:
        raise Refused("text_long", field="name", length=len(name), largest=LONGEST_NAME)
    own = select(func.count()).select_from(Printer).where(Printer.producer_id == producer_id)
    if session.scalar(own.where(Printer.name == name)):
        raise Refused("printer_name_taken", name=name)
    if (session.scalar(own) or 0) >= MOST_PRINTERS:
        raise Refused("printers_many", most=MOST_PRINTERS)
    printer = Printer(producer_id=producer_id, name=name, added_at=now)
    session.add(printer)
    session.flush()
    return printer


def keep_correction(session: Session, printer_id: int, correction: Correction, *, by: Principal, now: datetime) -> Printer:
    """From now on what is printed on it is corrected so. NotFound `printer_missing`."""
    printer = _own(session, printer_id, frozenset(by.producers), lock=True)
    printer.scale_x, printer.scale_y = correction.scale_x, correction.scale_y
    printer.shift_x_mm, printer.shift_y_mm = correction.shift_x_mm, correction.shift_y_mm
    printer.measured_at, printer.measured_by, printer.account_id = now, by.name[:100], by.account_id
    session.flush()
    return printer


def forget_correction(session: Session, printer_id: int, *, by: Principal) -> None:
    """From now on what is printed on it is drawn as it is. NotFound `printer_missing`."""
    printer = _own(session, printer_id, frozenset(by.producers), lock=True)
    printer.scale_x = printer.scale_y = 1.0
    printer.shift_x_mm = printer.shift_y_mm = 0.0
    printer.measured_at = printer.measured_by = printer.account_id = None
    session.flush()


def remove_printer(session: Session, printer_id: int, *, by: Principal) -> None:
    """The printer is gone, and its correction with it. NotFound `printer_missing`."""
    session.delete(_own(session, printer_id, frozenset(by.producers), lock=True))
    session.flush()


def _own(session: Session, printer_id: int, producer_ids: frozenset[int], *, lock: bool = False) -> Printer:
    printer = session.get(Printer, printer_id, with_for_update=lock or None)
    if printer is None or printer.producer_id not in producer_ids:
        raise NotFound("printer_missing")
    return printer


def _row(printer: Printer, producer_name: str) -> PrinterRow:
    kept = Correction(printer.scale_x, printer.scale_y, printer.shift_x_mm, printer.shift_y_mm)
    return PrinterRow(printer.id, printer.producer_id, producer_name, printer.name, kept, printer.measured_at, printer.measured_by)
