# ---
# jupyter:
#   lesson:
#     title: "RoPE: rotating queries and keys"
#     question: "How can a rotation say how far apart two tokens are?"
#     achieved: "You have written RoPE, the encoding inside most of today's language models, and its backward pass."
# ---

# %% [markdown]
# # 06 · RoPE: rotating queries and keys
#
# **How can a rotation say how far apart two tokens are?**
#
# In lesson 04 every position got a vector, and we added it to the token. In lesson 05 the distance itself went into the
# score. RoPE, rotary position embedding (Su et al. 2021), does neither of the two. It rotates each query and each key
# by an angle that depends on nothing but its own position. Then the two meet in a dot product, and only their distance
# is left.
#
# ## Three questions about lesson 04
#
# 1. Each pair of columns of the sinusoidal table is a clock hand. How fast does the hand of pair $c$ move?
# 2. Which matrix takes the row of position $n$ to the row of position $n + k$?
# 3. Interleaved columns or halves: what is the difference?
#
# <details><summary>Answers</summary>First: by base^(-2c/dim) radians per position, so pair 0 by one radian, and the
# others slower and slower. Second: a rotation of every pair, the same one for all positions. Third: only the order of
# the columns. Either is fine, as long as you stick to one of them.</details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, show, slider, solution
from experiments.pictures import STYLES
from solutions.absolute_positions import (
    angular_speeds,
    check_table_size,
    halves_from_pairs,
)
from solutions.positions import PositionEncoding
from solutions.properties import property_table, table_text
from solutions.rope import apply_rope_half, check_head_rows, check_rotation

# %% [markdown]
# ## A point on a circle
#
# Take two numbers as a point in the plane. This matrix rotates it around the origin by an angle $a$:
#
# $$\begin{pmatrix} x' \\ y' \end{pmatrix} = \begin{pmatrix} \cos a & -\sin a \\ \sin a & \cos a \end{pmatrix}
# \begin{pmatrix} x \\ y \end{pmatrix}$$

# %% exercise="rotate_pair"

# %% [markdown]
# Now let the position be the angle, in radians: at position $m$ a token's point is rotated by $m$. So as the point
# [1, 0] goes from position to position, it walks along a circle.
#
# **Predict before you run.** At which position is it back near its start for the first time?
#
# <details><summary>Answer</summary>Once around is 2 pi = 6.28 radians. So at position 6, nearly.</details>

# %% tags=["folded"]
figure, axes = plt.subplots(1, 3, figsize=(11, 4), sharey=True)
labels = {1.0: range(7), 0.1: (0, 6), 0.01: (6,)}  # speed: positions
for axis, (speed, labeled) in zip(axes, labels.items()):
    walk = [rotate_pair(np.array([1.0, 0]), speed * m) for m in range(7)]
    axis.add_artist(plt.Circle((0, 0), 1, fill=False, color="0.85"))
    axis.scatter(*np.transpose(walk), c=range(7), cmap="viridis", s=55)
    for m in labeled:
        axis.text(*(1.22 * walk[m]), m, ha="center", va="center")
    axis.set(title=f"{speed:g} rad per position", xlabel="first column")
    axis.set(xlim=(-1.45, 1.45), ylim=(-1.45, 1.45), aspect="equal")
axes[0].set_ylabel("second column")
figure.suptitle("[1, 0] at the positions 0 to 6: fast, slow, slower")
alt = """Circles with the point [1, 0] at positions 0 to 6. At speed 1 it goes
nearly once around, at 0.1 it covers a short arc, at 0.01 it hardly moves."""
show(figure, alt)

# %% [markdown]
# ## Two rotated points
#
# The dot product of two points depends on their lengths and on the angle *between* them. If you rotate one by $m$ and
# the other by $n$, that angle changes by $m - n$.
#
# **Predict before you run.** A query is at 5 and a key at 3. Which of these pairs have the same product: 105 and 103, 9
# and 7, 3 and 5?

# %%
q, k, products = np.array([2.0, 1.0]), np.array([1.0, 2.0]), {}
for m, n in ((0, 0), (5, 3), (105, 103), (9, 7), (3, 5)):
    products[m, n] = rotate_pair(q, m) @ rotate_pair(k, n)
    print(f"query at {m:3}, key at {n:3}: q.k = {products[m, n]:6.3f}")
claim("Two back is two back.", np.isclose(products[5, 3], products[105, 103]))
claim("Two ahead is not.", abs(products[5, 3] - products[3, 5]) > 1)

# %% [markdown]
# Two back is two back, wherever you are. But a query at 3 and a key at 5 is two *ahead*, and that's something else. And
# this is all there is to RoPE! The rest of the lesson is about doing it well.
#
# ## Many pairs, many speeds
#
# A single pair would mix positions up: at one radian per position, 44 back looks almost like 0 back, since 44 radians
# are 7.003 rounds. So we take the columns of a query in pairs, and give each pair a speed of its own. The speeds are
# those of lesson 04:
#
# $$\text{angle}[m, c] = m \cdot \text{base}^{-2c / \text{dim}} \qquad c = 0, \dots, \text{dim}/2 - 1$$
#
# Every layer and every head needs the same angles, so their cosines and sines are computed once and kept: the
# **cache**.

# %% exercise="rope_cache"

# %% [markdown]
# **Predict before you run.** The cell draws the cosines of 32 columns, so of 16 pairs, over 200 positions, once for the
# paper's base and once for a base of 100. In which pairs will you see a difference?

# %% tags=["folded"]
figure, axes = plt.subplots(1, 2, figsize=(10, 3.9), sharey=True)
for axis, base in zip(axes, (10_000, 100)):
    cosines, _ = rope_cache(200, 32, base)  # (seq, dim / 2)
    image = axis.imshow(cosines, aspect="auto", cmap="RdBu", vmin=-1, vmax=1)
    axis.set(xlabel="pair c", title=f"base {base:,}")
    still = (cosines > 0).all(axis=0).sum()
    claim("Base 100 moves all pairs.", (still > 0) == (base == 10_000))
axes[0].set_ylabel("position")
figure.colorbar(image, ax=axes, label="cosine")
figure.suptitle("With a base of 100, no pair is slow")
alt = """Two maps of cosines, 200 positions and 16 pairs: waves, fast in the
left columns, slower to the right. With base 10,000 the last columns hardly
change. With base 100 even the last one goes through nearly half a round."""
show(figure, alt)

# %% [markdown]
# The first pair moves at the same speed with either base. The last ones differ most: with 10,000 they hardly move, and
# that's what makes them useful in long texts.
#
# Pair $c$ consists of the columns $2c$ and $2c + 1$. It's rotated as above, with the cosine and the sine of its
# position:
#
# $$y_{2c} = x_{2c} \cos_c - x_{2c+1} \sin_c \qquad y_{2c+1} = x_{2c} \sin_c + x_{2c+1} \cos_c$$
#
# You don't need a loop: take all even columns at once, and all odd ones. And use the engine's operations (slices,
# `torch.stack`, `torch.cat`), because in training the gradient has to find its way back through them.

# %% exercise="apply_rope"

# %% [markdown]
# **Predict before you run.** Rotate 64 random vectors, one per position. Which of them change their length, and which
# don't change at all?

# %%
rng = np.random.default_rng(0)
x = torch.tensor(rng.standard_normal((64, 32)))  # (seq, dim)
rotated = apply_rope(x, *(torch.tensor(table) for table in rope_cache(64, 32)))
before, after = (np.linalg.norm(each.numpy(), axis=1) for each in (x, rotated))
unchanged = (x == rotated).numpy().all(axis=1)
print("lengths changed:", (abs(after - before) > 1e-9).sum())
print("vectors unchanged: those at", np.flatnonzero(unchanged))
claim("A rotation keeps lengths.", np.allclose(before, after))

# %% [markdown]
# No length changes, so a position can't drown what a token says, as the raw index did in lesson 04. Only position 0
# leaves its vector alone, since its angles are all 0. And the values aren't rotated at all: they carry what is said,
# not where.
#
# ## Only the distance is left
#
# Let $R_m$ be the whole rotation at position $m$, with one 2 x 2 block per pair. Its transpose rotates back,
# $R_m^\top = R_{-m}$, and angles add up. So a query at $i$ and a key at $j$ get the score
#
# $$(R_i q) \cdot (R_j k) = q^\top R_i^\top R_j \, k = q \cdot (R_{j - i} \, k)$$

# %% exercise="score_at_distance"

# %% [markdown]
# To see it, we put the same query and the same key at each of 20 positions and draw all their scores as a map. In it,
# equal distances are diagonals. Beside it are two mistakes. In the middle, $y_{2c}$ has a plus where its minus belongs.
# On the right, each angle comes twice in a row, $[a_0, a_0, a_1, a_1, \dots]$, so neighboring columns should be pairs.
# But the code pairs halves: column 0 with 16, 1 with 17, and so on.
#
# **Predict before you run.** Which of these does each mistake break: equal lengths, equal diagonals, position 0
# unchanged?
#
# <details><summary>Answer</summary>Both break the first two, because neither is a rotation any more: one has a plus,
# and in the other the two columns of a pair get different angles. Position 0 survives both, since all its sines are 0.
# So a test at position 0 tests nothing.</details>


# %%
def plus_for_minus(x, cos, sin):
    even, odd = x[:, 0::2], x[:, 1::2]
    return torch.cat([even * cos + odd * sin, even * sin + odd * cos], -1)


def layouts_mixed(x, cos, sin):
    cos, sin = (torch.tensor(np.repeat(each, 2, 1)) for each in (cos, sin))
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin


q, k = rng.standard_normal((2, 32))
same = [torch.tensor(np.tile(each, (20, 1))) for each in (q, k)]  # (seq, dim)
tables = [torch.tensor(table) for table in rope_cache(20, 32)]
maps, spread, lengths = [], [], []
for rotate in (apply_rope, plus_for_minus, layouts_mixed):
    qs, ks = (rotate(each, *tables).numpy() for each in same)
    lengths.append(np.ptp((qs**2).sum(axis=1)))
    maps.append(qs @ ks.T)  # (query, key)
    diagonals = [maps[-1].diagonal(d) for d in range(-19, 20)]
    spread.append(max(np.ptp(scores) for scores in diagonals))
agree = np.allclose(maps[0][7], score_at_distance(q, k, np.arange(20) - 7))
claim("Lengths and diagonals are constant.", spread[0] + lengths[0] < 1e-9)
claim("The mistakes break both.", min(spread[1:] + lengths[1:]) > 1)
claim("apply_rope and score_at_distance pair the same columns.", agree)

# %% tags=["folded"]
figure, axes = plt.subplots(1, 3, figsize=(11, 4.3), sharey=True)
titles = "apply_rope", "a plus for the minus", "layouts mixed"
for axis, title, scores in zip(axes, titles, maps):
    image = axis.imshow(scores, cmap="RdBu", vmin=-12, vmax=12)
    axis.set(title=title, xlabel="key j", xticks=range(0, 20, 5))
axes[0].set(ylabel="query i", yticks=range(0, 20, 5))
figure.colorbar(image, ax=axes, label="score")
figure.suptitle("A rotation keeps the diagonals constant, a mistake does not")
alt = """Maps of 20 by 20 scores. apply_rope: stripes along the diagonals. A
plus for the minus, and layouts mixed: blots and patches, no stripes."""
show(figure, alt)

# %% [markdown]
# So you need no table of distances, nothing is added to the score, and there's nothing to learn. But layouts are easily
# mixed up, and no error tells you. Both ways have been published:
# [huggingface/transformers #47328](https://github.com/huggingface/transformers/issues/47328) laid out its angles for
# halves and paired neighbors, and
# [raiyanyahya/how-to-train-your-gpt #6](https://github.com/raiyanyahya/how-to-train-your-gpt/issues/6) did the reverse.
#
# ## Two layouts in memory
#
# Which columns make a pair is a matter of taste, and there are two tastes around:
#
# | layout | pairs of eight columns | found in |
# |---|---|---|
# | pairs, "interleaved" | 0 1, 2 3, 4 5, 6 7 | the RoPE paper, GPT-J, Meta's own LLaMA code |
# | halves, "rotate half" | 0 4, 1 5, 2 6, 3 7 | GPT-NeoX, LLaMA in the Hugging Face library |
#
# It's the same rotation with its columns in another order. But a trained model's weights fit only one of the two. A
# query is $W_q x$, so row $r$ of $W_q$ makes column $r$ of the query. That's why you can move a model from one layout
# to the other: reorder the rows of $W_q$ and $W_k$ within each head, and a model that was trained with pairs runs in a
# library that rotates halves.

# %% exercise="rope_rows_to_halves"

# %% [markdown]
# Take one query and one key, as if from a model that was trained with pairs, and let them move apart. **Predict.** If
# you rotate halves but leave the rows as they are, at which distance is the score still right?


# %%
def score(q, k, pairs, back):
    """q.k, with these columns as pairs and the key so far back."""
    angles = zip(pairs, -back * angular_speeds(8))
    return sum(q[pair] @ rotate_pair(k[pair], angle) for pair, angle in angles)


rows = rng.standard_normal((2, 8))  # what the rows of W_q and W_k make
moved = [rope_rows_to_halves(each, num_heads=1) for each in rows]
neighbors, halves = np.arange(8).reshape(4, 2), np.arange(8).reshape(2, 4).T
for back in (0, 1, 2, 4, 8):
    trained, left = score(*rows, neighbors, back), score(*rows, halves, back)
    print(f"{back} back: trained {trained:5.2f}, rows left {left:5.2f}")
    same = np.isclose(trained, score(*moved, halves, back))
    claim("With its rows reordered, a model gives the same scores.", same)

# %% [markdown]
# Only at distance 0, where query and key are rotated alike. And yet nothing fails, and equal distances still get equal
# scores. So a model in the wrong layout doesn't look broken. Its scores are just not the ones it was trained with.
#
# ## Near first?
#
# Does RoPE make a head prefer near tokens? Let query and key be equal, with ones in all columns: then the score is a
# sum of cosines, as in lesson 04. The **base** says how slow the slowest pair is. The paper has 10,000, and for long
# texts people take more.
#
# **Predict before you move the slider.** Which base keeps the score above 0.4 up to 200 tokens back: 10,000, a million,
# or none?
#
# <details><summary>Answer</summary>A million does. Watch the curve rise as one pair after another becomes too slow to
# matter.</details>

# %% tags=["nbval-ignore-output", "folded"]
near, ones = np.arange(0, 201, 5), np.ones(128)


def score_by_base(base):
    """The score of equal vectors over the distance, 1 at distance 0."""
    score = score_at_distance(ones, ones, -near, base) / 128
    return [slider.line(near, score, "score, 1 at distance 0", "tokens back")]


alt = """Score of equal vectors over 0 to 200 tokens back. With base 10 it
drops to 0 at once and wavers; the larger the base, the more slowly it
falls."""
bases = 10 ** np.linspace(1, 7, 25)
slider.show("base", bases, score_by_base, alt, "{:,.0f}".format, first=12)
lowest = [score_by_base(base)[0].values.min() for base in (1e4, 1e6)]
claim("10,000 does not, a million does.", lowest[0] < 0.4 < lowest[1])

# %% [markdown]
# The paper claims three things for RoPE: it takes texts of any length, it can be combined with linear attention (a
# cheaper kind, without the softmax), and two tokens depend on each other less, the farther apart they are. For the last
# one it proves that an upper *bound* falls with the distance (section 3.4.3). But below a bound, a score may do as it
# likes.
#
# Back to our sentence, in which *saw* has to find *cat*, six back. We give all words the same key. First, it's a copy
# of the query of *saw*. Then it's that query rotated ahead by six positions, so that a key six back ends up where the
# query is. (To make it sharp, we use only the four fastest pairs.)
#
# **Predict before you run.** Which word does *saw* like best with the first key, and which with the second?

# %% tags=["folded"]
words = "the cat that sat on the mat saw".split()
query, distance = 3.0 * (np.arange(32) < 8), np.arange(8) - 7
color, line = STYLES["rope"]
figure, axis = plt.subplots(figsize=(8.5, 3.8))
for by, filling, best in ((0, color, "saw"), (6, "white", "cat")):
    scores = score_at_distance(query, query, distance + by) / np.sqrt(32)
    claim(f"saw likes {best} best.", words[scores.argmax()] == best)
    label = f"the query of saw, rotated by {by}"
    axis.plot(scores, line, color=color, mfc=filling, ms=9, label=label)
axis.set_xticks(range(8), words)
axis.set(ylabel="score", ylim=(-1.5, 18))
axis.set_title("One query, two keys: saw likes itself, or cat")
axis.legend(fontsize=11, loc="upper center", title="the key of all words")
alt = """Scores of the eight words up to saw. With the query as key, saw itself
has the highest. With that query rotated by six, cat has."""
show(figure, alt)

# %% [markdown]
# So the weights decide: a head can look at itself, or six back. Whether trained heads prefer near tokens is a question
# for trained models.
#
# ## The way back
#
# Training needs the gradient of $x$, given that of $y$. For one pair, $y = R x$. By the rule of lesson 01, each $x$
# collects slope times gradient from every $y$ that it went into. And that's a product with the *transposed* matrix:
# $g_x = R^\top g_y$.
#
# **Predict.** What does $R^\top$ do to a point?
#
# <details><summary>Answer</summary>Transposing changes the sign of the sines, and nothing else. So it rotates by minus
# the angle: the gradient is rotated <em>back</em>, and it keeps its length.</details>

# %% exercise="rope_backward"

# %% [markdown]
# **Predict before you run.** Suppose you forget this and rotate the gradient forward once more. At which positions
# wouldn't you notice? (We print the cosine between right and wrong: 1 is the same direction, -1 the opposite one.)

# %%
x = torch.tensor(rng.standard_normal((64, 2)), requires_grad=True)
grad = torch.tensor(rng.standard_normal((64, 2)))
tables = [torch.tensor(table) for table in rope_cache(64, 2)]
apply_rope(x, *tables).backward(grad)
by_hand, forward = rope_backward(grad, *tables), apply_rope(grad, *tables)
cosine = ((x.grad * forward).sum(1) / (grad * grad).sum(1)).numpy()  # (seq,)
print("rotated forward, positions 0 to 6:", cosine[:7].round(2))
claim("The engine agrees with you.", np.allclose(x.grad, by_hand))
claim("At 2 it goes the wrong way.", cosine[0] > 0.99 and cosine[2] < 0)

# %% [markdown]
# It's off by twice the angle. So it's right at 0, and nearly right at 3, where twice the angle is 6 radians, almost a
# whole round.
#
# ## RoPE in a model
#
# Two things are missing for real use.
#
# - **An offset.** A model that writes token by token keeps the old keys, already rotated. New ones come at the
#   positions `offset`, `offset + 1`, ...
# - **Partial rotation.** Only the first `rotary_dim` columns are rotated, at the speeds of that width. The others
#   compare tokens without any regard to their positions.
#
# Fill in the two methods. This class is what trains from now on, wherever a model is told `"rope"`.

# %% exercise="RoPE"

# %% [markdown]
# Eight tokens are in the cache, and four more come. **Predict.** If you forget the offset, which scores of these four
# go wrong?

# %%
rope = RoPE(head_dim=16, rotary_dim=8)
q, k = torch.tensor(rng.standard_normal((2, 1, 1, 12, 16)))  # (1, 1, seq, 16)
whole_q, whole_k = (each[0, 0].numpy() for each in rope.rotate(q, k))
expected = whole_q[8:] @ whole_k.T  # (new query, key)
errors = {}
for offset in (8, 0):
    new = rope.rotate(q[..., 8:, :], k[..., 8:, :], offset=offset)
    late_q, late_k = (each[0, 0].numpy() for each in new)
    keys = np.concatenate([whole_k[:8], late_k])
    errors[offset] = abs(late_q @ keys.T - expected)
claim("With the offset, every score is right.", errors[8].max() < 1e-9)
claim("Without, old keys get wrong ones.", errors[0][:, :8].max() > 0.5)
claim("New keys get right ones even so.", errors[0][:, 8:].max() < 1e-9)

# %% tags=["folded"]
figure, axis = plt.subplots(figsize=(8.5, 3.2))
image = axis.imshow(errors[0], cmap="cividis", aspect="auto")
figure.colorbar(image, ax=axis, label="error of the score")
axis.axvline(7.5, color="white")
axis.set_yticks(range(4), range(8, 12))
axis.set(xticks=range(12), xlabel="key (0 to 7 in the cache)", ylabel="query")
axis.set_title("Offset forgotten: the link to the cache breaks")
alt = """Map of errors, four new queries and twelve keys. With the eight keys
in the cache they go up to 5; among the four new tokens they are 0."""
show(figure, alt)

# %% [markdown]
# Only those with the cached keys. The four new tokens see *each other* just as they should, since only distances count.
# So a test on a text that fits into one call would miss this mistake.
#
# ## Beside absolute and relative positions
#
# | question | absolute (lesson 04) | relative (lesson 05) | RoPE |
# |---|---|---|---|
# | captures relative position? | no: a shift changes the scores | yes, directly | yes, indirectly: by rotations that are absolute |
# | complexity | a vector per position, added once | something added to each of T x T scores | a cache of T rows, and any fast attention code works |
# | used by | GPT-2, BERT | Transformer-XL, T5, BLOOM | GPT-J, GPT-NeoX, ChatGLM, LLaMA |
#
# Articles write such tables by hand. Here's one that is computed: for each cell we put a question to a layer with
# random weights. (In lesson 07 you'll see all of these questions, and write two of them yourself.)

# %%
table = property_table(["sinusoidal", "learned", "shaw", "rope"])
titles = ["shift-invariant", "decays", "longer than trained", "parameters"]
cells = {name: {t: row[t] for t in titles} for name, row in table.items()}
print(table_text(cells))
claim("A shift changes no score of RoPE.", table["rope"]["shift-invariant"])
claim("It doesn't decay by itself.", not table["rope"]["decays"])

# %% [markdown]
# Every position has an angle, so RoPE *extends* to longer texts. That doesn't mean it does well there, since the angles
# of the slow pairs are new to the model. In the comparison that you know from lessons 04 and 05 (Kazemnejad et al.
# 2023: ten small tasks, eight tested at up to twice the length), the mean of 1 / rank was 0.33 for RoPE. That's better
# than 0.22 for sinusoids, but less than 0.50 for ALiBi, 0.55 for T5 and 0.69 without positions.
#
# ## What is in use today
#
# RoPE, mostly. In version 5.23 of the Hugging Face library we counted 173 families of models with a head for language
# modeling, and the code of 123 of them rotates. (Our tests compare this RoPE with the code of GPT-J, GPT-NeoX and
# LLaMA.) What has changed since 2021 is what's around the rotation:
#
# | since then | for example |
# |---|---|
# | a larger base | 500,000 by default in Llama 4, a million in the global layers of Gemma 3 |
# | angles rescaled for longer contexts | YaRN in gpt-oss |
# | only in some layers | Llama 4, SmolLM3: no positions in every fourth layer; Cohere 2: RoPE only in layers that see a window of near tokens |
#
# ## What comes next
#
# Sinusoids, Shaw, T5, ALiBi, RoPE: they all count *tokens*. But *saw* doesn't really want the word six back. It wants
# its subject, however many words are in between. [Lesson 07](07_cope.ipynb) shows what counting tokens can't do, and
# builds an encoding that counts what matters: CoPE.
