"""A sheet from the choice of its file to the undoing, as somebody of the office does it, on a phone and at a desk."""

import re
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import Site
from tests.browser.test_staff_pages import PASSWORD, check, sign_in
from tests.office.sheets import book
from traceability.models.engine import acting
from traceability.operations.accounts import create_account

RATINGS = ["Sản phẩm", "Chủ thể", "Nhóm", "Hạng sao", "Quyết định", "Ngày quyết định"]


def office_page(browser: Browser, site: Site, width: int) -> Page:
    login = f"sheets{width}@example.vn"
    with acting(site.workshop.services.engine) as session:
        create_account(session, login=login, name="Mai", password=PASSWORD, staff_role="office", now=site.workshop.services.clock())
    page = browser.new_context(viewport={"width": width, "height": 800}).new_page()
    sign_in(page, site, login)
    page.goto(f"{site.base}/account/second-factor")
    seed = re.search(r'class="code">([A-Z2-7]{32})<', page.content())[1]
    page.fill("input[name=code]", pyotp.TOTP(seed).at(int(site.workshop.services.clock().timestamp())))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return page


@pytest.mark.parametrize("width", [360, 1280])
def test_a_sheet_is_chosen_looked_at_answered_written_and_undone(browser: Browser, site: Site, tmp_path: Path, width: int):
    known = f"HTX Mường Hòa {width}"
    site.workshop.producer(name=known)
    rows = [
        [f"Chè {width}", f"HTX Suối Giàng {width}", 2, 4, "12/QĐ-UBND", "10/01/2026"],
        [f"Gạo {width}", f"HTX Mường Hoa {width}", 1, 3, "12/QĐ-UBND", "10/01/2026"],
        [f"Mật ong {width}", f"HTX Suối Giàng {width}", 1, 2, "12/QĐ-UBND", "hôm qua"],
    ]
    path = tmp_path / "Quyết định.xlsx"
    path.write_bytes(book(Công_nhận=[RATINGS, *rows]))
    page = office_page(browser, site, width)
    page.goto(f"{site.base}/office/imports?lang=en")
    check(page)
    page.set_input_files("#sheet", path)
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("1 row would be written")).to_be_visible(timeout=30_000)
    check(page)
    page.get_by_label(re.compile("HTX Mường Hoa")).select_option(label=f"it is {known}")
    page.get_by_role("button", name="Look again with these answers").click()
    expect(page.get_by_text("2 rows would be written")).to_be_visible(timeout=30_000)
    check(page)
    page.get_by_role("button", name="Write them into the register").click()
    expect(page.get_by_text("written into the register").first).to_be_visible(timeout=30_000)
    check(page)
    page.goto(f"{site.base}/office/register?lang=en&search=gao {width}")
    expect(page.get_by_text(known)).to_be_visible()
    page.goto(f"{site.base}/office/imports?lang=en")
    page.get_by_role("link", name="Open Quyết định.xlsx").first.click()
    page.get_by_text("Undo it").click()
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_text("undone by Mai")).to_be_visible(timeout=30_000)
    check(page)
    page.goto(f"{site.base}/office/register?lang=en&search=gao {width}")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    page.context.close()
