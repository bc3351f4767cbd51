"""The label stocks and printers that a label can be set for."""

from traceability.labels.label import Size

# Rolls that thermal printers take, the usual one first; the key is what is remembered and stands in addresses.
STOCKS = {
    "50x30": Size(50.0, 30.0),
    "60x40": Size(60.0, 40.0),
    "70x50": Size(70.0, 50.0),
    "40x30": Size(40.0, 30.0),
    "35x22": Size(35.0, 22.0),
}
# Dots an inch: most thermal printers, finer ones, and office printers.
PRINTERS_DPI = (203, 300, 600)
