# ---
# jupyter:
#   lesson:
#     title: "Start here: how a lesson works"
#     question: "How do arrays of different shapes fit together, and how do the exercises answer you?"
#     achieved: "You can make arrays of different shapes fit together, and you know how the course answers you."
# ---

# %% [markdown]
# # 00 · Start here: how a lesson works
#
# **How do arrays of different shapes fit together, and how do the exercises answer you?**
#
# This course goes from a bare array to a Transformer that learns to count. You write every important piece yourself, in
# NumPy, and what you write is what trains in the end. This first lesson takes a quarter of an hour: a little about
# shapes, one exercise, and how to get help.
#
# Read from top to bottom, and run each cell with **Shift + Enter**. You can't break anything. These are your own copies,
# and *Run All* always gets to the end, whether you've solved an exercise or not.

# %%
import matplotlib.pyplot as plt
import numpy as np

from classroom import claim, exercise, hint, show, solution

# %% [markdown]
# ## Shapes
#
# An array is a block of numbers, and its **shape** is its size along each axis. Here's a tiny batch of text, the way a
# network sees it: 2 sentences of 3 words each, with 4 numbers to describe each word.

# %%
words = np.arange(24).reshape(2, 3, 4)  # (batch, seq, dim)
print(words)
print("shape:", words.shape)

# %% [markdown]
# The comment `# (batch, seq, dim)` names the axes. Nearly every line of this course has such a comment, and the names
# always mean the same:
#
# | name | meaning |
# |---|---|
# | `batch` | how many sequences are computed at once |
# | `seq` | how many tokens a sequence has (here they are words); positions count from 0 |
# | `dim` | how many numbers describe one token |
# | `vocab` | how many different tokens there are |
# | `query` (index `i`), `key` (index `j`) | the token that looks, and the token that it looks at |
# | `heads`, `head_dim` | *attention*, in lesson 03, looks in several ways at once, each with `head_dim` numbers per token |
#
# **Predict.** Which of the 24 numbers is `words[1, 0, 2]`? Decide before you look it up above.
#
# <details><summary>Answer</summary>14: in sentence 1, the word at position 0, its number 2. Everything counts from
# 0.</details>
#
# ## Broadcasting
#
# What happens when you add two arrays of *different* shapes? NumPy lines up the shapes **from the right**. Two sizes fit
# if they are equal, or if one of them is 1 or missing. Then that axis is stretched, as if its numbers were copied.

# %% tags=["folded"]
column, row = np.array([[0], [10], [20]]), np.array([[1, 2, 3, 4]])
figure, axes = plt.subplots(1, 3, figsize=(9.5, 2.6), layout="constrained")
for axis, values, title, sign in (
    (axes[0], column, "a column, (3, 1)", ""),
    (axes[1], row, "a row, (1, 4)", "+"),
    (axes[2], column + row, "their sum, (3, 4)", "="),
):
    for i, j in np.ndindex(3, 4):
        copied = i >= values.shape[0] or j >= values.shape[1]
        color = "white" if copied else "#cfe3f3"
        axis.add_patch(
            plt.Rectangle((j, i), 1, 1, facecolor=color, edgecolor="0.6")
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
    "column 0, 10, 20 is copied to the right, and the row 1, 2, 3, 4 is "
    "copied down (copies are on white). Their sum has every pair: 1 to 4, "
    "then 11 to 14, then 21 to 24.",
)

# %% [markdown]
# **Predict.** `words` has shape (2, 3, 4). Which of these can you add to it: an array of shape (4,), of shape (3, 4), of
# shape (2, 3), of shape (2, 1, 1)? What does each one do?
#
# <details><summary>Answer</summary>
#
# - (4,) fits: the same 4 numbers are added to every word of every sentence.
# - (3, 4) fits: each *position* in a sentence gets 4 numbers of its own, the same for both sentences. Keep this one in
#   mind. It's exactly how the first Transformers learned where a word is.
# - (2, 3) doesn't fit: from the right, 3 meets 4.
# - (2, 1, 1) fits: one number for each sentence.
#
# </details>

# %%
for shape in [(4,), (3, 4), (2, 3), (2, 1, 1)]:
    try:
        print(shape, "fits, the sum has shape", (words + np.ones(shape)).shape)
    except ValueError:
        print(shape, "doesn't fit")

# %% [markdown]
# ## Your first exercise
#
# Later on, a model will have to know how far apart two tokens are. For that it needs a table with the difference of
# *every* pair of positions. Row $i$ belongs to the token that looks, the query. Column $j$ belongs to the one it looks
# at, the key.
#
# **Predict.** Three tokens are at positions 0, 1 and 2. What is the table of key minus query? Write its nine numbers down.
#
# <details><summary>Answer</summary>Its rows are 0, 1, 2, then -1, 0, 1, then -2, -1, 0.</details>
#
# Now write a function that makes such a table. In an **exercise** you get the first line and the task. Replace the
# `...` with your own code and run the cell, and it answers in one of three ways:
#
# | it says | which means |
# |---|---|
# | **not written yet** | you haven't changed it yet |
# | **right** | from here on, the lesson uses *your* function |
# | **not yet**, and why | something is off. Until it's right the lesson goes on with ours, so you're never stuck |
#
# The stars say how hard it is, from one to three, and the minutes how long it may take.

# %% exercise="pairwise_differences"

# %% [markdown]
# If you change an answer later, the cells below still show what the old one gave. *Run > Run Selected Cell and All
# Below* brings them up to date.
#
# Now use it on a sentence of your own. Change the words, and run the cell.

# %%
sentence = "the cat sees the small fish".split()  # yours
positions = np.arange(len(sentence))
table = pairwise_differences(positions, positions)
claim("Each query is at distance 0 from itself.", not np.diagonal(table).any())

# %% tags=["folded"]
figure, axes = plt.subplots(1, 2, figsize=(12, 5))
for axis, values, title in (
    (axes[0], table, "Key minus query: the past is negative"),
    (axes[1], -table, "Query minus key: the past is positive"),
):
    axis.imshow(values, cmap="RdBu", vmin=-len(sentence), vmax=len(sentence))
    for (i, j), value in np.ndenumerate(values):
        axis.text(j, i, value, ha="center", va="center")
    axis.set_xticks(positions, sentence, rotation=45)
    axis.set(yticks=positions, yticklabels=sentence, title=title, xlabel="key")
axes[0].set_ylabel("query")
show(
    figure,
    alt="Two tables of differences, with the words of a sentence along both "
    "sides. Left, key minus query: 0 on the diagonal, negative below it, "
    "positive above. Right, the same with every sign exchanged.",
)

# %% [markdown]
# Read a row of the left table from left to right: that's the sentence as one word sees it. The words before it are at
# negative distances, and the words after it at positive ones. The right table differs in nothing but the sign, but the
# sign says which of two words came first. So we have to agree on one, and this course takes the left. You'll meet it
# again in lesson 05, when a model learns one number for each distance.
#
# ## If you're stuck
#
# `hint("name")` gives you a hint, and each further call gives the next one: first what to think about, then a small case
# with numbers, then the shape of the line. `solution("name")` shows our answer. Try it, and run the cell twice.

# %% tags=["nbval-ignore-output"]
hint("pairwise_differences")

# %% [markdown]
# ## What comes next
#
# To train anything, we need slopes: if you change one number a little, how much does the result change? In lesson 01
# you'll build the machine that finds them, first for single numbers and then for arrays. You'll meet broadcasting again
# there, because what is stretched on the way forward has to be *summed* on the way back.
