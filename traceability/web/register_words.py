"""Words of the register, in the language of the moment."""

from flask_babel import gettext

from traceability.domain.ocop import GROUPS


def kind_names() -> dict[str, str]:
    """How a product came to be recognised."""
    return {"new": gettext("newly recognised"), "re_evaluation": gettext("re-evaluated"), "none": gettext("kind not told")}


def group_names() -> dict[int, str]:
    """The six groups of Decision 919/QĐ-TTg (2022)."""
    names = (
        *(gettext("Food"), gettext("Drinks"), gettext("Medicinal herbs and products of them"), gettext("Handicrafts")),
        *(gettext("Ornamental plants and animals"), gettext("Community tourism and eco-tourism")),
    )
    return dict(zip(GROUPS, names, strict=True))


def support_kinds() -> dict[str, str]:
    """What producers are supported with."""
    return {
        "labels": gettext("labels and packaging"),
        "testing": gettext("laboratory tests"),
        "trade_promotion": gettext("trade promotion"),
        "booth": gettext("display booth"),
        "training": gettext("training"),
        "other": gettext("something else"),
    }


def right_states() -> dict[str, str]:
    """How a right stands on a day."""
    return {
        "held": gettext("in force"),
        "ahead": gettext("not begun yet"),
        "ended": gettext("ended"),
        "withdrawn": gettext("withdrawn"),
    }


def done_kinds() -> dict[str, str]:
    """What was done in a year, and a day's scans."""
    return {
        "batches": gettext("Batches registered"),
        "stamps": gettext("Packs stamped"),
        "recalls": gettext("Recalls"),
        "inspections": gettext("Official checks"),
        "scans": gettext("Scans"),
    }
