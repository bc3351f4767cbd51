"""What producers were told of ratings and rights that end."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from traceability.models.base import Base, Instant, one_of

NOTICE_SUBJECTS = ("recognition", "use_right")
NOTICE_DAYS = (90, 30, 7)


class ExpiryNotice(Base):
    """That a producer's accounts were written to because a rating or a right ends within so many days: once each."""

    __tablename__ = "expiry_notice"
    __table_args__ = (
        one_of("subject", NOTICE_SUBJECTS),
        CheckConstraint("days IN (90, 30, 7)", name="days"),
        CheckConstraint("mails >= 0", name="mails"),
        UniqueConstraint("subject", "subject_id", "days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    days: Mapped[int]
    mails: Mapped[int]
    told_at: Mapped[datetime] = mapped_column(Instant)
