"""The app, put together: the one place that sees everything."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask
from flask_babel import Babel
from werkzeug.middleware.proxy_fix import ProxyFix

from traceability.app_secret import load_secret
from traceability.audit_checkpoints import Checkpoints
from traceability.bell import Bell
from traceability.cli import add_commands
from traceability.config import PROJECT, SettingError, Settings, read_settings
from traceability.domain.scan_places import NO_PLACES, PlaceTableError, ScanPlaces, read_places
from traceability.journal.writer import Journal
from traceability.keystore import LiveKeyStore
from traceability.models.audit import on_audited
from traceability.models.engine import make_engine
from traceability.pack_store import PackStore
from traceability.pictures import MOST_BYTES
from traceability.uploads import UploadStore
from traceability.web import headers
from traceability.web.fast_path import FastPath, Scans
from traceability.web.guesses import Guesses
from traceability.web.known_stamps import KnownStamps
from traceability.web.languages import choose_locale
from traceability.web.pages import add_pages
from traceability.web.register_watch import RegisterWatch
from traceability.web.request_log import write_logs
from traceability.web.services import Services, register
from traceability.web.sessions import ServerSessions
from traceability.web.turnstile import Turnstile
from traceability.web.visitors import Visitors


def create_app(settings: Settings | None = None, clock: Callable[[], datetime] | None = None) -> Flask:
    """The app. It touches neither database nor keys before the first request; `cli.checks` does so before it serves."""
    settings = settings or _settings_or_exit()
    app = Flask("traceability", root_path=str(PROJECT / "traceability"), template_folder=str(PROJECT / "templates"), static_folder=None)
    # The parser holds a piece of a file to the limit of fields too: it must be well above the 64 KB that it reads at once.
    app.config.update(MAX_CONTENT_LENGTH=MOST_BYTES + 64 * 1024, MAX_FORM_MEMORY_SIZE=256 * 1024, MAX_FORM_PARTS=20)
    # A token is as good as its session; the referrer is not sent, so it cannot be checked.
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Ho_Chi_Minh"
    write_logs(settings)
    Babel(app, default_locale="vi", locale_selector=choose_locale, default_translation_directories="translations")
    css, staff_css = (_minified((PROJECT / "traceability" / "static" / name).read_text("utf-8")) for name in ("page.css", "staff.css"))
    services = _put_together(settings, clock or (lambda: datetime.now(UTC)))
    app.secret_key = services.secret.key_for("form tokens")
    app.session_interface = ServerSessions(services)
    # The bell first: who is told that a batch is recalled must find it recalled everywhere.
    on_audited(services.engine, lambda _mark: services.bell.ring())
    on_audited(services.engine, Checkpoints(settings.instance, settings.keys_folder).append)
    scans = Scans(services, headers.public_headers(settings, css).items())
    register(app.extensions, services, scans)
    add_pages(app, settings, css, staff_css)
    add_commands(app, services)
    turnstile = app.extensions["turnstile"] = Turnstile(app, app.wsgi_app, services, scans)
    app.wsgi_app = FastPath(turnstile, scans)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        # Outermost, so that visitors are told apart by their own addresses.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)  # type: ignore[method-assign]
    return app


def _put_together(settings: Settings, clock: Callable[[], datetime]) -> Services:
    engine, key_store = make_engine(settings.database_url), LiveKeyStore(settings.keys_folder)
    secret = load_secret(settings.instance)
    bell, known = Bell(settings.instance / "live" / "bell"), KnownStamps()
    return Services(
        settings=settings,
        engine=engine,
        key_store=key_store,
        visitors=Visitors(settings.instance / "visitor-keys"),
        clock=clock,
        secret=secret,
        uploads=UploadStore(settings.instance / "uploads"),
        journal=Journal(settings.instance / "journal", waits=settings.scan_sync == "wait"),
        bell=bell,
        known=known,
        watch=RegisterWatch(engine, key_store, bell, known, clock),
        guesses=Guesses(settings.instance / "live" / "guesses", secret.key_for("guesses")),
        packs=PackStore(settings.instance / "packs"),
        places=_places(settings),
    )


def _places(settings: Settings) -> ScanPlaces:
    """The operator's table. One that cannot be used stops the start with one line: a rule that is silently off protects nobody."""
    if settings.scan_places is None:
        return NO_PLACES
    try:
        with settings.scan_places.open(encoding="utf-8-sig", newline="") as lines:
            return read_places(lines)
    except (OSError, UnicodeDecodeError, PlaceTableError) as error:
        print(f"Error: SCAN_PLACES={settings.scan_places}: {error}", file=sys.stderr)
        sys.exit(2)


def _settings_or_exit() -> Settings:
    """The settings; a wrong one stops the start with one line."""
    try:
        return read_settings()
    except SettingError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)


def _minified(css: str) -> str:
    """The style sheet without the spaces that only its editors need."""
    return " ".join(css.split()).replace("{ ", "{").replace(" }", "}").replace("; ", ";").replace(": ", ":").replace(";}", "}")
