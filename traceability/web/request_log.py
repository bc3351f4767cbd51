"""Each request that Flask answers has a number, which its log lines and its answer bear. No line holds anything of a person."""

import json
import logging
import re
import secrets
from datetime import UTC, datetime
from time import perf_counter

from flask import Flask, Response, g, has_request_context, request

from traceability.config import Settings
from traceability.web.fast_path import BEGAN
from traceability.web.sessions import here, is_staff_path

_log = logging.getLogger(__name__)
_SOUND = re.compile(r"[A-Za-z0-9-]{8,64}")
_READS = ("GET", "HEAD", "OPTIONS")


def request_number() -> str:
    """The number of this request."""
    return str(g.request_number)


def number_requests(app: Flask, settings: Settings) -> None:
    """Gives each request a number: the proxy's, where one is trusted, or one of our own."""

    @app.before_request
    def number() -> None:
        given = request.headers.get("X-Request-Id", "") if settings.trusted_proxies else ""
        g.request_number = given if _SOUND.fullmatch(given) else secrets.token_hex(8)

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_number()
        if response.status_code >= 500 or (is_staff_path(request.path) and request.method not in _READS):
            _log.log(logging.ERROR if response.status_code >= 500 else logging.INFO, "answered", extra={"answer": _told(response)})
        return response


def _told(response: Response) -> dict[str, object]:
    # The rule, not the path: a path may hold a code, and a query what a person typed.
    opened = here().open if is_staff_path(request.path) else None
    began = request.environ.get(BEGAN)
    return {
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "ms": round((perf_counter() - began) * 1000, 1) if began is not None else None,
        "account": opened.principal.account_id if opened and opened.principal else None,
    }


class _Json(logging.Formatter):
    """A line a record, as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "says": record.getMessage(),
        }
        if has_request_context() and hasattr(g, "request_number"):
            line["request"] = request_number()
        line.update(getattr(record, "answer", {}))
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _Plain(logging.Formatter):
    """A line a record, for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{record.levelname.lower()}: {record.getMessage()}"
        answer = getattr(record, "answer", None)
        if answer:
            line += " " + " ".join(f"{name}={value}" for name, value in answer.items() if value is not None)
        if has_request_context() and hasattr(g, "request_number"):
            line += f" [{request_number()}]"
        return line + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")


def write_logs(settings: Settings) -> None:
    """Our own log lines to standard error, in the format that is set."""
    ours = logging.getLogger("traceability")
    if not any(isinstance(handler.formatter, _Json | _Plain) for handler in ours.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(_Json() if settings.log_format == "json" else _Plain())
        ours.addHandler(handler)
    ours.setLevel(logging.INFO)
