"""What one label says, and the piece of paper it says it on."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from traceability.labels.logo import MM_PER_INCH, LabelLogo

MM_PER_POINT = MM_PER_INCH / 72
STARS_ON_A_LABEL = (0, 3, 4, 5)
Design = Literal["small", "standard", "signed"]
Language = Literal["vi", "en", "both"]
DESIGNS: tuple[Design, ...] = ("standard", "small", "signed")
LANGUAGES: tuple[Language, ...] = ("vi", "both", "en")


@dataclass(frozen=True)
class Label:
    """One label, already worded: what is None is left out. Whether stars or a GI may be shown was decided before.

    `readable_code` stands in groups of four, `lot` is None for a service, `specimen` prints MẪU across the text.
    `design` says which of the fields are shown and where, `language` in which words; `product_name` is the name in that
    language, and `product_name_en` a second one under it. `offline` says that the symbol can be checked without a network.
    Raises ValueError for a number of stars that OCOP does not give a product, for another design or language.
    """

    qr_text: str
    product_name: str
    producer: str | None
    lot: str | None
    made_on: date | None
    best_before: date | None
    stars: int
    geographical_indication: str | None
    readable_code: str
    host: str
    specimen: bool
    design: Design = "standard"
    language: Language = "vi"
    product_name_en: str | None = None
    logo: LabelLogo | None = None
    offline: bool = False

    def __post_init__(self) -> None:
        if self.design not in DESIGNS or self.language not in LANGUAGES:
            raise ValueError(f"there is no label {self.design!r} in {self.language!r}")
        if self.stars not in STARS_ON_A_LABEL:
            raise ValueError(f"a label shows {STARS_ON_A_LABEL} stars, not {self.stars}")


class PrinterFault(ValueError):
    """A resolution for which nothing is drawn. `code` is `dpi_low` or `dpi_high`; `facts` hold the bound."""

    def __init__(self, code: str, words: str, **facts: float) -> None:
        super().__init__(words)
        self.code, self.facts = code, facts


class SizeFault(ValueError):
    """A label of a size that cannot be laid out; `code` is `label_size`."""

    code = "label_size"

    def __init__(self, width_mm: float, height_mm: float) -> None:
        super().__init__(f"a label is {LEAST_WIDTH_MM} × {LEAST_HEIGHT_MM} to {MOST_MM} × {MOST_MM} mm, not {width_mm} × {height_mm}")
        self.facts = {"least_width_mm": LEAST_WIDTH_MM, "least_height_mm": LEAST_HEIGHT_MM, "most_mm": MOST_MM}


LEAST_WIDTH_MM, LEAST_HEIGHT_MM, MOST_MM = 20.0, 10.0, 200.0
LEAST_DPI, MOST_DPI = 150, 2400


@dataclass(frozen=True)
class Size:
    """A label's width and height in mm."""

    width_mm: float
    height_mm: float


def check_size(size: Size) -> Size:
    """The size, if a label can be laid out on it. Raises SizeFault, also for what is no number."""
    if not (LEAST_WIDTH_MM <= size.width_mm <= MOST_MM and LEAST_HEIGHT_MM <= size.height_mm <= MOST_MM):
        raise SizeFault(size.width_mm, size.height_mm)
    return size


def check_dpi(dpi: int) -> int:
    """The resolution, if stamps can be printed at it. Raises PrinterFault."""
    if not dpi >= LEAST_DPI:
        raise PrinterFault("dpi_low", f"{dpi} dpi is too coarse for a stamp", least=LEAST_DPI)
    if dpi > MOST_DPI:
        raise PrinterFault("dpi_high", f"{dpi} dpi is finer than any printer that is known here", most=MOST_DPI)
    return dpi


SIZE_50X30 = Size(50.0, 30.0)


@dataclass(frozen=True)
class ModuleSize:
    """Which widths a printer can give a module: whole dots of `dot_mm`, from the preferred number down to the least.

    `dpi` is None where nothing is printed in dots; then `dot_mm` is only the step in which modules are widened.
    """

    dpi: int | None
    dot_mm: float
    preferred_dots: int
    least_dots: int

    # Half a millimetre, and room for the whole dots next to it: 4 at 203 dpi, 6 at 300 and 12 at 600. With wider
    # modules the quiet zone of four would not fit between the symbol and the label's edge.
    WIDEST_MM = 0.52
    LEAST_MM = 0.25
    # A thermal head of 8 dots a millimetre smears by about half a dot on either side, so it needs wider modules.
    LEAST_DOTS = 3
    STEP_MM = 0.125

    @classmethod
    def for_dpi(cls, dpi: int) -> "ModuleSize":
        """A printer of `dpi` dots an inch: about 0.5 mm, and at the least 0.25 mm and 3 dots. Raises PrinterFault."""
        dot = MM_PER_INCH / check_dpi(dpi)
        least = max(cls.LEAST_DOTS, -int(-cls.LEAST_MM // dot))
        return cls(dpi, dot, max(least, int(cls.WIDEST_MM / dot)), least)

    @classmethod
    def vector(cls) -> "ModuleSize":
        """Drawings without dots: 0.5, 0.375 or 0.25 mm."""
        return cls(None, cls.STEP_MM, int(cls.WIDEST_MM / cls.STEP_MM), round(cls.LEAST_MM / cls.STEP_MM))

    def widened(self, scale: float) -> "ModuleSize":
        """The same printer where there is room for modules `scale` times as wide; never narrower than before."""
        return replace(self, preferred_dots=max(self.preferred_dots, int(scale * self.WIDEST_MM / self.dot_mm)))

    def snapped(self, length_mm: float) -> float:
        """The nearest whole number of dots, in mm."""
        return round(length_mm / self.dot_mm) * self.dot_mm

    def dots_in(self, length_mm: float) -> int:
        """How many whole dots a length holds."""
        # A length made of whole dots must not lose one to the last bit of a floating-point number.
        return int((length_mm + 1e-9) / self.dot_mm)
