"""From sign-in to a file of labels for a new batch: three screens, few taps, a slow network, and nothing lost without one."""

import io
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import Site
from traceability.models.engine import acting
from traceability.operations.accounts import add_member, create_account

PASSWORD = "ba con vịt lội sông"
MOST_TAPS = 12
# 3G as Chromium's own tools mean it: 1.6 Mbit/s down, 750 kbit/s up, 150 ms there and back.
THREE_G = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}


class Hand:
    """A person's thumb: every tap is counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, selector: str) -> None:
        self.taps += 1
        self.page.tap(selector)

    def write(self, selector: str, text: str) -> None:
        """Taps a field and types."""
        self.tap(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def photograph(self, selector: str, content: bytes) -> None:
        """Taps the field and, in the camera, the release and the confirmation."""
        self.taps += 3
        self.page.set_input_files(selector, {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": content})


@pytest.fixture
def newcomer(site: Site) -> dict[str, object]:
    """An account with one product and no batch."""
    services = site.workshop.services
    product = site.workshop.product(name="Mật ong bạc hà")
    with acting(services.engine) as session:
        login = f"new{product.id}@example.vn"
        account = create_account(session, login=login, name="Sùng A Páo", password=PASSWORD, now=services.clock())
        add_member(session, account.id, product.producer_id, "member", now=services.clock())
    return {"login": login, "product": product.id}


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True, locale="vi-VN", accept_downloads=True
    )
    yield context.new_page()
    context.close()


def photograph() -> bytes:
    """A picture with a position in it, as a phone's camera writes one."""
    picture = Image.blend(Image.radial_gradient("L").resize((3000, 2250)), Image.effect_noise((3000, 2250), 40), 0.1).convert("RGB")
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (22.0, 28.0, 0.0)}
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


def sign_in(hand: Hand, site: Site, newcomer: dict[str, object]) -> None:
    hand.page.goto(f"{site.base}/producer/products?lang=vi")
    hand.write("#login", str(newcomer["login"]))
    hand.write("#password", PASSWORD)
    hand.tap("main form button.first")
    hand.page.wait_for_url("**/producer/products**")


def test_a_label_for_a_new_batch_takes_three_screens_and_at_most_twelve_taps(site, phone, newcomer, tmp_path: Path):
    phone.context.new_cdp_session(phone).send("Network.emulateNetworkConditions", THREE_G)
    hand = Hand(phone)
    sign_in(hand, site, newcomer)
    screens = [phone.url]
    hand.tap("a.first")
    phone.wait_for_url("**/batch?**")
    screens.append(phone.url)
    assert phone.input_value("#lot") == "261125-1" and phone.input_value("#packed_on") == "2026-11-25"
    before = hand.taps
    hand.write("#lot", "MO-01")
    hand.write("#quantity", "24")
    typing = hand.taps - before
    hand.tap("label:has(input[value=packing])")
    hand.photograph("#photograph", photograph())
    expect(phone.locator("#kept-files li")).to_have_count(1, timeout=30_000)
    hand.tap("#batch > button.first")
    phone.wait_for_url("**/print?**")
    screens.append(phone.url)
    assert phone.input_value("#count") == "24"
    with phone.expect_download() as download:
        hand.tap("main form button.first")
    file = tmp_path / "labels.pdf"
    download.value.save_as(file)
    assert len(screens) == 3 and hand.taps - typing <= MOST_TAPS, hand.taps - typing
    print(f"{hand.taps - typing} taps besides typing lot and quantity")
    document = pypdfium2.PdfDocument(file)
    assert len(document) == 24
    texts = {zxingcpp.read_barcode(document[index].render(scale=8).to_pil()).text for index in range(24)}
    assert len(texts) == 24
    for text in sorted(texts)[:3]:
        # Capitals from the host on: it is the printed contract.
        address = text.removeprefix("https://TRACE.EXAMPLE.VN")
        assert address.startswith("/S/")
        answer = phone.context.request.get(site.base + address)
        assert answer.status == 200 and "MO-01" in answer.text()
    expect(phone.locator(".notice h2")).to_contain_text("1")


def test_what_is_typed_without_network_is_there_when_the_network_is_back(site, phone, newcomer):
    hand = Hand(phone)
    sign_in(hand, site, newcomer)
    address = f"{site.base}/producer/products/{newcomer['product']}/batch?lang=vi"
    phone.goto(address)
    phone.fill("#growing_area", "Bản Phố")
    expect(phone.locator("#saved")).to_contain_text("2026")
    phone.context.set_offline(True)
    phone.fill("#quantity", "77")
    phone.fill("#place", "Thôn Phéc Bủng")
    expect(phone.locator("#saved")).to_have_class("saved unsent")
    phone.tap("#batch > button.first")
    assert "/batch" in phone.url
    phone.close()
    again = phone.context.new_page()
    phone.context.set_offline(False)
    again.goto(address)
    assert again.input_value("#quantity") == "77" and again.input_value("#place") == "Thôn Phéc Bủng"
    again.fill("#lot", "KHONG-MANG-1")
    expect(again.locator("#saved")).to_contain_text("2026")
    # On another phone of the same person the draft is there as well.
    assert again.evaluate("localStorage.length") == 0
    again.reload()
    assert again.input_value("#quantity") == "77" and again.input_value("#growing_area") == "Bản Phố"


def test_a_session_that_ends_while_the_form_is_filled_loses_nothing(site, phone, newcomer):
    hand = Hand(phone)
    sign_in(hand, site, newcomer)
    phone.goto(f"{site.base}/producer/products/{newcomer['product']}/batch?lang=vi")
    phone.fill("#lot", "HET-PHIEN-1")
    phone.fill("#quantity", "12")
    cookie = next(cookie for cookie in phone.context.cookies() if "session" in cookie["name"])
    other = phone.context.browser.new_context()
    other.add_cookies([cookie])
    elsewhere = other.new_page()
    elsewhere.goto(f"{site.base}/account?lang=vi")
    elsewhere.locator("form[action*='/end'] button").first.click()
    other.close()
    phone.tap("#batch > button.first")
    phone.wait_for_url("**/account/sign-in**")
    hand.write("#login", str(newcomer["login"]))
    hand.write("#password", PASSWORD)
    hand.tap("main form button.first")
    phone.wait_for_url("**/batch**")
    assert phone.input_value("#lot") == "HET-PHIEN-1" and phone.input_value("#quantity") == "12"
    phone.tap("#batch > button.first")
    phone.wait_for_url("**/print?**")


def open_form(site, phone, newcomer) -> Hand:
    hand = Hand(phone)
    sign_in(hand, site, newcomer)
    phone.goto(f"{site.base}/producer/products/{newcomer['product']}/batch?lang=en")
    return hand


def picture_file(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def small_photograph(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (200, 150), (shade, 80, 80)).save(out, "JPEG")
    return out.getvalue()


def test_a_file_that_the_server_could_not_take_stays_in_its_field_and_goes_with_the_form(site, phone, newcomer):
    open_form(site, phone, newcomer)
    phone.route("**/draft/files**", lambda route: route.fulfill(status=503, content_type="text/html", body="<h1>Not now</h1>"))
    phone.set_input_files("#photograph", picture_file("a.jpg", small_photograph(10)))
    expect(phone.locator("#saved")).to_have_class("saved unsent")
    assert phone.evaluate("document.getElementById('photograph').files.length") == 1
    assert phone.locator("#kept-files").count() == 1
    phone.unroute("**/draft/files**")
    phone.fill("#lot", "GIU-ANH-1")
    phone.fill("#quantity", "5")
    phone.tap("#batch > button.first")
    phone.wait_for_url("**/print?**")
    phone.goto(phone.url.split("/print")[0] + "?lang=en")
    assert phone.locator("#files img").count() == 1


def test_a_refused_file_is_told_and_the_others_are_kept(site, phone, newcomer):
    open_form(site, phone, newcomer)
    files = [picture_file("a.jpg", small_photograph(10)), picture_file("b.jpg", b"no picture"), picture_file("c.jpg", small_photograph(90))]
    phone.set_input_files("#photograph", files)
    expect(phone.locator("#kept-files li")).to_have_count(2)
    expect(phone.locator("#sending")).to_contain_text("b.jpg")
    phone.fill("#lot", "BI-TU-CHOI-1")
    phone.fill("#quantity", "5")
    phone.set_input_files("#report", {"name": "bad.pdf", "mimeType": "application/pdf", "buffer": b"MZ not a report"})
    phone.tap("#batch > button.first")
    expect(phone.locator("#sending")).to_contain_text("bad.pdf")
    assert "/batch" in phone.url


def test_an_older_copy_on_a_phone_is_offered_and_never_written_over_a_newer_one(site, phone, newcomer):
    open_form(site, phone, newcomer)
    phone.context.set_offline(True)
    phone.fill("#place", "Bản cũ")
    expect(phone.locator("#saved")).to_have_class("saved unsent")
    address = phone.url
    phone.close()
    computer = phone.context.browser.new_context(has_touch=True)
    elsewhere = computer.new_page()
    sign_in(Hand(elsewhere), site, newcomer)
    elsewhere.goto(address)
    elsewhere.fill("#place", "Bản mới")
    expect(elsewhere.locator("#saved")).to_contain_text("2026")
    computer.close()
    phone.context.set_offline(False)
    again = phone.context.new_page()
    again.goto(address)
    assert again.input_value("#place") == "Bản mới"
    again.locator("#other-copy button").click()
    assert again.input_value("#place") == "Bản cũ"
    expect(again.locator("#saved")).to_contain_text("2026")
