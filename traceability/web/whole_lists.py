"""A list as a file, whole and not page by page: what each page of a list offers below it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Response
from flask_babel import gettext
from sqlalchemy.orm import Session

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import NotFound
from traceability.domain.spreadsheet import Cell, Table
from traceability.models.engine import reading
from traceability.web.services import services
from traceability.web.table_files import FILE_TYPES, pieces_of

Rows = Iterator[tuple[Cell, ...]]


@dataclass(frozen=True)
class WholeList:
    """A list: its title, its columns with their words, and its rows."""

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: Callable[[Session], Rows]


def list_as_file(name: str, listed: WholeList, ending: str, chosen: dict[str, str] | None = None) -> Response:
    """XLSX, or CSV in a ZIP; what the list was narrowed by stands on the first sheet. NotFound `part_missing` for other endings."""
    if ending not in FILE_TYPES:
        raise NotFound("part_missing", kind="Table")
    around = services()
    day = day_in_vietnam(around.clock())
    facts = [(gettext("Made at"), f"{day:%d/%m/%Y}")] + [(gettext("Chosen"), f"{key}: {value}") for key, value in (chosen or {}).items()]
    words = {"overview": gettext("Overview"), name: listed.title} | {f"{name}.{key}": word for key, word in listed.columns}

    def pieces() -> Iterator[bytes]:
        # Nothing here asks for the request, which is over by then.
        with reading(around.engine) as session:
            table = Table(name, tuple(f"{name}.{key}" for key, _ in listed.columns), listed.rows(session))
            yield from pieces_of(ending, [table], facts, lambda key: words.get(key, key))

    answer = Response(pieces(), mimetype=FILE_TYPES[ending])
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}-{day}.{ending}")
    answer.headers["Cache-Control"] = "no-store"
    return answer
