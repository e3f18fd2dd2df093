"""The claims of PROTOCOL.md are judged as it says, from the records alone."""

import re
from pathlib import Path

import numpy as np
import pytest

from experiments import verdicts as module
from experiments.verdicts import (
    CLAIMS,
    DROPPED,
    KEPT,
    MISSING,
    REVERSED,
    UNDECIDED,
    Results,
    verdicts,
)

PROTOCOL = Path(module.__file__).with_name("PROTOCOL.md")


def test_the_claims_are_the_protocols_word_for_word():
    text = PROTOCOL.read_text(encoding="utf-8").split("## The claims to be tested")[1]
    written = re.findall(r"^\d+\. (.*?)(?=^\d+\. |^$|\Z)", text, re.DOTALL | re.MULTILINE)
    assert [" ".join(claim.split()) for claim in written] == list(CLAIMS)


def test_without_records_nothing_is_kept(tmp_path):
    assert {each.verdict for each in verdicts(tmp_path)} == {MISSING}


def results_of(errors):
    """Results with made-up errors: {(table, encoding): one error per seed}, in every test."""

    class Everywhere(dict):
        def __missing__(self, test):
            return self["any"]

    tables = {}
    for (table, name), of_seeds in errors.items():
        records = [
            {"settings": {"seeds": {"weights": seed}}, "errors": Everywhere(any=error / 100)}
            for seed, error in enumerate(of_seeds)
        ]
        tables.setdefault(table, {})[name] = records
    return Results(tables=tables)


OURS, THEIRS = ("t", "cope"), ("t", "rope")


@pytest.mark.parametrize(
    "theirs, verdict",
    [([5, 6, 7], KEPT), ([1.0, 9, -3], DROPPED), ([0, 0.1, 0.2], REVERSED)],
)
def test_a_claim_needs_an_interval_above_zero(theirs, verdict):
    results = results_of({OURS: [1, 1.1, 1.2], THEIRS: theirs})
    assert module.fewer_than_each(results, OURS, [THEIRS], ["any"])[0] == verdict


def test_one_undecided_comparison_drops_a_claim():
    results = results_of({OURS: [1, 1, 1], THEIRS: [5, 6, 7], ("t", "t5"): [0, 3, 9]})
    verdict, because = module.fewer_than_each(results, OURS, [THEIRS, ("t", "t5")], ["any"])
    assert verdict == DROPPED and "undecided against t5" in because and "1 of 2" in because


def test_seeds_are_paired_by_number():
    results = results_of({OURS: [1, 2, 3, 4, 5, 6, 7], THEIRS: [3, 4, 5]})
    assert np.allclose(results.fewer(OURS, THEIRS, "any"), 2)


@pytest.mark.parametrize(
    "theirs, verdict",
    [([0, 0.1, 0.2], KEPT), ([5, 6, 7], DROPPED), ([1.0, 9, -3], UNDECIDED)],
)
def test_no_fewer_needs_an_interval_too(theirs, verdict):
    results = results_of({OURS: [1, 1.1, 1.2], THEIRS: theirs})
    assert module.no_fewer(results, [(OURS, THEIRS)], "any")[0] == verdict


def test_a_table_with_seeds_missing_is_not_measured():
    results = results_of({("copy", "cope"): [1] * 3, ("copy", "rope"): [2, 3, 4]})
    with pytest.raises(module.NotMeasured, match="all seeds"):
        results.fewer(("copy", "cope"), ("copy", "rope"), "any")


def test_one_seed_proves_nothing():
    with pytest.raises(module.NotMeasured):
        results_of({OURS: [1], THEIRS: [2, 3]}).fewer(OURS, THEIRS, "any")


def test_rows_must_grow_and_sixteen_be_below_two():
    def rows(**changes):
        errors = {("counting_1", "cope"): [9.7] * 3}
        for number in module.OWN_NUMBERS["rows"][-1]:
            errors[f"rows {number}", "cope"] = [changes.get(f"r{number}", min(number / 10, 30))] * 3
        return module.rows_of_cope(results_of(errors))[0]

    assert rows() == KEPT
    assert rows(r16=2.5) == DROPPED
    assert rows(r4=9.0) == DROPPED
