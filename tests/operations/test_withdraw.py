"""Stamps cancelled, goods recalled, recalls lifted; one step back and forward."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from tests.factories import NOTICE, OFFICE, PRODUCER, refused
from traceability.models import BatchInput, Delivery, Recall, Revocation
from traceability.models.engine import reading
from traceability.operations.trace import record_delivery, record_input
from traceability.operations.withdraw import lift_recall, recall_goods, revoke_stamps

OUTSIDE = ((0, 1), (1, 6), (6, 6), (4, 3), (-2, 2))


def rows(workshop, kind) -> int:
    with reading(workshop.services.engine) as session:
        return session.scalar(select(func.count(kind.id)))


def test_units_that_were_not_issued_can_be_neither_cancelled_nor_recalled_nor_delivered(workshop):
    batch, whole = workshop.stamped(units=5), workshop.stamped()
    who = {"actor": OFFICE, "now": workshop.now}
    for target, units in [*((batch, units) for units in OUTSIDE), (whole, (1, 1)), (workshop.batch(), (1, 1))]:
        with refused("units_not_issued"):
            workshop.act(revoke_stamps, target.id, units=units, reason="x", **who)
        with refused("units_not_issued"):
            workshop.act(recall_goods, target.id, NOTICE, units=units, **who)
        with refused("units_not_issued"):
            workshop.act(record_delivery, target.id, recipient="x", delivered_on=date(2026, 11, 1), units=units, **who)
    assert [rows(workshop, kind) for kind in (Revocation, Recall, Delivery)] == [0, 0, 0]


def test_all_units_of_several_issuances_can_be_cancelled_together(workshop):
    batch = workshop.stamped(units=5)
    workshop.issue(batch, units=5)
    row = workshop.act(revoke_stamps, batch.id, units=(3, 8), reason=" lost ", actor=PRODUCER, now=workshop.now)
    assert (row.first_unit, row.last_unit, row.reason) == (3, 8, "lost")


def test_a_recall_needs_what_to_do_whom_to_call_and_why(workshop):
    batch = workshop.stamped()
    for part in ("advice", "contact", "reason"):
        with refused("recall_words"):
            workshop.act(recall_goods, batch.id, replace(NOTICE, **{part: "  "}), units=None, actor=OFFICE, now=workshop.now)
    with refused("reason_empty"):
        workshop.act(revoke_stamps, batch.id, units=None, reason=" ", actor=PRODUCER, now=workshop.now)


def test_lifting_a_recall_twice_keeps_the_first_time(workshop, clock):
    recall = workshop.act(recall_goods, workshop.stamped().id, NOTICE, units=None, actor=OFFICE, now=workshop.now)
    clock.advance(hours=1)
    lifted_at = workshop.act(lift_recall, recall.id, actor=OFFICE, now=workshop.now).lifted_at
    clock.advance(hours=1)
    assert workshop.act(lift_recall, recall.id, actor=OFFICE, now=workshop.now).lifted_at == lifted_at < workshop.now


def test_what_is_not_there_can_be_neither_recalled_nor_lifted(workshop):
    with refused("part_missing"):
        workshop.act(lift_recall, 4711, actor=OFFICE, now=workshop.now)
    with refused("batch_missing"):
        workshop.act(recall_goods, 4711, NOTICE, units=None, actor=OFFICE, now=workshop.now)
    with refused("batch_missing"):
        workshop.act(revoke_stamps, 4711, units=None, reason="x", actor=OFFICE, now=workshop.now)


def test_a_batch_cannot_go_into_what_it_was_made_from(workshop):
    paddy, rice, flour, cake = (workshop.batch() for _ in range(4))

    def put(into, what):
        return workshop.act(record_input, into.id, what="x", input_batch_id=what.id, actor=PRODUCER, now=workshop.now)

    put(rice, paddy)
    put(flour, rice)
    put(cake, flour)
    put(cake, rice)
    for into, what in ((paddy, paddy), (paddy, rice), (paddy, cake), (rice, cake), (flour, cake)):
        with refused("input_circle"):
            put(into, what)
    assert rows(workshop, BatchInput) == 4


def test_an_input_comes_from_somebody_or_from_a_batch_of_ours(workshop):
    batch = workshop.batch()
    for supplier in (None, "", "  "):
        with refused("input_from_whom"):
            workshop.act(record_input, batch.id, what="x", supplier=supplier, actor=PRODUCER, now=workshop.now)
    with refused("batch_missing"):
        workshop.act(record_input, batch.id, what="x", input_batch_id=4711, actor=PRODUCER, now=workshop.now)
    assert workshop.act(record_input, batch.id, what="x", supplier="HTX", actor=PRODUCER, now=workshop.now).supplier == "HTX"


def test_a_delivery_names_to_whom_it_went(workshop):
    batch = workshop.stamped(units=5)
    named = {"delivered_on": date(2026, 11, 1), "actor": PRODUCER, "now": workshop.now}
    with refused("recipient_empty"):
        workshop.act(record_delivery, batch.id, recipient="  ", **named)
    row = workshop.act(record_delivery, batch.id, recipient=" Chợ Bắc Hà ", units=(2, 5), **named)
    assert (row.recipient, row.first_unit, row.last_unit) == ("Chợ Bắc Hà", 2, 5)


@pytest.mark.parametrize("kind", [Revocation, Recall, Delivery])
def test_the_database_itself_refuses_half_a_range(workshop, kind):
    batch = workshop.stamped(units=5)
    columns = {
        Revocation: {"reason": "x", "revoked_at": workshop.now, "revoked_by": "x"},
        Recall: {**NOTICE.__dict__, "starts_at": workshop.now, "recalled_role": "office", "recalled_by": "x"},
        Delivery: {"recipient": "x", "delivered_on": date(2026, 11, 1), "recorded_by": "x", "recorded_at": workshop.now},
    }[kind]
    for first, last in ((1, None), (None, 1), (0, 1), (3, 2)):
        with pytest.raises(IntegrityError, match=f"ck_{kind.__tablename__}_units"):
            workshop.act(
                lambda session, ends=(first, last): session.add(kind(batch_id=batch.id, first_unit=ends[0], last_unit=ends[1], **columns))
            )


def test_a_producer_lifts_only_recalls_of_its_own(workshop):
    batch = workshop.stamped()
    ordered = workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=workshop.now)
    own = workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=PRODUCER, now=workshop.now)
    with refused("role"):
        workshop.act(lift_recall, ordered.id, actor=PRODUCER, now=workshop.now)
    lifted = workshop.act(lift_recall, own.id, actor=PRODUCER, now=workshop.now)
    assert (lifted.lifted_by, lifted.lifted_role) == (PRODUCER.name, "producer")


def test_a_text_that_is_too_long_is_refused_alike_on_both_databases(workshop):
    with refused("text_long"):
        workshop.producer(name="x" * 201)
