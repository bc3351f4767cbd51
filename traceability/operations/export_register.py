"""The register in the form of the sheets that it is fed from: what is taken out can be put in again and changes nothing."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain.dates import PartialDate
from traceability.domain.register_sheet import COUNTS, INDICATIONS, KINDS, PLACES, PRODUCERS, PRODUCTS, RECOGNITIONS, RIGHTS, SHOPS, Kind
from traceability.domain.spreadsheet import Cell, Table
from traceability.models import (
    Evaluation,
    GeographicalIndication,
    HistoricPlace,
    Listing,
    Producer,
    Product,
    PublishedCount,
    Recognition,
    UseRight,
)
from traceability.operations.places import place_names

_AT_ONCE = 2_000
Row = dict[str, Any]


def register_tables(session: Session) -> Iterator[Table]:
    """A table a kind; columns are `kind.column`. What the sample made up is left out: put in again it would become real."""
    rows = {
        PLACES.key: _places,
        PRODUCERS.key: _producers,
        PRODUCTS.key: _products,
        RECOGNITIONS.key: _recognitions,
        INDICATIONS.key: _indications,
        RIGHTS.key: _rights,
        SHOPS.key: _shops,
        COUNTS.key: _counts,
    }
    for kind in KINDS:
        yield Table(kind.key, columns_of(kind), (_cells(kind, row) for row in rows[kind.key](session)))


def columns_of(kind: Kind) -> tuple[str, ...]:
    """The columns of a kind as a table names them."""
    return tuple(f"{kind.key}.{column.key}" for column in kind.columns)


def _cells(kind: Kind, row: Row) -> tuple[Cell, ...]:
    return tuple(_cell(row.get(column.key)) for column in kind.columns)


def _cell(value: Any) -> Cell:
    """Yes and no, and points with a comma, as offices write them."""
    if isinstance(value, bool):
        return "có" if value else "không"
    return value if isinstance(value, str | int | date) or value is None else str(value)


def _day(text: str | None) -> str | date | None:
    return (PartialDate(text).day or text) if text else None


def _commune(code: str | None) -> str | None:
    return place_names(None, code)[0] if code else None


def _places(session: Session) -> Iterator[Row]:
    for (row,) in session.execute(select(HistoricPlace).order_by(HistoricPlace.id)):
        yield {"old_place": row.name, "commune": _commune(row.commune_code), "source": row.source}


def _producers(session: Session) -> Iterator[Row]:
    kinds = {"cooperative": "Hợp tác xã", "cooperative_group": "Tổ hợp tác", "company": "Công ty", "household": "Hộ kinh doanh"}
    statement = select(Producer).where(Producer.illustrative.is_(False)).order_by(Producer.id)
    for row in session.scalars(statement.execution_options(yield_per=_AT_ONCE)):
        yield {
            "producer": row.name,
            "producer_kind": kinds[row.kind],
            "tax_code": row.tax_code,
            "commune": _commune(row.commune_code),
            "place": row.historic_place,
            "address": row.address,
            "phone": row.phone,
            "storefront": row.has_digital_storefront,
            "storefront_url": row.shop_url,
            "e_payment": row.has_e_payment,
            "consent_on": row.consent_on,
            "source": row.source,
        }


def _products(session: Session) -> Iterator[Row]:
    statement = select(Product, Producer.name).outerjoin(Producer, Producer.id == Product.producer_id)
    statement = statement.where(Product.illustrative.is_(False)).order_by(Product.id)
    for row, maker in session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        told: Row = {"product": row.name, "producer": maker, "group": row.ocop_group, "description": row.description}
        yield told | {"place": row.source_place, "source": row.source}


def _recognitions(session: Session) -> Iterator[Row]:
    statement = select(Recognition, Product, Producer.name, Evaluation).join(Product, Product.id == Recognition.product_id)
    statement = statement.outerjoin(Producer, Producer.id == Product.producer_id)
    statement = statement.outerjoin(Evaluation, Evaluation.recognition_id == Recognition.id)
    statement = statement.where(Recognition.illustrative.is_(False), Recognition.superseded_at.is_(None)).order_by(Recognition.id)
    kinds = {"new": "mới", "re_evaluation": "đánh giá lại"}
    levels = {"district": "Huyện", "province": "Tỉnh", "centre": "Trung ương"}
    for row, product, maker, points in session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        yield {
            "product": product.name,
            "producer": maker,
            "group": product.ocop_group,
            "stars": row.stars,
            "score": _points(points.points_total) if points else row.score,
            "score_product": _points(points.points_product) if points else None,
            "score_marketing": _points(points.points_marketing) if points else None,
            "score_quality": _points(points.points_quality) if points else None,
            "kind": kinds.get(row.kind or ""),
            "decision": row.decision,
            "round": row.evaluation_round,
            "decided_on": _day(row.decided_on),
            "valid_until": row.valid_until,
            "issuer": row.issuer_name or levels.get(row.issuer or ""),
            "withdrawn_on": row.withdrawn_on,
            "withdrawn_because": row.withdrawn_because,
            "confidence": row.confidence,
            "source": row.source,
        }


def _points(hundredths: int | None) -> str | int | None:
    if hundredths is None or hundredths % 100 == 0:
        return hundredths // 100 if hundredths is not None else None
    return f"{hundredths // 100},{hundredths % 100:02}".rstrip("0")


def _indications(session: Session) -> Iterator[Row]:
    kinds = {
        "geographical_indication": "Chỉ dẫn địa lý",
        "certification_mark": "Nhãn hiệu chứng nhận",
        "collective_mark": "Nhãn hiệu tập thể",
    }
    for row in session.scalars(select(GeographicalIndication).order_by(GeographicalIndication.id)):
        told: Row = {"number": row.number, "type": kinds[row.type], "name": row.name, "product": row.product_name}
        told |= {"registered_on": row.registered_on, "decision": row.decision, "manager": row.manager_at_registration}
        told |= {"documents": row.documents}
        yield told | {"manager_now": row.manager_now, "area": row.area, "confidence": row.confidence, "source": row.source}


def _rights(session: Session) -> Iterator[Row]:
    statement = select(UseRight, GeographicalIndication, Product.name, Producer.name)
    statement = statement.join(GeographicalIndication, GeographicalIndication.id == UseRight.indication_id)
    statement = statement.join(Product, Product.id == UseRight.product_id).join(Producer, Producer.id == UseRight.producer_id)
    statement = statement.where(UseRight.illustrative.is_(False)).order_by(UseRight.id)
    for row, indication, product, maker in session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        told: Row = {"number": indication.number, "product": product, "producer": maker, "from_day": row.from_day}
        yield told | {"until_day": row.until_day, "revoked_on": row.revoked_on, "document": row.document}


def _shops(session: Session) -> Iterator[Row]:
    statement = select(Listing, Product.name, Producer.name).join(Product, Product.id == Listing.product_id)
    statement = (
        statement.outerjoin(Producer, Producer.id == Product.producer_id).where(Listing.illustrative.is_(False)).order_by(Listing.id)
    )
    for row, product, maker in session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        told: Row = {"product": product, "producer": maker, "floor": row.floor, "url": row.url}
        yield told | {"checked_on": row.checked_on, "alive": row.alive, "source": row.source}


def _counts(session: Session) -> Iterator[Row]:
    names = ("province", "total", "stars3", "stars4", "stars5", "newly", "re_evaluated", "details", "confidence", "source")
    scopes = {"all": "tất cả", "decision": "quyết định"}
    for row in session.scalars(select(PublishedCount).order_by(PublishedCount.id)):
        yield {"as_of": _day(row.as_of), "scope": scopes[row.scope]} | {name: getattr(row, name) for name in names}
