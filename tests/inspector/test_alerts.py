"""Alerts for inspectors and the office: found, shown with what they rest on, and closed once with what was found."""

import re
import uuid

import pytest
from sqlalchemy import select

from tests.inspector.test_findings import a_finding, send
from traceability.models import Alert, AuditEntry, Inspection, Suspicion
from traceability.models.engine import acting, reading

RULES = {"least_visitors": 14, "least_hours": 9, "odd_visitors": 8, "odd_hours": 5, "burst_visitors": 15, "burst_hours": 3}
EVIDENCE = {
    "copied": {"visitors": 14, "hours": 13, "since": "2026-11-01T03:00:00+00:00", "until": "2026-11-05T07:00:00+00:00", "days": 120},
    "invented": {"visitors": 8, "hours": 6, "since": "2026-11-01T03:00:00+00:00", "until": "2026-11-05T07:00:00+00:00", "days": 30},
    "late": {"visitors": 8, "hours": 6, "since": "2026-11-01T03:00:00+00:00", "until": "2026-11-05T07:00:00+00:00", "days": 30},
    "burst": {"first_hour": 493000, "last_hour": 493001, "at": "2026-11-01T03:00:00+00:00"},
    "many": {"scans": 1234, "days": 60, "packs": 300},
}


@pytest.fixture
def raised(services):
    """An alert as the rules raise it, of a unit with its suspicion."""

    def raise_it(batch, kind="copied", unit=3):
        with acting(services.engine) as session:
            suspicion = Suspicion(batch_id=batch.id, unit=unit, since=services.clock(), reason="14 / 13 h") if kind == "copied" else None
            if suspicion:
                session.add(suspicion)
                session.flush()
            rules = RULES | {"scans_a_pack": 4.0, "share_a_day": 0.1}
            row = Alert(
                kind=kind, batch_id=batch.id, unit=unit if kind in ("copied", "burst") else 0, evidence={**EVIDENCE[kind], "rules": rules}
            )
            row.raised_at = row.looked_at = services.clock()
            row.suspicion_id = suspicion.id if suspicion else None
            session.add(row)
            session.flush()
            return row.id

    return raise_it


def the(services, table):
    with reading(services.engine) as session:
        return session.scalars(select(table)).one()


@pytest.mark.parametrize("kind", EVIDENCE)
@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_an_alert_is_listed_and_shown_with_its_evidence(inspector, workshop, raised, kind, language):
    batch = workshop.stamped(units=9)
    number = raised(batch, kind)
    listed = inspector.get(f"/inspector/alerts?lang={language}")
    assert f"/inspector/alerts/{number}?" in listed.text and batch.lot in listed.text
    page = inspector.get(f"/inspector/alerts/{number}?lang={language}").text
    figures = {"copied": "14", "invented": "8", "late": "8", "burst": "15", "many": "234"}
    assert figures[kind] in page and f"/inspector/batches/{batch.code}" in page


def test_an_alert_is_closed_once_with_what_was_found_and_its_page_is_no_longer_amber(inspector, client, workshop, raised, services):
    batch = workshop.stamped(units=9)
    number, path = raised(batch), workshop.unit_path(batch, 3)
    assert 'class="verdict warn"' in client.get(path).text
    address = f"/inspector/alerts/{number}"
    for words in ("One pack on display in the shop.", "Other words."):
        assert inspector.post(address, f"/inspector/batches/{batch.code}", conclusion="genuine", words=words).status_code == 303
    row, suspicion = the(services, Alert), the(services, Suspicion)
    assert (row.conclusion, row.words, row.closed_by, row.closed_role) == (
        "genuine",
        "One pack on display in the shop.",
        "inspector",
        "inspector",
    )
    assert suspicion.cleared_at == row.closed_at and suspicion.cleared_by == "inspector"
    assert 'class="verdict ok"' in client.get(path).text
    assert "One pack on display" in inspector.get(address).text
    assert f"{address}?" not in inspector.get("/inspector/alerts").text
    assert f"{address}?" in inspector.get("/inspector/alerts?state=closed").text
    with reading(services.engine) as session:
        assert [entry.object_kind for entry in session.scalars(select(AuditEntry).where(AuditEntry.act == "close_alert"))] != []


def test_a_closing_may_rest_on_a_finding_of_the_same_lot_and_on_no_other(inspector, workshop, raised, services):
    batch, other = workshop.stamped(units=9), workshop.stamped()
    number = raised(batch)
    for count, row in enumerate((batch, other)):
        assert send(inspector, a_finding(row, id_on_phone=str(uuid.UUID(int=count)))).status_code == 201
    with reading(services.engine) as session:
        own, foreign = (session.scalar(select(Inspection.id).where(Inspection.batch_id == row.id)) for row in (batch, other))
    address = f"/inspector/alerts/{number}"
    refused = inspector.post(address, address, conclusion="copied", words="Copies.", finding=str(foreign))
    assert refused.status_code == 400 and "Copies." in refused.text and the(services, Alert).closed_at is None
    assert inspector.post(address, address, conclusion="copied", words="Copies.", finding=str(own)).status_code == 303
    assert the(services, Alert).inspection_id == own and the(services, Suspicion).cleared_at is None


@pytest.mark.parametrize(
    "changed",
    [
        *({"conclusion": ""}, {"conclusion": "yes"}, {"words": " "}, {"words": "x" * 1001}),
        *({"finding": "99999999999"}, {"finding": "999999999"}, {"finding": "x"}, {"finding": "²"}),
    ],
)
def test_a_bad_closing_is_told_with_what_was_typed_and_closes_nothing(inspector, workshop, raised, services, changed):
    number = raised(workshop.stamped(units=9))
    address = f"/inspector/alerts/{number}"
    answer = inspector.post(address, address, **{"conclusion": "genuine", "words": "seen", **changed})
    assert answer.status_code == 400 and the(services, Alert).closed_at is None and the(services, Suspicion).cleared_at is None
    assert changed.get("words", "seen").strip()[:900] in answer.text


def test_an_inspector_of_a_commune_sees_its_own_alerts_alone(sign_in, workshop, raised):
    own = workshop.stamped(workshop.product(workshop.producer(province_code="15", commune_code="02683")), units=9)
    elsewhere = workshop.stamped(units=9)
    mine, others = raised(own), raised(elsewhere)
    browser = sign_in("inspector", "02683")
    listed = browser.get("/inspector/alerts").text
    assert f"/inspector/alerts/{mine}?" in listed and f"/inspector/alerts/{others}?" not in listed
    assert browser.get(f"/inspector/alerts/{others}").status_code == 404
    answer = browser.post(f"/inspector/alerts/{others}", f"/inspector/alerts/{mine}", conclusion="genuine", words="seen")
    assert answer.status_code == 404


def test_alerts_are_searched_filtered_and_sorted(inspector, workshop, raised):
    batch, other = workshop.stamped(units=9), workshop.stamped(units=9)
    first, second = raised(batch, "burst"), raised(other, "copied")

    def listed(query):
        return [int(number) for number in re.findall(r"/inspector/alerts/(\d+)\?", inspector.get(f"/inspector/alerts?{query}").text)]

    assert listed("") == [second, first] and listed("order=oldest") == [first, second] and listed("order=kind") == [first, second]
    assert listed("kind=burst") == [first] and listed(f"search={other.code}") == [second] and listed(f"search={batch.lot}") == [first]
    assert listed("search=%25&state=nonsense&order=nonsense&page=-4") == []
    assert listed("state=closed") == []


def test_a_person_suspects_a_whole_lot_and_ends_it_and_it_stays_on_record(inspector, client, workshop, services):
    batch = workshop.stamped()
    address = f"/inspector/batches/{batch.code}"
    for _ in range(2):
        assert inspector.post(f"{address}/suspect", address, reason="Thấy mã trên hàng khác.").status_code == 303
    row = the(services, Suspicion)
    assert (row.unit, row.suspected_by, row.reason) == (None, "inspector", "Thấy mã trên hàng khác.")
    page = client.get(f"/S/{batch.code}?lang=en").text
    assert 'class="verdict warn"' in page and "codes of this lot stand on other goods" in page
    assert inspector.post(f"{address}/suspicions/{row.id}/clear", address).status_code == 303
    assert 'class="verdict ok"' in client.get(f"/S/{batch.code}?lang=en").text
    assert "Thấy mã trên hàng khác." in inspector.get(address).text and the(services, Suspicion).cleared_by == "inspector"


def test_what_the_rules_say_of_a_unit_is_not_ended_as_a_lots(inspector, workshop, raised, services):
    batch = workshop.stamped(units=9)
    raised(batch)
    address = f"/inspector/batches/{batch.code}"
    assert inspector.post(f"{address}/suspicions/{the(services, Suspicion).id}/clear", address).status_code == 404
    assert the(services, Suspicion).cleared_at is None


@pytest.mark.parametrize("stamped", [True, False])
def test_a_suspicion_needs_a_reason_and_a_stamp(inspector, workshop, services, stamped):
    batch = workshop.stamped() if stamped else workshop.batch()
    address = f"/inspector/batches/{batch.code}"
    answer = inspector.post(f"{address}/suspect", address, reason=" " if stamped else "seen")
    assert answer.status_code == 400
    with reading(services.engine) as session:
        assert session.scalars(select(Suspicion)).all() == []
