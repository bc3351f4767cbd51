"""Files of labels: every symbol in them is a unit's, parts hold each once, and the record is of what went out."""

import csv
import io
import zipfile
from dataclasses import replace
from hashlib import sha256

import openpyxl
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from tests.factories import HOST, PRODUCER, PUBLIC_URL, refused
from tests.printers import tspl, zpl
from traceability.models import PrintFile
from traceability.models.engine import acting, reading
from traceability.operations.print_files import (
    KINDS,
    Fetching,
    Sent,
    Some,
    close_file,
    files_of,
    make_file,
    missing_of,
    note_sent,
    open_file,
    parts_of,
    plan_file,
    sending,
)
from traceability.operations.print_labels import PrintJob, PrintKeys
from traceability.operations.print_run import Choice, Onto, PrintOrder, find_sent, print_again, record_unattended
from traceability.operations.stocks import find_stock
from traceability.operations.withdraw import revoke_stamps

JOB = PrintJob("house", PUBLIC_URL, specimen=False)


@pytest.fixture
def dialect() -> str:
    """Files are made without the database."""
    return "sqlite"


@pytest.fixture
def keys(services) -> PrintKeys:
    store = services.key_store.current()
    return PrintKeys(store.master_keys, store.private_keys)


@pytest.fixture
def printed(workshop, keys):
    """A run on record."""

    def run(batch, units, **choice):
        onto = Onto(**{name: choice.pop(name) for name in list(choice) if name in Onto.__dataclass_fields__})
        asked = Choice(onto=onto, **choice)
        key = f"k{units}{asked}"[:64]
        return workshop.act(record_unattended, batch.id, asked, units, key, actor=PRODUCER, now=workshop.now)

    return run


@pytest.fixture
def planned(workshop, services, keys):
    def plan(run, *, begin=None, end=None, **options):
        with reading(services.engine) as session:
            return plan_file(session, run, JOB, some=Some(begin, end), keys=keys, now=workshop.now, **options)

    return plan


def content_of(plan) -> bytes:
    return b"".join(make_file(plan, Sent())[1])


def read_picture(picture: Image.Image) -> list[str]:
    found = zxingcpp.read_barcodes(picture.convert("L"))
    return [each.text for each in sorted(found, key=lambda each: (each.position.top_left.y // 40, each.position.top_left.x))]


def read_pdf(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    return [text for page in document for text in read_picture(page.render(scale=5).to_pil())]


def read_packed(content: bytes) -> list[str]:
    said = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            said += read_pdf(archive.read(name)) if name.endswith(".pdf") else read_picture(Image.open(io.BytesIO(archive.read(name))))
    return said


def read_table(content: bytes) -> list[str]:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return [row[2] for row in rows[1:]]


def read_book(content: bytes) -> list[str]:
    rows = list(openpyxl.load_workbook(io.BytesIO(content), read_only=True).active.iter_rows(values_only=True))
    return [row[2] for row in rows[1:]]


def wanted(workshop, batch, units) -> list[str]:
    return [f"https://{HOST}{workshop.unit_path(batch, unit)}" for unit in units]


READERS = {
    "pdf": read_pdf,
    "zpl": lambda content: [text for row in zpl.print_zpl(content, 203) for text in read_picture(row)],
    "tspl": lambda content: [text for row in tspl.Printer(203).take(content) for text in read_picture(row)],
    "pdfs": read_packed,
    "png": read_packed,
    "csv": read_table,
    "xlsx": read_book,
}


@pytest.mark.parametrize("kind", sorted(READERS))
def test_every_symbol_of_every_kind_of_file_is_its_units(workshop, client, printed, planned, kind):
    batch = workshop.stamped(units=9)
    plan = planned(printed(batch, (2, 6), kind=kind))
    said = READERS[kind](content_of(plan))
    assert said == wanted(workshop, batch, range(2, 7)) and plan.labels == 5
    for text in said:
        page = client.get(text.removeprefix(f"https://{HOST}") + "?lang=en")
        assert page.status_code == 200 and "Stamp issued by us" in page.text


def test_drawings_bear_the_codes_of_their_units(workshop, printed, planned):
    batch = workshop.stamped(units=3)
    with zipfile.ZipFile(io.BytesIO(content_of(planned(printed(batch, (1, 3), kind="svg"))))) as archive:
        drawings = [archive.read(name).decode() for name in archive.namelist()]
    assert len(drawings) == 3
    for drawing, text in zip(drawings, wanted(workshop, batch, (1, 2, 3)), strict=True):
        assert text[-4:] in drawing


def test_no_kind_is_left_untested():
    assert set(KINDS) == set(READERS) | {"svg"}


@pytest.mark.parametrize("kind", ["png", "svg", "pdfs"])
def test_all_files_of_a_run_end_alike_also_one_that_holds_one_label(workshop, printed, planned, kind):
    batch = workshop.stamped(units=4)
    run = printed(batch, (1, 4), kind=kind)
    assert planned(run).name.endswith(".zip")
    last = planned(run, begin=4)
    assert last.labels == 1 and last.name.endswith(".zip") and zipfile.is_zipfile(io.BytesIO(content_of(last)))
    workshop.act(revoke_stamps, batch.id, units=(2, 4), reason="x", actor=PRODUCER, now=workshop.now)
    left = planned(run)
    assert left.labels == 1 and left.name.endswith(".zip")
    single = planned(printed(batch, (1, 1), kind=kind))
    assert not single.name.endswith(".zip") and not zipfile.is_zipfile(io.BytesIO(content_of(single)))


@pytest.mark.parametrize(("start", "copies", "columns"), [(1, 1, False), (17, 1, False), (66 - 13, 1, True), (1, 5, False), (6, 5, True)])
def test_the_parts_of_a_run_hold_every_unit_once_and_begin_on_a_fresh_page(workshop, services, printed, planned, start, copies, columns):
    batch = workshop.stamped(units=150, quantity=1000)
    run = printed(batch, (3, 150), stock="a4-65", start=start, each_times=copies, by_columns=columns, design="small")
    # A run of several files, as the page records it.
    run.parts = 3
    with reading(services.engine) as session:
        ranges = parts_of(run, find_stock(session, batch.producer_id, "a4-65").stock)
    assert [unit for first, last in ranges for unit in range(first, last + 1)] == list(range(3, 151))
    plans = [planned(run, part=part) for part in range(1, len(ranges) + 1)]
    assert [plan.paper.dealing.start for plan in plans] == [start] + [1] * (len(ranges) - 1)
    pages = [len(pypdfium2.PdfDocument(io.BytesIO(content_of(plan)))) for plan in plans]
    assert sum(pages) == -(-(148 * copies + start - 1) // 65)
    for part in (0, len(ranges) + 1):
        with refused("part_unknown"):
            planned(run, part=part)


def test_a_file_from_a_unit_on_begins_at_place_1_with_that_unit(workshop, printed, planned):
    batch = workshop.stamped(units=9)
    run = printed(batch, (2, 9), stock="a4-24", start=7)
    assert planned(run).paper.dealing.start == 7 and planned(run, begin=2).paper.dealing.start == 7
    rest = planned(run, begin=5)
    assert rest.paper.dealing.start == 1 and read_pdf(content_of(rest)) == wanted(workshop, batch, range(5, 10))
    first = planned(run, end=4)
    assert first.paper.dealing.start == 7 and read_pdf(content_of(first)) == wanted(workshop, batch, range(2, 5))
    for begin, end in ((0, None), (1, None), (10, None), (None, 1), (None, 10), (5, 4)):
        with refused("part_unknown"):
            planned(run, begin=begin, end=end)


def test_only_files_of_whole_pages_hold_a_label_several_times(workshop, services, printed, planned):
    batch = workshop.stamped(units=2)
    for kind in ("csv", "png"):
        with refused("copies_of_kind"):
            printed(batch, (1, 2), kind=kind, each_times=2)


def test_the_stamp_of_a_batch_has_neither_parts_nor_a_rest(workshop, printed, planned):
    run = printed(workshop.stamped(), None)
    for options in ({"part": 2}, {"begin": 1}):
        with refused("part_unknown"):
            planned(run, **options)
    assert planned(run).labels == 1


@pytest.mark.parametrize(
    ("kind", "stock", "start", "copies"),
    [
        ("pdf", "a4-65", 1, 1),
        ("pdf", "a4-65", 30, 1),
        ("pdf", "a4-24", 5, 7),
        ("pdf", "50x30", 1, 1),
        ("zpl", "35x22-3", 1, 2),
        ("tspl", "50x30", 1, 1),
        ("png", "50x30", 1, 1),
        ("csv", "50x30", 1, 1),
        ("xlsx", "50x30", 1, 1),
    ],
)
def test_what_counts_as_sent_is_in_the_bytes_and_what_does_not_is_not(workshop, printed, planned, kind, stock, start, copies):
    """The labels of the first bytes and of the file from the next unit on are all labels, none missing."""
    batch = workshop.stamped(units=700, quantity=1000)
    workshop.act(revoke_stamps, batch.id, units=(300, 310), reason="x", actor=PRODUCER, now=workshop.now)
    run = printed(batch, (1, 700), kind=kind, stock=stock, start=start, each_times=copies, design="small")
    plan, sent = planned(run), Sent()
    per_page = {"a4-65": 65, "a4-24": 24}.get(stock, 1)
    units = [unit for unit in range(1, 701) if not 300 <= unit <= 310]
    pages, seen = -1, []
    for piece in make_file(plan, sent)[1]:
        # What was handed over before this piece counts, and no more.
        seen.append((sent.labels, sent.unit, sent.size))
        if kind == "pdf" and pages >= 0 and sent.labels < len(units):
            assert sent.labels == max(0, pages * per_page - start + 1) // copies
        pages += 1
        assert piece
    assert seen[0] == (0, None, 0) and sent.labels == len(units) and sent.unit == 700
    for labels, unit, _ in seen:
        assert unit == (units[labels - 1] if labels else None)
    counts = [labels for labels, _, _ in seen]
    assert counts == sorted(counts)
    assert kind == "xlsx" or 0 < counts[len(counts) // 2] < len(units)
    if kind == "xlsx":
        assert set(counts) == {0}


def test_rows_of_a_roll_that_are_still_held_back_do_not_count(workshop, printed, planned):
    batch = workshop.stamped(units=700, quantity=1000)
    plan, sent = planned(printed(batch, (1, 700), kind="zpl")), Sent()
    out, before = b"", []
    for piece in make_file(plan, sent)[1]:
        before.append((sent.labels, out.count(b"^PQ")))
        out += piece
    assert all(labels == rows for labels, rows in before) and out.count(b"^PQ") == 700 and len(before) > 4


class Record:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told, self.ended = [], []

    @property
    def fetching(self) -> Fetching:
        return Fetching(
            7,
            lambda number, sent: self.told.append((number, sent.labels)),
            lambda number, sent, digest: self.ended.append((number, digest)),
        )


def test_the_hash_is_of_exactly_the_bytes_that_were_sent(workshop, printed, planned):
    plan, record, sent = planned(printed(workshop.stamped(units=5), (1, 5))), Record(), Sent()
    out = b"".join(sending(make_file(plan, sent)[1], record.fetching, sent, lambda: 0.0))
    assert record.ended == [(7, sha256(out).hexdigest())] and sent.size == len(out) and record.told == []


def test_what_was_sent_is_told_every_second(workshop, printed, planned):
    plan, record, sent = planned(printed(workshop.stamped(units=5), (1, 5))), Record(), Sent()
    ticks = iter(range(1000))
    pieces = list(sending(make_file(plan, sent)[1], record.fetching, sent, lambda: float(next(ticks))))
    assert len(record.told) == len(pieces) and record.told[-1][1] <= 5


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_a_file_that_is_closed_half_way_ends_without_a_hash_also_where_nothing_was_asked_for(workshop, printed, planned, taken):
    plan, record, sent = planned(printed(workshop.stamped(units=5), (1, 5))), Record(), Sent()
    going = sending(make_file(plan, sent)[1], record.fetching, sent, lambda: 0.0)
    for _ in range(taken):
        next(going)
    going.close()
    assert record.ended == [(7, None)] and sent.labels == max(0, taken - 2)


def test_a_writer_that_fails_ends_without_a_hash(workshop, printed, planned):
    def failing():
        yield b"x"
        raise OSError(28, "No space left on device")

    record = Record()
    with pytest.raises(OSError, match="No space"):
        list(sending(failing(), record.fetching, Sent(), lambda: 0.0))
    assert record.ended == [(7, None)]


def test_the_record_of_a_file_and_what_is_offered_after_it_broke_off(workshop, services, printed, planned):
    batch = workshop.stamped(units=9)
    run = printed(batch, (1, 9))
    plan = planned(run)
    file = workshop.act(lambda session: open_file(session, session.merge(run), plan, actor=PRODUCER, now=workshop.now))
    workshop.act(note_sent, file.id, Sent(3, 3, 100))
    workshop.act(close_file, file.id, Sent(4, 4, 120), None, now=workshop.now)
    with reading(services.engine) as session:
        kept = files_of(session, run.id)[0]
    assert (kept.sent_labels, kept.sent_unit, kept.sent_bytes, kept.sha256) == (4, 4, 120, None) and kept.ended_at
    assert missing_of([kept], [(1, 9)]) == {kept.id: (1, 1, 9)}
    assert missing_of([kept], [(1, 5), (6, 9)]) == {kept.id: (2, 1, 9)}
    workshop.act(close_file, file.id, Sent(9, 9, 200), "0" * 64, now=workshop.now)
    with reading(services.engine) as session:
        kept = session.scalars(select(PrintFile)).one()
    assert kept.sent_labels == kept.labels == 9 and missing_of([kept], [(1, 9)]) == {}


def test_a_table_that_no_spreadsheet_holds_is_refused_before_its_first_byte(workshop, printed, planned):
    plan = planned(printed(workshop.stamped(units=5), (1, 5), kind="xlsx"))
    with refused("table_long"):
        make_file(replace(plan, labels=1_048_576), Sent())


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"kind": "zpl", "stock": "a4-65"}, "kind_of_stock"),
        ({"kind": "doc"}, "kind_of_stock"),
        ({"start": 0}, "paging_start"),
        ({"start": 66, "stock": "a4-65"}, "paging_start"),
        ({"start": 2}, "paging_start"),
        ({"each_times": 0}, "paging_copies"),
        ({"each_times": 1001}, "paging_copies"),
        ({"parts": 0}, "paging_parts"),
        ({"parts": 21}, "paging_parts"),
        ({"parts": 2, "each_times": 2, "stock": "a4-65"}, "paging_parts"),
        ({"parts": 2, "each_times": 5, "start": 3, "stock": "a4-65"}, "paging_parts"),
        ({"stock": "9x9"}, "stock_length"),
        ({"stock": "none"}, "stock_unknown"),
        ({"stock": "own-1"}, "stock_unknown"),
        ({"stock": "own-99999999999999999999"}, "stock_unknown"),
        ({"form": "runes"}, "form_unknown"),
        ({"design": "huge"}, "design_unknown"),
        ({"language": "fr"}, "design_unknown"),
    ],
    ids=str,
)
def test_a_choice_that_cannot_be_printed_is_refused_before_anything_is_on_record(workshop, printed, choice, code):
    batch = workshop.stamped(units=5)
    with refused(code):
        printed(batch, (1, 5), **choice)


def test_parts_that_commands_make_one_by_one_are_first_prints_of_their_own_units(workshop, services):
    batch = workshop.stamped(units=150, quantity=1000)
    choice = Choice(stock="a4-65", onto=Onto(start=10, parts=2))

    def record(part, units=(1, 150)):
        run = workshop.act(record_unattended, batch.id, choice, units, f"k{part}", part=part, actor=PRODUCER, now=workshop.now)
        return run.first_unit, run.last_unit, run.start, run.parts, run.reprint, run.reason

    assert record(1) == (1, 56, 10, 1, False, None) and record(2) == (57, 150, 1, 1, False, None)
    with refused("part_unknown"):
        record(3)
    run = workshop.act(record_unattended, batch.id, Choice(), (56, 57), "again", actor=PRODUCER, now=workshop.now)
    assert run.reprint and run.reason


def test_the_same_key_with_another_kind_of_file_is_another_order(workshop, services, keys):
    batch = workshop.stamped(units=5)
    order = PrintOrder(Choice(), 1, "once")

    def again(order):
        with acting(services.engine) as session:
            return print_again(session, batch.id, order, JOB, (1, 3), "x", keys=keys, actor=PRODUCER, now=workshop.now).id

    assert again(order) == again(order)
    for onto in (Onto(kind="zpl"), Onto(frames=True), Onto(each_times=2)):
        with refused("idempotency_reused"):
            again(replace(order, choice=Choice(onto=onto)))
    with refused("idempotency_reused"):
        again(replace(order, choice=Choice(stock="60x40")))
    with reading(services.engine) as session:
        assert find_sent(session, batch.id, replace(order, idempotency_key="other")) is None
