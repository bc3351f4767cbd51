"""The inspector's page with a fake camera, with and without a network, in a real browser."""

import io
import random
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
import qrcode
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import func, select
from werkzeug.serving import BaseWSGIServer, make_server

from tests.browser.printed_video import film
from tests.browser.test_staff_pages import PASSWORD, TAGS
from tests.factories import HOST, NOTICE, OFFICE, PUBLIC_URL, Workshop
from traceability import create_app
from traceability.config import read_settings
from traceability.keystore import ROOT_KEY, initialise, new_key
from traceability.models import Account, Inspection, InspectionPhotograph, WebSession
from traceability.models.engine import acting, reading
from traceability.operations.accounts import create_account
from traceability.operations.withdraw import recall_goods

# With 500 and 100 it takes a minute; so it was tried as well.
FINDINGS, BREAKS = 200, 40
TITLES = {"ISSUED": "Issued by us", "RECALLED": "Recalled", "UNDETERMINED": "Cannot be decided here"}


@dataclass
class Service:
    """A service that can be taken off the network and put back."""

    app: Any
    workshop: Workshop
    port: int = 0
    server: BaseWSGIServer | None = None
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.server = make_server("127.0.0.1", self.port, self.app, threaded=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """No network: nothing listens any more."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@pytest.fixture(scope="module")
def service(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with a batch stamp, signed unit stamps, and a recalled batch."""
    instance = tmp_path_factory.mktemp("inspector")
    shutil.copy(migrated_sqlite, instance / "traceability.db")
    settings = read_settings({"INSTANCE": str(instance), "PUBLIC_URL": PUBLIC_URL})
    initialise(settings.keys_folder, settings.public_host, datetime.now(UTC))
    new_key(settings.keys_folder, "pack", settings.keys_folder / ROOT_KEY, datetime.now(UTC))
    app = create_app(settings)
    workshop = Workshop(app)
    good, recalled, signed = workshop.stamped(lot="TOT-1"), workshop.stamped(lot="THU-1"), workshop.batch(lot="KY-1")
    workshop.issue(signed, form="signed", units=9)
    workshop.act(recall_goods, recalled.id, NOTICE, units=None, actor=OFFICE, now=workshop.now)
    with acting(workshop.services.engine) as session:
        create_account(session, login="i@example.vn", name="Inspector", password=PASSWORD, staff_role="inspector", now=workshop.now)
    made = Service(app, workshop)
    made.texts = {
        "good": workshop.label(good).qr_text,
        "recalled": workshop.label(recalled).qr_text,
        "signed": workshop.label(signed, form="signed", unit=3).qr_text,
        "unit": f"https://{HOST}{workshop.unit_path(signed, 4)}",
    }
    made.start()
    yield made
    made.stop()
    workshop.services.close()


@pytest.fixture
def phone(service: Service, browser: Any, tmp_path: Path) -> Iterator[Callable[..., tuple[BrowserContext, Page]]]:
    """A phone whose camera sees what it is given, with an inspector signed in, and what its page needs on it."""
    opened = []

    def make(*texts: str) -> tuple[BrowserContext, Page]:
        video = tmp_path / "camera.mjpeg"
        film(video, [_printed(text) for text in texts or (service.texts["good"],)])
        args = ["--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        kind = browser.browser_type
        program = kind.launch(
            executable_path=_chromium(), args=[*args, f"--use-file-for-fake-video-capture={video}"]
        )  # fmt: skip
        opened.append(program)
        context = program.new_context(viewport={"width": 360, "height": 640}, permissions=["camera"])
        context.set_default_timeout(20_000)
        page = context.new_page()
        _sign_in(page, service)
        page.goto(f"{service.base}/inspector?lang=en")
        page.wait_for_selector("#age.ok")
        # Until the worker has all that the page needs, it does not open without a network.
        wait_until(page, "async () => (await navigator.serviceWorker.ready).active.state === 'activated'")
        assert page.evaluate("async () => Boolean(await (await caches.open('pages')).match('/inspector?lang=en'))")
        return context, page

    yield make
    for program in opened:
        program.close()
    if service.server is None:
        service.start()


def _chromium() -> str | None:
    return next((found for found in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if found), None)


def _printed(text: str) -> Image.Image:
    out = io.BytesIO()
    qrcode.make(text, box_size=6, border=4).save(out)
    return Image.open(out).convert("L")


def _sign_in(page: Page, service: Service) -> None:
    with acting(service.workshop.services.engine) as session:
        # A code is good once, and the tests have no half minute to wait for the next.
        session.scalars(select(Account)).one().totp_last_step = None
    page.goto(f"{service.base}/account/sign-in?lang=en")
    page.fill("#login", "i@example.vn")
    page.fill("#password", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    if "seed" not in service.texts:
        page.goto(f"{service.base}/account/second-factor?lang=en")
        service.texts["seed"] = re.search(r'class="code">([A-Z2-7]{32})<', page.content())[1]  # type: ignore[index]
    page.fill("input[name=code]", pyotp.TOTP(service.texts["seed"]).now())
    with page.expect_navigation():
        page.keyboard.press("Enter")


def wait_until(page: Page, condition: str) -> None:
    """Until a condition holds that answers later: `wait_for_function` takes its promise for a yes."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    pytest.fail(condition)


def verdict(page: Page) -> str:
    found = page.wait_for_selector("#results .verdict")
    assert found is not None
    return found.get_attribute("data-verdict") or ""


def test_what_the_camera_sees_is_judged_with_and_without_a_network(service, phone):
    context, page = phone(service.texts["signed"])
    page.click("#scan")
    assert verdict(page) == "ISSUED" and page.inner_text("#results h2") == TITLES["ISSUED"]
    page.wait_for_selector("#results .verdict[data-server=ISSUED]")
    assert "KY-1" in page.inner_text("#results")
    service.stop()
    page.close()
    # The phone was switched off and on, in a valley: the page comes from its worker alone.
    page = context.new_page()
    page.goto(f"{service.base}/inspector?lang=en")
    page.wait_for_selector("#age.ok")
    page.click("#scan")
    assert verdict(page) == "ISSUED"
    page.wait_for_selector("#results .server:has-text('when there is a network')")
    assert int(page.get_attribute("#results", "data-took") or 10_000) <= 1_000
    service.start()


def test_of_several_codes_in_view_the_worst_is_on_top(service, phone):
    _context, page = phone(
        service.texts["good"], service.texts["recalled"], "WIFI:S:cho;T:WPA;P:12345678;;", "https://EXAMPLE.ORG/S/7K3MQ9X2ABCS"
    )
    page.click("#scan")
    page.wait_for_function("() => document.querySelectorAll('#results .verdict').length === 4")
    cards = [card.get_attribute("data-verdict") for card in page.query_selector_all("#results .verdict")]
    assert cards == ["RECALLED", "MALFORMED", "MALFORMED", "ISSUED"]
    assert NOTICE.advice_en in page.inner_text("#results")
    # To pages of ours, and of the two that are stamps of ours.
    links = [link.get_attribute("href") or "" for link in page.query_selector_all("#results a")]
    assert len(links) == 2 and all(re.fullmatch(r"/inspector/batches/[0-9A-Z]{12}\?lang=en", link) for link in links)


def test_twenty_codes_in_one_view_are_each_judged_and_the_worst_is_on_top(service, phone, tmp_path):
    _context, page = phone()
    texts = [service.texts["recalled"], *(f"https://{HOST}/S/{service.workshop.stamped(lot=f'V-{number}').code}" for number in range(19))]
    renew(page)
    sheet, side = Image.new("L", (1600, 1280), 255), 300
    for number, text in enumerate(texts):
        sheet.paste(_printed(text).resize((side, side)), (number % 5 * 320, number // 5 * 320))
    sheet.save(tmp_path / "twenty.png")
    page.set_input_files("#picture", tmp_path / "twenty.png")
    page.wait_for_function("() => document.querySelectorAll('#results .verdict').length === 20")
    cards = [card.get_attribute("data-verdict") for card in page.query_selector_all("#results .verdict")]
    assert cards == ["RECALLED"] + ["ISSUED"] * 19


OWN_READER = """(text) => {
    window.asked = 0;
    window.BarcodeDetector = class {
        static async getSupportedFormats() { return ["qr_code"]; }
        async detect(source) { window.asked += 1; return source.videoWidth ? [{ rawValue: text }] : []; }
    };
}"""


def test_the_browsers_own_reader_is_taken_where_there_is_one(service, phone):
    """Chromium has none on this system: one of the same form stands in for it, and sees another code than the camera's picture."""
    _context, page = phone(service.texts["good"])
    page.evaluate(OWN_READER, service.texts["recalled"])
    page.click("#scan")
    assert verdict(page) == "RECALLED" and page.evaluate("window.asked") > 0
    assert not page.evaluate("performance.getEntriesByType('resource').some((one) => one.name.includes('zxing'))")


def type_code(page: Page, text: str) -> str:
    page.evaluate("() => { document.querySelector('#results').dataset.of = ''; }")
    page.fill("#code", text)
    page.click("#typing button")
    page.wait_for_function("text => document.querySelector('#results').dataset.of === text", arg=text)
    return verdict(page)


@pytest.mark.parametrize(
    ("hours", "tone", "said"),
    [
        *((1, "ok", "ISSUED"), (25, "warn", "ISSUED"), (24 * 7 + 1, "none", "UNDETERMINED"), (24 * 365, "none", "UNDETERMINED")),
        *((-1, "none", "UNDETERMINED"), (-24 * 365, "none", "UNDETERMINED")),
    ],
)
def test_what_is_known_is_as_old_as_it_is_and_never_green_when_it_is_too_old(service, phone, hours, tone, said):
    context, page = phone()
    service.stop()
    page.close()
    page = context.new_page()
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=hours, minutes=1 if hours > 0 else 0))
    page.goto(f"{service.base}/inspector?lang=en")
    page.wait_for_selector("#app[data-ready]")
    assert page.get_attribute("#age", "class") == f"age {tone}"
    assert type_code(page, service.texts["good"]) == said
    # Listed against the goods: whatever the age.
    assert type_code(page, service.texts["recalled"]) == "RECALLED"
    service.start()


def test_what_cannot_be_decided_without_a_network_is_said_in_those_words(service, phone):
    _context, page = phone()
    service.stop()
    assert type_code(page, service.texts["unit"]) == "UNDETERMINED"
    assert "the unit is not proven" in page.inner_text("#results")
    assert type_code(page, "https://EXAMPLE.ORG/x") == "MALFORMED"
    assert "It opens another address than ours" in page.inner_text("#results")
    service.start()


def renew(page: Page) -> None:
    before = int(page.get_attribute("#age", "data-pack") or 0)
    page.click("#renew")
    page.wait_for_function("before => Number(document.querySelector('#age').dataset.pack) > before", arg=before)


def test_a_recall_is_on_the_phone_as_soon_as_it_asks(service, phone):
    _context, page = phone()
    batch = service.workshop.stamped(lot="MOI-1")
    text = f"https://{HOST}/S/{batch.code}"
    renew(page)
    service.stop()
    assert type_code(page, text) == "ISSUED"
    service.workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=OFFICE, now=service.workshop.now)
    service.start()
    renew(page)
    service.stop()
    assert type_code(page, text) == "RECALLED"
    service.start()


def test_checks_made_without_a_network_are_judged_again_when_there_is_one(service, phone):
    _context, page = phone()
    service.stop()
    assert type_code(page, service.texts["good"]) == "ISSUED"
    page.wait_for_selector("#results .server:has-text('when there is a network')")
    assert page.evaluate(WAITING) == 1
    service.start()
    page.click("#renew")
    wait_until(page, f"async () => await ({WAITING}) === 0")


# Every twentieth has a photograph.
QUEUE = """async ({ count, text }) => {
    const store = await import("/inspector/app/store.js");
    const { hexOf } = await import("/inspector/app/codes.js");
    for (let number = 0; number < count; number++) {
        const id = crypto.randomUUID(), photographs = [];
        if (number % 20 === 0) {
            const canvas = Object.assign(document.createElement("canvas"), { width: 800, height: 600 });
            canvas.getContext("2d").fillText(id, 10, 10);
            const content = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg"));
            const digest = await crypto.subtle.digest("SHA-256", await content.arrayBuffer());
            photographs.push({ content, sha256: hexOf(new Uint8Array(digest)) });
        }
        const finding = { id_on_phone: id, stamp_text: text, verdict: "ISSUED", pack_number: 1, found_at: new Date().toISOString(),
            place: `Chợ ${String(number).padStart(3, "0")}`, result: "in_order", checked: [],
            photographs: photographs.map((one) => one.sha256) };
        await store.queue({ id, at: Date.now() + number, kind: "finding", about: "x", finding, fields: {}, photographs });
    }
}"""


def break_off(environ) -> None:
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionError("broken off")


def test_findings_go_out_exactly_once_and_in_order_over_a_network_that_breaks_off(service, phone):
    _context, page = phone()
    page.evaluate(QUEUE, {"count": FINDINGS, "text": service.texts["good"]})
    ordinary, chance, broken = service.app.wsgi_app, random.Random(3), [0, 0]

    def breaks_off(environ, start_response):
        if environ["PATH_INFO"] == "/inspector/findings" and sum(broken) < BREAKS:
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            luck = chance.random()
            if luck < 0.1:
                broken[0] += 1
                break_off(environ)
            if luck < 0.2:
                broken[1] += 1
                b"".join(ordinary(environ, start_response))
                break_off(environ)
        return ordinary(environ, start_response)

    service.app.wsgi_app = breaks_off
    page.reload()
    page.wait_for_selector("#app[data-ready]")
    for number in range(400):
        if page.evaluate(WAITING) == 0:
            break
        page.wait_for_timeout(300)
        # The phone is switched off and on in the middle of it.
        if number % 40 == 20:
            page.reload()
    service.app.wsgi_app = ordinary
    assert page.evaluate(WAITING) == 0 and min(broken) > BREAKS // 5
    with reading(service.workshop.services.engine) as session:
        places = list(session.scalars(select(Inspection.place).where(Inspection.place.like("Chợ ___")).order_by(Inspection.id)))
        pictures = session.scalar(select(func.count(InspectionPhotograph.id)))
    assert places == [f"Chợ {number:03d}" for number in range(FINDINGS)] and pictures == FINDINGS // 20


WAITING = """new Promise((resolve) => { indexedDB.open("traceability-inspector").onsuccess = (event) => {
    const all = event.target.result.transaction("waiting").objectStore("waiting").count();
    all.onsuccess = () => { event.target.result.close(); resolve(all.result); }; }; })"""


KEPT_NUMBER = """async () => (await (await import("/inspector/app/store.js")).get("pack"))?.number ?? 0"""


def test_of_two_packs_that_cross_the_newer_one_stays(service, phone):
    context, slow = phone()
    quick = context.new_page()
    quick.goto(f"{service.base}/inspector?lang=en")
    quick.wait_for_selector("#age.ok")
    ordinary, go_on, is_held = service.app.wsgi_app, threading.Event(), threading.Event()

    def holds_the_first(environ, start_response):
        if environ["PATH_INFO"].startswith("/inspector/packs/") and not is_held.is_set():
            is_held.set()
            go_on.wait(30)
        return ordinary(environ, start_response)

    service.app.wsgi_app = holds_the_first
    service.workshop.stamped(lot="CU-1")
    slow.click("#renew")
    assert is_held.wait(20)
    service.workshop.stamped(lot="MOI-2")
    renew(quick)
    newer = quick.evaluate(KEPT_NUMBER)
    go_on.set()
    slow.wait_for_function("number => document.querySelector('#age').dataset.pack === String(number)", arg=newer)
    service.app.wsgi_app = ordinary
    assert slow.evaluate(KEPT_NUMBER) == quick.evaluate(KEPT_NUMBER) == newer


def forget_all(page: Page) -> None:
    """What a phone does that is short of room."""
    page.evaluate("""() => new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase("traceability-inspector");
        request.onsuccess = resolve;
        request.onerror = request.onblocked = reject;
    })""")


def test_a_phone_that_threw_away_what_it_knew_says_so_and_fetches_it_again(service, phone):
    context, page = phone()
    forget_all(page)
    service.stop()
    page.close()
    page = context.new_page()
    page.goto(f"{service.base}/inspector?lang=en")
    page.wait_for_selector("#app[data-ready]")
    assert "knows nothing yet" in page.inner_text("#age")
    assert type_code(page, service.texts["good"]) == type_code(page, service.texts["recalled"]) == "UNDETERMINED"
    service.start()
    page.click("#renew")
    page.wait_for_selector("#age.ok")
    # While the page is open it goes on as well: the next act begins anew.
    forget_all(page)
    service.workshop.stamped(lot="MOI-3")
    renew(page)
    assert page.evaluate(KEPT_NUMBER) > 0
    service.stop()
    assert type_code(page, service.texts["recalled"]) == "RECALLED"
    service.start()


def test_a_phone_that_is_full_loses_no_finding_that_was_typed_and_keeps_the_old_pack(service, phone):
    _context, page = phone()
    type_code(page, service.texts["good"])
    page.click("#results .verdict button")
    page.fill("#place", "Chợ Đầy")
    page.check("#finding input[value=in_order]")
    number = page.evaluate(KEPT_NUMBER)
    # Chromium's protocol can say how small its quota is to be, but heeds that for no database: so writing itself refuses.
    page.evaluate("""() => {
        window.ordinaryPut = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
    }""")
    page.click("#finding button.first")
    page.wait_for_selector("#problem:has-text('no room on this phone')")
    assert page.input_value("#place") == "Chợ Đầy" and page.is_visible("#finding")
    service.workshop.stamped(lot="MOI-4")
    page.click("#renew")
    page.wait_for_selector("#age:has-text('no room on this phone')")
    assert page.evaluate(KEPT_NUMBER) == number
    # Room was made: what was typed is still there.
    page.evaluate("() => { IDBObjectStore.prototype.put = window.ordinaryPut; }")
    page.click("#finding button.first")
    page.wait_for_selector("#finding", state="hidden")
    page.click("#renew")
    wait_until(page, f"async () => await ({WAITING}) === 0")
    with reading(service.workshop.services.engine) as session:
        assert list(session.scalars(select(Inspection.place).where(Inspection.place == "Chợ Đầy"))) == ["Chợ Đầy"]


def test_a_phone_that_the_office_has_cut_off_forgets_what_it_knew(service, phone):
    _context, page = phone()
    with acting(service.workshop.services.engine) as session:
        for row in session.scalars(select(WebSession)):
            row.ended_at = service.workshop.now
    page.click("#renew")
    page.wait_for_selector("#signed-out:not([hidden])")
    assert "knows nothing yet" in page.inner_text("#age")
    assert type_code(page, service.texts["good"]) == "UNDETERMINED"
    page.reload()
    page.wait_for_load_state()
    assert "/account/sign-in" in page.url


def test_the_page_has_no_fault_in_light_and_dark_by_axe(service, phone):
    _context, page = phone()
    for text in (service.texts["good"], service.texts["recalled"], service.texts["unit"], "WIFI:S:x;;"):
        type_code(page, text)
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
