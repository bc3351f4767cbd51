"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable


def wait_until(holds: Callable[[], object], seconds: float = 30) -> None:
    """Returns once it holds; fails where it never does."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "what was waited for did not come"
        time.sleep(0.005)
