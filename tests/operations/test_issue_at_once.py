"""Many issue at once: nothing overlaps, nothing is lost, and the limit holds."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select

from tests.factories import GTIN, HOST, PRODUCER
from traceability.domain.errors import Refused
from traceability.models import Batch, Issuance
from traceability.models.engine import acting, reading
from traceability.operations.issue import Order, issue_stamps

ISSUERS = 50


def at_once(workshop, batch, orders):
    """What each order became: its issuance, or the rule that refused it."""
    engine, keyring = workshop.services.engine, workshop.services.key_store.current().keyring
    barrier = Barrier(len(orders))

    def issue(order):
        barrier.wait()
        try:
            with acting(engine) as session:
                return issue_stamps(session, batch.id, order, keyring=keyring, actor=PRODUCER, now=workshop.now)
        except Refused as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(orders)) as pool:
        return list(pool.map(issue, orders))


def stored(workshop, batch):
    with reading(workshop.services.engine) as session:
        return session.scalars(select(Issuance).where(Issuance.batch_id == batch.id).order_by(Issuance.first_unit)).all()


def check_partition(rows):
    """Whether ranges lie one behind the other from 1, and the last unit."""
    last = 0
    for row in rows:
        assert (row.first_unit, row.previous_last_unit) == (last + 1, last or None)
        last = row.last_unit
    return last


def test_50_issuers_at_once_get_ranges_that_partition_the_units(workshop):
    batch = workshop.batch(quantity=10_000)
    wanted = [1 + number % 13 for number in range(ISSUERS)]
    told = at_once(workshop, batch, [Order("signed" if number % 2 else "house", units, HOST) for number, units in enumerate(wanted)])
    rows = stored(workshop, batch)
    assert check_partition(rows) == sum(wanted)
    assert sorted(row.id for row in told) == sorted(row.id for row in rows)
    assert [row.last_unit - row.first_unit + 1 for row in told] == wanted


def test_50_issuers_at_once_never_exceed_the_limit(workshop):
    batch = workshop.batch(quantity=150, allowance_percent=3)
    wanted = [1 + number % 13 for number in range(ISSUERS)]
    told = at_once(workshop, batch, [Order("house", units, HOST) for units in wanted])
    rows = stored(workshop, batch)
    last = check_partition(rows)
    assert last <= batch.unit_limit == 155
    assert sum(isinstance(one, Issuance) for one in told) == len(rows)
    # Whoever was refused asked for more than was left, then and now.
    assert all(
        one == "units_exceed" and units > batch.unit_limit - last for one, units in zip(told, wanted, strict=True) if isinstance(one, str)
    )


def test_a_key_that_is_sent_20_times_at_once_issues_once(workshop):
    batch = workshop.batch()
    told = at_once(workshop, batch, [Order("house", 5, HOST, "order-1")] * 20)
    assert {row.id for row in told} == {row.id for row in stored(workshop, batch)}
    assert len(stored(workshop, batch)) == 1


def test_a_batch_stamp_that_is_asked_for_20_times_at_once_is_one_row_a_form(workshop):
    batch = workshop.batch(workshop.product(gtin=GTIN))
    told = at_once(workshop, batch, [Order(form, None, HOST) for form in ("house", "gs1", "signed", "house") * 5])
    assert len({row.id for row in told}) == len(stored(workshop, batch)) == 3


def test_of_those_who_stamp_the_batch_and_its_units_at_once_one_side_wins(workshop):
    batch = workshop.batch()
    told = at_once(workshop, batch, [Order("house", units, HOST) for units in (None, 1) * 10])
    with reading(workshop.services.engine) as session:
        scope = session.get(Batch, batch.id).stamp_scope
    assert {row.scope for row in told if isinstance(row, Issuance)} == {scope}
    assert sum(isinstance(one, Issuance) for one in told) == 10
    assert {one for one in told if isinstance(one, str)} == {"scope_fixed"}
