"""`label` and `label-stocks`: the files they write, what they put on record, and what is left where they fail."""

import os
import threading
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.factories import GTIN, HOST, PRODUCER
from tests.operations.test_print_files import READERS, read_pdf
from traceability.cli import label_command
from traceability.labels.stock import STOCKS
from traceability.models import PrintFile, PrintRun
from traceability.models.engine import reading
from traceability.operations.stocks import add_stock
from traceability.operations.withdraw import revoke_stamps


@pytest.fixture
def dialect() -> str:
    """What databases do otherwise is tested at the operations."""
    return "sqlite"


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *words, **more: runner.invoke(args=[str(word) for word in words], **more)


@pytest.fixture
def kept(services):
    def rows(kind):
        with reading(services.engine) as session:
            return list(session.scalars(select(kind).order_by(kind.id)))

    return rows


def texts(workshop, batch, units) -> list[str]:
    return [f"https://{HOST}{workshop.unit_path(batch, unit)}" for unit in units]


def cancel(workshop, batch, units):
    workshop.act(revoke_stamps, batch.id, units=units, reason="x", actor=PRODUCER, now=workshop.now)


@pytest.mark.parametrize("kind", sorted(READERS))
def test_every_kind_of_file_goes_to_a_file_and_to_standard_output_alike(run, workshop, tmp_path, kept, kind):
    batch, path = workshop.stamped(units=7), tmp_path / "labels"
    done = run("label", batch.code, "--units", "2-4", "--format", kind, "-o", path)
    assert done.exit_code == 0 and "3 label(s)" in done.output, done.output
    content = path.read_bytes()
    assert READERS[kind](content) == texts(workshop, batch, (2, 3, 4))
    piped = run("label", batch.code, "--units", "2-4", "--format", kind)
    assert "3 label(s)" in piped.stderr
    # A workbook bears the moment at which it was made.
    assert kind == "xlsx" or piped.stdout_bytes == content
    assert [file.sha256 for file in kept(PrintFile)] == [sha256(content).hexdigest(), sha256(piped.stdout_bytes).hexdigest()]
    assert [(row.reprint, row.first_unit, row.last_unit, row.printed_by) for row in kept(PrintRun)] == [
        (False, 2, 4, "command line"),
        (True, 2, 4, "command line"),
    ]


def test_a_used_sheet_of_65_with_all_that_can_be_asked_for(run, workshop, tmp_path, kept):
    batch, path = workshop.stamped(units=70), tmp_path / "x.pdf"
    more = ("--design", "small", "--language", "both", "--dpi", 600, "--by-columns", "--frames", "--crop-marks", "--compact")
    done = run("label", batch.code, "--units", "1-60", "--stock", "a4-65", "--start", 17, "--copies", 2, *more, "-o", path)
    assert done.exit_code == 0, done.output
    assert sorted(read_pdf(path.read_bytes())) == sorted(texts(workshop, batch, range(1, 61)) * 2)
    row = kept(PrintRun)[0]
    assert (row.stock, row.start, row.each_times, row.by_columns, row.frames, row.crop_marks, row.compact) == ("a4-65", 17, 2, *[True] * 4)
    assert (row.design, row.language, row.dpi) == ("small", "both", 600)


def test_parts_hold_all_units_once_and_none_of_them_is_a_reprint(run, workshop, tmp_path, kept):
    batch, said = workshop.stamped(units=50), []
    for part in (1, 2, 3):
        path = tmp_path / f"{part}.pdf"
        done = run("label", batch.code, "--stock", "a4-24", "--start", 5, "--part", f"{part}/3", "-o", path)
        assert done.exit_code == 0, done.output
        said += read_pdf(path.read_bytes())
    assert said == texts(workshop, batch, range(1, 51))
    assert not any(row.reprint for row in kept(PrintRun))
    assert run("label", batch.code, "--stock", "a4-24", "--part", "4/4", "-o", path).exit_code == 1


def test_all_units_of_a_form_are_written_also_where_another_form_lies_between(run, workshop, tmp_path):
    batch, path = workshop.batch(workshop.product(gtin=GTIN)), tmp_path / "x.csv"
    for form, units in (("signed", 3), ("house", 2), ("signed", 2)):
        workshop.issue(batch, form=form, units=units)
    done = run("label", batch.code, "--form", "signed", "--format", "csv", "--stock", "70x50", "-o", path)
    assert done.exit_code == 0 and "5 label(s)" in done.output, done.output
    refused = run("label", batch.code, "--form", "signed", "--units", "1-7", "--stock", "70x50", "-o", path)
    assert refused.exit_code == 1


def test_cancelled_units_are_left_out_unless_they_were_named(run, workshop, tmp_path, kept):
    batch, path = workshop.stamped(units=9), tmp_path / "x.csv"
    cancel(workshop, batch, (4, 6))
    done = run("label", batch.code, "--format", "csv", "-o", path)
    assert done.exit_code == 0 and READERS["csv"](path.read_bytes()) == texts(workshop, batch, (1, 2, 3, 7, 8, 9))
    path.unlink()
    refused = run("label", batch.code, "--format", "csv", "--units", "1-5", "-o", path)
    assert refused.exit_code == 1 and "4–5" in refused.output and not path.exists() and len(kept(PrintRun)) == 1
    done = run("label", batch.code, "--format", "csv", "--units", "1-5", "--leave-out-cancelled", "-o", path)
    assert done.exit_code == 0 and READERS["csv"](path.read_bytes()) == texts(workshop, batch, (1, 2, 3))


def test_own_stocks_and_free_sizes_are_known(run, workshop, tmp_path):
    batch, path = workshop.stamped(units=2), tmp_path / "x.pdf"
    own = workshop.act(add_stock, batch.producer_id, "A", STOCKS["60x40"])
    other = workshop.act(add_stock, workshop.producer().id, "A", STOCKS["60x40"])
    assert run("label", batch.code, "--stock", f"own-{own.id}", "-o", path).exit_code == 0
    assert run("label", batch.code, "--stock", "61x39-2", "-o", path).exit_code == 0
    assert run("label", batch.code, "--stock", f"own-{other.id}", "-o", path).exit_code == 1


def test_the_stocks_are_listed(run):
    lines = [line.split("\t") for line in run("label-stocks").stdout.splitlines()]
    assert [line[0] for line in lines] == list(STOCKS)
    assert ["a4-65", "sheet", "38.1x21.2 mm", "65"] in lines


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (("--dpi", 0), 2),
        (("--dpi", 99999), 2),
        (("--units", "5-x"), 2),
        (("--units", "-5"), 2),
        (("--units", "0-3"), 1),
        (("--units", "4-2"), 1),
        (("--units", "1-8"), 1),
        (("--units", "1-99999999"), 1),
        (("--start", 0), 2),
        (("--start", 66, "--stock", "a4-65"), 1),
        (("--copies", 0), 2),
        (("--copies", 1001), 1),
        (("--part", "0/2"), 2),
        (("--part", "3/2"), 2),
        (("--part", "1/99"), 1),
        (("--part", "1/2", "--copies", 2), 1),
        (("--stock", "5x5"), 1),
        (("--stock", "nothing"), 1),
        (("--format", "zpl", "--stock", "a4-65"), 1),
        (("--format", "doc"), 2),
        (("--form", "gs1"), 1),
    ],
    ids=lambda words: " ".join(map(str, words)) if isinstance(words, tuple) else str(words),
)
def test_bad_input_is_one_clear_line_and_leaves_neither_file_nor_record(run, workshop, tmp_path, kept, words, exit_code):
    batch = workshop.stamped(units=7)
    done = run("label", batch.code, *words, "-o", tmp_path / "x.pdf")
    assert done.exit_code == exit_code and "Traceback" not in done.output
    assert not list(tmp_path.glob("x.pdf*")) and not kept(PrintRun) and not kept(PrintFile)


def test_a_full_disk_leaves_no_file_and_a_record_that_it_broke_off(run, workshop, tmp_path, kept, monkeypatch):
    batch, path = workshop.stamped(units=40), tmp_path / "x.pdf"
    path.write_bytes(b"from before")
    whole = label_command.sending

    def filling(*given):
        for number, piece in enumerate(whole(*given)):
            if number == 10:
                raise OSError(28, "No space left on device")
            yield piece

    monkeypatch.setattr(label_command, "sending", filling)
    done = run("label", batch.code, "-o", path)
    assert done.exit_code == 1 and "No space left" in done.output and "Traceback" not in done.output
    assert [item.name for item in tmp_path.glob("x.pdf*")] == ["x.pdf"] and path.read_bytes() == b"from before"
    file = kept(PrintFile)[0]
    assert file.ended_at and file.sha256 is None and 0 < file.sent_unit < 10


@pytest.mark.parametrize("units", [1, 40])
def test_a_device_that_is_full_is_written_to_as_it_is_and_the_record_says_that_it_broke_off(run, workshop, kept, units):
    assert Path("/dev/full").is_char_device()
    # Also of a file so small that nothing would be written before it is closed.
    batch = workshop.stamped(units=40)
    done = run("label", batch.code, "--format", "csv", "--units", f"1-{units}", "-o", "/dev/full")
    assert done.exit_code == 1 and "No space left" in done.output
    file = kept(PrintFile)[0]
    assert file.ended_at and file.sha256 is None and file.sent_labels == 0


def test_a_pipe_gets_the_file_and_stays_a_pipe(run, workshop, tmp_path, kept):
    batch, pipe, got = workshop.stamped(units=3), tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    done = run("label", batch.code, "--format", "csv", "-o", pipe)
    reader.join()
    assert done.exit_code == 0 and READERS["csv"](got[0]) == texts(workshop, batch, (1, 2, 3)) and pipe.is_fifo()
    assert kept(PrintFile)[0].sha256 == sha256(got[0]).hexdigest()


@pytest.mark.parametrize("where", ["", "missing/x.pdf"], ids=["a folder", "in a folder that is not there"])
def test_a_file_that_cannot_be_opened_leaves_no_record(run, workshop, tmp_path, kept, where):
    batch = workshop.stamped(units=3)
    done = run("label", batch.code, "-o", tmp_path / where)
    assert done.exit_code == 1 and "Traceback" not in done.output and not kept(PrintRun)


def test_nothing_but_the_file_goes_to_standard_output(run, workshop):
    batch = workshop.stamped(units=3)
    refused = run("label", batch.code, "--units", "9-9")
    assert refused.exit_code == 1 and refused.stdout_bytes == b""
    done = run("label", batch.code, "--format", "pdf")
    assert done.stdout_bytes.startswith(b"%PDF-") and done.stdout_bytes.rstrip().endswith(b"%%EOF")
