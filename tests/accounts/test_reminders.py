"""Producers hear in time of what ends."""

from datetime import date, timedelta

from sqlalchemy import select

from traceability.domain.dates import day_in_vietnam
from traceability.models import ExpiryNotice
from traceability.models.engine import acting, reading
from traceability.operations.accounts import add_member, create_account
from traceability.operations.expiring import list_endings


def notices(services) -> list[ExpiryNotice]:
    with reading(services.engine) as session:
        return list(session.scalars(select(ExpiryNotice)))


def test_producers_are_told_by_mail_at_each_threshold_once(mailing, services, workshop, clock, mailbox):
    maker = workshop.producer(name="HTX A")
    goods = workshop.product(maker, name="Gạo")
    today = day_in_vietnam(clock())
    workshop.recognition(goods, decided_on=(date(today.year - 3, today.month, today.day) + timedelta(days=25)).isoformat())
    with acting(services.engine) as session:
        for login in ("a@example.vn", "+84912345678"):
            made = create_account(session, login=login, name="A", password="ba con vịt lội sông", now=clock())
            add_member(session, made.id, maker.id, "manager", now=clock())
    runner = mailing.test_cli_runner()
    assert "1 mails would be sent" in runner.invoke(args=["remind", "--dry-run"]).output and not mailbox.messages
    for _ in range(2):
        told = runner.invoke(args=["remind"])
        assert told.exit_code == 0, told.output
    (mail,) = mailbox.wait()
    text = mail.get_payload(decode=True).decode()
    assert mail["To"] == "a@example.vn" and "25 ngày" in text and "Gạo" in text
    # It stood at 30 already: that 90 days were left nobody is told any more.
    assert sorted(row.days for row in notices(services)) == [30, 90]
    clock.advance(days=20)
    runner.invoke(args=["remind"])
    mailbox.wait(2)
    # A re-evaluation ends it.
    workshop.recognition(goods, decided_on=day_in_vietnam(clock()).isoformat())
    with reading(services.engine) as session:
        assert list_endings(session, clock()) == []


def test_a_mail_that_is_not_taken_is_sent_again_the_next_time(mailing, services, workshop, clock, mailbox):
    maker = workshop.producer(name="HTX A")
    goods = workshop.product(maker, name="Gạo")
    today = day_in_vietnam(clock())
    workshop.recognition(goods, decided_on=(date(today.year - 3, today.month, today.day) + timedelta(days=5)).isoformat())
    with acting(services.engine) as session:
        made = create_account(session, login="a@example.vn", name="A", password="ba con vịt lội sông", now=clock())
        add_member(session, made.id, maker.id, "manager", now=clock())
    mailbox.refuses = True
    told = mailing.test_cli_runner().invoke(args=["remind"])
    assert told.exit_code == 1 and "1 failed" in told.output and not notices(services)
    mailbox.refuses = False
    assert mailing.test_cli_runner().invoke(args=["remind"]).exit_code == 0
    mailbox.wait()


def test_without_a_mail_server_it_is_said(app):
    told = app.test_cli_runner().invoke(args=["remind"])
    assert told.exit_code == 1 and "SMTP_HOST" in told.output
