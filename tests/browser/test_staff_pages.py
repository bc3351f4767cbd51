"""The staff pages as a person with a phone sees them: signed in, without a fault that axe finds, by keyboard alone."""

import re
from dataclasses import asdict
from datetime import UTC, date, datetime

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from tests.browser.site import Site
from tests.producer.test_logo import logo_file
from traceability.domain.suspects import ALERTS, RULES
from traceability.models import (
    Alert,
    AreaCapacity,
    Batch,
    CapacityHold,
    ConsumerReport,
    Listing,
    Printer,
    Producer,
    Product,
    Recall,
    Support,
)
from traceability.models.engine import acting
from traceability.operations.accounts import Invitation, add_member, create_account, invite, principal_of

PASSWORD = "ba con vịt lội sông"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def accounts(site: Site) -> dict[str, str]:
    """A manager of the sample cooperative and an office account; the token of an invitation."""
    services = site.workshop.services
    with acting(services.engine) as session:
        manager = create_account(session, login="m@example.vn", name="Lan", password=PASSWORD, now=services.clock())
        office = create_account(session, login="o@example.vn", name="Mai", password=PASSWORD, staff_role="office", now=services.clock())
        producer = session.scalars(select(Producer.id).where(Producer.illustrative, Producer.kind == "cooperative")).one()
        add_member(session, manager.id, producer, "manager", now=services.clock())
        member = create_account(session, login="hoa@example.vn", name="Nguyễn Thị Hoa", password=PASSWORD, now=services.clock())
        add_member(session, member.id, producer, "member", now=services.clock())
        by = principal_of(session, office.id)
        assert by is not None
        invite(session, Invitation("new@example.vn", staff_role="inspector"), token="i" * 43, by=by, now=services.clock())
        invite(session, Invitation("x@example.vn", producer, "member"), token="j" * 43, by=by, now=services.clock())
    pages = {"members": f"/producer/{producer}/members", "logo": f"/producer/{producer}/logo", "account": f"/office/accounts/{manager.id}"}
    return {"manager": "m@example.vn", "office": "o@example.vn", "link": f"/link/{'i' * 43}", **pages}


def sign_in(page: Page, site: Site, login: str) -> None:
    """By keyboard alone."""
    page.goto(f"{site.base}/account/sign-in")
    page.locator("#login").focus()
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def check(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert found.violations_count == 0, (page.url, found.generate_report())
    small = page.evaluate(
        "[...document.querySelectorAll('a, button, summary, select, label.choice, "
        "input:not([type=hidden], [type=checkbox], [type=radio])')].filter(e => e.offsetParent && e.getBoundingClientRect()"
        ".height < 44 && !e.closest('p')).map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == [], page.url


def producer_pages(site: Site) -> list[str]:
    """The producer's screens over the sample: a batch stamped by unit, a recalled one, and one without stamps."""
    services = site.workshop.services
    with acting(services.engine) as session:
        producer = session.scalars(select(Producer).where(Producer.illustrative, Producer.kind == "cooperative")).one()
        rows = session.scalars(select(Batch).where(Batch.producer_id == producer.id).order_by(Batch.id)).all()
        product = rows[0].product_id
        by_unit = next(row.code for row in rows if row.stamp_scope == "unit")
        unstamped = next((row.code for row in rows if row.stamp_scope is None), None)
        recalled = next(row.code for row in rows if session.scalar(select(Recall.id).where(Recall.batch_id == row.id)))
        goods = session.get(Product, product)
        printer = session.scalar(select(Printer.id).where(Printer.producer_id == producer.id))
        if printer is None:
            laser = Printer(producer_id=producer.id, name="Máy in la-de", added_at=services.clock())
            session.add(laser)
            session.flush()
            printer = laser.id
    unstamped = unstamped or site.workshop.batch(goods, lot="CHUA-IN").code
    of_batch = ("", "/edit", "/close", "/recall", "/print", "/print?stock=35x22&form=signed", "/print?stock=35x22&design=small&language=en")
    return [
        *(f"/producer/products/{product}/{page}" for page in ("batch", "batch?like=last", "numbering")),
        *("/producer/batches", "/producer/batches?search=nichts"),
        *("/producer/stocks", "/producer/printers", f"/producer/printers/{printer}"),
        *(f"/producer/batches/{by_unit}{page}" for page in of_batch),
        *(f"/producer/batches/{unstamped}{page}" for page in ("", "/edit", "/print")),
        f"/producer/batches/{recalled}",
    ]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_staff_pages_have_no_fault(browser: Browser, site: Site, accounts: dict[str, str], language: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 640})
    page = context.new_page()
    for path in (f"/account/sign-in?lang={language}", f"/account/forgot?lang={language}", f"{accounts['link']}?lang={language}"):
        page.goto(site.base + path)
        check(page)
    sign_in(page, site, accounts["manager"])
    paths = ("/producer/products", "/account", "/account/second-factor", accounts["members"], *producer_pages(site))
    for path in paths:
        answer = page.goto(f"{site.base}{path}{'&' if '?' in path else '?'}lang={language}")
        assert answer is not None and answer.status == 200, path
        for summary in page.locator("summary").all():
            summary.click()
        check(page)
    page.goto(f"{site.base}{accounts['logo']}?lang={language}")
    check(page)
    page.set_input_files("#logo", {"name": "logo.png", "mimeType": "image/png", "buffer": logo_file()})
    with page.expect_navigation():
        page.click("button.first")
    assert page.locator(".preview img").evaluate("image => image.complete && image.naturalWidth > 0")
    page.locator("summary").click()
    check(page)
    context.close()


def test_a_batch_is_registered_and_printed_by_keyboard_alone(browser: Browser, site: Site, accounts: dict[str, str]) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True, locale="en-GB")
    page = context.new_page()
    sign_in(page, site, accounts["manager"])
    page.goto(f"{site.base}/producer/products?lang=en")
    reach(page, "a.first")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    reach(page, "#lot")
    page.keyboard.press("Control+A")
    page.keyboard.type("PHIM-01")
    reach(page, "#quantity")
    page.keyboard.press("Control+A")
    page.keyboard.type("3")
    reach(page, "input[value=packing]")
    page.keyboard.press("Space")
    reach(page, "#batch > button.first")
    with page.expect_navigation(url="**/print?**"):
        page.keyboard.press("Enter")
    reach(page, "#count")
    reach(page, "main form button.first")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "labels-PHIM-01-1-3.pdf"
    told = page.locator("[data-progress] p")
    told.filter(has_text="All 3 labels were sent.").wait_for()
    bar = page.locator("[data-progress] progress")
    assert bar.evaluate("bar => bar.value === 3 && bar.max === 3")
    context.close()


def test_what_is_printed_again_follows_what_is_chosen_above_also_a_box_that_is_unticked(
    browser: Browser, site: Site, accounts: dict[str, str]
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sign_in(page, site, accounts["manager"])
    by_unit = next(path for path in producer_pages(site) if path.endswith("/print"))
    page.goto(f"{site.base}{by_unit}?lang=en")
    page.locator("summary", has_text="File and paper").click()
    box, hidden = page.locator("input[type=checkbox][name=frames]"), page.locator("form[data-follows] input[name=frames]")
    for ticked in (True, False):
        with page.expect_response("**/print?**"):
            box.set_checked(ticked)
        page.wait_for_function("value => document.querySelector('form[data-follows] input[name=frames]').value === value", arg="01"[ticked])
        assert hidden.input_value() == "01"[ticked]
    context.close()


def reach(page: Page, selector: str) -> None:
    """Presses the tabulator until what is sought has the focus, which must then be seen."""
    for _step in range(120):
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            style = "getComputedStyle(document.activeElement)"
            assert page.evaluate(f"{style}.outlineStyle") != "none", selector
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def test_the_office_sets_up_its_second_factor_and_sees_the_register(browser: Browser, site: Site, accounts: dict[str, str]) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640})
    page = context.new_page()
    sign_in(page, site, accounts["office"])
    assert "/account/second-factor" in page.url
    seed = re.search(r"[A-Z2-7]{32}", page.locator("p.code").inner_text())
    assert seed
    now: datetime = site.workshop.services.clock().astimezone(UTC)
    page.fill("#code", pyotp.TOTP(seed[0]).at(int(now.timestamp())))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("li.code").count() == 10
    check(page)
    page.goto(f"{site.base}/office/register?lang=vi&search=Lục Bách")
    assert "2585/QĐ-UBND" in page.content()
    check(page)
    for path in ("/office/indications?lang=vi&search=00098", "/inspector?lang=vi"):
        page.goto(site.base + path)
        check(page)
    for width, language in ((360, "vi"), (1280, "vi"), (360, "en"), (1280, "zh")):
        page.set_viewport_size({"width": width, "height": 640})
        for path in (
            "/office/accounts",
            "/office/accounts?search=nichts",
            accounts["account"],
            "/office/audit",
            "/office/audit?search=nichts",
        ):
            page.goto(f"{site.base}{path}{'&' if '?' in path else '?'}lang={language}")
            for summary in page.locator("summary").all():
                summary.click()
            check(page)
    paths = pages_of_what_was_noticed(site)
    for width, language in ((360, "vi"), (1280, "en"), (360, "zh")):
        page.set_viewport_size({"width": width, "height": 640})
        # One of them at night.
        page.emulate_media(color_scheme="dark" if language == "zh" else "light")
        for path in paths:
            page.goto(f"{site.base}{path}{'&' if '?' in path else '?'}lang={language}")
            for summary in page.locator("main summary").all():
                summary.click()
            check(page)
    context.close()


def pages_of_what_was_noticed(site: Site) -> list[str]:
    """Alerts of each kind and reports, one with a picture and one of a code that is long and none of ours."""
    services = site.workshop.services
    rules = asdict(RULES)
    hours = {"visitors": 14, "hours": 9, "since": "2026-11-01T03:00:00+00:00", "until": "2026-11-05T07:00:00+00:00", "days": 120}
    evidence = {"burst": {"last_hour": 1}, "many": {"scans": 1234, "days": 60, "packs": 300}}
    with acting(services.engine) as session:
        batch = session.scalars(select(Batch).where(Batch.stamp_scope == "unit")).first()
        told = {"words": "x" * 300, "visitor": b"x", "reported_at": services.clock()}
        rows: list[Alert | ConsumerReport] = [
            ConsumerReport(batch_id=batch.id, stamp_text=batch.code, verdict="ISSUED", kind="other", idempotency_key="1", **told),
            ConsumerReport(stamp_text="https://example.org/" + "x" * 90, verdict="MALFORMED", kind="other", idempotency_key="2", **told),
        ]
        for kind in ALERTS:
            row = Alert(kind=kind, batch_id=batch.id, unit=3 if kind in ("copied", "burst") else 0)
            row.evidence = {**evidence.get(kind, hours), "rules": rules}
            row.raised_at = row.looked_at = services.clock()
            rows.append(row)
        season = {
            "season_from": date(2026, 1, 1),
            "season_until": date(2026, 12, 31),
            "recorded_at": services.clock(),
            "recorded_by": "Office",
        }
        held = {"code": "LC-MHS-0017", "code_folded": "LCMHS0017", "name": "Vùng lúa Séng Cù Mường Vi", "amount": 250_000, "unit": "kg"}
        session.add(AreaCapacity(**held, **season, source="Quyết định 12/QĐ-UBND"))
        session.add(CapacityHold(batch_id=batch.id, packs=5000, over=1_250_000, over_unit="g", asked_at=services.clock(), asked_by="Mai"))
        session.add_all(rows)
        session.flush()
        reports, alerts = [row.id for row in rows[:2]], [row.id for row in rows[2:]]
        code, product, producer = batch.code, batch.product_id, batch.producer_id
        address = "https://san.example.vn/" + "x" * 90
        session.add(Listing(product_id=product, floor="Sàn TMĐT Lào Cai", url=address, recorded_at=services.clock()))
        given = {"kind": "booth", "what": "Gian hàng hội chợ", "given_on": date(2026, 1, 5), "amount": 12_500_000}
        session.add(Support(producer_id=producer, **given, recorded_at=services.clock(), recorded_by="Mai"))
    lists = ("/inspector/alerts", "/inspector/alerts?search=nichts", "/inspector/reports", "/inspector/reports?state=handled")
    one = (*(f"/inspector/alerts/{number}" for number in alerts), *(f"/inspector/reports/{number}" for number in reports))
    areas = (
        "/office/figures",
        "/office/register?undated=1",
        "/office/register?as_of=x",
        "/figures",
        f"/office/products/{product}",
        f"/office/producers/{producer}",
        "/office/producers?search=x",
        "/office/villages",
        "/office/expiring",
        "/office/support",
        "/office/rights",
        "/office/done?what=stamps",
        "/office/report",
        "/open-data",
        "/office/areas",
        "/office/areas?search=nichts",
        "/office/releases",
        "/office/releases?state=closed",
    )
    traces = (
        "/inspector/trace",
        "/inspector/trace?search=nichts",
        "/inspector/trace?search=G",
        f"/inspector/batches/{code}/trace?began=1790000000",
    )
    return [*lists, *one, f"/inspector/batches/{code}", *areas, *traces]


def test_a_member_is_invited_and_removed_by_keyboard_alone(browser: Browser, site: Site, accounts: dict[str, str]) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640}, locale="en-GB")
    page = context.new_page()
    sign_in(page, site, accounts["manager"])
    page.goto(f"{site.base}{accounts['members']}?lang=en")
    reach(page, "#login")
    page.keyboard.type("0912345678")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    check(page)
    shown = page.locator("#address").input_value()
    assert "/link/" in shown
    page.goto(f"{site.base}{accounts['members']}?lang=en")
    reach(page, "summary[aria-label*=Hoa]")
    page.keyboard.press("Enter")
    reach(page, "details[open] .danger")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("[role=status]").count() == 1 and "Hoa" not in page.inner_text("main")
    check(page)
    context.close()
