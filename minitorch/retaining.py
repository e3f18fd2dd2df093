"""Where gradients are kept: `.grad`, of leaves and of others that someone wants to look at."""

from operator import attrgetter

from minitorch.operation import method
from minitorch.tensor import Tensor


def _set_grad(self, grad):
    if not isinstance(grad, (Tensor, type(None))):
        raise TypeError(f"x.grad must be a tensor or None, not {type(grad).__name__}")
    if grad is self:
        raise RuntimeError("a tensor cannot be its own gradient")
    if grad is not None and (grad.shape, grad.dtype) != (self.shape, self.dtype):
        raise RuntimeError(
            f"a gradient of {grad.dtype} and shape {grad.shape} does not fit a tensor of "
            f"{self.dtype} and shape {self.shape}"
        )
    self._grad = grad


Tensor.grad = property(attrgetter("_grad"), _set_grad, doc="The gradient, a tensor, or None.")


@method()
def retain_grad(input):
    """Keep the gradient of a tensor that was computed in its `.grad`, as leaves do anyway."""
    if not input.requires_grad:
        raise RuntimeError("retain_grad: this tensor does not require grad, so it gets none")
    node = input.grad_fn
    if node is None or not node.edges or hasattr(node.edges[0][1], "retains"):
        return
    target, derivative = node.edges[0]
    kept = {"tensor": input}  # in a dict, where the watch over changes in place doesn't look

    def keep_and_go_on(grad):
        kept["tensor"]._accumulate(grad)
        return derivative(grad)

    keep_and_go_on.retains = True
    node.edges[0] = target, keep_and_go_on
