"""What every answer carries: no script, no frame, no request elsewhere, no cookie."""

import base64
import hashlib

from flask import Flask, Response

from traceability.config import Settings


def style_source(css: str) -> str:
    """The hash by which the content security policy lets the one style sheet of the page pass."""
    digest = hashlib.sha256(css.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def add_headers(app: Flask, settings: Settings, css: str) -> None:
    """Adds the security headers to all answers of an app."""
    policy = "; ".join(
        (
            "default-src 'none'",
            "img-src 'self'",
            f"style-src {style_source(css)}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if not settings.test_mode:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        response.headers.setdefault("Cache-Control", "no-cache")
        return response
