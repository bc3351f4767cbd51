"""What changed in the register, so that whoever keeps pages of it lets the right ones go. Triggers write the rows."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, func
from sqlalchemy.orm import Mapped, mapped_column

from traceability.models.base import Base, Instant, one_of

# `all`: whatever is kept.
SUBJECTS = ("batch", "product", "producer", "indication", "all")


class RegisterChange(Base):
    """A change of what pages say: of a batch, or of what many batches share.

    `transaction_id` is PostgreSQL's, by which late commits are found (0 on SQLite, where rows come in the order of commits).
    Rows may go once every process has read them, a day later; the last one stays, so that no number is used again.
    """

    __tablename__ = "register_change"
    __table_args__ = (
        one_of("kind", SUBJECTS),
        Index("ix_register_change_transaction_id", "transaction_id"),
    )
    __audited__ = False

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[int]
    transaction_id: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(Instant, server_default=func.current_timestamp())
