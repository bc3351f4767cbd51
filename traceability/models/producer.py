"""Producers, their products and the products' pictures."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint, inspect
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from traceability.domain.folding import fold_name
from traceability.models.base import Base, Instant, folded, one_of

PRODUCER_KINDS = ("cooperative", "cooperative_group", "company", "household")
# How a net content is counted on a label; the words stand in the catalogues.
CONTENT_UNITS = ("g", "kg", "ml", "l", "piece", "m")


class Producer(Base):
    """An OCOP entity (chủ thể OCOP). Codes of commune and province are the national ones of the two-level list of 2025-07-01."""

    __tablename__ = "producer"
    __table_args__ = (
        one_of("kind", PRODUCER_KINDS),
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        UniqueConstraint("tax_code"),
        Index("ix_producer_name_folded", "name_folded"),
    )
    __personal__ = frozenset({"phone", "address"})

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    name_folded: Mapped[str] = folded("name", fold_name)
    name_en: Mapped[str | None] = mapped_column(String(200))
    name_zh: Mapped[str | None] = mapped_column(String(200))
    tax_code: Mapped[str | None] = mapped_column(String(14))
    province_code: Mapped[str | None] = mapped_column(String(2))
    commune_code: Mapped[str | None] = mapped_column(String(5))
    historic_place: Mapped[str | None] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(300))
    phone: Mapped[str | None] = mapped_column(String(20))
    shop_url: Mapped[str | None] = mapped_column(String(500))
    marketplace: Mapped[str | None] = mapped_column(String(100))
    has_digital_storefront: Mapped[bool | None]
    has_e_payment: Mapped[bool | None]
    consent_on: Mapped[date | None]
    source: Mapped[str | None] = mapped_column(String(500))
    illustrative: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)

    products: Mapped[list["Product"]] = relationship(back_populates="producer")

    @validates("name")
    def _fold(self, _column: str, name: str) -> str:
        self.name_folded = fold_name(name)
        return name

    def personal_columns(self) -> frozenset[str]:
        """A household's name is a person's, also where it is only becoming, or no longer, a household."""
        if "household" not in inspect(self).attrs["kind"].history.sum():
            return self.__personal__
        return self.__personal__ | {"name", "name_folded", "name_en", "name_zh"}


class Picture(Base):
    """A picture, re-encoded by us. `sha256` is of the stored bytes, in hexadecimal."""

    __tablename__ = "picture"
    __table_args__ = (UniqueConstraint("sha256"), CheckConstraint("width_px > 0 AND height_px > 0", name="size"))

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(30))
    width_px: Mapped[int]
    height_px: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class ProducerLogo(Base):
    """A producer's logo as its labels bear it: a grey picture, one a producer."""

    __tablename__ = "producer_logo"
    __table_args__ = (UniqueConstraint("producer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    producer_id: Mapped[int] = mapped_column(ForeignKey("producer.id"))
    picture_id: Mapped[int] = mapped_column(ForeignKey("picture.id"))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    uploaded_by: Mapped[str] = mapped_column(String(100))

    picture: Mapped[Picture] = relationship()


class CraftVillage(Base):
    """A craft village (làng nghề), with what is made there and the decision that recognised it where one is known."""

    __tablename__ = "craft_village"
    __table_args__ = (UniqueConstraint("name", "commune_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    commune_code: Mapped[str | None] = mapped_column(String(5))
    craft: Mapped[str | None] = mapped_column(String(200))
    decision: Mapped[str | None] = mapped_column(String(100))
    recognised_on: Mapped[str | None] = mapped_column(String(10))
    source: Mapped[str | None] = mapped_column(String(500))


class Product(Base):
    """A product in one of the six groups. A GTIN stands only with its producer's statement that it owns it.

    `producer_id` is empty where a source names a recognised product but not who makes it; such a product has no batches.
    """

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint("ocop_group BETWEEN 1 AND 6", name="ocop_group"),
        CheckConstraint(
            "gtin IS NULL OR (length(gtin) = 14 AND gtin_statement IS NOT NULL AND producer_id IS NOT NULL)", name="gtin_owned"
        ),
        CheckConstraint("(net_content IS NULL) = (net_content_unit IS NULL)", name="net_content_whole"),
        CheckConstraint("net_content > 0", name="net_content_positive"),
        one_of("net_content_unit", CONTENT_UNITS),
        UniqueConstraint("gtin"),
        Index("ix_product_name_folded", "name_folded"),
        # What a batch refers to, so that a batch and its product name the same producer.
        UniqueConstraint("id", "producer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    producer_id: Mapped[int | None] = mapped_column(ForeignKey("producer.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    name_folded: Mapped[str] = folded("name", fold_name)
    name_en: Mapped[str | None] = mapped_column(String(200))
    name_zh: Mapped[str | None] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(String(2000))
    description_en: Mapped[str | None] = mapped_column(String(2000))
    description_zh: Mapped[str | None] = mapped_column(String(2000))
    ocop_group: Mapped[int]
    gtin: Mapped[str | None] = mapped_column(String(14))
    gtin_statement: Mapped[str | None] = mapped_column(String(500))
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("picture.id"))
    net_content: Mapped[int | None]
    net_content_unit: Mapped[str | None] = mapped_column(String(10))
    standards: Mapped[list[str]] = mapped_column(JSON, default=list)
    craft_village_id: Mapped[int | None] = mapped_column(ForeignKey("craft_village.id"))
    # How the producer numbers its lots, and how long the goods keep: what a new batch's form begins with.
    lot_pattern: Mapped[str | None] = mapped_column(String(60))
    keeps_days: Mapped[int | None]
    source_place: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str | None] = mapped_column(String(500))
    illustrative: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)

    producer: Mapped[Producer | None] = relationship(back_populates="products")
    picture: Mapped[Picture | None] = relationship()
    craft_village: Mapped[CraftVillage | None] = relationship()

    @validates("name")
    def _fold(self, _column: str, name: str) -> str:
        self.name_folded = fold_name(name)
        return name


def product_of_producer() -> ForeignKeyConstraint:
    """The key by which another table names a product together with the producer that makes it."""
    return ForeignKeyConstraint(["product_id", "producer_id"], ["product.id", "product.producer_id"])
