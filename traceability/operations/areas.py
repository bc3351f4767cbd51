"""What somebody of the province sees: the office and inspectors of the whole province all, an inspector of a commune its producers'."""

from sqlalchemy import ColumnElement, or_, select, true

from traceability.domain import base32
from traceability.domain.accounts import Principal
from traceability.models import Batch, Producer, Product


def batches_of_area(by: Principal) -> ColumnElement[bool]:
    """The batches that somebody may see and act on."""
    if "office" in by.staff or by.commune_code is None:
        return true()
    return Batch.producer_id.in_(select(Producer.id).where(Producer.commune_code == by.commune_code))


def names_batch(search: str) -> ColumnElement[bool]:
    """Whether what somebody typed is part of a batch's product or lot, or its code."""
    of_name = Batch.product_id.in_(select(Product.id).where(Product.name.icontains(search, autoescape=True)))
    return or_(of_name, Batch.lot.icontains(search, autoescape=True), Batch.code == base32.fold(search.replace("-", "").replace(" ", "")))
