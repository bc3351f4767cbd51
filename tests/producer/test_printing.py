"""The print screen: stamps issued once, reprints on record, a preview that nobody can print for good."""

import io
import re

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select

from tests.factories import HOST, PRODUCER, PUBLIC_URL, overlapping
from traceability.labels.stock import PRINTERS_DPI, STOCKS
from traceability.models import Batch, Issuance, PrintRun, Product
from traceability.models.engine import acting, reading
from traceability.operations.print_labels import PrintJob, PrintKeys
from traceability.operations.print_run import Choice, PrintOrder, issue_and_print, print_again


def printed(lan, code: str, **fields: object):
    return lan.act(code, "print", form_at=lan.at(code, "print"), **{"count": "5", "scope": "unit", "key": "p1", **fields})


def file_of(lan, answer) -> bytes:
    """The file to which the page after printing leads by itself."""
    page = lan.browser.get(answer.location).text
    address = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)[1]
    file = lan.browser.get(address)
    assert file.status_code == 200 and file.content_type == "application/pdf"
    assert file.headers["Content-Disposition"].startswith("attachment;")
    return file.data


def codes_in(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    return [zxingcpp.read_barcode(page.render(scale=8).to_pil()).text for page in document]


def runs_of_all(lan) -> list[str]:
    page = lan.browser.get("/producer/batches?lang=en").text
    code = re.search(r"/producer/batches/([0-9A-Z]{12})", page)[1]
    return re.findall(r"file fetched", lan.browser.get(lan.at(code)).text)


def runs(services) -> list[PrintRun]:
    with reading(services.engine) as session:
        return list(session.scalars(select(PrintRun).order_by(PrintRun.id)))


def test_labels_are_issued_once_however_often_the_button_is_pressed(lan, services):
    code = lan.batch()
    first, second = printed(lan, code), printed(lan, code)
    assert first.status_code == 303 and first.location == second.location
    texts = codes_in(file_of(lan, first))
    assert len(set(texts)) == 5
    for text in texts:
        assert lan.browser.client.get(text.removeprefix("https://TRACE.EXAMPLE.VN")).status_code == 200
    with reading(services.engine) as session:
        assert [(row.first_unit, row.last_unit) for row in session.scalars(select(Issuance))] == [(1, 5)]
    more = printed(lan, code, key="p2", count="3")
    assert not set(texts) & set(codes_in(file_of(lan, more)))
    assert [(row.first_unit, row.last_unit, row.reprint) for row in runs(services)] == [(1, 5, False), (6, 8, False)]


def test_a_file_that_was_fetched_does_not_come_by_itself_again_and_is_counted(lan, services):
    answer = printed(lan, lan.batch())
    content = file_of(lan, answer)
    page = lan.browser.get(answer.location).text
    assert "http-equiv" not in page
    again = re.search(r'class="button first" href="([^"]+labels.pdf)"', page)[1]
    assert lan.browser.get(again).data == content and runs(services)[0].downloads == 2


def test_a_reprint_issues_nothing_and_names_its_reason(lan, services):
    code = lan.batch()
    texts = codes_in(file_of(lan, printed(lan, code)))
    fields = {"first_unit": "2", "last_unit": "3", "again_key": "a1", "stock": "50x30", "dpi": "203", "form": "house"}
    bad = lan.act(code, "print", "again", form_at=lan.at(code, "print"), **fields, reason=" ")
    assert bad.status_code == 400 and 'value="2"' in bad.text
    answer = lan.act(code, "print", "again", form_at=lan.at(code, "print"), **fields, reason="kẹt giấy")
    assert codes_in(file_of(lan, answer)) == texts[1:3]
    assert [(row.reprint, row.reason) for row in runs(services)] == [(False, None), (True, "kẹt giấy")]
    with reading(services.engine) as session:
        assert len(session.scalars(select(Issuance)).all()) == 1
    page = lan.browser.get(lan.at(code)).text
    assert "reprint" in page and "kẹt giấy" in page
    beyond = lan.act(code, "print", "again", form_at=lan.at(code, "print"), **{**fields, "last_unit": "9", "again_key": "a2"}, reason="x")
    assert beyond.status_code == 400


def test_one_code_for_the_batch_is_printed_as_often_as_asked_and_later_files_are_reprints(lan, services):
    code = lan.batch()
    texts = codes_in(file_of(lan, printed(lan, code, scope="batch", count="3")))
    assert texts == [f"https://TRACE.EXAMPLE.VN/S/{code}"] * 3
    printed(lan, code, scope="batch", key="p2", count="2")
    assert [(row.copies, row.reprint) for row in runs(services)] == [(3, False), (2, True)]
    assert "each with its own code" not in lan.browser.get(lan.at(code, "print")).text


def test_stock_printer_and_form_are_remembered(lan, colleague, services):
    printed(lan, lan.batch(), stock="60x40", dpi="300", form="signed", design="small", language="both")
    code = lan.batch(lot="L-2", key="k2")
    for who in (lan, colleague):
        page = who.browser.get(lan.at(code, "print")).text
        assert all(f'<option value="{chosen}" selected' in page for chosen in ("60x40", "300", "signed", "small", "both"))


@pytest.mark.parametrize("form", ["house", "gs1", "signed"])
@pytest.mark.parametrize("scope", ["unit", "batch"])
def test_the_preview_takes_exactly_the_room_of_the_label_and_its_code_is_nobodys(lan, services, form, scope):
    with acting(services.engine) as session:
        product = session.get(Product, lan.product_id)
        product.gtin, product.gtin_statement = "09521234500018", "Mã của chúng tôi."
    code = lan.batch()
    query = f"&form={form}&scope={scope}&stock=70x50&dpi=300"
    drawn = lan.browser.get(lan.at(code, "preview.svg") + query)
    assert drawn.status_code == 200 and drawn.content_type.startswith("image/svg+xml")
    assert 'width="70mm" height="50mm"' in drawn.text and "MẪU" in drawn.text
    assert re.search("0000[- ]?0000[- ]?0000", drawn.text) and code not in drawn.text.replace(" ", "").replace("-", "")
    assert "Fits." in lan.browser.get(lan.at(code, "print") + query).text
    answer = printed(lan, code, form=form, scope=scope, stock="70x50", dpi="300")
    assert len(codes_in(file_of(lan, answer))) == 5


@pytest.mark.parametrize("design", ["small", "standard", "signed"])
@pytest.mark.parametrize("language", ["vi", "both", "en"])
def test_the_preview_and_the_file_follow_design_and_language(lan, services, design, language):
    with acting(services.engine) as session:
        session.get(Product, lan.product_id).name_en = "Highland rice"
    code = lan.batch()
    query = f"&design={design}&language={language}&stock=60x40"
    drawn = lan.browser.get(lan.at(code, "preview.svg") + query).text
    lot = {"vi": "Lô L-1", "both": "Lô/Lot L-1", "en": "Lot L-1"}[language]
    assert lot in drawn and ("Highland rice" in drawn) == (language == "en" or (language == "both" and design != "small"))
    page = lan.browser.get(lan.at(code, "print") + query).text
    assert f"design={design}&amp;language={language}" in page
    assert ("not for goods that are sold in Viet Nam" in page) == (language == "en")
    content = file_of(lan, printed(lan, code, stock="60x40", design=design, language=language))
    words = pypdfium2.PdfDocument(io.BytesIO(content))[0].get_textpage().get_text_bounded()
    assert lot.split()[0] in words.split() and len(set(codes_in(content))) == 5
    assert [(row.design, row.language) for row in runs(services)] == [(design, language)]


def test_a_signed_label_says_so_only_for_a_signed_code(lan):
    code = lan.batch()
    for form, said in (("signed", True), ("house", False)):
        drawn = lan.browser.get(lan.at(code, "preview.svg") + f"&design=signed&form={form}&stock=70x50").text
        assert ("không có mạng" in drawn) == said


def test_what_would_make_the_label_fit_is_told(lan):
    code = lan.batch()
    page = lan.browser.get(lan.at(code, "print") + "&stock=35x22&dpi=203&form=signed&design=standard").text
    assert "Does not fit" in page and "What would help" in page
    assert "Larger labels:" in page and "Another design: Small" in page
    tight = lan.browser.get(lan.at(code, "print") + "&stock=35x22&dpi=203&form=house&design=small").text
    assert 'class="tight">! Fits.' in tight and "Only just:" in tight and "What would help" in tight
    assert "What would help" not in lan.browser.get(lan.at(code, "print") + "&stock=60x40&dpi=203").text


def test_a_label_that_does_not_fit_is_told_before_and_never_issued(lan, services):
    code = lan.batch()
    page = lan.browser.get(lan.at(code, "print") + "&stock=35x22&dpi=203&form=signed").text
    assert "Does not fit: the code needs" in page
    assert lan.browser.get(lan.at(code, "preview.svg") + "&stock=35x22&dpi=203&form=signed").status_code == 400
    answer = printed(lan, code, stock="35x22", form="signed")
    assert answer.status_code == 400 and "does not fit this stock" in answer.text
    with reading(services.engine) as session:
        assert not session.scalars(select(Issuance)).all()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("count", "0"),
        ("count", "1000001"),
        ("count", "x"),
        ("count", ""),
        ("stock", "1x1"),
        ("dpi", "7"),
        ("form", "runes"),
        ("key", ""),
        ("design", "huge"),
        ("language", "fr"),
    ],
)
def test_a_bad_order_is_told_in_words_and_issues_nothing(lan, services, field, text):
    code = lan.batch(quantity="1000")
    answer = printed(lan, code, **{field: text})
    assert answer.status_code == 400 and 'role="alert"' in answer.text
    with reading(services.engine) as session:
        assert not session.scalars(select(Issuance)).all() and not session.scalars(select(PrintRun)).all()


def test_more_labels_than_the_batch_allows_are_refused(lan):
    code = lan.batch(quantity="10")
    assert printed(lan, code, count="12").status_code == 400
    assert printed(lan, code, count="11", key="p2").status_code == 303
    assert "All labels of this batch are issued" in lan.browser.get(lan.at(code, "print")).text


def test_every_stock_says_whether_it_takes_the_label_on_every_printer(lan):
    code = lan.batch()
    for dpi in PRINTERS_DPI:
        page = lan.browser.get(lan.at(code, "print") + f"&dpi={dpi}").text
        assert len(re.findall(r"(?: mm| across): <span class=", page)) == len(STOCKS)


def test_a_reprint_in_a_form_that_was_never_issued_is_told_and_not_put_on_record(lan, services):
    code = lan.batch()
    printed(lan, code)
    fields = {"first_unit": "1", "last_unit": "2", "again_key": "a1", "stock": "50x30", "dpi": "203", "form": "signed", "reason": "x"}
    answer = lan.act(code, "print", "again", form_at=lan.at(code, "print"), **fields)
    assert answer.status_code == 400 and "not issued in the form" in answer.text and len(runs(services)) == 1


def test_a_restored_page_with_another_number_is_a_new_order_and_not_the_old_file(lan, services):
    code = lan.batch()
    printed(lan, code)
    answer = printed(lan, code, count="7")
    assert answer.status_code == 400 and "sent before with other values" in answer.text
    key = re.search(r'name="key" value="([^"]+)"', answer.text)[1]
    assert key != "p1" and printed(lan, code, count="7", key=key).status_code == 303
    assert [(row.first_unit, row.last_unit) for row in runs(services)] == [(1, 5), (6, 12)]


def test_two_presses_at_once_make_one_run(lan, services):
    lan.batch()
    with reading(services.engine) as session:
        batch_id = session.scalars(select(Batch.id)).one()
    order, job = PrintOrder(Choice(), 5, "p1"), PrintJob("house", PUBLIC_URL, specimen=False)
    store = services.key_store.current()
    keyring, keys = store.keyring, PrintKeys(store.master_keys, store.private_keys)

    def press(session):
        return issue_and_print(session, batch_id, order, job, HOST, keyring=keyring, actor=PRODUCER, now=services.clock()).id

    first, second = overlapping(services.engine, press, press)
    assert first == second and len(runs(services)) == 1

    def again(session):
        order = PrintOrder(Choice(), 1, "a")
        return print_again(session, batch_id, order, job, (1, 2), "x", keys=keys, actor=PRODUCER, now=services.clock()).id

    first, second = overlapping(services.engine, again, again)
    assert first == second and len(runs(services)) == 2


def test_the_print_page_of_a_recalled_batch_says_so(lan):
    code = lan.batch()
    lan.act(code, "recall", form_at=lan.at(code, "recall"), advice="a", contact="b", reason="c")
    assert "Print none for goods" in lan.browser.get(lan.at(code, "print")).text


def test_a_run_of_another_batch_is_not_there(lan, minh):
    code, foreign = lan.batch(), minh.batch(lot="M")
    answer = printed(minh, foreign)
    number = re.search(r"run=(\d+)", answer.location)[1]
    for at in (lan.at(code, "print", number, "labels.pdf"), lan.at(foreign, "print", number, "labels.pdf")):
        assert lan.browser.get(at).status_code == 404
    assert lan.browser.get(lan.at(code, "print") + f"&run={number}").status_code == 200


def test_cancelled_labels_are_refused_with_their_list_and_left_out_of_a_file_fetched_again(lan):
    code = lan.batch(quantity="10")
    first = printed(lan, code, count="10")
    texts = codes_in(file_of(lan, first))
    lan.act(code, "close", form_at=lan.at(code, "close"), used="8")
    address = re.search(r'href="([^"]+labels.pdf)"', lan.browser.get(first.location).text)[1]
    assert codes_in(lan.browser.get(address).data) == texts[:8]
    fields = {"stock": "50x30", "dpi": "203", "form": "house", "reason": "mất"}
    mixed = lan.act(code, "print", "again", form_at=lan.at(code, "print"), first_unit="7", last_unit="10", again_key="a1", **fields)
    assert mixed.status_code == 400 and "not printed again: 9–10." in mixed.text
    again = lan.act(code, "print", "again", form_at=lan.at(code, "print"), first_unit="7", last_unit="8", again_key="a2", **fields)
    assert codes_in(file_of(lan, again)) == texts[6:8]


@pytest.mark.parametrize(
    "wrong", [{"start": "25"}, {"each_times": "1001"}, {"parts": "21"}, {"printer": "99"}, {"count": "x"}, {"stock": "15x15"}]
)
def test_a_refused_order_comes_back_as_it_was_chosen_and_issues_nothing(lan, services, wrong):
    code = lan.batch()
    asked = {"scope": "batch", "form": "signed", "stock": "a4-14", "dpi": "600", "design": "signed", "language": "both", "frames": "1"}
    answer = printed(lan, code, **{**asked, "boxes": "shown", "kind": "pdf", **wrong})
    assert answer.status_code == 400 and 'role="alert"' in answer.text
    kept = ["signed", "600", "both", *([] if "stock" in wrong else ["a4-14"])]
    assert all(f'<option value="{value}" selected' in answer.text for value in kept)
    assert 'value="batch" checked' in answer.text and 'name="frames" value="1" checked' in answer.text
    with reading(services.engine) as session:
        assert not session.scalars(select(Issuance)).all()


@pytest.mark.parametrize("key", ["15x15", "own-7", "a4-1", "999x999"])
def test_a_stock_that_nobody_can_print_on_is_no_fault_of_the_page(lan, key):
    code = lan.batch()
    assert lan.browser.get(lan.at(code, "print") + f"&stock={key}").status_code == 200
    assert lan.browser.get(lan.at(code, "preview.svg") + f"&stock={key}").status_code == 400


@pytest.mark.parametrize(
    ("fields", "word"), [({"kind": "csv", "each_times": "2"}, "several times"), ({"kind": "zpl", "start": "2"}, "place 1")]
)
def test_what_a_kind_of_file_cannot_hold_is_told(lan, fields, word):
    assert word in printed(lan, lan.batch(), stock="50x30-2", **fields).text


def test_so_many_labels_that_no_file_holds_them_are_refused_with_their_copies(lan):
    answer = printed(lan, lan.batch(quantity="2000"), count="1001", each_times="1000")
    assert answer.status_code == 400 and "1000" in answer.text
