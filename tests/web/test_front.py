"""The front page: a code typed by hand, a photograph, a report."""

import io
import struct
import zlib
from dataclasses import replace

import pytest
import qrcode
from PIL import Image
from sqlalchemy import select

from tests.factories import GTIN, HOST
from traceability.domain import base32
from traceability.labels.label import SIZE_50X30, ModuleSize
from traceability.labels.layout import lay_out
from traceability.labels.png import render_png
from traceability.models import ConsumerReport
from traceability.models.engine import reading


def photograph(client, content: bytes, name: str = "stamp.jpg", language: str = "en"):
    upload = {"picture": (io.BytesIO(content), name)}
    return client.post(f"/photograph?lang={language}", data=upload, content_type="multipart/form-data")


def picture_of(text: str) -> bytes:
    out = io.BytesIO()
    qrcode.make(text).save(out)
    return out.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says it is huge."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_typed_code_leads_to_the_stamps_own_address(client, workshop):
    batch = workshop.stamped(units=3)
    code = workshop.path(batch, unit=2).removeprefix("/S/")
    for typed in (code, base32.grouped(code), base32.grouped(code).lower(), f"  {code[:7]} {code[7:]} ", code.replace("0", "O")):
        answer = client.get("/lookup", query_string={"code": typed, "lang": "en"})
        assert (answer.status_code, answer.location) == (303, f"/S/{code}?lang=en")


def test_a_pasted_address_leads_to_its_page_and_a_foreign_one_is_warned_of(client, workshop):
    batch = workshop.stamped(workshop.product(gtin=GTIN), form="gs1", lot="A+1")
    answer = client.get("/lookup", query_string={"code": f"https://{HOST}{workshop.path(batch, form='gs1')}"})
    assert answer.location == f"/01/{GTIN}/10/A%2B1" and client.get(answer.location).status_code == 200
    foreign = client.get("/lookup", query_string={"code": f"https://EVIL.EXAMPLE.COM/S/{batch.code}", "lang": "en"})
    assert foreign.status_code == 400 and "This address is not ours" in foreign.text


@pytest.mark.parametrize("typed", ["", "x", "7K3M-Q9X2-ABCT", "8938505974018", "<script>alert(1)</script>", "7" * 5000, "\u202e\x00"])
def test_what_cannot_be_looked_up_gets_help_and_keeps_what_was_typed(client, typed):
    answer = client.get("/lookup", query_string={"code": typed, "lang": "en"})
    assert answer.status_code == 400
    assert "<script>alert" not in answer.text
    if typed == "7K3M-Q9X2-ABCT":
        assert 'value="7K3M-Q9X2-ABCT"' in answer.text


@pytest.mark.parametrize("turned", [0, 90, 180, 17])
def test_a_photograph_of_a_label_leads_to_its_page(client, workshop, turned):
    batch = workshop.stamped(form="signed")
    label = lay_out(workshop.label(batch, form="signed"), SIZE_50X30, ModuleSize.for_dpi(300))
    picture = Image.open(io.BytesIO(render_png(label, 300))).convert("L").resize((1200, 720))
    out = io.BytesIO()
    picture.rotate(turned, expand=True, fillcolor=255).save(out, "JPEG", quality=70)
    answer = photograph(client, out.getvalue())
    assert answer.status_code == 303 and client.get(answer.location).status_code == 200


def test_a_photograph_of_a_foreign_code_is_warned_of(client):
    answer = photograph(client, picture_of("https://EVIL.EXAMPLE.COM/S/7K3MQ9X2ABCS"))
    assert answer.status_code == 400 and "This address is not ours" in answer.text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a picture"),
        (b"%PDF-1.7 nothing", "not a picture"),
        (b"\xff\xd8\xff\xe0" + bytes(500), "not a picture"),
        (huge_png(25_000, 20_000), "500 megapixels"),
        (huge_png(60_000, 60_000), "megapixels"),
        (picture_of("https://TRACE.EXAMPLE.VN/S/7K3MQ9X2ABCS")[:300], "not a picture"),
    ],
    ids=["empty", "pdf", "broken jpeg", "500 megapixels", "bomb", "cut short"],
)
def test_a_picture_that_is_none_or_too_large_is_refused_in_plain_words(client, content, words):
    answer = photograph(client, content)
    assert answer.status_code == 400 and words in answer.text


def test_an_upload_above_the_limit_answers_413(client):
    assert photograph(client, bytes(13 * 1024 * 1024)).status_code == 413


def test_a_picture_without_a_stamp_says_how_to_do_better(client):
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "grey").save(out, "JPEG")
    answer = photograph(client, out.getvalue())
    assert answer.status_code == 400 and "Go closer" in answer.text
    assert client.post("/photograph?lang=en", data={}).status_code == 400


REPORT = {"stamp": "7K3MQ9X2ABCS", "kind": "other", "words": "odd", "place": "market", "key": "k1"}


def report(client, **fields):
    return client.post("/report?lang=en", data={**REPORT, **fields})


def test_a_report_is_stored_once_however_often_it_is_sent(client, workshop, services):
    batch = workshop.stamped()
    answers = [report(client, stamp=f"/S/{batch.code}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201] and answers[0].text == answers[1].text
    with reading(services.engine) as session:
        row = session.scalars(select(ConsumerReport)).one()
        assert (row.batch_id, row.verdict, row.words, row.place) == (batch.id, "ISSUED", "odd", "market")


def test_a_bad_report_loses_nothing_that_was_written(client):
    answer = report(client, kind="nonsense", words="my <b>words</b>", place="Chợ Cốc Lếu")
    assert answer.status_code == 400
    assert "my &lt;b&gt;words&lt;/b&gt;" in answer.text and "Chợ Cốc Lếu" in answer.text and 'value="k1"' in answer.text
    assert report(client, words="x" * 1001).status_code == 400
    assert report(client, key="").status_code == 400


def test_a_report_from_another_site_is_refused(client):
    entry = {"stamp": "7K3MQ9X2ABCS", "kind": "other", "words": "odd", "key": "k2"}
    assert client.post("/report", data=entry, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_many_reports_from_one_visitor_are_held_back(client):
    agents = [f"Phone {number}" for number in range(32)]
    statuses = [client.post("/report", data={**REPORT, "key": agent}, headers={"User-Agent": agent}).status_code for agent in agents]
    assert statuses == [201] * 30 + [429] * 2


def test_pictures_may_be_kept_and_others_are_not_found(client, workshop):
    batches = workshop.sample()
    pages = (client.get(f"/S/{batch.code}").text for batch in batches)
    path = next(part for page in pages for part in page.split('"') if part.startswith("/picture/"))
    answer = client.get(path)
    assert answer.mimetype == "image/webp" and "immutable" in answer.headers["Cache-Control"] and len(answer.data) <= 26_000
    assert client.get("/picture/" + "0" * 64).status_code == 404
    assert client.get("/picture/%00").status_code == 404


def test_samples_are_listed_where_labels_are_samples_and_nowhere_else(app, client, workshop, services):
    workshop.sample()
    assert client.get("/").text.count("<li>") == 0
    app.extensions["traceability"] = replace(services, settings=replace(services.settings, test_mode=True))
    page = client.get("/").text
    assert 5 <= page.count("<li>") <= 12
    assert client.get(page.split('<li><a href="')[1].split('"')[0]).status_code == 200


@pytest.mark.parametrize("path", ["/nowhere", "/admin", "/.env", "/S.php"])
def test_what_is_not_there_answers_404_with_help(client, path):
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 404 and "Look up a code" in answer.text


def test_the_number_under_a_bar_code_leads_to_the_product_and_asks_for_the_lot(client, workshop):
    workshop.stamped(workshop.product(gtin=GTIN), form="gs1")
    answer = client.get("/lookup", query_string={"code": "9 521234 500018", "lang": "en"})
    assert answer.location == f"/01/{GTIN}?lang=en" and "Which lot?" in client.get(answer.location).text


@pytest.mark.parametrize("query", ["", "?gtin=", "?gtin=1&lot=A", "?lot=A", "?gtin=9521234500018&lot="])
def test_a_lot_without_a_product_is_told_in_words_and_no_mistake_of_ours(client, query):
    answer = client.get(f"/lot{query}", headers={"Accept-Language": "en"})
    assert answer.status_code in (400, 404)
