"""Whole parts and remainders. Between the jumps they are flat or straight: the gradient is 0, or
that of the line.
"""

import numpy as np

from minitorch.arithmetic import sign_of, true_divide
from minitorch.complaints import expect_arrays
from minitorch.dtypes import as_common_dtype, bool_
from minitorch.operation import differentiable, method, numpy_names
from minitorch.tensor import Tensor


def _no_slope(g):
    return np.zeros_like(g)


def _no_derivative(g):
    raise RuntimeError(
        "floor_divide has no derivative, in PyTorch either: use div(..., rounding_mode='floor')"
    )


def _rounding(function, name):
    def rounded(input):
        return function(input).astype(input.dtype, copy=False), _no_slope

    rounded.__name__ = name
    return method()(differentiable(rounded))


floor, ceil, trunc = (
    _rounding(np.floor, "floor"),
    _rounding(np.ceil, "ceil"),
    _rounding(np.trunc, "trunc"),
)
sign = _rounding(lambda x: x.copy() if x.dtype == bool_ else sign_of(x), "sign")


@method()
@differentiable
def round(input, *, decimals=0):
    """To the nearest whole number, halves to the even one; or to so many decimals."""
    return np.round(input, decimals), _no_slope


@method()
@numpy_names
def div(input, other, *, rounding_mode=None):
    """input / other; rounded towards zero ("trunc") or down ("floor")."""
    if rounding_mode is None:
        return true_divide(input, other)
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            f"div: rounding_mode must be None, 'trunc' or 'floor', got {rounding_mode!r}"
        )
    return (
        _floor_quotient(input, other) if rounding_mode == "floor" else _trunc_quotient(input, other)
    )


@method("__floordiv__")
@differentiable
def floor_divide(input, other):
    """The largest whole number that is not above input / other."""
    input, other = _checked(input, other)
    return np.floor_divide(input, other), _no_derivative, _no_derivative


@differentiable
def _floor_quotient(input, other):
    input, other = _checked(input, other)
    return np.floor_divide(input, other), _no_slope, _no_slope


@differentiable
def _trunc_quotient(input, other):
    input, other = _checked(input, other)
    if input.dtype.kind == "f":
        return np.trunc(input / other), _no_slope, _no_slope
    return np.sign(input) * np.sign(other) * (np.abs(input) // np.abs(other))


@method("__mod__")
@differentiable
def remainder(input, other):
    """input - other floor(input / other): it has the sign of `other`."""
    input, other = _checked(input, other)
    return np.remainder(input, other), lambda g: g, lambda g: -g * np.floor_divide(input, other)


@method()
@differentiable
def fmod(input, other):
    """input - other trunc(input / other): it has the sign of `input`."""
    expect_arrays("fmod", input)
    input, other = _checked(input, other)
    return np.fmod(input, other), lambda g: g, lambda g: -g * np.trunc(input / other)


def _checked(input, other):
    input, other = as_common_dtype(input, other)
    if getattr(input, "dtype", np.dtype(float)).kind in "ib" and not np.all(other):
        raise RuntimeError("ZeroDivisionError: integers cannot be divided by 0")
    return input, other


Tensor.__rfloordiv__ = lambda self, other: floor_divide(other, self)
Tensor.__rmod__ = lambda self, other: remainder(other, self)
