"""One's own account, and what it leads to."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from traceability.domain import ocop
from traceability.domain.accounts import Principal
from traceability.domain.dates import day_in_vietnam
from traceability.models import Account, GeographicalIndication, Producer, Product, UseRight
from traceability.operations.issue import recognitions_of
from traceability.operations.register_batch import right_of

WARN_DAYS = (7, 30, 90)


@dataclass(frozen=True)
class OwnAccount:
    """What a person sees of its account. `producers` are id, name and the role held."""

    login: str
    name: str
    staff: tuple[str, ...]
    producers: tuple[tuple[int, str, str], ...]
    has_second_factor: bool


@dataclass(frozen=True)
class PrintableProduct:
    """A product and what its labels may say today. `warn_days` is 7, 30 or 90 where the rating or right ends within that time."""

    id: int
    producer_name: str
    name: str
    picture_sha256: str | None
    picture_size: tuple[int, int] | None
    stars: int
    stars_until: date | None
    indication: str | None
    indication_until: date | None
    warn_days: int | None


@dataclass(frozen=True)
class IndicationRow:
    """A protected name as the office's list shows it; `rights` counts the products that may bear it today."""

    id: int
    number: str
    name: str
    type: str
    product: str
    manager: str | None
    rights: int
    manager_now: str | None = None
    area: str | None = None
    documents: str | None = None


def own_account(session: Session, who: Principal) -> OwnAccount:
    """The account of who asks."""
    account = session.get_one(Account, who.account_id)
    names = dict(session.execute(select(Producer.id, Producer.name).where(Producer.id.in_(who.producers))).all())
    return OwnAccount(
        account.login,
        account.name,
        tuple(sorted(who.staff)),
        tuple((key, names[key], role) for key, role in who.producers.items()),
        account.totp_confirmed_at is not None,
    )


def producers_of(session: Session, producer_ids: list[int]) -> list[Producer]:
    """Producers by their names."""
    return list(session.scalars(select(Producer).where(Producer.id.in_(producer_ids)).order_by(Producer.name)))


def products_of(session: Session, producer_ids: list[int], now: datetime) -> list[PrintableProduct]:
    """The products of producers, by name, with what may be printed today."""
    today = day_in_vietnam(now)
    rows = session.scalars(select(Product).where(Product.producer_id.in_(producer_ids)).order_by(Product.name, Product.id))
    return [_printable(session, row, today) for row in rows]


def search_indications(session: Session, search: str, now: datetime) -> list[IndicationRow]:
    """The protected names by their number in the register."""
    statement = select(GeographicalIndication).order_by(GeographicalIndication.register_number, GeographicalIndication.id)
    if search:
        columns = (GeographicalIndication.name, GeographicalIndication.product_name)
        matches = [column.icontains(search, autoescape=True) for column in columns]
        # As it is printed: with noughts before it.
        digits = search.lstrip("0")
        if digits.isascii() and digits.isdigit() and len(digits) <= 5:
            matches.append(GeographicalIndication.register_number == int(digits))
        statement = statement.where(or_(*matches))
    today, rights = day_in_vietnam(now), session.scalars(select(UseRight)).all()
    held: dict[int, set[int]] = {}
    for right in rights:
        if right_of(right).holds_on(today):
            held.setdefault(right.indication_id, set()).add(right.product_id)
    return [
        IndicationRow(
            row.id,
            row.number,
            row.name,
            row.type,
            row.product_name,
            row.manager_at_registration,
            len(held.get(row.id, ())),
            row.manager_now,
            row.area,
            row.documents,
        )
        for row in session.scalars(statement)
    ]


def _printable(session: Session, product: Product, today: date) -> PrintableProduct:
    ratings = recognitions_of(session, product.id)
    held = ocop.recognition_on(ratings, today)
    rights = session.scalars(select(UseRight).where(UseRight.product_id == product.id).order_by(UseRight.from_day)).all()
    right = next((row for row in reversed(rights) if right_of(row).holds_on(today)), None)
    ends = [day for day in (held.valid_until if held else None, right.until_day if right else None) if day]
    left = min((day - today).days for day in ends) if ends else None
    picture = product.picture
    return PrintableProduct(
        id=product.id,
        producer_name=product.producer.name if product.producer else "",
        name=product.name,
        picture_sha256=picture.sha256 if picture else None,
        picture_size=(picture.width_px, picture.height_px) if picture else None,
        stars=held.stars if held else 0,
        stars_until=held.valid_until if held else None,
        indication=right.indication.name if right else None,
        indication_until=right.until_day if right else None,
        warn_days=next((days for days in WARN_DAYS if left is not None and left <= days), None),
    )
