# ---
# jupyter:
#   lesson:
#     title: "Autograd: how a computation finds its own slopes"
#     question: "How can a program find, in one go, how its result changes with every number that went into it?"
#     minutes: 40
#     achieved: "You have written what trains every model in this course: a program that finds its own slopes. Give it a formula of your own and draw the graph."
# ---

# %% [markdown]
# # 01 · Autograd: how a computation finds its own slopes
#
# **How can a program find, in one go, how its result changes with every number that went into it?**
#
# To train a model is to change its numbers a little, again and again, so that one result, the *loss*, gets smaller.
# For each number you must know which way, and how much: the **slope** of the loss. A model has thousands of numbers
# or billions, and the slopes of all of them together are called the **gradient**. In this lesson you build the
# machine that finds it: first by trying, then exactly, for single numbers, then for arrays. At the end you read the
# engine that runs the rest of this course, and find your own pieces in it.

# %%
import html
import importlib
import inspect
import math

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, display

import minitorch as torch
from classroom import (
    compare,
    draw_graph,
    exercise,
    hint,
    progress,
    show,
    solution,
)
from minitorch import nn, optim
from solutions.autograd import check_gradient, softmax, topological_order

# %% [markdown]
# ## Slopes by trying
#
# How fast does $f(x) = x^2$ grow at $x = 3$? Go a little to the right and see.

# %%
for step in (1, 0.1, 0.01, 0.001):
    print(
        f"step {step:5}: (f({3 + step:5}) - f(3)) / step = "
        f"{((3 + step) ** 2 - 3**2) / step:.3f}"
    )

# %% [markdown]
# It comes close to 6, and its error shrinks with the step. One side is not enough, though: a curve that bends upwards
# always gives too much on the right and too little on the left. Take one point on each side, and these errors cancel,
# all but a small rest:
#
# $$f'(x) \approx \frac{f(x + \text{step}) - f(x - \text{step})}{2 \, \text{step}}$$

# %% exercise="central_difference"

# %% [markdown]
# **Predict before you run.** The smaller the step, the smaller the error? What happens at a step of $10^{-17}$?
#
# <details><summary>Answer</summary>
#
# Up to a point. A float holds about 16 digits. With a tiny step, f(x + step) and f(x - step) agree in nearly all of
# them, and the difference keeps only the last, rounded ones. At $10^{-17}$ even x + step is x itself, and the slope comes out as 0.
#
# </details>

# %% [markdown]
# Read this figure from right to left, from large steps to small ones.

# %%
steps = 10.0 ** np.arange(-1, -15.5, -0.25)
exact = math.cos(1.0)  # the slope of sin at 1
one_sided = [
    abs((math.sin(1.0 + step) - math.sin(1.0)) / step - exact)
    for step in steps
]
central = [
    abs(central_difference(math.sin, 1.0, step) - exact) for step in steps
]

figure, axis = plt.subplots(figsize=(7.5, 4))
axis.loglog(steps, one_sided, label="one side", linestyle="--")
axis.loglog(steps, central, label="both sides")
axis.set(
    xlabel="step",
    ylabel="error of the slope of sin",
    title="Neither too large nor too small a step",
)
axis.legend()
show(
    figure,
    alt="Error over step, both axes logarithmic. With both sides the error "
    "falls below 1e-11 at steps near 1e-5 and rises again for smaller ones. "
    "With one side it falls to a few 1e-9 only.",
)
print(
    "slope with a step of 1e-17:",
    central_difference(math.sin, 1.0, step=1e-17),
)
assert (
    1e-7 < steps[np.argmin(central)] < 1e-3
    and min(central) < min(one_sided) / 10
)

# %% [markdown]
# So a step of $10^{-5}$ is a good one, and about ten digits are what you can rely on; where the curve dips lower,
# rounding errors happened to cancel. Trying is a fine *check*. As a way
# to train it is hopeless: with $n$ numbers you compute the whole loss $2n$ times, for a single small change of each.
#
# ## A number that remembers
#
# A long computation is made of small steps, and for each small step the slope is known from school. So let each
# number *remember how it was made*: from which inputs, and with which slope for each of them. Besides sums and products
# we take one curve, **tanh**: it runs like $x$ itself around 0 and bends off towards 1 on the right and -1 on the left.
#
# $$\frac{\partial (a + b)}{\partial a} = 1 \qquad \frac{\partial (a \, b)}{\partial a} = b \qquad
# \frac{d \tanh x}{d x} = 1 - \tanh^2 x$$
#
# The round $\partial$ says that one input changes while the others stay as they are.
#
# Here is a class for such numbers. Two of its operations are left to you.

# %% exercise="Value"

# %% [markdown]
# Now every result carries its history. This is the expression that we will follow for a while. Its last step adds `h`
# to a function of `h`, a *skip connection*; each layer of a Transformer has two of them.

# %%
w, x = Value(0.5), Value(2.0)
h = w * x
t = h.tanh()
y = h + t

names = [(w, "w"), (x, "x"), (h, "h = w x"), (t, "tanh h"), (y, "y")]
draw_graph(
    names,
    "y = h + tanh(h): values on the nodes, slopes on the arrows",
    alt="A graph from left to right. w = 0.50 and x = 2.00 lead to h = 1.00, "
    "with slopes 2.00 and 0.50. h leads to tanh h = 0.76 with slope 0.42, and "
    "past it, in an arc, to y = 1.76 with slope 1.00. tanh h leads to y with "
    "slope 1.00.",
)

# %% [markdown]
# ## The chain rule: multiply along a path, add over paths
#
# **Predict before you run.** When `w` grows by 0.01, how much does `y` grow? Follow the arrows: each slope says how
# much of a change arrives at the other end.
#
# <details><summary>Answer</summary>
#
# - From w to h: 0.01 · 2 = 0.02.
# - From h to y there are *two* paths. The arc brings 0.02 · 1, the way through tanh brings 0.02 · 0.42 · 1.
# - Together 0.02 · 1.42 = 0.0284. So the slope of y with respect to w is 2.84.
#
# Along a path the slopes are multiplied. Where several paths meet, what they bring is added.
#
# </details>
#
# Walking forwards we would have to start once at every input. Walking **backwards** we start once, at the result. Let
# $\text{grad}(u)$ be the slope of the final result with respect to $u$. It is 1 for the result itself, and
#
# $$\text{grad}(u) = \sum_{v \text{ made from } u} \text{slope}(u \to v) \cdot \text{grad}(v)$$
#
# There is one condition: $\text{grad}(v)$ must be *complete* before it is passed on. Look at `h`. If we went back
# from `y` level by level (*breadth first*), we would meet `h` at once, by the arc, and pass on its 1 before the 0.42
# has come in through tanh. So we need an order in which each node stands after everything it was made from; walked
# backwards, each node is then met after everyone who used it. Such an order is called **topological**.
#
# How is it found? Keep a list `to_do`, beginning with the result, and always take its last entry. The trick is to meet
# **each node twice**. The first time its inputs are not in the order yet: put the node back with a mark, and its inputs
# on top of it. When it comes up for the second time, all that lay on top has been dealt with: now put it down. For
# `y` from above, with a star for the mark:
#
# | taken | what happens | `to_do` afterwards | order |
# |---|---|---|---|
# | | | y | |
# | y | first time: mark it, its inputs on top | y* h t | |
# | t | first time | y* h t* h | |
# | h | first time | y* h t* h* w x | |
# | x, x*, w, w* | no inputs: marked, taken again, put down | y* h t* h* | x w |
# | h* | second time: put it down | y* h t* | x w h |
# | t* | second time | y* h | x w h t |
# | h | was met before: nothing to do | y* | x w h t |
# | y* | second time | | x w h t y |

# %% exercise="topological_order"

# %% [markdown]
# With the order at hand the rest is short. Each node adds its part to the grads of its inputs. *Adds*: whoever writes
# `=` for `+=` here loses all paths but one.

# %% exercise="backpropagate"

# %%
backpropagate(y)
draw_graph(
    names,
    "The same graph after backpropagate(y)",
    with_grads=True,
    alt="The same graph with gradients on the nodes: y 1.00, tanh h 1.00, h "
    "1.42, w 2.84, x 0.71.",
)
assert (
    abs(
        w.grad
        - central_difference(lambda w: 2.0 * w + math.tanh(2.0 * w), 0.5)
    )
    < 1e-8
)

# %% [markdown]
# What does it cost? Here is a sum over 2,000 inputs. It is also 2,000 additions deep, so a recursive walk would
# already have failed. Forwards each operation is computed once; backwards each arrow of the graph takes one product.

# %%
many = [Value(number) for number in np.linspace(-1, 1, 2000)]
total = Value(0.0)
for value in many:
    total = total + (value * value).tanh()
backpropagate(total)

order = topological_order(total)
operations, arrows = (
    sum(len(node.inputs) > 0 for node in order),
    sum(len(node.inputs) for node in order),
)
print(f"operations in the expression:            {operations:>10,}")
print(
    f"by trying, 2 x {len(many):,} times all of them:  "
    f"{2 * len(many) * operations:>10,}"
)
print(f"with memory, forwards and back:          {operations + arrows:>10,}")
value = many[0]  # d tanh(v^2) / dv = 2 v (1 - tanh(v^2)^2)
assert (
    abs(value.grad - 2 * value.data * (1 - math.tanh(value.data**2) ** 2))
    < 1e-12
    and arrows == 10_000
)

# %% [markdown]
# All gradients for a small multiple of the price of the result alone, however many there are. This is *reverse-mode
# automatic differentiation*, also called backpropagation, and it is why large models can be trained at all.
#
# ## From numbers to arrays
#
# Numbers in single objects are slow, so real engines make one node of a whole array. The chain rule stays, but slopes
# cannot be stored any more: from an array of 1,000 numbers to another there are 1,000 · 1,000 of them. Instead each
# operation says how it passes a gradient on: **given the gradient of its output, what is that of each input?** The
# gradient of an array has the array's own shape, one slope for each entry.
#
# For out = tanh(x), entry by entry, nothing is new: the gradient of x is `grad * (1 - out ** 2)`. Three operations need
# thought.
#
# ### Stretched forwards, summed backwards
#
# In lesson 00 a row was added to every row of a table. Each of its entries was used several times, just as `h` was
# used twice. So what comes back along all these paths is added up.

# %%
# say, of table + row, where row has shape (3,)
grad = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
print(
    "row[0] was used at [0, 0] and at [1, 0]; its gradient is",
    grad[0, 0] + grad[1, 0],
)

# %% exercise="unbroadcast"

# %% [markdown]
# Is it right in a longer computation? We could try each entry by itself, as we did above. There is a cheaper way.
# Walk from $x$ in one **random direction** $r$, and the result becomes a function of a single number $t$:
#
# $$\frac{d}{dt} f(x + t \, r) \Big|_{t = 0} = \sum_n \text{grad}[n] \, r[n]$$
#
# With two numbers: if the gradient is (3, 5) and the direction (0.1, -0.2), then per unit of $t$ the first number brings
# 3 · 0.1 and the second 5 · (-0.2), together -0.7.
#
# Measure the left side with your `central_difference`; the right side is what the gradient predicts. Two evaluations
# test all entries at once. That is all that `check_gradient` does.

# %%
signature, _, body = inspect.getsource(check_gradient).split('"""')
print(signature.rstrip() + body)

rng = np.random.default_rng(0)
a, weights = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
b = rng.standard_normal(3)


# a + b stretches b from (3,) to (4, 3)
def loss(b):
    return (weights * np.tanh(a + b)).sum()


grad = weights * (1 - np.tanh(a + b) ** 2)  # the gradient of a + b

measured, predicted = check_gradient(
    loss, unbroadcast(grad, b.shape), b, np.random.default_rng(1)
)
print(
    f"summed back:              measured {measured:.6f}, predicted "
    f"{predicted:.6f}"
)
assert abs(measured - predicted) < 1e-8
measured, predicted = check_gradient(
    loss, grad.mean(0), b, np.random.default_rng(1)
)
print(
    f"with the mean for a sum:  measured {measured:.6f}, predicted "
    f"{predicted:.6f}"
)
assert abs(measured - predicted) > 0.1

# %% [markdown]
# ### Matrix products
#
# A matrix product is many sums of products: $\text{out}[i, k] = \sum_j a[i, j] \, b[j, k]$. Which outputs does
# $a[i, j]$ reach? Row $i$, all $k$, each with slope $b[j, k]$. And $b[j, k]$ reaches column $k$, all $i$, each with
# slope $a[i, j]$. Multiply and add:
#
# $$\text{grad}_a[i, j] = \sum_k \text{grad}[i, k] \, b[j, k] \qquad
# \text{grad}_b[j, k] = \sum_i a[i, j] \, \text{grad}[i, k]$$
#
# Both are matrix products again, with one matrix transposed: two backwards for each one forwards.

# %% exercise="matmul_gradients"

# %% [markdown]
# ### Softmax
#
# The function `softmax` turns any numbers into positive ones that sum to 1. In lesson 03 it decides how much each
# token attends to each other token. Its outputs share one sum, so *every* output depends on *every* input of its row:
#
# $$\text{out}[j] = \frac{e^{x[j]}}{\sum_n e^{x[n]}} \qquad
# \frac{\partial \, \text{out}[j]}{\partial x[i]} = \text{out}[j] \, (\delta(i, j) - \text{out}[i])$$
#
# where $\delta(i, j)$ is 1 for $i = j$, else 0. **Predict:** if one input grows, what happens to the other outputs?
#
# <details><summary>Answer</summary>
#
# They all shrink, and together by as much as the one has gained. The table of slopes has a positive diagonal, the
# rest is negative, and each of its rows and columns sums to 0.
#
# </details>

# %% exercise="softmax_gradient"

# %% [markdown]
# A gradient that is 1 for one output and 0 for the others picks one row of the table of slopes. So your function can
# draw the whole table. Beside it stands the same one by trying, entry by entry.

# %%
scores = np.array([2.0, 1.0, 0.0, -1.0, 1.5])
n = len(scores)
unit = np.eye(n)
tried = np.array(
    [
        [
            central_difference(
                lambda step: softmax(scores + step * unit[i])[j], 0.0
            )
            for i in range(n)
        ]
        for j in range(n)
    ]
)
table = softmax_gradient(np.tile(softmax(scores), (n, 1)), unit)
compare(
    tried,
    table,
    title="Slope of each softmax output, for each input",
    xlabel="input",
    ylabel="output",
    alt="Two equal 5 by 5 maps, positive on the diagonal and negative "
    "elsewhere, strongest where the inputs are largest, and their difference, "
    "which is 0 everywhere.",
)
assert (
    np.allclose(table, tried, atol=1e-8)
    and np.allclose(table.sum(0), 0)
    and np.allclose(table.sum(1), 0)
)

# %% [markdown]
# ### Put together
#
# Here are your pieces in a row. The expression is *attention*; what it is good for comes in lesson 03. For now it is
# nothing but a matrix product, a softmax, and another matrix product. Its gradients take the same three steps the other
# way: each function of yours takes the gradient that the one before it returned. So read the second function beside
# the first, line by line: it runs from the first one's last step to its first.


# %%
def attend(q, k, v):
    p = softmax(q @ k.swapaxes(-1, -2))  # (batch, query, key)
    return p, p @ v  # (batch, query, dim)


def attend_gradients(q, k, v, grad):
    p, _ = attend(q, k, v)
    grad_p, grad_v = matmul_gradients(p, v, grad)
    grad_scores = softmax_gradient(p, grad_p)
    grad_q, grad_k = matmul_gradients(q, k.swapaxes(-1, -2), grad_scores)
    return grad_q, grad_k.swapaxes(-1, -2), grad_v


q, k, v, weights = rng.standard_normal((4, 2, 5, 3))
grad_q, grad_k, grad_v = attend_gradients(q, k, v, weights)


def loss(q, k, v):
    return (weights * attend(q, k, v)[1]).sum()


for name, (measured, predicted) in {
    "q": check_gradient(lambda q: loss(q, k, v), grad_q, q, rng),
    "k": check_gradient(lambda k: loss(q, k, v), grad_k, k, rng),
    "v": check_gradient(lambda v: loss(q, k, v), grad_v, v, rng),
}.items():
    print(f"{name}: measured {measured:8.5f}, predicted {predicted:8.5f}")
    assert abs(measured - predicted) < 1e-7

# %% [markdown]
# ## A tour of the engine
#
# Nobody writes such chains by hand for a whole model. `minitorch`, the engine of this course, does for arrays what
# your `Value` does for numbers. It uses nothing but NumPy, and its names are PyTorch's. You have written its heart:
#
# | you wrote | in `minitorch/graph.py` | what is different |
# |---|---|---|
# | `Value.inputs`, `Value.slopes` | `Node.edges` | only inputs that need a gradient, each with a function in place of a number |
# | `topological_order` | `Node.number` | nodes are numbered as they are made: the newest first is such an order |
# | `backpropagate` | `backward` | a grad is dropped as soon as it has been passed on |
# | `each.grad += ...` | `Tensor._accumulate` | only the numbers that were *given*, the leaves, keep theirs |
# | `unbroadcast` | `fit` | it brings the gradient to the input's dtype, too |
#
# Before you read it: your `topological_order` looks at the whole graph before the first slope is passed on. How could
# a program do without that?

# %% tags=["nbval-ignore-output"]
print(inspect.getsource(importlib.import_module("minitorch.graph").backward))

# %% [markdown]
# It keeps the nodes that wait in a *heap*, a list whose largest number is always at hand. A node is newer than
# everything it was made from, so its number is larger. When it comes up, all that was made from it has been visited,
# and its gradient is complete.
#
# `grads` is a dictionary for what is in between, where you used `.grad`. The branches inside the inner loop ask where
# a gradient goes: to a leaf, to a node that has none yet, or on top of one that is there. After its turn a node
# forgets its edges, and the arrays they need. That frees the memory, and it is why a second `backward()` through the
# same graph is an error.
#
# Now an operation. It is a function on plain arrays. It returns its result and, beside it, one function per input: how
# the gradient changes on its way there.

# %% tags=["nbval-ignore-output"]
print(inspect.getsource(torch.mul))

# %% [markdown]
# Read the lines with `@` from the last to the first. `@differentiable` hands the function arrays where you gave
# tensors, and records the operation as a `Node`. `@method` lets you write `a * b`. No operation thinks of broadcasting:
# `backward` calls `fit` for all of them.
#
# This is the whole core, under a thousand lines. Open what you like; the rest of `minitorch` is more of the same kind,
# one family of operations per file.
#
# | file | what is in it |
# |---|---|
# | `graph.py` | `Node`, and the walk back |
# | `tensor.py` | `Tensor`: an array, and the node that made it |
# | `operation.py` | how a function on arrays becomes an operation on tensors |
# | `arithmetic.py`, `products.py`, `shaping.py` | `a * b`, `a @ b`, `a.reshape(...)`: values and derivatives side by side |
# | `autograd.py` | operations with a backward pass of your own |

# %% tags=["nbval-ignore-output"]
for name in (
    "graph",
    "tensor",
    "operation",
    "arithmetic",
    "products",
    "shaping",
):
    module = importlib.import_module(f"minitorch.{name}")
    text = inspect.getsource(module)
    display(
        HTML(
            f"<details><summary>{module.__name__}: {text.count(chr(10))} "
            f"lines (open)</summary><pre style='max-height: 32em; overflow: "
            f"auto'>{html.escape(text)}</pre></details>"
        )
    )

# %% [markdown]
# Grads of leaves are added to what is there, *also from one call of `backward()` to the next*. Yours began at 0 each
# time; in minitorch and PyTorch, `optimizer.zero_grad()` sets them back. And inside `with torch.no_grad():` nothing is
# recorded. Updating the numbers of a model is done there: the update is no part of the loss.

# %%
weight, given = (
    torch.tensor(0.5, requires_grad=True),
    torch.tensor(2.0, requires_grad=True),
)
product = weight * given
result = product + torch.tanh(product)
result.backward()
print(f"result {result.item():.2f}, made by {result.grad_fn}")
print(
    f"grad of weight {weight.grad.item():.2f}, of given "
    f"{given.grad.item():.2f}, of product {product.grad}"
)
try:
    result.backward()
except RuntimeError as error:
    print("a second time:", error)
assert round(weight.grad.item(), 2) == 2.84  # as w in your graph
assert product.grad is None  # it is no leaf and keeps none

# %% [markdown]
# ## A tiny fit, twice
#
# Let 64 points on a sine wave be the data, and a small network the model: 16 units, each a tanh of a straight line,
# weighted and added up. The loss is the mean squared error. *Gradient descent* is one line: go a little way against
# the gradient, and do it again.
#
# First with the engine; it takes about two seconds. `nn.Linear(1, 16)` holds the numbers of 16 straight lines, their
# slopes in `weight` and their heights in `bias`, and `optim.SGD` does the little step against the gradient.
# `p.detach().numpy()` is the plain array of the numbers `p`, cut off from any graph: we keep a copy of the start.

# %% tags=["nbval-ignore-output"]
inputs = np.linspace(-1, 1, 64).reshape(64, 1)  # (batch, 1)
targets = np.sin(4 * inputs)  # (batch, 1)
rate, num_steps = 0.1, 1500

torch.manual_seed(0)
first, second = nn.Linear(1, 16), nn.Linear(16, 1)
start = [
    p.detach().numpy().astype(float)
    for p in (first.weight, first.bias, second.weight, second.bias)
]
optimizer = optim.SGD([*first.parameters(), *second.parameters()], lr=rate)
batch, wanted = (
    torch.tensor(inputs, dtype=torch.float32),
    torch.tensor(targets, dtype=torch.float32),
)

engine_losses, bar = [], progress(num_steps, "fitting a curve")
for step in range(num_steps):
    loss = ((second(torch.tanh(first(batch))) - wanted) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    engine_losses.append(loss.item())
    bar.update(step + 1, f"loss {loss.item():.5f}")
assert engine_losses[-1] < 0.02 * engine_losses[0]

# %% [markdown]
# Now the same from the same start, with nothing but your own pieces. Read the backward half against the forward half,
# line by line. (`nn.Linear` keeps its weight as (outputs, inputs), hence the transposes at the start.)

# %%
# (1, 16), (16,), (16, 1), (1,)
w1, b1, w2, b2 = (
    start[0].T,
    start[1],
    start[2].T,
    start[3],
)
losses = []
for step in range(num_steps):
    hidden = np.tanh(inputs @ w1 + b1)  # (batch, 16)
    error = hidden @ w2 + b2 - targets  # (batch, 1)
    losses.append((error**2).mean())

    grad = 2 * error / error.size  # (batch, 1)
    grad_hidden, grad_w2 = matmul_gradients(hidden, w2, grad)
    grad_b2 = unbroadcast(grad, b2.shape)
    grad = grad_hidden * (1 - hidden**2)  # (batch, 16)
    _, grad_w1 = matmul_gradients(inputs, w1, grad)
    grad_b1 = unbroadcast(grad, b1.shape)

    w1, b1, w2, b2 = (
        w1 - rate * grad_w1,
        b1 - rate * grad_b1,
        w2 - rate * grad_w2,
        b2 - rate * grad_b2,
    )

assert np.allclose(losses, engine_losses, rtol=0.01)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
left.plot(inputs, targets, ".", label="data", color="0.5")
left.plot(inputs, np.tanh(inputs @ w1 + b1) @ w2 + b2, label="your fit")
left.set(xlabel="input", ylabel="output", title="The curve is fitted")
left.legend(loc=(0.5, 0.06))
right.semilogy(engine_losses, label="minitorch", linewidth=5, alpha=0.4)
right.semilogy(losses, label="your pieces")
right.set(
    xlabel="step", ylabel="mean squared error", title="Both ways learn alike"
)
right.legend()
show(
    figure,
    alt="Left: 64 points on a wave, and the fitted curve close to all of "
    "them. Right: the loss over the steps, on a logarithmic axis; minitorch's "
    "curve and that of your own pieces coincide.",
)

# %% [markdown]
# Two losses, computed in two ways, fall together: the engine is no more than what you wrote, with the book-keeping
# done for you. The drop at the very start is the easy part: within ten steps the network does as well as the best
# straight line. The bends take all the others. And what would one step have cost by trying?

# %%
# the best one, by least squares
line = inputs * (inputs * targets).sum() / (inputs**2).sum()
print(
    f"loss of the best straight line {((line - targets) ** 2).mean():.2f}, "
    f"after ten steps {losses[10]:.2f}"
)
numbers = sum(p.size for p in start)
print(
    f"{numbers} numbers in this model: {2 * numbers} evaluations a step, in "
    f"place of about three"
)

# %% [markdown]
# ## What comes next
#
# From here on the gradients come from the engine, and you write what is new: first how a *word* becomes numbers. In
# lesson 02 a row of a table is looked up for each word. What is its gradient, if the same word occurs twice? You know
# the answer already: each use brings its part, and the parts are added.
