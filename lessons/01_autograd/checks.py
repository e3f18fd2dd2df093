"""Lesson 01: what slopes, the scalar engine and the gradients of arrays must satisfy."""

import math
import sys
import traceback

import numpy as np

from classroom.checking import about, check, outcome, require
from classroom.comparing import Raised, described
from solutions.autograd import Value as Node
from solutions.autograd import softmax

about(
    "central_difference",
    stars=1,
    minutes=3,
    hints=(
        "A slope is a rise divided by a distance. How much does f rise from the left point to the "
        "right one, and how far apart are the two points?",
        "Take f(x) = x², x = 3 and a step of 0.1. On the left, at 2.9, f is 8.41; on the right, at "
        "3.1, it is 9.61. So f rises by 1.20 over a distance of 0.2, and 1.20 / 0.2 = 6. Now write "
        "the same with x and step. You can call f at any point you like. If you write it as one "
        "fraction, both the rise and the distance need brackets.",
        "return (f(...) - f(...)) / (...)",
    ),
)


def square(x):
    return x * x


def cube(x):
    return x**3


@check("central_difference")
def slope_of_a_square(answer):
    """The worked example: the slope of x squared at 3 is 6, even with a step of 0.1."""
    return answer(square, 3.0, 0.1), answer(square, -1.5, 0.25)


@check("central_difference")
def own_step(answer):
    """The step is the one that was asked for: for x cubed at 0, a step of 1 gives exactly 1."""
    return answer(cube, 0.0, 1.0), answer(cube, 2.0, 0.5), answer(cube, 0.0, step=0.1)


@check("central_difference", tolerance=1e-8)
def default_step(answer):
    """Without a step, the slopes of sin and exp come out right to eight digits."""
    return answer(math.sin, 1.0), answer(math.exp, 0.5), answer(math.cos, -2.0)


about(
    "Value",
    stars=2,
    minutes=8,
    blank=("Value.__mul__", "Value.tanh"),
    hints=(
        "A slope answers one question: if this input grows a little, how much does the result "
        "grow? In a * b ask it twice, once for each input, while the other stays as it is.",
        "Take a = 2 and b = 3, so the product is 6. Let a grow by 0.01: 2.01 times 3 is 6.03, so "
        "the product grew by 0.03, 3 times as much as a. What is the 3? Then let b grow by 0.01 "
        "instead. As for tanh, at 0.5 it is 0.462, its square is 0.214, so its slope there is "
        "0.786. It has one input, so both tuples have one entry, and a tuple of one needs its "
        "comma: (self,).",
        "t = math.tanh(self.data); return self.made('tanh', t, (self,), slopes=(...,))",
    ),
)


def memory(value, **named):
    """What a Value remembers: data, which of the named Values its inputs are, and slopes."""
    names = {id(each): name for name, each in named.items()}
    inputs = [names.get(id(each), f"another {type(each).__name__}") for each in value.inputs]
    slopes = [numbers_only(slope) for slope in value.slopes]
    return {"data": value.data, "inputs": inputs, "slopes": slopes}


def numbers_only(slope):
    require(
        isinstance(slope, int | float),
        f"A slope must be a plain number, and one of yours is {described(slope)}. Of a Value, take "
        "its `.data`.",
    )
    return slope


@check("Value")
def a_product_remembers(answer):
    """a * b contains the product, the two inputs, and for each input the other one as its slope."""
    a, b = answer(2.0), answer(3.0)
    c, d = answer(-1.5), answer(0.25)
    return memory(a * b, a=a, b=b), memory(c * d, c=c, d=d)


@check("Value")
def tanh_remembers(answer):
    """x.tanh() contains tanh of the number, the one input, and the slope 1 - tanh(x)^2."""
    x, y = answer(0.5), answer(-1.25)
    return memory(x.tanh(), x=x), memory(y.tanh(), y=y)


@check("Value")
def plain_numbers(answer):
    """A plain number may be on either side: a * 4 and 4 * a."""
    a = answer(2.0)
    products = a * 4, 4 * a, 0 * a
    all_values = [all(hasattr(each, "slopes") for each in product.inputs) for product in products]
    return [memory(product, a=a)["slopes"][:1] + [product.data] for product in products], all_values


@check("Value")
def a_longer_expression(answer):
    """In a longer expression every Value still knows its inputs, even one that is used twice."""
    w, x = answer(0.5), answer(2.0)
    h = w * x
    t = h.tanh()
    root = h + t
    unchanged = w.data, x.data, w.inputs, x.inputs
    return memory(root, h=h, t=t), memory(t, h=h), memory(x * x, x=x), unchanged


about(
    "topological_order",
    stars=3,
    minutes=15,
    hints=(
        "A Value may go into the list once all its inputs are in it. So you meet it twice: first "
        "on the way to its inputs, and again when these are done. How can a list of what is still "
        "to do tell these two meetings apart?",
        "Take y = h + t, with t = tanh(h) and h = w * x. A star marks a Value that waits for its "
        "inputs. Begin with y. Take off the last entry, y: put y* back, and h and t on top. Take "
        "off t: t* goes back, with h on top. Take off h: h*, with w and x on top. They have no "
        "inputs, so both go into the list. Now h* is last, and its inputs are done: h goes into "
        "the list, and then t. The other h has been met before: drop it. Then y.",
        "while to_do:\n    node, inputs_done = to_do.pop()\n    if inputs_done:\n        ...\n"
        "    elif node not in seen:\n        ...",
    ),
)
SOUND = "each Value once, each after its inputs, root last"


def skip_connection(exchanged=False):
    """w, x, h = w * x, tanh h, and root = h + tanh h or, exchanged, tanh h + h."""
    w, x = Node(0.5, "w"), Node(2.0, "x")
    h = Node(1.0, "h", (w, x), (2.0, 0.5))
    tanh = Node(0.76, "tanh h", (h,), (0.42,))
    root = Node(1.76, "root", (tanh, h) if exchanged else (h, tanh), (1.0, 1.0))
    return [w, x, h, tanh, root]


def random_graph(rng, size=8):
    """Values, each made from the one before it and an earlier one. The last is the root."""
    nodes = [Node(rng.standard_normal(), "value 0")]
    for index in range(1, size):
        inputs = (nodes[rng.integers(index - 1)], nodes[-1]) if index > 1 else (nodes[0],)
        slopes = tuple(rng.standard_normal(len(inputs)))
        nodes.append(Node(rng.standard_normal(), f"value {index}", inputs, slopes))
    return nodes


def faults(order, nodes):
    """What is wrong with an order of `nodes`, of which the last is the root, as one text."""
    if order is None:
        return None
    is_list = isinstance(order, list | tuple)
    require(is_list, f"The result must be a list of Values; yours is {described(order)}.")
    others = [described(each) for each in order if not isinstance(each, Node)]
    require(
        not others, f"The list must contain Values; in yours is {others[0] if others else None}."
    )
    at = {node: index for index, node in enumerate(order)}
    found = [f"{node.operation} is missing" for node in nodes if node not in at]
    found += ["a Value is in it twice"] * (len(at) < len(order))
    found += ["a Value of another graph is in it"] * (not set(at) <= set(nodes))
    found += ["root is not the last one"] * (nodes[-1] in order[:-1])
    for node in nodes:
        for each in dict.fromkeys(node.inputs):
            if node in at and each in at and at[node] < at[each]:
                found.append(f"{node.operation} comes before its input {each.operation}")
    return "; ".join(found[:4]) + f"; {len(found) - 4} more" * (len(found) > 4) or SOUND


@check("topological_order")
def after_its_inputs(answer):
    """The worked example, with h + tanh h and with tanh h + h; then six random graphs."""
    rng = np.random.default_rng(7)
    graphs = [skip_connection(), skip_connection(exchanged=True)]
    graphs += [random_graph(rng) for _ in range(6)]
    return [faults(answer(nodes[-1]), nodes) for nodes in graphs]


@check("topological_order")
def a_given_number(answer):
    """A number that was given has no inputs, so it is alone in the list."""
    alone = Node(3.0, "root")
    return faults(answer(alone), [alone])


@check("topological_order")
def equal_numbers(answer):
    """Two Values may contain the same number: with w = 1 and x = 1, both are in the list."""
    w, x = Node(1.0, "w"), Node(1.0, "x")
    root = Node(1.0, "root", (w, x), (1.0, 1.0))
    return faults(answer(root), [w, x, root])


class Watched(Node):
    """A Value that notices when too many or too deeply nested calls look at its inputs."""

    looks, most_looks, open_calls = 0, 0, 0

    @property
    def inputs(self):
        Watched.looks += 1
        require(
            Watched.looks < Watched.most_looks,
            "Your code walks every path, again and again through the same Values. Remember which "
            "ones you have seen, and go on from each only once.",
        )
        require(
            Watched.looks % 32 or open_calls() < Watched.open_calls + 300,  # counting takes time
            "Your code calls itself for each input, and a chain of 10,000 operations is too deep "
            "for that: Python stops at about a thousand nested calls. Keep a list of what is "
            "still to do instead.",
        )
        return self.given

    @inputs.setter
    def inputs(self, given):
        self.given = given


def open_calls():
    return sum(1 for _ in traceback.walk_stack(None))


def watched(answer, nodes):
    """What is wrong with the answer's order of Watched nodes."""
    Watched.looks, Watched.most_looks = 0, min(100_000, 100 * len(nodes))
    Watched.open_calls, limit = open_calls(), sys.getrecursionlimit()
    try:
        return faults(answer(nodes[-1]), nodes)
    finally:
        sys.setrecursionlimit(limit)


@check("topological_order")
def doubled_forty_times(answer):
    """A Value doubled 40 times: 2^40 paths, but only 41 Values."""
    nodes = [Watched(1.0, "x")]
    for index in range(40):
        nodes.append(Watched(2.0**index, f"double {index}", (nodes[-1], nodes[-1]), (1.0, 1.0)))
    return watched(answer, nodes[:5]), watched(answer, nodes)


@check("topological_order")
def random_graphs(answer):
    """Thirty random graphs of eight Values: each once, after its inputs, root last."""
    rng = np.random.default_rng(0)
    graphs = [random_graph(rng) for _ in range(30)]
    return [faults(answer(nodes[-1]), nodes) for nodes in graphs]


@check("topological_order")
def twice_on_one_graph(answer):
    """Called a second time for the same root, it gives the whole order again."""
    nodes = skip_connection()
    return [faults(answer(nodes[-1]), nodes) for _ in range(2)]


@check("topological_order")
def a_chain_of_10_000(answer):
    """A chain of 10,000 operations is no problem."""
    nodes = [Watched(1.0, "x")]
    for index in range(10_000):
        nodes.append(Watched(1.0, f"operation {index}", (nodes[-1],), (1.0,)))
    return watched(answer, nodes)


about(
    "backpropagate",
    stars=2,
    minutes=8,
    hints=(
        "A Value may pass its grad on once everything that was made from it has done so. You have "
        "already written a list with the Values in the right order, only the other way around.",
        "Take y = h + t, with t = tanh(h) and h = w * x. y.grad is 1. y passes 1 · 1 to h and 1 · "
        "1 to t. Then t passes 0.42 · 1 to h, which adds up to 1.42, and now h is complete. It "
        "passes 2 · 1.42 = 2.84 to w, and 0.5 · 1.42 = 0.71 to x. Since everything is added up, "
        "what do all grads have to be before the walk begins?",
        "for node in reversed(topological_order(root)):\n"
        "    for each, slope in zip(node.inputs, node.slopes):\n        each.grad += ...",
    ),
)


def grads(nodes):
    return np.array([node.grad for node in nodes])


@check("backpropagate", dtype="values")
def two_paths(answer):
    """The worked example, the grads of w, x, h, tanh h, root; then those of a random graph."""
    graphs = skip_connection(), random_graph(np.random.default_rng(6))
    for nodes in graphs:
        answer(nodes[-1])
    return [grads(nodes) for nodes in graphs]


@check("backpropagate", dtype="values")
def one_path(answer):
    """Along one path the slopes multiply: with 2, 3 and 5 the grads are 30, 15, 5 and 1."""
    nodes = [Node(7.0, "a")]
    for slope in (2.0, 3.0, 5.0):
        nodes.append(Node(slope + 4, "", (nodes[-1],), (slope,)))
    answer(nodes[-1])
    return grads(nodes)


@check("backpropagate", dtype="values")
def twice_the_same(answer):
    """x + x and x * x: one Value on both sides gets both parts."""
    x, y = Node(4.0), Node(3.0)
    answer(Node(8.0, "+", (x, x), (1.0, 1.0)))
    answer(Node(9.0, "*", (y, y), (3.0, 3.0)))
    return x.grad, y.grad


@check("backpropagate", dtype="values")
def old_grads(answer):
    """Called again, it gives the same grads, whatever they were before."""
    nodes, used = skip_connection(), skip_connection()
    for node in used:
        node.grad = 5.0
    answer(nodes[-1])
    answer(nodes[-1])
    answer(used[-1])
    return grads(nodes), grads(used)


@check("backpropagate", dtype="values")
def random_expressions(answer):
    """Ten random graphs of eight Values with random slopes, and a root with no inputs."""
    rng = np.random.default_rng(1)
    graphs = [random_graph(rng) for _ in range(10)] + [random_graph(rng, 1)]
    for nodes in graphs:
        answer(nodes[-1])
    return [grads(nodes) for nodes in graphs]


@check("backpropagate", dtype="values")
def deep_chain(answer):
    """Three thousand blocks h + f(h) in a row are no problem."""
    nodes = [Node(1.0)]
    for _ in range(3000):
        inner = Node(0.5, "f", (nodes[-1],), (0.001,))
        nodes.append(Node(1.5, "+", (nodes[-1], inner), (1.0, 1.0)))
    require(
        not isinstance(outcome(lambda: answer(nodes[-1])), Raised),
        "An expression of thousands of operations stops it: it is too deep for code that calls "
        "itself from Value to Value. Loop over topological_order(root) instead.",
    )
    return grads([nodes[0], nodes[1000], nodes[-1]])


about(
    "unbroadcast",
    stars=2,
    minutes=8,
    hints=(
        "Which entries of grad are copies of the same entry? They lie along an axis that is new, "
        "or along an axis that had size 1.",
        "Say shape is (3, 1) and grad is (2, 3, 4). Line them up from the right: 4 meets 1, 3 "
        "meets 3, and 2 meets nothing. So axis 2 was stretched and axis 0 is new, and "
        "grad.sum(axis=(0, 2)) adds up all copies. That has the shape (3,), and .reshape(shape) "
        "makes it (3, 1). In general grad.ndim - len(shape) axes are new. They are in front, so "
        "axis i of `shape` is found that much further to the right in grad.",
        "return grad.sum(axis=(*..., *...)).reshape(shape)",
    ),
)


@check("unbroadcast")
def a_row_used_twice(answer):
    """The worked example, shape (3,): a row was used twice, so both gradients are added."""
    three_rows = np.random.default_rng(8).standard_normal((3, 4))
    return answer(np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]), (3,)), answer(three_rows, (4,))


@check("unbroadcast")
def a_column_stretched(answer):
    """The worked example, shape (2, 1): a column was stretched; its axis of size 1 stays."""
    return answer(np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]), (2, 1))


@check("unbroadcast")
def nothing_stretched(answer):
    """If nothing was stretched, the gradient comes back as it is, even where a size is 1."""
    random = np.random.default_rng(0).standard_normal
    return [answer(random(shape), shape) for shape in ((2, 3), (1, 1), (1, 4), (5,), ())]


@check("unbroadcast")
def from_the_right(answer):
    """Shapes are lined up from the right: (3,) stretched to (3, 3) was copied downwards."""
    random = np.random.default_rng(1).standard_normal
    return answer(random((3, 3)), (3,)), answer(random((2, 2, 2)), (2, 2))


@check("unbroadcast")
def several_in_front(answer):
    """Several axes in front: the sum runs over all of them, and over no other."""
    random = np.random.default_rng(2).standard_normal
    return answer(random((2, 3, 4, 5)), (4, 5)), answer(random((2, 3, 4, 2)), (2,))


@check("unbroadcast")
def both_kinds_of_axes(answer):
    """Axes in front together with axes of size 1, even when all sizes are equal."""
    random = np.random.default_rng(3).standard_normal
    stretched = (
        ((2, 3, 4), (3, 1)), ((2, 3, 4), (1, 4)), ((4, 4, 4), (4, 1)), ((2, 3, 4), (2, 1, 1)),
        ((2, 3, 1), (1, 1)), ((5, 1, 2), (1, 2)), ((3, 3, 3), (3, 1, 3)), ((2, 5, 3, 4), (5, 1, 4)),
    )  # fmt: skip
    return [answer(random(full), shape) for full, shape in stretched]


@check("unbroadcast")
def a_single_number(answer):
    """A single number, shape (), was copied everywhere: its gradient is the sum of everything."""
    return answer(np.array([[1.0, 2.0], [3.0, 4.0]]), ()), answer(np.array([1.0, 5.0, 2.0]), ())


about(
    "matmul_gradients",
    stars=2,
    minutes=8,
    hints=(
        "Let the shapes lead you. grad_a has the shape of a. Which product of grad and b, one of "
        "them transposed, can have that shape?",
        "Say a is (2, 3) and b is (3, 4), so grad is (2, 4). For grad_a you need (2, 3), which is "
        "(2, 4) times (4, 3), and b transposed is (4, 3). For grad_b you need (3, 4), which is (3, "
        "2) times (2, 4). Now put a batch in front of a: (5, 2, 3), with the same b for all. Then "
        "the product for grad_b is (5, 3, 4), one gradient per copy of b, and you have a function "
        "that sums over copies.",
        "return unbroadcast(grad @ ..., a.shape), unbroadcast(... @ grad, b.shape)",
    ),
)


def random_product(seed, shape_a, shape_b):
    """Random a and b, and a random gradient of a @ b."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal(shape_a), rng.standard_normal(shape_b)
    return a, b, rng.standard_normal((a @ b).shape)


@check("matmul_gradients")
def square_matrices(answer):
    """Square matrices: every shape fits, so only the right transposes give the right numbers."""
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
    return answer(a, b, np.array([[1.0, 0.5], [-1.0, 2.0]]))


@check("matmul_gradients")
def a_row_times_a_column(answer):
    """The worked example: (1, 2) @ (2, 1)."""
    return answer(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([[10.0]]))


@check("matmul_gradients")
def three_sizes(answer):
    """Three different sizes: (2, 3) @ (3, 4)."""
    return answer(*random_product(2, (2, 3), (3, 4)))


@check("matmul_gradients")
def a_batch(answer):
    """A batch of products side by side: only the last two axes take part."""
    cubes, others = ((2, 3, 3), (2, 3, 3)), ((5, 2, 4, 3), (5, 2, 3, 6))
    return answer(*random_product(3, *cubes)), answer(*random_product(4, *others))


@check("matmul_gradients")
def one_b_for_the_batch(answer):
    """One matrix b for the whole batch, as in every layer: its gradient is a sum over it."""
    return answer(*random_product(5, (2, 3, 4), (4, 2)))


@check("matmul_gradients")
def one_a_for_the_batch(answer):
    """One matrix a for the whole batch, with or without an axis for it."""
    stretched, added = ((1, 3, 4), (2, 4, 2)), ((3, 4), (5, 2, 4, 2))
    return answer(*random_product(6, *stretched)), answer(*random_product(7, *added))


about(
    "softmax_gradient",
    stars=3,
    minutes=10,
    hints=(
        "Split the sum over j in two, one part with delta and one without. In the first, a single "
        "j is left. In the second, what doesn't depend on j can move in front of the sum.",
        "Take out = [0.75, 0.25] and grad = [6, 2]. The sum of grad[j] out[j] is 4.5 + 0.5 = 5, "
        "one number for the whole row. For i = 0, the part with delta is 0.75 · 6 = 4.5, and the "
        "other is 0.75 · 5 = 3.75. Their difference is 0.75. For i = 1 they are 0.25 · 2 = 0.5 and "
        "0.25 · 5 = 1.25, which makes -0.75. With several rows, out is (rows, n), and the sums "
        "must be (rows, 1) to line up with it.",
        "return out * (grad - ...)",
    ),
)


@check("softmax_gradient")
def one_gains_another_loses(answer):
    """The worked example: what one gains the other loses. Then one with four outputs."""
    out, grad = np.array([0.4, 0.1, 0.3, 0.2]), np.array([1.5, -2.0, 0.5, 3.0])
    return answer(np.array([0.75, 0.25]), np.array([6.0, 2.0])), answer(out, grad)


@check("softmax_gradient")
def row_by_row(answer):
    """Each row by itself: the sum runs along the last axis, with its axis kept."""
    out = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]])
    return answer(out, np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.5], [5.0, -1.0, 2.0]]))


@check("softmax_gradient")
def any_axes_in_front(answer):
    """Any number of axes in front, and rows of any length."""
    random = np.random.default_rng(5).standard_normal
    return [
        answer(softmax(random(shape)), random(shape)) for shape in ((5,), (2, 3, 4), (3, 2, 2, 6))
    ]


@check("softmax_gradient")
def hidden_entries(answer):
    """An output of exactly 0, which a mask makes, has the gradient 0: nothing is divided by it."""
    out = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    return answer(out, np.array([[3.0, 1.0, -2.0], [1.0, 4.0, 7.0]]))
