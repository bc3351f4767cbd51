"""Symbols: which version and level a stamp's text gets, and that a reader of other make reads it back."""

import re
from urllib.parse import quote

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from traceability.qr import QUIET_MODULES, Symbol, SymbolTooLarge, encode, minimum_version, symbol_for, terminal_text

HOST = "https://TRACE.LAOCAI.GOV.VN"
CODE, SERIAL = "7K3MQ9X2ABCS", "XC8DEEP97XZJ"
SIGNED = "0Z" * 70
FORMS = {
    "house batch": f"{HOST}/S/{CODE}",
    "house unit": f"{HOST}/S/{CODE}{SERIAL}",
    "GS1 batch": f"{HOST}/01/08930000000019/10/SC-2026-03",
    "GS1 unit": f"{HOST}/01/08930000000019/10/SC-2026-03/21/{SERIAL}",
    "signed": f"{HOST}/S/{SIGNED}",
}
# GS1 General Specifications, figure 7.11-1; a lot of ours holds no solidus.
SET_82 = "!\"%&'()*+,-.0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


def read(symbol: Symbol) -> str | None:
    rows = [bytes(255 * (1 - module) for module in row) for row in symbol.modules]
    bare = Image.frombytes("L", (symbol.size, symbol.size), b"".join(rows))
    side = symbol.size_with_quiet
    page = Image.new("L", (side, side), 255)
    page.paste(bare, (QUIET_MODULES, QUIET_MODULES))
    found = zxingcpp.read_barcode(page.resize((4 * side, 4 * side), Image.Resampling.NEAREST), formats=zxingcpp.BarcodeFormat.QRCode)
    return found.text if found else None


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_every_form_is_read_back_as_it_was_written(text: str) -> None:
    assert read(encode(text)) == text


@given(lot=st.text(SET_82, min_size=1, max_size=20).filter(lambda lot: lot not in {".", ".."}))
@settings(max_examples=60, deadline=None)
def test_any_lot_that_gs1_allows_is_read_back(lot: str) -> None:
    text = f"{HOST}/01/08930000000019/10/{quote(lot, safe='')}/21/{SERIAL}"
    assert read(encode(text, max_version=12)) == text


@pytest.mark.parametrize(
    ("form", "version", "level"),
    [("house batch", 3, "Q"), ("house unit", 3, "M"), ("GS1 batch", 4, "Q"), ("GS1 unit", 4, "M"), ("signed", 7, "M")],
)
def test_each_form_has_the_version_that_level_m_needs(form: str, version: int, level: str) -> None:
    symbol = encode(FORMS[form])
    assert (symbol.version, symbol.level) == (version, level)
    assert minimum_version(FORMS[form]) == version
    assert len(symbol.modules) == symbol.size == 17 + 4 * version
    assert {len(row) for row in symbol.modules} == {symbol.size}


@pytest.mark.parametrize("length", [4, 19, 22])
def test_a_signed_stamp_of_a_host_up_to_22_characters_is_45_modules_wide(length: int) -> None:
    text = f"https://{'H' * (length - 3)}.VN/S/{SIGNED}"
    symbol = encode(text)
    assert (symbol.version, symbol.level, symbol.size) == (7, "M", 45)
    assert read(symbol) == text


def test_a_signed_stamp_of_a_host_of_23_characters_needs_a_larger_version() -> None:
    assert minimum_version(f"https://{'H' * 20}.VN/S/{SIGNED}") == 8


def test_level_q_is_taken_where_its_version_has_room() -> None:
    roomy, narrow = symbol_for(FORMS["house unit"], 41), symbol_for(FORMS["house unit"], 40)
    assert (roomy.version, roomy.level) == (4, "Q")
    assert (narrow.version, narrow.level) == (3, "M")


def test_the_level_is_raised_as_far_as_the_version_holds() -> None:
    short = symbol_for("https://A.VN/S/" + CODE, 41)
    assert (short.version, short.level) == (3, "H")
    exact = encode("https://A.VN")
    assert (exact.version, exact.level, minimum_version("https://A.VN", "H")) == (1, "Q", 2)


@given(length=st.integers(1, 150), limit=st.integers(29, 65))
@settings(deadline=None, max_examples=60)
def test_a_symbol_fits_its_place_or_is_refused_and_is_never_of_level_l(length: int, limit: int) -> None:
    text = "https://" + "A" * length
    try:
        symbol = symbol_for(text, limit)
    except SymbolTooLarge as refusal:
        assert refusal.needed_modules == 17 + 4 * minimum_version(text) + 8 > limit == refusal.limit
    else:
        assert symbol.size_with_quiet <= limit
        assert symbol.level in {"M", "Q", "H"}


def test_a_text_above_the_largest_version_is_refused() -> None:
    with pytest.raises(SymbolTooLarge) as refusal:
        encode(FORMS["signed"], max_version=6)
    assert (refusal.value.needed_modules, refusal.value.limit) == (53, 49)
    with pytest.raises(SymbolTooLarge):
        symbol_for("A" * 5000, 1000)


def test_the_same_text_gives_the_same_symbol() -> None:
    assert encode(FORMS["signed"]) == encode(FORMS["signed"])


def test_the_terminal_shows_every_module_with_its_quiet_zone_in_colours_of_its_own() -> None:
    symbol = encode(FORMS["house batch"])
    lines = terminal_text(symbol).splitlines()
    assert all(line.startswith("\x1b[38;5;16;48;5;231m") and line.endswith("\x1b[0m") for line in lines)
    cells = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    shown = [row for line in cells for row in ([cell in "▀█" for cell in line], [cell in "▄█" for cell in line])]
    quiet = [False] * QUIET_MODULES
    expected = [[*quiet, *map(bool, row), *quiet] for row in symbol.modules]
    blank = [[False] * symbol.size_with_quiet]
    assert shown == blank * 4 + expected + blank * (4 + symbol.size_with_quiet % 2)
