"""One server, one browser, and one context a width and language, for all tests that look at pages as a person sees them."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from tests.browser.site import LANGUAGES, Site, lay_out
from tests.browser.visits import AXE, WATCH_SHIFTS, Check, Visit, check, visit
from tests.factories import PUBLIC_URL, Clock, Workshop
from traceability import create_app
from traceability.config import read_settings
from traceability.keystore import initialise

# Width, height and name of what is held in the hand or stands on the desk.
DEVICES = {
    360: (640, "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"),
    1280: (800, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder runs in one process of many, so that each page is visited once."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def site(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The service over the sample register, on a free port."""
    instance = tmp_path_factory.mktemp("browser")
    database = instance / "traceability.db"
    shutil.copy(migrated_sqlite, database)
    settings = read_settings({"DATABASE_URL": f"sqlite:///{database}", "INSTANCE": str(instance), "PUBLIC_URL": PUBLIC_URL})
    clock = Clock(datetime(2026, 11, 25, 3, 0, tzinfo=UTC))
    initialise(settings.keys_folder, settings.public_host, clock())
    app = create_app(settings, clock)
    workshop = Workshop(app)
    paths = lay_out(workshop)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.server_port}", workshop, paths)
    server.shutdown()
    thread.join()
    server.server_close()
    workshop.services.engine.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine; none is ever fetched."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next((found for found in map(shutil.which, names) if found), None)
    if path is None:
        pytest.fail("no Chromium found: install it (apt-get install chromium) or set CHROMIUM to its path", pytrace=False)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def tab_of(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Gives the tab of a language, a width, and scripts off or on; each has a context of its own."""
    made: list[BrowserContext] = []

    @cache
    def tab(language: str, width: int = 360, *, scripts: bool = False) -> Page:
        height, agent = DEVICES[width]
        opened = browser.new_context(
            viewport={"width": width, "height": height},
            locale=LANGUAGES[language],
            user_agent=agent,
            java_script_enabled=scripts,
            service_workers="block",
        )
        opened.set_default_timeout(10_000)
        if scripts:
            opened.add_init_script(WATCH_SHIFTS)
            opened.add_init_script(AXE)
        made.append(opened)
        return opened.new_page()

    yield tab
    for opened in made:
        opened.close()


@pytest.fixture(scope="session")
def visit_of(site: Site, tab_of: Callable[..., Page]) -> Callable[[str, str, int], Visit]:
    """Gives the visit of a kind of page in a language at a width, without scripts; each is made once."""
    return cache(lambda kind, language, width: visit(tab_of(language, width), site, kind))


@pytest.fixture(scope="session")
def check_of(site: Site, tab_of: Callable[..., Page]) -> Callable[[str, str, int], Check]:
    """Gives what only scripts can tell of a page; each page is opened once for it."""
    return cache(lambda kind, language, width: check(tab_of(language, width, scripts=True), site, kind))
