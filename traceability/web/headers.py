"""What every answer carries: no inline script, no frame, no request elsewhere."""

import base64
import hashlib

from flask import Flask, Response, request

from traceability.config import Settings
from traceability.web.sessions import is_staff_path


def style_source(css: str) -> str:
    """The hash by which the content security policy lets the one style sheet of the page pass."""
    digest = hashlib.sha256(css.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def add_headers(app: Flask, settings: Settings, css: str, staff_css: str) -> None:
    """Adds the security headers to all answers of an app. Staff pages may load our one script file; the public's have none."""
    images, ends = "img-src 'self'", ("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'")
    policy = "; ".join(("default-src 'none'", images, f"style-src {style_source(css)}", *ends))
    styles = f"style-src {style_source(css)} {style_source(staff_css)}"
    staff_policy = "; ".join(("default-src 'none'", images, styles, "script-src 'self'", "connect-src 'self'", *ends))

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", staff_policy if is_staff_path(request.path) else policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if not settings.test_mode:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        response.headers.setdefault("Cache-Control", "no-cache")
        return response
