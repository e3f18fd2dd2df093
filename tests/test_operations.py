"""Every operation of the engine: against PyTorch, PyTorch's frozen answers, and finite differences."""
import builtins
import json
import re
from pathlib import Path

import numpy as np
import pytest

import minitorch
from minitorch import Tensor
from tests.operation_cases import (ARRAYS, CASES, ERROR_CASES, FIRST_FORMS, TYPE_CASES, arrays_of, evaluate, flat,
                                   result_types)

REFERENCE = Path(__file__).with_name("reference")
FROZEN_TYPES = json.loads((REFERENCE / "operation_types.json").read_text(encoding="utf-8"))
TOLERANCE = {np.dtype("float64"): 1e-12, np.dtype("float32"): 3e-6}

pytestmark = pytest.mark.filterwarnings("ignore")                                 # PyTorch warns where it gives nan


def assert_same(got, wanted):
    """Equal shapes, dtypes, and values up to rounding."""
    assert [(x.shape, x.dtype) for x in got] == [(x.shape, x.dtype) for x in wanted]
    for g, w in zip(got, wanted):
        tolerance = TOLERANCE.get(w.dtype, 0)
        np.testing.assert_allclose(g, w, rtol=tolerance, atol=tolerance)


# ---------------------------------------------------------------- values and gradients

@pytest.mark.parametrize("expression", CASES)
def test_values_and_gradients_equal_pytorch(expression):
    torch = pytest.importorskip("torch")
    for dtype in ("float64", "float32"):
        (got, grads), (wanted, wanted_grads) = (evaluate(engine, expression, dtype) for engine in (minitorch, torch))
        assert_same(got, wanted)
        assert_same(grads, wanted_grads)


@pytest.mark.parametrize("expression", FIRST_FORMS)
def test_values_and_gradients_equal_frozen_reference(expression):
    with np.load(REFERENCE / "operations.npz") as frozen:
        np.testing.assert_allclose(flat(evaluate(minitorch, expression)), frozen[expression], rtol=1e-7, atol=1e-12)


SMOOTH = [e for e in CASES if arrays_of(e) and not re.search(r"\b(ties|holes|wide|empty|hollow|float|float32|bool|long|tensor|detach|data)\b", e)]


@pytest.mark.parametrize("expression", SMOOTH)
def test_gradients_equal_finite_differences(expression, monkeypatch):
    """Along a random direction of all inputs: (f(x + h) - f(x - h)) / 2h."""
    outs, grads = evaluate(minitorch, expression)
    used = {name: a for name, a in arrays_of(expression).items() if a.dtype.kind == "f"}
    steps = [1e-6 * np.random.default_rng(2).standard_normal(a.shape) for a in used.values()]
    weigh = np.random.default_rng(1).standard_normal
    weights = [weigh(x.shape) if x.dtype == float else 0 for x in outs]

    def loss(sign):
        for (name, a), step in zip(used.items(), steps):
            monkeypatch.setitem(ARRAYS, name, np.add(a, sign * step, out=np.empty_like(a)))       # same memory layout
        return sum((w * x).sum() for w, x in zip(weights, evaluate(minitorch, expression)[0]))

    numeric = loss(1) - loss(-1)
    analytic = 2 * sum((g * step).sum() for g, step in zip(grads, steps, strict=bool(grads)))
    assert analytic == pytest.approx(numeric, rel=1e-5, abs=1e-12, nan_ok=True)


# ---------------------------------------------------------------- dtypes and refusals

@pytest.mark.parametrize("expression", TYPE_CASES)
def test_result_types(expression):
    """As PyTorch's, for all input types it accepts."""
    got, wanted = result_types(minitorch, expression), FROZEN_TYPES[expression]
    assert "".join("-" if w == "-" else g for g, w in zip(got, wanted, strict=True)) == wanted


def test_frozen_types_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    assert {expression: result_types(torch, expression) for expression in TYPE_CASES} == FROZEN_TYPES


@pytest.mark.parametrize("kind, expression", ERROR_CASES)
def test_refusals(kind, expression):
    """Refused with the same kind of error as in PyTorch, and with a sentence."""
    with pytest.raises(getattr(builtins, kind)) as error:
        evaluate(minitorch, expression)
    assert len(str(error.value)) > 10


@pytest.mark.parametrize("kind, expression", ERROR_CASES)
def test_refusals_are_those_of_pytorch(kind, expression):
    torch = pytest.importorskip("torch")
    with pytest.raises(getattr(builtins, kind)):
        evaluate(torch, expression)


# ---------------------------------------------------------------- which names there are

FUNCTIONS_AND_METHODS = """
    add sub mul div pow neg abs exp log sqrt rsqrt tanh sigmoid sin cos floor ceil clamp where maximum minimum
    matmul outer sum mean var std amax amin max min argmax logsumexp cumsum flip split chunk reshape transpose permute
    unsqueeze squeeze roll tril triu masked_fill gather take_along_dim index_select unbind softmax log_softmax flatten
    eq ne lt le gt ge logical_and logical_or logical_not any all argmin clone""".split()
FUNCTIONS = """
    cat stack tensor zeros ones full arange linspace randn rand randint eye zeros_like ones_like full_like rand_like
    randn_like empty empty_like randperm from_numpy as_tensor manual_seed Generator no_grad""".split()
METHODS = """
    view expand repeat contiguous backward detach item numpy requires_grad_ tolist size dim numel to float double long
    bool fill_ zero_ copy_ add_ sub_ mul_ div_ clamp_ normal_ uniform_ __getitem__ __setitem__ __matmul__ __add__
    __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __rtruediv__ __pow__ __rpow__ __neg__ __abs__ __eq__
    __ne__ __lt__ __le__ __gt__ __ge__ __and__ __or__ __invert__ __len__ __iter__ __bool__ __float__ __int__""".split()


def test_operations_are_functions_and_methods():
    assert [name for name in FUNCTIONS_AND_METHODS + FUNCTIONS if not callable(getattr(minitorch, name, None))] == []
    assert [name for name in FUNCTIONS_AND_METHODS + METHODS if not callable(getattr(Tensor, name, None))] == []


def test_names_stand_where_pytorch_has_them():
    torch = pytest.importorskip("torch")
    public = lambda module: {name for name in vars(module) if not name.startswith("_") and callable(vars(module)[name])}
    assert sorted(name for name in public(minitorch) if not hasattr(torch, name)) == []
    assert sorted(name for name in public(Tensor) if not hasattr(torch.Tensor, name)) == []
    assert all(hasattr(torch, name) for name in FUNCTIONS_AND_METHODS + FUNCTIONS)
    assert all(hasattr(torch.Tensor, name) for name in FUNCTIONS_AND_METHODS + METHODS)
