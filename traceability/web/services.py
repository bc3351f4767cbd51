"""What every view needs, put together once by create_app."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import Engine

from traceability.app_secret import AppSecret
from traceability.bell import Bell
from traceability.config import Settings
from traceability.domain.scan_places import ScanPlaces
from traceability.journal.writer import Journal
from traceability.keystore import LiveKeyStore
from traceability.operations.scan import Keys
from traceability.pack_store import PackStore
from traceability.uploads import UploadStore
from traceability.web.fast_path import Scans
from traceability.web.guesses import Guesses
from traceability.web.known_stamps import KnownStamps
from traceability.web.register_watch import RegisterWatch
from traceability.web.visitors import Visitors

_NAME, _SCANS = "traceability", "scans"


@dataclass(frozen=True)
class Services:
    """The machines behind the pages. `clock` gives the time in UTC."""

    settings: Settings
    engine: Engine
    key_store: LiveKeyStore
    visitors: Visitors
    clock: Callable[[], datetime]
    secret: AppSecret
    uploads: UploadStore
    journal: Journal
    bell: Bell
    known: KnownStamps
    watch: RegisterWatch
    guesses: Guesses
    packs: PackStore
    places: ScanPlaces

    @property
    def scan_keys(self) -> Keys:
        """The keys as they are now."""
        store = self.key_store.current()
        return Keys(store.keyring, store.master_keys)

    def close(self) -> None:
        """Ends the threads and lets files and connections go."""
        self.watch.close()
        self.journal.close()
        self.engine.dispose()


def register(extensions: dict[str, object], services: Services, scans: Scans) -> None:
    """Puts the services where the views find them."""
    extensions[_NAME], extensions[_SCANS] = services, scans


def services() -> Services:
    """The services of the app that serves this request."""
    found = current_app.extensions[_NAME]
    assert isinstance(found, Services)
    return found


def scans() -> Scans:
    """What answers scans of known stamps."""
    found = current_app.extensions[_SCANS]
    assert isinstance(found, Scans)
    return found
