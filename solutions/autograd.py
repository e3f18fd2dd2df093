"""Chapter 01: how a computation finds its own slopes, first for single numbers, then for arrays."""
import math

import numpy as np


# ---------------------------------------------------------------- slopes by trying

def central_difference(f, x, step=1e-5):
    """The slope of f at x, found by trying: one step to the right, one step to the left.

        slope = (f(x + step) - f(x - step)) / (distance between the two points)

    f: a function of one number    x: a number    step: a small positive number
    result: a number

    Example: f = lambda x: x * x, x = 3, step = 0.1. The two points are 3.1 and 2.9, their squares
    9.61 and 8.41, and the slope is 1.2 / 0.2 = 6.
    """
    return (f(x + step) - f(x - step)) / (2 * step)


def check_gradient(f, gradient, x, rng, step=1e-5):
    """The slope of f at x along a random direction: measured, and as the gradient predicts it.

    Along a line through x, f is a function of one number, so one central difference tests all
    entries of the gradient at once. An error goes unnoticed only if it is orthogonal to the direction.

    f: a function from an array of x's shape to a number    gradient, x: arrays of one shape
    rng: a numpy Generator    result: (measured, predicted), two numbers that must agree
    """
    direction = rng.standard_normal(x.shape)
    measured = central_difference(lambda t: f(x + t * direction), 0.0, step)
    return measured, (gradient * direction).sum()


# ---------------------------------------------------------------- numbers that remember

class Value:
    """A number that remembers how it was made. Write `__mul__` and `tanh`, after `__add__`.

    data:    the number itself
    inputs:  the Values it was made from, a tuple; empty for a number that was given
    slopes:  for each input, how fast `data` changes when only that input changes
    grad:    how fast the end result changes with this number; filled later, by `backpropagate`

    The slopes of a sum are 1 and 1. Find those of a product; that of tanh is 1 - tanh(x)^2.
    `lift` turns a plain number into a Value, `made` builds the result.

    Example: a = Value(2.0), b = Value(3.0), product = a * b gives product.data = 6,
    product.inputs = (a, b), product.slopes = (3, 2): if a grows by 0.01, the product grows by 0.03.
    """

    def __init__(self, data, operation="", inputs=(), slopes=()):
        self.data, self.operation, self.inputs, self.slopes = float(data), operation, inputs, slopes
        self.grad = 0.0

    def made(self, operation, data, inputs, slopes):
        """The result of an operation: a new Value with its memory."""
        return type(self)(data, operation, inputs, slopes)

    def lift(self, other):
        """`other` as a Value, also if it is a plain number."""
        return other if isinstance(other, type(self)) else type(self)(other)

    def __add__(self, other):
        other = self.lift(other)
        return self.made("+", self.data + other.data, (self, other), slopes=(1.0, 1.0))

    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), slopes=(other.data, self.data))

    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), slopes=(1 - t * t,))

    __radd__, __rmul__ = __add__, __mul__                 # for 3 + a and 3 * a

    def __repr__(self):
        return f"Value({self.data:.4g}, grad={self.grad:.4g})"


def topological_order(root):
    """`root` and all Values it was made from, in a list where each one stands after its inputs.

    Each Value stands there once, however many others use it, and root comes last. Do not use
    recursion: Python stops at about a thousand nested calls, and a graph can be a hundred thousand
    operations deep. Keep a list of what is still to do instead.

    root: a Value; `node.inputs` are the Values that a node was made from
    result: a list of Values

    Example: for h = w * x, root = h + h.tanh(), both [w, x, h, tanh, root] and
    [x, w, h, tanh, root] are right. [w, x, tanh, h, root] is wrong: tanh was made from h.
    """
    order, seen, to_do = [], set(), [(root, False)]
    while to_do:
        node, inputs_done = to_do.pop()
        if inputs_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            to_do.append((node, True))                    # met again when all its inputs are in order
            to_do.extend((each, False) for each in node.inputs)
    return order


def backpropagate(root):
    """Fill in `grad` of root and all Values below it: how fast root.data changes with each.

    Set all grads to 0, and that of root to 1. Then walk from root back to the inputs, so that a
    Value is visited only after all that used it. A visited Value adds to the grad of each of its
    inputs: its own grad times the slope for that input. `topological_order` gives the order. There
    may be thousands of Values one after the other. Nothing is returned.

    root: a Value; `node.inputs` and `node.slopes` go together, one slope for each input

    Example: for h = w * x, root = h + h.tanh(), w = 0.5, x = 2, the grad of h is 1 + 0.42 = 1.42
    (two paths), that of w is 1.42 * 2 = 2.84, and that of x is 1.42 * 0.5 = 0.71.
    """
    order = topological_order(root)
    for node in order:
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(order):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


# ---------------------------------------------------------------- arrays

def unbroadcast(grad, shape):
    """From the gradient of a stretched array to that of the array before it was stretched.

    An array of the given shape was broadcast to grad.shape, so each entry was copied to several
    places. Its gradient is the sum over these places: over every axis that broadcasting put in
    front, and over every axis where the size was 1.

    grad: an array    shape: a tuple that broadcasts to grad.shape
    result: an array of that shape

    Example: grad = [[1, 2, 3], [10, 20, 30]] gives [11, 22, 33] for shape (3,),
    and [[6], [60]] for shape (2, 1).
    """
    in_front = grad.ndim - len(shape)
    stretched = [in_front + axis for axis, size in enumerate(shape) if size == 1]
    return grad.sum(axis=(*range(in_front), *stretched)).reshape(shape)


def matmul_gradients(a, b, grad):
    """The gradients of a and of b, given that of their product a @ b.

        grad_a[i, j] = sum over k of grad[i, k] b[j, k]
        grad_b[j, k] = sum over i of a[i, j] grad[i, k]

    Both are matrix products again. In front of the last two axes there may be others, which @
    broadcasts; use `unbroadcast` to sum back over them. x.swapaxes(-1, -2) exchanges the last two
    axes of an array and leaves those in front alone.

    a: (..., rows, inner)    b: (..., inner, columns)    grad: (..., rows, columns)
    result: a tuple (grad_a, grad_b), with the shapes of a and b

    Example: a = [[1, 2]], b = [[3], [4]], grad = [[10]] gives grad_a = [[30, 40]] and
    grad_b = [[10], [20]].
    """
    grad_a = grad @ b.swapaxes(-1, -2)                # (..., rows, columns) @ (..., columns, inner)
    grad_b = a.swapaxes(-1, -2) @ grad                # (..., inner, rows) @ (..., rows, columns)
    return unbroadcast(grad_a, a.shape), unbroadcast(grad_b, b.shape)


def softmax(x):
    """exp(x), divided by its sum along the last axis: positive numbers that sum to 1.

    The largest entry is subtracted first. It changes nothing in the result and keeps exp from
    overflowing.
    """
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_gradient(out, grad):
    """The gradient of x, given out = softmax(x) along the last axis, and the gradient of out.

    Every output depends on every input of its row: d out[j] / d x[i] = out[j] (delta(i, j) - out[i]),
    where delta(i, j) is 1 if i = j, else 0. So

        grad_x[i] = sum over j of grad[j] out[j] (delta(i, j) - out[i])

    Simplify the sum before you write it down: no table of all pairs (i, j) is needed.

    out, grad: (..., n)    result: (..., n)

    Example: out = [0.75, 0.25], grad = [6, 2]. The sum of grad[j] out[j] is 4.5 + 0.5 = 5, and the
    result [0.75, -0.75]: what one gains the other loses.
    """
    return out * (grad - (grad * out).sum(axis=-1, keepdims=True))
