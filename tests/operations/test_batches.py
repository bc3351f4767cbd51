"""Batches: lots, days, indications, and who may say what."""

from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import func, select

from tests.factories import PRODUCER, overlapping, refused
from traceability.domain.batch import BatchDates
from traceability.models import Batch
from traceability.models.engine import reading
from traceability.operations.register_batch import NewBatch, NewStage, add_stage, attach_report, register_batch, set_state

DATES = BatchDates(date(2026, 10, 1), date(2026, 10, 5), date(2026, 10, 6), date(2027, 10, 6))


def registering(workshop, entry, random):
    def act(session):
        return register_batch(session, entry, random=random, master_key_id="1", actor=PRODUCER, now=workshop.now)

    return act


def test_a_lot_that_a_code_cannot_carry_is_refused(workshop):
    for rule, lot in [
        ("lot_empty", None),
        ("lot_empty", ""),
        ("lot_too_long", "L" * 21),
        ("lot_slash", "12/3"),
        ("lot_dots", "."),
        ("lot_dots", ".."),
        ("lot_characters", "LÔ-1"),
        ("lot_characters", "A B"),
        ("lot_characters", "A#1"),
        ("lot_characters", "A\x00"),
    ]:
        with refused(rule):
            workshop.batch(lot=lot)


def test_a_lot_has_up_to_20_signs_of_gs1s_set(workshop):
    for lot in ("L" * 20, "!\"%&'()*+,-.:;<=>?_", "..."):
        assert workshop.batch(lot=lot).lot == lot


def test_a_lot_is_not_repeated_for_a_product_even_in_other_letters(workshop):
    product = workshop.product()
    workshop.batch(product, lot="Lot-A")
    for lot in ("Lot-A", "LOT-A", "lot-a"):
        with refused("lot_repeated"):
            workshop.batch(product, lot=lot)
    assert workshop.batch(workshop.product(), lot="Lot-A").lot == "Lot-A"


def test_of_two_who_register_a_lot_at_once_one_is_told_that_it_is_repeated(workshop):
    entry = NewBatch(workshop.product().id, lot="Lot-A", dates=DATES, quantity=10, package="bag")
    first, second = (registering(workshop, replace(entry, lot=lot), bytes([number] * 7)) for number, lot in enumerate(("Lot-A", "LOT-a")))
    made, told = overlapping(workshop.services.engine, first, second)
    assert isinstance(made, Batch) and told == "lot_repeated"


def test_the_database_itself_refuses_a_repeated_lot(workshop):
    batch = workshop.batch(lot="Lot-A")

    def copy(session):
        columns = {column.name: getattr(batch, column.name) for column in Batch.__table__.columns if column.name != "id"}
        session.add(Batch(**{**columns, "code": "7K3MQ9X2ABCS", "lot": "LOT-A"}))

    with refused("lot_repeated"):
        workshop.act(copy)


def test_days_out_of_order_are_refused(workshop):
    for rule, days in [
        ("packed_before_harvested", {"packed_on": date(2026, 9, 30)}),
        ("made_before_harvested", {"made_on": date(2026, 9, 30)}),
        ("best_before_early", {"best_before": date(2026, 10, 5)}),
        ("date_ahead", {"packed_on": date(2026, 11, 26)}),
        ("date_ahead", {"harvested_on": date(2026, 11, 26), "made_on": None, "packed_on": None}),
        ("date_range", {"best_before": date(2199, 12, 31)}),
        ("date_range", {"harvested_on": None, "made_on": None, "packed_on": date(2019, 12, 31)}),
    ]:
        with refused(rule):
            workshop.batch(dates=replace(DATES, **days))


def test_today_is_the_day_in_viet_nam(workshop, clock):
    clock.now = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
    assert workshop.batch(dates=replace(DATES, packed_on=date(2026, 11, 26))).packed_on == date(2026, 11, 26)


def test_one_day_may_be_harvest_making_packing_and_last_day(workshop):
    day = date(2026, 10, 6)
    assert workshop.batch(dates=BatchDates(day, day, day, day)).best_before == day


def test_an_entry_that_does_not_fit_is_refused(workshop):
    for rule, entry in [
        ("quantity_range", {"quantity": None}),
        ("quantity_range", {"quantity": 0}),
        ("quantity_range", {"quantity": 16_777_216}),
        ("allowance_range", {"allowance_percent": 21}),
        ("allowance_range", {"allowance_percent": -1}),
        ("package", {"package": None}),
        ("package", {"package": "lorry"}),
        ("product_missing", {"product_id": 4711}),
        ("part_missing", {"indication_id": 4711}),
    ]:
        with refused(rule):
            workshop.batch(**entry)


def test_the_limit_is_the_packs_and_the_share_that_may_be_spoilt_rounded_up(workshop):
    for quantity, percent, limit in [
        (100, 5, 105),
        (101, 5, 107),
        (1, 1, 2),
        (7, 0, 7),
        (16_777_215, 20, 16_777_215),
        (16_000_000, 20, 16_777_215),
    ]:
        # The database computes the same limit and would refuse another.
        assert workshop.batch(quantity=quantity, allowance_percent=percent).unit_limit == limit


def test_a_service_has_neither_lot_nor_quantity(workshop):
    for entry in [{"lot": "L1"}, {"quantity": 1}, {"package": "bag"}]:
        with refused("service_with_lot"):
            workshop.batch(kind="service", **entry)


def test_a_service_has_a_code_of_its_own(workshop):
    batch = workshop.batch(kind="service")
    assert (batch.lot, batch.quantity, batch.unit_limit, len(batch.code)) == (None, None, 0, 12)


def test_an_indication_needs_a_right_on_the_day_of_packing(workshop):
    product, indication = workshop.product(), workshop.indication()
    with refused("use_right_missing"):
        workshop.batch(product, indication_id=indication.id)
    workshop.use_right(product, indication, date(2026, 10, 7))
    with refused("use_right_missing"):
        workshop.batch(product, indication_id=indication.id)
    workshop.use_right(product, indication, date(2026, 10, 6), date(2026, 10, 6))
    assert workshop.batch(product, indication_id=indication.id).indication_id == indication.id


def test_a_right_that_ended_before_packing_does_not_count(workshop):
    product, indication = workshop.product(), workshop.indication()
    workshop.use_right(product, indication, until_day=date(2026, 10, 5))
    with refused("use_right_missing"):
        workshop.batch(product, indication_id=indication.id)


def test_the_right_of_another_product_does_not_count(workshop):
    maker, indication = workshop.producer(), workshop.indication()
    workshop.use_right(workshop.product(maker), indication)
    with refused("use_right_missing"):
        workshop.batch(workshop.product(maker), indication_id=indication.id)


def test_a_mark_cannot_stand_on_a_batch(workshop):
    with refused("use_right_missing"):
        workshop.batch(indication_id=workshop.indication(type="certification_mark").id)


def test_the_same_key_again_gives_the_same_batch(workshop):
    product = workshop.product()
    one, again = (workshop.batch(product, lot="L", idempotency_key="form-1", state="draft") for _ in range(2))
    assert (one.id, one.code) == (again.id, again.code)
    with reading(workshop.services.engine) as session:
        assert session.scalar(select(func.count(Batch.id))) == 1


def test_a_form_that_is_sent_twice_at_once_makes_one_batch(workshop):
    entry = NewBatch(workshop.product().id, lot="L", dates=DATES, quantity=10, package="bag", idempotency_key="form-1")
    first, second = (registering(workshop, entry, bytes([number] * 7)) for number in range(2))
    one, again = overlapping(workshop.services.engine, first, second)
    assert isinstance(again, Batch) and one.id == again.id


def test_a_stamped_batch_does_not_become_a_draft_again(workshop):
    batch = workshop.batch()
    assert workshop.act(set_state, batch.id, "draft").state == "draft"
    workshop.act(set_state, batch.id, "open")
    workshop.issue(batch)
    for state in ("draft", "gone"):
        with refused("batch_state"):
            workshop.act(set_state, batch.id, state)
    assert workshop.act(set_state, batch.id, "closed").state == "closed"
    with refused("batch_missing"):
        workshop.act(set_state, 4711, "open")


def test_a_stage_is_of_a_known_kind_not_ahead_and_refers_to_a_report_of_its_own_batch(workshop):
    batch, other = workshop.batch(), workshop.batch()
    report = workshop.act(attach_report, other.id, title="KN", actor=PRODUCER, now=workshop.now)
    day = date(2026, 10, 6)
    for rule, entry in (
        ("stage_kind", NewStage("blessing", day)),
        ("date_ahead", NewStage("packing", date(2026, 11, 26))),
        ("report_elsewhere", NewStage("testing", day, report_id=report.id)),
        ("report_elsewhere", NewStage("testing", day, report_id=4711)),
    ):
        with refused(rule):
            workshop.act(add_stage, batch.id, entry, actor=PRODUCER, now=workshop.now)
