"""What the rules noticed in scans, and how far they have looked. An alert is closed by a person, with what was found."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from traceability.domain.roles import CONFIRMING_ROLES
from traceability.domain.suspects import ALERTS, CONCLUSIONS
from traceability.models.base import Base, Instant, one_of
from traceability.models.batch import Batch


class Alert(Base):
    """Scans of a unit, or of a batch (`unit` 0), that do not fit what was issued. `evidence` are the figures that the rule went by.

    `looked_at` is when the rules last looked at it. `suspicion_id` names what its pages say because of it.
    """

    __tablename__ = "alert"
    __table_args__ = (
        one_of("kind", ALERTS),
        one_of("conclusion", CONCLUSIONS),
        one_of("closed_role", CONFIRMING_ROLES),
        CheckConstraint("unit >= 0", name="unit"),
        CheckConstraint(
            "(closed_at IS NULL AND conclusion IS NULL AND words IS NULL AND closed_by IS NULL AND closed_role IS NULL)"
            " OR (closed_at IS NOT NULL AND conclusion IS NOT NULL AND length(words) > 0 AND closed_by IS NOT NULL"
            " AND closed_role IS NOT NULL)",
            name="closing_whole",
        ),
        # What is noticed twice is one alert until a person has closed it.
        Index(
            "uq_alert_open",
            *("batch_id", "unit", "kind"),
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_alert_batch_id_unit", "batch_id", "unit"),
        Index("ix_alert_raised_at", "raised_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    unit: Mapped[int]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    raised_at: Mapped[datetime] = mapped_column(Instant)
    looked_at: Mapped[datetime] = mapped_column(Instant)
    suspicion_id: Mapped[int | None] = mapped_column(ForeignKey("suspicion.id"))
    conclusion: Mapped[str | None] = mapped_column(String(10))
    words: Mapped[str | None] = mapped_column(String(1000))
    inspection_id: Mapped[int | None] = mapped_column(ForeignKey("inspection.id"))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(String(100))
    closed_role: Mapped[str | None] = mapped_column(String(10))

    batch: Mapped[Batch] = relationship()


class ScanWatch(Base):
    """Up to which scan the rules have looked: one row."""

    __tablename__ = "scan_watch"
    __table_args__ = (CheckConstraint("id = 1", name="one"), CheckConstraint("scan_id >= 0", name="scan_id"))
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scan_id: Mapped[int] = mapped_column(BigInteger)
