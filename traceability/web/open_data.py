"""Open data: the register as JSON, as CSV in a data package (frictionlessdata.io), and the package's description."""

import csv
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from threading import Lock
from typing import IO, Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Engine

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound
from traceability.domain.spreadsheet import Cell, Table, harmless
from traceability.models.engine import reading
from traceability.operations.open_data import RESOURCES, Resource, open_tables
from traceability.web.services import services

open_data = Blueprint("open_data", __name__)
FILES = {"register.zip": "application/zip", "register.json": "application/json"}
LASTS_S = 3_600
_PIECE = 256 * 1024
_ROWS_A_PIECE = 2_000
# One file a kind and database, made anew once an hour by whoever asks first; others meanwhile get the one before.
_kept: dict[tuple[str, str], tuple[float, IO[bytes]]] = {}
_making = Lock()


@open_data.get("/open-data")
def overview() -> ResponseReturnValue:
    """What there is, and what each table holds."""
    return render_template("public/open_data.html", resources=RESOURCES, licence=services().settings.open_data_licence)


@open_data.get("/open-data/datapackage.json")
def description() -> ResponseReturnValue:
    """The description of the package, as it stands in the ZIP too."""
    answer = Response(json.dumps(_package(), ensure_ascii=False, indent=1), mimetype="application/json")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@open_data.get("/open-data/<name>")
def register(name: str) -> ResponseReturnValue:
    """All tables in one file, at most an hour old."""
    if name not in FILES:
        raise NotFound("part_missing", kind="Table")
    around = services()
    file = _file(around.engine, name, around.clock())
    if file is None:
        told = gettext("The file is being made. Try again in a minute.")
        return Response(told, 503, {"Retry-After": "60"}, mimetype="text/plain")
    answer = Response(_pieces(file) if request.method == "GET" else b"", mimetype=FILES[name])
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


def _file(engine: Engine, name: str, now: datetime) -> IO[bytes] | None:
    """The file of this hour; while somebody makes it the one before, or None where there is none yet."""
    key = (str(engine.url), name)
    kept = _kept.get(key)
    if kept is not None and 0 <= now.timestamp() - kept[0] < LASTS_S:
        return kept[1]
    # Nobody waits for it in a thread of the server, of which there are few.
    if not _making.acquire(blocking=False):
        return kept[1] if kept else None
    try:
        made = tempfile.TemporaryFile()  # noqa: SIM115
        with reading(engine) as session:
            tables = open_tables(session)
            for piece in _zipped(tables) if name.endswith("zip") else _json(tables, now):
                made.write(piece)
        made.flush()
        _kept[key] = (now.timestamp(), made)
        return made
    finally:
        _making.release()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Read by place, so that several can read at once."""
    place = 0
    while piece := os.pread(file.fileno(), _PIECE, place):
        place += len(piece)
        yield piece


def _zipped(tables: Iterator[Table]) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.writestr("datapackage.json", json.dumps(_package(), ensure_ascii=False, indent=1))
            for table in tables:
                with archive.open(f"{table.key}.csv", "w") as part, io.TextIOWrapper(part, "utf-8", newline="") as text:
                    lines = csv.writer(text)
                    lines.writerow(table.columns)
                    lines.writerows([_plain(cell) for cell in row] for row in table.rows)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _json(tables: Iterator[Table], now: datetime) -> Iterator[bytes]:
    yield f'{{"made_on":"{day_in_vietnam(now)}"'.encode()
    for table in tables:
        yield f',\n"{table.key}":['.encode()
        held: list[str] = []
        first = True
        for row in table.rows:
            values = {name: cell.isoformat() if isinstance(cell, date) else cell for name, cell in zip(table.columns, row, strict=True)}
            held.append(json.dumps(values, ensure_ascii=False, separators=(",", ":")))
            if len(held) == _ROWS_A_PIECE:
                yield (",\n" * (not first) + ",\n".join(held)).encode()
                first, held = False, []
        yield ((",\n" if held and not first else "") + ",\n".join(held) + "]").encode()
    yield b"}\n"


def _plain(cell: Cell | bool) -> str:
    """A cell as the package's description says; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell.isoformat() if isinstance(cell, date) else harmless(str(cell))


def _package() -> dict[str, Any]:
    around = services()
    return {
        "profile": "tabular-data-package",
        "name": "ocop-register",
        "title": "OCOP register",
        "description": (
            "Recognised products, their producers, indications, rights of use and shops on line, each row with its source. "
            "In CSV a text that a spreadsheet would take for a formula has an apostrophe before it."
        ),
        "homepage": f"{around.settings.public_url}/open-data",
        **({"licenses": [{"name": around.settings.open_data_licence}]} if around.settings.open_data_licence else {}),
        "sources": [{"title": around.settings.operator}],
        "resources": [_described(resource) for resource in RESOURCES],
    }


def _described(resource: Resource) -> dict[str, Any]:
    fields = [{"name": field.name, "type": field.type, "description": field.about} for field in resource.fields]
    schema: dict[str, Any] = {"fields": fields, "primaryKey": ["id"], "missingValues": [""]}
    if resource.keys:
        keys = [{"fields": [column], "reference": {"resource": table, "fields": ["id"]}} for column, table in resource.keys]
        schema["foreignKeys"] = keys
    told = {"name": resource.name, "path": f"{resource.name}.csv", "profile": "tabular-data-resource", "encoding": "utf-8"}
    return told | {"description": resource.about, "schema": schema, "dialect": {"lineTerminator": "\r\n"}}
