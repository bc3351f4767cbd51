"""How often one address may try, and that nobody gets around it by what they say of themselves."""

import time
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import limits.storage.memory
import limits.strategies
import pytest

from tests.accounts.test_sign_in import Browser, browser, people
from traceability import create_app
from traceability.web.limits import sender_address

__all__ = ["browser", "people"]
PATHS = ("/account/sign-in", "/account/forgot", "/link/" + "x" * 43)
A_MINUTE = 30


@pytest.fixture
def dialect() -> str:
    """Limits do not depend on the database."""
    return "sqlite"


@pytest.fixture(autouse=True)
def one_moment(monkeypatch):
    """All tries of a test come at once: of those of the minute before ever fewer count, so that a slow run would be let in again."""
    now = time.time()
    moment = SimpleNamespace(time=lambda: now)
    for module in (limits.storage.memory, limits.strategies):
        monkeypatch.setattr(module, "time", moment)


@pytest.fixture
def behind(services, clock):
    """An app behind so many proxies."""
    made = []

    def do(proxies: int):
        made.append(create_app(replace(services.settings, trusted_proxies=proxies), clock))
        return made[-1]

    yield do
    for app in made:
        app.extensions["traceability"].engine.dispose()


# No login twice: each has a limit of its own.
_logins = (f"n{number}@example.vn" for number in count())


def tries(browser: Browser, path: str, many: int, **headers: str) -> list[int]:
    """The statuses of that many tries."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    token = browser.get("/account/sign-in").text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "login": "", "password": "x", "code": "1"}
    base_url = "https://trace.example.vn"
    return [
        browser.client.post(path, data={**fields, "login": next(_logins)}, base_url=base_url, headers=named).status_code
        for _ in range(many)
    ]


@pytest.mark.parametrize("path", PATHS)
def test_one_address_may_try_only_so_often(browser, path):
    statuses = tries(browser, path, A_MINUTE + 3)
    assert 429 not in statuses[:A_MINUTE] and statuses[A_MINUTE:] == [429] * 3


def test_above_the_limit_the_form_comes_again_with_when_to_try(browser):
    tries(browser, "/account/sign-in", A_MINUTE)
    answer = browser.post("/account/sign-in", login="lan@example.vn", password="x")
    assert answer.status_code == 429 and 'role="alert"' in answer.text
    assert 'value="lan@example.vn"' in answer.text and 'name="csrf_token"' in answer.text
    assert 1 <= int(answer.headers["Retry-After"]) <= 3600


def test_a_code_is_limited_too(browser, people, services):
    from tests.accounts.test_sign_in import enrol

    browser.sign_in("lan")
    enrol(browser, services)
    browser.post("/account/sign-out", form_at="/account")
    browser.sign_in("lan")
    statuses = tries(browser, "/account/code", A_MINUTE + 2)
    assert statuses[-2:] == [429, 429]
    assert 'id="code"' in browser.post("/account/code", code="1").text


def test_a_limit_on_one_form_does_not_close_the_others_nor_the_pages(browser, workshop):
    batch = workshop.stamped()
    tries(browser, "/account/sign-in", A_MINUTE + 1)
    assert browser.get("/account/sign-in").status_code == 200
    assert browser.get(f"/S/{batch.code}").status_code == 200
    assert tries(browser, "/account/forgot", 1) == [200]


def test_without_trusted_proxies_a_header_evades_nothing(behind):
    browser = Browser(behind(0))
    statuses = [tries(browser, "/account/sign-in", 1, X_Forwarded_For=f"203.0.113.{number}")[0] for number in range(A_MINUTE + 1)]
    assert statuses[-1] == 429 and 429 not in statuses[:-1]


def test_behind_one_proxy_only_the_hop_that_it_wrote_counts(behind):
    browser = Browser(behind(1))
    for number in range(A_MINUTE):
        assert tries(browser, "/account/sign-in", 1, X_Forwarded_For=f"198.51.100.{number}, 203.0.113.7") == [400]
    assert tries(browser, "/account/sign-in", 1, X_Forwarded_For="192.0.2.1, 203.0.113.7") == [429]
    assert tries(browser, "/account/sign-in", 1, X_Forwarded_For="203.0.113.7, 203.0.113.8") == [400]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("somewhere", "unknown"),
    ],
)
def test_an_ipv6_network_counts_as_one(app, address, counted):
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert sender_address() == counted


def test_no_request_but_those_of_limited_forms_is_hooked(app):
    hooks = [*app.before_request_funcs.get(None, []), *app.after_request_funcs.get(None, []), *app.teardown_request_funcs.get(None, [])]
    assert not [hook for hook in hooks if "limiter" in repr(hook).lower()]
