"""Comparisons and truth values, element by element. Their results have no gradient."""
import numpy as np

from minitorch.operation import as_common_dtype, differentiable, method


def _comparison(function, *names):
    def compare(input, other):
        return function(*as_common_dtype(input, other))
    compare.__name__ = names[0]
    return method(*names)(differentiable(compare))


eq, ne = _comparison(np.equal, "eq", "__eq__"), _comparison(np.not_equal, "ne", "__ne__")
lt, le = _comparison(np.less, "lt", "__lt__"), _comparison(np.less_equal, "le", "__le__")
gt, ge = _comparison(np.greater, "gt", "__gt__"), _comparison(np.greater_equal, "ge", "__ge__")
logical_and, logical_or = _comparison(np.logical_and, "logical_and"), _comparison(np.logical_or, "logical_or")
bitwise_and = _comparison(np.bitwise_and, "bitwise_and", "__and__")
bitwise_or = _comparison(np.bitwise_or, "bitwise_or", "__or__")


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
