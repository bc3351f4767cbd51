"""What growing areas can yield, as the office registered it, and batches above it that wait for the office."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from traceability.domain.growing import CAPACITY_UNITS
from traceability.models.base import Base, Instant, one_of
from traceability.models.batch import Batch


class AreaCapacity(Base):
    """How much packed goods may come from a growing area in one season. A row is never changed: it is ended, and followed by another."""

    __tablename__ = "area_capacity"
    __table_args__ = (
        one_of("unit", CAPACITY_UNITS),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("season_until >= season_from", name="season"),
        CheckConstraint("length(code_folded) > 0", name="code_folded"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_whole"),
        Index(
            "uq_area_capacity_season",
            *("code_folded", "unit", "season_from"),
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(50))
    code_folded: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(200))
    amount: Mapped[int]
    unit: Mapped[str] = mapped_column(String(10))
    season_from: Mapped[date]
    season_until: Mapped[date]
    source: Mapped[str] = mapped_column(String(300))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(String(100))


class CapacityHold(Base):
    """A batch whose stamps wait for the office, since its areas yielded less by what is registered.

    `packs` is how many packs of the batch would be stamped in all; a release holds up to as many. `over` is by how much it was
    too much when it was asked, in the base unit.
    """

    __tablename__ = "capacity_hold"
    __table_args__ = (
        CheckConstraint("packs > 0", name="packs"),
        CheckConstraint("over > 0", name="over"),
        CheckConstraint(
            "(decided_at IS NULL AND decided_by IS NULL AND released IS NULL AND words IS NULL)"
            " OR (decided_at IS NOT NULL AND decided_by IS NOT NULL AND released IS NOT NULL AND length(words) > 0)",
            name="decided_whole",
        ),
        # Whoever presses again while it waits asks for the same.
        Index(
            "uq_capacity_hold_open",
            "batch_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
        Index("ix_capacity_hold_batch_id", "batch_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    packs: Mapped[int]
    over: Mapped[int] = mapped_column(BigInteger)
    over_unit: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    asked_by: Mapped[str] = mapped_column(String(100))
    released: Mapped[bool | None]
    words: Mapped[str | None] = mapped_column(String(500))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(100))

    batch: Mapped[Batch] = relationship()
