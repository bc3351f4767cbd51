"""Values and strategies that several tests of the domain share; each builder gives a valid thing unless told otherwise."""

import string
from datetime import UTC, date, datetime, timedelta
from functools import cache

from hypothesis import strategies as st

from traceability.domain import base32, keys, stamp
from traceability.domain.address import StampText
from traceability.domain.errors import Malformed

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
HOST = "TRACE.EXAMPLE.VN"
OTHER_HOST = "TEM.EXAMPLE.VN"
HOSTS = (HOST, OTHER_HOST)
BASE_URL = "https://trace.example.vn"
SET_82 = "!\"%&'()*+,-./:;<=>?_" + string.digits + string.ascii_letters
NOW = datetime(2027, 3, 10, 3, tzinfo=UTC)
TODAY = date(2027, 3, 10)
MASTER_KEY = bytes(range(32))
BATCH_CODE = "7K3MQ9X2ABCS"
SERIAL_KEYS = stamp.serial_keys(MASTER_KEY, BATCH_CODE)
PRIVATE_KEY = bytes(range(100, 132))
OTHER_PRIVATE_KEY = bytes(range(132, 164))
ROOT_PRIVATE_KEY = bytes(range(164, 196))

# The characters that read as another one, each with all that it may be typed as.
LOOK_ALIKES = {"0": "0Oo", "1": "1IiLl"}


def public_key(kid=1, use="stamp", private_key=PRIVATE_KEY, not_before=None, not_after=None, revoked_at=None):
    return keys.PublicKey(
        kid,
        use,
        keys.public_of(private_key),
        not_before or datetime(2026, 1, 1, tzinfo=UTC),
        not_after or datetime(2028, 1, 1, tzinfo=UTC),
        revoked_at,
    )


def keyring(*public_keys, hosts=HOSTS, sequence=1):
    return keys.Keyring(sequence, hosts, public_keys or (public_key(),))


def claims_bytes(kid=1, batch_code=BATCH_CODE, **stated):
    return stamp.format_claims(stamp.Claims(kid, batch_code, **stated))


@cache
def signature_of(claims, private_key=PRIVATE_KEY, host=HOST):
    return keys.sign_claims(private_key, host, claims)


def signed_code(claims, signature=None):
    return stamp.claims_text(claims) + base32.encode_bytes(signature or signature_of(claims))


def serial_of(unit):
    serial = stamp.make_serial(SERIAL_KEYS, unit)
    assert serial
    return serial


def gtin_with_check(digits):
    """The digits and their GS1 check digit: weights 3, 1, 3 … from the right."""
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def fault_of(parse, *given, **named):
    """The fault that a parser finds, None where it finds none; any other exception goes through and fails the test."""
    try:
        parse(*given, **named)
    except Malformed as malformed:
        return malformed.fault
    return None


def digits(length):
    return st.text(string.digits, min_size=length, max_size=length)


def instants(around=NOW, days=20):
    """Whole seconds around a time, often exactly on a day's distance from it."""
    whole_days = st.integers(-days, days).map(lambda number: timedelta(days=number))
    seconds = st.integers(-days * 86400, days * 86400).map(lambda number: timedelta(seconds=number))
    return (whole_days | seconds).map(lambda distance: around + distance)


codes = st.integers(0, 2**55 - 1).map(base32.with_check)
serials = st.integers(1, 2**55 - 1).map(base32.with_check)
units = st.integers(1, stamp.LAST_UNIT) | st.sampled_from((1, 2, stamp.LAST_UNIT - 1, stamp.LAST_UNIT))
gtins = digits(13).map(gtin_with_check)
lots = st.text(SET_82.replace("/", ""), min_size=1, max_size=20).filter(lambda lot: lot not in (".", ".."))
claimable_days = st.dates(date(2020, 1, 2), date(2199, 6, 6))


@st.composite
def claims(draw, **fixed):
    packed_on = draw(st.none() | claimable_days)
    drawn = {
        "kid": draw(st.integers(0, 255)),
        "batch_code": draw(codes),
        "serial": draw(st.none() | serials),
        "packed_on": packed_on,
        "best_before": draw(st.none() | claimable_days),
        "stars": draw(st.sampled_from((0, 3, 4, 5))) if packed_on else 0,
        "gi_number": draw(st.integers(0, 0xFFFF)),
    }
    return stamp.Claims(**{**drawn, **fixed})


@st.composite
def house_texts(draw, host=HOST):
    serial = draw(st.none() | serials)
    return StampText("house", "unit" if serial else "batch", draw(codes), serial, host=host)


@st.composite
def gs1_texts(draw, host=HOST):
    serial = draw(st.none() | serials)
    return StampText("gs1", "unit" if serial else "batch", None, serial, draw(gtins), draw(lots), host=host)


@st.composite
def signed_texts(draw, host=HOST):
    stated = draw(claims())
    return StampText(
        "signed",
        "unit" if stated.serial else "batch",
        stated.batch_code,
        stated.serial,
        claims_bytes=stamp.format_claims(stated),
        signature=draw(st.binary(min_size=64, max_size=64)),
        host=host,
    )


stamp_texts = house_texts() | gs1_texts() | signed_texts()


@st.composite
def typed_otherwise(draw, text, separators=False):
    """A canonical code as a person or a careless program may give it: other case, look-alikes, spaces and hyphens."""
    written = []
    for character in text:
        written.append(draw(st.sampled_from(LOOK_ALIKES.get(character, character + character.lower()))))
        if separators:
            written.append(draw(st.sampled_from(("", "", "-", " "))))
    return "".join(written)


@st.composite
def mutated(draw, text):
    """A text after a few careless or malicious edits."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 3)))
        inserted = draw(
            st.sampled_from(
                ("", "/", "//", "%", "%2F", "%00", "%FF", "%C3%A9", "?", "#", ":", "@", "-", " ", "\n", "\0", "\u0131", "\u212a")
            )
            | st.text(max_size=3)
            | st.text(ALPHABET, max_size=3)
            | st.just(text[start:end] * 2)
        )
        text = text[:start] + inserted + text[end:]
    return text
