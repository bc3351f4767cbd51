"""How soon an origin page stands on a slow phone line: the real server, a real Chromium, 400 kbit/s and 400 ms.

Run from the project's folder: `.venv/bin/python benchmarks/origin_page.py`. Beside it, in turn with it, runs a peer: the same
page with its style sheet as a file and no compression, as many sites serve theirs. The line is Chromium's own emulation, which
delays each answer and slows its bytes; setting up a connection costs nothing in it, on either side.
"""

import argparse
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Browser, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
BITS_A_SECOND, ROUND_TRIP_MS = 400_000, 400
TARGET_MS = 2500
# Chromium drops entries that nobody listens for, so this is in place before the page is.
WATCH = """
  window.seen = {lcp: 0, what: '', shifted: 0, first: 0};
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) {
    seen.lcp = entry.startTime; seen.what = entry.element ? entry.element.tagName.toLowerCase() : '?';
  } }).observe({type: 'largest-contentful-paint', buffered: true});
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) seen.shifted += entry.value; })
    .observe({type: 'layout-shift', buffered: true});
  new PerformanceObserver((list) => { for (const entry of list.getEntriesByName('first-contentful-paint')) seen.first = entry.startTime; })
    .observe({type: 'paint', buffered: true});
"""


@dataclass(frozen=True)
class Run:
    """One cold opening of a page: milliseconds to the first and to the largest paint, what that was, bytes, requests, shift."""

    first: float
    largest: float
    what: str
    transferred: int
    requests: int
    shifted: float


def main() -> None:
    """Measures both pages and prints a table; exit code 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="openings of each page (default: 5)")
    arguments = parser.parse_args()
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next((found for found in map(shutil.which, names) if found), None)
    if path is None:
        sys.exit("no Chromium found: install it (apt-get install chromium) or set CHROMIUM to its path")
    with served_sample() as base, sync_playwright() as playwright:
        address = urljoin(base, first_sample(base))
        with served_plainly(address) as plain:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            ours, peer = [], []
            for _ in range(arguments.runs):
                ours.append(open_cold(browser, address))
                peer.append(open_cold(browser, plain))
            version = browser.version
            browser.close()
    report(ours, peer, address.removeprefix(base), version)
    sys.exit(0 if statistics.median(run.largest for run in ours) <= TARGET_MS else 1)


@contextmanager
def served_sample() -> Iterator[str]:
    """The service's own command over a fresh sample register; yields its address."""
    with tempfile.TemporaryDirectory(prefix="origin-") as instance:
        port = free_port()
        environment = {**os.environ, "INSTANCE": instance, "HOST": "127.0.0.1", "PORT": str(port)}
        for name in ("DATABASE_URL", "PUBLIC_URL", "LAN"):
            environment.pop(name, None)
        flask = [sys.executable, "-m", "flask", "--app", "traceability"]
        for command in ("init", "sample"):
            subprocess.run([*flask, command], check=True, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
        server = subprocess.Popen([*flask, "serve"], cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
        base = f"http://127.0.0.1:{port}/"
        try:
            wait_for(base, server)
            yield base
        finally:
            server.terminate()
            server.wait(10)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(base: str, server: subprocess.Popen) -> None:
    """Returns once the server answers."""
    for _ in range(150):
        if server.poll() is not None:
            sys.exit(f"the server ended with code {server.returncode}")
        try:
            urllib.request.urlopen(base, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("the server did not answer within 15 s")


def fetch(address: str) -> tuple[bytes, str]:
    """Content and media type, uncompressed."""
    request = urllib.request.Request(address, headers={"User-Agent": "curl/8", "Accept-Language": "vi"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read(), answer.headers["Content-Type"]


def first_sample(base: str) -> str:
    """The path of the first sample page, as the front page links it."""
    front = fetch(base)[0].decode("utf-8")
    found = re.search(r'<ul class="links"><li><a href="([^"]+)"', front)
    if found is None:
        sys.exit("the front page links no sample page")
    return found[1]


@contextmanager
def served_plainly(address: str) -> Iterator[str]:
    """The peer: the same bytes from a plain server, the style sheet moved to a file, nothing compressed; yields its address."""
    page, media_type = fetch(address)
    html = page.decode("utf-8")
    css = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert css, "the page holds no style sheet to move"
    html = html.replace(css[0], '<link rel="stylesheet" href="/page.css">')
    files = {"/": (html.encode("utf-8"), media_type), "/page.css": (css[1].encode("utf-8"), "text/css; charset=utf-8")}
    for path in re.findall(r'<img[^>]* src="([^"]+)"|<link rel="icon" href="([^"]+)"', html):
        name = path[0] or path[1]
        files[name] = fetch(urljoin(address, name))

    class Plain(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content, kind = files.get(self.path, (b"", "text/plain"))
            self.send_response(200 if self.path in files else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def open_cold(browser: Browser, address: str) -> Run:
    """Opens a page on the slow line with nothing kept from before."""
    context = browser.new_context(viewport={"width": 360, "height": 640}, device_scale_factor=2, is_mobile=True, locale="vi-VN")
    page = context.new_page()
    page.add_init_script(WATCH)
    line = context.new_cdp_session(page)
    sizes: list[int] = []
    line.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    bytes_a_second = BITS_A_SECOND / 8
    throttle = {"offline": False, "latency": ROUND_TRIP_MS, "downloadThroughput": bytes_a_second, "uploadThroughput": bytes_a_second}
    line.send("Network.emulateNetworkConditions", throttle)
    page.goto(address, wait_until="networkidle", timeout=60_000)
    page.wait_for_timeout(300)
    seen = page.evaluate("() => seen")
    context.close()
    return Run(seen["first"], seen["lcp"], seen["what"], sum(sizes), len(sizes), seen["shifted"])


def report(ours: list[Run], peer: list[Run], path: str, version: str) -> None:
    """Prints what was measured."""

    def median(runs: list[Run], name: str) -> float:
        return statistics.median(getattr(run, name) for run in runs)

    def spread(runs: list[Run]) -> str:
        return f"{min(run.largest for run in runs):.0f} to {max(run.largest for run in runs):.0f}"

    print(f"/{path}, cold, 360 x 640, {BITS_A_SECOND // 1000} kbit/s, {ROUND_TRIP_MS} ms, {len(ours)} runs of each, medians")
    print(f"{processor()}, {os.cpu_count()} cores, {platform.system()}; Chromium {version}\n")
    print(f"{'':32}{'this service':>14}{'plain files':>14}{'ratio':>8}")
    for label, name in (
        ("first paint, ms", "first"),
        ("largest paint (LCP), ms", "largest"),
        ("transferred, bytes", "transferred"),
        ("requests", "requests"),
    ):
        one, other = median(ours, name), median(peer, name)
        print(f"{label:32}{one:14,.0f}{other:14,.0f}{other / one:8.2f}")
    print(f"{'LCP from - to, ms':32}{spread(ours):>14}{spread(peer):>14}")
    print(f"{'largest element':32}{ours[-1].what:>14}{peer[-1].what:>14}")
    print(f"{'layout shift (CLS)':32}{max(run.shifted for run in ours):14.3f}{max(run.shifted for run in peer):14.3f}")
    print(f"\nplain files: the same page with its style sheet as a file and no compression\ntarget: LCP at most {TARGET_MS} ms")


def processor() -> str:
    """The processor's name."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
