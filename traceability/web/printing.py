"""The print screen: how many labels, on which stock and printer, what they will look like, and then the file."""

import tempfile
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, BinaryIO

from flask import Blueprint, make_response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from traceability.domain.errors import NotFound, Refused
from traceability.labels import (
    DESIGNS,
    LANGUAGES,
    PRINTERS_DPI,
    ROLLS,
    STOCKS,
    Label,
    LabelDoesNotFit,
    ModuleSize,
    lay_out,
    render_pdf,
    render_svg,
)
from traceability.models.engine import reading
from traceability.operations.kept_files import own_batch
from traceability.operations.list_batches import is_recalled
from traceability.operations.open_batch import last_unit
from traceability.operations.print_labels import PrintJob, PrintKeys, preview_label
from traceability.operations.print_run import (
    MOST_LABELS,
    Choice,
    PrintOrder,
    PrintRun,
    check_choice,
    count_download,
    find_run,
    fits_of,
    issue_and_print,
    labels_of_run,
    print_again,
    remedies_of,
    remembered_choice,
    runs_of,
)
from traceability.web.access import PRODUCER, open_to, principal
from traceability.web.acts import actor, doing
from traceability.web.batch_forms import units_in, whole_number
from traceability.web.languages import choose_language
from traceability.web.producer_words import design_name, fit_words, label_language, new_key, remedy_words, stock_name
from traceability.web.services import services
from traceability.web.unsent import take_unsent
from traceability.wording import word_refusal

printing = Blueprint("printing", __name__)
FORMS = ("house", "gs1", "signed")


@printing.get("/producer/batches/<code>/print")
@open_to(PRODUCER)
def form(code: str) -> ResponseReturnValue:
    """The choice as last time, its fit on every stock and its preview."""
    unsent = take_unsent()
    problem = gettext("You were signed out meanwhile. Nothing was lost: look it over and send it again.") if unsent else None
    return _form(code, unsent or request.args, problem=problem)


@printing.post("/producer/batches/<code>/print")
@open_to(PRODUCER)
def issue(code: str) -> ResponseReturnValue:
    """Issues stamps and leads to their file; pressed twice, the same ones."""
    around, fields = services(), request.form

    def make(session: Session, batch_id: int, choice: Choice) -> PrintRun:
        order = PrintOrder(choice, whole_number(fields.get("count", "")) or 0, fields.get("key", "")[:64], principal().account_id)
        keyring, host = around.key_store.current().keyring, around.settings.public_host
        return issue_and_print(session, batch_id, order, _job(choice), host, keyring=keyring, actor=actor("producer"), now=around.clock())

    return _print(code, "issue_and_print", make)


@printing.post("/producer/batches/<code>/print/again")
@open_to(PRODUCER)
def again(code: str) -> ResponseReturnValue:
    """Labels of units that were issued before: nothing is issued, and the reprint is on record with its reason."""
    fields = request.form

    def make(session: Session, batch_id: int, choice: Choice) -> PrintRun:
        units = units_in(fields)
        if units is None:
            raise Refused("units_half")
        order = PrintOrder(choice, 1, fields.get("again_key", "")[:64], principal().account_id)
        reason = fields.get("reason", "")
        return print_again(session, batch_id, order, _job(choice), *units, reason, actor=actor("producer"), now=services().clock())

    return _print(code, "print_again", make)


@printing.get("/producer/batches/<code>/preview.svg")
@open_to(PRODUCER)
def preview(code: str) -> ResponseReturnValue:
    """The label in true size, with noughts for its code and MẪU across it."""
    with reading(services().engine) as session:
        batch = own_batch(session, code, _own())
        choice = _chosen(request.args, remembered_choice(session, batch, principal().account_id))
        label = preview_label(session, batch, _job(choice), by_unit=choice.by_unit, now=services().clock())
    try:
        drawing = render_svg(lay_out(label, STOCKS[choice.stock].label, ModuleSize.for_dpi(choice.dpi)))
    except LabelDoesNotFit:
        raise Refused("label_misfit") from None
    answer = make_response(drawing)
    answer.mimetype = "image/svg+xml"
    return answer


@printing.get("/producer/batches/<code>/print/<int:run_id>/labels.pdf")
@open_to(PRODUCER)
def labels(code: str, run_id: int) -> ResponseReturnValue:
    """The file of one run. Each fetching of it is counted."""
    around = services()
    with reading(around.engine) as session:
        batch = own_batch(session, code, _own())
        run = find_run(session, batch.id, run_id)
        name = f"labels-{batch.lot or batch.code}-{run.first_unit or 'batch'}.pdf"
    store = around.key_store.current()
    keys = PrintKeys(store.master_keys, store.private_keys)
    job = _job(Choice(run.form, run.first_unit is not None, run.stock, run.dpi, run.design, run.language))
    # On the disk, so that a large file does not stand in memory; and outside of the act, so that nobody waits for it.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        with reading(around.engine) as session:
            _write(file, run.stock, run.dpi, labels_of_run(session, run, job, keys=keys, now=around.clock()))
    except BaseException:
        file.close()
        raise
    with doing("fetch_labels") as session:
        count_download(session, batch.id, run_id)
    file.seek(0)
    return send_file(file, mimetype="application/pdf", as_attachment=True, download_name=name, max_age=0, etag=False)


def _write(file: BinaryIO, stock: str, dpi: int, labels: Iterable[Label]) -> None:
    """Refused: `stamp_cancelled` where no label is left, `label_misfit`."""
    module, printed = ModuleSize.for_dpi(dpi), iter(labels)
    first = next(printed, None)
    if first is None:
        raise Refused("stamp_cancelled")
    try:
        render_pdf((lay_out(label, STOCKS[stock].label, module) for label in chain([first], printed)), file)
    except LabelDoesNotFit:
        raise Refused("label_misfit") from None


def _print(code: str, act: str, make: Callable[[Session, int, Choice], PrintRun]) -> ResponseReturnValue:
    """Makes a run and leads to the page from which its file comes, or shows the form again with what is wrong."""
    try:
        with doing(act) as session:
            batch = own_batch(session, code, _own())
            run = make(session, batch.id, _chosen(request.form, remembered_choice(session, batch, principal().account_id)))
            run_id = run.id
    except NotFound:
        raise
    except Refused as refused:
        fields = request.form.copy()
        if refused.code == "idempotency_reused":
            # The page was restored from before: with new keys it is a new order.
            fields.poplist("key"), fields.poplist("again_key")
        return _form(code, fields, problem=word_refusal(refused)), 400
    return redirect(url_for("printing.form", code=code, run=run_id, lang=choose_language()), 303)


def _own() -> frozenset[int]:
    return frozenset(principal().producers)


def _job(choice: Choice) -> PrintJob:
    settings = services().settings
    return PrintJob(choice.form, settings.public_url, settings.test_mode, design=choice.design, language=choice.language)


def _chosen(fields: Mapping[str, str], usual: Choice) -> Choice:
    """What the form says, and as last time where it says nothing. Refused: those of `check_choice`."""
    dpi = fields.get("dpi", "")
    return check_choice(
        Choice(
            fields.get("form") or usual.form,
            fields["scope"] == "unit" if fields.get("scope") in ("unit", "batch") else usual.by_unit,
            fields.get("stock") or usual.stock,
            int(dpi) if dpi.isascii() and dpi.isdigit() and len(dpi) < 6 else usual.dpi,
            fields.get("design") or usual.design,
            fields.get("language") or usual.language,
        )
    )


def _form(code: str, fields: Mapping[str, str], problem: str | None = None) -> str:
    around = services()
    with reading(around.engine) as session:
        batch = own_batch(session, code, _own())
        usual = remembered_choice(session, batch, principal().account_id)
        try:
            choice = _chosen(fields, usual)
        except Refused:
            choice = usual
        issued = last_unit(session, batch.id)
        left = max(0, batch.unit_limit - issued)
        forms = [form for form in FORMS if form != "gs1" or (batch.product.gtin and batch.kind == "goods")]
        fits, misfit = _fits(session, batch, choice)
        return render_template(
            "producer/print.html",
            batch=batch,
            choice=choice,
            forms=forms,
            designs=DESIGNS,
            languages=LANGUAGES,
            design_name=design_name,
            label_language=label_language,
            remedies=[] if misfit else remedies_of(session, batch, choice, _job(choice), around.clock(), forms),
            remedy_words=remedy_words,
            stock_name=stock_name,
            printers=PRINTERS_DPI,
            stocks={stock.key: stock.label for stock in ROLLS[:5]},
            fits=fits,
            fit=next((fit for fit in fits if fit.stock == choice.stock), None),
            misfit=misfit,
            fit_words=fit_words,
            issued=issued,
            left=left,
            most=MOST_LABELS,
            count=fields.get("count")
            or str(min(MOST_LABELS, max(1, (batch.quantity or 1) - issued if choice.by_unit else (batch.quantity or 1)))),
            runs=runs_of(session, batch.id),
            run=_run(session, batch.id, fields),
            key=fields.get("key") or new_key(),
            again_key=fields.get("again_key") or new_key(),
            fields=fields,
            problem=problem,
            registered=request.args.get("registered", type=int),
            recalled=is_recalled(session, batch.id, around.clock()),
        )


def _fits(session: Session, batch: Any, choice: Choice) -> tuple[Any, str | None]:
    try:
        return fits_of(session, batch, choice, _job(choice), services().clock()), None
    except Refused as refused:
        return [], word_refusal(refused)


def _run(session: Session, batch_id: int, fields: Mapping[str, str]) -> Any:
    number = fields.get("run", "")
    try:
        return find_run(session, batch_id, int(number)) if number.isascii() and number.isdigit() and len(number) < 9 else None
    except NotFound:
        return None
