"""Every text stands in every language, with the same facts in it."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
METHODS = {"traceability": [("**.py", "python")], "templates": [("**.html", "jinja2")]}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def extracted() -> set[str | tuple[str, ...]]:
    found = set()
    for folder, methods in METHODS.items():
        rows = extract_from_dir(ROOT / folder, method_map=methods)
        found |= {row[2] for row in rows}
    return found


def catalogue(language: str) -> Catalog:
    content = (ROOT / "traceability" / "translations" / language / "LC_MESSAGES" / "messages.po").read_bytes()
    return read_po(io.BytesIO(content), locale=language)


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_no_translation_is_missing_empty_fuzzy_or_left_over(language):
    known = {message.id: message for message in catalogue(language) if message.id}
    needed = extracted()
    assert needed - set(known) == set(), "missing"
    assert set(known) - needed == set(), "left over"
    for message in known.values():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(text.strip() for text in strings), f"empty: {message.id}"
        assert not message.fuzzy, f"fuzzy: {message.id}"


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_translations_tell_the_same_facts(language):
    for message in catalogue(language):
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[-1]
        for text in message.string if isinstance(message.string, tuple) else (message.string,):
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(source)), message.id
            assert text[:1].isspace() == source[:1].isspace() and text[-1:].isspace() == source[-1:].isspace(), message.id


@pytest.mark.parametrize("language", ["vi", "zh"])
def test_no_translation_is_the_english_text(language):
    same = {
        message.id
        for message in catalogue(language)
        if isinstance(message.id, str) and message.string == message.id and re.search(r"[a-z]{3}", PLACEHOLDER.sub("", message.id))
    }
    assert same == set()


def test_no_stamp_is_called_genuine():
    for language, word in (("vi", "chính hãng"), ("en", "genuine"), ("zh", "正品")):
        for message in catalogue(language):
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            assert not message.id or not any(word in text.lower() for text in strings), message.id
