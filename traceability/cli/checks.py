"""May it serve? Schema, keys and host are checked before the first request, each failure one line."""

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from traceability.domain.errors import KeyFileError
from traceability.keystore import missing_master_keys
from traceability.models import Batch
from traceability.readiness import schema_fault
from traceability.web.services import Services


class NotReady(Exception):
    """The service must not start; the message says why and what to do."""


def lost_master_keys(services: Services) -> list[str]:
    """The serial master keys that batches need and the folder lacks."""
    with Session(services.engine) as session:
        needed = set(session.scalars(select(Batch.master_key_id).distinct()))
    return missing_master_keys(services.key_store.current(), needed)


def check_ready(services: Services) -> None:
    """Raises NotReady."""
    try:
        store = services.key_store.current()
    except KeyFileError as error:
        raise NotReady(str(error)) from None
    try:
        fault = schema_fault(services.engine)
        if fault:
            raise NotReady(fault)
        lost = lost_master_keys(services)
    except SQLAlchemyError as error:
        raise NotReady(f"the database cannot be reached: {str(error.__cause__ or error).splitlines()[0]}") from None
    if lost:
        raise NotReady(
            f"serial master key {', '.join(lost)} is not in {services.key_store.folder}, but batches need it; restore the keys folder"
        )
    host = services.settings.public_host
    if host not in store.keyring.hosts:
        raise NotReady(f"the host {host} of PUBLIC_URL is not in the key file; run `flask --app traceability init`")
