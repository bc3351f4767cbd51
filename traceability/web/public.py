"""What anybody may open: a scanned stamp, the front page, and a report of something odd. No login, no cookie, no script."""

import logging
import re
from contextlib import closing
from datetime import datetime
from functools import cache
from hashlib import sha256 as digest
from time import perf_counter
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from traceability import pictures
from traceability.config import PROJECT
from traceability.domain import gs1
from traceability.domain.address import LONGEST, StampText, parse_any
from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import Malformed, Refused
from traceability.domain.misread import explain_code
from traceability.journal.record import FORMS, VERDICTS
from traceability.models.engine import acting, reading
from traceability.operations.kept_files import is_public_picture
from traceability.operations.origin import seen
from traceability.operations.public_facts import fetch_picture, fetch_product, sample_stamps
from traceability.operations.scan import Found, judge_text, look_up, open_page, parse_unverified_path, raise_key_alarm
from traceability.web import linked_data
from traceability.web.fast_path import BEGAN, LINKED_DATA
from traceability.web.known_stamps import KnownStamp, batch_key
from traceability.web.languages import choose_language
from traceability.web.metrics import MISS
from traceability.web.services import scans, services
from traceability.web.stamp_page import draw_known, own_of, page_key
from traceability.web.wording import word_verdict
from traceability.wording import word_refusal

public = Blueprint("public", __name__)
_log = logging.getLogger(__name__)
_STATUSES = {"MALFORMED": 400, "UNKNOWN": 404}
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@public.get("/")
def front() -> ResponseReturnValue:
    """The front page: look a code up."""
    samples: list[tuple[str, str]] = []
    if services().settings.test_mode:
        with reading(services().engine) as session:
            samples = sample_stamps(session, choose_language())
    return render_template("public/front.html", samples=samples)


@public.get("/S/<path:code>")
@public.get("/s/<path:code>")
@public.get("/01/<path:code>")
def scan(code: str) -> ResponseReturnValue:
    """A stamp, at the address that is printed."""
    return answer_path()


def answer_path() -> ResponseReturnValue:
    """Judges the path of this request and answers with the page of what it means."""
    unverified = _read_path()
    return _answer(unverified)


def _read_path() -> StampText | Malformed:
    # The server has percent-decoded the path once, into bytes that WSGI hands over as Latin-1; broken UTF-8 is our fault to
    # name, where the framework would quietly replace it.
    try:
        path = request.environ["PATH_INFO"].encode("latin-1").decode("utf-8")
    except UnicodeError:
        return Malformed("encoding")
    return parse_unverified_path(path)


def _answer(unverified: StampText | Malformed, typed: str | None = None) -> ResponseReturnValue:
    around, language = services(), choose_language()
    if not around.watch.is_fresh() and around.watch.is_unreachable and isinstance(unverified, StampText):
        raise RegisterUnreachable
    now, epoch = around.clock(), around.known.epoch
    key = batch_key(unverified)
    with reading(around.engine) as session:
        facts = around.known.facts_of(key) if key else None
        found = judge_text(session, unverified, keys=around.scan_keys, language=language, now=now, facts=facts)
        if found.facts and not facts:
            around.known.keep_facts(key, found.facts, epoch)
        if found.is_identified:
            wants_data = request.accept_mimetypes.best_match(("text/html", LINKED_DATA)) == LINKED_DATA
            return _linked(session, found, now) if wants_data else _stamp_page(session, found, now, epoch)
    if isinstance(unverified, StampText) and unverified.form == "gs1_product":
        return _product_page(unverified.gtin or "")
    if found.shows_stolen_key:
        _note_stolen_key(found)
    _record(found, now)
    return _verdict_page(found, typed), _STATUSES.get(found.judgement.verdict.value, 200)


def _stamp_page(session: Session, found: Found, now: datetime, epoch: int) -> Response:
    """The page of an identified stamp, which from now on is known by heart."""
    around, language = services(), choose_language()
    assert found.facts is not None and isinstance(found.read, StampText)
    key, batch_id, unit = page_key(found, language), found.facts.batch_id, found.judgement.unit
    page = around.known.page(key, now)
    if page is None:
        origin = open_page(session, found, language=language, now=now)
        page = draw_known(found, origin, around.settings.public_url, now)
        around.known.keep_page(key, page, epoch)
    count = around.known.count(batch_id, unit or 0, lambda: seen(session, batch_id, unit))
    serial, tail = own_of(found.read)
    stamp = KnownStamp(page, count, unit=unit or 0, serial=serial, tail=tail)
    around.known.keep_stamp((request.environ["PATH_INFO"], language), stamp)
    client = scans().client_of(request.environ)
    status, headers, body = scans().answer(stamp, client, now, True, request.environ)
    return Response(body, status, headers)


def _record(found: Found, now: datetime) -> None:
    """Writes down that somebody scanned what names a batch of ours, but is none of its stamps."""
    if isinstance(found.read, StampText) and found.facts is not None:
        client, form, verdict = scans().client_of(request.environ), FORMS.index(found.read.form), found.judgement.verdict.value
        visitor = scans().visitor(request.environ, now.timestamp())
        told, place = VERDICTS.index(verdict), scans().place_of(request.environ)
        scans().record(found.facts.batch_id, 0, form, told, client.kind, visitor, now.timestamp(), place)
        scans().tally.scan(VERDICTS.index(verdict), client.kind, perf_counter() - request.environ[BEGAN], MISS)


def _note_stolen_key(found: Found) -> None:
    """An alarm is noted whoever or whatever asked: a forger's own test counts."""
    around = services()
    try:
        with acting(around.engine) as session:
            raise_key_alarm(session, found, now=around.clock())
    except SQLAlchemyError as error:
        _log.warning("an alarm could not be recorded: %s", error.__class__.__name__)
    assert isinstance(found.read, StampText) and found.read.claims_bytes
    _log.warning("a good signature of key %s stands under a stamp that was never issued", found.read.claims_bytes[1])


class RegisterUnreachable(Exception):
    """The register was asked a moment ago and did not answer: what is not known by heart cannot be judged."""


def visitor() -> bytes:
    """The hash of who asks, today."""
    around = services()
    return around.visitors.hash(request.remote_addr or "", request.headers.get("User-Agent", ""), day_in_vietnam(around.clock()))


def sender() -> bytes:
    """The hash of the address from which a report comes, today: another browser does not make another sender."""
    around = services()
    return around.visitors.hash(request.remote_addr or "", "report", day_in_vietnam(around.clock()))


def _linked(session: Session, found: Found, now: datetime) -> Response:
    page = open_page(session, found, language=choose_language(), now=now)
    path = _canonical_path(found) or request.path
    answer = jsonify(linked_data.describe(page, services().settings.public_url + path))
    answer.mimetype = LINKED_DATA
    assert found.facts is not None and isinstance(found.read, StampText)
    kind = scans().client_of(request.environ).kind
    form, verdict = FORMS.index(found.read.form), VERDICTS.index(page.verdict)
    visitor = scans().visitor(request.environ, now.timestamp())
    place = scans().place_of(request.environ)
    scans().record(found.facts.batch_id, found.judgement.unit or 0, form, verdict, kind, visitor, now.timestamp(), place)
    return answer


def _canonical_path(found: Found) -> str | None:
    return found.read.canonical_path if isinstance(found.read, StampText) else None


def _verdict_page(found: Found, typed: str | None) -> str:
    text = typed if typed is not None else request.path.rpartition("/")[2]
    faults = {"check_character", "alphabet", "length"} & set(found.judgement.reasons)
    return render_template(
        "public/verdict.html",
        verdict=word_verdict(found),
        blocks=explain_code(text) if faults and len(text) < 100 else (),
        recalls=found.recalls,
        stamp_path=(_canonical_path(found) or typed or request.path)[:300],
        typed=text[:100] if faults or typed else "",
    )


def _product_page(gtin: str, lot: str = "", problem: str | None = None) -> ResponseReturnValue:
    with reading(services().engine) as session:
        product = fetch_product(session, gtin, choose_language())
    status = 400 if problem else (200 if product else 404)
    return render_template("public/product.html", product=product, gtin=gtin, lot=lot, problem=problem), status


@public.get("/lookup")
def look_up_code() -> ResponseReturnValue:
    """A code as a person typed it, or an address as a person pasted it."""
    typed = request.args.get("code", "").strip()[: LONGEST + 1]
    gtin = _typed_gtin(typed)
    return _see(parse_unverified_path(f"/01/{gtin}") if gtin else read_any(typed), typed)


@public.get("/lot")
def look_up_lot() -> ResponseReturnValue:
    """The lot that a person added to a product's number."""
    gtin, lot = request.args.get("gtin", ""), request.args.get("lot", "").strip()
    read = parse_unverified_path(f"/01/{gtin}/10/{lot}")
    if isinstance(read, StampText) and read.form == "gs1":
        return _see(read, lot)
    product = _typed_gtin(gtin)
    if product is not None and isinstance(read, Malformed) and read.fault in ("lot", "path", "qualifiers"):
        return _product_page(product, lot, gettext("A lot number has 1 to 20 letters, digits or signs, without “/” and without accents."))
    return _answer(read, gtin)


@public.post("/photograph")
def look_up_picture() -> ResponseReturnValue:
    """A photograph of a stamp, read and not kept."""
    upload = request.files.get("picture")
    try:
        if upload is None or not upload.filename:
            raise Refused("picture_missing")
        with closing(upload):
            text = pictures.read_stamp(upload.stream.read(pictures.MOST_BYTES + 1))
    except Refused as refused:
        status = 503 if refused.code == "picture_busy" else 400
        return render_template("public/front.html", problem=word_refusal(refused)), status
    # A symbol holds an address; what else one may hold is no stamp.
    return _see(read_any(text if "://" in text else f"://{text}"), text)


def _typed_gtin(typed: str) -> str | None:
    """The number under a bar code, which people take for the stamp's: it leads to the product, which asks for the lot."""
    try:
        return gs1.parse_gtin(typed.replace(" ", ""))
    except Malformed:
        return None


def read_any(text: str) -> StampText | Malformed:
    """What a person typed, pasted or photographed, or what is wrong with it."""
    around = services()
    try:
        return parse_any(text, around.key_store.current().keyring.hosts, test_mode=around.settings.test_mode)
    except Malformed as fault:
        return fault


def _see(read: StampText | Malformed, text: str) -> ResponseReturnValue:
    """To the stamp's own address: 303, so that reloading does not send the form again.

    What does not stand under its own host is answered in place: the bare path would be tried under all hosts.
    """
    if isinstance(read, Malformed) or (read.form == "signed" and read.host and not _stands_under_its_host(read)):
        return _answer(read, text)
    path = read.canonical_path or f"/01/{read.gtin}"
    language = request.args.get("lang")
    return redirect(quote(path, safe="/%") + (f"?lang={quote(language)}" if language else ""), 303)


def _stands_under_its_host(read: StampText) -> bool:
    around = services()
    with reading(around.engine) as session:
        found = look_up(session, read, keys=around.scan_keys, language=choose_language(), now=around.clock())
    return found.page is not None


@public.get("/picture/<sha256>")
def picture(sha256: str) -> ResponseReturnValue:
    """A product's picture; its address names its content, so it may be kept for ever."""
    found = None
    if _SHA256.fullmatch(sha256):
        with reading(services().engine) as session:
            found = fetch_picture(session, sha256) if is_public_picture(session, sha256) else None
    if found is None:
        return render_template("public/error.html", title=gettext("Not found"), sentence=gettext("There is no such picture.")), 404
    answer = make_response(found[1])
    answer.mimetype = found[0]
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


@public.get("/.well-known/traceability-keys.json")
def key_file() -> ResponseReturnValue:
    """The public keys, exactly as the root key signed them."""
    return _plain(services().key_store.current().content, "application/json")


@public.get("/.well-known/traceability-keys.json.sig")
def key_file_signature() -> ResponseReturnValue:
    """The root key's signature of the key file."""
    return _plain(services().key_store.current().signature, "text/plain")


def _plain(content: bytes, media_type: str) -> Response:
    answer = make_response(content)
    answer.mimetype = media_type
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


@public.get("/forms.js")
def script() -> ResponseReturnValue:
    """The one script: staff forms keep what is typed. Its address carries its digest, so it may be kept for ever."""
    answer = make_response(_script())
    answer.mimetype = "text/javascript"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def script_version() -> str:
    """The digest that stands in the script's address."""
    return digest(_script().encode("utf-8")).hexdigest()[:12]


@cache
def _script() -> str:
    return (PROJECT / "traceability" / "static" / "forms.js").read_text("utf-8")


@public.get("/robots.txt")
def robots() -> ResponseReturnValue:
    """Search engines may read the front page; a stamp is between its pack and whoever holds it."""
    lines = "User-agent: *\nDisallow: /S/\nDisallow: /s/\nDisallow: /01/\nDisallow: /lookup\nDisallow: /report\n"
    return _plain(lines.encode("ascii"), "text/plain")


@public.get("/icon.svg")
def icon() -> ResponseReturnValue:
    """The service's sign: a brocade diamond."""
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#26336b" d="M0 0h32v32H0z"/>'
        '<path fill="#a8323a" d="M16 2l14 14-14 14L2 16z"/><path fill="#b57800" d="M16 8l8 8-8 8-8-8z"/>'
        '<path fill="#fbf8f2" d="M16 13l3 3-3 3-3-3z"/></svg>'
    )
    answer = _plain(drawing.encode("ascii"), "image/svg+xml")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


@public.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """Where browsers ask without being told."""
    return redirect(url_for("public.icon"), 301)
