"""Reductions: sums, means, extremes and their kind, along any dimensions.

`dim` is None (all), a number or several; negative numbers count from the end. A reduced dimension
disappears, or stays with size 1 if `keepdim`. What the forward pass takes together, the backward
pass spreads again.
"""

import math
from collections import namedtuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minitorch.arithmetic import maximum, minimum, sign_of
from minitorch.dtypes import as_dtype, as_float, int64
from minitorch.indexing import take_along_dim
from minitorch.operation import differentiable, masked, method, numpy_names
from minitorch.sums import sum_over
from minitorch.tensor import Tensor


def _cast(input, dtype):
    """The input in the dtype asked for, if any."""
    return input if dtype is None else input.astype(as_dtype(dtype), copy=False)


def _axes(input, dim):
    """The axes to reduce, counted from 0."""
    if isinstance(dim, bool):
        raise TypeError(f"dim must be a number, several or None, got {dim}")
    if dim is None or isinstance(dim, (tuple, list)) and not dim:
        return tuple(range(input.ndim))
    return normalize_axis_tuple(dim, input.ndim or 1)[
        : input.ndim
    ]  # a number has a dimension 0 by courtesy


def _with_axes(g, axes, shape):
    """A gradient with the reduced axes back as size 1, whether or not they had been kept."""
    return g.reshape([1 if axis in axes else size for axis, size in enumerate(shape)])


def _spread(g, axes, shape):
    """The gradient of a result, given to every element that went into it."""
    return np.broadcast_to(_with_axes(g, axes, shape), shape)


# ---------------------------------------------------------------- sums, products and moments


@method()
@differentiable
def sum(input, dim=None, keepdim=False, *, dtype=None):
    """The sum; of integers and truth values an int64, unless `dtype` says otherwise."""
    input, axes, shape = _cast(input, dtype), _axes(input, dim), input.shape
    if input.dtype.kind != "f":
        return input.sum(axes, keepdims=keepdim, dtype=dtype or int64)
    return sum_over(input, axes, keepdim), lambda g: _spread(g, axes, shape)


@method()
@differentiable
def mean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean; nan where there is nothing."""
    input, axes, shape = _cast(input, dtype), _axes(input, dim), input.shape
    count = _count("mean", input, axes) or np.nan
    return sum_over(input, axes, keepdim) / count, lambda g: _spread(g / count, axes, shape)


@method()
@differentiable
def prod(input, dim=None, keepdim=False, *, dtype=None):
    """The product. The derivative by an element is the product of the others: of those before and
    those after it.
    """
    input = _cast(input, dtype or (None if input.dtype.kind == "f" else int64))
    axes, shape = _axes(input, dim), input.shape

    def backward(g):
        last = range(-len(axes), 0)
        moved = np.moveaxis(input, axes, last)
        rows = moved.reshape(
            *moved.shape[: moved.ndim - len(axes)], -1
        )  # (..., elements multiplied)
        one = np.ones((*rows.shape[:-1], 1), rows.dtype)
        before = np.concatenate([one, rows], -1).cumprod(-1)[..., :-1]
        after = np.flip(np.concatenate([one, np.flip(rows, -1)], -1).cumprod(-1)[..., :-1], -1)
        others = np.moveaxis((before * after).reshape(moved.shape), last, axes)
        return _with_axes(g, axes, shape) * others

    return np.prod(input, axes, keepdims=keepdim, dtype=input.dtype), backward


@method()
@differentiable
def norm(input, p="fro", dim=None, keepdim=False, *, dtype=None):
    """(sum |x|^p)^(1/p), by default the square root of the sum of squares; p = inf: the largest
    |x|.
    """
    p = 2 if p in ("fro", None) else p
    if isinstance(p, str):
        raise NotImplementedError(
            f"norm: minitorch has no {p!r} norm: give a number, or use np.linalg.norm"
        )
    input, axes = _cast(input, dtype), _axes(input, dim)
    _count("norm", input, axes)
    size = np.abs(input)
    if math.isinf(p):
        out = (np.max if p > 0 else np.min)(
            size, axes, keepdims=True, initial=0 if p > 0 else np.inf
        )
    elif p == 0:
        out = (size != 0).sum(axes, keepdims=True, dtype=input.dtype)
    else:
        out = sum_over(size * size if p == 2 else size**p, axes, keepdims=True) ** (1 / p)

    def backward(g):
        """d/dx = sign(x) (|x| / norm)^(p - 1); for p = inf shared by the largest; 0 where the norm
        is.
        """
        if p == 0:
            return None
        safe = np.where(out == 0, 1, out)
        if math.isinf(p):
            best = size == out
            share = best / best.sum(axes, keepdims=True, dtype=g.dtype)
        else:
            share = size / safe if p == 2 else np.where(size == 0, 1, size / safe) ** (p - 1)
        return np.where(out == 0, 0, _with_axes(g, axes, input.shape) * sign_of(input) * share)

    return out if keepdim else out.squeeze(axes), backward


@method()
@differentiable
def var(input, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """Squared distances from the mean, summed and divided by n - correction (1, or 0 if not
    `unbiased`).
    """
    out, centered, divisor, axes = _variance("var", input, dim, unbiased, keepdim, correction)
    return out, lambda g: centered * _with_axes(g * 2 / divisor, axes, centered.shape)


@method()
@differentiable
def std(input, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """The square root of `var`; where it is 0 its gradient is 0."""
    out, centered, divisor, axes = _variance("std", input, dim, unbiased, keepdim, correction)
    out = np.sqrt(out)
    return (
        out,
        lambda g: (
            centered
            * _with_axes(g / np.where(out == 0, np.inf, out) / divisor, axes, centered.shape)
        ),
    )


@numpy_names
def var_mean(input, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """(variance, mean)."""
    variance = var(input, dim, unbiased, keepdim, correction=correction)
    return variance, mean(input, None if isinstance(dim, bool) else dim, keepdim)


@numpy_names
def std_mean(input, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """(standard deviation, mean)."""
    deviation = std(input, dim, unbiased, keepdim, correction=correction)
    return deviation, mean(input, None if isinstance(dim, bool) else dim, keepdim)


def _variance(name, input, dim, unbiased, keepdim, correction):
    if isinstance(dim, bool):  # var(x, True)
        dim, unbiased = None, dim
    axes = _axes(input, dim)
    count = _count(name, input, axes)
    divisor = count - (int(unbiased) if correction is None else correction)
    centered = input - sum_over(input, axes, keepdims=True) / (count or np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):  # of too few elements: inf or nan
        squares = sum_over(centered * centered, axes, keepdim)
        return np.divide(squares, divisor if divisor > 0 else 0), centered, divisor or np.nan, axes


def _count(name, input, axes):
    if input.dtype.kind != "f":
        raise RuntimeError(f"{name} needs floating point numbers, not {input.dtype}: use x.float()")
    return math.prod(input.shape[axis] for axis in axes)


# ---------------------------------------------------------------- extremes


def _extreme(find, input, dim, keepdim):
    axes = _axes(input, dim)
    if 0 in (input.shape[axis] for axis in axes):
        error = RuntimeError if dim is None else IndexError
        raise error(f"no largest or smallest of nothing: dimension {dim} of {input.shape}")
    out = find(input, axes, keepdims=keepdim)

    def backward(g):
        best = input == _with_axes(out, axes, input.shape)
        return _with_axes(g, axes, input.shape) * (
            best / best.sum(axes, keepdims=True, dtype=g.dtype)
        )

    return out, backward


@method()
@differentiable
def amax(input, dim=None, keepdim=False):
    """The largest elements; equal ones share the gradient."""
    return _extreme(np.max, input, dim, keepdim)


@method()
@differentiable
def amin(input, dim=None, keepdim=False):
    """The smallest elements; equal ones share the gradient."""
    return _extreme(np.min, input, dim, keepdim)


def extreme_of_all(find, input):
    if not input.size:
        raise RuntimeError(f"no largest or smallest of nothing: shape {input.shape}")
    out = find(input)

    def backward(g):
        best = (input == out) | np.isnan(input) if np.isnan(out) else input == out
        return masked(np.broadcast_to(g / np.count_nonzero(best), best.shape), best)

    return out, backward


@differentiable
def _largest(input):
    return extreme_of_all(np.max, input)


@differentiable
def _smallest(input):
    return extreme_of_all(np.min, input)


def _position(find, input, dim, keepdim):
    _axes(input, dim)  # refuses dimensions that do not exist
    if (input.size if dim is None or not input.ndim else input.shape[dim]) == 0:
        raise IndexError(f"no largest or smallest of nothing: dimension {dim} of {input.shape}")
    return np.asarray(find(input, axis=dim, keepdims=keepdim), int64)


@method()
@differentiable
def argmax(input, dim=None, keepdim=False):
    """Where the largest element is (the first of equal ones); without `dim`, in the flat tensor."""
    return _position(np.argmax, input, dim, keepdim)


@method()
@differentiable
def argmin(input, dim=None, keepdim=False):
    """Where the smallest element is (the first of equal ones); without `dim`, in the flat
    tensor.
    """
    return _position(np.argmin, input, dim, keepdim)


@method()
@numpy_names
def max(input, dim=None, keepdim=False, *, other=None):
    """max(x): the largest element; max(x, dim): (values, indices); max(x, y): the larger of each
    pair.
    """
    return _all_along_or_pairs(
        _largest, argmax, maximum, input, dim if other is None else other, keepdim
    )


@method()
@numpy_names
def min(input, dim=None, keepdim=False, *, other=None):
    """min(x): the smallest element; min(x, dim): (values, indices); min(x, y): the smaller of each
    pair.
    """
    return _all_along_or_pairs(
        _smallest, argmin, minimum, input, dim if other is None else other, keepdim
    )


Extremes = namedtuple("Extremes", "values indices")


def _all_along_or_pairs(of_all, position, of_pairs, input, dim, keepdim):
    if isinstance(dim, Tensor):
        return of_pairs(input, dim)
    if dim is None:
        return of_all(input)
    if not input.ndim:
        return Extremes(input.clone(), position(input, dim))
    indices = position(input, dim, keepdim=True)
    values = take_along_dim(input, indices, dim)  # the gradient goes to this one element
    return (
        Extremes(values, indices)
        if keepdim
        else Extremes(values.squeeze(dim), indices.squeeze(dim))
    )


# ---------------------------------------------------------------- others


@method()
@differentiable
def logsumexp(input, dim, keepdim=False):
    """log sum e^x, shifted by the maximum so that nothing overflows; its gradient is the
    softmax.
    """
    input = as_float(input)
    axes = _axes(input, dim)
    top = input.max(axes, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    e = np.exp(input - top)  # the same shape as input
    total = sum_over(e, axes, keepdims=True)
    with np.errstate(divide="ignore"):
        out = np.log(total) + top

    def weights():
        return e / np.where(total == 0, np.nan, total)

    return out if keepdim else out.squeeze(axes), lambda g: _with_axes(g, axes, e.shape) * weights()


@method()
@differentiable
def cumsum(input, dim, *, dtype=None):
    """Running sums. Element j is part of all sums from j on: gradients are summed from the other
    end.
    """
    input = _cast(input, dtype or (None if input.dtype.kind == "f" else int64))
    _axes(input, dim)
    if not input.ndim:
        return input.copy(), lambda g: g
    return _running_sums(input, dim), lambda g: np.flip(_running_sums(np.flip(g, dim), dim), dim)


@method()
@differentiable
def cumprod(input, dim, *, dtype=None):
    """Running products."""
    input = _cast(input, dtype or (None if input.dtype.kind == "f" else int64))
    _axes(input, dim)

    def backward(g):
        """Row j of `factors` is x with a 1 for x[j]: its running products, from j on, are the
        derivatives by x[j].
        """
        if not input.ndim:
            return g
        x, g = np.moveaxis(input, dim, -1), np.moveaxis(g, dim, -1)
        factors = np.where(np.eye(x.shape[-1], dtype=bool), 1, x[..., None, :])
        return np.moveaxis((np.triu(factors.cumprod(-1)) @ g[..., None])[..., 0], -1, dim)

    return input.cumprod(dim, input.dtype) if input.ndim else input.copy(), backward


def _running_sums(x, dim):
    """One addition after the other in float64, as in PyTorch: in float32 errors would add up, too.

    Along a last dimension of up to 1024 in blocks of 16: sums within a block are a product with a
    triangle of ones, and what the blocks before add up to comes on top. Four times as fast: a
    tenth of a training step with the clear CoPE.
    """
    if x.dtype.kind != "f":
        return x.cumsum(dim, x.dtype)
    blocks = x.shape[-1] // 16
    if dim not in (-1, x.ndim - 1) or blocks * 16 != x.shape[-1] or not 2 <= blocks <= 64:
        return x.cumsum(dim, np.float64).astype(x.dtype, copy=False)

    def triangle(size, diagonal=0):
        return np.triu(np.ones((size, size), x.dtype), diagonal)

    with np.errstate(invalid="ignore", over="ignore"):
        sums = (x.reshape(-1, 16) @ triangle(16)).reshape(*x.shape[:-1], blocks, 16)
        sums += (sums[..., -1] @ triangle(blocks, 1))[..., None]
    sums = sums.reshape(x.shape)
    return (
        sums if np.isfinite(sums[..., -1]).all() else x.cumsum(dim)
    )  # in a product 0 * inf is nan


@method()
@differentiable
def any(input, dim=None, keepdim=False):
    """Whether one element at least is not 0."""
    return np.any(input, _axes_or_none(input, dim), keepdims=keepdim)


@method()
@differentiable
def all(input, dim=None, keepdim=False):
    """Whether no element is 0."""
    return np.all(input, _axes_or_none(input, dim), keepdims=keepdim)


def _axes_or_none(input, dim):
    """No dimensions are none, here: then the answer is about each element."""
    return () if dim in ((), []) else _axes(input, dim)
