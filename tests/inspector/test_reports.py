"""What consumers report, with a photograph: once, re-encoded, and for inspectors and the office alone."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import select

from traceability.models import AuditEntry, ConsumerReport
from traceability.models.engine import reading


def a_picture(colour="red", kind="JPEG") -> bytes:
    made = io.BytesIO()
    exif = Image.Exif()
    exif[271] = "A camera"
    Image.new("RGB", (640, 480), colour).save(made, kind, exif=exif)
    return made.getvalue()


def report(client, batch=None, *, picture=None, **changed):
    given = {
        "stamp": f"/S/{batch.code}" if batch else "nothing",
        "kind": "goods_differ",
        "words": "Khác màu.",
        "place": "Chợ Sa Pa",
        "key": "k",
    }
    files = {"photograph": (io.BytesIO(picture), "../x.svg", "image/svg+xml")} if picture is not None else {}
    return client.post("/report?lang=en", data={**given, **changed, **files}, content_type="multipart/form-data")


def rows(services):
    with reading(services.engine) as session:
        return list(session.scalars(select(ConsumerReport).order_by(ConsumerReport.id)))


def files(services):
    folder = services.settings.instance / "uploads"
    return sorted(path.name for path in folder.glob("*")) if folder.exists() else []


def test_a_photograph_is_reencoded_kept_private_and_shown_beside_the_batchs_own(client, inspector, workshop, services):
    batch = workshop.stamped()
    assert report(client, batch, picture=a_picture()).status_code == 201
    [row] = rows(services)
    assert files(services) == [row.photograph]
    kept = services.uploads.get(row.photograph)
    assert kept.startswith(b"RIFF") and b"A camera" not in kept
    address = f"/inspector/reports/{row.id}"
    page = inspector.get(address).text
    assert f"{address}/photograph" in page and "Khác màu." in page and batch.lot in page
    answer = inspector.get(f"{address}/photograph")
    assert answer.mimetype == "image/webp" and answer.data == kept
    assert client.get(f"{address}/photograph").status_code != 200


def test_a_report_that_is_sent_twice_keeps_one_photograph(client, workshop, services):
    batch = workshop.stamped()
    assert [report(client, batch, picture=a_picture(colour)).status_code for colour in ("red", "blue")] == [201, 201]
    [row] = rows(services)
    assert files(services) == [row.photograph]


@pytest.mark.parametrize(
    "changed", [{"picture": b"no picture"}, {"picture": a_picture(), "kind": "nonsense"}, {"picture": a_picture(), "words": "x" * 1001}]
)
def test_a_bad_report_is_told_with_what_was_written_and_keeps_nothing(client, workshop, services, changed):
    answer = report(client, workshop.stamped(), **changed)
    assert answer.status_code == 400 and "Chợ Sa Pa" in answer.text and rows(services) == [] and files(services) == []


def test_a_report_without_a_photograph_and_with_an_empty_field_is_taken(client, workshop, services):
    assert report(client, workshop.stamped(), picture=b"").status_code == 201
    assert rows(services)[0].photograph is None


def test_a_report_is_put_aside_once_with_what_became_of_it(client, inspector, workshop, services):
    report(client, workshop.stamped())
    address = f"/inspector/reports/{rows(services)[0].id}"
    assert inspector.post(address, address, words=" ").status_code == 400
    for words in ("Visited the shop.", "Other words."):
        assert inspector.post(address, "/inspector/alerts", words=words).status_code == 303
    [row] = rows(services)
    assert (row.handled_words, row.handled_by) == ("Visited the shop.", "inspector")
    assert f"{address}?" not in inspector.get("/inspector/reports").text
    assert f"{address}?" in inspector.get("/inspector/reports?state=handled").text
    with reading(services.engine) as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.act == "handle_report"))
    assert "Khác màu." not in (entry.after or "") and entry.object_id == row.id


def test_an_inspector_of_a_commune_sees_reports_of_its_own_producers_alone(client, sign_in, workshop, services):
    own = workshop.stamped(workshop.product(workshop.producer(province_code="15", commune_code="02683")))
    for number, batch in enumerate((own, workshop.stamped(), None)):
        assert report(client, batch, key=f"k{number}", picture=a_picture()).status_code == 201
    mine, others, none = (row.id for row in rows(services))
    browser = sign_in("inspector", "02683")
    assert re.findall(r"/inspector/reports/(\d+)\?", browser.get("/inspector/reports").text) == [str(mine)]
    for number in (others, none):
        assert browser.get(f"/inspector/reports/{number}").status_code == 404
        assert browser.get(f"/inspector/reports/{number}/photograph").status_code == 404
        assert browser.post(f"/inspector/reports/{number}", f"/inspector/reports/{mine}", words="x").status_code == 404


def test_reports_are_searched_filtered_and_sorted(client, inspector, workshop, services):
    batch = workshop.stamped()
    report(client, batch, key="1")
    report(client, None, key="2", kind="pack_opened", place="Hà Nội")
    first, second = (row.id for row in rows(services))

    def listed(query):
        return [int(number) for number in re.findall(r"/inspector/reports/(\d+)\?", inspector.get(f"/inspector/reports?{query}").text)]

    assert listed("") == [second, first] and listed("order=oldest") == [first, second]
    assert listed("kind=pack_opened") == [second] and listed("search=Sa+Pa") == [first] and listed(f"search={batch.code}") == [first]
    assert listed("search=%25") == [] and listed("state=handled") == []
