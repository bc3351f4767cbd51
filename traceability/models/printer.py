"""A producer's printers, and how exactly each of them prints."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from traceability.models.base import Base, Instant


class Printer(Base):
    """A printer by the name that its people give it.

    What is drawn at `nominal` comes out at `scale * nominal + shift`, as its test page was measured: mm from the sheet's left
    top corner, y down. A printer that was never measured prints as drawn.
    """

    __tablename__ = "printer"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        CheckConstraint("scale_x BETWEEN 0.9 AND 1.1 AND scale_y BETWEEN 0.9 AND 1.1", name="scale"),
        CheckConstraint("shift_x_mm BETWEEN -10 AND 10 AND shift_y_mm BETWEEN -10 AND 10", name="shift"),
        CheckConstraint("(measured_at IS NULL) = (measured_by IS NULL)", name="measured_by"),
        CheckConstraint(
            "measured_at IS NOT NULL OR (scale_x = 1 AND scale_y = 1 AND shift_x_mm = 0 AND shift_y_mm = 0)", name="as_measured"
        ),
        UniqueConstraint("producer_id", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    producer_id: Mapped[int] = mapped_column(ForeignKey("producer.id"))
    name: Mapped[str] = mapped_column(String(80))
    scale_x: Mapped[float] = mapped_column(default=1.0)
    scale_y: Mapped[float] = mapped_column(default=1.0)
    shift_x_mm: Mapped[float] = mapped_column(default=0.0)
    shift_y_mm: Mapped[float] = mapped_column(default=0.0)
    measured_at: Mapped[datetime | None] = mapped_column(Instant)
    measured_by: Mapped[str | None] = mapped_column(String(100))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    added_at: Mapped[datetime] = mapped_column(Instant)
