# ---
# jupyter:
#   lesson:
#     title: "RoPE: rotating queries and keys"
#     question: "How can a rotation say how far apart two tokens are?"
#     minutes: 40
#     achieved: "You have written RoPE, the encoding inside most of today's language models, and its backward pass."
# ---

# %% [markdown]
# # 06 · RoPE: rotating queries and keys
#
# **How can a rotation say how far apart two tokens are?**
#
# Lesson 04 added a vector for each place to the tokens. Lesson 05 put the distance into the score, with
# tables and extra sums. RoPE (Su et al. 2021) does neither. It turns each query and each key by an angle that
# depends on its own place only, and the distance comes out of their product by itself.
#
# ## Three questions about lesson 04
#
# 1. Each pair of columns of the sinusoidal table is a clock hand. How fast does pair $c$ turn?
# 2. Which matrix carries the row of place $n$ to the row of place $n + k$?
# 3. Interleaved columns or halves: what is the difference?
#
# <details><summary>Answers</summary>
#
# 1. By $\text{base}^{-2c/\text{dim}}$ radians a place: pair 0 by one radian, the others slower and slower.
# 2. A rotation of every pair, the same for all places.
# 3. Only the order of the columns. It is harmless as long as it stays the same.
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import compare, exercise, hint, show, slider, solution
from solutions.absolute_positions import (
    angular_speeds,
    check_table_size,
    halves_from_pairs,
    pairs_from_halves,
)
from solutions.positions import PositionEncoding
from solutions.properties import property_table, table_text
from solutions.rope import (
    apply_rope_half,
    check_head_rows,
    check_rotation,
    rope_rows_to_pairs,
)

# %% [markdown]
# ## A point on a circle
#
# Two numbers are a point of the plane. Turn it around the origin by an angle $a$:
#
# $$\begin{pmatrix} x' \\ y' \end{pmatrix} = \begin{pmatrix} \cos a & -\sin a \\ \sin a & \cos a \end{pmatrix}
# \begin{pmatrix} x \\ y \end{pmatrix}$$

# %% exercise="rotate_pair"

# %% [markdown]
# Now let the angle be the position, in radians: a token at place $m$ is turned by $m$. The vector [1, 0] then
# walks along a circle as its position grows.
#
# **Predict before you run.** After how many places is it nearest to where it began, the first time around?
#
# <details><summary>Answer</summary>
#
# Once around is $2 \pi = 6.28$: after 6. (It never hits the start exactly.)
#
# </details>

# %%
start = np.array([1.0, 0.0])
figure, axes = plt.subplots(1, 3, figsize=(11, 4.1), sharey=True)
for axis, speed in zip(axes, (1.0, 0.1, 0.01)):
    # (seq, 2)
    walk = np.array([rotate_pair(start, speed * m) for m in range(7)])
    around = np.linspace(0, 2 * np.pi, 200)
    axis.plot(
        np.cos(around), np.sin(around), color="0.85", linewidth=1.2, zorder=0
    )
    axis.scatter(*walk.T, c=range(7), cmap="viridis", s=55)
    for m in (0, 1, 2, 3, 4, 5, 6) if speed == 1 else (0, 6):
        lift = 0.12 if speed == 0.01 and m else -0.12 if speed == 0.01 else 0
        axis.text(
            *(1.22 * walk[m] + (0, lift)),
            str(m),
            ha="center",
            va="center",
            fontsize=12,
        )
    axis.set(
        title=f"{speed} radians a place",
        aspect="equal",
        xlim=(-1.45, 1.45),
        ylim=(-1.45, 1.45),
        xticks=(-1, 0, 1),
        yticks=(-1, 0, 1),
        xlabel="first column",
    )
    assert np.allclose((walk**2).sum(axis=1), 1)  # it stays on the circle
axes[0].set_ylabel("second column")
figure.suptitle("[1, 0] at the positions 0 to 6: on a circle, fast or slow")
show(
    figure,
    alt="Three circles with the vector [1, 0] at positions 0 to 6. At 1 "
    "radian a place the points go nearly once around, at 0.1 they cover a "
    "short arc, at 0.01 they hardly move.",
)

# %% [markdown]
# ## Two turned points, and what is left
#
# The dot product of two points depends on their lengths and on the angle *between* them. Turn one by $m$ and
# the other by $n$: the angle between them changes by $m - n$. Turn both by 100 more, and it stays.

# %%
q, k = np.array([2.0, 1.0]), np.array([1.0, 2.0])
for m, n in ((0, 0), (5, 3), (105, 103), (9, 7), (3, 5)):
    print(
        f"query at {m:3}, key at {n:3}: q.k = "
        f"{rotate_pair(q, m) @ rotate_pair(k, n):6.3f}"
    )
assert np.isclose(
    rotate_pair(q, 5) @ rotate_pair(k, 3),
    rotate_pair(q, 105) @ rotate_pair(k, 103),
)
assert not np.isclose(
    rotate_pair(q, 5) @ rotate_pair(k, 3),
    rotate_pair(q, 3) @ rotate_pair(k, 5),
)

# %% [markdown]
# Two back is the same from everywhere, and not the same as two ahead. That is all of RoPE. What follows is
# doing it well.
#
# ## Many pairs, many speeds
#
# One pair alone would confuse places: at one radian a place, 44 back looks almost like 0 back ($44 = 7.003
# \cdot 2 \pi$). So the columns of a query are taken in pairs, each with the speed that you know from lesson
# 04:
#
# $$\text{angle}[m, c] = m \cdot \text{base}^{-2c / \text{dim}} \qquad c = 0, \dots, \text{dim}/2 - 1$$
#
# The same angles are needed in every layer and every head, so their cosines and sines are computed once and
# kept: the **cache**.

# %% exercise="rope_cache"

# %%
seq_len, dim = 64, 32
cos, sin = rope_cache(seq_len, dim)  # (seq, dim / 2) each
loops = np.array(
    [
        [np.cos(m / 10000 ** (2 * c / dim)) for c in range(dim // 2)]
        for m in range(seq_len)
    ]
)
compare(
    loops,
    cos,
    title="The cosines, by loops and at once",
    xlabel="pair c",
    ylabel="position",
    alt="Two equal heat maps of 64 positions and 16 pairs: fast waves in the "
    "left columns, slow ones further right, all 1 at the right edge. Their "
    "difference is 0 everywhere.",
)
assert np.allclose(cos, loops) and np.allclose(cos**2 + sin**2, 1)

# %% [markdown]
# ## Turning all pairs
#
# Pair $c$ holds the columns $2c$ and $2c + 1$. With the cosine and sine of its position:
#
# $$y_{2c} = x_{2c} \cos_c - x_{2c+1} \sin_c \qquad y_{2c+1} = x_{2c} \sin_c + x_{2c+1} \cos_c$$
#
# No loop is needed: all even columns at once, all odd ones at once. Use the engine's operations
# (`torch.stack`, `torch.cat`, slices), since training has to find its way back through this.

# %% exercise="apply_rope"

# %%
rng = np.random.default_rng(0)
x = torch.tensor(rng.standard_normal((seq_len, dim)))  # (seq, dim)
cos, sin = torch.tensor(cos), torch.tensor(sin)
turned = apply_rope(x, cos, sin)

lengths = [np.linalg.norm(each.numpy(), axis=-1) for each in (x, turned)]
print("position 0 is left as it is:", np.allclose(turned[0], x[0]))
print("all lengths are kept:       ", np.allclose(*lengths))
assert np.allclose(turned[0], x[0]) and np.allclose(*lengths)

# %% [markdown]
# A rotation keeps lengths: position neither weakens nor drowns what a token says, as an added vector may.
# Values are not turned: they carry what is said, not where.
#
# ## Two layouts in memory
#
# Which columns make a pair is a matter of taste, and two tastes are in use:
#
# | layout | pairs | found in |
# |---|---|---|
# | pairs, "interleaved" | (0, 1), (2, 3), ... | the RoPE paper, GPT-J, Meta's own LLaMA code |
# | halves, "rotate half" | (0, dim/2), (1, dim/2 + 1), ... | GPT-NeoX, LLaMA in the Hugging Face library |
#
# The same rotation, columns in another order (lesson 04): reorder, rotate in halves, reorder back.


# %%
def rotate_pairs(x, cos, sin):
    """The pairs layout, made of the other one."""
    order, back = (
        halves_from_pairs(x.shape[-1]),
        pairs_from_halves(x.shape[-1]),
    )
    return apply_rope_half(x[..., order], cos, sin)[..., back]


layout = (
    "pairs" if np.allclose(rotate_pairs(x, cos, sin), turned) else "halves"
)
print("apply_rope uses the layout:", layout)
points = x[:24].numpy().reshape(24, -1, 2)  # each pair a point
one_by_one = np.reshape(
    [
        [
            rotate_pair(point, m * speed)
            for point, speed in zip(row, angular_speeds(dim))
        ]
        for m, row in enumerate(points)
    ],
    (24, dim),
)
compare(
    one_by_one,
    rotate_pairs(x, cos, sin)[:24],
    xlabel="column",
    ylabel="position",
    title="Pair by pair, and in halves with columns reordered: the same",
    alt="Two equal heat maps of 24 positions and 32 columns, and their "
    "difference, which is 0 everywhere.",
)
assert np.allclose(one_by_one, rotate_pairs(x, cos, sin)[:24])

# %% [markdown]
# A model's weights are made for one of the two. A query is $W_q x$, so row $r$ of $W_q$ makes column $r$ of
# the query. Reorder the rows of $W_q$ and $W_k$, head by head, and a model trained with pairs runs in a
# library that rotates halves.

# %% exercise="rope_rows_to_halves"

# %%
seq, heads, head_dim = 12, 2, 8
tokens = rng.standard_normal((seq, heads * head_dim))  # (seq, dim)
W_q, W_k = rng.standard_normal((2, heads * head_dim, heads * head_dim)) / 4
small = [
    table[:seq, : head_dim // 2]
    for table in map(torch.tensor, rope_cache(seq, head_dim))
]


def scores(rotate, W_q, W_k):
    """Unscaled scores: (heads, query, key)."""
    q, k = (
        torch.tensor(
            (tokens @ W.T).reshape(seq, heads, head_dim).swapaxes(0, 1)
        )
        for W in (W_q, W_k)
    )
    return (rotate(q, *small) @ rotate(k, *small).transpose(-2, -1)).numpy()


trained = scores(rotate_pairs, W_q, W_k)
moved = scores(
    apply_rope_half,
    rope_rows_to_halves(W_q, heads),
    rope_rows_to_halves(W_k, heads),
)
mixed = scores(apply_rope_half, W_q, W_k)
figure, axes = plt.subplots(1, 3, figsize=(11, 4.2), sharey=True)
limit = abs(trained).max()
for axis, values, title in zip(
    axes,
    (trained, moved, mixed),
    ("trained: pairs", "halves, rows reordered", "halves, rows left"),
):
    image = axis.imshow(values[0], cmap="RdBu", vmin=-limit, vmax=limit)
    axis.set(
        title=title,
        xlabel="key j",
        xticks=range(0, 12, 3),
        yticks=range(0, 12, 3),
    )
axes[0].set_ylabel("query i")
figure.colorbar(image, ax=axes, shrink=0.8, label="score")
figure.suptitle("Layouts mixed: no error, and other scores")
show(
    figure,
    alt="Three 12 by 12 maps of scores. The first two, pairs and halves with "
    "reordered rows, are equal. The third, halves with the rows left as they "
    "were, differs nearly everywhere but in the upper left corner.",
)
both_ways = rope_rows_to_pairs(rope_rows_to_halves(W_q, heads), heads)
assert (
    np.allclose(trained, moved)
    and abs(trained - mixed).max() > 0.5
    and (both_ways == W_q).all()
)

# %% [markdown]
# Nothing fails and no shape is wrong: this mistake has been published (huggingface/transformers #34741).
# Another mix is worse: the angles $a_0, a_1$ laid out for pairs, $[a_0, a_0, a_1, a_1]$, with columns paired
# as halves. **Predict** what it breaks: lengths are kept; scores depend on the distance alone; position 0 is
# left as it is.
#
# <details><summary>Answer</summary>
#
# The first two. Columns 0 and 2 are a pair, but one gets angle $a_0$ and the other $a_1$: no rotation any
# more, so lengths change, and scores depend on more than the distance. Position 0 is still left as it is.
#
# </details>


# %%
def mixed_up(x, m):
    """x (4,) at position m: angles for pairs, columns paired as halves.

    The angles are [m, m, m / 10, m / 10].
    """
    angles = m * np.repeat([1.0, 0.1], 2)
    return x * np.cos(angles) + np.concatenate([-x[2:], x[:2]]) * np.sin(
        angles
    )


lengths = [np.linalg.norm(mixed_up(np.ones(4), m)) for m in (0, 3)]
two_back = [
    mixed_up(np.ones(4), m) @ mixed_up(np.ones(4), m - 2) for m in (5, 9)
]
print(
    "length at places 0 and 3:",
    np.round(lengths, 2),
    "score two back, 5 and 9:",
    np.round(two_back, 2),
)
assert (
    abs(lengths[0] - lengths[1]) > 0.1 and abs(two_back[0] - two_back[1]) > 0.1
)

# %% [markdown]
# ## Only the distance is left
#
# Write $R_m$ for the whole rotation at place $m$: one 2 x 2 block for each pair. Turning back is the
# transpose, $R_m^\top = R_{-m}$, and turns add up. So the score of a query at $i$ and a key at $j$ is
#
# $$(R_i q) \cdot (R_j k) = q^\top R_i^\top R_j \, k = q \cdot (R_{j - i} \, k)$$
#
# The two places were put in one by one, and only their difference is left. To see it in numbers: one and the
# same query and key at all places.

# %% exercise="score_at_distance"

# %%
q, k = rng.standard_normal((2, dim))
places = 20
# (seq, dim): copies
everywhere = [torch.tensor(np.tile(vector, (places, 1))) for vector in (q, k)]
turned_q, turned_k = (
    apply_rope(each, cos[:places], sin[:places]).numpy() for each in everywhere
)
distance = np.arange(places) - np.arange(places)[:, None]  # key minus query
by_distance = score_at_distance(q, k, distance.reshape(-1)).reshape(
    places, places
)
compare(
    turned_q @ turned_k.T,
    by_distance,
    title="Scores from two places, and from one distance",
    xlabel="key position j",
    ylabel="query position i",
    alt="Two equal 20 by 20 maps of scores, constant along all diagonals, and "
    "their difference, which is 0 everywhere.",
)
diagonals = [
    np.ptp(np.diagonal(turned_q @ turned_k.T, offset=d))
    for d in range(-19, 20)
]
assert max(diagonals) < 1e-9

# %% [markdown]
# All diagonals are constant. Relative position came in through the back door: no table of distances, no sum
# in the score, and nothing to learn. (Do the maps differ? Then `score_at_distance` pairs other columns than
# your `apply_rope`: layouts mixed.)
#
# ## Scores over distance
#
# What does a head see when query and key are equal? Take ones in all columns. Then the score is a sum of
# cosines, as in lesson 04. The **base** says how slow the slowest pair is. 10000 is the paper's; for long
# texts a larger one is taken, such as 500,000 (the RoPE baseline of arXiv 2503.02130).
#
# **Predict before you run.** Does a larger base make the score fall faster or slower with the distance?
#
# <details><summary>Answer</summary>
#
# Slower: all pairs but the first turn more slowly, so their cosines stay near 1 for longer.
#
# </details>

# %%
ones, back = np.ones(128), np.arange(1001)
curves = {
    base: score_at_distance(ones, ones, -back, base) / 128
    for base in (100.0, 10_000.0, 500_000.0)
}
figure, axis = plt.subplots(figsize=(8, 4))
for (base, curve), style in zip(curves.items(), (":", "-", "--")):
    axis.semilogx(back[1:], curve[1:], style, label=f"base {base:,.0f}")
axis.axhline(0, color="0.8", linewidth=1, zorder=0)
axis.set(
    xlabel="tokens back",
    ylabel="score, 1 at distance 0",
    title="The larger the base, the further it reaches",
)
axis.legend(fontsize=12)
show(
    figure,
    alt="Score of equal vectors over 1 to 1000 tokens back, logarithmic, for "
    "three bases. Base 100 wavers around 0 from about 50 back; 10,000 is "
    "below 0.4 from 500 on; 500,000 stays above 0.3. All curves have ripples.",
)
assert (
    abs(curves[100.0][50:]).max() < 0.2
    and curves[1e4][500:].max() < 0.4
    and curves[5e5].min() > 0.3
)
reach = {base: int(np.argmax(curve < 0.5)) for base, curve in curves.items()}
print(
    "tokens back where it first falls below one half:",
    {f"{base:,.0f}": n for base, n in reach.items()},
)
assert reach[100.0] < reach[10_000.0] < reach[500_000.0]
# none falls steadily
assert all((np.diff(curve) > 0).any() for curve in curves.values())

# %% [markdown]
# There is more between these three bases.
#
# **Predict before you move the slider.** Which base keeps the score above one half all the way to 200 back:
# 10,000, a million, or none?
#
# <details><summary>Answer</summary>
#
# A million just does it. Watch how the curve straightens as one pair after the other becomes too slow to notice.
#
# </details>

# %% tags=["nbval-ignore-output"]
near = np.arange(0, 201, 5)
bases = 10 ** np.linspace(1, 7, 25)


def score_by_base(base):
    """Score of equal vectors over the distance, 1 at distance 0."""
    score = score_at_distance(ones, ones, -near, base) / 128
    return [slider.line(near, score, "score, 1 at distance 0", "tokens back")]


def in_words(base):
    score = score_at_distance(ones, ones, np.array([-200]), base)[0] / 128
    return f"{base:,.0f}: {score:.2f} at 200 back"


slider.show(
    "base",
    bases,
    score_by_base,
    shown="{:,.0f}".format,
    says=in_words,
    first=12,
    alt="Score of equal vectors over 0 to 200 tokens back. With base "
    "10 it drops to 0 at once and wavers; the larger the base, "
    "the more slowly it falls.",
)
lowest = [
    score_at_distance(ones, ones, -near, base).min() / 128
    for base in (10_000.0, 1_000_000.0)
]
assert lowest[0] < 0.4 and lowest[1] > 0.5

# %% [markdown]
# ### A bound, not a guarantee (may be skipped)
#
# RoPE is often said to make near tokens count more. What can be proved, as the next cell does, is less: an
# upper *bound* that falls, on the whole. Let $a_c$ be the angle of pair $c$ at a distance, $h_c$ the complex
# number $(q_{2c} - \mathrm i q_{2c+1})(k_{2c} + \mathrm i k_{2c+1})$, and $S_c = \sum_{b < c} e^{\mathrm i
# a_b}$. The score is the real part of $\sum_c h_c e^{\mathrm i a_c}$, and with $e^{\mathrm i a_c} = S_{c+1} -
# S_c$ and $h_{\text{dim}/2} = 0$ that gives
#
# $$|\text{score}| \le \max_c |h_{c+1} - h_c| \cdot \sum_{c=1}^{\text{dim}/2} |S_c|$$
#
# But what lies *below* a bound may do as it likes. On the right: a key equal to the query, and one turned so
# that it fits best 50 back.

# %%
back = np.arange(251)
phases = np.exp(-1j * back[:, None] * angular_speeds(128))  # (distance, pair)
sums = abs(phases.cumsum(axis=1)).sum(axis=1)  # of |S_c|
query = rng.standard_normal(128)
keys = {
    "key like the query": query,
    "key turned by 50": (
        rotate_pairs(
            torch.tensor(query[None]),
            *(torch.tensor(table[50:]) for table in rope_cache(51, 128)),
        )
    ).numpy()[0],
}

figure, axes = plt.subplots(1, 2, figsize=(11, 4.2))
axes[0].plot(back, sums / sums[0])
axes[0].set(title="the bound", ylabel="relative to distance 0", ylim=(0, 1))
for (name, key), style in zip(keys.items(), ("-", "--")):
    # (pair,)
    h = (query[0::2] - 1j * query[1::2]) * (key[0::2] + 1j * key[1::2])
    score = (phases * h).sum(axis=1).real
    bound = abs(np.diff(np.append(h, 0))).max() * sums
    assert (abs(score) <= bound).all()
    axes[1].plot(back, score, style, label=name)
    peak = int(score.argmax())
    print(
        f"{name}: highest {peak} back; the bound is never below "
        f"{(bound / abs(score)).min():.0f} times the "
        "score"
    )
    assert peak == (50 if "turned" in name else 0)
axes[1].set(title="two scores below it", ylabel="score")
axes[1].legend(fontsize=12)
for axis in axes:
    axis.set_xlabel("tokens back")
figure.suptitle("A bound that falls, and scores that rise below it")
show(
    figure,
    alt="Left: the bound over 0 to 250 tokens back falls, with ripples, from "
    "1 to 0.2. Right: the score of a key like the query is highest at 0 back "
    "and falls with ripples; that of the turned key is highest at 50 back.",
)
assert sums[250] < 0.3 * sums[0] and (np.diff(sums) > 0).any()

# %% [markdown]
# So a head can look 50 back if its weights make it so, and a model should be able to look where it wants.
# Whether trained weights prefer near tokens is a question for trained models, not for the formula.
#
# ## The way back
#
# Training needs the gradient of $x$, given that of $y$. For one pair, $y = R x$ with $R$ from the beginning
# of this lesson. By the rule of lesson 01 each $x$ collects, over all $y$ that it went into, slope times
# gradient: that is the *transposed* matrix, $g_x = R^\top g_y$.
#
# **Predict:** what does $R^\top$ do to a point?
#
# <details><summary>Answer</summary>
#
# Transposing changes the sign of the sines only. That is the rotation by $-a$: the gradient is turned *back*.
# Like $x$ on its way forward, it keeps its length, so RoPE neither blows gradients up nor lets them fade.
#
# </details>

# %% exercise="rope_backward"

# %%
x = torch.tensor(rng.standard_normal((seq_len, dim)), requires_grad=True)
grad = torch.tensor(rng.standard_normal((seq_len, dim)))
apply_rope(x, cos, sin).backward(grad)
by_hand = rope_backward(grad, cos, sin)
print("the engine's gradient and yours agree:", np.allclose(x.grad, by_hand))
compare(
    x.grad[:24],
    by_hand[:24],
    title="The gradient: by the engine and by hand",
    xlabel="column",
    ylabel="position",
    alt="Two equal heat maps of gradients, 24 positions and 32 columns, and "
    "their difference, which is 0 everywhere.",
)
assert np.allclose(
    np.linalg.norm(x.grad, axis=1), np.linalg.norm(grad.numpy(), axis=1)
)

# %% [markdown]
# (Do they not agree? Then `rope_backward` pairs other columns than `apply_rope`: layouts mixed again.)
#
# ## RoPE in a model: a cache, and some columns left alone
#
# Two things are missing for real use.
#
# - **An offset.** A model that writes token by token keeps the old keys, already turned. The new ones stand
#   behind them: at `offset`, `offset + 1`, ...
# - **Partial rotation.** Only the first `rotary_dim` columns are turned; the others compare tokens without
#   regard to position. The Hugging Face library's GPT-NeoX rotates a quarter by default (rotary_pct=0.25).
#   The speeds are then those of `rotary_dim`, as if the turned columns were all there are.
#
# Fill in the two methods. This class is what trains from now on, wherever a model is told `"rope"`.

# %% exercise="RoPE"

# %%
rope = RoPE(head_dim=16, rotary_dim=8)
# (batch, heads, seq, head_dim) each
q, k = torch.tensor(rng.standard_normal((2, 1, 2, 12, 16)))
whole_q, whole_k = rope.rotate(q, k)
# eight tokens, into the cache
_, first_keys = rope.rotate(q[..., :8, :], k[..., :8, :])
# four more
late_q, late_keys = rope.rotate(q[..., 8:, :], k[..., 8:, :], offset=8)
# offset forgotten
wrong_q, wrong_keys = rope.rotate(q[..., 8:, :], k[..., 8:, :])


def product(q, *keys):
    return (q @ torch.cat(keys, dim=-2).transpose(-2, -1)).numpy()


uncached, cached = (
    product(whole_q, whole_k)[..., 8:, :],
    product(late_q, first_keys, late_keys),
)
forgotten = product(wrong_q, first_keys, wrong_keys)
print(
    "largest difference with a cache:    ",
    abs(cached - uncached).max().round(6),
)
print(
    "without the offset, it is above 0.5:",
    bool(abs(forgotten - uncached).max() > 0.5),
)
print(
    "columns left alone are unchanged:   ",
    bool((whole_q[..., 8:] == q[..., 8:]).all()),
)
assert np.allclose(cached, uncached) and abs(forgotten - uncached).max() > 0.5
# new with new: only distances count
assert np.allclose(forgotten[..., 8:], uncached[..., 8:])

# %% [markdown]
# The last line is worth a thought. Even with the offset forgotten, the new tokens see *each other* rightly,
# since only distances count. Only the link to the cache is broken, and a test on a short text may miss it.
#
# ## Beside absolute and relative positions
#
# An article would now compare the three kinds in a table. This one is computed: each cell is the answer to a
# question put to a layer with random weights. Lesson 07 shows the whole of it, and two of the questions will
# be yours.

# %%
columns = (
    "order matters",
    "shift-invariant",
    "norms preserved",
    "decays",
    "longer than trained",
    "parameters",
    "memory",
)
table = property_table(["sinusoidal", "learned", "shaw", "rope"])
print(
    table_text(
        {
            name: {title: row[title] for title in columns}
            for name, row in table.items()
        }
    )
)
assert (
    table["rope"]["shift-invariant"]
    and table["rope"]["parameters"] == 0
    and not table["rope"]["decays"]
)

# %% [markdown]
# - **Captures relative position?** Absolute ones: no, the scores change when a text is moved. Shaw's vectors:
#   yes, directly. RoPE: yes, by way of a rotation that is itself absolute.
# - **Complexity.** No parameters. The cache grows with the length T, not with T x T as a table of pairs does;
#   and nothing is added to the scores, so any fast attention code can be used as it is.
# - **Longer than trained**: there is an angle for every place, so it *extends*. That is not to say it does
#   well there: the slow pairs' angles are new to the model. On ten small tasks at up to twice the length,
#   rotary came to a mean reciprocal rank (1 for the best of all in every task) of 0.33, against 0.55 for T5's
#   buckets and 0.69 for no positions (Kazemnejad et al. 2023).
# - **Used by** the language models GPT-NeoX, LLaMA and GPT-J: this course's tests hold our RoPE equal to
#   their code, in both layouts. ChatGLM is named with them (not tested here).
#
# ## What comes next
#
# Sinusoids, Shaw, T5, ALiBi, RoPE: all of them count *tokens*. "Three tokens back" is rarely what one means;
# it is "the last sentence", or "the last time that x was set". Lesson 07 shows why one head that adds such a
# position to its score loses the last x, and builds an encoding that counts what matters: CoPE.
