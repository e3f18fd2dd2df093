"""The graph of recorded operations, and the walk back through it that finds gradients.

An operation on tensors leaves a `Node`. Its `edges` lead to what the operation was given, each with
a function that says how a gradient changes on the way there. `backward` follows them all, from the
newest node to the oldest.
"""

import heapq
import threading
from typing import NamedTuple

import numpy as np

from minitorch import watch
from minitorch.sums import sum_over


class _GradMode(threading.local):
    enabled = True


grad_mode = _GradMode()  # each thread has its own


class Node:
    """One recorded operation.

    edges      pairs (target, derivative), one for each input that needs a gradient. The target is
               what made the input: another Node, or a leaf Tensor. The derivative is a function:
               the gradient of the loss with respect to the result -> that with respect to the
               input. None when the graph was freed.
    number     larger than those of all nodes it was made from
    shape, dtype   of the result
    """

    __slots__ = ("name", "shape", "dtype", "edges", "number")

    def __init__(self, name, out, edges):
        self.name, self.shape, self.dtype, self.edges, self.number = (
            name,
            out.shape,
            out.dtype,
            edges,
            watch.tick(),
        )

    def __repr__(self):
        return f"<{self.name}>"


class Part(NamedTuple):
    """The gradient of a slice: `grad` at `index`, 0 elsewhere. Many slices then cost one pass."""

    index: object
    grad: np.ndarray


def backward(
    root, gradient, retain_graph=False, add_to_leaf=lambda leaf, grad: leaf._accumulate(grad)
):
    """The chain rule: carry `gradient` (an array) from the node `root` back to every leaf.

    `add_to_leaf` is handed each leaf and a gradient, once for every way that leads there. Returns
    the leaves.
    """
    leaves = set()
    grads, totals = (
        {root: gradient},
        set(),
    )  # totals: nodes whose gradient is a sum made here, not shared
    waiting = [(-root.number, root)]
    while waiting:
        _, node = heapq.heappop(waiting)  # the newest: all that was made from it has been visited
        grad = grads.pop(node)
        if node.edges is None:
            raise RuntimeError(
                f"backward a second time through '{node.name}', whose graph the first one freed. "
                "Call backward(retain_graph=True) the first time, or compute the loss again."
            )
        if node.number < watch.last_change:
            watch.check(node)
        for target, derivative in node.edges:
            g = derivative(grad)
            if g is None:
                continue
            if type(g) is not Part:
                g = fit(g, target)
            if type(target) is not Node:
                add_to_leaf(target, g)
                leaves.add(target)
                continue
            if target not in grads:
                heapq.heappush(waiting, (-target.number, target))
                if type(g) is not Part:
                    grads[target] = g  # perhaps another's too: not to be changed
                    continue
                grads[target] = np.zeros(target.shape, target.dtype)
                totals.add(target)
            elif target not in totals:
                grads[target] = np.array(grads[target])
                totals.add(target)
            add_gradient(grads[target], g)
        if not retain_graph:
            node.edges = None
    return leaves


def fit(grad, target):
    """A gradient in the shape and dtype of its target: summed over axes that were broadcast."""
    if grad.shape != target.shape:
        front = grad.ndim - len(target.shape)  # axes that were put in front
        stretched = [
            front + axis
            for axis, size in enumerate(target.shape)
            if size != grad.shape[front + axis]
        ]
        grad = sum_over(grad, (*range(front), *stretched)).reshape(target.shape)
    return grad if grad.dtype == target.dtype else grad.astype(target.dtype)


def add_gradient(total, g):
    """Add a gradient, whole or of a part, in place."""
    if type(g) is Part:
        total[g.index] += g.grad
    else:
        total += g
