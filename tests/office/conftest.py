"""Somebody of the office who is signed in."""

import pytest
from argon2 import PasswordHasher

from tests.accounts.test_sign_in import PASSWORD, Browser, enrol
from traceability.models.engine import acting
from traceability.operations import secrets_kept
from traceability.operations.accounts import add_staff_role, create_account
from traceability.web import figures


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """The clock of the tests stands still, and each has a register of its own."""
    figures._KEPT.clear()


def office_browser(app, services) -> Browser:
    """Signed in, with a second step."""
    with acting(services.engine) as session:
        made = create_account(session, login="office@example.vn", name="Office", password=PASSWORD, now=services.clock())
        add_staff_role(session, made.id, "office", None, now=services.clock())
    browser = Browser(app)
    browser.sign_in("office")
    enrol(browser, services)
    return browser


@pytest.fixture
def office(app, services, monkeypatch) -> Browser:
    """Whose password is hashed cheaply."""
    monkeypatch.setattr(secrets_kept, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    secrets_kept._nobodys_hash.cache_clear()
    return office_browser(app, services)
