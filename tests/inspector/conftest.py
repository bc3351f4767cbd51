"""Inspectors who are signed in, with a pack key at hand."""

import pytest
from argon2 import PasswordHasher

from tests.accounts.test_sign_in import PASSWORD, Browser, enrol
from traceability.keystore import ROOT_KEY, new_key
from traceability.models.engine import acting
from traceability.operations import secrets_kept
from traceability.operations.accounts import add_staff_role, create_account


@pytest.fixture
def pack_key(services) -> None:
    """A key that signs packs."""
    folder = services.settings.keys_folder
    new_key(folder, "pack", folder / ROOT_KEY, services.clock())


@pytest.fixture
def sign_in(app, services, monkeypatch):
    """Signs somebody in: a role, and for an inspector the commune."""

    monkeypatch.setattr(secrets_kept, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    secrets_kept._nobodys_hash.cache_clear()

    def sign(role: str = "inspector", commune: str | None = None) -> Browser:
        login = f"{role}-{commune or 'all'}"
        with acting(services.engine) as session:
            made = create_account(session, login=f"{login}@example.vn", name=role, password=PASSWORD, now=services.clock())
            add_staff_role(session, made.id, role, commune, now=services.clock())
        browser = Browser(app)
        browser.sign_in(login)
        enrol(browser, services)
        return browser

    return sign


@pytest.fixture
def inspector(sign_in, pack_key) -> Browser:
    """An inspector of the whole province."""
    return sign_in()
