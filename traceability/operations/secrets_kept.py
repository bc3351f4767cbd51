"""Passwords, tokens and second factors: how they are kept and checked.

Argon2id with argon2-cffi's defaults (RFC 9106, low-memory profile); TOTP (RFC 6238) by pyotp; tokens of 32 random bytes, kept
as SHA-256; the seed of a second factor encrypted with AES-GCM under a key in the keys folder.
"""

import hashlib
import hmac
import unicodedata
from datetime import datetime
from functools import lru_cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_STEP_S = 30
_hasher = PasswordHasher()


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """The 30,000 most used passwords, from the list that zxcvbn ships with."""
    # Loaded where a password is chosen: its lists are 12 MB, and most processes never need them.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def hash_password(password: str) -> str:
    """The password's hash, salt and parameters."""
    return _hasher.hash(password)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this account")


def password_fits(password_hash: str | None, password: str) -> bool:
    """Whether a password fits; of an account that is not there it takes as long and is False.

    Composed as it was when it was set: some phones send Vietnamese letters in parts.
    """
    try:
        fits = _hasher.verify(password_hash or _nobodys_hash(), unicodedata.normalize("NFC", password))
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def keyed_hash(key: bytes, text: str) -> bytes:
    """What is kept of a login that failed."""
    return hmac.digest(key, text.encode("utf-8", "replace"), hashlib.sha256)


def new_seed() -> str:
    """A seed for a second factor, from the system's CSPRNG."""
    return pyotp.random_base32()


def seal(key: bytes, nonce: bytes, seed: str) -> bytes:
    """A second factor's seed, encrypted. `nonce` are 12 random bytes."""
    return nonce + AESGCM(key).encrypt(nonce, seed.encode("ascii"), None)


def unseal(key: bytes, sealed: bytes) -> str | None:
    """The seed, or None where the key is another."""
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], None).decode("ascii")
    except (InvalidTag, ValueError):
        return None


def matching_step(seed: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, the one before and after included; None where none is."""
    totp = pyotp.TOTP(seed, interval=_STEP_S)
    code = code.replace(" ", "")
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        return None
    current = int(now.timestamp()) // _STEP_S
    return next((step for step in (current, current - 1, current + 1) if hmac.compare_digest(totp.at(step * _STEP_S), code)), None)


def enrolment_address(seed: str, login: str, issuer: str) -> str:
    """What an authenticator app reads from a QR symbol."""
    return pyotp.TOTP(seed, interval=_STEP_S).provisioning_uri(name=login, issuer_name=issuer)
