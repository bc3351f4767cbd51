"""Labels of what was issued, worded in Vietnamese as the law wants it unless another language is asked for. Printing issues nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from traceability.domain import address, base32, gs1, ocop, stamp
from traceability.domain.dates import day_in_vietnam
from traceability.domain.errors import Refused
from traceability.labels.label import Label
from traceability.models import Batch
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
    """What is to be printed: one form; a range of units, or (None) all of them or the batch's own stamp.

    `design` and `language` are those of labels (`traceability.labels.label`).
    """

    form: str
    public_url: str
    specimen: bool
    units: tuple[int, int] | None = None
    design: str = "standard"
    language: str = "vi"


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


def host_of(job: PrintJob) -> str:
    """The host in capitals, as signed texts bind it."""
    host = urlsplit(job.public_url).hostname
    assert host
    return host.upper()
