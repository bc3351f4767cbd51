"""The package against the vectors that an independent program made (tests/vectors/make_vectors.py)."""

import json
import subprocess
import sys
from base64 import b64decode, urlsafe_b64decode
from datetime import date
from pathlib import Path

import pytest

from traceability.domain import base32, keys, stamp
from traceability.domain.address import StampText, parse_address, parse_path, parse_typed
from traceability.domain.errors import Malformed
from traceability.domain.trust_pack import Held, PackError, open_pack
from traceability.domain.verdict import Batch, Issuance, Pack, Recall, Register, Units, judge

VECTORS = Path(__file__).parents[1] / "vectors"


def load(name: str) -> dict:
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


def named(cases: list[dict]) -> list:
    return [pytest.param(case, id=case["name"]) for case in cases]


@pytest.mark.parametrize("program", ["make_vectors.py", "make_packs.py"])
def test_the_vectors_are_what_their_program_makes(program):
    run = subprocess.run([sys.executable, VECTORS / program, "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("case", load("check_characters")["cases"], ids=lambda case: case["text"])
def test_check_character(case):
    assert base32.check_character(case["text"]) == case["check"]


@pytest.mark.parametrize("case", named(load("serials")["cases"]))
def test_serial(case):
    batch_keys = stamp.serial_keys(bytes.fromhex(case["master_key"]), case["batch"])
    assert stamp.make_serial(batch_keys, case["unit"]) == case["serial"]
    assert stamp.unit_of_serial(batch_keys, case["serial"]) == case["unit"]


@pytest.mark.parametrize("case", named(load("serials")["not_serials"]))
def test_not_a_serial(case):
    batch_keys = stamp.serial_keys(bytes.fromhex(case["master_key"]), case["batch"])
    assert stamp.unit_of_serial(batch_keys, case["serial"]) is None


@pytest.mark.parametrize("case", named(load("claims")["cases"]))
def test_claims_and_their_signature(case):
    def day(name: str) -> date | None:
        return date.fromisoformat(case[name]) if case[name] else None

    claims = stamp.Claims(
        case["kid"], case["batch_code"], case["serial"], day("packed_on"), day("best_before"), case["stars"], case["gi_number"]
    )
    raw = stamp.format_claims(claims)
    assert raw.hex() == case["bytes"]
    assert stamp.parse_claims(raw) == claims
    assert stamp.claims_text(raw) == case["text"]
    assert stamp.signed_message(case["host"], raw).decode() == case["signed_over"]
    signature = keys.sign_claims(bytes.fromhex(case["private_key"]), case["host"], raw)
    assert signature.hex() == case["signature"]
    assert base32.encode_bytes(signature) == case["signature_text"]
    read = parse_address(case["qr_text"], [case["host"]])
    assert read.claims == claims and read.signature == signature
    assert keys.public_of(bytes.fromhex(case["private_key"])) == urlsafe_b64decode(case["public_key"] + "==")


def read(case: dict) -> StampText | Malformed:
    try:
        match case.get("given", "address"):
            case "address":
                return parse_address(case["text"], case["hosts"], test_mode=case["test_mode"])
            case "path":
                return parse_path(case["text"])
            case "typed":
                return parse_typed(case["text"])
    except Malformed as fault:
        return fault
    raise AssertionError(case["given"])


@pytest.mark.parametrize("case", named(load("codes")["cases"]))
def test_code(case):
    got = read(case)
    if case["fault"]:
        assert isinstance(got, Malformed) and got.fault == case["fault"]
        return
    assert isinstance(got, StampText), got
    fields = ("form", "scope", "batch_code", "serial", "gtin", "lot", "canonical_path")
    assert {name: getattr(got, name) for name in fields} == {name: case["expect"][name] for name in fields}


def parse_batch(entry: dict, master_keys: dict | None) -> Batch:
    instant = keys.parse_instant

    def units(row: dict) -> Units:
        return Units(row["first_unit"], row["last_unit"])

    return Batch(
        code=entry["code"],
        scope=entry["scope"],
        best_before=date.fromisoformat(entry["best_before"]) if entry["best_before"] else None,
        issuances=tuple(
            Issuance(
                row["form"],
                instant(row["issued_at"]),
                row.get("first_unit"),
                row.get("last_unit"),
                bytes.fromhex(row["claims"]) if row["claims"] else None,
            )
            for row in entry["issuances"]
        ),
        revocations=tuple(map(units, entry["revocations"])),
        recalls=tuple(
            Recall(units(row), instant(row["from"]), instant(row["lifted"]) if row["lifted"] else None) for row in entry["recalls"]
        ),
        suspicions=tuple(Units(row["unit"], row["unit"]) for row in entry["suspicions"]),
        serial_keys=stamp.serial_keys(bytes.fromhex(master_keys[entry["master_key"]]), entry["code"]) if master_keys else None,
        mask_key=bytes.fromhex(entry["mask_key"]) if entry.get("mask_key") else None,
    )


def find(entries: list[dict], got: StampText | Malformed) -> dict | None:
    for entry in entries:
        if isinstance(got, Malformed):
            return None
        if entry["code"] == got.batch_code or (got.lot and (entry["gtin"], entry["lot"]) == (got.gtin, got.lot)):
            return entry
    return None


@pytest.mark.parametrize("case", named(load("verdicts")["cases"]))
def test_verdict(case):
    got = read(case)
    source = case.get("register") or case["pack"]
    entry = find(source["batches"], got)
    batch = parse_batch(entry, source.get("master_keys")) if entry else None
    keyring = keys.parse_keyring(json.dumps({"sequence": 1, "hosts": case["hosts"], "keys": source["keys"]}).encode())
    if "register" in case:
        known = Register(keyring, batch)
    else:
        known = Pack(keyring, batch, keys.parse_instant(source["issued_at"]), keys.parse_instant(source["latest_seen"]))
    judgement = judge(got, known, keys.parse_instant(case["now"]))
    assert (judgement.verdict.value, list(judgement.reasons), judgement.unit) == (case["verdict"], case["reasons"], case["unit"])


@pytest.mark.parametrize("case", named(load("packs")["cases"]))
def test_pack(case):
    given = case["held"]
    held = Held(given["number"], given["lines"], given["key_sequence"])
    try:
        opened = open_pack(b64decode(case["content"]), bytes.fromhex(case["root"]), held, keys.parse_instant(case["now"]))
        got = {"number": opened.header.number, "lines": dict(opened.lines)}
    except PackError as error:
        got = {"fault": error.fault}
    assert got == case["expect"]
