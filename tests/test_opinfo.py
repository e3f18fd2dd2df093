"""PyTorch's own samples of every operation offered here: the same values, dtypes, shapes and
gradients.

PyTorch tests itself with a list of its operations, `op_db`, which makes inputs for each: all kinds
of shapes, optional arguments and keywords. Here both engines get them. A sample passes, is refused
with a sentence that says what is missing in minitorch, or fails; none may fail, and only what
REFUSED lists may be refused.

`python -m tests.test_opinfo` prints how many of each there are, and `-v` the refused and failed
ones.
"""

import random
import sys
import warnings
from collections import Counter
from functools import cache

import numpy as np
import pytest

import minitorch
from minitorch import Tensor
from minitorch.nn import functional as F
from minitorch.tensor import wrap

torch = pytest.importorskip("torch")
pytest.importorskip("expecttest")  # PyTorch's list needs it
pytestmark = pytest.mark.filterwarnings("ignore")

DTYPES = ["float64", "float32"]
TOLERANCE = {"float64": 1e-10, "float32": 2e-5}
LESS_EXACT = {
    "nn.functional.layer_norm": 5e-5
}  # in float32 PyTorch's gradient of one element isn't 0
RANDOM = {
    "empty",
    "empty_like",
    "new_empty",
    "rand_like",
    "randn",
    "randn_like",
    "randint",
    "randint_like",
    "normal",
    "uniform",
    "bernoulli",
    "multinomial",
    "nn.functional.dropout",
}

ARGUMENTS = {  # PyTorch's list gives these in another order
    "where": lambda x, condition, other: minitorch.where(condition, x, other),
    "nn.functional.embedding": lambda weight, ids, **options: F.embedding(ids, weight, **options),
    "einsum": lambda operands, equation: minitorch.einsum(equation, operands),
    "zero_": lambda x: x.clone().zero_(),
    "normal in_place": Tensor.normal_,
    "normal number_mean": lambda std, mean, *size, **options: minitorch.normal(
        mean, std, *size, **options
    ),
}
REFUSED = {  # name: how many samples, and what they ask for
    "norm nuc": (2, "the sum of singular values"),
    "gather": (2, "indices of uint8"),
    "nn.functional.batch_norm": (2, "a batch without channels"),
}


# ---------------------------------------------------------------- what is offered


def find(name):
    """Our operation of that name: a function, a method, or the getter of an attribute; None if
    there is none.
    """
    *rooms, last = name.split(".")
    place = minitorch
    for room in rooms:
        place = getattr(place, room, None)
    found = getattr(place, last, None) or (None if rooms else getattr(Tensor, last, None))
    return getattr(found, "fget", found)


def full_name(op):
    return f"{op.name} {op.variant_test_name}".strip()


@cache
def operations():
    """{name and variant: PyTorch's description} of the operations that are offered."""
    from torch.testing._internal.common_methods_invocations import op_db

    return {full_name(op): op for op in op_db if callable(find(op.name))}


def samples(op, dtype):
    """PyTorch's samples for one of its operations, the same ones each time."""
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    dtype = getattr(torch, dtype)
    if dtype not in op.dtypes:
        return []
    return list(
        op.sample_inputs(
            "cpu", dtype, requires_grad=op.supports_autograd and dtype.is_floating_point
        )
    )


# ---------------------------------------------------------------- one sample on both engines


class Unlike(AssertionError):
    """The engines differ."""


def ours(x, known):
    """What is PyTorch's in a sample as ours: tensors (the same one twice stays one), dtypes, and
    what has them.
    """
    if isinstance(x, torch.Tensor):
        if id(x) not in known:
            array = np.array(x.detach().numpy(), order="K", copy=True)
            known[id(x)] = wrap(array, x.requires_grad)
        return known[id(x)]
    if isinstance(x, torch.dtype):
        return getattr(minitorch, str(x).removeprefix("torch."), None) or refuse(f"dtype {x}")
    if isinstance(x, torch.device):
        return str(x)
    if isinstance(x, dict):
        return {key: ours(value, known) for key, value in x.items()}
    return type(x)(ours(part, known) for part in x) if isinstance(x, (list, tuple)) else x


def refuse(what):
    raise NotImplementedError(f"minitorch has no {what}")


def tensors(x):
    """All tensors in an input or a result, in order."""
    if isinstance(x, (Tensor, torch.Tensor)):
        return [x]
    x = list(x.values()) if isinstance(x, dict) else x
    return [t for part in x for t in tensors(part)] if isinstance(x, (list, tuple)) else []


def evaluate(call, inputs, engine):
    """The results and the gradients of a fixed weighted sum of them, one list for each."""
    args, kwargs = inputs
    for t in tensors(inputs):
        t.grad = None  # samples may share a tensor
    with np.errstate(all="ignore"):
        out = call(*args, **kwargs)
    if not tensors(out):
        return [out], []
    weighted = []
    for n, t in enumerate(tensors(out)):
        if t.requires_grad:
            weights = np.cos(np.arange(t.numel()) + n).reshape(tuple(t.shape))
            weighted.append((t * engine.tensor(weights, dtype=t.dtype)).sum())
    if weighted:
        with np.errstate(all="ignore"):
            sum(weighted[1:], weighted[0]).backward()
    return tensors(out), [t.grad for t in tensors((args, kwargs)) if t.requires_grad and t.is_leaf]


def compare(name, mine, theirs, values=True, tolerance=0):
    """Raises Unlike where a result of ours differs from PyTorch's in kind, dtype, shape, value."""
    if (mine is None) != (theirs is None):
        raise Unlike(f"{name}: {mine} for {theirs}")
    if not isinstance(theirs, torch.Tensor):
        if mine != theirs and not (mine != mine and theirs != theirs):
            raise Unlike(f"{name}: {mine!r} for {theirs!r}")
        return
    kinds = [(str(x.dtype).removeprefix("torch."), tuple(x.shape)) for x in (mine, theirs)]
    if kinds[0] != kinds[1]:
        raise Unlike(f"{name}: {kinds[0]} for {kinds[1]}")
    mine, theirs = mine.detach().numpy(), theirs.detach().numpy()
    limit = max(TOLERANCE.get(str(theirs.dtype), 0), tolerance)
    if values and not np.allclose(mine, theirs, rtol=limit, atol=limit, equal_nan=True):
        raise Unlike(f"{name}: {mine} for {theirs}")


def outcome(op, sample):
    """("passed", ""), ("refused", a sentence) or ("failed", what went wrong)."""
    arguments = [(sample.input, *sample.args), sample.kwargs]
    same_numbers = op.name not in RANDOM and not sample.kwargs.get("dropout_p")
    theirs = evaluate(op.op, arguments, torch)
    try:
        mine = evaluate(
            ARGUMENTS.get(full_name(op)) or find(op.name), ours(arguments, {}), minitorch
        )
        for kind, got, wanted in zip(("result", "gradient"), mine, theirs, strict=True):
            if len(got) != len(wanted):
                raise Unlike(f"{len(got)} {kind}s for {len(wanted)}")
            for g, w in zip(got, wanted):
                compare(kind, g, w, same_numbers, LESS_EXACT.get(op.name, 0))
    except Exception as error:
        said = str(error)
        kind = (
            "refused"
            if isinstance(error, (NotImplementedError, TypeError)) and "minitorch" in said
            else "failed"
        )
        return kind, f"{type(error).__name__}: {said}"
    return "passed", ""


def outcomes(name, dtype):
    return [
        (sample, *outcome(operations()[name], sample))
        for sample in samples(operations()[name], dtype)
    ]


def summary(sample):
    """A sample in one line."""

    def short(x):
        if isinstance(x, torch.Tensor):
            return f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}"
        if isinstance(x, (list, tuple)):
            return f"[{', '.join(map(short, x))}]"
        return repr(x)

    keywords = [f"{key}={short(value)}" for key, value in sample.kwargs.items()]
    return ", ".join([*map(short, (sample.input, *sample.args)), *keywords])


# ---------------------------------------------------------------- the test


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", operations())
def test_samples_of_pytorch(name, dtype):
    results = outcomes(name, dtype)
    failed = [
        f"{name}({summary(sample)}): {said}" for sample, kind, said in results if kind == "failed"
    ]
    assert not failed, "\n".join(failed)
    refused = [
        f"{name}({summary(sample)}): {said}" for sample, kind, said in results if kind == "refused"
    ]
    assert len(refused) <= REFUSED.get(name, (0,))[0], "\n".join(refused)


ACCEPTED = {  # of PyTorch's wrong inputs, and why they are no harm
    "__radd__": 2,
    "__rmul__": 2,
    "__rsub__": 2,
    "__rpow__": 2,
    "__rmod__": 2,  # called on numbers, as nobody does
    "remainder": 1,  # of two numbers
    "masked_fill": 1,  # a complex number as the value
    "narrow": 1,  # a truth value as the start
    "nn.functional.rms_norm": 1,  # over no dimension
}


@pytest.mark.parametrize("name", operations())
def test_what_pytorch_refuses_is_refused(name):
    accepted = []
    op = operations()[name]
    for wrong in list(op.error_inputs("cpu")) if op.error_inputs_func else []:
        arguments = [
            (wrong.sample_input.input, *wrong.sample_input.args),
            wrong.sample_input.kwargs,
        ]
        try:
            mine = ours(arguments, {})
        except (NotImplementedError, TypeError, ValueError):
            continue  # a dtype that is not here, or 65 dimensions
        if any(t.numel() > 1e6 for t in tensors(mine)):
            continue  # refused for its size
        try:
            evaluate(ARGUMENTS.get(name) or find(op.name), mine, minitorch)
            accepted.append(summary(wrong.sample_input))
        except Exception as error:
            assert len(str(error)) > 10
    assert len(accepted) <= ACCEPTED.get(name, 0), "\n".join(accepted)


def main(verbose):
    for dtype in DTYPES:
        counts = Counter()
        for name in operations():
            for sample, kind, said in outcomes(name, dtype):
                counts[kind] += 1
                if verbose and kind != "passed":
                    print(f"{kind}: {name}({summary(sample)})\n    {said[:300]}")
        print(
            f"{dtype}: {sum(counts.values())} samples of {len(operations())} operations:",
            ", ".join(f"{counts[kind]} {kind}" for kind in ("passed", "refused", "failed")),
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main("-v" in sys.argv)
