"""`verify`: the verdict with the register, by a trust pack, or by a key file alone."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from traceability.domain.address import StampText, parse_any
from traceability.domain.errors import KeyFileError, Malformed
from traceability.domain.keys import format_instant, parse_keyring
from traceability.domain.pack_entry import parse_entry
from traceability.domain.trust_pack import FORM, Held, PackError, open_pack
from traceability.domain.verdict import Judgement, Pack, judge
from traceability.models.engine import reading
from traceability.operations.scan import look_up
from traceability.web.services import Services


def verify_on_line(services: Services, text: str) -> bool:
    """Prints the verdict by the register; whether it is ISSUED. A check is no scan: nothing is recorded."""
    hosts = services.key_store.current().keyring.hosts
    read = _read(text, hosts, test_mode=services.settings.test_mode)
    with reading(services.engine) as session:
        found = look_up(session, read, keys=services.scan_keys, language=services.settings.language, now=services.clock())
    _print(found.judgement)
    if found.page:
        click.echo(f"product: {found.page.product_name.text}")
        click.echo(f"lot: {found.page.lot or '–'}")
    return found.judgement.verdict.value == "ISSUED"


def verify_off_line(services: Services, text: str, file: Path, root_public_key: bytes | None) -> bool:
    """Prints the verdict by a trust pack, or what a key file alone can tell."""
    content = file.read_bytes()
    return _by_pack(services, text, content, root_public_key) if content.startswith(FORM) else _by_key_file(services, text, content)


def parse_root_key(text: str | None) -> bytes | None:
    """The 32 bytes of a root's public key. Raises KeyFileError where they are others."""
    try:
        key = bytes.fromhex(text) if text else None
    except ValueError:
        key = b""
    if key is not None and len(key) != 32:
        raise KeyFileError("a root key has 64 hexadecimal digits")
    return key


def _by_pack(services: Services, text: str, content: bytes, root_public_key: bytes | None) -> bool:
    now = services.clock()
    try:
        pack = open_pack(content, root_public_key or services.key_store.current().root_public, Held(), now)
    except PackError as error:
        raise KeyFileError(f"the pack is not to be used: {error.fault}") from None
    read = _read(text, pack.keyring.hosts, test_mode=services.settings.test_mode)
    line = _line_of(read, pack.lines)
    judgement = judge(read, Pack(pack.keyring, parse_entry(line) if line else None, pack.header.issued_at, now), now)
    _print(judgement)
    age = now - pack.header.issued_at
    hours = int(age.total_seconds() // 3600)
    click.echo(f"pack {pack.header.number} of {pack.header.area}, {format_instant(pack.header.issued_at)}, {hours} h old")
    if line:
        entry = json.loads(line)
        for name, value in entry.get("page", {}).items():
            click.echo(f"  {name}: {value}")
        for recall in entry.get("recalls", ()):
            click.echo(f"  recall: {recall['advice']} ({recall['contact']}): {recall['reason']}")
    return judgement.verdict.value == "ISSUED"


def _line_of(read: StampText | Malformed, lines: Mapping[str, str]) -> str | None:
    if isinstance(read, Malformed):
        return None
    if read.batch_code is not None:
        return lines.get(read.batch_code)
    pages = ((line, json.loads(line).get("page", {})) for line in lines.values())
    return next((line for line, page in pages if read.lot and (page.get("gtin"), page.get("lot")) == (read.gtin, read.lot)), None)


def _by_key_file(services: Services, text: str, content: bytes) -> bool:
    """Prints what a key file alone can tell; never ISSUED, since no batch is in it.

    The claims are listed as claims. A bad signature under a known key is UNKNOWN.
    """
    keyring = parse_keyring(content)
    now = services.clock()
    read = _read(text, keyring.hosts, test_mode=services.settings.test_mode)
    judgement = judge(read, Pack(keyring, None, now, now), now)
    _print(judgement)
    click.echo("the key file's own signature was not checked", err=True)
    if isinstance(read, StampText) and read.claims is not None and "bad_signature" not in judgement.reasons:
        claims = read.claims
        key = keyring.stamp_key(claims.kid)
        if key is None:
            click.echo("claims, under a key that this file does not hold:")
        else:
            revoked = f", revoked {format_instant(key.revoked_at)}" if key.revoked_at else ""
            click.echo(f"claims, signed by key {key.kid}{revoked}, not checked against the register:")
        for name in ("kid", "batch_code", "serial", "packed_on", "best_before", "stars", "gi_number"):
            value = getattr(claims, name)
            click.echo(f"  {name}: {'–' if value in (None, 0) else value}")
    return judgement.verdict.value == "ISSUED"


def _read(text: str, hosts: tuple[str, ...], *, test_mode: bool) -> StampText | Malformed:
    try:
        return parse_any(text, hosts, test_mode=test_mode)
    except Malformed as fault:
        return fault


def _print(judgement: Judgement) -> None:
    click.echo(judgement.verdict.value)
    for reason in judgement.reasons:
        click.echo(f"reason: {reason}")
    if judgement.unit is not None:
        click.echo(f"unit: {judgement.unit}")
