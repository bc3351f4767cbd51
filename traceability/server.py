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
from io import BytesIO
from time import perf_counter
from typing import Any

from flask import Flask
from granian.server import mp

# Loaded here, once, what each worker would load for itself: workers begin as copies of this process.
import traceability.app  # noqa: F401
from traceability.parent import die_with
from traceability.pictures import MOST_BYTES as LARGEST_FILE
from traceability.web.fast_path import BEGAN, Scans
from traceability.web.turnstile import STAMP_FOLDERS

_log = logging.getLogger(__name__)
# Stamps that are not known by heart, or whose register must be asked first.
STAMP_THREADS = 3
# Pages of staff, forms and files. A file of labels holds one of them until it is read.
OTHER_THREADS = 4
# What Flask takes at most.
LARGEST_BODY = LARGEST_FILE + 64 * 1024
Runner = Callable[[Any, dict[str, Any]], Any]
# granian's own, which it does not offer to others: an update that renames it ends here, at the start.
_ORDINARY = vars(mp)["_wsgi_call_wrap"]


def answer_in_turn(app: Flask, scope_options: dict[str, Any], log_format: str | None = None) -> Runner:
    """What granian calls for each request, with what it sends the answer by, and the request's WSGI environment."""
    ordinary, scans = _ORDINARY(app, scope_options, log_format), app.extensions["scans"]
    assert isinstance(scans, Scans)
    stamps, others = ThreadPoolExecutor(STAMP_THREADS, "stamps"), ThreadPoolExecutor(OTHER_THREADS, "others")
    _spare_switches()
    # Otherwise workers would go on serving, with nobody to stop them, where the server's own process is killed.
    die_with(os.getppid())

    def run(protocol: Any, scope: dict[str, Any]) -> None:
        began = perf_counter()
        try:
            is_answered = scans.answer_at_once(scope, protocol.response_bytes)
        except Exception:
            # The ordinary way has pages for what fails.
            _log.exception("a known stamp could not be answered at once")
            is_answered = False
        if not is_answered:
            scope[BEGAN] = began
            _take_body(scope)
            is_stamp = scope["REQUEST_METHOD"] in ("GET", "HEAD") and scope["PATH_INFO"].startswith(STAMP_FOLDERS)
            (stamps if is_stamp else others).submit(_run_ordinary, ordinary, protocol, scope)

    return run


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
