# ---
# jupyter:
#   lesson:
#     title: "Relative positions: how far apart"
#     question: "How can attention know the distance between two tokens, wherever they stand?"
#     minutes: 40
#     achieved: "You have built four ways to tell attention how far apart two tokens are."
# ---

# %% [markdown]
# # 05 · Relative positions: how far apart
#
# **How can attention know the distance between two tokens, wherever they stand?**
#
# In lesson 04 a vector for each place was added to the tokens. But what a word means to another often depends
# on how far apart they are, not on where in the text they stand. So tell attention the distance, in the place
# where it compares two tokens: the score. You build the heart of four ways to do that, in the order in which
# they were found.
#
# ## Three questions about lesson 03
#
# 1. Which numbers does the softmax of attention turn into weights, and what shape have they?
# 2. In a decoder, which keys may query i look at?
# 3. Swap two tokens in front of the last one, in one layer without positions. What changes for the last one?
#
# <details><summary>Answers</summary>
#
# 1. The scores, q.k / sqrt(head_dim), one for each query and key: (query, key), for every head.
# 2. The keys 0 ... i: its own and all earlier ones.
# 3. Nothing.
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import compare, exercise, hint, show, solution
from solutions.absolute_positions import halves_from_pairs, sinusoidal_encoding
from solutions.attention import MultiHeadAttention
from solutions.autograd import softmax
from solutions.encodings import make_positions
from solutions.relative_positions import (
    Shaw,
    TransformerXL,
    check_distances,
    check_lengths,
)

# %% [markdown]
# ## A table of distances
#
# Let the query stand at position $i$ and the key at position $j$. In this course a distance is **key minus
# query**:
#
# $$\text{distance}[i, j] = j - i$$
#
# Zero is the token itself, negative numbers are the past. It is the table of lesson 00, with one addition. A
# model that writes one token after the other keeps the keys of what it has read in a cache, and asks with the
# newest token only. So the queries are always the *last* ones of the text.
#
# **Predict before you run.** One query, five keys. Which are its distances?
#
# <details><summary>Answer</summary>
#
# The query is the fifth token, so -4, -3, -2, -1, 0. Who counts queries from 0 gets 0, 1, 2, 3, 4: all keys
# in the future.
#
# </details>

# %% exercise="relative_positions"

# %%
print(relative_positions(4, 4))
print("with three keys in the cache:", relative_positions(1, 4))
assert (relative_positions(4, 4)[-1:] == relative_positions(1, 4)).all()

# %% [markdown]
# ## Two conventions, and a mistake
#
# One may as well count query minus key, so that the past is positive: Transformer-XL's paper does
# ($R_{i-j}$), as the penalty $m (i - j)$ of ALiBi is mostly written; Shaw's paper and T5's published code do
# not. Either is fine. To mix the two is not: then past and future are exchanged. Under a causal mask only one
# half of the table is ever used, and such a mistake can hide for long.
#
# In the next exercise, another **find-the-mistake**, an article has mixed them.

# %% exercise="sign_convention"

# %%
printed = np.array(
    [[0, -1, -2, -3], [1, 0, -1, -2], [2, 1, 0, -1], [3, 2, 1, 0]]
)
formula = np.array([[j - i for j in range(4)] for i in range(4)])
print("its formula:", sign_convention(formula))
print("its matrix: ", sign_convention(printed))
assert sign_convention(formula) != sign_convention(printed)

# %% [markdown]
# ## How many vectors?
#
# Among $k$ positions there are $2k - 1$ distances, from $-(k - 1)$ to $k - 1$. With one vector for each,
# $e_{-k+1}$ to $e_{k-1}$, a model of 1024 positions needs 2047, and lacks those for $\pm 1024$ in a text of
# 1025. Does it matter whether a token is 500 or 501 back? Shaw et al. (2018) **clip**: whatever is further
# away than a clipping distance $k$ (another $k$) counts as $k$.
#
# $$\text{row} = \max(-k, \min(k, j - i)) + k$$
#
# That leaves the distances $-k$ to $k$. Both numbers are in circulation, $2k - 1$ and $2k + 1$. They count
# different things.

# %% exercise="clip_distance"

# %%
distances = relative_positions(12, 12)  # (query, key)
clipped = clip_distance(distances, 3)
print(
    "12 positions, unclipped:",
    len(np.unique(distances)),
    "distances = 2 * 12 - 1",
)
print(
    "clipping distance 3:    ",
    len(np.unique(clipped)),
    "distances = 2 * 3 + 1",
)
assert len(np.unique(distances)) == 23 and len(np.unique(clipped)) == 7

figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.4))
for axis, values, title in zip(
    axes, (distances, clipped), ("distance j - i", "row of the table, clip 3")
):
    figure.colorbar(
        axis.imshow(values, cmap="RdBu" if axis is axes[0] else "viridis"),
        ax=axis,
        shrink=0.85,
    )
    axis.set(
        title=title,
        xlabel="key position j",
        xticks=range(0, 12, 2),
        yticks=range(0, 12, 2),
    )
axes[0].set_ylabel("query position i")
figure.suptitle("Far is far: seven rows are enough for any length")
show(
    figure,
    alt="Two 12 by 12 maps. Left: distances from minus 11 in the lower left "
    "to 11 in the upper right, constant along diagonals. Right: the rows 0 to "
    "6; only near the diagonal they differ, both corners are flat.",
)

# %% [markdown]
# ## Shaw's vectors
#
# Each distance has two learned vectors. One, $a^K$, is added to the key: "three back" can fit a query well or
# badly, just as a token can. The other, $a^V$, is added to the value, so the result also knows from where it
# came.
#
# $$\text{score}[i, j] = \frac{q_i \cdot (k_j + a^K_{\text{row}(i, j)})}{\sqrt{\text{head\_dim}}} \qquad
# \text{result}_i = \sum_j \text{weight}[i, j] \; (v_j + a^V_{\text{row}(i, j)})$$

# %% exercise="shaw_attention"

# %% [markdown]
# The formula wants a vector for each *pair* of tokens. The engine's version, `Shaw`, computes $q_i \cdot a^K$
# once for each *row of the table*, and then picks. Is it the same?

# %%
torch.manual_seed(1)
layer = Shaw(head_dim=8, clip=3, values=True)
with torch.no_grad():
    for vectors in layer.parameters():
        vectors *= 50  # larger than at the start, to see something
q, k, v = torch.randn(3, 1, 1, 10, 8)  # each (batch, heads, seq, head_dim)
# bias: the q . a^K; a mask would be added to it
engine = layer.attend(q, k, v, mask=layer.bias(q, k))
one_head = [
    x.detach().numpy()
    for x in (q[0, 0], k[0, 0], v[0, 0], layer.keys, layer.values)
]
compare(
    engine[0, 0],
    shaw_attention(*one_head),
    title="By distance (engine) and by pair",
    xlabel="head_dim",
    ylabel="query position",
    alt="Two equal 10 by 8 maps of attention results, and their difference, "
    "which is 0 everywhere.",
)
assert np.allclose(
    engine[0, 0].detach().numpy(), shaw_attention(*one_head), atol=1e-4
)

seq, head_dim, clip = 1024, 64, 16
print(f"key vectors, one head: by pair {seq * seq * head_dim:,} numbers;")
print(
    f"by distance {seq * (2 * clip + 1):,} products, from which {seq * seq:,} "
    f"scores are picked"
)

# %% [markdown]
# On translation the authors measured 1.3 BLEU (agreement with human translations, 0 to 100) more than with
# absolute positions from English to German, and 0.3 to French (Shaw et al. 2018, abstract).
#
# ## Transformer-XL: four questions in one score
#
# Dai et al. (2019) start from the four products at the end of lesson 04's section on shifts. In two of them
# the key's place becomes the distance; in the two where the query's own place stood they put a learned
# vector, $u$ or $v$ (not the values), since it must not matter (section 3.3). Before the division by
# $\sqrt{\text{head\_dim}}$:
#
# $$\text{score}[i, j] = \underbrace{q_i \cdot k_j}_{\text{token, token}} +
# \underbrace{q_i \cdot r_{i - j}}_{\text{token, distance}} + \underbrace{u \cdot k_j}_{\text{any, token}} +
# \underbrace{v \cdot r_{i - j}}_{\text{any, distance}}$$
#
# $r_d = W_{kR} R_d$ stands for the distance $d = i - j$, query minus key. $R_d$ is row $d$ of lesson 04's
# sinusoidal table (in their code in the halves layout), and $W_{kR}$ a learned matrix.
#
# **Predict before you run.** Draw each part as a map of queries and keys. Which has equal columns, which
# equal diagonals?
#
# <details><summary>Answer</summary>
#
# $u \cdot k_j$ is the same for every query: equal columns. $v \cdot r_{i-j}$ depends on the distance only:
# equal diagonals. The other two have neither.
#
# </details>

# %%
torch.manual_seed(3)
seq, head_dim = 8, 16
xl = TransformerXL(dim=head_dim, num_heads=1)
with torch.no_grad():
    xl.u *= 50  # larger than at the start, to see something
    xl.v *= 50
u, v = xl.u[0, 0].detach().numpy(), xl.v[0, 0].detach().numpy()
# (distance, dim), 0 back first
R = sinusoidal_encoding(seq, head_dim)[:, halves_from_pairs(head_dim)]
r = R @ xl.distance_keys.weight.detach().numpy().T  # (distance, head_dim)
q, k = np.random.default_rng(0).standard_normal((2, seq, head_dim))
back = -relative_positions(seq, seq)  # i - j
past = back >= 0
far = np.where(past, back, 0)  # i - j where it is past, for indexing
parts = {
    "token, token": q @ k.T,
    "token, distance": (q[:, None] * r[far]).sum(axis=-1),
    "any, token": np.tile(k @ u, (seq, 1)),
    "any, distance": (r @ v)[far],
}  # each (query, key)

figure, axes = plt.subplots(1, 4, figsize=(12, 4.8), sharey=True)
for axis, (name, values) in zip(axes, parts.items()):
    limit = abs(values[past]).max()
    axis.set_facecolor("0.8")  # the future
    image = axis.imshow(
        np.where(past, values, np.nan), cmap="RdBu", vmin=-limit, vmax=limit
    )
    figure.colorbar(image, ax=axis, orientation="horizontal", shrink=0.8)
    axis.set(
        title=name,
        xlabel="key j",
        xticks=range(0, 8, 2),
        yticks=range(0, 8, 2),
    )
axes[0].set_ylabel("query i")
figure.suptitle(
    "Columns belong to keys, diagonals to distances (grey: the future)"
)
show(
    figure,
    alt="Four lower triangles of 8 by 8, the rest grey. Token-token and "
    "token-distance look irregular. Any-token has equal columns. Any-distance "
    "has equal diagonals.",
)
# (1, 1, seq, head_dim)
query, key = (torch.tensor(x[None, None], dtype=torch.float32) for x in (q, k))
engine = q @ k.T + xl.bias(query, key)[0, 0].detach().numpy() * head_dim**0.5
assert np.allclose(engine[past], sum(parts.values())[past], atol=1e-4)

# %% [markdown]
# ### The relative shift
#
# The second part is computed fast as a matrix product: all queries times all $r_d$, from far to near. But
# then column $c$ belongs to a *distance*, and a score needs columns that belong to *keys*. Row $i$ must move
# left, each row by another number of places (appendix B). Instead of looking every entry up, the authors'
# code puts one column of zeros in front, and reads the same numbers, in the same order, in rows of another
# length.

# %%
n = 4
# column c: n - 1 - c back
far_to_near = np.tile(np.arange(n - 1, -1, -1), (n, 1))
row_of = np.tile(np.arange(n)[:, None], (1, n))


# (n, n + 1)
def pad(table, value):
    return np.concatenate([np.full((n, 1), value), table], axis=1)


steps = [(far_to_near, row_of, "1. by distance")]
steps.append((pad(far_to_near, -1), pad(row_of, -1), "2. zeros in front"))
steps.append(
    (
        steps[1][0].reshape(n + 1, n),
        steps[1][1].reshape(n + 1, n),
        "3. rows of 4",
    )
)
steps.append((steps[2][0][1:], steps[2][1][1:], "4. first row dropped"))

figure, axes = plt.subplots(2, 2, figsize=(8, 8))
for axis, (labels, rows, title) in zip(axes.flat, steps):
    visible = (
        np.ones(rows.shape)
        if rows.shape != (n, n) or title[0] == "1"
        else np.where(np.tri(n), 1, 0.25)
    )
    axis.imshow(
        np.where(rows < 0, -1, rows),
        cmap="viridis",
        vmin=-1.5,
        vmax=3.5,
        alpha=visible,
    )
    for (i, j), label in np.ndenumerate(labels):
        axis.text(
            j,
            i,
            "0" if label < 0 else f"q{rows[i, j]}\n{label} back",
            ha="center",
            va="center",
            fontsize=12,
            color="white"
            if rows[i, j] < 2 and visible[i, j] == 1
            else "black",
        )
    axis.set(
        title=title, xticks=[], yticks=[], xlim=(-0.6, 4.6), ylim=(4.6, -0.6)
    )
    axis.set_frame_on(False)
axes[1, 1].set(
    xticks=range(n), yticks=range(n), xlabel="key j", ylabel="query i"
)
axes[1, 1].xaxis.tick_top()
axes[1, 1].xaxis.set_label_position("top")
axes[1, 1].tick_params(length=0)
figure.suptitle("Each row slides one place less than the row above")
assert (steps[3][0] == -relative_positions(n, n))[np.tri(n, dtype=bool)].all()
show(
    figure,
    alt="Four grids for four queries. First, each row holds 3, 2, 1 and 0 "
    "back. Then a zero stands before each row. Read in rows of four there are "
    "five rows. Without the first one, the entry of query i at key j says i "
    "minus j back; entries above the diagonal, drawn faint, are left over.",
)

# %% [markdown]
# In the last picture, look along row `i`: at key `j` stands the score for `i - j` back, on and below the
# diagonal. What lies above it is left over from other rows; the causal mask hides it.

# %% exercise="relative_shift"

# %%
by_distance = q @ r[::-1].T  # (query, distance), key_len - 1 ... 0 back
shifted = relative_shift(torch.tensor(by_distance)).numpy()  # (query, key)
looked_up = parts["token, distance"]
compare(
    np.where(past, looked_up, np.nan),
    np.where(past, shifted, np.nan),
    xlabel="key j",
    ylabel="query i",
    title="Token-distance scores: looked up one by one, and shifted",
    alt="Two equal lower triangles of 8 by 8, and their difference, which is "
    "0 everywhere.",
)
assert np.allclose(shifted[past], looked_up[past])

# %% [markdown]
# ## T5: buckets
#
# Raffel et al. (2020, section 2.1) make it much simpler. No vectors: one learned **number** for each distance
# and head, added to the score. And distances share numbers, the more the further away they are: exact for the
# near half of the buckets, on a logarithmic scale beyond. The exact rule is in their code. With $B$ buckets
# and $n$ tokens back:
#
# $$\text{bucket}(n) = n \;\text{ for } n < \tfrac{B}{2}, \quad \text{else }
# \min\!\left(B - 1, \; \tfrac{B}{2} +
# \left\lfloor \tfrac{B}{2} \cdot \frac{\ln (n \,/\, \tfrac B2)}{\ln (\text{max\_distance} \,/\, \tfrac B2)}
# \right\rfloor \right)$$
#
# A decoder uses all 32 buckets for the past. An encoder looks both ways (`bidirectional`), and gives 16 to
# each side.
#
# **Predict before you run.** Causal, 32 buckets, `max_distance` 128: does the last bucket begin before 128,
# at 128 or after it?
#
# <details><summary>Answer</summary>
#
# Before. The paper says beyond 128 (section 2.1). But by its code the fraction need only reach 15/16 for the
# floor to give 15: $n \ge 16 \cdot 8^{15/16} = 112.4$. So it is 113.
#
# </details>

# %% exercise="t5_bucket"

# %%
n = np.arange(300)
for name, bidirectional in (
    ("causal", False),
    ("one side of bidirectional", True),
):
    buckets = t5_bucket(-n, bidirectional=bidirectional)
    first = [
        int(np.argmax(buckets == bucket))
        for bucket in range(buckets.max() + 1)
    ]
    print(f"{name}: the buckets begin at\n   ", *first)
    assert (
        first[-1] == (91 if bidirectional else 113)
        and (np.diff(buckets) >= 0).all()
    )

figure, axis = plt.subplots(figsize=(7.5, 3.8))
axis.step(
    n,
    t5_bucket(-n, bidirectional=False),
    where="post",
    label="causal, 32 buckets",
)
axis.step(
    n,
    t5_bucket(-n),
    where="post",
    linestyle="--",
    label="one side of bidirectional, 16",
)
axis.axvline(113, color="0.6", linewidth=1.2)
axis.text(116, 24, "113: all the rest", color="0.35", fontsize=12)
axis.axvline(91, color="0.6", linewidth=1.2, linestyle="--")
axis.text(88, 17, "91: all the rest", color="0.35", fontsize=12, ha="right")
axis.set(
    xlabel="tokens back",
    ylabel="bucket",
    title="Near distances apart, far ones together",
    xlim=(0, 200),
)
axis.legend(fontsize=11, loc=(0.58, 0.12))
show(
    figure,
    alt="Bucket over distance. The causal curve rises by one for each token "
    "up to 16, then in longer and longer steps to 31, which it reaches at "
    "113. The bidirectional one does so up to 8, and ends at 15 from 91 on.",
)

# %% [markdown]
# So one layer's bias cannot tell 113 back from 10,000 back; several layers together can (Raffel et al. 2020,
# section 2.1). And it can take a text of any length. One table serves all layers, and T5 does not divide
# $q \cdot k$ by $\sqrt{\text{head\_dim}}$ (its published code).
#
# ## ALiBi: a straight line
#
# Press et al. (2022) take even the learned numbers away. Each head subtracts a penalty that grows with the
# distance, with a fixed slope $m$ of its own:
#
# $$\text{score}[i, j] = \frac{q_i \cdot k_j}{\sqrt{\text{head\_dim}}} - m_\text{head} \cdot (i - j)$$
#
# For 8 heads the slopes are $\frac12, \frac14, \dots, \frac1{256}$: a geometric series with start and ratio
# $2^{-8/\text{heads}}$. Steep heads see the nearest tokens only, flat ones nearly all.
#
# **Predict before you run.** All $q \cdot k$ be equal, and the slope 1/2. How much weight has the token 4
# back, compared with the token itself?
#
# <details><summary>Answer</summary>
#
# $e^{-4/2} = 0.135$: about a seventh. With slope 1/256 it would be 0.98.
#
# </details>
#
# And for 12 heads? The paper gives the rule for any number of heads (section 3); its published code uses it
# for powers of two only. Otherwise, for 12, it takes the slopes for 8, and 4 more from between them.

# %% exercise="alibi_slopes"

# %%
print("1 / slope,  8 heads:", (1 / alibi_slopes(8)).round(2))
print("1 / slope, 12 heads: the same and", (1 / alibi_slopes(12))[8:].round(2))
assert np.array_equal(alibi_slopes(12)[:8], alibi_slopes(8))
assert np.allclose(alibi_slopes(12)[8:], [2**-0.5, 2**-1.5, 2**-2.5, 2**-3.5])

figure, axis = plt.subplots(figsize=(7.5, 3.8))
back = np.arange(64)
for head, slope in enumerate(alibi_slopes(8)):
    axis.plot(
        back,
        np.exp(-slope * back),
        color=plt.cm.viridis(head / 8),
        label=f"1/{round(1 / slope)}",
    )
axis.set(
    xlabel="tokens back",
    ylabel="weight against the token itself",
    title="ALiBi: heads from short to far sight",
)
axis.legend(
    title="slope",
    fontsize=11,
    title_fontsize=11,
    loc="center left",
    bbox_to_anchor=(1, 0.5),
)
show(
    figure,
    alt="Eight curves of relative weight over 0 to 63 tokens back, all "
    "starting at 1. With slope 1/2 the weight is gone after about 10 tokens, "
    "with slope 1/256 it is still 0.78 after 63.",
)
assert np.isclose(np.exp(-alibi_slopes(8)[0] * 4), 0.135, atol=1e-3)

# %% [markdown]
# ## What a shift does
#
# Now put three words in front of a text, as at the end of lesson 04. Do its tokens still give each other the
# same scores? Here is one attention layer with two heads for each encoding, all with the same random weights.
#
# **Predict before you run.** Which of the seven keep their scores?
#
# <details><summary>Answer</summary>
#
# All but the two of lesson 04, `sinusoidal` and `learned`.
#
# </details>

# %%
tokens = torch.tensor(
    np.random.default_rng(0).standard_normal((1, 9, 16)), dtype=torch.float32
)


def scores(positions, x):
    torch.manual_seed(4)  # the same weights each time
    attention = MultiHeadAttention(16, 2, positions)
    # (batch, heads, query, key)
    return attention.scores(positions.embed(x)).detach().numpy()


names = [
    "none",
    "sinusoidal",
    "learned",
    "shaw",
    "transformer_xl",
    "t5",
    "alibi",
]
print("numbers to learn: with 4 layers, dim 64, 4 heads, 128 places")
print(f"{'':15} scores after a shift   numbers to learn")
for name in names:
    torch.manual_seed(5)
    positions = make_positions(name, dim=16, num_heads=2, max_len=32)
    with torch.no_grad():
        for weight in positions.parameters():
            weight *= 50  # as if trained: large enough to matter
    alone, behind = (
        scores(positions, tokens[:, 3:]),
        scores(positions, tokens)[..., 3:, 3:],
    )
    same = np.allclose(alone, behind, atol=1e-4)
    model = make_positions(name, dim=64, num_heads=4, max_len=128)
    tables = 1 if model.shared else 4  # one for all layers, or one for each
    numbers = tables * sum(p.numel() for p in model.parameters())
    print(f"{name:15} {'the same' if same else 'different':22} {numbers:16,}")
    assert same == (name not in ("sinusoidal", "learned"))

# %% [markdown]
# That is the promise of relative positions: **the scores do not change when a text is moved**. `none` keeps
# it too, in the cheapest way. (Shaw's vectors are unclipped in this table: 255 of them, for keys only, in
# each layer.)
#
# What does it cost? Shaw's vectors and Transformer-XL take twice the numbers of the learned table here; T5
# and ALiBi next to none. All cost work: absolute positions are one addition at the bottom of the model, these
# add something to every score of every layer. ALiBi is nearly free (within 1 % of sinusoidal training speed:
# Press et al. 2022, figure 2).
#
# ## Who uses what, and what was measured
#
# | encoding | used by |
# |---|---|
# | Transformer-XL's | XLNet; this course's tests hold it equal to that model's code |
# | T5's buckets | T5 |
# | ALiBi | BLOOM, MPT; the tests hold it equal to both |
#
# One often reads that relative positions do better, above all on long texts. Measured was, among others:
#
# - Language modelling on Wikitext-103, 124 million parameters: perplexity (how many words the model wavers
#   between, less is better) 24.87 with absolute positions, 23.81 with relative ones (Golovneva et al. 2024,
#   table 5).
# - The same paper, section 5.4 and figure 3: beyond the training length relative vectors get bad: distances
#   never seen have no vector, so nothing is added there. If they all take the vector of the farthest trained
#   distance (`relative-capped`), the model stays much healthier.
# - Ten small tasks, eight of them tested at up to twice the trained length: the mean of 1 / rank among the
#   encodings was 0.55 for T5's buckets, 0.50 for ALiBi, 0.22 for sinusoids, and 0.69 for a decoder with no
#   positions at all (Kazemnejad et al. 2023, section 3 and figure 1).
#
# So it holds there, and not against everything. Lesson 09 measures all of them on a task of its own.
#
# ## What comes next
#
# All four put the distance into the score *beside* the product of query and key. RoPE, lesson 06, does it
# *inside*: it turns query and key, each by its own absolute position, so that their product only knows the
# difference. You have seen the tool already, in lesson 04: a shift is a rotation.
