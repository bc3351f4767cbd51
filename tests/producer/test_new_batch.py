"""The batch's form: what it begins with, what it makes, and that nothing is lost."""

import io
import re
from datetime import date

import pytest
from PIL import Image
from sqlalchemy import func, select

from tests.factories import overlapping
from tests.producer.conftest import pdf, photograph
from traceability.models import Batch, BatchDraft, DraftFile, Photograph, Picture, Product, Report, Stage, Upload
from traceability.models.engine import acting, reading
from traceability.operations.accounts import add_member
from traceability.operations.batch_draft import save_draft
from traceability.operations.kept_files import keep_picture
from traceability.operations.sign_in import list_sessions

ODD_NAMES = {
    "combining": "Ba\u0309n Pho\u0302\u0301",
    "right_to_left": "\u202eمزرعة‎",
    "markup": "<script>alert(1)</script>&amp;'\"",
    "emoji": "🍯 mật ong",
}


def count(services, table) -> int:
    with reading(services.engine) as session:
        return session.scalar(select(func.count()).select_from(table))


def value_of(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def test_the_form_begins_with_todays_lot_and_dates(lan, clock):
    page = lan.browser.get(lan.form).text
    today = clock().astimezone().date()
    assert value_of(page, "lot") == f"{today:%y%m%d}-1" and value_of(page, "packed_on") == today.isoformat()


def test_a_batch_is_registered_opened_and_leads_to_printing(lan, services):
    code = lan.batch(
        stage=["harvest", "packing"],
        stage_place_harvest="Ruộng Mường Vi",
        harvested_on="2026-10-01",
        growing_area="Cánh đồng",
        growing_code="VN-LC-01",
        place="Bản Xèo",
    )
    with reading(services.engine) as session:
        batch = session.scalars(select(Batch)).one()
        assert (batch.code, batch.state, batch.lot, batch.quantity, batch.place) == (code, "open", "L-1", 100, "Bản Xèo")
        assert [(row.kind, row.happened_on, row.place) for row in batch.stages] == [
            ("harvest", date(2026, 10, 1), "Ruộng Mường Vi"),
            ("packing", date(2026, 10, 6), None),
        ]
        assert (batch.growing_areas[0].name, batch.growing_areas[0].code) == ("Cánh đồng", "VN-LC-01")
        assert batch.created_by == "Lan" and batch.created_role == "producer"
    assert count(services, BatchDraft) == 0


def test_the_button_pressed_twice_makes_one_batch(lan, services):
    first, second = lan.register(), lan.register()
    assert first.status_code == second.status_code == 303
    assert first.location.split("?")[0] == second.location.split("?")[0]
    assert count(services, Batch) == 1 and count(services, BatchDraft) == 0


def test_going_back_and_changing_the_lot_makes_another_batch(lan, services):
    assert lan.batch(lot="L-1") != lan.batch(lot="L-2")
    assert count(services, Batch) == 2


def test_the_next_lot_follows_the_last_one_and_the_products_pattern(lan, clock):
    lan.batch(lot="261006-1")
    today = clock().astimezone().date()
    assert value_of(lan.browser.get(lan.form).text, "lot") == f"{today:%y%m%d}-1"
    numbering = f"/producer/products/{lan.product_id}/numbering?lang=en"
    assert lan.browser.post(numbering, pattern="SC{yyyy}.{n}", keeps_days="365").status_code == 303
    page = lan.browser.get(lan.form).text
    assert value_of(page, "lot") == f"SC{today.year}.1"
    assert value_of(page, "best_before") == date.fromordinal(today.toordinal() + 365).isoformat()
    refused = lan.browser.post(numbering, pattern="SC{year}", keeps_days="365")
    assert refused.status_code == 400 and "SC{year}" in refused.text
    assert lan.browser.post(numbering, pattern="", keeps_days="0").status_code == 400


def test_as_last_time_copies_quantity_and_stages_but_no_fact_of_the_old_goods(lan):
    told = {"stage": ["sowing", "harvest", "testing"], "stage_note_harvest": "18,5 tấn", "harvested_on": "2026-10-01"}
    lan.batch(quantity="240", package="jar", growing_area="Bản Phố", **told)
    page = lan.browser.get(lan.form + "&like=last").text
    assert value_of(page, "quantity") == "240" and value_of(page, "growing_area") == "Bản Phố"
    assert re.search(r'value="harvest" checked', page) and not re.search(r'value="(?:sowing|testing)" checked', page)
    assert "18,5" not in page and '<option value="jar" selected' in page
    plain = lan.browser.get(lan.form).text
    assert value_of(plain, "quantity") == "" and value_of(plain, "growing_area") == "Bản Phố"


def test_a_bad_entry_keeps_all_that_was_typed_and_handed_over(lan, services):
    lan.batch()
    files = {"photograph": (io.BytesIO(photograph()), "IMG_1.jpg"), "report": (io.BytesIO(pdf()), "kiem-nghiem.pdf")}
    answer = lan.register(key="k2", lot="l-1", place="Thôn Phéc Bủng", stage=["packing"], stage_note_packing="túi 5 kg", **files)
    assert answer.status_code == 400 and "has the lot L-1 already" in answer.text
    for kept in ('value="l-1"', "Thôn Phéc Bủng", "túi 5 kg", "IMG_1.jpg", "kiem-nghiem.pdf", 'value="packing" checked'):
        assert kept in answer.text, kept
    # On another day, from another phone, it is still there; and then it goes through with its files.
    assert "Thôn Phéc Bủng" in lan.browser.get(lan.form).text
    lan.batch(key="k2", lot="L-2", place="Thôn Phéc Bủng")
    with reading(services.engine) as session:
        made = session.scalars(select(Batch).where(Batch.lot == "L-2")).one()
        assert len(made.photographs) == 1 and [row.title for row in made.reports] == ["kiem-nghiem.pdf"]
        assert made.reports[0].upload.media_type == "application/pdf"
    assert count(services, DraftFile) == 0


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(
            ("quantity", "zehn"),
            ("quantity", "0"),
            ("quantity", "99999999999"),
            ("packed_on", "31/12/2026"),
            ("lot", ""),
            ("lot", "x" * 40),
        ),
        *(("harvested_on", "2026-10-07"), ("packed_on", "2030-01-01"), ("package", "barrel"), ("stage", "flying"), ("place", "x" * 301)),
    ],
)
def test_each_bad_field_is_told_in_words_and_makes_nothing(lan, services, field, text):
    answer = lan.register(**{field: text})
    assert answer.status_code == 400 and 'role="alert"' in answer.text
    assert count(services, Batch) == count(services, Stage) == 0


@pytest.mark.parametrize("text", ["1.000", "1,000", "1 000", "1\u00a0000", "1000"])
def test_a_quantity_is_read_as_people_write_it(lan, services, text):
    lan.batch(quantity=text)
    with reading(services.engine) as session:
        assert session.scalars(select(Batch.quantity)).one() == 1000


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_odd_names_are_kept_as_written_and_shown_as_text(lan, name):
    code = lan.batch(place=name, growing_area=name, stage=["packing"], stage_place_packing=name)
    for page in (lan.browser.get(lan.at(code)).text, lan.browser.get(lan.form).text):
        assert "<script>alert" not in page
    assert lan.browser.get(f"/S/{code}").status_code == 404


def test_a_photograph_of_thirty_megabytes_is_refused_in_words_and_the_form_is_kept(lan, services):
    huge = photograph() + bytes(30 * 1024 * 1024)
    answer = lan.register(place="Thôn Phéc Bủng", photograph=(io.BytesIO(huge), "IMG_2.jpg"))
    assert answer.status_code == 400 and "larger than 12 MB" in answer.text and "Thôn Phéc Bủng" in answer.text
    assert count(services, Batch) == 0
    lan.batch(place="Thôn Phéc Bủng")


def test_more_than_a_form_may_hold_is_told_in_words(lan):
    answer = lan.register(photograph=(io.BytesIO(bytes(100 * 1024 * 1024)), "IMG_3.jpg"))
    assert answer.status_code == 413 and "Too large" in answer.text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("report.pdf", b"MZ\x90\x00" + bytes(3000), "whatever its name says"),
        ("report.pdf", b"\x7fELF" + bytes(3000), "whatever its name says"),
        ("report.pdf", b"%PDF-1.7\nMZ" + bytes(3000), "whatever its name says"),
        ("report.pdf", b"<html><script>1</script>", "whatever its name says"),
        ("report.pdf", pdf(b"/OpenAction << /S /JavaScript /JS (app.alert) >>"), "holds programs"),
        ("report.pdf", pdf(b"/S /Launch"), "holds programs"),
        ("report.pdf", pdf(b"/S /J#61va#53cript"), "holds programs"),
        ("report.pdf", pdf(bytes(11 * 1024 * 1024)), "larger than 10 MB"),
        ("IMG.jpg", b"GIF89a" + bytes(100), "whatever its name says"),
    ],
)
def test_a_report_is_what_its_content_says_and_not_its_name(lan, services, name, content, words):
    answer = lan.register(report=(io.BytesIO(content), name))
    assert answer.status_code == 400 and words in answer.text
    assert count(services, Upload) == count(services, Batch) == 0
    folder = services.settings.instance / "uploads"
    assert not folder.exists() or not list(folder.iterdir())


def test_a_photograph_loses_its_position_and_is_public_only_with_its_batch(lan, minh, services):
    token = re.search(r'name="csrf_token" value="([^"]+)"', lan.browser.get(lan.form).text)[1]
    upload = {"csrf_token": token, "photograph": (io.BytesIO(photograph()), "IMG_1.jpg")}
    address = lan.form.replace("/batch?", "/draft/files?")
    assert lan.browser.client.post(address, data=upload, base_url="https://trace.example.vn").status_code == 200
    with reading(services.engine) as session:
        picture = session.scalars(select(Picture)).one()
        opened = Image.open(io.BytesIO(picture.content))
        assert opened.format == "WEBP" and not opened.getexif() and max(opened.size) <= 800
        sha256 = picture.sha256
    assert lan.browser.get(f"/producer/draft-pictures/{sha256}").status_code == 200
    for stranger, path in ((minh, f"/producer/draft-pictures/{sha256}"), (minh, f"/picture/{sha256}")):
        assert stranger.browser.get(path).status_code == 404
    code = lan.batch()
    assert lan.browser.client.get(f"/picture/{sha256}").status_code == 200
    assert count(services, Photograph) == 1 and f"/picture/{sha256}" in lan.browser.get(lan.at(code)).text


def test_a_report_is_kept_under_a_random_name_and_only_ever_saved(lan, minh, services):
    code = lan.batch(report=(io.BytesIO(pdf()), "../../etc/kết quả.pdf"))
    with reading(services.engine) as session:
        report, upload = session.scalars(select(Report)).one(), session.scalars(select(Upload)).one()
        assert report.title == "kết quả.pdf" and re.fullmatch("[0-9a-f]{64}", upload.name)
    stored = services.settings.instance / "uploads" / upload.name
    assert stored.read_bytes() == pdf() and stored.stat().st_mode & 0o777 == 0o600
    answer = lan.browser.get(lan.at(code, "reports", report.id))
    assert answer.content_type == "application/pdf" and answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in answer.headers["Content-Security-Policy"]
    assert minh.browser.get(lan.at(code, "reports", report.id)).status_code == 404
    stored.unlink()
    assert lan.browser.get(lan.at(code, "reports", report.id)).status_code == 404


def test_files_can_be_taken_back_and_a_draft_thrown_away_with_all_of_it(lan, services):
    lan.register(lot="", report=(io.BytesIO(pdf()), "a.pdf"), photograph=(io.BytesIO(photograph()), "b.jpg"))
    folder = services.settings.instance / "uploads"
    assert count(services, DraftFile) == 2 and len(list(folder.iterdir())) == 1
    remove = re.search(r'formaction="([^"]+/remove[^"]*)" formnovalidate aria-label="Remove a.pdf"', lan.browser.get(lan.form).text)[1]
    assert lan.browser.post(remove, lan.form, lot="L-9", place="Sa Pả").status_code == 303
    assert count(services, DraftFile) == 1 and not list(folder.iterdir()) and "Sa Pả" in lan.browser.get(lan.form).text
    assert lan.browser.post(remove, lan.form).status_code == 404
    lan.browser.post(lan.form.replace("/batch?", "/draft/discard?"), lan.form)
    assert count(services, DraftFile) == count(services, BatchDraft) == 0 and "Sa Pả" not in lan.browser.get(lan.form).text


def test_at_most_twelve_files_go_with_a_batch(lan):
    many = [(io.BytesIO(photograph(100 + number, 100)), f"{number}.jpg") for number in range(13)]
    answer = lan.register(photograph=many)
    assert answer.status_code == 400 and "At most 12 files" in answer.text


def test_what_is_typed_is_saved_for_this_account_alone(lan, colleague):
    assert lan.browser.post(lan.form.replace("/batch?", "/draft?"), lan.form, lot="NHAP-1", stage=["packing"]).json["saved"]
    assert value_of(lan.browser.get(lan.form).text, "lot") == "NHAP-1"
    assert "NHAP-1" not in colleague.browser.get(colleague.form).text
    long = lan.browser.post(lan.form.replace("/batch?", "/draft?"), lan.form, lot="x" * 2000)
    assert long.status_code == 400 and "longer" in long.json["problem"]


def test_a_form_sent_after_the_session_ended_is_filled_in_again_after_sign_in(lan, services):
    page = lan.browser.get(lan.form).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    with reading(services.engine) as session:
        number = list_sessions(session, lan.account_id)[0].id
    lan.browser.post(f"/account/sessions/{number}/end", "/account")
    fields = {"csrf_token": token, "lot": "HET-1", "quantity": "7", "stage": ["harvest", "packing"], "key": "k9", "packed_on": "2026-10-06"}
    answer = lan.browser.client.post(lan.form, data=fields, base_url="https://trace.example.vn")
    assert answer.status_code == 303 and "/account/sign-in" in answer.location
    answer = lan.browser.sign_in("lan")
    assert answer.location.startswith(lan.form.split("?")[0])
    page = lan.browser.get(answer.location).text
    assert value_of(page, "lot") == "HET-1" and value_of(page, "quantity") == "7"
    assert len(re.findall(r'name="stage" value="(?:harvest|packing)" checked', page)) == 2
    # It is filled in once, and never for somebody else.
    assert "HET-1" not in lan.browser.get(lan.form).text


def test_a_form_of_an_ended_session_is_not_filled_in_for_somebody_else(lan, minh, services):
    token = re.search(r'name="csrf_token" value="([^"]+)"', lan.browser.get(lan.form).text)[1]
    with reading(services.engine) as session:
        number = list_sessions(session, lan.account_id)[0].id
    lan.browser.post(f"/account/sessions/{number}/end", "/account")
    lan.browser.client.post(lan.form, data={"csrf_token": token, "lot": "HET-2"}, base_url="https://trace.example.vn")
    lan.browser.sign_in("minh")
    assert "HET-2" not in lan.browser.get(f"/producer/products/{minh.product_id}/batch?lang=en").text


def test_a_token_of_another_session_changes_nothing(lan, minh, services):
    token = re.search(r'name="csrf_token" value="([^"]+)"', minh.browser.get(minh.form).text)[1]
    fields = {"csrf_token": token, "lot": "X", "quantity": "1", "package": "bag", "key": "k"}
    answer = lan.browser.client.post(lan.form, data=fields, base_url="https://trace.example.vn")
    assert answer.status_code == 400 and count(services, Batch) == 0


def test_a_product_of_somebody_else_is_not_there(lan, minh, services):
    for path in (minh.form, minh.form.replace("/batch?", "/numbering?")):
        assert lan.browser.get(path).status_code == 404
    assert lan.browser.post(minh.form, lan.form, lot="X", quantity="1", package="bag", key="k").status_code == 404
    assert count(services, Batch) == 0


def test_a_service_has_neither_lot_nor_quantity(app, workshop, services, lan):
    product = workshop.product(workshop.producer(), ocop_group=6)
    with acting(services.engine) as session:
        add_member(session, lan.account_id, product.producer_id, "member", now=services.clock())
    form = f"/producer/products/{product.id}/batch?lang=en"
    page = lan.browser.get(form).text
    assert 'name="lot"' not in page and 'value="hosting"' in page
    answer = lan.browser.post(form, place="Bản Liền", stage=["hosting"], key="s1")
    assert answer.status_code == 303
    printed = lan.browser.get(answer.location).text
    assert 'value="1"' in printed and "all with the batch" in printed


def test_a_right_to_an_indication_is_proposed_and_can_be_left_out(lan, workshop, services):
    with reading(services.engine) as session:
        product = session.get(Product, lan.product_id)
    indication = workshop.indication()
    workshop.use_right(product, indication)
    assert re.search(r'name="indication" value="\d+" checked', lan.browser.get(lan.form).text)
    lan.batch(lot="GI-1", indication=str(indication.id))
    lan.batch(lot="GI-2", key="k2")
    with reading(services.engine) as session:
        assert session.scalars(select(Batch.indication_id).order_by(Batch.id)).all() == [indication.id, None]
    # Left out last time, it is not claimed by itself the next time.
    assert not re.search(r'name="indication" value="\d+" checked', lan.browser.get(lan.form).text)


def test_only_a_tap_says_the_hour_a_form_says_the_day(lan, services):
    lan.batch(stage=["storage"])
    with reading(services.engine) as session:
        assert session.scalars(select(Stage)).one().happened_at is None


def test_as_last_time_does_not_write_over_what_somebody_typed(lan):
    lan.batch(quantity="240")
    lan.browser.post(lan.form.replace("/batch?", "/draft?"), lan.form, lot="NHAP-7", quantity="3")
    page = lan.browser.get(lan.form + "&like=last").text
    assert value_of(page, "lot") == "NHAP-7" and value_of(page, "quantity") == "3" and "begin anew" in page


def test_what_was_still_on_its_way_when_the_batch_was_registered_makes_no_ghost(lan, services):
    lan.batch()
    late = lan.browser.post(lan.form.replace("/batch?", "/draft?"), lan.form, lot="L-1", quantity="100", key=f"k{lan.account_id}")
    assert late.status_code == 200 and count(services, BatchDraft) == 0
    # Gone back and changed: that is a new batch, and kept.
    lan.browser.post(lan.form.replace("/batch?", "/draft?"), lan.form, lot="L-2", quantity="100", key=f"k{lan.account_id}")
    assert count(services, BatchDraft) == 1


def test_the_same_key_with_another_quantity_is_another_batch_or_told(lan, services):
    lan.batch()
    answer = lan.register(quantity="1000")
    assert answer.status_code == 400 and "has the lot L-1 already" in answer.text


def test_the_same_report_twice_is_kept_once(lan, services):
    lan.register(lot="", report=(io.BytesIO(pdf()), "a.pdf"))
    lan.register(lot="", report=(io.BytesIO(pdf()), "a.pdf"))
    assert count(services, Upload) == 1 and len(list((services.settings.instance / "uploads").iterdir())) == 1


def test_a_script_of_a_page_whose_session_ended_is_told_so_and_takes_no_ones_place(lan, services):
    token = re.search(r'name="csrf_token" value="([^"]+)"', lan.browser.get(lan.form).text)[1]
    with reading(services.engine) as session:
        number = list_sessions(session, lan.account_id)[0].id
    lan.browser.post(f"/account/sessions/{number}/end", "/account")
    fields, base = {"csrf_token": token, "lot": "HET-3", "quantity": "7", "key": "k3"}, "https://trace.example.vn"
    asked = {"headers": {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}, "base_url": base}
    answer = lan.browser.client.post(lan.form.replace("/batch?", "/draft?"), data=fields, **asked)
    assert answer.status_code == 401 and "Set-Cookie" not in answer.headers
    lan.browser.client.post(lan.form, data=fields, base_url=base)
    assert value_of(lan.browser.get(lan.browser.sign_in("lan").location).text, "lot") == "HET-3"


HUGE = "9" * 25


@pytest.mark.parametrize("number", [HUGE, "3000000000"])
def test_numbers_beyond_all_rows_are_not_there(lan, number):
    code = lan.batch()
    for path in (f"/producer/products/{number}/batch", lan.at(code, "reports", number), lan.at(code, "print", number, "labels.pdf")):
        assert lan.browser.get(path).status_code == 404
    assert lan.browser.get(f"/producer/batches?product={number}&page={number}").status_code == 200
    assert lan.browser.get(lan.at(code, "print") + f"&run={number}").status_code == 200


@pytest.mark.parametrize("name", ["lot", "place", "key", "stage", "growing_area"])
def test_a_nul_is_refused_before_any_database_sees_it(lan, services, name):
    assert lan.register(**{name: "a\0b"}).status_code == 400
    assert lan.browser.get("/producer/batches?search=a%00b").status_code == 400
    assert lan.browser.get("/producer/batches/a%00b").status_code == 400
    assert count(services, Batch) == 0


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "9999-12-31"])
def test_days_that_no_goods_have_are_refused(lan, day):
    assert lan.register(best_before=day).status_code == 400
    code = lan.batch()
    assert lan.act(code, "stages", kind="harvest", day=day, time="06:00", place="").status_code == 400
    assert lan.act(code, "deliveries", recipient="x", delivered_on=day).status_code == 400


def test_typing_and_a_photograph_at_once_both_arrive(lan, services):
    def keep(name: str):
        return lambda session: save_draft(session, lan.account_id, lan.product_id, {"lot": name}, now=services.clock()).id

    first, second = overlapping(services.engine, keep("A"), keep("B"))
    assert first == second and count(services, BatchDraft) == 1


def test_the_same_photograph_at_once_is_kept_once(services):
    def keep(session):
        return keep_picture(session, content=b"x", sha256="0" * 64, media_type="image/webp", size_px=(1, 1)).id

    first, second = overlapping(services.engine, keep, keep)
    assert first == second and count(services, Picture) == 1
