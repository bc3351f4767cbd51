"""Files of labels as they were fetched, and the stocks that a producer has of its own."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from traceability.models.base import Base, Instant, one_of

PRINT_KINDS = ("pdf", "zpl", "tspl", "pdfs", "png", "svg", "csv", "xlsx")
"""What a print run can be fetched as; `pdfs` is one PDF a label."""

SENSED = ("gap", "black_mark", "none")


class PrintFile(Base):
    """One fetching of a run's file, or of a part of it: what was to be sent, and what was.

    `sent_labels`, `sent_unit` (the last unit) and `sent_bytes` grow while it is sent; `ended_at` is empty while it goes on,
    or where the machine died. `sha256` is the file's, known where it was sent to its end.
    """

    __tablename__ = "print_file"
    # Its figures change every second while it is sent; the act of fetching is noted in the trail.
    __audited__ = False
    __table_args__ = (
        one_of("kind", PRINT_KINDS),
        CheckConstraint("(first_unit IS NULL) = (last_unit IS NULL) AND first_unit >= 1 AND last_unit >= first_unit", name="units"),
        CheckConstraint("labels >= 1 AND sent_labels BETWEEN 0 AND labels AND sent_bytes >= 0", name="sent"),
        CheckConstraint("ended_at IS NOT NULL OR sha256 IS NULL", name="hash_at_end"),
        CheckConstraint("sha256 IS NULL OR length(sha256) = 64", name="hash_length"),
        CheckConstraint("sha256 IS NULL OR sent_labels = labels", name="hash_of_whole"),
        Index("ix_print_file_run_id", "run_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("print_run.id"))
    kind: Mapped[str] = mapped_column(String(10))
    first_unit: Mapped[int | None]
    last_unit: Mapped[int | None]
    labels: Mapped[int]
    sent_labels: Mapped[int] = mapped_column(default=0)
    sent_unit: Mapped[int | None]
    sent_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    begun_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    sha256: Mapped[str | None] = mapped_column(String(64))
    fetched_by: Mapped[str] = mapped_column(String(100))


class OwnStock(Base):
    """A sheet or roll that a producer has measured: the figures of `labels.stock.Stock`, lengths in mm."""

    __tablename__ = "own_stock"
    __table_args__ = (
        one_of("kind", ("sheet", "roll")),
        one_of("sensed", SENSED),
        CheckConstraint("label_width_mm > 0 AND label_height_mm > 0 AND page_width_mm > 0 AND page_height_mm > 0", name="lengths"),
        CheckConstraint('"columns" BETWEEN 1 AND 50 AND "rows" BETWEEN 1 AND 100', name="counts"),
        CheckConstraint("left_mm >= 0 AND top_mm >= 0 AND gap_mm >= 0", name="margins"),
        CheckConstraint("length(name) > 0", name="name"),
        UniqueConstraint("producer_id", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    producer_id: Mapped[int] = mapped_column(ForeignKey("producer.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(10))
    label_width_mm: Mapped[float]
    label_height_mm: Mapped[float]
    page_width_mm: Mapped[float]
    page_height_mm: Mapped[float]
    columns: Mapped[int]
    rows: Mapped[int]
    left_mm: Mapped[float]
    top_mm: Mapped[float]
    pitch_x_mm: Mapped[float]
    pitch_y_mm: Mapped[float]
    gap_mm: Mapped[float]
    sensed: Mapped[str] = mapped_column(String(10))
    # A stock that is forgotten stays for the runs that were printed on it.
    forgotten_at: Mapped[datetime | None] = mapped_column(Instant)
