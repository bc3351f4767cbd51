from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.domain.builders import (
    ALPHABET,
    BATCH_CODE,
    HOST,
    HOSTS,
    NOW,
    OTHER_HOST,
    OTHER_PRIVATE_KEY,
    PRIVATE_KEY,
    SERIAL_KEYS,
    TODAY,
    claims_bytes,
    instants,
    keyring,
    public_key,
    serial_of,
    signature_of,
    signed_code,
    typed_otherwise,
)
from traceability.domain import base32, stamp
from traceability.domain.address import StampText, parse_typed
from traceability.domain.errors import FAULTS, Malformed
from traceability.domain.verdict import (
    OLDEST_PACK,
    Batch,
    Issuance,
    Judgement,
    Pack,
    Recall,
    Register,
    Units,
    Verdict,
    judge,
)

SECOND = timedelta(seconds=1)
GTIN, LOT = "08938505974200", "L1"
UNITS = 6
ISSUED_AT = NOW - timedelta(days=30)
# More serials than units are issued, and one that no key made.
SERIALS = [serial_of(unit) for unit in range(1, UNITS + 3)] + [base32.with_check(12345)]
STORED = [claims_bytes(1), claims_bytes(2), claims_bytes(1, gi_number=7), claims_bytes(9)]
STRENGTH = {verdict: -place for place, verdict in enumerate(Verdict)}


def test_a_clock_that_is_behind_does_not_make_a_listed_recall_lie_ahead():
    batch = Batch(BATCH_CODE, "batch", issuances=(Issuance("house", ISSUED_AT),), recalls=(Recall(Units(), NOW - SECOND),))
    read = StampText("house", "batch", BATCH_CODE)
    for behind in (timedelta(hours=1), timedelta(days=400)):
        judged = judge(read, Pack(keyring(), batch, NOW, NOW), NOW - behind)
        assert judged == Judgement(Verdict.RECALLED, ("clock_behind", "recalled"))


# ------------------------------------------------------------------------------------------------------- strategies


def a_text(form="house", serial=None, stored=STORED[0], *, host=None, good=True, private_key=PRIVATE_KEY):
    scope = "unit" if serial else "batch"
    if form == "gs1":
        return StampText("gs1", scope, None, serial, GTIN, LOT, host=host)
    if form == "house":
        return StampText("house", scope, BATCH_CODE, serial, host=host)
    claims = stamp.with_serial(stored, serial)
    signature = signature_of(claims, private_key) if good else bytes(64)
    return StampText("signed", scope, BATCH_CODE, serial, claims_bytes=claims, signature=signature, host=host)


forms = st.sampled_from(("house", "gs1", "signed"))
maybe_serials = st.none() | st.sampled_from(SERIALS) | st.sampled_from(SERIALS[:UNITS])


def texts_in(some_forms):
    hosts = st.sampled_from((None, HOST, OTHER_HOST))
    return st.builds(
        a_text, some_forms, maybe_serials, st.sampled_from(STORED), host=hosts, good=st.sampled_from((True, True, True, False))
    )


texts, signed_texts = texts_in(forms), texts_in(st.just("signed"))
products = st.just(StampText("gs1_product", None, gtin=GTIN, host=HOST))
malformed = st.sampled_from(sorted(FAULTS)).map(Malformed)
anything_read = texts | texts | products | malformed


@st.composite
def units_ranges(draw):
    if draw(st.booleans()):
        return Units()
    first = draw(st.integers(1, UNITS + 2))
    return Units(first, draw(st.integers(first, UNITS + 2)))


recalls = st.builds(Recall, units_ranges(), instants(), st.none() | instants())


@st.composite
def issuances(draw):
    ends = draw(units_ranges())
    stored = draw(st.none() | st.sampled_from(STORED))
    return Issuance(draw(forms), draw(instants()), ends.first_unit, ends.last_unit, stored)


@st.composite
def batches(draw, on_line=True):
    def several(rows):
        return tuple(draw(st.lists(rows, max_size=2)))

    return Batch(
        code=BATCH_CODE,
        scope=draw(st.sampled_from(("batch", "unit", "batch", "unit", None))),
        best_before=draw(st.none() | st.integers(-2, 2).map(lambda days: TODAY + timedelta(days=days))),
        issuances=tuple(draw(st.lists(issuances(), min_size=draw(st.sampled_from((0, 2, 2))), max_size=3))),
        revocations=several(units_ranges()),
        recalls=several(recalls),
        suspicions=several(units_ranges()),
        serial_keys=SERIAL_KEYS if on_line else None,
        mask_key=None if on_line else draw(st.sampled_from((None, SERIAL_KEYS.mask))),
    )


@st.composite
def rings(draw):
    revoked_at = draw(st.none() | instants())
    made = [public_key(1), public_key(2, revoked_at=revoked_at), public_key(3, "pack"), public_key(4, private_key=OTHER_PRIVATE_KEY)]
    kept = [key for key in made if draw(st.integers(0, 9)) > 0]
    return keyring(hosts=HOSTS, sequence=1) if not kept else keyring(*kept)


registers = st.builds(Register, rings(), st.none() | batches() | batches())
registers_with_batch = st.builds(Register, rings(), batches())
pack_times = st.just(NOW - timedelta(days=4)) | instants(days=9)
latest_times = st.just(NOW - timedelta(days=3)) | instants(days=3)
packs = st.builds(Pack, rings(), st.none() | batches(on_line=False) | batches(on_line=False), pack_times, latest_times)
packs_with_batch = st.builds(Pack, rings(), batches(on_line=False), pack_times, latest_times)
nows = st.just(NOW) | instants(days=3)


@st.composite
def issued(draw, off_line=False):
    """A stamp that was issued, and what knows of it, with nothing that speaks against it."""
    form, scope = draw(forms), draw(st.sampled_from(("batch", "unit")))
    stored = draw(st.sampled_from(STORED[:3])) if form == "signed" else None
    by_unit = scope == "unit" and not off_line
    issuance = Issuance(form, ISSUED_AT, 1 if by_unit else None, UNITS if by_unit else None, stored)
    batch = Batch(BATCH_CODE, scope, draw(st.none() | st.just(TODAY)), (issuance,), serial_keys=SERIAL_KEYS)
    unit = draw(st.integers(1, UNITS)) if scope == "unit" else None
    # Readable codes stand on every label, whatever its form.
    shown = form if off_line and scope == "unit" else draw(st.sampled_from((form, "house")))
    text = a_text(shown, serial_of(unit) if unit else None, stored or STORED[0], host=draw(st.sampled_from((None, HOST))))
    ring = keyring(public_key(1), public_key(2))
    if not off_line:
        return text, Register(ring, batch), unit
    assume(form == "signed" or scope == "batch")
    batch = replace(batch, serial_keys=None, mask_key=draw(st.sampled_from((None, SERIAL_KEYS.mask))))
    pack = Pack(ring, batch, NOW - draw(st.integers(0, 7)) * timedelta(days=1), NOW)
    return text, pack, unit if batch.mask_key else None


def with_batch(known, **changes):
    return replace(known, batch=replace(known.batch, **changes))


def units_around(unit):
    """The whole batch, or a range that this unit lies in."""
    if unit is None:
        return st.just(Units())
    ranges = st.tuples(st.integers(1, unit), st.integers(unit, UNITS)).map(lambda ends: Units(*ends))
    return ranges | st.just(Units())


def recalls_in_force(units):
    lifted = st.none() | st.integers(1, 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds))
    started = st.integers(0, 10**6).map(lambda seconds: NOW - timedelta(seconds=seconds))
    return st.builds(Recall, units, started, lifted)


# ------------------------------------------------------------------------------------------------ every input


@given(anything_read, registers | packs, nows)
def test_everything_has_a_verdict_whose_reasons_are_sorted_and_unique(read, known, now):
    judgement = judge(read, known, now)
    assert isinstance(judgement, Judgement) and judgement.verdict in Verdict
    assert list(judgement.reasons) == sorted(set(judgement.reasons))


@given(anything_read, registers | packs, nows)
def test_the_same_input_always_has_the_same_verdict(read, known, now):
    assert judge(read, known, now) == judge(read, known, now)


@given(anything_read, registers, nows)
def test_with_the_register_exactly_what_is_no_stamp_of_ours_is_malformed(read, known, now):
    no_stamp = isinstance(read, Malformed) or read.form == "gs1_product"
    assert (judge(read, known, now).verdict is Verdict.MALFORMED) == no_stamp


@given(anything_read, packs, nows)
def test_without_a_network_a_layout_of_a_later_release_is_undetermined_and_other_faults_are_malformed(read, known, now):
    later_layout = isinstance(read, Malformed) and read.fault == "layout"
    no_stamp = (isinstance(read, Malformed) or read.form == "gs1_product") and not later_layout
    verdict = judge(read, known, now).verdict
    assert (verdict is Verdict.MALFORMED) == no_stamp
    assert not later_layout or verdict is Verdict.UNDETERMINED


@pytest.mark.parametrize("fault", sorted(FAULTS))
@given(known=registers, now=nows)
def test_the_fault_of_a_malformed_text_is_the_reason(fault, known, now):
    assert judge(Malformed(fault), known, now) == Judgement(Verdict.MALFORMED, (fault,))


@given(texts, registers | packs, nows)
def test_issued_has_no_reasons_and_every_other_verdict_has_some(read, known, now):
    judgement = judge(read, known, now)
    assert (judgement.verdict is Verdict.ISSUED) == (judgement.reasons == ())


@given(texts, registers, nows)
def test_with_the_register_nothing_is_undetermined(read, known, now):
    assert judge(read, known, now).verdict is not Verdict.UNDETERMINED


@given(texts, registers, nows)
def test_a_stamp_that_was_never_issued_has_no_unit_and_an_issued_one_tells_its_own(read, known, now):
    judgement = judge(read, known, now)
    unit = stamp.unit_of_serial(SERIAL_KEYS, read.serial) if read.serial else None
    assert judgement.unit == (None if judgement.verdict is Verdict.UNKNOWN else unit)


@given(forms, st.sampled_from(STORED), registers, nows)
def test_a_serial_that_no_key_made_is_unknown_whatever_the_register_holds(form, stored, known, now):
    assert judge(a_text(form, SERIALS[-1], stored), known, now).verdict is Verdict.UNKNOWN


@given(signed_texts, registers, nows)
def test_a_signed_text_whose_signature_is_bad_is_unknown_whatever_the_register_holds(read, known, now):
    assert judge(replace(read, signature=bytes(64)), known, now).verdict is Verdict.UNKNOWN


@given(signed_texts, registers_with_batch, nows)
def test_claims_that_were_never_stored_are_unknown_however_well_signed(read, known, now):
    others = tuple(row for row in known.batch.issuances if row.claims != stamp.without_serial(read.claims_bytes))
    assert judge(read, with_batch(known, issuances=others), now).verdict is Verdict.UNKNOWN


@given(texts, registers, nows)
def test_the_reason_for_every_red_or_amber_verdict_is_told(read, known, now):
    judgement = judge(read, known, now)
    needed = {Verdict.REVOKED: "revoked", Verdict.RECALLED: "recalled", Verdict.SUSPECT: "suspected", Verdict.EXPIRED: "past_best_before"}
    assert needed.get(judgement.verdict, "") in ("", *judgement.reasons)


# ------------------------------------------------------------------------------------------------------ precedence


@given(texts, registers_with_batch | packs_with_batch, nows, st.data())
def test_a_revocation_never_makes_a_verdict_weaker(read, known, now, data):
    before = judge(read, known, now)
    units = data.draw(units_around(None) if before.unit is None or before.unit > UNITS else units_around(before.unit))
    after = judge(read, with_batch(known, revocations=(*known.batch.revocations, units)), now)
    assert STRENGTH[after.verdict] >= STRENGTH[before.verdict]
    assert set(before.reasons) <= set(after.reasons)


@given(texts, registers_with_batch | packs_with_batch, nows, recalls)
def test_a_recall_never_makes_a_verdict_weaker(read, known, now, recall):
    before = judge(read, known, now)
    after = judge(read, with_batch(known, recalls=(*known.batch.recalls, recall)), now)
    assert STRENGTH[after.verdict] >= STRENGTH[before.verdict]


@given(texts, registers | packs, nows)
def test_revoked_recalled_suspected_and_expired_are_said_in_the_tables_order(read, known, now):
    judgement = judge(read, known, now)
    order = ["revoked", "recalled", "suspected", "past_best_before"]
    if not set(judgement.reasons) <= set(order):
        assert judgement.verdict in {Verdict.UNKNOWN, Verdict.UNDETERMINED, Verdict.REVOKED, Verdict.RECALLED}
        return
    verdicts = [Verdict.REVOKED, Verdict.RECALLED, Verdict.SUSPECT, Verdict.EXPIRED]
    first = next((verdict for reason, verdict in zip(order, verdicts, strict=True) if reason in judgement.reasons), Verdict.ISSUED)
    assert judgement.verdict is first


@given(issued() | issued(off_line=True))
def test_an_issued_stamp_that_nothing_speaks_against_is_issued(stamped):
    read, known, unit = stamped
    assert judge(read, known, NOW) == Judgement(Verdict.ISSUED, (), unit)


@given(issued(), st.data())
def test_a_recall_in_force_makes_an_issued_stamp_recalled_or_revoked(stamped, data):
    read, known, unit = stamped
    recall = data.draw(recalls_in_force(units_around(unit)))
    assert judge(read, with_batch(known, recalls=(recall,)), NOW) == Judgement(Verdict.RECALLED, ("recalled",), unit)
    both = with_batch(known, recalls=(recall,), revocations=(data.draw(units_around(unit)),))
    assert judge(read, both, NOW) == Judgement(Verdict.REVOKED, ("recalled", "revoked"), unit)


@given(issued(), st.data(), *[st.booleans()] * 4)
def test_an_issued_stamp_is_judged_by_exactly_what_speaks_against_it(stamped, data, revoked, recalled, suspected, expired):
    read, known, unit = stamped
    against = with_batch(
        known,
        revocations=(data.draw(units_around(unit)),) * revoked,
        recalls=(data.draw(recalls_in_force(units_around(unit))),) * recalled,
        suspicions=(data.draw(units_around(unit)),) * suspected,
        best_before=TODAY - timedelta(days=1) if expired else TODAY,
    )
    said = [
        (revoked, "revoked", Verdict.REVOKED),
        (recalled, "recalled", Verdict.RECALLED),
        (suspected, "suspected", Verdict.SUSPECT),
        (expired, "past_best_before", Verdict.EXPIRED),
    ]
    verdict = next((verdict for holds, _, verdict in said if holds), Verdict.ISSUED)
    reasons = tuple(sorted(reason for holds, reason, _ in said if holds))
    assert judge(read, against, NOW) == Judgement(verdict, reasons, unit)


@given(issued())
def test_what_is_listed_for_other_units_does_not_touch_a_stamp(stamped):
    read, known, unit = stamped
    others = (Units(UNITS + 1, UNITS + 2),) if unit is None else tuple(Units(one, one) for one in range(1, UNITS + 1) if one != unit)
    listed = with_batch(known, revocations=others, suspicions=others, recalls=tuple(Recall(units, ISSUED_AT) for units in others))
    assert judge(read, listed, NOW) == Judgement(Verdict.ISSUED, (), unit)


# ----------------------------------------------------------------------------------------------------- boundaries


def test_best_before_is_over_from_the_next_day_in_viet_nam():
    known = Register(keyring(), Batch(BATCH_CODE, "batch", date(2027, 3, 10), (Issuance("house", ISSUED_AT),), serial_keys=SERIAL_KEYS))
    last_second = datetime(2027, 3, 10, 16, 59, 59, tzinfo=UTC)
    assert judge(a_text(), known, last_second) == Judgement(Verdict.ISSUED)
    assert judge(a_text(), known, last_second + SECOND) == Judgement(Verdict.EXPIRED, ("past_best_before",))


def test_a_recall_holds_from_its_start_until_before_its_lifting():
    recall = Recall(Units(), NOW, NOW + 2 * SECOND)
    assert [recall.in_force(NOW + number * SECOND) for number in (-1, 0, 1, 2)] == [False, True, True, False]
    assert Recall(Units(), NOW).in_force(NOW + timedelta(days=9999))


def test_a_range_of_units_covers_its_ends_and_not_the_batchs_own_stamp():
    assert [Units(2, 3).cover(unit) for unit in (1, 2, 3, 4, None)] == [False, True, True, False, False]
    assert [Units().cover(unit) for unit in (1, 16_777_215, None)] == [True, True, True]


@pytest.mark.parametrize(("unit", "reasons"), [(UNITS, ()), (UNITS + 1, ("unit_not_issued",))])
def test_a_unit_above_what_was_issued_is_unknown(unit, reasons):
    known = Register(keyring(), Batch(BATCH_CODE, "unit", None, (Issuance("house", ISSUED_AT, 1, UNITS),), serial_keys=SERIAL_KEYS))
    assert judge(a_text(serial=serial_of(unit)), known, NOW).reasons == reasons


def test_the_first_half_of_a_unit_stamp_is_not_a_batch_stamp():
    known = Register(keyring(), Batch(BATCH_CODE, "unit", None, (Issuance("house", ISSUED_AT, 1, UNITS),), serial_keys=SERIAL_KEYS))
    assert judge(a_text(), known, NOW) == Judgement(Verdict.UNKNOWN, ("scope_not_issued",))


@given(issued())
def test_a_gs1_or_signed_text_is_a_stamp_only_where_issued_in_that_form(stamped):
    read, known, _ = stamped
    issuance = known.batch.issuances[0]
    for form in {"gs1", "signed"} - {issuance.form}:
        other = a_text(form, read.serial, issuance.claims or STORED[0])
        expected = "form_not_issued" if form == "gs1" else "claims_never_issued"
        assert judge(other, known, NOW) == Judgement(Verdict.UNKNOWN, (expected,))


@pytest.mark.parametrize(("revoked_after", "reasons"), [(SECOND, ()), (timedelta(0), ("key_revoked",)), (-SECOND, ("key_revoked",))])
def test_an_issuance_at_or_after_its_keys_revocation_is_unknown(revoked_after, reasons):
    ring = keyring(public_key(1, revoked_at=ISSUED_AT + revoked_after))
    batch = Batch(BATCH_CODE, "batch", None, (Issuance("signed", ISSUED_AT, claims=STORED[0]),), serial_keys=SERIAL_KEYS)
    judgement = judge(a_text("signed"), Register(ring, batch), NOW)
    assert judgement.reasons == reasons
    assert judgement.verdict is (Verdict.UNKNOWN if reasons else Verdict.ISSUED)


def test_an_address_is_judged_under_its_own_host_and_a_bare_path_under_all():
    batch = Batch(BATCH_CODE, "batch", None, (Issuance("signed", ISSUED_AT, claims=STORED[0]),), serial_keys=SERIAL_KEYS)
    known = Register(keyring(), batch)
    assert judge(a_text("signed", host=HOST), known, NOW).verdict is Verdict.ISSUED
    assert judge(a_text("signed", host=None), known, NOW).verdict is Verdict.ISSUED
    assert judge(a_text("signed", host=OTHER_HOST), known, NOW) == Judgement(Verdict.UNKNOWN, ("bad_signature",))


# --------------------------------------------------------------------------------------------- without a network


@given(anything_read, packs, st.integers(1, 10**7))
def test_a_pack_older_than_7_days_never_says_issued(read, known, seconds):
    now = known.issued_at + OLDEST_PACK + timedelta(seconds=seconds)
    assert judge(read, known, now).verdict in {Verdict.MALFORMED, Verdict.REVOKED, Verdict.RECALLED, Verdict.UNDETERMINED}


@given(issued(off_line=True), st.integers(1, 10**7))
def test_an_issued_stamp_is_undetermined_one_second_after_the_packs_7_days(stamped, seconds):
    read, known, unit = stamped
    known = with_batch(known, best_before=None)
    assert judge(read, known, known.issued_at + OLDEST_PACK) == Judgement(Verdict.ISSUED, (), unit)
    old = replace(known, issued_at=NOW - OLDEST_PACK - timedelta(seconds=seconds))
    assert judge(read, old, NOW) == Judgement(Verdict.UNDETERMINED, ("pack_too_old",), unit)


@given(anything_read, packs, st.integers(1, 10**6), st.booleans())
def test_a_clock_behind_the_pack_or_the_latest_time_seen_never_says_issued(read, known, seconds, behind_pack):
    now = (known.issued_at if behind_pack else known.latest_seen) - timedelta(seconds=seconds)
    assert judge(read, known, now).verdict in {Verdict.MALFORMED, Verdict.REVOKED, Verdict.RECALLED, Verdict.UNDETERMINED}


@given(texts, packs_with_batch, nows)
def test_a_revocation_or_recall_of_the_whole_batch_is_red_whatever_the_packs_age(read, known, now):
    revoked = judge(read, with_batch(known, revocations=(Units(),)), now).verdict
    assert STRENGTH[revoked] >= STRENGTH[Verdict.REVOKED]
    recalled = judge(read, with_batch(known, recalls=(Recall(Units(), now),)), now).verdict
    assert STRENGTH[recalled] >= STRENGTH[Verdict.RECALLED]


@given(texts, packs, nows)
def test_without_a_network_unknown_is_said_only_for_a_bad_signature_under_a_known_key_with_a_fresh_pack(read, known, now):
    judgement = judge(read, known, now)
    fresh = now - known.issued_at <= OLDEST_PACK and now >= max(known.issued_at, known.latest_seen)
    bad = read.form == "signed" and known.keyring.stamp_key(read.claims_bytes[1]) is not None and "bad_signature" in judgement.reasons
    assert (judgement.verdict is Verdict.UNKNOWN) == (bad and fresh)


@given(texts, packs, nows)
def test_without_a_network_what_the_pack_does_not_know_well_enough_is_never_issued(read, known, now):
    key = known.keyring.stamp_key(read.claims_bytes[1]) if read.form == "signed" else None
    not_enough = (
        known.batch is None
        or (read.scope == "unit" and read.form != "signed")
        or (read.form == "signed" and key is None)
        or (read.scope == "unit" and key is not None and key.revoked_at is not None)
    )
    verdict = judge(read, known, now).verdict
    assert not not_enough or verdict in {Verdict.UNKNOWN, Verdict.REVOKED, Verdict.RECALLED, Verdict.UNDETERMINED}


@pytest.mark.parametrize(("unit", "reasons"), [(None, ()), (3, ("key_revoked",))], ids=["batch", "unit"])
def test_a_key_revoked_after_issuance_leaves_a_unit_stamp_undetermined_and_a_batch_stamp_issued(unit, reasons):
    """An invented serial under a stolen key cannot be told from a good one; a batch's own claims are in the pack."""
    ring = keyring(public_key(1, revoked_at=NOW - SECOND))
    batch = Batch(BATCH_CODE, "unit" if unit else "batch", None, (Issuance("signed", ISSUED_AT, claims=STORED[0]),))
    read = a_text("signed", serial_of(unit) if unit else None)
    verdict = Verdict.UNDETERMINED if reasons else Verdict.ISSUED
    assert judge(read, Pack(ring, batch, NOW, NOW), NOW) == Judgement(verdict, reasons)


@pytest.mark.parametrize(
    ("form", "unit", "changes", "reason"),
    [
        ("house", None, {"issuances": ()}, "nothing_issued"),
        ("house", None, {"scope": "unit"}, "scope_not_issued"),
        ("house", 3, {"scope": "unit"}, "unit_without_signature"),
        ("gs1", None, {}, "form_not_issued"),
        ("signed", None, {"issuances": (Issuance("signed", ISSUED_AT, claims=STORED[2]),)}, "claims_not_in_pack"),
        ("signed", None, {"issuances": (Issuance("signed", NOW - timedelta(days=999), claims=STORED[0]),)}, "key_not_valid"),
    ],
)
def test_a_fresh_pack_tells_what_it_does_not_know_well_enough(form, unit, changes, reason):
    batch = replace(Batch(BATCH_CODE, "batch", None, (Issuance("house", ISSUED_AT),)), **changes)
    read = a_text(form, serial_of(unit) if unit else None)
    assert judge(read, Pack(keyring(), batch, NOW, NOW), NOW) == Judgement(Verdict.UNDETERMINED, (reason,))


@given(issued(), st.data())
def test_what_a_fresh_pack_says_of_a_stamp_that_was_printed_is_what_the_register_says(stamped, data):
    read, register, _ = stamped
    assume(read.form == "signed" or read.scope == "batch")
    register = with_batch(
        register,
        revocations=tuple(data.draw(st.lists(units_ranges(), max_size=1))),
        recalls=tuple(data.draw(st.lists(recalls, max_size=1))),
        suspicions=tuple(data.draw(st.lists(units_ranges(), max_size=1))),
    )
    told = tuple(replace(row, first_unit=None, last_unit=None) for row in register.batch.issuances)
    packed = replace(register.batch, issuances=told, serial_keys=None, mask_key=SERIAL_KEYS.mask)
    assert judge(read, Pack(register.keyring, packed, NOW, NOW), NOW) == judge(read, register, NOW)


# ------------------------------------------------------------------------------------- one character of a signed code


@pytest.mark.parametrize("serial", [None, serial_of(3)], ids=["batch", "unit"])
def test_every_one_character_change_of_a_signed_code_is_refused_with_and_without_a_network(serial):
    stored = claims_bytes(1, packed_on=date(2027, 1, 2), best_before=date(2027, 12, 31), stars=4, gi_number=7)
    code = signed_code(stamp.with_serial(stored, serial))
    scope = "unit" if serial else "batch"
    batch = Batch(BATCH_CODE, scope, None, (Issuance("signed", ISSUED_AT, claims=stored),), serial_keys=SERIAL_KEYS)
    ring = keyring(public_key(1), public_key(2, private_key=OTHER_PRIVATE_KEY))
    register, pack = Register(ring, batch), Pack(ring, replace(batch, serial_keys=None), NOW, NOW)
    assert len(code) == 140
    assert [judge(parse_typed(code), known, NOW).verdict for known in (register, pack)] == [Verdict.ISSUED] * 2
    passed = []
    for place in range(140):
        for wrong in (ALPHABET + "U*é").replace(code[place], ""):
            try:
                read = parse_typed(code[:place] + wrong + code[place + 1 :])
            except Malformed:
                continue
            on_line, off_line = judge(read, register, NOW).verdict, judge(read, pack, NOW).verdict
            if on_line is not Verdict.UNKNOWN or off_line not in {Verdict.UNKNOWN, Verdict.UNDETERMINED}:
                passed.append((place, wrong, on_line, off_line))
    assert passed == []


@given(st.sampled_from(SERIALS[:UNITS]), st.data())
def test_a_signed_code_typed_in_another_case_and_with_look_alikes_is_issued(serial, data):
    code = signed_code(stamp.with_serial(STORED[0], serial))
    batch = Batch(BATCH_CODE, "unit", None, (Issuance("signed", ISSUED_AT, 1, UNITS, STORED[0]),), serial_keys=SERIAL_KEYS)
    read = parse_typed(data.draw(typed_otherwise(code, separators=True)))
    assert judge(read, Register(keyring(), batch), NOW).verdict is Verdict.ISSUED
