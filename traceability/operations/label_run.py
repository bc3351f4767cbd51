"""Many labels of a batch: which units, planned and checked in one reading of the database, then made without it."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice, pairwise
from multiprocessing import cpu_count, get_context

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain import address, base32, gs1, serials, stamp
from traceability.domain.errors import KeyFileError, NotFound, Refused
from traceability.domain.signed_texts import Signing, sign_units, sign_values
from traceability.labels.label import Label, ModuleSize, Size
from traceability.labels.layout import lay_out
from traceability.labels.run import LabelRun, Units
from traceability.models import Batch, Issuance, Revocation
from traceability.operations.print_labels import PrintJob, PrintKeys, host_of, label_face
from traceability.qr.many import Press

# Labels made at a time: the first few at once, so that a download begins, then enough for arrays to be worth it.
_FIRST_CHUNK, _CHUNK = 256, 2048
# A process takes a third of a second to start, in which one core signs about this many stamps.
_WORTH_A_PROCESS = 8192
_AHEAD = 3
# Reading rates do not tell masks apart by more than chance (docs/performance.md); this one was named after the first study
# and held in the second.
USUAL_MASK = 2


@dataclass(frozen=True)
class Span:
    """Units `first` to `last` of one issuance; of signed ones the claims without a serial, and the key that signs."""

    first: int
    last: int
    claims: bytes | None = None
    kid: int | None = None

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class RunPlan:
    """What a run prints. `face` is what all labels say; `spans` are empty for the stamp of a whole batch."""

    job: PrintJob
    face: Label
    batch_code: str
    gtin: str | None
    lot: str | None
    spans: tuple[Span, ...]
    batch_stamp: Span | None
    master_key: bytes = field(repr=False)
    private_keys: dict[int, bytes] = field(repr=False)

    @property
    def count(self) -> int:
        """Different labels; the rare unit that is skipped counts, too."""
        return sum(len(span) for span in self.spans) or 1


def plan_run(
    session: Session,
    batch_id: int,
    job: PrintJob,
    *,
    keys: PrintKeys,
    now: datetime,
    leave_out_cancelled: bool = False,
    on_record: bool = False,
) -> RunPlan:
    """Which labels a job prints: all issued units, or those that it names.

    A range that is `on_record` was checked when it was put there: cancelled units and those of other forms are left out.
    Refused: `nothing_issued`, `scope_fixed`, `form_not_issued`, `units_not_issued`, `units_cancelled` with the cancelled
    ranges (unless they are to be left out), `stamp_cancelled` where nothing is left, `key_lost`. Raises KeyFileError.
    """
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound("batch_missing", batch=batch_id)
    issuances = list(session.scalars(select(Issuance).where(Issuance.batch_id == batch_id).order_by(Issuance.id)))
    in_form = [issuance for issuance in issuances if job.form in ("house", issuance.form)]
    if not in_form:
        raise Refused("form_not_issued", form=job.form) if issuances else Refused("nothing_issued")
    cancelled = [(row.first_unit, row.last_unit) for row in session.scalars(select(Revocation).where(Revocation.batch_id == batch_id))]
    if (None, None) in cancelled:
        raise Refused("stamp_cancelled")
    by_unit = in_form[0].scope == "unit"
    if job.units and not by_unit:
        raise Refused("scope_fixed", scope="batch")
    ranges = [(first, last) for first, last in cancelled if first and last]
    if job.units and by_unit:
        _check_issued(issuances, in_form, job, on_record)
    spans = _spans(in_form, job, ranges, leave_out_cancelled or on_record) if by_unit else ()
    if batch.master_key_id not in keys.master_keys:
        raise KeyFileError(f"serial master key {batch.master_key_id} is missing; restore the keys folder")
    plan = RunPlan(
        job=job,
        face=label_face(session, batch, job, now),
        batch_code=batch.code,
        gtin=batch.product.gtin,
        lot=batch.lot,
        spans=spans,
        batch_stamp=None if by_unit else Span(1, 1, in_form[-1].claims, in_form[-1].kid),
        master_key=keys.master_keys[batch.master_key_id],
        private_keys=dict(keys.private_keys),
    )
    _check_keys(plan)
    return plan


def run_of(plan: RunPlan, size: Size, module: ModuleSize | None = None, repeat: int = 1, mask: int | None = USUAL_MASK) -> LabelRun:
    """The labels of a plan, laid out for a size of label; the stamp of a whole batch `repeat` times.

    `mask` is that of all symbols, None for the best of eight of each (ISO/IEC 18004 clause 7.8.3).

    Raises LabelDoesNotFit before any is made.
    """
    chunks = chunks_of(plan)
    first = next(chunks)
    text, code = first[0][0].tobytes().decode(), first[1][0].tobytes().decode()
    layout = lay_out(replace(plan.face, qr_text=text, readable_code=code), size, module)
    press = Press(text, layout.symbol.version, layout.symbol.level, mask)

    def units() -> Iterator[Units]:
        for texts, codes, numbers in chain([first], chunks):
            yield from _repeated(Units(press.symbols(texts), codes, texts, numbers), repeat)

    return LabelRun(layout, units(), plan.count * repeat)


def _repeated(units: Units, times: int) -> Iterator[Units]:
    while times > 0:
        yield units.repeated(now) if (now := min(times, _CHUNK)) > 1 else units
        times -= now


Chunk = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]


def chunks_of(plan: RunPlan) -> Iterator[Chunk]:
    """Texts, readable codes and unit numbers, some at a time."""
    keys = stamp.serial_keys(plan.master_key, plan.batch_code)
    if plan.batch_stamp:
        yield _text_of_batch(plan, plan.batch_stamp), _codes(plan.batch_code, None), np.zeros(1, np.int64)
        return
    parts = ((span, first, last) for span in plan.spans for first, last in _cut(span))
    if plan.job.form == "signed":
        made = _signed(plan, keys, parts)
    else:
        made = (_unsigned(plan, *serials.make_serials(keys, first, last)) for _, first, last in parts)
    yield from (chunk for chunk in made if len(chunk[2]))


def _cut(span: Span) -> Iterator[tuple[int, int]]:
    begins = [span.first, *range(span.first + _FIRST_CHUNK, span.last + 1, _CHUNK), span.last + 1]
    return ((begin, end - 1) for begin, end in pairwise(begins))


def _unsigned(plan: RunPlan, units: NDArray[np.int64], made: NDArray[np.uint8]) -> Chunk:
    start = np.frombuffer(_start(plan).encode(), np.uint8)
    texts = np.hstack([np.broadcast_to(start, (len(units), len(start))), made])
    return texts, _codes(plan.batch_code, made), units


def _start(plan: RunPlan, *, whole: bool = False) -> str:
    """What all texts of a run open with, up to the serial."""
    if plan.job.form == "gs1":
        assert plan.gtin and plan.lot
        path = gs1.format_path(plan.gtin, plan.lot, None) + ("" if whole else "/21/")
    else:
        path = f"/S/{plan.batch_code}"
    return address.format_address(plan.job.public_url, path)


def _text_of_batch(plan: RunPlan, span: Span) -> NDArray[np.uint8]:
    if plan.job.form == "signed":
        return sign_values(_signing(plan, span), np.zeros(1, np.uint64))
    return np.frombuffer(_start(plan, whole=True).encode(), np.uint8)[None]


def _signing(plan: RunPlan, span: Span) -> Signing:
    assert span.claims and span.kid
    start = address.format_address(plan.job.public_url, "")
    # A signature binds the host that it is printed with, which after a move is another than at issuance.
    return Signing(plan.private_keys[span.kid], span.claims, start, host_of(plan.job))


def _signed(plan: RunPlan, keys: stamp.SerialKeys, parts: Iterator[tuple[Span, int, int]]) -> Iterator[Chunk]:
    """Chunks of signed labels; of large runs signed in processes, one a core, some chunks ahead of those that are drawn."""
    cores = cpu_count()
    # The first few are signed here, so that a download begins before any process has started.
    for span, first, last in parts if cores < 2 or plan.count < _WORTH_A_PROCESS else islice(parts, 1):
        yield _with_codes(plan, sign_units(_signing(plan, span), keys, first, last))
    if cores < 2 or plan.count < _WORTH_A_PROCESS:
        return
    # The library holds the interpreter while it signs, so threads would not sign faster.
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        try:
            ahead = (pool.submit(sign_units, _signing(plan, span), keys, first, last) for span, first, last in parts)
            waiting = deque(islice(ahead, _AHEAD * cores))
            while waiting:
                done = waiting.popleft().result()
                waiting.extend(islice(ahead, 1))
                yield _with_codes(plan, done)
        finally:
            pool.shutdown(cancel_futures=True)


def _with_codes(plan: RunPlan, signed: tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8]]) -> Chunk:
    units, made, texts = signed
    return texts, _codes(plan.batch_code, made), units


def _codes(batch_code: str, made: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Readable codes in groups of four, as `base32.grouped` writes them."""
    if made is None:
        return np.frombuffer(base32.grouped(batch_code).encode(), np.uint8)[None]
    pattern = base32.grouped(batch_code + "0" * stamp.CODE_LENGTH).encode()
    codes = np.broadcast_to(np.frombuffer(pattern, np.uint8), (len(made), len(pattern))).copy()
    places = [at for at, character in enumerate(pattern) if character not in b"- "]
    codes[:, places[-stamp.CODE_LENGTH :]] = made
    return codes


def _check_issued(issuances: list[Issuance], in_form: list[Issuance], job: PrintJob, on_record: bool) -> None:
    """Refused: `units_not_issued`, `form_not_issued` where some of them, or on record all, were issued in another form."""
    assert job.units
    first, last = job.units
    issued = max(row.last_unit or 0 for row in issuances)
    if not 1 <= first <= last <= issued:
        raise Refused("units_not_issued", first=first, last=last, last_unit=issued)
    shares = (min(last, row.last_unit or 0) - max(first, row.first_unit or 1) + 1 for row in in_form)
    if sum(max(0, share) for share in shares) < (1 if on_record else last - first + 1):
        raise Refused("form_not_issued", form=job.form)


def _spans(issuances: list[Issuance], job: PrintJob, cancelled: list[tuple[int, int]], leave_out: bool) -> tuple[Span, ...]:
    first, last = job.units or (1, stamp.LAST_UNIT)
    held = [
        Span(max(first, row.first_unit), min(last, row.last_unit), row.claims if job.form == "signed" else None, row.kid)
        for row in issuances
        if row.first_unit and row.last_unit and row.first_unit <= last and row.last_unit >= first
    ]
    named = [(max(begin, span.first), min(end, span.last)) for begin, end in sorted(cancelled) for span in held]
    found = [(begin, end) for begin, end in named if begin <= end]
    if found and not leave_out:
        raise Refused("units_cancelled", units=", ".join(f"{begin}–{end}" if end > begin else f"{begin}" for begin, end in found))
    spans = tuple(part for span in held for part in _without(span, found))
    if not spans:
        raise Refused("stamp_cancelled")
    return spans


def _without(span: Span, ranges: list[tuple[int, int]]) -> Iterator[Span]:
    """A span without the units of the ranges, which are in order."""
    begin = span.first
    for first, last in ranges:
        if first > begin and first <= span.last:
            yield replace(span, first=begin, last=first - 1)
        if first <= span.last:
            begin = max(begin, last + 1)
    if begin <= span.last:
        yield replace(span, first=begin)


def _check_keys(plan: RunPlan) -> None:
    spans = [*plan.spans, *([plan.batch_stamp] if plan.batch_stamp else [])]
    for span in spans:
        if plan.job.form == "signed" and span.kid not in plan.private_keys:
            raise Refused("key_lost", kid=span.kid)
