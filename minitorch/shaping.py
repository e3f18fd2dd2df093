"""The same elements in another shape or order. Most results are views: they share memory."""

import functools
import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minitorch.complaints import axis_of
from minitorch.operation import differentiable, method
from minitorch.tensor import Tensor


def as_size(given):
    """(2, 3) from both f(2, 3) and f((2, 3))."""
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], (tuple, list)) else given


def sizes_by_keyword(*names):
    """Let a function of `*sizes` take them by keyword, too: x.permute(dims=(1, 0))."""

    def named(function):
        @functools.wraps(function)
        def called(*inputs, **options):
            for name in names:
                if name in options:
                    inputs = (*inputs, as_size((options.pop(name),)))
            return function(*inputs, **options)

        return called

    return named


# ---------------------------------------------------------------- another shape


@method()
@sizes_by_keyword("shape")
def reshape(input, *shape):
    """Another shape with the same elements in the same order; one size may be -1."""
    shape = as_size(shape)
    if min(shape, default=0) < -1:  # NumPy takes any negative number for -1
        raise RuntimeError(f"reshape: sizes are 0 or more, and one may be -1, got {tuple(shape)}")
    return _reshape(input, shape)


@differentiable
def _reshape(input, shape):
    before = input.shape
    return input.reshape(shape), lambda g: g.reshape(before)


@method()
def view(input, *shape):
    """Like `reshape`, but RuntimeError where the elements would have to be copied."""
    out = reshape(input, *shape)
    if out.numel() and not np.may_share_memory(out._data, input._data):
        raise RuntimeError(
            f"view: memory of shape {input.shape} and strides {input._data.strides} cannot be "
            f"seen as {out.shape} without copying; use reshape"
        )
    return out


@method()
def flatten(input, start_dim=0, end_dim=-1):
    """Dimensions start_dim ... end_dim made one."""
    shape = input.shape or (1,)
    start, end = (axis_of("flatten", dim, shape) for dim in (start_dim, end_dim))
    if start > end:
        raise RuntimeError(
            f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {shape}"
        )
    return reshape(input, *shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])


@method()
@differentiable
def unsqueeze(input, dim):
    """A new dimension of size 1."""
    shape = input.shape
    return np.expand_dims(input, dim), lambda g: g.reshape(shape)


@method()
@differentiable
def squeeze(input, dim=None):
    """Without dimensions of size 1: all of them, or those in `dim`."""
    shape = input.shape
    dims = range(len(shape)) if dim is None else dim if isinstance(dim, (tuple, list)) else (dim,)
    dims = [normalize_axis_index(d, len(shape) or 1) for d in dims]
    return input.squeeze(tuple(d for d in dims if shape[d : d + 1] == (1,))), lambda g: g.reshape(
        shape
    )


@method()
def expand(input, *sizes):
    """Stretched to `sizes` without copying; -1 keeps a size."""
    return _expand(input, as_size(sizes))


@differentiable
def _expand(input, sizes):
    kept = (-1,) * (len(sizes) - input.ndim) + input.shape
    sizes = tuple(old if size == -1 else size for size, old in zip(sizes, kept))
    out = np.broadcast_to(input, sizes)
    out.flags.writeable = input.flags.writeable  # NumPy's is read only
    return out, lambda g: g  # the engine sums what was stretched


@method()
def repeat(input, *sizes):
    """Copied sizes[d] times along each dimension d; further dimensions come in front."""
    return _repeat(input, as_size(sizes))


@differentiable
def _repeat(input, sizes):
    if len(sizes) < input.ndim:
        raise RuntimeError(
            f"repeat needs a number for each dimension of {input.shape}, got {sizes}"
        )
    shape = (1,) * (len(sizes) - input.ndim) + input.shape
    pairs = [n for pair in zip(sizes, shape) for n in pair]  # copies, size, copies, size, ...
    return np.tile(input, sizes), lambda g: g.reshape(pairs).sum(tuple(range(0, len(pairs), 2)))


# ---------------------------------------------------------------- another order


@method()
@differentiable
def transpose(input, dim0, dim1):
    """Two dimensions exchanged."""
    if not input.ndim:  # a number has a dimension 0 by courtesy
        return input[...], lambda g: g
    return input.swapaxes(dim0, dim1), lambda g: g.swapaxes(dim0, dim1)


@method()
@sizes_by_keyword("dims")
def permute(input, *dims):
    """The dimensions in another order."""
    return _permute(input, as_size(dims))


@differentiable
def _permute(input, dims):
    return input.transpose(dims), lambda g: g.transpose(np.argsort([d % len(dims) for d in dims]))


Tensor.T = property(
    lambda self: permute(self, *range(self.ndim)[::-1]), doc="Dimensions in reverse order."
)
Tensor.mT = property(lambda self: transpose(self, -2, -1), doc="The last two dimensions exchanged.")


@method()
@sizes_by_keyword("dims")
def flip(input, *dims):
    """A copy in reverse order along `dims`."""
    return _flip(input, as_size(dims))


@differentiable
def _flip(input, dims):
    return np.flip(input, dims).copy(), lambda g: np.flip(g, dims)


@method()
@differentiable
def roll(input, shifts, dims=None):
    """A copy moved along `dims`; what falls off at one end comes back at the other."""
    if np.size(shifts) != (1 if dims is None else np.size(dims)):
        raise RuntimeError(
            f"roll needs one shift for each dimension, got shifts {shifts} and dims {dims}"
        )
    return np.roll(input, shifts, dims), lambda g: np.roll(g, np.negative(shifts), dims)


@method()
def contiguous(input):
    """The tensor itself if it lies in memory row after row, else a copy that does."""
    return input if input.is_contiguous() else clone(input)


@method()
@differentiable
def clone(input):
    """A copy; gradients go on to the original."""
    return input.copy(), lambda g: g
