"""nn.functional: against PyTorch, frozen PyTorch answers, finite differences, and the same formulas in primitives."""
import math
import warnings
from pathlib import Path

import numpy as np
import pytest

import minitorch
from minitorch.autograd import gradcheck
from minitorch.nn import functional as F
from tests.functional_cases import CASES, evaluate, make_inputs

REFERENCE = Path(__file__).with_name("reference") / "functional.npz"
TOLERANCE = {"float64": 1e-12, "float32": 3e-6}


def assert_close(got, wanted, dtype="float64"):
    """Equal up to rounding, measured against the largest element; dtypes and shapes too."""
    assert len(got) == len(wanted)
    for g, w in zip(got, wanted):
        assert (g.dtype, g.shape) == (w.dtype, w.shape)
        scale = max(1, np.abs(w).max(initial=0))
        np.testing.assert_allclose(g, w, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_equals_pytorch(name, dtype):
    torch = pytest.importorskip("torch")
    inputs = make_inputs(name)
    assert_close(evaluate(minitorch, name, inputs, dtype), evaluate(torch, name, inputs, dtype), dtype)


@pytest.mark.parametrize("name", [name for name in CASES if not name.endswith("_long")])
def test_equals_frozen_reference(name):
    with np.load(REFERENCE) as arrays:
        part = lambda kind: [arrays[key] for key in arrays.files if key.startswith(f"{name}/{kind}/")]
        assert_close(evaluate(minitorch, name, part("input")), part("output"))


@pytest.mark.parametrize("name", [name for name in CASES if not name.endswith(("_long", "empty", "nothing", "padding"))])
def test_finite_differences(name):
    inputs = [minitorch.tensor(x, requires_grad=x.dtype.kind == "f") for x in make_inputs(name)]
    assert gradcheck(lambda *tensors: CASES[name][0](F, *tensors), inputs, atol=1e-7, rtol=1e-6)


# ---------------------------------------------------------------- fast forms and clear forms

def normalized(x, dims, eps=1e-5):
    centered = x - x.mean(dims, keepdim=True)
    return centered / ((centered * centered).mean(dims, keepdim=True) + eps).sqrt()


def weights(scores):
    e = (scores - scores.detach().amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


def picked(x, target):
    return (x * F.one_hot(target, x.shape[-1])).sum(-1)


CLEAR = {                                                     # the formula in primitives, for some of the CASES
    "silu": lambda x: 3 * x * (3 * x).sigmoid(),
    "softplus": lambda x: (1 + (9 * x).exp()).log(),
    "logsigmoid": lambda x: (9 * x).sigmoid().log(),
    "gelu_tanh": lambda x: 1.5 * x * (1 + (math.sqrt(2 / math.pi) * (3 * x + 0.044715 * (3 * x) ** 3)).tanh()),
    "softmax": lambda x: x.exp() / x.exp().sum(-1, keepdim=True),
    "log_softmax": lambda x: (x.exp() / x.exp().sum(1, keepdim=True)).log(),
    "linear": lambda x, w, b: x @ w.transpose(0, 1) + b,
    "layer_norm": lambda x, w, b: normalized(x, -1) * w + b,
    "layer_norm_two_dimensions": lambda x, w, b: normalized(x, (-2, -1), 0.1) * w + b,
    "rms_norm": lambda x, w: x * ((x * x).mean(-1, keepdim=True) + 1e-5).rsqrt() * w,
    "embedding": lambda i, w: F.one_hot(i, 5).double() @ w,
    "cross_entropy": lambda x, t: -picked((x.exp() / x.exp().sum(1, keepdim=True)).log(), t).mean(),
    "attention": lambda q, k, v: weights(q @ k.transpose(-2, -1) / 2) @ v,
    "attention_one_row_for_all": lambda q, k, v, mask: weights(q @ k.transpose(-2, -1) / 2 + mask) @ v,
    "attention_causal_long": lambda q, k, v: weights(
        (q @ k.transpose(-2, -1) / 2).masked_fill(minitorch.ones(70, 70).triu(1) > 0, -math.inf)) @ v,
}


@pytest.mark.parametrize("name", CLEAR)
def test_fast_form_equals_clear_form(name, monkeypatch):
    inputs = make_inputs(name)
    fast = evaluate(minitorch, name, inputs)
    monkeypatch.setitem(CASES, name, (lambda F, *tensors: CLEAR[name](*tensors),))
    assert_close(fast, evaluate(minitorch, name, inputs))


# ---------------------------------------------------------------- particular promises

def test_nothing_overflows_and_nothing_warns():
    x = minitorch.tensor([-1e4, -300.0, -20.0, 0.0, 20.0, 300.0, 1e4], requires_grad=True)
    functions = (F.relu, F.silu, F.softplus, F.gelu, lambda x: F.gelu(x, approximate="tanh"), F.logsigmoid,
                 lambda x: F.softmax(x, 0), lambda x: F.log_softmax(x, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for function in functions:
            x.grad = None
            out = function(x)
            out.sum().backward()
            assert np.isfinite(out.detach().numpy()).all() and np.isfinite(x.grad.numpy()).all()


def test_gelu_in_float32_is_exact_enough():
    x = np.linspace(-6, 6, 1001, dtype="float32")
    wanted = [v * (1 + math.erf(v / math.sqrt(2))) / 2 for v in x.tolist()]
    np.testing.assert_allclose(F.gelu(minitorch.tensor(x)).numpy(), wanted, atol=6e-7)


def test_a_query_that_sees_nothing_gets_zeros_and_sends_no_gradient():
    q, k, v = (minitorch.tensor(x, requires_grad=True) for x in make_inputs("attention"))
    mask = np.ones((5, 6), bool)
    mask[3] = False
    out = F.scaled_dot_product_attention(q, k, v, minitorch.tensor(mask))
    out.sum().backward()
    assert (out.detach().numpy()[..., 3, :] == 0).all() and (q.grad.numpy()[..., 3, :] == 0).all()
    assert np.isfinite(k.grad.numpy()).all() and (out.detach().numpy()[..., 2, :] != 0).all()


def test_causal_attention_does_not_see_later_keys():
    q, k, v = make_inputs("attention_causal_long")
    before = F.scaled_dot_product_attention(*map(minitorch.tensor, (q, k, v)), is_causal=True).numpy()
    k[..., 40:, :], v[..., 40:, :] = 99, 99
    after = F.scaled_dot_product_attention(*map(minitorch.tensor, (q, k, v)), is_causal=True).numpy()
    assert (before[..., :40, :] == after[..., :40, :]).all() and (before[..., 40:, :] != after[..., 40:, :]).all()


def test_all_targets_ignored_is_nan_as_in_pytorch():
    with np.errstate(invalid="ignore"):
        loss = F.cross_entropy(minitorch.zeros(2, 3), minitorch.tensor([-100, -100]))
    assert math.isnan(loss.item())


@pytest.mark.parametrize("p", [0.1, 0.5, 1.0])
def test_dropout(p):
    minitorch.manual_seed(0)
    x = minitorch.ones(200, 500, requires_grad=True)
    out = F.dropout(x, p)
    out.sum().backward()
    kept = out.detach().numpy() != 0
    assert abs(kept.mean() - (1 - p)) < 0.01                                      # six standard deviations
    np.testing.assert_allclose(out.detach().numpy()[kept], 1 / (1 - p) if p < 1 else 0, rtol=1e-6)
    assert (x.grad.numpy() == out.detach().numpy()).all()
    assert F.dropout(x, p, training=False) is x


def test_attention_dropout_keeps_the_mean_and_its_gradient_is_right():
    q, k, v = (minitorch.tensor(x, requires_grad=True) for x in make_inputs("attention"))

    def dropped(q, k, v):
        minitorch.manual_seed(1)                                                  # the same elements every time
        return F.scaled_dot_product_attention(q, k, v, dropout_p=0.4)

    assert gradcheck(dropped, (q, k, v), atol=1e-7, rtol=1e-6)
    ones = minitorch.ones(64, 8, 8)
    out = F.scaled_dot_product_attention(ones, ones, ones, dropout_p=0.4).numpy()
    assert abs(out.mean() - 1) < 0.05 and out.std() > 0.1


FLOATS, LONGS = np.ones((3, 4), "float32"), np.ones((3, 4), "int64")
ERRORS = {
    "softmax of integers": (RuntimeError, lambda F, t: F.softmax(t(LONGS), 0)),
    "softmax along a dimension that is not there": (IndexError, lambda F, t: F.softmax(t(FLOATS), 2)),
    "gelu of integers": (RuntimeError, lambda F, t: F.gelu(t(LONGS))),
    "gelu of an unknown kind": (RuntimeError, lambda F, t: F.gelu(t(FLOATS), approximate="erf")),
    "linear, features differ": (RuntimeError, lambda F, t: F.linear(t(FLOATS), t(FLOATS[:, :3]))),
    "linear, precisions differ": (RuntimeError, lambda F, t: F.linear(t(FLOATS), t(FLOATS.astype("float64")))),
    "layer_norm of another shape": (RuntimeError, lambda F, t: F.layer_norm(t(FLOATS), (3,))),
    "embedding, id too large": (IndexError, lambda F, t: F.embedding(t(np.array([3])), t(FLOATS))),
    "embedding, id negative": (IndexError, lambda F, t: F.embedding(t(np.array([-1])), t(FLOATS))),
    "embedding, ids no integers": (RuntimeError, lambda F, t: F.embedding(t(FLOATS), t(FLOATS))),
    "one_hot, class too large": (RuntimeError, lambda F, t: F.one_hot(t(LONGS), 1)),
    "one_hot, class negative": (RuntimeError, lambda F, t: F.one_hot(t(-LONGS))),
    "one_hot of floats": (RuntimeError, lambda F, t: F.one_hot(t(FLOATS))),
    "one_hot of nothing": (RuntimeError, lambda F, t: F.one_hot(t(LONGS[:0]))),
    "dropout, no probability": (ValueError, lambda F, t: F.dropout(t(FLOATS), 1.5)),
    "cross_entropy, class too large": (IndexError, lambda F, t: F.cross_entropy(t(FLOATS), t(np.array([0, 1, 4])))),
    "cross_entropy, class negative": (IndexError, lambda F, t: F.cross_entropy(t(FLOATS), t(np.array([0, 1, -1])))),
    "cross_entropy, batches differ": (ValueError, lambda F, t: F.cross_entropy(t(FLOATS), t(LONGS[0]))),
    "cross_entropy, targets floats": (RuntimeError, lambda F, t: F.cross_entropy(t(FLOATS), t(FLOATS[:, 0]))),
    "cross_entropy, integers as probabilities": (RuntimeError, lambda F, t: F.cross_entropy(t(FLOATS), t(LONGS))),
    "cross_entropy, smoothing too large": (
        RuntimeError, lambda F, t: F.cross_entropy(t(FLOATS), t(LONGS[:, 0]), label_smoothing=2.0)),
    "cross_entropy, unknown reduction": (
        ValueError, lambda F, t: F.cross_entropy(t(FLOATS), t(LONGS[:, 0]), reduction="median")),
    "nll_loss, class too large": (IndexError, lambda F, t: F.nll_loss(t(FLOATS), t(np.array([0, 1, 4])))),
    "mse_loss, unknown reduction": (ValueError, lambda F, t: F.mse_loss(t(FLOATS), t(FLOATS), reduction="median")),
    "attention of vectors": (RuntimeError, lambda F, t: F.scaled_dot_product_attention(*[t(FLOATS[0])] * 3)),
    "attention, dims differ": (
        RuntimeError, lambda F, t: F.scaled_dot_product_attention(t(FLOATS), t(FLOATS[:, :3]), t(FLOATS))),
    "attention, precisions differ": (
        RuntimeError, lambda F, t: F.scaled_dot_product_attention(t(FLOATS), t(FLOATS.astype("float64")), t(FLOATS))),
    "attention, mask of integers": (
        RuntimeError, lambda F, t: F.scaled_dot_product_attention(*[t(FLOATS)] * 3, t(LONGS[:, :3]))),
    "attention, mask of another shape": (
        RuntimeError, lambda F, t: F.scaled_dot_product_attention(*[t(FLOATS)] * 3, t(FLOATS))),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error_kinds(name):
    kind, call = ERRORS[name]
    with pytest.raises(kind) as error:
        call(F, minitorch.tensor)
    assert len(str(error.value)) > 20
    torch = pytest.importorskip("torch")
    with pytest.raises(kind):
        call(torch.nn.functional, torch.tensor)


def test_mse_loss_warns_when_shapes_differ():
    with pytest.warns(UserWarning, match="broadcast"):
        F.mse_loss(minitorch.zeros(3), minitorch.zeros(2, 3))
