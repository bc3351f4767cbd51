"""The server, granian, with one change: scans of known stamps never wait behind anything else.

granian answers WSGI requests in a few threads of its own, and each further one makes all of them wait for each other's turn of
the interpreter. Here these threads answer stamps that are known by heart, which takes microseconds, and hand everything else to
other threads, those of other stamps apart from all the rest: a long file, or a query that hangs, holds up no phone. They do read
what is sent, so a form that comes slowly keeps one of them; nginx in front hands forms on once they are whole.

Started in granian's place, with its command line: `python -m traceability.server --interface wsgi …`.
"""

import contextlib
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from queue import SimpleQueue
from threading import Thread
from time import monotonic, perf_counter, sleep
from typing import Any

from flask import Flask
from granian.server import mp

# Loaded here, once, what each worker would load for itself: workers begin as copies of this process.
import traceability.app  # noqa: F401
from traceability.parent import die_with
from traceability.pictures import MOST_BYTES as LARGEST_FILE
from traceability.web.fast_path import BEGAN, Scans
from traceability.web.turnstile import STAMP_FOLDERS, Turnstile

_log = logging.getLogger(__name__)
# Stamps that are not known by heart, or whose register must be asked first.
STAMP_THREADS = 3
# Pages of staff, forms and files. A file of labels holds one of them until it is read.
OTHER_THREADS = 4
# How long whoever tries many codes waits for each refusal.
REFUSED_AFTER_S = 0.02
# What Flask takes at most.
LARGEST_BODY = LARGEST_FILE + 64 * 1024
Runner = Callable[[Any, dict[str, Any]], Any]
# granian's own, which it does not offer to others: an update that renames it ends here, at the start.
_ORDINARY = vars(mp)["_wsgi_call_wrap"]


def answer_in_turn(app: Flask, scope_options: dict[str, Any], log_format: str | None = None) -> Runner:
    """What granian calls for each request, with what it sends the answer by, and the request's WSGI environment."""
    ordinary, scans, turnstile = _ORDINARY(app, scope_options, log_format), app.extensions["scans"], app.extensions["turnstile"]
    assert isinstance(scans, Scans) and isinstance(turnstile, Turnstile)
    stamps, others = ThreadPoolExecutor(STAMP_THREADS, "stamps"), ThreadPoolExecutor(OTHER_THREADS, "others")
    refusals = _Refusals()
    _spare_switches()
    # Otherwise workers would go on serving, with nobody to stop them, where the server's own process is killed.
    die_with(os.getppid())

    def is_refused(scope: dict[str, Any], give: Callable[..., object]) -> bool:
        def later(*answer: object) -> None:
            refusals.put(partial(give, *answer))

        return turnstile.refuse_at_once(scope, scans.address_of(scope), later)

    def run(protocol: Any, scope: dict[str, Any]) -> None:
        began = perf_counter()
        try:
            give = protocol.response_bytes
            is_answered = scans.answer_at_once(scope, give) or (_is_stamp(scope) and is_refused(scope, give))
        except Exception:
            # The ordinary way has pages for what fails.
            _log.exception("a known stamp could not be answered at once")
            is_answered = False
        if not is_answered:
            scope[BEGAN] = began
            _take_body(scope)
            (stamps if _is_stamp(scope) else others).submit(_run_ordinary, ordinary, protocol, scope)

    return run


class _Refusals:
    """Sends refusals a moment later, in their order: whoever guesses waits, and nobody waits for whoever guesses."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[tuple[float, Callable[[], object]]] = SimpleQueue()
        Thread(target=self._send, name="refusals", daemon=True).start()

    def put(self, send: Callable[[], object]) -> None:
        self._waiting.put((monotonic() + REFUSED_AFTER_S, send))

    def _send(self) -> None:
        while True:
            due, send = self._waiting.get()
            sleep(max(0.0, due - monotonic()))
            try:
                send()
            except Exception:
                _log.exception("a refusal could not be sent")


def _is_stamp(scope: dict[str, Any]) -> bool:
    return scope["REQUEST_METHOD"] in ("GET", "HEAD") and scope["PATH_INFO"].startswith(STAMP_FOLDERS)


def _run_ordinary(ordinary: Runner, protocol: Any, scope: dict[str, Any]) -> None:
    try:
        ordinary(protocol, scope)
    except BaseException:
        # As granian does; where an answer has begun already, this does nothing.
        _log.exception("a request failed outside of Flask")
        protocol.response_bytes(500, [], b"")


def _take_body(scope: dict[str, Any]) -> None:
    """Reads what is sent with a request: granian lets go of what has not come by the time that its thread is done with it.

    A body that is too large is left, or cut where it is too large already: Flask refuses it.
    """
    if scope["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS"):
        return
    told = scope.get("CONTENT_LENGTH", "")
    length = int(told) if told.isascii() and told.isdigit() else LARGEST_BODY + 1
    if length <= LARGEST_BODY + 1:
        scope["wsgi.input"] = BytesIO(scope["wsgi.input"].read(length) if length else b"")


def _spare_switches() -> None:
    """Asks the system not to take the processor from the thread that answers each time that a packet comes for another."""
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


# At import, so that workers that begin with a new interpreter (Python 3.14 and later) have it as well.
vars(mp)["_wsgi_call_wrap"] = answer_in_turn


if __name__ == "__main__":
    from granian.cli import entrypoint

    entrypoint()  # type: ignore[no-untyped-call]
