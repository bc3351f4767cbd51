"""Following one batch without an account or an address: a web feed (Atom, RFC 4287), and its status for machines."""

from xml.etree import ElementTree as ET

from flask import Blueprint, Response, abort, jsonify, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from traceability.domain import base32
from traceability.domain.errors import Malformed
from traceability.domain.keys import format_instant
from traceability.models.engine import reading
from traceability.operations.news import BatchNews, News, fetch_news
from traceability.web.languages import choose_language
from traceability.web.services import services
from traceability.web.wording import check_result

follow = Blueprint("follow", __name__)
_ATOM = "http://www.w3.org/2005/Atom"
_KEPT_S = 60


@follow.get("/feed/<code>")
def feed(code: str) -> ResponseReturnValue:
    """What was said about a batch since it was stamped: recalls, their end, official checks."""
    news = _news(code)
    ET.register_namespace("", _ATOM)
    root = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": choose_language()})
    here = services().settings.public_url
    _add(root, "id", f"{here}/feed/{news.code}")
    _add(root, "title", f"{news.product}, {gettext('Lot')} {news.lot or base32.grouped(news.code)}")
    _add(root, "updated", format_instant(max((item.at for item in news.items), default=news.since)))
    ET.SubElement(
        root, f"{{{_ATOM}}}link", {"rel": "self", "href": f"{here}{url_for('follow.feed', code=news.code, lang=choose_language())}"}
    )
    ET.SubElement(root, f"{{{_ATOM}}}link", {"rel": "alternate", "href": f"{here}{news.path}"})
    _add(ET.SubElement(root, f"{{{_ATOM}}}author"), "name", services().settings.operator)
    for item in news.items:
        entry = ET.SubElement(root, f"{{{_ATOM}}}entry")
        _add(entry, "id", f"{here}/feed/{news.code}#{item.key}")
        _add(entry, "title", _title(item))
        _add(entry, "updated", format_instant(item.at))
        _add(entry, "summary", item.words or _title(item))
        ET.SubElement(entry, f"{{{_ATOM}}}link", {"rel": "alternate", "href": f"{here}{news.path}"})
    content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return _kept(make_response(content), "application/atom+xml")


@follow.get("/status/<code>")
def status(code: str) -> ResponseReturnValue:
    """The same for machines: whether a recall of a batch is in force, of which units, and what it says."""
    news, now = _news(code), services().clock()
    recalls = [
        {
            "units": list(item.units) if item.units else None,
            "from": format_instant(item.at),
            "until": format_instant(item.until) if item.until else None,
            "in_force": item.at <= now and (item.until is None or now < item.until),
            "words": item.words,
        }
        for item in news.items
        if item.kind == "recall"
    ]
    told = {"code": news.code, "as_of": format_instant(now), "recalled": any(row["in_force"] for row in recalls), "recalls": recalls}
    return _kept(jsonify(told), "application/json")


def _news(code: str) -> BatchNews:
    folded = base32.fold(code)
    try:
        base32.check_code(folded) if len(folded) == 12 else abort(404)
    except Malformed:
        abort(404)
    with reading(services().engine) as session:
        news = fetch_news(session, folded, choose_language())
    if news is None:
        abort(404)
    return news


def _title(item: News) -> str:
    titles = {
        "recall": gettext("Recalled"),
        "lifted": gettext("The recall was lifted"),
        "check": f"{gettext('Official checks')}: {check_result(item.result) if item.result else ''}",
    }
    return titles[item.kind]


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}{name}").text = text


def _kept(answer: Response, media_type: str) -> Response:
    answer.mimetype = media_type
    answer.headers["Cache-Control"] = f"public, max-age={_KEPT_S}"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
