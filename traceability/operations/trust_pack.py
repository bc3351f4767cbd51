"""What goes into an area's trust pack: its batches as their pages show them, and whatever is recalled or cancelled anywhere."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from traceability.domain import pack_entry, stamp
from traceability.domain.dates import day_in_vietnam
from traceability.domain.trust_pack import digest_lines, format_line
from traceability.models import (
    Batch,
    Issuance,
    IssuedPack,
    Producer,
    Recall,
    Recognition,
    Revocation,
    Suspicion,
    UseRight,
)
from traceability.operations.batch_facts import BatchFacts, facts_of
from traceability.operations.origin import producer_is_shown
from traceability.operations.places import place_names
from traceability.operations.register_batch import corrected
from traceability.operations.scan import Keys

PROVINCE = "province"
# Newest first: 10,000 take about 1.5 MB on the way and 8 MB on the phone.
MOST_BATCHES = 20_000
# A batch is left out when it is past its best-before day, or was registered where it states none, for so long.
GOES_AFTER = timedelta(days=366)
KEPT_WITHOUT_DATE = timedelta(days=3 * 366)
_BATCHES_A_QUERY = 500
_WORDS = ("advice", "advice_en", "advice_zh", "contact", "reason", "reason_en", "reason_zh")
Row = TypeVar("Row")


def area_of(commune_code: str | None) -> str:
    """The name of the area of an inspector who is bounded to a commune, or to none."""
    return commune_code or PROVINCE


def gather_lines(session: Session, area: str, *, keys: Keys, now: datetime) -> dict[str, str]:
    """The lines of an area's pack, by batch code."""
    lines: dict[str, str] = {}
    chosen = _chosen(session, area, now)
    for start in range(0, len(chosen), _BATCHES_A_QUERY):
        for facts, page in _facts_and_pages(session, chosen[start : start + _BATCHES_A_QUERY], keys):
            lines[facts.rules.code] = _line(facts, page)
    return lines


@dataclass(frozen=True)
class MadePack:
    """A pack that was made: its number, whose area, when, how many batches, the key file's sequence, the digest of its lines."""

    number: int
    area: str
    issued_at: datetime
    entries: int
    key_sequence: int
    state: str


def newest_pack(session: Session, area: str) -> MadePack | None:
    """The pack of an area that was made last."""
    row = session.scalar(select(IssuedPack).where(IssuedPack.area == area).order_by(IssuedPack.id.desc()).limit(1))
    return _made(row) if row else None


def fetch_pack(session: Session, number: int) -> MadePack | None:
    """The pack of a number."""
    row = session.get(IssuedPack, number)
    return _made(row) if row else None


def note_pack(session: Session, area: str, lines: Mapping[str, str], *, key_sequence: int, now: datetime) -> MadePack:
    """Gives a pack its number."""
    pack = IssuedPack(
        area=area, issued_at=now.replace(microsecond=0), entries=len(lines), key_sequence=key_sequence, state=digest_lines(lines)
    )
    session.add(pack)
    session.flush()
    return _made(pack)


def _made(row: IssuedPack) -> MadePack:
    return MadePack(row.id, row.area, row.issued_at, row.entries, row.key_sequence, row.state)


def _chosen(session: Session, area: str, now: datetime) -> list[int]:
    """The ids of the batches that go along: those with something against them wherever they are, and the area's current ones."""
    marked: set[int] = set()
    for column, held in (
        (Recall.batch_id, Recall.lifted_at.is_(None)),
        (Revocation.batch_id, Revocation.id.is_not(None)),
        (Suspicion.batch_id, Suspicion.cleared_at.is_(None)),
    ):
        marked.update(session.scalars(select(column).where(held).distinct()))
    today = day_in_vietnam(now)
    stamped = exists().where(Issuance.batch_id == Batch.id)
    current = or_(
        Batch.best_before >= today - GOES_AFTER,
        Batch.best_before.is_(None) & (Batch.created_at >= now - KEPT_WITHOUT_DATE),
    )
    newest = select(Batch.id).where(stamped, current, _within(area)).order_by(Batch.id.desc()).limit(MOST_BATCHES)
    return sorted(marked | set(session.scalars(newest)))


def _within(area: str) -> ColumnElement[bool]:
    if area == PROVINCE:
        return Batch.id.is_not(None)
    return Batch.producer_id.in_(select(Producer.id).where(Producer.commune_code == area))


def _facts_and_pages(session: Session, ids: Sequence[int], keys: Keys) -> Iterator[tuple[BatchFacts, dict[str, Any]]]:
    batches = session.scalars(
        select(Batch)
        .where(Batch.id.in_(ids))
        .options(joinedload(Batch.product), joinedload(Batch.producer), joinedload(Batch.indication), selectinload(Batch.corrections))
    ).all()
    issued = _by_batch(session.scalars(select(Issuance).where(Issuance.batch_id.in_(ids)).order_by(Issuance.id)))
    revoked = _by_batch(session.scalars(select(Revocation).where(Revocation.batch_id.in_(ids)).order_by(Revocation.id)))
    recalled = _by_batch(session.scalars(select(Recall).where(Recall.batch_id.in_(ids), Recall.lifted_at.is_(None)).order_by(Recall.id)))
    suspected = _by_batch(
        session.scalars(select(Suspicion).where(Suspicion.batch_id.in_(ids), Suspicion.cleared_at.is_(None)).order_by(Suspicion.id))
    )
    products = {batch.product_id for batch in batches}
    ratings, rights = _ratings(session, products), _rights(session, products)
    for batch in batches:
        # Only a range of units needs them, and two derivations are what most of the time would go into.
        marked: list[Revocation | Recall] = [*revoked[batch.id], *recalled[batch.id]]
        ranged = any(row.first_unit is not None for row in marked)
        serial_keys = stamp.serial_keys(keys.master_key(batch.master_key_id), batch.code) if ranged else _NO_KEYS
        facts = facts_of(batch, serial_keys, issued[batch.id], revoked[batch.id], recalled[batch.id], suspected[batch.id])
        yield facts, _page(batch, ratings[batch.product_id], rights[batch.product_id])


_NO_KEYS = stamp.SerialKeys("", b"", b"")


def _line(facts: BatchFacts, page: dict[str, Any]) -> str:
    recalls = [
        pack_entry.recall_entry(rule, {name: text for name in _WORDS if (text := getattr(row, name))})
        for rule, row in zip(facts.rules.recalls, facts.recalls, strict=True)
    ]
    return format_line(pack_entry.format_entry(facts.rules, recalls=recalls, page=page))


def _page(batch: Batch, ratings: list[dict[str, Any]], rights: list[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """What the batch's page shows, dated, so that a phone can say what holds on its day."""
    product, producer, held = batch.product, batch.producer, corrected(batch)
    shown = producer_is_shown(producer.kind, producer.consent_on)
    page = {
        "kind": batch.kind,
        "lot": batch.lot,
        "product": product.name,
        "product_en": product.name_en,
        "product_zh": product.name_zh,
        "gtin": product.gtin,
        "content": [product.net_content, product.net_content_unit] if product.net_content else None,
        "producer": producer.name if shown else None,
        "producer_kind": producer.kind,
        "commune": place_names(producer.province_code, producer.commune_code)[0],
        **{name: _iso(held[name]) for name in ("harvested_on", "made_on", "packed_on", "best_before")},
        "quantity": batch.quantity if batch.quantity_is_public else None,
        "package": batch.package if batch.quantity_is_public else None,
        "place": held["place"],
        "ratings": ratings,
        "indication": batch.indication.name if batch.indication else None,
        "indication_number": batch.indication.number if batch.indication else None,
        "rights": [right for indication_id, right in rights if indication_id == batch.indication_id],
        "illustrative": batch.illustrative or None,
    }
    return {name: value for name, value in page.items() if value not in (None, [])}


def _ratings(session: Session, products: set[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = (
        select(Recognition)
        .where(Recognition.product_id.in_(products), Recognition.superseded_at.is_(None))
        .order_by(Recognition.decided_on.asc().nulls_first(), Recognition.id)
    )
    for row in session.scalars(rows):
        rating = {
            "stars": row.stars,
            "decision": row.decision,
            "decided_on": row.decided_on,
            "until": _iso(row.valid_until),
            "withdrawn_on": _iso(row.withdrawn_on),
        }
        found[row.product_id].append({name: value for name, value in rating.items() if value is not None})
    return found


def _rights(session: Session, products: set[int]) -> dict[int, list[tuple[int, dict[str, Any]]]]:
    found: dict[int, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for row in session.scalars(select(UseRight).where(UseRight.product_id.in_(products)).order_by(UseRight.from_day, UseRight.id)):
        right = {"from": _iso(row.from_day), "until": _iso(row.until_day), "revoked_on": _iso(row.revoked_on)}
        found[row.product_id].append((row.indication_id, {name: value for name, value in right.items() if value}))
    return found


def _iso(day: object) -> str | None:
    return day.isoformat() if isinstance(day, date) else None


def _by_batch(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.batch_id].append(row)  # type: ignore[attr-defined]
    return found
