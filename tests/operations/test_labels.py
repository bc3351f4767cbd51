"""Labels print again what was issued, and show only what may be shown today."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from tests.factories import GTIN, PRODUCER, labels_of, refused
from traceability.config import read_settings
from traceability.domain.address import parse_address
from traceability.domain.verdict import Verdict
from traceability.keystore import ROOT_KEY, add_host
from traceability.models import Base, UseRight
from traceability.models.engine import reading
from traceability.operations.label_run import plan_run
from traceability.operations.print_labels import PrintJob, PrintKeys
from traceability.operations.register_batch import correct_batch
from traceability.operations.scan import look_up


def print_all(workshop, batch, form="house", url="https://trace.example.vn", *, unit=None, specimen=False, private_keys=None):
    store = workshop.services.key_store.current()
    keys = PrintKeys(store.master_keys, store.private_keys if private_keys is None else private_keys)
    with reading(workshop.services.engine) as session:
        job = PrintJob(form, url, specimen, (unit, unit) if unit is not None else None)
        return list(labels_of(plan_run(session, batch.id, job, keys=keys, now=workshop.now)))


def row_counts(workshop):
    with reading(workshop.services.engine) as session:
        return {name: session.scalar(select(func.count()).select_from(table)) for name, table in Base.metadata.tables.items()}


def test_stars_are_printed_to_the_last_valid_day_in_viet_nam_and_not_after(workshop, clock):
    product = workshop.product()
    workshop.recognition(product, decided_on="2024-01-10")
    batch = workshop.stamped(product)
    for now, stars in (
        (datetime(2027, 1, 10, 16, 59, tzinfo=UTC), 4),
        (datetime(2027, 1, 10, 17, 0, tzinfo=UTC), 0),
        (datetime(2024, 1, 9, 16, 59, tzinfo=UTC), 0),
        (datetime(2024, 1, 9, 17, 0, tzinfo=UTC), 4),
    ):
        clock.now = now
        assert workshop.label(batch).stars == stars


def test_an_indication_is_printed_only_with_a_right_at_packing_and_today(workshop, clock):
    product, indication = workshop.product(), workshop.indication()
    right = workshop.use_right(product, indication, until_day=date(2026, 11, 25))
    batch = workshop.stamped(product, indication_id=indication.id)
    assert workshop.label(batch).geographical_indication == "CDĐL Mường Khương - Bát Xát"
    clock.advance(days=1)
    assert workshop.label(batch).geographical_indication is None
    workshop.use_right(product, indication, date(2026, 11, 26))
    assert workshop.label(batch).geographical_indication == "CDĐL Mường Khương - Bát Xát"

    def revoke(session):
        session.get(UseRight, right.id).revoked_on = date(2026, 10, 6)

    workshop.act(revoke)
    assert workshop.label(batch).geographical_indication is None


def test_a_unit_that_was_never_issued_is_not_printed(workshop):
    batch = workshop.stamped(units=5)
    for unit in (6, 0, 16_777_216, -1):
        with refused("units_not_issued"):
            workshop.label(batch, unit=unit)
    with refused("scope_fixed"):
        workshop.label(workshop.stamped(), unit=1)


def test_what_was_never_issued_is_not_printed(workshop):
    with refused("nothing_issued"):
        workshop.label(workshop.batch())
    with refused("batch_missing"):
        print_all(workshop, type("Gone", (), {"id": 4711}))


def test_a_form_that_was_never_issued_is_not_printed(workshop):
    whole = workshop.stamped(workshop.product(gtin=GTIN))
    for form in ("gs1", "signed"):
        with refused("form_not_issued"):
            workshop.label(whole, form=form)
    mixed = workshop.stamped(units=2)
    workshop.issue(mixed, form="signed", units=2)
    with refused("form_not_issued"):
        workshop.label(mixed, form="signed", unit=2)
    assert workshop.label(mixed, form="signed", unit=3).qr_text.startswith("https://TRACE.EXAMPLE.VN/S/")


def test_all_labels_of_a_batch_come_in_order_each_with_its_own_code(workshop):
    batch = workshop.stamped(units=2)
    workshop.issue(batch, form="signed", units=3)
    labels = print_all(workshop, batch)
    assert len(labels) == 5 == len({label.readable_code for label in labels})
    assert [label.readable_code for label in print_all(workshop, batch, "signed")] == [label.readable_code for label in labels[2:]]
    assert print_all(workshop, batch, unit=4)[0] == labels[3]


def test_printing_issues_nothing(workshop):
    batch = workshop.stamped(workshop.product(gtin=GTIN), form="signed", units=5)
    before = row_counts(workshop)
    assert print_all(workshop, batch) == print_all(workshop, batch)
    print_all(workshop, batch, "signed", unit=3)
    with refused("units_not_issued"):
        print_all(workshop, batch, unit=6)
    assert row_counts(workshop) == before


def test_a_household_is_named_only_with_its_consent(workshop):
    place = {"province_code": "15", "commune_code": "02683"}
    silent = workshop.producer(kind="household", name="Hộ bà Lan", **place)
    named = workshop.producer(kind="household", name="Hộ ông Páo", consent_on=date(2026, 1, 5), **place)
    assert workshop.label(workshop.stamped(workshop.product(silent))).producer == "Hộ kinh doanh, xã Bát Xát, Lào Cai"
    assert workshop.label(workshop.stamped(workshop.product(named))).producer == "Hộ ông Páo, xã Bát Xát, Lào Cai"


@pytest.mark.parametrize(
    ("url", "specimen"),
    [
        ("https://trace.example.vn", False),
        ("http://trace.example.vn", True),
        ("https://trace.example.vn:8443", True),
        ("http://127.0.0.1:8000", True),
    ],
)
def test_a_label_is_a_specimen_only_in_test_mode(workshop, url, specimen):
    settings = read_settings({"PUBLIC_URL": url})
    label = print_all(workshop, workshop.stamped(), "house", settings.public_url, specimen=settings.test_mode)[0]
    assert label.specimen is specimen and label.host == url.partition("://")[2]
    assert label.qr_text.startswith(url.partition("://")[0] + "://")


def test_a_label_shows_corrected_days(workshop):
    batch = workshop.stamped()
    for column, value in (("best_before", "2027-09-01"), ("made_on", "2026-10-04")):
        workshop.act(correct_batch, batch.id, column=column, value=value, reason="x", actor=PRODUCER, now=workshop.now)
    label = workshop.label(batch)
    assert (label.made_on, label.best_before) == (date(2026, 10, 4), date(2027, 9, 1))


def test_a_signed_stamp_whose_private_key_is_gone_cannot_be_printed_again(workshop):
    batch = workshop.stamped(form="signed")
    with refused("key_lost"):
        print_all(workshop, batch, "signed", private_keys={})
    assert print_all(workshop, batch, private_keys={})


@pytest.mark.parametrize("units", [None, 2])
def test_a_signed_stamp_that_is_printed_after_a_move_is_good_at_its_new_address(workshop, units):
    batch = workshop.stamped(form="signed", units=units)
    folder = workshop.services.settings.keys_folder
    add_host(folder, "TEM.EXAMPLE.ORG", folder / ROOT_KEY)
    keys = workshop.services.scan_keys
    for url in ("https://trace.example.vn", "https://tem.example.org"):
        text = print_all(workshop, batch, "signed", url, unit=units)[0].qr_text
        read = parse_address(text, keys.keyring.hosts)
        with reading(workshop.services.engine) as session:
            assert look_up(session, read, keys=keys, language="vi", now=workshop.now).judgement.verdict is Verdict.ISSUED, url
