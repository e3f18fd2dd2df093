# ---
# jupyter:
#   lesson:
#     title: "Autograd: how a computation finds its own slopes"
#     question: "How can a program find, in one go, how its result changes with every number that went into it?"
#     minutes: 40
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
import inspect
import math

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, display

import minitorch as torch
from classroom import compare, exercise, progress, show
from minitorch import nn, optim
from solutions.autograd import check_gradient, softmax, topological_order

# %% [markdown]
# ## Slopes by trying
#
# How fast does $f(x) = x^2$ grow at $x = 3$? Go a little to the right and see.

# %%
for step in (1, 0.1, 0.01, 0.001):
    print(f"step {step:5}: (f({3 + step:5}) - f(3)) / step = {((3 + step) ** 2 - 3 ** 2) / step:.3f}")

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
# A float holds about 16 digits. With a tiny step, f(x + step) and f(x - step) agree in nearly all of them, and the
# difference keeps only the last, rounded ones. At $10^{-17}$ even x + step is x itself, and the slope comes out as 0.
#
# </details>

# %%
steps = 10.0 ** np.arange(-1, -15.5, -0.25)
exact = math.cos(1.0)                                     # the slope of sin at 1
one_sided = [abs((math.sin(1.0 + step) - math.sin(1.0)) / step - exact) for step in steps]
central = [abs(central_difference(math.sin, 1.0, step) - exact) for step in steps]

figure, axis = plt.subplots(figsize=(7.5, 4))
axis.loglog(steps, one_sided, label="one side", linestyle="--")
axis.loglog(steps, central, label="both sides")
axis.set(xlabel="step", ylabel="error of the slope of sin", title="Neither too large nor too small a step")
axis.legend()
show(figure, alt="Error over step, both axes logarithmic. With both sides the error falls to about 1e-11 at "
                 "steps near 1e-5 and rises again for smaller ones. With one side it falls to 1e-8 only.")
assert 1e-7 < steps[np.argmin(central)] < 1e-3 and min(central) < min(one_sided) / 10
assert central_difference(math.sin, 1.0, step=1e-17) == 0

# %% [markdown]
# So a step of $10^{-5}$ is a good one, and ten digits are what you can hope for. Trying is a fine *check*. As a way
# to train it is hopeless: with $n$ numbers you compute the whole loss $2n$ times, for a single small change of each.
#
# ## A number that remembers
#
# A long computation is made of small steps, and for each small step the slope is known from school. So let each
# number *remember how it was made*: from which inputs, and with which slope for each of them.
#
# $$\frac{\partial (a + b)}{\partial a} = 1 \qquad \frac{\partial (a \, b)}{\partial a} = b \qquad
# \frac{d \tanh x}{d x} = 1 - \tanh^2 x$$
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


# %%
def draw_graph(root, names, title, alt, with_grads=False):
    """Draw what root was made from, inputs on the left. `names` holds (node, name) pairs."""
    names, depth = dict(names), {}
    for node in topological_order(root):                  # inputs first; ours for now, soon your own
        depth[node] = 1 + max((depth[each] for each in node.inputs), default=-1)
    columns = [[node for node, d in depth.items() if d == column] for column in range(depth[root] + 1)]
    place = {node: (d, (len(column) - 1) / 2 - row)
             for d, column in enumerate(columns) for row, node in enumerate(column)}

    figure, axis = plt.subplots(figsize=(9.5, 3.6))
    box = {}
    for node, (across, up) in place.items():
        text = f"{names[node]}\n{node.data:.2f}" + (f"\ngrad {node.grad:.2f}" if with_grads else "")
        color = "#fff4d6" if with_grads else "#e8f1f8"
        box[node] = axis.text(across, up, text, ha="center", va="center",
                              bbox={"boxstyle": "round,pad=0.4", "facecolor": color})
    for node in depth:
        for each, slope in zip(node.inputs, node.slopes):
            far = depth[node] - depth[each] > 1           # an arrow past another node is bent round it
            axis.annotate("", place[node], place[each], arrowprops={
                "arrowstyle": "-|>", "connectionstyle": f"arc3,rad={-0.4 if far else 0}", "color": "0.4",
                "patchA": box[each].get_bbox_patch(), "patchB": box[node].get_bbox_patch()})
            middle = np.add(place[node], place[each]) / 2 + (0, 0.54 if far else 0)
            axis.text(*middle, f"slope\n{slope:.2f}", ha="center", va="center", color="#8a3b00", fontsize=12,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
    axis.set(title=title, xlim=(-0.5, depth[root] + 0.5), ylim=(-0.9, 1))
    axis.axis("off")
    show(figure, alt)


names = [(w, "w"), (x, "x"), (h, "h = w x"), (t, "tanh h"), (y, "y")]
draw_graph(y, names, "y = h + tanh(h): values on the nodes, slopes on the arrows",
           alt="A graph from left to right. w = 0.50 and x = 2.00 lead to h = 1.00, with slopes 2.00 and "
               "0.50. h leads to tanh h = 0.76 with slope 0.42, and past it, in an arc, to y = 1.76 with "
               "slope 1.00. tanh h leads to y with slope 1.00.")

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

# %% exercise="topological_order"

# %% [markdown]
# With the order at hand the rest is short. Each node adds its part to the grads of its inputs. *Adds*: whoever writes
# `=` for `+=` here loses all paths but one.

# %% exercise="backpropagate"

# %%
backpropagate(y)
draw_graph(y, names, "The same graph after backpropagate(y)", with_grads=True,
           alt="The same graph with gradients on the nodes: y 1.00, tanh h 1.00, h 1.42, w 2.84, x 0.71.")
assert abs(w.grad - central_difference(lambda w: 2.0 * w + math.tanh(2.0 * w), 0.5)) < 1e-8

# %% [markdown]
# What does it cost? Here is a sum over 2,000 inputs. It is also 2,000 additions deep, so a recursive walk would
# already have failed.

# %%
inputs = [Value(v) for v in np.linspace(-1, 1, 2000)]
total = Value(0.0)
for v in inputs:
    total = total + (v * v).tanh()
backpropagate(total)

operations = sum(len(node.inputs) > 0 for node in topological_order(total))
print(f"operations in the expression:                   {operations:>10,}")
print(f"by trying: 2 x {len(inputs):,} times all of them:         {2 * len(inputs) * operations:>10,}")
print(f"with memory: once forwards, once backwards:     {2 * operations:>10,}")
v = inputs[0]                                             # d tanh(v^2) / dv = 2 v (1 - tanh(v^2)^2)
assert abs(v.grad - 2 * v.data * (1 - math.tanh(v.data ** 2) ** 2)) < 1e-12

# %% [markdown]
# All gradients for about the price of computing the result twice, however many there are. This is *reverse-mode
# automatic differentiation*, also called backpropagation, and it is why large models can be trained at all.
#
# ## From numbers to arrays
#
# Numbers in single objects are slow, so real engines make one node of a whole array. The chain rule stays, but slopes
# cannot be stored any more: from an array of 1,000 numbers to another there are 1,000 · 1,000 of them. Instead each
# operation says how it passes a gradient on: **given the gradient of its output, what is that of each input?** The
# gradient of an array has the array's own shape, one slope for each entry.
#
# For tanh, entry by entry, nothing is new: `grad * (1 - out ** 2)`. Three operations need thought.
#
# ### Stretched forwards, summed backwards
#
# In lesson 00 a row was added to every row of a table. Each of its entries was used several times, just as `h` was
# used twice. So what comes back along all these paths is added up.

# %%
grad = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])    # say, of table + row, where row has shape (3,)
print("row[0] was used at [0, 0] and at [1, 0]; its gradient is", grad[0, 0] + grad[1, 0])

# %% exercise="unbroadcast"

# %% [markdown]
# Is it right in a longer computation? We could try each entry by itself, as we did above. There is a cheaper way.
# Walk from $x$ in one **random direction** $u$, and the result becomes a function of a single number $t$:
#
# $$\frac{d}{dt} f(x + t \, u) \Big|_{t = 0} = \sum_n \text{grad}[n] \, u[n]$$
#
# Measure the left side with your `central_difference`; the right side is what the gradient predicts. Two evaluations
# test all entries at once. That is all that `check_gradient` does.

# %%
print(inspect.getsource(check_gradient).split('"""')[2].strip("\n"))

rng = np.random.default_rng(0)
a, weights = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
b = rng.standard_normal(3)
loss = lambda b: (weights * np.tanh(a + b)).sum()         # a + b stretches b from (3,) to (4, 3)
grad = weights * (1 - np.tanh(a + b) ** 2)                # the gradient of a + b

measured, predicted = check_gradient(loss, unbroadcast(grad, b.shape), b, np.random.default_rng(1))
print(f"summed back:              measured {measured:.6f}, predicted {predicted:.6f}")
assert abs(measured - predicted) < 1e-8
measured, predicted = check_gradient(loss, grad.mean(0), b, np.random.default_rng(1))
print(f"with the mean for a sum:  measured {measured:.6f}, predicted {predicted:.6f}")
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
# Both are matrix products again, with one matrix transposed. So a backward pass costs about two products for each one
# of the forward pass.

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
x = np.array([2.0, 1.0, 0.0, -1.0, 1.5])
n = len(x)
unit = np.eye(n)
tried = np.array([[central_difference(lambda t: softmax(x + t * unit[i])[j], 0.0) for i in range(n)]
                  for j in range(n)])
table = softmax_gradient(np.tile(softmax(x), (n, 1)), unit)
compare(tried, table, title="Slope of each softmax output, for each input", xlabel="input", ylabel="output",
        alt="Two equal 5 by 5 maps, positive on the diagonal and negative elsewhere, strongest where the "
            "inputs are largest, and their difference, which is 0 everywhere.")
assert np.allclose(table, tried, atol=1e-8) and np.allclose(table.sum(0), 0) and np.allclose(table.sum(1), 0)

# %% [markdown]
# ### Put together
#
# Here are your pieces in a row, backwards through three steps. The expression is *attention*; what it is good for
# comes in lesson 03. Read the second function from the top: it is the first one, from the bottom.

# %%
def attend(q, k, v):
    p = softmax(q @ k.swapaxes(-1, -2))                   # (batch, query, key)
    return p, p @ v                                       # (batch, query, dim)


def attend_gradients(q, k, v, grad):
    p, _ = attend(q, k, v)
    grad_p, grad_v = matmul_gradients(p, v, grad)
    grad_scores = softmax_gradient(p, grad_p)
    grad_q, grad_k = matmul_gradients(q, k.swapaxes(-1, -2), grad_scores)
    return grad_q, grad_k.swapaxes(-1, -2), grad_v


q, k, v, weights = rng.standard_normal((4, 2, 5, 3))
grad_q, grad_k, grad_v = attend_gradients(q, k, v, weights)
loss = lambda q, k, v: (weights * attend(q, k, v)[1]).sum()
for name, (measured, predicted) in {"q": check_gradient(lambda q: loss(q, k, v), grad_q, q, rng),
                                    "k": check_gradient(lambda k: loss(q, k, v), grad_k, k, rng),
                                    "v": check_gradient(lambda v: loss(q, k, v), grad_v, v, rng)}.items():
    print(f"{name}: measured {measured:8.5f}, predicted {predicted:8.5f}")
    assert abs(measured - predicted) < 1e-7

# %% [markdown]
# ## A tour of the engine
#
# Nobody writes such chains by hand for a whole model. `minitorch`, the engine of this course, does for arrays what
# your `Value` does for numbers. It uses nothing but NumPy, and its names are those of PyTorch. You have written its
# heart:
#
# | you wrote | in `minitorch/tensor.py` | what is different |
# |---|---|---|
# | `Value.inputs` | `Node.targets` | only inputs that need a gradient |
# | `Value.slopes` | `Node.backwards` | functions that pass a gradient on, not numbers |
# | `topological_order` | `_topological_order` | nothing |
# | `backpropagate` | `backward` | a grad is dropped as soon as it has been passed on |
# | `each.grad += ...` | `Tensor._accumulate` | only numbers that were *given*, the leaves, keep theirs |
# | `unbroadcast` | `unbroadcast` | nothing |
#
# Here is the file, whole. Open it and read as far as `class Tensor`; the rest of that class is everyday service.

# %%
core = inspect.getsource(inspect.getmodule(torch.Tensor))
display(HTML(f"<details><summary>minitorch/tensor.py: {core.count(chr(10))} lines (open)</summary>"
             f"<pre style='max-height: 32em; overflow: auto'>{html.escape(core)}</pre></details>"))

# %% [markdown]
# In reading order:
#
# - **The switch.** Inside `with torch.no_grad():` nothing is recorded. Updating the numbers of a model is done there:
#   the update is no part of the loss.
# - **`Node`** is one recorded operation. `targets` says where the gradient goes next. Its method `gradients` hands
#   out one gradient for each input, and sums it back with `unbroadcast`, so that no operation has to think of that.
# - **`_topological_order`** and **`backward`** are yours, with a dictionary in place of `.grad` for what lies in
#   between. After its turn a node forgets its functions, and with them the arrays they hold. That frees the memory,
#   and it is why a second `backward()` through the same graph is an error.
# - **`Tensor`** is an array, and the node that made it. The grads of leaves are added to what is there already, *also
#   from one call of `backward()` to the next*. Yours began at 0 each time; in minitorch and PyTorch it is
#   `optimizer.zero_grad()` that sets them back.
#
# An operation is a function that returns its result and, beside it, how a gradient passes back to each input:

# %%
print(inspect.getsource(torch.mul))
w, x = torch.tensor(0.5, requires_grad=True), torch.tensor(2.0, requires_grad=True)
h = w * x
y = h + torch.tanh(h)
y.backward()
print(f"y = {y.item():.2f}, made by {y.grad_fn}")
print(f"grad of w {w.grad.item():.2f}, of x {x.grad.item():.2f}, of h {h.grad}")
try:
    y.backward()
except RuntimeError as error:
    print("a second time:", error)
assert round(w.grad.item(), 2) == 2.84 and h.grad is None  # as in your graph; h is no leaf and keeps none

# %% [markdown]
# ## A tiny fit, twice
#
# Let 64 points on a sine wave be the data, and a small network the model: 16 units, each a tanh of a straight line,
# weighted and added up. The loss is the mean squared error. *Gradient descent* is one line: go a little way against
# the gradient, and do it again. First with the engine; it takes about two seconds.

# %% tags=["nbval-ignore-output"]
inputs = np.linspace(-1, 1, 64).reshape(64, 1)            # (batch, 1)
targets = np.sin(4 * inputs)                              # (batch, 1)
rate, num_steps = 0.1, 1500

torch.manual_seed(0)
first, second = nn.Linear(1, 16), nn.Linear(16, 1)
start = [p.detach().numpy().astype(float) for p in (first.weight, first.bias, second.weight, second.bias)]
optimizer = optim.SGD([*first.parameters(), *second.parameters()], lr=rate)
given, wanted = torch.tensor(inputs, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32)

engine_losses, bar = [], progress(num_steps, "fitting a curve")
for step in range(num_steps):
    loss = ((second(torch.tanh(first(given))) - wanted) ** 2).mean()
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
w1, b1, w2, b2 = start[0].T, start[1], start[2].T, start[3]          # (1, 16), (16,), (16, 1), (1,)
losses = []
for step in range(num_steps):
    hidden = np.tanh(inputs @ w1 + b1)                               # (batch, 16)
    error = hidden @ w2 + b2 - targets                               # (batch, 1)
    losses.append((error ** 2).mean())

    grad = 2 * error / error.size                                    # (batch, 1)
    grad_hidden, grad_w2 = matmul_gradients(hidden, w2, grad)
    grad_b2 = unbroadcast(grad, b2.shape)
    grad = grad_hidden * (1 - hidden ** 2)                           # (batch, 16)
    _, grad_w1 = matmul_gradients(inputs, w1, grad)
    grad_b1 = unbroadcast(grad, b1.shape)

    w1, b1, w2, b2 = w1 - rate * grad_w1, b1 - rate * grad_b1, w2 - rate * grad_w2, b2 - rate * grad_b2

assert np.allclose(losses, engine_losses, rtol=0.01)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
left.plot(inputs, targets, ".", label="data", color="0.5")
left.plot(inputs, np.tanh(inputs @ w1 + b1) @ w2 + b2, label="your fit")
left.set(xlabel="input", ylabel="output", title="The curve is fitted")
left.legend(loc=(0.5, 0.06))
right.semilogy(engine_losses, label="minitorch", linewidth=5, alpha=0.4)
right.semilogy(losses, label="your pieces")
right.set(xlabel="step", ylabel="mean squared error", title="Both ways learn alike")
right.legend()
show(figure, alt="Left: 64 points on a wave, and the fitted curve close to all of them. Right: the loss over "
                 "the steps, on a logarithmic axis; minitorch's curve and that of your own pieces coincide.")

# %% [markdown]
# Two losses, computed in two ways, fall together: the engine is no more than what you wrote, with the book-keeping
# done for you. What would one step have cost by trying?

# %%
numbers = sum(p.size for p in start)
print(f"{numbers} numbers in this model: {2 * numbers} evaluations a step, not one forwards and one back")

# %% [markdown]
# ## What comes next
#
# From here on the gradients come from the engine, and you write what is new: first how a *word* becomes numbers. In
# lesson 02 a row of a table is looked up for each word. What is its gradient, if the same word occurs twice? You know
# the answer already: each use brings its part, and the parts are added.
