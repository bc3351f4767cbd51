"""What is known by heart is answered ahead of Flask, word for word as Flask's view would draw it."""

import random
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote

import pytest

from tests.factories import GTIN, NOTICE, OFFICE, PRODUCER
from tests.scans.conftest import phone
from traceability.config import LANGUAGES
from traceability.journal.record import RECORD_BYTES, parse_record
from traceability.models import Suspicion
from traceability.models.engine import acting, reading
from traceability.operations.origin_page import Seen
from traceability.operations.scan import look_up, parse_unverified_path
from traceability.operations.withdraw import recall_goods, revoke_stamps
from traceability.web import known_stamps, register_watch
from traceability.web.known_stamps import KnownStamps
from traceability.web.stamp_page import draw
from traceability.web.stamp_words import vary

# What an answer of Flask's has besides.
ONLY_FLASK = {"X-Request-Id"}


@pytest.fixture
def is_fast(app):
    """Whether a path is answered without Flask."""

    def found(path: str, language: str = "vi", **headers: str) -> bool:
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": f"lang={language}", "HTTP_USER_AGENT": "Phone", **headers}
        return app.extensions["scans"].find(environ) is not None

    return found


def recorded(services) -> list:
    """All records in the journal's files, oldest first."""
    content = b"".join(path.read_bytes() for path in sorted(services.journal.folder.glob("*.scans")))
    return [parse_record(content[start : start + RECORD_BYTES]) for start in range(0, len(content), RECORD_BYTES)]


def drawn_slowly(app, services, path: str, language: str, times) -> str:
    """The page as the view draws it for one scan alone."""
    with app.test_request_context(f"{path}?lang={language}"), reading(services.engine) as session:
        keys = services.scan_keys
        found = look_up(session, parse_unverified_path(unquote(path)), keys=keys, language=language, now=services.clock())
        return draw(found.page, found.read.canonical_path, services.settings.public_url, vary(found.page, times))


def check_both_ways(app, services, client, path: str) -> None:
    """Every language of a stamp's page, twice: drawn by Flask first, answered ahead of it then."""
    for language in LANGUAGES:
        for _ in range(2):
            answer = client.get(f"{path}?lang={language}")
            count = services.known.count(*key_of(services, path), fetch=lambda: None)
            assert answer.status_code == 200
            assert answer.text == drawn_slowly(app, services, path, language, count)


def key_of(services, path: str) -> tuple[int, int]:
    with reading(services.engine) as session:
        found = look_up(session, parse_unverified_path(unquote(path)), keys=services.scan_keys, language="vi", now=services.clock())
    return found.batch_id, found.judgement.unit or 0


def test_every_sample_stamp_is_answered_as_it_would_be_drawn(app, services, client, workshop, is_fast):
    for batch in workshop.sample():
        units = (1, 2) if batch.stamp_scope == "unit" else (None,)
        if batch.stamp_scope is None:
            continue
        for unit in units:
            path = workshop.unit_path(batch, unit) if unit else f"/S/{batch.code}"
            check_both_ways(app, services, client, path)
            assert is_fast(path)


@pytest.mark.parametrize("seed", range(12))
def test_stamps_of_random_registers_are_answered_as_they_would_be_drawn(app, services, client, workshop, clock, is_fast, seed):
    chance = random.Random(seed)
    product = workshop.product(gtin=GTIN, name=f"Gạo <{seed}> & “{chance.random()}”", name_en=chance.choice([None, "Rice"]))
    if chance.random() < 0.6:
        workshop.recognition(product, stars=chance.choice([3, 4, 5]), decided_on=chance.choice(["2022-10", "2025-03-01", "2023-11-20"]))
    indication = workshop.indication() if chance.random() < 0.4 else None
    if indication:
        workshop.use_right(product, indication, date(2026, 1, 1), chance.choice([None, date(2026, 11, 1)]))
    form, units = chance.choice(["house", "gs1", "signed"]), chance.choice([None, 7])
    batch = workshop.stamped(product, form=form, units=units, lot=f"L-{seed}.%&")
    if chance.random() < 0.4:
        scope = (2, 4) if units and chance.random() < 0.7 else None
        workshop.act(recall_goods, batch.id, NOTICE, units=scope, actor=OFFICE, now=workshop.now)
    paths = [workshop.path(batch, form=form, unit=unit) for unit in ((1, 3, 5) if units else (None,))]
    if units and chance.random() < 0.5:
        workshop.act(revoke_stamps, batch.id, units=(5, 6), reason="spoiled", actor=PRODUCER, now=workshop.now)
    if units and chance.random() < 0.5:
        with acting(services.engine) as session:
            session.add(Suspicion(batch_id=batch.id, unit=1, since=workshop.now, reason="Scanned in two places."))
    clock.advance(days=chance.choice([0, 0, 400]))
    for path in paths:
        check_both_ways(app, services, client, path)
        assert is_fast(unquote(path))


def test_both_answers_have_the_same_headers(client, workshop, is_fast):
    path = workshop.path(workshop.stamped(units=3), unit=2)
    for headers in ({"Accept-Encoding": "gzip"}, {"Accept-Encoding": "gzip, br"}, {}):
        other = {**headers, "Accept-Language": f"vi;q=0.{len(headers)}"}
        first, second = (client.get(path, headers=other) for _ in range(2))
        assert is_fast(path)
        for answer in (first, second):
            assert answer.headers["Vary"] == "Accept, Accept-Language, Accept-Encoding"
        told = [{name: value for name, value in answer.headers if name not in ONLY_FLASK} for answer in (first, second)]
        assert told[0] == told[1] and first.data == second.data


def test_who_takes_another_compression_alone_is_served_it(client, workshop, is_fast):
    path = f"/S/{workshop.stamped().code}"
    client.get(path)
    assert is_fast(path) and not is_fast(path, HTTP_ACCEPT_ENCODING="br")
    assert client.get(path, headers={"Accept-Encoding": "br"}).headers["Content-Encoding"] == "br"


def test_head_has_the_headers_of_get_and_no_body(client, workshop):
    path = f"/S/{workshop.stamped().code}"
    got, asked, again = client.get(path), client.head(path), client.head(path)
    for answer in (asked, again):
        assert answer.status_code == 200 and answer.data == b""
        assert answer.headers["Content-Length"] == got.headers["Content-Length"]


def test_who_has_the_page_already_is_not_sent_it_again(client, workshop, services):
    path = f"/S/{workshop.stamped().code}"
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"") and again.headers["ETag"] == first.headers["ETag"]
    assert len(recorded(services)) == 2
    assert client.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200


def test_the_tag_changes_with_the_minute_and_the_count(client, workshop, clock):
    path, tags = f"/S/{workshop.stamped().code}", []
    for agent in ("One phone", "Another phone"):
        tags.append(client.get(path, headers={"User-Agent": agent}).headers["ETag"])
    clock.advance(minutes=1)
    tags.append(client.get(path, headers={"User-Agent": "Another phone"}).headers["ETag"])
    assert len(set(tags)) == 3


def test_each_scan_is_in_the_journal_before_its_answer(client, workshop, services):
    batch = workshop.stamped(units=5)
    for number in range(1, 6):
        client.get(workshop.path(batch, unit=3))
        found = recorded(services)
        assert len(found) == number
        assert (found[-1].batch_id, found[-1].unit, found[-1].form) == (batch.id, 3, "house")
        assert (found[-1].kind, found[-1].verdict, len(found[-1].visitor)) == ("person", "ISSUED", 16)


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "preview"),
        ("TelegramBot (like TwitterBot)", "preview"),
        ("Viber/20.1 CFNetwork", "preview"),
        ("WhatsApp/2.23", "preview"),
        ("Zalo/1.0 (link preview)", "preview"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "robot"),
        ("Mozilla/5.0 (compatible; coccocbot-web/1.0)", "robot"),
        ("curl/8.0", "robot"),
        ("", "robot"),
        ("Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/119 Mobile Safari/537.36 Zalo android/12130 ZaloTheme/light", "person"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) [FBAN/FBIOS;FBAV/440.0]", "person"),
        ("Mozilla/5.0 (Linux; Android 14; CUBOT NOTE 21) Mobile", "person"),
    ],
)
def test_robots_and_previews_are_told_apart_from_people(client, workshop, services, agent, kind):
    path = f"/S/{workshop.stamped().code}"
    for _ in range(2):
        client.get(path, headers={"User-Agent": agent})
    assert [found.kind for found in recorded(services)] == [kind, kind]


def test_head_and_prefetching_are_told_apart_from_people(client, workshop, services):
    path = f"/S/{workshop.stamped().code}"
    client.get(path)
    client.head(path)
    client.get(path, headers={"Sec-Purpose": "prefetch;prerender"})
    client.get(path, headers={"X-Purpose": "preview"})
    assert [found.kind for found in recorded(services)] == ["person", "head", "prefetch", "preview"]


def test_machines_that_ask_for_linked_data_are_served_it_also_where_the_page_is_known(client, workshop, is_fast):
    path = f"/S/{workshop.stamped().code}"
    client.get(path)
    assert is_fast(path)
    assert client.get(path, headers={"Accept": "application/ld+json"}).mimetype == "application/ld+json"


def test_additions_to_the_address_by_apps_change_nothing(client, workshop, is_fast):
    path = f"/S/{workshop.stamped().code}"
    assert client.get(f"{path}?fbclid=IwAR0&utm_source=zalo").text == client.get(path).text
    assert client.get(f"{path}?fbclid=IwAR0&lang=en").text == client.get(f"{path}?lang=en").text


def test_counts_are_one_for_all_ways_to_write_a_stamp(client, workshop, clock):
    code = workshop.stamped().code
    for number, path in enumerate((f"/S/{code}", f"/s/{code.lower()}", f"/S/{code}?lang=en"), 1):
        answer = client.get(path, headers={"User-Agent": f"Phone {number}", "Accept-Language": "en"})
        assert f"Scanned {number} time" in answer.text


def test_an_expiry_at_midnight_shows_at_midnight(client, workshop, clock):
    batch = workshop.stamped()
    # 6 October 2027 is the last day, and ends at 17:00 in UTC.
    clock.now = clock.now.replace(year=2027, month=10, day=6, hour=16, minute=59)
    assert "Stamp issued by us" in client.get(f"/S/{batch.code}?lang=en").text
    clock.now += timedelta(minutes=1)
    assert "Past its best-before date" in client.get(f"/S/{batch.code}?lang=en").text
    # And back, as a clock that is set may go.
    clock.now -= timedelta(minutes=1)
    assert "Stamp issued by us" in client.get(f"/S/{batch.code}?lang=en").text


def at_once(app, path: str, **environ: str) -> list:
    """What a server is given that does not wait; empty where it must ask Flask."""
    given = []
    agent = "Mozilla/5.0 (Linux; Android 14) Mobile"
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "lang=en", "HTTP_USER_AGENT": agent, "REMOTE_ADDR": "127.0.0.1"}
    asked |= environ
    is_answered = app.extensions["scans"].answer_at_once(asked, lambda *answer: given.append(answer))
    assert is_answered == bool(given)
    return given


def test_a_server_that_does_not_wait_is_given_the_same_answer(app, services, workshop):
    path, browser = f"/S/{workshop.stamped(workshop.product()).code}", phone(app)
    assert not at_once(app, path)
    browser.get(f"{path}?lang=en")
    ordinary = browser.get(f"{path}?lang=en")
    [(status, headers, body)] = at_once(app, path)
    assert status == 200 and body == ordinary.data
    assert dict(headers) == {name: value for name, value in ordinary.headers.items() if name not in ONLY_FLASK}
    assert [record.kind for record in recorded(services)] == ["person"] * 3
    [(status, _, body)] = at_once(app, path, REQUEST_METHOD="HEAD")
    assert (status, body) == (200, b"")
    assert not at_once(app, path, REQUEST_METHOD="POST")


def test_a_server_that_does_not_wait_asks_flask_once_the_lease_is_over(app, workshop, monkeypatch):
    path, browser = f"/S/{workshop.stamped(workshop.product()).code}", phone(app)
    browser.get(f"{path}?lang=en")
    assert at_once(app, path)
    later = register_watch.seconds() + register_watch.LEASE_S + 1
    monkeypatch.setattr(register_watch, "seconds", lambda: later)
    assert not at_once(app, path)
    browser.get(f"{path}?lang=en")
    assert at_once(app, path)


def test_behind_a_proxy_visitors_are_told_apart_by_the_address_that_it_tells(app, services, workshop, monkeypatch):
    path, browser = f"/S/{workshop.stamped(workshop.product()).code}", phone(app)
    browser.get(f"{path}?lang=en")
    object.__setattr__(services.settings, "trusted_proxies", 1)
    for told in ("203.0.113.1", "10.0.0.1, 203.0.113.1", "203.0.113.2"):
        assert at_once(app, path, REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=told)
    one, same, other = (record.visitor for record in recorded(services)[1:])
    assert one == same != other
    object.__setattr__(services.settings, "trusted_proxies", 0)
    at_once(app, path, REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.1")
    assert recorded(services)[-1].visitor not in (one, other)


def test_a_visitor_is_counted_once_a_minute_for_each_stamp(monkeypatch):
    known = KnownStamps()
    one, other = (known.count(1, unit, lambda: Seen(0, None)) for unit in (1, 2))
    for count, visitor, minute in ((one, b"a", 5), (one, b"a", 5), (other, b"a", 5), (one, b"b", 5), (one, b"a", 6), (one, b"b", 6)):
        count.add(visitor, minute, datetime.now(UTC))
    assert (one.times, other.times) == (4, 1)
    # Beyond so many all are counted: memory is bounded whatever comes.
    monkeypatch.setattr(known_stamps, "_MOST_VISITS", 2)
    for visitor in (b"c", b"d", b"e", b"e", b"c"):
        other.add(visitor, 7, datetime.now(UTC))
    assert other.times == 1 + 4
