"""Changes in place: x += y, x[index] = y, x.copy_(y), ... They are recorded like other operations.

What is changed gets a new node, and so does what it is a view of (views.py). What needed the old
values for its gradient will refuse to give one (watch.py).
"""

import numpy as np

from minitorch import arithmetic, rounding
from minitorch.dtypes import DTYPES, KINDS, as_number
from minitorch.graph import Node, grad_mode
from minitorch.operation import made_by
from minitorch.tensor import Tensor, wrap
from minitorch.views import Region, Unfollowed, tell_base
from minitorch.watch import mark_as_changed, refuse_overlap


def write(x, values, index=..., picked=(), overlapping=False):
    """x[index][picked] = values, in place.

    index: of integers, slices and None; picked: an index with arrays, or (). overlapping: also
    where several elements are one number in memory, if nothing is recorded. RuntimeError where
    PyTorch refuses: for leaves that require a gradient, some views, and shapes that do not fit.
    """
    recorded = _is_recorded(x, values)
    _refuse_unless_recordable(x, recorded)
    _refuse_unless_writable(x._data if recorded else x._data[index], overlapping and not recorded)
    refuse_overlap(x._data[index], (values,))
    array = values._data if isinstance(values, Tensor) else as_number(values, x.dtype)
    try:
        x._data[index][picked] = array
    except ValueError:
        shape = x._data[index][picked].shape
        raise RuntimeError(f"values of shape {array.shape} do not fit into {shape}") from None
    mark_as_changed(x._data)
    if recorded and x.is_floating_point():
        edges = []
        if made_by(x) is not None:
            edges.append((made_by(x), lambda g: _cleared(g, index, picked)))
        if isinstance(values, Tensor) and made_by(values) is not None:
            edges.append((made_by(values), lambda g: g[index][picked]))
        x._node = Node("copy_slices", x._data, edges)
        tell_base(x)
    return x


def _cleared(g, index, picked):
    g = np.array(g)
    g[index][picked] = 0
    return g


def in_place(operation):
    """The method that overwrites a tensor with the result of an operation on it."""

    def change(self, *inputs, **options):
        recorded = _is_recorded(self, *inputs, *options.values())
        _refuse_unless_recordable(self, recorded)
        _refuse_unless_writable(self._data)
        refuse_overlap(self._data, (*inputs, *options.values()))
        before = self
        if recorded:  # its derivative may need the old values
            before = wrap(self._data.copy())
            before._node = made_by(self)
        after = operation(before, *inputs, **options)
        if KINDS[DTYPES.index(after.dtype)] > KINDS[DTYPES.index(self.dtype)]:
            raise RuntimeError(
                f"result type {after.dtype} can't be stored in a tensor of {self.dtype}"
            )
        if after.shape != self.shape:
            raise RuntimeError(
                f"a result of shape {after.shape} can't be stored in a tensor of shape {self.shape}"
            )
        self._data[...] = after._data
        mark_as_changed(self._data)
        if recorded:
            self._node = after.to(self.dtype)._node
            tell_base(self)
        return self

    change.__name__, change.__doc__ = f"{operation.__name__}_", f"`{operation.__name__}`, in place."
    return change


def also_in_place(*operations):
    """Give Tensor a method for each that overwrites it: add_ for add."""
    for operation in operations:
        setattr(Tensor, f"{operation.__name__}_", in_place(operation))


def _is_recorded(x, *others):
    if not grad_mode.enabled:
        return False
    return (
        x.requires_grad
        or x._base is not None
        and x._base.requires_grad
        or any(isinstance(other, Tensor) and other.requires_grad for other in others)
    )


def _refuse_unless_recordable(x, recorded):
    if not recorded:
        return
    if x.is_leaf and x.requires_grad:
        raise RuntimeError(
            "a leaf that requires grad is being used in an in-place operation: update parameters "
            "inside `with no_grad():`, or change a copy, x.clone()"
        )
    base = x._base
    if isinstance(base, Unfollowed):
        raise RuntimeError(
            f"{base.reason}, and is being modified in place: change a copy, x.clone()"
        )
    if base is not None and base.is_leaf and base.requires_grad:
        raise RuntimeError(
            "a view of a leaf that requires grad is being used in an in-place operation: update "
            "parameters inside `with no_grad():`, or change a copy, x.clone()"
        )
    if base is not None:
        Region(x, base)  # refuses what it cannot describe


def _refuse_unless_writable(array, overlapping=False):
    if not array.flags.writeable:
        raise RuntimeError("this tensor's memory is read-only: clone() it before changing it")
    stretched = any(size > 1 and not step for size, step in zip(array.shape, array.strides))
    if array.size and stretched and not overlapping:
        raise RuntimeError(
            "in-place change of a tensor that was expanded: several of its elements are one number "
            f"in memory, in shape {array.shape}; clone() it first"
        )


def _copy(self, src):
    """The values of `src`, a tensor or a number, broadcast and cast."""
    if not isinstance(src, (Tensor, int, float, np.generic)):
        raise TypeError(
            f"copy_ takes a tensor or a number, not {type(src).__name__}: wrap it in tensor(...)"
        )
    if isinstance(src, Tensor) and src.ndim > self.ndim:
        raise RuntimeError(f"copy_: values of shape {src.shape} do not fit into {self.shape}")
    return write(self, src)


def _fill(self, value):
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(
            f"fill_ takes one value, a number or a 0-d tensor, not a tensor of shape {value.shape}"
        )
    return write(self, value, overlapping=True)


Tensor._write = write
Tensor.copy_, Tensor.fill_, Tensor.zero_ = _copy, _fill, lambda self: _fill(self, 0)
also_in_place(
    arithmetic.add,
    arithmetic.sub,
    arithmetic.mul,
    rounding.div,
    arithmetic.pow,
    arithmetic.clamp,
    arithmetic.neg,
    arithmetic.abs,
    arithmetic.exp,
    arithmetic.log,
    arithmetic.sqrt,
    arithmetic.rsqrt,
    arithmetic.sin,
    arithmetic.cos,
    arithmetic.tanh,
    arithmetic.sigmoid,
    rounding.floor,
    rounding.ceil,
    rounding.round,
    rounding.floor_divide,
    rounding.remainder,
)
Tensor.__iadd__, Tensor.__isub__, Tensor.__imul__ = Tensor.add_, Tensor.sub_, Tensor.mul_
Tensor.__itruediv__, Tensor.__ipow__ = Tensor.div_, Tensor.pow_
Tensor.__ifloordiv__, Tensor.__imod__ = Tensor.floor_divide_, Tensor.remainder_
