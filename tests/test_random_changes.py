"""Random programs of views and changes in place: the same gradients or refusals as in PyTorch.

pytest tests/test_random_changes.py --fresh-seed     tries other ones each time
"""

import numpy as np
import pytest

import minitorch
from tests.random_changes import random_program, run, shrunk, slope

COUNT, LENGTH = 1500, 10
UNTRACKED = ("detach", "data", "no_grad")  # changes that a gradient does not know of

pytestmark = pytest.mark.filterwarnings("ignore")


def difference(torch, lines):
    """What differs from PyTorch, in one word; "" for nothing."""
    (ours, our_loss, our_grad), (theirs, their_loss, their_grad) = (
        run(minitorch, lines),
        run(torch, lines),
    )
    if ours != theirs:
        return "bolder" if len(ours) > len(theirs) else "refused"
    if isinstance(our_grad, Exception):
        return "" if isinstance(their_grad, Exception) else "no gradient"
    if isinstance(their_grad, Exception):  # a copy was kept where PyTorch kept none
        return (
            "bolder"
            if any(word in line for line in lines for word in UNTRACKED) or _is_right(lines)
            else "wrong"
        )
    if np.isclose(our_loss, their_loss) and np.allclose(our_grad, their_grad):
        return ""
    return (
        "bolder" if any(".data" in line for line in lines) else "wrong"
    )  # what nobody watches in PyTorch


def _is_right(lines):
    """Whether the gradient agrees with finite differences."""
    done, _, grad = run(minitorch, lines)
    wanted, direction = slope(minitorch, done)
    return np.isclose((grad * direction).sum(), wanted, rtol=1e-4, atol=1e-6)


def test_random_programs_do_what_they_do_in_pytorch(request):
    torch = pytest.importorskip("torch")
    seed = (
        np.random.SeedSequence().entropy % 2**32 if request.config.getoption("--fresh-seed") else 0
    )
    rng, found, wrong = np.random.default_rng(seed), {}, []
    for _ in range(COUNT):
        lines = random_program(rng, LENGTH)
        kind = difference(torch, lines)
        found[kind] = found.get(kind, 0) + 1
        if kind in ("wrong", "no gradient"):
            smallest = shrunk(lines, lambda shorter, kind=kind: difference(torch, shorter) == kind)
            wrong.append(f"{kind}: {'; '.join(smallest)}")
    print(f"seed {seed}: {found}")
    assert not wrong, f"seed {seed}: {len(wrong)} of {COUNT} differ\n" + "\n".join(wrong[:20])
    assert found.get("refused", 0) <= COUNT / 30  # writing into expanded tensors
    assert found.get("bolder", 0) <= COUNT / 10
