"""What holds for every kind of page, in each language, on a phone and on a desk, without scripts."""

import re

import pytest

from tests.browser.site import KINDS, LANGUAGES, SAMPLES
from tests.browser.visits import measure, violations

TAGS = {"vi": "vi", "en": "en", "zh": "zh-Hans"}
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
EVERY_WIDTH = pytest.mark.parametrize("width", [360, 1280])
ENGLISH = re.compile(r"[A-Za-z]+ [a-z]+|^[A-Z][a-z]{3,}$")
ISSUED = {"vi": "Tem do hệ thống cấp", "en": "Stamp issued by us", "zh": "本系统签发"}


@pytest.fixture
def seen(visit_of, kind, language, width):
    return visit_of(kind, language, width)


@EVERY_KIND
@EVERY_LANGUAGE
@EVERY_WIDTH
class TestEveryPage:
    def test_answers_with_its_status_in_the_language_that_the_browser_prefers(self, seen, kind, language):
        assert (seen.status, seen.measured["language"]) == (KINDS[kind].status, TAGS[language])

    def test_asks_no_other_host_sets_no_cookie_and_makes_the_browser_complain_of_nothing(self, seen, site):
        assert (seen.hosts, seen.cookies, seen.complaints) == ({site.base}, [], [])

    def test_does_not_scroll_sideways(self, seen, width):
        assert seen.measured["outside"] == []
        assert seen.measured["scroll"] <= seen.measured["width"] == width

    def test_has_no_text_below_16_pixels(self, seen):
        assert seen.measured["small"] == []

    def test_has_touch_targets_of_44_pixels(self, seen):
        assert seen.measured["targets"] == []

    def test_shows_its_one_heading_on_the_first_screen(self, seen):
        assert seen.measured["headings"] == 1
        assert 0 <= seen.measured["top"] < seen.measured["bottom"] <= 640


@EVERY_KIND
@pytest.mark.parametrize(("language", "width"), [*((language, 360) for language in LANGUAGES), ("vi", 1280)])
class TestEveryPageWithScripts:
    def test_breaks_no_rule_of_accessibility_that_a_machine_can_check(self, check_of, kind, language, width):
        assert check_of(kind, language, width).violations == []

    def test_does_not_move_while_it_loads(self, check_of, kind, language, width):
        assert check_of(kind, language, width).shifted == 0


@EVERY_KIND
@pytest.mark.parametrize("language", ["vi", "zh"])
def test_no_sentence_of_the_english_page_is_left_in_another_language(visit_of, kind, language):
    # Names and places of the register bear their language and are left out; codes and units are alike everywhere.
    english = {text for text in visit_of(kind, "en", 360).measured["texts"] if ENGLISH.search(text)}
    assert english
    assert english & set(visit_of(kind, language, 360).measured["texts"]) == set()


@EVERY_LANGUAGE
def test_a_stamp_is_said_to_be_issued_by_the_service_and_the_goods_never_to_be_genuine(visit_of, language):
    for kind in SAMPLES:
        measured = visit_of(kind, language, 360).measured
        assert (ISSUED[language] in measured["heading"]) == (kind not in ("recalled", "past_best_before"))
        assert not re.search(r"chính hãng|genuine|authentic|正品", " ".join(measured["texts"]), re.IGNORECASE)


def test_a_shift_of_the_layout_would_be_noticed(tab_of):
    page = tab_of("en", scripts=True)
    page.goto("data:text/html,<p id=a>a<p>b<p>c")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("() => { document.getElementById('a').style.height = '300px' }")
    page.wait_for_function("() => window.shifted > 0")


def test_a_missing_label_and_faint_text_would_be_noticed(tab_of, site):
    page = tab_of("en", scripts=True)
    page.goto(site.address("front"))
    page.evaluate("() => { document.querySelector('label').remove(); document.querySelector('h1').style.color = '#ccc' }")
    assert {rule for rule, _, _ in violations(page)} == {"label", "color-contrast"}


def test_small_text_small_targets_and_sideways_scrolling_would_be_noticed(tab_of, site):
    page = tab_of("en")
    page.goto(site.address("front"))
    page.evaluate("""() => {
      document.querySelector('h1').style.fontSize = '15px';
      document.querySelector('button.first').style.cssText = 'min-height: 0; padding: 0';
      document.querySelector('footer').style.width = '2000px';
    }""")
    measured = measure(page)
    assert [text.partition(" ")[0] for text in measured["small"]] == ["Where"]
    assert [target.partition(" ")[0] for target in measured["targets"]] == ["button.first"]
    assert "footer.page" in measured["outside"][0] and measured["scroll"] > measured["width"]
