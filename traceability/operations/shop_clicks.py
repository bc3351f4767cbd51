"""Ways from our pages to shops: each opening is a number of its day, and nothing of who it was."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound
from traceability.models import Listing, Producer, ShopClick
from traceability.operations.origin import producer_is_shown


def address_of(session: Session, target: str, target_id: int) -> str:
    """Where it leads to; only what the register holds. NotFound `part_missing`."""
    if target == "listing":
        found = session.scalar(select(Listing.url).where(Listing.id == target_id))
    else:
        maker = session.get(Producer, target_id)
        found = maker.shop_url if maker and producer_is_shown(maker.kind, maker.consent_on) else None
    if not found:
        raise NotFound("part_missing", kind="Listing")
    return found


def count_click(session: Session, target: str, target_id: int, *, now: datetime) -> None:
    """One opening more of its day."""
    named = {"target": target, "target_id": target_id, "day": day_in_vietnam(now)}
    held = update(ShopClick).filter_by(**named).values(clicks=ShopClick.clicks + 1)
    if not session.execute(held).rowcount:  # type: ignore[attr-defined]
        session.add(ShopClick(**named, clicks=1))
        session.flush()
