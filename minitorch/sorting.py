"""Order and occurrence: sorted values, the largest few, which values there are and where, how
often each occurs.

Values carry gradients back to where they came from; positions and counts have none.
"""

from collections import namedtuple

import numpy as np

from minitorch.complaints import axis_of
from minitorch.dtypes import bool_, int64
from minitorch.indexing import take_along_dim
from minitorch.operation import differentiable, method, numpy_names
from minitorch.reductions import extreme_of_all
from minitorch.tensor import Tensor, wrap

Ordered = namedtuple("Ordered", "values indices")


def _order(input, dim, descending):
    """The positions along `dim` in the order of their values; of equal ones the first comes first,
    nan is largest.
    """
    dim = axis_of("sort", dim, input.shape)
    if not input.ndim:
        return np.zeros((), int64)
    keys = input._data
    if descending:  # turned around twice: equal ones keep their order
        last = keys.shape[dim] - 1
        return np.flip(last - np.argsort(np.flip(keys, dim), dim, kind="stable"), dim).astype(int64)
    return np.argsort(keys, dim, kind="stable").astype(int64)


@method()
@numpy_names
def argsort(input, dim=-1, descending=False, stable=True):
    """The positions along `dim` in the order of their values."""
    return wrap(_order(input, dim, descending))


@method()
@numpy_names
def sort(input, dim=-1, descending=False, stable=True):
    """(values, indices) along `dim`, the smallest first unless `descending`. Equal values keep
    their order.
    """
    indices = argsort(input, dim, descending)
    return Ordered(take_along_dim(input, indices, dim) if input.ndim else input.clone(), indices)


@method()
@numpy_names
def topk(input, k, dim=-1, largest=True, sorted=True):
    """(values, indices) of the k largest along `dim`, or the smallest, in order."""
    axis = axis_of("topk", dim, input.shape)
    length = (input.shape or (1,))[axis]
    if not 0 <= k <= length:
        raise RuntimeError(
            f"topk: k must be 0 ... {length}, the size of dimension {dim} of {input.shape}; got {k}"
        )
    if not input.ndim:
        return Ordered(input.clone(), wrap(np.zeros((), int64)))
    indices = argsort(input, axis, descending=largest)[(slice(None),) * axis + (slice(k),)]
    return Ordered(take_along_dim(input, indices, axis), indices)


@method()
@numpy_names
def median(input, dim=None, keepdim=False):
    """The middle value, of an even number the lower one; along `dim` (values, indices). nan where
    there is one.
    """
    if dim is None:
        return _median_of_all(input)
    if not input.ndim:
        return Ordered(input.clone(), wrap(np.zeros((), int64)))
    axis = axis_of("median", dim, input.shape)
    length = input.shape[axis]
    if not length:
        raise IndexError(f"median: no middle of nothing: dimension {dim} of {input.shape}")
    middle = _order(input, axis, False).take([(length - 1) // 2], axis)
    is_nan = np.isnan(input._data)
    first_nan = is_nan.argmax(axis, keepdims=True)
    indices = wrap(np.where(is_nan.any(axis, keepdims=True), first_nan, middle).astype(int64))
    values = take_along_dim(input, indices, axis)
    return (
        Ordered(values, indices)
        if keepdim
        else Ordered(values.squeeze(axis), indices.squeeze(axis))
    )


@differentiable
def _median_of_all(input):
    """Its gradient is shared by equal elements, as that of max() is."""
    return extreme_of_all(_middle, input)


def _middle(x):
    x = np.sort(x, axis=None)  # nan last
    return x[-1] if np.isnan(x[-1]) else x[(x.size - 1) // 2]


@method()
@numpy_names
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different values in order; on request which of them each element is, and how often each
    occurs.
    """
    found = np.unique(input._data, False, True, True, dim, equal_nan=False)
    values, inverse, counts = found
    inverse = inverse.reshape(input.shape if dim is None else -1)
    chosen = (values, *[inverse] * return_inverse, *[counts] * return_counts)
    tensors = [wrap(values), *(wrap(x.astype(int64)) for x in chosen[1:])]
    return tensors[0] if len(tensors) == 1 else tuple(tensors)


@method()
def nonzero(input, *, as_tuple=False):
    """The positions of what is not 0: (count, ndim), or as a tuple one vector per dimension, to
    index with.
    """
    found = np.nonzero(np.atleast_1d(input._data))
    if as_tuple:
        return tuple(wrap(axis.astype(int64)) for axis in found)
    return wrap(np.stack(found, axis=1).astype(int64)[:, : input.ndim])


@method()
@numpy_names
def count_nonzero(input, dim=None):
    """How many elements are not 0."""
    return (input != 0).sum(dim)


@method()
def bincount(input, weights=None, minlength=0):
    """How often each of 0, 1, 2, ... occurs in a vector; or the sum of the weights there."""
    if input.ndim != 1 or input.dtype.kind != "i" or (input._data < 0).any():
        raise RuntimeError(
            f"bincount takes a vector of whole numbers from 0, not {input.dtype} of {input.shape}"
        )
    ids = input._data.astype(np.intp)
    if weights is None:
        return wrap(np.bincount(ids, minlength=minlength).astype(int64))
    kind = weights.dtype if weights.is_floating_point() else np.float64
    return wrap(np.bincount(ids, weights._data, minlength).astype(kind))


def isin(elements, test_elements):
    """Which elements are among `test_elements`."""
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError("isin takes two tensors, or a tensor and a number")
    elements, test_elements = (getattr(x, "_data", x) for x in (elements, test_elements))
    return wrap(np.asarray(np.isin(elements, test_elements), bool_))
