"""Gradients by hand and gradients checked: `Function` and `gradcheck`."""
import numpy as np

from minitorch.operation import record
from minitorch.tensor import Tensor, is_grad_enabled, no_grad


class Context:
    """What `Function.forward` hands to `backward`: saved tensors, and any attribute."""

    def __init__(self, needs_input_grad):
        self.needs_input_grad, self.saved_tensors = needs_input_grad, ()

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors


class Function:
    """An operation with a backward of your own. A subclass defines two static methods:

        forward(ctx, *inputs) -> a tensor         nothing in it is recorded
        backward(ctx, grad_output) -> a gradient for each input, None where there is none

    and is called as `Subclass.apply(*inputs)`.
    """

    @classmethod
    def apply(cls, *inputs):
        ctx = Context(tuple(isinstance(x, Tensor) and x.requires_grad for x in inputs))
        with no_grad():
            out = cls.forward(ctx, *inputs)
        if not isinstance(out, Tensor):
            raise TypeError(f"{cls.__name__}.forward must return one tensor, got {type(out).__name__}")
        out = out.detach()                                                        # forward may return an input

        def backward(grad):
            with no_grad():
                grads = cls.backward(ctx, Tensor(grad))
            grads = grads if isinstance(grads, tuple) else (grads,)
            if len(grads) != len(inputs):
                raise RuntimeError(f"{cls.__name__}.backward returned {len(grads)} gradients for {len(inputs)} inputs")
            for n, (x, g) in enumerate(zip(inputs, grads)):
                if g is not None and g.shape != getattr(x, "shape", None):
                    raise RuntimeError(f"{cls.__name__}.backward returned a gradient of shape {g.shape} for input {n}, "
                                       f"of shape {getattr(x, 'shape', None)}")
            return tuple(None if g is None else g._data for g in grads)

        if is_grad_enabled():
            record(out, f"{cls.__name__}Backward", inputs, [backward])
        return out


class GradcheckError(RuntimeError):
    """A gradient differs from the finite difference."""


def gradcheck(func, inputs, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True):
    """Compare each d func / d input with (func(x + eps) - func(x - eps)) / (2 eps); True if all agree.

    inputs: one tensor or a tuple; those that require a gradient are checked, and should be float64.
    Raises GradcheckError, or returns False, where |analytic - numeric| > atol + rtol |numeric|.
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck: no input requires a gradient")
    outputs = func(*inputs)
    outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
    for n, out in enumerate(outputs):
        value = lambda: (lambda y: y if isinstance(y, Tensor) else y[n])(func(*inputs))._data.copy()
        for x, analytic in zip(checked, _jacobians(out, checked)):
            numeric = _numeric_jacobian(value, x, eps)
            if not np.allclose(analytic, numeric, rtol, atol):
                if not raise_exception:
                    return False
                where = next(m for m, y in enumerate(inputs) if y is x)
                raise GradcheckError(f"output {n}, input {where}: the Jacobian (output, input) is\n{numeric}\nby finite "
                                     f"differences, but backward gives\n{analytic}")
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
        out.backward(Tensor(direction), retain_graph=True)
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
