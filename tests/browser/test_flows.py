"""What a person does on the pages, without scripts."""

import pytest
from playwright.sync_api import Page
from sqlalchemy import func, select

from tests.browser.site import submit
from traceability.labels.label import ModuleSize
from traceability.labels.layout import lay_out
from traceability.labels.png import render_png
from traceability.models import ConsumerReport
from traceability.models.engine import reading

PHOTOGRAPH = "form[method=post] button"


@pytest.fixture
def page(tab_of) -> Page:
    return tab_of("en")


@pytest.fixture
def stamped(site):
    """A stamped batch whose code holds a zero."""
    return next(batch for batch in iter(site.workshop.stamped, None) if "0" in batch.code)


def send_picture(page: Page, site, name: str, content: bytes):
    page.goto(site.address("front"))
    page.set_input_files("#picture", {"name": name, "mimeType": "image/png", "buffer": content})
    return submit(page, PHOTOGRAPH)


def test_a_code_typed_in_small_letters_with_spaces_and_o_for_0_opens_its_page(page, site, stamped):
    page.goto(site.address("front"))
    code = stamped.code
    page.fill("#code", f" {code[:4]} {code[4:8]} {code[8:]} ".lower().replace("0", "o"))
    answer = submit(page, "button.first")
    assert answer.status == 200
    assert page.url == f"{site.base}/S/{code}?lang=en"
    assert "Stamp issued by us" in page.inner_text("h1")


def test_a_misread_code_keeps_what_was_typed_in_the_field(page, site, stamped):
    wrong = stamped.code[:-1] + ("1" if stamped.code[-1] == "0" else "0")
    typed = f"{wrong[:4]} {wrong[4:8]} {wrong[8:]}".lower()
    page.goto(site.address("front"))
    page.fill("#code", typed)
    answer = submit(page, "button.first")
    assert answer.status == 400
    assert page.input_value("#code") == typed
    assert page.locator(".letters li").count() == 12
    page.fill("#code", stamped.code)
    assert submit(page, "button.first").status == 200


def test_a_photograph_of_a_label_opens_the_page_of_its_stamp(page, site, stamped):
    module = ModuleSize.for_dpi(203)
    label = render_png(lay_out(site.workshop.label(stamped), module=module), 203)
    answer = send_picture(page, site, "label.png", label)
    assert answer.status == 200
    assert page.url == f"{site.base}/S/{stamped.code}?lang=en"


def test_a_file_that_is_no_picture_is_answered_with_help(page, site):
    answer = send_picture(page, site, "notes.png", b"These are words.")
    assert answer.status == 400
    assert "Send a JPEG or PNG photograph" in page.inner_text("[role=alert]")
    assert page.locator("#code").count() == page.locator("#picture").count() == 1


def test_a_report_sent_twice_is_stored_once_and_thanked_for_alike(page, site, stamped):
    def stored() -> int:
        with reading(site.workshop.services.engine) as session:
            return session.scalar(select(func.count(ConsumerReport.id)))

    before = stored()
    page.goto(f"{site.base}/S/{stamped.code}")
    assert submit(page, "main .card:last-child a.button").status == 200
    assert page.input_value("#stamp") == f"/S/{stamped.code}"
    key = page.input_value("input[name=key]")
    page.check("input[value=goods_differ]")
    page.fill("#words", "Another colour.")
    first = submit(page, "button.first")
    thanked = page.inner_text("main")
    page.goto(f"{site.base}/S/{stamped.code}")
    again = page.request.post(
        f"{site.base}/report?lang=en", form={"key": key, "stamp": f"/S/{stamped.code}", "kind": "goods_differ", "words": "Another colour."}
    )
    assert (first.status, again.status) == (201, 201)
    assert stored() == before + 1
    page.set_content(again.text())
    assert page.inner_text("main") == thanked


def test_a_report_that_could_not_be_sent_keeps_what_was_written(page, site):
    page.goto(site.address("report"))
    page.check("input[value=other]")
    page.fill("#place", "Chợ Cốc Lếu")
    assert submit(page, "button.first").status == 400
    assert page.is_checked("input[value=other]")
    assert page.input_value("#place") == "Chợ Cốc Lếu"


def test_every_page_of_a_stamp_leads_to_its_report_and_to_the_other_languages(page, site, stamped):
    page.goto(f"{site.base}/S/{stamped.code}")
    submit(page, "nav a[hreflang=zh-Hans]")
    assert page.get_attribute("html", "lang") == "zh-Hans"
    submit(page, "main .card:last-child a.button")
    assert page.get_attribute("html", "lang") == "zh-Hans"
    assert page.input_value("#stamp") == f"/S/{stamped.code}"
