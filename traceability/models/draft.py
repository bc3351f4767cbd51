"""What a producer is typing: kept on the server until the batch is registered, so that nothing is lost with the network."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from traceability.models.base import Base, Instant, one_of
from traceability.models.batch import Upload
from traceability.models.producer import Picture

FILE_KINDS = ("photograph", "report")


class SentForm(Base):
    """The key of a small form that was carried out: pressed twice, it is carried out once."""

    __tablename__ = "sent_form"
    __table_args__ = (UniqueConstraint("batch_id", "key"),)
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    key: Mapped[str] = mapped_column(String(100))
    sent_at: Mapped[datetime] = mapped_column(Instant)


class BatchDraft(Base):
    """One account's unfinished batch of a product. `fields` are the form's texts as they were typed, checked by nobody yet."""

    __tablename__ = "batch_draft"
    __table_args__ = (UniqueConstraint("account_id", "product_id"),)
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    fields: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    saved_at: Mapped[datetime] = mapped_column(Instant)

    files: Mapped[list["DraftFile"]] = relationship(order_by="DraftFile.id", cascade="all, delete-orphan")


class DraftFile(Base):
    """A photograph or a report that waits for its batch."""

    __tablename__ = "draft_file"
    __table_args__ = (
        one_of("kind", FILE_KINDS),
        CheckConstraint("(picture_id IS NULL) <> (upload_id IS NULL)", name="one_content"),
        CheckConstraint("(kind = 'photograph') = (picture_id IS NOT NULL)", name="picture_of_photograph"),
    )
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("batch_draft.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(200))
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("picture.id"))
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("upload.id"))

    picture: Mapped[Picture | None] = relationship()
    upload: Mapped[Upload | None] = relationship()
