"""What every template may use, and the blueprints of the app."""

from typing import Any

from flask import Flask, Response, request, url_for
from flask_compress import Compress
from flask_wtf import CSRFProtect
from werkzeug.routing import IntegerConverter

from traceability.config import Settings
from traceability.domain.accounts import Principal
from traceability.domain.dates import day_in_vietnam
from traceability.web import headers, wording
from traceability.web.access import guard, here
from traceability.web.account import account
from traceability.web.alerts import alerts
from traceability.web.audit_pages import audit_pages
from traceability.web.batch import batch
from traceability.web.errors import handle_errors
from traceability.web.figures import figures
from traceability.web.findings import findings
from traceability.web.follow import follow
from traceability.web.forgotten import forgotten
from traceability.web.growing import growing
from traceability.web.health import health
from traceability.web.import_words import import_state
from traceability.web.imports import imports
from traceability.web.inspected import inspected
from traceability.web.inspector import inspector
from traceability.web.label_files import label_files
from traceability.web.languages import (
    choose_language,
    end_sentence,
    format_day,
    format_moment,
    format_partial_date,
    join_parts,
    join_sentences,
)
from traceability.web.limits import start_limits
from traceability.web.logo import logo
from traceability.web.members import members
from traceability.web.office_accounts import office_accounts
from traceability.web.office_lists import office_lists
from traceability.web.office_register import office_register
from traceability.web.open_data import open_data
from traceability.web.packs import packs
from traceability.web.printers import printers
from traceability.web.printing import printing
from traceability.web.producer import producer
from traceability.web.producer_lists import producer_lists
from traceability.web.producer_words import field_name, package_name, shown_value, sort_name, stage_name, state_name
from traceability.web.public import public, script_version
from traceability.web.report_list import report_list
from traceability.web.reports import reports
from traceability.web.request_log import number_requests
from traceability.web.services import services
from traceability.web.sessions import is_staff_path
from traceability.web.shops import shops
from traceability.web.staff import staff
from traceability.web.stocks import stocks
from traceability.web.trace import trace
from traceability.web.year_report import year_report

# What of an address makes the page, besides the language.
_KEPT = ("code", "gtin", "lot", "stamp", "search", "page", "state", "sort", "product", "like", "run", "since", "until", "before")
_OF_ACCOUNTS = (account, staff, forgotten, members, office_accounts, audit_pages)
_BLUEPRINTS = (
    public,
    reports,
    health,
    *_OF_ACCOUNTS,
    producer,
    batch,
    printing,
    label_files,
    printers,
    producer_lists,
    stocks,
    logo,
    inspector,
    packs,
    findings,
    inspected,
    alerts,
    growing,
    trace,
    figures,
    imports,
    office_register,
    office_lists,
    open_data,
    year_report,
    shops,
    report_list,
    follow,
)
_TAGS = {"vi": "vi", "en": "en", "zh": "zh-Hans"}


def add_pages(app: Flask, settings: Settings, css: str, staff_css: str) -> None:
    """Registers blueprints, filters, words, headers and errors."""
    app.url_map.merge_slashes = False
    app.url_map.converters["int"] = _RowNumber
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.jinja_env.filters.update(day=format_day, moment=format_moment, partial=format_partial_date)
    app.jinja_env.globals.update(
        who_says=wording.who_says,
        kind_of_producer=wording.kind_of_producer,
        stage=wording.stage,
        packs=wording.packs,
        content=wording.content,
        hectares=wording.hectares,
        place_of=wording.place_of,
        decision=wording.decision,
        corrected=wording.word_correction,
        role_name=wording.role_name,
        rating_state=wording.rating_state,
        import_state=import_state,
        indication_type=wording.indication_type,
        what_it_shows=wording.what_it_shows,
        parts_of=join_parts,
        sentences=join_sentences,
        sentence=end_sentence,
        address_in=_address_in,
        css=css,
        staff_css=staff_css,
        script_version=script_version,
        stage_name=stage_name,
        package_name=package_name,
        field_name=field_name,
        shown_value=shown_value,
        state_name=state_name,
        sort_name=sort_name,
        number=wording.format_number,
        check_result=wording.check_result,
        keeps_places=settings.scan_places is not None,
    )
    app.context_processor(_of_request)
    number_requests(app, settings)
    # Who may come in is asked first: whose session has ended is sent to sign in, not told of a token.
    guard(app)
    start_limits(app)
    csrf = CSRFProtect(app)
    # Public forms change nothing in anybody's name and have no session to hold a token.
    csrf.exempt(public)
    csrf.exempt(reports)
    csrf.exempt(health)
    app.after_request(_vary)
    headers.add_headers(app, settings, css, staff_css)
    handle_errors(app)
    app.config.update(
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=5,
        COMPRESS_MIMETYPES=["text/html", "application/json", "application/ld+json", "image/svg+xml", "text/plain"],
        COMPRESS_EVALUATE_CONDITIONAL_REQUEST=False,
    )
    Compress(app)


class _RowNumber(IntegerConverter):
    """A number in an address that a database can hold; any other names nothing."""

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **{"max": 2**31 - 1, **named})


def _of_request() -> dict[str, object]:
    settings, language = services().settings, choose_language()
    return {
        "comma": "，" if language == "zh" else ", ",
        "language": language,
        "language_tag": _TAGS[language],
        "host": settings.public_host.lower(),
        "operator": settings.operator,
        "operator_contact": settings.operator_contact,
        "me": _me(),
        "with_session": is_staff_path(request.path),
        "today": day_in_vietnam(services().clock()).isoformat(),
    }


def _me() -> Principal | None:
    """Who is signed in, on staff pages."""
    if not is_staff_path(request.path):
        return None
    opened = here().open
    return opened.principal if opened else None


def _address_in(language: str) -> str:
    """This page's address in a language: what the form held stays, the rest of the query is passed over."""
    kept = {name: request.args[name] for name in _KEPT if name in request.args}
    if request.endpoint == "public.scan" and not request.path.startswith("//"):
        # At the stamp's own address, however it was written: so the page is the same for all packs of a batch.
        return f"?lang={language}"
    if request.endpoint not in (None, "public.scan") and request.method in ("GET", "HEAD"):
        values: dict[str, Any] = {**(request.view_args or {}), **kept, "lang": language}
        return url_for(str(request.endpoint), **values)
    return url_for("public.front", lang=language)


def _vary(response: Response) -> Response:
    response.vary.update(("Accept", "Accept-Language"))
    return response
