"""Small programs come to the same as in PyTorch: indices, changes, infinite gradients, no_grad."""

import json
import math
from pathlib import Path

import pytest

import minitorch
from tests.engine_cases import PROGRAMS, outcome

FROZEN = json.loads(
    (Path(__file__).with_name("reference") / "engine_cases.json").read_text(encoding="utf-8")
)

pytestmark = pytest.mark.filterwarnings("ignore")


def same(got, wanted):
    if isinstance(wanted, list) and isinstance(got, list):
        return len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(wanted, float) and isinstance(got, float):
        return (
            math.isclose(got, wanted, rel_tol=1e-5, abs_tol=1e-6)
            or math.isnan(got)
            and math.isnan(wanted)
        )
    return type(got) is type(wanted) and got == wanted


@pytest.mark.parametrize("topic", PROGRAMS)
def test_small_programs_come_to_the_same_as_in_pytorch(topic):
    assert sorted(FROZEN[topic]) == sorted(PROGRAMS[topic])
    got = {program: outcome(minitorch, program) for program in PROGRAMS[topic]}
    wrong = [
        f"{program}\n    ours: {got[program]}\n    PyTorch: {FROZEN[topic][program]}"
        for program in PROGRAMS[topic]
        if not same(got[program], FROZEN[topic][program])
    ]
    assert not wrong, f"{len(wrong)} of {len(got)} differ\n" + "\n".join(wrong)


@pytest.mark.parametrize("topic", PROGRAMS)
def test_frozen_outcomes_are_those_of_pytorch(topic):
    torch = pytest.importorskip("torch")
    wrong = [
        program
        for program in PROGRAMS[topic]
        if not same(outcome(torch, program), FROZEN[topic][program])
    ]
    assert not wrong, "\n".join(wrong)
