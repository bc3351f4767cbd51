"""Two producers, each with an account and a product; passwords are hashed cheaply."""

import io
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from tests.accounts.test_sign_in import PASSWORD, Browser
from tests.factories import Workshop
from traceability.models.engine import acting
from traceability.operations import secrets_kept
from traceability.operations.accounts import add_member, create_account


@dataclass(frozen=True)
class Member:
    """Somebody who is signed in, with what is its own."""

    browser: Browser
    account_id: int
    producer_id: int
    product_id: int

    @property
    def form(self) -> str:
        return f"/producer/products/{self.product_id}/batch?lang=en"

    def register(self, **fields: object):
        """Fills the form of a new batch as a person would and sends it."""
        entry = {"lot": "L-1", "quantity": "100", "package": "bag", "packed_on": "2026-10-06", "key": f"k{self.account_id}", **fields}
        return self.browser.post(self.form, **entry)

    def batch(self, **fields: object) -> str:
        """Registers a batch and gives its code."""
        answer = self.register(**fields)
        assert answer.status_code == 303, answer.text
        return answer.location.split("/batches/")[1].split("/")[0]

    def at(self, code: str, *parts: object) -> str:
        return "/".join(["/producer/batches", code, *map(str, parts)]) + "?lang=en"

    def act(self, code: str, *parts: object, form_at: str | None = None, **fields: object):
        """Sends one of the small forms of a batch's page."""
        return self.browser.post(self.at(code, *parts), form_at or self.at(code), **fields)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets_kept, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    secrets_kept._nobodys_hash.cache_clear()


def member(app, workshop: Workshop, services, name: str, producer_id: int | None = None, product_id: int | None = None) -> Member:
    product = None if product_id else workshop.product()
    producer = producer_id or (product.producer_id if product else None)
    with acting(services.engine) as session:
        account = create_account(session, login=f"{name}@example.vn", name=name.title(), password=PASSWORD, now=services.clock())
        add_member(session, account.id, producer, "manager", now=services.clock())
    browser = Browser(app)
    browser.sign_in(name)
    return Member(browser, account.id, producer, product_id or product.id)


@pytest.fixture
def lan(app, workshop, services) -> Member:
    return member(app, workshop, services, "lan")


@pytest.fixture
def minh(app, workshop, services) -> Member:
    """Of another producer."""
    return member(app, workshop, services, "minh")


@pytest.fixture
def colleague(app, workshop, services, lan) -> Member:
    """Of the same producer as Lan."""
    return member(app, workshop, services, "colleague", lan.producer_id, lan.product_id)


def photograph(width: int = 1200, height: int = 900) -> bytes:
    """A photograph with a position in it, as a phone's camera writes one."""
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (22.0, 28.0, 0.0), 3: "E", 4: (103.0, 58.0, 0.0)}
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "JPEG", exif=exif)
    return out.getvalue()


def pdf(extra: bytes = b"") -> bytes:
    """The smallest thing that a reader opens as a PDF."""
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    canvas.drawString(72, 720, "Phieu ket qua kiem nghiem")
    canvas.save()
    content = out.getvalue()
    return content[:-6] + extra + content[-6:]
