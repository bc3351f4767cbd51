"""`load-scans`."""

import os
import signal
import threading

import click
from flask import Flask

from traceability.cli.failing import speaking
from traceability.scan_loader import ScanLoader
from traceability.web.services import Services

# Phones come first: the loader takes what the server leaves of the processor.
_NICENESS = 19


def add(app: Flask, services: Services) -> None:
    """Adds the command."""

    @app.cli.command("load-scans")
    @click.option("--once", is_flag=True, help="Load what is there now, say how many, and end.")
    def load_scans(*, once: bool) -> None:
        """Load scans from the journal into the database until stopped. Any number of these may run at once."""
        stopped = threading.Event()
        loader = ScanLoader(services.engine, services.journal.folder, services.clock, stopped.is_set, services.places)
        if once:
            with speaking(services):
                click.echo(f"loaded {loader.load_all()} scans")
                while loader.look().more:
                    pass
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        os.nice(_NICENESS)
        loader.keep_loading(stopped.wait, months=services.settings.scan_retention_months)
