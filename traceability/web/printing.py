"""The print screen: how many labels, on which stock and printer, what they will look like, and then the file."""

from collections.abc import Callable, Mapping

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from traceability.domain.errors import NotFound, Refused
from traceability.labels.fit import LabelDoesNotFit
from traceability.labels.label import DESIGNS, LANGUAGES, ModuleSize
from traceability.labels.layout import lay_out
from traceability.labels.stock import PRINTERS_DPI
from traceability.labels.svg import render_svg
from traceability.models.engine import reading
from traceability.operations.growing import ask_release
from traceability.operations.kept_files import own_batch
from traceability.operations.list_batches import is_recalled
from traceability.operations.open_batch import last_unit
from traceability.operations.print_files import ending_of, files_of, labels_of, missing_of, pages_of, parts_of
from traceability.operations.print_labels import PrintJob, PrintKeys, preview_label
from traceability.operations.print_run import (
    MOST_LABELS,
    MOST_PARTS,
    Batch,
    Choice,
    Fit,
    PrintOrder,
    PrintRun,
    check_choice,
    find_run,
    fits_of,
    issue_and_print,
    print_again,
    remedies_of,
    remembered_choice,
    runs_of,
    shown_choice,
)
from traceability.operations.printers import list_printers
from traceability.operations.stocks import find_stock
from traceability.web.access import PRODUCER, open_to, principal
from traceability.web.acts import actor, doing
from traceability.web.batch_forms import units_in, whole_number
from traceability.web.languages import choose_language
from traceability.web.print_choice import chosen, fields_of_choice
from traceability.web.producer_words import design_name, fit_words, label_language, new_key, remedy_words
from traceability.web.services import services
from traceability.web.stock_words import kind_names, own_first, stock_name
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
    return show_form(code, unsent or request.args, problem=problem)


@printing.post("/producer/batches/<code>/print")
@open_to(PRODUCER)
def issue(code: str) -> ResponseReturnValue:
    """Issues stamps and leads to their file; pressed twice, the same ones."""
    around, fields = services(), request.form

    def make(session: Session, batch_id: int, choice: Choice) -> PrintRun:
        order = PrintOrder(choice, whole_number(fields.get("count", "")) or 0, fields.get("key", "")[:64], principal().account_id)
        keyring, host = around.key_store.current().keyring, around.settings.public_host
        return issue_and_print(session, batch_id, order, job_of(choice), host, keyring=keyring, actor=actor("producer"), now=around.clock())

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
        keys, now = print_keys(), services().clock()
        return print_again(session, batch_id, order, job_of(choice), units, reason, keys=keys, actor=actor("producer"), now=now)

    return _print(code, "print_again", make)


@printing.get("/producer/batches/<code>/preview.svg")
@open_to(PRODUCER)
def preview(code: str) -> ResponseReturnValue:
    """The label in true size, with noughts for its code and MẪU across it."""
    with reading(services().engine) as session:
        batch = own_batch(session, code, _own())
        choice = chosen(request.args, remembered_choice(session, batch, principal().account_id))
        stock = find_stock(session, batch.producer_id, check_choice(session, batch.producer_id, choice).stock).stock
        label = preview_label(session, batch, job_of(choice), by_unit=choice.by_unit, now=services().clock())
    try:
        drawing = render_svg(lay_out(label, stock.label, ModuleSize.for_dpi(choice.dpi)))
    except LabelDoesNotFit:
        raise Refused("label_misfit") from None
    answer = make_response(drawing)
    answer.mimetype = "image/svg+xml"
    return answer


def _print(code: str, act: str, make: Callable[[Session, int, Choice], PrintRun]) -> ResponseReturnValue:
    """Makes a run and leads to the page from which its file comes, or shows the form again with what is wrong."""
    try:
        with doing(act) as session:
            batch = own_batch(session, code, _own())
            run = make(session, batch.id, chosen(request.form, remembered_choice(session, batch, principal().account_id)))
            run_id = run.id
    except NotFound:
        raise
    except Refused as refused:
        fields = request.form.copy()
        if refused.code == "idempotency_reused":
            # The page was restored from before: with new keys it is a new order.
            fields.poplist("key"), fields.poplist("again_key")
        if refused.code == "capacity_waits":
            _ask_release(code, refused)
        return show_form(code, fields, problem=word_refusal(refused)), 400
    return redirect(url_for("printing.form", code=code, run=run_id, lang=choose_language()), 303)


def _ask_release(code: str, refused: Refused) -> None:
    """In an act of its own, since the one that was refused left nothing behind."""
    with doing("ask_release") as session:
        batch = own_batch(session, code, _own())
        ask_release(session, batch.id, int(str(refused.facts["packs"])), actor=actor("producer"), now=services().clock())


def _own() -> frozenset[int]:
    return frozenset(principal().producers)


def job_of(choice: Choice) -> PrintJob:
    """What labels are printed for: this service's address, with MẪU where it is a trial."""
    settings = services().settings
    return PrintJob(choice.form, settings.public_url, settings.test_mode, design=choice.design, language=choice.language)


def whose_job() -> PrintJob:
    """The same for a run on record, which says form, design and language itself."""
    return job_of(Choice())


def print_keys() -> PrintKeys:
    """The keys that printing needs, as they are now."""
    store = services().key_store.current()
    return PrintKeys(store.master_keys, store.private_keys)


def show_form(code: str, fields: Mapping[str, str], problem: str | None = None) -> str:
    """The print screen, filled in as it was sent."""
    around = services()
    with reading(around.engine) as session:
        batch = own_batch(session, code, _own())
        usual = remembered_choice(session, batch, principal().account_id)
        try:
            wanted = chosen(fields, usual)
        except Refused:
            wanted = usual
        choice = shown_choice(session, batch, wanted, usual)
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
            remedies=[] if misfit else remedies_of(session, batch, choice, job_of(choice), around.clock(), forms),
            remedy_words=remedy_words,
            stock_name=stock_name,
            printers=PRINTERS_DPI,
            fits=fits,
            fit=next((fit for fit in fits if fit.stock.key == choice.stock), None),
            own_printers=list_printers(session, frozenset({batch.producer_id}))[0],
            kinds=kind_names(),
            own_first=own_first,
            most_parts=MOST_PARTS,
            spoilt_key=fields.get("spoilt_key") or new_key(),
            misfit=misfit,
            fit_words=fit_words,
            issued=issued,
            left=left,
            most=MOST_LABELS,
            count=fields.get("count") or str(max(1, (batch.quantity or 1) - issued if choice.by_unit else (batch.quantity or 1))),
            runs=runs_of(session, batch.id),
            **_files(session, batch, fields),
            key=fields.get("key") or new_key(),
            again_key=fields.get("again_key") or new_key(),
            again_fields=fields_of_choice(choice),
            fields=fields,
            problem=problem,
            registered=request.args.get("registered", type=int),
            recalled=is_recalled(session, batch.id, around.clock()),
        )


def _fits(session: Session, batch: Batch, choice: Choice) -> tuple[list[Fit], str | None]:
    try:
        return fits_of(session, batch, choice, job_of(choice), services().clock()), None
    except Refused as refused:
        return [], word_refusal(refused)


def _files(session: Session, batch: Batch, fields: Mapping[str, str]) -> dict[str, object]:
    """The run that was just made, its files to fetch and how far each has gone out."""
    number = fields.get("run", "")
    try:
        run = find_run(session, batch.id, int(number)) if number.isascii() and number.isdigit() and len(number) < 9 else None
    except NotFound:
        run = None
    if run is None:
        return {"run": None}
    stock = find_stock(session, batch.producer_id, run.stock).stock
    ranges = parts_of(run, stock) if run.first_unit else [(None, None)]
    ending = ending_of(run.kind, labels_of(run))
    files, pages = files_of(session, run.id), pages_of(run, stock)
    return {"run": run, "ending": ending, "ranges": ranges, "files": files, "missing": missing_of(files, ranges), "pages": pages}
