"""Chapter 01: what slopes, the scalar engine and the gradients of arrays must satisfy."""
import math

import numpy as np


class central_difference:
    stars, minutes = 1, 3
    hints = (
        "How much does f change between the two points, and how far apart are they?",
        "The points x + step and x - step are 2 * step apart.",
        "return (f(x + step) - f(x - step)) / (2 * step)",
    )

    def example(answer, expect):
        """The worked example: the slope of x squared at 3 is 6, even with a step of 0.1."""
        expect.equal(answer(lambda x: x * x, 3.0, 0.1), 6.0, mistakes=(
            (6.1, "This is the one-sided difference, from x to x + step. Go to both sides: the error is far "
                  "smaller."),
            (5.9, "This is the one-sided difference, from x - step to x. Go to both sides: the error is far "
                  "smaller."),
            (12.0, "Twice too large: from x - step to x + step the distance is 2 * step."),
            (0.06, "Put the distance in brackets, (2 * step): a / 2 * step divides by 2 and multiplies by "
                   "step."),
            (1.2, "This is only the change of f. Divide it by the distance of the two points, 2 * step."),
            (-6.0, "The sign is turned round: f(x + step) comes first."),
            (9.61 - 8.41 / 0.2, "Put the difference in brackets, too: a - b / c divides only b."),
            (9.61 - 8.41 / 2 * 0.1, "Put the difference in brackets, and the distance too: a - b / 2 * step "
                                    "divides only b, and multiplies it by step."),
        ))

    def own_step(answer, expect):
        """The step is the one that was asked for: for x cubed at 0, a step of 1 gives exactly 1."""
        cube = lambda x: x ** 3
        expect.equal(answer(cube, 0.0, 1.0), 1.0, mistakes=(
            (0.0, "Your result does not depend on `step`: use the step that is given, not one of your "
                  "own."),))

    def default_step(answer, expect):
        """Without a step, the slopes of sin and exp come out right to six digits."""
        got = answer(math.sin, 1.0)
        expect.that(got != 0, "The slope comes out as 0: the default step is so small that x + step equals "
                              "x. A float has about 16 digits; leave the step at 1e-5.")
        expect.equal(got, math.cos(1.0), "Leave the default step at 1e-5.", tolerance=1e-6)
        expect.equal(answer(math.exp, 0.5), math.exp(0.5), tolerance=1e-6)


class Value:
    stars, minutes = 2, 8
    blank = ("Value.__mul__", "Value.tanh")
    hints = (
        "Copy the two lines of `__add__`. What changes in `__mul__`: the operation's name, the data, and the "
        "slopes. If only a grows, a * b grows b times as fast.",
        "tanh has one input, so `inputs` is (self,) and `slopes` is a tuple with one number. Compute "
        "math.tanh(self.data) once and use it twice. (`math` is imported.)",
        "slopes=(other.data, self.data), and for t = math.tanh(self.data): slopes=(1 - t * t,)",
    )

    def product(answer, expect):
        """a * b holds the product, the two inputs, and for each input the other one as its slope."""
        a, b = answer(2.0), answer(3.0)
        product = a * b
        expect.that(hasattr(product, "slopes"), "a * b must return a Value with its memory. Let "
                                                "`self.made(...)` build it, and return it.")
        expect.equal(product.data, 6.0, "The data of a * b is the product of the two numbers.")
        expect.that(len(product.inputs) == 2 and product.inputs[0] is a and product.inputs[1] is b,
                    "The inputs of a * b must be the very Values a and b, in this order: (self, other).")
        expect.that(not any(isinstance(slope, answer) for slope in product.slopes),
                    "The slopes are plain numbers, not Values: take their `.data`.")
        expect.equal(tuple(product.slopes), (3.0, 2.0), mistakes=(
            ((2.0, 3.0), "The slopes are exchanged: when a grows, a * b grows b times as fast. Each input's "
                         "slope is the *other* factor."),
            ((1.0, 1.0), "1 and 1 are the slopes of a sum. When a grows by 0.01, how much does a * b grow?"),
            ((6.0, 6.0), "A slope is not the result: when a grows by 0.01, a * b grows by 0.01 times b."),
        ))

    def numbers(answer, expect):
        """Plain numbers may stand on either side: a * 4 and 4 * a."""
        a = answer(2.0)
        try:
            products = a * 4, 4 * a
        except AttributeError:
            products = ()
        expect.that(products, "In a * 4 the 4 is a plain number and has no `data`. Lift it first, as "
                              "`__add__` does.")
        for product in products:
            expect.equal((product.data, product.slopes[0]), (8.0, 4.0))

    def tanh(answer, expect):
        """tanh holds one input, and the slope 1 - tanh(x)^2."""
        x = answer(0.5)
        result, t = x.tanh(), math.tanh(0.5)
        expect.that(hasattr(result, "slopes"), "x.tanh() must return a Value with its memory. Let "
                                               "`self.made(...)` build it, and return it.")
        expect.equal(result.data, t, "The data of x.tanh() is math.tanh(x.data).")
        expect.that(isinstance(result.inputs, tuple) and isinstance(result.slopes, tuple),
                    "inputs and slopes are tuples, here with one entry each. A tuple of one needs its comma: "
                    "(self,).")
        expect.that(len(result.inputs) == 1 and result.inputs[0] is x,
                    "The one input of x.tanh() is x itself: (self,).")
        expect.equal(result.slopes, (1 - t * t,), mistakes=(
            ((1 - 0.5 ** 2,), "This is 1 - x^2. The square is that of the *result*: 1 - tanh(x)^2."),
            ((1 - t,), "This is 1 - tanh(x); the square is missing: 1 - tanh(x)^2."),
            ((t * (1 - t),), "This is the slope of the sigmoid, out (1 - out). That of tanh is 1 - out^2."),
            ((1.0,), "A slope of 1 would be a straight line. That of tanh is 1 - tanh(x)^2."),
        ))

    def chain(answer, expect):
        """In a longer expression every Value still knows its inputs, also when it is used twice."""
        w, x = answer(0.5), answer(2.0)
        h = w * x
        root = h + h.tanh()
        expect.equal(root.data, 1 + math.tanh(1.0))
        expect.that(root.inputs[0] is h and root.inputs[1].inputs[0] is h,
                    "The Values on the way must be kept as they are: h is used twice and must stay one and "
                    "the same.")
        expect.equal(tuple((x * x).slopes), (2.0, 2.0), "In x * x each of the two slopes is x.")


class _Node:
    """A bare node of a graph, as much of a Value as the order and the gradients need."""

    def __init__(self, *inputs, slopes=None, name=""):
        self.inputs, self.slopes, self.name = inputs, slopes or (1.0,) * len(inputs), name
        self.data = self.grad = 0.0


class _Patient(_Node):
    """A node that ends a walk along every path: it counts how often the inputs of such nodes are looked at."""

    looks = 0

    def __init__(self, expect, *inputs, name=""):
        self.expect, self.given, self.name, self.data = expect, inputs, name, 0.0

    @property
    def inputs(self):
        _Patient.looks += 1
        self.expect.that(_Patient.looks < 50_000, "Your code walks every path, again and again through the "
                                                  "same Values. Remember which ones you have seen, and go on "
                                                  "from each only once.")
        return self.given


def _skip():
    """h = w * x, root = h + tanh(h): the connection from h to root skips the tanh."""
    w, x = _Node(name="w"), _Node(name="x")
    h = _Node(w, x, slopes=(2.0, 0.5), name="h")
    tanh = _Node(h, slopes=(0.42,), name="tanh")
    root = _Node(h, tanh, name="root")
    for node, data in zip((w, x, h, tanh, root), (0.5, 2.0, 1.0, 0.76, 1.76)):
        node.data = data
    return w, x, h, tanh, root


def _check_order(order, root, nodes, expect):
    """Each of `nodes` once, each after its inputs, root last."""
    expect.that(isinstance(order, (list, tuple)), "The result must be a list of Values.")
    place = {node: index for index, node in enumerate(order)}
    missing = [node for node in nodes if node not in place and node is not root]
    if missing:
        no_leaf = len(nodes) > 1 and all(node.inputs for node in place)
        expect.that(False, f"`{missing[0].name}` is missing from your list. " + (
            "Those that were given, with no inputs, belong in it too." if no_leaf else
            "Every Value that root was made from, by whatever steps, stands there once."))
    expect.that(root in place, "root itself is missing: it is the last one in the list.")
    expect.that(len(order) == len(place), "A Value that is used twice stands in your list twice. Remember "
                                          "which ones you have seen.")
    if root is order[0] and len(order) > 1:
        expect.that(all(place[each] > place[node] for node in nodes for each in node.inputs),
                    "Your list starts with root, and even turned round it would not do: going breadth first, "
                    "level by level, meets a Value too early when another path to it is longer.")
        expect.that(False, "The list is upside down: root must come last, after everything it was made from.")
    late = [(node, each) for node in order for each in node.inputs if place[each] > place[node]]
    if late:
        node, each = late[0]
        level = _levels(root)
        by_level = all(level[one] >= level[other] for one, other in zip(order, order[1:]))
        expect.that(False, f"`{node.name}` stands before its input `{each.name}`. " + (
            "Your list goes breadth first, level by level. That is not enough when one path to a Value is "
            "longer than another: it must stand before *all* that use it." if by_level else
            "A Value may be put down only when all of its inputs have been put down, not when it is met, nor "
            "when its inputs are waiting in some list."))


def _levels(root):
    """How many steps the shortest path from root to each node has."""
    level, to_do = {root: 0}, [root]
    for node in to_do:                                    # the list grows on the way
        for each in node.inputs:
            if each not in level:
                level[each] = level[node] + 1
                to_do.append(each)
    return level


class topological_order:
    stars, minutes = 3, 15
    hints = (
        "The star in the table needs a place: let `to_do` hold pairs (node, inputs_done), beginning with "
        "(root, False). Beside it you need the order, and a set of the nodes that you have seen.",
        "A pair (node, True) is met the second time: put the node into the order. For (node, False) there is "
        "nothing to do if the node was seen before. Else remember it and append (node, True) first, then "
        "(each, False) for its inputs, so that they lie on top.",
        "node, inputs_done = to_do.pop(); if inputs_done: order.append(node); elif node not in seen: "
        "seen.add(node); to_do.append((node, True)); to_do.extend((each, False) for each in node.inputs)",
    )

    def skip(answer, expect):
        """The worked example: tanh comes after h, although root uses both."""
        w, x, h, tanh, root = nodes = _skip()
        _check_order(answer(root), root, nodes, expect)
        turned = _Node(tanh, h, name="root")              # the same, with root's inputs exchanged
        _check_order(answer(turned), turned, (w, x, h, tanh, turned), expect)

    def same_number(answer, expect):
        """Two Values may hold the same number: with w = 1 and x = 1, both stand in the list."""
        w, x = _Node(name="w"), _Node(name="x")
        root = _Node(w, x, name="root")
        w.data, x.data, root.data = 1.0, 1.0, 2.0
        order = answer(root)
        expect.that(not isinstance(order, (list, tuple)) or len(order) == 3,
                    "w and x hold the same number, and one of them is missing. Tell Values apart by "
                    "themselves (`node in seen`), not by their `data`.")
        _check_order(order, root, (w, x, root), expect)

    def one(answer, expect):
        """A number that was given has no inputs: the list holds it alone."""
        alone = _Node(name="x")
        _check_order(answer(alone), alone, (alone,), expect)

    def shared(answer, expect):
        """A Value doubled 40 times has 2^40 paths to its beginning, but 41 nodes: each is visited once."""
        _Patient.looks, nodes = 0, [_Patient(expect, name="x")]
        for index in range(40):
            nodes.append(_Patient(expect, nodes[-1], nodes[-1], name=f"double {index}"))
        _check_order(answer(nodes[4]), nodes[4], nodes[:5], expect)
        _check_order(answer(nodes[-1]), nodes[-1], nodes, expect)

    def random_graphs(answer, expect):
        """Thirty random graphs of eight nodes: each node once, after its inputs, root last."""
        rng = np.random.default_rng(0)
        for _ in range(30):
            nodes = [_Node(name="node 0")]
            for index in range(1, 8):                     # every node uses the one before it, and another
                nodes.append(_Node(nodes[rng.integers(index)], nodes[-1], name=f"node {index}"))
            _check_order(answer(nodes[-1]), nodes[-1], nodes, expect)

    def deep(answer, expect):
        """A chain of 10,000 operations is no problem."""
        nodes = [_Node()]
        for _ in range(10_000):
            nodes.append(_Node(nodes[-1]))
        try:
            order = answer(nodes[-1])
        except RecursionError:
            order = None
        expect.that(order is not None, "The order is right, but a chain of 10,000 operations is too deep for "
                                       "recursion: Python stops at about a thousand nested calls. Keep a "
                                       "list of what is still to do instead.")
        expect.that(list(order) == nodes, "In a chain of 10,000 operations there is only one order, and it "
                                          "is not yours.")


class backpropagate:
    stars, minutes = 2, 8
    hints = (
        "Walk through reversed(topological_order(root)). When a node comes up, its grad is complete: pass it "
        "on.",
        "for each, slope in zip(node.inputs, node.slopes): what does this path add to each.grad?",
        "each.grad += slope * node.grad, after a first loop that sets every grad to 0.0, and root.grad = 1.0",
    )

    def chain(answer, expect):
        """Along one path the slopes multiply: 2 times 3 times 5."""
        a = _Node()
        b = _Node(a, slopes=(2.0,))
        c = _Node(b, slopes=(3.0,))
        root = _Node(c, slopes=(5.0,))
        with expect.advice({
                "not enough values to unpack": "Not every Value has two inputs: tanh has one, and a number "
                                               "that was given has none. Loop over zip(node.inputs, "
                                               "node.slopes).",
                "'NoneType' object is not": "list.reverse() turns the list round in place and returns None. "
                                            "Use reversed(order), which returns what a loop needs."}):
            answer(root)
        expect.that(root.grad == 1, "root.grad must be 1: the end result changes as fast as itself.")
        expect.equal((c.grad, b.grad, a.grad), (5.0, 15.0, 30.0), mistakes=(
            ((5.0, 3.0, 2.0), "Each grad is only the last slope. Multiply it by the grad of the Value it "
                              "goes through."),
            ((5.0, 8.0, 10.0), "The slopes along a path are multiplied, not added."),
            ((6.0, 9.0, 11.0), "The slopes along a path are multiplied, not added."),
            ((0.0, 0.0, 0.0), "Every grad below root ends as 0. If you set grads to 0 during the walk, you "
                              "wipe out what has come in already: do it in a loop of its own, before the "
                              "walk."),
            ((5.0, 0.0, 0.0), "The grad stops after one step: walk from root to the inputs, "
                              "reversed(topological_order(root))."),
        ))

    def two_paths(answer, expect):
        """The worked example: h reaches root on two paths, and what they bring is added."""
        w, x, h, _, root = _skip()
        answer(root)
        expect.equal(h.grad, 1.42, mistakes=(
            (1.0, "The grad of h was overwritten: it keeps what one path brought and loses the other. Add, "
                  "with +=."),
            (0.42, "The grad of h was overwritten: it keeps what one path brought and loses the other. Add, "
                   "with +=."),
        ))
        expect.equal((w.grad, x.grad), (2.84, 0.71), mistakes=(
            ((2.0, 0.5), "h passed its grad on before the path through tanh had brought its part. Breadth "
                         "first is not enough: a Value may be visited only after *all* that used it."),
            ((4.84, 1.21), "h passed its grad on twice, the second time with what it had passed on before. "
                           "Visit each Value once, when its grad is complete."),
            ((0.71, 2.84), "The slopes of w and x are exchanged: inputs and slopes go together in order."),
        ))

    def twice_the_same(answer, expect):
        """x + x: one Value on both sides gets 1 + 1."""
        x = _Node()
        answer(_Node(x, x))
        expect.equal(x.grad, 2.0, mistakes=(
            (1.0, "In x + x the grad of x was overwritten, or one of the two inputs skipped. Add both."),))

    def again(answer, expect):
        """Called a second time it gives the same gradients: it starts from 0."""
        w, x, h, _, root = _skip()
        answer(root)
        answer(root)
        expect.equal((h.grad, w.grad, x.grad), (1.42, 2.84, 0.71),
                     "The second call still has the gradients of the first in it: set every grad to 0 before "
                     "you begin.")

    def skip_chain(answer, expect):
        """Twenty blocks h + f(h) in a row, each with slope 1 + 0.5."""
        x = h = _Node()
        for _ in range(20):
            h = _Node(h, _Node(h, slopes=(0.5,)))
        answer(h)
        expect.equal(x.grad, 1.5 ** 20, "Through twenty blocks the factors multiply to 1.5^20.")


def _sum_back(grad, shape):
    """unbroadcast, the slow way: every entry of grad is added to the one entry that it was copied from."""
    total = np.zeros(shape)
    for index in np.ndindex(grad.shape):
        own = index[len(index) - len(shape):]
        total[tuple(0 if size == 1 else i for i, size in zip(own, shape))] += grad[index]
    return total


class unbroadcast:
    stars, minutes = 2, 8
    hints = (
        "Which axes of grad did broadcasting make? Those in front that `shape` does not have, and those "
        "where it says 1.",
        "There are grad.ndim - len(shape) axes in front. sum(axis=(0, 2)) sums over several axes at once; "
        "afterwards reshape(shape) brings the axes of size 1 back.",
        "front = grad.ndim - len(shape); axes = [front + i for i, size in enumerate(shape) if size == 1]; "
        "return grad.sum(axis=(*range(front), *axes)).reshape(shape)",
    )

    def front(answer, expect):
        """The worked example, shape (3,): one row was used twice, so its gradient is the sum of both rows."""
        grad = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
        with expect.advice({"IndexError": "Shapes line up from the right: `shape` is shorter than grad.shape, "
                                          "and axis i of `shape` is axis grad.ndim - len(shape) + i of "
                                          "grad."}):
            got = answer(grad, (3,))
        expect.equal(got, np.array([11.0, 22.0, 33.0]), mistakes=(
            (np.array([[11.0, 22.0, 33.0]]), "The sums are right, but an axis of size 1 still stands in "
                                             "front. Finish with .reshape(shape)."),
            (grad, "It still has the stretched shape: nothing was summed back."),
            (grad.mean(0), "This is the mean over the copies. Each copy contributes in full: sum them."),
            (grad[0], "Only the first copy's gradient was kept. Each copy contributes: sum them."),
            (grad[-1], "Only the last copy's gradient was kept. Each copy contributes: sum them."),
            (np.full(3, 66.0), "This is the sum over everything. Sum only over the axes that were "
                               "stretched."),
        ))

    def size_one(answer, expect):
        """The worked example, shape (2, 1): a column was stretched to the right; its axis of size 1 stays."""
        grad = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
        want = np.array([[6.0], [60.0]])
        expect.equal(answer(grad, (2, 1)), want, mistakes=(
            (grad, "Only axes in front were summed. An axis where the shape says 1 was stretched too."),
            (grad[:, :1], "Only the first copy's gradient was kept. Each copy contributes: sum them."),
            (grad.mean(1, keepdims=True), "This is the mean over the copies. Each copy contributes in full: "
                                          "sum them."),
            (want[:, 0], "The axis of size 1 is gone: the result must have the given shape. keepdims=True or "
                         "reshape."),
        ))

    def nothing(answer, expect):
        """If nothing was stretched the gradient comes back as it is."""
        grad = np.arange(6.0).reshape(2, 3)
        expect.equal(answer(grad, (2, 3)), grad)
        expect.equal(answer(np.array([[3.0]]), (1, 1)), np.array([[3.0]]))

    def from_the_right(answer, expect):
        """Shapes are lined up from the right: (3,) stretched to (3, 3) was copied downwards."""
        grad = np.arange(9.0).reshape(3, 3)
        expect.equal(answer(grad, (3,)), grad.sum(0), mistakes=(
            (grad.sum(1), "The shapes are lined up from the left. Broadcasting lines them up from the right: "
                          "the new axes stand in front."),
            (grad, "It still has the stretched shape: nothing was summed back."),
        ))

    def two_in_front(answer, expect):
        """Two axes in front: the sum runs over both, and over no other."""
        rng = np.random.default_rng(6)
        for full, shape in ((2, 3, 4, 5), (4, 5)), ((2, 2, 2, 2), (2, 2)):
            grad = rng.standard_normal(full)
            expect.equal(answer(grad, shape), _sum_back(grad, shape), mistakes=(
                (grad.sum(0).sum(1), "After the first sum the axes have moved up: what was axis 1 is axis 0 "
                                     "now. One after the other, always sum axis 0; or all at once, with "
                                     "axis=(0, 1)."),))

    def both(answer, expect):
        """Axes in front and axes of size 1 together, also when all sizes are equal."""
        rng = np.random.default_rng(1)
        for full, shape in (((2, 3, 4), (3, 1)), ((2, 3, 4), (1, 4)), ((4, 4, 4), (4, 1)), ((3, 3), (3,)),
                            ((2, 3, 4), (2, 1, 1)), ((2, 3, 1), (1, 1)), ((5, 1, 2), (1, 2))):
            grad = rng.standard_normal(full)
            expect.equal(answer(grad, shape), _sum_back(grad, shape),
                         f"Here {shape} was stretched to {full}.")

    def scalar(answer, expect):
        """A single number, shape (), was copied everywhere: its gradient is the sum of everything."""
        expect.equal(answer(np.array([[1.0, 2.0], [3.0, 4.0]]), ()), np.array(10.0))


def _matmul_gradients(a, b, grad):
    """By the definition, entry by entry, for any axes in front."""
    front = grad.shape[:-2]
    grad_a, grad_b = np.zeros(front + a.shape[-2:]), np.zeros(front + b.shape[-2:])
    wide_a, wide_b = np.broadcast_to(a, grad_a.shape), np.broadcast_to(b, grad_b.shape)
    for *at, i, k in np.ndindex(grad.shape):
        at = tuple(at)
        for j in range(a.shape[-1]):
            grad_a[at + (i, j)] += grad[at + (i, k)] * wide_b[at + (j, k)]
            grad_b[at + (j, k)] += wide_a[at + (i, j)] * grad[at + (i, k)]
    return _sum_back(grad_a, a.shape), _sum_back(grad_b, b.shape)


class matmul_gradients:
    stars, minutes = 2, 8
    hints = (
        "Let the shapes lead you. grad_a is (rows, inner); you have grad, (rows, columns), and b, (inner, "
        "columns). Which product, with which one turned, has that shape?",
        "grad @ (b with its last two axes exchanged) is (rows, inner). For b likewise, with a turned, from "
        "the left. Then unbroadcast each of the two to the shape of a or b.",
        "return unbroadcast(grad @ b.swapaxes(-1, -2), a.shape), unbroadcast(a.swapaxes(-1, -2) @ grad, "
        "b.shape)",
    )

    def square(answer, expect):
        """Square matrices: every shape fits, so only the right transposes give the right numbers."""
        a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
        grad = np.array([[1.0, 0.0], [0.0, 2.0]])
        right_a, right_b = want = _matmul_gradients(a, b, grad)
        expect.equal(answer(a, b, grad), want, mistakes=(
            ((grad @ b, right_b), "In the gradient of a, b is not transposed. Square matrices hide it; the "
                                  "formula does not: sum over k of grad[i, k] b[j, k]."),
            ((right_a, a @ grad), "In the gradient of b, a is not transposed. Square matrices hide it; the "
                                  "formula does not: sum over i of a[i, j] grad[i, k]."),
            ((grad @ b, a @ grad), "Both transposes are missing: in the formulas the index that is summed is "
                                   "the *last* of b and the *first* of a."),
            ((b.T @ grad, grad @ a.T), "The factors stand in the wrong order: grad stands where the other "
                                       "factor stood, on the left for a, on the right for b."),
            ((right_b, right_a), "You return (grad_b, grad_a): the gradient of a comes first."),
            ((grad * b, grad * a), "These are the slopes of the product entry by entry, a * b. A matrix "
                                   "product sums."),
        ))

    def example(answer, expect):
        """The worked example: (1, 2) @ (2, 1)."""
        a, b, grad = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([[10.0]])
        want = np.array([[30.0, 40.0]]), np.array([[10.0], [20.0]])
        expect.equal(answer(a, b, grad), want, mistakes=(
            ((want[0].T, want[1].T), "Both gradients are turned: each must have the shape of its own "
                                     "matrix."),
            ((b.T, a.T), "The gradient of the product, `grad`, is not in it: these are only the slopes."),
        ))

    def oblong(answer, expect):
        """Three different sizes."""
        rng = np.random.default_rng(2)
        a, b, grad = rng.standard_normal((2, 3)), rng.standard_normal((3, 4)), rng.standard_normal((2, 4))
        expect.equal(answer(a, b, grad), _matmul_gradients(a, b, grad))

    def batch(answer, expect):
        """A batch: two products side by side, none of which touches the other."""
        rng = np.random.default_rng(3)
        a, b, grad = rng.standard_normal((3, 2, 3, 3))
        turned = ("With a batch axis in front the shapes no longer fit. `.T` turns *all* axes round, the batch "
                  "too: x.swapaxes(-1, -2) exchanges only the last two.")
        with expect.advice({
                "matmul: ": turned,
                "broadcast together": turned,
                "einst": "Your indices leave no room for the batch axis. Let np.einsum pass over what stands "
                         "in front: '...ik,...jk->...ij' for the gradient of a."}):
            got = answer(a, b, grad)
        expect.equal(got, _matmul_gradients(a, b, grad), "In a batch each product stands by itself: only the "
                                                         "last two axes take part.")

    def shared(answer, expect):
        """One matrix b for the whole batch, as in every layer: its gradient is summed over the batch."""
        rng = np.random.default_rng(4)
        a, grad = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 3, 2))
        b = rng.standard_normal((4, 2))
        want = _matmul_gradients(a, b, grad)
        unsummed = a.swapaxes(-1, -2) @ grad
        expect.equal(answer(a, b, grad), want, mistakes=(
            ((want[0], unsummed), "b was broadcast over the batch, and its gradient was not summed back: "
                                  "unbroadcast it to b.shape."),
            ((want[0], unsummed.mean(0)), "The gradient of the shared b is the sum over the batch, not the "
                                          "mean."),
        ))

    def shared_a(answer, expect):
        """One matrix a for the whole batch: the same from the other side."""
        rng = np.random.default_rng(7)
        a, b, grad = (rng.standard_normal(shape) for shape in ((1, 3, 4), (2, 4, 2), (2, 3, 2)))
        expect.equal(answer(a, b, grad), _matmul_gradients(a, b, grad),
                     "Here a was stretched over the batch: unbroadcast its gradient to a.shape too.")


def _softmax_gradient(out, grad):
    """Row by row with the whole table of slopes."""
    result = np.zeros(out.shape)
    for row in np.ndindex(out.shape[:-1]):
        for i in range(out.shape[-1]):
            for j in range(out.shape[-1]):
                slope = out[row][j] * ((i == j) - out[row][i])
                result[row][i] += grad[row][j] * slope
    return result


class softmax_gradient:
    stars, minutes = 3, 10
    hints = (
        "Split the sum over j in two: what remains of the part with delta(i, j), and what can be taken out "
        "of the other?",
        "delta leaves only j = i: out[i] grad[i]. In the other part out[i] does not depend on j: out[i] "
        "times the sum over j of grad[j] out[j]. That sum is one number for each row: keepdims=True keeps "
        "its axis.",
        "return out * (grad - (grad * out).sum(axis=-1, keepdims=True))",
    )

    def example(answer, expect):
        """The worked example: what one gains the other loses."""
        out, grad = np.array([0.75, 0.25]), np.array([6.0, 2.0])
        expect.equal(answer(out, grad), np.array([0.75, -0.75]), mistakes=(
            (out * (1 - out) * grad, "This treats softmax as if it worked entry by entry: out (1 - out) grad. "
                                     "But every output depends on every input: the sum over j is missing."),
            (grad - 5, "The factor out[i] in front is missing."),
            (out * grad - 5, "From out[i] grad[i] you take away the bare sum over j. In the formula that sum "
                             "is multiplied by out[i] as well."),
            (out * (grad - out), "From grad[i] you take away out[i]. What belongs there is the sum over j of "
                                 "grad[j] out[j], one number for the whole row."),
            (out * (5 - grad), "The sign is turned round: it is grad minus the sum, not the sum minus grad."),
            (out * (grad - 8), "The sum over j is that of grad[j] out[j]; yours is that of grad[j] alone."),
            (out * grad, "This is only the part with delta. The other part, - out[i] out[j], is missing."),
        ))

    def rows(answer, expect):
        """Each row by itself: the sum runs along the last axis, with its axis kept."""
        out = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]])
        grad = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0], [5.0, -1.0, 2.0]])
        product = grad * out
        expect.equal(answer(out, grad), _softmax_gradient(out, grad), mistakes=(
            (out * (grad - product.sum()), "The sum runs over the whole array. Softmax works row by row: sum "
                                           "along the last axis."),
            (out * (grad - product.sum(-1)), "The sums of the rows were laid across the columns: keep their "
                                             "axis, with keepdims=True."),
            (out * (grad - product.sum(0)), "The sum runs down the columns. Softmax ran along the last axis: "
                                            "axis=-1."),
            (out * (grad - product.mean(-1, keepdims=True)), "This takes the mean over j; the formula has "
                                                             "the sum."),
        ))

    def conserved(answer, expect):
        """Along each row the result sums to 0: moving all x together changes no output."""
        rng = np.random.default_rng(5)
        out, grad = rng.dirichlet(np.ones(4), size=(2, 3)), rng.standard_normal((2, 3, 4))
        got = answer(out, grad)
        expect.equal(got, _softmax_gradient(out, grad))
        expect.equal(got.sum(-1), np.zeros((2, 3)))
