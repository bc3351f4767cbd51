"""What the office alone enters: recognitions, geographical indications and marks, rights of use, published counts."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from traceability.domain.folding import fold
from traceability.domain.ocop import SCHEMES, Issuer
from traceability.models.base import Base, Instant, folded, one_of
from traceability.models.producer import Producer, Product, product_of_producer

RECOGNITION_KINDS = ("new", "re_evaluation")
INDICATION_TYPES = ("geographical_indication", "certification_mark", "collective_mark")
COUNT_SCOPES = ("all", "decision")
CONFIDENCES = ("high", "medium")


class Recognition(Base):
    """One decision that rates one product. `decided_on` is a whole date, a month or a year, as the source gives it.

    A row is what was known from `recorded_at` on. One that was wrong is not written over: it is superseded, and another row says
    what is known now. So it can be asked what was known on any day.
    """

    __tablename__ = "recognition"
    __table_args__ = (
        one_of("kind", RECOGNITION_KINDS),
        one_of("scheme", SCHEMES),
        one_of("issuer", [issuer.value for issuer in Issuer]),
        one_of("confidence", CONFIDENCES),
        CheckConstraint("stars IN (3, 4, 5)", name="stars"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        CheckConstraint("valid_until IS NULL OR length(decided_on) = 10", name="valid_from_a_day"),
        CheckConstraint("length(decided_on) IN (4, 7, 10)", name="decided_on"),
        CheckConstraint("(withdrawn_on IS NULL) = (withdrawn_because IS NULL)", name="withdrawal_whole"),
        Index("ix_recognition_decided_on_id", "decided_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    kind: Mapped[str | None] = mapped_column(String(20))
    scheme: Mapped[str] = mapped_column(String(10))
    score: Mapped[int | None]
    stars: Mapped[int]
    decision: Mapped[str | None] = mapped_column(String(100))
    decision_folded: Mapped[str] = folded("decision", fold)
    evaluation_round: Mapped[str | None] = mapped_column(String(100))
    issuer: Mapped[str | None] = mapped_column(String(20))
    issuer_name: Mapped[str | None] = mapped_column(String(200))
    decided_on: Mapped[str | None] = mapped_column(String(10))
    valid_until: Mapped[date | None]
    withdrawn_on: Mapped[date | None]
    withdrawn_because: Mapped[str | None] = mapped_column(String(500))
    confidence: Mapped[str | None] = mapped_column(String(10))
    source: Mapped[str | None] = mapped_column(String(500))
    illustrative: Mapped[bool] = mapped_column(default=False)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    withdrawal_recorded_at: Mapped[datetime | None] = mapped_column(Instant)
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)

    product: Mapped[Product] = relationship()

    @validates("decision")
    def _fold(self, _column: str, decision: str | None) -> str | None:
        self.decision_folded = fold(decision or "")
        return decision


class Evaluation(Base):
    """What a council found of a product, in hundredths of a point: the three parts, their total and the stars that follow from it.

    It may lead to a recognition, whose decision comes later, or to none.
    """

    __tablename__ = "evaluation"
    __table_args__ = (
        one_of("kind", RECOGNITION_KINDS),
        CheckConstraint("points_product BETWEEN 0 AND 4000", name="points_product"),
        CheckConstraint("points_marketing BETWEEN 0 AND 2500", name="points_marketing"),
        CheckConstraint("points_quality BETWEEN 0 AND 3500", name="points_quality"),
        CheckConstraint("points_total BETWEEN 0 AND 10000", name="points_total"),
        CheckConstraint("points_product + points_marketing + points_quality = points_total", name="points_sum"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        UniqueConstraint("recognition_id"),
        Index("ix_evaluation_product_id", "product_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    recognition_id: Mapped[int | None] = mapped_column(ForeignKey("recognition.id"))
    kind: Mapped[str | None] = mapped_column(String(20))
    evaluated_on: Mapped[date | None]
    council: Mapped[str | None] = mapped_column(String(200))
    points_product: Mapped[int | None]
    points_marketing: Mapped[int | None]
    points_quality: Mapped[int | None]
    points_total: Mapped[int]
    stars: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(Instant)

    product: Mapped[Product] = relationship()


class GeographicalIndication(Base):
    """A protected name: an indication, or a mark of the same name, which is not one. `number` is the register's, as printed."""

    __tablename__ = "geographical_indication"
    __table_args__ = (
        one_of("type", INDICATION_TYPES),
        one_of("confidence", CONFIDENCES),
        CheckConstraint("register_number BETWEEN 1 AND 65535", name="register_number"),
        UniqueConstraint("type", "register_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(30))
    register_number: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(200))
    product_name: Mapped[str] = mapped_column(String(200))
    product_name_en: Mapped[str | None] = mapped_column(String(200))
    product_name_zh: Mapped[str | None] = mapped_column(String(200))
    registered_on: Mapped[date | None]
    decision: Mapped[str | None] = mapped_column(String(100))
    manager_at_registration: Mapped[str | None] = mapped_column(String(200))
    manager_now: Mapped[str | None] = mapped_column(String(200))
    documents: Mapped[str | None] = mapped_column(String(500))
    area: Mapped[str | None] = mapped_column(String(1000))
    confidence: Mapped[str | None] = mapped_column(String(10))
    source: Mapped[str | None] = mapped_column(String(500))

    @property
    def number(self) -> str:
        """The register's number in its five digits."""
        return f"{self.register_number:05d}"


class UseRight(Base):
    """The right of one producer to use an indication for one product, dated like a rating."""

    __tablename__ = "use_right"
    __table_args__ = (
        product_of_producer(),
        CheckConstraint("until_day IS NULL OR until_day >= from_day", name="days_in_order"),
        UniqueConstraint("indication_id", "product_id", "from_day"),
        Index("ix_use_right_product_id", "product_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    indication_id: Mapped[int] = mapped_column(ForeignKey("geographical_indication.id"))
    producer_id: Mapped[int] = mapped_column(ForeignKey("producer.id"))
    product_id: Mapped[int]
    from_day: Mapped[date]
    until_day: Mapped[date | None]
    revoked_on: Mapped[date | None]
    document: Mapped[str | None] = mapped_column(String(200))
    illustrative: Mapped[bool] = mapped_column(default=False)
    recorded_at: Mapped[datetime] = mapped_column(Instant)

    indication: Mapped[GeographicalIndication] = relationship()
    producer: Mapped[Producer] = relationship(overlaps="product")
    product: Mapped[Product] = relationship(overlaps="producer")


class PublishedCount(Base):
    """How many products were recognised in a province, in all or by one decision, as somebody published it.

    Of one decision it may be told how many were new and how many re-evaluated; `details` are what else was said, in Vietnamese.
    """

    __tablename__ = "published_count"
    __table_args__ = (
        one_of("confidence", CONFIDENCES),
        CheckConstraint("total >= 0 AND stars3 >= 0 AND stars4 >= 0 AND stars5 >= 0", name="not_negative"),
        CheckConstraint("newly >= 0 AND re_evaluated >= 0", name="kinds_not_negative"),
        one_of("scope", COUNT_SCOPES),
        UniqueConstraint("as_of", "province", "source", "scope"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    as_of: Mapped[str] = mapped_column(String(10))
    province: Mapped[str] = mapped_column(String(100))
    total: Mapped[int]
    stars3: Mapped[int]
    stars4: Mapped[int]
    stars5: Mapped[int]
    confidence: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(300))
    scope: Mapped[str] = mapped_column(String(10), default="all", server_default="all")
    newly: Mapped[int | None]
    re_evaluated: Mapped[int | None]
    details: Mapped[str | None] = mapped_column(String(500))
