"""Whether the service is alive and ready, and what it measures. Only the first is for everybody."""

import ipaddress

from flask import Blueprint, Response, abort, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from traceability.readiness import faults, known_lag
from traceability.web.metrics import exposition
from traceability.web.services import services

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> ResponseReturnValue:
    """Alive: it answers. `recording` is `ok`, `memory` (the disk takes no scans: they wait in memory) or `losing`."""
    return _fresh(jsonify(status="alive", recording=services().journal.state))


@health.get("/readyz")
def ready() -> ResponseReturnValue:
    """Ready: migrated, keys there, room on the disk, scans loaded, the register reachable; otherwise 503 and why."""
    _check_network()
    around = services()
    lag = known_lag(around.engine, around.journal.folder, around.clock())
    found = faults(around.engine, around.key_store, around.settings.instance, lag)
    if around.watch.is_unreachable:
        found["register"] = "the register did not answer a moment ago"
    if around.journal.state != "ok":
        found["recording"] = "the disk takes no scans"
    answer = _fresh(jsonify(status="not ready" if found else "ready", faults=found))
    answer.status_code = 503 if found else 200
    return answer


@health.get("/metrics")
def metrics() -> ResponseReturnValue:
    """What Prometheus reads."""
    _check_network()
    around = services()
    lag = known_lag(around.engine, around.journal.folder, around.clock())
    answer = make_response(exposition(around.settings.metrics_folder, (lag.records, lag.seconds) if lag else None))
    answer.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
    return _fresh(answer)


def _check_network() -> None:
    """404 for whoever is not in a network that may read this. A request from outside comes by a proxy, with the visitor's address."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        abort(404)
    if not any(address in network for network in services().settings.metrics_from):
        abort(404)


def _fresh(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
