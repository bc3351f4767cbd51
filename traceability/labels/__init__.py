"""Printed labels: what they say is laid out once, in mm, and each writer turns a layout into one format."""

from traceability.labels.fit import FitReport, LabelDoesNotFit, Misfit
from traceability.labels.label import SIZE_50X30, Label, ModuleSize, Size
from traceability.labels.layout import check_fit, lay_out
from traceability.labels.native import NativeSymbolTooLarge
from traceability.labels.pdf import render_pdf
from traceability.labels.png import render_png
from traceability.labels.primitives import Layout
from traceability.labels.run import CodeSlot, LabelRun, Units, code_slots
from traceability.labels.singles import layouts_of, single_files, zip_of
from traceability.labels.stock import PRINTERS_DPI, ROLLS, SHEETS, STOCKS, Stock, StockFault, check_stock, roll, sheet
from traceability.labels.svg import render_svg
from traceability.labels.table import TableTooLong, render_csv, render_xlsx
from traceability.labels.tspl import render_tspl
from traceability.labels.zpl import render_zpl

__all__ = [
    "PRINTERS_DPI",
    "ROLLS",
    "SHEETS",
    "SIZE_50X30",
    "STOCKS",
    "CodeSlot",
    "FitReport",
    "Label",
    "LabelDoesNotFit",
    "LabelRun",
    "Layout",
    "Misfit",
    "ModuleSize",
    "NativeSymbolTooLarge",
    "Size",
    "Stock",
    "StockFault",
    "TableTooLong",
    "Units",
    "check_fit",
    "check_stock",
    "code_slots",
    "lay_out",
    "layouts_of",
    "render_csv",
    "render_pdf",
    "render_png",
    "render_svg",
    "render_tspl",
    "render_xlsx",
    "render_zpl",
    "roll",
    "sheet",
    "single_files",
    "zip_of",
]
