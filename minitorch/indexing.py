"""Picking elements out of tensors, and putting gradients back to where they came from."""
import numpy as np

from minitorch.operation import differentiable, method
from minitorch.tensor import Part, Tensor, bool_, int64


def scatter_add_rows(ids, rows, size):
    """Add up rows that belong together: out[n] is the sum of rows[r] over all r with ids[r] = n.

    ids (count,), rows (count, dim), out (size, dim). For few ids a product with the one-hot matrix is fastest,
    for many it is sorting; both are several times faster than np.add.at.
    """
    if size <= 256:
        return (ids == np.arange(size)[:, None]).astype(rows.dtype) @ rows        # one-hot (size, count) @ (count, dim)
    out = np.zeros((size, rows.shape[1]), rows.dtype)
    if len(ids):
        order = np.argsort(ids, kind="stable")
        first = np.flatnonzero(np.diff(ids[order], prepend=-1))                   # where each new id begins
        out[ids[order][first]] = np.add.reduceat(rows[order], first, axis=0)
    return out


# ---------------------------------------------------------------- x[...]

@method("__getitem__")
def getitem(input, index):
    """x[index] with numbers, slices, None, `...`, truth values and integer arrays, as in NumPy."""
    return _getitem(input, key=_key(index))


@differentiable
def _getitem(input, *, key):
    if _is_basic(key):
        return input[key], lambda g: Part(key, g)                                 # a view

    def backward(g):
        if isinstance(key, np.ndarray) and key.dtype == int64 and input.ndim:     # rows, perhaps repeated
            ids = key.ravel() % len(input)
            return scatter_add_rows(ids, g.reshape(key.size, -1), len(input)).reshape(input.shape)
        out = np.zeros_like(input)
        np.add.at(out, key, g)
        return out

    return input[key], backward


@method()
def __setitem__(input, index, value):
    """x[index] = value, in place; refused while operations on x are recorded."""
    input._write(value, _key(index))


def _key(index):
    """An index as NumPy takes it: tensors and lists as arrays."""
    if isinstance(index, tuple):
        return tuple(_key(part) for part in index)
    if isinstance(index, slice) and (index.step or 1) < 0:
        raise ValueError("slices with a negative step are not possible; use flip")
    if isinstance(index, list):
        index = np.asarray(index, int64 if not index else None)
    index = index._data if isinstance(index, Tensor) else index
    if isinstance(index, np.ndarray) and index.dtype.kind not in "ib":
        raise IndexError(f"tensors used as indices must be int64 or bool, not {index.dtype}")
    return index


def _is_basic(key):
    return not any(isinstance(part, (np.ndarray, bool)) for part in (key if isinstance(key, tuple) else (key,)))


# ---------------------------------------------------------------- along one dimension

@method()
def gather(input, dim, index):
    """out[i][j] = input[i][index[i][j]] for dim = 1, and likewise for the others. No broadcasting.

    index: int64, of the same number of dimensions; in all but `dim` it may be smaller than the input.
    """
    if index.ndim != input.ndim:
        raise RuntimeError(f"gather: index {index.shape} and input {input.shape} need the same number of dimensions")
    cut = tuple(slice(None) if d == range(input.ndim)[dim] else slice(n) for d, n in enumerate(index.shape))
    return take_along_dim(input[cut] if input.ndim else input, index, dim)


@method()
def take_along_dim(input, indices, dim=None):
    """input's elements at `indices` along `dim`; the other dimensions are broadcast. Without dim, input is flat."""
    if dim is None:
        return take_along_dim(input.reshape(-1), indices.reshape(-1), 0)
    if indices.dtype != int64:
        raise RuntimeError(f"indices must be int64, got {indices.dtype}; use x.long()")
    size = input.shape[dim] if input.ndim else 1
    if indices.numel() and not 0 <= indices._data.min() <= indices._data.max() < size:
        raise RuntimeError(f"indices must be 0 ... {size - 1} along dimension {dim} of {input.shape}, got "
                           f"{indices._data.min()} ... {indices._data.max()}")
    if input.ndim == 0:
        return input
    return _take_last(input.transpose(dim, -1), indices=np.swapaxes(indices._data, dim, -1)).transpose(dim, -1)


@differentiable
def _take_last(input, *, indices):
    """Along the last dimension, by numbering all elements: element n of row r is number r * size + n.

    One-dimensional take and add.at are many times faster than their general forms.
    """
    lead, size = np.broadcast_shapes(input.shape[:-1], indices.shape[:-1]), input.shape[-1]
    whole = np.broadcast_to(input, (*lead, size))
    flat = np.broadcast_to(indices, (*lead, indices.shape[-1])).reshape(-1, indices.shape[-1])
    flat = flat + np.arange(0, len(flat) * size, size)[:, None]                   # (rows, taken)
    out = whole.reshape(-1).take(flat)

    def backward(g):
        total = np.zeros(whole.size, g.dtype)
        np.add.at(total, flat.ravel(), g.ravel())
        return total.reshape(whole.shape)

    return out.reshape(*lead, indices.shape[-1]), backward


@method()
@differentiable
def index_select(input, dim, index):
    """The slices numbered by the vector `index` along `dim`."""
    if index.ndim > 1 or index.dtype != int64:
        raise IndexError(f"index_select: index must be an int64 vector, got {index.dtype} of shape {index.shape}")

    def backward(g):
        moved = np.moveaxis(g, dim, 0)
        size, rest = input.shape[dim], moved.shape[1:]
        return np.moveaxis(scatter_add_rows(index.ravel(), moved.reshape(index.size, -1), size).reshape(size, *rest), 0, dim)

    return np.take(input, index.ravel(), axis=dim), backward


# ---------------------------------------------------------------- masks and triangles

@method()
def masked_fill(input, mask, value):
    """`value` where the mask is True."""
    if mask.dtype != bool_:
        raise RuntimeError(f"masked_fill needs a mask of dtype bool, got {mask.dtype}")
    return _masked_fill(input, mask=mask._data, value=value.item() if isinstance(value, Tensor) else value)


@differentiable
def _masked_fill(input, *, mask, value):
    return np.where(mask, input.dtype.type(value), input), lambda g: np.where(mask, 0, g)


@method()
@differentiable
def tril(input, diagonal=0):
    """The lower triangle of the last two dimensions, from the given diagonal down; zero above."""
    return np.tril(input, diagonal), lambda g: np.tril(g, diagonal)


@method()
@differentiable
def triu(input, diagonal=0):
    """The upper triangle of the last two dimensions, from the given diagonal up; zero below."""
    return np.triu(input, diagonal), lambda g: np.triu(g, diagonal)
