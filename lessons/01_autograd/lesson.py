# ---
# jupyter:
#   lesson:
#     title: "Autograd: how a computation finds its own slopes"
#     question: "How can a program find, in one go, how its result changes with every number that went into it?"
#     achieved: "You have written what trains every model in this course: a program that finds its own slopes. Give it a formula of your own and draw the graph."
# ---

# %% [markdown]
# # 01 · Autograd: how a computation finds its own slopes
#
# **How can a program find, in one go, how its result changes with every number that went into it?**
#
# Training a model means changing its numbers a little, again and again, so that one result gets smaller: the *loss*,
# which says how wrong the model is. For each number you need to know which way to go, and how much it matters. That's
# the **slope** of the loss. Put all the slopes together, thousands of them or billions, and you have the **gradient**.
# Here you'll build the machine that finds it: first by trying, then exactly, and first for single numbers, then for
# whole arrays. At the end you'll read the engine that runs the rest of this course, and recognize your own pieces in
# it.

# %%
import inspect
import math
from pathlib import Path

import numpy as np

import minitorch as torch
from classroom import (
    claim,
    curves,
    draw_graph,
    exercise,
    hint,
    show_maps,
    solution,
)
from minitorch import graph, operation, products, shaping
from solutions.autograd import (
    add_operations,
    check_gradient,
    level_by_level,
    softmax,
)

# %% [markdown]
# ## Slopes by trying
#
# How fast does $f(x) = x^2$ grow at $x = 3$? Take a step to the right and see.

# %%
for step in (1, 0.1, 0.01, 0.001):
    rise = (3 + step) ** 2 - 3**2
    print(f"step {step:5}: rise {rise:8.6f}, slope {rise / step:.3f}")

# %% [markdown]
# The slope is heading for 6, but it's always a bit too large, because the curve gets steeper as you step to the right.
# A step to the left would make it too small. So take one point on *each* side, and the two errors nearly cancel.

# %% exercise="central_difference"

# %% [markdown]
# As a formula:
#
# $$f'(x) \approx \frac{f(x + \text{step}) - f(x - \text{step})}{2 \, \text{step}}$$
#
# **Predict.** Does a smaller step always mean a smaller error? And what comes out with a step of $10^{-17}$?

# %% tags=["folded"]
steps = 10.0 ** np.arange(-1, -15.5, -0.25)
exact = math.cos(1.0)  # the slope of sin at 1
right = [abs((math.sin(1 + s) - math.sin(1)) / s - exact) for s in steps]
both = [abs(central_difference(math.sin, 1.0, s) - exact) for s in steps]
curves(
    {"one side": (steps, right), "both sides": (steps, both)},
    title="Neither too large nor too small a step",
    xlabel="step",
    ylabel="error of the slope of sin",
    log="xy",
    alt="Error over step, both logarithmic. Both curves fall and rise again: "
    "with both sides to 1e-11 near a step of 1e-5, with one side to 1e-9.",
)
claim("The best step is near 1e-5.", 1e-7 < steps[np.argmin(both)] < 1e-3)
print("with a step of 1e-17:", central_difference(math.sin, 1.0, step=1e-17))

# %% [markdown]
# Why does the error grow again on the left? A float has about 16 digits. With a tiny step, the two values of f agree in
# nearly all of them, so hardly anything but rounding is left in their difference. At $10^{-17}$, x + step is simply x.
# That's why we take $10^{-5}$, and rely on about ten digits.
#
# So trying is a wonderful *check*. But as a way to train it's hopeless: for $n$ numbers you'd compute the whole loss
# $2n$ times, just to change each of them once.
#
# ## A number that remembers
#
# Even a long computation is made of small steps, and you know the slope of each small step from school. So let every
# number *remember how it was made*: from which inputs, and with which slope for each of them.


# %%
class Number:
    """The smallest number that remembers. All it can do is add."""

    def __init__(self, data, inputs=(), slopes=()):
        self.data, self.inputs, self.slopes = data, inputs, slopes

    def __add__(self, other):  # what Python calls for a + b
        return Number(self.data + other.data, (self, other), (1.0, 1.0))


total = Number(2.0) + Number(3.0)
print(total.data, [each.data for each in total.inputs], total.slopes)

# %% [markdown]
# Both slopes are 1: when either input grows by 0.01, so does the sum.
#
# **Predict.** Now $2 \cdot 3$. If the 2 grows by 0.01, by how much does the product grow? What are its two slopes?
#
# <details><summary>Answer</summary>By 0.03, since 2.01 · 3 = 6.03. So the slope for the 2 is 3, and for the 3 it is
# 2.</details>
#
# `Value` is the same idea, only easier to use. It takes plain numbers too, it multiplies, and it knows one curve:
# **tanh**, which is nearly $x$ itself around 0, and flattens out toward 1 on the right and -1 on the left.

# %% exercise="Value"

# %% [markdown]
# Now every result carries its history with it. Here's the expression that we'll follow from now on. `h` goes into the
# result twice, once directly and once through a function. Keep this shape in mind. It's called a *skip connection*, and
# every layer of a Transformer has two of them.


# %%
def expression():
    w, x = Value(0.5), Value(2.0)
    h = w * x
    t = h.tanh()
    return {w: "w", x: "x", h: "h = w x", t: "tanh h", h + t: "y"}


draw_graph(
    expression().items(),
    "y = h + tanh(h): values in the boxes, slopes on the arrows",
    alt="w and x lead to h, slopes 2.00 and 0.50. h leads to tanh h, slope "
    "0.42, and in an arc to y, slope 1.00. tanh h leads to y, slope 1.00.",
)

# %% [markdown]
# ## The chain rule: multiply along a path, add over paths
#
# **Predict.** When `w` grows by 0.01, by how much does `y` grow? Follow the arrows.
#
# <details><summary>Answer</summary>w passes 0.01 · 2 = 0.02 on to h. From h to y there are two paths: the arc brings
# 0.02 · 1, the path through tanh 0.02 · 0.42 · 1. Together that's 0.0284, so the slope is 2.84.</details>
#
# That's the whole **chain rule**: along a path the slopes multiply, and where paths meet, you add up what they bring.
#
# You could start at an input and follow all its paths to the result. But then you'd walk along the same arrows again
# for the next input, and the next. So start at the **end** instead. Let $\text{grad}(u)$ be the slope of the result for
# $u$. For the result itself it's 1, and from there it's passed back along the arrows:
#
# $$\text{grad}(u) = \sum_{v \text{ made from } u} \text{slope}(u \to v) \cdot \text{grad}(v)$$
#
# But in which order? Suppose each number passes its grad on as soon as we meet it, walking back from y: first y, then
# its inputs h and tanh h, then theirs.
#
# **Predict.** What will w get?

# %% tags=["folded"]
named = expression()
level_by_level(list(named)[-1])
draw_graph(
    named.items(),
    "Level by level, w gets 2.00 and not 2.84",
    with_grads=True,
    alt="The same graph with grads: y 1.00, tanh h 1.00, h 1.42, but w only "
    "2.00 and x only 0.50.",
)

# %% [markdown]
# We met `h` early, by way of the arc, and it passed on the 1 it had by then. The 0.42 through tanh arrived too late. So
# a grad must be *complete* before it's passed on: each number has to wait for everything that was made from it. Here's
# how to get that right. Put all numbers into a list where each comes **after its inputs**, and walk through that list
# backward. Such a list is called a **topological** order.

# %% exercise="topological_order"

# %% [markdown]
# The rest is short, but one character in it matters. Write `=` where `+=` belongs, and only the last path counts.

# %% exercise="backpropagate"

# %%
w, x, h, t, y = expression()
backpropagate(y)
print("grads:", ", ".join(f"{each.grad:.2f}" for each in (w, x, h, t, y)))
tried = central_difference(lambda w: 2 * w + math.tanh(2 * w), 0.5)
claim("Trying gives the same for w.", abs(w.grad - tried) < 1e-8)

# %% [markdown]
# ## An expression of your own
#
# **Predict.** Your `Value` can add and multiply. It takes just one more operation to subtract and divide as well. Which
# one?
#
# <details><summary>Answer</summary>A power, whose slope you know from school: for a<sup>n</sup> it is n
# a<sup>n - 1</sup>. Then a - b is a + (-1) b, and a / b is a b<sup>-1</sup>. Their slopes come from the chain rule.</details>

# %%
print(inspect.getsource(add_operations).split('"""')[2])
add_operations(Value)

# %% [markdown]
# Now write a formula of your own, and run the cell. You can use +, -, \*, /, tanh, and powers.


# %%
def formula(a, b):
    return (a * b).tanh() - a**2  # yours


a, b = Value(0.5), Value(1.5)
result = formula(a, b)
backpropagate(result)
names = {node: node.operation for node in topological_order(result)}
draw_graph(
    (names | {a: "a", b: "b"}).items(),
    "A formula of your own",
    with_grads=True,
    alt=f"The graph of a formula. a: grad {a.grad:.2f}. b: {b.grad:.2f}.",
)
tried = central_difference(lambda a: formula(Value(a), b).data, a.data)
print(f"grad of a: {a.grad:.6f}, by trying: {tried:.6f}")
agree = math.isclose(a.grad, tried, rel_tol=1e-6, abs_tol=1e-6)
claim("Trying gives the same grad of a.", agree)

# %% [markdown]
# **Predict.** Square 2,000 numbers, take the tanh of each, and add everything up. That's 6,000 operations. How many
# does it take to find all 2,000 slopes by trying? And how many when the numbers remember?
#
# <details><summary>Answer</summary>By trying, 2 · 2,000 · 6,000, which is 24 million. If they remember, it's 10,000 on
# top of the result itself: one product per arrow, and each number has five (two into its square, one into its tanh, two
# into the sum).</details>
#
# So *all* the slopes together cost about as much as the result itself. This is called **reverse-mode automatic
# differentiation**, or *backpropagation*, and it's the reason why large models can be trained at all.
#
# ## From numbers to arrays
#
# One object per number is slow, so real engines make a single node out of a whole array. The chain rule stays the same,
# but you can't store all the slopes any more: from 1,000 numbers to 1,000 others there are a million. Instead, each
# operation answers a question: **given the gradient of my output, what's the gradient of each input?** The answer has
# the input's own shape, one slope per entry. For out = tanh(x) it's simply `grad * (1 - out**2)`. But three operations
# need more thought.
#
# ### Stretched forward, summed backward
#
# In lesson 00 you added a row to every row of a table.
#
# **Predict.** The gradient of their sum is [[1, 2, 3], [10, 20, 30]]. What's the gradient of the row?
#
# <details><summary>Answer</summary>[11, 22, 33]. Each entry of the row was used twice, just like h above, so you add
# what comes back along its two paths.</details>

# %% exercise="unbroadcast"

# %% [markdown]
# ### Matrix products
#
# A matrix product is many sums of products: $\text{out}[i, k] = \sum_j a[i, j] \, b[j, k]$.
#
# **Predict.** Which entries of out does $a[0, 0]$ reach, and with which slopes?
#
# <details><summary>Answer</summary>All of row 0: it reaches out[0, k] with the slope b[0, k], for every k. Likewise,
# b[0, 0] reaches all of column 0.</details>
#
# Now multiply along each path, and add over the paths:
#
# $$\text{grad}_a[i, j] = \sum_k \text{grad}[i, k] \, b[j, k] \qquad
# \text{grad}_b[j, k] = \sum_i a[i, j] \, \text{grad}[i, k]$$

# %% exercise="matmul_gradients"

# %% [markdown]
# That's two products on the way back for each one on the way forward. So a training step costs about three times as
# much as just using the model.
#
# ### Softmax
#
# The softmax turns any numbers into positive ones that sum to 1. You'll write it yourself in lesson 03, where it
# decides how much attention each word pays to each of the others:
#
# $$\text{out}[j] = \frac{e^{x[j]}}{\sum_n e^{x[n]}}$$
#
# **Predict.** Raise one input a little. What happens to its own output, and what to the others?
#
# <details><summary>Answer</summary>Its own output grows. All others shrink, together by exactly as much, since the sum
# stays 1.</details>
#
# So *every* output depends on *every* input of its row. In the formula, $\delta(i, j)$ is 1 if $i = j$ and 0 otherwise,
# and $\partial$ says that all other inputs stay as they are:
#
# $$\frac{\partial \, \text{out}[j]}{\partial x[i]} = \text{out}[j] \, (\delta(i, j) - \text{out}[i])$$

# %% exercise="softmax_gradient"

# %% [markdown]
# Give your function a gradient that is 1 for one output and 0 for the others, and it returns one row of slopes. Here
# are all the rows, next to what comes out if you forget that the outputs depend on each other.

# %% tags=["folded"]
unit = np.eye(5)
out = np.tile(softmax(np.array([2.0, 1.0, 0.0, -1.0, 1.5])), (5, 1))
slopes = softmax_gradient(out, unit)
show_maps(
    ("The others lose", 100 * slopes),
    ("Nobody loses", 100 * unit * out * (1 - out)),
    title="Slopes of the outputs, in hundredths",
    square=0.65,
    xlabel="input i",
    ylabel="output j",
    alt="Two tables of slopes. Left, the softmax: positive on the diagonal, "
    "negative elsewhere, each column sums to 0. Right, the diagonal alone.",
)
claim("What one output gains, the others lose.", np.allclose(slopes.sum(0), 0))

# %% [markdown]
# ## Your pieces learn, and two wrong gradients
#
# Now let a small network learn 64 points of a sine wave. It has 16 curves, each the tanh of a straight line, and it
# adds them up with a weight for each. The loss is the mean squared error. Read the way back next to the way forward,
# line by line.
#
# **Predict.** The slope of tanh is `1 - h**2`. Someone forgets that factor. Someone else uses the slope of another
# curve, the sigmoid: `h * (1 - h)`. Does the loss still fall for them?


# %%
def loss_and_grads(w1, b1, w2, b2, slope_of_tanh):
    h = np.tanh(inputs @ w1 + b1)  # (batch, 16)
    error = h @ w2 + b2 - targets  # (batch, 1)

    grad = 2 * error / error.size  # (batch, 1)
    grad_h, grad_w2 = matmul_gradients(h, w2, grad)
    grad_b2 = unbroadcast(grad, b2.shape)
    grad = grad_h * slope_of_tanh(h)  # (batch, 16)
    _, grad_w1 = matmul_gradients(inputs, w1, grad)
    grad_b1 = unbroadcast(grad, b1.shape)
    return (error**2).mean(), (grad_w1, grad_b1, grad_w2, grad_b2)


inputs = np.linspace(-1, 1, 64).reshape(64, 1)  # (batch, 1)
targets, rng = np.sin(4 * inputs), np.random.default_rng(0)
w1, w2 = rng.normal(0, 1, (1, 16)), rng.normal(0, 0.25, (16, 1))
start = w1, np.zeros(16), w2, np.zeros(1)
slopes = {
    "1 - h**2": lambda h: 1 - h**2,
    "the sigmoid's": lambda h: h * (1 - h),
    "forgotten": lambda h: 1.0,
}
losses = {name: [] for name in slopes}
for name, slope in slopes.items():
    parameters = start
    for _ in range(1500):  # gradient descent: a little way against it
        loss, gradients = loss_and_grads(*parameters, slope)
        losses[name].append(loss)
        parameters = [p - 0.1 * g for p, g in zip(parameters, gradients)]

# %% tags=["folded"]
curves(
    {name: (range(1500), each) for name, each in losses.items()},
    title="A falling loss proves nothing: two gradients are wrong",
    xlabel="step",
    ylabel="mean squared error",
    log="y",
    alt="With the right slope the loss falls from 0.39 to 0.005, and with the "
    "sigmoid's nearly as far. Forgotten, it falls and then rises again.",
)
right, sigmoid, forgotten = (each[-1] for each in losses.values())
claim("Two of three get close.", max(right, sigmoid) < 0.05 < forgotten / 2)

# %% [markdown]
# So a falling loss doesn't prove that a gradient is right. Trying does, and it needn't be slow. Walk away from $x$ in
# one **random direction** $r$. How far you've walked is a single number $t$, so one slope tests it all:
#
# $$\frac{d}{dt} f(x + t \, r) \Big|_{t = 0} = \sum_n \text{grad}[n] \, r[n]$$
#
# If the gradient is (3, 5) and the direction (0.1, -0.2), that's 3 · 0.1 + 5 · (-0.2) = -0.7. `check_gradient` measures
# the left side with your `central_difference`, and predicts it with the right side. So every entry of the gradient is
# tested at once.

# %%
for name, slope in slopes.items():
    measured, predicted = check_gradient(
        lambda w1: loss_and_grads(w1, *start[1:], slope)[0],
        loss_and_grads(*start, slope)[1][0],  # the gradient for w1
        *(w1, np.random.default_rng(1)),
    )
    print(f"{name:14} measured {measured:.4f}, predicted {predicted:.4f}")
    agree = abs(measured - predicted) < 1e-6
    claim("Only one is right.", agree == (name == "1 - h**2"))

# %% [markdown]
# ## The engine, in four bites
#
# `minitorch`, the engine of this course, does for arrays what `Value` does for numbers. It's written in NumPy, and its
# names are PyTorch's. Its core is six files, and you've just built its heart:
#
# | file in `minitorch/` | what it does | what you wrote |
# |---|---|---|
# | `arithmetic.py` | sums, products, powers, curves: the value and, beside it, the way back | `Value.__mul__`, `Value.tanh` |
# | `products.py` | matrix products | `matmul_gradients` |
# | `shaping.py` | the same numbers in another shape | |
# | `operation.py` | turns such a function into an operation that remembers | `Value.made`, in a way |
# | `tensor.py` | `Tensor`, an array that knows which operation made it | `Value` |
# | `graph.py` | the graph, and the walk back through it | `topological_order`, `backpropagate`, `unbroadcast` |

# %%
files = "arithmetic products shaping operation tensor graph".split()
paths = [Path(torch.__file__).with_name(f"{name}.py") for name in files]
texts = [path.read_text(encoding="utf-8") for path in paths]
lines = sum(len(text.splitlines()) for text in texts)
claim("The core has fewer than 1,000 lines.", lines < 1000)

# %% [markdown]
# **Bite 1: a value, and the way back.** An operation is a plain function on arrays. It returns its value and, for each
# input, a function that answers the question from above: given the gradient `g` of the output, what's the gradient of
# this input?
#
# **Predict.** What are the two functions of `a * b`? And of `a / b`?

# %% tags=["nbval-ignore-output"]
print(inspect.getsource(torch.mul))
print(inspect.getsource(torch.true_divide))

# %% [markdown]
# For `a * b` they're `g * b` and `g * a`: your two slopes, times the gradient. Notice what's missing. Nothing is
# said about broadcasting, since the engine takes care of that for all operations at once (bite 4).
#
# **Bite 2: products and shapes.** A matrix product works the same way, and so does something that doesn't compute at all.
#
# **Predict.** `reshape` puts the same numbers into another shape. What does its way back do? And that of `transpose`?

# %% tags=["nbval-ignore-output"]
print(inspect.getsource(shaping._reshape))
print(inspect.getsource(torch.transpose))
print(inspect.getsource(products._matmul))

# %% [markdown]
# Each of them is undone: the gradient is put back into the old shape, or its two axes are exchanged again. In `_matmul`
# you'll find your two products, in the line after `if other.ndim > 2`. (What follows it does the same for a batch as one
# large product, which is faster.)
#
# **Bite 3: remembering.** The word `@differentiable` above each function wraps it. It takes the arrays out of the tensors,
# runs the function, puts the value into a new tensor, and hands the derivatives to `record`, which keeps them.
#
# **Predict.** In `w * 2.0`, only `w` asks for its gradient. How many edges does the new node get?

# %% tags=["nbval-ignore-output"]
print(inspect.getsource(operation.record))

# %%
w = torch.tensor(0.5, requires_grad=True)  # a leaf that asks for its gradient
h = w * 2.0
y = h + torch.tanh(h)
print(len(h.grad_fn.edges), "edge from h,", len(y.grad_fn.edges), "from y")
print("h's edge leads to w:", h.grad_fn.edges[0][0] is w)

# %% [markdown]
# One. An edge is a pair: where the gradient goes, and the function that changes it on its way there. Whatever needs no
# gradient gets no edge, so nothing is ever computed for it.
#
# **Bite 4: the walk back.** You listed the whole graph before the first grad was passed on. `backward` makes no such list.
#
# **Predict.** Nodes are numbered as they're made. Why is that enough to know whose turn it is?

# %% tags=["nbval-ignore-output"]
print(inspect.getsource(graph.backward).split('"""')[2])

# %% [markdown]
# A node is newer than everything it was made from. So if the *newest* one always goes next, everything made from it has
# gone before it, and its grad is complete. Here's how to read the loop:
#
# | in the code | what it is |
# |---|---|
# | `waiting` | a *heap*: a list that hands out its smallest entry first. With the minus, that's the newest node |
# | `for target, derivative in node.edges` | your inner loop |
# | `fit` | your `unbroadcast`, which also takes care of the dtype |
# | `add_gradient`, `add_to_leaf` | your `+=` |
# | `node.edges = None` | the graph is forgotten on the way, which frees its memory |
# | `watch`, `Part`, `totals` | skip these: they catch changes made too late, and save copies |
#
# **Predict.** After `y.backward()`, which of w, h and y will have a grad?

# %%
y.backward()
print(f"w {w.grad.item():.2f}, h {h.grad}, y {y.grad}")
claim("The engine finds what you found.", abs(w.grad.item() - 2.84) < 0.005)

# %% [markdown]
# Only w. It's a leaf, and only *leaves*, the tensors that were given, keep their grad. Those of h and y were dropped as
# soon as they'd been passed on.
#
# ## An operation of your own
#
# That's all of it, so you can extend it. Here's a cube, as an operation that the engine has never seen.
#
# **Predict.** Leave out the 3 in its derivative. Which of the two numbers below will change, and which won't? Try it. Then
# write an operation that you like better.


# %%
@operation.differentiable
def cube(x):
    return x**3, lambda g: g * 3 * x**2  # yours


point = np.array([0.5, 1.0, 2.0])
x = torch.tensor(point, requires_grad=True)
cube(x).sum().backward()
measured, predicted = check_gradient(
    lambda values: cube(torch.tensor(values)).sum().item(),
    *(x.grad.numpy(), point, np.random.default_rng(2)),
)
print(f"measured {measured:.6f}, predicted {predicted:.6f}")
claim(
    "The operation's gradient is right.",
    math.isclose(measured, predicted, rel_tol=1e-6),
)

# %% [markdown]
# ## What comes next
#
# From here on the engine finds the gradients, so you can write what's new. The first question is how a *word* becomes
# numbers. In lesson 02 you'll look up a row of a table for each word. And if a word occurs twice, what's the gradient
# of its row? You know that already.
