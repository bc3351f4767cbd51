"""What the stamps of a batch claim cannot change any more; corrections are rows beside it."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.factories import GTIN, INSPECTOR, OTHER_GTIN, PRODUCER, refused
from traceability.domain.verdict import Verdict
from traceability.models import Batch, Issuance, Product
from traceability.models.engine import reading
from traceability.operations.register_batch import correct_batch, set_state
from traceability.operations.scan import look_up, parse_unverified_path

CLAIMED = {
    "lot": "OTHER",
    "lot_folded": "other",
    "harvested_on": date(2026, 9, 30),
    "made_on": date(2026, 10, 4),
    "packed_on": date(2026, 10, 7),
    "best_before": date(2028, 1, 1),
    "package": "box",
    "place": "elsewhere",
}
OFTEN_TOGETHER = {"quantity": 200, "unit_limit": 210}
ALWAYS = {"code": "7K3MQ9X2ABCS", "master_key_id": "2"}


def change(workshop, row, **columns):
    def act(session):
        found = session.get(type(row), row.id)
        for name, value in columns.items():
            setattr(found, name, value)

    workshop.act(act)


def run(workshop, statement, **values):
    with workshop.services.engine.begin() as connection:
        return connection.execute(text(statement), values).rowcount


def correct(workshop, batch, column, value, reason="misprint"):
    return workshop.act(correct_batch, batch.id, column=column, value=value, reason=reason, actor=PRODUCER, now=workshop.now)


def look(workshop, batch):
    with reading(workshop.services.engine) as session:
        read = parse_unverified_path(f"/S/{batch.code}")
        return look_up(session, read, keys=workshop.services.scan_keys, language="vi", now=workshop.now)


@pytest.mark.parametrize("units", [None, 5])
def test_what_a_stamped_batch_claims_cannot_be_changed_by_the_program(workshop, units):
    batch, other = workshop.stamped(units=units), workshop.product()
    changes = [{name: value} for name, value in CLAIMED.items()]
    changes += [OFTEN_TOGETHER, {"allowance_percent": 6, "unit_limit": 106}, {"indication_id": workshop.indication().id}]
    changes += [
        {"product_id": other.id, "producer_id": other.producer_id},
        {"stamp_scope": "batch" if units else "unit"},
        {"stamp_scope": None},
    ]
    for columns in changes:
        with refused("claims_frozen"):
            change(workshop, batch, **columns)


def test_what_a_stamped_batch_claims_cannot_be_changed_by_hand(workshop):
    batch = workshop.stamped(place="xã Bát Xát")
    for name in (*CLAIMED, "quantity", "unit_limit", "stamp_scope", "indication_id", "producer_id", "product_id"):
        value = "NULL" if name != "indication_id" else str(workshop.indication().id)
        with pytest.raises(IntegrityError, match="batch_claims_frozen"):
            run(workshop, f"UPDATE batch SET {name} = {value} WHERE id = :id", id=batch.id)


def test_a_batch_without_stamps_can_still_be_changed(workshop):
    batch = workshop.batch()
    change(workshop, batch, **CLAIMED, **OFTEN_TOGETHER)
    with reading(workshop.services.engine) as session:
        assert session.get(Batch, batch.id).lot == "OTHER"


def test_a_code_and_its_master_key_never_change(workshop):
    batch = workshop.batch()
    for name, value in ALWAYS.items():
        with refused("claims_frozen"):
            change(workshop, batch, **{name: value})
    with pytest.raises(IntegrityError, match="batch_claims_frozen"):
        run(workshop, "UPDATE batch SET code = '7K3MQ9X2ABCS'")
    with pytest.raises(IntegrityError, match="batch_claims_frozen"):
        run(workshop, "UPDATE batch SET kind = 'service', lot = NULL, lot_folded = NULL, quantity = NULL, package = NULL, unit_limit = 0")


def test_what_is_not_claimed_can_be_changed_on_a_stamped_batch(workshop):
    batch = workshop.stamped()
    change(workshop, batch, quantity_is_public=True)
    assert workshop.act(set_state, batch.id, "closed").state == "closed"


def test_a_stamped_batch_cannot_be_deleted(workshop):
    workshop.stamped()
    with pytest.raises(IntegrityError):
        run(workshop, "DELETE FROM batch")


def test_the_gtin_of_a_product_with_stamped_batches_is_frozen(workshop):
    product = workshop.product(gtin=GTIN)
    batch = workshop.batch(product)
    change(workshop, product, gtin=OTHER_GTIN)
    workshop.issue(batch, form="gs1")
    for gtin in (GTIN, None):
        with refused("gtin_frozen"):
            change(workshop, product, gtin=gtin)
        with pytest.raises(IntegrityError, match="product_gtin_frozen"):
            run(workshop, "UPDATE product SET gtin = :gtin", gtin=gtin)
    change(workshop, product, name="Gạo mới")
    with reading(workshop.services.engine) as session:
        assert (session.get(Product, product.id).gtin, session.get(Product, product.id).name) == (OTHER_GTIN, "Gạo mới")


def test_a_product_with_stamps_cannot_get_its_first_gtin_either(workshop):
    product = workshop.product()
    workshop.stamped(product)
    with refused("gtin_frozen"):
        change(workshop, product, gtin=GTIN, gtin_statement="x")


def test_issuances_can_be_neither_changed_nor_deleted(workshop):
    batch = workshop.stamped(units=5)
    for assignment in ("last_unit = 4", "issued_by = 'x'", "issued_at = issued_at", "claims = NULL"):
        with pytest.raises(IntegrityError, match="issuance_frozen"):
            run(workshop, f"UPDATE issuance SET {assignment}")
    with pytest.raises(IntegrityError, match="issuance_kept"):
        run(workshop, "DELETE FROM issuance")
    if workshop.services.engine.dialect.name == "sqlite":
        columns = ", ".join("4" if column.name == "last_unit" else column.name for column in Issuance.__table__.columns)
        with pytest.raises(IntegrityError, match="issuance_kept"):
            run(workshop, f"REPLACE INTO issuance SELECT {columns} FROM issuance")
    with reading(workshop.services.engine) as session:
        assert [row.last_unit for row in session.query(Issuance).filter_by(batch_id=batch.id)] == [5]


def test_a_correction_keeps_the_old_value_and_the_page_uses_the_new(workshop):
    batch = workshop.stamped(place="xã Bát Xát")
    first, second = correct(workshop, batch, "best_before", "2027-09-01"), correct(workshop, batch, "best_before", "2027-08-01", " again ")
    place = correct(workshop, batch, "place", "xã Mường Vi")
    assert [(row.old_value, row.new_value) for row in (first, second)] == [("2027-10-06", "2027-09-01"), ("2027-09-01", "2027-08-01")]
    assert (place.old_value, place.new_value, second.reason) == ("xã Bát Xát", "xã Mường Vi", "again")
    page = look(workshop, batch).page
    assert page.days["best_before"] == date(2027, 8, 1) and page.place == "xã Mường Vi"
    assert [row.field for row in page.corrections] == ["best_before", "best_before", "place"]
    with reading(workshop.services.engine) as session:
        row = session.get(Batch, batch.id)
        assert (row.best_before, row.place) == (date(2027, 10, 6), "xã Bát Xát")


def test_an_earlier_best_before_date_counts_at_once_and_a_later_one_once_an_authority_records_it(workshop):
    batch = workshop.stamped()
    assert look(workshop, batch).judgement.verdict is Verdict.ISSUED
    correct(workshop, batch, "best_before", "2026-11-24")
    assert look(workshop, batch).judgement.verdict is Verdict.EXPIRED
    correct(workshop, batch, "best_before", "2026-11-25")
    assert look(workshop, batch).judgement.verdict is Verdict.EXPIRED
    late = {"column": "best_before", "value": "2026-11-26", "reason": "tested again"}
    workshop.act(correct_batch, batch.id, **late, actor=INSPECTOR, now=workshop.now)
    assert look(workshop, batch).judgement.verdict is Verdict.ISSUED


def test_corrections_can_be_neither_changed_nor_deleted(workshop):
    batch = workshop.stamped()
    correct(workshop, batch, "place", "Sa Pa")
    for statement in ("UPDATE batch_correction SET reason = 'other'", "DELETE FROM batch_correction"):
        with pytest.raises(IntegrityError), workshop.services.engine.begin() as connection:
            connection.execute(text(statement))


def test_a_correction_that_does_not_fit_is_refused(workshop):
    batch = workshop.stamped()
    for rule, column, value, reason in (
        ("best_before_early", "best_before", "2026-10-05", "x"),
        ("packed_before_harvested", "packed_on", "2026-09-30", "x"),
        ("packed_before_harvested", "harvested_on", "2026-10-07", "x"),
        ("date_ahead", "packed_on", "2026-11-26", "x"),
        ("date_range", "best_before", "2199-12-31", "x"),
        ("date_text", "packed_on", "06/10/2026", "x"),
        ("date_text", "packed_on", "", "x"),
        ("reason_empty", "packed_on", "2026-10-07", "  "),
        ("field", "quantity", "5", "x"),
        ("field", "code", "7K3MQ9X2ABCS", "x"),
    ):
        with refused(rule):
            correct(workshop, batch, column, value, reason)
    with refused("batch_missing"):
        workshop.act(correct_batch, 4711, column="place", value="x", reason="x", actor=PRODUCER, now=workshop.now)
    assert look(workshop, batch).page.corrections == ()


def test_a_correction_is_checked_against_what_was_corrected_before(workshop):
    batch = workshop.stamped()
    correct(workshop, batch, "packed_on", "2026-11-01")
    with refused("best_before_early"):
        correct(workshop, batch, "best_before", "2026-10-31")
    correct(workshop, batch, "harvested_on", "2026-10-04")
    with refused("made_before_harvested"):
        correct(workshop, batch, "made_on", "2026-10-03")


def test_a_corrected_day_is_stored_in_its_one_form(workshop):
    batch = workshop.stamped()
    assert correct(workshop, batch, "best_before", "20270901").new_value == "2027-09-01"
