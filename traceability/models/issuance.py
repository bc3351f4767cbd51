"""Stamps issued, cancelled, recalled and suspected. Nothing is stored per unit."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from traceability.domain.batch import FORMS, SCOPES
from traceability.domain.roles import ROLES
from traceability.domain.stamp import CLAIMS_SIZE
from traceability.models.base import Base, Instant, one_of
from traceability.models.printing import PRINT_KINDS

LABEL_DESIGNS = ("standard", "small", "signed")
LABEL_LANGUAGES = ("vi", "both", "en")
_UNITS_IN_ORDER = "(first_unit IS NULL) = (last_unit IS NULL) AND first_unit >= 1 AND last_unit >= first_unit"


class Issuance(Base):
    """One act of issuing: a batch stamp, or a range of units.

    Ranges follow one another without gap or overlap because each names the last unit of the one before, which must exist
    and can be followed only once. `unit_limit` repeats the batch's, so that a check can hold the range below it.
    """

    __tablename__ = "issuance"
    __table_args__ = (
        one_of("form", FORMS),
        one_of("scope", SCOPES),
        ForeignKeyConstraint(
            ["batch_id", "scope", "unit_limit"], ["batch.id", "batch.stamp_scope", "batch.unit_limit"], name="fk_issuance_batch_scope"
        ),
        ForeignKeyConstraint(["batch_id", "previous_last_unit"], ["issuance.batch_id", "issuance.last_unit"], name="fk_issuance_previous"),
        CheckConstraint("(scope = 'unit') = (first_unit IS NOT NULL)", name="units_by_scope"),
        CheckConstraint("(first_unit IS NULL) = (last_unit IS NULL)", name="units_whole"),
        CheckConstraint("first_unit = coalesce(previous_last_unit, 0) + 1", name="no_gap"),
        CheckConstraint("last_unit >= first_unit AND last_unit <= unit_limit", name="within_limit"),
        CheckConstraint("(form = 'signed') = (claims IS NOT NULL) AND (claims IS NULL) = (kid IS NULL)", name="claims_of_signed"),
        CheckConstraint("(claims IS NULL) = (host IS NULL)", name="host_of_signed"),
        CheckConstraint(f"length(claims) = {CLAIMS_SIZE}", name="claims_size"),
        CheckConstraint("kid BETWEEN 1 AND 255", name="kid"),
        UniqueConstraint("batch_id", "last_unit"),
        UniqueConstraint("batch_id", "first_unit"),
        UniqueConstraint("idempotency_key"),
        Index(
            "uq_issuance_batch_stamp",
            "batch_id",
            "form",
            unique=True,
            sqlite_where=text("scope = 'batch' AND form <> 'signed'"),
            postgresql_where=text("scope = 'batch' AND form <> 'signed'"),
        ),
        Index(
            "uq_issuance_signed_batch_stamp",
            "batch_id",
            "kid",
            "host",
            unique=True,
            sqlite_where=text("scope = 'batch' AND form = 'signed'"),
            postgresql_where=text("scope = 'batch' AND form = 'signed'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    form: Mapped[str] = mapped_column(String(10))
    scope: Mapped[str] = mapped_column(String(10))
    unit_limit: Mapped[int]
    first_unit: Mapped[int | None]
    last_unit: Mapped[int | None]
    previous_last_unit: Mapped[int | None]
    kid: Mapped[int | None]
    host: Mapped[str | None] = mapped_column(String(253))
    claims: Mapped[bytes | None] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    issued_by: Mapped[str] = mapped_column(String(100))
    idempotency_key: Mapped[str | None] = mapped_column(String(64))


class PrintRun(Base):
    """One file of labels: of stamps that were issued for it, or (`reprint`) of stamps that had been printed before.

    `dpi` is 0 for a printer without dots of its own; `downloads` counts how often the file was fetched. `kind` and the
    columns below it say how the labels were put on paper: the place of the first one, how often each, in how many files.
    """

    __tablename__ = "print_run"
    __table_args__ = (
        one_of("form", FORMS),
        CheckConstraint(_UNITS_IN_ORDER, name="units"),
        CheckConstraint("copies >= 1 AND (copies = 1 OR first_unit IS NULL)", name="copies"),
        CheckConstraint("dpi >= 0", name="dpi"),
        one_of("design", LABEL_DESIGNS),
        one_of("language", LABEL_LANGUAGES),
        CheckConstraint("downloads >= 0", name="downloads"),
        one_of("kind", PRINT_KINDS),
        *(CheckConstraint(f"{name} >= 1", name=name) for name in ("start", "each_times", "parts")),
        UniqueConstraint("idempotency_key"),
        Index("ix_print_run_batch_id", "batch_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    form: Mapped[str] = mapped_column(String(10))
    first_unit: Mapped[int | None]
    last_unit: Mapped[int | None]
    copies: Mapped[int] = mapped_column(default=1)
    stock: Mapped[str] = mapped_column(String(20))
    dpi: Mapped[int]
    reprint: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(String(500))
    design: Mapped[str] = mapped_column(String(10), default="standard", server_default="standard")
    language: Mapped[str] = mapped_column(String(4), default="vi", server_default="vi")
    downloads: Mapped[int] = mapped_column(default=0)
    printed_at: Mapped[datetime] = mapped_column(Instant)
    printed_by: Mapped[str] = mapped_column(String(100))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    idempotency_key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(10), server_default="pdf")
    compact: Mapped[bool] = mapped_column(server_default=text("false"))
    start: Mapped[int] = mapped_column(server_default="1")
    each_times: Mapped[int] = mapped_column(server_default="1")
    by_columns: Mapped[bool] = mapped_column(server_default=text("false"))
    frames: Mapped[bool] = mapped_column(server_default=text("false"))
    crop_marks: Mapped[bool] = mapped_column(server_default=text("false"))
    parts: Mapped[int] = mapped_column(server_default="1")
    # The printer whose correction the file's sheets have. No key: one that is removed leaves the run, uncorrected.
    printer_id: Mapped[int | None]


class Revocation(Base):
    """Stamps that were cancelled: a range of units, or the whole batch."""

    __tablename__ = "revocation"
    __table_args__ = (CheckConstraint(_UNITS_IN_ORDER, name="units"), CheckConstraint("length(reason) > 0", name="reason"))

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    first_unit: Mapped[int | None]
    last_unit: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(500))
    revoked_at: Mapped[datetime] = mapped_column(Instant)
    revoked_by: Mapped[str] = mapped_column(String(100))


class Recall(Base):
    """A recall of goods: what to do, whom to call, and why, in the three languages of the page."""

    __tablename__ = "recall"
    __table_args__ = (
        CheckConstraint(_UNITS_IN_ORDER, name="units"),
        CheckConstraint("length(advice) > 0 AND length(contact) > 0 AND length(reason) > 0", name="words"),
        CheckConstraint("lifted_at IS NULL OR lifted_at >= starts_at", name="times_in_order"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_by IS NULL) = (lifted_role IS NULL)", name="lifting_whole"),
        one_of("recalled_role", ROLES),
        one_of("lifted_role", ROLES),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    first_unit: Mapped[int | None]
    last_unit: Mapped[int | None]
    advice: Mapped[str] = mapped_column(String(500))
    advice_en: Mapped[str | None] = mapped_column(String(500))
    advice_zh: Mapped[str | None] = mapped_column(String(500))
    contact: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(500))
    reason_en: Mapped[str | None] = mapped_column(String(500))
    reason_zh: Mapped[str | None] = mapped_column(String(500))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    lifted_at: Mapped[datetime | None] = mapped_column(Instant)
    recalled_role: Mapped[str] = mapped_column(String(10))
    recalled_by: Mapped[str] = mapped_column(String(100))
    lifted_role: Mapped[str | None] = mapped_column(String(10))
    lifted_by: Mapped[str | None] = mapped_column(String(100))


class Suspicion(Base):
    """A unit whose scans do not fit one object in one place, or a whole batch that a person suspects.

    `suspected_by` is empty where the rules say so; they say it of units alone.
    """

    __tablename__ = "suspicion"
    __table_args__ = (CheckConstraint("unit >= 1", name="unit"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    unit: Mapped[int | None]
    since: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(500))
    cleared_at: Mapped[datetime | None] = mapped_column(Instant)
    suspected_by: Mapped[str | None] = mapped_column(String(100))
    cleared_by: Mapped[str | None] = mapped_column(String(100))
