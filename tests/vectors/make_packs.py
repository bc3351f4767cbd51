"""Makes the test vectors of the trust pack, independently of the package that is tested with them.

Written from docs/trust-pack.md alone; it imports nothing from the package and from no other program here, and must stay
that way. What a pack holds is put together by small functions; what whoever opens it must find, or the fault that must
be told, is written by hand in each case: nothing in this file opens or judges a pack.

    python make_packs.py            writes packs.json beside this program
    python make_packs.py --check    writes nothing; exits 1 if the file differs from what would be written

Everything is deterministic: keys are SHA-256 of a label, Ed25519 draws no randomness, and bodies are gzip of stored blocks,
which no version of a packing library writes otherwise.
"""

import argparse
import base64
import hashlib
import json
import struct
import sys
import zlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FILE = Path(__file__).resolve().parent / "packs.json"
NOW = "2027-03-10T08:00:00Z"
FIRST_LINE = b"traceability pack 1\n"

ROOT, PACK_KEY, STAMP_KEY, OTHER_KEY = "root", "pack key", "stamp key", "another pack key"
RICE = '{"best_before":"2027-12-31","code":"0000000000AA","issued":[["house","2026-11-01T03:00:00Z",null]],"scope":"batch"}'
TEA = '{"code":"4M7KSD2RTB9G","page":{"lot":"Trà 2026-3","product":"Chè Shan tuyết"},"scope":"unit"}'
RECALLED_TEA = TEA[:-1] + ',"recalls":[{"advice":"Không uống.","from":"2027-03-09T00:00:00Z","units":[]}]}'
HONEY = '{"code":"ZZZZZZZZZZZZ"}'
BOTH = {"0000000000AA": RICE, "4M7KSD2RTB9G": TEA}


def private(label):
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(label.encode()).digest())


def public_bytes(label):
    return private(label).public_key().public_bytes_raw()


def base64_url(data):
    return base64.urlsafe_b64encode(data).decode()


def key(kid, use, label, not_before="2026-01-01T00:00:00Z", not_after="2030-01-01T00:00:00Z", revoked_at=None):
    x = base64_url(public_bytes(label)).rstrip("=")
    return {"kid": kid, "use": use, "alg": "Ed25519", "x": x, "not_before": not_before, "not_after": not_after, "revoked_at": revoked_at}


KEYS = [key(1, "stamp", STAMP_KEY), key(2, "pack", PACK_KEY)]


def key_file(keys=KEYS, sequence=7):
    return json.dumps({"sequence": sequence, "hosts": ["TRACE.EXAMPLE.VN"], "keys": keys}, indent=1) + "\n"


def gzip_stored(data, trailer=None):
    """RFC 1952 around RFC 1951's stored blocks."""
    blocks = [data[start : start + 65535] for start in range(0, len(data), 65535)] or [b""]
    out = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    for number, block in enumerate(blocks, start=1):
        out += struct.pack("<BHH", number == len(blocks), len(block), 0xFFFF - len(block)) + block
    return out + (trailer if trailer is not None else struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))


def state_of(lines):
    return hashlib.sha256("".join(lines[code] + "\n" for code in sorted(lines)).encode()).hexdigest()


def pack(
    lines=BOTH,
    told=None,
    signer=PACK_KEY,
    keys=KEYS,
    sequence=7,
    root=ROOT,
    body=None,
    sign_over=None,
    signature_text=None,
    signed_file=None,
    drop=(),
    **header,
):
    """A pack of these lines. `told` are the body's lines where they are others; the rest changes one thing for one case."""
    if body is None:
        body = gzip_stored(
            "".join(line + "\n" for line in (told if told is not None else [lines[code] for code in sorted(lines)])).encode()
        )
    file = key_file(keys, sequence)
    fields = {
        "number": 5,
        "base": None,
        "area": "02683",
        "issued_at": "2027-03-10T06:00:00Z",
        "kid": 2,
        "key_file": file,
        "key_file_signature": base64_url(private(root).sign((signed_file or file).encode())) + "\n",
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "entries": len(lines),
        "state": state_of(lines),
        **header,
    }
    fields = {name: value for name, value in fields.items() if name not in drop}
    signed = FIRST_LINE + json.dumps(fields, ensure_ascii=False).encode() + b"\n"
    text = signature_text or base64_url(private(signer).sign(sign_over or signed))
    return signed + text.encode() + b"\n" + body


def held(number=0, lines=None, key_sequence=0):
    return {"number": number, "lines": lines, "key_sequence": key_sequence}


def other_last_bits(text):
    """The same bytes in another base64 text: the last character's unused bits are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert text.endswith("==")
    return text[:-3] + alphabet[alphabet.index(text[-3]) | 1] + "=="


def signature_of(content):
    return content.split(b"\n")[2].decode()


def make_packs():
    cases = []

    def case(name, content, *, fault=None, lines=None, number=5, has=None, now=NOW):
        expected = {"fault": fault} if fault else {"number": number, "lines": lines}
        text = base64.b64encode(content).decode()
        root = public_bytes(ROOT).hex()
        cases.append({"name": name, "content": text, "root": root, "now": now, "held": has or held(), "expect": expected})

    whole = pack()
    after = {"4M7KSD2RTB9G": RECALLED_TEA, "ZZZZZZZZZZZZ": HONEY}
    gone = '{"code":"0000000000AA","gone":true}'
    change = {"lines": after, "told": [gone, RECALLED_TEA, HONEY], "number": 6, "base": 5}

    # ------------------------------------------------------------ packs that are good
    case("a whole pack", whole, lines=BOTH)
    case("a pack without batches", pack({}), lines={})
    case("one line", pack({"ZZZZZZZZZZZZ": HONEY}), lines={"ZZZZZZZZZZZZ": HONEY})
    case(
        "a line of more than 65,535 bytes",
        pack({"A": '{"code":"A","x":"' + "y" * 70_000 + '"}'}),
        lines={"A": '{"code":"A","x":"' + "y" * 70_000 + '"}'},
    )
    case("the number that is held comes again", whole, lines=BOTH, has=held(5, BOTH, 7))
    case("a whole pack replaces whatever was held", pack(number=9), lines=BOTH, number=9, has=held(5, after, 7))
    case("a higher sequence of key files", pack(sequence=8), lines=BOTH, has=held(4, None, 7))
    case("a difference: one gone, one changed, one new", pack(**change), lines=after, number=6, has=held(5, BOTH, 7))
    same = pack(told=[], number=6, base=5)
    case("a difference in which nothing changed", same, lines=BOTH, number=6, has=held(5, BOTH, 7))
    case("dated five minutes ahead", pack(issued_at="2027-03-10T08:05:00Z"), lines=BOTH)
    case("written with another time zone", pack(issued_at="2027-03-10T13:00:00+07:00"), lines=BOTH)
    case("an old pack is opened: how old it is, is judged elsewhere", whole, lines=BOTH, now="2028-01-01T00:00:00Z")
    two_keys = [*KEYS, key(3, "pack", OTHER_KEY)]
    case("a second pack key", pack(keys=two_keys, signer=OTHER_KEY, kid=3), lines=BOTH)
    first_revoked = [KEYS[0], key(2, "pack", PACK_KEY, revoked_at="2027-01-01T00:00:00Z"), key(3, "pack", OTHER_KEY)]
    case("another pack key was revoked", pack(keys=first_revoked, signer=OTHER_KEY, kid=3), lines=BOTH)

    # ------------------------------------------------------------ form
    case("nothing", b"", fault="cut_off")
    case("the beginning of the first line", FIRST_LINE[:9], fault="cut_off")
    case("another first line", b"traceability pack 2\n" + whole[len(FIRST_LINE) :], fault="not_a_pack")
    case("a page of some website", b"<!doctype html><title>Sign in to Free WiFi</title>", fault="not_a_pack")
    case("cut off in the header", whole[:100], fault="cut_off")
    case("cut off in the signature", whole[: whole.index(b"\n", len(FIRST_LINE)) + 20], fault="cut_off")
    case("cut off before the last byte", whole[:-1], fault="cut_off")
    case("cut off after the signature", whole[: len(whole) - len(gzip_stored((RICE + "\n" + TEA + "\n").encode()))], fault="cut_off")
    case("one byte too many", whole + b"\x00", fault="body")
    case("a header that is no JSON", FIRST_LINE + b"{number: 5}\n" + whole.split(b"\n", 2)[2], fault="header")
    case("a header that is a list", FIRST_LINE + b"[]\n" + whole.split(b"\n", 2)[2], fault="header")
    for name in ("number", "base", "area", "issued_at", "kid", "key_file", "key_file_signature", "size", "sha256", "entries", "state"):
        case(f"a header without {name}", pack(drop=(name,)), fault="header")
    for name, value in (
        *(("number", 0), ("number", -1), ("number", "5"), ("number", 5.5), ("number", True), ("base", 0), ("base", 6), ("base", "4")),
        *(
            ("area", 2683),
            ("issued_at", "yesterday"),
            ("issued_at", "2027-03-10T06:00:00"),
            ("kid", "2"),
            ("size", None),
            ("size", 1 << 40),
        ),
    ):
        case(f"a header with {name} {value!r}", pack(**{name: value}), fault="header")

    # ------------------------------------------------------------ keys
    case("a key file under another root key", pack(root="another root"), fault="key_file_signature")
    case("a key file that was changed after it was signed", pack(signed_file=key_file(sequence=99)), fault="key_file_signature")
    case("a signature of the key file that is none", pack(key_file_signature="AAAA\n"), fault="key_file_signature")
    broken = "{}\n"
    signed_broken = base64_url(private(ROOT).sign(broken.encode())) + "\n"
    case("a signed key file that is none", pack(key_file=broken, key_file_signature=signed_broken), fault="key_file")
    case("a key file older than one seen", whole, fault="key_file_older", has=held(0, None, 8))
    case("a key that is not in the file", pack(kid=9), fault="pack_key_unknown")
    case("signed by a stamp key", pack(signer=STAMP_KEY, kid=1), fault="pack_key_unknown")
    revoked = [KEYS[0], key(2, "pack", PACK_KEY, revoked_at="2027-03-10T07:00:00Z")]
    case("a revoked key, the pack dated before that", pack(keys=revoked), fault="pack_key_revoked")
    ended = [KEYS[0], key(2, "pack", PACK_KEY, not_after="2027-03-10T05:59:59Z")]
    case("a key that had ended", pack(keys=ended), fault="pack_key_revoked")
    early = [KEYS[0], key(2, "pack", PACK_KEY, not_before="2027-03-10T06:00:01Z")]
    case("a key that had not begun", pack(keys=early), fault="pack_key_revoked")

    # ------------------------------------------------------------ signature
    case("signed by another key", pack(signer=OTHER_KEY), fault="bad_signature")
    case("signed over the header alone", pack(sign_over=b"{}\n"), fault="bad_signature")
    case("another base64 text of the same signature", pack(signature_text=other_last_bits(signature_of(whole))), fault="bad_signature")
    case("a signature without its padding", pack(signature_text=signature_of(whole).rstrip("=")), fault="bad_signature")
    case("a signature of 63 bytes", pack(signature_text=base64_url(b"\x01" * 63)), fault="bad_signature")
    renumbered = whole.replace(b'"number": 5', b'"number": 6', 1)
    case("a number that was changed after signing", renumbered, fault="bad_signature")
    two = pack(number=8), pack(after, number=9)
    crossed = b"\n".join(two[0].split(b"\n", 3)[:3]) + b"\n" + two[1].split(b"\n", 3)[3]
    case("two packs crossing: one's header and the other's body", crossed, fault="cut_off" if len(two[1]) < len(two[0]) else "body")

    # ------------------------------------------------------------ number and date
    case("a lower number than one seen", whole, fault="number_older", has=held(6, after, 7))
    case("dated more than five minutes ahead", pack(issued_at="2027-03-10T08:05:01Z"), fault="issued_ahead")
    case("dated a year ahead", pack(issued_at="2028-03-10T06:00:00Z"), fault="issued_ahead")

    # ------------------------------------------------------------ body
    text = (RICE + "\n" + TEA + "\n").encode()
    case("a body with another byte", whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:], fault="body")
    case("a body that is no gzip", pack(body=text), fault="body")
    case("a body whose checksum is another's", pack(body=gzip_stored(text, struct.pack("<II", 0, len(text)))), fault="body")
    case("a body with something after its end", pack(body=gzip_stored(text) + b"x"), fault="body")
    case("a body whose last line has no end", pack(body=gzip_stored(text[:-1])), fault="body")
    case("a body that is no UTF-8", pack(body=gzip_stored(b'{"code":"\xff"}\n')), fault="body")
    case("lines in another order", pack(told=[TEA, RICE]), fault="body")
    case("a line twice", pack(told=[RICE, RICE]), fault="body")
    case("a line that is no JSON", pack(told=["{"]), fault="body")
    case("a line without a code", pack(told=["{}"]), fault="body")
    case("a code that is a number", pack(told=['{"code":1}']), fault="body")

    # ------------------------------------------------------------ what it leads to
    case("a difference without anything held", pack(**change), fault="base_missing")
    case("a difference to another pack", pack(**change), fault="base_missing", has=held(4, BOTH, 7))
    case("a difference to other lines of that number", pack(**change), fault="state_differs", has=held(5, {**BOTH, "ZZZZ": HONEY}, 7))
    case("more entries than there are", pack(entries=3), fault="state_differs")
    case("the state of other lines", pack(state=state_of(after)), fault="state_differs")
    return {"cases": cases}


def main():
    parser = argparse.ArgumentParser(description="Makes the trust pack's test vectors.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file on disk differs")
    arguments = parser.parse_args()
    content = make_packs()
    names = [case["name"] for case in content["cases"]]
    assert len(names) == len(set(names)), "a name stands twice"
    faults = {case["expect"].get("fault") for case in content["cases"]} - {None}
    told = "not_a_pack cut_off header key_file_signature key_file key_file_older pack_key_unknown pack_key_revoked bad_signature"
    assert faults == {*told.split(), "number_older", "issued_ahead", "body", "base_missing", "state_differs"}, faults
    data = (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
    print("packs.json", len(names), "cases")
    if arguments.check:
        return 0 if FILE.exists() and FILE.read_bytes() == data else 1
    FILE.write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
