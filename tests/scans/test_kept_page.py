"""Pages with holes: what is filled in is what would have been drawn."""

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from traceability.web.kept_page import HOLES, cut, fill, filling, mark, plain, runs_of

TEXTS = st.text(st.characters(codec="utf-8"), max_size=300)
PARTS = st.lists(TEXTS | st.sampled_from([mark(name) for name in HOLES]), max_size=12)
FILLINGS = st.lists(TEXTS, min_size=len(HOLES), max_size=len(HOLES))


def filled(text, words, of=None):
    """`of`: words of an earlier scan of the same stamp, whose checksums are used again."""
    pieces, fillings = cut(text), [filling(word) for word in words]
    return fill(pieces, fillings, runs_of(pieces, [filling(word) for word in of or words]))


def drawn(parts, words):
    held = {mark(name): word for name, word in zip(HOLES, words, strict=True)}
    return "".join(held.get(part, part) for part in parts)


@given(PARTS, FILLINGS)
def test_a_filled_page_is_the_page_drawn_with_the_words(parts, words):
    body, _ = filled("".join(parts), words)
    assert gzip.decompress(body).decode() == drawn(parts, words) == plain(body).decode()


@given(PARTS, FILLINGS, FILLINGS)
def test_a_later_scan_of_the_same_stamp_is_filled_with_the_same_checksums(parts, earlier, words):
    later = [*words[:3], *earlier[3:]]
    body, _ = filled("".join(parts), later, of=earlier)
    assert gzip.decompress(body).decode() == drawn(parts, later)


@given(PARTS, FILLINGS)
def test_strict_readers_take_it_and_nothing_follows_the_end(parts, words):
    body, _ = filled("".join(parts), words)
    reader = zlib.decompressobj(31)
    reader.decompress(body)
    assert reader.eof and not reader.unused_data


@given(PARTS, FILLINGS, FILLINGS)
def test_the_tag_changes_with_what_is_said(parts, one, other):
    (_, first), (_, second) = (filled("".join(parts), words) for words in (one, other))
    if drawn(parts, one) == drawn(parts, other):
        assert first == second
    else:
        assert first != second


@given(PARTS)
def test_the_drawn_text_can_be_had_again(parts):
    assert cut("".join(parts)).text() == "".join(parts)


def test_what_a_producer_writes_is_never_taken_for_a_hole():
    guess = mark("seen")[:4] + "0" * 24 + "1"
    assert guess in plain(filled(f"{guess} {mark('seen')}", "x" * len(HOLES))[0]).decode()
