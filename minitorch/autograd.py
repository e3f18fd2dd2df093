"""Gradients returned, gradients by hand and gradients checked: `grad`, `Function` and `gradcheck`."""
import numpy as np

from minitorch.operation import record
from minitorch.tensor import Tensor, add_gradient, backward, is_grad_enabled, no_grad


def grad(outputs, inputs, retain_graph=False, allow_unused=False):
    """The gradients of a scalar with respect to `inputs`, returned and not added to their `.grad`.

    So several threads may go back to the same leaves at once. inputs: one tensor or several, all of them leaves.
    Returns a tuple of tensors; with `allow_unused`, None for an input that the scalar does not depend on.
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if outputs.numel() != 1:
        raise RuntimeError(f"grad needs a scalar, this tensor has shape {outputs.shape}")
    if not outputs.requires_grad or not all(x.is_leaf and x.requires_grad for x in inputs):
        raise RuntimeError("grad needs a recorded scalar, and inputs that are leaves and require a gradient")
    totals = {}

    def receive(leaf, gradient):
        if leaf not in totals:
            totals[leaf] = np.zeros(leaf.shape, leaf.dtype)
        add_gradient(totals[leaf], gradient)

    seed = np.ones_like(outputs._data)
    if outputs.is_leaf:
        receive(outputs, seed)
    else:
        backward(outputs._node, seed, retain_graph, receive)
    unused = [x.shape for x in inputs if x not in totals]
    if unused and not allow_unused:
        raise RuntimeError(f"the scalar does not depend on inputs of shape {unused}; allow_unused=True gives None")
    return tuple(Tensor(totals[x]) if x in totals else None for x in inputs)


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
        name = f"{cls.__name__}Backward"
        ctx = Context(tuple(isinstance(x, Tensor) and x.requires_grad for x in inputs))
        with no_grad():
            out = cls.forward(ctx, *inputs)
        if not isinstance(out, Tensor):
            raise TypeError(f"{cls.__name__}.forward must return one tensor, got {type(out).__name__}")
        out = out.detach()                                                        # it may be an input itself

        def backward(grad):
            with no_grad():
                grads = cls.backward(ctx, Tensor(grad))
            grads = grads if isinstance(grads, tuple) else (grads,)
            if len(grads) != len(inputs):
                raise RuntimeError(f"{name} returned {len(grads)} gradients for {len(inputs)} inputs")
            for n, (x, g) in enumerate(zip(inputs, grads)):
                if g is not None and g.shape != getattr(x, "shape", None):
                    raise RuntimeError(f"{name} returned a gradient of shape {g.shape} for input {n}: {x!r}")
            return tuple(None if g is None else g._data for g in grads)

        if is_grad_enabled():
            record(out, name, inputs, [backward])
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
                raise GradcheckError(f"output {n}, input {where}: the Jacobian (out, in) is\n{numeric}\n"
                                     f"by finite differences, but backward gives\n{analytic}")
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
