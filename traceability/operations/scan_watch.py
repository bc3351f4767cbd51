"""The rules look at what was scanned: they raise alerts, and turn pages of units amber. Scans are read in the order of loading."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, select, tuple_
from sqlalchemy.orm import Session

from traceability.domain.dates import VIETNAM, day_in_vietnam
from traceability.domain.scan_places import MOST_PLACES, NO_PLACES, NOWHERE, ScanPlaces
from traceability.domain.suspects import HOURS_A_DAY, RULES, Rules, Signs, Visit, look_for_signs, odd_visits, outnumber_packs
from traceability.models import Alert, Batch, BatchCount, Scan, ScanDay, ScanWatch, StampCount, Suspicion

# Scans a transaction: each may be of a unit of its own, which takes 2 ms where an alert is raised, and all other acts wait meanwhile.
PIECE = 1_000
# So many visits are a burst or fit the rule, so that older ones change nothing.
_NEWEST = 500
_MOST_PLACES_TOLD = 10
_LOOKED_DAILY = timedelta(days=1)
_AT_ONCE = 400
_VIETNAM_AHEAD_MINUTES = 420
# A verdict that says nothing about the batch's stamps.
_NO_STAMP = ("UNKNOWN", "MALFORMED")
Stamp = tuple[int, int]


@dataclass(frozen=True)
class Looked:
    """How many scans were looked at, and whether there are more."""

    scans: int
    more: bool


@dataclass
class _Touched:
    """What was scanned: units, batches, and batches by codes that were never issued or after their best-before date."""

    units: set[Stamp] = field(default_factory=set)
    batches: set[int] = field(default_factory=set)
    invented: set[int] = field(default_factory=set)
    late: set[int] = field(default_factory=set)


def look_at_new_scans(session: Session, *, now: datetime, rules: Rules = RULES, places: ScanPlaces = NO_PLACES) -> Looked:
    """Looks at the next scans that were loaded, and raises alerts. Nobody is told but by the rows.

    A scan that another loader commits later than one with a higher number is looked at with the stamp's next one.
    """
    place = session.get(ScanWatch, 1, with_for_update=True)
    if place is None:
        place = ScanWatch(id=1, scan_id=0)
        session.add(place)
    newest = session.scalar(select(func.max(Scan.id))) or 0
    # Where all scans were deleted their numbers begin anew.
    begins = min(place.scan_id, newest)
    ends = min(newest, begins + PIECE)
    piece = (Scan.id > begins, Scan.id <= ends)
    stamps = select(Scan.batch_id, Scan.unit, Scan.verdict, func.count(Scan.id)).where(*piece)
    touched, scans = _Touched(), 0
    for batch_id, unit, verdict, count in session.execute(stamps.group_by(Scan.batch_id, Scan.unit, Scan.verdict)):
        touched.batches.add(batch_id)
        if unit and verdict not in _NO_STAMP:
            touched.units.add((batch_id, unit))
        if verdict == "UNKNOWN":
            touched.invented.add(batch_id)
        if verdict == "EXPIRED":
            touched.late.add(batch_id)
        scans += count
    place.scan_id = ends
    _Watch(session, now, rules, places).look(touched)
    session.flush()
    # Numbers have gaps, so that a piece may hold fewer scans than its length.
    return Looked(scans, ends < newest)


class _Watch:
    """One round: what was alerted of the touched stamps is known at once."""

    def __init__(self, session: Session, now: datetime, rules: Rules, places: ScanPlaces) -> None:
        self._session, self._now, self._rules, self._places = session, now, rules, places
        self._hour = (int(now.timestamp()) // 60 + _VIETNAM_AHEAD_MINUTES) // 60

    def look(self, touched: _Touched) -> None:
        """Looks at units, then at batches."""
        often = self._often_scanned(touched.units)
        self._alerts = self._known_alerts(often | {(batch_id, 0) for batch_id in touched.batches})
        for stamp in sorted(often):
            self._look_at_unit(stamp)
        for batch_id in sorted(touched.invented):
            self._look_at_odd("invented", (batch_id, 0), (Scan.unit == 0, Scan.verdict == "UNKNOWN"))
        rows = self._in_pieces(select(Batch.id, Batch.best_before, Batch.quantity), Batch.id, touched.batches)
        facts = {batch_id: (best_before, quantity) for batch_id, best_before, quantity in rows}
        for batch_id in sorted(touched.late):
            self._look_at_late((batch_id, 0), facts[batch_id][0])
        counts = self._in_pieces(select(BatchCount.batch_id, BatchCount.times), BatchCount.batch_id, set(facts))
        self._look_at_counts({batch_id: facts[batch_id][1] for batch_id, times in counts if self._may_be_many(facts[batch_id][1], times)})

    def _often_scanned(self, stamps: set[Stamp]) -> set[Stamp]:
        found: set[Stamp] = set()
        asked = sorted(stamps)
        for start in range(0, len(asked), _AT_ONCE):
            piece = tuple_(StampCount.batch_id, StampCount.unit).in_(asked[start : start + _AT_ONCE])
            # Each move has a scan that it begins at.
            least = min(self._rules.least_visitors, self._rules.least_moves + 1) if self._places else self._rules.least_visitors
            rows = select(StampCount.batch_id, StampCount.unit).where(piece, StampCount.times >= least)
            found |= {(batch_id, unit) for batch_id, unit in self._session.execute(rows)}
        return found

    def _known_alerts(self, stamps: set[Stamp]) -> dict[tuple[str, int, int], Alert]:
        """The latest of each kind."""
        asked, known = sorted(stamps), {}
        for start in range(0, len(asked), _AT_ONCE):
            piece = tuple_(Alert.batch_id, Alert.unit).in_(asked[start : start + _AT_ONCE])
            for alert in self._session.scalars(select(Alert).where(piece).order_by(Alert.id)):
                known[alert.kind, alert.batch_id, alert.unit] = alert
        return known

    def _in_pieces(self, query: Any, column: Any, ids: Iterable[int]) -> list[Any]:
        asked = sorted(ids)
        pieces = (asked[start : start + _AT_ONCE] for start in range(0, len(asked), _AT_ONCE))
        return [row for piece in pieces for row in self._session.execute(query.where(column.in_(piece)))]

    # ------------------------------------------------------------------------------------------------------------ units

    def _look_at_unit(self, stamp: Stamp) -> None:
        copied, burst = self._alerts.get(("copied", *stamp)), self._alerts.get(("burst", *stamp))
        if copied is not None and copied.conclusion != "genuine":
            return
        last_burst = burst.evidence["last_hour"] if burst else None
        if burst is not None and last_burst is not None and self._hour < last_burst + self._rules.wake_hours:
            # What follows a burst counts for nothing: it is enough to see now and then whether it goes on.
            if self._now < burst.looked_at + _LOOKED_DAILY:
                return
            burst.looked_at = self._now
        visits, km = self._visits(stamp, self._rules.window_hours, copied), self._places.km if self._places else None
        signs = look_for_signs(visits, self._rules, last_burst=last_burst, km=km)
        if signs.burst_at is not None and signs.burst_at != last_burst:
            self._keep_burst(burst, stamp, signs.burst_at)
        if signs.suspect_at is not None:
            self._raise("copied", stamp, self._evidence(signs, self._rules.window_hours))

    def _keep_burst(self, burst: Alert | None, stamp: Stamp, hour: int) -> None:
        if burst is not None and (burst.closed_at is None or hour < burst.evidence["last_hour"] + self._rules.wake_hours):
            burst.evidence = {**burst.evidence, "last_hour": hour}
            return
        rules = {"burst_visitors": self._rules.burst_visitors, "burst_hours": self._rules.burst_hours}
        self._raise("burst", stamp, {"first_hour": hour, "last_hour": hour, "at": _instant(hour), "rules": rules})

    def _visits(self, stamp: Stamp, window_hours: int, closed: Alert | None, *further: ColumnElement[bool]) -> list[Visit]:
        """The newest visits within a window, and since a person found that nothing was wrong: each visitor's first of a day.

        By visitors and not by scans, or one phone that scans each minute would push all others out of sight.
        """
        since = int(self._now.timestamp()) // 60 - window_hours * 60
        if closed is not None and closed.closed_at is not None:
            since = max(since, int(closed.closed_at.timestamp()) // 60 + 1)
        identity = () if further else (Scan.unit == stamp[1], Scan.verdict.not_in(_NO_STAMP))
        # The place of the first scan comes along in the number's last digits: no database tells another column of a minimum's row.
        first = func.min(cast(Scan.minute, BigInteger) * (MOST_PLACES + 1) + func.coalesce(Scan.place, NOWHERE))
        rows = select(first, Scan.visitor).where(Scan.batch_id == stamp[0], Scan.minute >= since, *identity, *further)
        newest = self._session.execute(rows.group_by(Scan.visitor).order_by(first.desc()).limit(_NEWEST)).all()
        # Days begin when visitors get new names: at midnight in Viet Nam.
        told = ((*divmod(first, MOST_PLACES + 1), visitor) for first, visitor in reversed(newest))
        return [Visit((minute + _VIETNAM_AHEAD_MINUTES) // 60, int.from_bytes(visitor), place) for minute, place, visitor in told]

    # ---------------------------------------------------------------------------------------------------------- batches

    def _look_at_odd(self, kind: str, stamp: Stamp, which: Sequence[ColumnElement[bool]]) -> None:
        known = self._alerts.get((kind, *stamp))
        if known is not None and known.closed_at is None:
            return
        signs = odd_visits(self._visits(stamp, self._rules.odd_window_hours, known, *which), self._rules)
        if signs.suspect_at is not None:
            self._raise(kind, stamp, self._evidence(signs, self._rules.odd_window_hours))

    def _look_at_late(self, stamp: Stamp, best_before: date | None) -> None:
        if best_before is None:
            return
        late = datetime.combine(best_before + timedelta(days=self._rules.late_days + 1), time(), VIETNAM)
        if self._now < late:
            return
        self._look_at_odd("late", stamp, (Scan.verdict == "EXPIRED", Scan.minute >= int(late.timestamp()) // 60))

    def _may_be_many(self, packs: int | None, times: int) -> bool:
        return packs is not None and times >= max(self._rules.least_scans, packs * self._rules.scans_a_pack)

    def _look_at_counts(self, packs: dict[int, int | None]) -> None:
        """Whether batches, which are not services, were scanned more often than their packs give a reason for."""
        known = {batch_id: self._alerts.get(("many", batch_id, 0)) for batch_id in packs}
        asked = {batch_id for batch_id, alert in known.items() if alert is None or alert.closed_at is not None}
        since = day_in_vietnam(self._now) - timedelta(hours=self._rules.window_hours)
        of_people = (ScanDay.kind == "person", ScanDay.day >= since, ScanDay.verdict.not_in(_NO_STAMP))
        query = select(ScanDay.batch_id, ScanDay.day, func.sum(ScanDay.times)).where(*of_people).group_by(ScanDay.batch_id, ScanDay.day)
        days: dict[int, list[int]] = {batch_id: [] for batch_id in asked}
        for batch_id, day, times in self._in_pieces(query, ScanDay.batch_id, asked):
            closed = known[batch_id]
            # What a person has looked at counts no more.
            if closed is None or closed.closed_at is None or day > day_in_vietnam(closed.closed_at):
                days[batch_id].append(int(times))
        for batch_id, counted in days.items():
            among = packs[batch_id]
            if among is not None and outnumber_packs(counted, among, self._rules):
                rules = {"scans_a_pack": self._rules.scans_a_pack, "share_a_day": self._rules.share_a_day}
                self._raise("many", (batch_id, 0), {"scans": sum(counted), "days": len(counted), "packs": among, "rules": rules})

    # ----------------------------------------------------------------------------------------------------------- alerts

    def _evidence(self, signs: Signs, window_hours: int) -> dict[str, Any]:
        assert signs.first_hour is not None and signs.suspect_at is not None, "visits were counted"
        counted = {
            "visitors": signs.visitors,
            "hours": signs.hours,
            "since": _instant(signs.first_hour),
            "until": _instant(signs.suspect_at),
        }
        # By name, since a table can be another one when the alert is read.
        told = [(self._places.name(place), times) for place, times in signs.places[:_MOST_PLACES_TOLD]] if self._places else []
        placed = {"moves": signs.moves, "places": told} if told else {}
        return {**counted, **placed, "days": window_hours // HOURS_A_DAY, "rules": asdict(self._rules)}

    def _raise(self, kind: str, stamp: Stamp, evidence: dict[str, Any]) -> None:
        suspicion = None
        if kind == "copied":
            # A whole batch turns amber by a person alone, or a rival would do it by asking for its codes.
            suspicion = Suspicion(
                batch_id=stamp[0], unit=stamp[1], since=self._now, reason=f"{evidence['visitors']} / {evidence['hours']} h"
            )
            self._session.add(suspicion)
            self._session.flush()
        alert = Alert(kind=kind, batch_id=stamp[0], unit=stamp[1], evidence=evidence, raised_at=self._now, looked_at=self._now)
        alert.suspicion_id = suspicion.id if suspicion else None
        self._session.add(alert)


def _instant(hour: int) -> str:
    """When an hour of a visit begins, as ISO 8601 in UTC."""
    return datetime.fromtimestamp((hour * 60 - _VIETNAM_AHEAD_MINUTES) * 60, tz=UTC).isoformat()
