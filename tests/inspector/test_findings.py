"""Findings: taken exactly once, never changed, kept from the public but for day, body and result."""

import io
import json
import uuid
from hashlib import sha256

import pytest
from PIL import Image
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from tests.factories import HOST
from traceability.models import Inspection, InspectionPhotograph
from traceability.models.engine import reading


def picture(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(out, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
    return out.getvalue()


def a_finding(batch, **changed):
    given = {
        "id_on_phone": str(uuid.UUID(int=7)),
        "stamp_text": f"https://{HOST}/S/{batch.code}",
        "verdict": "ISSUED",
        "pack_number": 3,
        "found_at": "2026-11-01T02:00:00.123Z",
        "place": "Chợ Cốc Lếu",
        "result": "serious",
        "checked": ["label", "dates"],
        "words": "Hạn sử dụng bị tẩy.",
        "photographs": [],
    }
    return {**given, **changed}


def send(browser, finding, photographs=()):
    token = browser.get("/inspector/pack").json.get("token") or "x"
    files = [(io.BytesIO(content), f"{number}.jpg") for number, content in enumerate(photographs)]
    body = {"finding": finding if isinstance(finding, str) else json.dumps(finding), "photograph": files}
    return browser.client.post(
        "/inspector/findings",
        data=body,
        content_type="multipart/form-data",
        base_url="https://trace.example.vn",
        headers={"X-CSRFToken": token, "Sec-Fetch-Mode": "cors"},
    )


def count(services, table=Inspection) -> int:
    with reading(services.engine) as session:
        return session.scalar(select(func.count(table.id)))


def files(services) -> list:
    return list((services.settings.instance / "uploads").glob("*"))


def test_a_finding_is_taken_once_however_often_it_comes(inspector, workshop, services):
    batch = workshop.stamped(units=9)
    shots = [picture("red"), picture("blue")]
    finding = a_finding(
        batch,
        stamp_text=f"https://{HOST}{workshop.unit_path(batch, 4)}",
        photographs=[sha256(shot).hexdigest() for shot in shots],
        **{"seized": 12, "seized_unit": "jar", "explained_to": "Bà Lan", "latitude": 22.48, "longitude": 103.97},
    )
    first = send(inspector, finding, shots)
    assert first.status_code == 201 and first.json["new"]
    for _ in range(3):
        again = send(inspector, finding, shots)
        assert again.status_code == 200 and again.json == {"number": first.json["number"], "new": False}
    assert count(services) == 1 and count(services, InspectionPhotograph) == 2 and len(files(services)) == 2
    with reading(services.engine) as session:
        row = session.scalars(select(Inspection)).one()
        assert (row.batch_id, row.unit, row.result, row.checked) == (batch.id, 4, "serious", ["dates", "label"])
        assert (row.seized, row.seized_unit, row.explained_to, row.latitude) == (12, "jar", "Bà Lan", 22.48)
        assert row.inspector == "inspector" and row.received_at == services.clock()


def test_photographs_are_reencoded_and_seen_by_whoever_may_see_the_finding_alone(inspector, sign_in, client, workshop, services):
    batch, shot = workshop.stamped(), picture()
    number = send(inspector, a_finding(batch, photographs=[sha256(shot).hexdigest()]), [shot]).json["number"]
    page = inspector.get(f"/inspector/findings/{number}?lang=en")
    assert page.status_code == 200 and "Hạn sử dụng bị tẩy." in page.text
    address = f"/inspector/findings/{number}/photographs/1"
    answer = inspector.get(address)
    assert answer.mimetype == "image/webp" and Image.open(io.BytesIO(answer.data)).getexif() == {}
    assert client.get(address).status_code in (302, 303)
    assert sign_in("inspector", "02683").get(address).status_code == 404
    with reading(services.engine) as session:
        kept = session.scalars(select(InspectionPhotograph)).one()
    assert client.get(f"/picture/{kept.sha256}").status_code == 404


def test_the_public_page_shows_day_body_and_result_on_the_next_scan_and_nothing_else(inspector, client, workshop):
    batch = workshop.stamped()
    address = f"/S/{batch.code}?lang=en"
    assert "Official checks" not in client.get(address).text
    assert send(inspector, a_finding(batch, explained_to="Bà Lan", seized=3, seized_unit="box")).status_code == 201
    page = client.get(address).text
    assert "Official checks" in page and "Serious" in page
    for hidden in ("Cốc Lếu", "tẩy", "Bà Lan", ">inspector<"):
        assert hidden not in page


def test_two_inspectors_on_one_batch_are_both_kept(inspector, sign_in, workshop, services):
    batch = workshop.stamped()
    other = sign_in("inspector", "02683")
    assert send(inspector, a_finding(batch)).status_code == 201
    assert send(other, a_finding(batch, id_on_phone=str(uuid.UUID(int=8)), result="in_order", words="")).status_code == 201
    assert count(services) == 2


def test_a_finding_is_never_changed_or_deleted_whoever_writes(inspector, workshop, services):
    send(inspector, a_finding(workshop.stamped()))
    for statement in ("UPDATE inspection SET result = 'in_order'", "DELETE FROM inspection"):
        with pytest.raises(IntegrityError, match="inspection_"), services.engine.begin() as connection:
            connection.execute(text(statement))


@pytest.mark.parametrize("stamp", ["WIFI:S:x;;", "https://EXAMPLE.ORG/S/7K3MQ9X2ABCS", "7K3MQ9X2ABCS"])
def test_goods_without_a_stamp_of_ours_can_be_found_too(inspector, workshop, services, stamp):
    answer = send(inspector, a_finding(workshop.stamped(), stamp_text=stamp, verdict="MALFORMED"))
    assert answer.status_code == 201
    with reading(services.engine) as session:
        row = session.scalars(select(Inspection)).one()
        assert row.batch_id is None and row.stamp_text == stamp
    assert inspector.get(f"/inspector/findings/{row.id}").status_code == 200 and inspector.get("/inspector/findings").status_code == 200


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"place": " "}, "finding_place"),
        ({"place": "x" * 201}, "finding_place"),
        ({"result": "perfect"}, "finding_result"),
        ({"result": "to_correct"}, "finding_correct_by"),
        ({"result": "to_correct", "correct_by": "2026-10-01"}, "finding_correct_by"),
        ({"correct_by": "2026-12-01"}, "finding_correct_by"),
        ({"words": " "}, "finding_words"),
        ({"words": "x" * 2001}, "finding_words"),
        ({"checked": ["colour"]}, "finding_checked"),
        ({"seized": 3}, "finding_seized"),
        ({"seized": 0, "seized_unit": "kg"}, "finding_seized"),
        ({"seized": 3, "seized_unit": "ounce"}, "finding_seized"),
        ({"latitude": 1.0}, "finding_coordinates"),
        ({"latitude": 91.0, "longitude": 0.0}, "finding_coordinates"),
        ({"photographs": ["0" * 64]}, "finding_photographs"),
        ({"photographs": ["x"]}, "finding_photographs"),
        ({"id_on_phone": "1"}, "finding_id"),
        ({"seized": "3", "seized_unit": "kg"}, "finding_form"),
        ({"found_at": "yesterday"}, "finding_form"),
        ({"verdict": "GREAT"}, "finding_form"),
        ({"account_id": 1}, "finding_form"),
        ({"pack_number": 2**40}, "finding_form"),
        ({"words": "\0"}, "finding_form"),
    ],
)
def test_a_bad_finding_is_refused_with_a_reason_and_leaves_nothing(inspector, workshop, services, changed, code):
    answer = send(inspector, a_finding(workshop.stamped(), **changed))
    assert answer.status_code == 400 and answer.json["error"] == code and len(answer.json["words"]) > 15
    assert count(services) == 0 and files(services) == []


@pytest.mark.parametrize("body", ["", "[]", "null", "{}", "{", '"x"', "[" * 5000])
def test_what_is_no_finding_is_refused(inspector, services, body):
    assert send(inspector, body).json["error"] == "finding_form" and count(services) == 0


def test_a_photograph_that_cannot_be_read_takes_nothing(inspector, workshop, services):
    good, bad = picture(), b"\xff\xd8 no picture"
    finding = a_finding(workshop.stamped(), photographs=[sha256(good).hexdigest(), sha256(bad).hexdigest()])
    assert send(inspector, finding, [good, bad]).status_code == 400
    assert count(services) == 0 and files(services) == []


def test_inspectors_see_their_own_and_their_area_s_findings_and_the_office_all(inspector, sign_in, workshop, services):
    own = workshop.stamped(workshop.product(workshop.producer(province_code="15", commune_code="02683")), lot="CUA-XA")
    other = workshop.stamped(lot="NOI-KHAC")
    for number, batch in enumerate((own, other)):
        send(inspector, a_finding(batch, id_on_phone=str(uuid.UUID(int=number))))
    bounded, office = sign_in("inspector", "02683"), sign_in("office")
    assert "CUA-XA" in bounded.get("/inspector/findings").text and "NOI-KHAC" not in bounded.get("/inspector/findings").text
    assert all(lot in office.get("/inspector/findings").text for lot in ("CUA-XA", "NOI-KHAC"))
    assert "NOI-KHAC" not in office.get("/inspector/findings?search=cua-xa").text
    assert "CUA-XA" not in office.get("/inspector/findings?state=in_order").text
    # The office looks, and writes nothing down in an inspector's name.
    assert send(office, a_finding(own, id_on_phone=str(uuid.UUID(int=9)))).status_code == 404


def test_a_finding_stands_in_the_audit_trail_without_the_name_of_who_was_told(app, inspector, workshop):
    send(inspector, a_finding(workshop.stamped(), explained_to="Bà Nguyễn Thị Lan"))
    listed = app.test_cli_runner().invoke(args=["audit", "list"]).output
    assert "record_finding" in listed and "Nguyễn" not in listed
