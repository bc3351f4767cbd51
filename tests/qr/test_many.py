"""Symbols made from tables are those of the library, module by module, whatever the shape."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.util import lost_point

from traceability.qr.many import Press, TextsDiffer
from traceability.qr.penalty import penalties, rows_of
from traceability.qr.segments import bit_length, split
from traceability.qr.symbol import Symbol, capacity_bits, make, minimum_version
from traceability.qr.tables import MASKS, Shape, tables

BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
START = "https://TRACE.LAOCAI.GOV.VN"


def array_of(texts: list[str]) -> np.ndarray:
    encoded = [text.encode() for text in texts]
    return np.frombuffer(b"".join(encoded), np.uint8).reshape(len(texts), -1)


def symbols_one_by_one(rows: np.ndarray, press: Press) -> list[Symbol]:
    """Packed symbols as the symbols of single stamps."""
    unpacked = np.unpackbits(rows, axis=2)[:, :, : press.shape.side]
    return [Symbol(press.version, press.level, tuple(row.tobytes() for row in modules)) for modules in unpacked]


def random_texts(rng: random.Random, version: int, level: str, count: int) -> list[str]:
    """Texts of one length that fill a good part of a symbol; the last ones as short as a text may be."""
    room = capacity_bits(version, level) // 6
    text = "https://" if room > 20 else ""
    length = max(1, room - len(text) - 12)
    while length > 1 and bit_length(split(text + "A" * length, version), version) > capacity_bits(version, level):
        length -= 1
    return [text + "".join(rng.choices(BASE32, k=length)) for _ in range(count)]


@pytest.mark.parametrize("version", range(1, 11))
@pytest.mark.parametrize("level", ["M", "Q", "H"])
def test_every_shape_gives_the_librarys_symbols_under_every_mask(version, level):
    rng = random.Random(100 * version + ord(level))
    texts = random_texts(rng, version, level, 4)
    for mask in range(MASKS):
        press = Press(texts[0], version, level, mask)
        made = [symbol.modules for symbol in symbols_one_by_one(press.symbols(array_of(texts)), press)]
        assert made == [make(text, version, level, mask).modules for text in texts]


@pytest.mark.parametrize(("version", "level"), [(3, "M"), (4, "Q"), (7, "M"), (10, "H")])
def test_the_best_mask_of_each_is_the_one_that_the_library_takes(version, level):
    texts = random_texts(random.Random(version), version, level, 12)
    press = Press(texts[0], version, level, None)
    made = list(symbols_one_by_one(press.symbols(array_of(texts)), press))
    assert made == [make(text, version, level) for text in texts]
    assert len({symbol.modules for symbol in made}) == len(set(texts))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_texts_that_differ_anywhere_even_in_the_lot_of_a_digital_link_are_written_as_the_library_writes_them(data):
    length = data.draw(st.integers(1, 12))
    lots = data.draw(st.lists(st.text("ABCabcxyz019-._", min_size=length, max_size=length), min_size=1, max_size=4))
    serials = data.draw(st.lists(st.text(BASE32, min_size=12, max_size=12), min_size=len(lots), max_size=len(lots)))
    texts = [f"{START}/01/08930000000019/10/{lots[0]}/21/{serial}" for serial in serials]
    version = minimum_version(texts[0], "Q")
    mask = data.draw(st.integers(0, 7))
    press = Press(texts[0], version, "Q", mask)
    made = [symbol.modules for symbol in symbols_one_by_one(press.symbols(array_of(texts)), press)]
    assert made == [make(text, version, "Q", mask).modules for text in texts]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10), st.integers(0, 2**32))
def test_the_penalty_is_counted_as_the_library_counts_it(version, seed):
    rng = random.Random(seed)
    side = 17 + 4 * version
    modules = np.array([[rng.random() < 0.5 for _ in range(side)] for _ in range(side)], np.uint8)
    # Stretches of one colour and finder patterns, which random modules rarely have.
    for _ in range(6):
        row, column = rng.randrange(side), rng.randrange(side - 10)
        modules[row, column : column + 11] = [1, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0]
        modules[row % (side - 10) : row % (side - 10) + 11, column] = [0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 1]
        modules[rng.randrange(side), : rng.randrange(side)] = rng.random() < 0.5
    packed = np.packbits(modules, axis=1)[None]
    assert penalties(rows_of(packed)).tolist() == [lost_point(modules.tolist())]


@pytest.mark.parametrize("text", [f"{START}/S/XYZ", f"{START}/S/7k3mq9x2abcs", f"{START}/S/7K3M!9X2ABCS"])
def test_a_text_of_another_length_or_with_characters_of_another_mode_is_refused(text):
    press = Press(f"{START}/S/7K3MQ9X2ABCS", 3, "Q", 0)
    with pytest.raises(TextsDiffer):
        press.symbols(array_of([text]))


def test_rows_are_packed_eight_modules_a_byte_with_nothing_behind_the_last():
    press = Press(f"{START}/S/7K3MQ9X2ABCS", 3, "Q", 5)
    rows = press.symbols(array_of([f"{START}/S/7K3MQ9X2ABCS"]))
    assert rows.shape == (1, 29, 4) and rows.dtype == np.uint8
    assert not (rows[:, :, 3] & 0b111).any()
    assert rows[0, 0, 0] == 0b11111110


def test_a_data_byte_that_no_symbol_has_is_refused():
    with pytest.raises(IndexError):
        tables(Shape(1, "H", 0)).of_byte(9)


def test_no_labels_give_no_symbols():
    press = Press(f"{START}/S/7K3MQ9X2ABCS", 3, "Q", 5)
    assert press.symbols(np.zeros((0, len(START) + 15), np.uint8)).shape == (0, 29, 4)
