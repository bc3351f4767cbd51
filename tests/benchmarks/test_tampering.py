"""The short form of benchmarks/tampering.py: every byte of some packs and signed codes changed once, none accepted."""

import pytest

from benchmarks.tampering import tampered_code, tampered_pack


@pytest.mark.parametrize("seed", range(4))
def test_no_pack_with_a_changed_byte_is_accepted(seed):
    told = tampered_pack(seed)
    assert not told["ACCEPTED"] and {"bad_signature", "body", "key_file_signature"} <= set(told)


@pytest.mark.parametrize("seed", range(20))
def test_no_signed_code_with_a_changed_character_is_accepted(seed):
    told = tampered_code(seed)
    assert not told["ACCEPTED"] and {"MALFORMED", "UNKNOWN"} <= set(told)
