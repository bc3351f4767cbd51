"""The comparison of masks is paired: it means something only if every mask's picture is spoilt in the same way."""

import pytest
from PIL import Image, ImageChops

from benchmarks.pictures.distortion import KINDS, distorted

SIDE = 41
"""Version 4 with its quiet zone."""


def symbol(ink: int = 0) -> Image.Image:
    picture = Image.new("L", (SIDE, SIDE), 255)
    picture.paste(ink, (4, 4, 20, 37))
    return picture


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_same_seed_gives_the_same_picture_and_another_seed_another(kind):
    picture = distorted(symbol(), kind, 7)
    assert picture.getextrema()[0] < picture.getextrema()[1]
    assert distorted(symbol(), kind, 7).tobytes() == picture.tobytes()
    assert distorted(symbol(), kind, 8).tobytes() != picture.tobytes()


@pytest.mark.parametrize("name", [name for name in KINDS if name != "JPEG" and name != "all"])
def test_other_modules_are_spoilt_in_the_same_way(name):
    """The two symbols differ in their left half only, so far from it the pictures must be equal to the last grey level."""
    dark, light = distorted(symbol(0), KINDS[name], 7), distorted(symbol(255), KINDS[name], 7)
    assert dark.size == light.size
    assert dark.getpixel((0, 0)) == light.getpixel((0, 0))
    left, top, right, bottom = ImageChops.difference(dark, light).getbbox()
    assert (right - left) * (bottom - top) < dark.width * dark.height / 2
