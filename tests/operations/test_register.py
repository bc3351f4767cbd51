"""Producers, products and what the office alone enters."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.factories import GTIN, INSPECTOR, OFFICE, OTHER_GTIN, PRODUCER, overlapping, refused
from traceability.domain.errors import Malformed
from traceability.models.engine import reading
from traceability.operations.issue import recognitions_of
from traceability.operations.own_account import search_indications
from traceability.operations.register_producer import NewProducer, register_producer
from traceability.operations.register_recognition import (
    NewEvaluation,
    NewRecognition,
    end_use_right,
    grant_use_right,
    record_evaluation,
    record_recognition,
    supersede_recognition,
    withdraw_recognition,
)

TAX_CODE = "0100233488"
BAT_XAT, LAO_CAI, HA_NOI = "02683", "15", "01"


def test_a_tax_code_is_checked_as_a_vietnamese_one_and_kept_without_signs(workshop):
    assert workshop.producer(tax_code="0100 233 488").tax_code == TAX_CODE
    assert workshop.producer(tax_code="0314409058-002").tax_code == "0314409058002"
    for wrong in ("0100233480", "123", "01002334881", "MST0100233", "0100233488-000x"):
        with refused("tax_code"):
            workshop.producer(tax_code=wrong)


def test_a_tax_code_registers_one_producer(workshop):
    workshop.producer(tax_code=TAX_CODE)
    with refused("tax_code_taken"):
        workshop.producer(tax_code="0100-233-488")


def test_of_two_who_register_a_tax_code_at_once_one_is_told(workshop):
    entry = NewProducer("company", "Công ty", tax_code=TAX_CODE)

    def register(session):
        return register_producer(session, entry, now=workshop.now)

    assert overlapping(workshop.services.engine, register, register)[1] == "tax_code_taken"


def test_a_commune_must_lie_in_the_province_that_is_named(workshop):
    made = workshop.producer(province_code=LAO_CAI, commune_code=BAT_XAT)
    assert (made.province_code, made.commune_code) == (LAO_CAI, BAT_XAT)
    for rule, province, commune in (
        ("commune_elsewhere", HA_NOI, BAT_XAT),
        ("commune_elsewhere", None, BAT_XAT),
        ("commune_unknown", LAO_CAI, "99999"),
        ("province_unknown", "99", None),
    ):
        with refused(rule):
            workshop.producer(province_code=province, commune_code=commune)


def test_names_are_not_empty_and_stand_without_spaces_around(workshop):
    assert workshop.producer(name="  HTX Mường Vi ").name == "HTX Mường Vi"
    for name in ("", " \t "):
        with refused("name_empty"):
            workshop.producer(name=name)
        with refused("name_empty"):
            workshop.product(name=name)


def test_a_kind_of_producer_or_a_group_that_does_not_exist_is_refused(workshop):
    with refused("producer_kind"):
        workshop.producer(kind="bank")
    for group in (0, 7, -1):
        with refused("ocop_group"):
            workshop.product(ocop_group=group)


def test_a_shop_address_that_could_run_a_script_or_names_no_host_is_refused(workshop):
    for address in [
        "javascript:alert(1)",
        " java\nscript:alert(1)",
        "data:text/html,x",
        "//shop.example.com",
        "shop.example.com",
        "https://",
        "https://[::1",
    ]:
        with refused("web_address"):
            workshop.producer(shop_url=address)


def test_a_shop_address_on_the_web_is_kept(workshop):
    assert workshop.producer(shop_url="https://shop.example.com/gạo").shop_url == "https://shop.example.com/gạo"


def test_a_consent_counts_by_the_day_in_viet_nam(workshop, clock):
    # 26 November has begun in Viet Nam, and not yet in UTC.
    clock.now = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
    assert workshop.producer(kind="household", consent_on=date(2026, 11, 26)).consent_on == date(2026, 11, 26)
    with refused("consent_ahead"):
        workshop.producer(kind="household", consent_on=date(2026, 11, 27))


def test_a_gtin_whose_check_digit_does_not_fit_is_malformed(workshop):
    for text, fault in (("09521234500019", "gtin_check_digit"), ("9521234500", "gtin"), ("0952123450001x", "gtin"), ("", "gtin")):
        with pytest.raises(Malformed) as caught:
            workshop.product(gtin=text)
        assert caught.value.fault == fault


def test_a_gtin_is_taken_only_with_its_producers_statement(workshop):
    for statement in (None, "", "  "):
        with refused("gtin_statement_missing"):
            workshop.product(gtin=GTIN, gtin_statement=statement)


def test_a_gtin_of_another_producer_is_refused_and_so_is_a_second_product_of_ones_own(workshop):
    owner = workshop.producer()
    assert workshop.product(owner, gtin="9521234500018").gtin == GTIN
    with refused("gtin_of_another_producer"):
        workshop.product(workshop.producer(), gtin=GTIN)
    with refused("gtin_taken"):
        workshop.product(owner, gtin=GTIN)
    assert workshop.product(owner, gtin=OTHER_GTIN).gtin == OTHER_GTIN


def test_a_gtin_needs_a_producer(workshop):
    with refused("gtin_without_producer"):
        workshop.product(workshop.producer(), producer_id=None, gtin=GTIN)


def test_a_product_whose_producer_no_source_names_has_neither_batches_nor_rights(workshop):
    product = workshop.product(workshop.producer(), producer_id=None)
    with refused("producer_unnamed"):
        workshop.batch(product)
    with refused("producer_unnamed"):
        workshop.use_right(product, workshop.indication())


def test_a_product_of_an_unknown_producer_picture_or_village_is_not_found(workshop):
    for rule, entry in (("producer_missing", "producer_id"), ("part_missing", "picture_id"), ("part_missing", "craft_village_id")):
        with refused(rule):
            workshop.product(workshop.producer(), **{entry: 4711})


def test_a_net_content_is_a_positive_number_with_a_unit(workshop):
    for amount, unit in [(0, "kg"), (-1, "kg"), (5, None), (5, "stone"), (None, "kg")]:
        with refused("net_content"):
            workshop.product(net_content=amount, net_content_unit=unit)


def test_only_the_office_records_recognitions_withdraws_them_and_grants_rights(workshop):
    product, indication = workshop.product(), workshop.indication()
    recognition = workshop.recognition(product)
    days = {"from_day": date(2026, 1, 1), "until_day": None}
    for actor in (PRODUCER, INSPECTOR):
        with refused("role"):
            workshop.act(record_recognition, NewRecognition(product.id, 4), actor=actor, now=workshop.now)
        with refused("role"):
            workshop.act(withdraw_recognition, recognition.id, day=date(2026, 11, 1), reason="x", actor=actor, now=workshop.now)
        with refused("role"):
            workshop.act(grant_use_right, indication_id=indication.id, product_id=product.id, **days, actor=actor, now=workshop.now)


def test_a_recognition_holds_36_months_and_one_without_a_day_never_counts(workshop):
    product = workshop.product()
    assert workshop.recognition(product, decided_on="2024-02-29").valid_until == date(2027, 2, 28)
    for text in ("2026-10", "2026", None):
        assert workshop.recognition(product, decided_on=text).valid_until is None


def test_a_recognition_that_cannot_be_is_refused(workshop):
    for rule, entry in [
        ("stars_range", {"stars": 2}),
        ("stars_range", {"stars": 6}),
        ("score_stars", {"score": 69}),
        ("score_range", {"score": 101}),
        ("date_text", {"decided_on": "10/01/2026"}),
        ("date_text", {"decided_on": "2026-02-30"}),
        ("product_missing", {"product_id": 4711}),
    ]:
        with refused(rule):
            workshop.recognition(workshop.product(), **entry)


def test_a_certificate_is_withdrawn_once_and_for_a_reason(workshop):
    recognition = workshop.recognition(workshop.product())
    named = {"day": date(2026, 11, 1), "actor": OFFICE, "now": workshop.now}
    with refused("reason_empty"):
        workshop.act(withdraw_recognition, recognition.id, reason=" ", **named)
    workshop.act(withdraw_recognition, recognition.id, reason="Không đánh giá lại.", **named)
    with refused("withdrawn_already"):
        workshop.act(withdraw_recognition, recognition.id, reason="again", **named)
    with refused("recognition_missing"):
        workshop.act(withdraw_recognition, 4711, reason="x", **named)


def test_a_decision_that_could_not_be_taken_is_refused(workshop):
    product = workshop.product()
    for rule, entry in [
        ("before_scheme", {"decided_on": "2018-05-06", "issuer": "province"}),
        ("issuer_could_not", {"stars": 3, "decided_on": "2024-01-10", "issuer": "province"}),
        ("issuer_could_not", {"stars": 5, "issuer": "province"}),
    ]:
        with refused(rule):
            workshop.recognition(product, **entry)
    workshop.recognition(product, decision="12/QĐ-UBND")
    with refused("decision_known"):
        workshop.recognition(product, decision="12/qđ-ubnd", decided_on="2026-02-01")


def test_an_evaluation_makes_the_stars_and_a_decision_must_agree(workshop):
    product = workshop.product()
    for rule, parts, total in [
        ("points_empty", (None, None, None), None),
        ("points_part", (4001, 0, 0), None),
        ("points_missing", (3000, None, None), None),
        ("points_sum", (3000, 2000, 2500), 7000),
        ("score_range", (None, None, None), 10_001),
    ]:
        with refused(rule):
            workshop.act(record_evaluation, NewEvaluation(product.id, parts, total), actor=OFFICE, now=workshop.now)

    def decide(session, stars):
        found = record_evaluation(session, NewEvaluation(product.id, (3350, 2000, 3025)), actor=OFFICE, now=workshop.now)
        entry = NewRecognition(product.id, stars, decided_on="2026-01-10", decision="9/QĐ-UBND")
        return found, record_recognition(session, entry, actor=OFFICE, now=workshop.now, evaluation=found)

    with refused("score_stars"):
        workshop.act(decide, 3)
    found, rating = workshop.act(decide, 4)
    assert (found.points_total, found.stars, found.recognition_id) == (8375, 4, rating.id)


def test_what_was_entered_wrongly_is_superseded_and_counts_no_more(workshop):
    product = workshop.product()
    rating = workshop.recognition(product, decision="12/QĐ-UBND")
    named = {"actor": OFFICE, "now": workshop.now}
    with refused("reason_empty"):
        workshop.act(supersede_recognition, rating.id, reason="", **named)
    workshop.act(supersede_recognition, rating.id, reason="Nhầm sản phẩm.", **named)
    with refused("recognition_missing"):
        workshop.act(supersede_recognition, rating.id, reason="x", **named)
    # The same decision can be entered again, and rightly.
    workshop.recognition(product, decision="12/QĐ-UBND", stars=3)
    with reading(workshop.services.engine) as session:
        assert [held.stars for held in recognitions_of(session, product.id)] == [3]


def test_a_right_of_use_is_withdrawn_once_from_a_day_on(workshop):
    right = workshop.use_right(workshop.product(), workshop.indication())
    with refused("days_order"):
        workshop.act(end_use_right, right.id, product_id=right.product_id, day=date(2025, 12, 31), actor=OFFICE)
    workshop.act(end_use_right, right.id, product_id=right.product_id, day=date(2026, 6, 1), actor=OFFICE)
    with refused("withdrawn_already"):
        workshop.act(end_use_right, right.id, product_id=right.product_id, day=date(2026, 6, 1), actor=OFFICE)
    with refused("part_missing"):
        workshop.act(end_use_right, 4711, product_id=right.product_id, day=date(2026, 6, 1), actor=OFFICE)


def test_a_mark_of_the_same_name_is_no_indication(workshop):
    product = workshop.product()
    for kind in ("certification_mark", "collective_mark"):
        with refused("not_an_indication"):
            workshop.use_right(product, workshop.indication(type=kind))


def test_a_right_that_ends_before_it_begins_is_refused(workshop):
    with refused("days_order"):
        workshop.use_right(workshop.product(), workshop.indication(), date(2026, 2, 1), date(2026, 1, 31))


def test_an_entry_that_is_refused_leaves_no_row(workshop):
    base = NewProducer("company", "Công ty")
    with refused("web_address"):
        workshop.act(register_producer, replace(base, shop_url="ftp://x"), now=workshop.now)
    assert workshop.producer().id == 1


@pytest.mark.parametrize(("search", "found"), [("", 2), ("mường", 1), ("00098", 1), ("98", 1), ("quế", 1), ("nothing", 0), ("%", 0)])
def test_indications_are_found_by_name_product_and_number(workshop, search, found):
    rice = workshop.indication()
    workshop.indication(register_number=7, name="Văn Yên", product_name="quế")
    product = workshop.product()
    workshop.use_right(product, rice)
    with reading(workshop.services.engine) as session:
        rows = search_indications(session, search, workshop.now)
    assert len(rows) == found
    assert {row.name: row.rights for row in rows}.items() <= {"Mường Khương - Bát Xát": 1, "Văn Yên": 0}.items()
