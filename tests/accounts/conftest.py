"""Passwords are hashed cheaply here: how dear a hash is, is not what these tests are about."""

import pytest
from argon2 import PasswordHasher

from traceability.operations import secrets_kept


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets_kept, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    secrets_kept._nobodys_hash.cache_clear()
