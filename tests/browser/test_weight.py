"""What an origin page weighs on the line, and how many sheets it takes on paper."""

import gzip
import urllib.request

import brotli
import pypdfium2
import pytest
from playwright.sync_api import Request

from tests.browser.site import LANGUAGES, SAMPLES

ORIGIN_PAGES = (*SAMPLES, "cancelled", "suspect", "corrected")
# The first round trip of a new connection carries ten packets.
MOST_OF_A_PAGE, MOST_WITH_PICTURE = 14 * 1024, 50 * 1024
EXPAND = {"br": brotli.decompress, "gzip": gzip.decompress}


@pytest.mark.parametrize("kind", ORIGIN_PAGES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("encoding", EXPAND)
def test_page_and_style_sheet_fit_into_the_first_round_trip(site, kind, language, encoding):
    request = urllib.request.Request(
        site.address(kind) + ("&" if "?" in site.paths[kind] else "?") + f"lang={language}",
        headers={"Accept-Encoding": encoding, "User-Agent": "curl/8"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        body = answer.read()
        assert answer.headers["Content-Encoding"] == encoding
        sent = len(body) + len(str(answer.headers))
    assert "<style>" in EXPAND[encoding](body).decode()
    assert sent <= MOST_OF_A_PAGE


@pytest.mark.parametrize("kind", ORIGIN_PAGES)
def test_the_whole_page_with_its_picture_stays_below_50_kilobytes(site, tab_of, kind):
    page = tab_of("vi")
    # The picture may be kept for ever, so it would not be sent again.
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    sizes = {}

    def weigh(request: Request) -> None:
        measured = request.sizes()
        sizes[request.url] = measured["responseBodySize"] + measured["responseHeadersSize"]

    page.on("requestfinished", weigh)
    page.goto(site.address(kind), wait_until="networkidle")
    page.remove_listener("requestfinished", weigh)
    assert sum("/picture/" in url for url in sizes) == page.locator("img").count()
    assert sum(sizes.values()) <= MOST_WITH_PICTURE


@pytest.mark.parametrize("kind", ORIGIN_PAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_prints_on_one_sheet_of_a4(site, tab_of, kind, language):
    page = tab_of(language)
    page.goto(site.address(kind))
    with pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True)) as document:
        sheets, (width, height) = len(document), document[0].get_size()
        text = document[0].get_textpage().get_text_bounded()
    assert sheets == 1 and (round(width), round(height)) == (595, 842)
    assert "".join(page.inner_text("h1").split()) in "".join(text.split())
