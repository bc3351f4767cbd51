"""The real rows: who was recognised, which names are protected, what was counted, each with its source."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from traceability.domain import ocop
from traceability.domain.dates import PartialDate
from traceability.domain.roles import Actor
from traceability.models import GeographicalIndication, Producer, Product, PublishedCount
from traceability.operations.register_producer import NewProducer, NewProduct, register_producer, register_product
from traceability.operations.register_recognition import NewRecognition, record_recognition

FOLDER = Path(__file__).parent


def load_rows(session: Session, *, office: Actor, now: datetime) -> dict[int, GeographicalIndication]:
    """Loads all rows and returns the indications by register number."""
    _load_recognitions(session, office, now)
    for row in _read("counts.csv"):
        figures = {name: int(row[name] or 0) for name in ("total", "stars3", "stars4", "stars5")}
        kinds = {name: int(row[name] or 0) if row[name] else None for name in ("newly", "re_evaluated")}
        session.add(
            PublishedCount(
                as_of=row["as_of"],
                province=row["province"] or "",
                confidence=row["confidence"] or "",
                source=row["source"] or "",
                scope=row["scope"] or "all",
                details=row["details"],
                **figures,
                **kinds,
            )
        )
    indications = {}
    for row in _read("indications.csv"):
        number = int(row.pop("register_number") or 0)
        registered_on = date.fromisoformat(row.pop("registered_on") or "")
        indications[number] = GeographicalIndication(
            type="geographical_indication", register_number=number, registered_on=registered_on, **row
        )
    session.add_all(indications.values())
    session.flush()
    return indications


def _load_recognitions(session: Session, office: Actor, now: datetime) -> None:
    producers: dict[str, Producer] = {}
    for row in _read("recognitions.csv"):
        name = row["producer"]
        if name and name not in producers:
            producers[name] = register_producer(
                session,
                NewProducer(
                    kind=row["producer_kind"] or "", name=name, province_code="15", historic_place=row["place"], source=row["source"]
                ),
                now=now,
            )
        product = _product(session, row, producers[name].id if name else None, now)
        record_recognition(session, _recognition(row, product), actor=office, now=now)


def _product(session: Session, row: dict[str, str | None], producer_id: int | None, now: datetime) -> Product:
    entry = NewProduct(
        name=row["product"] or "",
        ocop_group=int(row["ocop_group"] or 0),
        producer_id=producer_id,
        source_place=row["place"],
        source=row["source"],
    )
    return register_product(session, entry, now=now)


def _recognition(row: dict[str, str | None], product: Product) -> NewRecognition:
    stars = int(row["stars"] or 0)
    # Where the source gives only the round ("đợt 2 năm 2021"), its year is all that is known of the day.
    year = (row["decided_on"] or (row["evaluation_round"] or "")[-4:])[:4]
    decided_on = row["decided_on"] or year
    day = PartialDate(decided_on).day or date(int(year), 1, 1)
    return NewRecognition(
        product_id=product.id,
        stars=stars,
        scheme="2022" if day.year > 2022 or decided_on.startswith("2022-1") else "2018",
        decision=row["decision"],
        evaluation_round=row["evaluation_round"],
        issuer=ocop.recognised_by(stars, day).value,
        decided_on=decided_on,
        confidence=row["confidence"],
        source=row["source"],
    )


def _read(name: str) -> Iterator[dict[str, str | None]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {column: value or None for column, value in row.items()}
