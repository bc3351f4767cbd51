"""What somebody of the province sees: the office and inspectors of the whole province all, an inspector of a commune its producers'."""

from sqlalchemy import ColumnElement, select, true

from traceability.domain.accounts import Principal
from traceability.models import Batch, Producer


def batches_of_area(by: Principal) -> ColumnElement[bool]:
    """The batches that somebody may see and act on."""
    if "office" in by.staff or by.commune_code is None:
        return true()
    return Batch.producer_id.in_(select(Producer.id).where(Producer.commune_code == by.commune_code))
