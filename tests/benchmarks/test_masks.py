"""The symbols that are compared: all masks of one text, ranked as the library ranks them."""

import random

import pytest

from benchmarks.masks import FORMS, masked_symbols, unmasked


@pytest.mark.parametrize("form", FORMS)
def test_the_best_mask_is_the_one_that_the_library_picks(form):
    text = FORMS[form](random.Random(3))
    pictures, ranked = masked_symbols(unmasked(text))
    assert ranked[0] == unmasked(text).best_mask_pattern()
    assert sorted(ranked) == list(range(8))
    assert len({picture.tobytes() for picture in pictures}) == 8


@pytest.mark.parametrize(("form", "version"), [("house", 4), ("signed", 7)])
def test_the_texts_have_the_size_of_real_stamps(form, version):
    assert unmasked(FORMS[form](random.Random(3))).version == version
