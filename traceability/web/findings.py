"""What inspectors found: taken from phones, exactly once, and listed for inspectors and the office."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from traceability.domain.address import StampText, parse_any
from traceability.domain.errors import Malformed, Refused
from traceability.domain.inspection import CHECKED, MOST_PHOTOGRAPHS, RESULTS, SEIZED_UNITS, Finding
from traceability.domain.keys import parse_instant
from traceability.domain.verdict import Verdict
from traceability.models.engine import reading
from traceability.operations.inspect import KeptPhotograph, fetch_finding, find_sent, list_findings, record_finding
from traceability.operations.scan import Found, look_up
from traceability.pictures import store_page
from traceability.web.access import open_to, principal, takes_files
from traceability.web.acts import doing
from traceability.web.languages import choose_language
from traceability.web.services import services
from traceability.web.wording import check_result
from traceability.wording import word_refusal

findings = Blueprint("findings", __name__)
_TEXTS = {"id_on_phone", "stamp_text", "verdict", "place", "result"}


@findings.post("/inspector/findings")
@open_to("inspector")
@takes_files
def take() -> ResponseReturnValue:
    """Takes one finding with its photographs. The same one again answers like the first time and leaves nothing new."""
    try:
        finding = _read(request.form.get("finding", ""))
        number, is_new = _take(finding)
    except Refused as refused:
        return jsonify(error=refused.code, words=word_refusal(refused)), 400
    return jsonify(number=number, new=is_new), 201 if is_new else 200


def _take(finding: Finding) -> tuple[int, bool]:
    around, by = services(), principal()
    with reading(around.engine) as session:
        known = find_sent(session, finding.id_on_phone)
        if known is not None:
            return known.id, False
        found = judge_anew(finding.stamp_text)
    with _kept_photographs(finding) as photographs:
        with doing("record_finding") as session:
            row, is_new = record_finding(session, finding, found, photographs, by=by, body=around.settings.operator, now=around.clock())
            number = row.id
        if not is_new:
            _forget(photographs)
    return number, is_new


def judge_anew(text: str) -> Found:
    """What the register says of a text that a phone has scanned."""
    around = services()
    try:
        read: StampText | Malformed = parse_any(text, around.key_store.current().keyring.hosts, test_mode=around.settings.test_mode)
    except Malformed as fault:
        read = fault
    with reading(around.engine) as session:
        return look_up(session, read, keys=around.scan_keys, language=choose_language(), now=around.clock())


@contextmanager
def _kept_photographs(finding: Finding) -> Iterator[list[KeptPhotograph]]:
    """The photographs, re-encoded and written; removed again where the finding is not taken. Refused: `finding_photographs`."""
    files = request.files.getlist("photograph")
    if len(files) > MOST_PHOTOGRAPHS:
        raise Refused("finding_photographs")
    taken = [file.read() for file in files]
    if sorted(sha256(content).hexdigest() for content in taken) != sorted(finding.photographs):
        raise Refused("finding_photographs")
    kept: list[KeptPhotograph] = []
    try:
        for content in taken:
            stored = store_page(content)
            name = services().uploads.put(stored.content)
            kept.append(KeptPhotograph(sha256(content).hexdigest(), name, stored.sha256, len(stored.content)))
        yield kept
    except BaseException:
        _forget(kept)
        raise


def _forget(photographs: list[KeptPhotograph]) -> None:
    for photograph in photographs:
        services().uploads.remove(photograph.name)


def _read(text: str) -> Finding:
    """The finding of a phone's JSON. Refused: `finding_form` where it is not what our page sends."""
    try:
        given = json.loads(text)
        if not isinstance(given, dict) or not set(given) <= {column.name for column in fields(Finding)}:
            raise Refused("finding_form")
        if not all(isinstance(given.get(name), str) and 0 < len(given[name]) <= 2048 for name in _TEXTS):
            raise Refused("finding_form")
        if given["verdict"] not in Verdict.__members__ or "\0" in text or "\\u0000" in text:
            raise Refused("finding_form")
        return Finding(**{**given, **_parsed(given)})
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused("finding_form") from None


def _parsed(given: dict[str, Any]) -> dict[str, Any]:
    for name, kinds in (("seized", int), ("pack_number", int), ("latitude", int | float), ("longitude", int | float)):
        if given.get(name) is not None and (not isinstance(given[name], kinds) or isinstance(given[name], bool)):
            raise Refused("finding_form")
    for name in ("words", "seized_unit", "explained_to"):
        if given.get(name) is not None and not isinstance(given[name], str):
            raise Refused("finding_form")
    lists = {name: tuple(str(value) for value in given.get(name, ())) for name in ("checked", "photographs")}
    if not 0 <= (given.get("pack_number") or 0) < 2**31:
        raise Refused("finding_form")
    return {
        **lists,
        "words": given.get("words") or "",
        "found_at": parse_instant(given["found_at"]),
        "correct_by": date.fromisoformat(given["correct_by"]) if given.get("correct_by") else None,
    }


# ---------------------------------------------------------------------------------------------------------------- lists


@findings.get("/inspector/findings")
@open_to("inspector", "office")
def list_all() -> ResponseReturnValue:
    """What was found, newest first, with search."""
    search, result = request.args.get("search", "").strip()[:100], request.args.get("state", "")
    page = min(max(request.args.get("page", 0, type=int), 0), 10_000)
    with reading(services().engine) as session:
        rows, more = list_findings(session, principal(), search=search, result=result if result in RESULTS else "", page=page)
    return render_template("inspector/findings.html", rows=rows, more=more, search=search, result=result, page=page, results=result_words())


@findings.get("/inspector/findings/<int:finding_id>")
@open_to("inspector", "office")
def show(finding_id: int) -> ResponseReturnValue:
    """One finding with its photographs."""
    with reading(services().engine) as session:
        row = fetch_finding(session, principal(), finding_id)
    return render_template("inspector/finding.html", row=row, results=result_words(), checked=checked_words(), units=unit_words())


@findings.get("/inspector/findings/<int:finding_id>/photographs/<int:photograph_id>")
@open_to("inspector", "office")
def photograph(finding_id: int, photograph_id: int) -> ResponseReturnValue:
    """A photograph of a finding: for whoever may see the finding, and nobody else."""
    with reading(services().engine) as session:
        row = fetch_finding(session, principal(), finding_id)
        name = next((kept.name for kept in row.finding.photographs if kept.id == photograph_id), "")
    content = services().uploads.get(name)
    if content is None:
        abort(404)
    answer: Response = make_response(content)
    answer.mimetype = "image/webp"
    return answer


def result_words() -> dict[str, str]:
    """The results in words."""
    return {name: check_result(name) for name in RESULTS}


def checked_words() -> dict[str, str]:
    """What can be checked, in words."""
    words = (
        *(gettext("label"), gettext("lot number"), gettext("dates"), gettext("weight")),
        *(gettext("stars"), gettext("geographical indication"), gettext("documents")),
    )
    return dict(zip(CHECKED, words, strict=True))


def unit_words() -> dict[str, str]:
    """What seized goods are counted in, in words."""
    words = (
        *(gettext("packs"), gettext("bags"), gettext("boxes"), gettext("bottles"), gettext("jars")),
        *(gettext("kg"), gettext("litres")),
    )
    return dict(zip(SEIZED_UNITS, words, strict=True))
