"""After an operation, what it was given or what came out is overwritten: its gradient is right, or refused.

Never silently wrong. Where PyTorch gives the gradient, so do we.
"""
import re

import numpy as np
import pytest

import minitorch
from tests.operation_cases import LINES, arrays_of, expand, weights_for

pytestmark = pytest.mark.filterwarnings("ignore")


def gradients(torch, expression, overwrite):
    """The inputs' gradients, or the RuntimeError, if inputs or outputs are overwritten before the backward pass."""
    leaves = {name: torch.from_numpy(np.array(a, order="K")) for name, a in arrays_of(expression).items()}
    names = {"torch": torch}
    for name, x in leaves.items():
        names[name] = x.requires_grad_() * 1 if x.is_floating_point() else x.clone()
    out = eval(expression, names)
    outs = list(out) if isinstance(out, tuple) else [out]
    losses = [(x, torch.from_numpy(w)) for x, w in zip(outs, weights_for(outs)) if x.requires_grad]
    try:
        with torch.no_grad():
            for x in [names[name] for name in leaves] if overwrite == "inputs" else outs if overwrite else []:
                x.fill_(1)
        if losses:
            sum((x.double() * w).sum() for x, w in losses).backward()
    except RuntimeError as error:
        return error
    return [x.grad.numpy() for x in leaves.values() if x.grad is not None]


@pytest.mark.parametrize("overwrite", ["inputs", "outputs"])
@pytest.mark.parametrize("line", [line for line in LINES if "detach" not in line and ".data" not in line])
def test_a_gradient_is_right_or_refused(line, overwrite):
    for expression in expand(line):
        got = gradients(minitorch, expression, overwrite)
        if isinstance(got, RuntimeError):
            assert "inplace" in str(got) or "clone" in str(got), expression
            continue
        for g, w in zip(got, gradients(minitorch, expression, None), strict=True):
            np.testing.assert_array_equal(g, w, err_msg=expression)


# PyTorch overwrites expanded tensors with one number, and copies a matrix before it broadcasts a product.
BOLDER = re.compile(r"\.expand\(|@ deep")


@pytest.mark.parametrize("overwrite", ["inputs", "outputs"])
@pytest.mark.parametrize("line", [line for line in LINES if "detach" not in line and ".data" not in line])
def test_no_gradient_is_refused_that_pytorch_gives(line, overwrite):
    torch = pytest.importorskip("torch")
    for expression in expand(line):
        if not BOLDER.search(expression) and isinstance(gradients(minitorch, expression, overwrite), RuntimeError):
            assert isinstance(gradients(torch, expression, overwrite), RuntimeError), expression
