# ---
# jupyter:
#   lesson:
#     title: "Start here: how a lesson works"
#     question: "How do arrays of different shapes fit together, and how do the exercises answer you?"
#     minutes: 10
#     achieved: "You can make arrays of different shapes fit together, and you know how the course answers you."
# ---

# %% [markdown]
# # 00 · Start here: how a lesson works
#
# **How do arrays of different shapes fit together, and how do the exercises answer you?**
#
# This course goes from a bare array to a Transformer that learns to count. You write every important piece
# yourself, in NumPy, and each piece you write is the one that trains at the end. This first lesson takes ten
# minutes: a little about shapes, one exercise, and how to get help.
#
# Read from top to bottom. Run a cell with **Shift + Enter**. Nothing you do can break anything: these are your own
# copies, and *Run All* works at any time, whether you have solved an exercise or not.

# %%
import matplotlib.pyplot as plt
import numpy as np

from classroom import compare, exercise, hint, show, solution

# %% [markdown]
# ## Shapes
#
# An array is a block of numbers with a **shape**: its size along each axis. Here is a tiny batch of text as a
# network sees it. There are 2 sentences of 3 words, and each word is described by 4 numbers.

# %%
words = np.arange(24).reshape(2, 3, 4)  # (batch, seq, dim)
print(words)
print("shape:", words.shape)

# %% [markdown]
# The comment `# (batch, seq, dim)` names the axes. You will see such a comment on nearly every line of this course.
# The names never change their meaning:
#
# | name | meaning |
# |---|---|
# | `batch` | how many sequences are handled at once |
# | `seq` | how many tokens a sequence has; positions count from 0 |
# | `dim` | how many numbers describe one token |
# | `vocab` | how many different tokens exist |
# | `query` (index `i`), `key` (index `j`) | the token that looks, and the token that is looked at |
# | `heads`, `head_dim` | *attention* looks in `heads` ways at once, each with `head_dim` numbers a token |
#
# The last two rows are names for later: attention is the matter of lesson 03.

# %% [markdown]
# ## Broadcasting
#
# What happens when two arrays of *different* shapes are added? NumPy lines the shapes up **from the right**. Two
# sizes fit if they are equal, or if one of them is 1, or missing. A size of 1 is stretched, as if it were copied.

# %%
# (3, 1) and (1, 4)
column, row = (
    np.array([[0], [10], [20]]),
    np.array([[1, 2, 3, 4]]),
)

figure, axes = plt.subplots(1, 3, figsize=(9.5, 2.6), layout="constrained")
titles = ("a column, (3, 1)", "a row, (1, 4)", "their sum, (3, 4)")
for axis, values, title, sign in zip(
    axes, (column, row, column + row), titles, ("", "+", "=")
):
    for i, j in np.ndindex(3, 4):
        copied = i >= values.shape[0] or j >= values.shape[1]
        axis.add_patch(
            plt.Rectangle(
                (j, i),
                1,
                1,
                facecolor="white" if copied else "#cfe3f3",
                edgecolor="0.6",
            )
        )
        axis.text(
            j + 0.5,
            i + 0.5,
            np.broadcast_to(values, (3, 4))[i, j],
            ha="center",
            va="center",
            color="0.35" if copied else "black",
            weight="normal" if copied else "bold",
        )
    axis.text(-0.45, 1.5, sign, ha="center", va="center", fontsize=24)
    axis.set(title=title, xlim=(-0.9, 4.05), ylim=(3.05, -0.05))
    axis.axis("off")
show(
    figure,
    alt="Three 3 by 4 grids, with a plus and an equals sign between them. The "
    "column 0, 10, 20 is stretched to the right, the row 1, 2, 3, 4 is "
    "stretched downwards (the copies stand on white), and their sum holds "
    "every pair: 1, 2, 3, 4, then 11 to 14, then 21 to 24.",
)

# %% [markdown]
# **Predict before you run.** `words` has shape (2, 3, 4). Which of these can be added to it, and what does each do:
# an array of shape (4,), of shape (3, 4), of shape (2, 3), of shape (2, 1, 1)?
#
# <details><summary>Answer</summary>
#
# - (4,) fits: the same 4 numbers are added to every word of every sentence.
# - (3, 4) fits: one vector for each *place* in the sentence, the same for both sentences. Keep this one in mind. It
#   is exactly how a Transformer of 2017 learns where a word stands.
# - (2, 3) does not fit: from the right, 3 meets 4.
# - (2, 1, 1) fits: one number for each sentence.
#
# </details>

# %%
for shape in [(4,), (3, 4), (2, 3), (2, 1, 1)]:
    try:
        print(shape, "fits, the sum has shape", (words + np.ones(shape)).shape)
    except ValueError:
        print(shape, "does not fit")

# %% [markdown]
# ## Your first exercise
#
# Below is an **exercise**: the first line and the description are given, you write the body. Replace the `...` by
# your line, run the cell, and it answers with one of three words:
#
# - **not written yet**: it is still as it came;
# - **right**: from here on the lesson uses *your* function;
# - **not yet, because ...**: something is off, and the answer tries to say what. Until it is right the lesson goes
#   on with ours, so you are never stuck.
#
# If you change an answer later on, the cells below it still hold what the old one gave. *Run > Run Selected Cell and
# All Below* brings them up to date.
#
# The stars say how hard it is (one to three), the minutes how long it may take. In any cell, `hint("name")` gives
# a hint, and the next one when you call it again; `solution("name")` shows our answer.
#
# The task is a small piece of the real thing. A model that wants to know how far apart two tokens are needs a table
# with *the difference of every pair of places*. Row $i$ will belong to the token that looks (its query), column $j$ to
# the one that is looked at (its key). The formula for one entry, row $i$ and column $j$:
#
# $$\text{table}[i, j] = y[j] - x[i]$$

# %% exercise="pairwise_differences"

# %% [markdown]
# Whether your function or ours: this is what it gives for the positions 0 to 5. Beside it stands the same table,
# written with two plain loops, and the difference of the two.

# %%
positions = np.arange(6)
loops = np.array(
    [[positions[j] - positions[i] for j in range(6)] for i in range(6)]
)
compare(
    loops,
    pairwise_differences(positions, positions),
    title="Key minus query, for every pair of six tokens",
    xlabel="key position j",
    ylabel="query position i",
    alt="Two equal 6 by 6 tables that count from minus 5 at the lower left "
    "over 0 on the diagonal to 5 at the upper right, and their difference, "
    "which is 0 everywhere.",
)
assert (loops == pairwise_differences(positions, positions)).all()

# %% [markdown]
# The diagonal is 0: a token is no distance away from itself. Below it lie the tokens that came earlier, with negative
# numbers. You will meet this very table again in lesson 05, where a model learns one number for each of its values.
#
# ## If you are stuck
#
# Try it here. Run the cell twice to see two hints.

# %% tags=["nbval-ignore-output"]
hint("pairwise_differences")

# %% [markdown]
# ## What comes next
#
# To train anything we need slopes: how does the loss change when a number changes? In lesson 01 you build the machine
# that finds them, first for single numbers and then for arrays. Broadcasting comes back there too: whatever is
# stretched on the way forward must be *summed* on the way back.
