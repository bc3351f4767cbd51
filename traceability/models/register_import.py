"""Sheets that the office hands over: what each row says, what it would do, and what was done, so that it can be undone."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from traceability.models.base import Base, Instant, one_of

IMPORT_STATES = ("reading", "failed", "previewed", "applied", "undone", "discarded")
ROW_OUTCOMES = ("new", "changed", "same", "doubt", "wrong")
EFFECT_ACTS = ("insert", "update")


class RegisterImport(Base):
    """One file of the office. `problem` is a refusal's code and facts; `answers` say who is meant where names leave a doubt."""

    __tablename__ = "register_import"
    __table_args__ = (
        one_of("state", IMPORT_STATES),
        CheckConstraint("rows_done >= 0 AND rows_total >= 0", name="rows"),
        CheckConstraint("(applied_at IS NULL) = (applied_by IS NULL)", name="applied_whole"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone_whole"),
        Index("ix_register_import_uploaded_at", "uploaded_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    file_sha256: Mapped[str] = mapped_column(String(64))
    upload: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10))
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_total: Mapped[int] = mapped_column(default=0)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    uploaded_by: Mapped[str] = mapped_column(String(100))
    applied_at: Mapped[datetime | None] = mapped_column(Instant)
    applied_by: Mapped[str | None] = mapped_column(String(100))
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_by: Mapped[str | None] = mapped_column(String(100))


class ImportRow(Base):
    """One row of a sheet: its cells by column, what it would do, and why not. The audit trail has what it did, not each row's preview."""

    __tablename__ = "import_row"
    __table_args__ = (one_of("outcome", ROW_OUTCOMES), UniqueConstraint("import_id", "place"))
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("register_import.id"))
    place: Mapped[int]
    sheet: Mapped[str] = mapped_column(String(100))
    row_number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    cells: Mapped[dict[str, Any]] = mapped_column(JSON)
    outcome: Mapped[str] = mapped_column(String(10))
    told: Mapped[dict[str, Any]] = mapped_column(JSON)


class ImportEffect(Base):
    """One row of the register that an import added or changed, with what stood there before."""

    __tablename__ = "import_effect"
    __table_args__ = (one_of("act", EFFECT_ACTS), Index("ix_import_effect_import_id", "import_id"))
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("register_import.id"))
    act: Mapped[str] = mapped_column(String(10))
    of_table: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[int]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class HistoricPlace(Base):
    """An old commune's or district's name and today's commune, where a source says so."""

    __tablename__ = "historic_place"
    __table_args__ = (UniqueConstraint("name_folded"), CheckConstraint("length(source) > 0", name="source"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_folded: Mapped[str] = mapped_column(String(400))
    commune_code: Mapped[str] = mapped_column(String(5))
    source: Mapped[str] = mapped_column(String(300))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
