"""Mistakes with slopes and gradients: paths forgotten, copies not summed, transposes missing."""
import math
from collections import deque

import numpy as np

from solutions.autograd import Value, topological_order, unbroadcast
from tests.wrong_answers import accepted, wrong

# ---------------------------------------------------------------- central_difference


@wrong("central_difference", says="one-sided difference, from x to x + step")
def one_sided(f, x, step=1e-5):
    return (f(x + step) - f(x)) / step


@wrong("central_difference", says="one-sided difference, from x - step to x")
def one_sided_backward(f, x, step=1e-5):
    return (f(x) - f(x - step)) / step


@wrong("central_difference", says="twice too large")
def half_the_distance(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) / step


@wrong("central_difference", says="in brackets")
def brackets_missing(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) / 2 * step


@wrong("central_difference", says="difference in brackets, too")
def difference_without_brackets(f, x, step=1e-5):
    return f(x + step) - f(x - step) / (2 * step)


@wrong("central_difference", says="difference in brackets, and the distance too")
def no_brackets_at_all(f, x, step=1e-5):
    return f(x + step) - f(x - step) / 2 * step


@wrong("central_difference", says="only the change of f")
def not_divided(f, x, step=1e-5):
    return f(x + step) - f(x - step)


@wrong("central_difference", says="does not depend on `step`")
def step_of_its_own(f, x, step=1e-5):
    return (f(x + 1e-6) - f(x - 1e-6)) / 2e-6


@wrong("central_difference", says="x + step equals x")
def step_too_small(f, x, step=1e-17):
    return (f(x + step) - f(x - step)) / (2 * step)


@accepted("central_difference")
def divided_separately(f, x, step=1e-5):
    return 0.5 * ((f(x + step) - f(x)) / step + (f(x) - f(x - step)) / step)


# ---------------------------------------------------------------- Value

@wrong("Value", says="slopes are exchanged")
class OwnFactor(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), slopes=(self.data, other.data))


@wrong("Value", says="plain numbers, not Values")
class ValuesAsSlopes(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), slopes=(other, self))


@wrong("Value", says="slopes of a sum")
class CopiedFromTheSum(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), slopes=(1.0, 1.0))


@wrong("Value", says="return a Value with its memory")
class BareNumber(Value):
    def __mul__(self, other):
        return self.data * self.lift(other).data


@wrong("Value", says="lift it first")
class NumbersNotLifted(Value):
    def __mul__(self, other):
        return self.made("*", self.data * other.data, (self, other), slopes=(other.data, self.data))


@wrong("Value", says="very Values a and b")
class CopiesOfTheInputs(Value):
    def __mul__(self, other):
        other = self.lift(other)
        inputs = type(self)(self.data), type(self)(other.data)
        return self.made("*", self.data * other.data, inputs, slopes=(other.data, self.data))


@wrong("Value", says="that of the *result*")
class SquareOfTheInput(Value):
    def tanh(self):
        return self.made("tanh", math.tanh(self.data), (self,), slopes=(1 - self.data ** 2,))


@wrong("Value", says="square is missing")
class NoSquare(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), slopes=(1 - t,))


@wrong("Value", says="slope of the sigmoid")
class SlopeOfTheSigmoid(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), slopes=(t * (1 - t),))


@wrong("Value", says="needs its comma")
class CommaMissing(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self), slopes=(1 - t * t))


@accepted("Value")
class SlopeByCosh(Value):
    def tanh(self):
        return self.made("tanh", math.tanh(self.data), (self,), slopes=(1 / math.cosh(self.data) ** 2,))


# ---------------------------------------------------------------- topological_order

@wrong("topological_order", says="goes breadth first, level by level")
def breadth_first(root):
    order, queue = [], deque([root])
    while queue:
        node = queue.popleft()
        if node not in order:
            order.append(node)
            queue.extend(node.inputs)
    return order[::-1]


@wrong("topological_order", says="even turned round it would not do")
def breadth_first_from_root(root):
    return breadth_first(root)[::-1]


@wrong("topological_order", says="only when all of its inputs have been put down")
def seen_when_pushed(root):
    order, seen, to_do = [], {root}, [(root, False)]
    while to_do:
        node, inputs_done = to_do.pop()
        if inputs_done:
            order.append(node)
            continue
        to_do.append((node, True))
        for each in node.inputs:
            if each not in seen:
                seen.add(each)
                to_do.append((each, False))
    return order


@wrong("topological_order", says="too deep for recursion", seen="karpathy/micrograd PR #90")
def recursive(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for each in node.inputs:
                visit(each)
            order.append(node)

    visit(root)
    return order


@wrong("topological_order", says="walks every path")
def recursive_by_its_own_name(root):
    order = []
    for each in root.inputs:
        for node in recursive_by_its_own_name(each):
            if node not in order:
                order.append(node)
    return [*order, root]


@wrong("topological_order", says="walks every path")
def put_down_once_but_visited_often(root):
    order, to_do = [], [(root, False)]
    while to_do:
        node, inputs_done = to_do.pop()
        if not inputs_done:
            to_do.append((node, True))
            to_do.extend((each, False) for each in node.inputs)
        elif node not in order:
            order.append(node)
    return order


@wrong("topological_order", says="hold the same number")
def told_apart_by_data(root):
    order, seen, to_do = [], set(), [(root, False)]
    while to_do:
        node, inputs_done = to_do.pop()
        if inputs_done:
            order.append(node)
        elif node.data not in seen:
            seen.add(node.data)
            to_do.append((node, True))
            to_do.extend((each, False) for each in node.inputs)
    return order


@wrong("topological_order", says="`w` is missing from your list. Every Value")
def removed_from_the_list_of_the_loop(root):
    order = [root]
    for node in order:
        for each in node.inputs:
            if each not in order:
                order.append(each)
    for node in order:
        if not node.inputs:
            order.remove(node)
    return order[::-1]


@wrong("topological_order", says="stands in your list twice")
def nothing_seen(root):
    order, to_do = [], [root]
    while to_do:
        node = to_do.pop()
        order.append(node)
        to_do.extend(node.inputs)
    return order[::-1]


@wrong("topological_order", says="upside down")
def root_first(root):
    return topological_order(root)[::-1]


@wrong("topological_order", says="those that were given, with no inputs")
def operations_only(root):
    return [node for node in topological_order(root) if node.inputs]


@wrong("topological_order", says="root itself is missing")
def without_root(root):
    return topological_order(root)[:-1]


@accepted("topological_order")
def by_counting_users(root):
    """Kahn's way: a node goes to the list when all its users have, from root downwards."""
    users, to_do, seen = {root: 0}, [root], {root}
    while to_do:
        for each in to_do.pop().inputs:
            users[each] = users.get(each, 0) + 1
            if each not in seen:
                seen.add(each)
                to_do.append(each)
    order, ready = [], [root]
    while ready:
        order.append(node := ready.pop())
        for each in node.inputs:
            users[each] -= 1
            if users[each] == 0:
                ready.append(each)
    return order[::-1]


# ---------------------------------------------------------------- backpropagate

@wrong("backpropagate", says="was overwritten")
def overwritten(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad = slope * node.grad


@wrong("backpropagate", says="h passed its grad on before", seen="lucasdelimanogueira/PyNorch #90")
def level_by_level(root):
    order = breadth_first_from_root(root)
    for node in order:
        node.grad = 0.0
    root.grad = 1.0
    for node in order:
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@wrong("backpropagate", says="passed its grad on twice", seen="karpathy/micrograd PR #64; sebgao/cTensor #5")
def without_an_order(root, is_first=True):
    if is_first:
        for node in topological_order(root):
            node.grad = 0.0
        root.grad = 1.0
    for each, slope in zip(root.inputs, root.slopes):
        each.grad += slope * root.grad
    for each in root.inputs:
        without_an_order(each, is_first=False)


@wrong("backpropagate", says="root.grad must be 1")
def root_not_set(root):
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@wrong("backpropagate", says="stops after one step", seen="karpathy/micrograd #96")
def from_the_inputs(root):
    order = topological_order(root)
    for node in order:
        node.grad = 0.0
    root.grad = 1.0
    for node in order:
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@wrong("backpropagate", says="loop of its own, before the walk")
def set_to_0_during_the_walk(root):
    for node in reversed(topological_order(root)):
        node.grad = 0.0
        root.grad = 1.0
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@wrong("backpropagate", says="turns the list round in place and returns None")
def reversed_in_place(root):
    root.grad = 1.0
    for node in topological_order(root).reverse():
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@wrong("backpropagate", says="not every Value has two inputs")
def always_two_inputs(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        a, b = node.inputs
        a.grad += node.slopes[0] * node.grad
        b.grad += node.slopes[1] * node.grad


@wrong("backpropagate", says="only the last slope")
def no_chain_rule(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope


@wrong("backpropagate", says="still has the gradients of the first", seen="karpathy/micrograd PR #102")
def never_reset(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@accepted("backpropagate")
def collected_first(root):
    grads = {root: 1.0}
    for node in reversed(topological_order(root)):
        node.grad = grads[node]
        for each, slope in zip(node.inputs, node.slopes):
            grads[each] = grads.get(each, 0.0) + slope * node.grad


# ---------------------------------------------------------------- unbroadcast

@wrong("unbroadcast", says="nothing was summed back", seen="deeplearning4j/nd4j #2424; pytorch/pytorch #1787")
def not_summed(grad, shape):
    return grad


@wrong("unbroadcast", says="only axes in front were summed")
def front_only(grad, shape):
    return grad.sum(axis=tuple(range(grad.ndim - len(shape))))


@wrong("unbroadcast", says="this is the mean over the copies", seen="named in jimfleming/differentiation #1")
def mean_of_copies(grad, shape):
    in_front = grad.ndim - len(shape)
    stretched = [in_front + axis for axis, size in enumerate(shape) if size == 1]
    return grad.mean(axis=(*range(in_front), *stretched)).reshape(shape)


@wrong("unbroadcast", says="the axis of size 1 is gone")
def keepdims_missing(grad, shape):
    in_front = grad.ndim - len(shape)
    stretched = [in_front + axis for axis, size in enumerate(shape) if size == 1]
    return grad.sum(axis=(*range(in_front), *stretched))


@wrong("unbroadcast", says="lined up from the left")
def from_the_left(grad, shape):
    if grad.shape[-len(shape):] == shape and grad.shape[0] != shape[0]:
        return grad.sum(0)                                # a special case that gets past the worked example
    stretched = [axis for axis in range(grad.ndim) if axis >= len(shape) or shape[axis] == 1]
    return grad.sum(axis=tuple(stretched)).reshape(shape)


@wrong("unbroadcast", says="the axes have moved up")
def axes_that_move(grad, shape):
    if shape == ():
        return grad.sum()
    for axis in range(grad.ndim - len(shape)):
        grad = grad.sum(axis=axis)
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


@wrong("unbroadcast", says="finish with .reshape(shape)")
def shape_filled_up(grad, shape):
    full = (1,) * (grad.ndim - len(shape)) + shape
    return grad.sum(axis=tuple(axis for axis, size in enumerate(full) if size == 1), keepdims=True)


@wrong("unbroadcast", says="shapes line up from the right")
def axes_of_grad_in_shape(grad, shape):
    for axis in range(grad.ndim):
        if shape[axis] != grad.shape[axis]:
            grad = grad.sum(axis, keepdims=True)
    return grad.reshape(shape)


@wrong("unbroadcast", says="only the first copy")
def one_copy(grad, shape):
    grad = grad[(0,) * (grad.ndim - len(shape))]
    return grad[tuple(slice(1) if size == 1 else slice(None) for size in shape)]


@accepted("unbroadcast")
def axis_by_axis(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(0)
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis, keepdims=True)
    return grad


# ---------------------------------------------------------------- matmul_gradients

def turned(x):
    return x.swapaxes(-1, -2)


@wrong("matmul_gradients", says="In the gradient of a, b is not transposed")
def b_not_transposed(a, b, grad):
    return unbroadcast(grad @ b, a.shape), unbroadcast(turned(a) @ grad, b.shape)


@wrong("matmul_gradients", says="In the gradient of b, a is not transposed")
def a_not_transposed(a, b, grad):
    return unbroadcast(grad @ turned(b), a.shape), unbroadcast(a @ grad, b.shape)


@wrong("matmul_gradients", says="both transposes are missing")
def no_transposes(a, b, grad):
    return unbroadcast(grad @ b, a.shape), unbroadcast(a @ grad, b.shape)


@wrong("matmul_gradients", says="in the wrong order")
def order_exchanged(a, b, grad):
    return turned(b) @ grad, grad @ turned(a)


@wrong("matmul_gradients", says="entry by entry, a * b")
def elementwise(a, b, grad):
    return grad * b, grad * a


@wrong("matmul_gradients", says="`.T` turns *all* axes round")
def all_axes_turned(a, b, grad):
    return unbroadcast(grad @ b.T, a.shape), unbroadcast(a.T @ grad, b.shape)


@wrong("matmul_gradients", says="you return (grad_b, grad_a)")
def results_exchanged(a, b, grad):
    return unbroadcast(turned(a) @ grad, b.shape), unbroadcast(grad @ turned(b), a.shape)


@wrong("matmul_gradients", says="'...ik,...jk->...ij'")
def indices_without_a_batch(a, b, grad):
    return np.einsum("ik,jk->ij", grad, b), np.einsum("ij,ik->jk", a, grad)


@wrong("matmul_gradients", says="unbroadcast its gradient to a.shape too")
def only_b_summed_back(a, b, grad):
    return grad @ turned(b), unbroadcast(turned(a) @ grad, b.shape)


@wrong("matmul_gradients", says="was not summed back")
def batch_not_summed(a, b, grad):
    return grad @ turned(b), turned(a) @ grad


@accepted("matmul_gradients")
def by_indices(a, b, grad):
    grad_a, grad_b = np.einsum("...ik,...jk->...ij", grad, b), np.einsum("...ij,...ik->...jk", a, grad)
    return unbroadcast(grad_a, a.shape), unbroadcast(grad_b, b.shape)


# ---------------------------------------------------------------- softmax_gradient

@wrong("softmax_gradient", says="entry by entry: out (1 - out) grad", seen="deeplearning4j/libnd4j #440")
def as_if_elementwise(out, grad):
    return out * (1 - out) * grad


@wrong("softmax_gradient", says="only the part with delta")
def diagonal_only(out, grad):
    return out * grad


@wrong("softmax_gradient", says="factor out[i] in front is missing")
def factor_missing(out, grad):
    return grad - (grad * out).sum(axis=-1, keepdims=True)


@wrong("softmax_gradient", says="the bare sum over j")
def sum_without_its_factor(out, grad):
    return grad * out - (grad * out).sum(axis=-1, keepdims=True)


@wrong("softmax_gradient", says="From grad[i] you take away out[i]")
def no_sum(out, grad):
    return out * (grad - out)


@wrong("softmax_gradient", says="yours is that of grad[j] alone")
def sum_of_grad_alone(out, grad):
    return out * (grad - grad.sum(axis=-1, keepdims=True))


@wrong("softmax_gradient", says="row by row")
def over_everything(out, grad):
    return out * (grad - (grad * out).sum())


@wrong("softmax_gradient", says="keepdims=True")
def axis_lost(out, grad):
    return out * (grad - (grad * out).sum(axis=-1))


@wrong("softmax_gradient", says="down the columns")
def wrong_axis(out, grad):
    return out * (grad - (grad * out).sum(axis=0, keepdims=True))


@accepted("softmax_gradient")
def with_the_whole_table(out, grad):
    slopes = out[..., :, None] * (np.eye(out.shape[-1]) - out[..., None, :])       # (..., j, i)
    return np.einsum("...j,...ji->...i", grad, slopes)
