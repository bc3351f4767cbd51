"""What is known by heart never outlives what the register says."""

import time
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.factories import NOTICE, OFFICE, PRODUCER
from tests.scans.conftest import phone
from tests.waiting import wait_until
from traceability.domain.dates import day_in_vietnam
from traceability.keystore import revoke_key
from traceability.models import GeographicalIndication, Producer, Product, Recognition, Suspicion
from traceability.models.engine import acting, reading
from traceability.operations.register_changes import changes_since, present_place
from traceability.operations.withdraw import lift_recall, recall_goods, revoke_stamps
from traceability.web import register_watch


def shown(app, path: str, language: str = "en") -> str:
    answer = phone(app).get(f"{path}?lang={language}")
    assert answer.status_code == 200
    return answer.text


def is_fast(app, path: str) -> bool:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "lang=en", "HTTP_USER_AGENT": "Phone"}
    return app.extensions["scans"].find(environ) is not None


@pytest.fixture
def known(app, workshop):
    """A batch whose page two processes know by heart, and its path."""
    batch = workshop.stamped(workshop.product(workshop.producer(kind="household", consent_on=date(2026, 1, 1), name="Hộ Giàng")))
    return batch, f"/S/{batch.code}"


def change(workshop, batch, kind):
    """One act that a page must show."""
    now, session_of = workshop.now, lambda: acting(workshop.services.engine)
    if kind == "recall":
        workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=now)
    elif kind == "cancelled":
        workshop.act(revoke_stamps, batch.id, units=None, reason="spoiled", actor=PRODUCER, now=now)
    elif kind == "suspect":
        with session_of() as session:
            session.add(Suspicion(batch_id=batch.id, unit=None, since=now, reason="Scanned in two places."))
    elif kind == "consent":
        with session_of() as session:
            session.get(Producer, batch.producer_id).consent_on = None
    elif kind == "name":
        with session_of() as session:
            session.get(Product, batch.product_id).name_en = "Another name"
    elif kind == "rating":
        _rate(workshop, batch)


def _rate(workshop, batch):
    with reading(workshop.services.engine) as session:
        product = session.get(Product, batch.product_id)
    workshop.recognition(product, stars=5)


SHOWS = {
    "recall": "Do not eat it.",
    "cancelled": "This stamp was cancelled",
    "suspect": "This code may have been copied",
    "consent": "The name is not shown",
    "name": "Another name",
    "rating": "OCOP 5 stars",
}


@pytest.mark.parametrize("kind", SHOWS)
def test_a_change_shows_on_the_next_request_in_every_process_of_the_host(app, another, workshop, known, kind):
    batch, path = known
    processes = [app, another(), another()]
    for process in processes:
        assert SHOWS[kind] not in shown(process, path)
        assert is_fast(process, path)
    change(workshop, batch, kind)
    for process in processes:
        assert SHOWS[kind] in shown(process, path)


def test_a_lifted_recall_is_gone_on_the_next_request(app, another, workshop, known):
    batch, path = known
    recall = workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=workshop.now)
    processes = [app, another()]
    assert all("Do not eat it." in shown(process, path) for process in processes)
    workshop.act(lift_recall, recall.id, actor=OFFICE, now=workshop.now)
    assert not any("Do not eat it." in shown(process, path) for process in processes)


def test_a_change_to_one_batch_leaves_the_pages_of_others(app, workshop, known):
    batch, path = known
    other = f"/S/{workshop.stamped().code}"
    for one in (path, other):
        shown(app, one)
    workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=workshop.now)
    app.extensions["traceability"].watch.look()
    assert not is_fast(app, path) and is_fast(app, other)


def test_a_key_that_is_revoked_shows_on_the_next_request(app, another, workshop, services, clock):
    batch = workshop.stamped(form="signed")
    path = workshop.path(batch, form="signed")
    other = another()
    for process in (app, other):
        shown(process, path)
    clock.now = clock.now.replace(year=clock.now.year)
    folder = services.key_store.folder
    # Revoked as of a moment before the stamps were issued.
    revoke_key(folder, 1, folder / "root.pem", clock.now.replace(hour=0))
    services.bell.ring()
    for process in (app, other):
        assert phone(process).get(path).status_code == 404


def test_revoking_a_key_by_command_rings_for_all_processes(app, another, services):
    other, before = another().extensions["traceability"], services.bell.heard()
    done = app.test_cli_runner().invoke(args=["keys", "revoke", "1", "--yes"])
    assert done.exit_code == 0, done.output
    assert other.bell.heard() != before


def stop_the_lease(monkeypatch, seconds: float) -> None:
    """Time goes by for leases."""
    real = register_watch.seconds()
    monkeypatch.setattr(register_watch, "seconds", lambda: real + seconds)


def test_on_another_host_a_change_shows_once_its_lease_has_ended(app, another, workshop, known, monkeypatch):
    batch, path = known
    far = another("elsewhere")
    assert "Do not eat it." not in shown(far, path) and is_fast(far, path)
    workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=workshop.now)
    stop_the_lease(monkeypatch, register_watch.LEASE_S)
    assert "Do not eat it." in shown(far, path)


def test_what_is_written_by_hand_is_noticed_within_the_lease(app, engine, workshop, known, monkeypatch):
    batch, path = known
    shown(app, path)
    with engine.begin() as connection:
        connection.execute(text("UPDATE product SET name_en = 'By hand' WHERE id = :id"), {"id": batch.product_id})
    stop_the_lease(monkeypatch, register_watch.LEASE_S)
    assert "By hand" in shown(app, path)


def failing(*_arguments):
    raise OperationalError("SELECT", {}, Exception("the database is away"))


def test_without_the_register_a_known_stamp_says_what_was_last_known_and_when(app, workshop, known, clock, monkeypatch):
    _, path = known
    issued = shown(app, path)
    assert '"stampVerdict","value":"ISSUED"' in issued and "No warning and no recall" in issued
    monkeypatch.setattr(register_watch, "changes_since", failing)
    stop_the_lease(monkeypatch, register_watch.LEASE_S)
    clock.advance(minutes=10)
    page = shown(app, path)
    assert "<title>Cannot be checked at the moment" in page and '"stampVerdict","value":"UNDETERMINED"' in page
    assert "At 25 Nov 2026, 10:00 it said: “Stamp issued by us”." in page
    assert "No warning" not in page and "Issued on" in page and 'class="verdict warn"' in page
    # The rest is what it was.
    rest, before = (text[text.index("</section>") :] for text in (page, issued))
    assert rest.replace("Scanned 2 times", "Scanned 1 time") == before
    monkeypatch.undo()
    stop_the_lease(monkeypatch, 10)
    assert "Stamp issued by us" in shown(app, path)


def test_what_was_known_to_be_wrong_stays_so_without_the_register(app, workshop, known, monkeypatch):
    batch, path = known
    workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=workshop.now)
    shown(app, path)
    monkeypatch.setattr(register_watch, "changes_since", failing)
    stop_the_lease(monkeypatch, register_watch.LEASE_S)
    page = shown(app, path)
    assert "<title>Recalled" in page and "Do not eat it." in page and "This is what it said at 25 Nov 2026, 10:00." in page
    assert '"stampVerdict","value":"RECALLED"' in page


def test_without_the_register_scans_of_known_stamps_are_recorded_as_undetermined(app, services, known, monkeypatch):
    from tests.scans.test_fast_path import recorded

    _, path = known
    shown(app, path)
    monkeypatch.setattr(register_watch, "changes_since", failing)
    stop_the_lease(monkeypatch, register_watch.LEASE_S)
    shown(app, path)
    assert [found.verdict for found in recorded(services)] == ["ISSUED", "UNDETERMINED"]


def test_without_the_register_stamps_that_are_not_known_answer_503_and_misread_ones_are_explained(app, workshop, known, monkeypatch):
    _, path = known
    other = f"/S/{workshop.stamped().code}"
    shown(app, path)
    monkeypatch.setattr(register_watch, "changes_since", failing)
    stop_the_lease(monkeypatch, register_watch.LEASE_S)
    answer = phone(app).get(f"{other}?lang=en")
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert phone(app).get("/S/7K3MQ9X2ABCT?lang=en").status_code == 400


def test_a_page_that_was_drawn_while_the_register_changed_is_not_kept(app, workshop, known, monkeypatch):
    batch, path = known
    from traceability.web import public

    drawn = public.draw_known

    def meanwhile(*arguments):
        page = drawn(*arguments)
        workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=workshop.now)
        app.extensions["traceability"].watch.look()
        return page

    shown(app, path)
    app.extensions["traceability"].known.let_all_go()
    monkeypatch.setattr(public, "draw_known", meanwhile)
    shown(app, path)
    assert not is_fast(app, path)
    monkeypatch.undo()
    assert "Do not eat it." in shown(app, path)


def test_changes_of_a_transaction_that_took_longer_than_a_later_one_are_found(engine, workshop, dialect):
    if dialect == "sqlite":
        # One act at a time: what comes later also ends later.
        return
    product, other = workshop.product(), workshop.product()
    with engine.connect() as slow, engine.connect() as quick:
        first = slow.begin()
        slow.execute(text("UPDATE product SET name_en = 'Slow' WHERE id = :id"), {"id": product.id})
        with reading(engine) as session:
            place = present_place(session)
        with quick.begin():
            quick.execute(text("UPDATE product SET name_en = 'Quick' WHERE id = :id"), {"id": other.id})
        with reading(engine) as session:
            found, place = changes_since(session, place)
        assert found == {("product", other.id)}
        first.commit()
    with reading(engine) as session:
        found, place = changes_since(session, place)
    assert found == {("product", product.id)}
    with reading(engine) as session:
        assert changes_since(session, place)[0] == set()


@pytest.mark.parametrize("table", ["recognition", "geographical_indication"])
def test_added_changed_and_deleted_rows_are_all_news(engine, workshop, table):
    product = workshop.product()
    with reading(engine) as session:
        place = present_place(session)
    row = workshop.recognition(product) if table == "recognition" else workshop.indication()
    subject = ("product", product.id) if table == "recognition" else ("indication", row.id)
    model = Recognition if table == "recognition" else GeographicalIndication
    for act in (None, "change", "delete"):
        if act:
            with acting(engine) as session:
                found = session.get(model, row.id)
                if act == "delete":
                    session.delete(found)
                else:
                    found.decision = "2/QĐ"
        with reading(engine) as session:
            changed, place = changes_since(session, place)
        assert subject in changed


def test_midnight_comes_in_every_process(app, another, workshop, clock):
    batch = workshop.stamped()
    path, processes = f"/S/{batch.code}", [app, another()]
    clock.now = clock.now.replace(year=2027, month=10, day=6, hour=16, minute=59)
    assert day_in_vietnam(clock.now) == date(2027, 10, 6)
    assert all("Stamp issued by us" in shown(process, path) for process in processes)
    clock.advance(minutes=1)
    assert all("Past its best-before date" in shown(process, path) for process in processes)


def test_many_scans_ask_the_register_twice_a_second_and_not_all_the_time(app, services, known, monkeypatch):
    path, now = known[1], register_watch.seconds()
    shown(app, path)
    looks, at = [], [now]
    look = services.watch.look
    monkeypatch.setattr(services.watch, "look", lambda: (looks.append(at[0]), look()))
    monkeypatch.setattr(register_watch, "seconds", lambda: at[0])
    for step in range(200):
        # Four seconds, in which somebody scans each 20 ms.
        at[0] = now + step / 50
        assert services.watch.is_fresh_at_once() is not None
        time.sleep(0.002)
    assert 4 <= len(looks) <= 10


def test_while_the_register_is_away_nobody_waits_for_it_again(app, services, known, monkeypatch):
    shown(app, known[1])

    def away(*_):
        raise OperationalError("SELECT", None, Exception("away"))

    monkeypatch.setattr(register_watch, "changes_since", away)
    monkeypatch.setattr(register_watch, "LEASE_S", 0.0)
    services.bell.ring()
    assert services.watch.is_fresh() is False
    assert services.watch.is_fresh_at_once() is False
    monkeypatch.undo()
    wait_until(lambda: services.watch.is_fresh_at_once() is True, 10)


def test_a_register_that_did_not_answer_is_never_taken_for_one_that_did(app, services, known, monkeypatch):
    shown(app, known[1])
    now = register_watch.seconds()
    at = [now + register_watch.LEASE_S + 1]
    monkeypatch.setattr(register_watch, "seconds", lambda: at[0])

    def away(*_):
        raise OperationalError("SELECT", None, Exception("away"))

    monkeypatch.setattr(register_watch, "changes_since", away)
    for step in range(30):
        at[0] += 0.1
        assert services.watch.is_fresh_at_once() is not True, step
        assert services.watch.is_fresh() is False, step
        assert "Cannot be checked at the moment" in shown(app, known[1])
