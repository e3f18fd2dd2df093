"""New tensors: from data, filled, counted and random.

Everywhere: floating point numbers are float32 unless `dtype` says otherwise; `requires_grad` makes a leaf.
Random numbers are NumPy's: a seed gives the same on every machine, but not those of PyTorch.
"""
import math

import numpy as np

from minitorch.operation import differentiable, method, result_type
from minitorch.shaping import as_size
from minitorch.tensor import Tensor, bool_, float32, float64, int64


# ---------------------------------------------------------------- from data

def tensor(data, *, dtype=None, requires_grad=False):
    """A new tensor with a copy of `data`: numbers, nested lists, arrays. Arrays keep their dtype."""
    array = np.array(data._data if isinstance(data, Tensor) else data, dtype=dtype)
    first = data
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    if dtype is None and array.dtype == float64 and not hasattr(first, "dtype"):
        array = array.astype(float32)                                 # Python numbers; so does the empty list
    return Tensor(array, requires_grad)


def from_numpy(ndarray):
    """A tensor that shares its memory with the array."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected a NumPy array, got {type(ndarray).__name__}")
    return Tensor(ndarray)


def as_tensor(data, dtype=None):
    """`data` itself if it is a tensor of that dtype; an array's memory is shared; else a new tensor."""
    if not isinstance(data, Tensor):
        data = from_numpy(data) if isinstance(data, np.ndarray) else tensor(data)
    return data if dtype is None else data.to(dtype)


# ---------------------------------------------------------------- filled and counted

def _new(make, size, dtype, requires_grad):
    size = as_size(size)
    if any(n < 0 for n in size):
        raise RuntimeError(f"sizes cannot be negative, got {size}")
    return Tensor(make(size, dtype=dtype or float32), requires_grad)


def empty(*size, dtype=None, requires_grad=False):
    """A tensor whose values are whatever was in memory."""
    return _new(np.empty, size, dtype, requires_grad)


def zeros(*size, dtype=None, requires_grad=False):
    return _new(np.zeros, size, dtype, requires_grad)


def ones(*size, dtype=None, requires_grad=False):
    return _new(np.ones, size, dtype, requires_grad)


def full(size, fill_value, *, dtype=None, requires_grad=False):
    return Tensor(np.full(size, fill_value, dtype or tensor(fill_value).dtype), requires_grad)


def arange(start, end=None, step=1, *, dtype=None, requires_grad=False):
    """start, start + step, ... up to but without `end`; int64 if all three are integers."""
    start, end = (0, start) if end is None else (start, end)
    if not step or (end - start) / step < 0:
        raise RuntimeError(f"arange: steps of {step} do not lead from {start} to {end}")
    dtype = dtype or result_type(start, end, step)
    return Tensor((start + step * np.arange(math.ceil((end - start) / step))).astype(dtype), requires_grad)


def linspace(start, end, steps, *, dtype=None, requires_grad=False):
    """`steps` numbers at equal distances from start to end, both included."""
    if steps < 0:
        raise RuntimeError(f"linspace: the number of steps cannot be negative, got {steps}")
    return Tensor(np.linspace(start, end, steps, dtype=dtype or float32), requires_grad)


def eye(n, m=None, *, dtype=None, requires_grad=False):
    """1 on the diagonal, 0 elsewhere: (n, m or n)."""
    return Tensor(np.eye(n, m, dtype=dtype or float32), requires_grad)


def empty_like(input, *, dtype=None, requires_grad=False):
    return empty(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def zeros_like(input, *, dtype=None, requires_grad=False):
    return zeros(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def ones_like(input, *, dtype=None, requires_grad=False):
    return ones(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def full_like(input, fill_value, *, dtype=None, requires_grad=False):
    return full(input.shape, fill_value, dtype=dtype or input.dtype, requires_grad=requires_grad)


# ---------------------------------------------------------------- random

class Generator:
    """A source of random numbers with a state of its own."""

    def __init__(self):
        self.manual_seed(0)

    def manual_seed(self, seed):
        """Start anew from `seed`. Returns the generator."""
        self._seed, self._rng = seed, np.random.Generator(np.random.PCG64(seed % 2 ** 64))
        return self

    def initial_seed(self):
        return self._seed

    def get_state(self):
        """The present state, a tensor; `set_state` takes it up again to the same bits."""
        pcg = self._rng.bit_generator.state
        halves = [half for number in pcg["state"].values() for half in (number % 2 ** 64, number >> 64)]
        return Tensor(np.array([*halves, pcg["has_uint32"], pcg["uinteger"]], np.uint64).view(int64))

    def set_state(self, new_state):
        low, high, inc_low, inc_high, *rest = new_state._data.view(np.uint64).tolist()
        state = {"state": low + (high << 64), "inc": inc_low + (inc_high << 64)}  # two numbers of 128 bits
        self._rng.bit_generator.state = {"bit_generator": "PCG64", "state": state, "has_uint32": rest[0],
                                         "uinteger": rest[1]}
        return self


default_generator = Generator()
manual_seed = default_generator.manual_seed
get_rng_state, set_rng_state = default_generator.get_state, default_generator.set_state


def _rng(generator):
    return (generator or default_generator)._rng


def rand(*size, generator=None, dtype=None, requires_grad=False):
    """Uniform in [0, 1)."""
    return _new(_rng(generator).random, size, dtype, requires_grad)


def randn(*size, generator=None, dtype=None, requires_grad=False):
    """Normally distributed, mean 0 and variance 1."""
    return _new(_rng(generator).standard_normal, size, dtype, requires_grad)


def randint(low, high, size=None, *, generator=None, dtype=None):
    """Whole numbers low ... high - 1, int64; randint(high, size) starts from 0."""
    low, high, size = (0, low, high) if size is None else (low, high, size)
    if low >= high:
        raise RuntimeError(f"randint: low must be below high, got {low} and {high}")
    return Tensor(_rng(generator).integers(low, high, size).astype(dtype or int64))


def randperm(n, *, generator=None):
    """0 ... n - 1 in random order."""
    return Tensor(_rng(generator).permutation(n).astype(int64))


def rand_like(input, *, dtype=None, requires_grad=False):
    return rand(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


def randn_like(input, *, dtype=None, requires_grad=False):
    return randn(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@method()
def normal_(input, mean=0, std=1, *, generator=None):
    """Overwrite with normally distributed numbers."""
    return input._write(_rng(generator).standard_normal(input.shape, input.dtype) * std + mean)


@method()
def uniform_(input, from_=0, to=1, *, generator=None):
    """Overwrite with numbers uniform in [from, to)."""
    return input._write(_rng(generator).random(input.shape, input.dtype) * (to - from_) + from_)


# ---------------------------------------------------------------- other types

@method()
def to(input, dtype):
    """The same values as another dtype, or the tensor itself if it has it; gradients pass between floats."""
    return input if input.dtype == dtype else _cast(input, np.dtype(dtype))


@differentiable
def _cast(input, dtype):
    out = input.astype(dtype)
    return (out, lambda g: g) if dtype.kind == "f" else out


Tensor.float = lambda self: to(self, float32)
Tensor.double = lambda self: to(self, float64)
Tensor.long = lambda self: to(self, int64)
Tensor.bool = lambda self: to(self, bool_)
Tensor.type_as = lambda self, other: to(self, other.dtype)
