"""The same numbers in another shape or order. Most of these are views: they share memory with their input."""
import math

import numpy as np

from minitorch.operation import differentiable, method, result_type
from minitorch.tensor import Part, Tensor


def _numbers(given):
    """(2, 3) from both f(2, 3) and f((2, 3))."""
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], (tuple, list)) else given


# ---------------------------------------------------------------- another shape

@method()
def reshape(input, *shape):
    """Another shape with the same elements in the same order; one size may be -1."""
    return _reshape(input, shape=_numbers(shape))


@differentiable
def _reshape(input, *, shape):
    return input.reshape(shape), lambda g: g.reshape(input.shape)


@method()
def view(input, *shape):
    """Like reshape, but RuntimeError where the elements would have to be copied."""
    out = reshape(input, *shape)
    if out.numel() and not np.may_share_memory(out._data, input._data):
        raise RuntimeError(f"view: the memory of a {input.shape} tensor with strides {input._data.strides} cannot be "
                           f"seen as {out.shape} without copying; use reshape")
    return out


@method()
def flatten(input, start_dim=0, end_dim=-1):
    """Dimensions start_dim ... end_dim made one."""
    start, end = (range(input.ndim)[dim] for dim in (start_dim, end_dim)) if input.ndim else (0, 0)
    return reshape(input, input.shape[:start] + (math.prod(input.shape[start:end + 1]),) + input.shape[end + 1:])


@method()
@differentiable
def unsqueeze(input, dim):
    """A new dimension of size 1."""
    return np.expand_dims(input, dim), lambda g: g.reshape(input.shape)


@method()
@differentiable
def squeeze(input, dim=None):
    """Without dimensions of size 1: all of them, or those in `dim`."""
    dims = range(input.ndim) if dim is None else dim if isinstance(dim, (tuple, list)) else (dim,)
    ones = tuple(d for d in dims if input.ndim and range(input.ndim)[d] >= 0 and input.shape[d] == 1)
    return np.squeeze(input, ones), lambda g: g.reshape(input.shape)


@method()
def expand(input, *sizes):
    """Stretched to `sizes` without copying; -1 keeps a size."""
    sizes = _numbers(sizes)
    kept = (None,) * (len(sizes) - input.ndim) + input.shape
    return _expand(input, sizes=tuple(old if size == -1 else size for size, old in zip(sizes, kept)))


@differentiable
def _expand(input, *, sizes):
    return np.broadcast_to(input, sizes), lambda g: g                 # the engine sums over broadcast dimensions


@method()
def repeat(input, *sizes):
    """Copied sizes[d] times along each dimension d; further dimensions come in front."""
    sizes = _numbers(sizes)
    if len(sizes) < input.ndim:
        raise RuntimeError(f"repeat needs a number for each dimension of {input.shape}, got {sizes}")
    return _repeat(input, sizes=sizes)


@differentiable
def _repeat(input, *, sizes):
    shape = (1,) * (len(sizes) - input.ndim) + input.shape
    pairs = [n for pair in zip(sizes, shape) for n in pair]                       # copies, size, copies, size, ...
    return np.tile(input, sizes), lambda g: g.reshape(pairs).sum(axis=tuple(range(0, len(pairs), 2))).reshape(input.shape)


# ---------------------------------------------------------------- another order

@method()
@differentiable
def transpose(input, dim0, dim1):
    """Two dimensions exchanged."""
    return np.swapaxes(input, dim0, dim1), lambda g: np.swapaxes(g, dim0, dim1)


@method()
def permute(input, *dims):
    """The dimensions in another order."""
    return _permute(input, dims=_numbers(dims))


@differentiable
def _permute(input, *, dims):
    back = np.argsort([range(input.ndim)[dim] for dim in dims])
    return np.transpose(input, dims), lambda g: np.transpose(g, back)


Tensor.T = property(lambda self: permute(self, *range(self.ndim)[::-1]), doc="All dimensions in reverse order.")
Tensor.mT = property(lambda self: transpose(self, -2, -1), doc="The last two dimensions exchanged.")


@method()
def flip(input, *dims):
    """In reverse order along `dims`."""
    return _flip(input, dims=_numbers(dims))


@differentiable
def _flip(input, *, dims):
    return np.flip(input, dims), lambda g: np.flip(g, dims)


@method()
@differentiable
def roll(input, shifts, dims=None):
    """Moved along `dims`; what falls off at one end comes back at the other."""
    back = tuple(-s for s in shifts) if isinstance(shifts, (tuple, list)) else -shifts
    return np.roll(input, shifts, dims), lambda g: np.roll(g, back, dims)


@method()
@differentiable
def contiguous(input):
    """The same values, in memory row after row."""
    return np.ascontiguousarray(input).reshape(input.shape), lambda g: g


@method()
@differentiable
def clone(input):
    """A copy; gradients go on to the original."""
    return input.copy(), lambda g: g


# ---------------------------------------------------------------- together and apart

def cat(tensors, dim=0):
    """Tensors one behind the other along `dim`."""
    if not len(tensors):
        raise RuntimeError("cat: expected a non-empty list of tensors")
    return _cat(*tensors, dim=dim)


@differentiable
def _cat(*inputs, dim):
    dtype = result_type(*inputs)
    edges = np.cumsum([x.shape[dim] for x in inputs if x.ndim])[:-1]
    return (np.concatenate(inputs, axis=dim, dtype=dtype), lambda g: tuple(np.split(g, edges, axis=dim)))


def stack(tensors, dim=0):
    """Tensors of one shape side by side along a new dimension."""
    return cat([unsqueeze(x, dim) for x in tensors], dim)


@method()
def split(tensor, split_size_or_sections, dim=0):
    """Pieces along `dim`: all of one size (the last may be smaller), or of the sizes listed."""
    length, sizes = tensor.shape[dim], split_size_or_sections
    if isinstance(sizes, int):
        if sizes <= 0:
            raise RuntimeError(f"split: the size of a piece must be positive, got {sizes}")
        sizes = [min(sizes, length - start) for start in range(0, length, sizes)] or [0]
    if sum(sizes) != length:
        raise RuntimeError(f"split: sizes {list(sizes)} do not add up to dimension {dim} of {tensor.shape}")
    ends = np.cumsum(sizes).tolist()
    return tuple(_piece(tensor, index=_along(dim, slice(end - size, end), tensor.ndim)) for size, end in zip(sizes, ends))


@method()
def chunk(input, chunks, dim=0):
    """At most `chunks` pieces of equal size along `dim`; the last may be smaller."""
    if chunks <= 0:
        raise RuntimeError(f"chunk: the number of chunks must be positive, got {chunks}")
    return split(input, max(1, -(-input.shape[dim] // chunks)), dim)


@method()
def unbind(input, dim=0):
    """The slices along `dim`, without it."""
    return tuple(_piece(input, index=_along(dim, n, input.ndim)) for n in range(input.shape[dim]))


def _along(dim, item, ndim):
    return (slice(None),) * range(ndim)[dim] + (item,)


@differentiable
def _piece(input, *, index):
    return input[index], lambda g: Part(index, g)
