"""Whoever tries many codes that nobody issued waits; stamps open all the same."""

import pytest

from tests.scans.conftest import phone
from traceability.domain import base32
from traceability.web.guesses import MOST_A_MINUTE, Guesses, network_of
from traceability.web.turnstile import LOOKED_UP_A_SECOND

ATTACKER = {"REMOTE_ADDR": "203.0.113.5"}


def guess_until_refused(app) -> int:
    """How many codes one network may try."""
    client = phone(app)
    for number in range(MOST_A_MINUTE + 5):
        path = f"/S/{base32.with_check(1_000 + number)}" if number < MOST_A_MINUTE // 2 else f"/S/NONSENSE{number}"
        answer = client.get(path, environ_base=ATTACKER)
        if answer.status_code == 429:
            return number
        assert answer.status_code in (400, 404)
    raise AssertionError("nobody was held back")


def test_a_network_that_guesses_is_held_back_with_plain_words_until_the_minute_ends(app, clock):
    assert guess_until_refused(app) == MOST_A_MINUTE
    clock.advance(seconds=15)
    # What is not well formed is refused without a look at the register; three languages.
    for language, words in (("vi", "Quá nhiều mã"), ("en", "Too many codes"), ("zh", "代码")):
        answer = phone(app).get(f"/S/NONSENSE?lang={language}", environ_base=ATTACKER)
        assert answer.status_code == 429 and answer.headers["Retry-After"] == "45" and words in answer.text
        assert "function" not in answer.text
    clock.advance(seconds=45)
    assert phone(app).get("/S/NONSENSE", environ_base=ATTACKER).status_code == 400


def test_it_is_held_back_in_every_process_of_the_host(app, another):
    other = another()
    guess_until_refused(app)
    assert phone(other).get("/S/NONSENSE", environ_base=ATTACKER).status_code == 429


def test_other_networks_are_not_held_back(app):
    guess_until_refused(app)
    assert phone(app).get("/S/NONSENSE", environ_base={"REMOTE_ADDR": "198.51.100.9"}).status_code == 400


def test_stamps_of_ours_open_from_a_network_that_guesses(app, workshop):
    units, single, new = workshop.stamped(units=40), workshop.stamped(), workshop.stamped()
    client = phone(app)
    for path in (workshop.path(units, unit=1), f"/S/{single.code}"):
        client.get(path)
    guess_until_refused(app)
    # Known by heart; another unit of a batch whose facts are known; and one that is looked up.
    for path in (f"/S/{single.code}", *(workshop.path(units, unit=unit) for unit in range(2, 40)), f"/S/{new.code}"):
        assert client.get(path, environ_base=ATTACKER).status_code == 200
    serial = workshop.path(workshop.stamped(units=2), unit=1)[-12:]
    assert client.get(f"/S/{units.code}{serial}", environ_base=ATTACKER).status_code == 429


def test_a_few_unknown_codes_a_second_are_looked_up_all_the_same(app, clock):
    guess_until_refused(app)
    clock.advance(seconds=1)
    statuses = [
        phone(app).get(f"/S/{base32.with_check(9_000 + n)}", environ_base=ATTACKER).status_code for n in range(LOOKED_UP_A_SECOND + 9)
    ]
    assert statuses == [404] * LOOKED_UP_A_SECOND + [429] * 9


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/report", 200), ("/healthz", 200), ("/no-such-page", 429), ("/S/\xff", 429)])
def test_other_pages_open_and_what_is_no_page_is_refused(app, path, status):
    guess_until_refused(app)
    answer = phone(app).get("/", environ_overrides={"PATH_INFO": path}, environ_base=ATTACKER)
    assert answer.status_code == status


def test_networks_are_addresses_or_what_one_customer_gets():
    assert network_of("203.0.113.5") == network_of("::ffff:203.0.113.5") == "203.0.113.5"
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:9::1") == "2001:db8:1:2::/64"
    assert network_of("unix:") == "unknown"


def test_where_the_table_cannot_be_shared_each_process_counts(tmp_path):
    (tmp_path / "file").touch()
    guesses = Guesses(tmp_path / "file" / "guesses", b"key")
    for _ in range(MOST_A_MINUTE):
        assert not guesses.is_over("203.0.113.5", 60.0)
        guesses.note("203.0.113.5", 60.0)
    assert guesses.is_over("203.0.113.5", 119.0) and not guesses.is_over("203.0.113.5", 120.0)
