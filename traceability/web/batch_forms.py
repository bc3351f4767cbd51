"""A batch's form as it comes from the browser, read into what the operations take."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time

from werkzeug.datastructures import MultiDict

from traceability.domain.batch import BatchDates
from traceability.domain.dates import VIETNAM, day_in_vietnam
from traceability.domain.errors import Refused
from traceability.operations.batch_draft import Proposal
from traceability.operations.open_batch import EDITABLE, BatchForm
from traceability.operations.register_batch import STAGE_KINDS, NewBatch, NewStage, parse_day
from traceability.operations.withdraw import RecallNotice

DAYS = ("harvested_on", "made_on", "packed_on", "best_before")
_NOT_KEPT = ("csrf_token",)
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_GROUPED = re.compile(r"\d{1,3}(?:[., \u00a0\u202f]\d{3})+")


def fields_of(form: MultiDict[str, str]) -> dict[str, object]:
    """The form's texts as a draft keeps them: a list where a name may stand several times."""
    return {name: form.getlist(name) if name == "stage" else form[name] for name in form if name not in _NOT_KEPT}


def read_batch_form(form: MultiDict[str, str], proposal: Proposal, *, key: str, now: datetime) -> BatchForm:
    """Refused: `date_text`, `number_text`, `idempotency_reused`, `stage_kind`."""
    if not key:
        raise Refused("idempotency_reused")
    is_service = proposal.is_service
    entry = NewBatch(
        product_id=proposal.product.id,
        kind="service" if is_service else "goods",
        lot=None if is_service else text_in(form, "lot") or "",
        dates=BatchDates() if is_service else BatchDates(*(day_in(form, name) for name in DAYS)),
        quantity=None if is_service else whole_number(form.get("quantity", "")) or 0,
        package=None if is_service else form.get("package", ""),
        quantity_is_public=form.get("quantity_is_public") == "1",
        place=text_in(form, "place"),
        standards=list(proposal.product.standards),
        indication_id=whole_number(form.get("indication", "")),
        idempotency_key=key[:64],
    )
    stages = tuple(_stage(form, kind, entry.dates, now, tapped=False) for kind in _chosen(form.getlist("stage")))
    return BatchForm(entry, text_in(form, "growing_area"), text_in(form, "growing_code"), stages)


def read_edit(form: MultiDict[str, str], *, is_service: bool) -> tuple[dict[str, object], dict[str, str], int]:
    """What the fields are to be, what they were when the page was opened, and its version. Refused as above."""
    wanted: dict[str, object] = {"place": text_in(form, "place")}
    if not is_service:
        wanted |= {name: day_in(form, name) for name in DAYS}
        wanted |= {
            "lot": text_in(form, "lot") or "",
            "quantity": whole_number(form.get("quantity", "")) or 0,
            "package": form.get("package", ""),
        }
    read = {name: form.get(f"read_{name}", "") for name in EDITABLE}
    return wanted, read, whole_number(form.get("version", "")) or 0


def read_stage(form: MultiDict[str, str], kind: str, now: datetime) -> NewStage:
    """One stage with its time: now, unless another day was chosen."""
    return _stage(form, kind, BatchDates(), now, tapped=True)


def text_in(form: MultiDict[str, str], name: str) -> str | None:
    """A field without the spaces around it, None where it is empty."""
    return form.get(name, "").strip() or None


def day_in(form: MultiDict[str, str], name: str) -> date | None:
    """A day, None where the field is empty. Refused: `date_text`, `date_range`."""
    text = text_in(form, name)
    day = parse_day(text) if text else None
    if day is not None and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Refused("date_range", day=day)
    return day


def notice_in(form: MultiDict[str, str]) -> RecallNotice:
    """What a recall tells people."""
    return RecallNotice(
        advice=form.get("advice", "").strip(),
        contact=form.get("contact", "").strip(),
        reason=form.get("reason", "").strip(),
        advice_en=text_in(form, "advice_en"),
        reason_en=text_in(form, "reason_en"),
        advice_zh=text_in(form, "advice_zh"),
        reason_zh=text_in(form, "reason_zh"),
    )


def units_in(form: MultiDict[str, str]) -> tuple[int, int] | None:
    """The first and the last unit, None where neither is written. Refused: `units_half`, `number_text`."""
    first, last = whole_number(form.get("first_unit", "")), whole_number(form.get("last_unit", ""))
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise Refused("units_half")
    return first, last


def whole_number(text: str) -> int | None:
    """A whole number, thousands marked or not, None where nothing is written. Refused `number_text`."""
    text = text.strip()
    if not text:
        return None
    if _GROUPED.fullmatch(text):
        text = re.sub(r"\D", "", text)
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Refused("number_text", text=text[:20])
    return int(text)


def _chosen(kinds: Iterable[str]) -> list[str]:
    chosen = list(dict.fromkeys(kinds))
    for kind in chosen:
        if kind not in STAGE_KINDS:
            raise Refused("stage_kind", kind=kind[:20])
    return sorted(chosen, key=STAGE_KINDS.index)


def _stage(form: MultiDict[str, str], kind: str, dates: BatchDates, now: datetime, *, tapped: bool) -> NewStage:
    """A stage on the day that was chosen, else on the batch's own day for it, else today; only a tap also says the hour."""
    today = day_in_vietnam(now)
    own = {"harvest": dates.harvested_on, "making": dates.made_on, "packing": dates.packed_on}.get(kind)
    day = day_in(form, f"stage_day_{kind}") or own or today
    typed = text_in(form, f"stage_time_{kind}")
    moment = datetime.combine(day, _clock_time(typed), VIETNAM) if typed else now if tapped and day == today else None
    return NewStage(kind, day, moment, text_in(form, f"stage_place_{kind}"), None, text_in(form, f"stage_note_{kind}"))


def _clock_time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Refused("date_text", text=text[:20]) from None
