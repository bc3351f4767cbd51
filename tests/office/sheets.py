"""Sheets as tests make them."""

import io

from openpyxl import Workbook

from tests.factories import OFFICE
from traceability.models import RegisterImport
from traceability.models.engine import reading
from traceability.operations.import_register import ImportFacts, begin_import, find_import, keep_preview, make_preview
from traceability.sheets import read_sheets


def book(**sheets) -> bytes:
    """A workbook; rows by the names of its sheets, `_` standing for a space."""
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        page = made.create_sheet(name.replace("_", " "))
        for row in rows:
            page.append(row)
    return saved(made)


def saved(made: Workbook) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def preview(workshop, content: bytes, answers: dict | None = None):
    """Hands a file over and previews it; its number and rows."""
    services = workshop.services
    number = workshop.act(begin_import, file_name="x.xlsx", content=content, upload="0" * 64, actor=OFFICE, now=workshop.now)
    if answers:
        workshop.act(lambda session: setattr(session.get(RegisterImport, number), "answers", answers))
    with reading(services.engine) as session:
        planned, ignored = make_preview(session, number, read_sheets(content), workshop.now, lambda _done, _total: None)
    workshop.act(keep_preview, number, planned, ignored, now=workshop.now)
    return number, planned


def facts(workshop, number: int) -> ImportFacts:
    with reading(workshop.services.engine) as session:
        return find_import(session, number, workshop.now)
