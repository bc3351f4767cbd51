"""A producer's own sheets and rolls: measured once, then chosen like the others."""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from traceability.domain.errors import NotFound, Refused
from traceability.labels.label import Size
from traceability.labels.stock import Stock
from traceability.models.engine import reading
from traceability.operations.own_account import producers_of
from traceability.operations.stocks import add_stock, forget_stock, own_stocks, stock_of
from traceability.web.access import PRODUCER, open_to, principal
from traceability.web.acts import doing
from traceability.web.languages import choose_language
from traceability.web.services import services
from traceability.web.stock_words import stock_name
from traceability.wording import word_refusal

stocks = Blueprint("stocks", __name__)
_USUAL_GAP_MM = 3.0
_LENGTHS = ("label_width", "label_height", "page_width", "page_height", "left", "top", "pitch_x", "pitch_y", "gap")


@stocks.get("/producer/stocks")
@open_to(PRODUCER)
def list_all() -> ResponseReturnValue:
    """Our own stocks, and a form for a new one."""
    return _page({})


@stocks.post("/producer/stocks")
@open_to(PRODUCER)
def add() -> ResponseReturnValue:
    """Keeps a stock; what is wrong with its figures is told, and nothing typed is lost."""
    try:
        with doing("add_stock") as session:
            add_stock(session, _producer(request.form), request.form.get("name", "")[:60], read_stock(request.form))
    except NotFound:
        raise
    except Refused as refused:
        return _page(request.form, problem=word_refusal(refused)), 400
    return redirect(url_for("stocks.list_all", lang=choose_language()), 303)


@stocks.post("/producer/stocks/<int:stock_id>/forget")
@open_to(PRODUCER)
def forget(stock_id: int) -> ResponseReturnValue:
    """Offers a stock no more; what was printed on it stays on record."""
    with doing("forget_stock") as session:
        forget_stock(session, frozenset(principal().producers), stock_id, services().clock())
    return redirect(url_for("stocks.list_all", lang=choose_language()), 303)


def read_stock(fields: Mapping[str, str]) -> Stock:
    """The figures of a form: where nothing is written, labels touch, and the gap of a roll is the usual one.

    Refused `length_text`, `number_text`.
    """
    lengths = {name: _length(fields.get(name, "")) for name in _LENGTHS}
    roll = fields.get("kind") == "roll"
    columns, rows = _count(fields.get("columns", "")), 1 if roll else _count(fields.get("rows", ""))
    label = Size(lengths["label_width"] or 0.0, lengths["label_height"] or 0.0)
    pitch_x, pitch_y = lengths["pitch_x"] or label.width_mm, lengths["pitch_y"] or label.height_mm
    page = Size(lengths["page_width"] or 210.0, lengths["page_height"] or 297.0)
    if roll:
        page = Size((columns - 1) * pitch_x + label.width_mm, label.height_mm)
    left, top = (0.0, 0.0) if roll else (lengths["left"] or 0.0, lengths["top"] or 0.0)
    sensed = fields.get("sensed", "gap") if roll else "none"
    gap = 0.0 if sensed == "none" else _USUAL_GAP_MM if lengths["gap"] is None else lengths["gap"]
    return Stock("new", "roll" if roll else "sheet", label, page, columns, rows, left, top, pitch_x, pitch_y, gap, sensed)  # type: ignore[arg-type]


def _length(text: str) -> float | None:
    text = text.strip().replace(",", ".")
    if not text:
        return None
    whole, _, part = text.partition(".")
    if not (whole + part).isascii() or not (whole + part).isdigit() or len(text) > 10:
        raise Refused("length_text", text=text[:20])
    return float(text)


def _count(text: str) -> int:
    text = text.strip() or "1"
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise Refused("number_text", text=text[:20])
    return int(text)


def _producer(fields: Mapping[str, str]) -> int:
    """Whose stock it is to be: the one producer of an account, or the one that was chosen."""
    own = sorted(principal().producers)
    asked = fields.get("producer", "")
    if len(own) == 1 and not asked:
        return own[0]
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    if number not in own:
        raise NotFound("producer_missing")
    return number


def _page(fields: Mapping[str, str], problem: str | None = None) -> str:
    with reading(services().engine) as session:
        producers = producers_of(session, sorted(principal().producers))
        rows = [(row, stock_name(stock_of(row))) for row in own_stocks(session, frozenset(principal().producers))]
    return render_template("producer/stocks.html", rows=rows, producers=producers, fields=fields, problem=problem)
