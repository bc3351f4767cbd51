"""A producer's members: who sees them, who may change them, and what strange names and logins do."""

import re

import pytest
from sqlalchemy import select

from tests.accounts.test_sign_in import PASSWORD, Browser, browser, enrol, people
from tests.factories import overlapping, refused
from traceability.models import Account, Link, Membership
from traceability.models.engine import acting, reading
from traceability.operations.accounts import add_member, add_staff_role, create_account, find_link, principal_of, remove_member
from traceability.operations.members import change_member_role, list_members, make_member_reset

__all__ = ["browser", "people"]
BASE = "https://trace.example.vn"


@pytest.fixture
def lan(browser, people) -> Browser:
    """The manager of one producer, signed in."""
    browser.sign_in("lan")
    return browser


@pytest.fixture
def page(people) -> str:
    return f"/producer/{people['one']}/members"


@pytest.fixture
def join(services, people):
    """Makes an account a member of a producer."""

    def do(name: str, role: str = "member", producer: str = "one", shown: str | None = None) -> int:
        with acting(services.engine) as session:
            known = session.scalar(select(Account.id).where(Account.login == f"{name}@example.vn"))
            key = (
                known
                or create_account(
                    session, login=f"{name}@example.vn", name=shown or name.title(), password=PASSWORD, now=services.clock()
                ).id
            )
            add_member(session, key, people[producer], role, now=services.clock())
            return key

    return do


def link_in(answer) -> str:
    """The path of the link that the page shows once."""
    return re.search(rf'value="{BASE}(/link/[^"]+)" readonly', answer.text)[1]


def test_a_manager_invites_and_the_link_is_shown_once_where_no_mail_is_sent(lan, page, app):
    answer = lan.post(f"{page}/invite", form_at=page, login="Hoa@Example.VN", role="member")
    assert answer.status_code == 201 and f'href="{BASE}{link_in(answer)}"' in answer.text
    assert "hoa@example.vn" in lan.get(page).text and link_in(answer) not in lan.get(page).text
    hoa = Browser(app)
    assert hoa.post(link_in(answer), name="Hoa", password=PASSWORD).status_code == 303
    assert hoa.sign_in("hoa").status_code == 303
    shown = hoa.get(page)
    assert shown.status_code == 200 and "lan@example.vn" in shown.text and "hoa@example.vn" in lan.get(page).text


def test_a_member_sees_a_list_and_no_form(browser, people, page, join):
    join("hoa")
    browser.sign_in("hoa")
    shown = browser.get(page).text
    assert "lan@example.vn" in shown and f'action="{page}' not in shown and "<details" not in shown


@pytest.mark.parametrize("act", ["invite", "members/{lan}/role", "members/{lan}/remove", "members/{lan}/reset"])
def test_a_member_can_change_nothing(browser, people, page, join, services, act):
    join("hoa")
    browser.sign_in("hoa")
    path = f"{page}/{act}" if act == "invite" else f"/producer/{people['one']}/{act.format(**people)}"
    answer = browser.post(path, form_at="/account", login="x@example.vn", role="member")
    assert answer.status_code == 400 and 'role="alert"' in answer.text
    with reading(services.engine) as session:
        assert session.scalars(select(Link)).all() == []
        assert session.scalars(select(Membership.role).where(Membership.account_id == people["lan"])).all() == ["manager"]


def test_another_producers_members_are_not_there(lan, people):
    other = f"/producer/{people['other']}"
    assert lan.get(f"{other}/members").status_code == 404
    for path in ("members/invite", f"members/{people['minh']}/remove", f"members/{people['minh']}/reset", f"members/{people['minh']}/role"):
        assert lan.post(f"{other}/{path}", form_at="/account", login="x@example.vn", role="member").status_code == 404
    # Through one's own producer nobody of another is reached either.
    for act in ("remove", "reset", "role"):
        answer = lan.post(f"/producer/{people['one']}/members/{people['minh']}/{act}", form_at="/account", role="member")
        assert answer.status_code == 404


def test_a_manager_makes_managers_and_removes_members_who_are_out_at_once(lan, people, page, join, app):
    key = join("hoa")
    hoa = Browser(app)
    hoa.sign_in("hoa")
    assert lan.post(f"{page}/{key}/role", form_at=page, role="manager").status_code == 303
    assert 'role="status"' in lan.get(page).text and 'role="status"' not in lan.get(page).text
    assert f'action="{page}/invite' in hoa.get(page).text
    assert lan.post(f"{page}/{key}/role", form_at=page, role="member").status_code == 303
    assert lan.post(f"{page}/{key}/remove", form_at=page).status_code == 303
    assert hoa.get(page).status_code == 404 and hoa.get("/account").status_code == 200


@pytest.mark.parametrize("act", ["remove", "role"])
def test_the_last_manager_stays(lan, people, page, act):
    answer = lan.post(f"{page}/{people['lan']}/{act}", form_at=page, role="member")
    assert answer.status_code == 400 and lan.get(page).status_code == 200


def test_of_two_managers_who_remove_each_other_at_once_one_stays(services, people, join):
    minh = join("minh", "manager")
    with reading(services.engine) as session:
        first, second = (principal_of(session, key) for key in (people["lan"], minh))

    def remove(whom, by):
        return lambda session: remove_member(session, whom, people["one"], by=by, now=services.clock())

    assert overlapping(services.engine, remove(minh, first), remove(people["lan"], second)) == (None, "last_manager")


def test_a_manager_resets_the_password_of_who_belongs_to_this_producer_alone(lan, people, page, join, app):
    key = join("hoa")
    answer = lan.post(f"{page}/{key}/reset", form_at=page)
    assert answer.status_code == 201
    assert Browser(app).post(link_in(answer), password="một mật khẩu khác").status_code == 303
    assert Browser(app).sign_in("hoa", "một mật khẩu khác").status_code == 303


def test_a_manager_cannot_reset_who_also_has_other_duties(lan, people, page, join, services):
    join("minh")
    inspector = people["inspector"]
    with acting(services.engine) as session:
        add_member(session, inspector, people["one"], "member", now=services.clock())
        by = principal_of(session, people["lan"])
        assert [row.resettable for row in list_members(session, people["one"], by=by, now=services.clock()).rows] == [False] * 3
    for key in (people["minh"], inspector, people["lan"]):
        answer = lan.post(f"{page}/{key}/reset", form_at=page)
        assert answer.status_code == 400 and "/link/" not in answer.text


def test_a_reset_link_dies_when_the_account_gets_other_duties(lan, people, page, join, services):
    key = join("hoa")
    path = link_in(lan.post(f"{page}/{key}/reset", form_at=page))
    assert lan.get(path).status_code == 200
    with acting(services.engine) as session:
        add_staff_role(session, key, "inspector", None, now=services.clock())
    assert lan.get(path).status_code == 404


def test_links_die_with_the_right_of_whoever_made_them(lan, people, page, join, services, app):
    hoa, thu = join("hoa", "manager"), join("thu")
    other = Browser(app)
    other.sign_in("hoa")
    paths = [
        link_in(other.post(f"{page}/invite", form_at=page, login="x@example.vn", role="manager")),
        link_in(other.post(f"{page}/{thu}/reset", form_at=page)),
    ]
    assert [lan.get(path).status_code for path in paths] == [200, 200]
    lan.post(f"{page}/{hoa}/remove", form_at=page)
    assert [lan.get(path).status_code for path in paths] == [404, 404]
    assert other.post(paths[0], form_at="/account/sign-in", name="X", password=PASSWORD).status_code == 404


def test_an_invitation_that_was_withdrawn_is_good_for_nothing_and_foreign_ones_are_not_reached(lan, people, page, app, services):
    path = link_in(lan.post(f"{page}/invite", form_at=page, login="hoa@example.vn", role="member"))
    with reading(services.engine) as session:
        key = session.scalar(select(Link.id))
    minh = Browser(app)
    minh.sign_in("minh")
    for producer in ("one", "other"):
        assert minh.post(f"/producer/{people[producer]}/invitations/{key}/withdraw", form_at="/account").status_code == 404
    assert lan.get(path).status_code == 200
    own = f"/producer/{people['one']}/invitations"
    assert lan.post(f"{own}/{key}/withdraw", form_at=page).status_code == 303
    assert lan.get(path).status_code == 404 and f"{own}/{key}" not in lan.get(page).text
    assert lan.post(f"{own}/{key}/withdraw", form_at=page).status_code == 404


def test_an_invitation_cannot_be_used_twice_at_once(lan, page, services):
    path = link_in(lan.post(f"{page}/invite", form_at=page, login="hoa@example.vn", role="member"))

    def use(session):
        link = find_link(session, path.removeprefix("/link/"), services.clock())
        link.used_at = services.clock()
        session.flush()

    assert overlapping(services.engine, use, use) == (None, "link_dead")


def test_an_invitation_typed_while_the_session_ended_is_still_in_the_form_after_sign_in(lan, page, clock):
    token = re.search(r'name="csrf_token" value="([^"]+)"', lan.get(page).text)[1]
    clock.advance(days=15)
    fields = {"csrf_token": token, "login": "hoa@example.vn", "role": "manager"}
    assert lan.client.post(f"{page}/invite", data=fields, base_url=BASE).location.startswith("/account/sign-in")
    assert lan.sign_in("lan").location == page
    shown = lan.get(page).text
    assert 'value="hoa@example.vn"' in shown and '<option value="manager" selected>' in shown


NAMES = ["<script>alert(1)</script>", "\u202egpj.exe", "أحمد", "Nguye\u0302\u0303n Va\u0306n " + "\u0301" * 20, '"><img src=x>', "x" * 200]


@pytest.mark.parametrize("name", NAMES)
def test_a_strange_name_is_shown_escaped_and_apart_from_its_neighbours(lan, page, join, name):
    join("hoa", shown=name)
    shown = lan.get(page).text
    assert "<script>alert" not in shown and "<img src=x" not in shown
    assert re.search(r"<bdi>[^<]*</bdi></p><p><bdi>hoa@example.vn</bdi>", shown)


@pytest.mark.parametrize("name", ["x" * 300, "", "   "])
def test_a_name_that_is_too_long_or_empty_is_refused_and_the_form_stays(browser, lan, page, app, name):
    path = link_in(lan.post(f"{page}/invite", form_at=page, login="hoa@example.vn", role="member"))
    answer = Browser(app).post(path, name=name, password=PASSWORD)
    assert answer.status_code == 400 and 'role="alert"' in answer.text and f'value="{name}"' in answer.text
    assert Browser(app).get(path).status_code == 200


@pytest.mark.parametrize(
    "login", ["", "hoa", "a@b", "x" * 300 + "@example.vn", "a b@example.vn", "hoa@example.vn\r\nBcc: x@example.vn", "<x>@"]
)
def test_a_login_that_is_none_is_refused_and_stays_in_the_form(lan, page, login, services):
    answer = lan.post(f"{page}/invite", form_at=page, login=login, role="manager")
    assert answer.status_code == 400 and 'role="alert"' in answer.text and '<option value="manager" selected>' in answer.text
    with reading(services.engine) as session:
        assert session.scalars(select(Link)).all() == []


@pytest.mark.parametrize("role", ["", "administrator", "office", "MANAGER"])
def test_a_role_that_is_no_members_is_refused(lan, people, page, join, role):
    key = join("hoa")
    assert lan.post(f"{page}/invite", form_at=page, login="x@example.vn", role=role).status_code == 400
    assert lan.post(f"{page}/{key}/role", form_at=page, role=role).status_code == 400


def test_the_rules_hold_below_the_pages_too(services, people, join):
    key = join("hoa")
    with reading(services.engine) as session:
        minh, lan = principal_of(session, people["minh"]), principal_of(session, people["lan"])
    with acting(services.engine) as session:
        with refused("not_manager"):
            change_member_role(session, key, people["one"], "manager", by=minh)
        with refused("not_manager"):
            make_member_reset(session, key, people["one"], token="x" * 43, by=minh, now=services.clock())
        with refused("not_member"):
            make_member_reset(session, people["minh"], people["one"], token="x" * 43, by=lan, now=services.clock())


def test_the_navigation_leads_where_the_role_may_go(lan, page, people, app, services):
    shown = lan.get("/account").text
    assert f'href="{page}?' in shown and "/office/" not in shown
    office = Browser(app)
    office.sign_in("office")
    enrol(office, services)
    shown = office.get("/account").text
    assert 'href="/office/accounts?' in shown and 'href="/office/audit?' in shown and "/members" not in shown
