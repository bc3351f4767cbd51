"""What producers were given, and what visitors of a service need to know."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from traceability.models.base import Base, Instant, one_of
from traceability.models.producer import Producer, Product

SUPPORT_KINDS = ("labels", "testing", "trade_promotion", "booth", "training", "other")


class Support(Base):
    """Support that a producer was given on a day: labels and packaging, tests, trade promotion, a booth, training. Amounts in đồng."""

    __tablename__ = "support"
    __table_args__ = (
        one_of("kind", SUPPORT_KINDS),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("length(what) > 0", name="what"),
        UniqueConstraint("idempotency_key"),
        Index("ix_support_producer_id", "producer_id"),
        Index("ix_support_given_on", "given_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    producer_id: Mapped[int] = mapped_column(ForeignKey("producer.id"))
    kind: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(String(300))
    given_on: Mapped[date]
    amount: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str | None] = mapped_column(String(300))
    idempotency_key: Mapped[str | None] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))

    producer: Mapped[Producer] = relationship()


class VisitFacts(Base):
    """Of a service that people visit (a homestay, a garden): where it is, when it is open and how to reach it."""

    __tablename__ = "visit_facts"
    __table_args__ = (UniqueConstraint("product_id"), CheckConstraint("length(place) > 0", name="place"))

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    place: Mapped[str] = mapped_column(String(300))
    open_when: Mapped[str | None] = mapped_column(String(300))
    open_when_en: Mapped[str | None] = mapped_column(String(300))
    open_when_zh: Mapped[str | None] = mapped_column(String(300))
    how_to_reach: Mapped[str | None] = mapped_column(String(500))
    how_to_reach_en: Mapped[str | None] = mapped_column(String(500))
    how_to_reach_zh: Mapped[str | None] = mapped_column(String(500))
    recorded_at: Mapped[datetime] = mapped_column(Instant)

    product: Mapped[Product] = relationship()
