"""A producer's printers: a test page for each, its photograph measured, and the correction kept that it gives."""

import io
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from traceability.domain.errors import NotFound, Refused
from traceability.labels.correction import Correction, CorrectionTooLarge
from traceability.labels.proof_result import ProofMeasure, ProofUnreadable
from traceability.models.engine import reading
from traceability.operations.printers import (
    LONGEST_NAME,
    add_printer,
    find_printer,
    forget_correction,
    keep_correction,
    list_printers,
    remove_printer,
)
from traceability.pictures import MOST_BYTES, one_at_a_time, open_picture
from traceability.web.access import PRODUCER, here, open_to, principal, takes_files
from traceability.web.acts import doing
from traceability.web.batch_forms import whole_number
from traceability.web.languages import choose_language
from traceability.web.proof_words import millimetres, off_middle, percent, word_proof
from traceability.web.services import services
from traceability.web.unsent import take_unsent
from traceability.web.wording import word_done
from traceability.wording import word_refusal

printers = Blueprint("printers", __name__)
# What was measured last waits in the session until it is kept, discarded or measured again.
_MEASURED = "proof"


@printers.get("/producer/printers")
@open_to(PRODUCER)
def list_all() -> ResponseReturnValue:
    """All printers, and a form for another."""
    return _list()


@printers.post("/producer/printers")
@open_to(PRODUCER)
def add() -> ResponseReturnValue:
    """Adds a printer by its name and leads to its page."""
    own = sorted(principal().producers)
    try:
        producer_id = own[0] if len(own) == 1 else whole_number(request.form.get("producer", "")) or 0
        with doing("add_printer") as session:
            made = add_printer(session, producer_id, request.form.get("name", ""), by=principal(), now=services().clock())
            printer_id = made.id
    except Refused as refused:
        return _list(problem=word_refusal(refused)), 400
    return redirect(_address(printer_id), 303)


@printers.get("/producer/printers/<int:printer_id>")
@open_to(PRODUCER)
def show(printer_id: int) -> ResponseReturnValue:
    """The printer with its test page, what was measured last, and the correction that is kept."""
    return _page(printer_id)


@printers.get("/producer/printers/<int:printer_id>/proof.pdf")
@open_to(PRODUCER)
def proof(printer_id: int) -> ResponseReturnValue:
    """The test page. It is drawn without the printer's correction, which it is there to find."""
    with reading(services().engine) as session:
        name = find_printer(session, printer_id, _own()).name
    page = io.BytesIO()
    from traceability.labels.proof_page import render_proof_page

    render_proof_page(page, name)
    page.seek(0)
    return send_file(page, mimetype="application/pdf", as_attachment=True, download_name="trang-thu-may-in.pdf", max_age=0, etag=False)


@printers.post("/producer/printers/<int:printer_id>/measure")
@open_to(PRODUCER)
@takes_files
def measure(printer_id: int) -> ResponseReturnValue:
    """Measures a picture of the test page. The picture is not kept."""
    with reading(services().engine) as session:
        find_printer(session, printer_id, _own())
    try:
        measured = _measured_upload()
    except Refused as refused:
        return _page(printer_id, problem=word_refusal(refused)), 503 if refused.code == "picture_busy" else 400
    here()[_MEASURED] = {"printer": printer_id, "figures": asdict(measured)}
    return redirect(_address(printer_id, anchor="result"), 303)


@printers.post("/producer/printers/<int:printer_id>/keep")
@open_to(PRODUCER)
def keep(printer_id: int) -> ResponseReturnValue:
    """Keeps what was measured as the printer's correction."""
    measured = _measured(printer_id)
    try:
        if measured is None:
            raise Refused("proof_gone")
        try:
            correction = Correction.from_measure(measured)
        except CorrectionTooLarge:
            raise Refused("correction_large") from None
        with doing("keep_correction") as session:
            keep_correction(session, printer_id, correction, by=principal(), now=services().clock())
    except NotFound:
        raise
    except Refused as refused:
        return _page(printer_id, problem=word_refusal(refused)), 400
    return _done(printer_id, "keep_correction")


@printers.post("/producer/printers/<int:printer_id>/discard")
@open_to(PRODUCER)
def discard(printer_id: int) -> ResponseReturnValue:
    """Forgets what was measured; a correction that was kept before stays."""
    with reading(services().engine) as session:
        find_printer(session, printer_id, _own())
    return _done(printer_id, "discard_proof")


@printers.post("/producer/printers/<int:printer_id>/forget")
@open_to(PRODUCER)
def forget(printer_id: int) -> ResponseReturnValue:
    """Forgets the correction that was kept."""
    with doing("forget_correction") as session:
        forget_correction(session, printer_id, by=principal())
    here()["done"] = "forget_correction"
    return redirect(_address(printer_id), 303)


@printers.post("/producer/printers/<int:printer_id>/remove")
@open_to(PRODUCER)
def remove(printer_id: int) -> ResponseReturnValue:
    """Removes the printer with its correction."""
    with doing("remove_printer") as session:
        remove_printer(session, printer_id, by=principal())
    here()["done"] = "remove_printer"
    return redirect(url_for("printers.list_all", lang=choose_language()), 303)


def _measured_upload() -> ProofMeasure:
    """Refused: those of pictures, of `_unreadable`, `picture_missing`, `picture_busy`."""
    # Loaded by whoever measures: OpenCV is a tenth of the memory of a process that serves stamps alone.
    from traceability.labels.proof_measure import MEASURED_SIDE_PX, measure_proof

    upload = request.files.get("picture")
    if upload is None or not upload.filename:
        raise Refused("picture_missing")
    with closing(upload):
        content = upload.stream.read(MOST_BYTES + 1)
    with one_at_a_time():
        try:
            return measure_proof(open_picture(content, side_px=MEASURED_SIDE_PX, mode="L"))
        except ProofUnreadable as why:
            raise _unreadable(why.code) from None


def _unreadable(code: str) -> Refused:
    return {
        "edges_missing": Refused("proof_edges_missing"),
        "marks_missing": Refused("proof_marks_missing"),
        "not_flat": Refused("proof_not_flat"),
        "not_the_page": Refused("proof_not_the_page"),
        "too_blurred": Refused("proof_too_blurred"),
        "too_small": Refused("proof_too_small"),
    }[code]


def _own() -> frozenset[int]:
    return frozenset(principal().producers)


def _measured(printer_id: int) -> ProofMeasure | None:
    """What was measured of this printer and neither kept nor discarded yet."""
    waiting = here().get(_MEASURED)
    if not isinstance(waiting, dict) or waiting.get("printer") != printer_id:
        return None
    return ProofMeasure(**waiting["figures"])


def _done(printer_id: int, act: str) -> ResponseReturnValue:
    if _measured(printer_id) is not None:
        here().pop(_MEASURED)
    here()["done"] = act
    return redirect(_address(printer_id), 303)


def _address(printer_id: int, anchor: str | None = None) -> str:
    return url_for("printers.show", printer_id=printer_id, lang=choose_language(), _anchor=anchor)


def _list(problem: str | None = None) -> str:
    fields: Mapping[str, str] = request.form or take_unsent() or {}
    with reading(services().engine) as session:
        rows, producers = list_printers(session, _own())
    return render_template(
        "producer/printers.html",
        rows=rows,
        producers=producers,
        problem=problem,
        done=word_done(here().pop("done", None)),
        name=fields.get("name", "")[:LONGEST_NAME],
        chosen=fields.get("producer", ""),
        longest=LONGEST_NAME,
    )


def _page(printer_id: int, problem: str | None = None) -> str:
    take_unsent()
    with reading(services().engine) as session:
        printer = find_printer(session, printer_id, _own())
    measured = None if problem else _measured(printer_id)
    return render_template(
        "producer/printer.html",
        printer=printer,
        measured=measured,
        words=word_proof(measured) if measured else None,
        problem=problem,
        done=word_done(here().pop("done", None)),
        percent=percent,
        millimetres=millimetres,
        off_middle=off_middle,
    )
