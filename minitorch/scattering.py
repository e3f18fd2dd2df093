"""Writing and adding values where indices or masks say, and picking by a mask."""

import numpy as np

from minitorch.complaints import axis_of
from minitorch.indexing import masked_fill, tril, triu
from minitorch.inplace import also_in_place
from minitorch.operation import differentiable, method, numpy_names


def _everywhere(index, axis):
    """An index of NumPy's: index[i][j] along `axis`, and i, j, ... along the other dimensions."""
    return tuple(
        index if d == axis else grid
        for d, grid in enumerate(np.ogrid[tuple(map(slice, index.shape))])
    )


def _checked(name, input, dim, index, src):
    """The axis, and the index at least 1-d; complains where they don't fit."""
    axis = axis_of(name, dim, input.shape)
    if index.dtype.kind != "i" or max(index.ndim, 1) != max(input.ndim, 1):
        raise RuntimeError(
            f"{name}: the index must be int64 and have as many dimensions as the input, got "
            f"{index.dtype} of shape {index.shape} for {input.shape}"
        )
    shape = input.shape or (1,)
    if index.size and not 0 <= index.min() <= index.max() < shape[axis]:
        raise RuntimeError(
            f"{name}: indices {index.min()} ... {index.max()} are out of bounds for dimension "
            f"{dim} "
            f"of {shape}"
        )
    fits = all(n <= m for d, (n, m) in enumerate(zip(index.shape, shape)) if d != axis)
    if index.size and not (
        fits and (not np.ndim(src) or all(n <= m for n, m in zip(index.shape, src.shape)))
    ):
        raise RuntimeError(
            f"{name}: an index of shape {index.shape} does not fit into {shape}"
            + (f" and {src.shape}" if np.ndim(src) else "")
        )
    return axis


@method()
@numpy_names
def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """A copy with out[index[i][j]][j] = src[i][j] for dim = 0, and likewise for the others; or one
    number `value`.
    """
    if reduce is not None:
        raise NotImplementedError(f"scatter: minitorch has no reduce={reduce!r}: use scatter_add")
    return _scatter(input, dim, index, value if src is None else src)


@differentiable
def _scatter(input, dim, index, src):
    axis = _checked("scatter", input, dim, index, src)
    if isinstance(src, np.ndarray) and src.dtype != input.dtype:
        raise RuntimeError(
            f"scatter: input and src must have one dtype, got {input.dtype} and {src.dtype}"
        )
    if not index.size:
        return input.copy(), lambda g: g, None, None, lambda g: np.zeros(np.shape(src), g.dtype)
    shape, places, part = (
        input.shape,
        _everywhere(np.atleast_1d(index), axis),
        tuple(map(slice, index.shape)),
    )
    out = np.atleast_1d(input.copy())
    out[places] = src[part] if np.ndim(src) else src

    def back_input(g):
        g = np.atleast_1d(g.copy())
        g[places] = 0
        return g.reshape(shape)

    def back_src(g):
        picked = np.atleast_1d(g)[places]
        if not np.ndim(src):
            return picked.reshape(np.shape(src)) if picked.size == 1 else picked.sum()
        whole = np.zeros(src.shape, g.dtype)
        whole[part] = picked
        return whole

    return out.reshape(shape), back_input, None, None, back_src


@method()
@differentiable
def scatter_add(input, dim, index, src):
    """A copy with src[i][j] added at out[index[i][j]][j] for dim = 0; likewise for the others."""
    axis = _checked("scatter_add", input, dim, index, src)
    if src.dtype != input.dtype:
        raise RuntimeError(
            f"scatter_add: input and src must have one dtype, got {input.dtype} and {src.dtype}"
        )
    if not index.size:
        return input.copy(), lambda g: g, None, None, lambda g: np.zeros(src.shape, g.dtype)
    places, part = _everywhere(np.atleast_1d(index), axis), tuple(map(slice, index.shape))
    shape, src_shape, out = input.shape, src.shape, np.atleast_1d(input.copy())
    np.add.at(out, places, src[part])

    def back_src(g):
        whole = np.zeros(src_shape, g.dtype)
        whole[part] = np.atleast_1d(g)[places].reshape(whole[part].shape)
        return whole

    return out.reshape(shape), lambda g: g, None, None, back_src


@method()
@differentiable
def index_add(input, dim, index, source, *, alpha=1):
    """A copy with slice n of `source` added to slice index[n] along `dim`."""
    axis = axis_of("index_add", dim, input.shape)
    index, length = np.atleast_1d(index), (input.shape or (1,))[axis]
    if index.ndim > 1 or index.size and not 0 <= index.min() <= index.max() < length:
        raise IndexError(f"index_add: expected a vector of indices 0 ... {length - 1}, got {index}")
    fitting = (*input.shape[:axis], len(index), *input.shape[axis + 1 :])
    if (source.shape or (1,)) != fitting:
        raise RuntimeError(
            f"index_add: a source of shape {source.shape} has no slice for each of {len(index)} "
            "indices "
            f"along dimension {dim} of {input.shape}"
        )
    if source.dtype != input.dtype:
        raise RuntimeError(
            f"index_add: input and source must have one dtype, got {input.dtype} and {source.dtype}"
        )
    shape, source_shape = input.shape, source.shape
    out, places = np.atleast_1d(input.copy()), (slice(None),) * axis + (index,)
    np.add.at(out, places, alpha * np.atleast_1d(source))
    return (
        out.reshape(shape),
        lambda g: g,
        None,
        None,
        lambda g: alpha * np.atleast_1d(g)[places].reshape(source_shape),
    )


@method()
def masked_select(input, mask):
    """The elements where the mask is True, in one dimension; both are broadcast."""
    shape = np.broadcast_shapes(input.shape, mask.shape)
    return input.expand(shape)[mask.expand(shape)]


also_in_place(scatter, scatter_add, index_add, masked_fill, tril, triu)
