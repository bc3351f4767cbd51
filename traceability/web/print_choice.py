"""The print screen's fields, read into what the operations take."""

from collections.abc import Mapping
from dataclasses import replace

from traceability.domain.errors import Refused
from traceability.operations.print_files import KINDS
from traceability.operations.print_run import Choice, Onto
from traceability.web.batch_forms import whole_number

_SHOWN = "shown"


def chosen(fields: Mapping[str, str], usual: Choice) -> Choice:
    """What the form says, and as last time where it says nothing. Refused: `number_text`, `kind_of_stock`."""
    dpi = fields.get("dpi", "")
    return replace(
        usual,
        form=fields.get("form") or usual.form,
        by_unit=fields["scope"] == "unit" if fields.get("scope") in ("unit", "batch") else usual.by_unit,
        stock=fields.get("stock") or usual.stock,
        dpi=int(dpi) if dpi.isascii() and dpi.isdigit() and len(dpi) < 6 else usual.dpi,
        design=fields.get("design") or usual.design,
        language=fields.get("language") or usual.language,
        onto=_onto(fields, usual.onto),
    )


def fields_of_choice(choice: Choice) -> list[tuple[str, str]]:
    """A choice as hidden fields, so that what is printed again is printed as it is chosen above."""
    onto = choice.onto
    numbers = [("printer", onto.printer_id or ""), ("start", onto.start), ("each_times", onto.each_times), ("parts", onto.parts)]
    boxes = [(name, "1" if getattr(onto, name) else "0") for name in ("compact", "by_columns", "frames", "crop_marks")]
    words = [("form", choice.form), ("stock", choice.stock), ("dpi", str(choice.dpi)), ("kind", onto.kind), ("boxes", _SHOWN)]
    words += [("design", choice.design), ("language", choice.language)]
    return [*words, *((name, str(number)) for name, number in numbers), *boxes]


def _onto(fields: Mapping[str, str], usual: Onto) -> Onto:
    kind = fields.get("kind") or usual.kind
    if kind not in KINDS:
        raise Refused("kind_of_stock")
    return Onto(
        kind=kind,
        compact=_ticked(fields, "compact", usual.compact),
        start=_number(fields, "start"),
        each_times=_number(fields, "each_times"),
        by_columns=_ticked(fields, "by_columns", usual.by_columns),
        frames=_ticked(fields, "frames", usual.frames),
        crop_marks=_ticked(fields, "crop_marks", usual.crop_marks),
        parts=_number(fields, "parts"),
        printer_id=whole_number(fields["printer"]) if "printer" in fields else usual.printer_id,
    )


def _ticked(fields: Mapping[str, str], name: str, usual: bool) -> bool:
    # A box that is not ticked is not sent: the form says beside it that it was there.
    return fields.get(name) == "1" if fields.get("boxes") == _SHOWN else usual


def _number(fields: Mapping[str, str], name: str) -> int:
    return whole_number(fields[name]) or 0 if fields.get(name) else 1
