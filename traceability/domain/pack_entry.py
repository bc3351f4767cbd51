"""One batch in a trust pack: as its stamps are judged without a network, and what its page would show.

Everything in it is dated rather than judged, so that it says the right thing on the day on which it is read.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from traceability.domain import verdict
from traceability.domain.keys import format_instant, parse_instant
from traceability.domain.trust_pack import PackError
from traceability.domain.verdict import Units


def format_entry(batch: verdict.Batch, *, recalls: Sequence[Mapping[str, Any]], page: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of a batch. `recalls` are those that were not lifted, with their words; what is empty is left out.

    The mask key goes along only where a range of units is recalled or cancelled: it tells the unit of a serial (docs/stamp.md).
    """
    ranges = [*batch.revocations, *(recall.units for recall in batch.recalls)]
    named = batch.serial_keys is not None and any(units.first_unit is not None for units in ranges)
    entry = {
        "code": batch.code,
        "scope": batch.scope,
        "best_before": batch.best_before.isoformat() if batch.best_before else None,
        "issued": [[row.form, format_instant(row.issued_at), _text(row.claims)] for row in _told_apart(batch.issuances)],
        "revoked": [_units(units) for units in batch.revocations],
        "recalls": list(recalls),
        "suspected": [_units(units) for units in batch.suspicions],
        "mask": _text(batch.serial_keys.mask) if named and batch.serial_keys else None,
        "page": dict(page),
    }
    return {name: value for name, value in entry.items() if value not in (None, [], {})}


def recall_entry(recall: verdict.Recall, words: Mapping[str, str]) -> dict[str, Any]:
    """A recall with its words, by their names (`advice`, `advice_en` …)."""
    return {"units": _units(recall.units), "from": format_instant(recall.starts_at), **words}


def parse_entry(line: str) -> verdict.Batch:
    """The batch of an entry's line, as it is judged. Raises PackError `body` where the line is not what we write."""
    try:
        entry = json.loads(line)
        mask = entry.get("mask")
        best_before = entry.get("best_before")
        return verdict.Batch(
            code=entry["code"],
            scope=entry.get("scope"),
            best_before=date.fromisoformat(best_before) if best_before else None,
            issuances=tuple(
                verdict.Issuance(form, parse_instant(at), claims=b64decode(claims) if claims else None)
                for form, at, claims in entry.get("issued", ())
            ),
            revocations=tuple(Units(*units) for units in entry.get("revoked", ())),
            recalls=tuple(verdict.Recall(Units(*recall["units"]), parse_instant(recall["from"])) for recall in entry.get("recalls", ())),
            suspicions=tuple(Units(*units) for units in entry.get("suspected", ())),
            mask_key=b64decode(mask) if mask else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PackError("body") from None


def _told_apart(issuances: Sequence[verdict.Issuance]) -> list[verdict.Issuance]:
    """The first and last issuance of each form and claims: what lies between says nothing that they do not."""
    found: dict[tuple[str, bytes | None], list[verdict.Issuance]] = {}
    for row in sorted(issuances, key=_issued_at):
        found.setdefault((row.form, row.claims), []).append(row)
    return [row for rows in found.values() for row in (rows[:1] if len(rows) == 1 else [rows[0], rows[-1]])]


def _issued_at(row: verdict.Issuance) -> datetime:
    return row.issued_at


def _units(units: Units) -> list[int]:
    return [] if units.first_unit is None or units.last_unit is None else [units.first_unit, units.last_unit]


def _text(value: bytes | None) -> str | None:
    return b64encode(value).decode() if value else None
