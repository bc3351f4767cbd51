import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.builders import (
    HOST,
    HOSTS,
    NOW,
    OTHER_HOST,
    OTHER_PRIVATE_KEY,
    PRIVATE_KEY,
    ROOT_PRIVATE_KEY,
    claims,
    claims_bytes,
    instants,
    keyring,
    public_key,
    signature_of,
)
from traceability.domain import keys, stamp
from traceability.domain.errors import KeyFileError

SECOND = timedelta(seconds=1)
ROOT_PUBLIC_KEY = keys.public_of(ROOT_PRIVATE_KEY)
GOOD = keys.format_keyring(keyring(public_key(1), public_key(2, "pack", OTHER_PRIVATE_KEY), public_key(3, revoked_at=NOW)))

times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(lambda time: time.replace(microsecond=0, tzinfo=UTC))
host_names = st.from_regex(r"[A-Z0-9]([A-Z0-9-]{0,10}[A-Z0-9])?(\.[A-Z0-9]([A-Z0-9-]{0,10}[A-Z0-9])?){0,3}", fullmatch=True)


@st.composite
def keyrings(draw):
    kids = sorted(draw(st.sets(st.integers(1, 255), max_size=6)))
    made = [
        keys.PublicKey(
            kid,
            draw(st.sampled_from(keys.USES)),
            draw(st.binary(min_size=32, max_size=32)),
            draw(times),
            draw(times),
            draw(st.none() | times),
        )
        for kid in kids
    ]
    return keys.Keyring(draw(st.integers(0, 2**53)), tuple(draw(st.lists(host_names, max_size=4))), tuple(made))


def key_file(**changes):
    """A good key file of one key; a change of None takes the member away, `key` changes members of the key."""
    content = json.loads(keys.format_keyring(keyring()))
    content["keys"][0].update(changes.pop("key", {}))
    content.update(changes)
    return json.dumps(content).encode()


def without(member):
    content = json.loads(keys.format_keyring(keyring()))
    (content if member in content else content["keys"][0]).pop(member)
    return json.dumps(content).encode()


# --------------------------------------------------------------------------------------------------------- the file


@given(keyrings())
def test_a_keyring_comes_back_from_its_file(ring):
    assert keys.parse_keyring(keys.format_keyring(ring)) == ring


@given(keyrings())
def test_a_key_file_comes_back_from_its_keyring_byte_for_byte(ring):
    content = keys.format_keyring(ring)
    assert keys.format_keyring(keys.parse_keyring(content)) == content


def test_a_time_with_another_offset_means_the_same_instant():
    ring = keys.parse_keyring(key_file(key={"not_before": "2026-01-01T07:00:00+07:00"}))
    assert ring == keyring()


@pytest.mark.parametrize("kid", [1, 255])
def test_the_first_and_the_last_key_id_are_taken(kid):
    assert keys.parse_keyring(key_file(key={"kid": kid})).keys[0].kid == kid


@pytest.mark.parametrize("kid", [0, 256, -1, True, False, 1.0, "1", None, [], {}, 10**400])
def test_a_key_id_outside_1_to_255_is_refused(kid):
    with pytest.raises(KeyFileError, match="not a key id"):
        keys.parse_keyring(key_file(key={"kid": kid}))


@pytest.mark.parametrize("kids", [(1, 1), (2, 1), (1, 2, 2), (3, 1, 2)])
def test_key_ids_that_repeat_or_go_down_are_refused(kids):
    content = keys.format_keyring(keyring(*(public_key(kid) for kid in kids)))
    with pytest.raises(KeyFileError, match="unique, oldest to newest"):
        keys.parse_keyring(content)


@pytest.mark.parametrize("size", [0, 1, 31, 33, 64])
def test_a_public_key_of_another_size_is_refused(size):
    content = keys.format_keyring(keyring(replace(public_key(), public=bytes(size))))
    with pytest.raises(KeyFileError, match="32 bytes"):
        keys.parse_keyring(content)


@pytest.mark.parametrize("change", [{"use": "root"}, {"use": "STAMP"}, {"use": None}, {"alg": "EdDSA"}, {"alg": "none"}, {"alg": None}])
def test_a_key_of_unknown_use_or_algorithm_is_refused(change):
    with pytest.raises(KeyFileError, match="unknown use or algorithm"):
        keys.parse_keyring(key_file(key=change))


@pytest.mark.parametrize(
    "host",
    ["trace.example.vn", "Trace.EXAMPLE.VN", "", ".", "TRACE.EXAMPLE.VN.", ".VN", "-A", "A-", "A:443", "A/B", "A@B", "A B", "A\n"],
)
def test_what_is_no_host_in_capitals_is_refused(host):
    with pytest.raises(KeyFileError, match="not a host in capitals"):
        keys.parse_keyring(key_file(hosts=[HOST, host]))


@pytest.mark.parametrize(
    "host",
    ["Ｔ.VN", "TRÀ.VN", "*", "[::1]", None, 7, ["A"], {"A": 1}],
)
def test_a_host_in_foreign_letters_or_that_is_no_text_is_refused(host):
    with pytest.raises(KeyFileError, match="not a host in capitals"):
        keys.parse_keyring(key_file(hosts=[HOST, host]))


@pytest.mark.parametrize("field", ["not_before", "not_after", "revoked_at"])
@pytest.mark.parametrize(
    "time", ["2026-01-01T00:00:00", "2026-01-01", "", "now", 0, "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+99:00"]
)
def test_a_time_without_its_offset_or_that_is_none_is_refused(field, time):
    with pytest.raises(KeyFileError, match="not a key file"):
        keys.parse_keyring(key_file(key={field: time}))


@pytest.mark.parametrize("field", ["not_before", "not_after"])
def test_a_key_without_bounds_is_refused(field):
    with pytest.raises(KeyFileError):
        keys.parse_keyring(key_file(key={field: None}))


@pytest.mark.parametrize("member", ["sequence", "hosts", "keys", "kid", "use", "alg", "x", "not_before", "not_after", "revoked_at"])
def test_a_key_file_that_lacks_a_member_is_refused(member):
    with pytest.raises(KeyFileError):
        keys.parse_keyring(without(member))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"7",
        b"[]",
        b'""',
        b"{",
        b"{}",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\0",
        GOOD[:-3],
        GOOD + b"x",
        b"[" * 100_000,
        b"[" * 50_000 + b"]" * 50_000,
        b'{"keys":' * 12_500,
        b'{"sequence":' + b"9" * 100_000 + b',"hosts":[],"keys":[]}',
        b"9" * 100_000,
        b'"' * 100_000,
        b" " * 100_000,
        key_file(hosts=["A" + "." * 100_000]),
        key_file(hosts=["A" * 100_000 + "a"]),
        key_file(key={"x": "A" * 100_000}),
        key_file(key={"not_before": "2" * 100_000}),
    ],
    ids=lambda content: f"{content[:14]!r} of {len(content)}",
)
def test_what_is_no_key_file_is_refused_however_long_or_deep(content):
    with pytest.raises(KeyFileError):
        keys.parse_keyring(content)


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1e999"])
def test_a_sequence_that_is_no_finite_number_is_refused(number):
    content = key_file(sequence=4711).replace(b"4711", number.encode())
    with pytest.raises(KeyFileError):
        keys.parse_keyring(content)


@pytest.mark.parametrize("sequence", [True, 7.9, "7", None, []])
def test_a_sequence_that_is_not_a_whole_number_is_refused_and_not_repaired(sequence):
    with pytest.raises(KeyFileError):
        keys.parse_keyring(key_file(sequence=sequence))


@pytest.mark.parametrize("hosts", ["AB", {"AB": 1}, None, 7])
def test_hosts_that_are_not_a_list_are_refused_and_not_repaired(hosts):
    with pytest.raises(KeyFileError):
        keys.parse_keyring(key_file(hosts=hosts))


@pytest.mark.parametrize("entries", ["", {}, None, 7, [None], [7], ["key"], [[]]])
def test_keys_that_are_not_a_list_of_keys_are_refused_and_not_repaired(entries):
    with pytest.raises(KeyFileError):
        keys.parse_keyring(key_file(keys=entries))


@pytest.mark.parametrize("junk", ["!", "*", " ", "é"])
def test_a_public_key_with_foreign_characters_is_refused_and_not_repaired(junk):
    x = json.loads(keys.format_keyring(keyring()))["keys"][0]["x"]
    with pytest.raises(KeyFileError):
        keys.parse_keyring(key_file(key={"x": x[:5] + junk + x[5:]}))


def keyring_or_refusal(content):
    try:
        return keys.parse_keyring(content)
    except KeyFileError:
        return None


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_crash_the_reading_of_a_key_file(content):
    keyring_or_refusal(content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.sampled_from((10**400, -(10**400), float("inf"))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["sequence", "hosts", "keys", "extra"]), json_values)
def test_no_value_in_the_place_of_a_member_crashes_the_reading_of_a_key_file(member, value):
    keyring_or_refusal(key_file(**{member: value}))


@given(st.sampled_from(["kid", "use", "alg", "x", "not_before", "not_after", "revoked_at", "extra"]), json_values)
def test_no_value_in_the_place_of_a_keys_member_crashes_the_reading_of_a_key_file(member, value):
    keyring_or_refusal(key_file(key={member: value}))


@given(st.integers(0, len(GOOD)), st.integers(0, 3), st.binary(max_size=3))
def test_no_altered_key_file_crashes_its_reading(start, removed, inserted):
    keyring_or_refusal(GOOD[:start] + inserted + GOOD[start + removed :])


# ------------------------------------------------------------------------------------------------------- the root


@given(keyrings())
def test_the_root_keys_signature_of_a_key_file_verifies(ring):
    content = keys.format_keyring(ring)
    signature = keys.sign_key_file(ROOT_PRIVATE_KEY, content)
    assert keys.verify_key_file(ROOT_PUBLIC_KEY, content, signature)
    assert keys.verify_key_file(ROOT_PUBLIC_KEY, content, signature.strip())


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_key_file_with_one_altered_byte_does_not_verify(place, change):
    signature = keys.sign_key_file(ROOT_PRIVATE_KEY, GOOD)
    altered = GOOD[:place] + bytes([GOOD[place] ^ change]) + GOOD[place + 1 :]
    assert not keys.verify_key_file(ROOT_PUBLIC_KEY, altered, signature)


@given(st.integers(0, 511))
def test_a_root_signature_with_one_altered_bit_does_not_verify(bit):
    raw = urlsafe_b64decode(keys.sign_key_file(ROOT_PRIVATE_KEY, GOOD))
    altered = (int.from_bytes(raw, "big") ^ 1 << bit).to_bytes(64, "big")
    assert not keys.verify_key_file(ROOT_PUBLIC_KEY, GOOD, urlsafe_b64encode(altered))


def test_the_signature_of_another_key_is_not_the_roots():
    assert not keys.verify_key_file(ROOT_PUBLIC_KEY, GOOD, keys.sign_key_file(PRIVATE_KEY, GOOD))


@given(st.binary(max_size=100))
def test_no_bytes_in_place_of_a_root_signature_crash_or_verify(signature):
    assert keys.verify_key_file(ROOT_PUBLIC_KEY, GOOD, signature) is False


@given(st.binary(max_size=64))
def test_no_bytes_in_place_of_a_root_key_crash_or_verify(root):
    assert keys.verify_key_file(root, GOOD, keys.sign_key_file(ROOT_PRIVATE_KEY, GOOD)) is (root == ROOT_PUBLIC_KEY)


# -------------------------------------------------------------------------------------------------- claims


@given(claims())
def test_signed_claims_verify_under_their_key_and_host(stated):
    raw = stamp.format_claims(stated)
    signature = keys.sign_claims(PRIVATE_KEY, HOST, raw)
    assert len(signature) == 64
    assert keys.verify_claims(public_key(), (HOST,), raw, signature)
    assert keys.verify_claims(public_key(), (OTHER_HOST, HOST), raw, signature)


@given(claims())
def test_signed_claims_do_not_verify_under_another_host_or_key_or_no_host(stated):
    raw = stamp.format_claims(stated)
    signature = keys.sign_claims(PRIVATE_KEY, HOST, raw)
    assert not keys.verify_claims(public_key(), (OTHER_HOST, "TRACE.EXAMPLE.VN.EVIL"), raw, signature)
    assert not keys.verify_claims(public_key(private_key=OTHER_PRIVATE_KEY), HOSTS, raw, signature)
    assert not keys.verify_claims(public_key(), (), raw, signature)


@given(st.integers(0, 23 * 8 - 1))
def test_claims_with_one_altered_bit_do_not_verify(bit):
    raw = claims_bytes()
    altered = (int.from_bytes(raw, "big") ^ 1 << bit).to_bytes(23, "big")
    assert not keys.verify_claims(public_key(), HOSTS, altered, signature_of(raw))


@given(st.binary(max_size=70), st.binary(max_size=40))
def test_no_bytes_in_place_of_a_signature_or_key_crash_or_verify(signature, public):
    raw = claims_bytes()
    assert not keys.verify_claims(public_key(), HOSTS, raw, signature)
    assert not keys.verify_claims(replace(public_key(), public=public), HOSTS, raw, signature_of(raw))


# ------------------------------------------------------------------------------------------------ choice and time


@given(st.integers(-1, 300))
def test_only_a_key_whose_use_is_stamp_verifies_stamps(kid):
    ring = keyring(public_key(1), public_key(2, "pack"), public_key(255))
    found = ring.stamp_key(kid)
    assert (found.kid if found else None) == (kid if kid in (1, 255) else None)


def test_a_key_allows_issuance_within_its_bounds_both_included():
    key = public_key(not_before=NOW, not_after=NOW + 2 * SECOND)
    assert [key.allows_issuance_at(NOW + number * SECOND) for number in (-1, 0, 2, 3)] == [False, True, True, False]


def test_a_key_allows_no_issuance_from_its_revocation():
    key = public_key(revoked_at=NOW)
    assert key.allows_issuance_at(NOW - SECOND)
    assert not key.allows_issuance_at(NOW)
    assert not key.allows_issuance_at(NOW + SECOND)


def test_the_newest_key_of_its_use_signs():
    ring = keyring(public_key(1), public_key(2), public_key(3, "pack"))
    assert ring.newest("stamp", NOW).kid == 2
    assert ring.newest("pack", NOW).kid == 3
    assert keyring(public_key(1)).newest("pack", NOW) is None


def test_a_revoked_expired_or_future_key_does_not_sign():
    ring = keyring(
        public_key(1),
        public_key(2, revoked_at=NOW - SECOND),
        public_key(3, not_after=NOW - SECOND),
        public_key(4, not_before=NOW + SECOND),
    )
    assert ring.newest("stamp", NOW).kid == 1


@given(st.lists(st.tuples(st.sampled_from(keys.USES), instants(), instants(), st.none() | instants()), max_size=6), instants())
def test_the_key_that_signs_is_allowed_to_and_none_newer_is(rows, now):
    made = [public_key(number, *row[:1], PRIVATE_KEY, *row[1:]) for number, row in enumerate(rows, 1)]
    ring = keys.Keyring(1, HOSTS, tuple(made))
    for use in keys.USES:
        allowed = [key for key in made if key.use == use and key.allows_issuance_at(now)]
        assert ring.newest(use, now) == (allowed[-1] if allowed else None)


@given(times, st.integers(-14 * 60, 14 * 60))
def test_an_instant_is_written_in_utc_and_read_back(time, minutes):
    elsewhere = time.astimezone(timezone(timedelta(minutes=minutes)))
    text = keys.format_instant(elsewhere)
    assert text == keys.format_instant(time) and text.endswith("Z") and len(text) == 20
    assert keys.parse_instant(text) == time


@given(st.text(max_size=40))
def test_no_text_in_place_of_an_instant_does_worse_than_a_value_error(text):
    try:
        assert keys.parse_instant(text).tzinfo is not None
    except ValueError:
        return
