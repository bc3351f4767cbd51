"""Traceability stamps: issued, printed, scanned and checked. `create_app` gives the app, put together in `app`."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from traceability.config import Settings


def create_app(settings: "Settings | None" = None, clock: "Callable[[], datetime] | None" = None) -> "Flask":
    """The app. It touches neither database nor keys before the first request; `cli.checks` does so before it serves."""
    # Only whoever wants the app loads it: printing labels alone takes a fifth of a second less time than that.
    from traceability.app import create_app as put_together

    return put_together(settings, clock)
