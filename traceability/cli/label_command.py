"""`label`: the labels of a batch in any kind of file, on any stock, to a file or to standard output."""

import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask import Flask
from sqlalchemy.orm import Session

from traceability.cli.failing import speaking
from traceability.cli.finding import named_batch, operator
from traceability.domain.batch import FORMS
from traceability.labels.fit import LabelDoesNotFit
from traceability.labels.label import DESIGNS, LANGUAGES
from traceability.labels.primitives import Layout
from traceability.labels.stock import STOCKS
from traceability.models import Batch, PrintRun
from traceability.models.engine import acting
from traceability.operations.label_run import plan_run
from traceability.operations.list_batches import is_recalled
from traceability.operations.print_files import KINDS, FilePlan, Sent, make_file, open_file, plan_file, sending, told
from traceability.operations.print_labels import PrintJob, PrintKeys
from traceability.operations.print_run import Choice, Onto, record_unattended
from traceability.web.label_files import recorder
from traceability.web.services import Services


class Range(click.ParamType[tuple[int, int]]):
    """Units as A-B, or a single one as A."""

    name = "A-B"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        found = re.fullmatch(r"(\d{1,8})(?:-(\d{1,8}))?", value)
        if not found:
            self.fail(f"{value!r} is no range of units; write 1-65", param, ctx)
        return int(found[1]), int(found[2] or found[1])


class Part(click.ParamType[tuple[int, int]]):
    """One of several files, as K/N."""

    name = "K/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        found = re.fullmatch(r"(\d{1,2})/(\d{1,2})", value)
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            self.fail(f"{value!r} is no part; write 1/3 for the first of three files", param, ctx)
        return int(found[1]), int(found[2])


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    batch: str
    units: tuple[int, int] | None
    form: str
    stock: str
    onto: Onto
    dpi: int
    design: str
    language: str
    part: int
    leave_out: bool
    best_masks: bool


def add(app: Flask, services: Services) -> None:
    """Adds the command."""

    @app.cli.command("label")
    @click.argument("batch", metavar="BATCH")
    @click.option("--unit", "--units", "units", type=Range(), help="These units; without it, all that were issued.")
    @click.option("--stock", default="50x30", show_default=True, help="A key of `label-stocks`, own-N, or a roll's size: 45x28, 45x28-2.")
    @click.option("--start", type=click.IntRange(1), default=1, show_default=True, help="The first free place of a used sheet.")
    @click.option("--format", "kind", type=click.Choice(list(KINDS)), default="pdf", show_default=True, help="The kind of file.")
    @click.option("--form", type=click.Choice(FORMS), default="house", show_default=True, help="The form of the code.")
    @click.option("--dpi", type=click.IntRange(150, 2400), default=203, show_default=True, help="The printer's dots an inch.")
    @click.option("--design", type=click.Choice(DESIGNS), default="standard", show_default=True, help="What the label shows.")
    @click.option("--language", type=click.Choice(LANGUAGES), default="vi", show_default=True, help="The label's words.")
    @click.option("--copies", type=click.IntRange(1), default=1, show_default=True, help="Print each label so often.")
    @click.option("--by-columns", is_flag=True, help="Fill sheets column by column.")
    @click.option("--frames", is_flag=True, help="Draw a line around each label.")
    @click.option("--crop-marks", is_flag=True, help="Draw marks for cutting.")
    @click.option("--compact", is_flag=True, help="A small file: PDF with symbols as images; ZPL and TSPL with the printer's own codes.")
    @click.option("--best-masks", is_flag=True, help="Choose the mask of each symbol by penalty, as ISO/IEC 18004 asks; slower.")
    @click.option("--part", type=Part(), default="1/1", help="Only one of several files for several printers, split by sheets.")
    @click.option("--leave-out-cancelled", is_flag=True, help="Print a range without its cancelled units.")
    @click.option("-o", "--output", default="-", help="The file to write; without it, standard output.")
    def label(output: str, **given: Any) -> None:
        """Write the labels of BATCH. Prints what was issued, issues nothing, and puts on record what was printed."""
        onto = Onto(
            given["kind"],
            given["compact"],
            given["start"],
            given["copies"],
            given["by_columns"],
            given["frames"],
            given["crop_marks"],
            given["part"][1],
        )
        asked = Asked(
            given["batch"],
            given["units"],
            given["form"],
            given["stock"],
            onto,
            given["dpi"],
            given["design"],
            given["language"],
            given["part"][0],
            given["leave_out_cancelled"],
            given["best_masks"],
        )
        with speaking(services):
            _print(services, asked, output)

    @app.cli.command("label-stocks")
    def label_stocks() -> None:
        """Print the stocks that `label` knows: key, kind, label, labels a page."""
        for stock in STOCKS.values():
            size = f"{stock.label.width_mm:g}x{stock.label.height_mm:g} mm"
            click.echo(f"{stock.key}\t{stock.kind}\t{size}\t{stock.count}")


def _print(services: Services, asked: Asked, output: str) -> None:
    with _stdout() if output == "-" else written_whole(Path(output)) as file:
        plan, layout = _write(services, asked, file)
    packed = f" in a ZIP of {plan.labels} files" if plan.name.endswith(".zip") else ""
    click.echo(f"wrote {output}: {plan.labels} label(s){packed}, {told(layout)}", err=output == "-")


def _write(services: Services, asked: Asked, file: BinaryIO) -> tuple[FilePlan, Layout]:
    """Puts the run on record and writes its file; what was written is on record, too, where it breaks off."""
    sent, who = Sent(), operator()
    with acting(services.engine, by=who, act="print_again") as session:
        batch = named_batch(session, asked.batch)
        if is_recalled(session, batch.id, services.clock()):
            click.echo("this batch is recalled: whoever scans the label is told so", err=True)
        plan = _planned(services, session, batch, asked)
        try:
            layout, pieces = make_file(plan, sent, best_masks=asked.best_masks)
        except LabelDoesNotFit as misfit:
            raise click.ClickException(f"the label does not fit and was not written: {misfit}") from None
        run = session.get_one(PrintRun, plan.run_id)
        file_id = open_file(session, run, plan, actor=who, now=services.clock()).id
    with closing(sending(pieces, recorder(services.engine, services.clock, file_id), sent, time.monotonic)) as going:
        for piece in going:
            file.write(piece)
            # On record as written is only what the system has taken.
            file.flush()
    return plan, layout


def _planned(services: Services, session: Session, batch: Batch, asked: Asked) -> FilePlan:
    """The plan of the file, its run put on record. Named units that are cancelled are refused unless they may be left out."""
    store, settings, now = services.key_store.current(), services.settings, services.clock()
    keys, job = PrintKeys(store.master_keys, store.private_keys), PrintJob(asked.form, settings.public_url, settings.test_mode)
    named = replace(job, units=asked.units, design=asked.design, language=asked.language)
    found = plan_run(session, batch.id, named, keys=keys, now=now, leave_out_cancelled=asked.leave_out or asked.units is None)
    units = asked.units or ((found.spans[0].first, found.spans[-1].last) if found.spans else None)
    choice = Choice(asked.form, units is not None, asked.stock, asked.dpi, asked.design, asked.language, asked.onto)
    key = secrets.token_urlsafe(16)
    run = record_unattended(session, batch.id, choice, units, key, part=asked.part, actor=operator(), now=now)
    return plan_file(session, run, job, keys=keys, now=now)


@contextmanager
def _stdout() -> Iterator[BinaryIO]:
    yield sys.stdout.buffer


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file that bears its name only once it is whole: what breaks off leaves nothing. A device or a pipe is written to as it is."""
    if path.is_dir():
        raise click.ClickException(f"{path} is a folder; name a file in it")
    if path.exists() and not path.is_file():
        with path.open("wb") as device:
            yield device
        return
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
