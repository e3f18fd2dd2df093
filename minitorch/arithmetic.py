"""Arithmetic, element by element: each operation's value and, beside it, its derivative.

`g` is the gradient of the loss with respect to the result. Operands may differ in shape
(broadcasting) and type (`result_type`); Python numbers are welcome. The names are PyTorch's, hence
`input` and `other`.
"""

import numpy as np

from minitorch.complaints import expect_arrays
from minitorch.dtypes import DTYPES, KINDS, as_common_dtype, as_float, bool_, float32, result_type
from minitorch.operation import differentiable, masked, method
from minitorch.tensor import Tensor

# ---------------------------------------------------------------- two operands


@differentiable
def _add(input, other):
    input, other = as_common_dtype(input, other)
    return input + other, lambda g: g, lambda g: g


@differentiable
def _sub(input, other):
    _refuse_bool("sub", input, other)
    input, other = as_common_dtype(input, other)
    return input - other, lambda g: g, lambda g: -g


def _refuse_bool(name, *operands):
    for x in operands:
        if getattr(x, "dtype", bool_ if x is True or x is False else None) == bool_:
            raise RuntimeError(f"{name} of truth values: use ~x for not x, or x.long() for numbers")


@method()
def add(input, other, *, alpha=1):
    """input + alpha * other."""
    return _add(input, other) if alpha == 1 else _add_multiple(input, other, alpha)


@method()
def sub(input, other, *, alpha=1):
    """input - alpha * other."""
    return _sub(input, other) if alpha == 1 else _add_multiple(input, other, -alpha)


@differentiable
def _add_multiple(input, other, alpha):
    dtype = result_type(input, other)
    if KINDS[DTYPES.index(dtype)] < KINDS[DTYPES.index(result_type(alpha))]:
        raise RuntimeError(f"alpha {alpha} is of another kind than the result's {dtype}")
    input, other = as_common_dtype(input, other)
    return input + alpha * other, lambda g: g, lambda g: alpha * g


@method("__mul__", "__rmul__")
@differentiable
def mul(input, other):
    input, other = as_common_dtype(input, other)
    return input * other, lambda g: g * other, lambda g: g * input


@method("__truediv__")
@differentiable
def true_divide(input, other):
    """input / other; integers give float32."""
    input, other = as_common_dtype(input, other)
    out = input / other if input.dtype.kind == "f" else np.true_divide(input, other).astype(float32)
    return out, lambda g: g / other, lambda g: -g * (input / other / other)


@method("__pow__")
@differentiable
def pow(input, exponent):
    """input ** exponent, either of them a number or a tensor."""
    return (
        _power_of_tensors(input, exponent)
        if isinstance(exponent, np.ndarray)
        else _power(input, exponent)
    )


def _power(x, n):
    """d/dx x^n = n x^(n-1)."""
    x, n = x.astype(result_type(x, n), copy=False), getattr(n, "item", lambda: n)()

    def raised(n):
        return x * x * x if n == 3 else x**n  # NumPy's x ** 3 is eighty times slower

    return raised(n), lambda g: g * (n * raised(n - 1)) if n else np.zeros_like(g)


def _power_of_tensors(x, y):
    """d/dx x^y = y x^(y-1), d/dy x^y = x^y ln x; as limits, both are 0 where x^y is 0^0."""
    x, y = as_common_dtype(x, y)
    out = x**y

    def derivative_of_exponent(g):
        with np.errstate(divide="ignore", invalid="ignore"):  # ln x is nan for x < 0, as in PyTorch
            return np.where((x == 0) & (y >= 0), 0, g * (out * np.log(x)))

    return out, lambda g: np.where(y == 0, 0, g * (y * x ** (y - 1))), derivative_of_exponent


@method()
@differentiable
def maximum(input, other):
    """The larger of each pair; where both are equal each gets half of the gradient."""
    expect_arrays("maximum", input, other)
    input, other = as_common_dtype(input, other)

    def share(g, lost):
        return masked(np.where(input == other, g / 2, g), ~lost)

    return (
        np.maximum(input, other),
        lambda g: share(g, input < other),
        lambda g: share(g, input > other),
    )


@method()
@differentiable
def minimum(input, other):
    """The smaller of each pair; where both are equal each gets half of the gradient."""
    expect_arrays("minimum", input, other)
    input, other = as_common_dtype(input, other)

    def share(g, lost):
        return masked(np.where(input == other, g / 2, g), ~lost)

    return (
        np.minimum(input, other),
        lambda g: share(g, input > other),
        lambda g: share(g, input < other),
    )


@differentiable
def where(condition, input, other):
    """input where condition is True, else other."""
    if condition.dtype != bool_:
        raise RuntimeError(f"where: the condition must be of dtype bool, got {condition.dtype}")
    dtype = result_type(input, other)
    out = np.where(condition, np.asarray(input, dtype), np.asarray(other, dtype))
    return out, None, lambda g: masked(g, condition), lambda g: masked(g, ~condition)


# ---------------------------------------------------------------- one operand


@method("__neg__")
@differentiable
def neg(input):
    _refuse_bool("neg", input)
    return -input, lambda g: -g


@method("__abs__")
@differentiable
def abs(input):
    if input.dtype == bool_:
        raise NotImplementedError("abs of truth values: use x.long() for numbers")
    return np.abs(input), lambda g: g * sign_of(input)


def sign_of(x):
    """1, 0 or -1; 0 for nan, as in PyTorch."""
    return np.subtract(x > 0, x < 0, dtype=x.dtype)


@method()
@differentiable
def exp(input):
    input = as_float(input)
    out = np.exp(input)
    return out, lambda g: g * out


@method()
@differentiable
def log(input):
    input = as_float(input)
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # log 0 = -inf, log(-1) = nan, as in PyTorch
        return np.log(input), lambda g: g / input


@method()
@differentiable
def sqrt(input):
    input = as_float(input)
    out = np.sqrt(input)
    return out, lambda g: g / (2 * out)


@method()
@differentiable
def rsqrt(input):
    """1 / sqrt(input); its derivative is -1/2 input^(-3/2)."""
    input = as_float(input)
    out = 1 / np.sqrt(input)
    return out, lambda g: g * (-0.5 * out * out * out)


@method()
@differentiable
def tanh(input):
    input = as_float(input)
    out = np.tanh(input)
    return out, lambda g: g * (1 - out * out)


@method()
@differentiable
def sigmoid(input):
    """1 / (1 + exp(-input)); its derivative is out (1 - out)."""
    input = as_float(input)
    with np.errstate(over="ignore"):  # exp = inf gives 0, which is right
        out = 1 / (1 + np.exp(-input))
    return out, lambda g: g * (out * (1 - out))


@method()
@differentiable
def sin(input):
    input = as_float(input)
    return np.sin(input), lambda g: g * np.cos(input)


@method()
@differentiable
def cos(input):
    input = as_float(input)
    return np.cos(input), lambda g: -g * np.sin(input)


@method()
@differentiable
def clamp(input, min=None, max=None):
    """Move what is outside [min, max] (numbers or tensors) to the nearer edge, and its gradient."""
    if min is None and max is None:
        raise RuntimeError("clamp: give min, max or both")
    low, high = -np.inf if min is None else min, np.inf if max is None else max
    dtype = result_type(input, *(edge for edge in (min, max) if edge is not None))
    edges = (edge if edge is None else np.asarray(edge, dtype) for edge in (min, max))
    return (
        np.clip(input.astype(dtype, copy=False), *edges),
        lambda g: masked(g, (low <= input) & (input <= high)),
        lambda g: masked(g, (input < low) & (low < high)),
        lambda g: masked(g, (input > high) | (high < low)),
    )


# ---------------------------------------------------------------- numbers on the left

Tensor.where = lambda self, condition, other: where(condition, self, other)
Tensor.__add__ = Tensor.__radd__ = _add
Tensor.__sub__ = _sub
Tensor.__pos__ = lambda self: self
Tensor.__rsub__ = lambda self, other: _sub(other, self)
Tensor.__rpow__ = lambda self, other: pow(other, self)
