"""Serials made together are those that are made one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.domain import base32, serials, stamp


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=7, max_size=7), st.integers(1, stamp.LAST_UNIT), st.integers(0, 40))
def test_they_are_the_same_for_any_key_batch_and_units(master_key, random_bytes, first, more):
    keys = stamp.serial_keys(master_key, stamp.batch_code(random_bytes))
    last = min(first + more, stamp.LAST_UNIT)
    units, made = serials.make_serials(keys, first, last)
    expected = {unit: serial for unit in range(first, last + 1) if (serial := stamp.make_serial(keys, unit))}
    assert dict(zip(units.tolist(), (row.tobytes().decode() for row in made), strict=True)) == expected


@given(st.lists(st.integers(0, 2**55 - 1), max_size=30))
def test_check_characters_are_the_same(values):
    made = serials.with_check(np.array(values, np.uint64))
    assert [row.tobytes().decode() for row in made] == [base32.with_check(value) for value in values]


@pytest.mark.parametrize(("first", "last"), [(0, 1), (2, 1), (1, stamp.LAST_UNIT + 1), (-1, -1)])
def test_units_that_do_not_exist_are_refused(first, last):
    with pytest.raises(ValueError, match="no such units"):
        serials.make_serials(stamp.serial_keys(bytes(32), "7K3MQ9X2ABCS"), first, last)


def test_a_unit_whose_value_is_nought_is_left_out(monkeypatch):
    keys = stamp.serial_keys(bytes(range(32)), "7K3MQ9X2ABCS")
    whole = serials._values
    monkeypatch.setattr(serials, "_values", lambda keys, units: np.where(units == 2, 0, whole(keys, units)).astype(np.uint64))
    units, made = serials.make_serials(keys, 1, 3)
    assert units.tolist() == [1, 3] and len(made) == 2
