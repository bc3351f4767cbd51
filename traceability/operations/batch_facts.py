"""What judging the stamps of one batch takes, whichever of them is scanned and in whichever language its page is asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain import stamp, verdict
from traceability.domain.dates import VIETNAM
from traceability.domain.verdict import Units
from traceability.models import Batch, Issuance, Recall, Revocation, Suspicion
from traceability.operations.register_batch import judged_best_before

FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class BatchFacts:
    """A batch as its stamps are judged, and since when of each. `subjects` are the rows of the register that its pages rest on."""

    batch_id: int
    rules: verdict.Batch
    issued: tuple[tuple[Units, datetime], ...]
    revoked: tuple[tuple[Units, datetime], ...]
    suspected: tuple[tuple[Units, datetime], ...]
    recalls: tuple[Recall, ...]
    subjects: frozenset[tuple[str, int]]

    def issued_at(self, unit: int | None) -> datetime | None:
        """When the stamp was issued; of the batch's own stamp the first time."""
        return _first(self.issued, unit) if unit is not None else min((at for _, at in self.issued), default=None)

    def revoked_at(self, unit: int | None) -> datetime | None:
        """When the stamp was cancelled."""
        return _first(self.revoked, unit)

    def suspect_since(self, unit: int | None) -> datetime | None:
        """Since when the stamp is suspect."""
        return _first(self.suspected, unit)

    def lot_is_suspect(self) -> bool:
        """Whether a person suspects the whole batch."""
        return any(units.first_unit is None for units, _ in self.suspected)

    def holds_within(self, now: datetime) -> tuple[datetime, datetime]:
        """From when until before when what is said now stays so by itself: days begin and end, recalls begin and are lifted."""
        midnight = datetime.combine(now.astimezone(VIETNAM).date(), time(), VIETNAM)
        turns = [midnight, midnight + timedelta(days=1)]
        turns += [at for recall in self.recalls for at in (recall.starts_at, recall.lifted_at) if at is not None]
        return max(at for at in turns if at <= now), min(at for at in turns if at > now)


def fetch_facts(session: Session, batch: Batch, master_key: bytes) -> BatchFacts:
    """The facts of a batch, under its serial master key."""
    issuances = session.scalars(select(Issuance).where(Issuance.batch_id == batch.id).order_by(Issuance.id)).all()
    revocations = session.scalars(select(Revocation).where(Revocation.batch_id == batch.id)).all()
    recalls = session.scalars(select(Recall).where(Recall.batch_id == batch.id).order_by(Recall.starts_at.desc())).all()
    suspicions = session.scalars(select(Suspicion).where(Suspicion.batch_id == batch.id, Suspicion.cleared_at.is_(None))).all()
    return facts_of(batch, stamp.serial_keys(master_key, batch.code), issuances, revocations, recalls, suspicions)


def facts_of(
    batch: Batch,
    serial_keys: stamp.SerialKeys,
    issuances: Sequence[Issuance],
    revocations: Sequence[Revocation],
    recalls: Sequence[Recall],
    suspicions: Sequence[Suspicion],
) -> BatchFacts:
    """The facts of a batch from its rows: recalls newest first, suspicions those that were not cleared."""
    issued = tuple((Units(row.first_unit, row.last_unit), row.issued_at) for row in issuances)
    revoked = tuple((Units(row.first_unit, row.last_unit), row.revoked_at) for row in revocations)
    suspected = tuple((Units(row.unit, row.unit), row.since) for row in suspicions)
    rules = verdict.Batch(
        code=batch.code,
        scope=batch.stamp_scope,
        best_before=judged_best_before(batch),
        issuances=tuple(verdict.Issuance(row.form, row.issued_at, row.first_unit, row.last_unit, row.claims) for row in issuances),
        revocations=tuple(units for units, _ in revoked),
        recalls=tuple(verdict.Recall(Units(row.first_unit, row.last_unit), row.starts_at, row.lifted_at) for row in recalls),
        suspicions=tuple(units for units, _ in suspected),
        serial_keys=serial_keys,
    )
    return BatchFacts(batch.id, rules, issued, revoked, suspected, tuple(recalls), _subjects(batch))


def _subjects(batch: Batch) -> frozenset[tuple[str, int]]:
    named = {("batch", batch.id), ("product", batch.product_id), ("producer", batch.producer_id), ("all", 0)}
    return frozenset(named | ({("indication", batch.indication_id)} if batch.indication_id is not None else set()))


def _first(ranges: Iterable[tuple[Units, datetime]], unit: int | None) -> datetime | None:
    return min((at for units, at in ranges if units.cover(unit)), default=None)
