"""The audit trail for office and administrators: searched, paged, and as a file for spreadsheets."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from traceability.domain.dates import VIETNAM
from traceability.domain.errors import Refused
from traceability.models.engine import reading
from traceability.operations.audit_export import COLUMNS, cells_of, changed_fields, csv_lines
from traceability.operations.audit_trail import Wanted, list_entries
from traceability.web.access import open_to
from traceability.web.audit_wording import act_name, kind_name, role_of
from traceability.web.services import services
from traceability.web.whole_lists import Rows, WholeList, list_as_file
from traceability.wording import word_refusal

audit_pages = Blueprint("audit_pages", __name__)
_AT_ONCE = 30
_LARGEST_ID = 2**31 - 1


@audit_pages.get("/office/audit")
@open_to("office", "administrator")
def trail() -> ResponseReturnValue:
    """Rows of the trail, newest first."""
    asked = {name: request.args.get(name, "").strip()[:100] for name in ("search", "since", "until")}
    older_than = request.args.get("before", type=int)
    problem, rows = None, []
    try:
        wanted = _wanted(asked, older_than)
        with reading(services().engine) as session:
            rows = [(row, changed_fields(row)) for row in list_entries(session, wanted, most=_AT_ONCE + 1)]
    except Refused as refused:
        problem = word_refusal(refused)
    shown, more = rows[:_AT_ONCE], len(rows) > _AT_ONCE
    paged = {"older": shown[-1][0].id if more else None, "first": older_than is None}
    words = {"act_name": act_name, "kind_name": kind_name, "role_of": role_of}
    page = render_template("staff/audit.html", rows=shown, asked=asked, problem=problem, **words, **paged)
    return page, 400 if problem else 200


@audit_pages.get("/office/audit.csv")
@open_to("office", "administrator")
def trail_file() -> ResponseReturnValue:
    """The rows that the same search finds, oldest first, sent as they are read."""
    asked = {name: request.args.get(name, "").strip()[:100] for name in ("search", "since", "until")}
    answer = Response(stream_with_context(_lines(services().engine, _wanted(asked, None))), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


@audit_pages.get("/office/audit.xlsx")
@open_to("office", "administrator")
def trail_sheet() -> ResponseReturnValue:
    """The same rows as a spreadsheet, under the same names."""
    asked = {name: request.args.get(name, "").strip()[:100] for name in ("search", "since", "until")}
    wanted = _wanted(asked, None)

    def rows(session: Session) -> Rows:
        return (tuple(cells_of(row)) for row in list_entries(session, wanted, newest_first=False))

    listed = WholeList(gettext("Audit trail"), tuple((name, name) for name in COLUMNS), rows)
    return list_as_file("audit", listed, "xlsx", {name: text for name, text in asked.items() if text})


def _lines(engine: Engine, wanted: Wanted) -> Iterator[str]:
    with reading(engine) as session:
        yield from csv_lines(list_entries(session, wanted, newest_first=False))


def _wanted(asked: dict[str, str], older_than: int | None) -> Wanted:
    """Days are whole days in Viet Nam, the last one included. Refused `date_text`."""
    until = _begin(asked["until"])
    older_than = None if older_than is None else min(max(older_than, 0), _LARGEST_ID)
    return Wanted(asked["search"], _begin(asked["since"]), until + timedelta(days=1) if until else None, older_than)


def _begin(text: str) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        if not 2000 <= day.year <= 9000:
            raise ValueError
    except ValueError:
        raise Refused("date_text", text=text) from None
    return datetime.combine(day, time(), VIETNAM)
