"""Stamps above what growing areas can yield wait for the office's release."""

from dataclasses import replace
from datetime import date

import pytest

from tests.factories import INSPECTOR, OFFICE, PRODUCER, overlapping, refused
from traceability.domain.batch import BatchDates
from traceability.models import Batch, CapacityHold
from traceability.models.engine import reading
from traceability.operations.growing import (
    NewCapacity,
    ask_release,
    decide_hold,
    end_capacity,
    last_hold,
    list_capacities,
    register_capacity,
)
from traceability.operations.issue import Order, issue_stamps
from traceability.operations.register_batch import add_growing_area

YEAR = (date(2026, 1, 1), date(2026, 12, 31))
CAPACITY = NewCapacity("LC-0017", "Mường Vi", 100, "kg", *YEAR, "12/QĐ-UBND")


@pytest.fixture
def field(workshop):
    """Batches of half kilograms, from areas by their codes, and what these can yield."""

    class Field:
        def __init__(self):
            self.rice = workshop.product(net_content=500, net_content_unit="g")

        def capacity(self, **entry):
            return workshop.act(register_capacity, replace(CAPACITY, **entry), actor=OFFICE, now=workshop.now)

        def batch(self, *codes, quantity=1000, **entry) -> Batch:
            batch = workshop.batch(entry.pop("product", self.rice), quantity=quantity, **entry)
            for code in codes:
                workshop.act(add_growing_area, batch.id, name="Mường Vi", code=code)
            return batch

        def stamped(self, *codes, units=None, **entry) -> Batch:
            batch = self.batch(*codes, **entry)
            workshop.issue(batch, units=units)
            return batch

        def ask(self, batch, packs) -> CapacityHold:
            return workshop.act(ask_release, batch.id, packs, actor=PRODUCER, now=workshop.now)

        def decide(self, hold, *, release, words="Được mùa."):
            workshop.act(decide_hold, hold.id, release=release, words=words, actor=OFFICE, now=workshop.now)

        def stamped_share(self) -> float:
            with reading(workshop.services.engine) as session:
                return list_capacities(session, search="", state="open", page=0)[0][0].stamped

    return Field()


def test_up_to_the_capacity_stamps_are_issued_and_not_one_pack_more(field, workshop):
    field.capacity()
    field.stamped("LC-0017", units=120)
    batch = field.batch("lc 0017")
    with refused("capacity_waits"):
        workshop.issue(batch, units=81)
    workshop.issue(batch, units=80)
    assert field.stamped_share() == 100
    with refused("capacity_waits"):
        workshop.issue(batch, units=1)


def test_a_batchs_own_code_stands_on_all_of_its_packs(field, workshop):
    field.capacity()
    batch = field.stamped("LC-0017", quantity=200)
    # Printed again, or in another form, it is the same goods.
    workshop.issue(batch, form="signed")
    with refused("capacity_waits"):
        field.stamped("LC-0017", quantity=1)


def test_spare_labels_are_no_goods(field, workshop):
    field.capacity()
    batch = field.batch("LC-0017", quantity=200, allowance_percent=5)
    workshop.issue(batch, units=210)


@pytest.mark.parametrize(
    "entry",
    [{"code": "LC-0018"}, {"season_from": date(2026, 10, 2)}, {"season_until": date(2026, 9, 30)}, {"unit": "l"}],
    ids=["another area", "before the season", "after the season", "another unit"],
)
def test_nothing_is_held_against_what_is_not_registered(field, entry):
    field.capacity(amount=1, **entry)
    field.stamped("LC-0017", units=1000)


def test_goods_without_a_known_content_are_not_counted(field, workshop):
    field.capacity(amount=1)
    field.stamped("LC-0017", product=workshop.product(), units=1000)


def test_the_harvest_decides_over_the_season(field):
    field.capacity(amount=1, season_until=date(2026, 10, 1))
    with refused("capacity_waits"):
        field.stamped("LC-0017", units=1000)
    field.stamped("LC-0017", units=1000, dates=BatchDates(date(2026, 10, 2), date(2026, 10, 5), date(2026, 10, 6), None))


def test_goods_of_two_areas_may_be_shared_out_and_then_fill_both(field):
    field.capacity()
    field.capacity(code="LC-0018")
    field.stamped("LC-0017", "LC-0018", units=400, quantity=400)
    for code in ("LC-0017", "LC-0018"):
        with refused("capacity_waits"):
            field.stamped(code, units=1)


def test_what_was_released_is_issued_up_to_as_many_packs(field, workshop):
    field.capacity()
    batch = field.batch("LC-0017")
    with refused("capacity_waits"):
        workshop.issue(batch, units=300)
    hold = field.ask(batch, 300)
    assert (hold.packs, hold.over, hold.over_unit) == (300, 50_000, "g")
    field.decide(hold, release=True)
    workshop.issue(batch, units=300)
    with refused("capacity_waits"):
        workshop.issue(batch, units=1)


def test_what_was_released_is_issued_also_while_more_is_asked_for(field, workshop):
    field.capacity()
    batch = field.batch("LC-0017")
    field.decide(field.ask(batch, 300), release=True)
    field.ask(batch, 400)
    with refused("capacity_waits"):
        workshop.issue(batch, units=400)
    workshop.issue(batch, units=300)


def test_what_was_denied_waits_no_more_until_it_is_released_after_all(field, workshop):
    field.capacity()
    batch = field.batch("LC-0017")
    hold = field.ask(batch, 300)
    field.decide(hold, release=False, words="Vùng này không cho nhiều như vậy.")
    with refused("capacity_denied"):
        workshop.issue(batch, units=300)
    workshop.issue(batch, units=200)
    field.decide(hold, release=True)
    workshop.issue(batch, units=100)


def test_asked_again_while_it_waits_it_is_one_row_with_the_latest_number(field, workshop):
    field.capacity()
    batch = field.batch("LC-0017")
    assert field.ask(batch, 300).id == field.ask(batch, 250).id
    with reading(workshop.services.engine) as session:
        assert last_hold(session, batch.id).packs == 250
    # What fits needs no release.
    assert field.ask(batch, 200) is None


def test_only_the_office_registers_ends_and_decides(field, workshop):
    held = field.capacity()
    hold = field.ask(field.batch("LC-0017"), 300)
    for actor in (PRODUCER, INSPECTOR):
        with refused("role"):
            workshop.act(register_capacity, CAPACITY, actor=actor, now=workshop.now)
        with refused("role"):
            workshop.act(end_capacity, held.id, actor=actor, now=workshop.now)
        with refused("role"):
            workshop.act(decide_hold, hold.id, release=True, words="x", actor=actor, now=workshop.now)


def test_a_decision_needs_words_and_a_release_is_not_taken_back(field):
    field.capacity()
    hold = field.ask(field.batch("LC-0017"), 300)
    with refused("reason_empty"):
        field.decide(hold, release=True, words=" ")
    field.decide(hold, release=True)
    field.decide(hold, release=True)
    with refused("hold_released"):
        field.decide(hold, release=False)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"code": " - "}, "area_code"),
        ({"code": "1" * 51}, "area_code"),
        ({"name": " "}, "name_empty"),
        ({"amount": 0}, "amount"),
        ({"amount": 1_000_000_000}, "amount"),
        ({"unit": "t"}, "capacity_unit"),
        ({"season_from": None}, "season"),
        ({"season_until": date(2025, 12, 31)}, "season"),
        ({"season_until": date(2029, 1, 1)}, "season"),
        ({"source": ""}, "source_empty"),
    ],
)
def test_a_capacity_that_says_too_little_is_refused(field, entry, code):
    with refused(code):
        field.capacity(**entry)


def test_the_same_capacity_twice_is_one_and_another_for_the_season_waits_until_the_first_has_ended(field, workshop):
    held = field.capacity()
    assert field.capacity().id == held.id
    with refused("season_taken"):
        field.capacity(amount=200, season_from=date(2026, 6, 1))
    workshop.act(end_capacity, held.id, actor=OFFICE, now=workshop.now)
    assert field.capacity(amount=200).id != held.id


def test_two_batches_of_an_area_at_once_do_not_both_get_its_last_packs(field, workshop):
    field.capacity()
    batches = [field.batch("LC-0017") for _ in range(2)]
    keyring = workshop.services.key_store.current().keyring

    def issue(batch):
        order = Order("house", 150, "TRACE.EXAMPLE.VN", None)
        return lambda session: issue_stamps(session, batch.id, order, keyring=keyring, actor=PRODUCER, now=workshop.now)

    made, told = overlapping(workshop.services.engine, issue(batches[0]), issue(batches[1]))
    assert made.last_unit == 150 and told == "capacity_waits"
