"""The register's ratings as columns in memory, kept true by what changed: which hold on any day is found in milliseconds.

Who asks reads one snapshot of the database; the columns are first brought to that very state. A process that was away for longer than
changes are kept reads all of them again.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Float, Select, String, cast, extract, func, select
from sqlalchemy.orm import Session

from traceability.domain.dates import VIETNAM
from traceability.models import Producer, Product, Recognition, RegisterChange
from traceability.operations.register_changes import Place, changes_since, present_place

KINDS = (None, "new", "re_evaluation")
NEVER = date.max.toordinal()
NO_COMMUNE = -1
_AT_ONCE = 20_000
_EPOCH = date(1970, 1, 1).toordinal()
# With more changes than this reading all of them is quicker.
_MOST_CHANGES = 2_000
_MOST_REGISTERS = 4
_TYPES = {
    "id": np.int32,
    "product": np.int32,
    "maker": np.int32,
    "decided": np.int32,
    "order": np.int32,
    "until": np.int32,
    "withdrawn": np.int32,
    "recorded": np.float64,
    "withdrawal_recorded": np.float64,
    "superseded": np.float64,
    "stars": np.int8,
    "kind": np.int8,
    "group": np.int8,
    "commune": np.int32,
    "made_up": np.bool_,
}
Columns = dict[str, NDArray[Any]]
Mask = NDArray[np.bool_]
_lock = Lock()
_kept: "OrderedDict[str, Snapshot]" = OrderedDict()


@dataclass
class Snapshot:
    """Columns of all ratings, sorted by product and, of one product, by which was decided last; and up to where changes are in them."""

    columns: Columns
    place: Place

    def known(self, on: date | None) -> Mask:
        """What the register says now, or what it said at the end of a day."""
        held = self.columns
        if on is None:
            current: Mask = np.isinf(held["superseded"])
            return current
        end = _end_of(on)
        said: Mask = (held["recorded"] < end) & (held["superseded"] >= end)
        return said

    def counted(self, known_on: date | None = None) -> Mask:
        """What figures count: never what the sample made up."""
        return self.known(known_on) & ~self.columns["made_up"]

    def not_withdrawn(self, on: date | None, known_on: date | None) -> Mask:
        """On a day, or at all; of a withdrawal that was written down after `known_on` nobody knew."""
        held = self.columns
        fine: Mask = held["withdrawn"] > (NEVER - 1 if on is None else on.toordinal())
        return fine if known_on is None else fine | (held["withdrawal_recorded"] >= _end_of(known_on))

    def held_on(self, day: date, known_on: date | None = None) -> NDArray[np.int64]:
        """The places of the ratings that hold on a day: of a product's several the one that was decided last."""
        held, number = self.columns, day.toordinal()
        holds = (held["decided"] > 0) & (held["decided"] <= number) & (held["until"] >= number)
        places = np.flatnonzero(holds & self.not_withdrawn(day, known_on) & self.counted(known_on))
        products = held["product"][places]
        return places[np.concatenate(([True], products[1:] != products[:-1]))] if len(places) else places

    def undated(self, known_on: date | None = None) -> Mask:
        """Ratings of which no source gives the day, unless they were withdrawn."""
        of_no_day: Mask = self.columns["until"] == 0
        return of_no_day & self.counted(known_on) & self.not_withdrawn(None, known_on)

    def new_in(self, year: int, known_on: date | None = None) -> Mask:
        """First decisions of a year, also of those that are known by their year alone."""
        held = self.columns
        newly: Mask = (held["order"] // 10_000 == year) & (held["kind"] == KINDS.index("new"))
        return newly & self.counted(known_on)


def snapshot_of(session: Session) -> Snapshot:
    """The columns as the session's transaction sees the register. For sessions that only read: what is not committed must not be kept."""
    key = str(session.get_bind().engine.url)
    with _lock:
        kept = _kept.pop(key, None)
        fresh = _brought_up(session, kept) if kept is not None else _read(session)
        _kept[key] = fresh
        while len(_kept) > _MOST_REGISTERS:
            _kept.popitem(last=False)
        return fresh


def _brought_up(session: Session, kept: Snapshot) -> Snapshot:
    if not _can_go_on(session, kept.place):
        return _read(session)
    changes, place = changes_since(session, kept.place)
    if not changes:
        return Snapshot(kept.columns, place)
    products = {subject for kind, subject in changes if kind == "product"}
    makers = [subject for kind, subject in changes if kind == "producer"]
    if len(changes) > _MOST_CHANGES:
        return _read(session)
    if makers:
        products.update(session.scalars(select(Product.id).where(Product.producer_id.in_(makers))))
    if not products:
        return Snapshot(kept.columns, place)
    if len(products) > _MOST_CHANGES:
        return _read(session)
    stays = ~np.isin(kept.columns["product"], np.fromiter(products, np.int32, len(products)))
    fresh = _columns(session, _told().where(Recognition.product_id.in_(products)))
    joined = {name: np.concatenate((column[stays], fresh[name])) for name, column in kept.columns.items()}
    return Snapshot(_sorted(joined), place)


def _can_go_on(session: Session, place: Place) -> bool:
    """Whether all changes since are still on record: they are kept for a day, and a register can be another one after a restore."""
    if session.get_bind().dialect.name == "sqlite":
        last = session.scalar(select(func.max(RegisterChange.id))) or 0
        return last >= place.at and (place.at == 0 or session.get(RegisterChange, place.at) is not None)
    first = session.scalar(select(func.min(RegisterChange.transaction_id)))
    return first is None or first <= place.at


def _read(session: Session) -> Snapshot:
    place = present_place(session)
    return Snapshot(_sorted(_columns(session, _told())), place)


def _told() -> Select[Any]:
    """Days as texts and instants as seconds, which the database makes of them faster than anything here would."""
    days = (cast(Recognition.valid_until, String), cast(Recognition.withdrawn_on, String))
    instants = (Recognition.recorded_at, Recognition.withdrawal_recorded_at, Recognition.superseded_at)
    seconds = (cast(extract("epoch", instant), Float) for instant in instants)
    columns = (Recognition.id, Recognition.product_id, Recognition.decided_on, *days, *seconds)
    rows: Select[Any] = select(
        *columns, Recognition.stars, Recognition.kind, Recognition.illustrative, Product.ocop_group, Producer.commune_code, Producer.id
    )
    return rows.join(Product, Product.id == Recognition.product_id).outerjoin(Producer, Producer.id == Product.producer_id)


def _columns(session: Session, rows: Select[Any]) -> Columns:
    pieces: list[Columns] = []
    for piece in session.connection().execute(rows.execution_options(yield_per=_AT_ONCE)).partitions():
        pieces.append(_piece(*zip(*piece, strict=True)))
    return {name: np.concatenate([piece[name] for piece in pieces] or [np.empty(0, kind)]) for name, kind in _TYPES.items()}


def _piece(*columns: tuple[Any, ...]) -> Columns:
    ids, products, decided, until, withdrawn, recorded, withdrawals, superseded, stars, kinds, made_up, groups, communes, makers = columns
    values = {
        "id": ids,
        "product": products,
        "maker": [maker or 0 for maker in makers],
        "decided": _ordinals([text if text is not None and len(text) == 10 else None for text in decided], 0),
        "order": [int(text.replace("-", "").ljust(8, "0")) if text else 0 for text in decided],
        "until": _ordinals(until, 0),
        "withdrawn": _ordinals(withdrawn, NEVER),
        "recorded": recorded,
        "withdrawal_recorded": [-np.inf if seconds is None else seconds for seconds in withdrawals],
        "superseded": [np.inf if seconds is None else seconds for seconds in superseded],
        "stars": stars,
        "kind": [KINDS.index(kind) for kind in kinds],
        "group": groups,
        "commune": [int(code) if code else NO_COMMUNE for code in communes],
        "made_up": made_up,
    }
    return {name: np.array(values[name], kind) for name, kind in _TYPES.items()}


def _ordinals(days: Sequence[str | None], otherwise: int) -> NDArray[np.int64]:
    """Days as Python counts them, from texts; `otherwise` where there is none."""
    found = np.array([day or "NaT" for day in days], "datetime64[D]")
    return np.where(np.isnat(found), otherwise, found.astype(np.int64) + _EPOCH)


def _sorted(columns: Columns) -> Columns:
    order = np.lexsort((columns["id"], -columns["decided"], columns["product"]))
    return {name: column[order] for name, column in columns.items()}


def _end_of(day: date) -> float:
    return datetime.combine(day + timedelta(days=1), time(), VIETNAM).timestamp()
