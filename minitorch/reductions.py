"""Reductions: sums, means, extremes and their kind, along any dimensions.

`dim` is None (all), a number or several; negative numbers count from the end. What a reduction takes away, its
backward pass spreads again over the reduced dimensions.
"""
from collections import namedtuple

import numpy as np

from minitorch.arithmetic import maximum, minimum
from minitorch.operation import differentiable, method
from minitorch.tensor import Tensor, int64


def _axes(dim):
    """`dim` as NumPy wants it; no dimensions at all mean every dimension, as in PyTorch."""
    return (tuple(dim) or None) if isinstance(dim, (tuple, list)) else dim


def _spread(values, like, dim, keepdim):
    """Values of a reduction with the reduced dimensions back as size 1, ready to be broadcast over `like`."""
    dim = _axes(dim)
    return values if keepdim else np.expand_dims(values, tuple(range(like.ndim)) if dim is None else dim)


def _count(input, dim):
    """How many elements go into each result."""
    return input.size if _axes(dim) is None else int(np.prod(np.take(input.shape, _axes(dim))))


def _floats_only(name, input):
    if input.dtype.kind != "f":
        raise ValueError(f"{name} needs floating point numbers, not {input.dtype}: use x.float()")


@method()
@differentiable
def sum(input, dim=None, keepdim=False):
    """The sum; of integers and truth values an int64."""
    out = np.sum(input, axis=_axes(dim), keepdims=keepdim)
    return out, lambda g: np.broadcast_to(_spread(g, input, dim, keepdim), input.shape)


@method()
@differentiable
def mean(input, dim=None, keepdim=False):
    _floats_only("mean", input)
    n = _count(input, dim)
    with np.errstate(divide="ignore", invalid="ignore"):                          # the mean of nothing is nan
        out = np.sum(input, axis=_axes(dim), keepdims=keepdim) / input.dtype.type(n)
    return out, lambda g: np.broadcast_to(_spread(g, input, dim, keepdim) / n, input.shape)


@method()
@differentiable
def var(input, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """The mean squared distance from the mean, divided by n - correction (1, or 0 if not `unbiased`)."""
    out, centred, divisor = _variance("var", input, dim, unbiased, keepdim, correction)
    return out, lambda g: _spread(g, input, dim, keepdim) * centred * (2 / divisor)


@method()
@differentiable
def std(input, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """The square root of `var`; its gradient is 0 where it is 0."""
    out, centred, divisor = _variance("std", input, dim, unbiased, keepdim, correction)
    out = np.sqrt(out)

    def backward(g):
        slope = np.divide(g, out, out=np.zeros_like(g), where=out != 0)
        return _spread(slope, input, dim, keepdim) * centred / divisor

    return out, backward


def _variance(name, input, dim, unbiased, keepdim, correction):
    _floats_only(name, input)
    n, dim = _count(input, dim), _axes(dim)
    correction = int(unbiased) if correction is None else correction
    divisor = n - correction if n > correction else 0
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = input - np.sum(input, axis=dim, keepdims=True) / input.dtype.type(n)
        return np.sum(centred * centred, axis=dim, keepdims=keepdim) / input.dtype.type(divisor), centred, divisor


# ---------------------------------------------------------------- extremes

def _extreme(function, input, dim, keepdim):
    out = function(input, axis=_axes(dim), keepdims=keepdim)

    def backward(g):
        best = input == _spread(out, input, dim, keepdim)
        return best * (_spread(g, input, dim, keepdim) / best.sum(axis=_axes(dim), keepdims=True))

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


@method()
@differentiable
def argmax(input, dim=None, keepdim=False):
    """Where the largest element is (the first of equal ones)."""
    return np.asarray(np.argmax(input, axis=dim, keepdims=keepdim), int64)


@method()
@differentiable
def argmin(input, dim=None, keepdim=False):
    """Where the smallest element is (the first of equal ones)."""
    return np.asarray(np.argmin(input, axis=dim, keepdims=keepdim), int64)


@method()
def max(input, dim=None, keepdim=False):
    """The largest of all; or, with `dim`, (values, indices) along it; or the larger of each pair of two tensors."""
    return _values_and_indices("max", amax, argmax, maximum, input, dim, keepdim)


@method()
def min(input, dim=None, keepdim=False):
    """The smallest of all; or, with `dim`, (values, indices) along it; or the smaller of each pair of two tensors."""
    return _values_and_indices("min", amin, argmin, minimum, input, dim, keepdim)


def _values_and_indices(name, reduce, where, of_two, input, dim, keepdim):
    if isinstance(dim, Tensor):
        return of_two(input, dim)
    if dim is None:
        return reduce(input)
    indices = where(input, dim, keepdim=True)
    values = _taken(input, indices, dim=dim)
    result = namedtuple(name, ("values", "indices"))
    return result(values, indices) if keepdim else result(values.squeeze(dim), indices.squeeze(dim))


@differentiable
def _taken(input, indices, *, dim):
    def backward(g):
        out = np.zeros_like(input)
        np.put_along_axis(out, indices, g, dim)
        return out
    return np.take_along_axis(input, indices, dim), backward


# ---------------------------------------------------------------- others

@method()
@differentiable
def logsumexp(input, dim, keepdim=False):
    """log sum exp, shifted by the maximum so that nothing overflows; its gradient is the softmax."""
    _floats_only("logsumexp", input)
    top = np.max(input, axis=_axes(dim), keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    e = np.exp(input - top)
    total = np.sum(e, axis=_axes(dim), keepdims=True)
    with np.errstate(divide="ignore"):
        out = np.log(total) + top
    out = out if keepdim else np.squeeze(out, _axes(dim))
    return out, lambda g: _spread(g, input, dim, keepdim) * (e / total)


@method()
@differentiable
def cumsum(input, dim):
    """Running sums. Element j is part of all sums from j on, so the gradients are summed from the other end."""
    return np.cumsum(input, axis=dim), lambda g: np.flip(np.cumsum(np.flip(g, dim), axis=dim), dim)


@method()
@differentiable
def any(input, dim=None, keepdim=False):
    return np.any(input, axis=_axes(dim), keepdims=keepdim)


@method()
@differentiable
def all(input, dim=None, keepdim=False):
    return np.all(input, axis=_axes(dim), keepdims=keepdim)
