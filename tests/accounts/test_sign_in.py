"""Signing in, the second factor, sessions, links: as people and as attackers do it."""

import re
import unicodedata

import pyotp
import pytest
from sqlalchemy import select

from tests.factories import Workshop
from traceability.domain.errors import Refused
from traceability.models import Account, SignInFailure, WebSession
from traceability.models.engine import acting, reading
from traceability.operations.accounts import Invitation, add_member, create_account, invite, make_reset, principal_of, remove_member

PASSWORD = "ba con vịt lội sông"
COOKIE = "__Host-session"


@pytest.fixture
def people(workshop: Workshop, services):
    """Accounts by name: lan (manager of one producer), minh (of another), office (staff)."""
    one, other = workshop.producer(name="HTX Lan"), workshop.producer(name="HTX Minh")
    made = {}
    with acting(services.engine) as session:
        for name, role in (("lan", None), ("minh", None), ("office", "office"), ("inspector", "inspector")):
            account = create_account(
                session, login=f"{name}@example.vn", name=name.title(), password=PASSWORD, staff_role=role, now=services.clock()
            )
            made[name] = account.id
        add_member(session, made["lan"], one.id, "manager", now=services.clock())
        add_member(session, made["minh"], other.id, "manager", now=services.clock())
    return {**made, "one": one.id, "other": other.id}


class Browser:
    """A test client that keeps its cookie over HTTPS and finds the form's token."""

    def __init__(self, app) -> None:
        self.client = app.test_client()

    def get(self, path: str):
        return self.client.get(path, base_url="https://trace.example.vn")

    def post(self, path: str, form_at: str | None = None, **fields):
        page = self.get(form_at or path).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        return self.client.post(path, data={**fields, "csrf_token": found[1] if found else ""}, base_url="https://trace.example.vn")

    def sign_in(self, name: str, password: str = PASSWORD):
        return self.post("/account/sign-in", login=f"{name}@example.vn", password=password)

    @property
    def cookie(self) -> str | None:
        found = self.client.get_cookie(COOKIE, domain="trace.example.vn")
        return found.value if found else None


@pytest.fixture
def browser(app) -> Browser:
    return Browser(app)


def enrol(browser: Browser, services) -> tuple[str, list[str]]:
    seed = re.search(r'class="code">([A-Z2-7]{32})<', browser.get("/account/second-factor").text)[1]
    code = pyotp.TOTP(seed).at(int(services.clock().timestamp()))
    page = browser.post("/account/second-factor", code=code)
    assert page.status_code == 200
    return seed, re.findall(r'class="code">((?:[0-9A-Z]{6}-){3}[0-9A-Z]{6})<', page.text)


def test_a_producer_signs_in_and_sees_its_products(browser, people):
    answer = browser.sign_in("lan")
    assert answer.status_code == 303 and answer.location.startswith("/staff")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=") and all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert browser.get("/producer/products").status_code == 200
    assert browser.get("/producer/products").headers["Cache-Control"] == "no-store"


def test_a_wrong_password_and_an_unknown_login_read_the_same(browser, people):
    wrong, unknown = browser.sign_in("lan", "wrong password"), browser.sign_in("nobody", "wrong password")
    assert wrong.status_code == unknown.status_code == 400
    strip = re.compile(r'(csrf_token" value|id="login" name="login" value)="[^"]*"')
    assert strip.sub("", wrong.text) == strip.sub("", unknown.text)
    assert browser.get("/account").status_code == 303


def test_too_many_wrong_tries_lock_a_login_whether_it_is_there_or_not(browser, people, clock):
    for name in ("lan", "nobody"):
        statuses = [browser.sign_in(name, "wrong password").status_code for _ in range(11)]
        assert statuses == [400] * 10 + [429]
        assert browser.sign_in(name).status_code == 429
    clock.advance(minutes=16)
    assert browser.sign_in("lan").status_code == 303


def test_sign_in_begins_a_new_session_and_a_planted_one_gains_nothing(browser, people):
    browser.get("/account/sign-in")
    planted = browser.cookie
    browser.sign_in("lan")
    assert planted and browser.cookie != planted
    other = Browser(browser.client.application)
    other.client.set_cookie(COOKIE, planted, domain="trace.example.vn", secure=True)
    assert other.get("/account").status_code == 303


def test_only_hashes_of_tokens_and_passwords_are_kept(browser, people, services):
    browser.sign_in("lan")
    with reading(services.engine) as session:
        row = session.scalars(select(WebSession).where(WebSession.account_id == people["lan"])).one()
        assert browser.cookie.encode() not in row.token_hash and len(row.token_hash) == 32
        assert session.get(Account, people["lan"]).password_hash.startswith("$argon2id$")


def test_staff_must_set_up_a_second_factor_before_anything_else(browser, people):
    browser.sign_in("office")
    answer = browser.get("/office/register")
    assert answer.status_code == 303 and answer.location.startswith("/account/second-factor")


def test_the_second_factor_is_asked_for_and_each_code_is_good_once(browser, people, services, clock, app):
    browser.sign_in("office")
    seed, codes = enrol(browser, services)
    assert len(codes) == 10 and browser.get("/office/register").status_code == 200
    clock.advance(minutes=2)
    again = Browser(app)
    assert again.sign_in("office").location.startswith("/account/code")
    assert again.get("/office/register").location.startswith("/account/code")
    code = pyotp.TOTP(seed).at(int(clock().timestamp()))
    assert again.post("/account/code", code="000000").status_code == 400
    assert again.post("/account/code", code=code).status_code == 303
    assert again.get("/office/register").status_code == 200
    third = Browser(app)
    third.sign_in("office")
    assert third.post("/account/code", code=code).status_code == 400
    assert third.post("/account/code", code=codes[0].lower()).status_code == 303
    fourth = Browser(app)
    fourth.sign_in("office")
    assert fourth.post("/account/code", code=codes[0]).status_code == 400


def test_sessions_are_listed_and_ended(browser, people, app):
    other = Browser(app)
    browser.sign_in("lan")
    other.sign_in("lan")
    page = browser.get("/account").text
    ids = re.findall(r"/account/sessions/(\d+)/end", page)
    assert len(ids) == 2
    stranger = Browser(app)
    stranger.sign_in("minh")
    assert stranger.post(f"/account/sessions/{ids[0]}/end", form_at="/account").status_code == 404
    assert browser.post(f"/account/sessions/{max(map(int, ids))}/end", form_at="/account").status_code == 303
    assert sorted(who.get("/account").status_code for who in (browser, other)) == [200, 303]


def test_sessions_end_when_idle_and_after_their_longest_time(browser, people, clock):
    browser.sign_in("lan")
    for _ in range(10):
        clock.advance(days=2)
        assert browser.post("/account/password", form_at="/account", current="x", new="y").status_code == 400
    clock.advance(days=11)
    assert browser.get("/account").status_code == 303


def test_a_session_that_is_not_used_ends_before_its_longest_time(browser, people, clock):
    browser.sign_in("lan")
    clock.advance(days=13)
    assert browser.get("/account").status_code == 200
    clock.advance(days=13)
    assert browser.get("/account").status_code == 200
    other = Browser(browser.client.application)
    other.sign_in("minh")
    clock.advance(days=14, seconds=1)
    assert other.get("/account").status_code == 303


def test_a_password_fits_however_the_keyboard_composes_its_letters(browser, people):
    assert browser.sign_in("lan", unicodedata.normalize("NFD", PASSWORD)).status_code == 303


def test_the_token_changes_with_the_second_factor_and_the_old_one_is_worth_nothing(browser, people, services, clock, app):
    browser.sign_in("office")
    seed, _codes = enrol(browser, services)
    clock.advance(minutes=2)
    again = Browser(app)
    again.sign_in("office")
    before = again.cookie
    again.post("/account/code", code=pyotp.TOTP(seed).at(int(clock().timestamp())))
    assert again.cookie != before and again.get("/office/register").status_code == 200
    thief = Browser(app)
    thief.client.set_cookie(COOKIE, before, domain="trace.example.vn", secure=True)
    assert thief.get("/account").status_code == 303


def test_signing_in_again_ends_the_session_before(browser, people, app):
    browser.sign_in("lan")
    before = browser.cookie
    browser.sign_in("minh")
    other = Browser(app)
    other.client.set_cookie(COOKIE, before, domain="trace.example.vn", secure=True)
    assert other.get("/account").status_code == 303


def test_a_second_factor_is_exchanged_only_with_the_password_and_ends_other_sessions(browser, people, services, clock, app):
    other = Browser(app)
    browser.sign_in("lan")
    other.sign_in("lan")
    enrol(browser, services)
    assert other.get("/account").status_code == 303
    clock.advance(minutes=2)
    seed = re.search(r'class="code">([A-Z2-7]{32})<', browser.get("/account/second-factor").text)[1]
    code = pyotp.TOTP(seed).at(int(clock().timestamp()))
    assert browser.post("/account/second-factor", code=code).status_code == 400
    assert browser.post("/account/second-factor", code=code, current=PASSWORD).status_code == 200


def test_a_sample_account_signs_in_only_where_labels_are_specimens(browser, people, services):
    with acting(services.engine) as session:
        session.get(Account, people["lan"]).sample = True
    assert not services.settings.test_mode and browser.sign_in("lan").status_code == 400


def test_signing_out_clears_what_the_browser_kept(browser, people):
    browser.sign_in("lan")
    assert browser.post("/account/sign-out", form_at="/account").headers["Clear-Site-Data"] == '"storage"'


def test_signing_out_ends_the_session_on_the_server(browser, people, app):
    browser.sign_in("lan")
    token = browser.cookie
    assert browser.post("/account/sign-out", form_at="/account").status_code == 303
    thief = Browser(app)
    thief.client.set_cookie(COOKIE, token, domain="trace.example.vn", secure=True)
    assert thief.get("/account").status_code == 303


def test_a_form_without_its_token_or_with_anothers_changes_nothing(browser, people, app, services):
    browser.sign_in("lan")
    other = Browser(app)
    other.sign_in("minh")
    foreign = re.search(r'name="csrf_token" value="([^"]+)"', other.get("/account").text)[1]
    for token in ("", "x", foreign):
        fields = {"current": PASSWORD, "new": "một mật khẩu khác", "csrf_token": token}
        assert browser.client.post("/account/password", data=fields, base_url="https://trace.example.vn").status_code == 400
    assert Browser(app).sign_in("lan").status_code == 303


@pytest.mark.parametrize("password", ["short", "password1", "12345678", "lan@example.vn", "x" * 257])
def test_a_bad_password_is_refused_in_plain_words(browser, people, password):
    browser.sign_in("lan")
    answer = browser.post("/account/password", form_at="/account", current=PASSWORD, new=password)
    assert answer.status_code == 400 and 'role="alert"' in answer.text


def test_a_new_password_ends_all_other_sessions(browser, people, app):
    other = Browser(app)
    other.sign_in("lan")
    browser.sign_in("lan")
    assert browser.post("/account/password", form_at="/account", current=PASSWORD, new="một mật khẩu khác").status_code == 200
    assert browser.get("/account").status_code == 200 and other.get("/account").status_code == 303
    assert Browser(app).sign_in("lan").status_code == 400


def test_after_sign_in_one_comes_back_to_where_one_was_and_nowhere_else(browser, people):
    assert browser.get("/producer/products?page=2").status_code == 303
    assert browser.sign_in("lan").location == "/producer/products?page=2"
    for path in ("//evil.example/x", "/\\evil.example"):
        stranger = Browser(browser.client.application)
        stranger.get(f"/account?next={path}")
        assert "evil" not in stranger.sign_in("lan").location.split("?next=")[0]


def link_for(services, people, **entry) -> str:
    with acting(services.engine) as session:
        by = principal_of(session, people["lan"])
        invite(session, Invitation(**entry), token="t" * 43, by=by, now=services.clock())
    return f"/link/{'t' * 43}"


def test_an_invitation_is_good_once_and_for_24_hours(browser, people, services, clock, app):
    path = link_for(services, people, login="hoa@example.vn", producer_id=people["one"], member_role="member")
    assert browser.post(path, name="Hoa", password="short").status_code == 400
    assert browser.post(path, name="Hoa", password=PASSWORD).status_code == 303
    assert Browser(app).get(path).status_code == 404
    assert Browser(app).sign_in("hoa").status_code == 303


def test_an_invitation_that_is_too_old_is_refused(browser, people, services, clock):
    path = link_for(services, people, login="hoa@example.vn", producer_id=people["one"], member_role="member")
    clock.advance(hours=24)
    assert browser.get(path).status_code == 404


def test_an_invitation_cannot_set_the_password_of_an_account_that_is_there(browser, people, services):
    path = link_for(services, people, login="minh@example.vn", producer_id=people["one"], member_role="member")
    assert browser.post(path, name="x", password="một mật khẩu khác").status_code == 400
    browser.sign_in("minh")
    assert browser.post(path, act="accept").status_code == 303
    with reading(services.engine) as session:
        assert set(principal_of(session, people["minh"]).producers) == {people["one"], people["other"]}


def test_an_invitation_for_another_is_not_accepted(browser, people, services):
    path = link_for(services, people, login="hoa@example.vn", producer_id=people["one"], member_role="member")
    browser.sign_in("minh")
    assert browser.post(path, act="accept").status_code == 400


def test_who_may_invite_whom(people, services):
    entries = [
        ("lan", {"producer_id": people["other"], "member_role": "member"}, "not_manager"),
        ("lan", {"staff_role": "office"}, "not_office"),
        ("office", {"staff_role": "administrator"}, "not_office"),
        ("office", {"staff_role": "inspector", "commune_code": "99999"}, "commune_unknown"),
        ("lan", {}, "invitation_empty"),
    ]
    for name, entry, rule in entries:
        with pytest.raises(Refused) as caught, acting(services.engine) as session:
            by = principal_of(session, people[name])
            invite(session, Invitation("x@example.vn", **entry), token="x" * 43, by=by, now=services.clock())
        assert caught.value.code == rule


def test_a_reset_link_sets_a_password_and_tells_nobody_whether_a_login_is_there(browser, people, services, app):
    with acting(services.engine) as session:
        assert make_reset(session, "nobody@example.vn", token="n" * 43, by=None, now=services.clock()) is None
        make_reset(session, "LAN@example.vn", token="r" * 43, by=None, now=services.clock())
    assert browser.post(f"/link/{'r' * 43}", password="một mật khẩu khác").status_code == 303
    assert Browser(app).sign_in("lan", "một mật khẩu khác").status_code == 303


def test_a_member_removed_while_signed_in_is_out_at_once(browser, people, services):
    path = link_for(services, people, login="hoa@example.vn", producer_id=people["one"], member_role="member")
    browser.post(path, name="Hoa", password=PASSWORD)
    browser.sign_in("hoa")
    assert browser.get("/producer/products").status_code == 200
    with acting(services.engine) as session:
        hoa = session.scalar(select(Account.id).where(Account.login == "hoa@example.vn"))
        with pytest.raises(Refused, match="last_manager"):
            remove_member(session, people["lan"], people["one"], by=principal_of(session, people["lan"]), now=services.clock())
        remove_member(session, hoa, people["one"], by=principal_of(session, people["lan"]), now=services.clock())
    assert browser.get("/producer/products").status_code == 404


def test_failures_are_kept_without_the_login(browser, people, services):
    browser.sign_in("lan", "wrong password")
    with reading(services.engine) as session:
        assert b"lan" not in session.scalars(select(SignInFailure)).one().login_hash


def test_public_pages_set_no_cookie_also_for_who_is_signed_in(browser, people, workshop):
    batch = workshop.stamped()
    browser.sign_in("lan")
    for path in ("/", f"/S/{batch.code}", "/report"):
        answer = browser.get(path)
        assert "Set-Cookie" not in answer.headers and "Không dùng cookie" in answer.text
    assert "Không dùng cookie" not in browser.get("/account").text
