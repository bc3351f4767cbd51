"""Changes every byte of trust packs and of signed codes once, to another one drawn at random, and counts what is accepted.

Run from the project's folder: `.venv/bin/python benchmarks/tampering.py`. The aim is that of 1,000 packs and 10,000 codes none is.
A code that still reads as the same stamp, by a letter's case or a character that it may be mistaken for, was not tampered with: such
are counted apart. Codes are judged with the register and with a pack. The suite runs a short form.
"""

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from traceability.domain import base32, keys, stamp
from traceability.domain.address import StampText, parse_any
from traceability.domain.errors import Malformed
from traceability.domain.trust_pack import Held, PackError, format_line, format_pack, open_pack
from traceability.domain.verdict import Batch, Issuance, Pack, Register, judge

HOST = "TRACE.EXAMPLE.VN"
NOW = datetime(2027, 3, 10, 3, tzinfo=UTC)
ROOT, STAMP_KEY, PACK_KEY = (bytes(range(start, start + 32)) for start in (1, 40, 80))


def key(kid: int, use: str, private: bytes) -> keys.PublicKey:
    """A key that holds now."""
    return keys.PublicKey(kid, use, keys.public_of(private), datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC), None)


KEYRING = keys.Keyring(1, (HOST,), (key(1, "stamp", STAMP_KEY), key(2, "pack", PACK_KEY)))
KEY_FILE = keys.format_keyring(KEYRING)
KEY_FILE_SIGNATURE = keys.sign_key_file(ROOT, KEY_FILE)


def tampered_pack(seed: int) -> Counter[str]:
    """One pack, each of its bytes changed once: the faults that were told, and how many were accepted."""
    chance, told = random.Random(seed), Counter[str]()
    codes = {base32.with_check(chance.getrandbits(55)) for _ in range(chance.randint(0, 4))}
    lines = {code: format_line({"code": code, "page": {"lot": f"L{chance.randint(1, 999)}"}}) for code in codes}
    signed = {"kid": 2, "private_key": PACK_KEY, "key_file": KEY_FILE, "key_file_signature": KEY_FILE_SIGNATURE}
    content = format_pack(lines, number=chance.randint(1, 1 << 31), area="province", issued_at=NOW, **signed)  # type: ignore[arg-type]
    root = keys.public_of(ROOT)
    assert open_pack(content, root, Held(), NOW).lines == lines
    for place, byte in enumerate(content):
        changed = content[:place] + bytes((byte ^ chance.randint(1, 255),)) + content[place + 1 :]
        try:
            open_pack(changed, root, Held(), NOW)
            told["ACCEPTED"] += 1
        except PackError as error:
            told[error.fault] += 1
    return told


def tampered_code(seed: int) -> Counter[str]:
    """One signed code of a unit with its address, each of its characters changed once: the verdicts, and how many were accepted."""
    chance, told = random.Random(seed), Counter[str]()
    code, unit = base32.with_check(chance.getrandbits(55)), chance.randint(1, 1_000_000)
    serials = stamp.serial_keys(chance.randbytes(32), code)
    of_batch = stamp.Claims(1, code, None, date(2027, 3, 1), date(2028, 3, 1), 4, 98)
    claims = stamp.format_claims(replace(of_batch, serial=stamp.make_serial(serials, unit)))
    signature = keys.sign_claims(STAMP_KEY, HOST, claims)
    text = f"https://{HOST}/S/{stamp.claims_text(claims)}{base32.encode_bytes(signature)}"
    issuance = Issuance("signed", datetime(2027, 3, 2, tzinfo=UTC), 1, 1_000_000, stamp.format_claims(of_batch))
    batch = Batch(code=code, scope="unit", best_before=date(2028, 3, 1), issuances=(issuance,), serial_keys=serials)
    known = (Register(KEYRING, batch), Pack(KEYRING, replace(batch, serial_keys=None), NOW, NOW))
    whole = parse_any(text, (HOST,))
    assert all(judge(whole, one, NOW).verdict.value == "ISSUED" for one in known)
    for place, character in enumerate(text):
        other = chr((ord(character) + chance.randint(1, 255)) % 256)
        read = _read(text[:place] + other + text[place + 1 :])
        if read == whole:
            told["same stamp"] += 1
            continue
        for one in known:
            verdict = judge(read, one, NOW).verdict.value
            told["ACCEPTED" if verdict in ("ISSUED", "EXPIRED") else verdict] += 1
    return told


def _read(text: str) -> StampText | Malformed:
    try:
        return parse_any(text, (HOST,))
    except Malformed as malformed:
        return malformed


def run(kind: Callable[[int], Counter[str]], count: int, *, processes: int | None = None) -> Counter[str]:
    """So many of a kind, in several processes."""
    with multiprocessing.Pool(processes) as pool:
        return sum(pool.imap_unordered(kind, range(count), chunksize=10), Counter())


def main() -> None:
    """Runs both and prints; exits 1 where anything was accepted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packs", type=int, default=1_000)
    parser.add_argument("--codes", type=int, default=10_000)
    asked = parser.parse_args()
    accepted = 0
    for name, act in (("packs", partial(run, tampered_pack, asked.packs)), ("codes", partial(run, tampered_code, asked.codes))):
        began = time.perf_counter()
        told = act()
        accepted += told["ACCEPTED"]
        taken, judged = time.perf_counter() - began, sum(told.values())
        print(f"{vars(asked)[name]:,} {name}: {judged:,} judged, {told['ACCEPTED']} accepted; {taken:.0f} s")
        print("   " + ", ".join(f"{fault} {count:,}" for fault, count in told.most_common()), flush=True)
    sys.exit(1 if accepted else 0)


if __name__ == "__main__":
    main()
