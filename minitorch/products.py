"""Products of matrices."""
import numpy as np

from minitorch.operation import differentiable, method, promoted


@method("__matmul__")
@differentiable
@promoted
def matmul(input, other):
    """Matrix product over the last two dimensions; leading ones are broadcast. A 1-D operand is a row or a column.

    With C = A B:  dA = dC B^T  and  dB = A^T dC.
    """
    if input.ndim == 1 or other.ndim == 1:
        return _with_vectors(input, other)
    if other.ndim == 2 and input.ndim > 2:                            # one large product beats many small ones
        rows, columns = input.reshape(-1, input.shape[-1]), other.shape[1]
        flat = lambda g: g.reshape(-1, columns)
        return ((rows @ other).reshape(*input.shape[:-1], columns),
                lambda g: (flat(g) @ other.T).reshape(input.shape), lambda g: rows.T @ flat(g))
    return input @ other, lambda g: g @ other.mT, lambda g: input.mT @ g


def _with_vectors(a, b):
    """A vector on the left is a row (1, n), on the right a column (n, 1); the added dimension is dropped again."""
    rows = a[None, :] if a.ndim == 1 else a
    columns = b[:, None] if b.ndim == 1 else b
    out = a @ b
    def whole(g):                                                     # the gradient with the dropped dimensions back
        g = np.expand_dims(g, -1) if b.ndim == 1 else g
        return np.expand_dims(g, -2) if a.ndim == 1 else g
    def back_a(g):
        d = whole(g) @ columns.mT
        return d.reshape(-1, a.size).sum(0) if a.ndim == 1 else d
    def back_b(g):
        d = rows.mT @ whole(g)
        return d.reshape(-1, b.size).sum(0) if b.ndim == 1 else d
    return out, back_a, back_b


@method()
@differentiable
@promoted
def outer(input, vec2):
    """Every product of an element of one vector and one of the other: (n,), (m,) -> (n, m)."""
    if input.ndim != 1 or vec2.ndim != 1:
        raise ValueError("outer: expected two vectors")
    return np.outer(input, vec2), lambda g: g @ vec2, lambda g: input @ g
