"""May it serve, and does it serve well? Each fault by its name, in words for whoever runs the service."""

import shutil
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from traceability.domain.errors import KeyFileError
from traceability.keystore import LiveKeyStore
from traceability.migrations import current_revision, head_revision
from traceability.scan_loader import Lag, lag_of

LEAST_DISK_BYTES = 200 << 20
LARGEST_LAG_S = 300.0


def schema_fault(engine: Engine) -> str | None:
    """What is wrong with the schema. A newer one is served, too: new releases only add to it before the old one has ended.

    Raises SQLAlchemyError.
    """
    revision, needed = current_revision(engine), head_revision()
    if revision is None or revision < needed:
        return f"the database is at schema {revision or 'none'}, this release needs {needed}; run `flask --app traceability init`"
    return None


def faults(engine: Engine, key_store: LiveKeyStore, instance: Path, lag: Lag | None) -> dict[str, str]:
    """What keeps the service from being ready: `schema`, `keys`, `disk`, `loader`."""
    found: dict[str, str] = {}
    try:
        schema = schema_fault(engine)
    except SQLAlchemyError:
        schema = "the database cannot be reached"
    if schema:
        found["schema"] = schema
    try:
        key_store.current()
    except KeyFileError:
        found["keys"] = "the keys cannot be read"
    try:
        if shutil.disk_usage(instance).free < LEAST_DISK_BYTES:
            found["disk"] = f"less than {LEAST_DISK_BYTES >> 20} MB are free"
    except OSError:
        found["disk"] = "the folder of the instance cannot be read"
    if lag is not None and lag.seconds > LARGEST_LAG_S:
        found["loader"] = f"{lag.records} scans wait, the oldest for {lag.seconds:.0f} s"
    return found


def known_lag(engine: Engine, folder: Path, now: datetime) -> Lag | None:
    """How far loading is behind, None where the database cannot say."""
    try:
        return lag_of(engine, folder, now)
    except SQLAlchemyError:
        return None
