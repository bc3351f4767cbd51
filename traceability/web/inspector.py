"""The inspector's page and what it is made of, and the checks that phones made without a network."""

import json
from functools import cache
from hashlib import sha256
from typing import Any

from flask import Blueprint, abort, jsonify, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from traceability.config import PROJECT
from traceability.models.engine import acting
from traceability.operations.scan import raise_key_alarm
from traceability.web.access import open_to
from traceability.web.findings import checked_words, judge_anew, result_words, unit_words
from traceability.web.inspector_words import words
from traceability.web.languages import choose_language
from traceability.web.services import services

inspector = Blueprint("inspector", __name__)
_FOLDER = PROJECT / "traceability" / "static" / "inspector"
_TYPES = {".js": "text/javascript", ".wasm": "application/wasm"}
_MOST_CHECKS = 200
_LONGEST_TEXT = 2048


@inspector.get("/inspector")
@open_to("inspector", "office")
def page() -> ResponseReturnValue:
    """Scan, verdict, age of what is known. Without a script it looks codes up on the server."""
    around = services()
    lists = {"results": result_words(), "checked": checked_words(), "units": unit_words()}
    return render_template("inspector/page.html", words=words(), app=_address("app.js"), test_mode=around.settings.test_mode, **lists)


@inspector.get("/inspector/app/<path:name>")
@open_to("inspector", "office")
def module(name: str) -> ResponseReturnValue:
    """A module of the page, or what it takes from others."""
    if name not in _modules():
        abort(404)
    answer = make_response((_FOLDER / name).read_bytes())
    answer.mimetype = _TYPES[(_FOLDER / name).suffix]
    return answer


@inspector.get("/inspector/worker.js")
@open_to("inspector", "office")
def worker() -> ResponseReturnValue:
    """What keeps the page on the phone, under a version that changes with any module."""
    text = (_FOLDER / "worker.js").read_text("utf-8")
    files = json.dumps([_address(name) for name in _modules()])
    answer = make_response(text.replace("{version}", _version()).replace("{files}", files))
    answer.mimetype = "text/javascript"
    answer.headers["Service-Worker-Allowed"] = "/inspector"
    return answer


@inspector.get("/inspector/app.webmanifest")
@open_to("inspector", "office")
def manifest() -> ResponseReturnValue:
    """What makes the page installable."""
    language = choose_language()
    told = {
        "name": f"{services().settings.public_host.lower()} · {gettext('Check stamps')}",
        "short_name": services().settings.public_host.lower(),
        "start_url": url_for("inspector.page", lang=language),
        "scope": "/inspector",
        "display": "standalone",
        "lang": language,
        "background_color": "#fbf8f2",
        "theme_color": "#26336b",
        "icons": [{"src": url_for("public.icon"), "sizes": "any", "type": "image/svg+xml"}],
    }
    answer = jsonify(told)
    answer.mimetype = "application/manifest+json"
    return answer


@inspector.post("/inspector/checks")
@open_to("inspector", "office")
def checks() -> ResponseReturnValue:
    """Judges again, with the register, what a phone judged without: what only a stolen key can make raises the alarm."""
    given = request.get_json(silent=True)
    asked = given.get("checks") if isinstance(given, dict) else None
    if not isinstance(asked, list) or len(asked) > _MOST_CHECKS or not all(_is_check(check) for check in asked):
        abort(400)
    return jsonify(checks=[{"id": check["id"], **_judge_again(check["text"])} for check in asked])


def _is_check(check: Any) -> bool:
    if not isinstance(check, dict):
        return False
    return all(isinstance(check.get(name), str) and 0 < len(check[name]) <= _LONGEST_TEXT for name in ("id", "text"))


def _judge_again(text: str) -> dict[str, object]:
    found, around = judge_anew(text), services()
    if found.shows_stolen_key:
        with acting(around.engine) as session:
            raise_key_alarm(session, found, now=around.clock())
    return {"verdict": found.judgement.verdict.value, "reasons": list(found.judgement.reasons), "unit": found.judgement.unit}


def _address(name: str) -> str:
    return url_for("inspector.module", name=name)


@cache
def _modules() -> tuple[str, ...]:
    """The names of all that the page loads, under the folder."""
    own = [path for path in _FOLDER.glob("*.js") if path.name != "worker.js"]
    return tuple(sorted(path.relative_to(_FOLDER).as_posix() for path in (*own, *(_FOLDER / "vendor").rglob("*.*"))))


@cache
def _version() -> str:
    """A digest of all of them."""
    digest = sha256()
    for name in (*_modules(), "worker.js"):
        digest.update(name.encode() + b"\0" + (_FOLDER / name).read_bytes())
    return digest.hexdigest()[:16]
