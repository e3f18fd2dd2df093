"""Gradients returned instead of added up, and operations with a backward of your own."""

import numpy as np

from minitorch.gradcheck import GradcheckError, gradcheck  # noqa: F401 (autograd.gradcheck)
from minitorch.graph import add_gradient, backward
from minitorch.operation import jointly, record
from minitorch.recording import no_grad
from minitorch.tensor import Tensor, wrap


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=False,
    create_graph=False,
    allow_unused=False,
):
    """The gradients with respect to `inputs`, returned and not added to their `.grad`.

    So several threads may go back to the same leaves at once. outputs: one tensor or several,
    numbers unless grad_outputs has a tensor of the same shape for each. inputs: one tensor or
    several, all of them leaves. Returns a tuple of tensors; with `allow_unused`, None for an input
    that the outputs do not depend on.
    """
    if create_graph:
        raise NotImplementedError("create_graph: minitorch has no derivatives of gradients")
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    total = _as_one_number(outputs, grad_outputs)
    if not total.requires_grad or not all(x.is_leaf and x.requires_grad for x in inputs):
        raise RuntimeError(
            "grad needs a recorded scalar, and inputs that are leaves and require a gradient"
        )
    totals = {}

    def add_to_leaf(leaf, gradient):
        if leaf not in totals:
            totals[leaf] = np.zeros(leaf.shape, leaf.dtype)
        add_gradient(totals[leaf], gradient)

    backward(total._node, np.ones_like(total._data), retain_graph, add_to_leaf)
    unused = [x.shape for x in inputs if x not in totals]
    if unused and not allow_unused:
        raise RuntimeError(
            f"the outputs do not depend on inputs of shape {unused}; allow_unused=True gives None"
        )
    return tuple(wrap(totals[x]) if x in totals else None for x in inputs)


def _as_one_number(outputs, grad_outputs):
    """The number whose gradient is that of the outputs times grad_outputs, added up."""
    outputs = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
    given = (grad_outputs,) if isinstance(grad_outputs, (Tensor, type(None))) else grad_outputs
    total = 0
    for x, g in zip(outputs, (*given, *[None] * (len(outputs) - len(given)))):
        if g is None and x.numel() != 1:
            raise RuntimeError(
                f"grad needs a scalar or grad_outputs, this tensor has shape {x.shape}"
            )
        if g is not None and g.shape != x.shape:
            raise RuntimeError(f"grad_outputs has shape {g.shape}, the output {x.shape}")
        total = total + (x if g is None else x * g.detach()).sum()
    return total


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
            raise TypeError(
                f"{cls.__name__}.forward must return one tensor, got {type(out).__name__}"
            )
        out = out.detach()  # it may be an input itself
        saved, shapes = ctx.saved_tensors, [getattr(x, "shape", None) for x in inputs]

        def derivatives(grad):
            ctx.saved_tensors = saved
            with no_grad():
                grads = cls.backward(ctx, wrap(grad))
            grads = grads if isinstance(grads, tuple) else (grads,)
            if len(grads) != len(shapes):
                raise RuntimeError(
                    f"{name} returned {len(grads)} gradients for {len(shapes)} inputs"
                )
            for n, (g, shape) in enumerate(zip(grads, shapes)):
                if g is not None and g.shape != shape:
                    raise RuntimeError(
                        f"{name} returned a gradient of shape {g.shape} for input {n} of {shape}"
                    )
            return tuple(None if g is None else g._data for g in grads)

        return record(out, name, inputs, jointly(derivatives, len(inputs)))
