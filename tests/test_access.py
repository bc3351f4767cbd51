"""Every route, for every role, on own and foreign objects. What is expected stands here, written by hand.

A route that nobody classified fails. `yes` is any answer that is neither a way to sign-in nor 404 or 403; `no` is 404 (that a
page is there is not told to whom it does not concern); `sign in` leads to the sign-in page.
"""

import re

import pytest
from argon2 import PasswordHasher

from tests.accounts.test_sign_in import PASSWORD, Browser, enrol
from traceability.models.engine import acting
from traceability.operations import secrets_kept
from traceability.operations.accounts import Invitation, add_member, create_account, invite, principal_of
from traceability.operations.sign_in import list_sessions

ROLES = ("anonymous", "producer", "inspector", "office", "administrator")
ANYONE = dict.fromkeys(ROLES, "yes")
SIGNED_IN = {**ANYONE, "anonymous": "sign in"}
PRODUCER = {"anonymous": "sign in", "producer": "yes", "inspector": "no", "office": "no", "administrator": "no"}
OFFICE = {"anonymous": "sign in", "producer": "no", "inspector": "no", "office": "yes", "administrator": "no"}
INSPECTOR = {"anonymous": "sign in", "producer": "no", "inspector": "yes", "office": "yes", "administrator": "no"}
OWN, FOREIGN = "own", "foreign"
# Method and rule → who may; for rules with an object, own and foreign ones apart.
EXPECTED = {
    ("GET", "/account/sign-in"): ANYONE,
    ("POST", "/account/sign-in"): ANYONE,
    ("GET", "/account/code"): {**ANYONE, **dict.fromkeys(ROLES, "sign in")},
    ("POST", "/account/code"): {**ANYONE, **dict.fromkeys(ROLES, "sign in")},
    # It leads to sign-in in any case.
    ("POST", "/account/sign-out"): dict.fromkeys(ROLES, "sign in"),
    ("GET", "/account"): SIGNED_IN,
    ("POST", "/account/sessions/<int:session_id>/end"): {OWN: SIGNED_IN, FOREIGN: {**dict.fromkeys(ROLES, "no"), "anonymous": "sign in"}},
    ("POST", "/account/password"): SIGNED_IN,
    ("GET", "/account/second-factor"): SIGNED_IN,
    ("POST", "/account/second-factor"): SIGNED_IN,
    ("GET", "/link/<token>"): {OWN: ANYONE, FOREIGN: dict.fromkeys(ROLES, "no")},
    ("POST", "/link/<token>"): {OWN: ANYONE, FOREIGN: dict.fromkeys(ROLES, "no")},
    ("GET", "/staff"): SIGNED_IN,
    ("GET", "/producer/products"): PRODUCER,
    ("GET", "/office/register"): OFFICE,
    ("GET", "/inspector"): INSPECTOR,
}
# Pages of everybody, without a session at all.
PUBLIC = {
    ("GET", "/"),
    ("GET", "/S/<path:code>"),
    ("GET", "/s/<path:code>"),
    ("GET", "/01/<path:code>"),
    ("GET", "/lookup"),
    ("GET", "/lot"),
    ("POST", "/photograph"),
    ("GET", "/picture/<sha256>"),
    ("GET", "/.well-known/traceability-keys.json"),
    ("GET", "/.well-known/traceability-keys.json.sig"),
    ("GET", "/robots.txt"),
    ("GET", "/icon.svg"),
    ("GET", "/favicon.ico"),
    ("GET", "/report"),
    ("POST", "/report"),
}


@pytest.fixture
def dialect() -> str:
    """Who may do what does not depend on the database."""
    return "sqlite"


@pytest.fixture
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(secrets_kept, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    secrets_kept._nobodys_hash.cache_clear()


def routes(app) -> set[tuple[str, str]]:
    return {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}}


def test_every_route_is_classified_and_every_classified_route_is_there(app):
    assert routes(app) == set(EXPECTED) | PUBLIC


def test_a_staff_view_without_a_mark_is_open_to_nobody(app, cheap_hashes, workshop, services):
    app.add_url_rule("/office/forgotten", "forgotten", lambda: "secret")
    browser = signed_in(app, services, workshop, "office")
    for who in (browser, Browser(app)):
        assert who.get("/office/forgotten").status_code == 404


def signed_in(app, services, workshop, role: str) -> Browser:
    browser = Browser(app)
    if role == "anonymous":
        return browser
    staff_role = None if role == "producer" else role
    with acting(services.engine) as session:
        made = create_account(
            session, login=f"{role}@example.vn", name=role, password=PASSWORD, staff_role=staff_role, now=services.clock()
        )
        key = made.id
    if role == "producer":
        producer = workshop.producer()
        with acting(services.engine) as session:
            add_member(session, key, producer.id, "manager", now=services.clock())
    browser.sign_in(role)
    if staff_role:
        enrol(browser, services)
    return browser


def said(answer) -> str:
    if answer.status_code in (403, 404):
        return "no"
    leads_away = answer.status_code in (302, 303) and re.match(r"/account/(sign-in|code)", answer.location or "")
    return "sign in" if leads_away and not answer.request.path.startswith("/account/sign-in") else "yes"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", sorted(EXPECTED), ids=" ".join)
def test_who_may_open_what(app, services, workshop, cheap_hashes, role, route):
    expected = EXPECTED[route]
    cases = expected if OWN in expected else {"": expected}
    browser = signed_in(app, services, workshop, role)
    # The foreign object first: acting on one's own may end the session.
    for whose, by_role in sorted(cases.items()):
        path = fill(route[1], whose, services, role, browser)
        answer = browser.get(path) if route[0] == "GET" else post(browser, path)
        assert said(answer) == by_role[role], (whose, answer.status_code, answer.location)


def post(browser: Browser, path: str):
    """With a good token, so that it is access that is tested and not the token."""
    for form in ("/account", "/account/second-factor", "/account/sign-in"):
        found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(form).text)
        if found:
            return browser.client.post(path, data={"csrf_token": found[1]}, base_url="https://trace.example.vn")
    raise AssertionError("no form with a token")


def fill(rule: str, whose: str, services, role: str, browser: Browser) -> str:
    if "<token>" in rule:
        return rule.replace("<token>", invitation(services) if whose == OWN else "x" * 43)
    if "<int:session_id>" in rule:
        return rule.replace("<int:session_id>", str(session_id(services, role, browser) if whose == OWN else 4711))
    return rule


def invitation(services) -> str:
    with acting(services.engine) as session:
        office = create_account(session, login="inviter@example.vn", name="x", password=PASSWORD, staff_role="office", now=services.clock())
        by = principal_of(session, office.id)
        invite(session, Invitation("new@example.vn", staff_role="inspector"), token="i" * 43, by=by, now=services.clock())
    return "i" * 43


def session_id(services, role: str, browser: Browser) -> int:
    found = re.search(r"/account/sessions/(\d+)/end", browser.get("/account").text)
    return int(found[1]) if found else 1


def test_sessions_of_others_are_foreign(app, services, workshop, cheap_hashes):
    one, other = signed_in(app, services, workshop, "producer"), signed_in(app, services, workshop, "inspector")
    with acting(services.engine) as session:
        foreign = [row.id for account in (1, 2) for row in list_sessions(session, account)]
    mine = session_id(services, "producer", one)
    for number in set(foreign) - {mine}:
        assert post(one, f"/account/sessions/{number}/end").status_code == 404
    assert other.get("/account").status_code == 200
