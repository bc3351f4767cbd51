"""`verify`: the verdict with the register, or by a key file alone."""

from pathlib import Path

import click

from traceability.domain.address import StampText, parse_any
from traceability.domain.errors import Malformed
from traceability.domain.keys import format_instant, parse_keyring
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


def verify_off_line(services: Services, text: str, key_file: Path) -> bool:
    """Prints what a key file alone can tell; never ISSUED, since no batch is in it.

    The claims are listed as claims. A bad signature under a known key is UNKNOWN.
    """
    keyring = parse_keyring(key_file.read_bytes())
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
