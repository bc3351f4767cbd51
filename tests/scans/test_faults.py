"""The fault drills in short; `benchmarks/scan_faults.py` runs the long ones."""

import pytest

from benchmarks.scan_faults import Place, kills, power, server


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)


def test_killed_writers_and_loaders_lose_and_double_no_answered_scan(place):
    count = kills(place, 12, loader_each=6)
    assert count.kills >= 12 and len(count.answered) > 12
    assert (count.missing, count.doubled) == (0, 0)


def test_a_power_cut_takes_no_scan_whose_answer_waited_for_the_sync(place):
    count, _ = power(place, 6, sync="wait")
    assert count.answered and (count.missing, count.doubled) == (0, 0)


def test_a_power_cut_doubles_no_scan(place):
    count, _ = power(place, 6, sync="soon")
    assert count.loaded and count.doubled == 0


def test_killed_workers_and_loader_of_the_real_server_lose_no_answered_scan(place):
    count = server(place, 4, workers=2)
    assert count.kills == 4 and count.answered
    assert (count.missing, count.doubled) == (0, 0)
