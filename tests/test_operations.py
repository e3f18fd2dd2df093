"""Every operation of the engine: against PyTorch, PyTorch's frozen answers, and finite
differences.
"""

import builtins
import json
import re
from pathlib import Path

import numpy as np
import pytest

import minitorch
from minitorch import Tensor
from tests.operation_cases import (
    ARRAYS,
    ERRORS,
    FIRST_FORMS,
    LINES,
    TYPE_LINES,
    arrays_of,
    evaluate,
    expand,
    flat,
    result_types,
    weights_for,
)

REFERENCE = Path(__file__).with_name("reference")
FROZEN_TYPES = json.loads((REFERENCE / "operation_types.json").read_text(encoding="utf-8"))
TOLERANCE = {np.dtype("float64"): 1e-12, np.dtype("float32"): 3e-6}
NOT_SMOOTH = r"\b(ties|holes|wide|empty|hollow|float|float32|bool|long|tensor|detach|data)\b"

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch warns where it gives nan


def assert_same(got, wanted, expression):
    """Equal shapes, dtypes, and values up to rounding."""
    assert [(x.shape, x.dtype) for x in got] == [(x.shape, x.dtype) for x in wanted], expression
    for g, w in zip(got, wanted):
        tolerance = TOLERANCE.get(w.dtype, 0)
        np.testing.assert_allclose(g, w, rtol=tolerance, atol=tolerance, err_msg=expression)


# ---------------------------------------------------------------- values and gradients


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("line", LINES)
def test_values_and_gradients_equal_pytorch(line, dtype):
    torch = pytest.importorskip("torch")
    for expression in expand(line):
        got, grads = evaluate(minitorch, expression, dtype)
        wanted, wanted_grads = evaluate(torch, expression, dtype)
        assert_same(got, wanted, expression)
        assert_same(grads, wanted_grads, f"gradients of {expression}")


def test_values_and_gradients_equal_frozen_reference():
    with np.load(REFERENCE / "operations.npz") as frozen:
        assert sorted(frozen) == sorted(FIRST_FORMS)
        for expression in FIRST_FORMS:
            got = flat(evaluate(minitorch, expression))
            np.testing.assert_allclose(
                got, frozen[expression], rtol=1e-7, atol=1e-12, err_msg=expression
            )


@pytest.mark.parametrize("line", LINES)
def test_gradients_equal_finite_differences(line, monkeypatch):
    """Along a random direction of all inputs: (f(x + h) - f(x - h)) / 2h."""
    for expression in expand(line):
        used = {name: a for name, a in arrays_of(expression).items() if a.dtype.kind == "f"}
        if not used or re.search(NOT_SMOOTH, expression):
            continue
        outs, grads = evaluate(minitorch, expression)
        steps = [1e-6 * np.random.default_rng(2).standard_normal(a.shape) for a in used.values()]
        weights = weights_for(outs)

        def loss(sign):
            with monkeypatch.context() as patch:
                for (name, a), step in zip(used.items(), steps):
                    moved = np.add(
                        a, sign * step, out=np.empty_like(a)
                    )  # of the same memory layout
                    patch.setitem(ARRAYS, name, moved)
                return sum(
                    (w * x).sum() for w, x in zip(weights, evaluate(minitorch, expression)[0])
                )

        numeric = loss(1) - loss(-1)
        analytic = 2 * sum((g * step).sum() for g, step in zip(grads, steps, strict=bool(grads)))
        assert analytic == pytest.approx(numeric, rel=1e-5, abs=1e-12, nan_ok=True), expression


# ---------------------------------------------------------------- dtypes and refusals


@pytest.mark.parametrize("line", TYPE_LINES)
def test_result_types(line):
    """As PyTorch's, for all input types it accepts."""
    for expression in expand(line):
        got, wanted = result_types(minitorch, expression), FROZEN_TYPES[expression]
        assert (
            "".join("-" if w == "-" else g for g, w in zip(got, wanted, strict=True)) == wanted
        ), expression


def test_frozen_types_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    assert {
        expression: result_types(torch, expression) for expression in FROZEN_TYPES
    } == FROZEN_TYPES


@pytest.mark.parametrize("engine", ["minitorch", "torch"])
@pytest.mark.parametrize("line", ERRORS)
def test_refusals(line, engine):
    """Refused by both engines with the same kind of error, and with a sentence."""
    engine = pytest.importorskip(engine)
    kind, expressions = line.split(maxsplit=1)
    for expression in expressions.split(" | "):
        with pytest.raises(getattr(builtins, kind)) as error:
            evaluate(engine, expression.strip())
        assert len(str(error.value)) > 10, expression


# ---------------------------------------------------------------- which names there are

OPERATIONS = [
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "neg",
    "abs",
    "exp",
    "log",
    "sqrt",
    "rsqrt",
    "tanh",
    "sigmoid",
    "sin",
    "cos",
    "floor",
    "ceil",
    "clamp",
    "where",
    "maximum",
    "minimum",
    "matmul",
    "outer",
    "sum",
    "mean",
    "var",
    "std",
    "amax",
    "amin",
    "max",
    "min",
    "argmax",
    "logsumexp",
    "cumsum",
    "flip",
    "cat",
    "stack",
    "split",
    "chunk",
    "reshape",
    "view",
    "transpose",
    "permute",
    "unsqueeze",
    "squeeze",
    "expand",
    "repeat",
    "roll",
    "tril",
    "triu",
    "masked_fill",
    "gather",
    "take_along_dim",
    "index_select",
    "unbind",
    "softmax",
    "log_softmax",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "any",
    "all",
    "argmin",
    "clone",
    "flatten",
    "logical_and",
    "logical_or",
    "logical_not",
    "bitwise_and",
    "bitwise_or",
    "bitwise_not",
]
FUNCTIONS = [
    "tensor",
    "zeros",
    "ones",
    "full",
    "arange",
    "linspace",
    "randn",
    "rand",
    "randint",
    "eye",
    "zeros_like",
    "ones_like",
    "full_like",
    "rand_like",
    "randn_like",
    "empty",
    "empty_like",
    "randperm",
    "from_numpy",
    "as_tensor",
    "manual_seed",
    "Generator",
    "no_grad",
    "enable_grad",
]
METHODS = [
    "contiguous",
    "backward",
    "detach",
    "item",
    "numpy",
    "requires_grad_",
    "tolist",
    "size",
    "dim",
    "numel",
    "to",
    "float",
    "double",
    "long",
    "bool",
    "type_as",
    "fill_",
    "zero_",
    "copy_",
    "add_",
    "sub_",
    "mul_",
    "div_",
    "clamp_",
    "normal_",
    "uniform_",
    "__getitem__",
    "__setitem__",
    "__matmul__",
    "__add__",
    "__radd__",
    "__sub__",
    "__rsub__",
    "__mul__",
    "__rmul__",
    "__truediv__",
    "__rtruediv__",
    "__pow__",
    "__rpow__",
    "__neg__",
    "__abs__",
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__and__",
    "__or__",
    "__invert__",
    "__len__",
    "__iter__",
    "__bool__",
    "__float__",
    "__int__",
]
ONLY_FUNCTIONS, ONLY_METHODS = {"cat", "stack"}, {"view", "expand", "repeat"}


def public(owner):
    return {
        name for name, value in vars(owner).items() if callable(value) and not name.startswith("_")
    }


def test_every_operation_is_there_as_function_and_method():
    for owner, names in (
        (minitorch, {*OPERATIONS, *FUNCTIONS} - ONLY_METHODS),
        (Tensor, {*OPERATIONS, *METHODS} - ONLY_FUNCTIONS),
    ):
        assert sorted(name for name in names if not callable(getattr(owner, name, None))) == []


def test_names_stand_exactly_where_pytorch_has_them():
    torch = pytest.importorskip("torch")
    for ours, theirs in ((minitorch, torch), (Tensor, torch.Tensor)):
        assert sorted(name for name in public(ours) if not hasattr(theirs, name)) == []
        assert [hasattr(ours, name) for name in OPERATIONS] == [
            hasattr(theirs, name) for name in OPERATIONS
        ]
