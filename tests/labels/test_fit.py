"""The fit report: when a label fits, fits tightly or does not, and what would make it fit."""

import pytest

from tests.labels.builders import BATCH, FORMS, make_label
from tests.labels.test_designs import label_in
from traceability.labels.fit import FitReport, SymbolMeasures, judge_fit
from traceability.labels.label import Label, ModuleSize, Size
from traceability.labels.layout import check_fit
from traceability.labels.remedies import Case, remedies_for, with_host_of
from traceability.labels.stock import STOCKS

SIZES = {key: stock.label for key, stock in STOCKS.items()}


def judged(module_mm: float = 0.5, level: str = "Q", side_mm: float = 20.5, pt: float = 6.0, dpi: int | None = 203) -> FitReport:
    module = ModuleSize.for_dpi(dpi) if dpi else ModuleSize.vector()
    return judge_fit(SymbolMeasures(4, level, module_mm, side_mm), module, Size(50, 30), smallest_text_pt=pt)


def test_a_label_with_nothing_wrong_fits_and_tells_its_quiet_zone() -> None:
    report = check_fit(label_in("standard", "house unit"), dpi=203)
    assert (report.verdict, report.tightness, report.left_out) == ("fits", (), ())
    assert report.quiet_mm == pytest.approx(4 * report.module_mm)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"module_mm": 3 * 25.4 / 203}, ("module",)),
        ({"module_mm": 0.32, "dpi": 600}, ("module",)),
        ({"module_mm": 0.339, "dpi": 300}, ()),
        ({"module_mm": 0.25, "dpi": None}, ("module",)),
        ({"pt": 5.0}, ("text",)),
        ({"pt": 5.16}, ()),
        ({"level": "M"}, ("level",)),
        ({"level": "H"}, ()),
        ({"side_mm": 29.6}, ("edge",)),
        ({"side_mm": 29.4}, ()),
        ({"level": "M", "pt": 5.0, "side_mm": 29.9, "module_mm": 0.375}, ("module", "text", "level", "edge")),
    ],
)
def test_each_kind_of_tightness_has_a_bound(changed: dict[str, float], words: tuple[str, ...]) -> None:
    report = judged(**changed)
    assert report.tightness == words
    assert report.verdict == ("tight" if words else "fits") and report.fits


def test_a_misfit_is_not_tight_as_well() -> None:
    report = check_fit(label_in("standard", "signed"), SIZES["35x22"], 203)
    assert (report.verdict, report.tightness, report.fits) == ("misfit", (), False)


def label_of(form: str, design: str) -> Label | None:
    if form == "gs1":
        return None
    return label_in(design, {"house": "house unit", "signed": "signed"}[form])


def remedies(form: str, design: str, stock: str, dpi: int = 203) -> dict[str, tuple[str | int, str]]:
    found = remedies_for(label_of, Case(form, design, stock, dpi), stocks=SIZES, forms=("house", "gs1", "signed"))
    return {remedy.kind: (remedy.value, remedy.verdict) for remedy in found}


def test_what_fits_needs_no_remedy_and_what_has_no_label_gets_none() -> None:
    assert remedies("house", "standard", "50x30") == {}
    assert remedies("gs1", "standard", "35x22") == {}


def test_a_label_too_large_for_its_stock_is_told_of_a_larger_one_and_of_another_design() -> None:
    found = remedies("house", "standard", "35x22")
    assert found["design"] == ("small", "tight")
    assert found["stock"][1] == "fits"


@pytest.mark.parametrize("stock", ["35x22", "40x30"])
def test_every_remedy_keeps_its_promise(stock: str) -> None:
    for form, design in (("signed", "standard"), ("signed", "small"), ("house", "standard")):
        for kind, (value, verdict) in remedies(form, design, stock).items():
            label = {
                "form": lambda value=value, design=design: label_of(str(value), design),
                "design": lambda value=value, form=form: label_of(form, str(value)),
                "host": lambda value=value, form=form, design=design: with_host_of(label_of(form, design), int(value)),
            }.get(kind, lambda form=form, design=design: label_of(form, design))()
            size = SIZES[str(value)] if kind == "stock" else SIZES[stock]
            assert check_fit(label, size, int(value) if kind == "printer" else 203).verdict == verdict


def test_a_signed_code_on_a_small_label_is_told_that_the_short_code_fits() -> None:
    assert remedies("signed", "small", "40x30")["form"] == ("house", "fits")


def test_a_finer_printer_is_told_where_it_helps() -> None:
    assert remedies("signed", "standard", "50x30")["printer"] == (300, "fits")
    assert "printer" not in remedies("house", "standard", "35x22", dpi=600)


def test_a_long_host_is_told_how_short_it_must_be() -> None:
    host = "truyxuatnguongoc.sonongnghiep.laocai.gov.vn"
    label = make_label(qr_text=f"https://{host.upper()}/S/7K3MQ9X2ABCS", readable_code=BATCH, host=host, design="small")

    def only(form: str, design: str) -> Label | None:
        return label if design == "small" else None

    report = check_fit(label, SIZES["35x22"], 203)
    found = remedies_for(only, Case("house", "small", "35x22", 203), stocks={"35x22": SIZES["35x22"]}, forms=("house",))
    (longest,) = [remedy for remedy in found if remedy.kind == "host"]
    assert report.verdict != "fits" and 10 <= int(longest.value) < len(host)
    shorter = with_host_of(label, int(longest.value))
    assert check_fit(shorter, SIZES["35x22"], 203).verdict == longest.verdict
    assert check_fit(with_host_of(label, int(longest.value) + 1), SIZES["35x22"], 203).verdict != "fits"


def test_a_shorter_host_is_shorter_in_the_code_and_on_the_label() -> None:
    shorter = with_host_of(make_label(), 10)
    assert (shorter.host, shorter.qr_text) == ("trace.laoc", "https://TRACE.LAOC/S/" + FORMS["house unit"][0].rpartition("/")[2])
