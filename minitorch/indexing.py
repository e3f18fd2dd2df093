"""Picking elements out of tensors, and adding gradients up where the elements came from."""

import math
import operator

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minitorch.dtypes import as_number, bool_, int64
from minitorch.graph import Part
from minitorch.inplace import write
from minitorch.operation import differentiable, masked, method
from minitorch.tensor import Tensor
from minitorch.watch import same_memory

# ---------------------------------------------------------------- x[...]


@method()
def __getitem__(input, index):
    """x[index] with integers, slices, None, `...`, and tensors, arrays, lists and ranges of these.

    PyTorch's reading, where it is not NumPy's: integers and slices come first and make a view; then
    all arrays pick from it together. If dimensions that are kept lie between two arrays, the
    dimensions they pick come first.
    """
    view, arrays = parse_index(index, input.shape)
    if not arrays or any(item is not ... and item != slice(None) for item in view):
        input = _slice(input, view)
    return _pick(input, arrays) if arrays else input


@method()
def __setitem__(input, index, value):
    """x[index] = value, in place; a number or a tensor."""
    view, arrays = parse_index(index, input.shape)
    if not isinstance(value, (Tensor, int, float, np.integer)):
        raise TypeError(
            f"can't assign a {type(value).__name__} to elements of a tensor: wrap it in tensor(...)"
        )
    if isinstance(value, Tensor):
        if not arrays and _is_view_at(value, input, view):
            return  # the end of x[index] += 1: it is there already
        if (
            arrays
            and value.dtype != input.dtype
            and not (value.numel() == 1 and _is_one_mask(arrays))
        ):
            raise RuntimeError(
                f"x[index] = value with an array as index needs one dtype, got {input.dtype} for x "
                f"and {value.dtype} for the value"
            )
        front = next((n for n, size in enumerate(value.shape) if size != 1), value.ndim)
        value = value.reshape(value.shape[front:]) if front else value
    write(input, value, view, arrays)


def parse_index(index, shape):
    """An index as two: of integers, slices and None, for a view, and of arrays, which pick from it.

    The second is () if there are no arrays.
    """
    given = tuple(index) if _means_several(index) else (index,)
    if all(map(_is_plain, given)) and (dots := given.count(...)) < 2:  # the frequent cases, quickly
        return (given if dots else (*given, ...)), ()  # `...` makes x[0] a view, too
    items = _for_each_dimension(given, [_parse_item(item) for item in given], shape)
    view, arrays, dim = [], [], 0
    for item in items:
        if not isinstance(item, np.ndarray):
            view.append(item)
            arrays += (
                [] if isinstance(item, int) else [slice(None)]
            )  # an integer takes its dimension away
        elif not item.ndim:  # True or False: a new dimension of size 1 or 0
            view.append(None)
            arrays.append(np.flatnonzero(item))
        else:
            view += [slice(None)] * _dims_taken(item)
            arrays.append(item)
            if item.dtype == bool_ and item.shape != shape[dim : dim + item.ndim]:
                raise IndexError(
                    f"a mask of shape {item.shape} does not fit a tensor of shape {shape}, from "
                    f"dimension {dim} on"
                )
        dim += _dims_taken(item)
    found = any(isinstance(item, np.ndarray) for item in arrays)
    return (*view, ...), tuple(arrays) if found else ()


def _for_each_dimension(given, items, shape):
    """The items of an index with slices in place of `...`, one for each dimension that it skips."""
    skipped = len(shape) - sum(map(_dims_taken, items))
    if skipped < 0:
        raise IndexError(
            f"too many indices for a tensor of shape {shape}: {len(shape) - skipped} dimensions"
        )
    dots = sum(item is ... for item in items[:-1])  # one at the end would change nothing
    if dots > 1 and skipped:
        raise IndexError("an index can have only one ellipsis (...)")
    if dots and any(
        _dims_taken(item) > 1 and not isinstance(x, Tensor) for x, item in zip(given, items)
    ):
        raise IndexError(
            "beside an ellipsis (...), a mask of several dimensions must be a tensor: tensor(mask)"
        )
    slices, spelled = [slice(None)] * skipped, []
    for item in items:
        if item is ...:
            spelled += slices
            slices = []
        else:
            spelled.append(item)
    return spelled


def _is_plain(item):
    if type(item) is slice:
        return item.step is None or type(item.step) is int and item.step > 0
    return type(item) is int or item is None or item is ...


def _means_several(index):
    """Whether an index is a tuple, or a list that PyTorch takes for a tuple."""
    if isinstance(index, list) and len(index) < 32:
        several = (list, tuple, range, slice, Tensor, np.ndarray)
        return any(item is None or item is ... or isinstance(item, several) for item in index)
    return isinstance(index, tuple)


def _parse_item(item):
    """Integers as int; tensors, sequences and truth values as arrays; slices with integers."""
    if item is None or item is ...:
        return item
    if isinstance(item, slice):
        item = slice(
            *(None if n is None else operator.index(n) for n in (item.start, item.stop, item.step))
        )
        if item.step is not None and item.step < 1:
            raise ValueError(f"slices need a positive step, got {item.step}: use flip")
        return item
    if isinstance(item, (bool, list, tuple, range, np.ndarray, Tensor)):
        array = item._data if isinstance(item, Tensor) else np.asarray(_without_tensors(item))
        if not array.size and array.dtype.kind == "f" and not isinstance(item, Tensor):
            array = array.astype(int64)  # NumPy makes an array of floats of []
        if array.dtype.kind not in "ib":
            raise IndexError(
                f"tensors used as indices must be of integers or bool, not {array.dtype}"
            )
        return array if array.ndim or array.dtype == bool_ else array.item()
    if hasattr(item, "__index__") and not isinstance(item, np.bool_):
        return operator.index(item)
    kind = TypeError if isinstance(item, str) else IndexError
    raise kind(
        "an index is made of integers, slices, `...`, None, and tensors, lists and arrays of "
        f"integers or bool, not of {type(item).__name__}"
    )


def _without_tensors(item):
    if isinstance(item, (list, tuple)):
        return [_without_tensors(part) for part in item]
    return item.tolist() if isinstance(item, Tensor) else item


def _dims_taken(item):
    """How many dimensions of the tensor an item of an index is about."""
    if isinstance(item, np.ndarray):
        return item.ndim if item.dtype == bool_ else 1
    return 0 if item is None or item is ... else 1


def _is_one_mask(arrays):
    found = [item for item in arrays if isinstance(item, np.ndarray)]
    return len(found) == 1 and found[0].dtype == bool_


def _is_view_at(value, x, view):
    """Whether `value` is the view x[view] itself."""
    base = x if x._base is None else x._base
    return value._base is base and same_memory(value._data, x._data[view])


@differentiable
def _slice(input, index):
    return input[index], lambda g: Part(index, g)


@differentiable
def _pick(input, index):
    shape = input.shape

    def backward(g):
        if _is_one_mask(index):  # no element twice
            out = np.zeros(shape, g.dtype)
            out[index] = g
            return out
        if len(index) == 1:  # rows, perhaps repeated
            rows = g.reshape(index[0].size, math.prod(shape[1:]))
            return scatter_add_rows(index[0].ravel() % shape[0], rows, shape[0]).reshape(shape)
        return _add_at(np.arange(math.prod(shape)).reshape(shape)[index], g, shape)

    return np.asarray(input[index], order="C"), backward


# ---------------------------------------------------------------- gradients of what was picked


def _add_at(positions, g, shape):
    """Zeros of `shape`, each g added at its position in the flat array: there add.at is fast."""
    out = np.zeros(math.prod(shape), g.dtype)
    np.add.at(out, positions.ravel(), g.ravel())
    return out.reshape(shape)


def scatter_add_rows(ids, rows, size):
    """Add up rows that belong together: out[n] is the sum of rows[r] over all r with ids[r] = n.

    ids (count,), rows (count, dim), out (size, dim). For a small `size` a product with the one-hot
    matrix is fastest, for a large one sorting; both are several times faster than np.add.at.
    """
    if size <= 256:
        with np.errstate(invalid="ignore"):
            out = (ids == np.arange(size)[:, None]).astype(
                rows.dtype
            ) @ rows  # (size, count) @ (count, dim)
        if np.isfinite(out).all():  # 0 * inf would be nan in the whole column
            return out
    out = np.zeros((size, rows.shape[1]), rows.dtype)
    order = np.argsort(ids, kind="stable")
    first = np.flatnonzero(np.diff(ids[order], prepend=-1))  # where each new id begins
    out[ids[order][first]] = np.add.reduceat(rows[order], first, axis=0)
    return out


# ---------------------------------------------------------------- along one dimension


@method()
@differentiable
def gather(input, dim, index):
    """out[i][j] = input[i][index[i][j]] for dim = 1, and likewise for the others. No broadcasting.

    index: int64, of as many dimensions as input; in all but `dim` it may be smaller.
    """
    _check_indices("gather", input, index)
    return _along(
        input, normalize_axis_index(dim, input.ndim or 1), index.astype(int64, copy=False)
    )


@method()
@differentiable
def take_along_dim(input, indices, dim=None):
    """Elements at `indices` along `dim`; the others are broadcast. Without dim, both are flat.

    Along a dimension, negative indices count from its end.
    """
    shape = input.shape
    if dim is None:
        out, backward = _along(input.ravel(), 0, indices.ravel())
        return out, lambda g: backward(g).reshape(shape)
    _check_indices("take_along_dim", input, indices)
    axis = normalize_axis_index(dim, input.ndim)
    if indices.min(initial=0) < 0:
        indices = np.where(indices < 0, indices + shape[axis], indices)
    before = np.broadcast_shapes(shape[:axis], indices.shape[:axis])
    after = np.broadcast_shapes(shape[axis + 1 :], indices.shape[axis + 1 :])
    input, indices = (
        np.broadcast_to(x, (*before, x.shape[axis], *after)) for x in (input, indices)
    )
    return _along(input, axis, indices)


def _check_indices(name, input, indices):
    if indices.dtype.kind != "i" or max(indices.ndim, 1) != max(input.ndim, 1):
        raise RuntimeError(
            f"{name}: indices must be int64 and have as many dimensions as the input, got "
            f"{indices.dtype} of shape {indices.shape} for {input.shape}"
        )


def _along(input, axis, index):
    """Elements at `index` along `axis`, found by their position in the flat array: that is fast."""
    whole, shape = input.shape, input.shape or (1,)
    fits = all(n <= size for d, (n, size) in enumerate(zip(index.shape, shape)) if d != axis)
    if (
        not fits or index.size and index.view(np.uint64).max() >= shape[axis]
    ):  # negative ones become huge
        raise RuntimeError(
            f"indices {index.min(initial=0)} ... {index.max(initial=0)}, shape {index.shape}, "
            f"are out of bounds for dimension {axis} of {shape}"
        )
    steps = [
        math.prod(shape[d + 1 :]) for d in range(len(shape))
    ]  # between neighbors in the flat array
    grid = np.ogrid[tuple(map(slice, index.shape))]
    starts = sum(grid[d] * steps[d] for d in range(index.ndim) if d != axis)
    positions = starts + (index if steps[axis] == 1 else index * steps[axis])
    positions = np.asarray(positions, np.intp)
    # All are inside by now, and wrapping is NumPy's fastest way: 2 % of a step with CoPE.
    return input.reshape(-1).take(positions, mode="wrap"), lambda g: _add_at(positions, g, whole)


@method()
@differentiable
def index_select(input, dim, index):
    """The slices numbered by the vector `index` along `dim`."""
    axis, shape = normalize_axis_index(dim, input.ndim or 1), input.shape
    size, index = (shape or (1,))[axis], np.atleast_1d(index)
    inside = not index.size or 0 <= index.min() <= index.max() < size
    if index.ndim > 1 or index.dtype.kind != "i" or not inside:
        raise IndexError(
            f"index_select: expected a vector of int64, 0 ... {size - 1}, got {index.tolist()}"
        )
    if not shape:  # a number has a dimension 0 by courtesy
        if len(index) != 1:
            raise RuntimeError(
                f"index_select: of a number only one element can be selected, got {index.tolist()}"
            )
        return input.copy(), lambda g: g

    def backward(g):
        g = np.moveaxis(g, axis, 0)  # (count, ...)
        rows = scatter_add_rows(index, g.reshape(len(g), math.prod(g.shape[1:])), shape[axis])
        return np.moveaxis(rows.reshape(shape[axis], *g.shape[1:]), 0, axis)

    return input.take(index.astype(np.intp, copy=False), axis), backward


# ---------------------------------------------------------------- masks and triangles


@method()
@differentiable
def masked_fill(input, mask, value):
    """`value` (a number or 0-d tensor) where the mask is True."""
    if mask.dtype != bool_ or np.ndim(value):
        raise RuntimeError(
            f"masked_fill needs a mask of dtype bool and one value, got {mask.dtype} and a value "
            f"of shape {np.shape(value)}"
        )
    value = value.item() if isinstance(value, np.ndarray) else value
    out = np.where(mask, as_number(value, input.dtype), input)
    return out, lambda g: masked(g, ~mask), None, lambda g: masked(g, mask)


@method()
@differentiable
def tril(input, diagonal=0):
    """The lower triangle of the last two dimensions, from the given diagonal down; zero above."""
    _check_matrix("tril", input)
    return np.tril(input, diagonal), lambda g: np.tril(g, diagonal)


@method()
@differentiable
def triu(input, diagonal=0):
    """The upper triangle of the last two dimensions, from the given diagonal up; zero below."""
    _check_matrix("triu", input)
    return np.triu(input, diagonal), lambda g: np.triu(g, diagonal)


def _check_matrix(name, input):
    if input.ndim < 2:
        raise RuntimeError(f"{name} needs at least 2 dimensions, got shape {input.shape}")
