# ---
# jupyter:
#   lesson:
#     title: "CoPE: counting what matters"
#     question: "How can attention count sentences, or x's, instead of tokens?"
#     minutes: 40
#     achieved: "You have written CoPE, forward and backward. Show someone the gates that find the sentences."
# ---

# %% [markdown]
# # 07 · CoPE: counting what matters
#
# **How can attention count sentences, or x's, instead of tokens?**
#
# Every encoding so far measures distance in tokens. But nobody says "the word 17 tokens back". We say "the
# last sentence", "the second name", "since x was set". In this lesson you see why token counts cannot stand
# in for that, and build the encoding that this course is named after: **Contextual Position Encoding**
# (Golovneva et al. 2024, arXiv 2405.18719).
#
# The name CoPE was given three times. This is not Clipped RoPE (arXiv 2602.05258), and not Complex Positional
# Encoding (arXiv 2508.18308).
#
# ## Three questions about lesson 05
#
# 1. What does a score get from Shaw's encoding, what from T5's?
# 2. Why does Shaw clip distances?
# 3. Put three words in front of a text. What happens to the scores of its tokens, with relative positions?
#
# <details><summary>Answers</summary>
#
# 1. From Shaw's the product of the query with a learned vector for the distance; from T5's a learned number
#    for the distance's bucket.
# 2. So that a small table serves any length: far is far.
# 3. Nothing. Only distances count, and they stay.
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import compare, exercise, hint, show, slider, solution
from solutions.attention import causal_mask
from solutions.autograd import softmax
from solutions.cope import CoPE, check_gates, check_rows, whole_and_rest
from solutions.properties import TOLERANCE, property_table, table_text

# %% [markdown]
# ## What tokens cannot count
#
# The authors of CoPE asked two large models how often a word occurs in the *last sentence* of a short text.
# The right answer was: not at all. For "Alice" and for "book", GPT-4 answered 1 and 1, Llama-2 70B Chat 2 and
# 2 (table 1 of the paper). To answer, one has to know where the last sentence begins.
#
# Here is the reason in its smallest form (section 3.1). There are two kinds of tokens, x and y. A head shall
# attend to **the last x**, however many y came after it: `yyyyxyyyy`. Its scores are a sum, content plus
# position:
#
# - an x scores $\Delta$ more than a y, at the same place;
# - of two x's the later one must win by a clear margin, wherever they stand. So each step back must cost at
#   least $\delta$.
#
# An x that stands $n$ back (the paper's $i$) then competes with the y at the query's own place, 0 back:
#
# $$\frac{\text{weight of x}}{\text{weight of y}} \le e^{\Delta - n \delta}$$
#
# with = if each step costs exactly $\delta$, as in the cell below.
#
# **Predict before you run.** $\Delta = 1$ and $\delta = 0.3$. How many y may follow before the y wins?
#
# <details><summary>Answer</summary>
#
# Three. The exponent is negative as soon as $n > \Delta / \delta = 3.3$; with four y after the x, it is lost.
#
# </details>


# %%
def attention_by_tokens(text, Delta, delta):
    """Weights of the last query: content plus token-counted position."""
    back = np.arange(len(text))[::-1]  # distance of each key
    return softmax(
        np.array([Delta * (letter == "x") for letter in text]) - delta * back
    )


figure, axes = plt.subplots(1, 2, figsize=(11, 4.2))
back = np.arange(1, 21)
for delta, style in ((0.5, ":"), (0.25, "-"), (0.1, "--")):
    ratio = [
        w[0] / w[-1]
        for w in (attention_by_tokens("x" + "y" * n, 1, delta) for n in back)
    ]
    axes[0].semilogy(back, ratio, style, label=f"$\\delta$ = {delta}")
    lost = back[np.array(ratio) < 1 - 1e-9]
    assert (
        np.allclose(ratio, np.exp(1 - back * delta))
        and lost[0] == 1 / delta + 1
    )
axes[0].axhline(1, color="0.6", linewidth=1)
axes[0].set(
    xlabel="tokens n since the last x",
    ylabel="weight of x / weight of y",
    xticks=range(0, 21, 5),
    title="Lost once n > $\\Delta / \\delta$",
)
axes[0].legend(fontsize=12)
text = "yyyyxyyyy"
weights = attention_by_tokens(text, 1, 0.4)
axes[1].bar(
    range(len(text)),
    weights,
    color=["C1" if letter == "x" else "C0" for letter in text],
)
axes[1].set(
    xticks=range(len(text)),
    xticklabels=list(text),
    ylabel="attention weight",
    title="x is 4 back, $\\Delta / \\delta$ = 2.5",
)
show(
    figure,
    alt="Left: weight of the last x against the y at the query's place, over "
    "the tokens since the x, logarithmic, for Delta 1: three falling lines "
    "that cross 1 at 2, 4 and 10 tokens. Right: attention over yyyyxyyyy: the "
    "x stands out, but the last two y have more weight.",
)
assert weights.argmax() == len(text) - 1

# %% [markdown]
# A smaller $\delta$ reaches further, but then two neighbouring x's are hardly told apart: their weights
# differ by the factor $e^\delta$ only, 1.1 for $\delta = 0.1$. A larger $\Delta$ helps in the same measure.
# For every choice of $\Delta$ and $\delta$ there is a text on which it fails. (This is an argument for one
# head with a score of this form. Several heads and layers can do more, and do, at a price.)
#
# What is missing is plain: a distance that does not grow with every y.
#
# ## A gate for every pair
#
# So let the query decide what counts. For each key there is a **gate** between 0 and 1, and it costs nothing
# new, since query and key are compared anyway:
#
# $$g_{ij} = \sigma \left( \frac{q_i \cdot k_j}{\sqrt{\text{head\_dim}}} \right)$$
#
# $\sigma$ is the sigmoid, not the softmax: each gate is a question of its own, and any number of them may be
# open. (One sentence of the paper's section 4 says softmax; it is a slip.)

# %% exercise="cope_gates"

# %% [markdown]
# Here is the text of the paper's figure 1, with a full stop added at the end (so the current sentence is
# position 1, not 0), keys and queries set by hand. Column 0 of a key says "ends a sentence", column 1 "is
# someone", column 2 is always 1. *She* is someone, too, but has been counted as Alice; let her be half. The
# first query counts sentence ends: its 20 opens the gate where column 0 is 1, and its -10 closes all others.
# The second counts beings.

# %%
words = [
    "Alice",
    "was",
    "tired",
    ".",
    "She",
    "tried",
    "reading",
    ".",
    "A",
    "rabbit",
    "came",
    ".",
]
keys = np.zeros((12, 4))  # (key, head_dim)
keys[:, 2] = 1
for j, word in enumerate(words):
    keys[j, :2] = (
        word == ".",
        {"Alice": 1.0, "rabbit": 1.0, "She": 0.5}.get(word, 0),
    )
queries = {"sentence ends": [20.0, 0, -10, 0], "beings": [0, 20.0, -10, 0]}
gates = {
    name: cope_gates(
        torch.tensor(np.tile(query, (12, 1))), torch.tensor(keys)
    )  # (query, key)
    for name, query in queries.items()
}

figure, axes = plt.subplots(2, 1, figsize=(9.5, 4.4), sharex=True)
for axis, (name, g) in zip(axes, gates.items()):
    axis.bar(range(12), g[11].numpy(), color="C0")
    axis.set(
        ylabel="gate",
        ylim=(0, 1.2),
        yticks=(0, 0.5, 1),
        title=f"a query that counts {name}",
    )
    for j, gate in enumerate(g[11].tolist()):
        axis.text(j, gate + 0.05, f"{gate:.2f}", ha="center", fontsize=11)
axes[1].set_xticks(range(12), words, fontsize=12)
show(
    figure,
    alt="Gates of the last query over the twelve tokens. Counting sentence "
    "ends: 0.99 at the three full stops, 0.01 elsewhere. Counting beings: "
    "0.99 at Alice and rabbit, 0.50 at She, 0.01 elsewhere.",
)
counted = gates["sentence ends"][11].numpy() > 0.5
assert counted.sum() == 3 and np.isclose(gates["beings"][11, 4].item(), 0.5)

# %% [markdown]
# ## Position: a sum of gates
#
# The position of key $j$, seen from query $i$, is how much was counted between the two, both included:
#
# $$p_{ij} = \sum_{k=j}^{i} g_{ik}$$
#
# **Predict before you run.** The query is the last token and counts sentence ends. Which position has *She*?
# Which position has *Alice*?
#
# <details><summary>Answer</summary>
#
# From *She* to the end there are two full stops: position 2, and a little more, since closed gates are not
# quite 0. From *Alice* on there are three.
#
# </details>
#
# The sum ends at the query, so the *nearest* key has the smallest position. It is taken from the right.

# %% exercise="cope_positions"

# %%
positions = {
    name: cope_positions(g) for name, g in gates.items()
}  # (query, key)
rows = [
    ("tokens back", np.arange(11.0, -1, -1)),
    *((name, p[11].numpy()) for name, p in positions.items()),
]
figure, axis = plt.subplots(figsize=(11, 3.3))
axis.imshow(
    [values / values.max() for _, values in rows],
    cmap="viridis",
    aspect="auto",
)
for r, (_, values) in enumerate(rows):
    for j, value in enumerate(values):
        axis.text(
            j,
            r,
            f"{value:.0f}" if r == 0 else f"{value:.2f}",
            ha="center",
            va="center",
            fontsize=13,
            color="white" if value < 0.6 * values.max() else "black",
        )
axis.set(
    yticks=range(3),
    yticklabels=[name for name, _ in rows],
    title="Seen from the last token: tokens, sentences, beings",
)
axis.set_xticks(range(12), words, fontsize=12)
show(
    figure,
    alt="Three rows of positions over the twelve tokens, for the last query. "
    "Tokens back: 11 to 0. Sentence ends: about 3 in the first sentence, 2 in "
    "the second, 1 in the third. Beings: 2.5 at Alice, 1.5 up to She, 1 up to "
    "rabbit, 0 after it.",
)
sentences = positions["sentence ends"][11].numpy().round()
assert sentences.tolist() == [3] * 4 + [2] * 4 + [1] * 4

# %% [markdown]
# The first row is what every encoding of lesson 05 and 06 has to work with. In the second, each sentence has
# one number, however long it is. And another query counts something else in the same text: a position belongs
# to a *pair*, not to a token.
#
# Two special cases show how this contains what you know. With all gates open every token counts, and
#
# $$p_{ij} = i - j + 1$$
#
# is the relative position (plus one, as the query counts itself). With all gates closed there are no
# positions.

# %%
# i - j + 1 up to the query
distance = np.tril(np.arange(8)[:, None] - np.arange(8) + 1)
compare(
    distance,
    cope_positions(torch.ones(8, 8)),
    title="All gates open: relative positions, i - j + 1",
    xlabel="key j",
    ylabel="query i",
    alt="Two equal lower triangles of 8 by 8, from 1 on the diagonal to 8 in "
    "the lower left corner, and their difference, which is 0 everywhere.",
)
assert (cope_positions(torch.ones(8, 8)).numpy() == distance).all()
assert (cope_positions(torch.zeros(8, 8)).numpy() == 0).all()

# %% [markdown]
# ## Between two vectors
#
# A relative position looks up its vector in a table. But position 2.53 has no row. So take a mixture of the
# two rows beside it, $e[2]$ and $e[3]$, by how near each is:
#
# $$e[p] = w \, e[\lceil p \rceil] + (1 - w) \, e[\lfloor p \rfloor] \qquad w = p - \lfloor p \rfloor$$
#
# The table has `npos` rows, for the positions 0 to npos - 1. Larger positions are clamped to its end. As only
# what matters is counted, a small table goes a long way: a largest position of 64 for 1024 tokens in the
# paper's language models (section 5.4).

# %% exercise="interpolate"

# %%
# (npos, 2), drawn as points
table = np.array([[0.0, 0.0], [0.9, 0.3], [1.5, 1.2], [1.3, 2.3]])
# (key, 2)
vectors = interpolate(torch.tensor(table), positions["beings"][11]).numpy()
figure, axis = plt.subplots(figsize=(7, 4.6))
axis.plot(*table.T, "o-", color="0.75", markersize=11)
for n, (x, y) in enumerate(table):
    axis.text(
        x - 0.1, y + 0.08, f"e[{n}]", color="0.45", fontsize=12, ha="right"
    )
axis.plot(*vectors.T, "D", color="C1", markersize=7)
for j in (0, 4, 9, 10):
    label = f"{words[j]} at {positions['beings'][11, j].item():.2f}"
    axis.text(vectors[j, 0] + 0.07, vectors[j, 1] - 0.07, label, fontsize=12)
axis.set(
    xlabel="first column",
    ylabel="second column",
    xlim=(-0.4, 2.1),
    ylim=(-0.3, 2.8),
    title="Vectors of fractional positions lie on the line between",
)
show(
    figure,
    alt="Four points e[0] to e[3], joined by lines. The interpolated vectors "
    "of the twelve keys lie on these lines: came near e[0], rabbit just past "
    "e[1], She in the middle between e[1] and e[2], Alice in the middle "
    "between e[2] and e[3].",
)
assert np.allclose(
    vectors[4],
    (
        table[1:3]
        * [
            [1 - positions["beings"][11, 4].item() % 1],
            [positions["beings"][11, 4].item() % 1],
        ]
    ).sum(axis=0),
)

# %% [markdown]
# ## Into the score
#
# The vector is added on the key's side, as Shaw's is:
#
# $$\text{score}_{ij} \propto q_i \cdot (k_j + e[p_{ij}])$$
#
# Why not rotate by $p_{ij}$, as RoPE does? An angle may well be fractional, but RoPE prepares one angle for
# each whole number beforehand, and turns each query and each key *once*, by its own place. Here the position
# is a fraction that is known only after $q_i \cdot k_j$ is, and it belongs to the pair: there is nothing that
# query and key could each be turned by.
#
# Back to the last x. A query that opens its gates for x finds: y's since the last x at position 0, the last x
# and the y's before it at 1, the next x at 2. Now $e[1]$ can say "here", once and for all, and the content's
# $\Delta$ tells the x from the y's that share its position.


# %%
def lead_by_cope(text, table, Delta=1.0):
    """By how much the last x leads over the best other key.

    Seen from the last query, with gates that open for x.
    """
    is_x = np.array([letter == "x" for letter in text])
    g = torch.tensor(1 / (1 + np.exp(-np.where(is_x, 8.0, -8.0))))[
        None
    ].expand(len(text), -1)
    position_scores = interpolate(
        torch.tensor(table)[:, None], cope_positions(g)[-1]
    )[:, 0].numpy()
    return lead(Delta * is_x + position_scores, is_x)


def lead(scores, is_x):
    last = np.flatnonzero(is_x)[-1]
    return scores[last] - np.delete(scores, last).max()


back = np.arange(1, 101)
# two x's, a y between, then n times y
texts = ["yxyx" + "y" * n for n in back]
by_cope = [lead_by_cope(text, np.array([0.0, 1.0, 0.0])) for text in texts]
figure, axis = plt.subplots(figsize=(8, 4))
axis.plot(back, by_cope, label="CoPE, q.e = 0, 1, 0")
for delta, style in ((0.25, ":"), (0.1, "--")):
    by_tokens = [
        lead(
            np.array([letter == "x" for letter in text])
            - delta * np.arange(len(text))[::-1],
            np.array([letter == "x" for letter in text]),
        )
        for text in texts
    ]
    axis.plot(
        back, by_tokens, style, label=f"token counts, $\\delta$ = {delta}"
    )
    assert np.flatnonzero(np.array(by_tokens) < -1e-9)[0] + 1 == 1 / delta + 1
axis.axhline(0, color="0.6", linewidth=1)
axis.set(
    xlabel="tokens n since the last x",
    ylabel="lead in score",
    ylim=(-3, 1.5),
    title="The lead of the last x over the best other key",
)
axis.legend(fontsize=12, loc="lower right")
show(
    figure,
    alt="Lead of the last x over 1 to 100 tokens since. With token counts it "
    "is 0.5 or less and falls below 0 after 4 or 10 tokens. With CoPE it "
    "stays near 1.",
)
assert min(by_cope) > 0.9

# %% [markdown]
# It still falls a little: gates that are nearly closed add up. To leave out thousands, close them tightly.
#
# Back to Alice once more. A query is a direction: at 0 degrees it counts sentence ends, at 90 degrees beings.
# Its $q \cdot e$ is 1 at position 1 and 0 at all others, so it likes what it has counted once.
#
# **Predict before you turn it.** What does it count halfway, at 45 degrees? And at 225, the other way?
#
# <details><summary>Answer</summary>
#
# Halfway, both: full stops and beings open its gates alike, and *She* does a little. At 225 degrees it counts nothing
# at all, and there are no positions.
#
# </details>

# %% tags=["nbval-ignore-output"]
likes = torch.tensor([0.0, 1.0, 0.0, 0.0]).unsqueeze(-1)  # q.e: (npos, 1)


def gates_of_last(degrees):
    """The gates of a query turned so: (query, key), all queries alike."""
    angle = np.deg2rad(degrees)
    query = np.array([20 * np.cos(angle), 20 * np.sin(angle), -10, 0])
    queries = np.tile(query, (12, 1))  # (query, head_dim)
    return cope_gates(torch.tensor(queries), torch.tensor(keys))


def in_words(degrees):
    counted = gates_of_last(degrees)[-1].numpy().sum()
    return f"{degrees}, counts {counted:.1f}"


def seen_in_direction(degrees):
    """Gates, positions and scores of the last token, for a query turned so."""
    gates = gates_of_last(degrees)
    positions = cope_positions(gates)[-1]  # (key,)
    scores = interpolate(likes, positions)  # (key, 1)
    return [
        slider.bars(gates[-1], words, "gates"),
        slider.bars(positions, words, "positions"),
        slider.bars(scores, words, "what position adds to the score"),
    ]


slider.show(
    "direction in degrees",
    range(0, 360, 15),
    seen_in_direction,
    says=in_words,
    alt="Three rows of bars over the twelve tokens: gates, positions "
    "and scores of the last query. At 0 degrees the full stops "
    "are counted, at 90 Alice, rabbit and half of She, from 165 "
    "to 285 nothing.",
)
#
# ## The way back
#
# Training must find out what to count. So the gradient has to travel from the scores, through interpolation,
# sum and gate, to $q \cdot k$. Write $z_i[n] = q_i \cdot e[n]$: how query $i$ rates each whole position. What
# position adds to the score is then $z_i$, interpolated at $p_{ij}$:
#
# $$\text{out}_{ij} = w \, z_i[\lceil p_{ij} \rceil] + (1 - w) \, z_i[\lfloor p_{ij} \rfloor]$$
#
# Three steps back, with $\bar{x}$ for the gradient of $x$:
#
# 1. **Interpolation.** Each row gets its share: $\bar z_i[n] = \sum_j \overline{\text{out}}_{ij} \cdot
#    \text{share of row } n$. The position gets the slope of the line it stands on: $\bar p_{ij} =
#    \overline{\text{out}}_{ij} \, (z_i[\lfloor p_{ij} \rfloor + 1] - z_i[\lfloor p_{ij} \rfloor])$, at whole
#    $p$ too. Floor carries no gradient. Where $p$ was clamped it stands still: 0.
# 2. **Sum.** Gate $k$ is part of the positions of all keys $j \le k$. It collects from all of them: $\bar
#    g_{ik} = \sum_{j \le k} \bar p_{ij}$. The sum went from the right, its gradient comes from the left.
# 3. **Gate.** The slope of the sigmoid is $g (1 - g)$: $\bar s_{ij} = \bar g_{ij} \, g_{ij} (1 - g_{ij})$.

# %% exercise="cope_backward"

# %%
rng = np.random.default_rng(0)
seq, head_dim, npos = 12, 8, 4
# what goes into the gates
s = torch.tensor(rng.standard_normal((seq, seq)), requires_grad=True)
q = torch.tensor(rng.standard_normal((seq, head_dim)))
e = torch.tensor(rng.standard_normal((npos, head_dim)), requires_grad=True)
# from the scores that exist
grad = rng.standard_normal((seq, seq)) * causal_mask(seq, seq)

p = cope_positions(s.sigmoid())  # (query, key)
# (query, key): q_i . e[p_ij]
out = (q.unsqueeze(-2) * interpolate(e, p)).sum(-1)
out.backward(torch.tensor(grad))
z = (q @ e.transpose(0, 1)).detach().numpy()  # (query, npos)
grad_s, grad_z = cope_backward(grad, s.sigmoid().detach().numpy(), z)
compare(
    s.grad,
    grad_s,
    title="Gradient of the gates' input, by the engine and by hand",
    xlabel="key j",
    ylabel="query i",
    alt="Two equal 12 by 12 maps of gradients, 0 above the diagonal, and "
    "their difference, which is 0 everywhere.",
)
assert np.allclose(s.grad, grad_s) and np.allclose(
    e.grad, grad_z.T @ q.numpy()
)

# %% [markdown]
# Two things follow, and both matter in practice.
#
# - Where a position lies past the table's end, no gradient comes back. A gate that only moves such positions
#   learns nothing there: `npos` must be large enough for what is to be counted.
# - The table starts at zero, as in the authors' code. Then all $z$ are equal, all slopes are 0, and in the
#   first step positions tell the gates nothing.

# %%
past_the_end = (p.detach().numpy() > npos - 1) * 1.0
only_clamped, _ = cope_backward(
    grad * past_the_end, s.sigmoid().detach().numpy(), z
)
at_the_start, _ = cope_backward(
    grad, s.sigmoid().detach().numpy(), np.zeros_like(z)
)
print(
    int(past_the_end.sum()),
    "positions past the end, largest gradient from them:",
    abs(only_clamped).max(),
)
print("largest gradient at the start, all e zero:", abs(at_the_start).max())
assert (
    past_the_end.sum() > 3
    and (only_clamped == 0).all()
    and (at_the_start == 0).all()
)

# %% [markdown]
# ## The efficient form
#
# Forward, too, $z$ is all that is needed. A vector $e[p_{ij}]$ for each pair is head_dim numbers, times
# query, times key. But $q_i \cdot e[p_{ij}]$ is linear in $e$: interpolate the *numbers* $z_i[n]$ in place of
# the vectors. One matrix product makes them all, and each pair picks two. Picking along an axis is
# `torch.take_along_dim`.

# %% exercise="interpolate_logits"

# %%
efficient = interpolate_logits(q @ e.transpose(0, 1), p)
print(
    "largest difference of the two forms:",
    abs((efficient - out).detach().numpy()).max().round(6),
)
print(
    f"numbers held for 1024 tokens, head_dim 64, npos 64: vectors "
    f"{1024 * 1024 * 64:,}, z {1024 * 64:,}"
)
assert np.allclose(efficient.detach().numpy(), out.detach().numpy())

# %% [markdown]
# That is the whole of CoPE: gates, sum, interpolation, in a few lines of `CoPE.bias`. From here on your
# functions are in it. The paper leaves one thing open, where to divide by $\sqrt{\text{head\_dim}}$: its
# equations, its listing (appendix B) and its published code say three different things. All three are there
# by name, so let us measure what each one multiplies by.

# %%
head_dim = 16
# q.k = 2
query, key = (
    torch.full((1, 1, 1, head_dim), 0.5),
    torch.full((1, 1, 1, head_dim), 0.25),
)
print(f"{'':10} q.k in score   q.k in gate   q.e in score")
for scaling in ("paper", "appendix", "released"):
    cope = CoPE(npos_max=2, head_dim=head_dim, scaling=scaling)
    # q.e = 8 at every position
    cope.load_state_dict({"e": torch.ones(2, head_dim)})
    gate = cope.gates(query, key).item()
    factors = (
        cope.score_scale(query),
        np.log(gate / (1 - gate)) / 2,
        cope.bias(query, key).item() / 8,
    )
    print(f"{scaling:10}" + "".join(f"{factor:13.2f}" for factor in factors))
    assert np.allclose(
        factors,
        {
            "paper": (1, 1, 1),
            "appendix": (0.25, 0.25, 1),
            "released": (0.25, 0.25, 0.25),
        }[scaling],
    )

# %% [markdown]
# This course uses the listing's choice, `appendix`.
#
# ## Limits
#
# - **Cost.** For each head there are gates, positions and picked numbers for all pairs, T x T. Fast attention
#   that never stores the scores cannot be used as it is: a position needs the whole row of $q \cdot k$ before
#   the softmax. (The x-transformers library, for one, refuses CoPE together with flash attention.) The
#   paper's variant with a small network in place of the interpolation needed 30 to 50 times the memory and
#   time (appendix C).
# - **Seeds and settings.** Three seeds, and an error of 7.4 % with a spread of 8.5 on counting with five
#   variables (tables 3 and 9). On flip-flop (keep the last bit written), with "128" in place of "256" as its
#   width, CoPE's errors out of distribution are 14.5 to 33.2 %, RoPE's 8.9 to 25.2 % (table 7).
# - **Scale.** No models with billions of parameters, no downstream tasks (appendix E), no RoPE in the tables
#   on counting and on Wikitext-103.
# - **Form.** Gates are never negative: it counts up, along one line. The same keys serve gate and attention,
#   so what is attended to tends to be counted.
#
# ## What every encoding promises
#
# You have met nine encodings. Articles like to compare them in a table, written by hand. Ours is computed:
# each cell is a question put to an attention layer with random weights, too large to be an accident. Write
# two of the questions yourself.
#
# First: **does order matter?** By lesson 03, with a causal mask and no positions, the last token cannot tell
# in which order the earlier ones came.

# %% exercise="order_matters"

# %% [markdown]
# Second: **are scores shift-invariant?** Put something in front of a text. Do its tokens still give each
# other the same scores? You did that by hand at the end of lesson 05.

# %% exercise="shift_invariant"

# %% [markdown]
# **Predict before you run**, for CoPE: is it shift-invariant? Does a score depend on the tokens in between?
#
# <details><summary>Answer</summary>
#
# Both. A sum of gates from key to query does not see what stands before the key. But it sees what stands
# between the two: replace these tokens, and other gates open.
#
# </details>

# %%
properties = property_table()
titles = list(properties["cope"])
for part in (titles[:5], titles[5:]):
    print(
        table_text(
            {
                name: {title: row[title] for title in part}
                for name, row in properties.items()
            }
        )
    )
    print()
assert [
    name for name in properties if properties[name]["depends on content"]
] == ["cope"]
assert [
    name for name in properties if not properties[name]["order matters"]
] == ["none"]
assert [
    name for name in properties if not properties[name]["shift-invariant"]
] == ["sinusoidal", "learned"]

# %% [markdown]
# How to read it: *unique positions*, each of 128 places has its own score; *norms preserved*, token vectors,
# queries and keys keep their lengths; *decays*, of equal keys the nearer one always scores more; *longer than
# trained*, what happens at 256 tokens: an error, known scores only (*reuses*), or new ones (*extends*);
# *depends on content*, the score of two tokens changes with those in between; *parameters*, in two layers of
# width 16 with two heads, for 128 tokens; *memory*, how it grows with the length T. Shaw's clip is 16 and
# CoPE has 16 vectors, so far places share theirs and are not unique.
#
# CoPE alone has a yes under *depends on content*. And as its positions grow only with what is counted, a
# text twice as long need not bring a new one.
#
# ## What comes next
#
# A promise is not yet a result. Lesson 08 builds the Transformer around all this, and trains it. Lesson 09
# then asks whether CoPE really learns to count, against all the others.
