"""What several runs say together."""

import numpy as np
import pytest

from solutions.evidence import T_95, choose_setting, paired_difference


def runs(**settings):
    return [
        {"setting": name, "validation": {"error": error, "loss": loss}, "errors": Untouched()}
        for name, pairs in settings.items()
        for error, loss in pairs
    ]


class Untouched(dict):
    def __getitem__(self, key):
        raise AssertionError("a choice must not look at the tests")

    get = items = values = keys = __iter__ = __getitem__


def test_the_lowest_mean_error_is_chosen_and_the_loss_decides_ties():
    assert choose_setting(runs(a=[(0.1, 9), (0.3, 9)], b=[(0.15, 9), (0.2, 9)])) == "b"
    assert choose_setting(runs(a=[(0, 2), (0, 1)], b=[(0, 1), (0, 1)])) == "b"
    assert choose_setting(runs(a=[(0.1, 1), (0.2, 1)], b=[(0.2, 2), (0.1, 2)])) == "a"


@pytest.mark.parametrize("n", range(2, 11))
def test_the_interval_is_students(n):
    rng = np.random.default_rng(n)
    covered = 0
    for _ in range(2000):
        ours, theirs = rng.normal(0, 1, n), rng.normal(3, 1, n)
        mean, low, high = paired_difference(ours, theirs)
        assert low < mean < high and mean == pytest.approx((low + high) / 2)
        covered += low < 3 < high
    assert 0.93 < covered / 2000 < 0.97
    assert n - 1 in T_95


def test_pairs_that_differ_always_by_the_same_have_no_doubt():
    assert paired_difference([1.0, 5.0, 9.0], [2.0, 6.0, 10.0]) == (1.0, 1.0, 1.0)
