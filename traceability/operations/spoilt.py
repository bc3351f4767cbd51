"""Labels that were spoilt on the roll or the pack: their codes are read or typed, and their stamps cancelled."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy.orm import Session

from traceability.domain import address, base32, stamp
from traceability.domain.errors import KeyFileError, Malformed, NotFound, Refused
from traceability.domain.roles import Actor
from traceability.models import Batch, Revocation
from traceability.operations.open_batch import last_unit, live_ranges
from traceability.operations.print_labels import PrintKeys
from traceability.operations.withdraw import revoke_stamps

MOST_CODES = 500


@dataclass(frozen=True)
class Spoilt:
    """Units that lines name, in order; `strange` are the lines that are no code of a unit of this batch."""

    units: tuple[int, ...]
    strange: tuple[str, ...]


def cancel_spoilt(
    session: Session,
    batch_id: int,
    text: str,
    reason: str,
    *,
    hosts: Collection[str],
    test_mode: bool,
    keys: PrintKeys,
    actor: Actor,
    now: datetime,
) -> list[Revocation]:
    """Cancels the stamps whose codes stand in `text`, a line each: as printed, as an address, or the serial alone.

    All of them or none. Refused: `spoilt_none`, `spoilt_many`, `spoilt_strange` with the lines, `reason_empty`,
    `units_cancelled_all` where nothing is left to cancel.
    """
    batch = session.get(Batch, batch_id, with_for_update={"key_share": True})
    if batch is None:
        raise NotFound("batch_missing", batch=batch_id)
    if not reason.strip():
        raise Refused("reason_empty")
    found = find_spoilt(batch, text, last_unit(session, batch_id), hosts=hosts, test_mode=test_mode, keys=keys)
    live = live_ranges(session, batch_id)
    units = [unit for unit in found.units if any(first <= unit <= last for first, last in live)]
    if found.strange:
        raise Refused("spoilt_strange", lines="; ".join(found.strange[:5]))
    if not found.units:
        raise Refused("spoilt_none")
    if not units:
        raise Refused("units_cancelled_all")
    return [revoke_stamps(session, batch_id, units=span, reason=reason, actor=actor, now=now) for span in _ranges(units)]


def find_spoilt(batch: Batch, text: str, issued: int, *, hosts: Collection[str], test_mode: bool, keys: PrintKeys) -> Spoilt:
    """Which of a batch's `issued` units the lines of a text name. Refused `spoilt_many`, `scope_fixed`."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_CODES:
        raise Refused("spoilt_many", most=MOST_CODES)
    if batch.stamp_scope != "unit":
        raise Refused("scope_fixed", scope="batch")
    if batch.master_key_id not in keys.master_keys:
        raise KeyFileError(f"serial master key {batch.master_key_id} is missing; restore the keys folder")
    serials = stamp.serial_keys(keys.master_keys[batch.master_key_id], batch.code)
    units, strange = set(), []
    for line in lines:
        unit = _unit(batch, serials, _serial(batch, line, hosts, test_mode))
        if unit is None or unit > issued:
            strange.append(line[:60])
        else:
            units.add(unit)
    return Spoilt(tuple(sorted(units)), tuple(strange))


def _unit(batch: Batch, keys: stamp.SerialKeys, serial: str | None) -> int | None:
    return stamp.unit_of_serial(keys, serial) if serial else None


def _serial(batch: Batch, line: str, hosts: Collection[str], test_mode: bool) -> str | None:
    """The serial that a line names, None for what is malformed, of another batch or of no unit."""
    typed = base32.fold(line).replace("-", "").replace(" ", "")
    try:
        if len(typed) == stamp.CODE_LENGTH and typed != batch.code:
            base32.check_code(typed)
            return typed
        read = address.parse_any(line, hosts, test_mode=test_mode)
    except Malformed:
        return None
    same = read.lot == batch.lot and read.gtin == batch.product.gtin if read.gtin else read.batch_code == batch.code
    return read.serial if same else None


def _ranges(units: list[int]) -> list[tuple[int, int]]:
    """Neighbours made one range."""
    groups = [[unit for _, unit in group] for _, group in groupby(enumerate(units), key=lambda pair: pair[1] - pair[0])]
    return [(group[0], group[-1]) for group in groups]
