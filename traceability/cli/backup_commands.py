"""`backup` and `restore`."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask

from traceability.backups.archive import make_backup
from traceability.backups.faults import BackupFault
from traceability.backups.restoring import restore_backup
from traceability.cli.failing import speaking
from traceability.web.services import Services

_FILE = click.Path(dir_okay=False, path_type=Path)


def add(app: Flask, services: Services) -> None:
    """Adds the commands."""

    @app.cli.command("backup")
    @click.argument("file", type=_FILE)
    @click.option("--with-keys", is_flag=True, help="Put the private keys in, sealed under a passphrase.")
    @click.option("--passphrase-file", type=_FILE, help="Take the passphrase from a file's first line instead of asking.")
    @click.option("--force", is_flag=True, help="Write over a file that is there.")
    def backup(*, file: Path, with_keys: bool, passphrase_file: Path | None, force: bool) -> None:
        """Write database, uploads, audit checkpoints, public keys and waiting scans into one file, while the service runs."""
        if file.exists() and not force:
            raise click.ClickException(f"{file} is there already; --force writes over it")
        passphrase = _passphrase(passphrase_file, confirm=True) if with_keys else None
        began, instance = time.monotonic(), services.settings.instance
        with speaking(services), _in_one_line():
            manifest = make_backup(services.engine, instance, file, now=services.clock(), passphrase=passphrase, told=_progress())
        rows = sum(manifest["rows"].values())
        click.echo(f"{file}: {rows:,} rows, {file.stat().st_size:,} bytes, {time.monotonic() - began:.1f} s")
        if not with_keys:
            click.echo("private keys are not in it: keep a copy of INSTANCE/keys and INSTANCE/secret.key elsewhere, or use --with-keys")

    @app.cli.command("restore")
    @click.argument("file", type=_FILE)
    @click.option("--passphrase-file", type=_FILE, help="Take the passphrase from a file's first line instead of asking.")
    def restore(*, file: Path, passphrase_file: Path | None) -> None:
        """Restore a backup into an empty database and an empty INSTANCE."""
        began, instance = time.monotonic(), services.settings.instance
        with speaking(services), _in_one_line():
            restore_backup(services.engine, instance, file, ask=lambda: _passphrase(passphrase_file, confirm=False), told=_progress())
        click.echo(f"restored in {time.monotonic() - began:.1f} s; run `init` now, then `audit verify`")
        if not any((instance / "keys").glob("serial-*.key")):
            click.echo("private keys were not in it: bring INSTANCE/keys and INSTANCE/secret.key from their copy first", err=True)


def _passphrase(path: Path | None, *, confirm: bool) -> str:
    if path is not None:
        try:
            return path.read_text("utf-8").splitlines()[0].strip()
        except (OSError, IndexError, UnicodeError):
            raise click.ClickException(f"{path} holds no passphrase") from None
    return str(click.prompt("Passphrase of the keys", hide_input=True, confirmation_prompt=confirm))


def _progress() -> Callable[[str], None]:
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda name: click.echo(f"\r\x1b[K{name}", nl=False, err=True)


@contextmanager
def _in_one_line() -> Iterator[None]:
    """A fault of a backup is one line."""
    try:
        yield
    except BackupFault as fault:
        raise click.ClickException(str(fault)) from None
