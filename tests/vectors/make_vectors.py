"""Makes the test vectors of the traceability stamp, independently of the package that is tested with them.

This program was written from the stamp's contract alone. It imports nothing from the package, shares no code with
it, and must stay that way: a mistake that both sides inherit from one function is a mistake that no vector shows.

What is arithmetic (check characters, serials, claims, signatures) is computed here by small functions of its own.
What is judgement (the fault of a text, the verdict on a stamp and its reasons) is written by hand in each case;
there is no parser and no judge in this file.

    python make_vectors.py            writes the five JSON files beside this program
    python make_vectors.py --check    writes nothing; exits 1 if a file differs from what would be written

Everything is deterministic: keys and sample values come from SHA-256 of a label, and Ed25519 draws no randomness.
"""

import argparse
import base64
import copy
import hashlib
import hmac
import json
import sys
from collections import Counter
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HERE = Path(__file__).resolve().parent
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
HOST = "TRACE.EXAMPLE.VN"
OTHER_HOST = "TEM.EXAMPLE.VN"
HOSTS = [HOST, OTHER_HOST]


# ---------------------------------------------------------------- base32 and the check character


def number_to_text(number, bits):
    """A number of so many bits, right-aligned: the zero bits stand in front."""
    length = -(-bits // 5)
    return "".join(ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(length)))


def bytes_to_text(data):
    """A byte string, left-aligned: the zero bits stand at the end."""
    length = -(-len(data) * 8 // 5)
    padded = int.from_bytes(data, "big") << (length * 5 - len(data) * 8)
    return number_to_text(padded, length * 5)


def text_to_number(text):
    number = 0
    for character in text:
        number = number * 32 + ALPHABET.index(character)
    return number


def check_character(text):
    total = 0
    factor = 2
    for character in reversed(text):
        product = ALPHABET.index(character) * factor
        total += product // 32 + product % 32
        factor = 3 - factor
    return ALPHABET[-total % 32]


def with_check(text):
    return text + check_character(text)


def other_character(character):
    """The next character of the alphabet: certainly another one."""
    return ALPHABET[(ALPHABET.index(character) + 1) % 32]


# ---------------------------------------------------------------- sample values


def sample_bytes(label):
    return hashlib.sha256(b"stamp test vectors: " + label.encode()).digest()


def sample_code(label):
    """A batch code that looks random: the first 55 bits of the label's hash and the check character."""
    return with_check(number_to_text(int.from_bytes(sample_bytes(label)[:7], "big") >> 1, 55))


def gtin(digits):
    """The digits and their GS1 check digit (weights 3, 1, 3 … from the right)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


# ---------------------------------------------------------------- serials


def derive(master_key, batch, purpose):
    info = f"traceability serial {purpose} v1".encode()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=batch.encode(), info=info).derive(master_key)


def hmac_sha256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def serial_tag(master_key, batch, unit):
    digest = hmac_sha256(derive(master_key, batch, "tag"), batch.encode() + unit.to_bytes(4, "big"))
    return int.from_bytes(digest[:4], "big") >> 1


def serial_from_tag(master_key, batch, tag, unit):
    """The text for any tag, the right one or not: with a wrong tag it is a serial that K_mask reads and no key made."""
    digest = hmac_sha256(derive(master_key, batch, "mask"), batch.encode() + tag.to_bytes(4, "big"))
    mask = int.from_bytes(digest[:3], "big")
    value = (tag << 24) + (unit ^ mask)
    assert value != 0, "a unit whose value would be 0 is skipped"
    return with_check(number_to_text(value, 55))


def serial(master_key, batch, unit):
    return serial_from_tag(master_key, batch, serial_tag(master_key, batch, unit), unit)


CONTRACT_KEY = bytes(range(32))
CONTRACT_BATCH = "7K3MQ9X2ABCS"
CONTRACT_SERIALS = {1: "XC8DEEP97XZJ", 2: "504CRQD9VBR4", 16777215: "AEJVN1WRGGWQ"}


def make_serials():
    cases = [
        {"name": f"contract-unit-{unit}", "master_key": CONTRACT_KEY.hex(), "batch": CONTRACT_BATCH, "unit": unit, "serial": text}
        for unit, text in CONTRACT_SERIALS.items()
    ]
    grid = [
        ("contract-key-contract-batch", CONTRACT_KEY, CONTRACT_BATCH, (3, 255, 256, 65535, 65536, 1000000, 16777214)),
        ("contract-key-other-batch", CONTRACT_KEY, sample_code("serials 1"), (1, 2, 255, 256, 65535, 65536, 1000000, 16777215)),
        ("key-of-zeros", bytes(32), CONTRACT_BATCH, (1, 2, 255, 256, 65535, 65536, 1000000, 16777215)),
        ("key-of-ones", b"\xff" * 32, sample_code("serials 2"), (1, 2, 255, 256, 65535, 65536, 1000000, 16777215)),
        ("batch-code-of-zeros", sample_bytes("serials key 1"), with_check("0" * 11), (1, 2, 65536, 1000000, 16777215)),
        ("batch-code-of-z", sample_bytes("serials key 1"), with_check("Z" * 11), (1, 2, 65536, 1000000, 16777215)),
        ("first-sample-key", sample_bytes("serials key 2"), sample_code("serials 3"), (1, 2, 255, 256, 65535, 65536, 1000000, 16777215)),
        ("second-sample-key", sample_bytes("serials key 3"), sample_code("serials 3"), (1, 7, 42, 999, 4096, 123456, 8388607, 8388608)),
    ]
    for label, key, batch, units in grid:
        for unit in units:
            cases.append(
                {"name": f"{label}-unit-{unit}", "master_key": key.hex(), "batch": batch, "unit": unit, "serial": serial(key, batch, unit)}
            )

    key, batch, other = CONTRACT_KEY, CONTRACT_BATCH, sample_code("serials 1")
    good = CONTRACT_SERIALS[1]
    value = text_to_number(good[:11])
    tag = value >> 24

    def altered(flip):
        return with_check(number_to_text(value ^ flip, 55))

    # The halves of two good serials: each half is real, together they are not.
    halves = (value >> 24 << 24) + (text_to_number(CONTRACT_SERIALS[2][:11]) & 0xFFFFFF)
    # Tag and mask made for another batch code, unit 1: what an implementation that forgot the salt would accept.
    not_serials = [
        ("serial-of-another-batch", batch, serial(key, other, 1)),
        ("serial-of-this-batch-asked-of-another", other, good),
        ("serial-under-another-master-key", batch, serial(sample_bytes("serials key 2"), batch, 1)),
        ("serial-under-a-master-key-of-zeros", batch, serial(bytes(32), batch, 1)),
        ("lowest-bit-changed", batch, altered(1)),
        ("highest-bit-of-the-unit-field-changed", batch, altered(1 << 23)),
        ("lowest-bit-of-the-tag-changed", batch, altered(1 << 24)),
        ("highest-bit-of-the-tag-changed", batch, altered(1 << 54)),
        ("halves-of-two-good-serials", batch, with_check(number_to_text(halves, 55))),
        ("tag-of-unit-one-with-another-unit", batch, serial_from_tag(key, batch, tag, 2)),
        ("unit-not-masked", batch, with_check(number_to_text((tag << 24) + 1, 55))),
        ("unit-zero-with-its-right-tag", batch, serial(key, batch, 0)),
        ("value-zero", batch, with_check("0" * 11)),
        ("all-bits-set", batch, with_check("Z" * 11)),
        ("batch-code-given-as-serial", batch, batch),
        ("random-text-with-a-fitting-check-character", batch, sample_code("not a serial")),
    ]
    return {
        "cases": cases,
        "not_serials": [{"name": name, "master_key": key.hex(), "batch": asked, "serial": text} for name, asked, text in not_serials],
    }


# ---------------------------------------------------------------- check characters


def make_check_characters():
    texts = ["0" * 11, "Z" * 11, "7K3MQ9X2ABC", "0123456789A", "ABCDEFGHJKM", "NPQRSTVWXYZ"]
    # One 1 among zeros in every place: shows which places have factor 1 and which 2.
    texts += ["0" * place + "1" + "0" * (10 - place) for place in range(11)]
    # G is 16: doubled it is 32, the first product that carries. Z is 31, the largest value.
    texts += ["0000000000G", "000000000G0", "0000000000F", "0000000000Z", "000000000Z0", "Z0000000000"]
    # Neighbours 0 and Z swapped give the same check character (the one swap it misses); others do not.
    texts += ["7K30ZQ9X2AB", "7K3Z0Q9X2AB", "7K31ZQ9X2AB", "7K3Z1Q9X2AB"]
    texts += [sample_code(f"check character {number}")[:11] for number in range(15)]
    assert check_character("7K30ZQ9X2AB") == check_character("7K3Z0Q9X2AB")
    assert check_character("7K31ZQ9X2AB") != check_character("7K3Z1Q9X2AB")
    return {"cases": [{"text": text, "check": check_character(text)} for text in texts]}


# ---------------------------------------------------------------- signed claims


def days(text):
    return 0 if text is None else (date.fromisoformat(text) - date(2020, 1, 1)).days


def code_field(code):
    """The 55 bits of a batch code or serial in 7 bytes; null is 0."""
    return bytes(7) if code is None else text_to_number(code[:11]).to_bytes(7, "big")


def claims_bytes(batch_code, serial_text=None, kid=1, packed_on=None, best_before=None, stars=0, gi_number=0, layout=1):
    claims = (
        bytes([layout, kid])
        + code_field(batch_code)
        + code_field(serial_text)
        + days(packed_on).to_bytes(2, "big")
        + days(best_before).to_bytes(2, "big")
        + bytes([stars])
        + gi_number.to_bytes(2, "big")
    )
    assert len(claims) == 23
    return claims


def private_key(seed):
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_key_text(seed):
    raw = private_key(seed).public_key().public_bytes_raw()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed_over(claims, host=HOST):
    return f"https://{host}/S/{bytes_to_text(claims)}"


def sign(claims, seed, host=HOST):
    return private_key(seed).sign(signed_over(claims, host).encode("ascii"))


def signed_code(claims, signature):
    code = bytes_to_text(claims) + bytes_to_text(signature)
    assert len(code) == 140
    return code


def make_claims():
    first, second, third = (sample_bytes(f"claims key {number}") for number in (1, 2, 3))
    batch, zeros, last = CONTRACT_BATCH, with_check("0" * 11), with_check("Z" * 11)
    one = CONTRACT_SERIALS[1]

    # name, kid, batch code, serial, packed on, best before, stars, geographical indication, host, seed
    table = [
        ("batch-stamp-with-nothing-stated", 1, batch, None, None, None, 0, 0, HOST, first),
        ("batch-stamp-with-everything-stated", 1, batch, None, "2027-01-15", "2027-07-15", 4, 79, HOST, first),
        ("unit-stamp-with-nothing-stated", 1, batch, one, None, None, 0, 0, HOST, first),
        ("unit-stamp-with-everything-stated", 1, batch, one, "2027-01-15", "2027-07-15", 5, 79, HOST, first),
        ("unit-stamp-of-the-last-unit", 1, batch, CONTRACT_SERIALS[16777215], "2027-01-15", None, 3, 0, HOST, first),
        ("packed-on-only", 2, sample_code("claims 1"), None, "2026-12-31", None, 0, 0, HOST, second),
        ("best-before-only", 2, sample_code("claims 1"), None, None, "2028-02-29", 0, 0, HOST, second),
        ("geographical-indication-only", 2, sample_code("claims 1"), None, None, None, 0, 1, HOST, second),
        ("first-day-that-can-be-stated", 2, sample_code("claims 2"), None, "2020-01-02", "2020-01-02", 0, 0, HOST, second),
        ("last-day-that-can-be-stated", 255, sample_code("claims 2"), None, "2199-06-06", "2199-06-06", 5, 65535, HOST, third),
        ("batch-code-of-zeros", 3, zeros, None, "2027-01-15", None, 0, 256, HOST, third),
        ("batch-code-and-serial-of-z", 3, last, last, "2027-01-15", "2027-01-16", 3, 255, HOST, third),
        ("last-bit-of-the-claims-set", 3, sample_code("claims 3"), None, None, None, 0, 1, HOST, third),
        ("host-of-22-characters", 1, batch, None, "2027-01-15", None, 4, 0, "TRUYXUAT.EXAMPLE.GOV.VN"[1:], first),
        ("same-claims-under-another-host", 1, batch, None, "2027-01-15", "2027-07-15", 4, 79, OTHER_HOST, first),
        ("same-claims-under-another-key", 1, batch, None, "2027-01-15", "2027-07-15", 4, 79, HOST, third),
    ]
    cases = []
    for name, kid, code, serial_text, packed_on, best_before, stars, gi_number, host, seed in table:
        claims = claims_bytes(code, serial_text, kid, packed_on, best_before, stars, gi_number)
        signature = sign(claims, seed, host)
        cases.append(
            {
                "name": name,
                "layout": 1,
                "kid": kid,
                "batch_code": code,
                "serial": serial_text,
                "packed_on": packed_on,
                "best_before": best_before,
                "stars": stars,
                "gi_number": gi_number,
                "bytes": claims.hex(),
                "text": bytes_to_text(claims),
                "host": host,
                "private_key": seed.hex(),
                "public_key": public_key_text(seed),
                "signature": signature.hex(),
                "signature_text": bytes_to_text(signature),
                "signed_over": signed_over(claims, host),
                "qr_text": f"https://{host}/S/{signed_code(claims, signature)}",
            }
        )
    return {"cases": cases}


# ---------------------------------------------------------------- codes: what a text says, or its fault

BATCH = CONTRACT_BATCH
SERIAL = CONTRACT_SERIALS[1]
GTIN13 = gtin("893850597401")
GTIN14 = "0" + GTIN13
TEST_HOSTS = ["LOCALHOST", "192.168.1.20"]
CODES_SEED = sample_bytes("codes key")


def house(batch_code, serial_text=None):
    return {
        "form": "house",
        "scope": "unit" if serial_text else "batch",
        "batch_code": batch_code,
        "serial": serial_text,
        "gtin": None,
        "lot": None,
        "canonical_path": f"/S/{batch_code}{serial_text or ''}",
    }


def gs1(number, lot, encoded_lot, serial_text=None):
    """The encoded lot is written by hand in each case, so that no library's idea of quoting decides it."""
    end = f"/21/{serial_text}" if serial_text else ""
    return {
        "form": "gs1",
        "scope": "unit" if serial_text else "batch",
        "batch_code": None,
        "serial": serial_text,
        "gtin": number,
        "lot": lot,
        "canonical_path": f"/01/{number}/10/{encoded_lot}{end}",
    }


def product(number):
    return {"form": "gs1_product", "scope": None, "batch_code": None, "serial": None, "gtin": number, "lot": None, "canonical_path": None}


def signed(code, batch_code, serial_text=None):
    return {
        "form": "signed",
        "scope": "unit" if serial_text else "batch",
        "batch_code": batch_code,
        "serial": serial_text,
        "gtin": None,
        "lot": None,
        "canonical_path": f"/S/{code}",
    }


def make_codes():
    cases = []

    def add(name, given, text, expect, fault, hosts, test_mode):
        cases.append(
            {"name": name, "given": given, "text": text, "hosts": list(hosts), "test_mode": test_mode, "expect": expect, "fault": fault}
        )

    def good(name, text, expect, given="address", hosts=HOSTS, test_mode=False):
        add(name, given, text, expect, None, hosts, test_mode)

    def bad(name, text, fault, given="address", hosts=HOSTS, test_mode=False):
        add(name, given, text, None, fault, hosts, test_mode)

    at = f"https://{HOST}"
    # Full of characters that have look-alikes.
    folding = with_check("10AB10CD10E")
    folding_serial = with_check("0101XY01ZW0")
    claims = claims_bytes(BATCH, None, 1, "2027-01-15", "2027-07-15", 4, 79)
    signed_batch = signed_code(claims, sign(claims, CODES_SEED))
    unit_claims = claims_bytes(BATCH, SERIAL, 1, "2027-01-15", "2027-07-15", 4, 79)
    signed_unit = signed_code(unit_claims, sign(unit_claims, CODES_SEED))
    assert "1" in signed_unit and "0" in signed_unit

    # --- canonical texts of every form
    good("house-batch-canonical", f"{at}/S/{BATCH}", house(BATCH))
    good("house-unit-canonical", f"{at}/S/{BATCH}{SERIAL}", house(BATCH, SERIAL))
    good("gs1-batch-canonical", f"{at}/01/{GTIN14}/10/L2701", gs1(GTIN14, "L2701", "L2701"))
    good("gs1-unit-canonical", f"{at}/01/{GTIN14}/10/L2701/21/{SERIAL}", gs1(GTIN14, "L2701", "L2701", SERIAL))
    good("signed-batch-canonical", f"{at}/S/{signed_batch}", signed(signed_batch, BATCH))
    good("signed-unit-canonical", f"{at}/S/{signed_unit}", signed(signed_unit, BATCH, SERIAL))
    good("house-batch-code-of-zeros", f"{at}/S/{'0' * 12}", house("0" * 12))
    good("older-host-still-accepted", f"https://{OTHER_HOST}/S/{BATCH}", house(BATCH))

    # --- as a server hands it over, without scheme and host
    good("path-house-batch", f"/S/{BATCH}", house(BATCH), given="path")
    good("path-house-unit", f"/S/{BATCH}{SERIAL}", house(BATCH, SERIAL), given="path")
    good("path-gs1-batch", f"/01/{GTIN14}/10/L2701", gs1(GTIN14, "L2701", "L2701"), given="path")
    good("path-gs1-unit", f"/01/{GTIN14}/10/L2701/21/{SERIAL}", gs1(GTIN14, "L2701", "L2701", SERIAL), given="path")
    good("path-signed-unit", f"/S/{signed_unit}", signed(signed_unit, BATCH, SERIAL), given="path")
    good("path-in-lower-case", f"/s/{BATCH.lower()}{SERIAL.lower()}", house(BATCH, SERIAL), given="path")
    good("path-lot-with-a-literal-percent", f"/01/{GTIN14}/10/50%", gs1(GTIN14, "50%", "50%25"), given="path")
    good("path-lot-is-not-decoded-a-second-time", f"/01/{GTIN14}/10/A%2BB", gs1(GTIN14, "A%2BB", "A%252BB"), given="path")
    good("path-lot-with-a-plus", f"/01/{GTIN14}/10/A+B", gs1(GTIN14, "A+B", "A%2BB"), given="path")
    good("path-lot-with-a-question-mark", f"/01/{GTIN14}/10/A?B", gs1(GTIN14, "A?B", "A%3FB"), given="path")

    # --- typed by a person
    good("typed-batch-code", "7K3M-Q9X2-ABCS", house(BATCH), given="typed")
    good("typed-batch-code-without-hyphens", BATCH, house(BATCH), given="typed")
    good("typed-batch-code-with-spaces-all-over", "  7 K3M q9x2  ABCS ", house(BATCH), given="typed")
    good("typed-unit-code", "7K3M-Q9X2-ABCS XC8D-EEP9-7XZJ", house(BATCH, SERIAL), given="typed")
    good("typed-unit-code-in-lower-case", "7k3m-q9x2-abcs-xc8d-eep9-7xzj", house(BATCH, SERIAL), given="typed")
    good("typed-look-alikes", folding.replace("0", "o").replace("1", "l"), house(folding), given="typed")
    good(
        "typed-signed-code-in-groups",
        "-".join(signed_batch[i : i + 4] for i in range(0, 140, 4)),
        signed(signed_batch, BATCH),
        given="typed",
    )

    # --- lower case and look-alikes
    good("everything-in-lower-case", f"{at}/S/{BATCH}{SERIAL}".lower(), house(BATCH, SERIAL))
    good("scheme-in-upper-case", f"HTTPS://{HOST}/S/{BATCH}", house(BATCH))
    good("host-in-mixed-case", f"https://Trace.Example.vn/S/{BATCH}", house(BATCH))
    good("segment-s-in-lower-case", f"{at}/s/{BATCH}", house(BATCH))
    good("signed-in-lower-case", f"{at}/s/{signed_unit.lower()}", signed(signed_unit, BATCH, SERIAL))
    good("gs1-serial-in-lower-case", f"{at}/01/{GTIN14}/10/L2701/21/{SERIAL.lower()}", gs1(GTIN14, "L2701", "L2701", SERIAL))
    good("capital-i-read-as-one", f"{at}/S/{folding.replace('1', 'I')}", house(folding))
    good("capital-l-read-as-one", f"{at}/S/{folding.replace('1', 'L')}", house(folding))
    good("capital-o-read-as-zero", f"{at}/S/{folding.replace('0', 'O')}", house(folding))
    good(
        "small-i-l-o-read-as-digits",
        f"{at}/S/{folding.replace('0', 'o').replace('1', 'i')}{folding_serial.replace('0', 'o').replace('1', 'l')}",
        house(folding, folding_serial),
    )
    good(
        "look-alikes-in-a-gs1-serial",
        f"{at}/01/{GTIN14}/10/L2701/21/{folding_serial.replace('0', 'O').replace('1', 'l')}",
        gs1(GTIN14, "L2701", "L2701", folding_serial),
    )
    good("look-alikes-in-a-signed-code", f"{at}/S/{signed_unit.replace('0', 'O').replace('1', 'I')}", signed(signed_unit, BATCH, SERIAL))
    # The one swap of neighbours that the check character lets through; such a text is well formed.
    good("swap-of-zero-and-z-is-not-caught", f"{at}/S/7K3Z0Q9X2AB{check_character('7K30ZQ9X2AB')}", house(with_check("7K3Z0Q9X2AB")))

    # --- query and fragment
    good("query-passed-over", f"{at}/S/{BATCH}?utm_source=zalo", house(BATCH))
    good("empty-query-passed-over", f"{at}/S/{BATCH}?", house(BATCH))
    good("fragment-passed-over", f"{at}/S/{BATCH}{SERIAL}#top", house(BATCH, SERIAL))
    good("query-with-slashes-and-a-bad-percent-sequence", f"{at}/S/{BATCH}?a=/10/%zz/", house(BATCH))
    good("gs1-data-attributes-passed-over", f"{at}/01/{GTIN14}/10/L2701?17=271012&11=270112", gs1(GTIN14, "L2701", "L2701"))
    good(
        "gs1-unit-with-data-attribute-and-fragment",
        f"{at}/01/{GTIN14}/10/L2701/21/{SERIAL}?15=270712#x",
        gs1(GTIN14, "L2701", "L2701", SERIAL),
    )
    good("lot-and-serial-in-the-query-are-not-trusted", f"{at}/01/{GTIN14}/10/L2701?10=OTHER&21={SERIAL}", gs1(GTIN14, "L2701", "L2701"))
    good("question-mark-not-encoded-starts-the-query", f"{at}/01/{GTIN14}/10/A?B", gs1(GTIN14, "A", "A"))
    good("exactly-2048-characters", f"{at}/S/{BATCH}?".ljust(2048, "x"), house(BATCH))

    # --- GTINs
    gtin8, gtin12 = gtin("8930001"), gtin("03600029145")
    good("gtin-8-padded", f"{at}/01/{gtin8}/10/L2701", gs1("000000" + gtin8, "L2701", "L2701"))
    good("gtin-12-padded", f"{at}/01/{gtin12}/10/L2701", gs1("00" + gtin12, "L2701", "L2701"))
    good("gtin-13-padded", f"{at}/01/{GTIN13}/10/L2701", gs1(GTIN14, "L2701", "L2701"))
    carton = gtin("1893850597401")
    good("gtin-14-of-a-carton", f"{at}/01/{carton}/10/L2701", gs1(carton, "L2701", "L2701"))

    # --- lots
    lot = f"{at}/01/{GTIN14}/10/"
    good("lot-with-percent", f"{lot}50%25", gs1(GTIN14, "50%", "50%25"))
    good("lot-with-encoded-plus", f"{lot}A%2BB", gs1(GTIN14, "A+B", "A%2BB"))
    good("lot-with-bare-plus-stays-plus", f"{lot}A+B", gs1(GTIN14, "A+B", "A%2BB"))
    good("lot-with-ampersand", f"{lot}A%26B", gs1(GTIN14, "A&B", "A%26B"))
    good("lot-with-quotation-mark", f"{lot}A%22B", gs1(GTIN14, 'A"B', "A%22B"))
    good("lot-with-encoded-question-mark", f"{lot}A%3FB", gs1(GTIN14, "A?B", "A%3FB"))
    good("lot-with-less-than", f"{lot}A%3CB", gs1(GTIN14, "A<B", "A%3CB"))
    good("lot-with-lower-case-hex", f"{lot}A%3cB%2bC", gs1(GTIN14, "A<B+C", "A%3CB%2BC"))
    good("lot-with-unreserved-character-encoded", f"{lot}%41%2D%31", gs1(GTIN14, "A-1", "A-1"))
    good("lot-decoded-only-once", f"{lot}A%252FB", gs1(GTIN14, "A%2FB", "A%252FB"))
    good("lot-with-every-other-mark", f"{lot}!%27()*,:;=%3E", gs1(GTIN14, "!'()*,:;=>", "%21%27%28%29%2A%2C%3A%3B%3D%3E"))
    good("lot-with-hyphen-dot-underscore", f"{lot}-a.b_c", gs1(GTIN14, "-a.b_c", "-a.b_c"))
    good("lot-keeps-its-lower-case", f"{lot}lo-Iil0O", gs1(GTIN14, "lo-Iil0O", "lo-Iil0O"))
    good("lot-of-three-dots", f"{lot}...", gs1(GTIN14, "...", "..."))
    good("lot-of-one-character", f"{lot}0", gs1(GTIN14, "0", "0"))
    good("lot-of-20-characters", f"{lot}ABCDEFGHIJKLMNOPQRST", gs1(GTIN14, "ABCDEFGHIJKLMNOPQRST", "ABCDEFGHIJKLMNOPQRST"))
    good("lot-of-20-encoded-characters", f"{lot}{'%2B' * 20}", gs1(GTIN14, "+" * 20, "%2B" * 20))
    good("lot-that-looks-like-an-application-identifier", f"{lot}21/21/{SERIAL}", gs1(GTIN14, "21", "21", SERIAL))

    # --- GS1, well formed, not a stamp of ours
    good("gs1-gtin-alone", f"{at}/01/{GTIN14}", product(GTIN14))
    good("gs1-gtin-13-alone-with-query", f"{at}/01/{GTIN13}?10=L2701", product(GTIN14))
    good("gs1-serial-without-lot", f"{at}/01/{GTIN14}/21/{SERIAL}", product(GTIN14))
    good("gs1-variant-alone", f"{at}/01/{GTIN14}/22/2A", product(GTIN14))
    good("gs1-variant-before-lot", f"{at}/01/{GTIN14}/22/2A/10/L2701", product(GTIN14))
    good("gs1-variant-lot-and-serial", f"{at}/01/{GTIN14}/22/2A/10/L2701/21/{SERIAL}", product(GTIN14))
    good("path-gs1-gtin-alone", f"/01/{GTIN14}", product(GTIN14), given="path")

    # --- test mode
    good("test-mode-http-and-port", f"http://localhost:8000/S/{BATCH}", house(BATCH), hosts=TEST_HOSTS, test_mode=True)
    good("test-mode-http-without-port", f"http://192.168.1.20/S/{BATCH}{SERIAL}", house(BATCH, SERIAL), hosts=TEST_HOSTS, test_mode=True)
    good(
        "test-mode-https-and-port",
        f"https://192.168.1.20:8443/01/{GTIN14}/10/L2701",
        gs1(GTIN14, "L2701", "L2701"),
        hosts=TEST_HOSTS,
        test_mode=True,
    )
    good("test-mode-https-without-port", f"https://LOCALHOST/S/{BATCH}", house(BATCH), hosts=TEST_HOSTS, test_mode=True)

    # --- empty, too long
    bad("empty-address", "", "empty")
    bad("empty-path", "", "empty", given="path")
    bad("nothing-typed", "", "empty", given="typed")
    bad("only-spaces-and-hyphens-typed", " - - ", "empty", given="typed")
    bad("query-of-one-character-too-many", f"{at}/S/{BATCH}?".ljust(2049, "x"), "too_long")
    bad("fragment-far-too-long", f"{at}/S/{BATCH}#".ljust(100000, "x"), "too_long")
    bad("typed-code-followed-by-too-many-spaces", BATCH.ljust(2049), "too_long", given="typed")

    # --- scheme
    bad("http-outside-test-mode", f"http://{HOST}/S/{BATCH}", "scheme")
    bad("http-in-capitals-outside-test-mode", f"HTTP://{HOST}/01/{GTIN14}/10/L2701", "scheme")
    bad("ftp", f"ftp://{HOST}/S/{BATCH}", "scheme")
    bad("ftp-in-test-mode", f"ftp://localhost/S/{BATCH}", "scheme", hosts=TEST_HOSTS, test_mode=True)
    bad("scheme-missing", f"{HOST}/S/{BATCH}", "scheme")
    bad("scheme-left-out-before-two-slashes", f"//{HOST}/S/{BATCH}", "scheme")
    bad("bar-code-scanned-in-place-of-a-stamp", GTIN13, "scheme")
    # LATIN SMALL LETTER LONG S: Unicode upper case makes an S of it.
    bad("scheme-with-a-long-s", f"http\u017f://{HOST}/S/{BATCH}", "scheme")

    # --- authority
    bad("user-before-host", f"https://evil@{HOST}/S/{BATCH}", "authority")
    bad("user-and-password-before-host", f"https://bank.example:pw@{HOST}/S/{BATCH}", "authority")
    bad("port-outside-test-mode", f"https://{HOST}:8443/S/{BATCH}", "authority")
    bad("default-port-outside-test-mode", f"https://{HOST}:443/01/{GTIN14}/10/L2701", "authority")
    bad("final-dot-after-host", f"https://{HOST}./S/{BATCH}", "authority")
    bad("user-in-test-mode", f"http://evil@localhost/S/{BATCH}", "authority", hosts=TEST_HOSTS, test_mode=True)
    bad("final-dot-in-test-mode", f"http://localhost./S/{BATCH}", "authority", hosts=TEST_HOSTS, test_mode=True)

    # --- foreign hosts
    bad("foreign-host", f"https://EVIL.EXAMPLE.COM/S/{BATCH}", "foreign_host")
    bad("foreign-host-with-ours-in-front", f"https://{HOST}.EVIL.EXAMPLE.COM/S/{BATCH}", "foreign_host")
    bad("foreign-host-with-ours-at-the-end", f"https://EVIL{HOST}/S/{BATCH}", "foreign_host")
    bad("subdomain-of-our-host", f"https://WWW.{HOST}/S/{BATCH}", "foreign_host")
    bad("parent-of-our-host", f"https://EXAMPLE.VN/S/{BATCH}", "foreign_host")
    bad("host-with-one-for-l", f"https://TRACE.EXAMP1E.VN/S/{BATCH}", "foreign_host")
    bad("host-with-i-for-l", f"https://TRACE.EXAMPIE.VN/S/{BATCH}", "foreign_host")
    bad("host-with-zero-for-o", f"https://0COP.EXAMPLE.VN/S/{BATCH}", "foreign_host", hosts=["OCOP.EXAMPLE.VN"])
    bad("host-with-a-hyphen-too-many", f"https://TRA-CE.EXAMPLE.VN/S/{BATCH}", "foreign_host")
    bad("idn-host-with-a-cyrillic-letter", f"https://TRACE.\u0415XAMPLE.VN/S/{BATCH}", "foreign_host")
    bad("idn-host-as-punycode", f"https://trace.xn--xample-2of.vn/S/{BATCH}", "foreign_host")
    # KELVIN SIGN and dotless i become ASCII letters when Unicode changes their case.
    bad("host-with-a-kelvin-sign", f"https://\u212aIEMTRA.EXAMPLE.VN/S/{BATCH}", "foreign_host", hosts=["KIEMTRA.EXAMPLE.VN"])
    bad("host-with-a-dotless-i", f"https://k\u0131emtra.example.vn/S/{BATCH}", "foreign_host", hosts=["KIEMTRA.EXAMPLE.VN"])
    bad("host-not-in-a-list-of-none", f"{at}/S/{BATCH}", "foreign_host", hosts=[])
    bad("foreign-host-in-test-mode", f"http://{HOST}/S/{BATCH}", "foreign_host", hosts=TEST_HOSTS, test_mode=True)

    # --- path
    bad("no-path", at, "path")
    bad("no-path-but-a-query", f"{at}?/S/{BATCH}", "path")
    bad("root", f"{at}/", "path")
    bad("path-root", "/", "path", given="path")
    bad("segment-s-alone", f"{at}/S", "path")
    bad("segment-s-and-slash", f"{at}/S/", "path")
    bad("other-first-segment", f"{at}/T/{BATCH}", "path")
    bad("two-letters-s", f"{at}/SS/{BATCH}", "path")
    bad("code-without-segment-s", f"{at}/{BATCH}", "path")
    bad("path-with-a-long-s", f"/\u017f/{BATCH}", "path", given="path")
    bad("slash-at-the-end-of-a-house-code", f"{at}/S/{BATCH}/", "path")
    bad("slash-at-the-end-before-a-query", f"{at}/S/{BATCH}/?a=b", "path")
    bad("slash-at-the-end-of-a-lot", f"{at}/01/{GTIN14}/10/L2701/", "path")
    bad("slash-at-the-end-of-a-gtin", f"{at}/01/{GTIN14}/", "path")
    bad("path-slash-at-the-end", f"/S/{BATCH}{SERIAL}/", "path", given="path")
    bad("further-segment-after-a-house-code", f"{at}/S/{BATCH}/{SERIAL}", "path")
    bad("two-slashes-in-front", f"{at}//S/{BATCH}", "path")
    bad("empty-segment-after-s", f"{at}/S//{BATCH}", "path")
    bad("empty-lot", f"{at}/01/{GTIN14}/10//21/{SERIAL}", "path")
    bad("empty-gtin", f"{at}/01//10/L2701", "path")
    bad("alphabetic-names", f"{at}/gtin/{GTIN14}/lot/L2701", "path")
    bad("gs1-under-another-folder", f"{at}/gs1/01/{GTIN14}/10/L2701", "path")
    bad("another-primary-key", f"{at}/414/{GTIN13}", "path")

    # --- percent-encoding
    bad("percent-sequence-not-hexadecimal", f"{lot}A%G1B", "encoding")
    bad("percent-sequence-cut-short", f"{lot}A%4", "encoding")
    bad("percent-sign-alone", f"{lot}50%", "encoding")
    bad("percent-sequence-with-a-sign", f"{lot}A%+1", "encoding")
    bad("utf-8-cut-short", f"{lot}A%C3", "encoding")
    bad("utf-8-byte-that-never-occurs", f"{lot}%FF", "encoding")
    bad("utf-8-overlong-slash", f"{lot}A%C0%AFB", "encoding")
    bad("utf-8-surrogate", f"{lot}%ED%A0%80", "encoding")

    # --- length
    bad("house-code-of-11", f"{at}/S/{BATCH[:11]}", "length")
    bad("house-code-of-13", f"{at}/S/{BATCH}0", "length")
    bad("house-code-of-23", f"{at}/S/{BATCH}{SERIAL[:11]}", "length")
    bad("house-code-of-25", f"{at}/S/{BATCH}{SERIAL}0", "length")
    bad("three-codes-together", f"{at}/S/{BATCH}{SERIAL}{SERIAL}", "length")
    bad("claims-without-signature", f"{at}/S/{signed_batch[:37]}", "length")
    bad("signed-code-of-139", f"{at}/S/{signed_batch[:139]}", "length")
    bad("signed-code-of-141", f"{at}/S/{signed_batch}0", "length")
    bad("gs1-serial-of-11", f"{at}/01/{GTIN14}/10/L2701/21/{SERIAL[:11]}", "length")
    bad("gs1-serial-of-13", f"{at}/01/{GTIN14}/10/L2701/21/{SERIAL}0", "length")
    bad("batch-code-and-serial-as-gs1-serial", f"{at}/01/{GTIN14}/10/L2701/21/{BATCH}{SERIAL}", "length")
    bad("path-code-of-one-character", "/S/7", "length", given="path")
    bad("typed-code-of-11", "7K3M-Q9X2-ABC", "length", given="typed")
    bad("typed-bar-code", GTIN13, "length", given="typed")

    # --- alphabet; every one of these has the right length
    def with_character(code, place, character):
        return code[:place] + character + code[place + 1 :]

    bad("letter-u", f"{at}/S/{with_character(BATCH, 4, 'U')}", "alphabet")
    bad("small-letter-u-in-the-serial", f"{at}/S/{BATCH}{with_character(SERIAL, 0, 'u')}", "alphabet")
    bad("punctuation-in-a-code", f"{at}/S/{with_character(BATCH, 4, '*')}", "alphabet")
    bad("hyphen-in-an-address", f"{at}/S/{with_character(BATCH, 4, '-')}", "alphabet")
    bad("hyphens-in-an-address-that-make-up-24", f"{at}/S/{'-'.join(BATCH)}-", "alphabet")
    bad("space-in-an-address", f"{at}/S/{with_character(BATCH, 4, ' ')}", "alphabet")
    bad("hyphen-in-a-path", f"/S/{with_character(BATCH, 4, '-')}", "alphabet", given="path")
    bad("space-at-the-end-of-a-path", f"/S/{BATCH[:11]} ", "alphabet", given="path")
    # Some address parsers drop a line break without a word.
    bad("line-break-in-an-address", f"{at}/S/{with_character(BATCH, 4, chr(10))}", "alphabet")
    bad("line-break-at-the-end-of-a-path", f"/S/{BATCH[:11]}\n", "alphabet", given="path")
    bad("dotless-i-is-no-one", f"{at}/S/{with_character(folding, 0, chr(0x131))}", "alphabet")
    bad("kelvin-sign-is-no-k", f"{at}/S/{with_character(BATCH, 1, chr(0x212A))}", "alphabet")
    bad("full-width-digit", f"{at}/S/{with_character(BATCH, 0, chr(0xFF17))}", "alphabet")
    bad("arabic-digit", f"/S/{with_character(BATCH, 2, chr(0x663))}", "alphabet", given="path")
    # Its upper case is two letters, which must not change the length that is judged.
    bad("sharp-s-in-a-path", f"/S/{with_character(BATCH, 11, chr(0xDF))}", "alphabet", given="path")
    bad("letter-u-in-a-gs1-serial", f"{at}/01/{GTIN14}/10/L2701/21/{with_character(SERIAL, 3, 'U')}", "alphabet")
    bad("letter-u-in-the-claims", f"{at}/S/{with_character(signed_batch, 20, 'U')}", "alphabet")
    bad("letter-u-in-the-signature", f"{at}/S/{with_character(signed_batch, 100, 'U')}", "alphabet")
    bad("typed-letter-u", "7K3M-U9X2-ABCS", "alphabet", given="typed")
    bad("typed-dot", "7K3M.Q9X2ABC", "alphabet", given="typed")
    bad("typed-en-dash", "7K3M\u2013Q9X2ABC", "alphabet", given="typed")
    bad("typed-vietnamese-letter", with_character(BATCH, 6, "Đ"), "alphabet", given="typed")

    # --- check character
    bad("wrong-character-in-a-batch-code", f"{at}/S/{with_character(BATCH, 0, '8')}", "check_character")
    bad("wrong-check-character", f"{at}/S/{BATCH[:11]}{other_character(BATCH[11])}", "check_character")
    bad("neighbours-swapped", f"{at}/S/K73MQ9X2ABCS", "check_character")
    bad("wrong-batch-code-before-a-good-serial", f"{at}/S/{with_character(BATCH, 5, '8')}{SERIAL}", "check_character")
    bad("good-batch-code-before-a-wrong-serial", f"{at}/S/{BATCH}{with_character(SERIAL, 11, 'K')}", "check_character")
    bad("wrong-character-in-a-gs1-serial", f"{at}/01/{GTIN14}/10/L2701/21/{with_character(SERIAL, 3, 'E')}", "check_character")
    bad("path-wrong-character", f"/S/{with_character(BATCH, 10, 'D')}", "check_character", given="path")
    bad("typed-wrong-character", "7K3M-Q9X2-ABDS", "check_character", given="typed")
    bad("typed-neighbours-swapped-in-the-serial", "7K3M-Q9X2-ABCS-CX8D-EEP9-7XZJ", "check_character", given="typed")

    # --- padding bits
    def with_padding(code, place, bits):
        return with_character(code, place, ALPHABET[ALPHABET.index(code[place]) | bits])

    bad("padding-bit-of-the-claims", f"{at}/S/{with_padding(signed_batch, 36, 1)}", "padding")
    bad("lowest-padding-bit-of-the-signature", f"{at}/S/{with_padding(signed_batch, 139, 1)}", "padding")
    bad("highest-padding-bit-of-the-signature", f"{at}/S/{with_padding(signed_unit, 139, 4)}", "padding")
    bad("path-padding-bit-of-the-claims", f"/S/{with_padding(signed_unit, 36, 1)}", "padding", given="path")
    bad("typed-padding-of-the-signature", with_padding(signed_batch, 139, 2), "padding", given="typed")

    # --- GTINs
    bad("gtin-of-11-digits", f"{at}/01/{gtin('8938505974')}/10/L2701", "gtin")
    bad("gtin-of-15-digits", f"{at}/01/{gtin('00893850597401')}/10/L2701", "gtin")
    bad("gtin-of-9-digits-alone", f"{at}/01/{gtin('89300012')}", "gtin")
    bad("gtin-with-a-letter", f"{at}/01/{GTIN14[:5]}A{GTIN14[6:]}/10/L2701", "gtin")
    bad("gtin-with-o-for-zero-is-not-folded", f"{at}/01/O{GTIN13}/10/L2701", "gtin")
    bad("path-gtin-in-arabic-digits", f"/01/{''.join(chr(0x660 + int(digit)) for digit in GTIN14)}/10/L2701", "gtin", given="path")
    bad("path-gtin-with-a-superscript", f"/01/{GTIN14[:13]}\u00b2/10/L2701", "gtin", given="path")

    def with_wrong_check_digit(number):
        return number[:-1] + str((int(number[-1]) + 1) % 10)

    bad("gtin-14-check-digit", f"{at}/01/{with_wrong_check_digit(GTIN14)}/10/L2701", "gtin_check_digit")
    bad("gtin-13-check-digit", f"{at}/01/{with_wrong_check_digit(GTIN13)}/10/L2701/21/{SERIAL}", "gtin_check_digit")
    bad("gtin-8-check-digit", f"{at}/01/{with_wrong_check_digit(gtin8)}/10/L2701", "gtin_check_digit")
    bad("path-gtin-12-check-digit", f"/01/{with_wrong_check_digit(gtin12)}/10/L2701", "gtin_check_digit", given="path")
    bad("gtin-alone-check-digit", f"{at}/01/{with_wrong_check_digit(GTIN14)}", "gtin_check_digit")

    # --- lots
    bad("lot-of-21-characters", f"{lot}ABCDEFGHIJKLMNOPQRSTU", "lot")
    bad("lot-with-encoded-slash", f"{lot}A%2FB", "lot")
    bad("lot-with-encoded-slash-in-lower-case-hex", f"{lot}A%2fB/21/{SERIAL}", "lot")
    bad("lot-of-one-dot", f"{lot}.", "lot")
    bad("lot-of-two-dots", f"{lot}..", "lot")
    bad("lot-of-two-encoded-dots", f"{lot}%2E%2E", "lot")
    bad("path-lot-of-two-dots", f"/01/{GTIN14}/10/../21/{SERIAL}", "lot", given="path")
    bad("lot-with-a-space", f"{lot}A%20B", "lot")
    bad("lot-with-a-line-break-at-the-end", f"{lot}L2701%0A", "lot")
    bad("lot-with-an-encoded-number-sign", f"{lot}A%23B", "lot")
    bad("lot-with-a-tilde", f"{lot}A~B", "lot")
    bad("lot-with-a-vietnamese-letter", f"{lot}%C4%90ALAT", "lot")
    bad("path-lot-with-a-vietnamese-letter", f"/01/{GTIN14}/10/ĐALAT", "lot", given="path")
    bad("path-lot-with-a-zero-byte", f"/01/{GTIN14}/10/A\u0000B", "lot", given="path")

    # --- qualifiers
    bad("serial-before-lot", f"{at}/01/{GTIN14}/21/{SERIAL}/10/L2701", "qualifiers")
    bad("lot-before-variant", f"{at}/01/{GTIN14}/10/L2701/22/2A", "qualifiers")
    bad("lot-repeated", f"{at}/01/{GTIN14}/10/L2701/10/L2701", "qualifiers")
    bad("serial-repeated", f"{at}/01/{GTIN14}/10/L2701/21/{SERIAL}/21/{SERIAL}", "qualifiers")
    bad("gtin-repeated", f"{at}/01/{GTIN14}/01/{GTIN14}", "qualifiers")
    bad("unknown-application-identifier", f"{at}/01/{GTIN14}/10/L2701/99/X", "qualifiers")
    bad("data-attribute-in-the-path", f"{at}/01/{GTIN14}/10/L2701/17/271012", "qualifiers")
    bad("lot-key-without-value", f"{at}/01/{GTIN14}/10", "qualifiers")
    bad("serial-key-without-value", f"{at}/01/{GTIN14}/10/L2701/21", "qualifiers")
    # What an application sees of a lot with an encoded slash, once the server has decoded it.
    bad("path-lot-with-a-decoded-slash", f"/01/{GTIN14}/10/A/B", "qualifiers", given="path")
    bad("path-serial-before-lot", f"/01/{GTIN14}/21/{SERIAL}/10/L2701", "qualifiers", given="path")

    # --- claims
    def of_claims(changed, given="address"):
        code = signed_code(bytes(changed), sign(bytes(changed), CODES_SEED))
        return code if given == "typed" else f"/S/{code}" if given == "path" else f"{at}/S/{code}"

    def changed_claims(offset, value, source=claims):
        changed = bytearray(source)
        changed[offset] = value
        return changed

    bad("layout-zero", of_claims(changed_claims(0, 0)), "layout")
    bad("layout-two", of_claims(changed_claims(0, 2)), "layout")
    bad("path-layout-255", of_claims(changed_claims(0, 255, unit_claims), "path"), "layout", given="path")
    bad("typed-layout-two", of_claims(changed_claims(0, 2), "typed"), "layout", given="typed")
    bad("top-bit-of-the-batch-field", of_claims(changed_claims(2, claims[2] | 0x80)), "unused_bits")
    bad("top-bit-of-the-serial-field", of_claims(changed_claims(9, unit_claims[9] | 0x80, unit_claims)), "unused_bits")
    bad("top-bit-of-a-serial-field-of-zero", of_claims(changed_claims(9, 0x80)), "unused_bits")
    bad("path-top-bit-of-the-batch-field", of_claims(changed_claims(2, claims[2] | 0x80), "path"), "unused_bits", given="path")
    for stars in (1, 2, 6, 255):
        bad(f"stars-{stars}", of_claims(changed_claims(20, stars)), "stars")
    bad("three-stars-without-packing-date", of_claims(claims_bytes(BATCH, None, 1, None, "2027-07-15", 3)), "stars")
    bad("path-five-stars-without-packing-date", of_claims(claims_bytes(BATCH, SERIAL, 1, None, None, 5), "path"), "stars", given="path")
    return {"cases": cases}


# ---------------------------------------------------------------- verdicts

MASTER_KEYS = {"1": sample_bytes("master key 1"), "2": sample_bytes("master key 2")}
# Key 1 signs; key 2 is revoked; key 3 signs packs only; key 9 is in no key file.
SEEDS = {kid: sample_bytes(f"verdicts key {kid}") for kid in (0, 1, 2, 3, 9)}

NOW = "2027-03-10T03:00:00Z"  # ten in the morning in Viet Nam
ISSUED_AT = "2027-01-15T02:00:00Z"
PACK_ISSUED_AT = "2027-03-09T00:00:00Z"
REVOKED_AT = "2027-02-01T00:00:00Z"  # of key 2
NOT_BEFORE = "2026-01-01T00:00:00Z"
NOT_AFTER = "2028-01-01T00:00:00Z"

HOUSE_BATCH = CONTRACT_BATCH
HOUSE_UNITS = sample_code("verdicts house units")
GS1_BATCH = sample_code("verdicts gs1 batch")
GS1_UNITS = sample_code("verdicts gs1 units")
SIGNED_BATCH = sample_code("verdicts signed batch")
SIGNED_UNITS = sample_code("verdicts signed units")
NEVER_MADE = sample_code("verdicts never made")

# Order of the verdict table; used only to check that the hand-written cases are filled in sanely.
VERDICTS = ["MALFORMED", "UNKNOWN", "REVOKED", "RECALLED", "UNDETERMINED", "SUSPECT", "EXPIRED", "ISSUED"]


def key_entry(kid, use="stamp", revoked_at=None):
    return {
        "kid": kid,
        "use": use,
        "alg": "Ed25519",
        "x": public_key_text(SEEDS[kid]),
        "not_before": NOT_BEFORE,
        "not_after": NOT_AFTER,
        "revoked_at": revoked_at,
    }


KEYS = [key_entry(1), key_entry(2, revoked_at=REVOKED_AT), key_entry(3, use="pack")]


def issuance(form, first_unit=None, last_unit=None, issued_at=ISSUED_AT, claims=None):
    return {
        "form": form,
        "first_unit": first_unit,
        "last_unit": last_unit,
        "issued_at": issued_at,
        "claims": None if claims is None else claims.hex(),
    }


def covers(first_unit=None, last_unit=None):
    """A revocation; without units it covers the whole batch."""
    return {"first_unit": first_unit, "last_unit": last_unit}


def recall(first_unit=None, last_unit=None, start="2027-03-01T00:00:00Z", lifted=None):
    return {"first_unit": first_unit, "last_unit": last_unit, "from": start, "lifted": lifted}


def suspicion(unit=None):
    return {"unit": unit, "since": "2027-03-05T08:00:00Z"}


def batch(
    code, scope, issuances, gtin_=None, lot=None, best_before="2027-07-15", master_key="1", revocations=(), recalls=(), suspicions=()
):
    return {
        "code": code,
        "master_key": master_key,
        "gtin": gtin_,
        "lot": lot,
        "scope": scope,
        "best_before": best_before,
        "issuances": list(issuances),
        "revocations": list(revocations),
        "recalls": list(recalls),
        "suspicions": list(suspicions),
    }


# The sample batches. `changes` are fields of the batch that the case is about.
def house_batch(**changes):
    return batch(HOUSE_BATCH, "batch", **{"issuances": [issuance("house")], **changes})


def house_units(**changes):
    return batch(HOUSE_UNITS, "unit", **{"issuances": [issuance("house", 1, 1000)], **changes})


def gs1_batch(**changes):
    return batch(GS1_BATCH, "batch", **{"issuances": [issuance("gs1")], "gtin_": GTIN14, "lot": "L2701", **changes})


def gs1_units(**changes):
    return batch(GS1_UNITS, "unit", **{"issuances": [issuance("gs1", 1, 500)], "gtin_": GTIN14, "lot": "L2702", **changes})


def batch_claims(kid=1, **changes):
    fields = {"packed_on": "2027-01-15", "best_before": "2027-07-15", "stars": 4, "gi_number": 79, **changes}
    return claims_bytes(SIGNED_BATCH, kid=kid, **fields)


def unit_claims_of(serial_text=None, kid=1, **changes):
    """The claims of the signed units' batch; without a serial they are the bytes that issuance stores."""
    fields = {"packed_on": "2027-01-15", "best_before": "2027-07-15", "stars": 4, "gi_number": 79, **changes}
    return claims_bytes(SIGNED_UNITS, serial_text, kid=kid, **fields)


def signed_batch_row(kid=1, issued_at=ISSUED_AT, **changes):
    made = issuance("signed", issued_at=issued_at, claims=batch_claims(kid))
    return batch(SIGNED_BATCH, "batch", **{"issuances": [made], **changes})


def signed_units_row(kid=1, issued_at=ISSUED_AT, **changes):
    made = issuance("signed", 1, 300, issued_at, unit_claims_of(kid=kid))
    return batch(SIGNED_UNITS, "unit", **{"issuances": [made], **changes})


def register(*batches, keys=KEYS):
    return {
        "master_keys": {name: key.hex() for name, key in MASTER_KEYS.items()},
        "keys": copy.deepcopy(keys),
        "batches": copy.deepcopy(list(batches)),
    }


def in_pack(row):
    """A batch as a pack carries it: without unit bounds, with K_mask where a unit range is recalled or revoked."""
    ranges = any(entry["first_unit"] is not None for entry in row["revocations"] + row["recalls"])
    mask_key = derive(MASTER_KEYS[row["master_key"]], row["code"], "mask").hex() if ranges else None
    return {
        "code": row["code"],
        "gtin": row["gtin"],
        "lot": row["lot"],
        "scope": row["scope"],
        "best_before": row["best_before"],
        "issuances": [{name: made[name] for name in ("form", "issued_at", "claims")} for made in row["issuances"]],
        "mask_key": mask_key,
        "revocations": copy.deepcopy(row["revocations"]),
        "recalls": copy.deepcopy(row["recalls"]),
        "suspicions": [],
    }


def pack(*batches, keys=KEYS, issued_at=PACK_ISSUED_AT, latest_seen=PACK_ISSUED_AT):
    return {"issued_at": issued_at, "latest_seen": latest_seen, "keys": copy.deepcopy(keys), "batches": [in_pack(row) for row in batches]}


def unit_serial(code, unit, master_key="1"):
    return serial(MASTER_KEYS[master_key], code, unit)


def house_text(code, unit=None, host=HOST):
    return f"https://{host}/S/{code}{unit_serial(code, unit) if unit else ''}"


def gs1_text(lot, code=None, unit=None, number=GTIN14):
    return f"https://{HOST}/01/{number}/10/{lot}" + (f"/21/{unit_serial(code, unit)}" if unit else "")


def signed_text(claims, kid=1, host=HOST, signature=None):
    """A signed stamp; `kid` names the seed that signs, which is not always the key that the claims name."""
    return f"https://{host}/S/{signed_code(claims, signature or sign(claims, SEEDS[kid], host))}"


def signed_unit_text(unit, kid=1, **changes):
    return signed_text(unit_claims_of(unit_serial(SIGNED_UNITS, unit), kid, **changes), kid)


def false_serial(code):
    """A well-formed serial that no master key made; what K_mask reads from it is no unit that was made."""
    return sample_code(f"false serial of {code}")


def make_verdicts():
    cases = []

    def add(name, text, source, verdict, reasons, unit, now, hosts):
        assert verdict in VERDICTS and reasons == sorted(reasons), name
        kind = "pack" if "latest_seen" in source else "register"
        cases.append(
            {
                "name": name,
                "text": text,
                "hosts": list(hosts),
                "test_mode": False,
                "now": now,
                kind: source,
                "verdict": verdict,
                "reasons": reasons,
                "unit": unit,
            }
        )

    def on_line(name, text, rows, verdict, reasons=(), unit=None, now=NOW, hosts=HOSTS, keys=KEYS):
        add(name, text, register(*rows, keys=keys), verdict, list(reasons), unit, now, hosts)

    def off_line(name, text, rows, verdict, reasons=(), unit=None, now=NOW, hosts=HOSTS, **pack_fields):
        add("off-line-" + name, text, pack(*rows, **pack_fields), verdict, list(reasons), unit, now, hosts)

    good_batch = signed_text(batch_claims())
    good_signature = sign(batch_claims(), SEEDS[1])
    flipped_signature = good_signature[:-1] + bytes([good_signature[-1] ^ 1])
    misread = house_text(HOUSE_BATCH)[:-1] + other_character(HOUSE_BATCH[11])
    whole_recall, whole_revocation = [recall()], [covers()]

    # ------------------------------------------------ on line: issued
    on_line("house-batch-issued", house_text(HOUSE_BATCH), [house_batch(), house_units()], "ISSUED")
    on_line("house-unit-issued", house_text(HOUSE_UNITS, 57), [house_batch(), house_units()], "ISSUED", unit=57)
    on_line("gs1-batch-issued", gs1_text("L2701"), [gs1_batch(), gs1_units()], "ISSUED")
    on_line("gs1-unit-issued", gs1_text("L2702", GS1_UNITS, 57), [gs1_batch(), gs1_units()], "ISSUED", unit=57)
    on_line("signed-batch-issued", good_batch, [signed_batch_row(), signed_units_row()], "ISSUED")
    on_line("signed-unit-issued", signed_unit_text(57), [signed_batch_row(), signed_units_row()], "ISSUED", unit=57)
    on_line("service-without-lot-or-date-issued", house_text(HOUSE_BATCH), [house_batch(best_before=None)], "ISSUED")
    on_line("lower-case-with-query-issued", house_text(HOUSE_UNITS, 57).lower() + "?17=270131", [house_units()], "ISSUED", unit=57)
    on_line("gtin-13-in-the-text-finds-the-padded-gtin", gs1_text("L2701", number=GTIN13), [gs1_batch()], "ISSUED")
    on_line("lot-with-reserved-characters-issued", gs1_text("50%25%2BA"), [gs1_batch(lot="50%+A")], "ISSUED")
    on_line("older-host-issued", house_text(HOUSE_BATCH, host=OTHER_HOST), [house_batch()], "ISSUED")
    on_line("signed-for-the-older-host-issued", signed_text(batch_claims(), host=OTHER_HOST), [signed_batch_row()], "ISSUED")
    on_line("signed-in-lower-case-issued", good_batch.lower(), [signed_batch_row()], "ISSUED")
    on_line("readable-code-of-a-gs1-batch", house_text(GS1_BATCH), [gs1_batch()], "ISSUED")
    on_line("readable-code-of-a-gs1-unit", house_text(GS1_UNITS, 57), [gs1_units()], "ISSUED", unit=57)
    on_line("readable-code-of-a-signed-batch", house_text(SIGNED_BATCH), [signed_batch_row()], "ISSUED")
    on_line("readable-code-of-a-signed-unit", house_text(SIGNED_UNITS, 57), [signed_units_row()], "ISSUED", unit=57)
    on_line("first-unit-of-an-issuance", house_text(HOUSE_UNITS, 1), [house_units()], "ISSUED", unit=1)
    on_line("last-unit-of-an-issuance", house_text(HOUSE_UNITS, 1000), [house_units()], "ISSUED", unit=1000)
    second_master = serial(MASTER_KEYS["2"], HOUSE_UNITS, 57)
    on_line("batch-of-a-second-master-key", house_text(HOUSE_UNITS) + second_master, [house_units(master_key="2")], "ISSUED", unit=57)

    two_forms = [issuance("house", 1, 100), issuance("gs1", 101, 200)]
    on_line(
        "two-forms-gs1-text-in-the-gs1-issuance", gs1_text("L2702", GS1_UNITS, 101), [gs1_units(issuances=two_forms)], "ISSUED", unit=101
    )
    on_line("two-forms-house-text-in-the-house-issuance", house_text(GS1_UNITS, 100), [gs1_units(issuances=two_forms)], "ISSUED", unit=100)
    on_line("two-forms-house-text-in-the-gs1-issuance", house_text(GS1_UNITS, 101), [gs1_units(issuances=two_forms)], "ISSUED", unit=101)
    on_line("batch-issued-in-two-forms-gs1-text", gs1_text("L2701"), [gs1_batch(issuances=[issuance("house"), issuance("gs1")])], "ISSUED")

    # ------------------------------------------------ on line: malformed
    on_line("misread-batch-code", misread, [house_batch()], "MALFORMED", ["check_character"])
    on_line("misread-batch-code-of-a-recalled-batch", misread, [house_batch(recalls=whole_recall)], "MALFORMED", ["check_character"])
    on_line("code-cut-short", house_text(HOUSE_UNITS, 57)[:-1], [house_units()], "MALFORMED", ["length"])
    on_line("foreign-host", house_text(HOUSE_BATCH, host="TRACE.EXAMP1E.VN"), [house_batch()], "MALFORMED", ["foreign_host"])
    on_line("http-outside-test-mode", house_text(HOUSE_BATCH).replace("https", "http"), [house_batch()], "MALFORMED", ["scheme"])
    on_line("product-without-lot", f"https://{HOST}/01/{GTIN14}", [gs1_batch()], "MALFORMED", ["no_lot"])
    on_line("product-variant-with-lot", f"https://{HOST}/01/{GTIN14}/22/2A/10/L2701", [gs1_batch()], "MALFORMED", ["no_lot"])
    on_line("unknown-layout", signed_text(batch_claims(layout=2)), [signed_batch_row()], "MALFORMED", ["layout"])
    on_line("stars-without-packing-date", signed_text(batch_claims(packed_on=None)), [signed_batch_row()], "MALFORMED", ["stars"])

    # ------------------------------------------------ on line: unknown
    on_line("batch-code-never-made", house_text(NEVER_MADE), [house_batch()], "UNKNOWN", ["no_such_batch"])
    on_line("unit-of-a-batch-never-made", house_text(NEVER_MADE, 1), [house_units()], "UNKNOWN", ["no_such_batch"])
    on_line("lot-never-made", gs1_text("L9999"), [gs1_batch()], "UNKNOWN", ["no_such_batch"])
    on_line("lot-in-other-case", gs1_text("l2701"), [gs1_batch()], "UNKNOWN", ["no_such_batch"])
    on_line("lot-of-another-product", gs1_text("L2701", number="0" + gtin("893850597402")), [gs1_batch()], "UNKNOWN", ["no_such_batch"])
    on_line(
        "signed-for-a-batch-never-made",
        signed_text(claims_bytes(NEVER_MADE, packed_on="2027-01-15")),
        [signed_batch_row()],
        "UNKNOWN",
        ["claims_never_issued", "no_such_batch"],
    )
    on_line("batch-with-nothing-issued", house_text(HOUSE_BATCH), [batch(HOUSE_BATCH, None, [])], "UNKNOWN", ["nothing_issued"])
    on_line(
        "unit-of-a-batch-with-nothing-issued", house_text(HOUSE_UNITS, 1), [batch(HOUSE_UNITS, None, [])], "UNKNOWN", ["nothing_issued"]
    )
    on_line("lot-with-nothing-issued", gs1_text("L2701"), [batch(GS1_BATCH, None, [], GTIN14, "L2701")], "UNKNOWN", ["nothing_issued"])
    on_line("first-12-characters-of-a-unit-stamp", house_text(HOUSE_UNITS), [house_units()], "UNKNOWN", ["scope_not_issued"])
    on_line("unit-stamp-of-a-batch-stamped-as-a-whole", house_text(HOUSE_BATCH, 1), [house_batch()], "UNKNOWN", ["scope_not_issued"])
    on_line("gs1-batch-text-of-a-batch-stamped-by-unit", gs1_text("L2702"), [gs1_units()], "UNKNOWN", ["scope_not_issued"])
    on_line(
        "signed-batch-text-of-a-batch-stamped-by-unit", signed_text(unit_claims_of()), [signed_units_row()], "UNKNOWN", ["scope_not_issued"]
    )
    on_line(
        "signed-unit-text-of-a-batch-stamped-as-a-whole",
        signed_text(claims_bytes(SIGNED_BATCH, unit_serial(SIGNED_BATCH, 1), 1, "2027-01-15", "2027-07-15", 4, 79)),
        [signed_batch_row()],
        "UNKNOWN",
        ["scope_not_issued"],
    )
    on_line("invented-serial", house_text(HOUSE_UNITS) + false_serial(HOUSE_UNITS), [house_units()], "UNKNOWN", ["serial_does_not_verify"])
    on_line(
        "serial-of-another-batch",
        house_text(HOUSE_UNITS) + unit_serial(GS1_UNITS, 57),
        [house_units(), gs1_units()],
        "UNKNOWN",
        ["serial_does_not_verify"],
    )
    on_line(
        "serial-under-another-master-key", house_text(HOUSE_UNITS) + second_master, [house_units()], "UNKNOWN", ["serial_does_not_verify"]
    )
    on_line("serial-of-value-zero", house_text(HOUSE_UNITS) + "0" * 12, [house_units()], "UNKNOWN", ["serial_does_not_verify"])
    on_line(
        "invented-serial-in-a-real-lot",
        gs1_text("L2702") + "/21/" + false_serial(GS1_UNITS),
        [gs1_units()],
        "UNKNOWN",
        ["serial_does_not_verify"],
    )
    on_line(
        "invented-serial-under-a-good-signature",
        signed_text(unit_claims_of(false_serial(SIGNED_UNITS))),
        [signed_units_row()],
        "UNKNOWN",
        ["serial_does_not_verify"],
    )
    on_line("unit-after-the-last-of-an-issuance", house_text(HOUSE_UNITS, 1001), [house_units()], "UNKNOWN", ["unit_not_issued"])
    gap = [issuance("house", 1, 100), issuance("house", 201, 300)]
    on_line("unit-between-two-issuances", house_text(HOUSE_UNITS, 200), [house_units(issuances=gap)], "UNKNOWN", ["unit_not_issued"])
    on_line(
        "unit-before-the-first-of-an-issuance",
        house_text(HOUSE_UNITS, 10),
        [house_units(issuances=[issuance("house", 11, 100)])],
        "UNKNOWN",
        ["unit_not_issued"],
    )
    on_line("largest-unit-of-all", gs1_text("L2702", GS1_UNITS, 16777215), [gs1_units()], "UNKNOWN", ["unit_not_issued"])
    on_line("signed-unit-after-the-last", signed_unit_text(301), [signed_units_row()], "UNKNOWN", ["unit_not_issued"])
    on_line(
        "gs1-text-of-a-batch-issued-as-house", gs1_text("L2701"), [gs1_batch(issuances=[issuance("house")])], "UNKNOWN", ["form_not_issued"]
    )
    on_line(
        "two-forms-gs1-text-in-the-house-issuance",
        gs1_text("L2702", GS1_UNITS, 100),
        [gs1_units(issuances=two_forms)],
        "UNKNOWN",
        ["form_not_issued"],
    )
    house_then_signed = [issuance("house", 1, 100), issuance("signed", 101, 200, claims=unit_claims_of())]
    on_line(
        "two-forms-signed-text-in-the-house-issuance",
        signed_unit_text(100),
        [signed_units_row(issuances=house_then_signed)],
        "UNKNOWN",
        ["form_not_issued"],
    )
    on_line(
        "two-forms-signed-text-in-the-signed-issuance",
        signed_unit_text(101),
        [signed_units_row(issuances=house_then_signed)],
        "ISSUED",
        unit=101,
    )
    on_line(
        "stolen-key-signs-a-later-date",
        signed_text(batch_claims(best_before="2028-07-15")),
        [signed_batch_row()],
        "UNKNOWN",
        ["claims_never_issued"],
    )
    on_line("stolen-key-signs-a-star-more", signed_unit_text(57, stars=5), [signed_units_row()], "UNKNOWN", ["claims_never_issued"])
    on_line(
        "good-signature-where-no-signed-form-was-issued",
        good_batch,
        [signed_batch_row(issuances=[issuance("house")])],
        "UNKNOWN",
        ["claims_never_issued"],
    )
    two_dates = [
        issuance("signed", 1, 100, claims=unit_claims_of()),
        issuance("signed", 101, 200, claims=unit_claims_of(packed_on="2027-01-16")),
    ]
    on_line(
        "claims-of-the-issuance-that-holds-the-unit",
        signed_unit_text(101, packed_on="2027-01-16"),
        [signed_units_row(issuances=two_dates)],
        "ISSUED",
        unit=101,
    )
    on_line(
        "claims-of-another-issuance-than-the-units",
        signed_unit_text(101),
        [signed_units_row(issuances=two_dates)],
        "UNKNOWN",
        ["claims_never_issued"],
    )
    on_line("key-in-no-key-file", signed_text(batch_claims(9), 9), [signed_batch_row(9)], "UNKNOWN", ["key_unknown"])
    on_line("key-for-packs", signed_text(batch_claims(3), 3), [signed_batch_row(3)], "UNKNOWN", ["key_unknown"])
    on_line("key-number-zero", signed_text(batch_claims(0), 0), [signed_batch_row(0)], "UNKNOWN", ["key_unknown"])

    on_line(
        "signature-with-one-bit-changed",
        signed_text(batch_claims(), signature=flipped_signature),
        [signed_batch_row()],
        "UNKNOWN",
        ["bad_signature"],
    )
    on_line("signature-of-zeros", signed_text(batch_claims(), signature=bytes(64)), [signed_batch_row()], "UNKNOWN", ["bad_signature"])
    on_line(
        "claims-changed-after-signing",
        signed_text(batch_claims(best_before="2028-07-15"), signature=good_signature),
        [signed_batch_row()],
        "UNKNOWN",
        ["bad_signature"],
    )
    on_line("signature-of-another-key", signed_text(batch_claims(), 2), [signed_batch_row()], "UNKNOWN", ["bad_signature"])
    on_line(
        "signature-over-another-host-of-ours",
        signed_text(batch_claims(), signature=sign(batch_claims(), SEEDS[1], OTHER_HOST)),
        [signed_batch_row()],
        "UNKNOWN",
        ["bad_signature"],
    )
    on_line(
        "signature-over-the-host-in-lower-case",
        signed_text(batch_claims(), signature=sign(batch_claims(), SEEDS[1], HOST.lower())),
        [signed_batch_row()],
        "UNKNOWN",
        ["bad_signature"],
    )
    over_http = private_key(SEEDS[1]).sign(signed_over(batch_claims()).replace("https", "http").encode())
    on_line("signature-over-http", signed_text(batch_claims(), signature=over_http), [signed_batch_row()], "UNKNOWN", ["bad_signature"])
    over_bytes = private_key(SEEDS[1]).sign(batch_claims())
    on_line(
        "signature-over-the-bare-claim-bytes",
        signed_text(batch_claims(), signature=over_bytes),
        [signed_batch_row()],
        "UNKNOWN",
        ["bad_signature"],
    )
    # The group order added to S: the same point equation holds, but RFC 8032 demands S below the order.
    order = 2**252 + 27742317777372353535851937790883648493
    raised = (int.from_bytes(good_signature[32:], "little") + order).to_bytes(32, "little")
    on_line(
        "second-signature-by-adding-the-group-order",
        signed_text(batch_claims(), signature=good_signature[:32] + raised),
        [signed_batch_row()],
        "UNKNOWN",
        ["bad_signature"],
    )
    on_line(
        "signed-unit-with-a-bad-signature",
        signed_text(unit_claims_of(unit_serial(SIGNED_UNITS, 57)), signature=good_signature),
        [signed_units_row()],
        "UNKNOWN",
        ["bad_signature"],
    )

    second_before = "2027-01-31T23:59:59Z"
    on_line("batch-issued-before-its-key-was-revoked", signed_text(batch_claims(2), 2), [signed_batch_row(2, second_before)], "ISSUED")
    on_line("unit-issued-before-its-key-was-revoked", signed_unit_text(57, 2), [signed_units_row(2, second_before)], "ISSUED", unit=57)
    on_line(
        "batch-issued-as-its-key-was-revoked",
        signed_text(batch_claims(2), 2),
        [signed_batch_row(2, REVOKED_AT)],
        "UNKNOWN",
        ["key_revoked"],
    )
    on_line(
        "unit-issued-after-its-key-was-revoked",
        signed_unit_text(57, 2),
        [signed_units_row(2, "2027-02-02T00:00:00Z")],
        "UNKNOWN",
        ["key_revoked"],
    )
    around = [
        issuance("signed", 1, 100, second_before, unit_claims_of(kid=2)),
        issuance("signed", 101, 200, REVOKED_AT, unit_claims_of(kid=2)),
    ]
    on_line(
        "same-claims-unit-of-the-issuance-before-the-revocation",
        signed_unit_text(100, 2),
        [signed_units_row(issuances=around)],
        "ISSUED",
        unit=100,
    )
    on_line(
        "same-claims-unit-of-the-issuance-after-the-revocation",
        signed_unit_text(101, 2),
        [signed_units_row(issuances=around)],
        "UNKNOWN",
        ["key_revoked"],
    )
    on_line("issued-before-the-keys-time", good_batch, [signed_batch_row(issued_at="2025-12-31T23:59:59Z")], "UNKNOWN", ["key_not_valid"])
    on_line(
        "unit-issued-after-the-keys-time",
        signed_unit_text(57),
        [signed_units_row(issued_at="2028-01-01T00:00:01Z")],
        "UNKNOWN",
        ["key_not_valid"],
        now="2028-01-02T00:00:00Z",
    )
    on_line("issued-in-the-first-second-of-the-keys-time", good_batch, [signed_batch_row(issued_at=NOT_BEFORE)], "ISSUED")
    on_line(
        "issued-in-the-last-second-of-the-keys-time",
        good_batch,
        [signed_batch_row(issued_at=NOT_AFTER, best_before=None)],
        "ISSUED",
        now="2028-01-02T00:00:00Z",
    )

    # An unknown stamp of a known batch shows the recall of the whole batch, and nothing else of it.
    invented = house_text(HOUSE_UNITS) + false_serial(HOUSE_UNITS)
    on_line(
        "invented-serial-in-a-recalled-batch",
        invented,
        [house_units(recalls=whole_recall)],
        "UNKNOWN",
        ["recalled", "serial_does_not_verify"],
    )
    on_line(
        "wrong-scope-in-a-recalled-batch",
        house_text(HOUSE_UNITS),
        [house_units(recalls=whole_recall)],
        "UNKNOWN",
        ["recalled", "scope_not_issued"],
    )
    on_line(
        "bad-signature-in-a-recalled-batch",
        signed_text(batch_claims(), signature=flipped_signature),
        [signed_batch_row(recalls=whole_recall)],
        "UNKNOWN",
        ["bad_signature", "recalled"],
    )
    on_line(
        "unit-not-issued-though-its-range-is-recalled",
        house_text(HOUSE_UNITS, 1001),
        [house_units(recalls=[recall(900, 1100)])],
        "UNKNOWN",
        ["unit_not_issued"],
    )
    on_line(
        "invented-serial-after-the-recall-was-lifted",
        invented,
        [house_units(recalls=[recall(lifted="2027-03-05T00:00:00Z")])],
        "UNKNOWN",
        ["serial_does_not_verify"],
    )
    on_line(
        "invented-serial-in-a-revoked-suspected-expired-batch",
        invented,
        [house_units(revocations=whole_revocation, suspicions=[suspicion()], best_before="2027-02-01")],
        "UNKNOWN",
        ["serial_does_not_verify"],
    )

    # ------------------------------------------------ on line: revoked
    on_line("whole-batch-revoked", house_text(HOUSE_BATCH), [house_batch(revocations=whole_revocation)], "REVOKED", ["revoked"])
    on_line(
        "whole-batch-revoked-covers-a-unit",
        house_text(HOUSE_UNITS, 57),
        [house_units(revocations=whole_revocation)],
        "REVOKED",
        ["revoked"],
        unit=57,
    )
    spoiled = [covers(100, 199)]
    on_line(
        "first-unit-of-a-revoked-range", house_text(HOUSE_UNITS, 100), [house_units(revocations=spoiled)], "REVOKED", ["revoked"], unit=100
    )
    on_line(
        "last-unit-of-a-revoked-range", house_text(HOUSE_UNITS, 199), [house_units(revocations=spoiled)], "REVOKED", ["revoked"], unit=199
    )
    on_line("unit-before-a-revoked-range", house_text(HOUSE_UNITS, 99), [house_units(revocations=spoiled)], "ISSUED", unit=99)
    on_line("unit-after-a-revoked-range", house_text(HOUSE_UNITS, 200), [house_units(revocations=spoiled)], "ISSUED", unit=200)
    on_line(
        "revocation-holds-whatever-the-form",
        signed_unit_text(150),
        [signed_units_row(revocations=spoiled)],
        "REVOKED",
        ["revoked"],
        unit=150,
    )
    on_line("other-batch-revoked", house_text(HOUSE_BATCH), [house_batch(), house_units(revocations=whole_revocation)], "ISSUED")

    # ------------------------------------------------ on line: recalled
    on_line("whole-batch-recalled", gs1_text("L2701"), [gs1_batch(recalls=whole_recall)], "RECALLED", ["recalled"])
    on_line(
        "whole-batch-recalled-covers-a-unit",
        gs1_text("L2702", GS1_UNITS, 57),
        [gs1_units(recalls=whole_recall)],
        "RECALLED",
        ["recalled"],
        unit=57,
    )
    on_line("one-unit-recalled", house_text(HOUSE_UNITS, 57), [house_units(recalls=[recall(57, 57)])], "RECALLED", ["recalled"], unit=57)
    on_line("neighbour-of-a-recalled-unit", house_text(HOUSE_UNITS, 58), [house_units(recalls=[recall(57, 57)])], "ISSUED", unit=58)
    on_line("recall-from-exactly-now", house_text(HOUSE_BATCH), [house_batch(recalls=[recall(start=NOW)])], "RECALLED", ["recalled"])
    on_line("recall-a-second-ahead", house_text(HOUSE_BATCH), [house_batch(recalls=[recall(start="2027-03-10T03:00:01Z")])], "ISSUED")
    on_line("recall-lifted-exactly-now", house_text(HOUSE_BATCH), [house_batch(recalls=[recall(lifted=NOW)])], "ISSUED")
    on_line(
        "recall-lifted-in-a-second",
        house_text(HOUSE_BATCH),
        [house_batch(recalls=[recall(lifted="2027-03-10T03:00:01Z")])],
        "RECALLED",
        ["recalled"],
    )
    on_line(
        "recall-lifted-and-made-again",
        house_text(HOUSE_BATCH),
        [house_batch(recalls=[recall(lifted="2027-03-05T00:00:00Z"), recall(start="2027-03-08T00:00:00Z")])],
        "RECALLED",
        ["recalled"],
    )

    # ------------------------------------------------ on line: suspect, expired
    on_line("unit-suspected", house_text(HOUSE_UNITS, 57), [house_units(suspicions=[suspicion(57)])], "SUSPECT", ["suspected"], unit=57)
    on_line("another-unit-suspected", house_text(HOUSE_UNITS, 57), [house_units(suspicions=[suspicion(58)])], "ISSUED", unit=57)
    on_line("batch-stamp-suspected", house_text(HOUSE_BATCH), [house_batch(suspicions=[suspicion()])], "SUSPECT", ["suspected"])
    on_line(
        "whole-batch-suspected-covers-a-unit",
        signed_unit_text(57),
        [signed_units_row(suspicions=[suspicion()])],
        "SUSPECT",
        ["suspected"],
        unit=57,
    )
    # 31 March in Viet Nam ends at 17:00 UTC.
    march = house_batch(best_before="2027-03-31")
    on_line("best-before-day-at-23-59-in-viet-nam", house_text(HOUSE_BATCH), [march], "ISSUED", now="2027-03-31T16:59:59Z")
    on_line(
        "day-after-best-before-at-0-00-in-viet-nam",
        house_text(HOUSE_BATCH),
        [march],
        "EXPIRED",
        ["past_best_before"],
        now="2027-03-31T17:00:00Z",
    )
    on_line("best-before-day-begun-in-viet-nam-not-yet-in-utc", house_text(HOUSE_BATCH), [march], "ISSUED", now="2027-03-30T17:00:00Z")
    on_line(
        "signed-unit-long-past-best-before",
        signed_unit_text(57),
        [signed_units_row()],
        "EXPIRED",
        ["past_best_before"],
        unit=57,
        now="2027-09-01T00:00:00Z",
    )

    # ------------------------------------------------ on line: precedence
    past = "2027-02-01"
    on_line(
        "revoked-before-recalled",
        house_text(HOUSE_BATCH),
        [house_batch(revocations=whole_revocation, recalls=whole_recall)],
        "REVOKED",
        ["recalled", "revoked"],
    )
    on_line(
        "recalled-before-suspected",
        house_text(HOUSE_UNITS, 57),
        [house_units(recalls=whole_recall, suspicions=[suspicion(57)])],
        "RECALLED",
        ["recalled", "suspected"],
        unit=57,
    )
    on_line(
        "suspected-before-expired",
        house_text(HOUSE_UNITS, 57),
        [house_units(suspicions=[suspicion(57)], best_before=past)],
        "SUSPECT",
        ["past_best_before", "suspected"],
        unit=57,
    )
    on_line(
        "recalled-before-expired",
        house_text(HOUSE_BATCH),
        [house_batch(recalls=whole_recall, best_before=past)],
        "RECALLED",
        ["past_best_before", "recalled"],
    )
    on_line(
        "everything-against-one-unit",
        house_text(HOUSE_UNITS, 150),
        [house_units(revocations=spoiled, recalls=whole_recall, suspicions=[suspicion(150)], best_before=past)],
        "REVOKED",
        ["past_best_before", "recalled", "revoked", "suspected"],
        unit=150,
    )

    # ------------------------------------------------ off line: issued, expired
    off_line("house-batch-issued", house_text(HOUSE_BATCH), [house_batch(), house_units()], "ISSUED")
    off_line("gs1-batch-issued", gs1_text("L2701"), [gs1_batch()], "ISSUED")
    off_line("signed-batch-issued", good_batch, [signed_batch_row()], "ISSUED")
    off_line("signed-unit-issued", signed_unit_text(57), [signed_units_row()], "ISSUED")
    off_line("readable-code-of-a-signed-batch", house_text(SIGNED_BATCH), [signed_batch_row()], "ISSUED")
    off_line(
        "claims-of-the-second-issuance", signed_unit_text(101, packed_on="2027-01-16"), [signed_units_row(issuances=two_dates)], "ISSUED"
    )
    # Without unit bounds a pack cannot tell which of two issuances holds the unit; the next sync will.
    off_line("claims-of-another-issuance-than-the-units-pass", signed_unit_text(101), [signed_units_row(issuances=two_dates)], "ISSUED")
    off_line("batch-issued-before-its-key-was-revoked", signed_text(batch_claims(2), 2), [signed_batch_row(2, second_before)], "ISSUED")
    off_line("past-best-before", house_text(HOUSE_BATCH), [house_batch(best_before=past)], "EXPIRED", ["past_best_before"])
    off_line(
        "best-before-day-at-23-59-in-viet-nam",
        house_text(HOUSE_BATCH),
        [march],
        "ISSUED",
        now="2027-03-31T16:59:59Z",
        issued_at="2027-03-30T00:00:00Z",
    )
    off_line(
        "day-after-best-before-at-0-00-in-viet-nam",
        house_text(HOUSE_BATCH),
        [march],
        "EXPIRED",
        ["past_best_before"],
        now="2027-03-31T17:00:00Z",
        issued_at="2027-03-30T00:00:00Z",
    )

    # ------------------------------------------------ off line: malformed, unknown layout
    off_line("misread-batch-code", misread, [house_batch()], "MALFORMED", ["check_character"])
    off_line("product-without-lot", f"https://{HOST}/01/{GTIN14}", [gs1_batch()], "MALFORMED", ["no_lot"])
    off_line("foreign-host", signed_text(batch_claims(), host="EVIL.EXAMPLE.COM"), [signed_batch_row()], "MALFORMED", ["foreign_host"])
    off_line("unknown-layout", signed_text(batch_claims(layout=2)), [signed_batch_row()], "UNDETERMINED", ["layout_unknown"])

    # ------------------------------------------------ off line: identity
    off_line("bad-signature", signed_text(batch_claims(), signature=flipped_signature), [signed_batch_row()], "UNKNOWN", ["bad_signature"])
    off_line(
        "bad-signature-of-a-batch-not-in-the-pack",
        signed_text(batch_claims(), signature=flipped_signature),
        [house_batch()],
        "UNKNOWN",
        ["bad_signature"],
    )
    off_line(
        "bad-signature-under-a-revoked-key",
        signed_text(batch_claims(2), 1),
        [signed_batch_row(2, second_before)],
        "UNKNOWN",
        ["bad_signature"],
    )
    off_line("key-in-no-key-file", signed_text(batch_claims(9), 9), [signed_batch_row(9)], "UNDETERMINED", ["key_unknown"])
    off_line("key-for-packs", signed_text(batch_claims(3), 3), [signed_batch_row(3)], "UNDETERMINED", ["key_unknown"])
    off_line("batch-not-in-the-pack", house_text(NEVER_MADE), [house_batch()], "UNDETERMINED", ["batch_not_in_pack"])
    off_line("lot-not-in-the-pack", gs1_text("L9999"), [gs1_batch()], "UNDETERMINED", ["batch_not_in_pack"])
    off_line("good-signature-batch-not-in-the-pack", good_batch, [house_batch()], "UNDETERMINED", ["batch_not_in_pack"])
    off_line("empty-pack", house_text(HOUSE_BATCH), [], "UNDETERMINED", ["batch_not_in_pack"])
    off_line("batch-with-nothing-issued", house_text(HOUSE_BATCH), [batch(HOUSE_BATCH, None, [])], "UNDETERMINED", ["nothing_issued"])
    off_line("first-12-characters-of-a-unit-stamp", house_text(HOUSE_UNITS), [house_units()], "UNDETERMINED", ["scope_not_issued"])
    off_line(
        "signed-batch-text-of-a-batch-stamped-by-unit",
        signed_text(unit_claims_of()),
        [signed_units_row()],
        "UNDETERMINED",
        ["scope_not_issued"],
    )
    off_line("house-unit-without-signature", house_text(HOUSE_UNITS, 57), [house_units()], "UNDETERMINED", ["unit_without_signature"])
    off_line("gs1-unit-without-signature", gs1_text("L2702", GS1_UNITS, 57), [gs1_units()], "UNDETERMINED", ["unit_without_signature"])
    off_line("invented-serial-without-signature", invented, [house_units()], "UNDETERMINED", ["unit_without_signature"])
    off_line(
        "gs1-text-of-a-batch-issued-as-house",
        gs1_text("L2701"),
        [gs1_batch(issuances=[issuance("house")])],
        "UNDETERMINED",
        ["form_not_issued"],
    )
    off_line(
        "stolen-key-signs-a-later-date",
        signed_text(batch_claims(best_before="2028-07-15")),
        [signed_batch_row()],
        "UNDETERMINED",
        ["claims_not_in_pack"],
    )
    off_line("stolen-key-signs-a-star-more", signed_unit_text(57, stars=5), [signed_units_row()], "UNDETERMINED", ["claims_not_in_pack"])
    off_line(
        "invented-serial-under-a-good-signature-passes",
        signed_text(unit_claims_of(false_serial(SIGNED_UNITS))),
        [signed_units_row()],
        "ISSUED",
    )
    off_line("unit-under-a-revoked-key", signed_unit_text(57, 2), [signed_units_row(2, second_before)], "UNDETERMINED", ["key_revoked"])
    off_line(
        "batch-issued-as-its-key-was-revoked",
        signed_text(batch_claims(2), 2),
        [signed_batch_row(2, REVOKED_AT)],
        "UNDETERMINED",
        ["key_revoked"],
    )
    off_line(
        "batch-issued-before-the-keys-time",
        good_batch,
        [signed_batch_row(issued_at="2025-12-31T23:59:59Z")],
        "UNDETERMINED",
        ["key_not_valid"],
    )
    off_line(
        "unit-issued-before-the-keys-time",
        signed_unit_text(57),
        [signed_units_row(issued_at="2025-12-31T23:59:59Z")],
        "UNDETERMINED",
        ["key_not_valid"],
    )

    # ------------------------------------------------ off line: age and clock
    seven_days_later = "2027-03-16T00:00:00Z"
    a_second_more = "2027-03-16T00:00:01Z"
    off_line("pack-of-exactly-seven-days", house_text(HOUSE_BATCH), [house_batch()], "ISSUED", now=seven_days_later)
    off_line("pack-a-second-over-seven-days", house_text(HOUSE_BATCH), [house_batch()], "UNDETERMINED", ["pack_too_old"], now=a_second_more)
    off_line(
        "clock-before-the-packs-issue",
        house_text(HOUSE_BATCH),
        [house_batch()],
        "UNDETERMINED",
        ["clock_behind"],
        now="2027-03-08T23:59:59Z",
        latest_seen="2027-03-08T00:00:00Z",
    )
    off_line(
        "clock-before-the-latest-time-seen",
        house_text(HOUSE_BATCH),
        [house_batch()],
        "UNDETERMINED",
        ["clock_behind"],
        latest_seen="2027-03-10T03:00:01Z",
    )
    off_line("clock-exactly-at-issue-and-latest-time-seen", house_text(HOUSE_BATCH), [house_batch()], "ISSUED", now=PACK_ISSUED_AT)
    off_line(
        "old-pack-and-clock-behind",
        house_text(HOUSE_BATCH),
        [house_batch()],
        "UNDETERMINED",
        ["clock_behind", "pack_too_old"],
        now=a_second_more,
        latest_seen="2027-03-20T00:00:00Z",
    )
    off_line(
        "bad-signature-with-an-old-pack",
        signed_text(batch_claims(), signature=flipped_signature),
        [signed_batch_row()],
        "UNDETERMINED",
        ["bad_signature", "pack_too_old"],
        now=a_second_more,
    )
    off_line(
        "bad-signature-with-the-clock-behind",
        signed_text(batch_claims(), signature=flipped_signature),
        [signed_batch_row()],
        "UNDETERMINED",
        ["bad_signature", "clock_behind"],
        latest_seen="2027-03-11T00:00:00Z",
    )
    off_line(
        "batch-not-in-an-old-pack",
        house_text(NEVER_MADE),
        [house_batch()],
        "UNDETERMINED",
        ["batch_not_in_pack", "pack_too_old"],
        now=a_second_more,
    )
    off_line(
        "old-pack-before-expired",
        house_text(HOUSE_BATCH),
        [house_batch(best_before=past)],
        "UNDETERMINED",
        ["pack_too_old", "past_best_before"],
        now=a_second_more,
    )
    off_line(
        "best-before-is-not-judged-of-a-stamp-not-identified",
        house_text(HOUSE_UNITS, 57),
        [house_units(best_before=past)],
        "UNDETERMINED",
        ["unit_without_signature"],
    )

    # ------------------------------------------------ off line: revoked and recalled are red at any age
    off_line("whole-batch-revoked", house_text(HOUSE_BATCH), [house_batch(revocations=whole_revocation)], "REVOKED", ["revoked"])
    off_line("whole-batch-recalled", good_batch, [signed_batch_row(recalls=whole_recall)], "RECALLED", ["recalled"])
    off_line(
        "revoked-before-recalled",
        good_batch,
        [signed_batch_row(revocations=whole_revocation, recalls=whole_recall)],
        "REVOKED",
        ["recalled", "revoked"],
    )
    off_line(
        "recalled-with-an-old-pack",
        house_text(HOUSE_BATCH),
        [house_batch(recalls=whole_recall)],
        "RECALLED",
        ["pack_too_old", "recalled"],
        now="2027-06-01T00:00:00Z",
    )
    off_line(
        "revoked-with-the-clock-behind",
        house_text(HOUSE_BATCH),
        [house_batch(revocations=whole_revocation)],
        "REVOKED",
        ["clock_behind", "revoked"],
        latest_seen="2027-03-11T00:00:00Z",
    )
    off_line("recall-from-exactly-now", house_text(HOUSE_BATCH), [house_batch(recalls=[recall(start=NOW)])], "RECALLED", ["recalled"])
    off_line("recall-lifted-exactly-now", house_text(HOUSE_BATCH), [house_batch(recalls=[recall(lifted=NOW)])], "ISSUED")
    off_line(
        "recalled-before-expired",
        house_text(HOUSE_BATCH),
        [house_batch(recalls=whole_recall, best_before=past)],
        "RECALLED",
        ["past_best_before", "recalled"],
    )
    off_line(
        "unit-without-signature-of-a-recalled-batch",
        house_text(HOUSE_UNITS, 57),
        [house_units(recalls=whole_recall)],
        "RECALLED",
        ["recalled", "unit_without_signature"],
    )
    off_line(
        "unknown-key-in-a-recalled-batch",
        signed_text(batch_claims(9), 9),
        [signed_batch_row(recalls=whole_recall)],
        "RECALLED",
        ["key_unknown", "recalled"],
    )
    off_line(
        "bad-signature-before-revoked",
        signed_text(batch_claims(), signature=flipped_signature),
        [signed_batch_row(revocations=whole_revocation)],
        "UNKNOWN",
        ["bad_signature", "revoked"],
    )
    off_line(
        "bad-signature-in-a-recalled-batch-with-an-old-pack",
        signed_text(batch_claims(), signature=flipped_signature),
        [signed_batch_row(recalls=whole_recall)],
        "RECALLED",
        ["bad_signature", "pack_too_old", "recalled"],
        now=a_second_more,
    )

    # ------------------------------------------------ off line: K_mask tells the unit
    off_line(
        "signed-unit-in-a-revoked-range", signed_unit_text(100), [signed_units_row(revocations=spoiled)], "REVOKED", ["revoked"], unit=100
    )
    off_line("signed-unit-before-a-revoked-range", signed_unit_text(99), [signed_units_row(revocations=spoiled)], "ISSUED", unit=99)
    off_line(
        "signed-unit-after-a-recalled-range", signed_unit_text(200), [signed_units_row(recalls=[recall(100, 199)])], "ISSUED", unit=200
    )
    off_line(
        "signed-unit-in-a-recalled-range-with-an-old-pack",
        signed_unit_text(199),
        [signed_units_row(recalls=[recall(100, 199)])],
        "RECALLED",
        ["pack_too_old", "recalled"],
        unit=199,
        now=a_second_more,
    )
    off_line(
        "house-unit-in-a-recalled-range",
        house_text(HOUSE_UNITS, 150),
        [house_units(recalls=[recall(100, 199)])],
        "RECALLED",
        ["recalled", "unit_without_signature"],
        unit=150,
    )
    off_line(
        "house-unit-outside-a-revoked-range",
        house_text(HOUSE_UNITS, 57),
        [house_units(revocations=spoiled)],
        "UNDETERMINED",
        ["unit_without_signature"],
        unit=57,
    )
    off_line(
        "gs1-unit-in-a-revoked-range",
        gs1_text("L2702", GS1_UNITS, 199),
        [gs1_units(revocations=spoiled)],
        "REVOKED",
        ["revoked", "unit_without_signature"],
        unit=199,
    )
    # A tag that no key made: K_mask still reads the unit, and the pack cannot see the forgery.
    forged = serial_from_tag(MASTER_KEYS["1"], HOUSE_UNITS, 123456789, 150)
    off_line(
        "forged-tag-in-a-revoked-range",
        house_text(HOUSE_UNITS) + forged,
        [house_units(revocations=spoiled)],
        "REVOKED",
        ["revoked", "unit_without_signature"],
        unit=150,
    )
    return {"cases": cases}


# ---------------------------------------------------------------- what the vectors must cover

FAULTS = (
    "empty too_long scheme authority foreign_host path encoding length alphabet check_character padding gtin "
    "gtin_check_digit lot qualifiers layout unused_bits stars"
).split()
IDENTITY_ON_LINE = (
    "key_unknown bad_signature no_such_batch nothing_issued scope_not_issued serial_does_not_verify "
    "unit_not_issued form_not_issued claims_never_issued key_revoked key_not_valid"
).split()
IDENTITY_OFF_LINE = (
    "key_unknown bad_signature batch_not_in_pack nothing_issued scope_not_issued unit_without_signature "
    "form_not_issued claims_not_in_pack key_revoked key_not_valid"
).split()
STATE = "revoked recalled past_best_before".split()


def check_sanity(files):
    """Stops the program where a case was left out or written twice. It does not judge any case."""
    for file_name, content in files.items():
        for list_name, cases in content.items():
            names = [case.get("name", case.get("text")) for case in cases]
            twice = [name for name, count in Counter(names).items() if count > 1]
            assert not twice, f"{file_name} {list_name}: names used twice: {twice}"

    made = {
        case["unit"]: case["serial"]
        for case in files["serials.json"]["cases"]
        if (case["master_key"], case["batch"]) == (CONTRACT_KEY.hex(), CONTRACT_BATCH)
    }
    assert {unit: made[unit] for unit in CONTRACT_SERIALS} == CONTRACT_SERIALS
    for unit, text in CONTRACT_SERIALS.items():
        assert serial(CONTRACT_KEY, CONTRACT_BATCH, unit) == text, f"contract's serial of unit {unit}"
    assert with_check(CONTRACT_BATCH[:11]) == CONTRACT_BATCH

    codes = files["codes.json"]["cases"]
    assert all((case["expect"] is None) != (case["fault"] is None) for case in codes)
    faults = Counter(case["fault"] for case in codes if case["fault"])
    assert set(faults) == set(FAULTS), set(faults) ^ set(FAULTS)
    assert min(faults.values()) >= 2

    verdicts = files["verdicts.json"]["cases"]
    assert {case["verdict"] for case in verdicts} == set(VERDICTS)
    said = {kind: {reason for case in verdicts if kind in case for reason in case["reasons"]} for kind in ("register", "pack")}
    missing = set(IDENTITY_ON_LINE + STATE + ["suspected", "layout", "no_lot"]) - said["register"]
    missing |= set(IDENTITY_OFF_LINE + STATE + ["pack_too_old", "clock_behind", "layout_unknown", "no_lot"]) - said["pack"]
    assert not missing, f"reasons without a case: {missing}"


def main():
    parser = argparse.ArgumentParser(description="Makes the stamp's test vectors.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file on disk differs")
    arguments = parser.parse_args()

    files = {
        "serials.json": make_serials(),
        "check_characters.json": make_check_characters(),
        "claims.json": make_claims(),
        "codes.json": make_codes(),
        "verdicts.json": make_verdicts(),
    }
    check_sanity(files)

    differing = []
    for file_name, content in files.items():
        path = HERE / file_name
        data = (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
        if arguments.check:
            if not path.exists() or path.read_bytes() != data:
                differing.append(file_name)
        else:
            path.write_bytes(data)
        print(file_name, {name: len(cases) for name, cases in content.items()})
    if differing:
        print("differ from what this program makes:", ", ".join(differing), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
