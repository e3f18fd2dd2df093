"""What an operation was given, or what came out, is overwritten: its gradient is right, or refused.

Never silently wrong. Where PyTorch gives the gradient, so do we.
"""

import re

import numpy as np
import pytest

import minitorch
from tests.functional_cases import CASES, make_inputs
from tests.operation_cases import LINES, arrays_of, expand, weights_for

pytestmark = pytest.mark.filterwarnings("ignore")


def gradients(torch, expression, overwrite):
    """The inputs' gradients, or the RuntimeError, if inputs or outputs are overwritten before."""
    leaves = {
        name: torch.from_numpy(np.array(a, order="K")) for name, a in arrays_of(expression).items()
    }
    names = {"torch": torch}
    for name, x in leaves.items():
        names[name] = x.requires_grad_() * 1 if x.is_floating_point() else x.clone()
    out = eval(expression, names)
    outs = list(out) if isinstance(out, tuple) else [out]
    losses = [(x, torch.from_numpy(w)) for x, w in zip(outs, weights_for(outs)) if x.requires_grad]
    try:
        with torch.no_grad():
            for x in (
                [names[name] for name in leaves]
                if overwrite == "inputs"
                else outs
                if overwrite
                else []
            ):
                x.fill_(1)
        if losses:
            sum((x.double() * w).sum() for x, w in losses).backward()
    except RuntimeError as error:
        return error
    return [x.grad.numpy() for x in leaves.values() if x.grad is not None]


@pytest.mark.parametrize("overwrite", ["inputs", "outputs"])
@pytest.mark.parametrize(
    "line", [line for line in LINES if "detach" not in line and ".data" not in line]
)
def test_a_gradient_is_right_or_refused(line, overwrite):
    for expression in expand(line):
        got = gradients(minitorch, expression, overwrite)
        if isinstance(got, RuntimeError):
            assert "inplace" in str(got) or "clone" in str(got), expression
            continue
        for g, w in zip(got, gradients(minitorch, expression, None), strict=True):
            np.testing.assert_array_equal(g, w, err_msg=expression)


BOLDER = re.compile(r"@ deep")  # PyTorch copies a matrix before it broadcasts a product


@pytest.mark.parametrize("overwrite", ["inputs", "outputs"])
@pytest.mark.parametrize(
    "line", [line for line in LINES if "detach" not in line and ".data" not in line]
)
def test_no_gradient_is_refused_that_pytorch_gives(line, overwrite):
    torch = pytest.importorskip("torch")
    for expression in expand(line):
        if not BOLDER.search(expression) and isinstance(
            gradients(minitorch, expression, overwrite), RuntimeError
        ):
            assert isinstance(gradients(torch, expression, overwrite), RuntimeError), expression


# ---------------------------------------------------------------- functions of networks


def gradients_of_function(torch, name, changed):
    """The same for a case of nn.functional; changed: an input's number, -1 (the output) or None."""
    leaves = [torch.from_numpy(np.array(x)) for x in make_inputs(name)]
    inputs = [x.requires_grad_() * 1 if x.is_floating_point() else x.clone() for x in leaves]
    out = CASES[name][0](torch.nn.functional, *inputs)
    (weights,) = weights_for([out])
    loss = (out * torch.from_numpy(weights)).sum() if changed != -1 else None
    try:
        with torch.no_grad():
            if changed is not None:
                (inputs[changed] if changed >= 0 else out).fill_(1)
        loss = out.sum() if changed == -1 else loss
        loss.backward()
    except RuntimeError as error:
        return error
    return [x.grad.numpy() for x in leaves if x.grad is not None]


def changes_of(name):
    return [(name, n) for n in range(-1, len(CASES[name]) - 1)]


@pytest.mark.parametrize("name, changed", [change for name in CASES for change in changes_of(name)])
def test_functions_of_networks_give_the_right_gradient_or_refuse(name, changed):
    got = gradients_of_function(minitorch, name, changed)
    if isinstance(got, RuntimeError):
        torch = pytest.importorskip("torch")
        keys = "attention" in name and changed == 1  # in PyTorch that depends on which kernel runs
        assert keys or isinstance(gradients_of_function(torch, name, changed), RuntimeError)
    elif changed >= 0:
        for g, w in zip(got, gradients_of_function(minitorch, name, None), strict=True):
            np.testing.assert_array_equal(g, w)
