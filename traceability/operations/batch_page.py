"""One batch as its producer sees it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.models import Batch, CapacityHold, Issuance, PrintRun, Recall, Revocation, Stage
from traceability.operations.growing import last_hold
from traceability.operations.list_batches import is_recalled
from traceability.operations.open_batch import can_undo, last_unit
from traceability.operations.own_batches import Bar, scans_over_time
from traceability.operations.print_run import runs_of
from traceability.operations.public_facts import batch_path
from traceability.operations.scan import count_scans


@dataclass(frozen=True)
class BatchView:
    """A batch's row with what hangs on it. `undoable` are the ids of stages that can still be taken back.

    `places` are the last places by stage; `path` is the public page of a batch stamp, None for one that is stamped by unit; `hold` what was
    last asked of the office.
    """

    batch: Batch
    issued: int
    issuances: list[Issuance]
    runs: list[PrintRun]
    revocations: list[Revocation]
    recalls: list[Recall]
    recalled: bool
    scans: int
    bars: list[Bar]
    undoable: frozenset[int]
    places: dict[str, str]
    path: str | None
    hold: CapacityHold | None

    @property
    def state(self) -> str:
        """The batch's state; a recall stands above it."""
        return "recalled" if self.recalled else self.batch.state


def view_batch(session: Session, batch: Batch, now: datetime) -> BatchView:
    """All that the page shows."""
    by_id = (Issuance.batch_id == batch.id, Revocation.batch_id == batch.id, Recall.batch_id == batch.id)
    return BatchView(
        batch=batch,
        issued=last_unit(session, batch.id),
        issuances=list(session.scalars(select(Issuance).where(by_id[0]).order_by(Issuance.id))),
        runs=runs_of(session, batch.id),
        revocations=list(session.scalars(select(Revocation).where(by_id[1]).order_by(Revocation.id))),
        recalls=list(session.scalars(select(Recall).where(by_id[2]).order_by(Recall.id))),
        recalled=is_recalled(session, batch.id, now),
        scans=count_scans(session, batch.id),
        bars=scans_over_time(session, batch.id, now),
        undoable=frozenset(stage.id for stage in batch.stages if can_undo(stage, now)),
        places=last_places(session, batch),
        path=batch_path(session, batch) if batch.stamp_scope == "batch" else None,
        hold=last_hold(session, batch.id),
    )


def last_places(session: Session, batch: Batch) -> dict[str, str]:
    """Where each kind of stage happened last, for any batch of the product."""
    rows = session.execute(
        select(Stage.kind, Stage.place)
        .join(Batch, Stage.batch_id == Batch.id)
        .where(Batch.product_id == batch.product_id, Stage.place.is_not(None))
        .order_by(Stage.id)
    )
    return {kind: place for kind, place in rows if place}
