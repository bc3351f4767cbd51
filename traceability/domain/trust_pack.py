"""The trust pack: what an inspector's phone knows without a network. Signed, numbered, dated; whole, or what changed since another.

A pack is three lines and a body. The first line names the form; the second is JSON, the header; the third is the signature of
both by a pack key, in base64. The header holds the key file and the root key's signature of it, so whoever has the root's
public key needs nothing else. The body, whose length and SHA-256 the header states, is gzip of lines: one JSON object for each
batch, in the order of their codes. A difference (`base` names the pack that it follows) holds the lines that are new or changed
and, for those that went, `{"code": …, "gone": true}`. `state` is the SHA-256 of all lines that hold once it is applied, so that
a phone which put together anything else throws it away. docs/trust-pack.md says it for those who read it elsewhere.
"""

import json
import zlib
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from traceability.domain import keys
from traceability.domain.errors import KeyFileError, TraceabilityError

FORM = b"traceability pack 1\n"
# A header is the key file and a few numbers.
LARGEST_HEADER = 256 * 1024
LARGEST_BODY = 16 << 20
LARGEST_STATE = 96 << 20
# So far may the clocks of the server and of the one who checks differ.
CLOCKS_DIFFER = timedelta(minutes=5)
FAULTS = frozenset(
    """not_a_pack cut_off header key_file_signature key_file key_file_older pack_key_unknown pack_key_revoked bad_signature
    number_older issued_ahead body base_missing state_differs""".split()
)


class PackError(TraceabilityError):
    """A pack that is not to be used; `fault` is one of FAULTS. What was there before stays good."""

    def __init__(self, fault: str) -> None:
        assert fault in FAULTS, fault
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True)
class Header:
    """What a pack says of itself. `area` is a commune's code, or `province`."""

    number: int
    base: int | None
    area: str
    issued_at: datetime
    kid: int
    key_file: bytes
    key_file_signature: bytes
    size: int
    sha256: str
    entries: int
    state: str


@dataclass(frozen=True)
class Held:
    """What whoever checks a pack has already: the number and lines of its pack, and the highest sequence of key files seen."""

    number: int = 0
    lines: Mapping[str, str] | None = None
    key_sequence: int = 0


@dataclass(frozen=True)
class TrustPack:
    """A pack that was checked, with the lines that hold now, by batch code."""

    header: Header
    keyring: keys.Keyring
    lines: Mapping[str, str]


def digest_lines(lines: Mapping[str, str]) -> str:
    """The SHA-256 of all lines in the order of their codes, each with a line end, in hexadecimal."""
    return sha256("".join(f"{lines[code]}\n" for code in sorted(lines)).encode()).hexdigest()


def format_line(entry: Mapping[str, Any]) -> str:
    """The one text of an entry. Its `code` is the batch's."""
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """The lines that lead from one state to another."""
    changed = {code: line for code, line in new.items() if old.get(code) != line}
    return changed | {code: format_line({"code": code, "gone": True}) for code in old if code not in new}


def format_pack(
    lines: Mapping[str, str],
    *,
    number: int,
    area: str,
    issued_at: datetime,
    kid: int,
    private_key: bytes,
    key_file: bytes,
    key_file_signature: bytes,
    since: tuple[int, Mapping[str, str]] | None = None,
) -> bytes:
    """A pack of these lines under a pack key of 32 bytes, whole or as what changed `since` another (its number and lines)."""
    told = difference(since[1], lines) if since else lines
    text = "".join(f"{told[code]}\n" for code in sorted(told)).encode()
    packer = zlib.compressobj(9, wbits=31)
    body = packer.compress(text) + packer.flush()
    header = {
        "number": number,
        "base": since[0] if since else None,
        "area": area,
        "issued_at": keys.format_instant(issued_at),
        "kid": kid,
        "key_file": key_file.decode(),
        "key_file_signature": key_file_signature.decode(),
        "size": len(body),
        "sha256": sha256(body).hexdigest(),
        "entries": len(lines),
        "state": digest_lines(lines),
    }
    signed = FORM + json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    return signed + urlsafe_b64encode(keys.sign_pack(private_key, signed)) + b"\n" + body


def open_pack(content: bytes, root_public_key: bytes, held: Held, now: datetime) -> TrustPack:
    """Checks a pack in this order: form, key file, signature, number and date, body, what it leads to. Raises PackError."""
    signed, signature, body = _split(content)
    header = _header(signed)
    keyring = _keyring(header, root_public_key, held)
    _check_signature(header, keyring, signed, signature)
    if header.number < held.number:
        raise PackError("number_older")
    if header.issued_at > now + CLOCKS_DIFFER:
        raise PackError("issued_ahead")
    if len(body) != header.size or sha256(body).hexdigest() != header.sha256:
        raise PackError("cut_off" if len(body) < header.size else "body")
    lines = _lines(body)
    if header.base is not None:
        if held.lines is None or header.base != held.number:
            raise PackError("base_missing")
        lines = _apply(held.lines, lines)
    if len(lines) != header.entries or digest_lines(lines) != header.state:
        raise PackError("state_differs")
    return TrustPack(header, keyring, lines)


def read_lines(content: bytes) -> dict[str, str]:
    """The lines of a pack that one made oneself, unchecked. Raises PackError where it cannot be read."""
    return _lines(_split(content)[2])


def _split(content: bytes) -> tuple[bytes, bytes, bytes]:
    """What is signed, the signature's 64 bytes, and the body."""
    if not content.startswith(FORM):
        raise PackError("cut_off" if FORM.startswith(content) else "not_a_pack")
    end = content.find(b"\n", len(FORM), len(FORM) + LARGEST_HEADER)
    signature_end = content.find(b"\n", end + 1, end + 200) if end >= 0 else -1
    if signature_end < 0:
        raise PackError("cut_off" if len(content) < len(FORM) + LARGEST_HEADER else "header")
    written = content[end + 1 : signature_end]
    try:
        signature = b64decode(written, altchars=b"-_", validate=True)
    except (Base64Error, ValueError):
        raise PackError("bad_signature") from None
    # One signature has one text: bits that count for nothing could be changed otherwise.
    if urlsafe_b64encode(signature) != written:
        raise PackError("bad_signature")
    return content[: end + 1], signature, content[signature_end + 1 :]


def _header(signed: bytes) -> Header:
    try:
        read = json.loads(signed[len(FORM) :])
        number, base, kid, size, entries = (read[name] for name in ("number", "base", "kid", "size", "entries"))
        texts = [read[name] for name in ("area", "key_file", "key_file_signature", "sha256", "state")]
        area, key_file, key_file_signature, digest, state = texts
        if not all(type(text) is str for text in texts) or not all(type(value) is int for value in (number, kid, size, entries)):
            raise PackError("header")
        if number < 1 or size > LARGEST_BODY or not (base is None or (type(base) is int and 0 < base <= number)):
            raise PackError("header")
        return Header(
            number,
            base,
            area,
            keys.parse_instant(read["issued_at"]),
            kid,
            key_file.encode(),
            key_file_signature.encode(),
            size,
            digest,
            entries,
            state,
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PackError("header") from None


def _keyring(header: Header, root_public_key: bytes, held: Held) -> keys.Keyring:
    if not keys.verify_key_file(root_public_key, header.key_file, header.key_file_signature):
        raise PackError("key_file_signature")
    try:
        keyring = keys.parse_keyring(header.key_file)
    except KeyFileError:
        raise PackError("key_file") from None
    if keyring.sequence < held.key_sequence:
        raise PackError("key_file_older")
    return keyring


def _check_signature(header: Header, keyring: keys.Keyring, signed: bytes, signature: bytes) -> None:
    key = next((key for key in keyring.keys if key.kid == header.kid and key.use == "pack"), None)
    if key is None:
        raise PackError("pack_key_unknown")
    if key.revoked_at is not None or not key.allows_issuance_at(header.issued_at):
        # Whoever has a revoked key can put any date on what it signs: it counts for nothing, whatever the date.
        raise PackError("pack_key_revoked")
    if not keys.verify_pack(key, signed, signature):
        raise PackError("bad_signature")


def _lines(body: bytes) -> dict[str, str]:
    reader = zlib.decompressobj(wbits=31)
    try:
        text = reader.decompress(body, LARGEST_STATE)
        if not reader.eof or reader.unused_data or reader.unconsumed_tail:
            raise PackError("body")
        lines = text.decode().split("\n")
        if lines.pop() != "":
            raise PackError("body")
        codes = [json.loads(line)["code"] for line in lines]
        if not all(type(code) is str for code in codes) or codes != sorted(set(codes)):
            raise PackError("body")
    except (zlib.error, ValueError, KeyError, TypeError, RecursionError):
        raise PackError("body") from None
    return dict(zip(codes, lines, strict=True))


def _apply(old: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    gone = {code for code, line in changes.items() if json.loads(line).get("gone")}
    kept = {code: line for code, line in old.items() if code not in changes}
    return kept | {code: line for code, line in changes.items() if code not in gone}
