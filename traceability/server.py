"""The server, granian, with one change: scans of known stamps never wait behind anything else.

granian answers WSGI requests in a few threads of its own, and each further one makes all of them wait for each other's turn of
the interpreter. Here it has one. That one answers stamps that are known by heart, which takes microseconds, and hands everything
else to other threads, those of other stamps apart from all the rest: a slow upload or a long file holds up no phone.

Started in granian's place, with its command line: `python -m traceability.server --interface wsgi …`.
"""

import contextlib
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import Any

from flask import Flask
from granian.server import mp

# Loaded here, once, what each worker would load for itself: workers begin as copies of this process.
import traceability.app  # noqa: F401
from traceability.web.fast_path import BEGAN, Scans
from traceability.web.turnstile import STAMP_FOLDERS

_log = logging.getLogger(__name__)
# Stamps that are not known by heart, or whose register must be asked first.
STAMP_THREADS = 3
# Pages of staff, forms and files. A file of labels holds one of them until it is read.
OTHER_THREADS = 4
Runner = Callable[[Any, dict[str, Any]], Any]
# granian's own, which it does not offer to others: an update that renames it ends here, at the start.
_ORDINARY = vars(mp)["_wsgi_call_wrap"]


def answer_in_turn(app: Flask, scope_options: dict[str, Any], log_format: str | None = None) -> Runner:
    """What granian calls for each request, with what it sends the answer by, and the request's WSGI environment."""
    ordinary, scans = _ORDINARY(app, scope_options, log_format), app.extensions["scans"]
    assert isinstance(scans, Scans)
    stamps, others = ThreadPoolExecutor(STAMP_THREADS, "stamps"), ThreadPoolExecutor(OTHER_THREADS, "others")
    _spare_switches()

    def run(protocol: Any, scope: dict[str, Any]) -> None:
        began = perf_counter()
        if not scans.answer_at_once(scope, protocol.response_bytes):
            scope[BEGAN] = began
            is_stamp = scope["REQUEST_METHOD"] in ("GET", "HEAD") and scope["PATH_INFO"].startswith(STAMP_FOLDERS)
            (stamps if is_stamp else others).submit(_run_ordinary, partial(ordinary, protocol, scope), protocol)

    return run


def _run_ordinary(ordinary: Callable[[], object], protocol: Any) -> None:
    try:
        ordinary()
    except BaseException:
        # As granian does; where an answer has begun already, this does nothing.
        _log.exception("a request failed outside of Flask")
        protocol.response_bytes(500, [], b"")


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
