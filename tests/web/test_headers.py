"""What every answer carries, for every route: a snapshot that somebody must change by hand."""

import re

import pytest

from tests.test_access import EXPECTED, PUBLIC
from traceability import create_app
from traceability.config import read_settings
from traceability.keystore import initialise
from traceability.migrations import migrate

# The hashes of the two style sheets stand for themselves: they change with the sheets.
PUBLIC_POLICY = "default-src 'none'; img-src 'self'; style-src 'sha256-…'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
STAFF_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'sha256-…' 'sha256-…'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Charts and tables as staff have them, and no script.
FIGURES = ("GET", "/figures")
FIGURES_POLICY = PUBLIC_POLICY.replace("'sha256-…'", "'sha256-…' 'sha256-…'")
# The inspector's page has a camera, WebAssembly and a worker; nothing else differs.
INSPECTOR = ("GET", "/inspector")
INSPECTOR_POLICY = (
    "default-src 'none'; img-src 'self' blob:; style-src 'sha256-…' 'sha256-…'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CAMERA = {"Permissions-Policy": "camera=(self), geolocation=(self), microphone=()"}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
# Method and rule, where an answer without an account has another caching than its kind.
CACHING = {
    ("GET", "/forms.js"): "public, max-age=31536000, immutable",
    ("GET", "/icon.svg"): "public, max-age=86400",
    ("GET", "/open-data/datapackage.json"): "public, max-age=3600",
    **{("GET", rule): "no-store" for rule in ("/healthz", "/readyz", "/metrics")},
}
VALUES = {"path:code": "7K3MQ9X2ABCS", "sha256": "0" * 64, "token": "x" * 43, "code": "7K3MQ9X2ABCS", "ending": "pdf"}


@pytest.fixture
def dialect() -> str:
    """Headers do not depend on the database."""
    return "sqlite"


def path_of(rule: str) -> str:
    return re.sub(r"<([^>]+)>", lambda found: VALUES.get(found[1], "1"), rule)


@pytest.mark.parametrize("route", sorted({*EXPECTED, *PUBLIC}), ids=" ".join)
def test_every_answer_carries_the_headers_of_its_kind(client, route):
    method, rule = route
    answer = client.open(path_of(rule), method=method, base_url="https://trace.example.vn")
    assert answer.status_code < 500
    is_staff = route not in PUBLIC
    policy = re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-…", answer.headers["Content-Security-Policy"])
    other = {INSPECTOR: INSPECTOR_POLICY, FIGURES: FIGURES_POLICY}
    assert policy == other.get(route, STAFF_POLICY if is_staff else PUBLIC_POLICY)
    assert {name: answer.headers.get(name) for name in ALWAYS} == {**ALWAYS, **(CAMERA if route == INSPECTOR else {})}
    assert answer.headers["Cache-Control"] == CACHING.get(route, "no-store" if is_staff else "no-cache")
    assert "Server" not in answer.headers and "X-Powered-By" not in answer.headers
    if not is_staff:
        assert "Set-Cookie" not in answer.headers


def test_without_https_nothing_is_promised_about_it(tmp_path):
    settings = read_settings({"INSTANCE": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/x.db"})
    app = create_app(settings)
    services = app.extensions["traceability"]
    initialise(settings.keys_folder, settings.public_host, services.clock())
    migrate(services.engine)
    assert "Strict-Transport-Security" not in app.test_client().get("/").headers
    services.engine.dispose()
