"""Who may sign in, and what a password and a second factor must be (OWASP ASVS 5.0, chapters 6 and 7)."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta

from traceability.domain.errors import Refused

LEAST_PASSWORD = 8
LONGEST_PASSWORD = 256
LONGEST_LOGIN = 254
# What a session may last: idle, and in all.
IDLE = timedelta(hours=2)
IDLE_PRODUCER = timedelta(days=14)
ABSOLUTE = timedelta(hours=12)
ABSOLUTE_PRODUCER = timedelta(days=30)
LINK_LASTS = timedelta(hours=24)
# So many wrong passwords within the window lock an account's sign-in until the window has passed.
MOST_FAILURES = 10
FAILURE_WINDOW = timedelta(minutes=15)
STAFF_ROLES = ("inspector", "office", "administrator")
PRODUCER_ROLES = ("member", "manager")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")


@dataclass(frozen=True)
class Principal:
    """Who asks: an account with its roles, once the session and the second factor have been checked.

    `producers` maps the ids of the producers that the account belongs to onto `member` or `manager`; `staff` are its
    other roles; `commune_code` bounds an inspector, None for the whole province.
    """

    account_id: int
    name: str
    staff: frozenset[str] = frozenset()
    producers: dict[int, str] = field(default_factory=dict)
    commune_code: str | None = None

    def acts_for(self, producer_id: int) -> bool:
        """Whether a producer's data are this account's own."""
        return producer_id in self.producers

    def manages(self, producer_id: int) -> bool:
        """Whether the account may invite and remove members."""
        return self.producers.get(producer_id) == "manager"

    @property
    def needs_second_factor(self) -> bool:
        """Office, inspectors and administrators sign in with a second factor; producers may."""
        return bool(self.staff)


def fold_login(text: str) -> str:
    """An e-mail address in small letters, or a Vietnamese phone number as +84…; Refused `login`."""
    text = unicodedata.normalize("NFC", text).strip()
    if "@" in text:
        if len(text) > LONGEST_LOGIN or not _EMAIL.fullmatch(text):
            raise Refused("login")
        return text.casefold()
    digits = re.sub(r"[\s.()-]", "", text)
    if re.fullmatch(r"0\d{9}", digits, re.ASCII):
        return "+84" + digits[1:]
    if re.fullmatch(r"\+\d{9,15}", digits, re.ASCII):
        return digits
    raise Refused("login")


def check_password(password: str, common: frozenset[str], *, own_words: tuple[str, ...] = ()) -> str:
    """The password, normalised (NFC). Length counts, composition does not.

    Refused: `password_short`, `password_long`, `password_common` for one of a list of common ones or the account's own words.
    """
    password = unicodedata.normalize("NFC", password)
    if len(password) < LEAST_PASSWORD:
        raise Refused("password_short", least=LEAST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise Refused("password_long", largest=LONGEST_PASSWORD)
    folded = password.casefold()
    if folded in common or any(word and folded == word.casefold() for word in own_words):
        raise Refused("password_common")
    return password


def mask(value: str | None) -> str | None:
    """A personal field as the audit trail keeps it: what it begins with, and how long it is."""
    return None if value is None else f"{value[:1]}…({len(value)})"
