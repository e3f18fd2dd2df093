"""Chapter 01: how a computation finds its own slopes, first for single
numbers, then for arrays."""

import math

import numpy as np

# ------------------------------------------ slopes by trying


def central_difference(f, x, step=1e-5):
    """The slope of f at x, found by trying: one step to the right, one step to
    the left.

    The slope is how much f changes from one of these two points to the other,
    divided by how far apart they are.

    f         a function of one number
    x         a number
    step      how far each of the two points is from x, a positive number
    returns   a number

    >>> round(central_difference(lambda x: x * x, x=3.0, step=0.1), 6)
    6.0

    Here the two points are 2.9 and 3.1; their squares are 8.41 and 9.61.
    """
    return (f(x + step) - f(x - step)) / (2 * step)


def check_gradient(f, gradient, x, rng, step=1e-5):
    """The slope of f at x along a random direction: measured, and as the
    gradient predicts it.

    Along a line through x, f is a function of one number, so one central
    difference tests all entries of the gradient at once. An error goes
    unnoticed only if it is orthogonal to the direction.

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
    """A number that remembers how it was made. Write `__mul__` and `tanh`; you
    can read how `__add__` does it.

    data      the number itself
    inputs    the Values it was made from, a tuple; empty for a number that
              was given
    slopes    for each input, how fast `data` changes when only that input
              changes; a tuple of plain numbers
    grad      how fast the end result changes with this number; filled in
              later, by `backpropagate`

    The slopes of a sum are 1 and 1. What are those of a product? That of
    tanh(x) is 1 - tanh(x)^2. Either factor may be a plain number, as in
    a * 4 or 4 * a: `lift` turns it into a Value. `made` builds the result.

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


def topological_order(root):
    """Root and all Values it was made from, in a list, each one after its
    inputs.

    Each Value is in the list once, however many others use it, and root comes
    last. Two Values that contain the same number are still two. A graph can
    be a hundred thousand operations deep, and Python stops at about a
    thousand nested calls, so don't use recursion: keep a list of what is
    still to do instead. A Value can also be reached along more paths than
    anyone could walk, so go on from each only once.

    root      a Value; `node.inputs` are the Values that a node was made from
    returns   a list of Values

    >>> w, x = Value(0.5), Value(2.0)
    >>> h = w * x
    >>> [node.operation for node in topological_order(h + h.tanh())]
    ['', '', '*', 'tanh', '+']

    That is w, x, h, tanh, root; x, w, h, tanh, root is right, too. But w, x,
    tanh, h, root is wrong: tanh was made from h.
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
    root.data changes with each.

    Along one path from a Value to root, the slopes multiply; the products of
    all its paths add up. For root itself that is 1. What the grads were
    before makes no difference. There may be far too many paths to follow one
    by one, and thousands of Values in a row, but a Value that knows its own
    grad can pass it on to its inputs. In which order, so that it is complete
    by then? Nothing is returned.

    root      a Value; `node.inputs` and `node.slopes` go together, one slope
              for each input

    >>> w, x = Value(0.5), Value(2.0)
    >>> h = w * x
    >>> backpropagate(h + h.tanh())
    >>> round(h.grad, 2), round(w.grad, 2), round(x.grad, 2)
    (1.42, 2.84, 0.71)

    Two paths lead from h to the root, with the slopes 1 and 0.42.
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
    after.

    An array of the given shape was broadcast to grad.shape, so each of its
    entries was copied, perhaps many times. Its gradient is the sum over these
    copies: over every axis that broadcasting put in front, and over every
    axis where the size was 1.

    grad      array
    shape     a tuple that broadcasts to grad.shape
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

    Both are matrix products again. In front of the last two axes there may be
    others, which @ broadcasts; `unbroadcast` sums back over them.
    x.swapaxes(-1, -2) exchanges the last two axes of an array and leaves
    those in front alone.

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

    Simplify the sum before you write it down: no table of all pairs (i, j) is
    needed. An output of 0 is possible, so don't divide by it.

    out, grad   arrays (..., n)
    returns     array (..., n)

    >>> out, grad = np.array([0.75, 0.25]), np.array([6.0, 2.0])
    >>> softmax_gradient(out, grad).tolist()
    [0.75, -0.75]

    The sum of grad[j] out[j] is 4.5 + 0.5 = 5. What one gains, the other
    loses.
    """
    return out * (grad - (grad * out).sum(axis=-1, keepdims=True))
