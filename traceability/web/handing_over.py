"""A link goes to whom it is for: by mail where that is possible, otherwise shown once to whoever made it."""

import logging

from flask import render_template, url_for
from flask_babel import gettext

from traceability.mail import Mail, MailFailed, send
from traceability.web.services import services

_log = logging.getLogger(__name__)


def hand_over(login: str, token: str, purpose: str, *, back: str) -> str:
    """Mails the link, and the page that says so; where it cannot be mailed, the page shows it. `back` is the address to go on to."""
    address = link_address(token)
    mailed, failed = False, False
    if is_mailed(login):
        mailed = send_link(login, address, words_of_mail(purpose, address))
        failed = not mailed
    shown = {"login": login, "address": None if mailed else address, "failed": failed, "purpose": purpose}
    return render_template("account/link_made.html", **shown, back=back)


def is_mailed(login: str) -> bool:
    """Whether there is a way to mail to this login."""
    return services().settings.mail_server is not None and "@" in login


def link_address(token: str) -> str:
    """The whole address of a link, at the public address: what a request says of its host is not believed."""
    return services().settings.public_url + url_for("account.link", token=token)


def send_link(login: str, address: str, words: tuple[str, str]) -> bool:
    """Sends one mail; whether it was taken over. Neither the link nor the login goes into the log."""
    around = services()
    assert around.settings.mail_server is not None
    try:
        send(around.settings.mail_server, Mail(login, *words), now=around.clock())
    except MailFailed as failure:
        _log.warning("a mail with a link could not be sent: %s", failure)
        return False
    return True


def words_of_mail(purpose: str, address: str) -> tuple[str, str]:
    """Subject and text."""
    host = services().settings.public_host.lower()
    if purpose == "reset":
        subject = gettext("A new password at %(host)s", host=host)
        begin = gettext("With this link you set a new password:")
        end = gettext("If you did not ask for it, you need do nothing: your password stays as it is.")
    else:
        subject = gettext("You are invited to %(host)s", host=host)
        begin = gettext("With this link you join, or add the invitation to your account:")
        end = gettext("If you do not know why you were invited, you need do nothing.")
    once = gettext("It is good once, for 24 hours. Give it to nobody.")
    return subject, f"{begin}\n\n{address}\n\n{once}\n{end}\n"
