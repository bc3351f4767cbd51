"""Labels of what was issued, worded in Vietnamese as the law wants it unless another language is asked for. Printing issues nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.domain import address, base32, gs1, keys, ocop, stamp
from traceability.domain import batch as rules
from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import KeyFileError, NotFound, Refused
from traceability.domain.verdict import Units
from traceability.labels.label import Label
from traceability.models import Batch, Issuance, Revocation
from traceability.operations.issue import recognitions_of
from traceability.operations.origin import producer_is_shown
from traceability.operations.places import place_names
from traceability.operations.producer_logo import label_logo
from traceability.operations.register_batch import corrected, day_of, use_rights

_HOUSEHOLD = {"vi": "Hộ kinh doanh", "both": "Hộ kinh doanh", "en": "Household business"}
_INDICATION = {"vi": "CDĐL", "both": "CDĐL/GI", "en": "GI"}


@dataclass(frozen=True)
class PrintKeys:
    """Keys that printing needs: serial master keys by id and private stamp keys by kid."""

    master_keys: Mapping[str, bytes]
    private_keys: Mapping[int, bytes]


@dataclass(frozen=True)
class PrintJob:
    """What is to be printed: one form; one unit, a range of units, or (None) all of them or the batch's own stamp.

    `design` and `language` are those of labels (`traceability.labels.label`).
    """

    form: str
    public_url: str
    specimen: bool
    unit: int | None = None
    units: tuple[int, int] | None = None
    design: str = "standard"
    language: str = "vi"


def labels_for(session: Session, batch_id: int, job: PrintJob, *, keys: PrintKeys, now: datetime) -> list[Label]:
    """The label of the batch stamp or of one unit; of all issued units where `unit` is None and the batch is stamped by unit.

    Refused: `nothing_issued`, `stamp_cancelled`, `scope_fixed`, `unit_range`, `unit_not_issued`, `form_not_issued`, `key_lost`.
    """
    return list(iterate_labels(session, batch_id, job, keys=keys, now=now))


def iterate_labels(session: Session, batch_id: int, job: PrintJob, *, keys: PrintKeys, now: datetime) -> Iterator[Label]:
    """The same, one label at a time."""
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound("batch_missing", batch=batch_id)
    issuances = session.scalars(select(Issuance).where(Issuance.batch_id == batch_id).order_by(Issuance.id)).all()
    if not issuances:
        raise Refused("nothing_issued")
    if job.unit is not None and batch.stamp_scope == "batch":
        raise Refused("scope_fixed", scope="batch")
    face = label_face(session, batch, job, now)
    if batch.master_key_id not in keys.master_keys:
        raise KeyFileError(f"serial master key {batch.master_key_id} is missing; restore the keys folder")
    serials = stamp.serial_keys(keys.master_keys[batch.master_key_id], batch.code)
    cancelled = [Units(row.first_unit, row.last_unit) for row in session.scalars(select(Revocation).where(Revocation.batch_id == batch_id))]
    for issuance, unit in _ordered(issuances, job):
        if any(units.cover(unit) for units in cancelled):
            # Of all labels the cancelled ones are left out; one that was asked for by itself is refused.
            if unit is None or job.unit is not None:
                raise Refused("stamp_cancelled")
            continue
        serial = stamp.make_serial(serials, unit) if unit else None
        if unit and serial is None:
            continue
        path = _path(batch, issuance, job, serial, keys.private_keys)
        text = address.format_address(job.public_url, path)
        yield replace(face, qr_text=text, readable_code=base32.grouped(batch.code + (serial or "")))


def preview_label(session: Session, batch: Batch, job: PrintJob, *, by_unit: bool, now: datetime) -> Label:
    """The label as it will look before anything is issued: noughts stand where its code will, so that nobody prints it for good."""
    serial = "0" * stamp.CODE_LENGTH if by_unit else None
    path = _dummy_path(batch, job, serial)
    code = "0" * len(batch.code) + (serial or "")
    face = label_face(session, batch, replace(job, specimen=True), now)
    return replace(face, qr_text=address.format_address(job.public_url, path), readable_code=base32.grouped(code))


def _dummy_path(batch: Batch, job: PrintJob, serial: str | None) -> str:
    """A path as long as the one that will be printed, in the same characters."""
    if job.form == "gs1":
        if not batch.product.gtin or not batch.lot:
            raise Refused("gtin_missing")
        return gs1.format_path(batch.product.gtin, batch.lot, serial)
    if job.form == "house":
        return f"/S/{'0' * len(batch.code)}{serial or ''}"
    # Not noughts: the encoder cannot correct errors of a block that holds nothing else.
    return f"/S/{'X' * stamp.SIGNED_LENGTH}"


def stars_today(session: Session, batch: Batch, today: date) -> int:
    """The stars that may be printed today: a label printed after expiry shows none."""
    return ocop.stars_on(recognitions_of(session, batch.product_id), today)


def indication_today(session: Session, batch: Batch, today: date, language: str = "vi") -> str | None:
    """The indication's name where the producer's right held at packing and holds today, named as one in the label's language."""
    if batch.indication is None:
        return None
    rights = use_rights(session, batch.product_id, batch.indication.id)
    held = all(any(right.holds_on(day) for right in rights) for day in (day_of(batch) or today, today))
    return f"{_INDICATION[language]} {batch.indication.name}" if held else None


def label_face(session: Session, batch: Batch, job: PrintJob, now: datetime) -> Label:
    """All that is the same on every label of a batch."""
    today, held = day_in_vietnam(now), corrected(batch)
    made_on, best_before = held["made_on"] or held["packed_on"] or held["harvested_on"], held["best_before"]
    assert not isinstance(made_on, str) and not isinstance(best_before, str)
    return Label(
        qr_text=job.public_url,
        product_name=(batch.product.name_en if job.language == "en" else None) or batch.product.name,
        producer=_producer_line(batch, job.language),
        lot=batch.lot,
        made_on=made_on,
        best_before=best_before,
        stars=stars_today(session, batch, today),
        geographical_indication=indication_today(session, batch, today, job.language),
        readable_code=base32.grouped(batch.code),
        host=job.public_url.partition("://")[2],
        specimen=job.specimen,
        design=job.design,  # type: ignore[arg-type]
        language=job.language,  # type: ignore[arg-type]
        product_name_en=batch.product.name_en if job.language == "both" else None,
        logo=label_logo(session, batch.producer_id),
        offline=job.form == "signed",
    )


def _producer_line(batch: Batch, language: str) -> str:
    producer = batch.producer
    commune, province = place_names(producer.province_code, producer.commune_code)
    shown = producer_is_shown(producer.kind, producer.consent_on)
    place = [commune[:1].lower() + commune[1:]] if commune else []
    name = (producer.name_en if language == "en" else None) or producer.name
    return ", ".join([name if shown else _HOUSEHOLD[language], *place, *([province] if province else [])])


def _ordered(issuances: Iterable[Issuance], job: PrintJob) -> Iterator[tuple[Issuance, int | None]]:
    """Each unit with the issuance that holds it, in the form that is printed."""
    of_form = [issuance for issuance in issuances if job.form in ("house", issuance.form)]
    if not of_form:
        raise Refused("form_not_issued", form=job.form)
    if of_form[0].scope == "batch":
        yield of_form[-1], None
        return
    if job.unit is None:
        first, last = job.units or (1, stamp.LAST_UNIT)
        for issuance in of_form:
            assert issuance.first_unit and issuance.last_unit
            held = range(max(first, issuance.first_unit), min(last, issuance.last_unit) + 1)
            yield from ((issuance, unit) for unit in held)
        return
    rules.check_unit(job.unit, max(issuance.last_unit or 0 for issuance in issuances))
    for issuance in of_form:
        if holds_unit(issuance, job.unit):
            yield issuance, job.unit
            return
    raise Refused("form_not_issued", form=job.form)


def holds_unit(issuance: Issuance, unit: int) -> bool:
    """Whether an issuance holds a unit."""
    return (issuance.first_unit or 0) <= unit <= (issuance.last_unit or 0)


def host_of(job: PrintJob) -> str:
    """The host in capitals, as signed texts bind it."""
    host = urlsplit(job.public_url).hostname
    assert host
    return host.upper()


def _path(batch: Batch, issuance: Issuance, job: PrintJob, serial: str | None, private_keys: Mapping[int, bytes]) -> str:
    if job.form == "gs1":
        assert batch.product.gtin and batch.lot
        return gs1.format_path(batch.product.gtin, batch.lot, serial)
    if job.form == "house":
        return f"/S/{batch.code}{serial or ''}"
    assert issuance.claims and issuance.kid
    private_key = private_keys.get(issuance.kid)
    if private_key is None:
        raise Refused("key_lost", kid=issuance.kid)
    claims = stamp.with_serial(issuance.claims, serial)
    # A signature binds the host that it is printed with, which after a move is another than at issuance.
    signature = keys.sign_claims(private_key, host_of(job), claims)
    return f"/S/{stamp.claims_text(claims)}{base32.encode_bytes(signature)}"
