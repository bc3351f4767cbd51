"""What the province set itself to reach."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from traceability.models.base import Base, Instant, one_of

GOAL_KINDS = ("new_in_year", "total")


class Goal(Base):
    """At least so many products newly recognised in a year, or recognised in all by its end; with the decision that says so."""

    __tablename__ = "goal"
    __table_args__ = (
        one_of("kind", GOAL_KINDS),
        CheckConstraint("year BETWEEN 2018 AND 2100", name="year"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("length(source) > 0", name="source"),
        UniqueConstraint("kind", "year"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    year: Mapped[int]
    amount: Mapped[int]
    source: Mapped[str] = mapped_column(String(300))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))
