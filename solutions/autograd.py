"""Chapter 01: how a computation finds its own slopes, first for single
numbers, then for arrays."""

import math

import numpy as np

# ------------------------------------------ slopes by trying


def central_difference(f, x, step=1e-5):
    """The slope of f at x, found by trying f at two points: one step to the
    left of x, and one step to the right.

    f         a function of one number
    x         a number
    step      how far each of the two points is from x, a positive number
    returns   the slope, a number

    >>> round(central_difference(lambda x: x * x, x=3.0, step=0.1), 6)
    6.0

    Here the two points are 2.9 and 3.1, and their squares 8.41 and 9.61.
    """
    return (f(x + step) - f(x - step)) / (2 * step)


def check_gradient(f, gradient, x, rng, step=1e-5):
    """The slope of f at x in a random direction: measured, and as the gradient
    predicts it.

    Along a line through x, f is a function of one number, so one central
    difference tests all entries of the gradient at once. It misses an error
    only if that is orthogonal to the direction.

    f             a function from an array of x's shape to a number
    gradient, x   arrays of one shape
    rng           np.random.Generator that draws the direction
    returns       measured, predicted: two numbers that should agree

    >>> rng = np.random.default_rng(0)
    >>> x = np.array([1.0, 2.0])
    >>> pair = check_gradient(lambda x: (x * x).sum(), 2 * x, x, rng)
    >>> bool(np.isclose(*pair))
    True
    """
    direction = rng.standard_normal(x.shape)
    measured = central_difference(lambda t: f(x + t * direction), 0.0, step)
    return measured, (gradient * direction).sum()


# ------------------------------------------ numbers that remember


class Value:
    """A number that remembers how it was made. Write `__mul__` and `tanh`;
    `__add__` shows you how.

    data      the number itself
    inputs    the Values it was made from, a tuple; empty for a number that
              was given
    slopes    for each input, how fast `data` changes when only that input
              changes; a tuple of plain numbers
    grad      how fast the final result changes with this number;
              `backpropagate` fills it in later

    The slope of tanh(x) is 1 - tanh(x)^2. Those of a product are for you to
    find. Either factor may be a plain number, as in a * 4 or 4 * a.

    >>> a, b = Value(2.0), Value(3.0)
    >>> product = a * b
    >>> product.data, product.inputs == (a, b), product.slopes
    (6.0, True, (3.0, 2.0))

    If a grows by 0.01, the product grows by 0.03.
    """

    def __init__(self, data, operation="", inputs=(), slopes=()):
        self.data, self.operation = float(data), operation
        self.inputs, self.slopes = inputs, slopes
        self.grad = 0.0

    def made(self, operation, data, inputs, slopes):
        """The result of an operation: a new Value with its memory."""
        return type(self)(data, operation, inputs, slopes)

    def lift(self, other):
        """`other` as a Value, also if it is a plain number."""
        return other if isinstance(other, type(self)) else type(self)(other)

    def __add__(self, other):
        other = self.lift(other)
        total = self.data + other.data
        return self.made("+", total, (self, other), slopes=(1.0, 1.0))

    def __mul__(self, other):
        other = self.lift(other)
        slopes = (other.data, self.data)
        return self.made("*", self.data * other.data, (self, other), slopes)

    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), slopes=(1 - t * t,))

    __radd__, __rmul__ = __add__, __mul__  # for 3 + a and 3 * a

    def __repr__(self):
        return f"Value({self.data:.4g}, grad={self.grad:.4g})"


def add_operations(cls):
    """Teach a class of Values to take powers, and with them to subtract and to
    divide.

        a ** n    has the slope n a^(n - 1); n is a plain number
        a - b     is a + b * -1
        a / b     is a * b ** -1

    cls       Value, or a class like it

    >>> add_operations(Value)
    >>> a = Value(4.0)
    >>> (2 - a / 8) ** 2
    Value(2.25, grad=0)
    """

    def power(a, n):
        slope = n * a.data ** (n - 1)
        return a.made("**", a.data**n, (a,), (slope,))

    def minus(a, b):
        return a + b * -1

    def divided_by(a, b):
        return a * a.lift(b) ** -1

    cls.__pow__, cls.__sub__, cls.__truediv__ = power, minus, divided_by
    # for 2 - a and 2 / a
    cls.__rsub__ = lambda a, b: a.lift(b) - a
    cls.__rtruediv__ = lambda a, b: a.lift(b) / a


def level_by_level(root):
    """What `backpropagate` would do if each Value passed its grad on as soon
    as it is met, walking back from root. Is that enough?

    root      a Value
    returns   nothing
    """
    met = [root]
    for node in met:  # the list grows on the way
        met += [each for each in node.inputs if each not in met]
    for node in met:
        node.grad = 0.0
    root.grad = 1.0
    for node in met:
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


def topological_order(root):
    """Root and all Values it was made from, in a list where each one comes
    after its inputs.

    Each Value is in the list once, however many others use it, and root is
    the last. Two Values that contain the same number are still two.

    Graphs get large. There may be 10,000 operations in a row, and a function
    that calls itself for each of them won't do: Python allows about a
    thousand nested calls. And from root to a Value there may be more paths
    than you could ever walk.

    root      a Value; `node.inputs` are the Values that a node was made from
    returns   a list of Values

    >>> w, x = Value(0.5), Value(2.0)
    >>> h = w * x
    >>> [node.operation for node in topological_order(h + h.tanh())]
    ['', '', '*', 'tanh', '+']

    That is w, x, h, tanh, root. The order x, w, h, tanh, root is right too.
    But w, x, tanh, h, root is wrong, because tanh was made from h.
    """
    order, seen, to_do = [], set(), [(root, False)]
    while to_do:
        node, inputs_done = to_do.pop()
        if inputs_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            # met again when all its inputs are in order
            to_do.append((node, True))
            to_do.extend((each, False) for each in node.inputs)
    return order


def backpropagate(root):
    """Fill in `grad` for root and for all Values it was made from: how fast
    root.data changes with each of them.

    Along a path from a Value to root the slopes multiply, and the products of
    all its paths add up. root changes as fast as itself, so its grad is 1.
    Whatever the grads were before makes no difference. Graphs are as large as
    those of `topological_order`, which is yours: use it.

    root      a Value; `node.inputs` and `node.slopes` have one entry per
              input
    returns   nothing

    >>> w, x = Value(0.5), Value(2.0)
    >>> h = w * x
    >>> backpropagate(h + h.tanh())
    >>> round(h.grad, 2), round(w.grad, 2), round(x.grad, 2)
    (1.42, 2.84, 0.71)

    Two paths lead from h to root, with the slopes 1 and 0.42.
    """
    order = topological_order(root)
    for node in order:
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(order):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


# ------------------------------------------ arrays


def unbroadcast(grad, shape):
    """The gradient of an array before it was stretched, from its gradient
    afterwards.

    An array of the given shape was broadcast to grad.shape, so some of its
    entries were copied, perhaps many times. An entry's gradient is the sum
    over all of its copies.

    grad      array
    shape     the array's own shape, a tuple that broadcasts to grad.shape
    returns   array of that shape

    >>> grad = np.array([[1, 2, 3], [10, 20, 30]])
    >>> unbroadcast(grad, (3,)).tolist()
    [11, 22, 33]
    >>> unbroadcast(grad, (2, 1)).tolist()
    [[6], [60]]
    """
    in_front = grad.ndim - len(shape)
    stretched = [
        in_front + axis for axis, size in enumerate(shape) if size == 1
    ]
    return grad.sum(axis=(*range(in_front), *stretched)).reshape(shape)


def matmul_gradients(a, b, grad):
    """The gradients of a and of b, given that of their product a @ b.

        grad_a[i, j] = sum over k of grad[i, k] b[j, k]
        grad_b[j, k] = sum over i of a[i, j] grad[i, k]

    Both are matrix products again. There may be more axes in front of the
    last two, and @ broadcasts them: your `unbroadcast(grad, shape)` takes that
    back. x.swapaxes(-1, -2) exchanges the last two axes of an array and leaves
    the others alone.

    a         array (..., rows, inner)
    b         array (..., inner, columns)
    grad      array (..., rows, columns)
    returns   grad_a, grad_b: arrays of the shapes of a and b

    >>> a, b = np.array([[1, 2]]), np.array([[3], [4]])
    >>> grad_a, grad_b = matmul_gradients(a, b, grad=np.array([[10]]))
    >>> grad_a.tolist(), grad_b.tolist()
    ([[30, 40]], [[10], [20]])
    """
    # (..., rows, columns) @ (..., columns, inner)
    grad_a = grad @ b.swapaxes(-1, -2)
    # (..., inner, rows) @ (..., rows, columns)
    grad_b = a.swapaxes(-1, -2) @ grad
    return unbroadcast(grad_a, a.shape), unbroadcast(grad_b, b.shape)


def softmax(x):
    """Scores of any size as weights: positive, with sum 1 along the last
    axis.

        softmax(x)[i] = e^x[i] / sum over j of e^x[j]

    A score may be 1000, where e^x overflows, or -1000, where it is 0; the
    weights have to be right all the same. A score of -inf gets the weight 0.
    Each row has at least one that is finite.

    x         array (..., n)
    returns   array (..., n)

    >>> softmax(np.array([0.0, np.log(3)])).round(3).tolist()
    [0.25, 0.75]
    >>> softmax(np.array([[1000.0, 1000.0], [-5.0, -np.inf]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_gradient(out, grad):
    """The gradient of x, given out = softmax(x) along the last axis, and the
    gradient of out.

    Every output depends on every input of its row:

        d out[j] / d x[i] = out[j] (delta(i, j) - out[i])

    where delta(i, j) is 1 if i = j, else 0. So

        grad_x[i] = sum over j of grad[j] out[j] (delta(i, j) - out[i])

    Simplify the sum before you write it down; you don't need a table of all
    pairs (i, j). An output may be 0, so don't divide by it.

    out, grad   arrays (..., n)
    returns     array (..., n)

    >>> out, grad = np.array([0.75, 0.25]), np.array([6.0, 2.0])
    >>> softmax_gradient(out, grad).tolist()
    [0.75, -0.75]

    What one input gains, the other loses.
    """
    return out * (grad - (grad * out).sum(axis=-1, keepdims=True))
