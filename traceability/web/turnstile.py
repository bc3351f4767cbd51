"""Whoever tries many codes that nobody issued waits; whoever scans real ones does not, not even behind the same address.

A network that has used up its guesses of the minute (`Guesses`) is answered without drawing a page and without asking the
register, unless its request is one of a stamp: known by heart, or judged by what is known of its batch. Of codes whose batch
this process does not know, a few a second are looked up all the same: they may be real.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, render_template
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from traceability.domain.errors import Malformed
from traceability.operations.scan import is_identified_by, parse_unverified_path
from traceability.web.fast_path import Environ, Scans
from traceability.web.known_stamps import batch_key
from traceability.web.sessions import is_staff_path

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

    from traceability.web.services import Services

STAMP_FOLDERS = ("/S/", "/s/", "/01/")
# Addresses that name a batch, and so tell whether there is one.
BATCH_FOLDERS = ("/feed/", "/status/")
LOOKED_UP_A_SECOND = 20
ASKED = "traceability.turnstile"
"""In a request's environment: the server has asked before it handed the request on."""


class Turnstile:
    """The layer between known stamps and Flask."""

    def __init__(self, app: Flask, wsgi: "WSGIApplication", services: "Services", scans: Scans) -> None:
        self._app, self._wsgi, self._services, self._scans = app, wsgi, services, scans
        self._routes = app.url_map.bind("localhost")
        self._second, self._looked_up = 0, 0
        self._pages: dict[str, bytes] = {}

    def __call__(self, environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        second, address, path = self._services.clock().timestamp(), environ.get("REMOTE_ADDR", ""), environ["PATH_INFO"]
        # Where the server has asked already, a code that was looked up all the same is not held back now.
        if not environ.get(ASKED) and self._is_held_back(address, environ, second):
            status, headers, body = self._refusal(environ, second)
            start_response(status, headers)
            return [body]

        def noting(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if status[:3] in ("400", "404") and not is_staff_path(path):
                self._services.guesses.note(address, second)
            return start_response(status, headers, *rest)

        return self._wsgi(environ, noting)

    def refuse_at_once(self, environ: Environ, address: str, give: Callable[[int, list[tuple[str, str]], bytes], object]) -> bool:
        """Refuses through `give` whoever is to wait, and says whether it did: without a thread that known stamps would wait for."""
        second = self._services.clock().timestamp()
        environ[ASKED] = True
        if not self._is_held_back(address, environ, second):
            return False
        status, headers, body = self._refusal(environ, second)
        give(int(status[:3]), headers, body)
        return True

    def _is_held_back(self, address: str, environ: Environ, second: float) -> bool:
        is_over = self._services.guesses.is_over(address, second)
        return is_over and not self._may_pass(environ["PATH_INFO"], environ["REQUEST_METHOD"], int(second))

    def _may_pass(self, path: str, method: str, second: int) -> bool:
        if not path.startswith(STAMP_FOLDERS):
            return self._may_look_up(second) if path.startswith(BATCH_FOLDERS) else self._is_a_page(path, method)
        try:
            read = parse_unverified_path(path.encode("latin-1").decode("utf-8"))
        except UnicodeError:
            return False
        if isinstance(read, Malformed):
            return False
        facts = self._services.known.facts_of(batch_key(read))
        if facts is not None:
            return is_identified_by(read, facts, self._services.scan_keys, self._services.clock())
        return self._may_look_up(second)

    def _is_a_page(self, path: str, method: str) -> bool:
        try:
            return self._routes.test(path, method)
        except HTTPException:
            return False

    def _may_look_up(self, second: int) -> bool:
        if second != self._second:
            self._second, self._looked_up = second, 0
        self._looked_up += 1
        return self._looked_up <= LOOKED_UP_A_SECOND

    def _refusal(self, environ: Environ, second: float) -> tuple[str, list[tuple[str, str]], bytes]:
        self._scans.tally.refused()
        language = self._scans.client_of(environ).language
        page = self._pages.get(language)
        if page is None:
            page = self._pages[language] = self._draw(language)
        headers = [*self._scans.headers, ("Retry-After", str(60 - int(second) % 60)), ("Content-Length", str(len(page)))]
        return "429 TOO MANY REQUESTS", headers, page if environ["REQUEST_METHOD"] != "HEAD" else b""

    def _draw(self, language: str) -> bytes:
        with self._app.test_request_context(f"/?lang={language}"):
            title = gettext("Too many codes that nobody issued")
            sentence = gettext("They came from your network within a minute. Wait a minute, then scan again.")
            return render_template("public/error.html", title=title, sentence=sentence).encode("utf-8")
