import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.builders import (
    BATCH_CODE,
    HOST,
    NOW,
    OTHER_PRIVATE_KEY,
    PRIVATE_KEY,
    ROOT_PRIVATE_KEY,
    SERIAL_KEYS,
    TODAY,
    claims_bytes,
    codes,
    instants,
    keyring,
    public_key,
    serial_of,
)
from traceability.domain import keys, pack_entry, trust_pack, verdict
from traceability.domain.address import StampText
from traceability.domain.trust_pack import FORM, Held, PackError, difference, digest_lines, format_line, format_pack, open_pack
from traceability.domain.verdict import Units

PACK_PRIVATE_KEY = bytes(range(10, 42))
RING = keyring(public_key(), public_key(2, "pack", PACK_PRIVATE_KEY))
ROOT = keys.public_of(ROOT_PRIVATE_KEY)
LINES = {code: format_line({"code": code, "page": {"lot": lot}}) for code, lot in (("0000000000AA", "L1"), (BATCH_CODE, "Lô 2"))}
MORE = {**LINES, "ZZZZZZZZZZZZ": format_line({"code": "ZZZZZZZZZZZZ"})}


def a_pack(lines=LINES, ring=RING, root=ROOT_PRIVATE_KEY, **changed):
    key_file = keys.format_keyring(ring)
    given_values = {"number": 5, "area": "02683", "issued_at": NOW, "kid": 2, "private_key": PACK_PRIVATE_KEY, "key_file": key_file}
    given_values |= {"key_file_signature": keys.sign_key_file(root, key_file)}
    return format_pack(lines, **{**given_values, **changed})


NOTHING = Held()


def fault_in(content, held=NOTHING, now=NOW):
    try:
        open_pack(content, ROOT, held, now)
    except PackError as error:
        return error.fault
    return None


def resigned(content, **header):
    """A pack whose header says something else, signed anew: what only the holder of the key can make."""
    form, line, _signature, body = content.split(b"\n", 3)
    signed = form + b"\n" + json.dumps({**json.loads(line), **header}, separators=(",", ":")).encode() + b"\n"
    return signed + urlsafe_b64encode(keys.sign_pack(PACK_PRIVATE_KEY, signed)) + b"\n" + body


lines_of = st.dictionaries(codes, st.text(max_size=20), max_size=12).map(
    lambda lots: {code: format_line({"code": code, "lot": lot}) for code, lot in lots.items()}
)


@given(lines_of, st.integers(1, 2**31), instants())
def test_a_pack_opens_to_what_was_put_in(lines, number, issued_at):
    opened = open_pack(a_pack(lines, number=number, issued_at=issued_at), ROOT, Held(), issued_at)
    assert opened.lines == lines and opened.keyring == RING
    assert (opened.header.number, opened.header.area, opened.header.issued_at) == (number, "02683", issued_at)


@given(lines_of, lines_of, lines_of)
def test_a_difference_leads_from_one_state_to_the_other_and_from_no_other(old, new, other):
    content = a_pack(new, number=6, since=(5, old))
    assert open_pack(content, ROOT, Held(5, old), NOW).lines == new
    if digest_lines(trust_pack._apply(other, difference(old, new))) != digest_lines(new):
        assert fault_in(content, Held(5, other)) == "state_differs"
    assert fault_in(content, Held(4, old)) == fault_in(content) == "base_missing"


def test_no_pack_with_one_byte_changed_is_accepted():
    content = a_pack(MORE)
    for place, byte in enumerate(content):
        for changed in {byte ^ 1, byte ^ 0x20, byte ^ 0x80, 0x0A, 0x20} - {byte}:
            assert fault_in(content[:place] + bytes((changed,)) + content[place + 1 :]) is not None, (place, changed)


def test_a_pack_that_is_cut_off_or_goes_on_is_refused():
    content = a_pack(MORE)
    for end in range(len(content)):
        assert fault_in(content[:end]) == "cut_off"
    assert fault_in(content + b"x") == fault_in(content + content) == "body"


@pytest.mark.parametrize(
    ("fault", "content", "held"),
    [
        ("not_a_pack", b"hello", Held()),
        ("not_a_pack", b"\x1f\x8b", Held()),
        ("key_file_signature", a_pack(root=OTHER_PRIVATE_KEY), Held()),
        ("key_file_older", a_pack(), Held(key_sequence=2)),
        ("pack_key_unknown", a_pack(kid=1, private_key=PRIVATE_KEY), Held()),
        ("pack_key_unknown", a_pack(kid=3), Held()),
        ("pack_key_revoked", a_pack(ring=keyring(public_key(2, "pack", PACK_PRIVATE_KEY, revoked_at=NOW + timedelta(days=1)))), Held()),
        ("pack_key_revoked", a_pack(ring=keyring(public_key(2, "pack", PACK_PRIVATE_KEY, not_after=NOW - timedelta(days=1)))), Held()),
        ("bad_signature", a_pack(private_key=OTHER_PRIVATE_KEY), Held()),
        ("number_older", a_pack(), Held(6, LINES)),
        ("issued_ahead", a_pack(issued_at=NOW + timedelta(minutes=6)), Held()),
        ("state_differs", resigned(a_pack(), entries=3), Held()),
        ("state_differs", resigned(a_pack(), state="0" * 64), Held()),
        ("body", resigned(a_pack(), sha256="0" * 64), Held()),
        ("header", resigned(a_pack(), number=0), Held()),
        ("header", resigned(a_pack(), number="5"), Held()),
        ("header", resigned(a_pack(), base=9), Held()),
        ("header", resigned(a_pack(), issued_at="yesterday"), Held()),
        ("header", resigned(a_pack(), size=1 << 40), Held()),
        ("header", FORM + b"[]\n" + a_pack().split(b"\n")[2] + b"\n", Held()),
        ("key_file", resigned(a_pack(), key_file="{}", key_file_signature=keys.sign_key_file(ROOT_PRIVATE_KEY, b"{}").decode()), Held()),
    ],
)
def test_a_pack_that_is_not_to_be_used_says_why(fault, content, held):
    assert fault_in(content, held) == fault


def body_of(text):
    packer = zlib.compressobj(wbits=31)
    return packer.compress(text) + packer.flush()


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"plain",
            body_of(b"no end"),
            body_of(b"[]\n"),
            body_of(b"{}\n"),
            body_of(b"\xff\n"),
            body_of(b'{"code":1}\n'),
            body_of(b"\n"),
        ),
        *(body_of(b'{"code":"B"}\n{"code":"A"}\n'), body_of(b'{"code":"A"}\n{"code":"A"}\n'), body_of(b"") + b"x"),
        body_of(b"[" * 99_999 + b"\n"),
    ],
)
def test_a_signed_body_that_is_none_is_refused(body):
    whole = a_pack()
    head = whole[: whole.index(b"\x1f\x8b")]
    digest = trust_pack.sha256(body).hexdigest()
    assert fault_in(resigned(head + body, size=len(body), sha256=digest)) == "body"


def test_a_body_that_is_unpacked_to_more_than_a_phone_holds_is_refused(monkeypatch):
    monkeypatch.setattr(trust_pack, "LARGEST_STATE", 100)
    assert fault_in(a_pack({f"{n:012d}": format_line({"code": f"{n:012d}"}) for n in range(20)})) == "body"


def test_the_same_number_may_come_again_and_a_lower_one_not():
    assert fault_in(a_pack(), Held(5, LINES, 1)) is None
    assert fault_in(a_pack(number=4), Held(5, LINES, 1)) == "number_older"


def test_a_signature_with_other_words_for_the_same_bytes_is_refused():
    form, line, signature, body = a_pack().split(b"\n", 3)
    # 64 bytes take 86 characters: of the last one four bits count for nothing.
    other = next(
        text
        for letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        if (text := signature[:85] + bytes((letter,)) + b"==") != signature and urlsafe_b64decode(text) == urlsafe_b64decode(signature)
    )
    assert fault_in(b"\n".join((form, line, other, body))) == "bad_signature"


# ------------------------------------------------------------------------------------------------------------- entries

ISSUED = tuple(
    verdict.Issuance("signed", NOW - timedelta(days=days), first, first + 4, claims_bytes(1, packed_on=TODAY))
    for first, days in ((1, 30), (6, 20), (11, 10))
)
BATCH = verdict.Batch(
    BATCH_CODE,
    "unit",
    TODAY + timedelta(days=30),
    (*ISSUED, verdict.Issuance("house", NOW, 16, 20)),
    (Units(3, 4),),
    (verdict.Recall(Units(7, 9), NOW - timedelta(days=1)), verdict.Recall(Units(), NOW + timedelta(days=1))),
    (Units(5, 5),),
    SERIAL_KEYS,
)


def entry_line(batch=BATCH):
    words = {"advice": "Trả lại nơi mua", "contact": "0214 000 000", "reason": "Nấm mốc"}
    recalls = [pack_entry.recall_entry(recall, words) for recall in batch.recalls]
    return format_line(pack_entry.format_entry(batch, recalls=recalls, page={"lot": "L1"}))


def test_an_entry_holds_what_a_stamp_is_judged_by_and_no_key_that_makes_serials():
    line = entry_line()
    read = pack_entry.parse_entry(line)
    assert (read.code, read.scope, read.best_before) == (BATCH.code, BATCH.scope, BATCH.best_before)
    assert (read.recalls, read.revocations, read.suspicions) == (BATCH.recalls, BATCH.revocations, BATCH.suspicions)
    assert read.mask_key == SERIAL_KEYS.mask and read.serial_keys is None
    # The first and the last of the same claims, without the units.
    assert read.issuances == (*(replace(row, first_unit=None, last_unit=None) for row in (ISSUED[0], ISSUED[2], BATCH.issuances[3])),)
    assert SERIAL_KEYS.tag.hex() not in line and pack_entry._text(SERIAL_KEYS.tag) not in line


def test_the_mask_key_goes_along_only_where_a_range_of_units_is_cancelled_or_recalled():
    assert pack_entry.parse_entry(entry_line(replace(BATCH, recalls=(), revocations=(Units(),)))).mask_key is None
    assert pack_entry.parse_entry(entry_line(replace(BATCH, recalls=(), revocations=()))).mask_key is None
    assert pack_entry.parse_entry(entry_line(replace(BATCH, recalls=()))).mask_key == SERIAL_KEYS.mask


@pytest.mark.parametrize(("unit", "said"), [(3, "REVOKED"), (8, "RECALLED"), (12, "ISSUED")])
def test_a_signed_unit_is_judged_by_its_entry_as_the_register_would(unit, said):
    serial = serial_of(unit)
    stated = claims_bytes(1, packed_on=TODAY, serial=serial)
    read = StampText(
        "signed", "unit", BATCH_CODE, serial, claims_bytes=stated, signature=keys.sign_claims(PRIVATE_KEY, HOST, stated), host=HOST
    )
    known = verdict.Pack(keyring(), pack_entry.parse_entry(entry_line()), NOW, NOW)
    assert verdict.judge(read, known, NOW).verdict.value == said
    assert verdict.judge(read, verdict.Register(keyring(), BATCH), NOW).verdict.value == said


@pytest.mark.parametrize(
    "line", ["", "[]", "{}", '{"code":1,"recalls":[{}]}', '{"code":"A","issued":[[1]]}', '{"code":"A","best_before":"x"}']
)
def test_a_line_that_is_no_entry_is_refused(line):
    with pytest.raises(PackError):
        pack_entry.parse_entry(line)
