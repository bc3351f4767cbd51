"""A year in figures, in Vietnamese, as PDF and XLSX: what the rows count, and apart from it what others reported."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import Refused
from traceability.domain.spreadsheet import Cell, Table
from traceability.labels.fonts import Face
from traceability.labels.proof_page import register_fonts
from traceability.models.engine import reading
from traceability.operations.figures import FIRST_DAY, Figures, count_figures, published_counts
from traceability.web.access import open_to
from traceability.web.batch_forms import whole_number
from traceability.web.languages import format_day, format_partial_date
from traceability.web.register_words import group_names, kind_names, support_kinds
from traceability.web.services import services
from traceability.web.table_files import FILE_TYPES, pieces_of
from traceability.wording import word_refusal

year_report = Blueprint("year_report", __name__)
_BLUE, _LINE, _SOFT = colors.HexColor("#1f2f6b"), colors.HexColor("#c9c4b8"), colors.HexColor("#5d5a52")
_WIDTH = A4[0] - 40 * mm
_BAR_MM, _MOST_BARS = 5.0, 12


@dataclass(frozen=True)
class Part:
    """A part of the report: its key, title, a sentence, headings and rows; `bars` where its numbers make a chart."""

    key: str
    title: str
    sentence: str
    head: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    bars: bool = False


@year_report.get("/office/report")
@open_to("office", "inspector")
def report() -> ResponseReturnValue:
    """The button, or with a year and an ending the file itself. A year that is not over is told until today."""
    around = services()
    today = day_in_vietnam(around.clock())
    ending = request.args.get("as", "")
    if ending not in ("pdf", "xlsx"):
        return render_template("staff/report.html", years=range(today.year, FIRST_DAY.year - 1, -1), problem=None)
    try:
        year = whole_number(request.args.get("year", "")) or 0
        if not FIRST_DAY.year <= year <= today.year:
            raise Refused("report_year", first=FIRST_DAY.year, last=today.year)
    except Refused as refused:
        years = range(today.year, FIRST_DAY.year - 1, -1)
        return render_template("staff/report.html", years=years, problem=word_refusal(refused)), 400
    as_of = min(date(year, 12, 31), today)
    with reading(around.engine) as session, force_locale("vi"):
        found = count_figures(session, as_of)
        reported = [row for row in published_counts(session) if row.as_of[:4] <= str(year)]
        parts = list(_parts(found, reported))
        title = gettext("OCOP in %(year)s", year=year)
        facts = [(title, around.settings.operator), (gettext("State on"), format_day(as_of)), (gettext("Made at"), format_day(today))]
    content = _pdf(facts, parts) if ending == "pdf" else _xlsx(facts, parts)
    kind = "application/pdf" if ending == "pdf" else FILE_TYPES["xlsx"]
    answer = Response(content, mimetype=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=f"ocop-{year}.{ending}")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _parts(found: Figures, reported: list[Any]) -> Iterator[Part]:
    """What is told, in turn; each table says what its rows count."""
    count, groups, kinds = gettext("Products"), group_names(), kind_names()
    yield Part(
        "goals", gettext("Goals"), _undated(found), (gettext("What it is about"), gettext("Reached"), gettext("Goal")), _goals(found)
    )
    stars: list[tuple[Cell, ...]] = [(gettext("%(count)s stars", count=stars), number) for stars, number in found.by_stars.items()]
    yield Part("stars", gettext("By stars"), "", (gettext("Stars"), count), stars, bars=True)
    yield Part(
        "groups", gettext("By group"), "", (gettext("Group"), count), [(groups[key], n) for key, n in found.by_group.items()], bars=True
    )
    how: list[tuple[Cell, ...]] = [(kinds[key or "none"], number) for key, number in found.by_kind.items()]
    yield Part("kinds", gettext("New or re-evaluated"), "", (gettext("Kind"), count), how)
    communes: list[tuple[Cell, ...]] = [(name or gettext("commune not on record"), number) for _, name, number in found.by_commune]
    yield Part("communes", gettext("By commune"), "", (gettext("Commune or ward"), count), communes)
    over: list[tuple[Cell, ...]] = [(format_day(at), number) for at, number in found.over_time]
    yield Part("over_time", gettext("Recognised over time"), "", (gettext("Day"), count), over, bars=True)
    ends: list[tuple[Cell, ...]] = [(f"{format_day(span.first)} – {format_day(span.last)}", span.count) for span in found.expiring]
    yield Part("ending", gettext("Ratings that end, by quarter"), "", (gettext("Days"), count), ends)
    done = found.activity
    acts: list[tuple[Cell, ...]] = [(gettext("Batches registered"), done.batches), (gettext("Packs stamped"), done.packs_stamped)]
    acts += [(gettext("Recalls"), done.recalls), (gettext("Official checks"), done.inspections)]
    yield Part("done", gettext("Done in the year"), "", (gettext("What it is about"), gettext("Number")), acts)
    words = support_kinds()
    given: list[tuple[Cell, ...]] = [(words[row.kind], row.times, row.amount) for row in done.support]
    yield Part("support", gettext("Support given"), "", (gettext("Kind"), gettext("Times"), gettext("Amount in đồng, where known")), given)
    told: list[tuple[Cell, ...]] = []
    for row in reported:
        what = f"{row.province} ({gettext('one decision')}: {row.details})" if row.scope == "decision" else row.province
        told.append((format_partial_date(row.as_of), what, row.total, row.stars3, row.stars4, row.stars5, row.source))
    head = (gettext("Day"), gettext("Province"), gettext("Products"), "3★", "4★", "5★", gettext("Source"))
    said = gettext(
        "As it was published, each with its source. It is never added to what is counted: the names behind it were not published."
    )
    yield Part("reported", gettext("Reported by others"), said, head, told)


def _undated(found: Figures) -> str:
    total = gettext("Counted from the register, %(day)s", day=format_day(found.as_of))
    undated = gettext("Ratings of which no source gives the day, which are not counted: %(count)s.", count=found.undated)
    return f"{total}. {undated}"


def _goals(found: Figures) -> list[tuple[Cell, ...]]:
    on = found.online
    rows: list[tuple[Cell, ...]] = [(gettext("Products recognised in all"), found.total, _goal(found.total_goal))]
    rows.append((gettext("Newly recognised in the year"), found.new_this_year, _goal(found.new_goal)))
    shares = (
        (gettext("Products on an e-commerce floor"), on.on_floors, on.products, 100),
        (gettext("Producers with a digital storefront"), on.with_storefront, on.producers, 50),
        (gettext("Producers with e-payment"), on.with_e_payment, on.producers, 50),
    )
    for name, number, of, goal in shares:
        share = f" ({round(100 * number / of)} %)" if of else ""
        rows.append((name, f"{number} / {of}{share}", f"{goal} %"))
    return rows


def _goal(target: Any) -> str | None:
    return gettext("at least %(amount)s (%(year)s)", amount=target.amount, year=target.year) if target else None


def _xlsx(facts: list[tuple[str, str]], parts: list[Part]) -> Iterator[bytes]:
    words = {"overview": "Tổng quan"} | {part.key: part.title for part in parts}
    words |= {f"{part.key}.{place}": word for part in parts for place, word in enumerate(part.head)}
    tables = [Table(part.key, tuple(f"{part.key}.{place}" for place in range(len(part.head))), iter(part.rows)) for part in parts]
    notes = [(part.title, part.sentence) for part in parts if part.sentence]
    return pieces_of("xlsx", tables, facts + notes, lambda key: words.get(key, key))


def _pdf(facts: list[tuple[str, str]], parts: list[Part]) -> bytes:
    register_fonts()
    out = io.BytesIO()
    paper = SimpleDocTemplate(out, pagesize=A4, leftMargin=20 * mm, rightMargin=20 * mm, topMargin=18 * mm, bottomMargin=18 * mm)
    paper.title, paper.author, paper.lang = facts[0][0], facts[0][1], "vi"
    story: list[Any] = [Paragraph(_safe(facts[0][0]), _style(20, bold=True)), Paragraph(_safe(facts[0][1]), _style(11))]
    story += [Paragraph(f"{_safe(name)}: {_safe(value)}", _style(9, soft=True)) for name, value in facts[1:]]
    for part in parts:
        story += _part(part)
    paper.build(story, onFirstPage=_foot, onLaterPages=_foot)
    return out.getvalue()


def _part(part: Part) -> list[Any]:
    head: list[Any] = [Spacer(1, 6 * mm), Paragraph(_safe(part.title), _style(13, bold=True))]
    if part.sentence:
        head.append(Paragraph(_safe(part.sentence), _style(9, soft=True)))
    if not part.rows:
        return [KeepTogether([*head, Paragraph("Chưa có trong sổ.", _style(9))])]
    if part.bars:
        head.append(_bars(part.rows[:_MOST_BARS]))
    cells = [[Paragraph(_safe(word), _style(9, bold=True)) for word in part.head]]
    cells += [[Paragraph(_safe(_told(cell)), _style(9)) for cell in row] for row in part.rows]
    rest = len(part.head) - 1
    widths = (
        [_WIDTH * 0.55, *[_WIDTH * 0.45 / rest] * rest]
        if rest <= 2
        else [_WIDTH * share for share in (0.12, 0.2, 0.12, 0.08, 0.08, 0.08, 0.32)]
    )
    grid = Grid(cells, colWidths=widths, repeatRows=1, hAlign="LEFT")
    grid.setStyle([("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE), ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    # A title never stands alone at the foot of a page.
    return [KeepTogether([*head, grid])] if len(part.rows) <= 15 else [KeepTogether(head), grid]


def _bars(rows: list[tuple[Cell, ...]]) -> Drawing:
    """Bars with their words and numbers, which the table below tells too."""
    numbers = [row[1] if isinstance(row[1], int) else 0 for row in rows]
    highest, height = max([*numbers, 1]), len(rows) * 2 * _BAR_MM * mm
    drawing = Drawing(_WIDTH, height + 2 * mm)
    for place, (row, number) in enumerate(zip(rows, numbers, strict=True)):
        top = height - place * 2 * _BAR_MM * mm
        drawing.add(String(0, top - 3.5 * mm, f"{row[0]}: {_told(number)}", fontName=Face.REGULAR.value, fontSize=8))
        drawing.add(Rect(0, top - 8 * mm, max(0.3, (_WIDTH - 1) * number / highest), 3 * mm, fillColor=_BLUE, strokeColor=None))
    return drawing


def _told(cell: Cell) -> str:
    if isinstance(cell, int):
        return f"{cell:,}".replace(",", ".")
    return "" if cell is None else str(cell)


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _style(size: float, *, bold: bool = False, soft: bool = False) -> ParagraphStyle:
    face = Face.BOLD if bold else Face.REGULAR
    colour = _SOFT if soft else colors.black
    return ParagraphStyle("text", fontName=face.value, fontSize=size, leading=size * 1.35, textColor=colour, spaceAfter=1 * mm)


def _foot(canvas: Any, paper: Any) -> None:
    canvas.setFont(Face.REGULAR.value, 8)
    canvas.setFillColor(_SOFT)
    canvas.drawRightString(A4[0] - 20 * mm, 10 * mm, str(paper.page))
