"""Batch codes, serials and signed claims: what is printed for ever, and nothing else.

The contract is in docs/stamp.md; the test vectors under tests/vectors/ hold it fixed.
"""

import hmac
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from traceability.domain import base32
from traceability.domain.errors import Malformed

LAST_UNIT = 16_777_215
CODE_LENGTH = 12
CLAIMS_TEXT_LENGTH = 37
SIGNATURE_TEXT_LENGTH = 103
SIGNED_LENGTH = CLAIMS_TEXT_LENGTH + SIGNATURE_TEXT_LENGTH
CLAIMS_SIZE = 23
LAYOUT = 0x01
STARS = (0, 3, 4, 5)
_EPOCH = date(2020, 1, 1)
_UNIT_MASK = (1 << 24) - 1
_VALUE_BITS = 55


def batch_code(random_bytes: bytes) -> str:
    """A batch code of 12 characters from 7 random bytes (their first 55 bits)."""
    if len(random_bytes) != 7:
        raise ValueError("a batch code takes 7 random bytes")
    return base32.with_check(int.from_bytes(random_bytes) >> 1)


@dataclass(frozen=True)
class SerialKeys:
    """The two keys of one batch. `mask` yields the unit from a serial and may be published; `tag` makes serials and never is."""

    batch: str
    tag: bytes
    mask: bytes


def serial_keys(master_key: bytes, batch: str) -> SerialKeys:
    """The keys of a batch under a serial master key of 32 bytes (HKDF-SHA256, RFC 5869)."""
    if len(master_key) != 32:
        raise ValueError("a serial master key has 32 bytes")

    def derive(purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=batch.encode("ascii"), info=purpose).derive(master_key)

    return SerialKeys(batch, derive(b"traceability serial tag v1"), derive(b"traceability serial mask v1"))


def make_serial(keys: SerialKeys, unit: int) -> str | None:
    """The serial of a unit (1 … 16 777 215), or None for the rare unit whose value would be 0, which is skipped."""
    value = _serial_value(keys, unit)
    return base32.with_check(value) if value else None


def unit_of_serial(keys: SerialKeys, serial: str) -> int | None:
    """The unit that a canonical serial names, or None where the serial does not verify."""
    unit = unmask_unit(keys.batch, keys.mask, serial)
    value = base32.decode_number(serial[:-1], _VALUE_BITS)
    expected = _serial_value(keys, unit) if unit else 0
    # One comparison in constant time, so that how long a refusal takes says nothing about the tag.
    same = hmac.compare_digest(value.to_bytes(7), expected.to_bytes(7))
    return unit if same and value else None


def unmask_unit(batch: str, mask_key: bytes, serial: str) -> int:
    """The unit that a serial claims, by the mask key alone: not a proof, since the tag is not checked."""
    value = base32.decode_number(serial[:-1], _VALUE_BITS)
    return (value & _UNIT_MASK) ^ _mask(batch, mask_key, value >> 24)


def _serial_value(keys: SerialKeys, unit: int) -> int:
    if not 1 <= unit <= LAST_UNIT:
        raise ValueError(f"no such unit: {unit}")
    digest = hmac.digest(keys.tag, keys.batch.encode("ascii") + unit.to_bytes(4), sha256)
    tag = int.from_bytes(digest[:4]) >> 1
    return tag << 24 | unit ^ _mask(keys.batch, keys.mask, tag)


def _mask(batch: str, mask_key: bytes, tag: int) -> int:
    digest = hmac.digest(mask_key, batch.encode("ascii") + tag.to_bytes(4), sha256)
    return int.from_bytes(digest[:3])


@dataclass(frozen=True)
class Claims:
    """What a signed stamp says, 23 bytes. `serial` is None on the batch's own stamp; dates None where not stated."""

    kid: int
    batch_code: str
    serial: str | None = None
    packed_on: date | None = None
    best_before: date | None = None
    stars: int = 0
    gi_number: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.kid <= 255 or not 0 <= self.gi_number <= 0xFFFF:
            raise ValueError("key id or indication number out of range")
        if self.stars not in STARS or (self.stars and not self.packed_on):
            raise ValueError("stars are 0, 3, 4 or 5, and need a packing date")


def format_claims(claims: Claims) -> bytes:
    """The 23 bytes. A date outside 2020-01-02 … 2199-06-06 raises ValueError: its field could not hold it."""
    return b"".join(
        (
            bytes((LAYOUT, claims.kid)),
            _code_bytes(claims.batch_code),
            _code_bytes(claims.serial),
            _day_bytes(claims.packed_on),
            _day_bytes(claims.best_before),
            bytes((claims.stars,)),
            claims.gi_number.to_bytes(2),
        )
    )


def parse_claims(value: bytes) -> Claims:
    """Claims from their 23 bytes; Malformed: `length`, `layout`, `unused_bits`, `stars`."""
    if len(value) != CLAIMS_SIZE:
        raise Malformed("length")
    if value[0] != LAYOUT:
        raise Malformed("layout")
    batch, serial = int.from_bytes(value[2:9]), int.from_bytes(value[9:16])
    if batch >> _VALUE_BITS or serial >> _VALUE_BITS:
        raise Malformed("unused_bits")
    packed_on, stars = _day(value[16:18]), value[20]
    if stars not in STARS or (stars and packed_on is None):
        raise Malformed("stars")
    return Claims(
        kid=value[1],
        batch_code=base32.with_check(batch),
        serial=base32.with_check(serial) if serial else None,
        packed_on=packed_on,
        best_before=_day(value[18:20]),
        stars=stars,
        gi_number=int.from_bytes(value[21:23]),
    )


def without_serial(claims: bytes) -> bytes:
    """Claim bytes with the serial zeroed: what an issuance stores, the same for all its units."""
    return claims[:9] + bytes(7) + claims[16:]


def with_serial(claims: bytes, serial: str | None) -> bytes:
    """Stored claim bytes with a unit's serial put in."""
    return claims[:9] + _code_bytes(serial) + claims[16:]


def claims_text(claims: bytes) -> str:
    """The 37 characters that are printed and signed."""
    return base32.encode_bytes(claims)


def signed_message(host: str, claims: bytes) -> bytes:
    """What the signature covers: always `https`, the host in capitals without a port, and the 37 characters."""
    return f"https://{host}/S/{claims_text(claims)}".encode("ascii")


def claimable(day: date | None) -> bool:
    """Whether a signed claim can state this day."""
    return day is None or 1 <= (day - _EPOCH).days <= 0xFFFF


def _code_bytes(code: str | None) -> bytes:
    return (base32.decode_number(code[:-1], _VALUE_BITS) if code else 0).to_bytes(7)


def _day_bytes(day: date | None) -> bytes:
    if not claimable(day):
        raise ValueError(f"a claim cannot state {day}")
    return ((day - _EPOCH).days if day else 0).to_bytes(2)


def _day(value: bytes) -> date | None:
    days = int.from_bytes(value)
    return _EPOCH + timedelta(days=days) if days else None
