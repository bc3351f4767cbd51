"""The sample register: real rows with their sources, illustrative ones that say so, and days that are true whenever it is loaded."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from traceability.domain.dates import day_in_vietnam
from traceability.domain.gs1 import gtin_kind
from traceability.models import Batch, GeographicalIndication, Producer, Product, PublishedCount, Recognition, UseRight
from traceability.models.engine import reading
from traceability.operations.issue import as_rule
from traceability.operations.scan import look_up, parse_unverified_path
from traceability.sample import is_loaded

LIKELY = {"SC-{year}-03": "ISSUED", "SHAN-01": "ISSUED", "LS-07": "RECALLED", "AT-05": "ISSUED", None: "ISSUED", "SHAN-00": "EXPIRED"}


def found(workshop, path):
    with reading(workshop.services.engine) as session:
        return look_up(session, parse_unverified_path(path), keys=workshop.services.scan_keys, language="vi", now=workshop.now)


def test_the_sample_goes_into_an_empty_register_once(workshop, app):
    commands = app.test_cli_runner()
    with reading(workshop.services.engine) as session:
        assert not is_loaded(session)
    assert commands.invoke(args=["sample", "--once"]).exit_code == 0
    with reading(workshop.services.engine) as session:
        assert is_loaded(session)
        batches = len(session.scalars(select(Batch)).all())
    again = commands.invoke(args=["sample"])
    assert again.exit_code != 0 and "not empty" in again.output
    silent = commands.invoke(args=["sample", "--once"])
    assert (silent.exit_code, silent.output) == (0, "")
    with reading(workshop.services.engine) as session:
        assert len(session.scalars(select(Batch)).all()) == batches == 8


def test_a_register_with_one_producer_is_not_mixed_with_the_sample(workshop, app):
    workshop.producer()
    assert app.test_cli_runner().invoke(args=["sample"]).exit_code != 0


def test_all_rows_are_there_each_with_its_source_and_illustrative_ones_say_so(workshop):
    batches = workshop.sample()
    today = day_in_vietnam(workshop.now)
    with reading(workshop.services.engine) as session:
        real = session.scalars(select(Recognition).where(~Recognition.illustrative)).all()
        indications, counts = session.scalars(select(GeographicalIndication)).all(), session.scalars(select(PublishedCount)).all()
        assert (len(real), len(indications), len(counts)) == (33, 16, 7)
        assert all(row.source and row.confidence for row in (*real, *indications, *counts))
        assert all(row.type == "geographical_indication" and len(row.number) == 5 for row in indications)
        # A date that is known only by its month or year never counts.
        partial = [row for row in real if not row.decided_on or len(row.decided_on) < 10]
        assert len(partial) > 15 and not any(row.valid_until or as_rule(row).holds_on(today) for row in partial)
        # What has no source is illustrative, and the other way round.
        for kind in (Producer, Product, Recognition):
            rows = session.scalars(select(kind)).all()
            assert all(row.illustrative is (row.source is None) for row in rows), kind
        for row in (*session.scalars(select(UseRight)), *session.scalars(select(Batch))):
            assert row.illustrative and row.product.illustrative and row.producer.illustrative
        for row in session.scalars(select(Recognition).where(Recognition.illustrative)):
            assert row.product.illustrative
        gtins = [product.gtin for product in session.scalars(select(Product)) if product.gtin]
        assert gtins and {gtin_kind(gtin) for gtin in gtins} <= {"demonstration", "restricted"}
        assert not any(product.gtin for product in session.scalars(select(Product).where(~Product.illustrative)))
    assert all(batch.illustrative for batch in batches)
    assert all(found(workshop, f"/S/{batch.code}").page.illustrative for batch in batches if batch.stamp_scope == "batch")


@pytest.mark.parametrize("day", [datetime(2026, 11, 25), datetime(2028, 2, 29), datetime(2031, 3, 1)])
def test_its_days_are_true_whenever_it_is_loaded(workshop, clock, day):
    clock.now = day.replace(hour=3, tzinfo=UTC)
    today = day_in_vietnam(clock.now)
    batches = {batch.lot: batch for batch in workshop.sample()}
    for lot, verdict in LIKELY.items():
        batch = batches[lot.format(year=today.year) if lot else None]
        assert found(workshop, f"/S/{batch.code}").judgement.verdict.value == verdict, lot
    honey = batches["MO-11"]
    said = {unit: found(workshop, workshop.unit_path(honey, unit)).judgement.verdict.value for unit in (1, 490, 491, 500)}
    assert said == {1: "ISSUED", 490: "ISSUED", 491: "REVOKED", 500: "REVOKED"}
    for batch in batches.values():
        days = [day for day in (batch.harvested_on, batch.made_on, batch.packed_on) if day]
        assert days == sorted(days) and all(day <= today for day in days)
    rice = found(workshop, f"/S/{batches[f'SC-{today.year}-03'].code}").page
    assert rice.stars_now.stars == rice.stars_at_packing.stars == 4 and rice.indication.held_at_packing and rice.indication.holds_now
    # Rated when it was packed, and no more.
    tea = found(workshop, f"/S/{batches['SHAN-01'].code}").page
    assert tea.stars_at_packing.stars == 3 and tea.stars_now is None and tea.last_rating.state == "expired"
    assert workshop.label(batches["SHAN-01"]).stars == 0 and workshop.label(batches[f"SC-{today.year}-03"]).stars == 4
    assert today - batches["SHAN-00"].best_before == timedelta(days=70)
