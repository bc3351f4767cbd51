"""A producer's list of batches as a file, filtered and sorted as on its page."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Engine

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound
from traceability.domain.spreadsheet import Cell, Table
from traceability.models.engine import reading
from traceability.operations.own_batches import PAGE, STATES, BatchRow, Wanted, list_own_batches
from traceability.web.access import PRODUCER, open_to, principal
from traceability.web.batch import wanted_batches
from traceability.web.producer_words import state_name
from traceability.web.services import services
from traceability.web.table_files import FILE_TYPES, pieces_of

batch_file = Blueprint("batch_file", __name__)
_COLUMNS = ("code", "lot", "product", "producer", "state", "packed_on", "best_before", "labels", "scans")


@batch_file.get("/producer/batches.<ending>")
@open_to(PRODUCER)
def as_file(ending: str) -> ResponseReturnValue:
    """One's own batches as XLSX, or as CSV in a ZIP."""
    if ending not in FILE_TYPES:
        raise NotFound("part_missing", kind="Table")
    around, own = services(), frozenset(principal().producers)
    now, states = around.clock(), {state: state_name(state) for state in ("draft", *STATES)}
    words = dict(zip(_COLUMNS, _headings(), strict=True)) | {"overview": gettext("Overview"), "batches": gettext("My batches")}
    rows = _rows(around.engine, own, wanted_batches(), now, states)
    facts = [(gettext("Made at"), f"{day_in_vietnam(now):%d/%m/%Y}")]
    table = Table("batches", _COLUMNS, rows)
    answer = Response(pieces_of(ending, [table], facts, lambda key: words.get(key, key)), mimetype=FILE_TYPES[ending])
    answer.headers.set("Content-Disposition", "attachment", filename=f"batches-{day_in_vietnam(now)}.{ending}")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _headings() -> tuple[str, ...]:
    named = (gettext("Code"), gettext("Lot"), gettext("Product"), gettext("Producer"), gettext("State"))
    return (*named, gettext("Packed"), gettext("Best before"), gettext("Labels"), gettext("Scans"))


def _rows(engine: Engine, own: frozenset[int], wanted: Wanted, now: datetime, states: dict[str, str]) -> Iterator[tuple[Cell, ...]]:
    with reading(engine) as session:
        page, total = 0, 1
        while page * PAGE < total:
            rows, total = list_own_batches(session, own, replace(wanted, page=page), now)
            yield from (_cells(row, states) for row in rows)
            page += 1


def _cells(row: BatchRow, states: dict[str, str]) -> tuple[Cell, ...]:
    state = states["recalled" if row.recalled else row.state]
    return (row.code, row.lot, row.product, row.producer, state, row.packed_on, row.best_before, row.labels, row.scans)
