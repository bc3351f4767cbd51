"""Files of labels over HTTP: streamed, resumed after they broke off, on record; spoilt labels cancelled."""

import re
from hashlib import sha256

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.factories import HOST
from tests.producer.test_printing import codes_in, printed
from traceability.models import PrintFile, PrintRun, Revocation
from traceability.models.engine import acting, reading
from traceability.operations import print_files
from traceability.web import label_files
from traceability.web.label_files import MOST_AT_ONCE, recorder


def files(services) -> list[PrintFile]:
    with reading(services.engine) as session:
        return list(session.scalars(select(PrintFile).order_by(PrintFile.id)))


def cancelled(services) -> list[tuple[int | None, int | None]]:
    with reading(services.engine) as session:
        return [(row.first_unit, row.last_unit) for row in session.scalars(select(Revocation).order_by(Revocation.first_unit))]


def run_of(answer) -> str:
    assert answer.status_code == 303, answer.text
    return re.search(r"run=(\d+)", answer.location)[1]


def fetch(lan, code: str, run: str, ending: str = "pdf", **query):
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return lan.browser.get(lan.at(code, "print", run, f"labels.{ending}") + f"&{words}")


def stream(lan, path: str):
    """The answer's pieces as they come, to be closed by the test."""
    return lan.browser.client.get(path, base_url="https://trace.example.vn", buffered=False)


def test_a_whole_download_has_the_hash_of_exactly_its_bytes(lan, services):
    code = lan.batch()
    run = run_of(printed(lan, code))
    content = fetch(lan, code, run).data
    kept = files(services)[0]
    assert kept.sha256 == sha256(content).hexdigest() and kept.sent_bytes == len(content)
    assert (kept.first_unit, kept.last_unit, kept.labels, kept.sent_labels, kept.sent_unit, kept.kind) == (1, 5, 5, 5, 5, "pdf")
    assert kept.ended_at and kept.fetched_by == "Lan"
    assert kept.sha256 in lan.browser.get(lan.at(code, "print") + f"&run={run}").text
    # The same labels are the same bytes.
    assert fetch(lan, code, run).data == content


def test_a_connection_that_is_closed_half_way_is_on_record_and_the_rest_is_offered(lan, services):
    code = lan.batch(quantity="1000")
    run = run_of(printed(lan, code, count="40"))
    answer = stream(lan, lan.at(code, "print", run, "labels.pdf"))
    pieces = iter(answer.response)
    for _ in range(12):
        next(pieces)
    answer.close()
    kept = files(services)[0]
    assert kept.ended_at and kept.sha256 is None and 5 <= kept.sent_unit <= 11 and kept.sent_labels == kept.sent_unit
    page = lan.browser.get(lan.at(code, "print") + f"&run={run}").text
    assert f"broken off after {kept.sent_labels} of 40 labels" in page
    assert (
        'name="from" inputmode="numeric" maxlength="9" value="1"' in page
        and 'name="until" inputmode="numeric" maxlength="9" value="40"' in page
    )
    again = lan.browser.get(lan.at(code, "print", run, "labels.pdf") + f"&part=1&from={kept.sent_unit + 1}&until=40")
    assert again.status_code == 200 and len(codes_in(again.data)) == 40 - kept.sent_unit
    first = codes_in(fetch(lan, code, run).data)
    assert codes_in(again.data) == first[kept.sent_unit :]


def test_the_rest_of_one_of_several_files_is_of_that_file(lan, services):
    code = lan.batch(quantity="1000")
    run = run_of(printed(lan, code, count="40", parts="2"))
    answer = stream(lan, lan.at(code, "print", run, "labels.pdf") + "&part=2")
    pieces = iter(answer.response)
    for _ in range(8):
        next(pieces)
    answer.close()
    page = lan.browser.get(lan.at(code, "print") + f"&run={run}").text
    assert "File 1: labels 1 to 20" in page and "File 2: labels 21 to 40" in page
    assert re.search(r'name="part" value="2".*name="from"[^>]+value="21".*name="until"[^>]+value="40"', page)
    assert len(codes_in(lan.browser.get(lan.at(code, "print", run, "labels.pdf") + "&part=2&from=30&until=33").data)) == 4
    assert files(services)[-1].last_unit == 33 and files(services)[-1].sha256


def test_a_connection_that_is_closed_before_the_first_piece_is_on_record_as_ended(lan, services):
    code = lan.batch()
    run = run_of(printed(lan, code))
    stream(lan, lan.at(code, "print", run, "labels.pdf")).close()
    kept = files(services)[0]
    assert kept.ended_at and kept.sha256 is None and (kept.sent_labels, kept.sent_unit) == (0, None)


def test_whoever_only_asks_what_the_file_would_be_has_fetched_nothing(lan, services):
    code = lan.batch()
    run = run_of(printed(lan, code))
    answer = lan.browser.client.head(lan.at(code, "print", run, "labels.pdf"), base_url="https://trace.example.vn")
    assert answer.status_code == 200 and answer.content_type == "application/pdf" and not files(services)
    with reading(services.engine) as session:
        assert session.get_one(PrintRun, int(run)).downloads == 0


def test_a_writer_that_fails_half_way_is_on_record_as_broken_off(lan, services, monkeypatch):
    code = lan.batch()
    run = run_of(printed(lan, code))

    def failing(*_given):
        yield b"%PDF-"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(print_files, "_written", failing)
    with pytest.raises(OSError, match="No space"):
        assert fetch(lan, code, run).data
    kept = files(services)[0]
    assert kept.ended_at and kept.sha256 is None and kept.sent_labels == 0 and kept.sent_bytes == 5


def test_a_database_that_is_busy_does_not_break_a_download_off(lan, services, monkeypatch):
    code = lan.batch()
    run = run_of(printed(lan, code))

    def busy(*_given):
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    ticks = iter(range(10_000))
    monkeypatch.setattr(label_files, "note_sent", busy)
    monkeypatch.setattr(label_files.time, "monotonic", lambda: float(next(ticks)))
    assert len(codes_in(fetch(lan, code, run).data)) == 5 and files(services)[0].sha256


def test_progress_is_told_to_the_runs_producer_alone(lan, minh, services):
    code, foreign = lan.batch(), minh.batch(lot="M")
    run = run_of(printed(lan, code))
    at = lan.at(code, "print", run, "progress")
    assert lan.browser.get(at).json == {"labels": 0, "sent": 0, "bytes": 0, "ended": False, "whole": False}
    answer = stream(lan, lan.at(code, "print", run, "labels.pdf"))
    next(iter(answer.response))
    assert lan.browser.get(at).json["ended"] is False and lan.browser.get(at).json["labels"] == 5
    answer.close()
    assert (lan.browser.get(at).json["ended"], lan.browser.get(at).json["whole"]) == (True, False)
    assert fetch(lan, code, run).data
    told = lan.browser.get(at).json
    assert told["whole"] and told["sent"] == 5 and told["bytes"] > 1000
    for path in (at, minh.at(foreign, "print", run, "progress"), minh.at(foreign, "print", 4711, "progress")):
        assert minh.browser.get(path).status_code == 404


def test_progress_grows_while_a_file_is_sent(lan, services):
    code = lan.batch()
    run = run_of(printed(lan, code))
    stream(lan, lan.at(code, "print", run, "labels.pdf")).close()
    file = files(services)[0]
    recorder(services.engine, services.clock, file.id).tell(file.id, print_files.Sent(3, 3, 70))
    assert lan.browser.get(lan.at(code, "print", run, "progress")).json["sent"] == 3


@pytest.mark.parametrize(("kind", "ending"), [("zpl", "zpl"), ("tspl", "tspl"), ("png", "zip"), ("svg", "zip"), ("pdfs", "zip")])
def test_every_kind_of_file_is_an_attachment_that_nothing_keeps(lan, kind, ending):
    code = lan.batch()
    answer = fetch(lan, code, run_of(printed(lan, code, kind=kind)), ending)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(rf'attachment; filename="?labels-L-1-1-5\.{ending}"?', answer.headers["Content-Disposition"])
    assert answer.content_type.split(";")[0] in ("application/octet-stream", "application/zip")


def test_the_link_of_a_packed_run_works_also_when_one_label_is_left_of_it(lan):
    code = lan.batch()
    answer = printed(lan, code, kind="png")
    lan.act(code, "close", form_at=lan.at(code, "close"), used="1")
    link = re.search(r'href="([^"]+labels\.\w+)"', lan.browser.get(answer.location).text)[1]
    assert lan.browser.get(link).status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [({"part": 2}, 400), ({"part": 0}, 400), ({"part": "x"}, 400), ({"from": 0}, 400), ({"from": 6}, 400), ({"from": "x"}, 400)],
    ids=str,
)
def test_a_part_or_a_place_that_is_none_is_told_and_not_on_record(lan, services, query, status):
    code = lan.batch()
    answer = fetch(lan, code, run_of(printed(lan, code)), **query)
    assert answer.status_code == status and not files(services)


def test_another_ending_than_the_files_is_not_there(lan, services):
    code = lan.batch()
    run = run_of(printed(lan, code))
    assert [fetch(lan, code, run, ending).status_code for ending in ("png", "zip", "exe", "PDF")] == [404] * 4
    assert not files(services)


def test_labels_that_cannot_be_split_are_refused_before_they_are_issued(lan, services):
    code = lan.batch(quantity="1000")
    answer = printed(lan, code, count="300", stock="a4-65", design="small", dpi="600", parts="2", each_times="2")
    assert answer.status_code == 400 and "cannot be split" in answer.text
    with reading(services.engine) as session:
        assert not session.scalars(select(PrintRun)).all()
    assert printed(lan, code, count="300", stock="a4-65", design="small", dpi="600", parts="2", each_times="5").status_code == 303


def test_another_kind_of_file_with_the_same_key_is_not_the_old_file(lan):
    code = lan.batch()
    assert printed(lan, code, kind="pdf").status_code == 303
    answer = printed(lan, code, kind="zpl")
    assert answer.status_code == 400 and "sent before with other values" in answer.text


def spoil(lan, code: str, codes: str, **fields: str):
    return lan.act(
        code, "print", "spoilt", form_at=lan.at(code, "print"), **{"codes": codes, "reason": "rách", "spoilt_key": "s1", **fields}
    )


@pytest.fixture
def stamped(lan):
    """A batch's code, and those of its labels."""
    code = lan.batch()
    texts = codes_in(fetch(lan, code, run_of(printed(lan, code))).data)
    return code, [text.removeprefix(f"https://{HOST}/S/") for text in texts]


def test_spoilt_labels_are_cancelled_by_their_codes_and_their_pages_say_so(lan, services, stamped):
    code, codes = stamped
    answer = spoil(lan, code, f"{codes[1].lower()}\n{codes[2][12:]}\n")
    assert answer.status_code == 303 and cancelled(services) == [(2, 3)]
    assert "verdict bad" in lan.browser.client.get(f"/S/{codes[1]}").text
    assert "verdict bad" not in lan.browser.client.get(f"/S/{codes[3]}").text


def test_the_button_pressed_twice_cancels_once_and_a_restored_page_with_other_codes_is_not_swallowed(lan, services, stamped):
    code, codes = stamped
    first, second = spoil(lan, code, codes[0]), spoil(lan, code, codes[0])
    assert first.status_code == second.status_code == 303 and cancelled(services) == [(1, 1)]
    assert spoil(lan, code, codes[3]).status_code == 303 and cancelled(services) == [(1, 1), (4, 4)]
    for number in (2, 4):
        assert spoil(lan, code, codes[number], spoilt_key="").status_code == 303
    assert cancelled(services) == [(1, 1), (3, 3), (4, 4), (5, 5)]


def test_a_strange_code_cancels_nothing_and_nothing_typed_is_lost(lan, services, stamped):
    code, codes = stamped
    answer = spoil(lan, code, f"{codes[0]}\n<b>xin chào</b>", reason="rách & ướt")
    assert answer.status_code == 400 and "Nothing was cancelled" in answer.text and cancelled(services) == []
    assert codes[0] in answer.text and "&lt;b&gt;xin chào" in answer.text and 'value="rách &amp; ướt"' in answer.text
    assert "<b>xin" not in answer.text
    assert spoil(lan, code, codes[0], reason=" ").status_code == 400 and cancelled(services) == []
    assert spoil(lan, code, codes[0]).status_code == 303 and cancelled(services) == [(1, 1)]


def test_codes_of_another_producers_batch_are_strange_and_its_page_is_not_there(lan, minh, services, stamped):
    code, codes = stamped
    foreign = minh.batch(lot="M")
    printed(minh, foreign, key="m1")
    assert spoil(minh, foreign, codes[0]).status_code == 400
    assert spoil(minh, code, codes[0]).status_code in (400, 404) and cancelled(services) == []


@pytest.mark.parametrize("number", [4711, 10**12, 10**30])
def test_a_run_that_is_not_there_is_not_there(lan, number):
    code = lan.batch()
    for path in (lan.at(code, "print", number, "labels.pdf"), lan.at(code, "print", number, "progress")):
        assert lan.browser.get(path).status_code == 404


def test_the_run_is_downloaded_once_more_for_each_fetching(lan, services):
    code = lan.batch()
    run = run_of(printed(lan, code))
    for _ in range(2):
        fetch(lan, code, run)
    with acting(services.engine) as session:
        assert session.get_one(PrintRun, int(run)).downloads == 2


def test_so_many_files_are_sent_at_once_that_pages_still_open(lan):
    code = lan.batch(quantity="1000")
    run = run_of(printed(lan, code, count="40"))
    held = [stream(lan, lan.at(code, "print", run, "labels.pdf")) for _ in range(MOST_AT_ONCE)]
    refused = lan.browser.get(lan.at(code, "print", run, "labels.pdf"))
    assert refused.status_code == 503 and refused.headers["Retry-After"] == "60"
    for answer in held:
        answer.close()
    assert fetch(lan, code, run).status_code == 200


def test_a_database_that_is_busy_at_the_end_breaks_no_file_off(lan, services, monkeypatch, caplog):
    code = lan.batch()
    run = run_of(printed(lan, code))
    answer = stream(lan, lan.at(code, "print", run, "labels.pdf"))
    pieces = iter(answer.response)
    content = [next(pieces)]

    def busy(*_arguments, **_named):
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    monkeypatch.setattr(label_files, "close_file", busy)
    content += pieces
    assert len(codes_in(b"".join(content))) == 5 and "too busy" in caplog.text
    assert fetch(lan, code, run).status_code == 200
