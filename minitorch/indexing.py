"""Picking elements out of tensors, and adding gradients up where the elements came from."""
import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minitorch.graph import Part
from minitorch.operation import differentiable, method
from minitorch.tensor import Tensor, bool_, int64


# ---------------------------------------------------------------- x[...]

@method()
def __getitem__(input, index):
    """x[index] with numbers, slices, None, `...`, and integer or truth-value tensors, arrays and lists."""
    basic, arrays = _parse(index)
    if not arrays or any(item is not ... and item != slice(None) for item in basic):
        input = _slice(input, basic)
    return _pick(input, arrays) if arrays else input


@method()
def __setitem__(input, index, value):
    """x[index] = value, in place; refused while operations on x are recorded."""
    input._write(value, *_parse(index))


def _parse(index):
    """An index as two: of numbers, slices, None and `...`, giving a view, and of arrays, picking from it."""
    if isinstance(index, list) and any(isinstance(item, (list, slice, Tensor, np.ndarray)) for item in index):
        index = tuple(index)                                          # PyTorch's reading, not NumPy's
    items = [_item(item) for item in (index if isinstance(index, tuple) else (index,))]
    basic, arrays = [], []
    for item in items:
        if isinstance(item, np.ndarray):
            basic.extend([slice(None)] * (item.ndim if item.dtype == bool_ else 1))
            arrays.append(item)
        else:
            basic.append(item)
            if not isinstance(item, int):                             # a number takes its dimension away
                arrays.append(item if item is ... else slice(None))
    basic = tuple(basic) if ... in basic else (*basic, ...)           # `...` makes x[0] a view, too
    return basic, tuple(arrays) if any(isinstance(item, np.ndarray) for item in items) else ()


def _item(item):
    """Tensors, lists and truth values as arrays, single integers as numbers, the rest as it is."""
    if isinstance(item, slice) and item.step is not None and int(item.step) < 1:
        raise ValueError(f"slices need a positive step, got {item.step}: use flip")
    item = item._data if isinstance(item, Tensor) else item
    item = np.asarray(item, int64 if item == [] else None) if isinstance(item, (list, bool)) else item
    if isinstance(item, np.ndarray) and item.dtype.kind not in "ib":
        raise IndexError(f"tensors used as indices must be int64 or bool, not {item.dtype}")
    return item.item() if isinstance(item, np.ndarray) and not item.ndim and item.dtype != bool_ else item


@differentiable
def _slice(input, index):
    return input[index], lambda g: Part(index, g)


@differentiable
def _pick(input, index):
    shape = input.shape

    def backward(g):
        if len(index) == 1 and index[0].dtype == int64:                           # rows, perhaps repeated
            rows = g.reshape(index[0].size, math.prod(shape[1:]))
            return scatter_add_rows(index[0].ravel() % shape[0], rows, shape[0]).reshape(shape)
        return _add_at(np.arange(math.prod(shape)).reshape(shape)[index], g, shape)

    return np.asarray(input[index], order="C"), backward


# ---------------------------------------------------------------- gradients of what was picked

def _add_at(positions, g, shape):
    """Zeros of `shape`, each g added at its position in the flat array: in one dimension add.at is fast."""
    out = np.zeros(math.prod(shape), g.dtype)
    np.add.at(out, positions.ravel(), g.ravel())
    return out.reshape(shape)


def scatter_add_rows(ids, rows, size):
    """Add up rows that belong together: out[n] is the sum of rows[r] over all r with ids[r] = n.

    ids (count,), rows (count, dim), out (size, dim). For a small `size` a product with the one-hot matrix is
    fastest, for a large one sorting; both are several times faster than np.add.at.
    """
    if size <= 256:
        return (ids == np.arange(size)[:, None]).astype(rows.dtype) @ rows    # (size, count) @ (count, dim)
    out = np.zeros((size, rows.shape[1]), rows.dtype)
    order = np.argsort(ids, kind="stable")
    first = np.flatnonzero(np.diff(ids[order], prepend=-1))                       # where each new id begins
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
    return _along(input, normalize_axis_index(dim, input.ndim or 1), index)


@method()
@differentiable
def take_along_dim(input, indices, dim=None):
    """Elements at `indices` along `dim`; other dimensions are broadcast. Without dim, both are taken flat."""
    shape = input.shape
    if dim is None:
        out, backward = _along(input.ravel(), 0, indices.ravel())
        return out, lambda g: backward(g).reshape(shape)
    _check_indices("take_along_dim", input, indices)
    axis = normalize_axis_index(dim, input.ndim)
    before = np.broadcast_shapes(shape[:axis], indices.shape[:axis])
    after = np.broadcast_shapes(shape[axis + 1:], indices.shape[axis + 1:])
    widen = lambda x: np.broadcast_to(x, (*before, x.shape[axis], *after))
    return _along(widen(input), axis, widen(indices))


def _check_indices(name, input, indices):
    if indices.dtype != int64 or indices.ndim != input.ndim:
        raise RuntimeError(f"{name}: indices must be int64 and have as many dimensions as the input, got "
                           f"{indices.dtype} of shape {indices.shape} for {input.shape}")


def _along(input, axis, index):
    """Elements at `index` along `axis`, found by their position in the flat array: flat `take` is fast."""
    shape = input.shape or (1,)
    fits = all(n <= size for d, (n, size) in enumerate(zip(index.shape, shape)) if d != axis)
    if not fits or index.size and index.view(np.uint64).max() >= shape[axis]:     # negative ones become huge
        raise RuntimeError(f"indices {index.min(initial=0)} ... {index.max(initial=0)}, shape {index.shape}, "
                           f"are out of bounds for dimension {axis} of {shape}")
    steps = [math.prod(shape[d + 1:]) for d in range(len(shape))]     # between neighbours in the flat array
    grid = np.ogrid[tuple(map(slice, index.shape))]
    starts = sum(grid[d] * steps[d] for d in range(index.ndim) if d != axis)
    positions = starts + (index if steps[axis] == 1 else index * steps[axis])
    return input.reshape(-1).take(positions, mode="clip"), lambda g: _add_at(positions, g, input.shape)


@method()
@differentiable
def index_select(input, dim, index):
    """The slices numbered by the vector `index` along `dim`."""
    axis = normalize_axis_index(dim, input.ndim)
    index, shape = np.atleast_1d(index), input.shape
    inside = not index.size or 0 <= index.min() <= index.max() < shape[axis]
    if index.ndim > 1 or index.dtype != int64 or not inside:
        raise IndexError(f"index_select: expected a vector of int64, 0 ... {shape[axis] - 1}, got {index!r}")

    def backward(g):
        g = np.moveaxis(g, axis, 0)                                               # (count, ...)
        rows = scatter_add_rows(index, g.reshape(len(g), math.prod(g.shape[1:])), shape[axis])
        return np.moveaxis(rows.reshape(shape[axis], *g.shape[1:]), 0, axis)

    return input.take(index, axis), backward


# ---------------------------------------------------------------- masks and triangles

@method()
@differentiable
def masked_fill(input, mask, value):
    """`value` (a number or 0-d tensor) where the mask is True."""
    if mask.dtype != bool_ or np.ndim(value):
        raise RuntimeError(f"masked_fill needs a mask of dtype bool and one value, got {mask.dtype} and a value "
                           f"of shape {np.shape(value)}")
    out = np.where(mask, np.asarray(value).astype(input.dtype), input)
    return out, lambda g: np.where(mask, 0, g), None, lambda g: np.where(mask, g, 0)


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
