"""Accounts as office and administrators keep them: who may do what to whom."""

import re

import pyotp
import pytest
from sqlalchemy import select

from tests.accounts.test_members import link_in
from tests.accounts.test_sign_in import PASSWORD, Browser, browser, enrol, people
from tests.factories import overlapping, rows_in
from traceability.models import Account, Link, RecoveryCode, StaffRole, WebSession
from traceability.models.engine import acting, reading
from traceability.operations.accounts import create_account, principal_of
from traceability.operations.staff_accounts import set_disabled

__all__ = ["browser", "people"]
LIST = "/office/accounts"


@pytest.fixture
def admins(services, people) -> dict[str, int]:
    """Two administrators and a second account of the office, besides the people."""
    with acting(services.engine) as session:
        made = {
            name: create_account(
                session, login=f"{name}@example.vn", name=name.title(), password=PASSWORD, staff_role=role, now=services.clock()
            ).id
            for name, role in (("admin", "administrator"), ("admin2", "administrator"), ("office2", "office"))
        }
    return people | made


@pytest.fixture
def staff(app, services, admins):
    """Signs in with the second factor."""

    def do(name: str) -> Browser:
        made = Browser(app)
        made.sign_in(name)
        enrol(made, services)
        return made

    return do


def of(key: int, act: str = "") -> str:
    return f"{LIST}/{key}{act}"


def test_the_first_page_of_an_administrator_is_the_accounts(staff):
    answer = staff("admin").get("/staff")
    assert answer.status_code == 303 and answer.location.startswith(LIST)


def test_accounts_are_found_by_name_login_and_producer_and_sorted(staff, admins):
    office = staff("office")
    names = lambda path: re.findall(r'class="big"><bdi>([^<]*)<', office.get(path).text)  # noqa: E731
    everybody = ["Admin", "Admin2", "Inspector", "Lan", "Minh", "Office", "Office2"]
    assert names(LIST) == everybody == names(f"{LIST}?sort=nothing&page=-3")
    assert names(f"{LIST}?sort=login")[:3] == ["Admin2", "Admin", "Inspector"]
    assert names(f"{LIST}?sort=newest")[0] == "Office2"
    assert names(f"{LIST}?search=LAN") == names(f"{LIST}?search=htx lan") == names(f"{LIST}?search=lan@") == ["Lan"]
    for nothing in ("%25", "_", "'", "<script>"):
        assert names(f"{LIST}?search={nothing}") == []
    assert "<script>" not in office.get(f"{LIST}?search=<script>").text


def test_the_accounts_are_to_be_had_as_a_file_all_of_them_and_as_searched(staff, services):
    with acting(services.engine) as session:
        for number in range(30):
            create_account(session, login=f"p{number:02}@example.vn", name=f"=Person {number:02}", password=PASSWORD, now=services.clock())
    office = staff("office")
    rows = rows_in(office.get(f"{LIST}.zip?lang=en").data, "accounts")
    assert len(rows) == 30 + 7 and "'=Person 29" in [row["Name"] for row in rows]
    lan = next(row for row in rows if row["Name"] == "Lan")
    assert (lan["Login"], lan["Roles"], lan["Disabled since"]) == ("lan@example.vn", "Manager: HTX Lan", "")
    assert [row["Login"] for row in rows_in(office.get(f"{LIST}.zip?lang=en&search=p07").data, "accounts")] == ["p07@example.vn"]
    assert office.get(f"{LIST}.xlsx").status_code == 200 and office.get(f"{LIST}.pdf").status_code == 404


def test_many_accounts_come_page_by_page(staff, services):
    with acting(services.engine) as session:
        for number in range(30):
            create_account(session, login=f"n{number}@example.vn", name=f"N{number:02}", password=None, now=services.clock())
    office = staff("office")
    first, second = office.get(f"{LIST}?search=n").text, office.get(f"{LIST}?search=n&page=1").text
    assert "page=1" in first and "page=2" not in second
    assert first.count('class="big"') == 20 and 10 <= second.count('class="big"') < 20


def test_the_office_invites_inspectors_and_producers_and_nobody_higher(staff, admins, app, services):
    office = staff("office")
    asked = [
        ({"role": "inspector", "commune": ""}, 201),
        ({"role": "inspector", "commune": "02647"}, 201),
        ({"role": "manager", "producer": str(admins["one"])}, 201),
        ({"role": "manager", "producer": ""}, 400),
        ({"role": "member", "producer": "4711"}, 400),
        ({"role": "member", "producer": "9" * 30}, 400),
        ({"role": "inspector", "commune": "99999"}, 400),
        ({"role": "office"}, 400),
        ({"role": "administrator"}, 400),
        ({"role": "king"}, 400),
        ({}, 400),
    ]
    for number, (fields, status) in enumerate(asked):
        answer = office.post(f"{LIST}/invite", form_at=LIST, login=f"x{number}@example.vn", **fields)
        assert answer.status_code == status, fields
        if status != 201:
            assert f'value="x{number}@example.vn"' in answer.text and "<details open>" in answer.text
    with reading(services.engine) as session:
        rows = session.execute(select(Link.staff_role, Link.commune_code, Link.member_role).order_by(Link.id)).all()
    assert rows == [("inspector", None, None), ("inspector", "02647", None), (None, None, "manager")]
    assert 'value="administrator"' not in office.get(LIST).text


def test_an_administrator_invites_all_and_the_invited_is_what_was_promised(staff, app, services):
    admin = staff("admin")
    path = link_in(admin.post(f"{LIST}/invite", form_at=LIST, login="new@example.vn", role="office"))
    new = Browser(app)
    assert new.post(path, name="New", password=PASSWORD).status_code == 303
    new.sign_in("new")
    enrol(new, services)
    assert new.get("/office/register").status_code == 200


def test_a_disabled_account_is_out_at_once_until_it_is_enabled(staff, admins, app):
    office, lan = staff("office"), Browser(app)
    lan.sign_in("lan")
    path = of(admins["lan"])
    assert office.post(f"{path}/disable", form_at=path).status_code == 303
    assert lan.get("/account").status_code == 303 and Browser(app).sign_in("lan").status_code == 400
    assert office.post(f"{path}/reset", form_at=path).status_code == 400
    assert office.post(f"{path}/enable", form_at=path).status_code == 303
    assert lan.get("/account").status_code == 303 and Browser(app).sign_in("lan").status_code == 303


ACTS = ("disable", "enable", "reset", "second-factor/off", "roles/remove")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("whom", ["admin", "office2", "office"])
def test_the_office_touches_neither_its_own_nor_administrators_nor_itself(staff, admins, services, act, whom):
    office = staff("office")
    with reading(services.engine) as session:
        before = session.get(Account, admins[whom]).disabled_at, len(session.scalars(select(StaffRole)).all())
    answer = office.post(of(admins[whom], f"/{act}"), form_at=LIST, role="administrator")
    assert answer.status_code == 400 and 'role="alert"' in answer.text and f"/{act}" not in answer.text
    with reading(services.engine) as session:
        assert before == (session.get(Account, admins[whom]).disabled_at, len(session.scalars(select(StaffRole)).all()))
        assert session.scalars(select(Link)).all() == []


@pytest.mark.parametrize("act", ACTS)
def test_an_administrator_does_not_touch_the_own_account(staff, admins, act):
    admin = staff("admin")
    assert admin.post(of(admins["admin"], f"/{act}"), form_at=LIST, role="administrator").status_code == 400
    assert admin.get(LIST).status_code == 200


def test_an_administrator_keeps_the_office_and_other_administrators(staff, admins, services, app):
    admin = staff("admin")
    assert admin.post(of(admins["office2"], "/disable"), form_at=LIST).status_code == 303
    assert admin.post(of(admins["admin2"], "/roles/remove"), form_at=LIST, role="administrator").status_code == 303
    with reading(services.engine) as session:
        assert principal_of(session, admins["office2"]) is None
        assert principal_of(session, admins["admin2"]).staff == frozenset()


def test_of_two_administrators_who_disable_each_other_at_once_one_stays(services, admins):
    with reading(services.engine) as session:
        one, two = (principal_of(session, admins[name]) for name in ("admin", "admin2"))

    def disable(whom, by):
        return lambda session: set_disabled(session, admins[whom], disabled=True, by=by, now=services.clock())

    assert overlapping(services.engine, disable("admin2", one), disable("admin", two)) == (None, "not_office")


def test_a_role_taken_away_is_gone_in_open_sessions_too(staff, admins):
    office, inspector = staff("office"), staff("inspector")
    assert inspector.get("/inspector").status_code == 200
    path = of(admins["inspector"])
    assert office.post(f"{path}/roles/remove", form_at=path, role="inspector").status_code == 303
    assert inspector.get("/inspector").status_code == 404
    assert office.post(f"{path}/roles/remove", form_at=path, role="inspector").status_code == 400


def test_the_office_makes_reset_links_for_producers_and_inspectors(staff, admins, app):
    office = staff("office")
    for name in ("lan", "inspector"):
        path = of(admins[name])
        made = link_in(office.post(f"{path}/reset", form_at=path))
        assert Browser(app).post(made, password="một mật khẩu khác").status_code == 303
        assert Browser(app).sign_in(name, "một mật khẩu khác").status_code == 303


def test_links_of_and_for_a_disabled_account_are_dead(staff, admins, app):
    admin, office = staff("admin"), staff("office")
    invited = link_in(office.post(f"{LIST}/invite", form_at=LIST, login="x@example.vn", role="inspector"))
    path = of(admins["lan"])
    reset = link_in(admin.post(f"{path}/reset", form_at=path))
    assert [Browser(app).get(link).status_code for link in (invited, reset)] == [200, 200]
    for name in ("office", "lan"):
        admin.post(of(admins[name], "/disable"), form_at=LIST)
    assert [Browser(app).get(link).status_code for link in (invited, reset)] == [404, 404]


def test_a_reset_does_not_get_past_the_second_factor(staff, admins, app):
    staff("inspector")
    path = of(admins["inspector"])
    made = link_in(staff("office").post(f"{path}/reset", form_at=path))
    Browser(app).post(made, password="một mật khẩu khác")
    thief = Browser(app)
    assert thief.sign_in("inspector", "một mật khẩu khác").location.startswith("/account/code")
    assert thief.get("/inspector").location.startswith("/account/code")


def test_who_lost_the_second_factor_sets_up_a_new_one(staff, admins, services, app):
    inspector, office = staff("inspector"), staff("office")
    path = of(admins["inspector"])
    assert office.post(f"{path}/second-factor/off", form_at=path).status_code == 303
    assert inspector.get("/inspector").location.startswith("/account/sign-in")
    with reading(services.engine) as session:
        account = session.get(Account, admins["inspector"])
        assert (account.totp_seed, account.totp_confirmed_at, account.totp_last_step) == (None, None, None)
        assert session.scalars(select(RecoveryCode).where(RecoveryCode.account_id == account.id)).all() == []
        assert all(row.ended_at for row in session.scalars(select(WebSession).where(WebSession.account_id == account.id)))
    again = Browser(app)
    again.sign_in("inspector")
    assert again.get("/inspector").location.startswith("/account/second-factor")
    seed, _codes = enrol(again, services)
    assert pyotp.TOTP(seed) and again.get("/inspector").status_code == 200
    assert office.post(f"{of(admins['lan'])}/second-factor/off", form_at=LIST).status_code == 400


def test_an_account_that_is_not_there_is_not_there(staff):
    office = staff("office")
    assert office.get(of(4711)).status_code == 404
    for act in ACTS:
        assert office.post(of(4711, f"/{act}"), form_at=LIST).status_code == 404
    for number in (0, 2**31, 2**63, 10**30):
        assert office.get(of(number)).status_code == 404
