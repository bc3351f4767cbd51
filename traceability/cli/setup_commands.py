"""`init`, `sample`, `serve`, `report list`."""

import os
import socket
import sys
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import select

from traceability.audit_checkpoints import Checkpoints
from traceability.cli import serving
from traceability.cli.checks import NotReady, check_ready, lost_master_keys
from traceability.cli.failing import Unreachable, speaking
from traceability.config import is_public_host
from traceability.domain.address import format_address
from traceability.domain.dates import VIETNAM
from traceability.domain.roles import Actor
from traceability.keystore import ROOT_KEY, add_host, initialise, new_key
from traceability.migrations import migrate
from traceability.models import Batch
from traceability.models.audit import last_mark
from traceability.models.engine import acting, reading
from traceability.operations.list_reports import latest_reports
from traceability.operations.public_facts import batch_path, sample_stamps
from traceability.qr.symbol import encode
from traceability.qr.terminal import terminal_text
from traceability.sample import SampleKeys, is_loaded, load_sample
from traceability.sample.accounts import make_sample_accounts
from traceability.web.services import Services


def add(app: Flask, services: Services) -> None:
    """Adds the commands."""

    @app.cli.command("init")
    @click.option("--root", type=click.Path(path_type=Path), help="The root key's file, where it was moved off this machine.")
    def init(root: Path | None) -> None:
        """Make what is missing: keys, database, schema; add the public host to the key file. Safe to run again."""
        with speaking(services):
            _prepare(services, root)

    @app.cli.command("sample")
    @click.option("--once", is_flag=True, help="Do nothing, without a word, if the register holds anything.")
    def sample(once: bool) -> None:
        """Load the sample register: real recognitions with their sources, and batches marked as illustrative."""
        with speaking(services):
            with reading(services.engine) as session:
                if is_loaded(session):
                    if not once:
                        raise click.ClickException("the register is not empty; the sample goes into an empty one only")
                    return
            store, settings = services.key_store.current(), services.settings
            keys = SampleKeys(store.keyring, settings.public_host, store.newest_master_key)
            with acting(services.engine, by=Actor("command line", "office"), act="sample") as session:
                loaded = load_sample(session, keys=keys, now=services.clock())
                # Accounts whose passwords are printed are for trials, never for a service that others can reach.
                accounts = make_sample_accounts(session, now=services.clock()) if settings.test_mode else []
            click.echo(f"loaded the sample register with {len(loaded)} illustrative batches")
            _tell_accounts(services, accounts)

    @app.cli.command("serve")
    def serve() -> None:
        """Serve with a production server until Ctrl-C, and load its scans."""
        os.umask(0o077)
        try:
            check_ready(services)
        except NotReady as error:
            raise Unreachable(str(error)) from None
        _check_port(services)
        _greet(services)
        sys.stdout.flush()
        sys.exit(serving.serve(services.settings))

    report = click.Group("report", help="What people reported about stamps.")

    @report.command("list")
    @click.option("--most", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many, newest first.")
    def report_list(most: int) -> None:
        """Print one report a line: number, time, verdict, kind, stamp, place, words."""
        with speaking(services), reading(services.engine) as session:
            rows = latest_reports(session, most=most)
            for row in rows:
                moment = row.reported_at.astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M")
                words = " ".join((row.words or "").split())
                click.echo(f"{row.id}\t{moment}\t{row.verdict}\t{row.kind}\t{row.stamp_text}\t{row.place or '–'}\t{words or '–'}")
            if not rows:
                click.echo("no reports yet", err=True)

    app.cli.add_command(report)


def _check_port(services: Services) -> None:
    """Two services on one port would both answer, each from its own register."""
    settings = services.settings
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Without this a port that was let go a moment ago would count as taken; one that is listened on still does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise click.ClickException(
                f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}; set HOST or PORT"
            ) from None


def _tell_accounts(services: Services, accounts: list[tuple[str, str, str]]) -> None:
    if not accounts:
        return
    path = services.settings.instance / "sample-accounts.txt"
    lines = [f"{login}\t{password}\t{role}" for login, password, role in accounts]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    click.echo(f"sample accounts (login, password, role), also in {path}:\n" + "\n".join(f"  {line}" for line in lines))
    click.echo(f"sign in at {services.settings.public_url}/account/sign-in")


def _prepare(services: Services, root: Path | None) -> None:
    settings = services.settings
    # What lies here is for nobody else on this machine: keys, phones, reports.
    os.umask(0o077)
    settings.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    for line in initialise(settings.keys_folder, settings.public_host, services.clock()):
        click.echo(line)
    if services.key_store.current().keyring.newest("pack", services.clock()) is None:
        path = root or settings.keys_folder / ROOT_KEY
        if path.exists():
            click.echo(f"made {new_key(settings.keys_folder, 'pack', path, services.clock())}, which signs what inspectors take along")
        else:
            click.echo("inspectors cannot check without a network until there is a pack key: `keys new pack --root FILE`", err=True)
    if add_host(settings.keys_folder, settings.public_host, root or settings.keys_folder / ROOT_KEY):
        click.echo(f"added the host {settings.public_host} to the key file")
    trial = [host for host in services.key_store.current().keyring.hosts if not is_public_host(host.lower())]
    if trial and not settings.test_mode:
        click.echo(f"the key file holds hosts of trials ({', '.join(trial)}): for real packs begin with a fresh INSTANCE", err=True)
    checkpoints = Checkpoints(settings.instance, settings.keys_folder)
    if checkpoints.make_key():
        click.echo("made the key that signs checkpoints of the audit trail")
    migrate(services.engine)
    with services.engine.connect() as connection:
        last = last_mark(connection)
    if checkpoints.catch_up(last):
        click.echo("wrote a checkpoint of the audit trail's last row, which had none")
    lost = lost_master_keys(services)
    if lost:
        raise Unreachable(f"serial master key {', '.join(lost)} is missing, but batches need it; restore the keys folder")
    click.echo("keys and database are ready")


def _greet(services: Services) -> None:
    base = services.settings.public_url
    click.echo(f"\nServing {base}/  (Ctrl-C stops it)")
    with reading(services.engine) as session:
        samples = sample_stamps(session, services.settings.language)[:3]
        first = session.scalar(select(Batch).where(Batch.illustrative).order_by(Batch.id).limit(1))
        path = batch_path(session, first) if first else None
    for address, label in samples:
        click.echo(f"  {base}{address}  {label}")
    if path:
        text = format_address(base, path)
        click.echo(f"\nA sample stamp, {text}\n{terminal_text(encode(text))}")
