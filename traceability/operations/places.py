"""Today's two-level list of places (province → commune or ward, since 2025-07-01), from the package vietnam-provinces."""

from functools import lru_cache

from vietnam_provinces import Province, Ward

from traceability.domain.errors import Refused
from traceability.domain.folding import fold_name

HOME_PROVINCE = "15"
"""Lào Cai, whose register this is."""


@lru_cache(maxsize=1)
def _names() -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    provinces = {f"{int(province.code):02d}": province.name for province in Province.iter_all()}
    communes = {f"{int(ward.code):05d}": (ward.name, f"{int(ward.province_code):02d}") for ward in Ward.iter_all()}
    return provinces, communes


def check_place(province_code: str | None, commune_code: str | None) -> None:
    """Refused: `province_unknown`, `commune_unknown`, `commune_elsewhere`."""
    provinces, communes = _names()
    if province_code is not None and province_code not in provinces:
        raise Refused("province_unknown", code=province_code)
    if commune_code is None:
        return
    if commune_code not in communes:
        raise Refused("commune_unknown", code=commune_code)
    if communes[commune_code][1] != province_code:
        raise Refused("commune_elsewhere", commune=communes[commune_code][0], province=provinces[communes[commune_code][1]])


def place_names(province_code: str | None, commune_code: str | None) -> tuple[str | None, str | None]:
    """The names of commune and province, e.g. ("Xã Bát Xát", "Lào Cai"); None where not known."""
    provinces, communes = _names()
    commune = communes.get(commune_code or "", (None, None))[0]
    return commune, provinces.get(province_code or "")


def communes_of(province_code: str) -> list[tuple[str, str]]:
    """Codes and names of a province's communes and wards, by name."""
    found = [(code, name) for code, (name, province) in _names()[1].items() if province == province_code]
    return sorted(found, key=lambda commune: commune[1])


@lru_cache(maxsize=4)
def _spoken(province_code: str) -> dict[str, set[str]]:
    """Codes by the names as people write them: with “xã” or “phường” before them or without, without accents."""
    found: dict[str, set[str]] = {}
    for code, name in communes_of(province_code):
        folded = fold_name(name)
        for text in (folded, folded.partition(" ")[2]):
            found.setdefault(text, set()).add(code)
    return found


def find_commune(text: str, province_code: str = HOME_PROVINCE) -> str | None:
    """The code of today's commune or ward of that name, or of that code. Refused `commune_not_today`, `commune_twice`."""
    asked = fold_name(text)
    if not asked:
        return None
    if asked.isdigit():
        check_place(province_code, asked.zfill(5))
        return asked.zfill(5)
    found = _spoken(province_code).get(asked, set())
    if len(found) > 1:
        raise Refused("commune_twice", commune=text[:60])
    if not found:
        raise Refused("commune_not_today", commune=text[:60])
    return next(iter(found))
