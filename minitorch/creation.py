"""New tensors: from data, filled and counted, and tensors of another type.

Everywhere: floating point numbers are float32 unless `dtype` says otherwise; `requires_grad` makes
a leaf.
"""

import math
import operator
from collections import deque

import numpy as np

from minitorch.device import CPU, check_device, on_cpu
from minitorch.device import device as Device
from minitorch.dtypes import (
    DTYPES,
    as_dtype,
    as_number,
    bool_,
    float32,
    float64,
    int32,
    int64,
    result_type,
)
from minitorch.operation import differentiable, method
from minitorch.shaping import as_size, sizes_by_keyword
from minitorch.tensor import Tensor, wrap

# ---------------------------------------------------------------- from data


@on_cpu
def tensor(data, *, dtype=None, requires_grad=False):
    """A new tensor with a copy of `data`: numbers, nested lists, arrays, which keep their dtype."""
    if isinstance(data, (Tensor, np.ndarray)):
        data = data if isinstance(data, Tensor) else from_numpy(data)
        return wrap(np.array(data._data, as_dtype(dtype)), requires_grad)
    dtype = dtype or _dtype_of(data)
    try:
        return wrap(np.array(data, as_dtype(dtype)), requires_grad)
    except OverflowError:
        raise ValueError(
            f"tensor: a number in the data is too large for {as_dtype(dtype)}"
        ) from None
    except ValueError:
        raise ValueError(
            "tensor: lists beside each other must have the same length, at every level"
        ) from None


def _dtype_of(data):
    """What `tensor` makes of numbers and nested lists: Python's are bool, int64 and float32,
    others keep theirs.
    """
    if isinstance(data, (list, tuple, deque, range)):
        kinds = set(map(type, data))
        if kinds <= {bool, int, float}:  # the frequent case, quickly
            return float32 if float in kinds or not kinds else int64 if int in kinds else bool_
        if any(isinstance(x, Tensor) and x.numel() != 1 for x in data):
            raise ValueError("tensor: tensors of several elements are joined by torch.stack")
        return max(map(_dtype_of, data), key=DTYPES.index)
    if hasattr(data, "dtype"):
        return as_dtype(data.dtype)
    if not isinstance(data, (bool, int, float)):
        raise TypeError(
            f"tensor: expected numbers in nested lists, or an array, got {type(data).__name__}"
        )
    return result_type(data)


def from_numpy(ndarray):
    """A tensor that shares its memory with the array."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected a NumPy array, got {type(ndarray).__name__}")
    if any(step < 0 for step in ndarray.strides):
        raise ValueError("an array in reverse order in memory: copy it first, array.copy()")
    return wrap(ndarray)


@on_cpu
def as_tensor(data, dtype=None):
    """`data` itself if it is a tensor of that dtype; an array's memory is shared; else a new
    tensor.
    """
    if not isinstance(data, Tensor):
        data = from_numpy(data) if isinstance(data, np.ndarray) else tensor(data, dtype=dtype)
    return data if dtype is None else data.to(dtype)


def FloatTensor(data):
    """PyTorch's old form of as_tensor(data, float32)."""
    return as_tensor(data, float32)


def LongTensor(data):
    """PyTorch's old form of as_tensor(data, int64)."""
    return as_tensor(data, int64)


# ---------------------------------------------------------------- filled


def checked_size(given):
    """A tuple of whole numbers from f(2, 3) and f((2, 3)). RuntimeError for negative ones."""
    try:
        size = tuple(map(operator.index, as_size(given)))
    except TypeError:
        raise TypeError(f"a size is made of whole numbers, got {given}") from None
    if any(n < 0 for n in size):
        raise RuntimeError(f"sizes cannot be negative, got {size}")
    return size


def _filled(make, size, dtype, requires_grad):
    size = checked_size(size)
    return wrap(make(size, dtype=as_dtype(dtype or float32)), requires_grad)


@on_cpu
@sizes_by_keyword("size")
def empty(*size, dtype=None, requires_grad=False):
    """A tensor whose values are whatever was in memory."""
    return _filled(np.empty, size, dtype, requires_grad)


@on_cpu
@sizes_by_keyword("size")
def zeros(*size, dtype=None, requires_grad=False):
    return _filled(np.zeros, size, dtype, requires_grad)


@on_cpu
@sizes_by_keyword("size")
def ones(*size, dtype=None, requires_grad=False):
    return _filled(np.ones, size, dtype, requires_grad)


@on_cpu
def full(size, fill_value, *, dtype=None, requires_grad=False):
    value = _number(fill_value)
    return wrap(
        np.full(checked_size((size,)), as_number(value, as_dtype(dtype or result_type(value)))),
        requires_grad,
    )


@on_cpu
def empty_like(input, *, dtype=None, requires_grad=False):
    return empty(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@on_cpu
def zeros_like(input, *, dtype=None, requires_grad=False):
    return zeros(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@on_cpu
def ones_like(input, *, dtype=None, requires_grad=False):
    return ones(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@on_cpu
def full_like(input, fill_value, *, dtype=None, requires_grad=False):
    return full(input.shape, fill_value, dtype=dtype or input.dtype, requires_grad=requires_grad)


@method()
@on_cpu
def new_empty(input, *size, dtype=None, requires_grad=False):
    """`empty`, in the dtype of this tensor; and so are the following for theirs."""
    return empty(*size, dtype=dtype or input.dtype, requires_grad=requires_grad)


@method()
@on_cpu
def new_zeros(input, *size, dtype=None, requires_grad=False):
    return zeros(*size, dtype=dtype or input.dtype, requires_grad=requires_grad)


@method()
@on_cpu
def new_ones(input, *size, dtype=None, requires_grad=False):
    return ones(*size, dtype=dtype or input.dtype, requires_grad=requires_grad)


@method()
@on_cpu
def new_full(input, size, fill_value, *, dtype=None, requires_grad=False):
    return full(size, fill_value, dtype=dtype or input.dtype, requires_grad=requires_grad)


@method()
@on_cpu
def new_tensor(input, data, *, dtype=None, requires_grad=False):
    return tensor(data, dtype=dtype or input.dtype, requires_grad=requires_grad)


# ---------------------------------------------------------------- counted


@on_cpu
def arange(start=0, end=None, step=1, *, dtype=None, requires_grad=False):
    """start, start + step, ... up to but without `end`; int64 if all three are integers."""
    start, end = (0, start) if end is None else (start, end)
    start, end, step = _numbers(start, end, step, dtype=dtype)
    if not step or not 0 <= (end - start) / step < math.inf:
        raise RuntimeError(f"arange: steps of {step} do not lead from {start} to {end}")
    dtype = as_dtype(dtype or (float32 if float in map(type, (start, end, step)) else int64))
    return wrap(
        (start + step * np.arange(math.ceil((end - start) / step), dtype=int64)).astype(dtype),
        requires_grad,
    )


@on_cpu
def linspace(start, end, steps, *, dtype=None, requires_grad=False):
    """`steps` numbers at equal distances from start to end, both included."""
    if steps < 0:
        raise RuntimeError(f"linspace: the number of steps cannot be negative, got {steps}")
    points = np.linspace(*_numbers(start, end, dtype=dtype), steps)
    return wrap(points.astype(as_dtype(dtype or float32)), requires_grad)


def _number(x):
    """A Python number out of a number or a 0-d tensor."""
    return x.item() if hasattr(x, "item") else x


def _numbers(*given, dtype):
    """Python numbers out of numbers and 0-d tensors; whole ones if `dtype` is that of integers."""
    whole = dtype is not None and as_dtype(dtype).kind == "i"
    return [int(_number(x)) if whole else _number(x) for x in given]


@on_cpu
def eye(n, m=None, *, dtype=None, requires_grad=False):
    """1 on the diagonal, 0 elsewhere: (n, m or n)."""
    checked_size((n,) if m is None else (n, m))
    return wrap(np.eye(n, m, dtype=as_dtype(dtype or float32)), requires_grad)


# ---------------------------------------------------------------- other types


@method()
def to(input, *target, dtype=None, device=None, non_blocking=False, copy=False, memory_format=None):
    """The same values as another dtype, or the tensor itself if it has it; gradients pass between
    floats.

    target: a dtype, a device (the CPU), both, or a tensor whose dtype is taken.
    """
    for given in target:
        if isinstance(given, Tensor):
            dtype = given.dtype
        elif isinstance(given, (str, Device)):
            device = given
        elif given is not None and not isinstance(given, bool):
            dtype = given
    check_device(device)
    dtype = input.dtype if dtype is None else as_dtype(dtype)
    return input if input.dtype == dtype and not copy else _cast(input, dtype)


@differentiable
def _cast(input, dtype):
    out = input.astype(dtype)
    return (out, lambda g: g) if dtype.kind == "f" else out


def _cast_method(dtype):
    def cast(input):
        return to(input, dtype)

    return cast


Tensor.float, Tensor.double = _cast_method(float32), _cast_method(float64)
Tensor.int, Tensor.long, Tensor.bool = _cast_method(int32), _cast_method(int64), _cast_method(bool_)
Tensor.type_as = lambda self, other: to(self, other.dtype)
Tensor.device = property(lambda self: CPU, doc="Where the tensor is: always the CPU.")
Tensor.cpu = lambda self: self


def _type(input, dtype=None):
    """The tensor in another dtype; without one, the name of its own: 'torch.FloatTensor'."""
    names = {
        "torch.FloatTensor": float32,
        "torch.DoubleTensor": float64,
        "torch.IntTensor": int32,
        "torch.LongTensor": int64,
        "torch.BoolTensor": bool_,
    }
    if dtype is None:
        return next(name for name, known in names.items() if known == input.dtype)
    return to(input, names.get(dtype, dtype) if isinstance(dtype, str) else dtype)


Tensor.type = _type
