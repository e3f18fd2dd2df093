# ---
# jupyter:
#   lesson:
#     title: "Absolute positions: a vector for every position"
#     question: "How can a vector say where a token is?"
#     achieved: "You can give every position a vector, and you know what a shift does to it. Show someone the clock hands."
# ---

# %% [markdown]
# # 04 · Absolute positions: a vector for every position
#
# **How can a vector say where a token is?**
#
# Here is a sentence that will stay with us until lesson 07:
#
# > the cat that sat on the mat saw the dog
#
# Who saw the dog? The word *saw* has to find *cat*, six words back, and step over *mat*, which is closer. But
# as lesson 03 showed, attention gets a bag of words. It has no idea which of them comes first, and its three
# copies of *the* are all the same.
#
# The oldest remedy is to make a vector for each *position*, and to add it to the embedding of the token there.
# You'll build two tables of such vectors. One is computed, from sines and cosines. The other is learned, as in
# GPT-2.
#
# ## Three questions about lesson 02
#
# 1. What does the lookup of an embedding know about where in the text the token is?
# 2. A text has the ids 5, 1, 3, 2, and dim is 3. What shape does the model's input have?
# 3. Which rows of the embedding table get a gradient in a training step?
#
# <details><summary>Answers</summary>
#
# 1. Nothing. The same id gives the same vector everywhere.
# 2. (4, 3), one row per token.
# 3. Only those of the tokens that occur in the text.
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, show, slider, solution
from experiments.pictures import STYLES
from minitorch import nn
from solutions.absolute_positions import (
    Sinusoidal,
    angular_speeds,
    check_table_size,
    check_width,
)
from solutions.autograd import softmax
from solutions.positions import PositionEncoding

words = "the cat that sat on the mat saw the dog".split()

# %% [markdown]
# ## Why not simply the number?
#
# *Saw* is at position 7. So why not just add 7 to its embedding? Let's try it with two tokens of 8 numbers
# each, and see how different they still are. (Remember the cosine from lesson 02: it's 1 when two vectors point
# the same way.)

# %%
cat, dog = np.random.default_rng(1).standard_normal((2, 8))
for position in (0, 10, 100, 1000):
    a, b = cat + position, dog + position
    cosine = a @ b / np.sqrt((a @ a) * (b @ b))
    print(
        f"position {position:4}: largest number {abs(a).max():7.1f}, "
        f"cosine of cat and dog {cosine:6.3f}"
    )
claim("The index drowns the token.", cosine > 0.999)

# %% [markdown]
# The index **grows without bound** and drowns the token: at 1000 there's hardly any difference left between a
# cat and a dog. And if a model was trained on texts of 100 tokens, it has never seen an input that large.
#
# So how about dividing by the length?
#
# **Predict.** In *the cat saw the dog*, which word is then at 0.4? And in our sentence?

# %%
for text in ("the cat saw the dog".split(), words):
    print(*(f"{word} {i / len(text):.1f} " for i, word in enumerate(text)))

# %% [markdown]
# In one text 0.4 means "third word", in the other "fifth". And a step to the right is 0.2 in one and 0.1 in the
# other. So the number **changes its meaning with the length**. It gets worse when a model writes: the text
# grows with every token, so all the earlier numbers would keep changing.
#
# We want something that stays small, means the same at any length, and differs from position to position. A
# single number can't do all of that well, but a *vector* can.
#
# ## Counting with several digits
#
# You already know how to write a position of any size with small numbers: as digits. Let's take binary ones,
# and put the lowest digit first, the other way around from how we write numbers.
#
# $$\text{table}[\text{position}, c] = \lfloor \text{position} / 2^c \rfloor \bmod 2$$

# %% exercise="binary_digits"

# %% [markdown]
# **Predict.** From position 0 to 15, how often does the digit of the eights change? And the
# ones?
#
# <details><summary>Answer</summary>
#
# The eights once, the ones 15 times. Each digit changes about half as often as the one before it. The first
# digits tell neighbors apart, the last ones the beginning of a text from its end.
#
# </details>

# %%
whole, fine = np.arange(16)[:, None], np.arange(0, 15.51, 0.01)[:, None]
digits, turns = binary_digits(16, 4), 2 * np.pi / 2 ** np.arange(1, 5)
waves = 0.5 - 0.5 * np.sin(turns * (whole + 0.5))  # (seq, digits), both
changes = (digits[1:] != digits[:-1]).sum(axis=0)
print("changes of each digit:", changes)
claim(
    "Each digit changes half as often as the last.",
    changes.tolist() == [15, 7, 3, 1],
)

# %% tags=["folded"]
figure, axes = plt.subplots(4, 1, figsize=(8, 4.6), sharex=True)
for c, axis in enumerate(axes):
    smooth = 0.5 - 0.5 * np.sin(turns[c] * (fine + 0.5))
    axis.step(whole, digits[:, c], where="mid", color="0.6")
    axis.plot(fine, smooth, label=f"wave, {2 ** (c + 1)} positions long")
    axis.plot(whole, waves[:, c], "o", markersize=5, color="C1")
    axis.set(ylabel=f"{2**c}s", yticks=[0, 1], ylim=(-0.1, 1.7))
    axis.legend(loc="upper right", fontsize=11)
axes[0].set_title("A digit (gray) is a wave with corners")
axes[3].set_xlabel("position")
alt = """Four rows, for the ones, twos, fours and eights: a digit that jumps
between 0 and 1, and a smooth wave of the same length, with dots at the whole
positions. From row to row the wave gets twice as long, from 2 to 16."""
show(figure, alt)

# %% [markdown]
# But digits jump: from 7 to 8 all four of them change at once. So let's round off the corners, and each digit
# becomes a **wave**. You can describe a wave by its **speed** in radians per position (also called its angular
# frequency), or by its **wavelength**, the number of positions until it repeats: $2 \pi / \text{speed}$.
#
# Do near positions get near vectors, now that the corners are gone?
#
# **Predict.** Of the other 15 positions, which has the vector nearest to that of position 7?

# %%
apart = np.linalg.norm(waves[:, None] - waves, axis=-1)  # (seq, seq)
nearest = (apart + np.diag([np.inf] * 16)).argmin(axis=1)
neighbors = (abs(nearest - np.arange(16)) == 1).sum()
print("position 7 is nearest to position", nearest[7])
print("nearest to a neighbor:", neighbors, "of 16 positions")
claim("No position is nearest to a neighbor.", neighbors == 0)

# %% [markdown]
# No: not one position is nearest to a neighbor. The wave of the ones is only two positions long, so a single
# step takes it all the way from top to bottom. Near positions get near vectors only if one step hardly moves
# most of the waves. That's why in the next table even the fastest wave is 6.3 positions long.
#
# One more thing is missing. A wave takes each value twice per round, once on its way up and once on its way
# down, and you couldn't tell which it was. So each speed gets *two* columns, a sine and a cosine. Together
# they're a point on a circle, like the tip of a clock hand.
#
# ## The sinusoidal table
#
# So a position becomes a vector of `dim` numbers, and the positions of a text become a matrix. Let $P_k$ be the
# vector of position $k$. Then four tokens get
#
# $$\begin{pmatrix} P_0 \\ P_1 \\ P_2 \\ P_3 \end{pmatrix} = \begin{pmatrix} P_{0,0} & P_{0,1} & \dots & P_{0,\text{dim}-1} \\
# P_{1,0} & P_{1,1} & \dots & P_{1,\text{dim}-1} \\ P_{2,0} & P_{2,1} & \dots & P_{2,\text{dim}-1} \\
# P_{3,0} & P_{3,1} & \dots & P_{3,\text{dim}-1} \end{pmatrix}$$
#
# The columns come in pairs, numbered $i = 0, 1, \dots, \text{dim}/2 - 1$: a sine in the even column, and the
# cosine of the same angle in the odd one. From pair to pair the speed falls by a fixed factor, as it did from
# digit to digit. How fast it falls depends on a base $n$, and the authors chose 10000 (Vaswani et al. 2017,
# section 3.5):
#
# $$P_{k, \, 2i} = \sin \frac{k}{n^{2i / \text{dim}}} \qquad
# P_{k, \, 2i + 1} = \cos \frac{k}{n^{2i / \text{dim}}}$$
#
# **Predict.** Let dim be 4. What is $P_0$, and what are the two speeds?
#
# <details><summary>Answer</summary>
#
# $\sin 0 = 0$ and $\cos 0 = 1$, so $P_0$ is 0, 1, 0, 1. The speeds are 1 and $1 / 10000^{2/4} = 1/100$.
#
# </details>

# %% exercise="sinusoidal_encoding"

# %% [markdown]
# Here's a small table, with four columns. Six tokens get the rows $P_0$ to $P_5$. If there are four more
# tokens, you just add four rows.

# %%
for k, row in enumerate(sinusoidal_encoding(10, 4)):
    numbers = " ".join(f"{value:8.4f}" for value in row)
    print(f"P{k} = sin {k}, cos {k}, sin {k}/100, cos {k}/100 = {numbers}")

# %% [markdown]
# Each pair of columns is the hand of a clock: how far its tip is to the right is the sine, and how far up, the
# cosine. Here are the four hands of a table with eight columns.
#
# **Predict.** Before you move the slider: which of the four hands can you see move by position 24?
#
# <details><summary>Answer</summary>
#
# Three. By then the first has gone around nearly four times, the second has moved by 138 degrees, and the third
# by 14. The last one has moved by 1.4 degrees. It is for longer texts.
#
# </details>

# %% tags=["nbval-ignore-output"]
clocks = sinusoidal_encoding(25, 8)  # (seq, dim)
speeds = ["speed 1", "speed 1/10", "speed 1/100", "speed 1/1000"]
columns = [f"{wave} {i}" for i in range(4) for wave in ("sin", "cos")]


def clocks_at(position):
    hands = slider.hands(clocks[position], speeds, "four clocks")
    return [hands, slider.bars(clocks[position], columns, "the row")]


def in_words(position):
    degrees = np.rad2deg(position * angular_speeds(8)) % 360
    return f"position {position}, hands at {degrees.round()} degrees"


alt = """Four clocks with a hand each, and eight bars, the row of the table.
From position to position the first hand moves by 57 degrees, and each of the
others ten times less than the one before."""
slider.show("position", range(25), clocks_at, alt, says=in_words)

# %% [markdown]
# No number is ever larger than 1. Now let's draw a large table, as wide as the paper's model: 100 positions and
# 512 columns, so 256 hands. Next to it are their wavelengths, from `angular_speeds(dim)`.
#
# **Predict.** How many of the hands go around at least once within 100 positions? And how many
# with a base of 100?

# %%
table = sinusoidal_encoding(100, 512)
nearest = (table @ table.T - 256 * np.eye(100)).argmax(axis=1)
neighbors = (abs(nearest - np.arange(100)) == 1).sum()
print("nearest to a neighbor:", neighbors, "of 100 positions")
claim("All are nearest to a neighbor.", neighbors == 100)
wavelengths = {n: 2 * np.pi / angular_speeds(512, n) for n in (10000.0, 100.0)}
for base, each in wavelengths.items():
    around, longest = (each <= 100).sum(), each[-1]
    print(f"base {base:5.0f}: {around} go around, longest {longest:,.0f}")

# %% tags=["folded"]
figure, axes = plt.subplots(1, 2, figsize=(12, 4), width_ratios=(2, 1))
image = axes[0].imshow(table, aspect="auto", cmap="cividis")
figure.colorbar(image, ax=axes[0])
axes[0].set(title="Fast columns left, slow ones right", xlabel="column")
axes[0].set_ylabel("position")
for (base, each), color in zip(wavelengths.items(), ("C4", "0.6")):
    axes[1].semilogy(each, color=color, label=f"base {base:.0f}")
axes[1].axhline(100, linestyle="--", color="0.4")
axes[1].text(130, 30, "length of the text", color="0.3", fontsize=12)
axes[1].set(title="Base 100: no very slow hands", xlabel="pair i")
axes[1].set_ylabel("wavelength (positions)")
axes[1].legend(fontsize=12)
alt = """Left: 100 positions, 512 columns. Arcs fan out from the upper left:
waves down the columns, ever slower. Right: on a logarithmic scale, the
wavelength rises from 6.3 to 60,600 with base 10000, to 617 with base 100."""
show(figure, alt)

# %% [markdown]
# The slow columns keep neighbors together, and longer texts need them. According to the paper, the wavelengths
# go from $2 \pi$ to $10000 \cdot 2 \pi$, which is 62,832. In fact the last pair stops a little short of that.
#
# It's easy to get such a bound wrong. The next exercise shows you how an article explains the table, with one
# bound wrong: **find the mistake.**

# %% exercise="index_bounds"

# %%
rows, pairs = index_bounds(6, 4)
print(f"L = 6, d = 4: a table of {rows} rows and {2 * pairs} columns")
claim("It has six rows and two pairs of columns.", (rows, pairs) == (6, 2))

# %% [markdown]
# ## What the table costs, and how it is used
#
# The table is computed, so it has **no parameters**, and there's a row for any position. One detail in the
# paper is easy to overlook (section 3.4): the embeddings are multiplied by $\sqrt{\text{dim}}$ before the table
# is added. A likely reason is size: if they're drawn with standard deviation $1 / \sqrt{\text{dim}}$, the
# factor makes them about as large as the sines. `Sinusoidal.embed` does both, it multiplies and it adds.
#
# **Predict.** *The* comes at 0, 5 and 8. In which of the four columns do its three vectors
# differ most?

# %%
positions = Sinusoidal(4)
the = torch.full((1, 10, 4), 0.5)  # (batch, seq, dim): one token, ten times
print("parameters:", sum(p.numel() for p in positions.parameters()))
print(positions.embed(the)[0, [0, 5, 8]].numpy().round(2))

# %% [markdown]
# So one word gets three vectors. The fast pair, on the left, tells them apart. The slow pair, on the right, has
# hardly moved yet.
#
# ## Interleaved or in halves
#
# In other libraries you may find a table that looks different from yours: all sines first, then all cosines. It
# isn't wrong. It has the same columns in another order, and such a reordering is called a **permutation**.
#
# **Predict.** Suppose you add such a table to a model that interleaves. Will you get an error?

# %% exercise="halves_from_pairs"

# %%
P, order = sinusoidal_encoding(40, 16), halves_from_pairs(16)
x = np.random.default_rng(2).standard_normal((40, 16))
weight = np.random.default_rng(3).standard_normal((16, 3))
right = (x + P) @ weight  # what a layer makes of tokens with positions
halves = (x + P)[:, order] @ weight[order]
mixed = (x + P[:, order]) @ weight
print("all in halves: off by", abs(halves - right).max().round(1))
print("only P:        off by", abs(mixed - right).max().round(1))

# %% [markdown]
# In a model trained with the other layout, the columns of the embeddings are in the other order, and so are the
# rows of the weights that read them. Either layout is fine on its own. But if you mix the two, you break a
# model, and no error tells you. This course interleaves its tables. You'll need this very permutation again in
# lesson 06.
#
# ## How far apart? Dot products
#
# Attention compares vectors by their dot product. So what's the dot product of two positions $i$ and $j$? Each
# pair $c$ of columns contributes $\sin a \sin b + \cos a \cos b = \cos(a - b)$, where $a$ and $b$ are the
# angles of its hand at $i$ and at $j$:
#
# $$P_i \cdot P_j = \sum_{c} \cos \big( (i - j) \cdot \text{speed}_c \big)$$
#
# **Predict.** Is *saw*, at 7, more like position 4 or like position 10? And what will a base of
# 100 change, instead of 10000?

# %%
many = sinusoidal_encoding(2401, 128)  # (seq, dim)
print(
    "saw at   7 with   4,   7,  10:", (many[7] @ many[[4, 7, 10]].T).round(1)
)
print(
    "saw at 107 with 104, 107, 110:",
    (many[107] @ many[[104, 107, 110]].T).round(1),
)

# %% tags=["folded"]
distance = np.arange(-1000, 1001)
figure, axis = plt.subplots(figsize=(7.5, 3.6))
for base, color in ((100.0, "0.6"), (10000.0, STYLES["sinusoidal"][0])):
    many = sinusoidal_encoding(2401, 128, base)
    products = many[1200] @ many[1200 + distance].T
    others = many[1400] @ many[1400 + distance].T
    claim("Only the distance counts.", np.allclose(products, others))
    claim(
        "The sign of the distance doesn't count.",
        np.allclose(products, products[::-1]),
    )
    axis.plot(distance, products, color=color, label=f"base {base:.0f}")
axis.set(xlabel="distance j - i (positions)", ylabel="dot product")
axis.set_title("Base 100 runs out of slow hands")
axis.legend(fontsize=12)
alt = """Dot product of position vectors over their distance, -1000 to 1000,
the same on both sides. Both curves are 64 at distance 0. With base 10000 it
keeps falling, with ripples. With base 100 it's near 0 after 50 positions, and
trembles around it from there on."""
show(figure, alt)

# %% [markdown]
# Only the *distance* is left. And since the cosine is the same for +3 and -3, nothing says which of the two
# comes first. With base 10000 the product falls with the distance, on the whole, though with ripples. With base
# 100 it's down near 0 after only 50 positions, and then it trembles. So all positions further away look alike.
#
# ## A shift is a rotation
#
# You may read that absolute positions can't express relative ones. That isn't quite true. Move on by $k$
# positions ($k$ is a step now), and each hand moves by the angle $a = k \cdot \text{speed}$, *wherever it was
# before*. For a pair at angle $x$:
#
# $$\begin{pmatrix} \sin(x + a) \\ \cos(x + a) \end{pmatrix} =
# \begin{pmatrix} \cos a & \sin a \\ -\sin a & \cos a \end{pmatrix} \begin{pmatrix} \sin x \\ \cos x \end{pmatrix}$$
#
# These are the angle-sum formulas from school. All pairs together make one matrix with 2 x 2 blocks along its
# diagonal, and it's the same for every position: $P_{\text{position} + k} = R_k \, P_{\text{position}}$.

# %% exercise="shift_matrix"

# %% [markdown]
# Now remember that a query is a matrix times the input. Let that matrix be $R_{-3}$, times a large number to
# make attention sharp. Then the query of a position looks like the position three back, so that's the key that
# fits best. Here's such a head, which goes *by position alone*. Next to it is the same head with each minus in
# the wrong corner.
#
# **Predict.** Which word does *sat* look at, on the left and on the right? And if you change the 3?

# %%
back = 3  # yours: how many positions back
P, R = sinusoidal_encoding(10, 128), shift_matrix(-back, 128)

# %% tags=["folded"]
figure, axes = plt.subplots(1, 2, figsize=(11, 4.8), sharey=True)
heads = {f"{back} back": R, "minus in the wrong corner": R.T}
for axis, (title, matrix) in zip(axes, heads.items()):
    queries = 2 * np.sqrt(128) * P @ matrix.T  # (query, dim)
    weights = softmax(queries @ P.T / np.sqrt(128))  # (query, key)
    steps = np.arange(10) - weights.argmax(axis=1)
    steps = steps if matrix is R else -steps[::-1]
    expected = np.minimum(np.arange(10), back)  # the end has no such word
    claim("One looks back, one ahead.", (steps == expected).all())
    image = axis.imshow(weights, cmap="cividis")
    axis.set(xlabel="key", title=title)
    axis.set_xticks(range(10), words, rotation=60)
    axis.set_yticks(range(10), words)
axes[0].set_ylabel("query")
figure.suptitle("A head that looks back, and one that looks ahead")
figure.colorbar(image, ax=axes, label="attention weight")
alt = """Attention weights of the ten words, twice. Left: nearly all weight is
on the word three before the query; the first three words look at the first.
Right: on the word three after it; the last three look at the last."""
show(figure, alt)

# %% [markdown]
# So relative position *can* be expressed. But nothing makes a model learn such a matrix. And once you've added
# token and position, the same matrices act on both. If we leave out the matrices of query and key, a score is
#
# $$(x_i + P_i) \cdot (x_j + P_j) = x_i \cdot x_j + x_i \cdot P_j + P_i \cdot x_j + P_i \cdot P_j$$
#
# The two products in the middle, of a token and a position, change when you move the text. We'll come back to
# these four terms in lesson 05.
#
# ## Learned positions
#
# The other table has no formula at all: it's just **k vectors for k positions**, random at first, and trained
# like word vectors. Its one method is yours to write. It takes an `offset`, because a model that writes token
# by token doesn't start at position 0 each time.
#
# $$\text{result}[n] = x[n] + \text{table}[\text{offset} + n]$$

# %% exercise="Learned"

# %%
ids, rng = [5, 1, 3, 2], np.random.default_rng
tokens = rng(2).uniform(-1, 1, (6, 3)).round(1)[ids]  # (4, 3)
table = rng(6).uniform(-1, 1, (8, 3)).round(1)  # (max_len, dim)
learned = Learned(max_len=8, dim=3)
learned.load_state_dict({"table": torch.tensor(table.astype("float32"))})
x = torch.tensor(tokens.astype("float32")).unsqueeze(0)  # (1, 4, 3)
result = learned.embed(x)[0].detach().numpy()  # (4, 3), the model's input
for n, id in enumerate(ids):
    print(f"id {id} {tokens[n]} + row {n} {table[n]} = {result[n].round(1)}")
claim(
    "The input is tokens plus positions.",
    np.allclose(result, tokens + table[:4]),
)

# %% [markdown]
# The ids, the vocabulary of 6 and dim 3 are those of lesson 02. Now there is a table for up to 8 positions.
#
# **Predict.** Five tokens have been read, and these four come next. What should `embed` do?

# %% tags=["nbval-ignore-output"]
try:
    learned.embed(x, offset=5)
    claim("There is no row 8, and so an error.", False)
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# They would be at positions 5, 6, 7 and 8, but there is no row 8. So it refuses, because a clear error is
# better than a made-up vector.
#
# GPT-2 has 1024 positions of 768 numbers, random at first (Radford et al. 2019, and its published code). BERT's
# 512 positions are learned, too (Devlin et al. 2019, and its code), though one often reads that it uses
# sinusoids.
#
# **Predict.** GPT-2 small has 124 million numbers. What share of them are positions?

# %%
gpt2 = Learned(1024, 768).table.numel()
layers = 12 * (12 * 768**2 + 13 * 768) + 2 * 768  # 12, and the last norm
total = 50257 * 768 + gpt2 + layers  # the vocabulary first
print(f"positions: {gpt2:,} of {total:,} numbers, {gpt2 / total:.1%}")
claim(
    "Positions are under 1% of GPT-2.",
    gpt2 == 786_432 and total == 124_439_808,
)

# %% [markdown]
# ## What a shift does to each
#
# Put three words in front of our sentence, *last night outside*. Every word moves three positions on.
#
# **Predict.** With which table does *saw* keep its products $P_i \cdot P_j$ with the other
# words?

# %% tags=["folded"]
torch.manual_seed(0)
untrained = Learned(13, 16).table.detach().numpy()
tables = {"sinusoidal": sinusoidal_encoding(13, 16), "learned": untrained}
figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
for axis, (name, P) in zip(axes, tables.items()):
    color, line = STYLES[name]
    for saw, fill, size in ((7, color, 11), (10, "white", 6)):
        products = P[saw] @ P[saw - 7 : saw + 3].T / (P[saw] @ P[saw])
        look = {"color": color, "markersize": size, "markerfacecolor": fill}
        axis.plot(products, line, label=f"saw at {saw}", **look)
    axis.set_title(name)
    axis.set_xticks(range(10), words, rotation=60)
    axis.set_xlabel("the other word")
    axis.legend(fontsize=12)
P = tables["sinusoidal"]
same = np.allclose(P[7] @ P[:10].T, P[10] @ P[3:13].T)
claim("Sinusoids keep their products after a shift.", same)
P = tables["learned"]
moved = abs(P[7] @ P[:10].T - P[10] @ P[3:13].T).max()
claim("Untrained learned rows don't.", moved > 0.1 * (P[7] @ P[7]))
figure.suptitle("A shift changes nothing on the left, and a lot on the right")
axes[0].set_ylabel("product (with itself: 1)")
alt = """Products of saw's position vector with those of the ten words, with
the sentence at 0 and at 3. Sinusoidal: the same curve twice, highest at saw.
Learned, not yet trained: two unrelated zigzags around 0, with 1 at saw."""
show(figure, alt)

# %% [markdown]
# For sinusoids a shift is a rotation, and we know it beforehand. In an untrained table every position is an
# island: what one of them learns tells you nothing about the others. And an island has to be visited to be
# learned. A text of four tokens trains four rows, so the rows at the end learn only from the few texts that are
# long enough.
#
# Training may well bring some order to the islands. In lesson 13 you'll see what trained tables look like.
#
# | what | sinusoidal | learned |
# |---|---|---|
# | parameters | 0 | max_len x dim |
# | past the training length | a row, never seen in training | an error |
# | a shift by k | one rotation for all positions | another row, unrelated at first |
#
# Sinusoids do have a row for every position. But can a model make sense of a row that it never saw? Kazemnejad
# et al. (2023, section 3 and figure 1) compared encodings in decoders on ten small tasks, eight of them tested
# at up to twice the trained length. They ranked the encodings and took the mean of 1 / rank, which would be 1
# for a method that always comes first. Sinusoids got 0.22, the lowest, and *no encoding at all* got 0.69, the
# highest.
#
# ## What comes next
#
# Both tables say *where* a token is, and leave it to the model to find out *how far apart* two tokens are. But
# often that's all that matters: *saw* looks for its cat six words back, wherever the sentence is. In lesson 05
# you'll tell attention the distance itself.
