"""Gradients checked by finite differences: `gradcheck`."""

import numpy as np

from minitorch.recording import no_grad
from minitorch.tensor import Tensor, wrap


class GradcheckError(RuntimeError):
    """A gradient differs from the finite difference."""


def gradcheck(func, inputs, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True):
    """Compare each d func / d input with (func(x + eps) - func(x - eps)) / (2 eps).

    inputs: one tensor or a tuple; those that require a gradient are checked, and should be float64.
    Raises GradcheckError, or returns False, where |analytic - numeric| > atol + rtol |numeric|.
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck: no input requires a gradient")

    def outputs():
        out = func(*inputs)
        return (out,) if isinstance(out, Tensor) else out

    for n, out in enumerate(outputs()):
        for x, analytic in zip(checked, _jacobians(out, checked)):
            numeric = _numeric_jacobian(lambda n=n: outputs()[n]._data.copy(), x, eps)
            if not np.allclose(analytic, numeric, rtol, atol):
                if not raise_exception:
                    return False
                where = next(m for m, y in enumerate(inputs) if y is x)
                raise GradcheckError(
                    f"output {n}, input {where}: the Jacobian (out, in) is\n{numeric}\n"
                    f"by finite differences, but backward gives\n{analytic}"
                )
    return True


def _jacobians(out, inputs):
    """d out[m] / d x[k] as a matrix for each x, one backward pass a row."""
    rows = [np.zeros((out.numel(), x.numel()), x.dtype) for x in inputs]
    kept = [x.grad for x in inputs]
    for m in range(out.numel() if out.requires_grad else 0):
        for x in inputs:
            x.grad = None
        direction = np.zeros(out.shape, out.dtype)
        direction.flat[m] = 1
        out.backward(wrap(direction), retain_graph=True)
        for row, x in zip(rows, inputs):
            row[m] = 0 if x.grad is None else x.grad._data.ravel()
    for x, grad in zip(inputs, kept):
        x.grad = grad
    return rows


@no_grad()
def _numeric_jacobian(value, x, eps):
    """The same matrix by central differences, one column for each element of x."""
    columns = []
    for k in np.ndindex(x.shape):
        original = x._data[k]
        x._data[k] = original + eps
        above = value()
        x._data[k] = original - eps
        columns.append((above - value()).ravel() / (2 * eps))
        x._data[k] = original
    return np.stack(columns, axis=1)
