"""`audit verify|list|export`."""

import sys
import time
from datetime import datetime
from pathlib import Path

import click
from flask import Flask

from traceability.audit_checkpoints import Checkpoints
from traceability.cli.failing import speaking
from traceability.domain.dates import VIETNAM
from traceability.models.engine import reading
from traceability.operations.audit_export import cells_of, csv_lines
from traceability.operations.audit_trail import Walk, Wanted, list_entries, unwitnessed
from traceability.web.services import Services

# How long an act that is being written while we look may take from its rows to its checkpoint.
_PATIENCE_S = 2.0

_SEARCH = click.option("--search", default="", help="Only rows with this in who, what, on what, before or after.")
_SINCE = click.option(
    "--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Only rows from this day or minute on, in Viet Nam's time."
)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def add(app: Flask, services: Services) -> None:
    """Adds the commands."""
    audit = click.Group("audit", help="The audit trail: who did what, when, on what.")
    checkpoints = Checkpoints(services.settings.instance, services.settings.keys_folder)

    @audit.command("verify")
    @click.option("--checkpoints", "copy", type=_FILE, help="A checkpoint file that is kept elsewhere.")
    @click.option("--key", type=_FILE, help="The public key, kept elsewhere.")
    def audit_verify(copy: Path | None, key: Path | None) -> None:
        """Check every row and checkpoint; print what is wrong row by row. Exit code 0 only where the trail is whole."""
        with speaking(services):
            # Before the rows: a checkpoint that is read has its row.
            read = checkpoints.read(copy, key)
            walk = Walk(read.marks)
            for line in read.faults:
                click.echo(line)
            with reading(services.engine) as session:
                for line in walk.findings(session):
                    click.echo(line)
            late = None if copy else _wait_for_checkpoint(checkpoints, walk, key)
            if late:
                click.echo(late)
            wrong = walk.found + len(read.faults) + bool(late)
            told = f"{walk.rows} rows, {len(read.marks) + len(read.faults)} checkpoints"
            click.echo(f"{told}: {f'NOT whole, {wrong} finding(s)' if wrong else 'whole'}")
            sys.exit(1 if wrong else 0)

    @audit.command("list")
    @_SEARCH
    @_SINCE
    @click.option("--most", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many, newest first.")
    def audit_list(search: str, since: datetime | None, most: int) -> None:
        """Print one row a line: number, time, who, role, session, act, change, on what, its number, before, after."""
        with speaking(services), reading(services.engine) as session:
            empty = True
            for entry in list_entries(session, Wanted(search, _in_vietnam(since)), most=most):
                click.echo("\t".join(_plain(cell) for cell in cells_of(entry)[:-1]))
                empty = False
            if empty:
                click.echo("no rows", err=True)

    @audit.command("export")
    @_SEARCH
    @_SINCE
    @click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
    def audit_export(search: str, since: datetime | None, output: Path) -> None:
        """Write rows as CSV, oldest first, for a spreadsheet: no cell can act as a formula."""
        with speaking(services), reading(services.engine) as session:
            count = 0
            with output.open("w", encoding="utf-8", newline="") as file:
                for line in csv_lines(list_entries(session, Wanted(search, _in_vietnam(since)), newest_first=False)):
                    file.write(line)
                    count += 1
            click.echo(f"wrote {output}: {count - 1} rows")

    app.cli.add_command(audit)


def _wait_for_checkpoint(checkpoints: Checkpoints, walk: Walk, key: Path | None) -> str | None:
    marks, until = walk.marks, time.monotonic() + _PATIENCE_S
    while (line := unwitnessed(walk.last, marks)) and time.monotonic() < until:
        time.sleep(0.1)
        marks = checkpoints.read(None, key).marks
    wanted = walk.last
    if wanted and not line and any(mark.id == wanted.id and mark.hash != wanted.hash for mark in marks) and marks is not walk.marks:
        return f"row {wanted.id}: edited; its hash is not the one that a checkpoint names"
    return line


def _in_vietnam(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=VIETNAM) if moment else None


def _plain(cell: str) -> str:
    """A cell that neither ends its line nor commands the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in cell) or "–"
