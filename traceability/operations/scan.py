"""A scan: parse, verify, load, judge. What is recorded of it goes into the journal."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Insert, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from traceability.domain import stamp, verdict
from traceability.domain.address import StampText, parse_path
from traceability.domain.errors import KeyFileError, Malformed
from traceability.domain.keys import Keyring
from traceability.domain.verdict import Judgement, Verdict
from traceability.models import Batch, BatchCount, KeyAlarm, Product
from traceability.operations.batch_facts import BatchFacts, fetch_facts
from traceability.operations.origin import build_origin, fetch_batch, recalls_in_force, shown_verdict
from traceability.operations.origin_page import OriginPage, RecallFacts

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
    """What was read, what it means, and whose it is. `page` only where the stamp was identified and its page asked for."""

    read: StampText | Malformed
    judgement: Judgement
    facts: BatchFacts | None = None
    page: OriginPage | None = None
    by_unit: bool = False
    recalls: tuple[RecallFacts, ...] = ()
    # The row, where it was read for this.
    batch: Batch | None = None

    @property
    def batch_id(self) -> int | None:
        """The batch that the text names."""
        return self.facts.batch_id if self.facts else None

    @property
    def is_identified(self) -> bool:
        """Whether the stamp is one of ours, so that it opens its batch's page."""
        return self.facts is not None and shown_verdict(self.judgement.verdict)

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
    found = judge_text(session, unverified, keys=keys, language=language, now=now)
    if not found.is_identified:
        return found
    page = open_page(session, found, language=language, now=now)
    return replace(found, page=page)


def judge_text(
    session: Session, unverified: StampText | Malformed, *, keys: Keys, language: str, now: datetime, facts: BatchFacts | None = None
) -> Found:
    """Judges a stamp's text. With the batch's `facts` at hand nothing is read from the database."""
    batch = None
    if facts is None and isinstance(unverified, StampText):
        batch = _fetch(session, unverified)
        facts = fetch_facts(session, batch, keys.master_key(batch.master_key_id)) if batch else None
    judgement = verdict.judge(unverified, verdict.Register(keys.keyring, facts.rules if facts else None), now)
    if facts is None or shown_verdict(judgement.verdict):
        return Found(unverified, judgement, facts, batch=batch)
    recalls = recalls_in_force(facts, None, now, language) if "recalled" in judgement.reasons else ()
    return Found(unverified, judgement, facts, by_unit=facts.rules.scope == "unit", recalls=recalls)


def is_identified_by(read: StampText, facts: BatchFacts, keys: Keys, now: datetime) -> bool:
    """Whether a text is a stamp of a batch whose facts are at hand."""
    return shown_verdict(verdict.judge(read, verdict.Register(keys.keyring, facts.rules), now).verdict)


def open_page(session: Session, found: Found, *, language: str, now: datetime) -> OriginPage:
    """The page of an identified stamp, without how often it was scanned."""
    assert found.facts is not None and isinstance(found.read, StampText)
    batch = found.batch or fetch_batch(session, id=found.facts.batch_id)
    assert batch is not None, "a batch with stamps is never deleted"
    code = batch.code + (found.read.serial or "")
    scope = found.read.scope or "batch"
    return build_origin(session, batch, found.facts, found.judgement, scope=scope, code=code, language=language, now=now)


def _fetch(session: Session, read: StampText) -> Batch | None:
    if read.form == "gs1_product":
        return None
    if read.gtin is not None:
        product_id = session.scalar(select(Product.id).where(Product.gtin == read.gtin))
        return fetch_batch(session, product_id=product_id, lot=read.lot) if product_id else None
    return fetch_batch(session, code=read.batch_code)


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
    """All scans of a batch's stamps by people, as far as they are loaded."""
    return session.scalar(select(BatchCount.times).where(BatchCount.batch_id == batch_id)) or 0
