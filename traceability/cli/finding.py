"""Who acts on the command line, and which batch a command names."""

from sqlalchemy.orm import Session

from traceability.domain import base32
from traceability.domain.errors import NotFound
from traceability.domain.roles import Actor
from traceability.models import Batch
from traceability.operations.list_batches import find_batch


def named_batch(session: Session, text: str) -> Batch:
    """The batch of a code as it is printed or typed. NotFound `batch_missing`."""
    code = base32.fold(text).replace("-", "").replace(" ", "")
    batch = find_batch(session, code)
    if batch is None:
        raise NotFound("batch_missing", batch=text)
    return batch


def operator() -> Actor:
    """Whoever may run commands on the server."""
    return Actor("command line", "office")
