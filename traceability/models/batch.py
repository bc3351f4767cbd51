"""Batches, their way from field to pack, and one step back and forward."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from traceability.domain.batch import KINDS, SCOPES
from traceability.domain.growing import fold_area_code
from traceability.domain.roles import CONFIRMING_ROLES, ROLES
from traceability.domain.stamp import LAST_UNIT
from traceability.models.base import Base, Instant, one_of
from traceability.models.producer import Picture, Producer, Product, product_of_producer
from traceability.models.register import GeographicalIndication

BATCH_STATES = ("draft", "open", "closed")
PACKAGES = ("bag", "box", "bottle", "jar", "bundle", "piece", "tray", "carton")
STAGE_KINDS = (
    *("sowing", "tending", "harvest", "making", "drying", "processing"),
    *("testing", "packing", "storage", "transport", "opening", "hosting"),
)
UPLOAD_TYPES = ("application/pdf", "image/webp")
_PACKS_WITH_ALLOWANCE = "quantity + (quantity * allowance_percent + 99) / 100"


class Batch(Base):
    """A lot of a product, or a service that bears a stamp (without lot or quantity).

    `code` is the batch code; `master_key_id` names the serial master key; `stamp_scope` is fixed by the first issuance;
    `unit_limit` is the most units that may be issued. Once stamped, what the stamps claim is frozen by a trigger.
    """

    __tablename__ = "batch"
    __table_args__ = (
        product_of_producer(),
        one_of("kind", KINDS),
        one_of("state", BATCH_STATES),
        one_of("stamp_scope", SCOPES),
        one_of("package", PACKAGES),
        one_of("created_role", ROLES),
        CheckConstraint("length(code) = 12", name="code"),
        CheckConstraint(
            "(kind = 'goods' AND lot IS NOT NULL AND lot_folded IS NOT NULL AND quantity IS NOT NULL AND package IS NOT NULL)"
            " OR (kind = 'service' AND lot IS NULL AND lot_folded IS NULL AND quantity IS NULL AND package IS NULL"
            " AND (stamp_scope IS NULL OR stamp_scope = 'batch'))",
            name="kind_whole",
        ),
        CheckConstraint(f"quantity BETWEEN 1 AND {LAST_UNIT}", name="quantity"),
        CheckConstraint("allowance_percent BETWEEN 0 AND 20", name="allowance_percent"),
        CheckConstraint(
            f"unit_limit = CASE WHEN quantity IS NULL THEN 0 WHEN {_PACKS_WITH_ALLOWANCE} > {LAST_UNIT} THEN {LAST_UNIT}"
            f" ELSE {_PACKS_WITH_ALLOWANCE} END",
            name="unit_limit",
        ),
        CheckConstraint("length(lot) BETWEEN 1 AND 20", name="lot_length"),
        CheckConstraint("packed_on >= harvested_on", name="packed_after_harvest"),
        CheckConstraint("made_on >= harvested_on", name="made_after_harvest"),
        CheckConstraint("best_before >= packed_on AND best_before >= made_on", name="best_before"),
        UniqueConstraint("code"),
        UniqueConstraint("product_id", "lot_folded"),
        UniqueConstraint("id", "stamp_scope", "unit_limit"),
        UniqueConstraint("idempotency_key"),
        Index("ix_batch_producer_id", "producer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(12))
    master_key_id: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(10), default="goods")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    producer_id: Mapped[int] = mapped_column(ForeignKey("producer.id"))
    product_id: Mapped[int]
    lot: Mapped[str | None] = mapped_column(String(20))
    lot_folded: Mapped[str | None] = mapped_column(String(20))
    harvested_on: Mapped[date | None]
    made_on: Mapped[date | None]
    packed_on: Mapped[date | None]
    best_before: Mapped[date | None]
    quantity: Mapped[int | None]
    package: Mapped[str | None] = mapped_column(String(10))
    allowance_percent: Mapped[int] = mapped_column(default=0)
    unit_limit: Mapped[int]
    quantity_is_public: Mapped[bool] = mapped_column(default=False)
    stamp_scope: Mapped[str | None] = mapped_column(String(10))
    place: Mapped[str | None] = mapped_column(String(300))
    standards: Mapped[list[str]] = mapped_column(JSON, default=list)
    indication_id: Mapped[int | None] = mapped_column(ForeignKey("geographical_indication.id"))
    illustrative: Mapped[bool] = mapped_column(default=False)
    # Counts the changes: who edits names the version that was read, so that nobody writes over what somebody else changed.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    idempotency_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(100))
    created_role: Mapped[str] = mapped_column(String(10))

    producer: Mapped[Producer] = relationship(overlaps="product")
    product: Mapped[Product] = relationship(overlaps="producer")
    indication: Mapped[GeographicalIndication | None] = relationship()
    growing_areas: Mapped[list["GrowingArea"]] = relationship(order_by="GrowingArea.id")
    stages: Mapped[list["Stage"]] = relationship(order_by="Stage.happened_on, Stage.id")
    reports: Mapped[list["Report"]] = relationship(order_by="Report.id", overlaps="report")
    corrections: Mapped[list["BatchCorrection"]] = relationship(order_by="BatchCorrection.id")
    inputs: Mapped[list["BatchInput"]] = relationship(order_by="BatchInput.id", foreign_keys="BatchInput.batch_id")
    deliveries: Mapped[list["Delivery"]] = relationship(order_by="Delivery.id")
    photographs: Mapped[list["Photograph"]] = relationship(order_by="Photograph.id")


def _folded_code(context: DefaultExecutionContext) -> str | None:
    code = context.get_current_parameters()["code"]  # type: ignore[no-untyped-call]
    return fold_area_code(code) or None if code else None


class GrowingArea(Base):
    """Where a batch grew, with the code of the growing area where one was granted."""

    __tablename__ = "growing_area"
    __table_args__ = (CheckConstraint("area_m2 > 0", name="area"), Index("ix_growing_area_code_folded", "code_folded"))

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    code: Mapped[str | None] = mapped_column(String(50))
    # By which it is found however the code is written.
    code_folded: Mapped[str | None] = mapped_column(String(50), default=_folded_code)
    area_m2: Mapped[int | None]


class Said:
    """Who says so: the recorder's role, and whoever confirmed it later."""

    recorded_role: Mapped[str] = mapped_column(String(10))
    recorded_by: Mapped[str] = mapped_column(String(100))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_role: Mapped[str | None] = mapped_column(String(10))
    confirmed_by: Mapped[str | None] = mapped_column(String(100))
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)


def _said_checks() -> tuple[CheckConstraint, ...]:
    return (
        one_of("recorded_role", ROLES),
        # A producer cannot confirm what a producer declared.
        one_of("confirmed_role", CONFIRMING_ROLES),
        CheckConstraint(
            "(confirmed_role IS NULL AND confirmed_by IS NULL AND confirmed_at IS NULL)"
            " OR (confirmed_role IS NOT NULL AND confirmed_by IS NOT NULL AND confirmed_at IS NOT NULL)",
            name="confirmation_whole",
        ),
    )


class Report(Said, Base):
    """A test report that was attached to a batch, with the file where one was handed over."""

    __tablename__ = "report"
    __table_args__ = (*_said_checks(), UniqueConstraint("id", "batch_id"), Index("ix_report_batch_id", "batch_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    title: Mapped[str] = mapped_column(String(200))
    number: Mapped[str | None] = mapped_column(String(100))
    laboratory: Mapped[str | None] = mapped_column(String(200))
    issued_on: Mapped[date | None]
    result: Mapped[str | None] = mapped_column(String(500))

    upload: Mapped["Upload | None"] = relationship()


class Upload(Base):
    """A file that was handed over and lies outside the database, under a random `name` that tells nothing of it."""

    __tablename__ = "upload"
    __table_args__ = (
        UniqueConstraint("name"),
        UniqueConstraint("report_id"),
        one_of("media_type", UPLOAD_TYPES),
        CheckConstraint("size_bytes > 0", name="size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(30))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("report.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Photograph(Base):
    """A photograph of a batch, re-encoded; `recorded_role` says whose."""

    __tablename__ = "photograph"
    __table_args__ = (one_of("recorded_role", ROLES), UniqueConstraint("batch_id", "picture_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    picture_id: Mapped[int] = mapped_column(ForeignKey("picture.id"))
    recorded_role: Mapped[str] = mapped_column(String(10))
    recorded_by: Mapped[str] = mapped_column(String(100))
    recorded_at: Mapped[datetime] = mapped_column(Instant)

    picture: Mapped[Picture] = relationship()


class Stage(Said, Base):
    """One step on a batch's way, with its day and place."""

    __tablename__ = "stage"
    __table_args__ = (*_said_checks(), one_of("kind", STAGE_KINDS), Index("ix_stage_batch_id", "batch_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    kind: Mapped[str] = mapped_column(String(20))
    happened_on: Mapped[date]
    happened_at: Mapped[datetime | None] = mapped_column(Instant)
    place: Mapped[str | None] = mapped_column(String(300))
    place_code: Mapped[str | None] = mapped_column(String(50))
    note: Mapped[str | None] = mapped_column(String(500))
    note_en: Mapped[str | None] = mapped_column(String(500))
    note_zh: Mapped[str | None] = mapped_column(String(500))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("report.id"))

    report: Mapped[Report | None] = relationship()


class BatchCorrection(Base):
    """A dated correction of what a stamped batch claims; the row it corrects stays as it was."""

    __tablename__ = "batch_correction"
    __table_args__ = (
        one_of("recorded_role", ROLES),
        one_of("field", ("harvested_on", "made_on", "packed_on", "best_before", "place")),
        CheckConstraint("length(reason) > 0", name="reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    field: Mapped[str] = mapped_column(String(20))
    old_value: Mapped[str | None] = mapped_column(String(300))
    new_value: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(String(500))
    recorded_role: Mapped[str] = mapped_column(String(10))
    recorded_by: Mapped[str] = mapped_column(String(100))
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class BatchInput(Base):
    """One step back: what went into a batch, how much, and from whom or from which batch of ours."""

    __tablename__ = "batch_input"
    __table_args__ = (
        CheckConstraint("input_batch_id IS NOT NULL OR length(supplier) > 0", name="from_whom"),
        CheckConstraint("input_batch_id <> batch_id", name="not_itself"),
        CheckConstraint("amount > 0", name="amount"),
    )
    __personal__ = frozenset({"supplier"})

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    what: Mapped[str] = mapped_column(String(200))
    supplier: Mapped[str | None] = mapped_column(String(200))
    supplier_lot: Mapped[str | None] = mapped_column(String(50))
    input_batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True)
    amount: Mapped[int | None]
    amount_unit: Mapped[str | None] = mapped_column(String(10))
    received_on: Mapped[date | None]
    recorded_by: Mapped[str] = mapped_column(String(100))
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class Delivery(Base):
    """One step forward: to whom, when, and which units where the batch is stamped by unit."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint("length(recipient) > 0", name="recipient"),
        CheckConstraint("(first_unit IS NULL) = (last_unit IS NULL) AND first_unit >= 1 AND last_unit >= first_unit", name="units"),
        CheckConstraint("quantity > 0", name="quantity"),
    )
    __personal__ = frozenset({"recipient"})

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(200))
    delivered_on: Mapped[date]
    quantity: Mapped[int | None]
    first_unit: Mapped[int | None]
    last_unit: Mapped[int | None]
    recorded_by: Mapped[str] = mapped_column(String(100))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
