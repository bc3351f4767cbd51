"""Sessions of the staff pages: on the server, the cookie holds only a random token. Public pages have none."""

import secrets
from typing import Any, cast

from flask import Flask, Request, Response, session
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.datastructures import CallbackDict

from traceability.config import Settings
from traceability.models.engine import acting, reading
from traceability.operations.sign_in import OpenSession, open_session, save_session
from traceability.web.services import Services

STAFF_FOLDERS = ("/account", "/link/", "/staff", "/producer", "/office", "/inspector")


class ServerSession(CallbackDict[str, Any], SessionMixin):
    """What a request reads from and leaves in its session. `open` is what the database knows of it."""

    def __init__(self, content: dict[str, Any], known: OpenSession | None, token: str) -> None:
        super().__init__(content, lambda changed: setattr(changed, "modified", True))
        self.open = known
        self.token = token
        self.modified = False
        self.ended = False

    def begin(self, known: OpenSession, token: str) -> None:
        """Takes the session that sign-in has made, under its new token; what stood here before is left behind."""
        unsent = self.get("unsent")
        self.clear()
        if isinstance(unsent, dict) and unsent.get("account") == known.account_id:
            # The same person's own form, which came when the session had just ended.
            self["unsent"] = unsent
        self.open, self.token, self.modified, self.new = known, token, True, True

    def renew(self, token: str) -> None:
        """Goes on under a new token, which the session's row has already."""
        self.token, self.modified, self.new = token, True, True


class ServerSessions(SessionInterface):
    """Loads and stores sessions for the staff pages alone, so that a scan costs none."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def open_session(self, app: Flask, request: Request) -> ServerSession | None:
        """The session of a request, or None (which refuses to be written to) on public pages."""
        if not is_staff_path(request.path):
            return None
        token = request.cookies.get(cookie_name(self._services.settings), "")
        known = None
        if 20 <= len(token) <= 100:
            with reading(self._services.engine) as session:
                known = open_session(session, token, now=self._services.clock())
        if known is None:
            token = secrets.token_urlsafe(32)
        opened = ServerSession(dict(known.content) if known else {}, known, token)
        opened.new = known is None
        return opened

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Stores the content and sets the cookie of a new session; deletes the cookie of one that ended."""
        assert isinstance(session, ServerSession)
        name = cookie_name(self._services.settings)
        secure = name.startswith("__Host-")
        response.headers["Cache-Control"] = "no-store"
        if session.ended:
            response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
            return
        if session.open is None and not session.modified:
            return
        with acting(self._services.engine) as database:
            save_session(
                database,
                known=session.open,
                token=session.token,
                content=dict(session),
                browser=session.pop("_browser", "") if session.open is None else "",
                now=self._services.clock(),
            )
        if session.new:
            response.set_cookie(name, session.token, path="/", secure=secure, httponly=True, samesite="Lax")


def here() -> ServerSession:
    """The session of this request."""
    return cast(ServerSession, session._get_current_object())  # type: ignore[attr-defined]


def is_staff_path(path: str) -> bool:
    """Whether a path belongs to the staff pages."""
    return path.startswith(STAFF_FOLDERS)


def cookie_name(settings: Settings) -> str:
    """With HTTPS the name binds the cookie to this host; without, browsers would refuse that name."""
    return "session" if settings.test_mode and settings.public_url.startswith("http://") else "__Host-session"
