"""A producer's new batch: its form, what is kept of it while it is typed, and its registration."""

import os

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict

from traceability.domain.errors import Refused
from traceability.domain.lots import USUAL_PATTERN, check_pattern
from traceability.models.engine import reading
from traceability.operations.batch_draft import (
    discard_draft,
    drop_file,
    find_draft,
    keep_file,
    kept_draft,
    own_product,
    propose,
    save_draft,
)
from traceability.operations.kept_files import KeptContent, draft_picture
from traceability.operations.open_batch import open_batch
from traceability.operations.register_batch import PACKAGES, find_sent
from traceability.web.access import PRODUCER, open_to, principal, takes_files
from traceability.web.acts import actor, doing
from traceability.web.batch_forms import fields_of, read_batch_form, text_in, whole_number
from traceability.web.handed_over import KINDS, chosen_files, keep
from traceability.web.languages import choose_language, format_moment
from traceability.web.producer_words import SERVICE_STAGES, STAGE_KINDS, new_key
from traceability.web.services import services
from traceability.web.unsent import take_unsent
from traceability.wording import word_refusal

producer = Blueprint("producer", __name__)


@producer.get("/producer/products/<int:product_id>/batch")
@open_to(PRODUCER)
def new_batch(product_id: int) -> ResponseReturnValue:
    """The form: what was typed before, or what the last batch suggests."""
    unsent = take_unsent()
    if unsent is not None:
        problem = gettext("You were signed out meanwhile. Nothing was lost: look it over and send it again.")
        return _form(product_id, fields_of(unsent), problem=problem)
    return _form(product_id)


@producer.post("/producer/products/<int:product_id>/batch")
@open_to(PRODUCER)
@takes_files
def register(product_id: int) -> ResponseReturnValue:
    """Registers and opens the batch. What was typed and handed over is kept first, so that nothing is lost whatever follows."""
    around, fields, key = services(), request.form, request.form.get("key", "")[:64]
    _check_own(product_id)
    with reading(around.engine) as session:
        sent = find_sent(session, key)
    if sent is not None and sent[1:] == _told(product_id, fields):
        return redirect(url_for("printing.form", code=sent[0], registered=product_id, lang=choose_language()), 303)
    if sent is not None:
        # Gone back in the browser and changed: it is another batch, which needs a key of its own.
        key = new_key()
    try:
        _keep_all(product_id, fields)
        store = around.key_store.current()
        with doing("register_batch") as session:
            proposal = propose(session, own_product(session, product_id, _own()), around.clock())
            made = open_batch(
                session,
                read_batch_form(fields, proposal, key=key, now=around.clock()),
                find_draft(session, principal().account_id, product_id, lock=True),
                random=os.urandom(7),
                master_key_id=store.newest_master_key,
                actor=actor("producer"),
                now=around.clock(),
            )
            code = made.code
    except Refused as refused:
        return _form(product_id, fields_of(fields), problem=word_refusal(refused)), 400
    return redirect(url_for("printing.form", code=code, registered=product_id, lang=choose_language()), 303)


@producer.post("/producer/products/<int:product_id>/draft")
@open_to(PRODUCER)
@takes_files
def save(product_id: int) -> ResponseReturnValue:
    """Keeps what is typed, as the form's script sends it."""
    around = services()
    _check_own(product_id)
    with reading(around.engine) as session:
        sent = find_sent(session, request.form.get("key", "")[:64])
    if sent is not None and sent[1:] == _told(product_id, request.form):
        # What was on its way when the batch was registered.
        return jsonify(saved="")
    try:
        with doing("save_draft") as session:
            draft = save_draft(session, principal().account_id, product_id, fields_of(request.form), now=around.clock())
            saved_at = draft.saved_at
    except Refused as refused:
        return jsonify(problem=word_refusal(refused)), 400
    return jsonify(saved=gettext("Saved at %(moment)s.", moment=format_moment(saved_at)), at=saved_at.isoformat())


@producer.post("/producer/products/<int:product_id>/draft/files")
@open_to(PRODUCER)
@takes_files
def save_file(product_id: int) -> ResponseReturnValue:
    """Keeps photographs and reports as soon as they are chosen, and answers with the list of what waits."""
    _check_own(product_id)
    try:
        for kind in KINDS:
            for file in chosen_files(kind):
                _keep_one(product_id, file, kind)
    except Refused as refused:
        return jsonify(problem=word_refusal(refused)), 400
    return render_template("producer/_files.html", files=_files(product_id), product_id=product_id)


@producer.post("/producer/products/<int:product_id>/draft/files/<int:file_id>/remove")
@open_to(PRODUCER)
@takes_files
def remove_file(product_id: int, file_id: int) -> ResponseReturnValue:
    """Takes a file out of the draft; what else was typed is kept."""
    around = services()
    _check_own(product_id)
    with doing("remove_draft_file") as session:
        if "lot" in request.form or "place" in request.form:
            save_draft(session, principal().account_id, product_id, fields_of(request.form), now=around.clock())
        gone = drop_file(session, principal().account_id, product_id, file_id)
    if gone:
        around.uploads.remove(gone)
    return redirect(url_for("producer.new_batch", product_id=product_id, lang=choose_language(), _anchor="files"), 303)


@producer.post("/producer/products/<int:product_id>/draft/discard")
@open_to(PRODUCER)
@takes_files
def discard(product_id: int) -> ResponseReturnValue:
    """Begins anew."""
    around = services()
    _check_own(product_id)
    with doing("discard_draft") as session:
        gone = discard_draft(session, principal().account_id, product_id)
    for name in gone:
        around.uploads.remove(name)
    return redirect(url_for("producer.new_batch", product_id=product_id, begun=product_id, lang=choose_language()), 303)


@producer.get("/producer/draft-pictures/<sha256>")
@open_to(PRODUCER)
def waiting_picture(sha256: str) -> ResponseReturnValue:
    """A photograph that waits in one of one's own drafts."""
    with reading(services().engine) as session:
        found = draft_picture(session, principal().account_id, sha256)
    if found is None:
        return render_template("public/error.html", title=gettext("Not found"), sentence=gettext("There is no such picture.")), 404
    answer = make_response(found[1])
    answer.mimetype = found[0]
    return answer


@producer.get("/producer/products/<int:product_id>/numbering")
@open_to(PRODUCER)
def numbering(product_id: int) -> ResponseReturnValue:
    """How the product's lots are numbered, and how long the goods keep."""
    return _numbering(product_id, take_unsent())


@producer.post("/producer/products/<int:product_id>/numbering")
@open_to(PRODUCER)
def set_numbering(product_id: int) -> ResponseReturnValue:
    """Changes both."""
    try:
        with doing("set_numbering") as session:
            product = own_product(session, product_id, _own())
            pattern, days = text_in(request.form, "pattern"), whole_number(request.form.get("keeps_days", ""))
            if days is not None and not 1 <= days <= 36500:
                raise Refused("keeps_days")
            product.lot_pattern, product.keeps_days = (check_pattern(pattern) if pattern else None), days
    except Refused as refused:
        return _numbering(product_id, request.form, problem=word_refusal(refused)), 400
    return redirect(url_for("staff.products", lang=choose_language()), 303)


def _told(product_id: int, fields: MultiDict[str, str]) -> tuple[int, str | None, int | None]:
    """By what a form that is sent again is known: product, lot and quantity."""
    return product_id, text_in(fields, "lot"), _typed_number(fields.get("quantity", ""))


def _typed_number(text: str) -> int | None:
    try:
        return whole_number(text)
    except Refused:
        return None


def _own() -> frozenset[int]:
    return frozenset(principal().producers)


def _check_own(product_id: int) -> None:
    with reading(services().engine) as session:
        own_product(session, product_id, _own())


def _files(product_id: int) -> object:
    with reading(services().engine) as session:
        return kept_draft(session, principal().account_id, product_id)[1]


def _keep_all(product_id: int, fields: MultiDict[str, str]) -> None:
    """The form's texts and then its files: the first file that is refused is told, the others and the texts are kept."""
    around, problem = services(), None
    with doing("save_draft") as session:
        save_draft(session, principal().account_id, product_id, fields_of(fields), now=around.clock())
    for kind in KINDS:
        for file in chosen_files(kind):
            try:
                _keep_one(product_id, file, kind)
            except Refused as refused:
                problem = problem or refused
    if problem is not None:
        raise problem


def _keep_one(product_id: int, file: FileStorage, kind: str) -> None:
    def put(session: Session, row: KeptContent, name: str) -> bool:
        draft = save_draft(session, principal().account_id, product_id, None, now=services().clock())
        return keep_file(session, draft, kind, name, row) is not None

    keep(file, kind, put, act="keep_file")


def _form(product_id: int, fields: dict[str, object] | None = None, problem: str | None = None) -> str:
    around, like_last = services(), request.method == "GET" and request.args.get("like") == "last"
    with reading(around.engine) as session:
        # What somebody typed goes before what a form could begin with: it is thrown away by its own button only.
        like_last = like_last and kept_draft(session, principal().account_id, product_id)[0] is None
    with reading(around.engine) as session:
        product = own_product(session, product_id, _own())
        proposal = propose(session, product, around.clock(), as_last_time=like_last)
        draft, files = kept_draft(session, principal().account_id, product_id)
    kept = None if fields is not None or like_last else draft
    shown = {**proposal.fields, **(fields if fields is not None else kept.fields if kept else {})}
    if fields is not None or kept:
        # A box that was cleared sends nothing; what was proposed for it must not come back.
        shown |= {name: (fields or (kept.fields if kept else {})).get(name, "") for name in ("stage", "indication", "quantity_is_public")}
    return render_template(
        "producer/new_batch.html",
        proposal=proposal,
        fields=shown,
        key=str(shown.get("key") or new_key()),
        kinds=SERVICE_STAGES if proposal.is_service else STAGE_KINDS,
        packages=PACKAGES,
        kept=kept,
        files=files,
        problem=problem,
        like_last=like_last,
        begun=request.args.get("begun") is not None,
        saved_at=draft.saved_at.isoformat() if draft else "",
    )


def _numbering(product_id: int, fields: MultiDict[str, str] | None, problem: str | None = None) -> str:
    with reading(services().engine) as session:
        product = own_product(session, product_id, _own())
        held = {"pattern": product.lot_pattern or "", "keeps_days": product.keeps_days or ""}
    shown = {**held, **(fields.to_dict() if fields else {})}
    return render_template("producer/numbering.html", product=product, fields=shown, usual=USUAL_PATTERN, problem=problem)
