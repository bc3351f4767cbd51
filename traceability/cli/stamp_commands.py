"""`batch list|show`, `issue`, `label`, `verify`."""

import io
import sys
from pathlib import Path

import click
from flask import Flask
from sqlalchemy.orm import Session

from traceability.cli.failing import speaking
from traceability.cli.verifying import verify_off_line, verify_on_line
from traceability.domain import base32
from traceability.domain.batch import FORMS
from traceability.domain.errors import NotFound
from traceability.domain.roles import Actor
from traceability.labels.fit import LabelDoesNotFit
from traceability.labels.label import SIZE_50X30, Label, ModuleSize
from traceability.labels.layout import lay_out
from traceability.labels.pdf import render_pdf
from traceability.labels.png import render_png
from traceability.labels.svg import render_svg
from traceability.models import Batch
from traceability.models.engine import acting, reading
from traceability.operations.issue import Order, issue_stamps
from traceability.operations.list_batches import find_batch, is_recalled, list_batches, show_batch
from traceability.operations.print_labels import PrintJob, PrintKeys, labels_for
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
            for name, value in show_batch(session, _find(session, batch), services.clock()):
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
            operator = _operator()
            with acting(services.engine, by=operator, act="issue") as session:
                key = _find(session, batch).id
                issuance = issue_stamps(session, key, order, keyring=keyring, actor=operator, now=services.clock())
                first, last = issuance.first_unit, issuance.last_unit
            click.echo(f"issued units {first} to {last}" if first else "issued the batch stamp")

    @app.cli.command("label")
    @_BATCH
    @click.option("--unit", type=int, help="One unit of a batch that is stamped by unit; without it, all units (PDF only).")
    @click.option("--format", "kind", type=click.Choice(["png", "svg", "pdf"]), default="pdf", show_default=True, help="The file's format.")
    @_FORM
    @click.option("--dpi", type=click.IntRange(150, 2400), help="The printer's dots an inch.  [default: 203 for PNG]")
    @click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
    def label(batch: str, unit: int | None, kind: str, form: str, dpi: int | None, output: Path) -> None:
        """Write the label of BATCH, 50 x 30 mm. Prints again what was issued; issues nothing."""
        with speaking(services):
            labels = _labels(services, batch, form, unit)
            if kind != "pdf" and len(labels) > 1:
                raise click.UsageError("this batch is stamped by unit: name one with --unit, or choose --format pdf")
            try:
                content, told = _render(labels, kind, dpi)
            except LabelDoesNotFit as misfit:
                raise click.ClickException(f"the label does not fit and was not written: {misfit}") from None
            output.write_bytes(content)
            click.echo(f"wrote {output}: {told}")

    @app.cli.command("verify")
    @click.argument("text", metavar="TEXT")
    @click.option(
        "--offline", "key_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Check by this key file alone."
    )
    def verify(text: str, key_file: Path | None) -> None:
        """Print the verdict on TEXT (an address, or a code as printed) and its reasons. Exit code 0 only for ISSUED."""
        with speaking(services):
            passed = verify_off_line(services, text, key_file) if key_file else verify_on_line(services, text)
            sys.exit(0 if passed else 1)


def _labels(services: Services, batch: str, form: str, unit: int | None) -> list[Label]:
    store, settings = services.key_store.current(), services.settings
    job = PrintJob(form, settings.public_url, settings.test_mode, unit)
    with reading(services.engine) as session:
        key = _find(session, batch).id
        if is_recalled(session, key, services.clock()):
            click.echo("this batch is recalled: whoever scans the label is told so", err=True)
        return labels_for(session, key, job, keys=PrintKeys(store.master_keys, store.private_keys), now=services.clock())


def _render(labels: list[Label], kind: str, dpi: int | None) -> tuple[bytes, str]:
    if kind == "png":
        dpi = dpi or 203
    module = ModuleSize.for_dpi(dpi) if dpi else ModuleSize.vector()
    layouts = [lay_out(label, SIZE_50X30, module) for label in labels]
    box, symbol = layouts[0].symbol_box, layouts[0].symbol
    told = f"{len(layouts)} label(s), QR version {symbol.version}-{symbol.level}, module {box.module_mm:.3f} mm"
    if kind == "png":
        assert dpi is not None
        return render_png(layouts[0], dpi), f"{told} at {dpi} dpi"
    if kind == "svg":
        return render_svg(layouts[0]).encode("utf-8"), told
    out = io.BytesIO()
    render_pdf(layouts, out)
    return out.getvalue(), told


def _find(session: Session, text: str) -> Batch:
    code = base32.fold(text).replace("-", "").replace(" ", "")
    batch = find_batch(session, code)
    if batch is None:
        raise NotFound("batch_missing", batch=text)
    return batch


def _operator() -> Actor:
    return Actor("command line", "office")
