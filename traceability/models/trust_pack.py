"""Trust packs that were made. Their files lie under `instance/packs/`, and can be made again."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from traceability.models.base import Base, Instant


class IssuedPack(Base):
    """A trust pack: `id` is its number. `area` is a commune's code, or `province`; `state` the SHA-256 of all its lines.

    `key_sequence` is that of the key file in it.
    """

    __tablename__ = "issued_pack"
    # What is in it changed in acts of others; that it was put together is none.
    __audited__ = False
    __table_args__ = (CheckConstraint("length(state) = 64", name="state"), Index("ix_issued_pack_area", "area"))

    id: Mapped[int] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(String(10))
    issued_at: Mapped[datetime] = mapped_column(Instant)
    entries: Mapped[int]
    key_sequence: Mapped[int]
    state: Mapped[str] = mapped_column(String(64))
