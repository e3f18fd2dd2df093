# ---
# jupyter:
#   lesson:
#     title: "Relative positions: how far apart"
#     question: "How can attention know the distance between two tokens, wherever they are?"
#     achieved: "You have built four ways to tell attention how far apart two tokens are."
# ---

# %% [markdown]
# # 05 · Relative positions: how far apart
#
# **How can attention know the distance between two tokens, wherever they are?**
#
# Once more our sentence:
#
# > the cat that sat on the mat saw the dog
#
# Lesson 04 told each word its position. But *saw* doesn't care that it is at position 7. It cares that *mat* is
# one word back and *cat* is six. So tell attention the distance, right where it compares two tokens: in the
# score. There are four well-known ways to do that, and you'll build the heart of each, in the order they were
# published.
#
# ## Three questions about lesson 03
#
# 1. Which numbers does the softmax of attention turn into weights, and what shape do they have?
# 2. In a decoder, which keys may query i look at?
# 3. Take one attention layer without positions. Swap two tokens before the last one. What changes for the last
#    one?
#
# <details><summary>Answers</summary>
#
# 1. The scores, q.k / sqrt(head_dim), one per query and key: (query, key) for every head.
# 2. The keys 0 ... i, its own and all earlier ones.
# 3. Nothing. It sees the same keys and values as before.
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, show, solution
from experiments.pictures import STYLES
from minitorch import nn
from solutions.absolute_positions import halves_from_pairs, sinusoidal_encoding
from solutions.attention import MultiHeadAttention
from solutions.autograd import softmax
from solutions.encodings import make_positions
from solutions.positions import PositionEncoding
from solutions.relative_positions import (
    Shaw,
    check_distances,
    check_lengths,
    check_num_heads,
    clip_distance,
)

words = "the cat that sat on the mat saw the dog".split()

# %% [markdown]
# ## A table of distances
#
# Let the query be at position $i$ and the key at position $j$. In this course a distance is **key minus
# query**:
#
# $$\text{distance}[i, j] = j - i$$
#
# Zero is the token itself, and the past is negative. You made such a table in lesson 00, and there's just one
# thing to add. When a model writes token by token, it keeps the keys of everything it has read in a cache, and
# only the newest token asks. So if there are fewer queries than keys, the queries are the *last* tokens of the
# text.
#
# **Predict before you run.** One query, five keys. What are its distances?
#
# <details><summary>Answer</summary>
#
# The query is the fifth token, so -4, -3, -2, -1, 0. If you had counted queries from 0, you'd get 0, 1, 2, 3,
# 4, and all keys would be in the future.
#
# </details>

# %% exercise="relative_positions"

# %% [markdown]
# ## Two conventions, and a mistake
#
# Some people count query minus key, so that the past is positive. Transformer-XL's paper does ($R_{i-j}$), and
# ALiBi's penalty is mostly written $m (i - j)$. Shaw's paper and T5's published code count key minus query.
# Either is fine, as long as you don't mix them.
#
# If you do, past and future are swapped. And under a causal mask such a mistake can hide for a long time, since
# only one half of the table is ever used.
#
# **Find the mistake** before you run. An article gives the distance as $j - i$, and then prints this matrix for
# four tokens:
#
# $$\begin{pmatrix} 0 & -1 & -2 & -3 \\ 1 & 0 & -1 & -2 \\ 2 & 1 & 0 & -1 \\ 3 & 2 & 1 & 0 \end{pmatrix}$$

# %%
printed = "0 -1 -2 -3   1 0 -1 -2   2 1 0 -1   3 2 1 0".split()
printed = np.array(printed, dtype=int).reshape(4, 4)
print("key minus query:", (printed == relative_positions(4, 4)).all())
print("query minus key:", (printed == -relative_positions(4, 4)).all())

# %% [markdown]
# ## How many vectors?
#
# Among $k$ positions there are $2k - 1$ distances, from $-(k - 1)$ to $k - 1$. With one vector for each,
# $e_{-k+1}$ to $e_{k-1}$, a model of 1024 positions needs 2047 of them, and still lacks those for $\pm 1024$ in
# a text of 1025. But does it matter whether a token is 500 or 501 back? Shaw et al. (2018) assume that it
# doesn't, and **clip** distances: anything farther away than `clip` counts as `clip`.
#
# $$\text{row} = \max(-\text{clip}, \min(\text{clip}, j - i)) + \text{clip}$$
#
# That leaves the distances from $-\text{clip}$ to $\text{clip}$, which are $2 \, \text{clip} + 1$. (The paper
# calls the clip $k$, too. So you'll meet both $2k - 1$ and $2k + 1$, and they count different things.)
#
# **Predict before you run.** How many distances are there among our ten words? And with a clip of 3, how many
# rows are left?

# %% tags=["folded"]
distances = relative_positions(10, 10)  # (query, key)
rows = clip_distance(distances, 3)
counts = len(np.unique(distances)), len(np.unique(rows))
claim("There are 19 distances and 7 rows.", counts == (19, 7))
figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), sharey=True)
for axis, values, colors, name in (
    (axes[0], distances, "RdBu", "tokens"),
    (axes[1], rows, "viridis", "row of the table"),
):
    image = axis.imshow(values, cmap=colors)
    figure.colorbar(image, ax=axis, shrink=0.9, label=name)
    axis.set_xticks(range(10), words, rotation=60)
    axis.set_xlabel("key")
axes[0].set(title=f"{counts[0]} distances j - i", ylabel="query")
axes[0].set_yticks(range(10), words)
axes[1].set_title(f"{counts[1]} rows: beyond 3, all is alike")
alt = """Two maps of ten queries and ten keys. Left: distances from -9 in the
lower left to 9 in the upper right, equal along diagonals. Right: the rows 0 to
6. They differ only near the diagonal, and both far corners are flat."""
show(figure, alt)

# %% [markdown]
# ## Shaw's vectors
#
# Each distance has two learned vectors. One, $a^K$, is added to the key: "three back" can fit a query well or
# badly, just as a token can. The other, $a^V$, is added to the value, so that the result knows how far away
# each value came from.
#
# $$\text{score}[i, j] = \frac{q_i \cdot (k_j + a^K_{\text{row}(i, j)})}{\sqrt{\text{head\_dim}}} \qquad
# \text{result}_i = \sum_j \text{weight}[i, j] \; (v_j + a^V_{\text{row}(i, j)})$$

# %% exercise="shaw_attention"

# %% [markdown]
# The formula asks for a vector per *pair* of tokens. That's a lot of vectors, so the class `Shaw` multiplies
# $q_i$ by each *row of the table* instead, and then every pair picks the product it needs.
#
# **Predict before you run.** How many numbers are in the vectors of all pairs, for 1024 tokens and a head_dim
# of 64?

# %%
torch.manual_seed(1)
layer = Shaw(head_dim=8, clip=3, values=True)
q, k, v = torch.randn(3, 1, 1, 10, 8)  # each (batch, heads, seq, head_dim)
by_row = layer.attend(q, k, v, mask=layer.bias(q, k))[0, 0].detach().numpy()
tables = layer.keys.detach().numpy(), layer.values.detach().numpy()
by_pair = shaw_attention(*(x[0, 0].numpy() for x in (q, k, v)), *tables)
claim("By row and by pair are equal.", np.allclose(by_row, by_pair, atol=1e-5))
print(f"by pair: {1024 * 1024 * 64:11,} numbers")
print(f"by row:  {1024 * 33:11,} products with clip 16, a pick for each pair")

# %% [markdown]
# In translation the authors measured 1.3 BLEU more than with absolute positions from English to German, and 0.3
# more from English to French (Shaw et al. 2018, abstract; BLEU says how well a translation agrees with human
# ones, from 0 to 100).
#
# In this course's comparisons, `shaw` has vectors for the keys only. The clip is the training length - 1 unless
# we say otherwise, so no distance in the training texts is clipped.
#
# ## Transformer-XL: four questions in one score
#
# Transformer-XL (Dai et al. 2019) is made for long texts. It reads them in segments, and each segment can look
# back at the vectors stored from the one before. This **recurrence** (section 3.2) is half of its idea.
#
# **Predict.** Say a segment has 100 words, and positions are absolute. *Cat* was at position 95, and *saw* is
# the second word of the next segment. How far apart do they seem to be?
#
# <details><summary>Answer</summary>
#
# The next segment starts at 0 again, so *saw* is at 1, and *cat* seems to come 94 words after it.
#
# </details>
#
# That would be nonsense. So the recurrence needs the other half of the idea, an encoding that works with
# distances (section 3.3). This half is what we build. The models in this course have no recurrence.
#
# It starts from lesson 04's four products of tokens and positions, $x_i \cdot x_j + x_i \cdot P_j + P_i \cdot
# x_j + P_i \cdot P_j$. Wherever the *key's* position occurs, the distance replaces it. And wherever the
# *query's* own position occurs, a learned vector $u$ or $v$ replaces it (this $v$ isn't a value), because where
# the query is shouldn't matter. Before the division by $\sqrt{\text{head\_dim}}$, a score is then
#
# $$\text{score}[i, j] = \underbrace{q_i \cdot k_j}_{\text{token, token}} +
# \underbrace{q_i \cdot r_{i - j}}_{\text{token, distance}} + \underbrace{u \cdot k_j}_{\text{any, token}} +
# \underbrace{v \cdot r_{i - j}}_{\text{any, distance}}$$
#
# Here the distance $d = i - j$ is query minus key, so it says how far back. $R_d$ is row $d$ of lesson 04's
# sinusoidal table (in their code, in the halves layout). A learned matrix makes a kind of key of it,
# $r_d = W_{kR} R_d$.
#
# **Predict.** Suppose you draw each term as a map of queries and keys. In which map does each column have a
# single color, and in which one each diagonal? And in which do the three *the* have the same column? You'll see
# below.
#
# ### From distances to keys
#
# Two of the terms need $r$. The fast way is one matrix product of all queries with all $r_d$, sorted from far
# to near. But then a column is a *distance*, while a score needs columns that are *keys*. So each row has to
# slide to the left, and every row by a different number of columns.

# %% tags=["folded"]
back = np.tile([3, 2, 1, 0], (4, 1))  # of each column
wanted = np.where(np.tri(4), -relative_positions(4, 4), np.nan)
figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.9))
titles = "computed: columns are distances", "wanted: columns are keys"
for axis, values, title in zip(axes, (back, wanted), titles):
    axis.imshow(values, cmap="viridis", vmin=-1.5, vmax=3.5)
    axis.set(title=title, xticks=[], yticks=range(4), ylabel="query i")
    for (i, j), d in np.ndenumerate(values):
        if np.isfinite(d):
            axis.text(j, i, f"{d:.0f}\nback", ha="center", va="center")
axes[1].set(xticks=range(4), xlabel="key j")
alt = """Two grids for four queries. Left, each row is 3, 2, 1 and 0 back.
Right, row i begins with i back at key 0 and ends with 0 back at key i, so that
each row is one column further left than the row below. The rest is empty."""
show(figure, alt)

# %% exercise="relative_shift"

# %% [markdown]
# Now write the three terms that attention doesn't have yet. The class `TransformerXL` gets its bias from this
# function.

# %% exercise="transformer_xl_bias"

# %% tags=["folded"]
torch.manual_seed(3)
vectors = {word: torch.randn(16) for word in sorted(set(words))}
tokens = torch.stack([vectors[word] for word in words], dim=0)  # (seq, dim)
q, k = tokens @ torch.randn(16, 16) / 4, tokens @ torch.randn(16, 16) / 4
u, v, none = torch.randn(1, 16), torch.randn(1, 16), torch.zeros(1, 16)
R = sinusoidal_encoding(10, 16)[::-1, halves_from_pairs(16)]  # far to near
r = torch.tensor(R.astype("float32")) @ torch.randn(16, 16) / 4
terms = {
    "token, token": q @ k.T,
    "token, distance": transformer_xl_bias(q, k, r, none, none, 1.0),
    "any, token": transformer_xl_bias(0 * q, k, r, u, none, 1.0),
    "any, distance": transformer_xl_bias(0 * q, k, r, none, v, 1.0),
}  # each (query, key)
figure, axes = plt.subplots(1, 4, figsize=(13, 4.5), sharey=True)
for axis, (name, term) in zip(axes, terms.items()):
    values = np.where(np.tri(10), term.numpy(), np.nan)
    limit = np.nanmax(abs(values))
    axis.imshow(values, cmap="RdBu", vmin=-limit, vmax=limit)
    axis.set(title=name, facecolor="0.8")
    axis.set_xticks(range(10), words, rotation=90)
    axis.set_xlabel("key")
axes[0].set_yticks(range(10), words)
axes[0].set_ylabel("query")
figure.suptitle("Four terms of a score (red: negative, blue: positive)")
alt = """Four lower triangles over the ten words, the future gray. Token-token
and token-distance look irregular. Any-token has equal columns, and those of
the three copies of "the" are the same. Any-distance has equal diagonals."""
show(figure, alt)
last = terms["any, token"].numpy()[9]
claim(
    "Copies of a word are equal.",
    np.allclose(last[[0, 5]], last[8], atol=1e-5),
)

# %% [markdown]
# Did you predict that? The third term, $u \cdot k_j$, is the same for every query, so each column has a single
# color. The three *the* have the same column in it, and in the first term too, since they have the same key.
# The fourth, $v \cdot r_{i-j}$, depends on nothing but the distance. The first two depend on the query as well.
# (The authors' code slides all rows at once, with a column of zeros and two reshapes. The hints of
# `relative_shift` show how.)
#
# ## T5: buckets
#
# T5 (Raffel et al. 2020, section 2.1) makes things much simpler. It has no vectors, just one learned **number**
# per distance and head, and that is added to the score. Far distances share a number: they fall into the same
# **bucket**. In the near half of the buckets, each distance has a bucket to itself. In the far half, more and
# more of them share one, on a logarithmic scale. The exact rule is in their code. With $B$ buckets and $n$
# tokens back it says:
#
# $$\text{bucket}(n) = n \;\text{ for } n < \tfrac{B}{2}, \quad \text{else }
# \min\!\left(B - 1, \; \tfrac{B}{2} +
# \left\lfloor \tfrac{B}{2} \cdot \frac{\ln (n \,/\, \tfrac B2)}{\ln (\text{max\_distance} \,/\, \tfrac B2)}
# \right\rfloor \right)$$
#
# A decoder uses all 32 buckets for the past. An encoder looks both ways (`bidirectional`), and gives 16 to each
# side.
#
# **Predict before you run.** Causal, 32 buckets, `max_distance` 128: does the last bucket begin before 128, at
# 128, or after it?
#
# <details><summary>Answer</summary>
#
# Before. The paper says it's for distances beyond 128 (section 2.1). But in its code the fraction only has to
# reach 15/16 for the floor to be 15, and it does so at $16 \cdot 8^{15/16} = 112.4$. So the last bucket begins
# at 113.
#
# </details>

# %% exercise="t5_bucket"

# %% tags=["folded"]
n = np.arange(200)
figure, axis = plt.subplots(figsize=(7.5, 3.6))
for name, both in {"causal, 32": False, "per side, 16": True}.items():
    buckets, line = t5_bucket(-n, bidirectional=both), "--" if both else "-"
    last = int(np.argmax(buckets == buckets.max()))
    claim("The last begins at 113, or 91.", last == (91 if both else 113))
    look = {"where": "post", "color": STYLES["t5"][0], "label": name}
    axis.step(n, buckets, line, **look)
    axis.plot(last, buckets[last], "o", color="k")
    axis.text(last, buckets[last] - 3, f"the rest, from {last}", fontsize=12)
axis.set(xlabel="tokens back", ylabel="bucket")
axis.set_title("Near distances have a bucket each, far ones share")
axis.legend(fontsize=12)
alt = """Bucket over distance. The causal curve rises by one per token up to
16, then in ever longer steps to 31, which it reaches at 113. The other, for
one side of bidirectional, does so up to 8, and ends at 15 from 91 on."""
show(figure, alt)

# %% [markdown]
# So one layer can't tell 113 back from 10,000 back, though several layers together can (same section). In
# return, it takes a text of any length. Two more details: all layers share one table, and T5 doesn't divide
# $q \cdot k$ by $\sqrt{\text{head\_dim}}$ (its published code).
#
# Now put the numbers into the score. What you write here is what trains from now on, wherever a model is told
# `"t5"`.

# %% exercise="T5Bias"

# %% [markdown]
# ## ALiBi: a straight line
#
# Press et al. (2022) do without even the learned numbers. Their title says what it's for: *train short, test
# long*. A model of 1.3 billion parameters, trained on 1024 tokens, was as good on 2048 as a sinusoidal model
# trained on 2048. And training was 11% faster, with 11% less memory (abstract).
#
# Each head subtracts a penalty that grows with the distance, with a fixed slope $m$ of its own:
#
# $$\text{score}[i, j] = \frac{q_i \cdot k_j}{\sqrt{\text{head\_dim}}} - m_\text{head} \cdot (i - j)$$
#
# For 8 heads the slopes are $\frac12, \frac14, \dots, \frac1{256}$. This is a geometric series: it starts at
# $2^{-8/\text{heads}}$, and that is also the ratio of each slope to the one before. The paper gives this rule
# for any number of heads (section 3), but its published code only uses it for powers of two. For 12 heads, the
# code takes the slopes of 8 heads and 4 more from in between.
#
# **Predict before you run.** Suppose all $q \cdot k$ are equal, and the slope is 1/2. How much weight does the
# token 4 back get, compared with the token itself?
#
# <details><summary>Answer</summary>
#
# $e^{-4/2} = 0.135$, about a seventh. With slope 1/256 it is 0.98.
#
# </details>

# %% exercise="alibi_slopes"

# %% [markdown]
# Now put the slopes to work, and mind the sign: the formula subtracts $m (i - j)$, but your distances are
# $j - i$.

# %% exercise="ALiBi"

# %% [markdown]
# **Predict before you run.** Suppose the sign is wrong, and all $q \cdot k$ are equal. What would *saw* look
# at?

# %% tags=["folded"]
q = torch.zeros(1, 8, 64, 4)  # (batch, heads, seq, head_dim): all q.k equal
bias = ALiBi(num_heads=8).bias(q, q)[0].numpy()  # (heads, query, key)
figure, axes = plt.subplots(1, 2, figsize=(12.5, 4))
for head, slope in enumerate(alibi_slopes(8)):
    look = {"color": plt.cm.viridis(head / 8), "label": f"1/{1 / slope:.0f}"}
    axes[0].plot(np.exp(bias[head, 63, ::-1]), **look)
axes[0].set(xlabel="tokens back", ylabel="weight (the token itself: 1)")
axes[0].set_title("Steep heads see near, flat ones far")
axes[0].legend(title="slope", fontsize=11, bbox_to_anchor=(1, 1))
for sign, color in ((1, STYLES["alibi"][0]), (-1, "0.6")):
    look = {"color": color, "label": "ALiBi" if sign == 1 else "wrong sign"}
    weights = softmax(sign * bias[0, 7, :8])
    axes[1].bar(np.arange(8) - 0.2 * sign, weights, 0.4, **look)
axes[1].set(title="What saw looks at, slope 1/2", ylabel="attention weight")
axes[1].set_xticks(range(8), words[:8], rotation=60)
axes[1].legend(fontsize=12)
alt = """Left: weight over 0 to 63 tokens back. With slope 1/2 it is gone after
about 10, with 1/256 it is 0.78 at 63. Right: saw looks at itself and the words
just before it, but with the wrong sign at the first words."""
show(figure, alt)
claim(
    "Four back gets a seventh.",
    np.isclose(np.exp(bias[0, 63, 59]), 0.135, atol=1e-3),
)

# %% [markdown]
# ## One sentence, four encodings
#
# What does each of the four add to the scores of *saw*? Nothing is trained yet, so the vectors and numbers are
# random, and only the shapes of the curves mean anything. (Shaw's clip is 3 here, and T5 has 8 buckets.) Then
# we put three words in front of the sentence, as at the end of lesson 04.
#
# **Predict before you run.** Which words get the same number because of Shaw's clip, and which because of T5's
# buckets? Which of the four curves will change when the sentence moves?

# %% tags=["folded"]
moved = torch.cat([torch.randn(3, 16), tokens], dim=0)  # three words in front
few = {"num_buckets": 8, "max_distance": 16}
settings = {"shaw": {"clip": 3}, "transformer_xl": {}, "t5": few, "alibi": {}}
figure, axes = plt.subplots(1, 4, figsize=(13, 3.8), sharex=True)
for axis, (name, options) in zip(axes, settings.items()):
    torch.manual_seed(6)
    layer = make_positions(name, dim=16, num_heads=1, max_len=32, **options)
    color, line = STYLES[name]
    added = []
    for at, x, fill, size in ((7, tokens, color, 11), (10, moved, "white", 6)):
        x = x[None, None]  # (batch, heads, seq, head_dim)
        bias = layer.bias(x, x)[0, 0, at].detach().numpy()  # of saw: (key,)
        added.append(bias[at - 7 : at + 1])
        look = {"color": color, "markersize": size, "markerfacecolor": fill}
        axis.plot(added[-1], line, label=f"saw at {at}", **look)
    claim(
        f"A shift changes nothing for {name}.", np.allclose(*added, atol=1e-5)
    )
    axis.set_title(name)
    axis.set_xticks(range(8), words[:8], rotation=90)
axes[0].set_ylabel("added to the score of saw")
figure.suptitle("Four shapes, and moving the sentence changes none")
axes[3].legend(fontsize=12)
alt = """What four encodings add to the scores of saw, for the words up to it,
with the sentence at 0 and at 3: the same both times. Shaw: flat beyond three
back. Transformer-XL: irregular. T5: steps. ALiBi: a rising line."""
show(figure, alt)

# %% [markdown]
# That's the promise of relative positions: **the scores don't change when a text is moved**. Now let's ask all
# the encodings so far. We compute the scores of one attention layer, with the same random weights each time,
# and count the numbers that a model has to learn for its positions.
#
# **Predict before you run.** Which encodings keep their scores? Which one has the most to learn?


# %%
def scores(positions, x):
    """Scores of one layer, always with the same weights."""
    torch.manual_seed(4)
    attention = MultiHeadAttention(16, 2, positions)
    return attention.scores(positions.embed(x[None])).detach().numpy()


print("4 layers, dim 64, 4 heads, 128 positions: scores when moved, numbers")
for name in "none sinusoidal learned shaw transformer_xl t5 alibi".split():
    positions = make_positions(name, dim=16, num_heads=2, max_len=32)
    with torch.no_grad():
        for weight in positions.parameters():
            weight *= 50  # as if trained: large enough to matter
    before, after = scores(positions, tokens), scores(positions, moved)
    same = np.allclose(before, after[..., 3:, 3:], atol=1e-4)
    model = make_positions(name, dim=64, num_heads=4, max_len=128)
    numbers = sum(p.numel() for p in model.parameters())
    numbers *= 1 if model.shared else 4  # one for all layers, or one for each
    print(f"{name:15} {'same' if same else 'other':6} {numbers:8,} numbers")
    claim(
        "All but lesson 04's keep their scores.",
        same == (name not in ("sinusoidal", "learned")),
    )

# %% [markdown]
# Shaw's vectors (255 per layer here) and Transformer-XL need about twice as many numbers as the learned table,
# and T5 and ALiBi next to none. But all four cost work, since they add something to every score of every layer.
# It needn't be much: with ALiBi, its authors measured a training speed within 1% of the sinusoidal one
# (figure 2).
#
# Our code stores a number per pair for each of the four, so T x T per head. That's only how we wrote it. ALiBi
# and T5 wouldn't have to store any of them, since each number follows from $i-j$ on the spot.
#
# ## Who uses what, and what was measured
#
# XLNet uses Transformer-XL's encoding, T5 its own buckets, and BLOOM and MPT use ALiBi. (This course's tests
# compare each of them with these models' own code.) Are relative positions better, above all on long texts?
# Here's what two papers measured. (**Perplexity** is e to the loss in nats: the number of equally likely words
# that would be as hard to guess. Less is better.)
#
# | measured | absolute | relative |
# |---|---|---|
# | perplexity on Wikitext-103, 124 million parameters (Golovneva et al. 2024, table 5) | 24.87 | 23.81 |
# | mean of 1 / rank, ten small tasks, eight tested at up to twice the trained length (Kazemnejad et al. 2023, figure 1) | 0.22 (sinusoids) | 0.55 (T5), 0.50 (ALiBi) |
#
# In the second comparison, a decoder with no positions at all came first, with 0.69.
#
# Beyond the training length, a model with a vector per distance gets bad: the distances it never saw have no
# vector, so nothing is added for them. When all of these take the vector of the farthest trained distance, it
# stays much better (Golovneva et al. 2024, section 5.4 and figure 3). In lessons 09 and 10 you'll see what
# happens on a task of our own, up to four times the training length, and in lesson 12 on text.
#
# ## What comes next
#
# All four put the distance into the score *beside* the product of query and key. RoPE, lesson 06, puts it
# *inside*: it rotates query and key, each by its own position, so that only the difference is left in their
# product. You already have the tool for it, from lesson 04: a shift is a rotation.
