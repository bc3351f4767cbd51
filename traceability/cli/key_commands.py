"""`keys list|new|revoke`: a command makes keys, never a request."""

from pathlib import Path

import click
from flask import Flask

from traceability.cli.failing import speaking
from traceability.domain.keys import format_instant
from traceability.keystore import ROOT_KEY, new_key, revoke_key
from traceability.web.services import Services

_root = click.option("--root", type=click.Path(path_type=Path), help="The root key's file, where it was moved off this machine.")


def add(app: Flask, services: Services) -> None:
    """Adds the commands."""
    keys = click.Group("keys", help="Keys of signed stamps, and the key file that phones check against.")
    folder = services.settings.keys_folder

    @keys.command("list")
    def keys_list() -> None:
        """Print one key a line, oldest first: key id, use, from, until, revoked at; then hosts and serial master keys."""
        with speaking(services):
            store = services.key_store.current()
            for key in store.keyring.keys:
                revoked = f"revoked {format_instant(key.revoked_at)}" if key.revoked_at else "in force"
                held = "private key here" if (folder / f"{key.use}-{key.kid}.pem").exists() else "no private key here"
                click.echo(f"{key.kid}\t{key.use}\t{format_instant(key.not_before)}\t{format_instant(key.not_after)}\t{revoked}\t{held}")
            click.echo(f"sequence {store.keyring.sequence}; hosts {', '.join(store.keyring.hosts)}", err=True)
            click.echo(f"serial master keys {', '.join(sorted(store.master_keys, key=int))}", err=True)

    @keys.command("new")
    @click.option("--use", type=click.Choice(["stamp", "pack", "serial"]), default="stamp", show_default=True, help="What the key is for.")
    @_root
    def keys_new(use: str, root: Path | None) -> None:
        """Make a key; the newest one signs from now on, the older ones keep verifying."""
        with speaking(services):
            click.echo(f"made {new_key(folder, use, root or folder / ROOT_KEY, services.clock())}; make a copy of {folder} now")

    @keys.command("revoke")
    @click.argument("kid", type=click.IntRange(1, 255))
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @_root
    def keys_revoke(kid: int, yes: bool, root: Path | None) -> None:
        """Revoke key KID from now on. This cannot be undone.

        Stamps issued later under it are refused; on phones without a network all unit stamps of it stay undetermined.
        """
        with speaking(services):
            if not yes:
                click.confirm(f"Revoke key {kid}? This cannot be undone", abort=True)
            revoke_key(folder, kid, root or folder / ROOT_KEY, services.clock())
            # Every process of this host is to know at once; other hosts read their own key file.
            services.bell.ring()
            click.echo(f"revoked key {kid}")

    app.cli.add_command(keys)
