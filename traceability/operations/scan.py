"""A scan: parse, verify, load, judge, record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Insert, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from traceability.domain import stamp, verdict
from traceability.domain.address import StampText, parse_path
from traceability.domain.errors import KeyFileError, Malformed
from traceability.domain.keys import Keyring
from traceability.domain.verdict import Judgement, Verdict
from traceability.models import Batch, Issuance, KeyAlarm, Product, Recall, Revocation, Scan, Suspicion
from traceability.operations.origin import build_origin, fetch_batch, recalls_of, shown_verdict
from traceability.operations.origin_page import OriginPage, RecallFacts
from traceability.operations.register_batch import judged_best_before

# Refusals that say nothing about a key being in other hands.
_NO_FORGERY = {"key_unknown", "bad_signature", "key_revoked", "key_not_valid"}


@dataclass(frozen=True)
class Keys:
    """The keys that a scan needs: public ones, and the serial master keys by id."""

    keyring: Keyring
    master_keys: Mapping[str, bytes]

    def master_key(self, name: str) -> bytes:
        """A serial master key. Raises KeyFileError where the folder lacks it."""
        if name not in self.master_keys:
            raise KeyFileError(f"serial master key {name} is missing")
        return self.master_keys[name]


@dataclass(frozen=True)
class Found:
    """What was read, what it means, and whose it is. `page` only where the stamp was identified."""

    read: StampText | Malformed
    judgement: Judgement
    batch_id: int | None = None
    page: OriginPage | None = None
    by_unit: bool = False
    recalls: tuple[RecallFacts, ...] = ()

    @property
    def shows_stolen_key(self) -> bool:
        """Whether a good signature of ours stands under what we never issued: only a holder of the key can make that."""
        if isinstance(self.read, Malformed) or self.read.form != "signed" or self.judgement.verdict is not Verdict.UNKNOWN:
            return False
        return not _NO_FORGERY & set(self.judgement.reasons)


def parse_unverified_path(path: str) -> StampText | Malformed:
    """A decoded path as a stamp's text, or what is wrong with it."""
    try:
        return parse_path(path)
    except Malformed as fault:
        return fault


def look_up(session: Session, unverified: StampText | Malformed, *, keys: Keys, language: str, now: datetime) -> Found:
    """Judges a stamp's text and gathers its page. Reads only."""
    batch = None if isinstance(unverified, Malformed) else _fetch(session, unverified)
    facts = _facts(session, batch, keys) if batch else None
    judgement = verdict.judge(unverified, verdict.Register(keys.keyring, facts), now)
    if batch is None or facts is None or isinstance(unverified, Malformed):
        return Found(unverified, judgement)
    if not shown_verdict(judgement.verdict):
        recalls = recalls_of(session, batch.id, None, now, language) if "recalled" in judgement.reasons else ()
        return Found(unverified, judgement, batch.id, by_unit=batch.stamp_scope == "unit", recalls=recalls)
    code = batch.code + (unverified.serial or "")
    scope = unverified.scope or "batch"
    page = build_origin(session, batch, judgement, scope=scope, code=code, language=language, now=now)
    return Found(unverified, judgement, batch.id, page)


def record_scan(session: Session, found: Found, *, visitor: bytes, now: datetime) -> None:
    """Records a scan of a batch's stamp, once a minute for each visitor."""
    if isinstance(found.read, Malformed) or found.batch_id is None:
        return
    statement = _insert(session, Scan.__table__).values(  # type: ignore[arg-type]
        batch_id=found.batch_id,
        unit=found.judgement.unit or 0,
        form=found.read.form,
        verdict=found.judgement.verdict.value,
        visitor=visitor,
        minute=int(now.timestamp()) // 60,
        scanned_at=now,
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["batch_id", "unit", "visitor", "minute", "verdict"]))  # type: ignore[attr-defined]


def _fetch(session: Session, read: StampText) -> Batch | None:
    if read.form == "gs1_product":
        return None
    if read.gtin is not None:
        product_id = session.scalar(select(Product.id).where(Product.gtin == read.gtin))
        return fetch_batch(session, product_id=product_id, lot=read.lot) if product_id else None
    return fetch_batch(session, code=read.batch_code)


def _facts(session: Session, batch: Batch, keys: Keys) -> verdict.Batch:
    return verdict.Batch(
        code=batch.code,
        scope=batch.stamp_scope,
        best_before=judged_best_before(batch),
        issuances=tuple(
            verdict.Issuance(row.form, row.issued_at, row.first_unit, row.last_unit, row.claims)
            for row in session.scalars(select(Issuance).where(Issuance.batch_id == batch.id).order_by(Issuance.id))
        ),
        revocations=tuple(
            verdict.Units(row.first_unit, row.last_unit)
            for row in session.scalars(select(Revocation).where(Revocation.batch_id == batch.id))
        ),
        recalls=tuple(
            verdict.Recall(verdict.Units(row.first_unit, row.last_unit), row.starts_at, row.lifted_at)
            for row in session.scalars(select(Recall).where(Recall.batch_id == batch.id))
        ),
        suspicions=tuple(
            verdict.Units(row.unit, row.unit)
            for row in session.scalars(select(Suspicion).where(Suspicion.batch_id == batch.id, Suspicion.cleared_at.is_(None)))
        ),
        serial_keys=stamp.serial_keys(keys.master_key(batch.master_key_id), batch.code),
    )


def raise_key_alarm(session: Session, found: Found, *, now: datetime) -> None:
    """Notes a stamp that shows a stolen key, whoever or whatever asked for it."""
    assert isinstance(found.read, StampText) and found.read.claims_bytes is not None
    claims = stamp.without_serial(found.read.claims_bytes)
    statement = _insert(session, KeyAlarm.__table__).values(  # type: ignore[arg-type]
        kid=claims[1], claims=claims, first_seen_at=now, last_seen_at=now, times=1
    )
    session.execute(
        statement.on_conflict_do_update(  # type: ignore[attr-defined]
            index_elements=["claims"], set_={"last_seen_at": now, "times": KeyAlarm.times + 1}
        )
    )


def _insert(session: Session, table: Table) -> Insert:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(table) if on_sqlite else postgresql.insert(table)


def count_scans(session: Session, batch_id: int) -> int:
    """All scans of a batch's stamps."""
    return session.scalar(select(func.count(Scan.id)).where(Scan.batch_id == batch_id)) or 0
