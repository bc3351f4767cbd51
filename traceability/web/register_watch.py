"""Whether what this process knows by heart is still what the register says.

A lease: whoever has asked the register knows that nothing changed until then, and may rely on it for two seconds more. Changes
by a process of the same host are heard at once, by the bell. Who can do neither must not say that a stamp is good.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from traceability.bell import Bell
from traceability.domain.errors import KeyFileError
from traceability.keystore import LiveKeyStore
from traceability.models.engine import reading
from traceability.operations.origin import seen_many
from traceability.operations.register_changes import Place, changes_since, present_place
from traceability.web.known_stamps import KnownStamps

_log = logging.getLogger(__name__)
LEASE_S = 2.0
# Under load the register is asked so often, long before the lease ends.
_PERIOD_S = 0.5
_COUNTS_A_LOOK = 200
# So long does a scan wait for the register's answer before it is told what was last known.
_PATIENCE_S = 1.0
# After a failure scans are told at once what was last known, while the register is asked again and again; much later it is
# asked first.
_FAILURE_HOLDS_S = 2.0
# Rows of changes are kept for a day: after less than that without an answer everything is let go.
_LONG_S = 3600.0
_EXPECTED = (SQLAlchemyError, KeyFileError)


def seconds() -> float:
    """Seconds since the machine was started, those that it slept included: a lease must not outlast a sleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class RegisterWatch:
    """Asks the register, in a thread of its own and only while stamps are scanned."""

    def __init__(
        self,
        engine: Engine,
        key_store: LiveKeyStore,
        bell: Bell,
        known: KnownStamps,
        clock: Callable[[], datetime],
    ) -> None:
        self._engine, self._key_store, self._bell, self._known, self._clock = engine, key_store, bell, known, clock
        self.last_known: datetime | None = None
        self.is_unreachable = False
        self._place: Place | None = None
        self._keys: object = None
        self._heard = -1
        self._lease_until = self._due = self._failed_at = 0.0
        self._answered = threading.Condition()
        self._wanted, self._starting = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def is_fresh(self) -> bool:
        """Whether nothing that is known by heart can have changed. Costs a look at memory and one at the clock, as a rule."""
        fresh = self.is_fresh_at_once()
        return self._ask() if fresh is None else fresh

    def is_fresh_at_once(self) -> bool | None:
        """The same, but never waits: None where the register must be asked first."""
        now = seconds()
        if self._bell.heard() == self._heard:
            if now < self._due:
                return True
            if now < self._lease_until:
                self._start()
                return True
        if self.is_unreachable and now < self._failed_at + _FAILURE_HOLDS_S:
            # It was asked a moment ago and did not answer: nobody need wait for it again.
            self._start()
            return False
        return None

    def _ask(self) -> bool:
        ends = seconds() + _PATIENCE_S
        with self._answered:
            self._start()
            # An answer that was on its way already may be older than the bell: then the next one counts.
            while not self._is_good() and self._answered.wait(ends - seconds()) and not self.is_unreachable:
                self._wanted.set()
        return self._is_good()

    def _is_good(self) -> bool:
        return seconds() < self._lease_until and self._bell.heard() == self._heard

    def _start(self) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="register-watch", daemon=True)
                    self._thread.start()
        # Under load each scan of the half second's end comes by here: the first has woken the thread.
        if not self._wanted.is_set():
            self._wanted.set()

    def close(self) -> None:
        """Ends the thread, if it runs, after what it is about."""
        thread, self._is_closed = self._thread, True
        self._wanted.set()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._is_closed:
                return
            # Scans that came while it was asked have set `_wanted` again; one answer is enough for all of them.
            if not self._is_settled():
                self.look()
            with self._answered:
                self._answered.notify_all()

    def _is_settled(self) -> bool:
        if self.is_unreachable:
            return seconds() < self._failed_at + _PERIOD_S
        return seconds() < self._due and self._bell.heard() == self._heard

    def look(self) -> None:
        """Asks the register once, and lets go of what changed."""
        began, moment, heard = seconds(), self._clock(), self._bell.heard()
        try:
            keys = self._key_store.current()
            with reading(self._engine) as session:
                if self._place is None or began - self._lease_until > _LONG_S:
                    place, changed = present_place(session), {("all", 0)}
                else:
                    changed, place = changes_since(session, self._place)
                self._compare_counts(session)
        except Exception as error:
            # Whatever it is: a watch that ends would never say again that a stamp is good.
            if not self.is_unreachable:
                _log.error("the register cannot be asked: %s", error.__class__.__name__, exc_info=not isinstance(error, _EXPECTED))
            self.is_unreachable, self._failed_at = True, seconds()
            return
        if keys is not self._keys:
            changed = {("all", 0)}
        self._known.let_go(changed)
        if self.is_unreachable:
            _log.warning("the register can be asked again")
        self._place, self._keys, self.is_unreachable, self.last_known = place, keys, False, moment
        # In this order: whoever sees the new times must find the stale pages gone.
        self._heard, self._lease_until, self._due = heard, began + LEASE_S, began + _PERIOD_S

    def _compare_counts(self, session: Session) -> None:
        """Learns what other processes have counted of the stamps that were scanned here: a few at a time, since phones wait."""
        told = {(count.batch_id, count.unit): count for count in self._known.take_told(_COUNTS_A_LOOK)}
        for key, counted in seen_many(session, list(told)).items():
            told[key].compare(counted)
