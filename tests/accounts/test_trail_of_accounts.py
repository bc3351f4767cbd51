"""What accounts do is on record: who came in, who failed, who left, who changed whom. A flood cannot fill the record."""

import json

import pyotp
import pytest
from sqlalchemy import select

from tests.accounts.test_members import link_in
from tests.accounts.test_sign_in import PASSWORD, Browser, browser, enrol, people
from traceability.models import AuditEntry, SignInFailure
from traceability.models.engine import reading
from traceability.operations import sign_in as rules
from traceability.operations.audit_trail import Walk

__all__ = ["browser", "people"]


@pytest.fixture
def said(services):
    """The rows since the last call: actor, role, act, change, kind and what stands there now."""
    seen = [0]

    def do() -> list[tuple]:
        with reading(services.engine) as session:
            assert list(Walk(()).findings(session)) == []
            rows = session.scalars(select(AuditEntry).where(AuditEntry.id > seen[0]).order_by(AuditEntry.id)).all()
        seen[0] = rows[-1].id if rows else seen[0]
        return [(row.actor, row.role, row.act, row.change, row.object_kind, json.loads(row.after) if row.after else None) for row in rows]

    return do


def test_signing_in_and_out_is_recorded_with_the_account(browser, people, said):
    said()
    browser.sign_in("lan")
    facts = {"account_id": people["lan"], "waits_for_code": False}
    assert said() == [("visitor", "visitor", "sign_in", "insert", "web_session", facts)]
    browser.post("/account/sign-out", form_at="/account")
    lan = f"Lan (account {people['lan']})"
    assert said() == [(lan, "producer", "sign_out", "update", "web_session", {"account_id": people["lan"], "ended": True})]


def test_failures_are_recorded_without_login_or_password(browser, people, said, services):
    said()
    for name in ("lan", "nobody"):
        browser.sign_in(name, "geheim geheim")
    assert said() == [
        ("visitor", "visitor", "sign_in", "insert", "sign_in_failure", {"account_id": key, "step": "password"})
        for key in (people["lan"], None)
    ]
    with reading(services.engine) as session:
        text = "".join(f"{row.before}{row.after}{row.actor}" for row in session.scalars(select(AuditEntry)))
    assert "geheim" not in text and "nobody" not in text and "lan@" not in text and PASSWORD not in text


def test_a_lock_is_recorded_once_and_further_tries_add_nothing(browser, people, said):
    said()
    for _ in range(14):
        browser.sign_in("lan", "wrong password")
    kinds = [row[4] for row in said()]
    assert kinds == ["sign_in_failure"] * 9 + ["sign_in_lock"]


def test_a_flood_of_failures_leaves_the_locks_alone_in_the_trail(browser, people, said, services, clock, monkeypatch):
    monkeypatch.setattr(rules, "MOST_FAILURES_TOLD", 3)
    said()
    for number in range(6):
        browser.sign_in(f"n{number}", "wrong password")
    assert len(said()) == 3
    for _ in range(10):
        browser.sign_in("lan", "wrong password")
    assert [row[4] for row in said()] == ["sign_in_lock"]
    # What is too old to count is thrown away, and the next failure is told again.
    clock.advance(hours=2)
    browser.sign_in("lan", "wrong password")
    assert [row[4] for row in said()] == ["sign_in_failure"]
    with reading(services.engine) as session:
        assert len(session.scalars(select(SignInFailure)).all()) == 1


def test_the_second_factor_is_recorded_as_given_failed_and_locked(browser, people, said, services, clock, app):
    browser.sign_in("office")
    seed, _codes = enrol(browser, services)
    rows = said()
    assert next(row[5]["totp_seed"] for row in rows if row[2] == "set_second_factor" and row[4] == "account") == ("(secret)")
    assert seed not in json.dumps(rows)
    clock.advance(minutes=2)
    again = Browser(app)
    again.sign_in("office")
    again.post("/account/code", code="000000")
    again.post("/account/code", code=pyotp.TOTP(seed).at(int(clock().timestamp())))
    key = people["office"]
    begun, failed, *passed = said()
    assert begun[5] == {"account_id": key, "waits_for_code": True}
    assert failed == (f"account {key}", "visitor", "give_code", "insert", "sign_in_failure", {"account_id": key, "step": "code"})
    assert [row[2:] for row in passed] == [
        ("give_code", "update", "account", {"totp_last_step": "(secret)"}),
        ("give_code", "update", "web_session", {"account_id": key, "waits_for_code": False}),
    ]
    clock.advance(minutes=20)
    third = Browser(app)
    third.sign_in("office")
    said()
    for _ in range(12):
        third.post("/account/code", code="000000")
    assert [row[4] for row in said()] == ["sign_in_failure"] * 9 + ["sign_in_lock"]


def test_a_new_password_and_the_sessions_it_ends_are_recorded(browser, people, said, app):
    other = Browser(app)
    other.sign_in("lan")
    browser.sign_in("lan")
    said()
    browser.post("/account/password", form_at="/account", current=PASSWORD, new="một mật khẩu khác")
    assert [row[2:] for row in said()] == [
        ("change_password", "update", "account", {"password_hash": "(secret)"}),
        ("change_password", "update", "web_session", {"account_id": people["lan"], "ended": True}),
    ]


def test_who_invites_changes_and_removes_whom_is_recorded(browser, people, said, app):
    browser.sign_in("lan")
    page = f"/producer/{people['one']}/members"
    said()
    path = link_in(browser.post(f"{page}/invite", form_at=page, login="hoa@example.vn", role="member"))
    Browser(app).post(path, name="Hoa", password=PASSWORD)
    key = max(people["inspector"], *people.values()) + 1
    rows = said()
    hoa = next(row[5]["id"] for row in rows if row[4] == "account")
    assert hoa == key or hoa > people["inspector"]
    browser.post(f"{page}/{hoa}/remove", form_at=page)
    lan = f"Lan (account {people['lan']})"
    told = [(row[0], row[2], row[3], row[4]) for row in [*rows, *said()]]
    assert told == [
        (lan, "invite", "insert", "link"),
        ("visitor", "use_link", "insert", "account"),
        ("visitor", "use_link", "insert", "membership"),
        ("visitor", "use_link", "update", "link"),
        (lan, "remove_member", "update", "membership"),
    ]
    assert path.removeprefix("/link/") not in json.dumps(rows) and "hoa@" not in json.dumps(rows)


def test_commands_act_by_name(app, services, said):
    said()
    runner = app.test_cli_runner()
    assert runner.invoke(args=["user", "add", "a@example.vn", "--name", "A", "--role", "office", "--password", PASSWORD]).exit_code == 0
    assert runner.invoke(args=["user", "link", "a@example.vn"]).exit_code == 0
    assert {row[:3] for row in said()} == {("command line", "system", "add_account"), ("command line", "system", "make_reset_link")}
