"""Stamps are issued: ranges, scope, signed claims."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import GTIN, HOST, OFFICE, PRODUCER, refused
from traceability.domain import stamp
from traceability.domain.batch import BatchDates
from traceability.keystore import ROOT_KEY, new_key, revoke_key
from traceability.models import Issuance, UseRight
from traceability.models.engine import reading
from traceability.operations.issue import Order, issue_stamps
from traceability.operations.register_batch import set_state
from traceability.operations.register_recognition import withdraw_recognition


def issuances(workshop) -> int:
    with reading(workshop.services.engine) as session:
        return session.scalar(select(func.count(Issuance.id)))


def claims(workshop, batch, **order) -> stamp.Claims:
    return stamp.parse_claims(workshop.issue(batch, form="signed", **order).claims)


def test_units_follow_one_another_without_gap_or_overlap(workshop):
    batch = workshop.batch()
    rows = [workshop.issue(batch, units=units, form=form) for units, form in ((1, "house"), (30, "signed"), (7, "house"))]
    assert [(row.first_unit, row.last_unit, row.previous_last_unit) for row in rows] == [(1, 1, None), (2, 31, 1), (32, 38, 31)]


def test_units_of_two_batches_count_each_from_1(workshop):
    assert [workshop.issue(workshop.batch(), units=3).first_unit for _ in range(2)] == [1, 1]


def test_exactly_the_packs_and_the_allowance_may_be_issued_and_not_one_more(workshop):
    batch = workshop.batch(quantity=100, allowance_percent=5)
    with refused("units_exceed"):
        workshop.issue(batch, units=106)
    assert workshop.issue(batch, units=104).last_unit == 104
    with refused("units_exceed"):
        workshop.issue(batch, units=2)
    assert workshop.issue(batch, units=1).last_unit == 105
    with refused("units_exceed"):
        workshop.issue(batch, units=1)
    assert issuances(workshop) == 2


def test_units_are_from_1_to_the_largest(workshop):
    batch = workshop.batch(quantity=16_777_215)
    for units in (0, -1, 16_777_216):
        with refused("units_range"):
            workshop.issue(batch, units=units)
    assert workshop.issue(batch, units=16_777_215).last_unit == 16_777_215
    assert issuances(workshop) == 1


def test_the_first_issuance_fixes_the_scope(workshop):
    whole, by_unit = workshop.batch(), workshop.batch()
    workshop.issue(whole)
    workshop.issue(by_unit, units=1)
    with refused("scope_fixed"):
        workshop.issue(whole, units=1)
    with refused("scope_fixed"):
        workshop.issue(by_unit)
    assert issuances(workshop) == 2


def test_an_issuance_that_is_refused_fixes_nothing(workshop):
    batch = workshop.batch(quantity=10)
    with refused("units_exceed"):
        workshop.issue(batch, units=100)
    assert workshop.issue(batch).scope == "batch"


def test_a_gs1_stamp_needs_the_products_own_gtin(workshop):
    batch = workshop.batch()
    for units in (None, 1):
        with refused("gtin_missing"):
            workshop.issue(batch, form="gs1", units=units)
    assert workshop.issue(workshop.batch(workshop.product(gtin=GTIN)), form="gs1").form == "gs1"


def test_only_an_open_batch_is_stamped(workshop):
    with refused("batch_draft"):
        workshop.issue(workshop.batch(state="draft"))
    batch = workshop.stamped(units=1)
    workshop.act(set_state, batch.id, "closed")
    with refused("batch_closed"):
        workshop.issue(batch, units=1)
    workshop.act(set_state, batch.id, "open")
    assert workshop.issue(batch, units=1).first_unit == 2


def test_an_unknown_form_or_batch_is_refused(workshop):
    batch = workshop.batch()
    with refused("form_unknown"):
        workshop.issue(batch, form="hologram")
    keyring = workshop.services.key_store.current().keyring
    with refused("batch_missing"):
        workshop.act(issue_stamps, 4711, Order("house", None, HOST), keyring=keyring, actor=PRODUCER, now=workshop.now)


def test_a_service_has_one_stamp_and_no_gtin(workshop):
    service = workshop.batch(workshop.product(gtin=GTIN), kind="service")
    for rule, order in (("service_gs1", {"form": "gs1"}), ("service_by_unit", {"units": 1})):
        with refused(rule):
            workshop.issue(service, **order)
    assert claims(workshop, service) == stamp.Claims(1, service.code)


def test_the_same_key_again_issues_once(workshop, clock):
    batch = workshop.batch()
    one = workshop.issue(batch, units=5, key="order-1")
    clock.advance(hours=1)
    again = workshop.issue(batch, units=5, key="order-1")
    assert (again.id, again.issued_at) == (one.id, one.issued_at)
    assert issuances(workshop) == 1 and workshop.issue(batch, units=5, key="order-2").first_unit == 6


def test_a_key_that_comes_again_with_other_values_is_refused(workshop):
    batch, other = workshop.batch(), workshop.batch()
    workshop.issue(batch, units=5, key="order-1")
    for target, order in ((batch, {"units": 6}), (batch, {"form": "signed", "units": 5}), (batch, {}), (other, {"units": 5})):
        with refused("idempotency_reused"):
            workshop.issue(target, **order, key="order-1")
    assert issuances(workshop) == 1


def test_a_batch_stamp_that_is_asked_for_twice_is_one_row_a_form(workshop):
    batch = workshop.batch(workshop.product(gtin=GTIN))
    first = {form: workshop.issue(batch, form=form).id for form in ("house", "gs1", "signed")}
    assert len(set(first.values())) == 3
    workshop.act(set_state, batch.id, "closed")
    assert {form: workshop.issue(batch, form=form, key=form).id for form in first} == first


def test_signed_claims_say_what_the_batch_says(workshop):
    for units in (None, 3):
        batch = workshop.batch()
        said = claims(workshop, batch, units=units)
        assert said == stamp.Claims(1, batch.code, None, batch.packed_on, batch.best_before)
        assert workshop.issue(batch, form="signed", units=units).host == HOST


def test_what_an_issuance_stores_names_no_unit(workshop):
    row = workshop.issue(workshop.batch(), form="signed", units=3)
    assert len(row.claims) == 23 and row.claims[9:16] == bytes(7)


@pytest.mark.parametrize("form", ["house", "gs1"])
def test_other_forms_store_no_claims(workshop, form):
    row = workshop.issue(workshop.batch(workshop.product(gtin=GTIN)), form=form)
    assert (row.claims, row.kid, row.host) == (None, None, None)


def test_signed_claims_hold_the_stars_that_were_valid_at_packing(workshop):
    # Packed on 2026-10-06.
    for decided_on, stars in (
        ("2026-10-06", 4),
        ("2026-10-07", 0),
        ("2023-10-06", 4),
        ("2023-10-05", 0),
        ("2026-10", 0),
        ("2026", 0),
        (None, 0),
    ):
        product = workshop.product()
        workshop.recognition(product, decided_on=decided_on)
        assert claims(workshop, workshop.batch(product)).stars == stars, decided_on


def test_stars_that_were_withdrawn_by_packing_are_not_claimed(workshop):
    for withdrawn_on, stars in ((date(2026, 10, 6), 0), (date(2026, 10, 7), 4)):
        product = workshop.product()
        recognition = workshop.recognition(product)
        workshop.act(withdraw_recognition, recognition.id, day=withdrawn_on, reason="x", actor=OFFICE, now=workshop.now)
        assert claims(workshop, workshop.batch(product)).stars == stars


def test_the_latest_of_two_ratings_is_claimed(workshop):
    product = workshop.product()
    workshop.recognition(product, stars=5, decided_on="2026-05-01")
    workshop.recognition(product, stars=3, decided_on="2026-04-01")
    assert claims(workshop, workshop.batch(product)).stars == 5


def test_stars_without_a_packing_date_are_not_claimed(workshop):
    product = workshop.product()
    workshop.recognition(product)
    assert claims(workshop, workshop.batch(product, dates=BatchDates(made_on=date(2026, 10, 5)))).stars == 0


def test_an_indications_number_is_claimed_only_with_a_right_at_packing(workshop):
    product, indication = workshop.product(), workshop.indication()
    right = workshop.use_right(product, indication)
    batches = [workshop.batch(product, indication_id=indication.id) for _ in range(3)]
    assert claims(workshop, batches[0]).gi_number == 98
    assert claims(workshop, workshop.batch(product)).gi_number == 0

    def revoke(session, day):
        session.get(UseRight, right.id).revoked_on = day

    for batch, day, number in ((batches[1], date(2026, 10, 6), 0), (batches[2], date(2026, 10, 7), 98)):
        workshop.act(revoke, day)
        assert claims(workshop, batch).gi_number == number


def test_a_revoked_key_signs_no_more_and_the_next_one_does(workshop, clock):
    folder = workshop.services.settings.keys_folder
    batch = workshop.batch()
    assert claims(workshop, batch, units=1).kid == 1
    clock.advance(seconds=1)
    revoke_key(folder, 1, folder / ROOT_KEY, workshop.now)
    with refused("no_stamp_key"):
        workshop.issue(batch, form="signed", units=1)
    assert workshop.issue(batch, units=1).first_unit == 2
    new_key(folder, "pack", folder / ROOT_KEY, workshop.now)
    with refused("no_stamp_key"):
        workshop.issue(batch, form="signed", units=1)
    new_key(folder, "stamp", folder / ROOT_KEY, workshop.now)
    assert claims(workshop, batch, units=1).kid == 3


def test_an_expired_key_signs_no_more(workshop, clock):
    batch = workshop.batch()
    clock.now = workshop.services.key_store.current().keyring.keys[0].not_after
    assert claims(workshop, batch, units=1).kid == 1
    clock.now += timedelta(seconds=1)
    with refused("no_stamp_key"):
        workshop.issue(batch, form="signed", units=1)
