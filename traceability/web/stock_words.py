"""Words for stocks and for kinds of files."""

from collections.abc import Iterable

from flask_babel import gettext, ngettext

from traceability.labels.stock import Stock
from traceability.operations.print_run import Fit
from traceability.web.wording import format_number


def kind_names() -> dict[str, str]:
    """What a run can be fetched as, the usual ones first."""
    return {
        "pdf": gettext("PDF, for any printer"),
        "zpl": gettext("ZPL, for Zebra label printers"),
        "tspl": gettext("TSPL, for Xprinter, TSC and the like"),
        "pdfs": gettext("One PDF a label, in a ZIP"),
        "svg": gettext("One SVG a label, in a ZIP"),
        "png": gettext("One picture (PNG) a label, in a ZIP"),
        "xlsx": gettext("Table of codes for Excel (XLSX)"),
        "csv": gettext("Table of codes (CSV)"),
    }


def stock_name(stock: Stock, name: str | None = None) -> str:
    """A stock as its maker's box calls it: what it is, how many labels, how large."""
    size = f"{format_number(stock.label.width_mm)} × {format_number(stock.label.height_mm)} mm"
    if stock.kind == "roll":
        told = size if stock.columns == 1 else gettext("%(size)s, %(num)s across", size=size, num=stock.columns)
    else:
        page = paper_name(stock)
        told = ngettext("%(page)s: %(num)s label of %(size)s", "%(page)s: %(num)s labels of %(size)s", stock.count, page=page, size=size)
    return f"{name} ({told})" if name else told


def paper_name(stock: Stock) -> str:
    """A page's size by its name, or in mm."""
    known = {(210.0, 297.0): "A4", (148.0, 210.0): "A5"}
    width, height = stock.page.width_mm, stock.page.height_mm
    return known.get((width, height)) or f"{format_number(width)} × {format_number(height)} mm"


def own_first(fits: Iterable[Fit]) -> list[tuple[str, list[Fit]]]:
    """Stocks in groups, with a word for each: the producer's own, rolls, sheets."""
    fits = list(fits)
    groups = [
        (gettext("Your own"), [fit for fit in fits if fit.name]),
        (gettext("Rolls"), [fit for fit in fits if not fit.name and fit.stock.kind == "roll"]),
        (gettext("Sheets"), [fit for fit in fits if not fit.name and fit.stock.kind == "sheet"]),
    ]
    return [(word, members) for word, members in groups if members]
