"""Processes and hosts beside the one under test: apps of their own on the same database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from traceability import create_app
from traceability.config import read_settings


@pytest.fixture
def another(app: Flask, database_url: str, tmp_path: Path, clock) -> Iterator[Callable[..., Flask]]:
    """Makes another process of the same host, or with `host` one of another host: the same keys, but nothing else shared."""
    made = []

    def make(host: str = "instance") -> Flask:
        folder = tmp_path / host
        if not folder.exists():
            folder.mkdir()
            (folder / "keys").symlink_to(tmp_path / "instance" / "keys")
        public_url = app.extensions["traceability"].settings.public_url
        made.append(create_app(read_settings({"DATABASE_URL": database_url, "INSTANCE": str(folder), "PUBLIC_URL": public_url}), clock))
        return made[-1]

    yield make
    for other in made:
        other.extensions["traceability"].close()


def phone(app: Flask):
    """A browser of a person."""
    browser = app.test_client()
    browser.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Linux; Android 14) Mobile"
    return browser
