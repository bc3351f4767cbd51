"""A visit: one page opened in one language at one width, with all that can be seen and measured there."""

from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request, Response

from tests.browser.site import KINDS, Site

# Walks the page as it lies. Runs from outside, so it works where the page's own scripts may not.
_MEASURE = """() => {
  const root = document.documentElement, small = [], texts = [], targets = [];
  const name = (node) => node.tagName.toLowerCase() + (node.className.baseVal === undefined && node.className ? '.' + node.className : '');
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.replace(/\\s+/g, ' ').trim(), parent = walker.currentNode.parentElement;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    if (!text || !range.getClientRects().length) continue;
    const size = parseFloat(getComputedStyle(parent).fontSize);
    if (size < 16) small.push(`${text.slice(0, 40)} (${size}px)`);
    if (parent.closest('[lang]') === root) texts.push(text);
  }
  for (const node of document.querySelectorAll('a, button, input, select, textarea, label.choice')) {
    const box = node.getBoundingClientRect(), style = getComputedStyle(node);
    if (!box.width || node.type === 'hidden' || node.closest('label.choice') !== null && node.tagName === 'INPUT') continue;
    const inSentence = node.tagName === 'A' && style.display === 'inline' && node.parentElement.innerText.trim() !== node.innerText.trim();
    if (!inSentence && (box.height < 44 || box.width < 44))
      targets.push(`${name(node)} ${Math.round(box.width)} x ${Math.round(box.height)}`);
    if (node.matches('input, select, textarea, button') && parseFloat(style.fontSize) < 16) small.push(name(node));
  }
  const outside = [...document.body.querySelectorAll('*')]
    .filter((node) => !node.closest('svg.weave') && node.getBoundingClientRect().right > root.clientWidth + 0.5).map(name);
  const heading = document.querySelector('h1').getBoundingClientRect();
  return {
    language: root.lang, small, texts, targets, outside, scroll: root.scrollWidth, width: root.clientWidth,
    heading: document.querySelector('h1').innerText, headings: document.querySelectorAll('h1').length,
    top: heading.top, bottom: heading.bottom,
  };
}"""
# The browser drops shifts that nobody listens for, so this is in place before the page is.
WATCH_SHIFTS = """
  window.shifted = 0;
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifted += entry.value; })
    .observe({type: 'layout-shift', buffered: true});
"""
# Put into a page before it loads: once a tab, not once a page, since it is large.
AXE = Axe().axe_script
_FIND_VIOLATIONS = """(rules) => axe.run(document, rules).then((found) => found.violations.flatMap(
  (rule) => rule.nodes.map((node) => [rule.id, node.html, node.failureSummary])))"""
_AFTER_PAINT = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(window.shifted))))"


# The rules of WCAG 2.2 AA that a machine can check.
_RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}, "resultTypes": ["violations"]}


@dataclass(frozen=True)
class Visit:
    """What a visit found. `measured`: what `measure` returns."""

    status: int
    hosts: set[str]
    cookies: list[str]
    complaints: list[str]
    measured: dict


@dataclass(frozen=True)
class Check:
    """How far the layout shifted, and each rule of accessibility that is broken, with the element that breaks it."""

    shifted: float
    violations: list[tuple[str, str, str]]


def visit(page: Page, site: Site, kind: str) -> Visit:
    """Opens a kind of page in a tab."""
    requests: list[Request] = []
    complaints: list[str] = []
    cookies: list[str] = []

    def note_request(request: Request) -> None:
        requests.append(request)

    def note_response(response: Response) -> None:
        cookies.extend(filter(None, response.headers.get("set-cookie", "").split("\n")))

    def note_message(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    listeners = {"request": note_request, "response": note_response, "console": note_message}
    for event, listener in listeners.items():
        page.on(event, listener)
    try:
        answer = KINDS[kind].reach(page, site)
        measured = measure(page)
    finally:
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
    # Chromium reports the page's own 4xx status on the console, which is what it should be.
    own = f"Failed to load resource: the server responded with a status of {answer.status} "
    return Visit(
        status=answer.status,
        hosts={"/".join(request.url.split("/")[:3]) for request in requests if not request.url.startswith("data:")},
        cookies=cookies + [cookie["name"] for cookie in page.context.cookies()],
        complaints=[text for text in complaints if not (answer.status >= 400 and text.startswith(own))],
        measured=measured,
    )


def measure(page: Page) -> dict:
    """What can be measured on the page that a tab shows."""
    return page.evaluate(_MEASURE)


def check(page: Page, site: Site, kind: str) -> Check:
    """Opens a kind of page in a tab that runs scripts."""
    KINDS[kind].reach(page, site)
    shifted = page.evaluate(_AFTER_PAINT)
    return Check(shifted, violations(page))


def violations(page: Page) -> list[tuple[str, str, str]]:
    """The broken rules of the page that a tab shows."""
    return [tuple(found) for found in page.evaluate(_FIND_VIOLATIONS, _RULES)]
