"""The verdict on a stamp: one pure function for the server, and by the same test vectors for a phone without a network."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from traceability.domain import keys, stamp
from traceability.domain.address import StampText
from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import Malformed

OLDEST_PACK = timedelta(days=7)


class Verdict(Enum):
    """In order of precedence: the first that applies is said."""

    MALFORMED = "MALFORMED"
    UNKNOWN = "UNKNOWN"
    REVOKED = "REVOKED"
    RECALLED = "RECALLED"
    UNDETERMINED = "UNDETERMINED"
    SUSPECT = "SUSPECT"
    EXPIRED = "EXPIRED"
    ISSUED = "ISSUED"


@dataclass(frozen=True)
class Issuance:
    """One row of stamps issued. Units are None on a batch stamp, and in a pack, which does not tell them.

    `claims` are the signed claim bytes with the serial zeroed; None on other forms.
    """

    form: str
    issued_at: datetime
    first_unit: int | None = None
    last_unit: int | None = None
    claims: bytes | None = None


@dataclass(frozen=True)
class Units:
    """A range of units, both ends included; without ends, the whole batch."""

    first_unit: int | None = None
    last_unit: int | None = None

    def cover(self, unit: int | None) -> bool:
        """Whether a unit, or the batch's own stamp (None), lies within. A batch stamp lies only in the whole batch."""
        if self.first_unit is None or self.last_unit is None:
            return True
        return unit is not None and self.first_unit <= unit <= self.last_unit


@dataclass(frozen=True)
class Recall:
    """A recall of goods, in force from `starts_at` until before `lifted_at`."""

    units: Units
    starts_at: datetime
    lifted_at: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Whether it holds now."""
        return self.starts_at <= now and (self.lifted_at is None or now < self.lifted_at)


@dataclass(frozen=True)
class Batch:
    """What is known of one batch. `serial_keys` only where the register is at hand; `mask_key` only in a pack."""

    code: str
    scope: str | None
    best_before: date | None = None
    issuances: tuple[Issuance, ...] = ()
    revocations: tuple[Units, ...] = ()
    recalls: tuple[Recall, ...] = ()
    suspicions: tuple[Units, ...] = ()
    serial_keys: stamp.SerialKeys | None = None
    mask_key: bytes | None = None


@dataclass(frozen=True)
class Register:
    """What the server knows: the keyring and the batch that the text names, or None where there is no such batch."""

    keyring: keys.Keyring
    batch: Batch | None


@dataclass(frozen=True)
class Pack:
    """What a phone without a network knows; `latest_seen` is the latest time that the phone ever saw."""

    keyring: keys.Keyring
    batch: Batch | None
    issued_at: datetime
    latest_seen: datetime


@dataclass(frozen=True)
class Judgement:
    """The verdict, every reason for it in alphabetical order, and the unit where it is known."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    unit: int | None = None


def judge(unverified: StampText | Malformed, known: Register | Pack, now: datetime) -> Judgement:
    """Judges what was read against what is known. Exhaustive: every input has a verdict."""
    if isinstance(unverified, Malformed):
        return _judge_malformed(unverified, known, now)
    if unverified.form == "gs1_product":
        return Judgement(Verdict.MALFORMED, ("no_lot",))
    if isinstance(known, Register):
        return _judge_on_line(unverified, known, now)
    return _judge_off_line(unverified, known, now)


def _judge_malformed(malformed: Malformed, known: Register | Pack, now: datetime) -> Judgement:
    if malformed.fault == "layout" and isinstance(known, Pack):
        # A layout of a later release: this phone cannot read it, which is no fault of the stamp.
        return Judgement(Verdict.UNDETERMINED, tuple(sorted({"layout_unknown", *_age_of(known, now)})))
    return Judgement(Verdict.MALFORMED, (malformed.fault,))


# ------------------------------------------------------------------------------------------------ with the register


def _judge_on_line(read: StampText, known: Register, now: datetime) -> Judgement:
    faults = _signature_faults(read, known.keyring)
    batch = known.batch
    if batch is None:
        faults = faults or (["no_such_batch", "claims_never_issued"] if read.form == "signed" else ["no_such_batch"])
        return Judgement(Verdict.UNKNOWN, tuple(sorted(faults)))
    unit = None
    if not faults:
        faults, unit = _identity_faults(read, batch, known.keyring)
    if faults:
        whole_batch = any(recall.in_force(now) and recall.units.first_unit is None for recall in batch.recalls)
        return Judgement(Verdict.UNKNOWN, tuple(sorted(faults + ["recalled"] * whole_batch)))
    reasons = set(_state_reasons(batch, unit, now))
    return Judgement(_first_verdict(reasons), tuple(sorted(reasons)), unit)


def _signature_faults(read: StampText, keyring: keys.Keyring) -> list[str]:
    if read.claims_bytes is None or read.signature is None:
        return []
    key = keyring.stamp_key(read.claims_bytes[1])
    if key is None:
        return ["key_unknown"]
    # An address binds its own host; a server that is handed a bare path tries its hosts in turn.
    hosts = (read.host,) if read.host else keyring.hosts
    return [] if keys.verify_claims(key, hosts, read.claims_bytes, read.signature) else ["bad_signature"]


def _identity_faults(read: StampText, batch: Batch, keyring: keys.Keyring) -> tuple[list[str], int | None]:
    """The first thing that shows the stamp was never issued, or the unit."""
    stored = stamp.without_serial(read.claims_bytes) if read.claims_bytes else None
    if stored and all(issuance.claims != stored for issuance in batch.issuances):
        return ["claims_never_issued"], None
    if not batch.issuances:
        return ["nothing_issued"], None
    if read.scope != batch.scope:
        return ["scope_not_issued"], None
    unit = None
    if read.serial is not None:
        assert batch.serial_keys is not None, "the register always holds the keys of its batches"
        unit = stamp.unit_of_serial(batch.serial_keys, read.serial)
        if unit is None:
            return ["serial_does_not_verify"], None
    holding = [issuance for issuance in batch.issuances if Units(issuance.first_unit, issuance.last_unit).cover(unit)]
    if not holding:
        return ["unit_not_issued"], None
    fault = _form_fault(read, holding, stored, "claims_never_issued") or _key_fault(read, holding, stored, keyring)
    return ([fault], None) if fault else ([], unit)


def _form_fault(read: StampText, holding: list[Issuance], stored: bytes | None, absent: str) -> str | None:
    # The 12 or 24 characters stand readable on every label, whatever its form.
    if read.form == "house":
        return None
    if all(issuance.form != read.form for issuance in holding):
        return "form_not_issued"
    if stored and all(issuance.claims != stored for issuance in holding):
        return absent
    return None


def _key_fault(read: StampText, holding: list[Issuance], stored: bytes | None, keyring: keys.Keyring) -> str | None:
    if stored is None:
        return None
    key = keyring.stamp_key(stored[1])
    assert key is not None, "the signature was verified under it"
    issued = [issuance.issued_at for issuance in holding if issuance.claims == stored]
    if any(key.allows_issuance_at(instant) for instant in issued):
        return None
    revoked = key.revoked_at is not None and any(instant >= key.revoked_at for instant in issued)
    return "key_revoked" if revoked else "key_not_valid"


def _state_reasons(batch: Batch, unit: int | None, now: datetime) -> Iterator[str]:
    if any(units.cover(unit) for units in batch.revocations):
        yield "revoked"
    if any(recall.units.cover(unit) and recall.in_force(now) for recall in batch.recalls):
        yield "recalled"
    if any(units.cover(unit) for units in batch.suspicions):
        yield "suspected"
    if batch.best_before is not None and day_in_vietnam(now) > batch.best_before:
        yield "past_best_before"


# --------------------------------------------------------------------------------------------- without a network


def _judge_off_line(read: StampText, known: Pack, now: datetime) -> Judgement:
    age = _age_of(known, now)
    batch, unit = known.batch, _claimed_unit(read, known.batch)
    fault = next(_off_line_faults(read, known), None)
    reasons = set(age)
    if fault:
        reasons.add(fault)
    if batch is not None:
        # A clock that is behind must not make a recall that is listed lie ahead.
        state = set(_state_reasons(batch, unit, max(now, known.issued_at, known.latest_seen)))
        # What is listed against the goods counts for whoever holds them; the rest only for a stamp that is identified.
        reasons |= state if fault is None else state & {"revoked", "recalled"}
    return Judgement(_first_verdict(reasons, bad_signature_is_certain=not age), tuple(sorted(reasons)), unit)


def _age_of(pack: Pack, now: datetime) -> list[str]:
    reasons = ["pack_too_old"] if now - pack.issued_at > OLDEST_PACK else []
    return reasons + (["clock_behind"] if now < pack.issued_at or now < pack.latest_seen else [])


def _claimed_unit(read: StampText, batch: Batch | None) -> int | None:
    if batch is None or batch.mask_key is None or batch.scope != "unit" or read.serial is None:
        return None
    return stamp.unmask_unit(batch.code, batch.mask_key, read.serial)


def _off_line_faults(read: StampText, known: Pack) -> Iterator[str]:
    yield from _signature_faults(read, known.keyring)
    batch = known.batch
    if batch is None:
        yield "batch_not_in_pack"
        return
    if not batch.issuances:
        yield "nothing_issued"
    if read.scope != batch.scope:
        yield "scope_not_issued"
    if read.scope == "unit" and read.form != "signed":
        yield "unit_without_signature"
    stored = stamp.without_serial(read.claims_bytes) if read.claims_bytes else None
    held = list(batch.issuances)
    form_fault = _form_fault(read, held, stored, "claims_not_in_pack")
    if form_fault:
        yield form_fault
        return
    if stored is not None:
        key = known.keyring.stamp_key(stored[1])
        # Without the serial keys an invented serial cannot be told from a good one once the key is out.
        if key is not None and key.revoked_at is not None and read.scope == "unit":
            yield "key_revoked"
        fault = _key_fault(read, held, stored, known.keyring)
        if fault:
            yield fault


_SAYS = {"revoked": Verdict.REVOKED, "recalled": Verdict.RECALLED, "suspected": Verdict.SUSPECT, "past_best_before": Verdict.EXPIRED}


def _first_verdict(reasons: set[str], *, bad_signature_is_certain: bool = False) -> Verdict:
    said = {_SAYS.get(reason, Verdict.UNDETERMINED) for reason in reasons}
    if "bad_signature" in reasons and bad_signature_is_certain:
        said.add(Verdict.UNKNOWN)
    return next((verdict for verdict in Verdict if verdict in said), Verdict.ISSUED)
