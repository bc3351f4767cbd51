"""The keyring that verifies signed stamps, and its file, which the root key signs."""

import json
import re
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from traceability.domain import stamp
from traceability.domain.errors import KeyFileError

USES = ("stamp", "pack")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_HOST = re.compile(r"[A-Z0-9](?:[A-Z0-9.-]*[A-Z0-9])?")


@dataclass(frozen=True)
class PublicKey:
    """One key of the numbering. `not_before` and `not_after` bound the time of issuance, both included."""

    kid: int
    use: str
    public: bytes
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None = None

    def allows_issuance_at(self, instant: datetime) -> bool:
        """Whether a stamp of this key may have been issued at that time."""
        return self.not_before <= instant <= self.not_after and (self.revoked_at is None or instant < self.revoked_at)


@dataclass(frozen=True)
class Keyring:
    """All public keys, oldest to newest, and all hosts that stamps of ours were ever printed with."""

    sequence: int
    hosts: tuple[str, ...]
    keys: tuple[PublicKey, ...]

    def stamp_key(self, kid: int) -> PublicKey | None:
        """The key of that number, if it is one that signs stamps."""
        return next((key for key in self.keys if key.kid == kid and key.use == "stamp"), None)

    def newest(self, use: str, now: datetime) -> PublicKey | None:
        """The key that signs now."""
        return next((key for key in reversed(self.keys) if key.use == use and key.allows_issuance_at(now)), None)


def sign_claims(private_key: bytes, host: str, claims: bytes) -> bytes:
    """The signature of 64 bytes over the claims under a host (Ed25519, RFC 8032)."""
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(stamp.signed_message(host, claims))


def sign_messages(private_key: bytes, messages: list[bytes]) -> list[bytes]:
    """The signatures of many messages of `stamp.signed_message`, the key read once."""
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    return [key.sign(message) for message in messages]


def verify_claims(key: PublicKey, hosts: tuple[str, ...], claims: bytes, signature: bytes) -> bool:
    """Whether the signature is the key's over these claims under one of the hosts."""
    return any(_verify(key.public, signature, stamp.signed_message(host, claims)) for host in hosts)


def sign_pack(private_key: bytes, signed: bytes) -> bytes:
    """The signature of 64 bytes over the first lines of a trust pack."""
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(signed)


def verify_pack(key: PublicKey, signed: bytes, signature: bytes) -> bool:
    """Whether the signature over a trust pack's first lines is the key's."""
    return _verify(key.public, signature, signed)


def sign_key_file(root_private_key: bytes, content: bytes) -> bytes:
    """The detached signature of the exact bytes of a key file, in base64 with a line end."""
    signature = Ed25519PrivateKey.from_private_bytes(root_private_key).sign(content)
    return urlsafe_b64encode(signature) + b"\n"


def verify_key_file(root_public_key: bytes, content: bytes, signature: bytes) -> bool:
    """Whether a detached signature is the root key's."""
    try:
        raw = b64decode(signature.strip(), altchars=b"-_", validate=True)
    except (Base64Error, ValueError):
        return False
    return _verify(root_public_key, raw, content)


def public_of(private_key: bytes) -> bytes:
    """The public key of a private one, 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def format_keyring(keyring: Keyring) -> bytes:
    """The key file's bytes, as they are signed and served."""
    content = {
        "sequence": keyring.sequence,
        "hosts": list(keyring.hosts),
        "keys": [
            {
                "kid": key.kid,
                "use": key.use,
                "alg": "Ed25519",
                "x": urlsafe_b64encode(key.public).rstrip(b"=").decode("ascii"),
                "not_before": format_instant(key.not_before),
                "not_after": format_instant(key.not_after),
                "revoked_at": format_instant(key.revoked_at) if key.revoked_at else None,
            }
            for key in keyring.keys
        ],
    }
    return (json.dumps(content, indent=1) + "\n").encode("utf-8")


def parse_keyring(content: bytes) -> Keyring:
    """A keyring from the bytes of a key file. Raises KeyFileError with what is wrong."""
    try:
        read = json.loads(content)
        sequence, hosts, entries = read["sequence"], read["hosts"], read["keys"]
        # Nothing is repaired: a file that is not of the one form was not written by us.
        if type(sequence) is not int or sequence < 0 or type(hosts) is not list or type(entries) is not list:
            raise KeyFileError("not a key file: sequence, hosts or keys are not what they must be")
        keyring = Keyring(sequence, tuple(map(_host, hosts)), tuple(map(_key, entries)))
    except KeyFileError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise KeyFileError(f"not a key file: {error!r}") from None
    kids = [key.kid for key in keyring.keys]
    if kids != sorted(set(kids)):
        raise KeyFileError("key ids must be unique, oldest to newest")
    return keyring


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> datetime:
    """An RFC 3339 time of a four-digit year; one without an offset raises ValueError."""
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"not an RFC 3339 time with its offset: {text}")
    instant = datetime.fromisoformat(text)
    if not 1970 <= instant.year < 9999:
        raise ValueError(f"a time that no key has: {text}")
    return instant


def _host(text: str) -> str:
    if not isinstance(text, str) or not _HOST.fullmatch(text):
        raise KeyFileError(f"not a host in capitals: {text!r}")
    return text


def _key(entry: Mapping[str, object]) -> PublicKey:
    kid, use = entry["kid"], str(entry["use"])
    if type(kid) is not int or not 1 <= kid <= 255:
        raise KeyFileError(f"not a key id: {kid!r}")
    if use not in USES or entry["alg"] != "Ed25519":
        raise KeyFileError(f"key {kid}: unknown use or algorithm")
    x = str(entry["x"])
    public = b64decode(x + "=" * (-len(x) % 4), altchars=b"-_", validate=True)
    if len(public) != 32:
        raise KeyFileError(f"key {kid}: a public key has 32 bytes")
    revoked_at = entry["revoked_at"]
    return PublicKey(
        kid,
        use,
        public,
        parse_instant(str(entry["not_before"])),
        parse_instant(str(entry["not_after"])),
        parse_instant(str(revoked_at)) if revoked_at is not None else None,
    )


def _verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
