"""Words that cells use for kinds, groups and places, and what a row says of a producer."""

from collections.abc import Callable
from typing import Any

from traceability.domain import ocop, written
from traceability.domain.errors import Refused
from traceability.domain.folding import fold, fold_name
from traceability.models.register import CONFIDENCES
from traceability.operations.import_plan import Planner
from traceability.operations.places import HOME_PROVINCE, find_commune

PRODUCER_KINDS = {
    "cooperative": ("htx", "hop tac xa", "cooperative"),
    "cooperative_group": ("tht", "to hop tac", "cooperative group", "cooperative_group"),
    "company": ("cong ty", "ctcp", "cty", "doanh nghiep", "company"),
    "household": ("ho kinh doanh", "hkd", "ho", "household", "ho gia dinh", "ho san xuat"),
}
_GROUPS = {
    1: ("thuc pham", "food"),
    2: ("do uong", "drinks"),
    3: ("duoc lieu va san pham tu duoc lieu", "duoc lieu", "medicinal herbs and products of them"),
    4: ("hang thu cong my nghe", "thu cong my nghe", "handicrafts"),
    5: ("sinh vat canh", "ornamental plants and animals"),
    6: ("dich vu du lich cong dong du lich sinh thai va diem du lich", "dich vu du lich", "community tourism and eco tourism"),
}
KINDS = {
    "new": ("moi", "danh gia moi", "danh gia lan dau", "lan dau", "new", "newly recognised", "cong nhan moi"),
    "re_evaluation": ("lai", "danh gia lai", "re evaluation", "re evaluated", "cong nhan lai", "re_evaluation"),
}
TYPES = {
    "geographical_indication": ("chi dan dia ly", "cddl", "geographical indication", "geographical_indication"),
    "certification_mark": ("nhan hieu chung nhan", "certification mark", "certification_mark"),
    "collective_mark": ("nhan hieu tap the", "collective mark", "collective_mark"),
}
SCOPES: dict[Any, tuple[str, ...]] = {
    "all": ("tat ca", "toan bo", "all", "luy ke"),
    "decision": ("quyet dinh", "mot quyet dinh", "decision", "one decision"),
}
LEVELS = {
    **dict.fromkeys(("tinh", "cap tinh", "province"), ocop.Issuer.PROVINCE),
    **dict.fromkeys(("huyen", "cap huyen", "district"), ocop.Issuer.DISTRICT),
    **dict.fromkeys(("trung uong", "centre", "quoc gia"), ocop.Issuer.CENTRE),
}
_NO_NUMBER = frozenset(("nhom", "group"))


def word_for(text: str, words: dict[Any, tuple[str, ...]], refusal: Callable[[str], Refused]) -> Any:
    """The key of a word that stands for it; None where there is none, and refused where it is none of them."""
    asked = fold_name(text)
    if not asked:
        return None
    found = next((key for key, forms in words.items() if asked in {fold_name(form) for form in forms}), None)
    if found is None:
        raise refusal(text[:60])
    return found


def parse_group(text: str) -> int | None:
    """A group by its number or name. Refused `group_written`."""
    asked = fold_name(text)
    words = [word for word in asked.split() if word not in _NO_NUMBER]
    if words and words[0] in {str(group) for group in ocop.GROUPS} and (len(words) == 1 or not words[1].isdigit()):
        return int(words[0])
    found = word_for(text, _GROUPS, lambda kind: Refused("group_written", kind=kind))
    return int(found) if found is not None else None


def parse_confidence(text: str) -> str | None:
    """How sure a source is. Refused `confidence_written`."""
    asked = {"cao": "high", "trung binh": "medium"}.get(fold(text), fold(text)) or None
    if asked is not None and asked not in CONFIDENCES:
        raise Refused("confidence_written", text=text[:40])
    return asked


def parse_register_number(text: str) -> int:
    """A number of the register of indications. Refused `cell_empty`, `register_number`."""
    number = written.parse_whole(text)
    if number is None:
        raise Refused("cell_empty")
    if not 0 < number <= 65_535:
        raise Refused("register_number", number=number)
    return number


def producer_values(planner: Planner) -> dict[str, Any]:
    """What sheets of producers and of recognitions say of a producer alike."""
    place, commune = planner.text("place"), None
    if planner.text("commune"):
        commune = planner.read("commune", lambda text: _commune(planner, text))
    elif place and (old := planner.known.places.get(fold_name(place))):
        commune = old.get("commune_code")
        planner.note("place_mapped", place=place, source=old.get("source"))
    return {"province_code": HOME_PROVINCE, "commune_code": commune, "historic_place": place, "source": planner.text("source", 500)}


def _commune(planner: Planner, text: str) -> str | None:
    old = planner.known.places.get(fold_name(text))
    try:
        return find_commune(text)
    except Refused:
        if old is None:
            raise
    planner.note("place_mapped", place=text, source=old.get("source"))
    return str(old.get("commune_code"))
