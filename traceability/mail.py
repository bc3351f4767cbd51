"""Mails, one at a time, handed to the mail server of the settings. What fails raises MailFailed and is never half sent.

A mail's text may hold a link that lets its reader in: it is never logged, and neither is the server's answer in full.
"""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from traceability.config import MailServer

# For connecting and for each answer: whoever waits for the page waits for this.
TIMEOUT_S = 10.0


class MailFailed(Exception):
    """A mail that was not taken over by the server; the message says how it failed, without any content."""


@dataclass(frozen=True)
class Mail:
    """One mail in plain text to one address."""

    to: str
    subject: str
    text: str


def send(server: MailServer, mail: Mail, *, now: datetime) -> None:
    """Hands a mail over. Raises MailFailed."""
    try:
        message = _message(server, mail, now)
        with _connection(server) as connection:
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(message, from_addr=server.sender, to_addrs=[mail.to])
    except (OSError, smtplib.SMTPException, MessageError, ValueError, LookupError) as error:
        code = getattr(error, "smtp_code", None)
        raise MailFailed(f"{error.__class__.__name__}{f' {code}' if code else ''}") from None


def _message(server: MailServer, mail: Mail, now: datetime) -> EmailMessage:
    """Headers are set through the library's own types, which refuse line breaks and a second address in one."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(addr_spec=server.sender)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=server.sender.partition("@")[2])
    # So that no holiday notice answers.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _connection(server: MailServer) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=_verified())
    connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    if server.security == "starttls":
        try:
            connection.starttls(context=_verified())
        except (OSError, smtplib.SMTPException, ValueError):
            connection.close()
            raise
    return connection


def _verified() -> ssl.SSLContext:
    """Only a server whose certificate somebody vouches for, and for this very name."""
    return ssl.create_default_context()
