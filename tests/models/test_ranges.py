"""What the database itself refuses of issuances, whoever writes them."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

COLUMNS = "batch_id, form, scope, unit_limit, first_unit, last_unit, previous_last_unit, kid, host, claims, issued_at, issued_by"
STATEMENT = text(f"INSERT INTO issuance ({COLUMNS}) VALUES ({', '.join(':' + name for name in COLUMNS.split(', '))})")


def insert(workshop, batch, units, **columns):
    first, last, previous = units or (None, None, None)
    values = {
        "batch_id": batch.id,
        "form": "house",
        "scope": "unit" if units else "batch",
        "unit_limit": batch.unit_limit,
        "first_unit": first,
        "last_unit": last,
        "previous_last_unit": previous,
        "kid": None,
        "host": None,
        "claims": None,
        "issued_at": "2026-11-25 03:00:00+00:00",
        "issued_by": "somebody",
    }
    with workshop.services.engine.begin() as connection:
        connection.execute(STATEMENT, {**values, **columns})


def check_refused(workshop, batch, units, constraint, on_sqlite=None, **columns):
    """SQLite names a unique constraint by its columns, and a foreign key not at all."""
    named = constraint if workshop.services.engine.dialect.name == "postgresql" or on_sqlite is None else on_sqlite
    with pytest.raises(IntegrityError) as caught:
        insert(workshop, batch, units, **columns)
    assert named in str(caught.value.orig), units


FOREIGN = "FOREIGN KEY constraint failed"


def test_ranges_that_overlap_are_refused(workshop):
    batch = workshop.stamped(units=10)
    workshop.issue(batch, units=10)
    first = "issuance.batch_id, issuance.first_unit"
    for units in ((1, 30, None), (11, 30, 10)):
        check_refused(workshop, batch, units, "uq_issuance_batch_id_first_unit", first)
    # One that begins anew within a range would have to follow a unit at which no range ends.
    for units in ((5, 30, 4), (6, 30, 5)):
        check_refused(workshop, batch, units, "fk_issuance_previous", FOREIGN)
    for units in ((15, 30, 20), (15, 30, 10), (20, 30, None)):
        check_refused(workshop, batch, units, "ck_issuance_no_gap")


def test_a_range_that_leaves_a_gap_is_refused(workshop):
    batch = workshop.stamped(units=10)
    check_refused(workshop, batch, (12, 20, 10), "ck_issuance_no_gap")
    check_refused(workshop, batch, (12, 20, 11), "fk_issuance_previous", FOREIGN)
    check_refused(workshop, batch, (2, 20, None), "ck_issuance_no_gap")
    insert(workshop, batch, (11, 20, 10))


def test_a_range_of_another_batch_cannot_be_followed(workshop):
    workshop.stamped(units=10)
    check_refused(workshop, workshop.stamped(units=5), (11, 20, 10), "fk_issuance_previous", FOREIGN)


def test_a_range_over_the_limit_is_refused_and_so_is_another_limit(workshop):
    batch = workshop.stamped(units=100)
    check_refused(workshop, batch, (101, 106, 100), "ck_issuance_within_limit")
    check_refused(workshop, batch, (101, 106, 100), "fk_issuance_batch_scope", FOREIGN, unit_limit=1000)
    check_refused(workshop, batch, (101, 100, 100), "ck_issuance_within_limit")
    insert(workshop, batch, (101, 105, 100))


def test_units_of_a_batch_that_is_stamped_as_a_whole_are_refused_and_the_other_way(workshop):
    whole, by_unit, unstamped = workshop.stamped(), workshop.stamped(units=10), workshop.batch()
    check_refused(workshop, whole, (1, 10, None), "fk_issuance_batch_scope", FOREIGN)
    check_refused(workshop, by_unit, None, "fk_issuance_batch_scope", FOREIGN)
    check_refused(workshop, unstamped, (1, 10, None), "fk_issuance_batch_scope", FOREIGN)
    check_refused(workshop, whole, (1, 10, None), "ck_issuance_units_by_scope", scope="batch")
    check_refused(workshop, by_unit, None, "ck_issuance_units_by_scope", scope="unit")
    check_refused(workshop, by_unit, (11, None, 10), "ck_issuance_units_whole")


def test_a_batch_stamp_is_one_row_a_form_and_key(workshop):
    batch = workshop.stamped(form="signed")
    signed = {"form": "signed", "kid": 1, "host": "TRACE.EXAMPLE.VN", "claims": bytes(23)}
    check_refused(workshop, batch, None, "uq_issuance_signed_batch_stamp", "issuance.batch_id, issuance.kid, issuance.host", **signed)
    insert(workshop, batch, None)
    check_refused(workshop, batch, None, "uq_issuance_batch_stamp", "issuance.batch_id, issuance.form")


def test_claims_stand_on_signed_stamps_alone_and_whole(workshop):
    batch = workshop.stamped()
    signed = {"form": "signed", "kid": 1, "host": "TRACE.EXAMPLE.VN", "claims": bytes(23)}
    for columns, constraint in (
        ({**signed, "claims": bytes(22)}, "ck_issuance_claims_size"),
        ({**signed, "claims": None, "host": None}, "ck_issuance_claims_of_signed"),
        ({**signed, "kid": None}, "ck_issuance_claims_of_signed"),
        ({**signed, "kid": 0}, "ck_issuance_kid"),
        ({**signed, "kid": 256}, "ck_issuance_kid"),
        ({**signed, "host": None}, "ck_issuance_host_of_signed"),
        ({**signed, "form": "gs1"}, "ck_issuance_claims_of_signed"),
        ({"form": "hologram"}, "ck_issuance_form"),
    ):
        check_refused(workshop, batch, None, constraint, **columns)


def test_a_batch_is_goods_with_a_lot_or_a_service_without(workshop):
    workshop.batch()
    workshop.batch(kind="service")
    wrong = (
        ("UPDATE batch SET lot = NULL WHERE id = 1", "ck_batch_kind_whole"),
        ("UPDATE batch SET lot = 'L', lot_folded = 'l' WHERE id = 2", "ck_batch_kind_whole"),
        ("UPDATE batch SET stamp_scope = 'unit' WHERE id = 2", "ck_batch_kind_whole"),
        ("UPDATE batch SET unit_limit = 1000 WHERE id = 1", "ck_batch_unit_limit"),
        ("UPDATE batch SET quantity = 0 WHERE id = 1", "ck_batch_"),
        # PostgreSQL's column is no longer than that.
        ("UPDATE batch SET lot = '123456789012345678901' WHERE id = 1", "ck_batch_lot_length|too long"),
        ("UPDATE batch SET packed_on = '2026-09-30' WHERE id = 1", "ck_batch_packed_after_harvest"),
        ("UPDATE batch SET made_on = '2026-09-30' WHERE id = 1", "ck_batch_made_after_harvest"),
        ("UPDATE batch SET best_before = '2026-10-05' WHERE id = 1", "ck_batch_best_before"),
    )
    for statement, constraint in wrong:
        with pytest.raises(DBAPIError, match=constraint), workshop.services.engine.begin() as connection:
            connection.execute(text(statement))


def test_a_batch_names_the_producer_of_its_product(workshop):
    batch, other = workshop.batch(), workshop.producer()
    with pytest.raises(IntegrityError) as caught, workshop.services.engine.begin() as connection:
        connection.execute(text("UPDATE batch SET producer_id = :other WHERE id = :id"), {"other": other.id, "id": batch.id})
    assert "fk_batch_product_id_producer_id" in str(caught.value.orig) or FOREIGN in str(caught.value.orig)
