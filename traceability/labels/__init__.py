"""Printed labels: what they say is laid out once, in mm, and each writer turns a layout into one format."""

from traceability.labels.fit import FitReport, LabelDoesNotFit, Misfit
from traceability.labels.label import DESIGNS, LANGUAGES, SIZE_50X30, Label, ModuleSize, PrinterFault, Size, SizeFault
from traceability.labels.layout import check_fit, lay_out
from traceability.labels.logo import LabelLogo, read_logo
from traceability.labels.pdf import render_pdf
from traceability.labels.png import render_png
from traceability.labels.primitives import Layout
from traceability.labels.run import CodeSlot, LabelRun, Units, code_slots
from traceability.labels.stock import PRINTERS_DPI, ROLLS, SHEETS, STOCKS, Stock, StockFault, check_stock, roll, sheet
from traceability.labels.svg import render_svg

__all__ = [
    "DESIGNS",
    "LANGUAGES",
    "PRINTERS_DPI",
    "ROLLS",
    "SHEETS",
    "SIZE_50X30",
    "STOCKS",
    "CodeSlot",
    "FitReport",
    "Label",
    "LabelDoesNotFit",
    "LabelLogo",
    "LabelRun",
    "Layout",
    "Misfit",
    "ModuleSize",
    "PrinterFault",
    "Size",
    "SizeFault",
    "Stock",
    "StockFault",
    "Units",
    "check_fit",
    "check_stock",
    "code_slots",
    "lay_out",
    "read_logo",
    "render_pdf",
    "render_png",
    "render_svg",
    "roll",
    "sheet",
]
