"""Gradients of tensors that are not leaves, kept for those who want to look at them."""

from minitorch.operation import method


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
