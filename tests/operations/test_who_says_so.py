"""What a producer declares reads as declared until the office or an inspector confirms it."""

from datetime import date
from itertools import product

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.factories import INSPECTOR, OFFICE, PRODUCER, refused
from traceability.models import Report, Stage
from traceability.models.engine import reading
from traceability.operations.register_batch import NewStage, add_stage, attach_report, confirm
from traceability.operations.scan import look_up, parse_unverified_path


def page(workshop, batch):
    with reading(workshop.services.engine) as session:
        read = parse_unverified_path(f"/S/{batch.code}")
        return look_up(session, read, keys=workshop.services.scan_keys, language="vi", now=workshop.now).page


def add(workshop, batch, actor):
    stage = workshop.act(add_stage, batch.id, NewStage("packing", date(2026, 10, 6)), actor=actor, now=workshop.now)
    report = workshop.act(attach_report, batch.id, title="KN", result="Đạt", actor=actor, now=workshop.now)
    return stage, report


def test_what_is_recorded_says_who_recorded_it(workshop):
    for actor, stage, report in [
        (PRODUCER, "declared", "attached"),
        (OFFICE, "recorded_office", "recorded_office"),
        (INSPECTOR, "recorded_inspector", "recorded_inspector"),
    ]:
        batch = workshop.stamped()
        add(workshop, batch, actor)
        shown = page(workshop, batch)
        assert (shown.stages[0].said, shown.reports[0].said) == (stage, report)


def test_it_reads_confirmed_only_once_the_office_or_an_inspector_confirms_it(workshop):
    for actor in [OFFICE, INSPECTOR]:
        batch = workshop.stamped()
        stage, report = add(workshop, batch, PRODUCER)
        workshop.act(confirm, Stage, stage.id, actor=actor, now=workshop.now)
        shown = page(workshop, batch)
        assert (shown.stages[0].said, shown.reports[0].said) == (f"confirmed_{actor.role}", "attached")
        assert shown.stages[0].confirmed_on == date(2026, 11, 25)
        workshop.act(confirm, Report, report.id, actor=actor, now=workshop.now)
        assert page(workshop, batch).reports[0].said == f"confirmed_{actor.role}"


def test_a_report_at_its_stage_says_for_itself_who_says_so(workshop):
    batch = workshop.stamped()
    _, report = add(workshop, batch, PRODUCER)
    entry = NewStage("testing", date(2026, 10, 7), report_id=report.id)
    stage = workshop.act(add_stage, batch.id, entry, actor=PRODUCER, now=workshop.now)
    workshop.act(confirm, Stage, stage.id, actor=INSPECTOR, now=workshop.now)
    shown = page(workshop, batch)
    assert (shown.stages[-1].said, shown.reports[-1].said) == ("confirmed_inspector", "attached")


def test_a_producer_cannot_confirm(workshop):
    stage, report = add(workshop, workshop.batch(), PRODUCER)
    for kind, row in ((Stage, stage), (Report, report)):
        with refused("role"):
            workshop.act(confirm, kind, row.id, actor=PRODUCER, now=workshop.now)


def test_confirming_twice_keeps_the_first(workshop, clock):
    stage, _ = add(workshop, workshop.batch(), PRODUCER)
    workshop.act(confirm, Stage, stage.id, actor=INSPECTOR, now=workshop.now)
    first = workshop.now
    clock.advance(days=3)
    again = workshop.act(confirm, Stage, stage.id, actor=OFFICE, now=workshop.now)
    assert (again.confirmed_role, again.confirmed_by, again.confirmed_at) == ("inspector", "Inspector", first)


def test_confirming_what_is_not_there_is_refused(workshop):
    with refused("part_missing"):
        workshop.act(confirm, Stage, 4711, actor=OFFICE, now=workshop.now)


def test_the_database_itself_refuses_a_producers_or_half_a_confirmation(workshop):
    add(workshop, workshop.batch(), PRODUCER)
    wrong = (
        ("confirmed_role = 'producer', confirmed_by = 'x', confirmed_at = recorded_at", "confirmed_role"),
        ("confirmed_role = 'office'", "confirmation_whole"),
        ("recorded_role = 'nobody'", "recorded_role"),
    )
    for table, (values, name) in product(("stage", "report"), wrong):
        with pytest.raises(IntegrityError, match=f"ck_{table}_{name}"), workshop.services.engine.begin() as connection:
            connection.execute(text(f"UPDATE {table} SET {values}"))
