"""Several tensors made one, and one taken apart. Pieces are views: they share its memory."""

import itertools

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minitorch.complaints import axis_of
from minitorch.dtypes import result_type
from minitorch.graph import Part
from minitorch.operation import differentiable, method, numpy_names
from minitorch.views import note_siblings


@numpy_names
def cat(tensors, dim=0):
    """Tensors one after the other along `dim`. A vector of no elements fits anywhere."""
    if not len(tensors):
        raise ValueError("cat: expected at least one tensor, got none")
    return _cat(*tensors, dim=dim)


@differentiable
def _cat(*inputs, dim):
    if (0,) in [x.shape for x in inputs]:  # an empty vector fits anywhere
        shape = max((x.shape for x in inputs), key=len)
        nothing = np.empty((*shape[:dim], 0, *shape[dim:][1:]))
        inputs = [nothing.astype(x.dtype) if x.shape == (0,) else x for x in inputs]
    out = np.concatenate(inputs, dim, dtype=result_type(*inputs))
    out = np.asarray(out, order="C")  # NumPy's may be in another order
    before = (slice(None),) * normalize_axis_index(dim, out.ndim)
    ends = list(itertools.accumulate([x.shape[dim] for x in inputs]))
    slices = [(*before, slice(start, end)) for start, end in zip([0, *ends], ends)]
    return out, *[lambda g, piece=piece: g[piece] for piece in slices]


@numpy_names
def stack(tensors, dim=0):
    """Tensors of one shape side by side along a new dimension."""
    if not len(tensors):
        raise RuntimeError("stack: expected at least one tensor, got none")
    return _stack(*tensors, dim=dim)


@differentiable
def _stack(*inputs, dim):
    out = np.asarray(np.stack(inputs, dim, dtype=result_type(*inputs)), order="C")
    return out, *[lambda g, n=n: np.moveaxis(g, dim, 0)[n] for n in range(len(inputs))]


@method()
def split(tensor, split_size_or_sections, dim=0):
    """Pieces along `dim`: all of one size (the last may be smaller), or of the sizes listed."""
    axis, sizes = axis_of("split", dim, tensor.shape), split_size_or_sections
    if not tensor.ndim:
        raise RuntimeError("split: a number cannot be taken apart")
    length = tensor.shape[axis]
    if isinstance(sizes, int):
        if sizes < 1 and length:
            raise RuntimeError(f"split: the size of a piece must be positive, got {sizes}")
        sizes = [min(sizes, length - start) for start in range(0, length, sizes or 1)] or [0]
    if sum(sizes) != length:
        raise RuntimeError(
            f"split: sizes {list(sizes)} do not add up to dimension {dim} of {tensor.shape}"
        )
    ends = np.cumsum(sizes).tolist()
    return note_siblings(
        tuple(_piece(tensor, dim, slice(end - size, end)) for size, end in zip(sizes, ends)),
        "split",
    )


@method()
@numpy_names
def chunk(input, chunks, dim=0):
    """At most `chunks` pieces of equal size along `dim`; the last may be smaller."""
    if chunks < 1:
        raise RuntimeError(f"chunk: the number of chunks must be positive, got {chunks}")
    length = input.shape[axis_of("chunk", dim, input.shape)] if input.ndim else 1
    return split(input, -(-length // chunks) or [0] * chunks, dim)


@method()
@numpy_names
def unbind(input, dim=0):
    """The slices along `dim`, without it."""
    return note_siblings(tuple(_piece(input, dim, n) for n in range(input.size(dim))), "unbind")


@differentiable
def _piece(input, dim, where):
    index = (slice(None),) * normalize_axis_index(dim, input.ndim) + (where, ...)
    return input[index], lambda g: Part(index, g)
