"""Random indices: what PyTorch takes is taken with its meaning, or refused with a sentence.

pytest tests/test_random_indices.py --fresh-seed     tries other ones each time
"""

import json
from pathlib import Path

import numpy as np
import pytest

import minitorch
from tests.random_indices import Case, outcome, random_cases, same, shrunk, written

FROZEN = Path(__file__).with_name("reference") / "random_indices.json"
COUNT = 4000

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def seed(request):
    return (
        np.random.SeedSequence().entropy % 2**32 if request.config.getoption("--fresh-seed") else 0
    )


def compare(torch, cases):
    """How many cases PyTorch takes; those we refuse; and a line for each that differs, shrunk."""
    taken, refused, wrong = 0, [], []
    for case in cases:
        ours, theirs = outcome(minitorch, case), outcome(torch, case)
        taken += not isinstance(theirs, Exception)
        if same(ours, theirs):
            continue
        if (
            isinstance(ours, (IndexError, RuntimeError, ValueError, TypeError))
            and len(str(ours)) > 20
        ):
            refused.append(f"{case}    {ours}")
        else:
            smallest = shrunk(
                case, lambda other: not same(outcome(minitorch, other), outcome(torch, other))
            )
            wrong.append(
                f"{smallest}    ours: {_short(outcome(minitorch, smallest))}"
                f"    PyTorch: {_short(outcome(torch, smallest))}"
            )
    return taken, refused, wrong


def _short(result):
    return (
        repr(result)
        if isinstance(result, Exception)
        else ", ".join(f"{x.shape} {x.tolist()}" for x in result)
    )


@pytest.mark.parametrize("how", ["reading", "writing"])
def test_random_indices_mean_what_they_mean_in_pytorch(how, seed):
    torch = pytest.importorskip("torch")
    cases = random_cases(seed, COUNT)
    if how == "writing":
        rng = np.random.default_rng(seed)
        cases = [case for case in (written(case, torch, rng) for case in cases) if case]
    taken, refused, wrong = compare(torch, cases)
    print(
        f"{how}, seed {seed}: {len(cases)} indices, PyTorch takes {taken}, "
        f"of which {len(refused)} are refused here"
    )
    assert not wrong, f"seed {seed}: {len(wrong)} of {len(cases)} differ\n" + "\n".join(wrong[:20])
    assert taken > COUNT / 4 and len(refused) <= taken / 100, "\n".join(refused[:40])


def test_random_indices_give_the_frozen_answers():
    for entry in json.loads(FROZEN.read_text(encoding="utf-8")):
        shape, transposed, items, value, listed = entry["case"]
        case = Case(
            tuple(shape), transposed, tuple(items), None if value is None else tuple(value), listed
        )
        got = outcome(minitorch, case)
        if isinstance(got, Exception):
            raise AssertionError(f"refused: {case}") from got
        assert [x.tolist() for x in got] == entry["outcome"], str(case)


def test_a_difference_is_shrunk_to_its_smallest_form():
    case = Case((2, 3, 4), True, ("None", "0", "[1, 0]", "..."))
    smallest = shrunk(case, lambda other: "[1, 0]" in other.items)
    assert str(smallest) == "x = torch.tensor(0.); x[[1, 0],]"
