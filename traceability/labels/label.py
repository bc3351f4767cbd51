"""What one label says, and the piece of paper it says it on."""

from dataclasses import dataclass
from datetime import date

MM_PER_INCH = 25.4
MM_PER_POINT = MM_PER_INCH / 72
STARS_ON_A_LABEL = (0, 3, 4, 5)


@dataclass(frozen=True)
class Label:
    """One label, already worded: what is None is left out. Whether stars or a GI may be shown was decided before.

    `readable_code` stands in groups of four, `lot` is None for a service, `specimen` prints MẪU across the text.
    Raises ValueError for a number of stars that OCOP does not give a product.
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

    def __post_init__(self) -> None:
        if self.stars not in STARS_ON_A_LABEL:
            raise ValueError(f"a label shows {STARS_ON_A_LABEL} stars, not {self.stars}")


@dataclass(frozen=True)
class Size:
    """A label's width and height in mm."""

    width_mm: float
    height_mm: float


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
        """A printer of `dpi` dots an inch, from 150 up: about 0.5 mm, and at the least 0.25 mm and 3 dots."""
        if dpi < 150:
            raise ValueError(f"{dpi} dpi is too coarse for a stamp")
        dot = MM_PER_INCH / dpi
        least = max(cls.LEAST_DOTS, -int(-cls.LEAST_MM // dot))
        return cls(dpi, dot, max(least, int(cls.WIDEST_MM / dot)), least)

    @classmethod
    def vector(cls) -> "ModuleSize":
        """Drawings without dots: 0.5, 0.375 or 0.25 mm."""
        return cls(None, cls.STEP_MM, int(cls.WIDEST_MM / cls.STEP_MM), round(cls.LEAST_MM / cls.STEP_MM))

    def snapped(self, length_mm: float) -> float:
        """The nearest whole number of dots, in mm."""
        return round(length_mm / self.dot_mm) * self.dot_mm

    def dots_in(self, length_mm: float) -> int:
        """How many whole dots a length holds."""
        # A length made of whole dots must not lose one to the last bit of a floating-point number.
        return int((length_mm + 1e-9) / self.dot_mm)
