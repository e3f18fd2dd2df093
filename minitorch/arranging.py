"""Arrangements made of those in shaping: PyTorch's further names for views, copies and parts."""

import numpy as np

from minitorch.complaints import axis_of
from minitorch.joining import cat
from minitorch.operation import differentiable, method, numpy_names
from minitorch.shaping import (
    as_size,
    expand,
    flatten,
    permute,
    repeat,
    reshape,
    transpose,
    view,
)
from minitorch.tensor import Tensor, wrap

swapaxes = Tensor.swapaxes = transpose
concat = cat


# ---------------------------------------------------------------- like another


@method()
def view_as(input, other):
    return view(input, *other.shape)


@method()
def reshape_as(input, other):
    return reshape(input, *other.shape)


@method()
def expand_as(input, other):
    return expand(input, *other.shape)


@method()
def broadcast_to(input, size):
    """`expand` to a size given as one tuple."""
    return expand(input, *size)


# ---------------------------------------------------------------- another order


@method()
def t(input):
    """The transpose of a matrix; vectors and numbers stay as they are."""
    if input.ndim > 2:
        raise RuntimeError(
            f"t: expected at most 2 dimensions, got shape {input.shape}; use mT or transpose"
        )
    return input if input.ndim < 2 else transpose(input, 0, 1)


@method()
def movedim(input, source, destination):
    """Dimensions moved to where they are wanted; the others keep their order."""
    sources, targets = (
        [axis_of("movedim", int(d), input.shape) for d in np.atleast_1d(dims)]
        for dims in (source, destination)
    )
    if not len(sources) == len(targets) == len(set(sources)) == len(set(targets)):
        raise RuntimeError(
            f"movedim: each source needs a destination of its own, got {source} and {destination}"
        )
    others = iter([d for d in range(input.ndim) if d not in sources])
    return permute(
        input,
        [sources[targets.index(d)] if d in targets else next(others) for d in range(input.ndim)],
    )


# ---------------------------------------------------------------- another shape


@method()
def ravel(input):
    """One dimension."""
    return flatten(input)


@method()
@numpy_names
def unflatten(input, dim, sizes):
    """One dimension made several; one size may be -1."""
    axis = axis_of("unflatten", dim, input.shape)
    return reshape(input, *input.shape[:axis], *sizes, *input.shape[axis + 1 :])


# ---------------------------------------------------------------- together and apart


def vstack(tensors):
    """One below the other; vectors are rows."""
    if not len(tensors):
        raise RuntimeError("vstack: expected at least one tensor, got none")
    return cat([reshape(x, *(1,) * (2 - x.ndim), *x.shape) for x in tensors], 0)


def hstack(tensors):
    """Side by side: along dimension 1, of vectors along their only one."""
    if not len(tensors):
        raise RuntimeError("hstack: expected at least one tensor, got none")
    tensors = [x if x.ndim else x.reshape(1) for x in tensors]
    return cat(tensors, 0 if tensors[0].ndim == 1 else 1)


@method()
@numpy_names
def narrow(input, dim, start, length):
    """The part start ... start + length - 1 along `dim`, a view."""
    if not input.ndim:
        raise RuntimeError("narrow: a number has no part")
    axis = axis_of("narrow", dim, input.shape)
    size = input.shape[axis]
    start = start + size if start < 0 else start
    if length < 0 or not 0 <= start <= start + length <= size:
        raise RuntimeError(
            f"narrow: {length} elements from {start} are not in dimension {dim} of {input.shape}"
        )
    return input[(slice(None),) * axis + (slice(start, start + length),)]


@method()
@numpy_names
def select(input, dim, index):
    """Slice number `index` along `dim`, without it."""
    return input[(slice(None),) * axis_of("select", dim, input.shape) + (index,)]


# ---------------------------------------------------------------- again


@method()
def tile(input, *dims):
    """`repeat`, where dimensions that are not named are copied once."""
    dims = as_size(dims)
    return repeat(input, *(1,) * (input.ndim - len(dims)), *dims)


@method()
@numpy_names
def repeat_interleave(input, repeats, dim=None, *, output_size=None):
    """Each element `repeats` times in a row along `dim`; without dim, of the flat tensor."""
    if dim is None:
        input, dim = flatten(input), 0
    counts = np.broadcast_to(
        getattr(repeats, "_data", repeats), (input.shape[dim] if input.ndim else 1,)
    )
    return input.index_select(
        dim, wrap(np.repeat(np.arange(len(counts), dtype=np.int64), counts.astype(np.intp)))
    )


# ---------------------------------------------------------------- diagonals and grids


@method()
@differentiable
def diagonal(input, offset=0, dim1=0, dim2=1):
    """The diagonals of two dimensions; theirs becomes the last one."""
    shape = input.shape

    def backward(g):
        whole = np.zeros(shape, g.dtype)
        _diagonal_of(whole, offset, dim1, dim2)[...] = g
        return whole

    return _diagonal_of(input, offset, dim1, dim2), backward


def _diagonal_of(array, *where):
    """NumPy's is a view, read-only; PyTorch's can be written to."""
    view = np.diagonal(array, *where)
    view.flags.writeable = array.flags.writeable
    return view


@method()
def diag(input, diagonal=0):
    """The diagonal of a matrix, or a matrix with this vector on its diagonal and 0 elsewhere."""
    if input.ndim == 2:
        return input.diagonal(diagonal).clone()
    if input.ndim != 1:
        raise RuntimeError(f"diag: expected a vector or a matrix, got shape {input.shape}")
    return _matrix_with(input, diagonal)


@differentiable
def _matrix_with(input, diagonal):
    return np.diag(input, diagonal), lambda g: np.diagonal(g, diagonal)


def meshgrid(*tensors, indexing=None):
    """The coordinates of all points of a grid, from those along its sides. indexing: "ij" (the
    default) or "xy".
    """
    tensors = as_size(tensors)
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f"meshgrid: indexing must be 'ij' or 'xy', got {indexing!r}")
    swap = indexing == "xy" and len(tensors) > 1
    order = [1, 0, *range(2, len(tensors))] if swap else list(range(len(tensors)))
    sizes = [tensors[n].numel() for n in order]
    return tuple(
        expand(reshape(x, *[-1 if d == order.index(n) else 1 for d in range(len(tensors))]), *sizes)
        for n, x in enumerate(tensors)
    )
