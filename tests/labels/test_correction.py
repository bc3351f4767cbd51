"""Drawing the other way what a printer prints wrongly."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.labels.correction import LARGEST_SCALE, LARGEST_SHIFT_MM, LEAST_SCALE, Correction, CorrectionTooLarge
from traceability.labels.proof_result import ProofMeasure

SCALES = st.floats(LEAST_SCALE, LARGEST_SCALE)
SHIFTS = st.floats(-LARGEST_SHIFT_MM, LARGEST_SHIFT_MM)
CORRECTIONS = st.builds(Correction, SCALES, SCALES, SHIFTS, SHIFTS)
PLACES = st.floats(-50, 350)


@given(CORRECTIONS, PLACES, PLACES)
def test_what_is_drawn_where_it_is_told_comes_out_where_it_is_wanted(correction, x, y):
    assert correction.printed(*correction.applied(x, y)) == pytest.approx((x, y), abs=1e-9)


@given(CORRECTIONS, PLACES, PLACES)
def test_what_was_printed_is_told_back(correction, x, y):
    assert correction.applied(*correction.printed(x, y)) == pytest.approx((x, y), abs=1e-9)


@given(PLACES, PLACES)
def test_no_correction_changes_nothing(x, y):
    assert Correction().applied(x, y) == (x, y) and not Correction().matters


@pytest.mark.parametrize("what", ["scale_x", "scale_y"])
@pytest.mark.parametrize("value", [0.899, 1.101, 0, -1, math.inf, math.nan])
def test_a_scale_that_is_the_dialogues_fault_is_refused(what, value):
    with pytest.raises(CorrectionTooLarge) as caught:
        Correction(**{what: value})
    assert caught.value.what == "scale"


@pytest.mark.parametrize("what", ["shift_x_mm", "shift_y_mm"])
@pytest.mark.parametrize("value", [10.01, -10.01, math.inf, math.nan])
def test_a_shift_of_more_than_a_cm_is_refused(what, value):
    with pytest.raises(CorrectionTooLarge) as caught:
        Correction(**{what: value})
    assert caught.value.what == "shift"


@pytest.mark.parametrize(
    ("correction", "matters"),
    [
        (Correction(1.0029, 0.9971, 0.3, -0.3), False),
        (Correction(scale_x=1.0031), True),
        (Correction(scale_y=0.9969), True),
        (Correction(shift_x_mm=0.31), True),
        (Correction(shift_y_mm=-0.31), True),
    ],
)
def test_what_nobody_could_see_is_not_worth_a_correction(correction, matters):
    assert correction.matters is matters


def test_a_correction_is_what_was_measured():
    measure = ProofMeasure(0.98, 1.01, 1.5, -2.0, 0.1, 0.02, 5.0)
    assert Correction.from_measure(measure) == Correction(0.98, 1.01, 1.5, -2.0)
