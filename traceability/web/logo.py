"""A producer's logo for its labels: shown as it will print, changed and taken away."""

from contextlib import closing

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from traceability.domain.errors import Refused
from traceability.labels.logo import LOGO_BOX_MM, render_logo_png
from traceability.models.engine import reading
from traceability.operations.kept_files import keep_picture
from traceability.operations.producer_logo import find_logo, label_logo, producers_with_logos, remove_logo, set_logo
from traceability.pictures import MOST_BYTES, store_logo
from traceability.web.access import PRODUCER, check_own_producer, open_to, principal, takes_files
from traceability.web.acts import actor, doing
from traceability.web.languages import choose_language
from traceability.web.services import services
from traceability.web.unsent import take_unsent
from traceability.web.wording import word_done
from traceability.wording import word_refusal

logo = Blueprint("logo", __name__)
# As most label printers print it, each dot as large as three of a screen.
_DPI, _TIMES = 203, 3


@logo.get("/producer/logo")
@open_to(PRODUCER)
def choose() -> ResponseReturnValue:
    """To the logo of one's producer, or a list where there are several."""
    own = principal().producers
    if len(own) == 1:
        return redirect(url_for("logo.show", producer_id=next(iter(own)), lang=choose_language()), 303)
    with reading(services().engine) as session:
        return render_template("producer/logos.html", rows=producers_with_logos(session, frozenset(own)))


@logo.get("/producer/<int:producer_id>/logo")
@open_to(PRODUCER)
def show(producer_id: int) -> ResponseReturnValue:
    """The logo as it prints, or that there is none yet."""
    check_own_producer(producer_id)
    problem = gettext("You were signed out meanwhile. Choose the picture once more.") if take_unsent() else None
    return _page(producer_id, problem)


@logo.post("/producer/<int:producer_id>/logo")
@open_to(PRODUCER)
@takes_files
def upload(producer_id: int) -> ResponseReturnValue:
    """Keeps a picture as the logo, re-encoded, in place of the one before."""
    check_own_producer(producer_id)
    try:
        stored = store_logo(_content())
        with doing("set_logo") as session:
            picture = keep_picture(
                session,
                content=stored.content,
                sha256=stored.sha256,
                media_type=stored.media_type,
                size_px=(stored.width_px, stored.height_px),
            )
            set_logo(session, producer_id, picture, actor=actor("producer"), now=services().clock())
    except Refused as refused:
        return _page(producer_id, word_refusal(refused)), 400
    return redirect(url_for("logo.show", producer_id=producer_id, done="set_logo", lang=choose_language()), 303)


@logo.post("/producer/<int:producer_id>/logo/remove")
@open_to(PRODUCER)
def remove(producer_id: int) -> ResponseReturnValue:
    """Takes the logo away; what was printed with it stays as it is."""
    check_own_producer(producer_id)
    with doing("remove_logo") as session:
        remove_logo(session, producer_id)
    return redirect(url_for("logo.show", producer_id=producer_id, done="remove_logo", lang=choose_language()), 303)


@logo.get("/producer/<int:producer_id>/logo.png")
@open_to(PRODUCER)
def dots(producer_id: int) -> ResponseReturnValue:
    """The logo in the dots of a label printer, enlarged."""
    check_own_producer(producer_id)
    with reading(services().engine) as session:
        found = label_logo(session, producer_id)
    if found is None:
        return abort(404)
    answer = make_response(render_logo_png(found, *LOGO_BOX_MM, _DPI, times=_TIMES))
    answer.mimetype = "image/png"
    return answer


def _content() -> bytes:
    file = request.files.get("logo")
    if file is None or not file.filename:
        raise Refused("picture_missing")
    with closing(file):
        return file.stream.read(MOST_BYTES + 1)


def _page(producer_id: int, problem: str | None = None) -> str:
    with reading(services().engine) as session:
        ((producer, _),) = producers_with_logos(session, frozenset({producer_id}))
        return render_template(
            "producer/logo.html",
            producer=producer,
            row=find_logo(session, producer_id),
            most_mb=MOST_BYTES // 1024 // 1024,
            problem=problem,
            done=word_done(request.args.get("done")),
        )
