"""Where products are sold on line, and how often somebody went there from a page of ours, without who it was."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from traceability.models.base import Base, Instant, one_of

CLICK_TARGETS = ("listing", "storefront")


class Listing(Base):
    """A product on an e-commerce floor: its address there, and whether it was there when somebody last looked."""

    __tablename__ = "listing"
    __table_args__ = (
        UniqueConstraint("product_id", "url"),
        CheckConstraint("length(floor) > 0", name="floor"),
        CheckConstraint("url LIKE 'http%'", name="url"),
        CheckConstraint("(checked_on IS NULL) = (alive IS NULL)", name="checked_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    floor: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(500))
    checked_on: Mapped[date | None]
    alive: Mapped[bool | None]
    source: Mapped[str | None] = mapped_column(String(500))
    illustrative: Mapped[bool] = mapped_column(default=False)
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class ShopClick(Base):
    """How often a listing, or a producer's own storefront, was opened from our pages on a day: a number and nothing of anybody."""

    __tablename__ = "shop_click"
    __table_args__ = (
        one_of("target", CLICK_TARGETS),
        UniqueConstraint("target", "target_id", "day"),
        CheckConstraint("clicks > 0", name="clicks"),
    )
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(String(10))
    target_id: Mapped[int]
    day: Mapped[date]
    clicks: Mapped[int]
