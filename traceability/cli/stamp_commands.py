"""`batch list|show`, `issue`, `verify`."""

import sys
from pathlib import Path

import click
from flask import Flask

from traceability.cli.failing import speaking
from traceability.cli.finding import named_batch, operator
from traceability.cli.verifying import parse_root_key, verify_off_line, verify_on_line
from traceability.domain.batch import FORMS
from traceability.domain.errors import Refused
from traceability.models.engine import acting, reading
from traceability.operations.growing import ask_release
from traceability.operations.issue import Order, issue_stamps
from traceability.operations.list_batches import list_batches, show_batch
from traceability.web.services import Services

_BATCH = click.argument("batch", metavar="BATCH")
_FORM = click.option("--form", type=click.Choice(FORMS), default="house", show_default=True, help="The form of the code.")


def add(app: Flask, services: Services) -> None:
    """Adds the commands."""
    batch_group = click.Group("batch", help="Batches.")

    @batch_group.command("list")
    @click.option("--search", default="", help="Only batches whose code, lot, product or producer contains this.")
    def batch_list(search: str) -> None:
        """Print one batch a line: code, state, stamps, units issued, lot, product, producer."""
        with speaking(services), reading(services.engine) as session:
            lines = list_batches(session, search)
            for line in lines:
                click.echo("\t".join(line))
            if not lines:
                click.echo("no batches", err=True)

    @batch_group.command("show")
    @_BATCH
    def batch_show(batch: str) -> None:
        """Print all that is on record of a batch, corrections and old values included."""
        with speaking(services), reading(services.engine) as session:
            for name, value in show_batch(session, named_batch(session, batch), services.clock()):
                click.echo(f"{name}: {value}")

    app.cli.add_command(batch_group)

    @app.cli.command("issue")
    @_BATCH
    @click.option("--units", type=int, help="Issue so many unit stamps; without it, one stamp for the whole batch.")
    @_FORM
    def issue(batch: str, units: int | None, form: str) -> None:
        """Issue stamps of BATCH. The first issuance fixes whether a batch is stamped as a whole or by unit."""
        with speaking(services):
            order = Order(form, units, services.settings.public_host)
            keyring = services.key_store.current().keyring
            who = operator()
            try:
                with acting(services.engine, by=who, act="issue") as session:
                    key = named_batch(session, batch).id
                    issuance = issue_stamps(session, key, order, keyring=keyring, actor=who, now=services.clock())
                    first, last = issuance.first_unit, issuance.last_unit
            except Refused as refused:
                if refused.code == "capacity_waits":
                    with acting(services.engine, by=who, act="ask_release") as session:
                        ask_release(session, key, int(str(refused.facts["packs"])), actor=who, now=services.clock())
                raise
            click.echo(f"issued units {first} to {last}" if first else "issued the batch stamp")

    @app.cli.command("verify")
    @click.argument("text", metavar="TEXT")
    @click.option(
        "--offline",
        "file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Check by this trust pack, or by this key file, alone.",
    )
    @click.option("--root-key", metavar="HEX", help="The root's public key, for a pack of another place: 64 hexadecimal digits.")
    def verify(text: str, file: Path | None, root_key: str | None) -> None:
        """Print the verdict on TEXT (an address, or a code as printed) and its reasons. Exit code 0 only for ISSUED."""
        with speaking(services):
            root = parse_root_key(root_key)
            passed = verify_off_line(services, text, file, root) if file else verify_on_line(services, text)
            sys.exit(0 if passed else 1)
