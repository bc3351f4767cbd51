"""What went wrong becomes a page with the right status, once and for all views."""

import logging

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from traceability.domain.errors import KeyFileError, NotFound, Refused
from traceability.pictures import MOST_BYTES
from traceability.web.public import RegisterUnreachable, answer_path
from traceability.web.reports import unsent
from traceability.web.request_log import request_number
from traceability.wording import word_refusal

_log = logging.getLogger(__name__)
_STAMP_FOLDERS = ("/S", "/s", "/01")


def handle_errors(app: Flask) -> None:
    """Registers the handlers."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(RegisterUnreachable, _unreachable)
    app.register_error_handler(KeyFileError, _keys)
    app.register_error_handler(Exception, _bug)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code == 404 and f"{request.path}/".startswith(tuple(f"{folder}/" for folder in _STAMP_FOLDERS)):
        # A stamp's folder without a stamp in it is a misread stamp, not a page that went missing.
        return answer_path()
    if (isinstance(error.code, int) and 300 <= error.code < 400) or error.response is not None:
        return error.get_response()
    titles = {
        401: (gettext("Sign in first"), gettext("You are not signed in any more.")),
        404: (gettext("Not found"), gettext("There is no page at this address. If you scanned a stamp, type its code here.")),
        405: (gettext("Not possible here"), gettext("This address cannot be asked in that way.")),
        413: (gettext("Too large"), gettext("The upload is larger than %(size)s MB. Send a smaller one.", size=MOST_BYTES // 1024 // 1024)),
    }
    if isinstance(error, CSRFError):
        return _page(
            gettext("The page was open for too long"),
            gettext("Nothing was changed. Go back, load the page again, and send the form once more."),
            400,
        )
    usual = (gettext("This request cannot be read"), gettext("Go back and try again."))
    return _page(*titles.get(error.code or 500, usual), error.code or 500, lookup=error.code == 404)


def _refused(error: Refused) -> ResponseReturnValue:
    status = 404 if isinstance(error, NotFound) else 400
    return _page(gettext("That is not possible"), word_refusal(error), status)


def _database(error: SQLAlchemyError) -> ResponseReturnValue:
    cause = error.orig if isinstance(error, DBAPIError) else error
    _log.error("the database failed: %s: %s", cause.__class__.__name__, cause)
    return _not_now()


def _unreachable(_error: RegisterUnreachable) -> ResponseReturnValue:
    return _not_now()


def _not_now() -> ResponseReturnValue:
    sentence = gettext("The register cannot be reached or written to at the moment. Nothing was lost. Please try again in a minute.")
    if request.endpoint == "reports.send_report":
        return unsent(sentence), 503, {"Retry-After": "60"}
    return _page(gettext("Not now"), sentence, 503)


def _keys(error: KeyFileError) -> ResponseReturnValue:
    _log.error("the keys failed: %s", error)
    return _page(gettext("Not now"), gettext("The service is being set up. Please try again in a minute."), 503)


def _bug(error: Exception) -> ResponseReturnValue:
    _log.exception("a mistake of ours", exc_info=error)
    return _page(gettext("A mistake of ours"), gettext("Something went wrong here, and it is noted. Please try again later."), 500)


def _page(title: str, sentence: str, status: int, *, lookup: bool = False) -> ResponseReturnValue:
    headers = {"Retry-After": "60"} if status == 503 else {}
    number = request_number() if status >= 500 else ""
    return render_template("public/error.html", title=title, sentence=sentence, lookup=lookup, message_number=number), status, headers
