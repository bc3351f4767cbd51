"""What inspectors found. A finding is never changed or deleted: another one follows it."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from traceability.domain.inspection import RESULTS
from traceability.domain.verdict import Verdict
from traceability.models.base import Base, Instant, one_of


class Inspection(Base):
    """One finding, as the inspector wrote it down on the spot.

    `id_on_phone` is the random name under which the phone sends it, as often as it takes. `batch_id` is empty where what was
    found bears no stamp of a batch of ours; `stamp_text` is what was scanned. `found_at` is the phone's clock, `received_at`
    ours. A place's coordinates are there only where the inspector switched them on.
    """

    __tablename__ = "inspection"
    __table_args__ = (
        one_of("result", RESULTS),
        one_of("verdict", [verdict.value for verdict in Verdict]),
        CheckConstraint("(result = 'to_correct') = (correct_by IS NOT NULL)", name="correct_by"),
        CheckConstraint("unit IS NULL OR (unit >= 1 AND batch_id IS NOT NULL)", name="unit"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates_whole"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="coordinates"),
        CheckConstraint("(seized IS NULL) = (seized_unit IS NULL) AND seized > 0", name="seized"),
        CheckConstraint("length(place) > 0 AND length(body) > 0", name="words"),
        UniqueConstraint("id_on_phone"),
        Index("ix_inspection_batch_id_found_at", "batch_id", "found_at"),
        Index("ix_inspection_account_id", "account_id"),
        Index("ix_inspection_received_at", "received_at"),
    )
    __personal__ = frozenset({"explained_to"})

    id: Mapped[int] = mapped_column(primary_key=True)
    id_on_phone: Mapped[str] = mapped_column(String(36))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"))
    unit: Mapped[int | None]
    stamp_text: Mapped[str] = mapped_column(String(2048))
    verdict: Mapped[str] = mapped_column(String(15))
    pack_number: Mapped[int | None]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    inspector: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(String(200))
    commune_code: Mapped[str | None] = mapped_column(String(5))
    place: Mapped[str] = mapped_column(String(200))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    checked: Mapped[list[str]] = mapped_column(JSON, default=list)
    result: Mapped[str] = mapped_column(String(12))
    correct_by: Mapped[date | None]
    words: Mapped[str] = mapped_column(String(2000), default="")
    seized: Mapped[int | None]
    seized_unit: Mapped[str | None] = mapped_column(String(20))
    explained_to: Mapped[str | None] = mapped_column(String(200))
    found_at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant)

    photographs: Mapped[list["InspectionPhotograph"]] = relationship(order_by="InspectionPhotograph.id")


class InspectionPhotograph(Base):
    """A photograph of a finding, re-encoded and kept from the public under a random `name` among the uploads.

    `sha256_taken` is of the bytes as they came from the camera, hashed on the phone; `sha256` of what is kept.
    """

    __tablename__ = "inspection_photograph"
    __table_args__ = (
        UniqueConstraint("name"),
        UniqueConstraint("inspection_id", "sha256_taken"),
        CheckConstraint("length(sha256_taken) = 64 AND length(sha256) = 64", name="hashes"),
        CheckConstraint("size_bytes > 0", name="size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspection.id"))
    name: Mapped[str] = mapped_column(String(64))
    sha256_taken: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
