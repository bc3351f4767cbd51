"""Runs of labels to print, with codes that differ in every character."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.labels.builders import FORMS, make_label
from traceability.labels.label import ModuleSize, Size
from traceability.labels.layout import lay_out
from traceability.labels.run import LabelRun, Units
from traceability.labels.stock import Stock
from traceability.qr.many import Press

BASE32 = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", np.uint8)
# The smallest roll holds a stamp of a short host only.
SHORT = ("https://T.VN/S/7K3MQ9X2ABCS", "7K3M-Q9X2-ABCS")


def form_for(stock: Stock) -> tuple[str, str]:
    """The text and the code of a stamp that this stock takes at 203 dpi."""
    return SHORT if stock.label.width_mm < 40 else FORMS["house unit"]


def make_run(count: int, size: Size, dpi: int | None, form: tuple[str, str], *, chunk: int = 64, **changed: Any) -> LabelRun:
    """`count` labels whose last twelve characters are drawn by lot, given in chunks of `chunk`."""
    text, code = form
    label = make_label(**{"qr_text": text, "readable_code": code, **changed})
    layout = lay_out(label, size, ModuleSize.for_dpi(dpi) if dpi else ModuleSize.vector())
    press = Press(text, layout.symbol.version, layout.symbol.level, None)
    last = [at for at, character in enumerate(code) if character not in " -"][-12:]

    def units() -> Iterator[Units]:
        lots = np.random.default_rng(7)
        for start in range(0, count, chunk):
            some = min(chunk, count - start)
            texts = np.tile(np.frombuffer(text.encode(), np.uint8), (some, 1))
            codes = np.tile(np.frombuffer(code.encode(), np.uint8), (some, 1))
            texts[:, -12:] = codes[:, last] = BASE32[lots.integers(0, 32, (some, 12))]
            yield Units(press.symbols(texts), codes, texts, np.arange(start + 1, start + some + 1))

    return LabelRun(layout, units(), count)


def said_by(run: LabelRun) -> list[str]:
    """What the symbols of a run say, in order."""
    return [text.tobytes().decode() for units in run.units for text in units.texts]
