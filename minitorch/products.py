"""Products of vectors and matrices. With C = A B:  dA = dC B^T  and  dB = A^T dC."""

import math

from minitorch.arithmetic import mul
from minitorch.complaints import in_pytorchs_terms
from minitorch.operation import differentiable, method
from minitorch.tensor import Tensor


@method()
def matmul(input, other):
    """Matrix product over the last two dimensions; leading ones are broadcast.

    (..., n, k) @ (..., k, m) -> (..., n, m);  (k,) @ (..., k, m) -> (..., m);  (..., n, k) @ (k,)
    -> (..., n) RuntimeError for numbers, shapes that do not fit and operands of different dtype.
    """
    if input.ndim > 1 and other.ndim > 1:
        return _matmul(input, other)
    if not input.ndim or not other.ndim:
        raise RuntimeError(
            f"matmul needs vectors or matrices, got shapes {input.shape} and {other.shape}"
        )
    if input.shape[-1] != other.shape[max(other.ndim - 2, 0)]:
        raise in_pytorchs_terms(ValueError(), "matmul", (input, other))
    row = input if input.ndim > 1 else input.unsqueeze(0)  # (1, k)
    column = other if other.ndim > 1 else other.unsqueeze(1)  # (k, 1)
    out = _matmul(row, column)
    out = out.squeeze(-1) if other.ndim == 1 else out
    return out if input.ndim > 1 else out.squeeze(-1 if other.ndim == 1 else -2)


Tensor.__matmul__ = lambda self, other: (
    matmul(self, other) if isinstance(other, Tensor) else NotImplemented
)


@differentiable
def _matmul(input, other):
    if input.dtype != other.dtype or input.dtype == bool:
        raise RuntimeError(
            f"matmul: both need the same numeric dtype, got {input.dtype} and {other.dtype}"
        )
    if other.ndim > 2 or input.ndim == 2:
        return input @ other, lambda g: g @ other.mT, lambda g: input.mT @ g
    shape, count, columns = input.shape, math.prod(input.shape[:-1]), other.shape[1]
    rows = input.reshape(
        count, shape[-1]
    )  # one large product for a whole batch, not many small ones
    return (
        (rows @ other).reshape(*shape[:-1], columns),
        lambda g: (g.reshape(count, columns) @ other.T).reshape(shape),
        lambda g: rows.T @ g.reshape(count, columns),
    )


@method()
def outer(input, vec2):
    """Every product of an element of one vector and one of the other: (n,), (m,) -> (n, m)."""
    if input.ndim != 1 or vec2.ndim != 1:
        raise RuntimeError(
            f"outer: expected two vectors, got shapes {input.shape} and {vec2.shape}"
        )
    return mul(input.unsqueeze(1), vec2)
