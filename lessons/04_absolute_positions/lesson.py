# ---
# jupyter:
#   lesson:
#     title: "Absolute positions: a vector for every place"
#     question: "How can a vector say where a token stands?"
#     minutes: 40
#     achieved: "You can give every position a vector, and you know what a shift does to it. Show someone the clock hands."
# ---

# %% [markdown]
# # 04 · Absolute positions: a vector for every place
#
# **How can a vector say where a token stands?**
#
# Attention does not see the order of its tokens; lesson 03 has shown how blind it is. So something must tell
# it. The oldest way: make a vector for each *place*, and add it to the embedding of the token that stands
# there. In this lesson you build the two tables of such vectors that matter: one that is computed, from sines
# and cosines, and one that is learned, as in GPT-2.
#
# ## Three questions about lesson 02
#
# 1. What does the lookup of an embedding know about the place where a token stands?
# 2. A text has the ids 5, 1, 3, 2, and dim is 3. What shape does the model's input have?
# 3. Which rows of the table get a gradient in a training step?
#
# <details><summary>Answers</summary>
#
# 1. Nothing. The same id gives the same vector everywhere.
# 2. (4, 3): one row for each token.
# 3. Only those of the tokens that occur in the text.
#
# </details>

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import compare, exercise, hint, show, slider, solution
from minitorch import nn
from solutions.absolute_positions import (
    Sinusoidal,
    angular_speeds,
    check_table_size,
    check_width,
    pairs_from_halves,
)
from solutions.autograd import softmax
from solutions.positions import PositionEncoding

# %% [markdown]
# ## Why not simply the number?
#
# The token at position 7 has the number 7. Why not add that to its embedding? Let us try, with two tokens of
# 8 numbers each, and see how different they still are. The measure is the cosine of lesson 02: 1 means the
# same direction.


# %%
def cosine(a, b):
    return a @ b / np.sqrt((a @ a) * (b @ b))


cat, fish = np.random.default_rng(1).standard_normal((2, 8))
for position in (0, 10, 100, 1000):
    alike = cosine(cat + position, fish + position)
    print(
        f"position {position:4}: largest number "
        f"{abs(cat + position).max():7.1f}, cosine of cat and fish "
        f"{alike:6.3f}"
    )
assert cosine(cat + 1000, fish + 1000) > 0.999

# %% [markdown]
# The index **grows without bound** and drowns the token: at position 1000 a cat and a fish can hardly
# be told apart. And a model trained on texts of 100 tokens has never seen an input as large as 1000.
#
# Then divide by the length, so that all numbers lie between 0 and 1?

# %%
for text in ("the cat sees fish", "the cat sees fish in the small pond"):
    words = text.split()
    print(
        "   ".join(
            f"{word} {index / len(words):.3f}"
            for index, word in enumerate(words)
        )
    )

# %% [markdown]
# Now 0.5 means "third word" in one text and "fifth" in the other, and one step to the right is 0.25 here,
# 0.125 there. The number **changes its meaning with the length**. And while a model writes, the length grows
# with each token, so all earlier numbers would change.
#
# What we want is bounded, the same at any length, and different for every place. One number cannot do all
# that well. A *vector* can.
#
# ## Counting with several digits
#
# You know a way to write any position with small numbers: digits. Here are the binary ones, with the lowest
# digit first, the opposite of how we write numbers.
#
# $$\text{table}[\text{position}, c] = \lfloor \text{position} / 2^c \rfloor \bmod 2$$

# %% exercise="binary_digits"

# %% [markdown]
# **Predict before you run.** How often does the digit of the eights change from position 0 to 15? And the
# ones?
#
# <details><summary>Answer</summary>
#
# The eights once, the ones 15 times. Each digit changes about half as often as the one before it: the first
# digits tell neighbours apart, the last ones the beginning of a text from its end.
#
# </details>

# %%
digits = binary_digits(16, 4)  # (seq, digits)
print("changes of each digit:", (digits[1:] != digits[:-1]).sum(axis=0))
assert ((digits[1:] != digits[:-1]).sum(axis=0) == [15, 7, 3, 1]).all()
# every position has its own row
assert len({tuple(row) for row in digits.tolist()}) == 16

fine = np.arange(0, 15.51, 0.01)
figure, axes = plt.subplots(4, 1, figsize=(8, 5), sharex=True)
for c, axis in enumerate(axes):

    def wave(position):
        return 0.5 - 0.5 * np.sin(2 * np.pi * (position + 0.5) / 2 ** (c + 1))

    axis.step(
        np.arange(16), digits[:, c], where="mid", color="0.6", label="digit"
    )
    axis.plot(fine, wave(fine), label="wave")
    axis.plot(
        np.arange(16), wave(np.arange(16)), "o", markersize=4, color="C1"
    )
    axis.set(ylabel=f"{2**c}s", yticks=[0, 1])
axes[0].legend(
    ncols=2, loc="lower right", bbox_to_anchor=(1, 0.95), fontsize=12
)
axes[0].set_title("A digit is a wave with corners", loc="left")
axes[-1].set_xlabel("position")
show(
    figure,
    alt="Four rows for the ones, twos, fours and eights. Each shows a binary "
    "digit jumping between 0 and 1 over the positions 0 to 15, and a smooth "
    "wave with the same period, with dots at the positions. From row to row "
    "the period doubles.",
)

# %% [markdown]
# Digits jump. From 7 to 8 all four change at once, although 7 and 8 are neighbours. Round the corners off,
# and you have a **wave** for each digit: near places get near vectors.
#
# A wave is described by how fast it runs, its **speed** in radians per position (also called angular
# frequency). Its **wavelength** is the number of positions until it repeats, $2 \pi / \text{speed}$.

# %%
figure, axes = plt.subplots(3, 1, figsize=(8, 4.4), sharex=True)
for axis, speed in zip(axes, (1, 1 / 2, 1 / 4)):
    wavelength = 2 * np.pi / speed
    axis.plot(fine * 2, np.sin(speed * fine * 2))
    axis.plot(
        np.arange(32),
        np.sin(speed * np.arange(32)),
        "o",
        markersize=4,
        color="C1",
    )
    axis.annotate(
        "", (wavelength, -1.6), (0, -1.6), arrowprops={"arrowstyle": "<->"}
    )
    axis.text(
        wavelength + 0.4,
        -1.65,
        f"wavelength {wavelength:.1f} positions",
        va="center",
        fontsize=12,
    )
    axis.set(
        xlim=(-1, 37),
        ylim=(-2.2, 1.2),
        yticks=[-1, 0, 1],
        ylabel=f"speed {speed:g}",
    )
axes[-1].set_xlabel("position")
figure.suptitle("Half the speed, twice the wavelength")
show(
    figure,
    alt="Three sine waves over 32 positions with the speeds 1, 0.5 and 0.25. "
    "Arrows mark their wavelengths: 6.3, 12.6 and 25.1 positions. Dots mark "
    "the values at whole positions.",
)

# %% [markdown]
# One wave alone is ambiguous: a sine takes each value twice in a turn, once rising, once falling. So each
# speed gets *two* columns, its sine and its cosine. Together they are a point on a circle, the hand of a
# clock.
#
# ## The sinusoidal table
#
# A position is a vector of `dim` numbers, and a sequence is a matrix. For four tokens, with $P_k$ the vector
# of position $k$:
#
# $$\begin{pmatrix} P_0 \\ P_1 \\ P_2 \\ P_3 \end{pmatrix} = \begin{pmatrix}
# P_{0,0} & P_{0,1} & \dots & P_{0,\text{dim}-1} \\ P_{1,0} & P_{1,1} & \dots & P_{1,\text{dim}-1} \\
# P_{2,0} & P_{2,1} & \dots & P_{2,\text{dim}-1} \\
# P_{3,0} & P_{3,1} & \dots & P_{3,\text{dim}-1} \end{pmatrix}$$
#
# Its columns come in pairs $i = 0, 1, \dots, \text{dim}/2 - 1$. (As in the paper, $i$ numbers pairs here;
# from the section on dot products on, $i$ and $j$ are positions again.) Even columns hold sines, odd columns
# cosines of the same angle, and from pair to pair the speed falls by a fixed factor, as it did from digit to
# digit. The authors chose the base $n = 10000$ (Vaswani et al. 2017, section 3.5):
#
# $$P_{k, \, 2i} = \sin \frac{k}{n^{2i / \text{dim}}} \qquad
# P_{k, \, 2i + 1} = \cos \frac{k}{n^{2i / \text{dim}}}$$
#
# **Predict before you run.** Let dim be 4. What is $P_0$, and which are the two speeds?
#
# <details><summary>Answer</summary>
#
# sin 0 = 0 and cos 0 = 1, so $P_0$ is 0, 1, 0, 1. The speeds are 1 / 10000^0 = 1 and 1 / 10000^(2/4) = 1 /
# 100.
#
# </details>

# %% exercise="sinusoidal_encoding"

# %% [markdown]
# The smallest real table: six tokens, four columns.

# %%
small = sinusoidal_encoding(6, 4)  # (seq, dim)
for k, row in enumerate(small):
    print(
        f"P{k} = sin({k}), cos({k}), sin({k}/100), cos({k}/100) =",
        " ".join(f"{value + 0:8.4f}" for value in row),
    )
assert np.allclose(
    small[5], [np.sin(5), np.cos(5), np.sin(0.05), np.cos(0.05)]
)
print()
# ten tokens: the first six rows are the same
print(sinusoidal_encoding(10, 4).round(3) + 0)
assert np.array_equal(sinusoidal_encoding(10, 4)[:6], small)

# %% [markdown]
# Each pair is a point on a circle, the hand of a clock: its sine to the right, its cosine up. Here are the
# four hands of a table with eight columns.
#
# **Predict before you move the slider.** Which of the four hands can you see move by position 24?
#
# <details><summary>Answer</summary>
#
# Three. Their speeds are 1, 0.1, 0.01 and 0.001, so by then the first has gone round nearly four times, the
# second has turned by 138 degrees and the third by 14. The last one, with 1.4 degrees, is for longer texts.
#
# </details>

# %% tags=["nbval-ignore-output"]
clocks = sinusoidal_encoding(25, 8)  # (seq, dim)
speeds = ["speed 1", "speed 1/10", "speed 1/100", "speed 1/1000"]


def clocks_at(position):
    """The four hands, and the row of the table that they are."""
    columns = [f"{wave} {i}" for i in range(4) for wave in ("sin", "cos")]
    return [
        slider.hands(clocks[position], speeds, "four clocks"),
        slider.bars(clocks[position], columns, "a row of the table"),
    ]


def in_words(position):
    angles = np.rad2deg(position * angular_speeds(8)) % 360
    turned = ", ".join(f"{angle:.0f}" for angle in angles)
    return f"position {position}, hands at {turned} degrees"


slider.show(
    "position",
    range(25),
    clocks_at,
    says=in_words,
    alt="Four clocks with a hand each, and eight bars, the row of the "
    "table. From position to position the first hand turns by 57 "
    "degrees, each other one ten times less than the one before.",
)

# %% [markdown]
# Nothing is larger than 1, and $P_3$ is the same in a text of 6 and of 10. Now a large one: 100 positions,
# 512 columns, as in the paper's model. On the left the formula in two plain loops, beside it your function.

# %%
seq_len, dim = 100, 512
loops = np.zeros((seq_len, dim))
for k in range(seq_len):
    for i in range(dim // 2):
        loops[k, 2 * i] = math.sin(k / 10000 ** (2 * i / dim))
        loops[k, 2 * i + 1] = math.cos(k / 10000 ** (2 * i / dim))
table = sinusoidal_encoding(seq_len, dim)
compare(
    loops[:50, :32],
    table[:50, :32],
    title="The first 50 positions and 32 columns, by loops and at once",
    xlabel="column",
    ylabel="position",
    alt="Two equal heat maps of 50 positions and 32 columns, full of narrow "
    "waves that run down the columns, and their difference, which is 0 "
    "everywhere.",
)
assert np.allclose(table, loops)

figure = plt.figure(figsize=(12, 4.2), layout="none")
# two pixels a column, three a row
axis = figure.add_axes((0.07, 0.16, 10.24 / 12, 3.0 / 4.2))
image = axis.imshow(table, aspect="auto", cmap="cividis")
figure.colorbar(image, cax=figure.add_axes((0.94, 0.16, 0.012, 3.0 / 4.2)))
axis.set(
    title="The whole table: fast columns on the left, slow ones on the right "
    "(L = 100, d = 512)",
    xlabel="column",
    ylabel="position",
)
show(
    figure,
    alt="Heat map of 100 positions and 512 columns. On the left, arcs fan out "
    "from the upper left corner: waves down the columns, slower from column "
    "to column. In the right half the columns only alternate between 0 and 1 "
    "and hardly change from row to row.",
)

# %% [markdown]
# Why so many columns that hardly change? They would matter in a longer text. Here is each pair's wavelength;
# `angular_speeds(dim)` holds the speeds $1 / n^{2i / \text{dim}}$.

# %%
wavelengths = 2 * np.pi / angular_speeds(dim)  # (dim / 2,)
turned = int((wavelengths <= seq_len).sum())
print(
    f"shortest {wavelengths[0]:.2f}, longest {wavelengths[-1]:,.0f} positions"
)
print(
    f"{turned} of {dim // 2} pairs come round at least once within {seq_len} "
    f"positions"
)

figure, axis = plt.subplots(figsize=(7.5, 3.8))
axis.semilogy(wavelengths)
axis.axhline(seq_len, linestyle="--", color="C1")
axis.text(145, 45, "length of the text, 100", color="C1")
axis.set(
    xlabel="pair of columns i",
    ylabel="wavelength (positions)",
    title="Each pair is slower by the same factor",
)
show(
    figure,
    alt="Wavelength over the pair's number, logarithmic: a straight line from "
    "6.3 positions to about 60,600. It crosses the text's length, 100, near "
    "pair 77.",
)
assert turned == 77 and 60_000 < wavelengths[-1] < 10000 * 2 * np.pi

# %% [markdown]
# The paper gives the range as $2 \pi$ to $10000 \cdot 2 \pi$, 62,832. The last pair stops a little short of
# it. Bounds are easily missed, as the next exercise shows. It is a **find-the-mistake**: an explanation that
# is in circulation, with one slip in it.

# %% exercise="index_bounds"

# %%
rows, pairs = index_bounds(6, 4)
print(f"L = 6, d = 4: a table of {rows} rows and {2 * pairs} columns")
try:
    # six embeddings, and the table of the article
    np.zeros((6, 4)) + sinusoidal_encoding(6 // 2, 4)
except ValueError:
    print("with half the rows it cannot be added to six embeddings")
assert (rows, 2 * pairs) == small.shape

# %% [markdown]
# ## What the table costs, and how it is used
#
# It is computed, so it has **no parameters**, and there is a row for any position. One detail of the paper is
# easily forgotten (its section 3.4): embeddings are multiplied by $\sqrt{\text{dim}}$ before the table is
# added. A likely reason: embeddings drawn with standard deviation $1 / \sqrt{\text{dim}}$ then have size 1,
# like the sines. `Sinusoidal` is the table as part of a model; its `embed` multiplies and adds.

# %%
positions = Sinusoidal(4)
x = torch.full((1, 6, 4), 0.5)  # (batch, seq, dim): one token, six times
print("parameters:", sum(p.numel() for p in positions.parameters()))
print(positions.embed(x)[0].numpy().round(3))
assert np.allclose(positions.embed(x)[0].numpy(), 0.5 * 2 + small, atol=1e-6)
# the size of the sines
assert np.isclose(
    np.sqrt((sinusoidal_encoding(100, 64) ** 2).mean()), 0.5**0.5
)

# %% [markdown]
# The same token six times, and six different rows. Attention can now tell them apart.
#
# ## Interleaved or in halves
#
# Look into other libraries, and you may find a table that is not the same as yours: all sines first, then all
# cosines. Is it wrong? No. It has the same columns in another order, a **permutation**.

# %% exercise="halves_from_pairs"

# %%
P = sinusoidal_encoding(40, 16)  # (seq, dim)
order = halves_from_pairs(16)
halves = P[:, order]
compare(
    P,
    halves[:, pairs_from_halves(16)],
    title="To halves and back again: nothing is lost",
    xlabel="column",
    ylabel="position",
    alt="Two equal heat maps of 40 positions and 16 columns, before and after "
    "reordering the columns twice, and their difference, which is 0 "
    "everywhere.",
)

rng = np.random.default_rng(2)
# embeddings, and a layer after them
x, weight = (
    rng.standard_normal((40, 16)),
    rng.standard_normal((16, 3)),
)
right = (x + P) @ weight
same = (x + P)[:, order] @ weight[order]  # embeddings and layer reordered too
mixed = (x + halves) @ weight
print(
    "all reordered, largest difference:       ",
    abs(same - right).max().round(6),
)
print(
    "layouts mixed, largest difference above 1:",
    bool(abs(mixed - right).max() > 1),
)
assert np.allclose(same, right) and abs(mixed - right).max() > 1

# %% [markdown]
# A model trained with the other layout simply has the columns of its embeddings, and the rows of the weights
# that read them, in another order. So the choice is harmless, as long as it stays the same. This course uses
# interleaved columns for tables, and you will need this very permutation for RoPE in lesson 06.
#
# ## How far apart? Dot products
#
# Attention compares by dot products. So what is the dot product of two positions? Of each pair remains $\sin
# a \sin b + \cos a \cos b = \cos(a - b)$, and therefore
#
# $$P_i \cdot P_j = \sum_{c} \cos \big( (i - j) \cdot \text{speed}_c \big)$$
#
# Only the *distance* is left. But the cosine is the same for $+3$ and $-3$: it does not say which one comes
# first.

# %%
many = sinusoidal_encoding(400, 128)  # (seq, dim)
distance = np.arange(-100, 101)
figure, axis = plt.subplots(figsize=(7.5, 3.8))
for place, style in ((150, "-"), (280, ":")):
    axis.plot(
        distance,
        many[place] @ many[place - 100 : place + 101].T,
        style,
        label=f"from position {place}",
        linewidth=4 if style == ":" else 2,
    )
axis.set(
    xlabel="distance j - i (positions)",
    ylabel="dot product",
    title="Alike from everywhere, highest at home",
)
axis.legend(fontsize=12)
show(
    figure,
    alt="Dot product of position vectors over their distance from minus 100 "
    "to 100, from positions 150 and 280. The two curves coincide. They peak "
    "at 64 at distance 0 and fall, with ripples, to about 30 on both sides.",
)
products = many @ many.T  # (seq, seq)
assert np.allclose(products[150, 50:251], products[280, 180:381])
assert np.allclose(products, products.T) and np.isclose(products[0, 0], 64)
assert (np.diff(products[150, 150:251]) > 0).any()  # it rises in places

# %% [markdown]
# It falls on the whole, but not steadily: there are ripples.
#
# ## A shift is a rotation
#
# You may read that absolute positions cannot express relative position. That is not exact. Go $k$ places on
# ($k$ is a step now), and each clock hand turns by $a = k \cdot \text{speed}$, *wherever it stood before*.
# For one pair, with $x$ its angle:
#
# $$\begin{pmatrix} \sin(x + a) \\ \cos(x + a) \end{pmatrix} =
# \begin{pmatrix} \cos a & \sin a \\ -\sin a & \cos a
# \end{pmatrix} \begin{pmatrix} \sin x \\ \cos x \end{pmatrix}$$
#
# These are the two addition theorems from school. All pairs together: one matrix for the shift by $k$, with 2
# x 2 blocks along its diagonal, the same for every position.
#
# $$P_{\text{position} + k} = R_k \, P_{\text{position}}$$

# %% exercise="shift_matrix"

# %%
k = 5
moved = P @ shift_matrix(k, 16).T  # (seq, dim): R_k applied to each row
compare(
    sinusoidal_encoding(45, 16)[k:],
    moved,
    title="One matrix moves every position five places on",
    xlabel="column",
    ylabel="position",
    alt="Two equal heat maps: the table from position 5 on, and the rows from "
    "position 0 on multiplied by the shift matrix. Their difference is 0 "
    "everywhere.",
)
turn = shift_matrix(k, 16)
assert np.allclose(moved, sinusoidal_encoding(45, 16)[k:]) and np.allclose(
    turn @ turn.T, np.eye(16)
)

# %% [markdown]
# A query is a matrix times the input. If that matrix were $R_{-3}$, the query would look like the place three
# back, and fit that key best. So here is an attention head that looks three places back, *by position alone*.
# (The factor $2 \sqrt{\text{dim}}$ makes it sharp; a query's matrix may hold any factor. The first three
# tokens have no such place.)

# %%
places = sinusoidal_encoding(20, 128)  # (seq, dim)
queries = 2 * np.sqrt(128) * places @ shift_matrix(-3, 128).T
weights = softmax(queries @ places.T / np.sqrt(128))  # (query, key)
figure, axis = plt.subplots(figsize=(5.2, 4.4))
figure.colorbar(axis.imshow(weights, cmap="cividis"), label="attention weight")
axis.set(
    xlabel="key position j",
    ylabel="query position i",
    title="A head that looks three back",
    xticks=range(0, 20, 5),
    yticks=range(0, 20, 5),
)
show(
    figure,
    alt="A 20 by 20 map of attention weights. From query 3 on, nearly all "
    "weight lies on one diagonal, on the key three places before the query. "
    "The queries 0 to 2 look at key 0 mostly.",
)
assert (weights[3:].argmax(axis=1) == np.arange(17)).all() and weights[3:].max(
    axis=1
).min() > 0.8
assert (weights[:3].argmax(axis=1) == 0).all()

# %% [markdown]
# So relative position *can* be expressed. But nothing makes a model learn such a matrix. And the sum of token
# and position is never split again. Without the matrices of query and key a score is
#
# $$(x_i + P_i) \cdot (x_j + P_j) = x_i \cdot x_j + x_i \cdot P_j + P_i \cdot x_j + P_i \cdot P_j$$
#
# The two products of token with position change when a text is moved. Lesson 05 puts the distance into the
# score directly.
#
# ## Learned positions
#
# The other table has no formula at all: **k vectors for k positions**, random at first, and trained like word
# vectors. You met it in lesson 02: the ids 5, 1, 3, 2, a vocabulary of 6, dim 3, and places for texts of up
# to 8 tokens. Write its one method. It gets an `offset`: when a model writes one token after the other, each
# new one stands behind those it has read already.
#
# $$\text{result}[n] = x[n] + \text{table}[\text{offset} + n]$$

# %% exercise="Learned"

# %%
# (vocab, dim), as in lesson 02
token_table = np.round(np.random.default_rng(2).uniform(-1, 1, (6, 3)), 1)
# (max_len, dim)
places = np.round(np.random.default_rng(6).uniform(-1, 1, (8, 3)), 1)
ids = np.array([5, 1, 3, 2])

learned = Learned(max_len=8, dim=3)
learned.load_state_dict({"table": torch.tensor(places, dtype=torch.float32)})
# (1, 4, 3)
x = torch.tensor(token_table[ids], dtype=torch.float32).unsqueeze(0)
target = token_table[ids] + places[:4]
compare(
    target,
    learned.embed(x)[0],
    title="Model input: token rows plus the first four places",
    xlabel="dim",
    ylabel="position",
    alt="Two equal 4 by 3 maps, the sum of tokens and places, and their "
    "difference, which is 0 everywhere.",
)
assert np.allclose(target, learned.embed(x)[0].detach().numpy())

# %% [markdown]
# And what happens past the table? Four tokens behind five others stand at the positions 5, 6, 7 and 8.

# %% tags=["nbval-ignore-output"]
try:
    learned.embed(x, offset=5)
except ValueError as error:
    print("ValueError:", error)
else:
    raise AssertionError("there is no row 8")

# %% [markdown]
# Past its end such a table has nothing to say, and a clear error is better than a made-up vector. GPT-2 has
# 1024 places of 768 numbers, drawn from a normal distribution at first (Radford et al. 2019, and its
# published code). BERT has 512 learned places (Devlin et al. 2019, and its published code), though one often
# reads that it uses sinusoids.

# %%
gpt2 = Learned(1024, 768).table.numel()
# 12 layers with their biases, and the last norm
layers = 12 * (12 * 768**2 + 13 * 768) + 2 * 768
total = 50257 * 768 + gpt2 + layers  # the vocabulary first
print(
    f"GPT-2's position table: {gpt2:,} numbers, {gpt2 / total:.1%} of the "
    f"small model's {total:,}"
)
print(
    "the sinusoidal table of the same size:",
    sum(p.numel() for p in Sinusoidal(768).parameters()),
)
assert gpt2 == 786_432 and round(total / 1e6, 1) == 124.4

# %% [markdown]
# ## What a shift does to each
#
# Put three words in front of a text, and every token moves three places. For sinusoids that is a rotation,
# known beforehand. What is it for a learned table? Look for a matrix that carries each row to the one three
# places on: fit it on the positions 0 to 63 (by least squares: the sum of squared errors is as small as it
# can be), and try it on the positions 64 to 127.

# %%
torch.manual_seed(0)
tables = {
    "sinusoidal": sinusoidal_encoding(131, 16),
    "learned, untrained": Learned(131, 16)
    .table.detach()
    .numpy()
    .astype(float),
}
for name, P in tables.items():
    matrix = np.linalg.lstsq(P[:64], P[3:67], rcond=None)[0]
    error = np.linalg.norm(P[64:128] @ matrix - P[67:131]) / np.linalg.norm(
        P[67:131]
    )
    print(f"{name:18}: relative error at positions never fitted {error:.1f}")
    assert error < 1e-4 if name == "sinusoidal" else error > 0.9

figure, axes = plt.subplots(1, 2, figsize=(10, 4.2))
for axis, (name, P) in zip(axes, tables.items()):
    unit = P / np.linalg.norm(P, axis=1, keepdims=True)
    image = axis.imshow(unit @ unit.T, cmap="RdBu", vmin=-1, vmax=1)
    axis.set(title=name, xlabel="position")
axes[0].set_ylabel("position")
figure.colorbar(image, ax=axes, label="cosine")
figure.suptitle("Which places are alike?")
show(
    figure,
    alt="Two maps of cosines between position vectors. Sinusoidal: stripes "
    "along the diagonals, all values depend on the distance. Learned, before "
    "training: a blue diagonal, and noise elsewhere.",
)

# %% [markdown]
# In a learned table every place is an island, at first. It must be visited to be learned:

# %%
learned = Learned(max_len=8, dim=3)
(learned.embed(x) ** 2).sum().backward()  # one step, a text of four tokens
visited = abs(learned.table.grad.numpy()).sum(axis=1) > 0
print("places with a gradient:", np.flatnonzero(visited))
assert visited.tolist() == [True] * 4 + [False] * 4

# %% [markdown]
# A place that only long texts reach is trained by those few texts alone. Training may well bring order into
# the islands; what trained tables look like is the question of lesson 12. This small one proves nothing about
# them.
#
# And the sinusoids? They have a row for every place, but a row is not yet an understanding. Ten small tasks,
# eight of them tested at up to twice the trained length, were used to rank encodings in decoders (Kazemnejad
# et al. 2023, section 3 and figure 1). The mean of 1 / rank was 0.22 for sinusoids, the last, 0.50 and 0.55
# for two encodings of lesson 05, and 0.69 for *none at all*.
#
# | what | sinusoidal | learned |
# |---|---|---|
# | parameters | 0 | max_len x dim |
# | past the training length | a row, never seen in training | an error |
# | a shift by k | one rotation for all places | another row, unrelated at first |
#
# ## What comes next
#
# Both tables say *where* a token stands, and leave it to the model to find out *how far apart* two of them
# are. Often only that matters: an adjective stands before its noun, in whatever place of the text. Lesson 05
# tells attention the distance itself.
