"""Stamps are issued: one row for a million."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.domain import batch as rules
from traceability.domain import ocop, stamp
from traceability.domain.dates import PartialDate, day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.domain.keys import Keyring, PublicKey
from traceability.domain.roles import Actor
from traceability.models import Batch, Issuance, Recognition
from traceability.operations.growing import check_capacity, packs_wanted
from traceability.operations.register_batch import corrected, day_of, use_rights


@dataclass(frozen=True)
class Order:
    """What is to be issued. `units` is None for a batch stamp; `host` is the capital host that signed texts bind."""

    form: str
    units: int | None
    host: str
    idempotency_key: str | None = None

    @property
    def scope(self) -> str:
        """`unit` where units are ordered, else `batch`."""
        return "batch" if self.units is None else "unit"


def issue_stamps(session: Session, batch_id: int, order: Order, *, keyring: Keyring, actor: Actor, now: datetime) -> Issuance:
    """Issues a batch stamp or the next range of units; the same idempotency key again gives the same issuance.

    The batch's row is locked first, so that issuers come one after another. A batch stamp that was issued in this form before
    is given again. Refused: those of `domain.batch.check_may_issue`, `no_stamp_key`, `idempotency_reused`, and those of
    `check_capacity`.
    """
    batch = session.get(Batch, batch_id, with_for_update={"key_share": True})
    if batch is None:
        raise NotFound("batch_missing", batch=batch_id)
    repeated = _find_repeated(session, batch, order, keyring.newest("stamp", now))
    if repeated is not None:
        return repeated
    last_unit = session.scalar(select(func.max(Issuance.last_unit)).where(Issuance.batch_id == batch.id)) or 0
    units = rules.check_may_issue(stampable(batch, last_unit), order.form, order.scope, order.units)
    if batch.stamp_scope != "batch":
        # A batch's own code stands on all its packs from the first time on.
        check_capacity(session, batch, packs_wanted(batch, units[1] if units else None))
    claims = _claims(session, batch, keyring, now) if order.form == "signed" else None
    if batch.stamp_scope is None:
        batch.stamp_scope = order.scope
        session.flush()
    issuance = Issuance(
        batch_id=batch.id,
        form=order.form,
        scope=order.scope,
        unit_limit=batch.unit_limit,
        first_unit=units[0] if units else None,
        last_unit=units[1] if units else None,
        previous_last_unit=last_unit or None,
        kid=claims[1] if claims else None,
        host=order.host if claims else None,
        claims=claims,
        issued_at=now,
        issued_by=actor.name,
        idempotency_key=order.idempotency_key,
    )
    session.add(issuance)
    session.flush()
    return issuance


def stampable(batch: Batch, last_unit: int) -> rules.Stampable:
    """What the rules need to know of a batch's row."""
    return rules.Stampable(
        kind=batch.kind,
        state=batch.state,
        quantity=batch.quantity or 0,
        unit_limit=batch.unit_limit,
        last_unit=last_unit,
        scope=batch.stamp_scope,
        gtin=batch.product.gtin,
        dates=rules.BatchDates(batch.harvested_on, batch.made_on, batch.packed_on, batch.best_before),
    )


def recognitions_of(session: Session, product_id: int) -> list[ocop.Recognition]:
    """A product's ratings as the rules read them."""
    rows = session.scalars(select(Recognition).where(Recognition.product_id == product_id, Recognition.superseded_at.is_(None)))
    return [as_rule(row) for row in rows]


def as_rule(row: Recognition) -> ocop.Recognition:
    """A rating's row as the rules read it."""
    decided_on = PartialDate(row.decided_on) if row.decided_on else None
    return ocop.Recognition(row.stars, decided_on, row.valid_until, row.withdrawn_on, row.decision)


def _find_repeated(session: Session, batch: Batch, order: Order, key: PublicKey | None) -> Issuance | None:
    if order.idempotency_key:
        known = session.scalar(select(Issuance).where(Issuance.idempotency_key == order.idempotency_key))
        if known is not None:
            units = None if known.first_unit is None or known.last_unit is None else known.last_unit - known.first_unit + 1
            if (known.batch_id, known.form, units) != (batch.id, order.form, order.units):
                raise Refused("idempotency_reused")
            return known
    if order.units is not None:
        return None
    same = select(Issuance).where(Issuance.batch_id == batch.id, Issuance.form == order.form, Issuance.scope == "batch")
    if order.form == "signed":
        # A newer key, or another host, is another stamp.
        same = same.where(Issuance.host == order.host, Issuance.kid == (key.kid if key else None))
    return session.scalars(same.order_by(Issuance.id.desc())).first()


def _claims(session: Session, batch: Batch, keyring: Keyring, now: datetime) -> bytes:
    key = keyring.newest("stamp", now)
    if key is None:
        raise Refused("no_stamp_key")
    held, indication = corrected(batch), batch.indication
    packed_on, best_before = held["packed_on"], held["best_before"]
    assert not isinstance(packed_on, str) and not isinstance(best_before, str)
    stars = ocop.stars_on(recognitions_of(session, batch.product_id), packed_on) if packed_on else 0
    gi_number = 0
    if indication is not None:
        day = day_of(batch) or day_in_vietnam(now)
        allowed = any(right.holds_on(day) for right in use_rights(session, batch.product_id, indication.id))
        gi_number = indication.register_number if allowed else 0
    return stamp.format_claims(stamp.Claims(key.kid, batch.code, None, packed_on, best_before, stars, gi_number))
