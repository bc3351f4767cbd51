"""Each answer's number, and logs without persons."""

import json
import logging
import re

import pytest

from tests.factories import PUBLIC_URL
from traceability import create_app
from traceability.config import read_settings
from traceability.web import public
from traceability.web.request_log import _Json, _Plain

NUMBER = re.compile(r"[0-9a-f]{16}")


@pytest.fixture
def dialect() -> str:
    """Numbers do not depend on the database."""
    return "sqlite"


def test_each_answer_of_flask_has_a_number_of_its_own(client):
    numbers = [client.get("/").headers["X-Request-Id"] for _ in range(3)]
    assert len(set(numbers)) == 3 and all(map(NUMBER.fullmatch, numbers))


@pytest.mark.parametrize("given", ["abcdefgh-123", "short", "a" * 65, "with space in it", ""])
def test_a_number_is_taken_from_a_trusted_proxy_only_and_only_a_sound_one(database_url, tmp_path, app, client, given):
    assert client.get("/", headers={"X-Request-Id": given}).headers["X-Request-Id"] != given
    environment = {"DATABASE_URL": database_url, "INSTANCE": str(tmp_path / "instance"), "PUBLIC_URL": PUBLIC_URL, "TRUSTED_PROXIES": "1"}
    behind = create_app(read_settings(environment))
    answer = behind.test_client().get("/", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) == (given == "abcdefgh-123")
    behind.extensions["traceability"].close()


def test_a_mistake_of_ours_shows_the_number_that_the_log_has(client, monkeypatch, caplog):
    def fail(*_arguments, **_named):
        raise RuntimeError("a mistake")

    monkeypatch.setattr(public, "render_template", fail)
    answer = client.get("/?lang=en")
    number = answer.headers["X-Request-Id"]
    assert answer.status_code == 500 and f"if you call us: {number}" in answer.text
    assert any(record.__dict__.get("answer", {}).get("status") == 500 for record in caplog.records)


def test_lines_are_json_objects_with_the_request_s_number(app):
    record = logging.LogRecord("traceability.x", logging.ERROR, "", 1, "it %s", ("failed",), None)
    record.answer = {"status": 500}
    with app.test_request_context("/"):
        app.preprocess_request()
        line = json.loads(_Json().format(record))
        assert {"level": "error", "from": "traceability.x", "says": "it failed", "status": 500}.items() <= line.items()
        assert NUMBER.fullmatch(line["request"]) and line["request"] in _Plain().format(record)
    assert "request" not in json.loads(_Json().format(record))


def test_no_line_holds_anything_of_a_person(client, workshop, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG, logger="traceability")
    person = {"REMOTE_ADDR": "203.0.113.77"}
    headers = {"User-Agent": "SecretPhone/1.0"}
    batch = workshop.stamped(units=3)
    path = workshop.path(batch, unit=2)
    for asked in (path, f"{path}?who=geheim", "/S/7K3MQ9X2ABCT", "/lookup?code=geheim"):
        client.get(asked, headers=headers, environ_base=person)
    client.post("/account/sign-in", data={"login": "giang@example.vn", "password": "geheim"}, headers=headers, environ_base=person)
    client.post("/report", data={"kind": "other", "words": "geheim", "stamp": batch.code, "key": "k"}, headers=headers, environ_base=person)
    monkeypatch.setattr(public, "render_template", lambda *_, **__: 1 / 0)
    client.get("/?q=geheim", headers=headers, environ_base=person)
    lines = "\n".join(_Json().format(record) for record in caplog.records if record.name.startswith("traceability"))
    assert "answered" in lines
    for secret in ("203.0.113.77", "SecretPhone", "giang", "geheim", path[-12:]):
        assert secret not in lines
