"""Mails with links, handed to a real mail server of this machine; what fails loses no link and tells nobody anything."""

import re
import ssl
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from tests.accounts.test_members import link_in
from tests.accounts.test_sign_in import PASSWORD, Browser, browser, people
from traceability import create_app, mail
from traceability.mail import Mail, MailFailed, send
from traceability.models import Link
from traceability.models.engine import acting, reading
from traceability.operations.accounts import create_account
from traceability.operations.staff_accounts import set_disabled
from traceability.web import forgotten

__all__ = ["browser", "people"]
NOW = datetime(2026, 11, 25, tzinfo=UTC)
FORGOT = "/account/forgot"


@pytest.fixture
def dialect() -> str:
    """Mails do not depend on the database."""
    return "sqlite"


def text_of(message) -> str:
    return message.get_payload(decode=True).decode("utf-8")


def link_of(message) -> str:
    return re.search(r"https://trace\.example\.vn(/link/\S+)", text_of(message))[1]


def test_a_mail_says_who_sends_it_to_whom(mail_server, mailbox):
    send(mail_server, Mail("lan@example.vn", "Mật khẩu mới", "Chào Lan,\nđây là liên kết."), now=NOW)
    (message,) = mailbox.wait()
    assert (message["From"], message["To"], message["X-RcptTo"]) == ("tem@trace.example.vn", "lan@example.vn", "lan@example.vn")
    assert message["Date"].startswith("Wed, 25 Nov 2026") and message["Message-ID"].endswith("@trace.example.vn>")
    assert text_of(message).replace("\r\n", "\n") == "Chào Lan,\nđây là liên kết.\n"


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ("lan@example.vn", "x\r\nBcc: thief@example.vn"),
        ("lan@example.vn\r\nBcc: thief@example.vn", "x"),
        ("lan@example.vn, thief@example.vn", "x"),
        ("lan,thief@example.vn", "x"),
        ("<lan@example.vn>", "x"),
        ("lan", "x"),
        ("", "x"),
    ],
)
def test_nothing_can_be_slipped_into_the_head_of_a_mail(mail_server, mailbox, to, subject):
    with pytest.raises(MailFailed):
        send(mail_server, Mail(to, subject, "x"), now=NOW)
    assert mailbox.messages == []


def test_a_server_that_is_not_there_or_refuses_or_cannot_encrypt_fails_in_one_line(mail_server, mailbox):
    mailbox.refuses = True
    broken = [mail_server, replace(mail_server, port=1), replace(mail_server, security="starttls"), replace(mail_server, security="tls")]
    broken.append(replace(mail_server, user="tem", password="geheim"))
    for server in broken:
        with pytest.raises(MailFailed) as caught:
            send(server, Mail("lan@example.vn", "x", "the link"), now=NOW)
        assert "geheim" not in str(caught.value) and "link" not in str(caught.value) and "\n" not in str(caught.value)
    assert mailbox.messages == []


@pytest.fixture
def vouched(tmp_path, mailbox, mail_server):
    """A server that encrypts, and the file of who vouches for it."""
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost".split(),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    controller = Controller(mailbox, hostname="127.0.0.1", port=mail_server.port + 1, tls_context=context, require_starttls=True)
    controller.start()
    yield replace(mail_server, host="localhost", port=mail_server.port + 1, security="starttls"), tmp_path / "cert.pem"
    controller.stop()


def test_only_a_server_that_somebody_vouches_for_gets_a_mail(vouched, mailbox, monkeypatch):
    server, certificate = vouched
    with pytest.raises(MailFailed, match="SSLCertVerificationError"):
        send(server, Mail("lan@example.vn", "x", "x"), now=NOW)
    monkeypatch.setattr(mail, "_verified", lambda: ssl.create_default_context(cafile=certificate))
    send(server, Mail("lan@example.vn", "x", "x"), now=NOW)
    assert len(mailbox.messages) == 1
    # For this very name.
    with pytest.raises(MailFailed):
        send(replace(server, host="127.0.0.1"), Mail("lan@example.vn", "x", "x"), now=NOW)


def test_an_invitation_is_mailed_and_its_link_shown_to_nobody_else(mailing, mailbox, people):
    lan = Browser(mailing)
    lan.sign_in("lan")
    page = f"/producer/{people['one']}/members"
    answer = lan.post(f"{page}/invite?lang=en", form_at=page, login="hoa@example.vn", role="member")
    assert answer.status_code == 201 and "/link/" not in answer.text
    (message,) = mailbox.wait()
    assert Browser(mailing).post(link_of(message), name="Hoa", password=PASSWORD).status_code == 303
    # Who signs in by a phone number has no mailbox.
    answer = lan.post(f"{page}/invite", form_at=page, login="0912345678", role="member")
    assert link_in(answer) and len(mailbox.messages) == 1


def test_a_mail_that_fails_loses_no_link_and_logs_neither_link_nor_login(mailing, mailbox, people, caplog):
    mailbox.refuses = True
    lan = Browser(mailing)
    lan.sign_in("lan")
    page = f"/producer/{people['one']}/members"
    answer = lan.post(f"{page}/invite?lang=en", form_at=page, login="hoa@example.vn", role="member")
    assert answer.status_code == 201 and 'class="warning"' in answer.text
    assert lan.get(link_in(answer)).status_code == 200
    assert "could not be sent" in caplog.text and "hoa" not in caplog.text and link_in(answer) not in caplog.text


def asked(app, login: str, **more: str):
    return Browser(app).post(FORGOT, login=login, **more)


def test_who_forgot_the_password_gets_a_link_by_mail(mailing, mailbox, people):
    assert asked(mailing, " LAN@Example.vn").status_code == 200
    (message,) = mailbox.wait()
    assert message["To"] == "lan@example.vn"
    assert Browser(mailing).post(link_of(message), password="một mật khẩu khác").status_code == 303
    assert Browser(mailing).sign_in("lan", "một mật khẩu khác").status_code == 303


def test_the_answer_is_the_same_whoever_asks_for_whichever_login(mailing, mailbox, people, services):
    with acting(services.engine) as session:
        create_account(session, login="0912345678", name="Phone", password=PASSWORD, now=services.clock())
        admin = create_account(session, login="a@example.vn", name="A", password=PASSWORD, staff_role="administrator", now=services.clock())
    with acting(services.engine) as session:
        from traceability.operations.accounts import principal_of

        set_disabled(session, people["minh"], disabled=True, by=principal_of(session, admin.id), now=services.clock())
    logins = ["lan@example.vn", "nobody@example.vn", "minh@example.vn", "0912345678", "", "x" * 5000, "no login", "lan@example.vn\r\nx"]
    answers = [asked(mailing, login) for login in logins]
    assert {answer.status_code for answer in answers} == {200}
    assert len({re.sub(r'csrf_token" value="[^"]*"', "", answer.text) for answer in answers}) == 1
    assert [message["To"] for message in mailbox.wait()] == ["lan@example.vn"]


def test_the_answer_waits_for_nothing_that_was_found(mailing, people, monkeypatch):
    begun = []

    def slow(*arguments):
        begun.append(arguments)
        time.sleep(1)
        forgotten._room.release()

    monkeypatch.setattr(forgotten, "_send", slow)
    browser = Browser(mailing)
    browser.get(FORGOT)
    for login in ("lan@example.vn", "nobody@example.vn"):
        before = time.perf_counter()
        assert browser.post(FORGOT, login=login).status_code == 200
        assert time.perf_counter() - before < 0.9
    assert len(begun) == 2


def test_nobodys_mailbox_is_filled(mailing, mailbox, people, services, clock):
    for _ in range(6):
        asked(mailing, "lan@example.vn")
    mailbox.wait(3)
    time.sleep(0.3)
    assert len(mailbox.messages) == 3
    with reading(services.engine) as session:
        assert len(session.scalars(select(Link)).all()) == 3
    clock.advance(hours=1, minutes=1)
    asked(mailing, "lan@example.vn")
    mailbox.wait(4)


def test_a_mail_server_that_is_down_changes_no_answer(services, clock, mail_server, people, caplog):
    app = create_app(replace(services.settings, mail_server=replace(mail_server, port=1)), clock)
    assert asked(app, "lan@example.vn").status_code == 200
    until = time.monotonic() + 5
    while "could not be made or sent" not in caplog.text and time.monotonic() < until:
        time.sleep(0.02)
    assert "could not be made or sent" in caplog.text and "lan" not in caplog.text and "/link/" not in caplog.text
    app.extensions["traceability"].engine.dispose()


def test_without_a_mail_server_the_page_says_whom_to_ask(browser, people, services):
    assert FORGOT in browser.get("/account/sign-in").text
    assert 'id="login"' not in browser.get(FORGOT).text
    assert browser.post(FORGOT, form_at="/account/sign-in", login="lan@example.vn").status_code == 200
    with reading(services.engine) as session:
        assert session.scalars(select(Link)).all() == []
