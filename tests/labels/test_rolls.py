"""ZPL and TSPL: what is written is printed by other interpreters, read by zxing-cpp, and compared with the label's picture."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import zxingcpp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from tests.labels.builders import FORMS, make_label
from tests.labels.runs import form_for, make_run, said_by
from tests.printers.tspl import Printer, read_manual, unquoted
from tests.printers.zpl import OffTheLabel, check_on_label, commands_of, print_zpl
from traceability.labels.fit import LabelDoesNotFit
from traceability.labels.fonts import Face as FontFace
from traceability.labels.label import ModuleSize, Size
from traceability.labels.layout import lay_out
from traceability.labels.native import NativeSymbolTooLarge
from traceability.labels.png import render_png
from traceability.labels.primitives import Layout, Text
from traceability.labels.run import LabelRun, Units
from traceability.labels.stock import ROLLS, SHEETS, STOCKS, Stock, roll
from traceability.labels.tspl import manual, quoted, render_tspl
from traceability.labels.zpl import escaped, render_zpl
from traceability.qr import split

FEW_WORDS = {"producer": None, "geographical_indication": None, "stars": 0}
ACROSS = {1: STOCKS["50x30"], 2: STOCKS["50x30-2"], 3: roll("free", Size(50, 30), across=3)}
UNIT = FORMS["house unit"]
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126))


def zpl_printed(run: LabelRun, stock: Stock, dpi: int, **how: Any) -> list[Image.Image]:
    return print_zpl(b"".join(render_zpl(run, stock, dpi, **how)), dpi)


def tspl_printed(run: LabelRun, stock: Stock, dpi: int, **how: Any) -> list[Image.Image]:
    return [row.convert("L") for row in Printer(dpi).take(b"".join(render_tspl(run, stock, dpi, **how)))]


Printed = Callable[..., list[Image.Image]]
WRITERS: dict[str, Printed] = {"ZPL": zpl_printed, "TSPL": tspl_printed}
LANGUAGE = pytest.mark.parametrize("language", WRITERS)
NATIVE = pytest.mark.parametrize("native", [False, True], ids=["bitmap", "native"])


def run_for(stock: Stock, count: int, dpi: int = 203, **changed: Any) -> LabelRun:
    small = stock.label.width_mm <= 40 and stock.label.height_mm <= 30
    changed = {**(FEW_WORDS if small else {}), **changed}
    return make_run(count, stock.label, dpi, form_for(stock), **changed)


def labels_on(rows: list[Image.Image], stock: Stock, layout: Layout, dpi: int) -> Iterator[Image.Image]:
    """The labels cut out of their rows, those that are blank left out."""
    dot = 25.4 / dpi
    width, height = round(layout.width_mm / dot), round(layout.height_mm / dot)
    for row in rows:
        for left, _ in stock.corners():
            label = row.crop((round(left / dot), 0, round(left / dot) + width, height))
            if label.getextrema() != (255, 255):
                yield label


def symbol_of(label: Image.Image) -> tuple[str, str]:
    """What a label's one symbol says, and its level."""
    (found,) = zxingcpp.read_barcodes(label, formats=zxingcpp.BarcodeFormat.QRCode)
    return found.text, found.ec_level


def place_of(layout: Layout, dpi: int, *, quiet: bool) -> tuple[int, ...]:
    """Left, top, right, bottom of the symbol in dots, with or without its quiet zone."""
    box, inset = layout.symbol_box, 0.0 if quiet else layout.symbol_box.quiet
    sides = (box.x + inset, box.y + inset, box.x + box.side - inset, box.y + box.side - inset)
    return tuple(round(length * dpi / 25.4) for length in sides)


def ink_in_place(label: Image.Image, layout: Layout, dpi: int) -> tuple[int, ...]:
    """Where the ink in the symbol's place stands, its quiet zone counted to it."""
    left, top, right, bottom = place_of(layout, dpi, quiet=True)
    ink = ImageChops.invert(label).crop((left, top, right, bottom)).getbbox() or (0, 0, 0, 0)
    return left + ink[0], top + ink[1], left + ink[2], top + ink[3]


def picture_of(layout: Layout, dpi: int) -> Image.Image:
    return Image.open(io.BytesIO(render_png(layout, dpi))).convert("L")


def layout_of(text: str, form: tuple[str, str], dpi: int, size: Size, **changed: Any) -> Layout:
    """The layout of one label of a run, laid out by itself."""
    last, code = text[-12:], list(form[1])
    for at, character in zip([n for n, one in enumerate(code) if one not in " -"][-12:], last, strict=True):
        code[at] = character
    label = make_label(**{"qr_text": text, "readable_code": "".join(code), **changed})
    return lay_out(label, size, ModuleSize.for_dpi(dpi))


def blanked(label: Image.Image, layout: Layout, dpi: int, *, symbol: bool = False) -> Image.Image:
    """A label without the place of its code, and with `symbol` without that one's."""
    kept, box = label.copy(), layout.symbol_box
    places = [(box.x, box.y, box.x + box.side, box.y + box.side)] if symbol else []
    for slot in LabelRun(layout, (), 1).slots:
        text = slot.text
        places.append((text.x, text.baseline - 0.8 * text.size_mm, layout.width_mm, text.baseline + 0.25 * text.size_mm))
    for place in places:
        left, top, right, bottom = (round(length * dpi / 25.4) for length in place)
        kept.paste(255, (left - 1, top, right, bottom))
    return kept


CASES = [
    (language, stock.key, native)
    for language in WRITERS
    for stock in ROLLS
    for native in (False, True)
    # One segment of bytes, which is all that ZPL can state, has no room on the smallest label.
    if not (language == "ZPL" and native and stock.label.width_mm < 40)
]


@pytest.mark.parametrize(("language", "key", "native"), CASES)
def test_a_hundred_labels_are_read_in_order_each_symbol_in_its_place(language: str, key: str, native: bool) -> None:
    stock = STOCKS[key]
    layout = run_for(stock, 1).layout
    labels = list(labels_on(WRITERS[language](run_for(stock, 100), stock, 203, native=native), stock, layout, 203))
    assert [symbol_of(label)[0] for label in labels] == said_by(run_for(stock, 100))
    places = {ink_in_place(label, layout, 203) for label in labels}
    assert places == {place_of(layout, 203, quiet=False)}


@LANGUAGE
@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("form", ["house batch", "house unit", "signed"])
@pytest.mark.parametrize("specimen", [False, True], ids=["for use", "specimen"])
def test_a_bitmap_label_is_the_labels_picture(language: str, dpi: int, form: str, specimen: bool) -> None:
    stock = STOCKS["50x30"]
    run = make_run(4, stock.label, dpi, FORMS[form], specimen=specimen)
    layout = run.layout
    printed = list(labels_on(WRITERS[language](run, stock, dpi, native=False), stock, layout, dpi))
    texts = said_by(make_run(4, stock.label, dpi, FORMS[form], specimen=specimen))
    for label, text in zip(printed, texts, strict=True):
        picture = picture_of(layout_of(text, FORMS[form], dpi, stock.label, specimen=specimen), dpi)
        assert ImageChops.difference(blanked(label, layout, dpi), blanked(picture, layout, dpi)).getbbox() is None
        # Of a code only dots where the grey edges of two letters meet may differ.
        assert ImageChops.difference(label, picture).histogram()[255] <= 5


@LANGUAGE
@pytest.mark.parametrize("dpi", [203, 300])
def test_the_words_of_a_native_label_are_the_pictures_dot_for_dot(language: str, dpi: int) -> None:
    stock = STOCKS["50x30"]
    layout = run_for(stock, 1, dpi).layout
    (label,) = labels_on(WRITERS[language](run_for(stock, 1, dpi), stock, dpi, native=True), stock, layout, dpi)
    (text,) = said_by(run_for(stock, 1, dpi))
    picture = picture_of(layout_of(text, UNIT, dpi, stock.label), dpi)
    assert ImageChops.difference(*(blanked(each, layout, dpi, symbol=True) for each in (label, picture))).getbbox() is None


@LANGUAGE
def test_a_face_may_stand_on_all_sides_of_the_symbol(language: str) -> None:
    stock = roll("square", Size(50, 50))
    run = make_run(1, stock.label, 203, UNIT)
    box, dot = run.layout.symbol_box, 25.4 / 203
    texts = [Text(x, y, 2.4, FontFace.BOLD, word) for x, y, word in ((3, 4, "Trên"), (2, 20, "Trái"), (42, 20, "Phải"), (3, 33, "Dưới"))]
    code = [mark for mark in run.layout.marks if isinstance(mark, Text) and mark.field == "readable_code"]
    moved = replace(run.layout, symbol_box=replace(box, x=100 * dot, y=60 * dot), marks=(*texts, *code))
    rows = WRITERS[language](LabelRun(moved, run.units, 1), stock, 203, native=False)
    (label,) = labels_on(rows, stock, moved, 203)
    kept = [blanked(each, moved, 203, symbol=True) for each in (label, picture_of(moved, 203))]
    assert ImageChops.difference(*kept).getbbox() is None
    assert ink_in_place(label, moved, 203) == place_of(moved, 203, quiet=False)


def test_a_code_that_is_not_of_fixed_width_or_has_other_letters_is_refused() -> None:
    stock = STOCKS["50x30"]
    run = run_for(stock, 1)
    marks = tuple(replace(mark, face=FontFace.BOLD) if isinstance(mark, Text) else mark for mark in run.layout.marks)
    with pytest.raises(ValueError, match="fixed width"):
        render_tspl(replace(run, layout=replace(run.layout, marks=marks)), stock, 203, native=False)
    (units,) = run.units
    with pytest.raises(ValueError, match="'g'"):
        b"".join(render_zpl(replace(run, units=[replace(units, codes=units.codes * 0 + ord("g"))]), stock, 203, native=False))


@LANGUAGE
@NATIVE
@pytest.mark.parametrize("across", ACROSS)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_rows_hold_the_labels_in_order_and_the_last_row_what_is_left(language: str, native: bool, across: int, count: int) -> None:
    stock = ACROSS[across]
    rows = WRITERS[language](make_run(count, stock.label, 203, UNIT, chunk=2), stock, 203, native=native)
    assert len(rows) == -(-count // across)
    assert min(row.width for row in rows) >= round(stock.page.width_mm * 203 / 25.4)
    layout = run_for(stock, 1).layout
    labels = labels_on(rows, stock, layout, 203)
    assert [symbol_of(label)[0] for label in labels] == said_by(make_run(count, stock.label, 203, UNIT, chunk=2))


@LANGUAGE
@NATIVE
@given(
    width=st.floats(40, 110),
    height=st.floats(28, 90),
    across=st.integers(1, 3),
    between=st.floats(0, 5),
    form=st.sampled_from(sorted(FORMS)),
    dpi=st.sampled_from([203, 300]),
)
@settings(max_examples=15)
def test_nothing_leaves_a_label_of_any_size(
    language: str, native: bool, width: float, height: float, across: int, between: float, form: str, dpi: int
) -> None:
    stock = roll("free", Size(round(width, 1), round(height, 1)), across=across, between_mm=round(between, 1))
    try:
        run = make_run(across, stock.label, dpi, FORMS[form])
        # The interpreters refuse a field that leaves its row; what is cut into a neighbour shows in the neighbour's symbol.
        rows = WRITERS[language](run, stock, dpi, native=native)
    except (LabelDoesNotFit, NativeSymbolTooLarge):
        assume(False)
    labels = labels_on(rows, stock, run.layout, dpi)
    assert [symbol_of(label)[0] for label in labels] == said_by(make_run(across, stock.label, dpi, FORMS[form]))


@LANGUAGE
@NATIVE
def test_every_row_is_printed_as_often_as_asked(language: str, native: bool) -> None:
    stock = STOCKS["50x30-2"]
    rows = WRITERS[language](run_for(stock, 3), stock, 203, native=native, copies=2)
    first, again, second, once_more = rows
    assert first.tobytes() == again.tobytes() != second.tobytes() == once_more.tobytes()


@pytest.mark.parametrize(
    ("sensed", "zpl", "tspl"), [("gap", "W", "GAP 3 mm"), ("black_mark", "M", "BLINE 3 mm"), ("none", "N", "GAP 0 mm")]
)
def test_the_printer_is_told_how_it_finds_the_next_row(sensed: str, zpl: str, tspl: str) -> None:
    stock = roll("free", Size(50, 30), sensed=sensed)
    (told,) = re.findall(rb"\^MN(\w)", b"".join(render_zpl(run_for(stock, 3), stock, 203, native=True)))
    assert told.decode() == zpl
    job = b"".join(render_tspl(run_for(stock, 3), stock, 203, native=True)).decode("latin-1")
    assert job.startswith(f"SIZE 50 mm,30 mm\r\n{tspl},0 mm\r\n")


@pytest.mark.parametrize("profile", ["zd621", "zq610-plus", "specification"])
def test_a_printers_own_symbol_stands_in_its_place_whatever_bar_height_was_set_before(profile: str) -> None:
    stock = STOCKS["50x30"]
    job = b"".join(render_zpl(run_for(stock, 1), stock, 203, native=True))
    (row,) = print_zpl(job, 203, profile)
    layout = run_for(stock, 1).layout
    assert ink_in_place(row, layout, 203) == place_of(layout, 203, quiet=False)


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_a_printers_own_symbol_has_the_level_that_the_contract_asks_for(dpi: int) -> None:
    stock = STOCKS["50x30"]
    (by_tspl,) = tspl_printed(run_for(stock, 1, dpi), stock, dpi, native=True)
    assert symbol_of(by_tspl)[1] == run_for(stock, 1, dpi).layout.symbol.level == "Q"
    # One segment of bytes needs more room than the stamp's two segments: what fits is M.
    (by_zpl,) = zpl_printed(run_for(stock, 1, dpi), stock, dpi, native=True)
    assert symbol_of(by_zpl)[1] == "M"


def test_a_printers_own_symbol_that_needs_a_larger_version_has_narrower_modules_in_the_middle_of_its_place() -> None:
    stock = roll("narrow", Size(47, 30))
    layout = run_for(stock, 1).layout
    assert (layout.symbol.version, layout.dots) == (3, 4)
    (label,) = zpl_printed(run_for(stock, 1), stock, 203, native=True)
    assert symbol_of(label) == (said_by(run_for(stock, 1))[0], "Q")
    left, top, right, bottom = ink_in_place(label, layout, 203)
    outer = place_of(layout, 203, quiet=True)
    assert right - left == bottom - top == 37 * 3
    assert min(left - outer[0], top - outer[1], outer[2] - right, outer[3] - bottom) >= 4 * 3


def test_a_symbol_that_a_zpl_printer_cannot_make_small_enough_is_refused_before_anything_is_sent() -> None:
    stock = STOCKS["50x30"]
    with pytest.raises(NativeSymbolTooLarge, match="bitmap"):
        render_zpl(make_run(1, stock.label, 203, FORMS["signed"]), stock, 203, native=True)


def test_a_code_that_the_printers_fonts_would_set_under_five_points_is_a_bitmap() -> None:
    stock = roll("narrow", Size(36, 40))
    run = make_run(1, stock.label, 300, UNIT, **FEW_WORDS)
    assert min(slot.text.size_mm for slot in run.slots) < 2.1
    job = b"".join(render_zpl(run, stock, 300, native=True))
    commands = [command.name for command in commands_of(job)]
    assert commands.count("^A") + commands.count("^GF") == len(run.slots)
    letters = [int(command.rest.split(",")[1]) for command in commands_of(job) if command.name == "^A"]
    assert all(height >= 5 / 72 * 300 * 0.6 for height in letters)


def test_what_is_stored_in_a_printer_is_named_after_its_content_and_deleted_at_the_end() -> None:
    stock = STOCKS["50x30"]
    one, other = (b"".join(render_zpl(run_for(stock, 2, lot=lot), stock, 203, native=True)) for lot in ("A1", "A2"))
    names = [re.findall(rb"~DG(R:\w+\.GRF)", job) for job in (one, other)]
    assert len(names[0]) == len(names[1]) == 1
    assert names[0] != names[1]
    assert one.endswith(b"^XA^ID" + names[0][0] + b"^FS^XZ\n")
    assert one.count(b"^XG" + names[0][0]) == 2


def test_every_tspl_label_is_whole_in_itself() -> None:
    stock = STOCKS["50x30"]
    job = b"".join(render_tspl(run_for(stock, 3), stock, 203, native=True))
    settings_end = job.index(b"CLS")
    second = job.index(b"CLS", settings_end + 1)
    (first, *_), (alone,) = Printer(203).take(job), Printer(203).take(job[:second])
    assert first.tobytes() == alone.tobytes()


@LANGUAGE
@pytest.mark.parametrize(
    ("stock", "dpi", "copies", "reason"),
    [
        (SHEETS[0], 203, 1, "no roll"),
        (STOCKS["60x40"], 203, 1, "another size"),
        (STOCKS["50x30"], 300, 1, "another resolution"),
        (STOCKS["50x30"], 203, 0, "copies"),
        (STOCKS["50x30"], 203, 10_000, "copies"),
    ],
)
def test_a_run_that_does_not_suit_the_roll_is_refused(language: str, stock: Stock, dpi: int, copies: int, reason: str) -> None:
    render = {"ZPL": render_zpl, "TSPL": render_tspl}[language]
    with pytest.raises(ValueError, match=reason):
        render(make_run(1, Size(50, 30), 203, UNIT), stock, dpi, native=False, copies=copies)


@pytest.mark.parametrize("render", [render_zpl, render_tspl])
def test_a_run_without_labels_is_refused(render: Callable[..., Iterator[bytes]]) -> None:
    with pytest.raises(ValueError, match="no label"):
        render(LabelRun(run_for(STOCKS["50x30"], 1).layout, iter(()), 0), STOCKS["50x30"], 203, native=False)


@pytest.mark.parametrize("render", [render_zpl, render_tspl])
@NATIVE
def test_labels_are_made_as_they_are_sent(render: Callable[..., Iterator[bytes]], native: bool) -> None:
    run = make_run(3000, Size(50, 30), 203, UNIT, chunk=500)
    asked: list[int] = []

    def counted() -> Iterator[Units]:
        for units in run.units:
            asked.append(len(units))
            yield units

    blocks = render(LabelRun(run.layout, counted(), run.count), STOCKS["50x30"], 203, native=native)
    for _ in range(3):
        next(blocks)
    assert sum(asked) <= 1000
    assert max(map(len, blocks)) < 4_000_000
    assert sum(asked) == 3000


def test_the_test_printers_refuse_what_they_do_not_know_and_what_leaves_the_label() -> None:
    with pytest.raises(ValueError, match="unexpected"):
        commands_of(b"^XA^FO1,1^GB10,10,1^FS^XZ")
    with pytest.raises(OffTheLabel):
        check_on_label(commands_of(b"^XA^PW100^LL50^FO90,40^GFA,40,40,2,,::::::::::::::::::,^FS^PQ1^XZ\n"))
    start = b"SIZE 10 mm,5 mm\r\nCLS\r\n"
    for line in (b"BOX 1,1,5,5,1\r\n", b"BITMAP 75,1,2,1,0,\0\0\r\n", b'TEXT 70,1,"3",0,1,1,"AB"\r\n', b'QRCODE 1,1,Q,4,A,0,"A"\r\n'):
        with pytest.raises((ValueError, AttributeError)):
            Printer(203).take(start + line)


@given(PRINTABLE)
def test_no_character_of_a_zpl_field_begins_a_command(text: str) -> None:
    said = escaped(text)
    assert not re.search(r"[\^~]", said)
    assert re.sub("_([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), said) == text


@given(PRINTABLE.filter(lambda text: "\\" not in text))
def test_a_quoted_tspl_text_ends_where_it_should(text: str) -> None:
    said = quoted(text)
    assert said[0] == said[-1] == '"'
    assert unquoted(said[1:-1]) == text


@pytest.mark.parametrize("text", ["chè", "a\nb", "a\r\nPRINT 9", "\x00"])
def test_what_is_not_printable_ascii_is_refused(text: str) -> None:
    for write in (escaped, quoted):
        with pytest.raises(ValueError, match="ASCII"):
            write(text)


def test_a_backslash_is_refused_in_tspl_since_it_opens_an_escape() -> None:
    with pytest.raises(ValueError, match="backslash"):
        quoted("a\\b")


@given(st.text("ABC019 $%*+-./:abc~!_\"'", min_size=1), st.integers(1, 40))
def test_the_segments_of_manual_mode_say_the_text(text: str, version: int) -> None:
    assert read_manual(manual(text, split(text, version))) == text


def test_the_arrays_of_a_run_are_left_as_they_were() -> None:
    stock = STOCKS["50x30"]
    (units,) = run_for(stock, 5).units
    before = [array.copy() for array in (units.symbols, units.codes, units.texts)]
    layout = run_for(stock, 1).layout
    for native in (False, True):
        list(render_zpl(LabelRun(layout, [units], 5), stock, 203, native=native))
        list(render_tspl(LabelRun(layout, [units], 5), stock, 203, native=native))
    for one, other in zip(before, (units.symbols, units.codes, units.texts), strict=True):
        assert np.array_equal(one, other)
