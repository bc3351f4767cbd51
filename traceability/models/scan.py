"""What phones and people tell us: scans, reports, and alarms about keys."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from traceability.domain.verdict import Verdict
from traceability.models.base import Base, Instant, one_of
from traceability.models.batch import Batch

REPORT_KINDS = ("code_elsewhere", "goods_differ", "pack_opened", "price_or_sale", "other")


class Scan(Base):
    """One person's scan of a stamp whose batch exists, as the loader found it in the journal. No address of the one who scans is kept.

    `unit` is 0 for the batch's own stamp; `visitor` a hash under a key that is thrown away each day; `minute` counts from
    1970, so that one visitor's reloads within a minute are one scan.
    """

    __tablename__ = "scan"
    __table_args__ = (
        one_of("verdict", [verdict.value for verdict in Verdict]),
        CheckConstraint("unit >= 0", name="unit"),
        # The minute first, so that new rows go to the end of the tree.
        UniqueConstraint("minute", "batch_id", "unit", "visitor", "verdict"),
        Index("ix_scan_batch_id_unit_minute", "batch_id", "unit", "minute"),
    )
    __audited__ = False

    # SQLite numbers rows by itself only where the key's type is exactly INTEGER.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    unit: Mapped[int]
    form: Mapped[str] = mapped_column(String(10))
    verdict: Mapped[str] = mapped_column(String(15))
    visitor: Mapped[bytes] = mapped_column(LargeBinary)
    minute: Mapped[int]
    scanned_at: Mapped[datetime] = mapped_column(Instant)
    # The number of a rough place in the operator's table, where there is one.
    place: Mapped[int | None]


class ConsumerReport(Base):
    """Something odd that a person reported about a stamp; text and photograph are theirs, nothing else of them is kept.

    `photograph` is its random name among the uploads. Whoever looks into the report says what became of it.
    """

    __tablename__ = "consumer_report"
    __table_args__ = (
        one_of("kind", REPORT_KINDS),
        UniqueConstraint("idempotency_key"),
        UniqueConstraint("photograph"),
        CheckConstraint(
            "(handled_at IS NULL AND handled_by IS NULL AND handled_words IS NULL)"
            " OR (handled_at IS NOT NULL AND handled_by IS NOT NULL AND length(handled_words) > 0)",
            name="handled_whole",
        ),
        Index("ix_consumer_report_reported_at", "reported_at"),
    )
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True)
    unit: Mapped[int | None]
    stamp_text: Mapped[str] = mapped_column(String(300))
    verdict: Mapped[str] = mapped_column(String(15))
    kind: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(String(1000))
    place: Mapped[str | None] = mapped_column(String(200))
    visitor: Mapped[bytes] = mapped_column(LargeBinary)
    reported_at: Mapped[datetime] = mapped_column(Instant)
    idempotency_key: Mapped[str] = mapped_column(String(64))
    photograph: Mapped[str | None] = mapped_column(String(64))
    handled_at: Mapped[datetime | None] = mapped_column(Instant)
    handled_by: Mapped[str | None] = mapped_column(String(100))
    handled_words: Mapped[str | None] = mapped_column(String(1000))

    batch: Mapped[Batch | None] = relationship()


class KeyAlarm(Base):
    """A good signature over claims that we never stored: somebody else holds a key of ours."""

    __tablename__ = "key_alarm"
    __table_args__ = (UniqueConstraint("claims"), CheckConstraint("times >= 1", name="times"))
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    kid: Mapped[int]
    claims: Mapped[bytes] = mapped_column(LargeBinary)
    first_seen_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    times: Mapped[int]
