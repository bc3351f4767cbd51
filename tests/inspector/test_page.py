"""The inspector's page, what it is made of, and checks that are judged again."""

import json
import posixpath
import re

import pytest
from sqlalchemy import select

from tests.domain.builders import signed_code
from tests.factories import HOST
from traceability.domain import keys, stamp
from traceability.models import Account, KeyAlarm, WebSession
from traceability.models.engine import acting, reading

SCRIPT = {"Sec-Fetch-Mode": "cors"}


@pytest.fixture
def dialect() -> str:
    """Pages do not depend on the database."""
    return "sqlite"


def ask(browser, path: str, **named):
    return browser.client.get(path, base_url="https://trace.example.vn", headers=SCRIPT, **named)


def check(browser, checks: object):
    token = browser.get("/inspector/pack").json["token"]
    return browser.client.post(
        "/inspector/checks",
        json=checks,
        base_url="https://trace.example.vn",
        headers={"X-CSRFToken": token, **SCRIPT},
    )


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_the_page_works_without_a_script_and_says_everything_in_its_language(inspector, language):
    page = inspector.get(f"/inspector?lang={language}")
    assert page.status_code == 200 and 'action="/lookup"' in page.text
    words = json.loads(re.search(r'id="words">(.*?)</script>', page.text)[1])
    assert {f"verdict_{name}" for name in ("ISSUED", "UNDETERMINED", "RECALLED")} <= set(words)
    if language == "en":
        assert words["reason_foreign_host"] == "It opens another address than ours."


def test_the_page_may_use_the_camera_and_no_other_page_may(inspector):
    policy = inspector.get("/inspector").headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy and "unsafe-inline" not in policy and "worker-src 'self'" in policy
    assert inspector.get("/inspector").headers["Permissions-Policy"].startswith("camera=(self)")
    assert inspector.get("/account").headers["Permissions-Policy"].startswith("camera=()")
    assert "wasm" not in inspector.get("/office/register").headers["Content-Security-Policy"]


def test_every_module_that_another_one_names_is_served_and_kept_by_the_worker(inspector):
    worker = inspector.get("/inspector/worker.js")
    assert worker.mimetype == "text/javascript" and worker.headers["Service-Worker-Allowed"] == "/inspector"
    kept = json.loads(re.search(r"FILES = (\[.*\]);", worker.text)[1])
    assert "/inspector/app/vendor/zxing/zxing_reader.wasm" in kept and len(re.search(r'VERSION = "(\w+)"', worker.text)[1]) == 16
    for path in kept:
        answer = inspector.get(path)
        assert answer.status_code == 200, path
        assert answer.mimetype == ("application/wasm" if path.endswith(".wasm") else "text/javascript")
        for name in re.findall(r'(?:from|import\() ?"(\.[^"]+)"', answer.text if path.endswith(".js") else ""):
            assert posixpath.normpath(f"{path}/../{name}") in kept, (path, name)
    assert "://" not in "".join(inspector.get(path).text for path in kept if "/vendor/" not in path and path.endswith(".js")).replace(
        "https://${host}", ""
    ).replace('"://"', "")


@pytest.mark.parametrize(
    "name", ["worker.js", "package.json", "npm-requirements.txt", "../forms.js", "%2e%2e/forms.js", "vendor/../judge.js"]
)
def test_nothing_else_of_the_folder_is_served(inspector, name):
    assert inspector.get(f"/inspector/app/{name}").status_code == 404


def test_the_app_can_be_installed(inspector):
    told = inspector.get("/inspector/app.webmanifest?lang=en")
    assert told.mimetype == "application/manifest+json"
    assert told.json["start_url"] == "/inspector?lang=en" and told.json["scope"] == "/inspector" and told.json["icons"]


def test_checks_are_judged_again_each_by_its_id(inspector, workshop):
    batch = workshop.stamped()
    texts = [f"https://{HOST}/S/{batch.code}", batch.code, "WIFI:S:x;P:y;;", "javascript:alert(1)", f"https://EXAMPLE.ORG/S/{batch.code}"]
    answer = check(inspector, {"checks": [{"id": str(number), "text": text} for number, text in enumerate(texts)]})
    assert [(row["id"], row["verdict"]) for row in answer.json["checks"]] == [
        *(("0", "ISSUED"), ("1", "ISSUED"), ("2", "MALFORMED"), ("3", "MALFORMED"), ("4", "MALFORMED"))
    ]


def test_a_check_that_only_a_stolen_key_can_make_raises_the_alarm_once(inspector, workshop, services):
    store = services.key_store.current()
    batch = workshop.stamped(form="signed")
    claims = stamp.format_claims(stamp.Claims(1, batch.code, gi_number=4711))
    code = signed_code(claims, keys.sign_claims(store.private_keys[1], HOST, claims))
    given = {"checks": [{"id": "a", "text": f"https://{HOST}/S/{code}"}]}
    for _ in range(3):
        assert check(inspector, given).json["checks"][0]["verdict"] == "UNKNOWN"
    with reading(services.engine) as session:
        alarm = session.scalars(select(KeyAlarm)).one()
        assert alarm.kid == 1 and alarm.times == 3


@pytest.mark.parametrize(
    "given",
    [
        *(None, [], {}, {"checks": "x"}, {"checks": [1]}, {"checks": [{"id": "a"}]}, {"checks": [{"id": "a", "text": ""}]}),
        *({"checks": [{"id": "a", "text": "x" * 2049}]}, {"checks": [{"id": "a", "text": "x"}] * 201}),
    ],
)
def test_checks_that_are_none_are_refused(inspector, given):
    assert check(inspector, given).status_code == 400


def test_without_a_token_nothing_is_taken(inspector):
    assert inspector.client.post("/inspector/checks", json={"checks": []}, base_url="https://trace.example.vn").status_code == 400


def test_a_phone_whose_session_ran_out_goes_on_and_one_that_somebody_ended_must_forget(inspector, services, clock):
    assert ask(inspector, "/inspector/pack").status_code == 200
    clock.advance(hours=3)
    assert ask(inspector, "/inspector/pack").status_code == 401
    with acting(services.engine) as session:
        for row in session.scalars(select(WebSession)):
            row.ended_at = services.clock()
    assert ask(inspector, "/inspector/pack").status_code == 410


def test_a_phone_whose_account_is_disabled_must_forget(inspector, services):
    with acting(services.engine) as session:
        session.scalars(select(Account)).one().disabled_at = services.clock()
    assert ask(inspector, "/inspector/pack").status_code == 410
    inspector.client.delete_cookie("__Host-session", domain="trace.example.vn")
    assert ask(inspector, "/inspector/pack").status_code == 401
