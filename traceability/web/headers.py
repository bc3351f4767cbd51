"""What every answer carries: no inline script, no frame, no request elsewhere."""

import base64
import hashlib

from flask import Flask, Response, request

from traceability.config import Settings
from traceability.web.sessions import is_staff_path

# What a view may have said already.
_MAY_DIFFER = ("Content-Security-Policy", "Cache-Control", "Permissions-Policy")
INSPECTOR_PAGE = "/inspector"


def style_source(css: str) -> str:
    """The hash by which the content security policy lets the one style sheet of the page pass."""
    digest = hashlib.sha256(css.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def public_headers(settings: Settings, css: str) -> dict[str, str]:
    """The headers of every public page."""
    ends = ("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'")
    headers = {
        "Content-Security-Policy": "; ".join(("default-src 'none'", "img-src 'self'", f"style-src {style_source(css)}", *ends)),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
    return headers if settings.test_mode else {**headers, "Strict-Transport-Security": "max-age=31536000"}


FIGURES_PAGE = "/figures"


def add_headers(app: Flask, settings: Settings, css: str, staff_css: str) -> None:
    """Adds the security headers to all answers of an app. Staff pages may load our one script file; the public's have none."""
    public = public_headers(settings, css)
    styles = f"style-src {style_source(css)} {style_source(staff_css)}"
    ends = ("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'")
    staff_policy = "; ".join(("default-src 'none'", "img-src 'self'", styles, "script-src 'self'", "connect-src 'self'", *ends))
    # The inspector's page has a camera, a reader of symbols in WebAssembly, and a worker that keeps it on the phone.
    own = ("script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'", "worker-src 'self'", "manifest-src 'self'")
    inspector_policy = "; ".join(("default-src 'none'", "img-src 'self' blob:", styles, *own, *ends))

    @app.after_request
    def secure(response: Response) -> Response:
        if request.path == INSPECTOR_PAGE:
            response.headers.setdefault("Content-Security-Policy", inspector_policy)
            response.headers["Permissions-Policy"] = "camera=(self), geolocation=(self), microphone=()"
        elif request.path == FIGURES_PAGE:
            # Its charts and tables are drawn as those of staff, and it has no script either.
            response.headers.setdefault("Content-Security-Policy", "; ".join(("default-src 'none'", "img-src 'self'", styles, *ends)))
        elif is_staff_path(request.path):
            response.headers.setdefault("Content-Security-Policy", staff_policy)
        for name, value in public.items():
            if name in _MAY_DIFFER:
                response.headers.setdefault(name, value)
            else:
                response.headers[name] = value
        return response
