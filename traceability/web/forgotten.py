"""For who forgot a password: a link by mail. The answer is the same whoever asks for whichever login, and takes as long."""

import logging
import secrets
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from traceability.domain.accounts import LONGEST_LOGIN
from traceability.domain.errors import Refused
from traceability.domain.roles import Doer
from traceability.mail import Mail, MailFailed, send
from traceability.models.engine import acting
from traceability.operations.forgotten import make_forgotten_reset
from traceability.web.access import ANYONE, open_to
from traceability.web.handing_over import link_address, words_of_mail
from traceability.web.limits import limited
from traceability.web.services import Services, services

forgotten = Blueprint("forgotten", __name__)
_log = logging.getLogger(__name__)
# What is asked waits here for the database and the mail server, so that no answer tells by its time what was found.
_behind = ThreadPoolExecutor(max_workers=2, thread_name_prefix="forgotten")
_MOST_WAITING = 100
_room = BoundedSemaphore(_MOST_WAITING)


@forgotten.get("/account/forgot")
@open_to(ANYONE)
def form() -> ResponseReturnValue:
    """The form; where no mail can be sent, whom to ask."""
    return _page()


@forgotten.post("/account/forgot")
@open_to(ANYONE)
@limited("account/forgot.html")
def ask() -> ResponseReturnValue:
    """Says that a mail comes if there is such an account, and looks only then."""
    around = services()
    if around.settings.mail_server is None:
        return _page()
    token = secrets.token_urlsafe(32)
    words = words_of_mail("reset", link_address(token))
    if _room.acquire(blocking=False):
        _behind.submit(_send, around, request.form.get("login", "")[:LONGEST_LOGIN], token, words)
    else:
        _log.warning("too many forgotten passwords at once: one was left out")
    return _page(done=True)


def _send(around: Services, login: str, token: str, words: tuple[str, str]) -> None:
    try:
        with acting(around.engine, by=Doer("visitor", "visitor"), act="forgot_password") as session:
            link = make_forgotten_reset(session, login, token=token, now=around.clock())
            to = link.login if link else None
        if to is not None and around.settings.mail_server is not None:
            send(around.settings.mail_server, Mail(to, *words), now=around.clock())
    except (MailFailed, Refused, SQLAlchemyError) as error:
        _log.warning("a link for a forgotten password could not be made or sent: %s", error.__class__.__name__)
    except Exception:
        _log.exception("a mistake of ours")
    finally:
        _room.release()


def _page(*, done: bool = False) -> str:
    return render_template("account/forgot.html", done=done, mails=services().settings.mail_server is not None)
