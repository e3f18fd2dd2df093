"""Comparisons and truth values, element by element. Their results have no gradient."""

import numpy as np

from minitorch.complaints import expect_arrays
from minitorch.dtypes import as_common_dtype
from minitorch.operation import differentiable, method
from minitorch.tensor import Tensor


def _comparison(function, *names, with_numbers=True):
    def compare(input, other):
        expect_arrays(names[0], input, *() if with_numbers else (other,))
        return function(*as_common_dtype(input, other))

    compare.__name__ = names[0]
    return method(*names)(differentiable(compare))


def _comparable(other):
    """Or refused: arrays, whose == would be elementwise, too."""
    return isinstance(other, (Tensor, bool, int, float, np.generic, np.ndarray))


def _contains(self, element):
    """x in tensor: whether one of the elements equals it."""
    if not _comparable(element):
        raise RuntimeError(f"a tensor can contain a tensor or a number, not {element!r}")
    return bool(eq(self, element)._data.any())


eq, ne = _comparison(np.equal, "eq"), _comparison(np.not_equal, "ne")
# Nothing else equals a tensor, Python then says.
Tensor.__eq__ = lambda self, other: eq(self, other) if _comparable(other) else NotImplemented
Tensor.__ne__ = lambda self, other: ne(self, other) if _comparable(other) else NotImplemented
Tensor.__contains__ = _contains
lt, le = _comparison(np.less, "lt", "__lt__"), _comparison(np.less_equal, "le", "__le__")
gt, ge = _comparison(np.greater, "gt", "__gt__"), _comparison(np.greater_equal, "ge", "__ge__")
logical_and = _comparison(np.logical_and, "logical_and", with_numbers=False)
logical_or = _comparison(np.logical_or, "logical_or", with_numbers=False)
logical_xor = _comparison(np.logical_xor, "logical_xor", with_numbers=False)
bitwise_and = _comparison(np.bitwise_and, "bitwise_and", "__and__", "__rand__")
bitwise_or = _comparison(np.bitwise_or, "bitwise_or", "__or__", "__ror__")
bitwise_xor = _comparison(np.bitwise_xor, "bitwise_xor", "__xor__", "__rxor__")


@method()
@differentiable
def logical_not(input):
    """True where input is 0."""
    return np.logical_not(input)


@method("__invert__")
@differentiable
def bitwise_not(input):
    """Of truth values the opposite, of integers each bit's."""
    return np.bitwise_not(input)


@method()
@differentiable
def isnan(input):
    return np.isnan(input)


@method()
@differentiable
def isinf(input):
    return np.isinf(input)


@method()
@differentiable
def isfinite(input):
    return np.isfinite(input)


@method()
@differentiable
def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Where |input - other| <= atol + rtol |other|."""
    expect_arrays("isclose", input, other)
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"isclose: rtol and atol cannot be negative, got {rtol} and {atol}")
    if input.dtype != other.dtype:
        raise RuntimeError(
            f"isclose: both need the same dtype, got {input.dtype} and {other.dtype}"
        )
    return np.isclose(input, other, rtol, atol, equal_nan)


@method()
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close: True or False."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._data.all())


@method()
def equal(input, other):
    """Whether shape and all elements are the same: True or False."""
    return input.shape == other.shape and bool((input._data == other._data).all())


def is_tensor(obj):
    return isinstance(obj, Tensor)
