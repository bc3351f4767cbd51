"""Files of labels: sent while they are made, how far they are, and labels that were spoilt."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from threading import BoundedSemaphore

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from traceability.domain.errors import NotFound, Refused
from traceability.labels.fit import LabelDoesNotFit
from traceability.models.engine import acting, reading
from traceability.operations.kept_files import own_batch
from traceability.operations.open_batch import first_time
from traceability.operations.print_files import (
    Fetching,
    FilePlan,
    Sent,
    Some,
    close_file,
    files_of,
    make_file,
    note_sent,
    open_file,
    plan_file,
    sending,
)
from traceability.operations.print_run import find_run
from traceability.operations.spoilt import cancel_spoilt
from traceability.web.access import PRODUCER, open_to, principal
from traceability.web.acts import actor, doing
from traceability.web.batch_forms import whole_number
from traceability.web.languages import choose_language
from traceability.web.printing import print_keys, show_form, whose_job
from traceability.web.services import services
from traceability.wording import word_refusal

label_files = Blueprint("label_files", __name__)
# What is told of a file while it is sent is worth no waiting for others.
_PATIENCE_MS = 200
_TRIES = 3
MOST_AT_ONCE = 1
# A file holds one of the server's threads for as long as its client takes: the others are for stamps and pages.
_ROOM = BoundedSemaphore(MOST_AT_ONCE)
_log = logging.getLogger(__name__)


@label_files.get("/producer/batches/<code>/print/<int:run_id>/labels.<ending>")
@open_to(PRODUCER)
def labels(code: str, run_id: int, ending: str) -> ResponseReturnValue:
    """The file of a run, or of one of its parts, or from a unit on. Each fetching is on record with what was sent."""
    around, part = services(), whole_number(request.args.get("part", "1")) or 0
    some = Some(*(whole_number(request.args.get(name, "")) for name in ("from", "until")))
    with reading(around.engine) as session:
        batch = own_batch(session, code, _own())
        run = find_run(session, batch.id, run_id)
        plan = plan_file(session, run, whose_job(), part=part, some=some, keys=print_keys(), now=around.clock())
    if not plan.name.endswith(f".{ending}"):
        raise NotFound("part_missing", kind="PrintRun")
    answer = Response(mimetype=plan.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=plan.name)
    answer.headers["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        # Whoever only asks what the file would be has fetched nothing.
        return answer
    if not _ROOM.acquire(blocking=False):
        return Response(
            gettext("Others are fetching files just now. Try again in a minute."), 503, {"Retry-After": "60"}, mimetype="text/plain"
        )
    try:
        answer.response = _begun(plan, batch.id)
    except BaseException:
        _ROOM.release()
        raise
    return answer


def _begun(plan: FilePlan, batch_id: int) -> Iterator[bytes]:
    """A file's bytes, its fetching put on record. What ends it makes room for another."""
    around, sent = services(), Sent()
    try:
        _, pieces = make_file(plan, sent)
    except LabelDoesNotFit:
        raise Refused("label_misfit") from None
    with doing("fetch_labels") as session:
        run = find_run(session, batch_id, plan.run_id, lock=True)
        file_id = open_file(session, run, plan, actor=actor("producer"), now=around.clock()).id
    return sending(pieces, recorder(around.engine, around.clock, file_id, _ROOM.release), sent, time.monotonic)


@label_files.get("/producer/batches/<code>/print/<int:run_id>/progress")
@open_to(PRODUCER)
def progress(code: str, run_id: int) -> ResponseReturnValue:
    """How far the newest file of a run has gone out."""
    with reading(services().engine) as session:
        batch = own_batch(session, code, _own())
        run = find_run(session, batch.id, run_id)
        newest = next(iter(files_of(session, run.id)), None)
    if newest is None:
        return jsonify(labels=0, sent=0, bytes=0, ended=False, whole=False)
    ended, whole = newest.ended_at is not None, newest.sha256 is not None
    return jsonify(labels=newest.labels, sent=newest.sent_labels, bytes=newest.sent_bytes, ended=ended, whole=whole)


@label_files.post("/producer/batches/<code>/print/spoilt")
@open_to(PRODUCER)
def spoilt(code: str) -> ResponseReturnValue:
    """Cancels the stamps of labels that were spoilt, by their codes; what is wrong is told, and nothing typed is lost."""
    try:
        _cancel(code)
    except NotFound:
        raise
    except Refused as refused:
        return show_form(code, request.form, problem=word_refusal(refused)), 400
    return redirect(url_for("batch.show", code=code, lang=choose_language(), done="cancelled"), 303)


def _cancel(code: str) -> None:
    around, fields = services(), request.form
    # A page that was restored from before sends its key again, with other codes: those are another form.
    told = "\n".join(fields.get(name, "") for name in ("spoilt_key", "codes", "reason"))
    hosts, test_mode = around.key_store.current().keyring.hosts, around.settings.test_mode
    with doing("cancel_spoilt") as session:
        batch = own_batch(session, code, _own())
        if first_time(session, batch.id, f"spoilt {sha256(told.encode()).hexdigest()}", around.clock()):
            cancel_spoilt(
                session,
                batch.id,
                fields.get("codes", ""),
                fields.get("reason", ""),
                hosts=hosts,
                test_mode=test_mode,
                keys=print_keys(),
                actor=actor("producer"),
                now=around.clock(),
            )


def recorder(engine: Engine, clock: Callable[[], datetime], file_id: int, afterwards: Callable[[], None] = lambda: None) -> Fetching:
    """Puts on record how a file goes out, in acts of their own; `afterwards` is called when it has ended."""

    def tell(number: int, sent: Sent) -> None:
        with suppress(OperationalError), acting(engine, patience_ms=_PATIENCE_MS) as session:
            note_sent(session, number, sent)

    def end(number: int, sent: Sent, digest: str | None) -> None:
        try:
            for _ in range(_TRIES):
                with suppress(OperationalError), acting(engine, act="send_labels") as session:
                    close_file(session, number, sent, digest, now=clock())
                    return
            # The bytes are sent: a record that is missing is no reason to break them off.
            _log.error("file %s of labels has ended, and the database was too busy to put it on record", number)
        finally:
            afterwards()

    return Fetching(file_id, tell, end)


def _own() -> frozenset[int]:
    return frozenset(principal().producers)
