"""From what a camera, a person or a web server hands over to a stamp's text, and back.

Nothing here says whether the stamp was ever issued: everything parsed is unverified until `verdict.judge` has spoken.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from traceability.domain import base32, gs1, stamp
from traceability.domain.errors import Malformed

LONGEST = 2048
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ASCII_UPPER = {ord(low): chr(ord(low) - 32) for low in "abcdefghijklmnopqrstuvwxyz"}


@dataclass(frozen=True)
class StampText:
    """One text's only meaning. `form` is `house`, `gs1`, `signed` or `gs1_product` (a GTIN whose lot is not told).

    `host` is the capital host of a full address, None where only a path or a typed code was given.
    """

    form: str
    scope: str | None
    batch_code: str | None = None
    serial: str | None = None
    gtin: str | None = None
    lot: str | None = None
    claims_bytes: bytes | None = None
    signature: bytes | None = None
    host: str | None = None

    @property
    def canonical_path(self) -> str | None:
        """The path as it is printed; None for a product without its lot."""
        if self.form == "gs1_product":
            return None
        if self.form == "gs1":
            assert self.gtin and self.lot
            return gs1.format_path(self.gtin, self.lot, self.serial)
        return "/S/" + self.code

    @property
    def code(self) -> str:
        """The characters after `/S/`: 12, 24 or 140."""
        if self.claims_bytes is not None and self.signature is not None:
            return stamp.claims_text(self.claims_bytes) + base32.encode_bytes(self.signature)
        return (self.batch_code or "") + (self.serial or "")

    @property
    def claims(self) -> stamp.Claims | None:
        """The signed claims, unverified."""
        return stamp.parse_claims(self.claims_bytes) if self.claims_bytes is not None else None


def parse_address(text: str, hosts: Collection[str], *, test_mode: bool = False) -> StampText:
    """A scanned address. `hosts` are the capital hosts of the key file; `test_mode` lets `http` and ports pass.

    Raises Malformed with any fault.
    """
    _check_length(text)
    scheme, slashes, rest = text.partition("://")
    if not slashes or scheme.translate(_ASCII_UPPER) not in (("HTTPS", "HTTP") if test_mode else ("HTTPS",)):
        raise Malformed("scheme")
    authority, path = _split_authority(rest)
    host = _parse_host(authority, hosts, test_mode=test_mode)
    return _parse_segments(_decode_segments(path), host)


def parse_path(path: str) -> StampText:
    """A path that a web server has already percent-decoded, once. Raises Malformed with any fault but those of hosts."""
    _check_length(path)
    return _parse_segments(path.split("/"), None)


def parse_any(text: str, hosts: Collection[str], *, test_mode: bool = False) -> StampText:
    """What a person typed or pasted: an address, a path as an address holds it, or a readable code. Raises Malformed."""
    if "://" in text:
        return parse_address(text, hosts, test_mode=test_mode)
    if text.startswith("/"):
        _check_length(text)
        return _parse_segments(_decode_segments(re.split(r"[?#]", text, maxsplit=1)[0]), None)
    return parse_typed(text)


def parse_typed(text: str) -> StampText:
    """A readable code as a person typed it, with spaces and hyphens anywhere. Raises Malformed."""
    _check_length(text)
    code = text.replace("-", "").replace(" ", "")
    if not code:
        raise Malformed("empty")
    return _parse_code(code, None)


def format_address(base_url: str, path: str) -> str:
    """The text that goes into a QR symbol: scheme in lower case, the host in capitals, then the path.

    `base_url` is the public address without a slash at its end, e.g. `https://trace.example.vn`.
    """
    scheme, _, authority = base_url.partition("://")
    return f"{scheme}://{authority.translate(_ASCII_UPPER)}{path}"


def _check_length(text: str) -> None:
    if not text:
        raise Malformed("empty")
    if len(text) > LONGEST:
        raise Malformed("too_long")


def _split_authority(rest: str) -> tuple[str, str]:
    end = min((place for place in map(rest.find, "/?#") if place >= 0), default=len(rest))
    authority, tail = rest[:end], rest[end:]
    path = re.split(r"[?#]", tail, maxsplit=1)[0]
    if not path:
        raise Malformed("path")
    return authority, path


def _parse_host(authority: str, hosts: Collection[str], *, test_mode: bool) -> str:
    host, colon, port = authority.partition(":")
    port_is_good = not colon or (test_mode and port.isascii() and port.isdigit())
    if not host or "@" in authority or host.endswith(".") or not port_is_good:
        raise Malformed("authority")
    # Only ASCII letters change case: Unicode would turn a long s or a Kelvin sign into a letter of ours.
    host = host.translate(_ASCII_UPPER)
    if host not in hosts:
        raise Malformed("foreign_host")
    return host


def _decode_percent(segment: str) -> str:
    if _BAD_PERCENT.search(segment):
        raise Malformed("encoding")
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeError:
        raise Malformed("encoding") from None


def _decode_segments(path: str) -> list[str]:
    """Split first and decode then, once: an encoded slash stays within its segment."""
    return [_decode_percent(segment) for segment in path.split("/")]


def _parse_segments(segments: list[str], host: str | None) -> StampText:
    if len(segments) < 3 or segments[0] or not segments[2]:
        raise Malformed("path")
    if segments[1] in ("S", "s") and len(segments) == 3:
        return _parse_code(segments[2], host)
    if segments[1] == "01":
        return _parse_digital_link(segments[2], segments[3:], host)
    raise Malformed("path")


def _parse_code(code: str, host: str | None) -> StampText:
    code = base32.fold(code)
    if len(code) == stamp.SIGNED_LENGTH:
        return _parse_signed(code, host)
    if len(code) not in (stamp.CODE_LENGTH, 2 * stamp.CODE_LENGTH):
        raise Malformed("length")
    batch_code, serial = code[: stamp.CODE_LENGTH], code[stamp.CODE_LENGTH :] or None
    base32.check_code(batch_code)
    if serial:
        base32.check_code(serial)
    return StampText("house", "unit" if serial else "batch", batch_code, serial, host=host)


def _parse_signed(code: str, host: str | None) -> StampText:
    claims_bytes = base32.decode_bytes(code[: stamp.CLAIMS_TEXT_LENGTH])
    signature = base32.decode_bytes(code[stamp.CLAIMS_TEXT_LENGTH :])
    claims = stamp.parse_claims(claims_bytes)
    scope = "unit" if claims.serial else "batch"
    return StampText("signed", scope, claims.batch_code, claims.serial, claims_bytes=claims_bytes, signature=signature, host=host)


def _parse_digital_link(gtin_text: str, rest: list[str], host: str | None) -> StampText:
    if "" in rest:
        raise Malformed("path")
    gtin = gs1.parse_gtin(gtin_text)
    qualifiers = _read_qualifiers(rest)
    lot, serial = qualifiers.get("10"), qualifiers.get("21")
    if lot is not None:
        lot = gs1.parse_lot(lot)
    if serial is not None:
        serial = _parse_serial(serial)
    if "22" in qualifiers and not gs1.is_variant(qualifiers["22"]):
        raise Malformed("qualifiers")
    if lot is None or "22" in qualifiers:
        return StampText("gs1_product", None, gtin=gtin, host=host)
    return StampText("gs1", "unit" if serial else "batch", None, serial, gtin, lot, host=host)


def _read_qualifiers(rest: list[str]) -> dict[str, str]:
    keys = rest[::2]
    order = [("22", "10", "21").index(key) if key in ("22", "10", "21") else -1 for key in keys]
    if len(rest) % 2 or -1 in order or order != sorted(set(order)):
        raise Malformed("qualifiers")
    return dict(zip(keys, rest[1::2], strict=True))


def _parse_serial(text: str) -> str:
    serial = base32.fold(text)
    if len(serial) != stamp.CODE_LENGTH:
        raise Malformed("length")
    base32.check_code(serial)
    return serial
