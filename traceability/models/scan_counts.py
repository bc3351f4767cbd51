"""Scans counted: no page counts rows. Written by the loader, in the transaction that keeps the scans."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from traceability.models.base import Base, Instant


class StampCount(Base):
    """How often people scanned one stamp, from when until when. `unit` is 0 for the batch's own stamp.

    Scans whose text was none of the batch's stamps are not among them.
    """

    __tablename__ = "stamp_count"
    __table_args__ = (CheckConstraint("times >= 1", name="times"), {"sqlite_with_rowid": False})
    __audited__ = False

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), primary_key=True)
    unit: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    times: Mapped[int]
    first_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)


class BatchCount(Base):
    """How often people scanned what names a batch, with whatever verdict."""

    __tablename__ = "batch_count"
    __table_args__ = (CheckConstraint("times >= 1", name="times"),)
    __audited__ = False

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), primary_key=True, autoincrement=False)
    times: Mapped[int]


class ScanDay(Base):
    """Scans of a batch on one day in Viet Nam, by kind (people, robots, previews …) and verdict."""

    __tablename__ = "scan_day"
    __table_args__ = (CheckConstraint("times >= 1", name="times"), Index("ix_scan_day_day", "day"), {"sqlite_with_rowid": False})
    __audited__ = False

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(15), primary_key=True)
    times: Mapped[int]


class DayCount(Base):
    """Scans by people on one day in Viet Nam, of all batches but those that the sample made up: what the province's figures show."""

    __tablename__ = "day_count"
    __table_args__ = (CheckConstraint("times >= 0", name="times"),)
    __audited__ = False

    day: Mapped[date] = mapped_column(primary_key=True)
    times: Mapped[int] = mapped_column(BigInteger)


class JournalFile(Base):
    """Up to where a file of scans is loaded. Moved on in the transaction that keeps the scans, so that each is loaded once.

    The row outlives its file: a file that comes back, from a backup say, is not loaded again.
    """

    __tablename__ = "journal_file"
    __table_args__ = (CheckConstraint("loaded_bytes >= 0", name="loaded_bytes"),)
    __audited__ = False

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    loaded_bytes: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
