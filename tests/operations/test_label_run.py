"""Which units a job prints, and that every one of them says what its issuance holds."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import GTIN, HOST, PRODUCER, PUBLIC_URL, labels_of, refused
from traceability.domain import address
from traceability.domain.errors import KeyFileError
from traceability.domain.keys import verify_claims
from traceability.models.engine import reading
from traceability.operations import label_run
from traceability.operations.label_run import Span, _cut, _without, chunks_of, plan_run
from traceability.operations.print_labels import PrintJob, PrintKeys
from traceability.operations.withdraw import revoke_stamps


@pytest.fixture
def dialect() -> str:
    """One reading of plain rows: what a database could do otherwise is tested where it writes."""
    return "sqlite"


@pytest.fixture
def plan_of(services):
    """Plans a run with the service's keys, or those that are given."""
    store = services.key_store.current()
    usual = PrintKeys(store.master_keys, store.private_keys)

    def plan(batch, form="house", units=None, keys=usual, **options):
        with reading(services.engine) as session:
            job = PrintJob(form, PUBLIC_URL, specimen=False, units=units)
            return plan_run(session, batch.id, job, keys=keys, now=services.clock(), **options)

    return plan


def numbers_of(plan) -> list[int]:
    return [int(number) for _, _, numbers in chunks_of(plan) for number in numbers]


def texts_of(plan) -> list[str]:
    return [label.qr_text for label in labels_of(plan)]


def cancel(workshop, batch, *ranges):
    for units in ranges:
        workshop.act(revoke_stamps, batch.id, units=units, reason="x", actor=PRODUCER, now=workshop.now)


def three_forms(workshop):
    """Units 1–4 signed, 5–7 house, 8–10 signed."""
    batch = workshop.batch(workshop.product(gtin=GTIN))
    for form, units in (("signed", 4), ("house", 3), ("signed", 3)):
        workshop.issue(batch, form=form, units=units)
    return batch


def test_a_run_takes_all_issuances_of_its_form_and_the_house_form_those_of_all(workshop, plan_of):
    batch = three_forms(workshop)
    assert numbers_of(plan_of(batch, "signed")) == [1, 2, 3, 4, 8, 9, 10]
    assert numbers_of(plan_of(batch)) == list(range(1, 11))
    assert plan_of(batch, "signed").count == 7
    with refused("form_not_issued"):
        plan_of(batch, "gs1")


def test_a_named_range_with_units_of_another_form_is_refused_unless_it_stands_on_record(workshop, plan_of):
    batch = three_forms(workshop)
    for units in ((4, 5), (1, 10), (5, 7)):
        with refused("form_not_issued"):
            plan_of(batch, "signed", units)
    assert numbers_of(plan_of(batch, "signed", (3, 9), on_record=True)) == [3, 4, 8, 9]
    with refused("form_not_issued"):
        plan_of(batch, "signed", (5, 7), on_record=True)


@pytest.mark.parametrize("units", [(0, 1), (1, 11), (11, 11), (4, 3), (16_777_216, 16_777_216)])
def test_a_range_that_was_not_issued_is_refused(workshop, plan_of, units):
    batch = workshop.stamped(units=10)
    with refused("units_not_issued"):
        plan_of(batch, units=units)
    with refused("units_not_issued"):
        plan_of(batch, units=units, on_record=True)


def test_what_was_never_issued_and_units_of_a_batch_stamp_are_refused(workshop, plan_of):
    with refused("nothing_issued"):
        plan_of(workshop.batch())
    whole = workshop.stamped()
    with refused("scope_fixed"):
        plan_of(whole, units=(1, 1))
    assert texts_of(plan_of(whole)) == [f"https://{HOST}/S/{whole.code}"]


def test_cancelled_units_are_refused_with_their_list_or_left_out(workshop, plan_of):
    batch = workshop.stamped(units=20)
    cancel(workshop, batch, (3, 5), (4, 8), (9, 9), (15, 15))
    with pytest.raises(Exception, match="3–5, 4–8, 9") as caught:
        plan_of(batch, units=(1, 10))
    assert caught.value.code == "units_cancelled"
    assert numbers_of(plan_of(batch, units=(1, 16), leave_out_cancelled=True)) == [1, 2, 10, 11, 12, 13, 14, 16]
    assert numbers_of(plan_of(batch, units=(10, 14))) == [10, 11, 12, 13, 14]
    with refused("stamp_cancelled"):
        plan_of(batch, units=(3, 9), on_record=True)


def test_a_batch_whose_stamps_were_all_cancelled_prints_none(workshop, plan_of):
    for batch in (workshop.stamped(), workshop.stamped(units=3)):
        cancel(workshop, batch, None)
        with refused("stamp_cancelled"):
            plan_of(batch, leave_out_cancelled=True)


def test_a_key_that_is_not_here_is_told_before_anything_is_made(workshop, services, plan_of):
    batch, store = workshop.stamped(form="signed", units=2), services.key_store.current()
    with refused("key_lost"):
        plan_of(batch, "signed", keys=PrintKeys(store.master_keys, {}))
    assert len(texts_of(plan_of(batch, "house", keys=PrintKeys(store.master_keys, {})))) == 2
    with pytest.raises(KeyFileError):
        plan_of(batch, "signed", keys=PrintKeys({}, store.private_keys))


ranges = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=6)


@given(st.integers(1, 30), st.integers(0, 20), ranges)
def test_a_span_without_cancelled_ranges_holds_exactly_the_other_units(first, more, cancelled):
    span = Span(first, first + more)
    inside = sorted((max(begin, span.first), min(end, span.last)) for begin, end in cancelled if begin <= span.last and end >= span.first)
    left = [unit for part in _without(span, inside) for unit in range(part.first, part.last + 1)]
    gone = {unit for begin, end in cancelled for unit in range(begin, end + 1)}
    assert left == [unit for unit in range(span.first, span.last + 1) if unit not in gone]


@given(ranges)
def test_ranges_of_other_spans_do_not_touch_a_span(cancelled):
    # All ranges of a job are handed to each of its spans.
    spans = [Span(1, 12), Span(20, 31), Span(32, 40)]
    job = PrintJob("house", PUBLIC_URL, specimen=False)
    rows = [type("Row", (), {"first_unit": span.first, "last_unit": span.last, "claims": None, "kid": None}) for span in spans]
    gone = {unit for begin, end in cancelled for unit in range(begin, end + 1)}
    wanted = [unit for span in spans for unit in range(span.first, span.last + 1) if unit not in gone]
    if not wanted:
        with refused("stamp_cancelled"):
            label_run._spans(rows, job, cancelled, True)
        return
    parts = label_run._spans(rows, job, cancelled, True)
    assert [unit for part in parts for unit in range(part.first, part.last + 1)] == wanted


@given(st.integers(1, 10_000), st.integers(0, 9000))
def test_a_span_is_cut_into_pieces_that_meet(first, more):
    pieces = list(_cut(Span(first, first + more)))
    assert pieces[0][0] == first and pieces[-1][1] == first + more
    assert all(begin <= end for begin, end in pieces)
    assert all(end + 1 == begin for (_, end), (begin, _) in pairwise(pieces))


@pytest.mark.parametrize("form", ["house", "gs1", "signed"])
def test_a_symbol_says_the_stamp_of_its_unit_and_its_code_is_the_one_beside_it(workshop, client, plan_of, form):
    batch = workshop.stamped(workshop.product(gtin=GTIN), form=form, units=300, quantity=1000)
    labels = list(labels_of(plan_of(batch, form, (250, 270))))
    for unit, label in zip(range(250, 271), labels, strict=True):
        read = address.parse_address(label.qr_text, {HOST})
        assert f"/S/{batch.code}{read.serial}" == workshop.unit_path(batch, unit)
        assert label.readable_code.replace("-", "").replace(" ", "") == batch.code + read.serial
    page = client.get(labels[0].qr_text.removeprefix(f"https://{HOST}") + "?lang=en")
    assert page.status_code == 200 and "Stamp issued by us" in page.text


def test_signed_texts_of_several_issuances_verify_and_processes_make_the_same_bytes(workshop, services, plan_of, monkeypatch):
    batch = three_forms(workshop)
    plain = texts_of(plan_of(batch, "signed"))
    monkeypatch.setattr(label_run, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(label_run, "cpu_count", lambda: 2)
    begun = []
    pool = label_run.ProcessPoolExecutor
    monkeypatch.setattr(label_run, "ProcessPoolExecutor", lambda *given, **named: begun.append(1) or pool(*given, **named))
    assert texts_of(plan_of(batch, "signed")) == plain and len(begun) == 1
    keyring = services.key_store.current().keyring
    for text in plain:
        read = address.parse_address(text, {HOST})
        key = keyring.stamp_key(read.claims.kid)
        assert verify_claims(key, (HOST,), read.claims_bytes, read.signature)
        assert not verify_claims(key, ("EVIL.EXAMPLE.VN",), read.claims_bytes, read.signature)
    assert len(set(plain)) == 7


def test_few_signed_labels_and_unsigned_ones_start_no_process(workshop, plan_of, monkeypatch):
    batch = three_forms(workshop)
    monkeypatch.setattr(label_run, "cpu_count", lambda: 2)
    monkeypatch.setattr(label_run, "ProcessPoolExecutor", lambda *_given, **_named: pytest.fail("a process was started"))
    assert len(texts_of(plan_of(batch, "signed"))) == 7
    monkeypatch.setattr(label_run, "_WORTH_A_PROCESS", 1)
    assert len(texts_of(plan_of(batch))) == 10


def test_a_plan_in_a_log_shows_no_key(workshop, services, plan_of):
    shown, store = repr(plan_of(workshop.stamped(form="signed", units=2), "signed")), services.key_store.current()
    assert "batch_code" in shown
    for key in (*store.master_keys.values(), *store.private_keys.values()):
        assert repr(key) not in shown
