"""What would make a label fit that does not, or fit well that fits only just: one thing changed at a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from traceability.labels.fit import FitReport, Verdict
from traceability.labels.label import DESIGNS, Design, Label, Size
from traceability.labels.layout import check_fit
from traceability.labels.stock import PRINTERS_DPI

RemedyKind = Literal["stock", "form", "design", "printer", "host"]
Try = tuple[str | int, Callable[[], FitReport]]
LabelOf = Callable[[str, Design], Label | None]
_RANKS: dict[Verdict, int] = {"misfit": 0, "tight": 1, "fits": 2}
_SHORTEST_HOST = 10


@dataclass(frozen=True)
class Case:
    """What was chosen: the code's form, the design, the stock's key and the printer's dots an inch."""

    form: str
    design: Design
    stock: str
    dpi: int


@dataclass(frozen=True)
class Remedy:
    """One change and the verdict with it. `value` is a stock's key, a form, a design, a dpi, or the longest host's length."""

    kind: RemedyKind
    value: str | int
    verdict: Verdict


def remedies_for(
    label_of: LabelOf, case: Case, *, stocks: Mapping[str, Size], forms: Sequence[str], printers: Iterable[int] = PRINTERS_DPI
) -> tuple[Remedy, ...]:
    """The best change of each kind that helps: the smallest stock, the first form and design, the coarsest printer, the longest host.

    `label_of` gives the label in a form and a design, or None where the product has none in that form. Nothing is
    returned where the label fits well as it is, or where no single change helps.
    """
    label = label_of(case.form, case.design)
    if label is None:
        return ()
    size = stocks[case.stock]
    now = _RANKS[check_fit(label, size, case.dpi).verdict]
    if now == _RANKS["fits"]:
        return ()
    larger = sorted((key for key in stocks if key != case.stock), key=lambda key: stocks[key].width_mm * stocks[key].height_mm)
    found = [
        _best("stock", ((key, partial(check_fit, label, stocks[key], case.dpi)) for key in larger), now),
        _best("design", _by_label(lambda design: label_of(case.form, design), DESIGNS, case.design, size, case.dpi), now),
        _best("form", _by_label(lambda form: label_of(form, case.design), forms, case.form, size, case.dpi), now),
        _best("printer", ((dpi, partial(check_fit, label, size, dpi)) for dpi in sorted(printers) if dpi > case.dpi), now),
        _best("host", _by_host(label, size, case.dpi), now),
    ]
    return tuple(remedy for remedy in found if remedy)


def with_host_of(label: Label, length: int) -> Label:
    """The label as it would be if the service's host had so many characters."""
    scheme, _, rest = label.qr_text.partition("://")
    host, slash, path = rest.partition("/")
    return replace(label, qr_text=f"{scheme}://{host[:length]}{slash}{path}", host=label.host[:length])


def _by_label(label_of: Callable[..., Label | None], others: Iterable[str], chosen: str, size: Size, dpi: int) -> Iterable[Try]:
    labels = ((other, label_of(other)) for other in others if other != chosen)
    return ((other, partial(check_fit, label, size, dpi)) for other, label in labels if label is not None)


def _by_host(label: Label, size: Size, dpi: int) -> Iterable[Try]:
    lengths = range(len(label.host) - 1, _SHORTEST_HOST - 1, -1)
    return ((length, partial(check_fit, with_host_of(label, length), size, dpi)) for length in lengths)


def _best(kind: RemedyKind, tries: Iterable[Try], now: int) -> Remedy | None:
    """The first that fits well, else the first that fits at all; None where neither is better than what there is."""
    best: Remedy | None = None
    for value, check in tries:
        verdict = check().verdict
        if verdict == "fits":
            return Remedy(kind, value, verdict)
        if best is None and _RANKS[verdict] > now:
            best = Remedy(kind, value, verdict)
    return best
