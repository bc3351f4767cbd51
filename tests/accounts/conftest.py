"""Passwords are hashed cheaply here: how dear a hash is, is not what these tests are about. Mails go to a real server."""

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message as EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from argon2 import PasswordHasher
from flask import Flask

from traceability import create_app
from traceability.config import MailServer
from traceability.operations import secrets_kept


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets_kept, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    secrets_kept._nobodys_hash.cache_clear()


class Mailbox(Message):
    """What a real mail server took over, as it came."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[EmailMessage] = []
        self.refuses = False

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refuses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def handle_message(self, message) -> None:
        self.messages.append(message)

    def wait(self, count: int = 1) -> list[EmailMessage]:
        """The mails, once so many have come."""
        until = time.monotonic() + 10
        while len(self.messages) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.messages) == count
        return self.messages


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def mail_server(mailbox) -> Iterator[MailServer]:
    """A mail server on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield MailServer("127.0.0.1", port, "none", "tem@trace.example.vn")
    controller.stop()


@pytest.fixture
def mailing(services, clock, mail_server) -> Iterator[Flask]:
    """The app with a mail server."""
    app = create_app(replace(services.settings, mail_server=mail_server), clock)
    yield app
    app.extensions["traceability"].engine.dispose()
