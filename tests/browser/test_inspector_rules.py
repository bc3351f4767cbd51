"""The inspector's modules under the vectors of the domain, in a real browser: the same results, the same count, none skipped."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.domain.builders import NOW, ROOT_PRIVATE_KEY
from tests.domain.test_trust_pack import LINES, MORE, a_pack, resigned
from tests.domain.test_vectors import load
from traceability.domain import keys
from traceability.domain.trust_pack import Held, PackError, open_pack

APP = Path(__file__).parents[2] / "traceability" / "static" / "inspector"
ORIGIN = "https://trace.example.vn"
ROOT = keys.public_of(ROOT_PRIVATE_KEY)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page with the modules, and nothing else, under the policy of staff pages."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        if path == "/":
            route.fulfill(
                body='<!doctype html><script type="module" src="/vectors.mjs"></script>',
                content_type="text/html",
                headers={"Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'"},
            )
        else:
            file = Path(__file__).with_name("inspector_vectors.mjs") if path == "/vectors.mjs" else APP / path.removeprefix("/app/")
            route.fulfill(body=file.read_bytes(), content_type="text/javascript")

    context = browser.new_context()
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(str(error)))
    opened.route("**/*", answer)
    opened.goto(f"{ORIGIN}/")
    opened.wait_for_function("window.isReady")
    yield opened
    context.close()


def run(page: Page, kind: str, cases: list[dict], *, without_ed25519: bool = False) -> list:
    got = page.evaluate("([kind, cases, without]) => window.run(kind, cases, without)", [kind, cases, without_ed25519])
    assert len(got) == len(cases) > 0
    return got


def test_check_characters(page):
    cases = load("check_characters")["cases"]
    assert run(page, "check_characters", cases) == [case["check"] for case in cases]


def test_codes(page):
    cases = load("codes")["cases"]
    for case, got in zip(cases, run(page, "codes", cases), strict=True):
        assert got == ({"fault": case["fault"]} if case["fault"] else case["expect"]), case["name"]


def test_serials(page):
    cases = load("serials")["cases"]
    assert run(page, "serials", cases) == [[case["serial"], case["unit"]] for case in cases]
    cases = load("serials")["not_serials"]
    assert run(page, "not_serials", cases) == [None] * len(cases)


@pytest.mark.parametrize("without", [False, True], ids=["by the browser", "by the library"])
def test_claims_and_their_signatures(page, without):
    cases = load("claims")["cases"]
    for case, got in zip(cases, run(page, "claims", cases, without_ed25519=without), strict=True):
        for name in ("bytes", "text", "signed_over", "signature"):
            assert got[name] == case[name], case["name"]
        names = {"kid": "kid", "batch_code": "batchCode", "serial": "serial", "packed_on": "packedOn", "best_before": "bestBefore"}
        names |= {"stars": "stars", "gi_number": "indication"}
        assert {name: got["claims"][named] for name, named in names.items()} == {name: case[name] for name in names}
        assert got["verifies"] == [True, False], case["name"]


def test_verdicts(page):
    cases = load("verdicts")["cases"]
    for case, got in zip(cases, run(page, "verdicts", cases), strict=True):
        assert got == {name: case[name] for name in ("verdict", "reasons", "unit")}, case["name"]


def test_packs_of_the_independent_program(page):
    cases = load("packs")["cases"]
    for case, got in zip(cases, run(page, "packs", cases), strict=True):
        assert got == case["expect"], case["name"]


def pack_case(content: bytes, held: Held = Held()) -> dict:  # noqa: B008
    return {
        "content": b64encode(content).decode(),
        "root": ROOT.hex(),
        "now": keys.format_instant(NOW),
        "held": {"number": held.number, "lines": dict(held.lines) if held.lines is not None else None, "key_sequence": held.key_sequence},
    }


def opened(content: bytes, held: Held = Held()) -> dict:  # noqa: B008
    try:
        pack = open_pack(content, ROOT, held, NOW)
    except PackError as error:
        return {"fault": error.fault}
    return {"lines": dict(pack.lines), "number": pack.header.number}


def test_packs_open_to_the_same_lines_and_fail_for_the_same_reasons(page):
    whole, changes = a_pack(MORE), a_pack(MORE, number=6, since=(5, LINES))
    given = [(whole, Held()), (a_pack({}), Held()), (changes, Held(5, LINES)), (changes, Held(4, LINES)), (changes, Held(5, MORE))]
    given += [(changes, Held()), (whole, Held(6, LINES)), (whole, Held(5, LINES, 2)), (b"", Held()), (b"x", Held()), (whole + b"x", Held())]
    given += [(whole[:end], Held()) for end in range(0, len(whole), 7)]
    given += [(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :], Held()) for at in range(0, len(whole), 3)]
    given += [(resigned(whole, **{name: value}), Held()) for name, value in (("number", 0), ("number", "5"), ("base", 9), ("entries", 7))]
    given += [
        (resigned(whole, **{name: value}), Held()) for name, value in (("issued_at", "x"), ("size", 1 << 40), ("state", "0"), ("kid", 1))
    ]
    cases = [pack_case(*one) for one in given]
    for one, got in zip(given, run(page, "packs", cases), strict=True):
        assert got == opened(*one), (one[0][:60], one[1].number)
